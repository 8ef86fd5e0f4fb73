"""The hospital's word on each record of an exported file becomes receipts and refusals.

The same rules as on the network, and one more: an answer may be older than what this PC knows
by now. Then it says nothing new and is passed over.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy import select
from sqlalchemy.orm import Session

from app import courier_refusals
from app.courier_file import Item
from app.fhir import bundle
from app.models.outbox import REJECTED, ServerCopy
from app.models.records import KINDS
from app.models.store import Store
from app.sync import queue, restored, state
from app.sync.answers import reason_of, refusal
from app.sync.changes import Changes
from app.sync.courier import Imported
from app.sync.link import Json
from app.sync.place import owe
from app.sync.queue import Confirmed
from app.sync.reconcile import CONFIRMED, CONFLICT, UNREADABLE, settle
from app.sync.searches import version_of

_FORGET_MARK = "UPDATE outbox SET courier = NULL WHERE kind = ? AND record_id = ? AND courier <= ?"


@dataclass(frozen=True, slots=True)
class _Answer:
    """What became of one record, as the reply says it."""

    kind: str
    record_id: str
    change_id: str
    type: str
    replaces: str
    status: int
    etag: str
    at: str
    outcome: Json | None
    body: Json | None

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.record_id


@dataclass(frozen=True, slots=True)
class _Seen:
    """A version that the server was seen to hold, and its time."""

    version: str
    at: datetime


class Answers:
    """Takes in the answers of one reply. ``told`` counts what they said."""

    def __init__(self, store: Store, changes: Changes, number: int) -> None:
        self.told = Imported(number, None, 0, 0, 0, 0, 0, 0)
        self._store = store
        self._changes = changes
        self._number = number

    def take_in(self, items: Sequence[Item]) -> None:
        """All answers of a chunk in one transaction."""
        answers = [_read(head, text) for head, text in items if head.get("t") == "answer"]
        if not answers:
            return
        told = self.told
        with self._store.apply_remote("courier") as session:
            told = self._apply(session, answers, told)
        self.told = told
        for answer in answers:
            self._changes.add(answer.kind, answer.record_id)
        self._changes.tell()

    def _apply(self, session: Session, answers: Sequence[_Answer], told: Imported) -> Imported:
        now = self._store.clock.now()
        rows = {
            (row.kind, row.record_id): row
            for row in queue.of_records(session, (a.record_id for a in answers))
        }
        known = _known(session, answers)
        held: list[Confirmed] = []
        for answer in answers:
            row = rows.get(answer.key)
            seen = known.get((answer.type, answer.record_id))
            if 200 <= answer.status < 300:
                at = state.instant(answer.at)
                if seen is not None and (at is None or at < seen.at):
                    continue
                item = replace(
                    row or _no_row(answer), change_id=answer.change_id, courier=self._number
                )
                version = bundle.version_of(answer.etag) or ""
                held.append(
                    Confirmed(item, answer.type, version, answer.at, at or now, answer.body)
                )
                if row is not None and row.change_id == answer.change_id:
                    told = replace(told, confirmed=told.confirmed + 1)
            elif row is None:
                # Delivered by the network meanwhile, or decided by a person.
                continue
            elif answer.status in (409, 412):
                told = self._clash(session, row, answer, seen, now, told)
            elif answer.status == 424:
                told = replace(told, held_back=told.held_back + 1)
            elif row.change_id == answer.change_id:
                queue.set_state(session, [row], REJECTED, refusal(reason_of(answer.outcome)))
                told = replace(told, rejected=told.rejected + 1)
        queue.confirm(session, held, now)
        session.connection().exec_driver_sql(
            _FORGET_MARK, [(a.kind, a.record_id, self._number) for a in answers]
        )
        return told

    def _clash(
        self,
        session: Session,
        row: queue.Item,
        answer: _Answer,
        seen: _Seen | None,
        now: datetime,
        told: Imported,
    ) -> Imported:
        """The hospital holds another version: brought together as after a 412 on the network."""
        theirs = answer.body
        at = None if theirs is None else state.instant(version_of(theirs)[1])
        older = seen is not None and at is not None and at < seen.at
        if older and seen is not None and seen.version != answer.replaces:
            # The network has brought something newer than this reply.
            return told
        if theirs is None or older:
            # The hospital's server was put back and lost the version that we were to replace.
            restored.queue_again(session, [(answer.type, answer.record_id)], now)
            return told
        result = settle(session, row, theirs, now)
        if result == UNREADABLE:
            queue.set_state(session, [row], REJECTED, refusal(reason_of(answer.outcome)))
            return replace(told, rejected=told.rejected + 1)
        owe(session, theirs)
        if result == CONFIRMED:
            return replace(told, confirmed=told.confirmed + 1)
        if result == CONFLICT:
            return replace(told, conflicts=told.conflicts + 1)
        return replace(told, merged=told.merged + 1)


def _read(head: dict[str, Any], text: bytes) -> _Answer:
    ref, status = head.get("ref"), head.get("status")
    if (
        not isinstance(ref, list)
        or len(ref) != 5
        or not all(isinstance(one, str) for one in ref)
        or ref[0] not in KINDS
        or not isinstance(status, int)
    ):
        raise courier_refusals.tampered()
    body: Json | None = None
    if text:
        try:
            body = orjson.loads(text)
        except (ValueError, RecursionError):
            raise courier_refusals.tampered() from None
    outcome = head.get("outcome")
    kind, record_id, change_id, type_, replaces = ref
    return _Answer(
        kind,
        record_id,
        change_id,
        type_,
        replaces,
        status,
        str(head.get("etag") or ""),
        str(head.get("at") or ""),
        outcome if isinstance(outcome, dict) else None,
        body if isinstance(body, dict) else None,
    )


def _no_row(answer: _Answer) -> queue.Item:
    """Stands for a row that is not there any more: no row has this number."""
    return queue.Item(-1, answer.kind, answer.record_id, answer.change_id, None, 2, "waiting", 0)


def _known(session: Session, answers: Iterable[_Answer]) -> dict[tuple[str, str], _Seen]:
    """The newest version of each record that this PC has seen the server hold."""
    found: dict[tuple[str, str], _Seen] = {}
    ids = sorted({answer.record_id for answer in answers})
    for start in range(0, len(ids), 500):
        rows = session.execute(
            select(
                ServerCopy.resource_type,
                ServerCopy.resource_id,
                ServerCopy.version,
                ServerCopy.last_updated,
            ).where(ServerCopy.resource_id.in_(ids[start : start + 500]))
        )
        for type_, id_, version, updated in rows:
            at = state.instant(updated)
            # Without a version it is known to be lost there.
            if version and at is not None:
                found[type_, id_] = _Seen(version, at)
    return found
