"""The nine constitutions of the 33 questions (TCM health management of elders).

National Basic Public Health Services, 3rd edition 2017. Every answer is 1 to 5; several
constitutions may stand together.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.care.assessments.levels import DEFAULT_CUT_OFFS, CutOffs

BIASED: Mapping[str, tuple[int, int, int, int]] = {
    "qixu": (2, 3, 4, 14),
    "yangxu": (11, 12, 13, 29),
    "yinxu": (10, 21, 26, 31),
    "tanshi": (9, 16, 28, 32),
    "shire": (23, 25, 27, 30),
    "xueyu": (19, 22, 24, 33),
    "qiyu": (5, 6, 7, 8),
    "tebing": (15, 17, 18, 20),
}
"""The questions of the eight biased constitutions."""

BALANCED = "pinghe"
BASICALLY, YES, TENDS, NO = "basically", "yes", "tends", "no"
QUESTIONS = 33
_REVERSED = (2, 4, 5, 13)
# What two opposite constitutions at once mean is for a TCM doctor to say.
_OPPOSITE = frozenset({"yinxu", "yangxu"})


@dataclass(frozen=True, slots=True)
class Constitution:
    """All nine scores and results. ``main`` is None where none stands out.

    ``ask``: a tie or a contradiction that a TCM doctor has to decide.
    """

    scores: Mapping[str, int]
    results: Mapping[str, str]
    main: str | None
    ask: bool


def constitution(answers: Sequence[int], cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> Constitution:
    """The nine results of 33 answers (question 1 first). ValueError for anything else."""
    if len(answers) != QUESTIONS or not all(1 <= each <= 5 for each in answers):
        raise ValueError("33 answers of 1 to 5 are needed")

    def of(number: int) -> int:
        return answers[number - 1]

    scores = {name: sum(map(of, numbers)) for name, numbers in BIASED.items()}
    results = {name: biased_result(score) for name, score in scores.items()}
    balanced = of(1) + sum(6 - of(number) for number in _REVERSED)
    results[BALANCED] = balanced_result(balanced, max(scores.values()), cut_offs)
    main, ask = _main(scores, results)
    return Constitution({BALANCED: balanced, **scores}, results, main, ask)


def biased_result(score: int) -> str:
    """``yes`` from 11, ``tends`` 9–10, ``no`` up to 8."""
    return YES if score >= 11 else TENDS if score >= 9 else NO


def balanced_result(score: int, highest: int, cut_offs: CutOffs = DEFAULT_CUT_OFFS) -> str:
    """``yes``: 17 or more and every biased score at most 8; ``basically``: at most 10.

    ``highest``: the highest of the eight. An older print says below 8 and below 10 (C).
    """
    strict = 1 if cut_offs.constitution_below else 0
    if score < 17:
        return NO
    if highest <= 8 - strict:
        return YES
    return BASICALLY if highest <= 10 - strict else NO


def _main(scores: Mapping[str, int], results: Mapping[str, str]) -> tuple[str | None, bool]:
    for wanted in (YES, TENDS):
        found = [name for name in BIASED if results[name] == wanted]
        if wanted == TENDS and results[BALANCED] != NO:
            return BALANCED, False
        if found:
            highest = max(scores[name] for name in found)
            first = [name for name in found if scores[name] == highest]
            return first[0], len(first) > 1 or _OPPOSITE.issubset(found)
    return None, False
