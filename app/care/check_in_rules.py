"""One row of the ward grid judged as a whole: what is missing, what is wrong, hold, stop.

Pure. The grid calls it after every cell and the use-case calls it again before it saves, so
the screen can never promise what the save refuses. Field list and required fields: domain
reference §7.2; numbers: :mod:`app.care.rehab_rules`; typing limits: :mod:`app.care.limits`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Literal

from app.care import limits
from app.care.rehab_rules import (
    BORG_6_20,
    BORG_CR10,
    DEFAULT_THRESHOLDS,
    Band,
    Effort,
    Finding,
    RehabThresholds,
    Vitals,
    borg_band,
    effort,
    hold_reasons,
    screening_gaps,
    stop_reasons,
)
from app.care.rehab_words import hold_line, must_call_doctor
from app.i18n import tr
from app.models import codes

VITAL_FIELDS = ("sbp", "dbp", "heart_rate", "spo2", "temperature", "pain", "glucose")
POST_FIELDS = ("sbp", "dbp", "heart_rate", "spo2", "pain")

NOT_DONE, REFUSED, UNABLE = "1", "2", "3"
"""Codes of list ``not_measured``: each differs from blank (domain reference §0, rule 7)."""

RowState = Literal["empty", "started", "held", "ready", "skipped"]


@dataclass(frozen=True, slots=True)
class ItemDone:
    """One exercise of the session against what was planned. ``minutes`` 0–480 or None."""

    exercise: str
    planned: str = ""
    done: bool = False
    minutes: int | None = None


@dataclass(frozen=True, slots=True)
class CheckInInput:
    """One row as typed. ``id`` is made when the row is begun, so a second save has no effect.

    ``not_measured``: {"pre_pain": "3"} — field name to code of list ``not_measured``.
    ``confirmed``: the person has looked at the unusual values once more.
    """

    id: str
    resident_id: str
    plan_id: str
    started_at: datetime | None = None
    ended_at: datetime | None = None
    place: str | None = None
    pre: Vitals = field(default_factory=Vitals)
    pre_symptoms: tuple[str, ...] = ()
    ate_within_2h: bool | None = None
    pre_note: str = ""
    post: Vitals = field(default_factory=Vitals)
    borg: int | None = None
    borg_scale: str = BORG_6_20
    completion: str | None = None
    completion_percent: int | None = None
    reason_not_done: str | None = None
    items: tuple[ItemDone, ...] = ()
    adverse: tuple[str, ...] = ()
    adverse_text: str = ""
    action: str | None = None
    recovered: bool | None = None
    resident_confirmed: bool = False
    not_measured: Mapping[str, str] = field(default_factory=dict)
    confirmed: bool = False


@dataclass(frozen=True, slots=True)
class RowFacts:
    """What the rules must know of the resident and the plan."""

    copd: bool = False
    glucose_drugs: bool = False
    heart_rate_ceiling: int | None = None
    band: Band = field(default_factory=borg_band)


@dataclass(frozen=True, slots=True)
class Assessment:
    """The verdict on one row.

    ``state``: empty (nothing typed) · started (not ready to be saved) · held (saved as held) ·
    skipped (not done, with its reason) · ready. ``problems``: {field: sentence} that block the
    save. ``questions``: {field: sentence} — unusual values a person must look at once more.
    ``invalid``: the fields of ``problems`` that are wrong, the others are only missing.
    """

    state: RowState
    holds: tuple[Finding, ...] = ()
    stops: tuple[Finding, ...] = ()
    problems: Mapping[str, str] = field(default_factory=dict)
    invalid: frozenset[str] = frozenset()
    questions: Mapping[str, str] = field(default_factory=dict)
    effort: Effort | None = None


def is_empty(row: CheckInInput) -> bool:
    """Whether nothing was typed for the resident (the ward's common time does not count)."""
    return (
        row.pre == Vitals()
        and row.post == Vitals()
        and row.borg is None
        and row.completion is None
        and row.completion_percent is None
        and row.reason_not_done is None
        and row.action is None
        and row.recovered is None
        and not (row.pre_symptoms or row.adverse or row.not_measured)
        and not (row.pre_note or row.adverse_text)
        and not any(item.done or item.minutes for item in row.items)
    )


def find_holds(
    row: CheckInInput, facts: RowFacts, thresholds: RehabThresholds = DEFAULT_THRESHOLDS
) -> tuple[Finding, ...]:
    """The reasons to hold, with ``not_screened`` where a required value was refused."""
    found = hold_reasons(
        row.pre,
        row.pre_symptoms,
        copd=facts.copd,
        glucose_drugs=facts.glucose_drugs,
        thresholds=thresholds,
    )
    absent = _absent(row, "pre_")
    gaps = screening_gaps(row.pre, absent, glucose_drugs=facts.glucose_drugs)
    if any(name in absent for name in gaps):
        return (*found, Finding("not_screened"))
    return found


def assess(
    row: CheckInInput, facts: RowFacts, thresholds: RehabThresholds = DEFAULT_THRESHOLDS
) -> Assessment:
    """Judge a row. Required fields and branches: §7.2.

    A held session is saved as held with its reasons, whatever else is missing. A session that
    did not take place needs its reason only. One that took place needs its times, the whole
    screen, exertion and the values after; met stop criteria or an adverse event also need the
    action taken.
    """
    if is_empty(row):
        return Assessment("empty")
    invalid, questions = _typing_problems(row)
    holds = find_holds(row, facts, thresholds)
    took_place = row.completion in ("complete", "partial")
    stops = (
        ()
        if holds
        else stop_reasons(
            row.pre,
            row.post,
            row.adverse,
            borg=row.borg,
            borg_scale=row.borg_scale,
            heart_rate_ceiling=facts.heart_rate_ceiling,
            recovered=row.recovered,
            thresholds=thresholds,
        )
    )
    if holds:
        missing = _missing_when_held(row, holds)
    elif row.completion == "not_done":
        missing = _missing_when_not_done(row)
    else:
        missing = _missing_when_done(row, facts, stops)
    # A number that has just made the rule speak has been seen; it is not asked for again.
    spoken = bool(holds or stops)
    problems = {**missing, **invalid}
    state: RowState = "started"
    if not problems:
        if holds:
            state = "held"
        else:
            state = "ready" if took_place else "skipped"
    judged: Effort | None = None
    if row.borg is not None and row.borg_scale == BORG_6_20 and not holds:
        judged = effort(row.borg, facts.band)
    return Assessment(
        state,
        holds,
        stops,
        problems,
        frozenset(invalid),
        {} if row.confirmed or spoken else questions,
        judged,
    )


def _absent(row: CheckInInput, prefix: str) -> tuple[str, ...]:
    """Fields marked refused or unmeasurable; "not done" is no excuse for a required one."""
    return tuple(
        name.removeprefix(prefix)
        for name, code in row.not_measured.items()
        if name.startswith(prefix) and code in (REFUSED, UNABLE)
    )


def _typing_problems(row: CheckInInput) -> tuple[dict[str, str], dict[str, str]]:
    wrong: dict[str, str] = {}
    unusual: dict[str, str] = {}
    for prefix, vitals in (("pre_", row.pre), ("post_", row.post)):
        for name in VITAL_FIELDS:
            value = getattr(vitals, name)
            if value is None or name == "pain":
                continue
            verdict = limits.check(name, value)
            if verdict.verdict is limits.Verdict.BLOCK:
                wrong[prefix + name] = verdict.message
            elif verdict.verdict is limits.Verdict.CONFIRM:
                unusual[prefix + name] = verdict.message
        if vitals.pain is not None and not 0 <= vitals.pain <= 10:
            wrong[prefix + "pain"] = tr("Pain is a number from 0 to 10.")
        pressure = limits.check_pressure(vitals.sbp, vitals.dbp)
        if pressure.verdict is limits.Verdict.BLOCK:
            wrong.setdefault(prefix + "sbp", pressure.message)
    low, high = (0, 10) if row.borg_scale == BORG_CR10 else (6, 20)
    if row.borg_scale not in (BORG_6_20, BORG_CR10):
        wrong["borg"] = tr("This exertion scale is not known.")
    elif row.borg is not None and not low <= row.borg <= high:
        wrong["borg"] = tr("Borg is a number from {low} to {high}.").format(low=low, high=high)
    if row.completion_percent is not None and not 1 <= row.completion_percent <= 99:
        wrong["completion_percent"] = tr("Of a part, 1 to 99 percent was done.")
    if row.ended_at and row.started_at and row.ended_at <= row.started_at:
        wrong["ended_at"] = tr("The end must be after the beginning.")
    for item in row.items:
        if item.minutes is not None and not 0 <= item.minutes <= 480:
            wrong["items"] = tr("An exercise takes 0 to 480 minutes.")
    wrong.update(_unknown_codes(row))
    return wrong, unusual


def _unknown_codes(row: CheckInInput) -> dict[str, str]:
    chosen: tuple[tuple[str, str, tuple[str, ...]], ...] = (
        ("pre_symptoms", "rehab_pre_symptom", row.pre_symptoms),
        ("adverse", "rehab_adverse", row.adverse),
        ("completion", "rehab_completion", (row.completion,) if row.completion else ()),
        ("action", "rehab_action", (row.action,) if row.action else ()),
        ("place", "rehab_place", (row.place,) if row.place else ()),
        (
            "reason_not_done",
            "rehab_not_done_reason",
            (row.reason_not_done,) if row.reason_not_done else (),
        ),
        ("items", "rehab_exercise", tuple(item.exercise for item in row.items)),
        ("not_measured", "not_measured", tuple(row.not_measured.values())),
    )
    return {
        name: tr("This choice is not in the list. Choose again.")
        for name, code_list, values in chosen
        if any(not codes.is_known(code_list, value) for value in values)
    }


def _training_fields(row: CheckInInput) -> list[str]:
    """Fields filled that only a session which took place can have."""
    filled = [f"post_{name}" for name in POST_FIELDS if getattr(row.post, name) is not None]
    return filled + (["borg"] if row.borg is not None else [])


def _missing_when_held(row: CheckInInput, holds: tuple[Finding, ...]) -> dict[str, str]:
    problems: dict[str, str] = {}
    if row.started_at is None:
        problems["started_at"] = tr("When was the resident screened?")
    if row.completion in ("complete", "partial"):
        problems["completion"] = tr(
            "Held: {reasons}. A held resident does not train; if a value was typed wrong, "
            "correct it."
        ).format(reasons=hold_line(holds))
    for name in _training_fields(row):
        problems[name] = tr(
            "Held: {reasons}. There are no values after a session that was held."
        ).format(reasons=hold_line(holds))
    return problems


def _missing_when_not_done(row: CheckInInput) -> dict[str, str]:
    problems: dict[str, str] = {}
    if row.started_at is None:
        problems["started_at"] = tr("When should the session have been?")
    if row.reason_not_done is None:
        problems["reason_not_done"] = tr("Why was it not done?")
    elif row.reason_not_done == "held":
        problems["reason_not_done"] = tr(
            "Nothing in the screen holds this resident. Choose the true reason."
        )
    for name in _training_fields(row):
        problems[name] = tr("Not done, yet there are values after training. Correct one of them.")
    return problems


def _missing_when_done(
    row: CheckInInput, facts: RowFacts, stops: tuple[Finding, ...]
) -> dict[str, str]:
    problems: dict[str, str] = {}
    for name in screening_gaps(row.pre, _absent(row, "pre_"), glucose_drugs=facts.glucose_drugs):
        problems[f"pre_{name}"] = (
            tr("Glucose is needed: the resident takes insulin or a sulfonylurea.")
            if name == "glucose"
            else tr("Needed before the session.")
        )
    if row.started_at is None:
        problems["started_at"] = tr("When did the session begin?")
    if row.ended_at is None:
        problems["ended_at"] = tr("When did the session end?")
    if row.borg is None and row.not_measured.get("borg") not in (REFUSED, UNABLE):
        problems["borg"] = tr("Exertion (Borg) is needed.")
    absent = _absent(row, "post_")
    for name in ("sbp", "dbp", "heart_rate", "pain"):
        if getattr(row.post, name) is None and name not in absent:
            problems[f"post_{name}"] = tr("Needed after the session.")
    if row.completion is None:
        problems["completion"] = tr("Complete, partial or not done?")
    elif row.completion == "partial" and row.completion_percent is None:
        problems["completion_percent"] = tr("How many percent were done?")
    if "other" in row.adverse and not row.adverse_text.strip():
        problems["adverse"] = tr("Say in words what happened.")
    if (stops or row.adverse) and row.action is None:
        problems["action"] = tr("What was done about it?")
    elif must_call_doctor(stops) and row.action in ("rest", "stop"):
        problems["action"] = tr("A doctor must be told, or the resident referred.")
    return problems
