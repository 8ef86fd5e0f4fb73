"""What the total of a scale means: pure functions of the total, one a scale.

Every function takes a total inside the range of its scale; ValueError outside it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class CutOffs:
    """The conventions of a county (domain reference, C), with their defaults."""

    barthel_bands: str = "four"  # four (WS/T 431), five
    fall_medium: int = 25
    fall_high: int = 45
    mmse_illiterate: int = 17
    mmse_primary: int = 20
    mmse_middle: int = 24
    gds30_mild: int = 11
    gds30_severe: int = 21
    gds15_suspicious: int = 5
    constitution_below: bool = False  # an older print: below 8 / below 10


DEFAULT_CUT_OFFS = CutOffs()

#: The code list that the levels of a scale come from.
LEVEL_LISTS: Mapping[str, str] = {
    "self_care": "self_care_level",
    "ability_2022": "ability_level",
    "ability_2013": "ability_level_2013",
    "barthel": "barthel_level",
    "morse": "fall_risk",
    "braden": "pressure_risk",
    "nrs_pain": "pain_level",
    "mmse": "cognition_level",
    "gds30": "mood_level",
    "gds15": "mood_level",
    "tcm33": "constitution",
}


def _check(total: float, low: float, high: float) -> None:
    if not low <= total <= high:
        raise ValueError(f"a total of {total:g} is outside {low:g} to {high:g}")


def self_care_level(total: float) -> str:
    """1 self-caring (0–3), 2 mild (4–8), 3 moderate (9–18), 4 cannot (19–37); higher is worse.

    National Basic Public Health Services, 3rd edition 2017, self-care assessment of elders.
    """
    _check(total, 0, 37)
    return "1" if total <= 3 else "2" if total <= 8 else "3" if total <= 18 else "4"


def barthel_level(total: float, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> str:
    """``none`` 100, ``mild`` 61–99, ``moderate`` 41–60, ``severe`` ≤ 40 (WS/T 431-2013).

    With five bands (C) ``severe`` is 21–40 and ``total`` ≤ 20.
    """
    _check(total, 0, 100)
    if total == 100:
        return "none"
    if total >= 61:
        return "mild"
    if total >= 41:
        return "moderate"
    return "total" if cut_offs.barthel_bands == "five" and total <= 20 else "severe"


def fall_risk(total: float, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> str:
    """Morse: ``low`` 0–24, ``medium`` 25–44, ``high`` ≥ 45 by default (cut-offs C)."""
    _check(total, 0, 125)
    if total >= cut_offs.fall_high:
        return "high"
    return "medium" if total >= cut_offs.fall_medium else "low"


def pressure_risk(total: float) -> str:
    """Braden (lower is worse): ``very_high`` ≤ 9, ``high`` 10–12, ``moderate`` 13–14,
    ``mild`` 15–18, ``none`` 19–23."""
    _check(total, 6, 23)
    for most, level in ((9, "very_high"), (12, "high"), (14, "moderate"), (18, "mild")):
        if total <= most:
            return level
    return "none"


def pain_level(total: float) -> str:
    """NRS: ``none`` 0, ``mild`` 1–3, ``moderate`` 4–6, ``severe`` 7–10."""
    _check(total, 0, 10)
    return (
        "none" if total == 0 else "mild" if total <= 3 else "moderate" if total <= 6 else "severe"
    )


def cognition_level(total: float, education: str, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> str:
    """MMSE: ``impaired`` up to the cut-off of the education, else ``normal`` (cut-offs C).

    ``education``: 1 illiterate (17), 2 primary school (20), 3 middle school or above (24).
    """
    _check(total, 0, 30)
    return "impaired" if total <= mmse_cut_off(education, cut_offs) else "normal"


def mmse_cut_off(education: str, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> int:
    """The highest total that still counts as impaired."""
    return {
        "1": cut_offs.mmse_illiterate,
        "2": cut_offs.mmse_primary,
        "3": cut_offs.mmse_middle,
    }[education]


def mood_level_30(total: float, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> str:
    """GDS-30: ``normal`` 0–10, ``mild`` 11–20, ``severe`` (moderate to severe) 21–30 (C)."""
    _check(total, 0, 30)
    if total >= cut_offs.gds30_severe:
        return "severe"
    return "mild" if total >= cut_offs.gds30_mild else "normal"


def mood_level_15(total: float, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> str:
    """GDS-15: ``suspicious`` from 5, else ``normal`` (C)."""
    _check(total, 0, 15)
    return "suspicious" if total >= cut_offs.gds15_suspicious else "normal"
