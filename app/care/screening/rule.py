"""Blood-pressure screening: the pure rule.

Source: 国家基本公共卫生服务规范（第三版，2017）高血压患者健康管理服务规范, rule version
``NBPHS-2017`` (domain reference §5.2): pressure once a year for all from 35; ≥ 140 and/or ≥ 90
on three different days is probable hypertension; high-risk residents half-yearly. Pressures in
mmHg, waist in cm. A measurement that is not raised begins the counting of days anew (product
decision); when to measure again after a raised value is a local convention (C).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.care.hypertension import URGENT_DBP, URGENT_SBP
from app.care.limits import body_mass_index
from app.care.visit_rules import RULE_VERSION, SHORT_INTERVAL, add_months
from app.i18n import tr

FIRST_AGE = 35
RAISED = (140, 90)
HIGH_NORMAL = (130, 85)
DAYS_FOR_PROBABLE = 3
HIGH_RISK_MONTHS = 6
YEARLY_MONTHS = 12
RISK_BMI = 24.0
RISK_WAIST = {"1": 90.0, "2": 85.0}
RISK_AGE = 55
ASKED_RISKS = ("family", "salt", "alcohol")
"""Risk factors (list ``bp_risk``) that are asked; the others follow from measurements and age."""

__all__ = ["RULE_VERSION", "ScreeningJudgement", "assess_screening", "raised_days", "risks_of"]


class Result(StrEnum):
    """Code list ``bp_screening_result``."""

    NORMAL = "1"
    HIGH_NORMAL = "2"
    RAISED = "3"
    PROBABLE = "4"
    URGENT = "5"


@dataclass(frozen=True, slots=True)
class Measurement:
    """An earlier measurement: its day and pressure. ``settled``: hypertension was ruled out on
    it, so that the counting begins anew."""

    day: date
    sbp: int
    dbp: int
    settled: bool = False


@dataclass(frozen=True, slots=True)
class ScreeningJudgement:
    """What a measurement comes to. ``raised_days``: days with raised values, this one included;
    ``next_on``: the latest day of the next measurement; ``reason`` says it in words."""

    result: Result
    raised_days: int
    risks: tuple[str, ...]
    next_on: date
    reason: str

    @property
    def refer_now(self) -> bool:
        return self.result is Result.URGENT

    @property
    def to_confirm(self) -> bool:
        return self.result in (Result.PROBABLE, Result.URGENT)


def is_raised(sbp: int, dbp: int) -> bool:
    """≥ 140 and/or ≥ 90."""
    return sbp >= RAISED[0] or dbp >= RAISED[1]


def risks_of(
    *,
    sex: str,
    age: int,
    sbp: int | None,
    dbp: int | None,
    bmi: float | None,
    waist: float | None,
    asked: Iterable[str],
) -> tuple[str, ...]:
    """The high-risk factors (codes of ``bp_risk``), in the list's order; any one is enough.

    High normal pressure 130–139/85–89; BMI ≥ 24 or waist ≥ 90 (men) / ≥ 85 (women); family
    history, high salt, alcohol ≥ 100 ml of white spirit a day (asked); age ≥ 55.
    """
    told = set(asked)
    high_normal = (
        sbp is not None
        and dbp is not None
        and not is_raised(sbp, dbp)
        and (sbp >= HIGH_NORMAL[0] or dbp >= HIGH_NORMAL[1])
    )
    waist_limit = RISK_WAIST.get(sex)
    found = {
        "high_normal": high_normal,
        "overweight": bmi is not None and bmi >= RISK_BMI,
        "waist": waist is not None and waist_limit is not None and waist >= waist_limit,
        **{code: code in told for code in ASKED_RISKS},
        "age": age >= RISK_AGE,
    }
    return tuple(code for code, yes in found.items() if yes)


def raised_days(measured: Sequence[Measurement]) -> tuple[date, ...]:
    """The different days with raised values since the last one that was not raised (oldest
    first). A day counts as raised if any of its values is."""
    by_day: dict[date, list[Measurement]] = {}
    for each in sorted(measured, key=lambda one: one.day):
        by_day.setdefault(each.day, []).append(each)
    found: list[date] = []
    for day, values in by_day.items():
        if any(value.settled for value in values):
            found = []
        elif any(is_raised(value.sbp, value.dbp) for value in values):
            found.append(day)
        else:
            found = []
    return tuple(found)


def assess_screening(
    *,
    day: date,
    sbp: int,
    dbp: int,
    risks: tuple[str, ...],
    earlier: Sequence[Measurement],
    repeat_days: int,
) -> ScreeningJudgement:
    """Judge a measurement; ``earlier``: those of days up to this one; ``repeat_days``: until a
    raised value is measured again (setting)."""
    days = raised_days([*(each for each in earlier if each.day <= day), Measurement(day, sbp, dbp)])
    if sbp >= URGENT_SBP or dbp >= URGENT_DBP:
        result, next_on = Result.URGENT, day + SHORT_INTERVAL
    elif is_raised(sbp, dbp):
        probable = len(days) >= DAYS_FOR_PROBABLE
        result = Result.PROBABLE if probable else Result.RAISED
        next_on = day + (SHORT_INTERVAL if probable else timedelta(days=repeat_days))
    else:
        result = Result.HIGH_NORMAL if "high_normal" in risks else Result.NORMAL
        next_on = add_months(day, HIGH_RISK_MONTHS if risks else YEARLY_MONTHS)
    return ScreeningJudgement(
        result, len(days), risks, next_on, _words(result, sbp, dbp, len(days), risks)
    )


def _words(result: Result, sbp: int, dbp: int, days: int, risks: tuple[str, ...]) -> str:
    value = f"{sbp}/{dbp}"
    if result is Result.URGENT:
        return tr("{value} ≥ 180/110 → refer now").format(value=value)
    if result is Result.PROBABLE:
        return tr(
            "{value} ≥ 140/90 on {count} different days → probable hypertension: confirm or refer"
        ).format(value=value, count=days)
    if result is Result.RAISED:
        return tr("{value} ≥ 140/90, day {count} of 3 → measure again on another day").format(
            value=value, count=days
        )
    if risks:
        return tr("{value} < 140/90, high risk → measure again within half a year").format(
            value=value
        )
    return tr("{value} < 140/90 → measure again next year").format(value=value)


def bmi_of(weight: float | None, height: float | None) -> float | None:
    """BMI in kg/m², one decimal."""
    return body_mass_index(weight, height)
