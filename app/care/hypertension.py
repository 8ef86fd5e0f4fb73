"""Follow-up of hypertension: the pure rule.

Source: 国家基本公共卫生服务规范（第三版，2017）高血压患者健康管理服务规范, rule version
``NBPHS-2017`` (domain reference §5.2). Pressures in mmHg. Limits are strict: at 65 and over
150/90 itself is not controlled, below 65 140/90.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from types import MappingProxyType

from app.care.guidelines import goal_note
from app.care.visit_rules import (
    DEFAULT_SETTINGS,
    Assessment,
    Facts,
    Finding,
    PreviousVisit,
    RuleSettings,
    judge,
)
from app.i18n import N_, tr
from app.models import codes

DISEASE = "hypertension"
URGENT_SBP = 180
URGENT_DBP = 110

DANGER_SIGNS = (
    "consciousness",
    "severe_headache",
    "nausea_vomiting",
    "blurred_vision",
    "eye_pain",
    "palpitation",
    "chest_tightness",
    "orthopnoea",
    "precordial_pain",
    "pregnancy_pressure",
    "unmanageable",
)
"""Codes of list ``danger_sign`` that make a hypertension visit urgent when ticked."""

_ASK = MappingProxyType(
    {
        "2": N_("Headache or dizziness: severe?"),
        "3": N_("Nausea or vomiting: sudden or going on?"),
        "4": N_("Blurred vision or tinnitus: new or sudden?"),
        "5": N_("Breathlessness: unable to lie flat?"),
        "6": N_("Palpitation or chest tightness: chest pain with it?"),
        "7": N_("Nosebleed that does not stop?"),
    }
)


@dataclass(frozen=True, slots=True)
class HypertensionVisit:
    """What a visit must say for the rule. ``age`` in completed years decides the target.

    ``symptoms`` are codes of list ``symptom_hypertension``; they only ask. ``danger_signs``
    (codes of ``danger_sign``) escalate by themselves. ``comorbid``: diabetes, chronic kidney
    or coronary disease, for the guideline shown beside.
    """

    visit_date: date
    age: int
    sbp: int | None
    dbp: int | None
    adverse_reaction: bool = False
    complication: bool = False
    symptoms: frozenset[str] = frozenset()
    danger_signs: frozenset[str] = frozenset()
    comorbid: bool = False


def target(age: int, settings: RuleSettings = DEFAULT_SETTINGS) -> tuple[int, int]:
    """The pressure (systolic, diastolic) that must stay strictly under.

    2017 specification: 150/90 from 65 years, else 140/90, unless the organisation set others.
    """
    return settings.target_older if age >= settings.target_age else settings.target


def assess(
    visit: HypertensionVisit,
    previous: PreviousVisit | None = None,
    settings: RuleSettings = DEFAULT_SETTINGS,
    quarterly_date: date | None = None,
) -> Assessment:
    """Classify a visit, say whether to refer and when to come again (``NBPHS-2017``).

    ``previous``: the last visit before this one that had a pressure; ``quarterly_date``:
    the date planned by the last visit with good values, used by ``keep_quarterly_plan``.
    """
    return judge(_facts(visit, settings), previous, settings, quarterly_date)


def uncontrolled(
    age: int, sbp: int | None, dbp: int | None, settings: RuleSettings = DEFAULT_SETTINGS
) -> bool | None:
    """Whether the pressure reaches the target's limit; None when that cannot be said."""
    limit_sbp, limit_dbp = target(age, settings)
    if (sbp is not None and sbp >= limit_sbp) or (dbp is not None and dbp >= limit_dbp):
        return True
    if sbp is None or dbp is None:
        return None
    return False


def urgent_pressure(sbp: int | None, dbp: int | None) -> tuple[Finding, ...]:
    """The urgent numbers, also part of the diabetes rule: ≥ 180 or ≥ 110 mmHg."""
    return _reaching(sbp, dbp, URGENT_SBP, URGENT_DBP)


def _reaching(
    sbp: int | None, dbp: int | None, limit_sbp: int, limit_dbp: int
) -> tuple[Finding, ...]:
    findings: list[Finding] = []
    if sbp is not None and sbp >= limit_sbp:
        words = tr("systolic {value} ≥ {limit}").format(value=sbp, limit=limit_sbp)
        findings.append(Finding("sbp", words))
    if dbp is not None and dbp >= limit_dbp:
        words = tr("diastolic {value} ≥ {limit}").format(value=dbp, limit=limit_dbp)
        findings.append(Finding("dbp", words))
    return tuple(findings)


def _facts(visit: HypertensionVisit, settings: RuleSettings) -> Facts:
    note = goal_note(settings.guideline, visit.age, visit.sbp, visit.dbp, comorbid=visit.comorbid)
    return Facts(
        visit_date=visit.visit_date,
        uncontrolled=uncontrolled(visit.age, visit.sbp, visit.dbp, settings),
        adverse_reaction=visit.adverse_reaction,
        complication=visit.complication,
        urgent=urgent_pressure(visit.sbp, visit.dbp) + danger_findings(visit.danger_signs),
        control=_control(visit, settings),
        notes=(note,) if note else (),
        questions=()
        if visit.danger_signs
        else tuple(tr(_ASK[code]) for code in sorted(visit.symptoms) if code in _ASK),
    )


def danger_findings(signs: frozenset[str]) -> tuple[Finding, ...]:
    """One finding for each ticked danger sign, named from the list ``danger_sign``."""
    known = [entry.code for entry in codes.entries("danger_sign")]
    ordered = sorted(signs, key=lambda s: (known.index(s) if s in known else len(known), s))
    return tuple(Finding(sign, codes.label("danger_sign", sign)) for sign in ordered)


def _control(visit: HypertensionVisit, settings: RuleSettings) -> tuple[Finding, ...]:
    limit_sbp, limit_dbp = target(visit.age, settings)
    high = _reaching(visit.sbp, visit.dbp, limit_sbp, limit_dbp)
    if high or visit.sbp is None or visit.dbp is None:
        return high
    words = tr("blood pressure {sbp}/{dbp} < {limit_sbp}/{limit_dbp}").format(
        sbp=visit.sbp, dbp=visit.dbp, limit_sbp=limit_sbp, limit_dbp=limit_dbp
    )
    return (Finding("bp", words),)
