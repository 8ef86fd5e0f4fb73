"""The server's database: connections, one writer at a time, and its own time.

SQLite in WAL mode with ``synchronous=FULL``: a commit is on the disk when it returns.
What differs between database systems is in ``_prepare_engine`` and ``_begin`` only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from sqlalchemy import (
    Connection,
    Engine,
    Table,
    bindparam,
    create_engine,
    event,
    insert,
    make_url,
    select,
    update,
)
from sqlalchemy.exc import DatabaseError, OperationalError

from app.clock import SYSTEM_CLOCK, Clock
from app.errors import StoreBusy, StoreDamaged, StoreFault, StoreReadOnly, StoreTooNew
from app.i18n import tr
from app.server.tables import SCHEMA, clock, metadata, state

FILE_NAME = "server.db"
_BUSY_MS = 15_000
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


class Database:
    """One database file (or, by URL, a database server) of the lead hospital."""

    def __init__(
        self, data_dir: Path, url: str | None = None, wall_clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """Open the database, creating it when new.

        Raises StoreFault and its kinds with a sentence for the person who starts the server.
        """
        self.clock = wall_clock
        if url is not None and make_url(url).get_backend_name() != "sqlite":
            raise StoreFault(tr("This version keeps its records in an SQLite file only."))
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if url is None:
                path = data_dir / FILE_NAME
                _create_private(path)
                url = f"sqlite:///{path}"
        except OSError as error:
            raise StoreReadOnly(tr("The server's data folder cannot be written.")) from error
        self.engine = _make_engine(url)
        self._writers = self.engine.execution_options(writes=True)
        # SQLite's own lock is polled; waiting in line here is fair and costs nothing.
        self._line = threading.Lock()
        try:
            self._open()
        except OperationalError as error:
            self.close()
            raise _fault(error) from error
        except DatabaseError as error:
            self.close()
            raise StoreDamaged(
                tr("The server's database file is damaged. Restore it from a backup.")
            ) from error
        except StoreFault:
            self.close()
            raise

    def _open(self) -> None:
        with self.write() as connection:
            metadata.create_all(connection)
            schema = connection.scalar(select(state.c.value).where(state.c.name == "schema"))
            if schema is None:
                connection.execute(insert(state).values(name="schema", value=str(SCHEMA)))
                connection.execute(insert(clock).values(id=1, last=0))
            elif int(schema) > SCHEMA:
                raise StoreTooNew(
                    tr("The server's database was written by a newer version of the program.")
                )

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write: commits at the end, or leaves no trace."""
        with self._line, self._writers.begin() as connection:
            yield connection

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        with self.engine.begin() as connection:
            yield connection

    def close(self) -> None:
        """Close every connection; the last one folds the WAL into the file."""
        self.engine.dispose()

    def now(self) -> int:
        """Microseconds since 1970 by the wall clock, which may be wrong or step back."""
        return microseconds(self.clock.now())


def next_instant(connection: Connection, now: int) -> int:
    """The first time that a write may carry: later than every time ever given.

    Must be called under the write lock, and the last time used handed to ``keep_instant``.
    A wall clock that steps back costs nothing but accuracy: time then creeps on in
    microseconds until the clock has caught up.
    """
    last: int = connection.execute(_LAST).scalar_one()
    return max(last + 1, now)


def keep_instant(connection: Connection, last: int) -> None:
    """Note the last time that this transaction gave away."""
    connection.execute(_KEEP, {"new_last": last})


class BulkInsert:
    """Inserts rows as plain tuples in column order.

    Core's own executemany spends more time on arranging the values of a pushed bundle than
    the database on storing them; here the statement is compiled once for each dialect.
    """

    def __init__(self, table: Table) -> None:
        self._statement = insert(table)
        self._names = [column.name for column in table.columns]
        self._compiled: dict[str, tuple[str, bool]] = {}

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        dialect = connection.dialect
        if dialect.name not in self._compiled:
            compiled = self._statement.compile(dialect=dialect, column_keys=self._names)
            self._compiled[dialect.name] = (str(compiled), bool(compiled.positional))
        text, positional = self._compiled[dialect.name]
        if positional:
            connection.exec_driver_sql(text, list(rows))
        else:
            connection.exec_driver_sql(
                text, [dict(zip(self._names, row, strict=True)) for row in rows]
            )


_LAST = select(clock.c.last)
_KEEP = update(clock).values(last=bindparam("new_last"))


def _create_private(path: Path) -> None:
    """Make the file readable by its owner alone before any record is in it."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _make_engine(url: str) -> Engine:
    # hide_parameters: an error text with bound values would carry identities into the log.
    engine = create_engine(url, hide_parameters=True, pool_size=8, max_overflow=4)
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_connection(connection: Any, _record: Any) -> None:
    # The driver's own transaction handling begins too late for BEGIN IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.close()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")


def _fault(error: OperationalError) -> StoreFault:
    text = str(error.orig)
    if "locked" in text or "busy" in text:
        return StoreBusy(tr("Another program holds the server's database."))
    if "readonly" in text or "unable to open" in text:
        return StoreReadOnly(tr("The server's data folder cannot be written."))
    return StoreFault(tr("The server's database cannot be opened."))
