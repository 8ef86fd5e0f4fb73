"""What a county may set itself about the scales: cut-offs, and when to assess again.

Source: the domain reference marks them C, with these defaults; they come from the clinical
settings of the organisation.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.care.assessments.levels import CutOffs
from app.care.assessments.outcome import Outcome
from app.care.clinical_settings import ClinicalSettings
from app.care.visit_rules import add_months

_HIGH_RISK = frozenset({"high", "very_high"})


@dataclass(frozen=True, slots=True)
class Intervals:
    """When a scale is due again. Months, or days where the name says so; 0: never by itself."""

    self_care: int = 12
    ability_2022: int = 12
    ability_2013: int = 6
    tcm33: int = 12
    tcm33_nothing_days: int = 14
    high_risk_days: int = 7
    other_risk_days: int = 30


DEFAULT_INTERVALS = Intervals()


def next_assessment(
    scale: str, day: date, found: Outcome, intervals: Intervals = DEFAULT_INTERVALS
) -> date | None:
    """When the rule wants the scale again; None where it sets no date.

    Ability every 12 months (the old standard: 6), self-care and constitution every year, no
    constitution at all again in two weeks, a high risk of falls or pressure injury weekly in
    homes, any other risk monthly. After a fall, a transfer or a change: at once, by a person.
    """
    if not found.complete:
        return None
    if scale in ("morse", "braden"):
        high = found.level in _HIGH_RISK
        days = intervals.high_risk_days if high else intervals.other_risk_days
        return day + timedelta(days=days) if days else None
    if scale == "tcm33" and found.level is None:
        days = intervals.tcm33_nothing_days
        return day + timedelta(days=days) if days else None
    months = {
        "self_care": intervals.self_care,
        "ability_2022": intervals.ability_2022,
        "ability_2013": intervals.ability_2013,
        "tcm33": intervals.tcm33,
    }.get(scale, 0)
    return add_months(day, months) if months else None


def cut_offs_of(settings: ClinicalSettings) -> CutOffs:
    """The cut-offs in force."""
    return CutOffs(
        barthel_bands=settings.barthel_bands,
        fall_medium=settings.fall_medium,
        fall_high=settings.fall_high,
        mmse_illiterate=settings.mmse_illiterate,
        mmse_primary=settings.mmse_primary,
        mmse_middle=settings.mmse_middle,
        gds30_mild=settings.gds30_mild,
        gds30_severe=settings.gds30_severe,
        gds15_suspicious=settings.gds15_suspicious,
        constitution_below=settings.constitution_below,
    )


def intervals_of(settings: ClinicalSettings) -> Intervals:
    """The intervals in force."""
    return Intervals(
        self_care=settings.reassess_self_care,
        ability_2022=settings.reassess_ability_2022,
        ability_2013=settings.reassess_ability_2013,
        tcm33=settings.reassess_constitution,
        tcm33_nothing_days=settings.reassess_no_constitution,
        high_risk_days=settings.reassess_high_risk,
        other_risk_days=settings.reassess_other_risk,
    )
