"""Blood-pressure goals of clinical guidelines, to be shown beside the judgement only.

Class, dates and indicators follow the national specification (domain reference §5.2, "Guideline
targets, display only"). 2025: national primary-care guideline; 2020: guideline as remembered by
the domain reference ([K]). All limits are strict.
"""

from __future__ import annotations

from app.i18n import tr

VERY_OLD = 80
OLDER = 65
GENERAL_2025 = (130, 80)
GENERAL_2020 = (140, 90)
LOWER_2020 = (130, 80)
OLDER_FIRST = (150, 90)
OLDER_THEN = (140, 90)


def goals(guideline: str, age: int, *, comorbid: bool) -> tuple[tuple[int, int], ...]:
    """The goals (systolic, diastolic) of a guideline ("2025", "2020"): the first, then the next
    if it is tolerated; none for any other word.

    ``comorbid``: diabetes, chronic kidney disease or coronary disease (2020 only).
    """
    if guideline == "2025":
        return (OLDER_FIRST, OLDER_THEN) if age >= VERY_OLD else (GENERAL_2025,)
    if guideline != "2020":
        return ()
    if age >= VERY_OLD:
        return (OLDER_FIRST,)
    if age >= OLDER:
        return (OLDER_FIRST, OLDER_THEN)
    return (LOWER_2020,) if comorbid else (GENERAL_2020,)


def goal_note(guideline: str, age: int, sbp: int | None, dbp: int | None, *, comorbid: bool) -> str:
    """The goal in words, and whether the pressure is under it; empty without a pressure."""
    wanted = goals(guideline, age, comorbid=comorbid)
    if sbp is None or dbp is None or not wanted:
        return ""
    (limit_sbp, limit_dbp), *further = wanted
    words = tr("Guideline {year} (for information): under {sbp}/{dbp}").format(
        year=guideline, sbp=limit_sbp, dbp=limit_dbp
    )
    if further:
        words = tr("{goal}, then under {sbp}/{dbp} if tolerated").format(
            goal=words, sbp=further[0][0], dbp=further[0][1]
        )
    reached = sbp < limit_sbp and dbp < limit_dbp
    verdict = tr("{goal}: reached.") if reached else tr("{goal}: not reached.")
    return verdict.format(goal=words)
