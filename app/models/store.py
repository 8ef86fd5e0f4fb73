"""The store: one encrypted SQLite file, opened with its data key.

Every write is one ``BEGIN IMMEDIATE`` transaction with ``synchronous=FULL``; when
``write()`` has ended without an error the rows are on the disk, together with their outbox
rows. Reading never blocks writing (WAL). Sessions never leave the ``with`` block.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, ExceptionContext, create_engine, event
from sqlalchemy.orm import Session
from sqlalchemy.pool import QueuePool

from app.clock import SYSTEM_CLOCK, Clock
from app.errors import StoreDamaged, StoreTooNew
from app.i18n import tr
from app.models import epoch
from app.models.actor import Actor
from app.models.base import from_json, to_json
from app.models.faults import busy, damaged, damaged_read_only, environment_faults, is_damage
from app.models.hook import RecordingSession
from app.models.migrations.revisions import HEAD, REVISIONS

STORE_FILE = "store.db"
#: Beside a store that did not pass its check: from then on it is only read.
DAMAGE_FILE = "store.damaged"
_BUSY_MILLISECONDS = 10_000
#: Pages of a snapshot between two looks at whether somebody waits.
_PAGES_AT_ONCE = 512


class Store:
    """An open store. Made by ``create_store`` and ``open_store``; close it with ``close``.

    ``read_only``: the file is damaged; what can still be read is shown, nothing is written.
    """

    def __init__(self, folder: Path, data_key: bytes, clock: Clock, organisation_id: str) -> None:
        self.folder = folder
        self.path = folder / STORE_FILE
        self.clock = clock
        self.organisation_id = organisation_id
        self.read_only = False
        self._data_key = data_key
        self._engine = _engine(self.path, data_key)
        self._write_engine = self._engine.execution_options(begin="BEGIN IMMEDIATE")

    @contextmanager
    def write(self, actor: Actor | None) -> Iterator[Session]:
        """One transaction of one user action: committed whole at the end, or not at all.

        Raises ``StoreFault`` where the disk or the file fails; then nothing was saved.
        """
        self._check_writable()
        with (
            environment_faults(self.folder),
            self._session(self._write_engine, actor=actor) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A consistent view of the store; what is changed in it is never written."""
        with (
            environment_faults(self.folder),
            self._session(self._engine, actor=None) as session,
            session.begin(),
        ):
            yield session
            session.rollback()

    @contextmanager
    def apply_remote(self, via: str = "network") -> Iterator[Session]:
        """A transaction for rows that come from the server: not stamped and not queued.

        ``via`` is written into the receipts: network or courier.
        """
        self._check_writable()
        with (
            environment_faults(self.folder),
            self._session(self._write_engine, actor=None, remote=True, via=via) as session,
            session.begin(),
        ):
            yield session

    @contextmanager
    def _session(self, engine: Engine, **info: Any) -> Iterator[Session]:
        session = RecordingSession(
            engine,
            autoflush=True,
            expire_on_commit=False,
            info={"clock": self.clock, "store": self, **info},
        )
        try:
            yield session
        finally:
            session.close()

    def snapshot(
        self,
        target: Path,
        *,
        as_copy: bool = True,
        breathe: Callable[[], None] = lambda: None,
    ) -> None:
        """A consistent encrypted copy, with the same key, made while the store is in use.

        (A plain file copy of a live WAL database can lose every committed row.) Writing goes on
        meanwhile: the copy reads one state of the store. ``as_copy``: the copy says of itself
        that it is one, so that a store put back from it is noticed. ``breathe`` is called again
        and again; what it raises ends the copying. The file is on the disk when this returns.
        """
        import sqlcipher3.dbapi2 as sqlcipher

        with environment_faults(target.parent):
            source = _connect(self.path, self._data_key)
            copy = sqlcipher.connect(str(target), isolation_level=None)
            try:
                _unlock(copy, self._data_key)
                copy.execute("PRAGMA synchronous = OFF")  # the whole file is synced once, below
                # One state for all pages, whatever is written between them.
                source.execute("BEGIN")
                source.execute("SELECT count(*) FROM sqlite_master").fetchone()
                source.backup(
                    copy, pages=_PAGES_AT_ONCE, progress=lambda _status, _left, _all: breathe()
                )
                copy.execute("PRAGMA journal_mode = DELETE")
                if as_copy:
                    epoch.mark_as_copy(copy)
            finally:
                copy.close()
                source.close()
            sync_to_disk(target)

    def quick_check(self) -> bool:
        """Whether SQLite finds the file sound."""
        try:
            with environment_faults(self.folder), self._engine.connect() as connection:
                sound = bool(connection.exec_driver_sql("PRAGMA quick_check").scalar() == "ok")
        except StoreDamaged:
            sound = False
        if not sound:
            # A connection that met a page it cannot decrypt takes every later page for one, too.
            self._engine.dispose()
        return sound

    def turn_read_only(self) -> None:
        """The file was found damaged: from now on nothing is written into it."""
        self.read_only = True

    def _check_writable(self) -> None:
        if self.read_only:
            raise damaged_read_only()

    def wrap_key(self) -> bytes:
        """The data key, for giving another account a wrapped copy of it."""
        return self._data_key

    def close(self) -> None:
        """Close all connections; what was committed stays."""
        self._engine.dispose()


def create_store(
    folder: Path, data_key: bytes, organisation_id: str, clock: Clock = SYSTEM_CLOCK
) -> Store:
    """Make a new, empty store of the newest shape in ``folder``."""
    with environment_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
    store = Store(folder, data_key, clock, organisation_id)
    with environment_faults(folder):
        migrate(store)
        _draw_epoch(store)
    return store


def open_store(
    folder: Path,
    data_key: bytes,
    organisation_id: str,
    clock: Clock = SYSTEM_CLOCK,
    *,
    backup_first: bool = True,
) -> Store:
    """Open a store, brought to the newest shape (a backup is made before that).

    A store that did not pass its last check, and does not pass it now, opens read-only.
    Raises ``StoreDamaged`` for a file that the key does not open, ``StoreTooNew`` for one
    that a newer version of the program wrote.
    """
    from app.models import swap

    swap.finish(folder)
    if not (folder / STORE_FILE).exists() or is_emptied(folder):
        raise damaged()
    store = Store(folder, data_key, clock, organisation_id)
    try:
        with environment_faults(folder):
            revision = revision_of(store)
            if _still_damaged(store):
                store.turn_read_only()
                return store
            if revision != HEAD:
                if backup_first:
                    from app.models.backup import before_migration

                    before_migration(store)
                migrate(store)
            _draw_epoch(store)
    except BaseException:
        store.close()
        raise
    return store


def close_checked(store: Store) -> bool:
    """Check the file and close the store; False, and remembered beside it, if it is damaged."""
    sound = store.quick_check()
    if not sound:
        note_damage(store.folder)
    store.close()
    return sound


def note_damage(folder: Path) -> None:
    """The next opening of this store is read-only, unless it is sound again by then."""
    with environment_faults(folder):
        (folder / DAMAGE_FILE).touch()


def _still_damaged(store: Store) -> bool:
    mark = store.folder / DAMAGE_FILE
    if not mark.exists():
        return False
    if not store.quick_check():
        return True
    mark.unlink(missing_ok=True)
    return False


def _draw_epoch(store: Store) -> None:
    with store._write_engine.begin() as connection:
        epoch.draw(connection, store.folder, store.clock)


def sync_to_disk(path: Path) -> None:
    """Force a file, or (where the system can) the names of a folder, onto the disk."""
    if path.is_dir() and os.name == "nt":
        return  # Windows writes the names of a folder through
    descriptor = os.open(path, os.O_RDONLY if path.is_dir() else os.O_RDWR)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def is_emptied(folder: Path) -> bool:
    """Whether the file was cut to nothing (a write-ahead log may still hold everything)."""
    log = folder / f"{STORE_FILE}-wal"
    return (folder / STORE_FILE).stat().st_size == 0 and not (log.exists() and log.stat().st_size)


def newer_program() -> StoreTooNew:
    """The sentence for a store or backup that this program is too old for."""
    return StoreTooNew(
        tr(
            "The record store was written by a newer version of this program. Nothing was "
            "changed. Install the newer version on this PC."
        )
    )


def revision_of(store: Store) -> str:
    """The shape of a store. Raises ``StoreDamaged`` where it has none, ``StoreTooNew``."""
    with store._engine.connect() as connection:
        table = connection.exec_driver_sql(
            "SELECT name FROM sqlite_master WHERE name = 'alembic_version'"
        ).scalar()
        query = "SELECT version_num FROM alembic_version"
        revision = None if table is None else connection.exec_driver_sql(query).scalar()
    if revision is None:
        # Filling it anew would hide that every record is gone.
        raise damaged()
    if revision not in REVISIONS:
        raise newer_program()
    return str(revision)


def migrate(store: Store) -> None:
    """Bring the tables to the newest shape. Alembic is heavy, so it is loaded only here."""
    from app.models.migrations.run import upgrade

    with store._write_engine.begin() as connection:
        upgrade(connection)


def _connect(path: Path, data_key: bytes, patience: float = _BUSY_MILLISECONDS / 1000) -> Any:
    import sqlcipher3.dbapi2 as sqlcipher

    connection = sqlcipher.connect(
        str(path),
        timeout=patience,
        isolation_level=None,  # transactions are begun by us, never by the driver
        check_same_thread=False,  # the pool gives a connection to one thread at a time
    )
    try:
        _unlock(connection, data_key)
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        connection.execute("PRAGMA temp_store = MEMORY")
        connection.execute("PRAGMA cache_size = -16384")
    except BaseException:
        connection.close()
        raise
    return connection


def leave_alone(path: Path, data_key: bytes) -> None:
    """Bring a closed store's log into its file, so that it is one file again.

    Raises ``StoreBusy`` where somebody has it open.
    """
    connection = _connect(path, data_key, patience=0.5)
    try:
        if connection.execute("PRAGMA journal_mode = DELETE").fetchone()[0] != "delete":
            raise busy()
    finally:
        connection.close()


@contextmanager
def unlocked_copy(path: Path, data_key: bytes) -> Iterator[Any]:
    """A driver's connection that reads a copy of a store which nobody writes."""
    import sqlcipher3.dbapi2 as sqlcipher

    uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
    connection = sqlcipher.connect(uri, uri=True, isolation_level=None)
    try:
        _unlock(connection, data_key)
        yield connection
    finally:
        connection.close()


def _unlock(connection: Any, data_key: bytes) -> None:
    # A wrong key is told by our own error, not by the library on stderr.
    connection.execute("PRAGMA cipher_log_level = NONE")
    # A raw key skips SQLCipher's own key derivation (88 ms a connection).
    connection.execute(f"PRAGMA key = \"x'{data_key.hex()}'\"")


def _engine(path: Path, data_key: bytes) -> Engine:
    import sqlcipher3.dbapi2 as sqlcipher

    engine = create_engine(
        "sqlite://",
        module=sqlcipher,
        creator=lambda: _connect(path, data_key),
        poolclass=QueuePool,
        pool_size=4,
        max_overflow=4,
        pool_use_lifo=True,  # the connection given back last has the pages that are asked for again
        json_serializer=to_json,
        json_deserializer=from_json,
        hide_parameters=True,  # values of a record never stand in an error's text
    )

    @event.listens_for(engine, "begin")
    def begin(connection: Connection) -> None:
        statement = connection.get_execution_options().get("begin", "BEGIN")
        connection.exec_driver_sql(statement)

    @event.listens_for(engine, "handle_error")
    def failed(context: ExceptionContext) -> None:
        # After a page whose seal is broken SQLCipher answers nothing more on this connection
        # (not even about sound pages): the next question gets another one.
        if is_damage(context.original_exception):
            context.is_disconnect = True

    return engine
