"""The clinical settings of the scales: cut-offs and when to assess again (all C, [K] or [V])."""

from __future__ import annotations

from dataclasses import dataclass

from app.care.setting_field import choice, number, yes_no
from app.i18n import N_, tr

CUT_OFFS = N_("Scales: cut-offs")
INTERVALS = N_("Scales: when to assess again")
_NEVER = N_("0: the program sets no date by itself.")


@dataclass(frozen=True)
class ScaleSettings:
    """The part of ``ClinicalSettings`` that the scales use."""

    barthel_bands: str = choice(
        "four",
        N_("Barthel bands"),
        CUT_OFFS,
        (
            ("four", N_("four: 100, 61–99, 41–60, 0–40 (WS/T 431)")),
            ("five", N_("five: 100, 61–99, 41–60, 21–40, 0–20")),
        ),
    )
    fall_medium: int = number(25, N_("Morse: medium fall risk from"), CUT_OFFS, low=5, high=100)
    fall_high: int = number(
        45,
        N_("Morse: high fall risk from"),
        CUT_OFFS,
        low=10,
        high=125,
        help=N_("Some hospitals use 51."),
    )
    mmse_illiterate: int = number(
        17, N_("MMSE: impaired up to, illiterate"), CUT_OFFS, low=0, high=29
    )
    mmse_primary: int = number(
        20, N_("MMSE: impaired up to, primary school"), CUT_OFFS, low=0, high=29
    )
    mmse_middle: int = number(
        24, N_("MMSE: impaired up to, middle school or above"), CUT_OFFS, low=0, high=29
    )
    gds30_mild: int = number(11, N_("GDS-30: mild depression from"), CUT_OFFS, low=1, high=29)
    gds30_severe: int = number(
        21, N_("GDS-30: moderate to severe depression from"), CUT_OFFS, low=2, high=30
    )
    gds15_suspicious: int = number(
        5, N_("GDS-15: depression suspected from"), CUT_OFFS, low=1, high=15
    )
    constitution_below: bool = yes_no(
        False,
        N_("Balanced constitution by the older print (below 8, below 10)"),
        CUT_OFFS,
        N_("Off: at most 8, at most 10."),
    )
    reassess_self_care: int = number(
        12, N_("Self-care again after months"), INTERVALS, low=0, high=36, help=_NEVER
    )
    reassess_ability_2022: int = number(
        12, N_("Ability (GB/T 42195) again after months"), INTERVALS, low=0, high=36
    )
    reassess_ability_2013: int = number(
        6, N_("Ability (MZ/T 039) again after months"), INTERVALS, low=0, high=36
    )
    reassess_constitution: int = number(
        12, N_("TCM constitution again after months"), INTERVALS, low=0, high=36
    )
    reassess_no_constitution: int = number(
        14, N_("No constitution found: again after days"), INTERVALS, low=0, high=90
    )
    reassess_high_risk: int = number(
        7,
        N_("High risk of falls or pressure injury: again after days"),
        INTERVALS,
        low=0,
        high=90,
        help=N_("In a hospital daily (1), in homes weekly (7)."),
    )
    reassess_other_risk: int = number(
        30,
        N_("Lower risk of falls or pressure injury: again after days"),
        INTERVALS,
        low=0,
        high=90,
    )


def problems_of_scales(new: ScaleSettings) -> dict[str, str]:
    """Cut-offs of one scale that contradict each other: setting → plain sentence."""
    found: dict[str, str] = {}
    if new.fall_medium >= new.fall_high:
        found["fall_high"] = tr("The high risk must begin above the medium one.")
    if new.gds30_mild >= new.gds30_severe:
        found["gds30_severe"] = tr("The graver level must begin above the milder one.")
    if not new.mmse_illiterate <= new.mmse_primary <= new.mmse_middle:
        found["mmse_middle"] = tr("The limits must rise with the education.")
    return found
