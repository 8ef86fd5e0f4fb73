"""Expert visits to look at: those of a month, one, and what the host still has to confirm."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.care.outreach.notes import HOSTS_ROLES, PLANNERS_ROLES
from app.care.outreach.visits import (
    CANCELLED,
    PLANNED,
    SUBJECT,
    Countersign,
    VisitInput,
    VisitResult,
    countersigns_of,
    get_visit,
)
from app.care.referral_lists import organisation_names
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.outbox import Delivery, deliveries
from app.models.outreach import ExpertVisit
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class VisitView:
    """A visit with its host. ``own``: planned by the own house; ``change_id`` as it was read;
    ``moved_after``: the host had countersigned, then the visit was moved. ``may_…``: what this
    person may do."""

    visit_id: str
    change_id: str
    plan: VisitInput
    result: VisitResult
    status: str
    cancel_reason: str
    host_name: str
    lead_name: str
    own: bool
    countersign: Countersign | None
    moved_after: bool
    delivery: Delivery
    may_change: bool
    may_finish: bool
    may_countersign: bool


def visits_of_month(
    store: Store, actor: Actor, year: int, month: int, host_id: str = ""
) -> tuple[VisitView, ...]:
    """The visits of a month that the own house plans or is host of, by day and hour."""
    first = date(year, month, 1)
    last = date(year, month, calendar.monthrange(year, month)[1])
    with store.read() as session:
        rows = session.scalars(
            select(ExpertVisit)
            .where(
                ExpertVisit.visit_on.between(first, last),
                or_(
                    ExpertVisit.organisation_id == actor.organisation_id,
                    ExpertVisit.host_organisation_id == actor.organisation_id,
                ),
                *([ExpertVisit.host_organisation_id == host_id] if host_id else []),
            )
            .order_by(ExpertVisit.visit_on, ExpertVisit.starts_at, ExpertVisit.id)
        ).all()
        return _views(session, actor, list(rows), store.clock.today())


def load_visit(store: Store, actor: Actor, visit_id: str) -> VisitView:
    """One visit. Raises NotFound."""
    with store.read() as session:
        row = get_visit(session, visit_id)
        if actor.organisation_id not in (row.organisation_id, row.host_organisation_id):
            raise NotFound(tr("This visit is not on this PC."))
        return _views(session, actor, [row], store.clock.today())[0]


@dataclass(frozen=True, slots=True)
class UnsignedVisit:
    """A visit that took place here and still wants the host's word."""

    id: str
    visit_on: date
    expert_name: str
    department: str


def visits_to_countersign(store: Store, actor: Actor) -> int:
    """How many visits that took place here still want the host's word."""
    return len(unsigned_visits(store, actor))


def unsigned_visits(store: Store, actor: Actor) -> tuple[UnsignedVisit, ...]:
    """Those visits, the oldest first."""
    with store.read() as session:
        rows = session.scalars(
            select(ExpertVisit)
            .where(
                ExpertVisit.host_organisation_id == actor.organisation_id,
                ExpertVisit.status != CANCELLED,
                ExpertVisit.visit_on <= store.clock.today(),
            )
            .order_by(ExpertVisit.visit_on, ExpertVisit.id)
        ).all()
        signed = countersigns_of(session, list(rows))
        return tuple(
            UnsignedVisit(row.id, row.visit_on, row.expert_name, row.department)
            for row in rows
            if signed.get(row.id) is None
        )


def _views(
    session: Session, actor: Actor, rows: list[ExpertVisit], today: date
) -> tuple[VisitView, ...]:
    names = organisation_names(
        session, {o for row in rows for o in (row.organisation_id, row.host_organisation_id)}
    )
    signed = countersigns_of(session, rows)
    sent = deliveries(session, SUBJECT, [row.id for row in rows])
    plans = actor.has_role(*PLANNERS_ROLES)
    found = []
    for row in rows:
        own = row.organisation_id == actor.organisation_id
        here = row.host_organisation_id == actor.organisation_id
        planned, came = row.status == PLANNED, row.visit_on <= today
        found.append(
            VisitView(
                visit_id=row.id,
                change_id=row.change_id,
                plan=VisitInput(
                    row.host_organisation_id,
                    row.visit_on,
                    row.starts_at or "",
                    row.ends_at or "",
                    row.expert_name,
                    row.expert_title or "",
                    row.department,
                    row.topics or "",
                    row.place or "",
                    row.quota,
                ),
                result=VisitResult(
                    row.clinic_count,
                    row.ward_round_count,
                    row.procedure_count,
                    row.teaching_count,
                    row.summary or "",
                ),
                status=row.status,
                cancel_reason=row.cancel_reason or "",
                host_name=names.get(row.host_organisation_id, ""),
                lead_name=names.get(row.organisation_id, ""),
                own=own,
                countersign=signed.get(row.id),
                moved_after=row.id in signed and signed[row.id] is None,
                delivery=sent[row.id],
                may_change=own and planned and plans,
                may_finish=own and planned and came and plans,
                may_countersign=here
                and came
                and row.status != CANCELLED
                and signed.get(row.id) is None
                and actor.has_role(*HOSTS_ROLES),
            )
        )
    return tuple(found)
