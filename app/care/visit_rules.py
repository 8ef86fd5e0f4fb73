"""What the rules of all chronic diseases share: class, problem chain, next visit, words.

Source: 国家基本公共卫生服务规范（第三版，2017）, rule version ``NBPHS-2017``, chapters on
hypertension and type-2 diabetes; product decisions as in the domain reference §5.2. The
functions are pure: everything they need comes in, nothing is read or stored.
"""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum

from app.care.age import age_on
from app.i18n import N_, tr

RULE_VERSION = "NBPHS-2017"
SHORT_INTERVAL = timedelta(days=14)
ROUTINE_MONTHS = 3


class VisitClass(StrEnum):
    """此次随访分类, the class of this visit; the most severe one is kept."""

    CONTROLLED = "1"
    UNCONTROLLED = "2"
    REACTION = "3"
    COMPLICATION = "4"


class NextStep(StrEnum):
    """下一步管理措施, what follows from the visit."""

    ROUTINE = "1"
    ADJUST = "2"
    REFER = "3"
    REFER_NOW = "4"


class AgeRule(StrEnum):
    """Which age decides the blood-pressure target."""

    VISIT_DATE = "visit_date"
    CALENDAR_YEAR = "calendar_year"


@dataclass(frozen=True, slots=True)
class RuleSettings:
    """Local conventions around the national rule, with their defaults.

    ``same_problem_twice_only``: refer only when the *same* problem stood at the last visit.
    ``keep_quarterly_plan``: an extra visit with good values leaves the quarterly date.
    ``target``, ``target_older``: the pressure (systolic, diastolic) to stay strictly under,
    below and from ``target_age``. ``guideline`` ("2025", "2020", "none"), ``probable_glucose``
    (mmol/L) and ``glucose_flags`` only show. ``copd_*``: scores from which COPD counts as not
    controlled, saturation (%) under which it is urgent; None: not set. ``settings_label``: the
    version of the organisation's settings, empty for the defaults.
    """

    same_problem_twice_only: bool = False
    keep_quarterly_plan: bool = False
    age_rule: AgeRule = AgeRule.VISIT_DATE
    target_age: int = 65
    target: tuple[int, int] = (140, 90)
    target_older: tuple[int, int] = (150, 90)
    guideline: str = "2025"
    probable_glucose: float = 10.0
    glucose_flags: bool = False
    copd_cat_limit: int | None = None
    copd_mmrc_limit: int | None = None
    copd_spo2_limit: int | None = None
    settings_label: str = ""

    def versioned(self, rule: str) -> str:
        """What a record keeps: the rule, and the organisation's settings where there are any."""
        return f"{rule}+{self.settings_label}" if self.settings_label else rule


DEFAULT_SETTINGS = RuleSettings()


@dataclass(frozen=True, slots=True)
class PreviousVisit:
    """The last visit for the same disease that had a value to classify."""

    visit_date: date
    uncontrolled: bool
    adverse_reaction: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """One fact of the visit that led to the judgement: a stable code and its words."""

    code: str
    text: str


@dataclass(frozen=True, slots=True)
class Facts:
    """What the rule of one disease found; ``uncontrolled`` is None without a value for it."""

    visit_date: date
    uncontrolled: bool | None
    adverse_reaction: bool
    complication: bool
    urgent: tuple[Finding, ...]
    control: tuple[Finding, ...]
    questions: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Assessment:
    """The judgement on one visit for one disease.

    ``visit_class`` and ``next_step`` are None when nothing could be classified; then
    ``next_visit`` is None too and the due date stays where it was. ``next_visit`` is the
    latest date the rule allows and the one proposed. ``reason`` says it in words;
    ``questions`` ask the doctor to look again, ``notes`` are shown only.
    """

    visit_class: VisitClass | None
    uncontrolled: bool | None
    adverse_reaction: bool
    urgent: bool
    refer: bool
    next_step: NextStep | None
    next_visit: date | None
    urgent_findings: tuple[Finding, ...]
    referral_reasons: tuple[str, ...]
    reason: str
    questions: tuple[str, ...]
    notes: tuple[str, ...]
    rule_version: str = RULE_VERSION


def age_for_target(birth_date: date, visit_date: date, rule: AgeRule) -> int:
    """The age that decides the target: on the visit date, or reached in its calendar year."""
    if rule is AgeRule.CALENDAR_YEAR:
        return visit_date.year - birth_date.year
    return age_on(birth_date, visit_date)


def add_months(day: date, months: int) -> date:
    """``months`` calendar months later, clipped to the end of that month and to the calendar's."""
    index = day.year * 12 + day.month - 1 + months
    year, month = divmod(index, 12)
    if not date.min.year <= year <= date.max.year:
        return date.max if months > 0 else date.min
    month += 1
    return date(year, month, min(day.day, calendar.monthrange(year, month)[1]))


def short_date(day: date) -> date:
    """Two weeks later, or the last day of the calendar: a record may come with any date."""
    return min(day, date.max - SHORT_INTERVAL) + SHORT_INTERVAL


def routine_date(visit_date: date, quarterly_date: date | None, settings: RuleSettings) -> date:
    """The next date after a visit with good values: three calendar months on.

    With ``keep_quarterly_plan`` the quarterly date planned before stays, unless it is
    already within two weeks of this visit (the visit then served it) or later than the
    rule allows.
    """
    latest = add_months(visit_date, ROUTINE_MONTHS)
    if (
        settings.keep_quarterly_plan
        and quarterly_date is not None
        and short_date(visit_date) <= quarterly_date <= latest
    ):
        return quarterly_date
    return latest


def judge(
    facts: Facts,
    previous: PreviousVisit | None,
    settings: RuleSettings,
    quarterly_date: date | None = None,
) -> Assessment:
    """Class, next step and next date of a visit (rule ``NBPHS-2017``, domain §5.2).

    The chain looks at problems (value not controlled, or adverse reaction), never at the
    class: class 4 may hide high values. ``previous`` must be the last *classified* visit
    before this one. A visit without a value has no class and moves no date, except when a
    reaction, a complication or an urgent sign speaks for itself.
    """
    urgent = bool(facts.urgent)
    repeated = _repeated(facts, previous, settings)
    visit_class = _class_of(facts)
    refer = urgent or facts.complication or repeated
    step = _step_of(facts, urgent=urgent, refer=refer)
    if step is None:
        next_visit = None
    elif step is NextStep.ROUTINE:
        next_visit = routine_date(facts.visit_date, quarterly_date, settings)
    else:
        next_visit = short_date(facts.visit_date)
    return Assessment(
        visit_class=visit_class,
        uncontrolled=facts.uncontrolled,
        adverse_reaction=facts.adverse_reaction,
        urgent=urgent,
        refer=refer,
        next_step=step,
        next_visit=next_visit,
        urgent_findings=facts.urgent,
        referral_reasons=_referral_reasons(facts, urgent=urgent, repeated=repeated),
        reason=_words(facts, visit_class, step, previous if repeated else None, next_visit),
        questions=facts.questions,
        notes=facts.notes,
        rule_version=settings.versioned(RULE_VERSION),
    )


def _class_of(facts: Facts) -> VisitClass | None:
    if facts.complication:
        return VisitClass.COMPLICATION
    if facts.adverse_reaction:
        return VisitClass.REACTION
    if facts.uncontrolled is None:
        return None
    return VisitClass.UNCONTROLLED if facts.uncontrolled else VisitClass.CONTROLLED


def _repeated(facts: Facts, previous: PreviousVisit | None, settings: RuleSettings) -> bool:
    if previous is None:
        return False
    high = bool(facts.uncontrolled)
    reaction = facts.adverse_reaction
    if settings.same_problem_twice_only:
        return (high and previous.uncontrolled) or (reaction and previous.adverse_reaction)
    return (high or reaction) and (previous.uncontrolled or previous.adverse_reaction)


def _step_of(facts: Facts, *, urgent: bool, refer: bool) -> NextStep | None:
    if urgent:
        return NextStep.REFER_NOW
    if refer:
        return NextStep.REFER
    if facts.uncontrolled or facts.adverse_reaction:
        return NextStep.ADJUST
    return None if facts.uncontrolled is None else NextStep.ROUTINE


def _referral_reasons(facts: Facts, *, urgent: bool, repeated: bool) -> tuple[str, ...]:
    """Reason codes of a referral (list ``referral_reason``), most pressing first."""
    codes: list[str] = []
    if urgent:
        codes.append("critical_signs")
    if facts.complication:
        codes.append("new_or_worse_complication")
    if repeated and facts.uncontrolled:
        codes.append("chronic_uncontrolled_twice")
    if facts.adverse_reaction and (repeated or urgent or facts.complication):
        codes.append("adverse_drug_reaction")
    return tuple(codes)


CLASS_WORDS = {
    VisitClass.CONTROLLED: N_("controlled"),
    VisitClass.UNCONTROLLED: N_("not controlled"),
    VisitClass.REACTION: N_("adverse reaction"),
    VisitClass.COMPLICATION: N_("complication"),
}

STEP_WORDS = {
    NextStep.ROUTINE: N_("follow-up within 3 months"),
    NextStep.ADJUST: N_("adjust drugs, follow-up within 2 weeks"),
    NextStep.REFER: N_("refer, follow-up within 2 weeks"),
    NextStep.REFER_NOW: N_("refer now, follow-up within 2 weeks"),
}


def _words(
    facts: Facts,
    visit_class: VisitClass | None,
    step: NextStep | None,
    repeated_after: PreviousVisit | None,
    next_visit: date | None,
) -> str:
    """The judgement as a chain: facts → class → (second time) → what to do."""
    parts: list[str] = []
    if facts.urgent:
        parts.append(_joined(facts.urgent))
    elif facts.control and (facts.uncontrolled or not facts.adverse_reaction):
        parts.append(_joined(facts.control))
    if visit_class is not None and not (
        facts.urgent and visit_class in (VisitClass.CONTROLLED, VisitClass.UNCONTROLLED)
    ):
        if facts.uncontrolled and visit_class > VisitClass.UNCONTROLLED and not facts.urgent:
            parts.append(tr("not controlled"))
        parts.append(tr(CLASS_WORDS[visit_class]))
    if repeated_after is not None and not facts.urgent:
        parts.append(
            tr("second visit with a problem (last {date})").format(date=repeated_after.visit_date)
        )
    if step is None:
        parts.append(tr("no value to classify: the next date stays as it was"))
    elif step is NextStep.ROUTINE and next_visit != add_months(facts.visit_date, ROUTINE_MONTHS):
        parts.append(tr("the quarterly date stays"))
    else:
        parts.append(tr(STEP_WORDS[step]))
    return " → ".join(parts)


def _joined(findings: tuple[Finding, ...]) -> str:
    return tr(", ").join(finding.text for finding in findings)
