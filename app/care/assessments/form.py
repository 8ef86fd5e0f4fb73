"""An assessment as it is typed, and what must be mended before it can be saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from app.care.assessments import ability
from app.care.assessments.levels import DEFAULT_CUT_OFFS, LEVEL_LISTS, CutOffs
from app.care.assessments.outcome import Outcome, circumstances, outcome, problem_of
from app.care.assessments.questionnaire import NUMBER, Questionnaire, questionnaire
from app.care.parsing import clean_text
from app.i18n import tr
from app.models import codes

ANSWER = "answer."
"""Before the link id of a question: the name of its field on the form."""

#: Two assessors sign (GB/T 42195-2022, MZ/T 039-2013).
TWO_ASSESSORS = ("ability_2022", "ability_2013")

#: Scales whose rule may leave the result to a person (a gap of the old standard, a tie).
ASKING = ("ability_2013", "tcm33")


@dataclass(frozen=True, slots=True)
class AssessmentInput:
    """One assessment. ``answers``: link id → code, whole number, text or list of codes.

    ``version`` is empty for the current questionnaire. ``chosen_level`` is a person's decision
    where the rule gives no certain level, with ``level_reason``. ``reassess_on`` None: as the
    rule says.
    """

    resident_id: str
    scale: str
    assessed_on: date | None
    answers: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    second_assessor: str = ""
    informant: str = ""
    informant_relation: str = ""
    confirmed: bool = False
    reassess_on: date | None = None
    remark: str = ""
    chosen_level: str = ""
    level_reason: str = ""

    @property
    def form(self) -> Questionnaire:
        """Its questionnaire. KeyError where this program does not know it."""
        return questionnaire(self.scale, self.version)


def judged(typed: AssessmentInput, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> Outcome:
    """The outcome with the person's decision where one was asked for."""
    found = outcome(typed.form, typed.answers, cut_offs)
    if not (found.ask and typed.chosen_level):
        return found
    level, preliminary = typed.chosen_level, typed.chosen_level
    if typed.scale == "ability_2013" and level.isdigit():
        level = str(ability.final_2013(int(level), circumstances(typed.answers)))
    return Outcome(
        found.answered,
        found.required,
        found.missing,
        found.sum,
        total=found.total,
        level=level,
        preliminary=preliminary,
        adjustments=found.adjustments,
        subtotals=found.subtotals,
        results=found.results,
        ask=True,
    )


def problems_of(
    typed: AssessmentInput,
    birth_date: date,
    today: date,
    assessor: str,
    cut_offs: CutOffs = DEFAULT_CUT_OFFS,
) -> dict[str, str]:
    """Field → plain sentence; empty when the assessment can be saved."""
    found: dict[str, str] = {}
    day = typed.assessed_on
    if day is None:
        found["assessed_on"] = tr("This is required.")
    elif day > today:
        found["assessed_on"] = tr("The date is in the future.")
    elif day < birth_date:
        found["assessed_on"] = tr("The date is before the birth.")
    elif typed.reassess_on is not None and typed.reassess_on <= day:
        found["reassess_on"] = tr("The next assessment must be after this one.")
    found.update(_answer_problems(typed))
    second = clean_text(typed.second_assessor)
    if typed.scale in TWO_ASSESSORS:
        if not second:
            found["second_assessor"] = tr("The standard asks for two assessors.")
        elif second == clean_text(assessor):
            found["second_assessor"] = tr("The second assessor must be another person.")
    if not any(key.startswith(ANSWER) for key in found):
        found.update(_level_problems(typed, judged(typed, cut_offs)))
    return found


def _answer_problems(typed: AssessmentInput) -> dict[str, str]:
    found: dict[str, str] = {}
    for each in typed.form.questions:
        problem = problem_of(each, typed.answers.get(each.link_id))
        key = ANSWER + each.link_id
        if problem == "blank":
            if each.required:
                found[key] = tr("This is required.")
        elif problem == "range" and each.kind == NUMBER:
            if each.step > 1:
                found[key] = tr("Only {low} to {high} in steps of {step}.").format(
                    low=each.low, high=each.high, step=each.step
                )
            else:
                found[key] = tr("Only {low} to {high} can be saved.").format(
                    low=each.low, high=each.high
                )
        elif problem:
            found[key] = tr("This choice is not in the list. Choose again.")
    answers = typed.answers
    if (
        typed.scale == "ability_2022"
        and answers.get("coma") == "2"
        and answers.get("consciousness") in ("1", "2")
    ):
        found[ANSWER + "consciousness"] = tr("Coma was ticked above: choose 0 here, or mend it.")
    return found


def _level_problems(typed: AssessmentInput, found: Outcome) -> dict[str, str]:
    if not found.ask:
        return {}
    if not typed.chosen_level:
        return {"chosen_level": tr("The rule gives no certain result. Decide and choose it.")}
    if not codes.is_known(LEVEL_LISTS[typed.scale], typed.chosen_level):
        return {"chosen_level": tr("This choice is not in the list. Choose again.")}
    if not clean_text(typed.level_reason):
        return {"level_reason": tr("Write who decided and why.")}
    return {}
