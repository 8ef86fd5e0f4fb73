"""The form of a rehabilitation plan: its fields and what is wrong with them.

Fields and required fields: domain reference §7.1 (LOCAL-2025). Pure.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from datetime import date, timedelta
from typing import Any

from app.care.parsing import clean_text
from app.errors import InputError
from app.i18n import tr
from app.models import codes

FIRST_REVIEW = timedelta(weeks=2)
NEXT_REVIEW = timedelta(weeks=4)


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One exercise of a plan. ``exercise``, ``place``, ``assistance``: codes of their lists.

    ``per_week`` 1–21 sessions; ``sets`` 1–20 × ``reps`` 1–200, or ``minutes`` 1–240;
    ``intensity`` Borg "11-13" or free words.
    """

    exercise: str
    place: str = ""
    per_week: int | None = None
    sets: int | None = None
    reps: int | None = None
    minutes: int | None = None
    intensity: str = ""
    assistance: str = ""
    equipment: str = ""

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> PlanItem:
        return cls(
            exercise=str(values.get("exercise", "")),
            place=values.get("place") or "",
            per_week=values.get("per_week"),
            sets=values.get("sets"),
            reps=values.get("reps"),
            minutes=values.get("minutes"),
            intensity=values.get("intensity") or "",
            assistance=values.get("assistance") or "",
            equipment=values.get("equipment") or "",
        )

    def dose(self) -> str:
        """``3×10``, ``20′`` or both; empty where the plan says neither."""
        counted = f"{self.sets or 1}×{self.reps}" if self.reps else ""
        timed = f"{self.minutes}′" if self.minutes else ""
        return " ".join(part for part in (counted, timed) if part)


@dataclass(frozen=True, slots=True)
class PlanInput:
    """A plan as written. Required: diagnosis, goal_short, precautions, prescriber_name, items.

    ``review_on`` None means two weeks after ``starts_on``. ``heart_rate_ceiling`` /min 60–220.
    """

    resident_id: str
    diagnosis: str
    goal_short: str
    precautions: str
    prescriber_name: str
    starts_on: date | None
    items: tuple[PlanItem, ...] = ()
    review_on: date | None = None
    diagnosis_code: str | None = None
    onset_date: date | None = None
    source_referral_id: str | None = None
    goal_long: str = ""
    contraindications: str = ""
    heart_rate_ceiling: int | None = None
    prescriber_id: str | None = None
    supervisor: str = ""
    measures: tuple[str, ...] = ()


_TEXTS = (
    "diagnosis",
    "goal_short",
    "goal_long",
    "precautions",
    "contraindications",
    "prescriber_name",
    "supervisor",
)
_LONGEST = 2000


def checked(plan: PlanInput) -> PlanInput:
    """The plan with tidy texts; raises InputError for what is missing or impossible."""
    values = {name: clean_text(getattr(plan, name)) for name in _TEXTS}
    problems = {
        name: message
        for name, message in (
            ("diagnosis", tr("The diagnosis is missing.")),
            ("goal_short", tr("The short-term goal is missing.")),
            ("precautions", tr("The precautions are missing. If there are none, write “none”.")),
            ("prescriber_name", tr("Who prescribes the plan?")),
        )
        if not values[name]
    }
    for name, text in values.items():
        if len(text) > _LONGEST:
            problems[name] = tr("This text is too long: at most {count} characters.").format(
                count=_LONGEST
            )
    if plan.starts_on is None:
        problems["starts_on"] = tr("When does the plan start?")
    elif plan.review_on is not None and plan.review_on < plan.starts_on:
        problems["review_on"] = tr("The review cannot be before the start.")
    if plan.onset_date and plan.starts_on and plan.onset_date > plan.starts_on:
        problems["onset_date"] = tr("The illness cannot begin after the plan.")
    if plan.heart_rate_ceiling is not None and not 60 <= plan.heart_rate_ceiling <= 220:
        problems["heart_rate_ceiling"] = tr("A heart-rate ceiling lies between 60 and 220.")
    if any(not codes.is_known("rehab_measure", measure) for measure in plan.measures):
        problems["measures"] = tr("This choice is not in the list. Choose again.")
    if not plan.items:
        problems["items"] = tr("A plan needs at least one exercise.")
    for number, item in enumerate(plan.items):
        if message := item_problem(item):
            problems[f"items.{number}"] = message
    if problems:
        raise InputError(problems)
    return _replaced(plan, values)


def _replaced(plan: PlanInput, values: Mapping[str, str]) -> PlanInput:
    assert plan.starts_on is not None
    review_on = plan.review_on or plan.starts_on + FIRST_REVIEW
    return replace(plan, review_on=review_on, **values)  # type: ignore[arg-type]


def item_problem(item: PlanItem) -> str:
    """What is wrong with one exercise, as a sentence; empty where it is sound."""
    if not codes.is_known("rehab_exercise", item.exercise):
        return tr("Choose the exercise from the list.")
    for code_list, value in (("rehab_place", item.place), ("rehab_assistance", item.assistance)):
        if value and not codes.is_known(code_list, value):
            return tr("This choice is not in the list. Choose again.")
    if item.reps is None and item.minutes is None:
        return tr("How much? Give repetitions or minutes.")
    ranges = (
        (item.per_week, 1, 21, tr("Sessions a week: 1 to 21.")),
        (item.sets, 1, 20, tr("Sets: 1 to 20.")),
        (item.reps, 1, 200, tr("Repetitions: 1 to 200.")),
        (item.minutes, 1, 240, tr("Minutes: 1 to 240.")),
    )
    for number, low, high, message in ranges:
        if number is not None and not low <= number <= high:
            return message
    return "" if item.per_week is not None else tr("How many times a week?")


def columns(plan: PlanInput) -> dict[str, Any]:
    """The column values of a checked plan."""
    values = asdict(plan)
    del values["resident_id"]
    values["items"] = [
        {name: value for name, value in asdict(item).items() if value not in (None, "")}
        for item in plan.items
    ]
    values["measures"] = list(plan.measures)
    for name in ("goal_long", "contraindications", "supervisor"):
        values[name] = values[name] or None
    return values
