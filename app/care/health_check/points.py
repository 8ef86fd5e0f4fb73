"""Measurements of a person's health checks for the plots."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.follow_up_history import ENTERED_IN_ERROR
from app.models.health_check import HealthCheck


@dataclass(frozen=True, slots=True)
class CheckPoint:
    """One check: mmHg of the arm with the higher systolic pressure, mmol/L, kg."""

    day: date
    id: str
    sbp: int | None
    dbp: int | None
    fasting: float | None
    weight: float | None


def check_points(session: Session, resident_ids: Iterable[str]) -> list[CheckPoint]:
    """All standing checks of a person's records, oldest first."""
    rows = session.execute(
        select(
            HealthCheck.check_date,
            HealthCheck.id,
            HealthCheck.sbp_left,
            HealthCheck.dbp_left,
            HealthCheck.sbp_right,
            HealthCheck.dbp_right,
            HealthCheck.fpg,
            HealthCheck.weight,
        )
        .where(
            HealthCheck.resident_id.in_(list(resident_ids)),
            HealthCheck.status != ENTERED_IN_ERROR,
        )
        .order_by(HealthCheck.check_date, HealthCheck.id)
    )
    return [
        CheckPoint(day, id_, *higher_arm((sl, dl), (sr, dr)), fpg, weight)
        for day, id_, sl, dl, sr, dr, fpg, weight in rows
    ]


def higher_arm(*pairs: tuple[int | None, int | None]) -> tuple[int | None, int | None]:
    """The pair with the higher systolic pressure; (None, None) without a whole pair."""
    whole = [(sbp, dbp) for sbp, dbp in pairs if sbp is not None and dbp is not None]
    return max(whole, default=(None, None), key=lambda pair: pair[0] or 0)
