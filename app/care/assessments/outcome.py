"""What the answers of a questionnaire come to, also while it is still being filled in.

One pure function for all scales: the questionnaire says what counts, the module of the scale
says what the total means. No score is given before every required question is answered.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from app.care.assessments import ability, levels
from app.care.assessments.constitution import QUESTIONS, Constitution, constitution
from app.care.assessments.levels import DEFAULT_CUT_OFFS, CutOffs
from app.care.assessments.questionnaire import (
    MULTIPLE,
    NUMBER,
    TEXT,
    Question,
    Questionnaire,
)

RULE_VERSIONS: Mapping[str, str] = {
    "self_care": "NBPHS-2017",
    "ability_2022": "GBT-42195-2022",
    "ability_2013": "MZT-039-2013",
    "barthel": "WST-431-2013",
    "morse": "MORSE-1989",
    "braden": "BRADEN-1987",
    "nrs_pain": "NRS-11",
    "mmse": "LOCAL-2025",
    "gds30": "LOCAL-2025",
    "gds15": "LOCAL-2025",
    "tcm33": "NBPHS-2017",
}
"""The version of the rule that gives the level of each scale."""

EVENT_QUESTIONS = ("fall", "wandering", "choking", "self_harm", "other_event")
_YES = "2"

Answers = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """The result so far.

    ``answered`` and ``required`` count the required questions. ``sum`` is the score of what is
    answered; ``total`` and ``level`` are None until nothing is ``missing``. ``preliminary`` is
    the level before ``adjustments`` (codes of ``ability.Circumstances.reasons`` or ``coma``).
    ``subtotals``: score by part of the form, or of each constitution; ``results``: the nine
    results. ``ask``: the rule gives no certain level and a person has to decide.
    """

    answered: int
    required: int
    missing: tuple[str, ...]
    sum: float
    total: float | None = None
    level: str | None = None
    preliminary: str | None = None
    adjustments: tuple[str, ...] = ()
    subtotals: Mapping[str, float] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    ask: bool = False

    @property
    def complete(self) -> bool:
        """Whether every required question is answered."""
        return not self.missing


@dataclass(frozen=True, slots=True)
class _Judged:
    total: float | None
    level: str | None
    preliminary: str | None = None
    adjustments: tuple[str, ...] = ()
    subtotals: Mapping[str, float] = field(default_factory=dict)
    results: Mapping[str, str] = field(default_factory=dict)
    ask: bool = False


def outcome(form: Questionnaire, answers: Answers, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> Outcome:
    """The result of these answers (link id → code, number, text or list of codes).

    Answers that the questionnaire does not know count as not given.
    """
    needed = [each for each in form.questions if each.required]
    missing = tuple(each.link_id for each in needed if not is_answered(each, answers))
    so_far = sum(weight_of(each, answers) for each in form.questions)
    counts = (len(needed) - len(missing), len(needed), missing, so_far)
    subtotals = _subtotals(form, answers)
    if missing:
        return Outcome(*counts, subtotals=subtotals)
    judged = _RULES[form.scale](form, answers, cut_offs)
    return Outcome(
        *counts,
        total=judged.total,
        level=judged.level,
        preliminary=judged.preliminary if judged.preliminary is not None else judged.level,
        adjustments=judged.adjustments,
        subtotals=judged.subtotals or subtotals,
        results=judged.results,
        ask=judged.ask,
    )


def is_answered(question: Question, answers: Answers) -> bool:
    """Whether there is an answer that the question can take."""
    return problem_of(question, answers.get(question.link_id)) == ""


def problem_of(question: Question, answer: Any) -> str:
    """``blank``, ``unknown`` (none of the options), ``range``, or empty for a good answer."""
    if answer is None or answer == "" or answer == []:
        return "blank"
    if question.kind == NUMBER:
        if isinstance(answer, bool) or not isinstance(answer, int):
            return "unknown"
        low, high = question.low, question.high
        fits = (low or 0) <= answer and (high is None or answer <= high)
        return "" if fits and answer % question.step == 0 else "range"
    if question.kind == TEXT:
        return "" if isinstance(answer, str) else "unknown"
    chosen = answer if question.kind == MULTIPLE and isinstance(answer, list | tuple) else [answer]
    return "" if all(question.option(each) is not None for each in chosen) else "unknown"


def weight_of(question: Question, answers: Answers) -> float:
    """The score of one answer; 0 where it has none."""
    option = question.option(answers.get(question.link_id))
    return 0.0 if option is None or option.weight is None else option.weight


def circumstances(answers: Answers) -> ability.Circumstances:
    """What moves the level of ability, from the answers of either form."""
    return ability.Circumstances(
        coma=answers.get("coma") == _YES or answers.get("consciousness") == "3",
        dementia=answers.get("dementia") == _YES,
        psychiatric=answers.get("psychiatric") == _YES,
        events=sum(int(answers.get(each) or 0) for each in EVENT_QUESTIONS),
    )


def _subtotals(form: Questionnaire, answers: Answers) -> dict[str, float]:
    return {
        group: sum(weight_of(each, answers) for each in form.of_group(group))
        for group in form.groups
        if any(each.scored for each in form.of_group(group))
    }


def _total(form: Questionnaire, answers: Answers) -> float:
    return sum(weight_of(each, answers) for each in form.questions)


def _code(answers: Answers, link_id: str) -> int:
    return int(answers[link_id])


def _self_care(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = _total(form, answers)
    return _Judged(total, levels.self_care_level(total))


def _barthel(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = _total(form, answers)
    return _Judged(total, levels.barthel_level(total, cut_offs))


def _morse(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = _total(form, answers)
    return _Judged(total, levels.fall_risk(total, cut_offs))


def _braden(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = _total(form, answers)
    return _Judged(total, levels.pressure_risk(total))


def _pain(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = float(answers["pain"])
    return _Judged(total, levels.pain_level(total))


def _mmse(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = float(answers["total"])
    return _Judged(total, levels.cognition_level(total, answers["education"], cut_offs))


def _gds30(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = float(answers["total"])
    return _Judged(total, levels.mood_level_30(total, cut_offs))


def _gds15(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = float(answers["total"])
    return _Judged(total, levels.mood_level_15(total, cut_offs))


def _ability_2022(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    total = _total(form, answers)
    first = ability.preliminary_2022(total)
    facts = circumstances(answers)
    adjustments = (ability.COMA,) if facts.coma else facts.reasons
    return _Judged(total, str(ability.final_2022(first, facts)), str(first), adjustments)


def _ability_2013(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    def total(group: str) -> float:
        return sum(weight_of(each, answers) for each in form.of_group(group))

    parts = ability.Parts2013(
        adl=ability.adl_2013(answers["adl"]),
        mental=ability.mental_2013(total("MENTAL")),
        senses=ability.senses_2013(
            _code(answers, "consciousness"),
            _code(answers, "vision"),
            _code(answers, "hearing"),
            _code(answers, "communication"),
        ),
        social=ability.social_2013(total("SOCIAL")),
    )
    first, certain = ability.preliminary_2013(parts)
    facts = circumstances(answers)
    adjustments = (ability.COMA,) if facts.coma else facts.reasons
    return _Judged(
        None,  # the standard adds no total over its four parts
        str(ability.final_2013(first, facts)),
        str(first),
        adjustments,
        subtotals={
            "ADL": parts.adl,
            "MENTAL": parts.mental,
            "SENSES": parts.senses,
            "SOCIAL": parts.social,
        },
        ask=not certain and not facts.coma,
    )


def _tcm(form: Questionnaire, answers: Answers, cut_offs: CutOffs) -> _Judged:
    found: Constitution = constitution(
        [_code(answers, f"q{number}") for number in range(1, QUESTIONS + 1)], cut_offs
    )
    return _Judged(
        None,
        found.main,
        subtotals={name: float(score) for name, score in found.scores.items()},
        results=dict(found.results),
        ask=found.ask,
    )


_RULES: Mapping[str, Callable[[Questionnaire, Answers, CutOffs], _Judged]] = {
    "self_care": _self_care,
    "ability_2022": _ability_2022,
    "ability_2013": _ability_2013,
    "barthel": _barthel,
    "morse": _morse,
    "braden": _braden,
    "nrs_pain": _pain,
    "mmse": _mmse,
    "gds30": _gds30,
    "gds15": _gds15,
    "tcm33": _tcm,
}
