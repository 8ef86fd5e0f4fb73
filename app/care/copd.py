"""Follow-up of COPD: the pure rule.

Source: domain reference §5.4. COPD came into the national basic services in 2024; the official
form and rule were not available, so this is a local convention, rule version ``LOCAL-2025``:
control is what the doctor finds (code list ``copd_control``), and limits for CAT, mMRC and
SpO₂ hold only where the organisation has set them. Schedule and problem chain as for
hypertension (§5.2).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date

from app.care.hypertension import danger_findings
from app.care.visit_rules import (
    DEFAULT_SETTINGS,
    Assessment,
    Facts,
    Finding,
    PreviousVisit,
    RuleSettings,
    judge,
)
from app.i18n import tr
from app.models import codes

DISEASE = "copd"
RULE_VERSION = "LOCAL-2025"
STABLE = "1"
EXACERBATION = "3"
#: Under this the form asks whether the value is right (domain §0), and the rule asks again.
LOW_SPO2 = 90

DANGER_SIGNS = (
    "consciousness",
    "chest_tightness",
    "orthopnoea",
    "high_fever",
    "unmanageable",
)
"""Codes of list ``danger_sign`` that make a COPD visit urgent when ticked."""

_BREATHLESS, _FEVER = "2", "3"


@dataclass(frozen=True, slots=True)
class CopdVisit:
    """What a visit must say for the rule.

    ``control``: code of list ``copd_control``. ``cat``: 0–40; ``mmrc``: grade 0–4; ``spo2``: %.
    ``symptoms`` (list ``symptom_copd``) only ask; ``danger_signs`` escalate.
    """

    visit_date: date
    control: str | None = None
    cat: int | None = None
    mmrc: int | None = None
    spo2: int | None = None
    adverse_reaction: bool = False
    complication: bool = False
    symptoms: frozenset[str] = frozenset()
    danger_signs: frozenset[str] = frozenset()


def assess(
    visit: CopdVisit,
    previous: PreviousVisit | None = None,
    settings: RuleSettings = DEFAULT_SETTINGS,
    quarterly_date: date | None = None,
) -> Assessment:
    """Classify a visit, say whether to refer and when to come again (``LOCAL-2025``).

    ``previous``: the last visit before this one whose control was known. Without it nothing is
    classified and the due date is not moved.
    """
    assessment = judge(_facts(visit, settings), previous, settings, quarterly_date)
    return replace(assessment, rule_version=settings.versioned(RULE_VERSION))


def uncontrolled(visit: CopdVisit, settings: RuleSettings = DEFAULT_SETTINGS) -> bool | None:
    """Whether COPD is not controlled; None while nobody has said and no set limit is reached."""
    if _reached(visit, settings):
        return True
    return None if visit.control is None else visit.control != STABLE


def _reached(visit: CopdVisit, settings: RuleSettings) -> tuple[Finding, ...]:
    """The scores that reach a limit of the organisation."""
    found = []
    for code, name, value, limit in (
        ("cat", tr("CAT"), visit.cat, settings.copd_cat_limit),
        ("mmrc", tr("mMRC"), visit.mmrc, settings.copd_mmrc_limit),
    ):
        if value is not None and limit is not None and value >= limit:
            found.append(Finding(code, f"{name} {value} ≥ {limit}"))
    return tuple(found)


def _urgent(visit: CopdVisit, settings: RuleSettings) -> tuple[Finding, ...]:
    limit = settings.copd_spo2_limit
    if visit.spo2 is None or limit is None or visit.spo2 >= limit:
        return ()
    words = tr("oxygen saturation {value} % < {limit} %").format(value=visit.spo2, limit=limit)
    return (Finding("spo2", words),)


def _facts(visit: CopdVisit, settings: RuleSettings) -> Facts:
    control = _reached(visit, settings)
    if visit.control is not None and (visit.control != STABLE or not control):
        found = tr("the doctor finds: {control}").format(
            control=codes.label("copd_control", visit.control)
        )
        control = (Finding("control", found), *control)
    return Facts(
        visit_date=visit.visit_date,
        uncontrolled=uncontrolled(visit, settings),
        adverse_reaction=visit.adverse_reaction,
        complication=visit.complication,
        urgent=_urgent(visit, settings) + danger_findings(visit.danger_signs),
        control=control,
        questions=_questions(visit),
    )


def _questions(visit: CopdVisit) -> tuple[str, ...]:
    if visit.danger_signs:
        return ()
    asked = []
    if visit.control == EXACERBATION:
        asked.append(tr("Acute exacerbation: can it be treated here?"))
    if _BREATHLESS in visit.symptoms:
        asked.append(tr("Breathlessness: worse at rest, or unable to lie flat?"))
    if _FEVER in visit.symptoms:
        asked.append(tr("Fever: over 39 ℃, or with drowsiness?"))
    if visit.spo2 is not None and visit.spo2 < LOW_SPO2:
        asked.append(tr("Oxygen saturation under 90 %: measured at rest, warm finger?"))
    return tuple(asked)
