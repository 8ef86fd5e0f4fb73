"""Blood pressure and glucose of a resident over time, for the plots."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import or_, select

from app.care import diabetes, hypertension
from app.care.clinical_settings import clinical_settings
from app.care.follow_up_history import ENTERED_IN_ERROR
from app.care.health_check.points import check_points
from app.care.visit_rules import age_for_target
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.resident import Resident
from app.models.store import Store

# Enough for five years of visits twice a month; older points say nothing on a plot.
MOST_POINTS = 120


@dataclass(frozen=True, slots=True)
class PressurePoint:
    """Blood pressure of one visit, mmHg."""

    day: date
    sbp: int
    dbp: int


@dataclass(frozen=True, slots=True)
class GlucosePoint:
    """Glucose of one visit, mmol/L; at least one of the three is known."""

    day: date
    fasting: float | None
    after_meal: float | None
    random: float | None


@dataclass(frozen=True, slots=True)
class Trends:
    """Points oldest first, and the limits that values should stay under today.

    ``pressure_limit`` (systolic, diastolic) depends on the age today; 2017 specification.
    """

    pressure: tuple[PressurePoint, ...]
    glucose: tuple[GlucosePoint, ...]
    pressure_limit: tuple[int, int]
    fasting_limit: float


def trends(store: Store, actor: Actor, resident_id: str) -> Trends:
    """The newest points of a resident, from all standing visits and health checks.

    Raises NotFound.
    """
    with store.read() as session:
        resident = session.get(Resident, resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not in the records of this PC."))
        rows = session.execute(
            select(
                FollowUp.visit_date,
                FollowUp.sbp,
                FollowUp.dbp,
                FollowUp.fpg,
                FollowUp.ppg,
                FollowUp.random_glucose,
            )
            .where(
                FollowUp.resident_id == resident_id,
                FollowUp.status != ENTERED_IN_ERROR,
                or_(
                    FollowUp.sbp.is_not(None),
                    FollowUp.fpg.is_not(None),
                    FollowUp.ppg.is_not(None),
                    FollowUp.random_glucose.is_not(None),
                ),
            )
            .order_by(FollowUp.visit_date.desc(), FollowUp.id.desc())
            .limit(MOST_POINTS)
        ).all()
        checks = check_points(session, [resident_id])
        settings = clinical_settings(session).rules
        today = max(store.clock.today(), resident.birth_date)
        age = age_for_target(resident.birth_date, today, settings.age_rule)
    ordered: list[tuple[Any, ...]] = [tuple(row) for row in reversed(rows)]
    ordered += [(each.day, each.sbp, each.dbp, each.fasting, None, None) for each in checks]
    ordered = sorted(ordered, key=lambda row: row[0])[-MOST_POINTS:]
    return Trends(
        pressure=tuple(
            PressurePoint(day, sbp, dbp)
            for day, sbp, dbp, *_ in ordered
            if sbp is not None and dbp is not None
        ),
        glucose=tuple(
            GlucosePoint(day, fasting, after, other)
            for day, _, _, fasting, after, other in ordered
            if fasting is not None or after is not None or other is not None
        ),
        pressure_limit=hypertension.target(age, settings),
        fasting_limit=diabetes.FASTING_LIMIT,
    )
