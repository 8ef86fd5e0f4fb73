"""The poster “experts this month” of a member: A4, large type, to hang up where elders read it."""

from __future__ import annotations

from dataclasses import dataclass

from app.care.outreach.visit_lists import VisitView, visits_of_month
from app.care.outreach.visits import CANCELLED
from app.care.paper.document import About, PrintDocument
from app.care.paper.templates import fill
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.organisation import Organisation
from app.models.store import Store

#: Kind of the print: it names experts, no resident.
POSTER = "expert_poster"
#: Up to so many visits stand on one page in the largest type.
MOST_HUGE = 4


@dataclass(frozen=True, slots=True)
class Line:
    """One visit on the poster."""

    day: str
    weekday: str
    starts: str
    ends: str
    department: str
    expert: str
    topics: str
    place: str
    quota: str


def month_poster(store: Store, actor: Actor, host_id: str, year: int, month: int) -> PrintDocument:
    """The poster of one member for one month; cancelled visits are not on it.

    Raises InputError where no expert comes in the month.
    """
    visits = visits_of_month(store, actor, year, month, host_id)
    standing = [visit for visit in visits if visit.status != CANCELLED]
    if not standing:
        raise InputError(
            tr("No expert comes in this month. There is nothing to print. Plan a visit first.")
        )
    with store.read() as session:
        host = session.get(Organisation, host_id)
        name, phone, address = (
            (host.name, host.phone or "", host.address or "") if host is not None else ("", "", "")
        )
    title = tr("Experts in {year}-{month}").format(year=year, month=month)
    forms = fill(
        "expert_poster",
        title=title,
        host=name,
        lead=standing[0].lead_name,
        phone=phone,
        address=address,
        lines=[_line(visit) for visit in standing],
        size="huge" if len(standing) <= MOST_HUGE else "big",
        row=34 if len(standing) <= MOST_HUGE else 22,
    )
    return PrintDocument(
        title=f"{name} {title}",
        forms=forms,
        about=About(POSTER),
        margins=(14.0, 16.0, 14.0, 16.0),
    )


def _line(visit: VisitView) -> Line:
    plan = visit.plan
    assert plan.visit_on is not None  # every stored visit has its day
    return Line(
        day=tr("{month}-{day}").format(month=plan.visit_on.month, day=plan.visit_on.day),
        weekday=weekdays()[plan.visit_on.weekday()],
        starts=plan.starts_at,
        ends=plan.ends_at,
        department=plan.department,
        expert=" ".join(part for part in (plan.expert_name, plan.expert_title) if part),
        topics=plan.topics,
        place=plan.place,
        quota=tr("{count} places").format(count=plan.quota) if plan.quota is not None else "",
    )


def weekdays() -> tuple[str, ...]:
    """The words of the days of the week, Monday first."""
    return (
        tr("Monday"),
        tr("Tuesday"),
        tr("Wednesday"),
        tr("Thursday"),
        tr("Friday"),
        tr("Saturday"),
        tr("Sunday"),
    )
