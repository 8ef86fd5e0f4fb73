"""A machine whose power can fail and whose disk can fill, at any chosen write."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Engine
from sqlalchemy.util import LRUCache

_KEPT_STATEMENTS = 4000


class Killed(BaseException):
    """The process ended here. Nothing that would tidy up may do anything any more."""


@dataclass(slots=True)
class Fate:
    """What is to happen to a machine's disk and power.

    ``kill_in``: the process dies at this commit from now (1 is the next one), before it or,
    with ``after``, right after it. ``full_in``: the disk is full from this write on.
    """

    kill_in: int = 0
    after: bool = False
    full_in: int = 0
    full: bool = False
    dead: bool = False
    commits: int = 0
    _dirty: set[int] = field(default_factory=set)
    _full_error: type[Exception] = field(default=OSError)

    def reset(self) -> None:
        self.kill_in = self.full_in = 0
        self.full = self.dead = False

    def listen(self, engine: Engine, full_error: type[Exception]) -> None:
        """Let this fate have its way with a database engine."""
        dialect: Any = engine.dialect
        execute, many, commit = dialect.do_execute, dialect.do_executemany, dialect.do_commit
        self._full_error = full_error

        def do_execute(cursor: Any, statement: str, *rest: Any) -> None:
            self._before_statement(cursor, statement)
            execute(cursor, statement, *rest)

        def do_executemany(cursor: Any, statement: str, *rest: Any) -> None:
            self._before_statement(cursor, statement)
            many(cursor, statement, *rest)

        def do_commit(connection: Any) -> None:
            self._check_alive()
            key = id(getattr(connection, "dbapi_connection", connection))
            if key not in self._dirty:
                commit(connection)
                return
            if self.full:
                raise self._full_error("database or disk is full")
            self._dirty.discard(key)
            if self.kill_in:
                self.kill_in -= 1
                if self.kill_in == 0:
                    self.dead = True
                    if self.after:
                        self.commits += 1
                        commit(connection)
                    raise Killed
            self.commits += 1
            commit(connection)

        dialect.do_execute, dialect.do_executemany = do_execute, do_executemany
        dialect.do_commit = do_commit

    def _check_alive(self) -> None:
        if self.dead:
            raise Killed

    def _before_statement(self, cursor: Any, statement: str) -> None:
        self._check_alive()
        verb = statement.lstrip()[:6].upper()
        if verb.startswith("BEGIN"):
            self._dirty.discard(id(cursor.connection))
        if verb in ("INSERT", "UPDATE", "DELETE"):
            self._dirty.add(id(cursor.connection))
            if self.full_in:
                self.full_in -= 1
                self.full = self.full or self.full_in == 0
            if self.full:
                raise self._full_error("database or disk is full")


#: By what an engine is made of: its dialect, and the statements compiled for it.
_COMPILED: dict[tuple[type, Any], tuple[type, LRUCache[Any, Any]]] = {}


def share_statements(*engines: Engine) -> None:
    """Let engines of one kind compile a statement once for all, not once after every start.

    SQLAlchemy keeps what it compiled by the dialect's identity; a run starts dozens of programs,
    and a third of its time went into compiling the same two hundred statements again. Stores and
    the server stay apart: they write JSON in different ways.
    """
    for engine in engines:
        made, driver = type(engine.dialect), engine.dialect.dbapi
        if (made, driver) not in _COMPILED:
            kind = (_alike(made), LRUCache[Any, Any](_KEPT_STATEMENTS))
            _COMPILED[made, driver] = _COMPILED[kind[0], driver] = kind
        engine.dialect.__class__, engine._compiled_cache = _COMPILED[made, driver]


def _alike(made: type) -> type:
    """The dialect, all instances of which are taken for one."""
    number = len(_COMPILED)
    names = {
        "__hash__": lambda self: number,
        "__eq__": lambda self, other: type(self) is type(other),
        "supports_statement_cache": True,
    }
    return type(made.__name__, (made,), names)
