"""What differs between SQLite and PostgreSQL: connections, transactions, a few expressions.

Everything else in this package is written once for both. A connection carries a *generation*
in ``connection.info``: four random characters that end every version text it writes, so that
a database brought back from a backup (or a standby that took over) never gives the version
text of a lost state to another state.
"""

from __future__ import annotations

import secrets
import sqlite3
import weakref
from typing import Any

import orjson
from sqlalchemy import BindParameter, Connection, Engine, create_engine, event, make_url, types
from sqlalchemy.engine import URL, Dialect
from sqlalchemy.exc import ArgumentError, DBAPIError, OperationalError, TimeoutError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import FunctionElement

from app.errors import StoreBusy, StoreFault, StoreReadOnly
from app.i18n import tr

_BUSY_MS = 15_000
#: Pages of the WAL before they go into the file: fewer, longer pauses while a PC pushes.
_CHECKPOINT_PAGES = 4_000
# The writers of one database stand in line at this number, whichever process they are in.
WRITERS = 0x746F_776E_7368_6970
_ALPHABET = "0123456789abcdefghijklmnopqrstuvwxyz"
_DRIVER = "postgresql+psycopg"
# PostgreSQL's classes of errors that pass: connection, resources, operator, system, rollback.
_PASSING = ("08", "40", "53", "55", "57", "58")
_READ_ONLY = "25006"


def parse_url(text: str) -> URL:
    """The database that a URL names; StoreFault where this program has no way to it."""
    try:
        url = make_url(text)
    except ArgumentError:
        raise StoreFault(tr("The address of the database is not a URL.")) from None
    if url.drivername in ("postgresql", "postgres"):
        url = url.set(drivername=_DRIVER)
    if url.drivername not in ("sqlite", _DRIVER):
        raise StoreFault(tr("The server keeps its records in SQLite or PostgreSQL only."))
    return url


def make_engine(url: URL) -> Engine:
    """The engine over ``url``; StoreFault where the driver is not installed."""
    is_file = url.get_backend_name() == "sqlite"
    options: dict[str, Any] = {"connect_args": {"factory": _FileConnection}}
    if not is_file:
        wanted = {"connect_timeout": 10, "client_encoding": "UTF8"}
        options = {"connect_args": wanted, "pool_recycle": 3600}
    try:
        # hide_parameters: an error text with bound values would carry identities into the log.
        engine = create_engine(
            url, hide_parameters=True, pool_size=8, max_overflow=4, pool_timeout=15, **options
        )
    except ModuleNotFoundError as error:
        raise StoreFault(
            tr("The driver of PostgreSQL is not installed (the extra 'postgresql').")
        ) from error
    event.listen(engine, "connect", _prepare_file if is_file else _prepare_session)
    event.listen(engine, "begin", _begin_file if is_file else _begin_session)
    if is_file:
        event.listen(engine, "reset", _close_cursors)
    return engine


def generation(connection: Connection) -> str:
    """The four characters that end every version text written over this connection."""
    return str(connection.info["generation"])


def begun(engine: Engine) -> Connection:
    """A connection with an open transaction.

    A connection that lay idle while the database server was started again is dead; nothing
    was done on it yet, so a second one is taken without telling anybody.
    """
    for attempt in (1, 2):
        connection = engine.connect()
        try:
            connection.begin()
        except BaseException as error:
            connection.close()
            lost = isinstance(error, DBAPIError) and error.connection_invalidated
            if attempt == 2 or not lost:
                raise
        else:
            return connection
    raise AssertionError("unreachable")


def is_passing(error: BaseException) -> bool:
    """Whether the same request can succeed later: full disk, lost connection, long queue."""
    if isinstance(error, OperationalError | TimeoutError):
        return True
    if not isinstance(error, DBAPIError):
        return False
    state = str(getattr(error.orig, "sqlstate", None) or "")
    return error.connection_invalidated or state.startswith(_PASSING) or state == _READ_ONLY


def fault_of(error: DBAPIError) -> StoreFault:
    """The sentence for whoever starts the server."""
    text = str(error.orig)
    if "locked" in text or "busy" in text:
        return StoreBusy(tr("Another program holds the server's database."))
    if "readonly" in text or "unable to open" in text:
        return StoreReadOnly(tr("The server's data folder cannot be written."))
    if hasattr(error.orig, "sqlstate"):
        return StoreFault(
            tr(
                "The database server does not let this program in. "
                "Check its address, user, password and the database's name."
            )
        )
    return StoreFault(tr("The server's database cannot be opened."))


class one_of(FunctionElement[Any]):
    """``one_of(column, listed("name"))``: the column is in a list that is one bound value.

    An expanding IN is written anew for every length of the list and costs more than it asks.
    """

    # No Boolean: SQLite would be asked whether it "= 1", past every index.
    type = types.NullType()
    inherit_cache = True
    name = "one_of"


class holds(FunctionElement[Any]):
    """``holds(column, text)``: the text is part of the column, to the letter."""

    # No Boolean: SQLite would be asked whether it "= 1", past every index.
    type = types.NullType()
    inherit_cache = True
    name = "holds"


class _List(types.TypeDecorator[Any]):
    """A list of texts or of numbers as one bound value."""

    impl = types.Text
    cache_ok = True

    def __init__(self, of: str) -> None:
        self.of = of
        super().__init__()

    def load_dialect_impl(self, dialect: Dialect) -> types.TypeEngine[Any]:
        if dialect.name == "postgresql":
            item: types.TypeEngine[Any] = (
                types.BigInteger() if self.of == "number" else types.Text()
            )
            return dialect.type_descriptor(types.ARRAY(item))
        return dialect.type_descriptor(types.Text())

    def process_bind_param(self, value: Any, dialect: Dialect) -> Any:
        if dialect.name == "postgresql":
            return list(value)
        return orjson.dumps(list(value)).decode()


def listed(name: str, of: str = "text") -> BindParameter[Any]:
    """The bound list of ``one_of``: of texts, or ``of="number"``."""
    return BindParameter(name, type_=_List(of))


@compiles(one_of)
def _one_of_file(element: Any, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} IN (SELECT value FROM json_each({values}))"  # noqa: S608 — parts of SQL


@compiles(one_of, "postgresql")
def _one_of_session(element: Any, compiler: Any, **options: Any) -> str:
    column, values = (compiler.process(one, **options) for one in element.clauses)
    return f"{column} = ANY ({values})"


@compiles(holds)
def _holds_file(element: Any, compiler: Any, **options: Any) -> str:
    column, text = (compiler.process(one, **options) for one in element.clauses)
    return f"instr({column}, {text}) > 0"


@compiles(holds, "postgresql")
def _holds_session(element: Any, compiler: Any, **options: Any) -> str:
    column, text = (compiler.process(one, **options) for one in element.clauses)
    return f"strpos({column}, {text}) > 0"


class _FileConnection(sqlite3.Connection):
    """Knows its cursors, so that none outlives its transaction.

    A statement that was not read to its end keeps SQLite's view of that moment, over the
    rollback and into the next transaction of the same connection. An error raised in the midst
    of its rows holds the cursor until the garbage collector comes by; the next reader would
    miss what was written meanwhile.
    """

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        self._open: weakref.WeakSet[sqlite3.Cursor] = weakref.WeakSet()

    def cursor(self, *arguments: Any, **options: Any) -> Any:
        cursor = super().cursor(*arguments, **options)
        self._open.add(cursor)
        return cursor

    def close_cursors(self) -> None:
        for cursor in tuple(self._open):
            cursor.close()
        self._open.clear()


def _close_cursors(connection: _FileConnection, _record: Any, _state: Any) -> None:
    connection.close_cursors()


def _prepare_file(connection: Any, record: Any) -> None:
    record.info["generation"] = _new_generation()
    # The driver's own transaction handling begins too late for BEGIN IMMEDIATE.
    connection.isolation_level = None
    cursor = connection.cursor()
    cursor.execute(f"PRAGMA busy_timeout={_BUSY_MS}")
    cursor.execute("PRAGMA journal_mode=WAL")
    cursor.execute("PRAGMA synchronous=FULL")
    cursor.execute("PRAGMA foreign_keys=ON")
    cursor.execute("PRAGMA cache_size=-65536")
    cursor.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
    cursor.close()


def _begin_file(connection: Connection) -> None:
    writes = connection.get_execution_options().get("writes")
    statement = "BEGIN IMMEDIATE" if writes else "BEGIN"
    try:
        # Past SQLAlchemy, which takes ten times as long over this as SQLite.
        connection.connection.driver_connection.execute(statement)  # type: ignore[union-attr]
    except sqlite3.Error:
        connection.exec_driver_sql(statement)  # the same error as SQLAlchemy's own


def _prepare_session(connection: Any, record: Any) -> None:
    record.info["generation"] = _new_generation()
    # Transactions are begun below, in one message with what they need.
    connection.autocommit = True
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT set_config('lock_timeout', '15s', false),"
            " set_config('idle_in_transaction_session_timeout', '60s', false),"
            " set_config('TimeZone', 'UTC', false),"
            # Every question here has its index. Statements are planned once a connection, and
            # one that was planned while the database was empty would read all of it for ever.
            " set_config('enable_seqscan', 'off', false), set_config('jit', 'off', false),"
            # A commit that was answered is on the disk, whatever the cluster's default.
            " CASE WHEN current_setting('synchronous_commit') = 'off'"
            " THEN set_config('synchronous_commit', 'on', false) END"
        )


def _begin_session(connection: Connection) -> None:
    if connection.get_execution_options().get("writes"):
        # The lock comes before the first look at a row: each writer sees all that the one
        # before it committed, so there is nothing to conflict with and nothing to repeat.
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE")
        connection.exec_driver_sql(f"SELECT pg_advisory_xact_lock({WRITERS})")
    else:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")


def _new_generation() -> str:
    return "".join(secrets.choice(_ALPHABET) for _ in range(4))
