"""Carries over into a store from a backup what only the replaced store still knew.

A backup is older than the store it replaces. What the server confirmed since comes back by the
sync; what it never confirmed is nowhere but in the replaced store, and is taken along here with
all that it stands on. What cannot be read there is counted, never passed over in silence.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Any, TypeVar

from sqlalchemy import Table, delete, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

from app.models.audit_carry import carry_audit
from app.models.base import Base
from app.models.faults import damaged, is_damage
from app.models.local import Draft
from app.models.outbox import Conflict, Outbox, Receipt, ServerCopy, SyncState
from app.models.records import KINDS, Record, fetch, put
from app.models.store import Store

_T = TypeVar("_T")

Key = tuple[str, str]
#: What a PC learns when it joins a server: the newest is the one that counts.
_JOINED = ("server", "device_keys", "server_keys", "link", "login")


@dataclass(slots=True)
class Carried:
    """``records``: how many unconfirmed records came along; ``lost``: how many could not be read;
    ``residents``: whose."""

    records: int = 0
    lost: int = 0
    residents: set[str] = field(default_factory=set)


def carry_over(old: Store, new: Store) -> Carried:
    """Bring what ``old`` never got confirmed into ``new``, in one transaction.

    ``old`` has the newest shape. Raises ``StoreDamaged`` where not even its queue can be read.
    """
    carried = Carried()
    with new.apply_remote() as target, ExitStack() as stack:
        _Move(_Source(old, stack), target, new.organisation_id, carried).run()
    return carried


class _Source:
    """Reads the replaced store; a question that meets a damaged page ends its connection."""

    def __init__(self, store: Store, stack: ExitStack) -> None:
        self._store = store
        self._stack = stack
        self._session = stack.enter_context(store.read())

    def read(self, ask: Callable[[Session], _T]) -> _T | None:
        """The answer, or None where a page of it is damaged."""
        try:
            return ask(self._session)
        except (DBAPIError, MemoryError) as error:
            # Only damage is passed over: a full disk, or a question that is wrong, is not.
            if isinstance(error, DBAPIError) and not is_damage(error.orig or error):
                raise
            self._session = self._stack.enter_context(self._store.read())
            return None


class _Move:
    def __init__(
        self, source: _Source, target: Session, organisation_id: str, carried: Carried
    ) -> None:
        self._source = source
        self._target = target
        self._organisation_id = organisation_id
        self._carried = carried
        self._done: set[Key] = set()

    def run(self) -> None:
        waiting = self._source.read(_queue)
        if waiting is None:
            raise damaged()
        known = _queue(self._target)
        receipts = self._source.read(_receipts) or set()
        # Sent since the backup: the replaced store knows a newer state, which the server holds.
        for kind, id_ in sorted((known.keys() - waiting.keys()) & receipts):
            if self._record(kind, id_):
                self._target.execute(
                    delete(Outbox).where(Outbox.kind == kind, Outbox.record_id == id_)
                )
        self._staff()
        for key, row in sorted(waiting.items(), key=lambda pair: pair[1]["seq"]):
            if self._record(*key):
                self._row(Outbox, {k: v for k, v in row.items() if k != "seq"}, "kind", "record_id")
                self._note(*key)
                self._carried.records += 1
                if row["resident_id"]:
                    self._carried.residents.add(row["resident_id"])
            elif known.get(key, {}).get("change_id") != row["change_id"]:
                self._carried.lost += 1  # the backup does not hold this very state either
        self._conflicts()
        self._others()

    def _record(self, kind: str, id_: str) -> bool:
        """One record with all that it stands on; False where it cannot be read."""
        if (kind, id_) in self._done:
            return True
        record = self._source.read(lambda session: fetch(session, kind, [id_]).get(id_))
        if record is None:
            return False
        self._done.add((kind, id_))
        for parent_kind, parent_id in _parents(kind, record):
            if parent_id not in fetch(self._target, parent_kind, [parent_id]) and not self._record(
                parent_kind, parent_id
            ):
                self._done.discard((kind, id_))
                return False
        put(self._target, kind, [record])
        for model, keys in (
            (Receipt, ("kind", "record_id")),
            (ServerCopy, ("resource_type", "resource_id")),
        ):
            table = _table(model)
            about = select(table).where(table.c.kind == kind, table.c.record_id == id_)
            for row in self._rows(about):
                self._row(model, row, *keys)
        return True

    def _staff(self) -> None:
        """Who may sign in is what the replaced store said last."""
        staff = _table(KINDS["staff"].model)
        own = select(staff.c.id).where(staff.c.org_id == self._organisation_id)
        ids = self._source.read(lambda session: list(session.scalars(own)))
        for id_ in ids or ():
            self._record("staff", id_)

    def _note(self, kind: str, id_: str) -> None:
        """What was sent of a shared record without an answer."""
        self._state(f"sent:{kind}:{id_}")

    def _conflicts(self) -> None:
        """Both values of every conflict, who decided it and how: no server knows of them.

        The record of one may be newer than the backup, and confirmed: it comes along then.
        """
        for row in self._rows(select(_table(Conflict))):
            kind, id_ = row["kind"], row["record_id"]
            if kind in KINDS and (
                id_ in fetch(self._target, kind, [id_]) or self._record(kind, id_)
            ):
                self._row(Conflict, row, "id")
                if row["resident_id"]:
                    self._carried.residents.add(row["resident_id"])

    def _others(self) -> None:
        """What nobody saw yet of who did what, unfinished forms, the place at the server."""
        carry_audit(self._source.read, self._target)
        for row in self._rows(select(_table(Draft))):
            self._target.execute(
                delete(Draft).where(
                    Draft.form == row["form"],
                    Draft.subject_id == row["subject_id"],
                    Draft.staff_id == row["staff_id"],
                )
            )
            self._row(Draft, row, "id")
        for name in _JOINED:
            self._state(name)

    def _state(self, key: str) -> None:
        for row in self._rows(select(_table(SyncState)).where(SyncState.key == key)):
            self._row(SyncState, row, "key")

    def _rows(self, query: Any) -> Iterator[dict[str, Any]]:
        found = self._source.read(lambda session: list(session.execute(query).mappings()))
        yield from (dict(row) for row in found or ())

    def _row(self, model: type[Base], values: dict[str, Any], *keys: str) -> None:
        statement = insert(_table(model)).values(values)
        self._target.execute(
            statement.on_conflict_do_update(
                index_elements=list(keys),
                set_={name: statement.excluded[name] for name in values if name not in keys},
            )
        )


def _queue(session: Session) -> dict[Key, dict[str, Any]]:
    rows = session.execute(select(_table(Outbox))).mappings()
    return {(row["kind"], row["record_id"]): dict(row) for row in rows}


def _receipts(session: Session) -> set[Key]:
    rows = session.execute(select(Receipt.kind, Receipt.record_id))
    return {(kind, id_) for kind, id_ in rows}


def _table(model: type[Base]) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table


def _parents(kind: str, record: Record) -> Iterator[Key]:
    """The records that the tables demand for this one."""
    kinds = {description.table.name: name for name, description in KINDS.items()}
    for column in KINDS[kind].table.columns:
        for key in column.foreign_keys:
            parent = kinds.get(key.column.table.name)
            if parent is not None and record.get(column.name):
                yield parent, record[column.name]
