"""The server's database: connections, one writer at a time, and its own time.

A commit is on the disk when it returns. What differs between SQLite and PostgreSQL is in
``engines`` only.
"""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Connection, Table, bindparam, insert, select, update
from sqlalchemy.engine import URL, Dialect, RootTransaction
from sqlalchemy.exc import DatabaseError, OperationalError, TimeoutError

from app.clock import SYSTEM_CLOCK, Clock
from app.errors import StoreDamaged, StoreFault, StoreReadOnly, StoreTooNew
from app.i18n import tr
from app.server import engines, states
from app.server.tables import SCHEMA, clock, metadata, state

FILE_NAME = "server.db"
#: How long a writer stands in line before it is told to come again, as in the database itself.
LINE_SECONDS = 15.0
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def microseconds(instant: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (instant - _EPOCH) // timedelta(microseconds=1)


class Database:
    """One database file (or, by URL, a database server) of the lead hospital."""

    def __init__(
        self, data_dir: Path, url: str | None = None, wall_clock: Clock = SYSTEM_CLOCK
    ) -> None:
        """Open the database, creating it, or what it lacks of this version's tables, when new.

        Raises StoreFault and its kinds with a sentence for the person who starts the server.
        """
        self.clock = wall_clock
        self.data_dir = data_dir
        named = None if url is None else engines.parse_url(url)
        try:
            data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
            if named is None:
                path = data_dir / FILE_NAME
                _create_private(path)
                named = URL.create("sqlite", database=str(path))
        except OSError as error:
            raise StoreReadOnly(tr("The server's data folder cannot be written.")) from error
        self.engine = engines.make_engine(named)
        self._writers = self.engine.execution_options(writes=True)
        # A database's own lock is polled, or holds a connection; waiting in line here is fair
        # and costs nothing.
        self._line = threading.Lock()
        try:
            self._open()
        except OperationalError as error:
            self.close()
            raise engines.fault_of(error) from error
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
            if connection.dialect.name == "postgresql":
                _check_encoding(connection)
            metadata.create_all(connection, tables=[state])
            schema = connection.scalar(select(state.c.value).where(state.c.name == "schema"))
            if schema is not None and int(schema) > SCHEMA:
                raise StoreTooNew(
                    tr("The server's database was written by a newer version of the program.")
                )
            # Older databases lack only whole tables: ``tables.SCHEMA`` says how that is kept.
            metadata.create_all(connection)
            if schema is not None and int(schema) < 3:
                states.fill(connection)
            if schema is None:
                connection.execute(insert(state).values(name="schema", value=str(SCHEMA)))
                connection.execute(insert(clock).values(id=1, last=0))
            elif int(schema) < SCHEMA:
                connection.execute(
                    update(state).where(state.c.name == "schema").values(value=str(SCHEMA))
                )

    @contextmanager
    def write(self) -> Iterator[Connection]:
        """One transaction that may write: commits at the end, or leaves no trace.

        Writers take turns, in this process and in others, each seeing all that the one before
        it wrote. Raises what ``engines.is_passing`` knows where the line does not move.
        """
        if not self._line.acquire(timeout=LINE_SECONDS):
            raise TimeoutError("another writer holds the line")
        try:
            with engines.begun(self._writers) as connection, _transaction(connection):
                yield connection
        finally:
            self._line.release()

    @contextmanager
    def read(self) -> Iterator[Connection]:
        """One consistent view of the database."""
        with engines.begun(self.engine) as connection, _transaction(connection):
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
    the database on storing them; here the statement is written once for each dialect. SQLite
    takes row after row of one statement, PostgreSQL all rows as one JSON text: a statement a
    row costs it three times as much.
    """

    def __init__(self, table: Table) -> None:
        self._table = table
        # Plain texts: orjson takes no others for names.
        self._names = [f"{column.name}" for column in table.columns]
        self._texts: dict[str, str] = {}

    def __call__(self, connection: Connection, rows: Sequence[tuple[Any, ...]]) -> None:
        if not rows:
            return
        dialect = connection.dialect
        text = self._texts.get(dialect.name) or self._write(dialect)
        if dialect.name == "postgresql":
            found = [dict(zip(self._names, row, strict=True)) for row in rows]
            document = orjson.dumps(found)
            connection.exec_driver_sql(text, (document.decode(),))
        else:
            connection.exec_driver_sql(text, list(rows))

    def _write(self, dialect: Dialect) -> str:
        quote = dialect.identifier_preparer.quote
        columns = {quote(column.name): column.type for column in self._table.columns}
        names = ", ".join(columns)
        values = f"VALUES ({', '.join('?' * len(columns))})"
        if dialect.name == "postgresql":
            typed = (
                f"{name} {type_.dialect_impl(dialect).compile(dialect)}"
                for name, type_ in columns.items()
            )
            values = f"SELECT {names} FROM json_to_recordset(%s) AS row({', '.join(typed)})"  # noqa: S608
        text = f"INSERT INTO {self._table.name} ({names}) {values}"
        self._texts[dialect.name] = text
        return text


_LAST = select(clock.c.last).where(clock.c.id == 1)
_KEEP = update(clock).where(clock.c.id == 1).values(last=bindparam("new_last"))


def _create_private(path: Path) -> None:
    """Make the file readable by its owner alone before any record is in it."""
    if not path.exists():
        os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))


def _transaction(connection: Connection) -> RootTransaction:
    transaction = connection.get_transaction()
    assert isinstance(transaction, RootTransaction)
    return transaction


def _check_encoding(connection: Connection) -> None:
    if connection.exec_driver_sql("SHOW server_encoding").scalar_one() != "UTF8":
        raise StoreFault(
            tr("The database cannot hold Chinese text. Create it with the encoding UTF8.")
        )
