"""Check-ins as kept: the history of a resident, the last values, the way to the county hospital."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.check_in_rules import POST_FIELDS, VITAL_FIELDS, ItemDone
from app.care.rehab_rules import Finding, Vitals
from app.models.outbox import Delivery, deliveries
from app.models.rehab import CheckIn
from app.models.store import Store


def outcome_of(screen: str, completion: str) -> str:
    """done, held or skipped: what became of a session."""
    if screen == "hold":
        return "held"
    return "done" if completion in ("complete", "partial") else "skipped"


@dataclass(frozen=True, slots=True)
class CheckInView:
    """A check-in as kept, with its way to the county hospital."""

    id: str
    plan_id: str
    resident_id: str
    session_no: int | None
    started_at: datetime
    ended_at: datetime | None
    pre: Vitals
    pre_symptoms: tuple[str, ...]
    post: Vitals
    screen: str
    holds: tuple[Finding, ...]
    stops: tuple[Finding, ...]
    borg: int | None
    borg_scale: str
    completion: str
    completion_percent: int | None
    reason_not_done: str | None
    items: tuple[ItemDone, ...]
    adverse: tuple[str, ...]
    adverse_text: str
    action: str | None
    not_measured: Mapping[str, str]
    performer_name: str
    organisation_id: str
    status: str
    delivery: Delivery

    @property
    def outcome(self) -> str:
        """done, held or skipped."""
        return outcome_of(self.screen, self.completion)


def history(
    store: Store, resident_id: str, *, limit: int = 100, before_id: str | None = None
) -> tuple[CheckInView, ...]:
    """A resident's check-ins, newest entry first, void ones too; ``before_id`` pages on."""
    with store.read() as session:
        query = select(CheckIn).where(CheckIn.resident_id == resident_id)
        if before_id is not None:
            query = query.where(CheckIn.id < before_id)
        rows = session.scalars(query.order_by(CheckIn.id.desc()).limit(limit)).all()
        return views_of(session, rows)


def delivery_marks(store: Store, check_in_ids: Sequence[str]) -> dict[str, Delivery]:
    """Where these check-ins stand on their way to the county hospital."""
    with store.read() as session:
        return deliveries(session, "check_in", list(check_in_ids))


def views_of(session: Session, rows: Sequence[CheckIn]) -> tuple[CheckInView, ...]:
    """The rows, detached, with their deliveries in two queries."""
    marks = deliveries(session, "check_in", [row.id for row in rows])
    return tuple(_view(row, marks[row.id]) for row in rows)


def _view(row: CheckIn, delivery: Delivery) -> CheckInView:
    return CheckInView(
        id=row.id,
        plan_id=row.plan_id,
        resident_id=row.resident_id,
        session_no=row.session_no,
        started_at=row.started_at,
        ended_at=row.ended_at,
        pre=Vitals(**{name: getattr(row, f"pre_{name}") for name in VITAL_FIELDS}),
        pre_symptoms=tuple(str(code) for code in row.pre_symptoms),
        post=Vitals(**{name: getattr(row, f"post_{name}") for name in POST_FIELDS}),
        screen=row.screen,
        holds=tuple(Finding.from_dict(finding) for finding in row.hold_reasons),
        stops=tuple(Finding.from_dict(finding) for finding in row.stop_reasons),
        borg=row.borg,
        borg_scale=row.borg_scale,
        completion=row.completion,
        completion_percent=row.completion_percent,
        reason_not_done=row.reason_not_done,
        items=tuple(
            ItemDone(
                str(item.get("exercise", "")),
                str(item.get("planned") or ""),
                bool(item.get("done")),
                item.get("minutes"),
            )
            for item in row.items
        ),
        adverse=tuple(str(code) for code in row.adverse),
        adverse_text=row.adverse_text or "",
        action=row.action,
        not_measured=dict(row.not_measured),
        performer_name=row.performer_name,
        organisation_id=row.organisation_id,
        status=row.status,
        delivery=delivery,
    )
