"""Who did what, and when: a row of the table ``access`` for each access.

A write's row is committed with the write itself. Rows of reads are gathered and written
together within a second, so that reading costs no wait for the disk; a look that found
nothing (every PC asks for news twice a minute) is counted and written every ten minutes.
A row names device, organisation, kind of record, record id and how many — never content,
nor what was searched for.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace

from sqlalchemy import Connection, delete, insert, select
from sqlalchemy.exc import SQLAlchemyError

from app.server import logs
from app.server.database import Database
from app.server.tables import access

GATHER_SECONDS = 1.0
EMPTY_SECONDS = 600.0
_MOST_WAITING = 10_000
_TYPES_LENGTH = 200
# Made once: building it anew costs ten times what carrying it out does.
_ADD = insert(access)


@dataclass(frozen=True, slots=True)
class Entry:
    """One access, or ``times`` equal ones.

    ``action``: read, version, search, update, transaction, batch, enrol, token, courier …
    ``type``: FHIR type, or for a bundle what it held (``Procedure 48, Patient 2``).
    ``record``: the id of a single record. ``count``: records written or handed out.
    ``status``: HTTP status of the answer. ``at``: microseconds since 1970 by the server's
    clock; filled in by ``record`` and ``AccessLog``.
    """

    device: str | None
    organisation: str | None
    action: str
    type: str | None = None
    record: str | None = None
    count: int = 0
    status: int = 200
    times: int = 1
    at: int = 0


def record(connection: Connection, entry: Entry, now: int) -> None:
    """Add a row in an open write transaction; ``now`` in microseconds since 1970."""
    connection.execute(_ADD, _values(replace(entry, at=now)))


def types_text(types: Iterable[str]) -> str:
    """What a bundle held, most frequent first: ``Procedure 48, Patient 2``."""
    counted = Counter(types).most_common()
    return ", ".join(f"{type_} {count}" for type_, count in counted)[:_TYPES_LENGTH]


def handed_out(answer: str) -> int:
    """How many records an answering Bundle (compact JSON text) holds."""
    # Counted in the text, which is made by ourselves: a second look at every record would
    # cost as much as the answer. Quotes inside a value are escaped and cannot be taken for it.
    return answer.count('{"resource":{') - answer.count('{"resource":{"resourceType":"Bundle"')


def carried_out(answer: str) -> int:
    """How many entries of a posted Bundle were carried out, by its answer."""
    return answer.count('"response":{"status":"20')


def entries(database: Database, since: int = 0, limit: int = 1000) -> list[Entry]:
    """The newest ``limit`` rows from ``since`` (microseconds since 1970) on, oldest first."""
    columns = [column for column in access.columns if column.name != "id"]
    statement = select(*columns).where(access.c.at >= since)
    with database.read() as connection:
        newest = connection.execute(
            statement.order_by(access.c.at.desc(), access.c.id.desc()).limit(limit)
        )
        return [Entry(**row._mapping) for row in newest][::-1]


def prune(database: Database, before: int) -> int:
    """Delete the rows before ``before`` (microseconds since 1970), and note that it was done.

    How many there were.
    """
    with database.write() as connection:
        gone = connection.execute(delete(access).where(access.c.at < before)).rowcount
        record(connection, Entry(None, None, "audit prune", count=gone), database.now())
    return gone


class AccessLog:
    """Gathers the rows of reads and refusals, and writes them on a thread of its own."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._waiting: dict[Entry, tuple[int, int]] = {}
        self._empty: dict[Entry, tuple[int, int]] = {}
        self._empty_since = time.monotonic()
        self._condition = threading.Condition()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="access log", daemon=True)
        self._thread.start()

    def add(self, entry: Entry) -> None:
        """Note an access. Returns at once."""
        now = self._database.now()
        nothing = entry.status == 200 and not entry.count and entry.record is None
        with self._condition:
            gathered = self._empty if nothing and entry.action in _LOOKS else self._waiting
            first, times = gathered.get(entry, (now, 0))
            if times or len(gathered) < _MOST_WAITING:
                gathered[entry] = (first, times + 1)
            self._condition.notify()

    def close(self) -> None:
        """Write what was gathered and end."""
        self._closing.set()
        with self._condition:
            self._condition.notify()
        self._thread.join()

    def _run(self) -> None:
        while True:
            with self._condition:
                while not (self._waiting or self._closing.is_set() or self._empty_due()):
                    self._condition.wait(EMPTY_SECONDS if self._empty else None)
            self._closing.wait(GATHER_SECONDS)
            with self._condition:
                closing = self._closing.is_set()
                batch = self._waiting
                self._waiting = {}
                if self._empty and (closing or self._empty_due()):
                    batch |= self._empty
                    self._empty = {}
                    self._empty_since = time.monotonic()
            self._write(batch)
            if closing:
                return

    def _empty_due(self) -> bool:
        return bool(self._empty) and time.monotonic() - self._empty_since >= EMPTY_SECONDS

    def _write(self, batch: dict[Entry, tuple[int, int]]) -> None:
        if not batch:
            return
        rows = [
            _values(replace(entry, at=first, times=times))
            for entry, (first, times) in batch.items()
        ]
        try:
            with self._database.write() as connection:
                connection.execute(insert(access), rows)
        except SQLAlchemyError as error:
            logs.fault("access log not written", error, rows=len(rows))
            with self._condition:
                # Kept for the next try, which comes with the next access.
                for entry, (first, times) in batch.items():
                    later = self._waiting.get(entry, (first, 0))[1]
                    if later or len(self._waiting) < _MOST_WAITING:
                        self._waiting[entry] = (first, times + later)


_LOOKS = frozenset({"search", "batch"})


def _values(entry: Entry) -> dict[str, object]:
    return {
        "at": entry.at,
        "device": entry.device,
        "organisation": entry.organisation,
        "action": entry.action,
        "type": entry.type,
        "record": entry.record,
        "count": entry.count,
        "status": entry.status,
        "times": entry.times,
    }
