"""What the screen and the headless commands know of the courier: frozen values, plain words."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.i18n import tr
from app.models import codes
from app.models.outbox import REJECTED, Conflict, Outbox, SyncTry
from app.models.records import fetch
from app.models.store import Store
from app.sync import restored
from app.sync.counts import Counts, count
from app.sync.pull import Progress
from app.sync.remaining import remaining
from app.sync.usage import used

LANES = ("emergency", "referral", "rest")
_HISTORY = 50
_MOST_REJECTED = 500


@dataclass(frozen=True, slots=True)
class Try:
    """One try to reach the lead hospital. Times in UTC; ``outcome`` as in ``SyncReport``; a later
    one has a higher ``id``, whatever the clock of this PC says."""

    started_at: datetime
    ended_at: datetime | None
    sent: int
    received: int
    outcome: str
    reason: str
    bytes_up: int = 0
    bytes_down: int = 0
    id: int = 0


@dataclass(frozen=True, slots=True)
class RejectedRecord:
    """A record that the server refused. ``title`` names it for the screen (may be a name)."""

    kind: str
    record_id: str
    title: str
    reason: str
    at: datetime | None
    resident_id: str | None = None


@dataclass(frozen=True, slots=True)
class SyncStatus:
    """How delivery stands.

    ``phase``: off (not started), idle, syncing, first_load (``progress`` says how far it has
    come), offline, refused, not_enrolled. ``waiting``
    counts what was not sent, ``unknown`` what was sent without an answer yet; ``by_lane``
    counts both. ``kept``: refused, and kept only on this PC by decision. ``bytes_*`` are totals
    since the program started, ``bytes_today`` and ``bytes_month`` (up, down) of the clinic's day
    and calendar month. Times are UTC.
    """

    phase: str = "off"
    waiting: int = 0
    waiting_emergency: int = 0
    waiting_by_lane: dict[str, int] = field(default_factory=dict)
    unknown: int = 0
    rejected: int = 0
    conflicts: int = 0
    kept: int = 0
    oldest_waiting_at: datetime | None = None
    last_success_at: datetime | None = None
    next_try_at: datetime | None = None
    reason: str = ""
    progress: Progress | None = None
    bytes_up: int = 0
    bytes_down: int = 0
    bytes_today: tuple[int, int] = (0, 0)
    bytes_month: tuple[int, int] = (0, 0)
    history: tuple[Try, ...] = ()
    rejected_records: tuple[RejectedRecord, ...] = ()
    #: Plain sentences about a store or a server that was put back from an older copy.
    notices: tuple[str, ...] = ()

    @property
    def all_held(self) -> bool:
        """Whether the server has confirmed everything that was saved on this PC."""
        return not (self.waiting or self.unknown or self.rejected or self.conflicts or self.kept)


def read_status(store: Store, **live: object) -> SyncStatus:
    """The status as the store knows it; ``live`` adds what only a running courier knows."""
    with store.read() as session:
        counts = count(session)
        of_day, of_month = used(session, store.clock.today())
        values: dict[str, object] = {
            **_numbers(counts),
            "last_success_at": _last_success(session),
            "bytes_today": of_day,
            "bytes_month": of_month,
            "history": _history(session),
            "rejected_records": _rejected(session) if counts.rejected else (),
            "notices": restored.notices(session),
        }
    values.update(live)
    if values.get("phase") == "idle" and values.get("reason"):
        # What the last run said of the queue; somebody may have decided since.
        values["reason"] = remaining(counts)
    return SyncStatus(**values)  # type: ignore[arg-type]


def _numbers(counts: Counts) -> dict[str, object]:
    return {
        "waiting": counts.waiting,
        "waiting_emergency": counts.by_lane[0],
        "waiting_by_lane": dict(zip(LANES, counts.by_lane, strict=True)),
        "unknown": counts.unknown,
        "rejected": counts.rejected,
        "conflicts": counts.conflicts,
        "kept": counts.kept,
        "oldest_waiting_at": counts.oldest_at,
    }


def _last_success(session: Session) -> datetime | None:
    return session.scalar(
        select(SyncTry.ended_at)
        .where(SyncTry.outcome.in_(("done", "partial")))
        .order_by(SyncTry.id.desc())
        .limit(1)
    )


def _history(session: Session) -> tuple[Try, ...]:
    rows = session.scalars(select(SyncTry).order_by(SyncTry.id.desc()).limit(_HISTORY))
    return tuple(
        Try(
            row.started_at,
            row.ended_at,
            row.sent,
            row.received,
            row.outcome,
            row.reason or "",
            row.bytes_up,
            row.bytes_down,
            row.id,
        )
        for row in rows
    )


def _rejected(session: Session) -> tuple[RejectedRecord, ...]:
    undecided = (
        select(Conflict.id)
        .where(
            Conflict.kind == Outbox.kind,
            Conflict.record_id == Outbox.record_id,
            Conflict.resolved_at.is_(None),
        )
        .exists()
    )
    rows = session.scalars(
        select(Outbox)
        .where(Outbox.state == REJECTED, ~undecided)
        .order_by(Outbox.seq)
        .limit(_MOST_REJECTED)
    ).all()
    residents = fetch(session, "resident", {r.resident_id for r in rows if r.resident_id})
    return tuple(
        RejectedRecord(
            row.kind,
            row.record_id,
            _title(row.kind, residents.get(row.resident_id or "", {}).get("name")),
            row.reason or "",
            row.sent_at,
            row.resident_id,
        )
        for row in rows
    )


def _title(kind: str, name: object) -> str:
    label = kind_label(kind)
    return tr("{kind} of {name}").format(kind=label, name=name) if name else label


def kind_label(kind: str) -> str:
    """A kind of record in words."""
    return codes.label("record_kind", kind)
