"""The hospital's word on each record of an exported file becomes receipts and refusals.

The same rules as on the network, and one more: an answer may be older than what this PC knows
by now. Then it says nothing new and is passed over. Which of two states came first is told by
what this PC knew when it wrote the file and by the hospital's own list of earlier versions: its
clock may have been wrong by years.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import orjson
from sqlalchemy.orm import Session

from app import courier_refusals
from app.courier_file import Item
from app.fhir import bundle
from app.models.outbox import REJECTED
from app.models.records import KINDS
from app.models.store import Store
from app.sync import queue, restored, state, versions
from app.sync.answers import reason_of, refusal
from app.sync.changes import Changes
from app.sync.courier import Imported
from app.sync.link import Json
from app.sync.place import owe
from app.sync.queue import Confirmed
from app.sync.reconcile import CONFIRMED, CONFLICT, DOUBTFUL, EARLIER, LATER, UNREADABLE, settle
from app.sync.searches import version_of
from app.sync.versions import Seen

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
    #: Whether the hospital holds or held the version to be replaced; None: it does not say.
    knows: bool | None

    @property
    def key(self) -> tuple[str, str]:
        return self.kind, self.record_id


class Answers:
    """Takes in the answers of one reply. ``told`` counts what they said."""

    def __init__(
        self, store: Store, changes: Changes, number: int, made_at: datetime | None
    ) -> None:
        """``made_at``: when the reply was made, by the hospital's clock."""
        self.told = Imported(number, None, 0, 0, 0, 0, 0, 0)
        self._store = store
        self._changes = changes
        self._number = number
        self._made_at = made_at

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
        known = versions.seen(session, {(a.type, a.record_id) for a in answers})
        held: list[Confirmed] = []
        for answer in answers:
            row = rows.get(answer.key)
            seen = known.get((answer.type, answer.record_id), ("", ""))
            if 200 <= answer.status < 300:
                version = bundle.version_of(answer.etag) or ""
                if seen[0] not in ("", answer.replaces, version):
                    # The network has brought another state since the file was written.
                    continue
                at = state.instant(answer.at)
                item = replace(
                    row or _no_row(answer), change_id=answer.change_id, courier=self._number
                )
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
        seen: Seen,
        now: datetime,
        told: Imported,
    ) -> Imported:
        """The hospital holds another version: brought together as after a 412 on the network."""
        theirs = answer.body
        if seen[0] not in ("", answer.replaces, "" if theirs is None else version_of(theirs)[0]):
            # The network has brought another state since: the row waits and is sent again.
            return told
        lost = [(answer.type, answer.record_id)]
        if theirs is None:
            # The hospital's server was put back and lost the record that we were to replace.
            restored.queue_again(session, lost, now)
            return told
        standing = self._standing(answer, seen, version_of(theirs))
        if seen[0] and standing in (EARLIER, DOUBTFUL):
            # What it confirmed is not held there any more: the receipt is withdrawn.
            restored.queue_again(session, lost, now, lost=False)
        result = settle(session, row, theirs, now, standing)
        if result == UNREADABLE:
            queue.set_state(session, [row], REJECTED, refusal(reason_of(answer.outcome)))
            return replace(told, rejected=told.rejected + 1)
        owe(session, theirs)
        if result == CONFIRMED:
            return replace(told, confirmed=told.confirmed + 1)
        if result == CONFLICT:
            return replace(told, conflicts=told.conflicts + 1)
        return replace(told, merged=told.merged + 1)

    def _standing(self, answer: _Answer, seen: Seen, told: Seen) -> str | None:
        """How the hospital's state stands to the one that ours was made from.

        Where it knows that one, its own was made from it. Else it was put back: then its state
        is of before that, or somebody wrote it since. Only the times tell these apart, and
        nothing does where its clock has told a later time than now.
        """
        if seen[0] and (seen[0] == told[0] or answer.knows):
            return LATER
        known_at, told_at = state.instant(seen[1]), state.instant(told[1])
        if known_at is None or told_at is None:
            return DOUBTFUL if seen[0] and answer.knows is False else None
        if self._made_at is None or known_at > self._made_at:
            return DOUBTFUL
        if not seen[0] or answer.knows is None:
            return None
        return EARLIER if told_at < known_at else DOUBTFUL


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
    outcome, knows = head.get("outcome"), head.get("knows")
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
        knows if isinstance(knows, bool) else None,
    )


def _no_row(answer: _Answer) -> queue.Item:
    """Stands for a row that is not there any more: no row has this number."""
    return queue.Item(-1, answer.kind, answer.record_id, answer.change_id, None, 2, "waiting", 0)
