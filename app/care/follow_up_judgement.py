"""What a visit comes to: the rule of each disease, then the doctor's own word over it.

Pure: the form, what earlier visits said and the settings come in, a judgement for each
disease goes out. The form's live strip and the saving use-case call the same function.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.care import copd, diabetes, hypertension
from app.care.follow_up_form import (
    DANGER_SIGNS,
    REACTION_PRESENT,
    DiseasePart,
    FollowUpInput,
    Override,
)
from app.care.visit_rules import (
    DEFAULT_SETTINGS,
    Assessment,
    NextStep,
    PreviousVisit,
    RuleSettings,
    VisitClass,
    age_for_target,
    routine_date,
    short_date,
)
from app.i18n import tr


@dataclass(frozen=True, slots=True)
class PastVisit:
    """An earlier visit as the rule of one disease sees it, with what was decided then."""

    id: str
    visit_date: date
    uncontrolled: bool | None
    adverse_reaction: bool
    visit_class: str = ""
    next_visit: date | None = None


@dataclass(frozen=True, slots=True)
class Background:
    """What a judgement needs besides the form. ``history``: per disease, oldest first.

    ``comorbid``: diabetes, chronic kidney or coronary disease stands in the record.
    """

    birth_date: date
    history: Mapping[str, tuple[PastVisit, ...]] = field(default_factory=dict)
    settings: RuleSettings = DEFAULT_SETTINGS
    comorbid: bool = False


@dataclass(frozen=True, slots=True)
class Judgement:
    """The outcome for one disease: the rule's ``proposal`` and what holds in the end.

    ``next_visit`` None: nothing was classified, the due date stays. ``latest`` is the last
    date that the outcome allows.
    """

    disease: str
    proposal: Assessment
    visit_class: VisitClass | None
    next_step: NextStep | None
    next_visit: date | None
    latest: date | None
    override: Override | None

    @property
    def refer(self) -> bool:
        return self.next_step in (NextStep.REFER, NextStep.REFER_NOW)


def judge_visit(form: FollowUpInput, background: Background) -> tuple[Judgement, ...]:
    """The judgement of every disease on the form; nothing without a visit date."""
    if form.visit_date is None or form.visit_date < background.birth_date:
        return ()
    return tuple(
        _settle(form, part, _assess(form, part, form.visit_date, background), background)
        for part in form.parts
    )


def judgement_problems(form: FollowUpInput, judgements: tuple[Judgement, ...]) -> dict[str, str]:
    """What the doctor's own dates and overrides lack: field → plain sentence."""
    found: dict[str, str] = {}
    for judgement in judgements:
        part = form.part(judgement.disease)
        if part is None or part.next_visit is None:
            continue
        key = f"{judgement.disease}.next_visit"
        if judgement.latest is None:
            found[key] = tr("Nothing was classified, so the next date stays as it was.")
        elif part.next_visit > judgement.latest and part.override is None:
            found[key] = tr("The next visit must be by {date}.").format(date=judgement.latest)
    return found


def previous_visit(history: tuple[PastVisit, ...], before: date) -> PreviousVisit | None:
    """The last visit on an earlier day that had a value to classify."""
    for past in reversed(history):
        if past.visit_date < before and past.uncontrolled is not None:
            return PreviousVisit(past.visit_date, past.uncontrolled, past.adverse_reaction)
    return None


def quarterly_date(history: tuple[PastVisit, ...], before: date) -> date | None:
    """The date planned by the last visit with good values, for ``keep_quarterly_plan``."""
    for past in reversed(history):
        if past.visit_date < before and past.visit_class == VisitClass.CONTROLLED:
            return past.next_visit
    return None


def _assess(
    form: FollowUpInput, part: DiseasePart, visit_date: date, background: Background
) -> Assessment:
    history = background.history.get(part.disease, ())
    settings = background.settings
    previous = previous_visit(history, visit_date)
    planned = quarterly_date(history, visit_date)
    reaction = form.adverse_reaction == REACTION_PRESENT
    signs = _signs_of(form, part.disease)
    if part.disease == hypertension.DISEASE:
        return hypertension.assess(
            hypertension.HypertensionVisit(
                visit_date=visit_date,
                age=age_for_target(background.birth_date, visit_date, settings.age_rule),
                sbp=form.sbp,
                dbp=form.dbp,
                adverse_reaction=reaction,
                complication=form.new_or_worse_complication,
                symptoms=frozenset(part.symptoms),
                danger_signs=signs,
                comorbid=background.comorbid or form.part(diabetes.DISEASE) is not None,
            ),
            previous,
            settings,
            planned,
        )
    if part.disease == copd.DISEASE:
        return copd.assess(
            copd.CopdVisit(
                visit_date=visit_date,
                control=form.copd_control or None,
                cat=form.cat,
                mmrc=int(form.mmrc) if form.mmrc.isdecimal() else None,
                spo2=form.spo2,
                adverse_reaction=reaction,
                complication=form.new_or_worse_complication,
                symptoms=frozenset(part.symptoms),
                danger_signs=signs,
            ),
            previous,
            settings,
            planned,
        )
    return diabetes.assess(
        diabetes.DiabetesVisit(
            visit_date=visit_date,
            fasting=form.fpg,
            after_meal=form.ppg,
            random_glucose=form.random_glucose,
            sbp=form.sbp,
            dbp=form.dbp,
            heart_rate=form.heart_rate,
            temperature=form.temperature,
            adverse_reaction=reaction,
            complication=form.new_or_worse_complication,
            hypoglycaemia=form.hypoglycaemia or None,
            symptoms=frozenset(part.symptoms),
            danger_signs=signs,
        ),
        previous,
        settings,
        planned,
    )


def _signs_of(form: FollowUpInput, disease: str) -> frozenset[str]:
    """The ticked danger signs of a disease; one that belongs to none of them counts for all."""
    ticked = frozenset(form.danger_signs)
    claimed = {sign for part in form.parts for sign in DANGER_SIGNS.get(part.disease, ())}
    return (ticked & frozenset(DANGER_SIGNS[disease])) | (ticked - claimed)


_LEAST_STEP = {
    VisitClass.CONTROLLED: NextStep.ROUTINE,
    VisitClass.UNCONTROLLED: NextStep.ADJUST,
    VisitClass.REACTION: NextStep.ADJUST,
    VisitClass.COMPLICATION: NextStep.REFER,
}


def _settle(
    form: FollowUpInput, part: DiseasePart, proposal: Assessment, background: Background
) -> Judgement:
    visit_class, step = proposal.visit_class, proposal.next_step
    override = part.override
    if override is not None:
        if override.visit_class:
            visit_class = VisitClass(override.visit_class)
            # A milder class alone never softens the step; a graver one raises it.
            least = _LEAST_STEP[visit_class]
            step = least if step is None or least > step else step
        if override.next_step:
            step = NextStep(override.next_step)
    assert form.visit_date is not None
    if step is None:
        latest = None
    elif step is NextStep.ROUTINE:
        latest = (
            proposal.next_visit
            if proposal.next_step is NextStep.ROUTINE
            else routine_date(
                form.visit_date,
                quarterly_date(background.history.get(part.disease, ()), form.visit_date),
                background.settings,
            )
        )
    else:
        latest = short_date(form.visit_date)
    return Judgement(
        disease=part.disease,
        proposal=proposal,
        visit_class=visit_class,
        next_step=step,
        next_visit=None if latest is None else part.next_visit or latest,
        latest=latest,
        override=override,
    )
