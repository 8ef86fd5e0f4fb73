"""Records that need a person before the county hospital holds them, and what is decided on them.

A refused record blocks nothing and never vanishes: it is corrected (its own form; saving queues
it), sent again as it is (after the hospital mended its side), or kept only on this PC with a
reason. The last can be undone at any time and is never called held.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.conflict_lists import UNDECIDED, conflict_lines, title_of
from app.care.parsing import clean_text
from app.errors import InputError, StaleRecord
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.local import AuditEvent
from app.models.organisation import Staff
from app.models.outbox import KEPT, REJECTED, WAITING, Outbox
from app.models.records import fetch
from app.models.store import Store

_MOST = 500
_LONGEST_REASON = 300

#: What a person has to look at: ``conflict``, ``crossed`` (moves of a referral), ``rejected``,
#: ``kept``.
CONFLICT, CROSSED = "conflict", "crossed"


@dataclass(frozen=True, slots=True)
class Trouble:
    """One record that needs a person. ``title`` names it for the screen (may be a name).

    ``what``: conflict, crossed, rejected or kept. ``reason``: the hospital's, or for ``kept`` the
    person's own; empty for conflicts. ``by``: who kept it. ``referral_id`` only for records of a
    referral. ``at``: since when.
    """

    what: str
    kind: str
    record_id: str
    title: str
    reason: str
    at: datetime | None
    resident_id: str = ""
    conflict_id: str = ""
    referral_id: str = ""
    by: str = ""


def troubles(store: Store) -> tuple[Trouble, ...]:
    """Everything that needs a person: conflicts first, then refused, then kept records."""
    with store.read() as session:
        found = [
            Trouble(
                CROSSED if line.crossed else CONFLICT,
                line.kind,
                line.record_id,
                line.title,
                line.fields,
                line.at,
                line.resident_id,
                line.conflict_id,
                line.referral_id,
            )
            for line in conflict_lines(session, _MOST)
        ]
        for state in (REJECTED, KEPT):
            found += _refused(session, state)
    return tuple(found)


def send_again(store: Store, actor: Actor, kind: str, record_id: str) -> None:
    """Queue a refused or kept record again as it is, after the hospital mended its side.

    Raises StaleRecord where it is neither refused nor kept any more.
    """
    with store.write(actor) as session:
        row = _row(session, kind, record_id, (REJECTED, KEPT))
        before, reason = row.state, row.reason
        row.state, row.reason, row.attempts, row.sent_at = WAITING, None, 0, None
        # Whoever listens for commits learns that something is to be sent, and how urgent.
        session.info["queued_lane"] = min(session.info.get("queued_lane", row.lane), row.lane)
        detail = {"before": before, "reason": reason}
        note_access(session, store.clock, actor, "send_again", kind, record_id, detail)


def keep_here(store: Store, actor: Actor, kind: str, record_id: str, reason: str) -> None:
    """Keep a refused record only on this PC, for a reason that stays readable beside it.

    Raises InputError for an empty reason, StaleRecord where it is not refused any more.
    """
    words = clean_text(reason)[:_LONGEST_REASON]
    if not words:
        raise InputError({"reason": tr("Write why this record stays only on this PC.")})
    with store.write(actor) as session:
        row = _row(session, kind, record_id, (REJECTED,))
        # The hospital's own reason stays in the audit trail.
        detail = {"refused_because": row.reason, "reason": words}
        row.state, row.reason = KEPT, words
        note_access(session, store.clock, actor, "keep_here", kind, record_id, detail)


def _row(session: Session, kind: str, record_id: str, states: tuple[str, ...]) -> Outbox:
    row = session.scalar(select(Outbox).where(Outbox.kind == kind, Outbox.record_id == record_id))
    if row is None or row.state not in states or _is_undecided(session, row):
        raise StaleRecord(
            tr(
                "This record stands differently by now: it was edited, sent or decided meanwhile. "
                "Nothing was changed. Look at the list again."
            )
        )
    return row


def _is_undecided(session: Session, row: Outbox) -> bool:
    found = session.scalar(select(Outbox.seq).where(Outbox.seq == row.seq, UNDECIDED))
    return found is not None


def _refused(session: Session, state: str) -> list[Trouble]:
    rows = session.scalars(
        select(Outbox)
        .where(Outbox.state == state, ~UNDECIDED)
        .order_by(Outbox.lane, Outbox.seq)
        .limit(_MOST)
    ).all()
    residents = fetch(session, "resident", {r.resident_id for r in rows if r.resident_id})
    letters = _letters(session, rows)
    kept = _kept_by(session, rows) if state == KEPT else {}
    return [
        Trouble(
            state,
            row.kind,
            row.record_id,
            title_of(row.kind, residents.get(row.resident_id or "", {}).get("name")),
            row.reason or "",
            kept[row.record_id][1] if row.record_id in kept else row.sent_at,
            row.resident_id or "",
            referral_id=letters.get(row.record_id, ""),
            by=kept[row.record_id][0] if row.record_id in kept else "",
        )
        for row in rows
    ]


def _letters(session: Session, rows: Sequence[Outbox]) -> dict[str, str]:
    found: dict[str, str] = {}
    of_kind: dict[str, list[str]] = {}
    for row in rows:
        if row.kind.startswith("referral"):
            of_kind.setdefault(row.kind, []).append(row.record_id)
    for kind, ids in of_kind.items():
        for id_, record in fetch(session, kind, ids).items():
            found[id_] = str(record.get("referral_id") or id_)
    return found


def _kept_by(session: Session, rows: Sequence[Outbox]) -> dict[str, tuple[str, datetime]]:
    """Who kept each record and when, from the audit trail; the last decision counts."""
    wanted = [row.record_id for row in rows]
    found = session.execute(
        select(AuditEvent.record_id, Staff.name, AuditEvent.at)
        .outerjoin(Staff, Staff.id == AuditEvent.staff_id)
        .where(AuditEvent.action == "keep_here", AuditEvent.record_id.in_(wanted))
        .order_by(AuditEvent.id)
    )
    return {record_id: (name or "", at) for record_id, name, at in found}
