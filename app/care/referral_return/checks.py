"""What must be mended before a reply, a summary or a plan may be stored. Pure.

Source: domain reference §6.3: a down-referral or a reply is blocked while the treatment in
hospital, the plan that follows or the guidance is empty; phase N, checklist C (LOCAL-2025).
"""

from __future__ import annotations

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import TypeVar

from app.care.parsing import ParseError, clean_text, half_width, parse_phone
from app.care.referral_letter import MAX_LINE, MAX_TEXT, clean_paragraphs
from app.care.referral_return.inputs import (
    INPATIENT,
    REPLY_PARTS,
    Admission,
    DischargeInput,
    PlanInput,
    PlanStep,
    RehabPart,
    ReplyInput,
)
from app.care.rehab_plan_form import item_problem
from app.i18n import tr
from app.models import codes

#: Longest time ahead for a step of a plan: five years; a later date is a slip of the key.
FURTHEST_STEP = timedelta(days=5 * 366)
#: How far the beginning of a plan may lie from today. Longest behind: one that is amended while
#: its last step is still to come.
LATEST_START, EARLIEST_START = timedelta(days=366), FURTHEST_STEP
MAX_STEPS = 40

_LINES = ("department", "inpatient_no")
_Reply = TypeVar("_Reply", bound=ReplyInput)


def tidy_reply(reply: _Reply) -> _Reply:
    """The reply as it is stored."""
    texts: tuple[str, ...] = (*REPLY_PARTS, "attention_points")
    if isinstance(reply, DischargeInput):
        texts += ("reason_text",)
    values: dict[str, object] = {name: clean_paragraphs(getattr(reply, name)) for name in texts}
    values.update({name: clean_text(getattr(reply, name)) for name in _LINES})
    values["doctor_phone"] = tidy_phone(reply.doctor_phone)
    values["drugs"] = tuple(drug for line in reply.drugs if (drug := clean_text(line)))
    return replace(reply, **values)  # type: ignore[arg-type]


def tidy_plan(plan: PlanInput) -> PlanInput:
    """The plan as it is stored: steps in the order of their dates, each with its id."""
    steps = [
        replace(step, what=clean_text(step.what), by=clean_text(step.by)) for step in plan.steps
    ]
    steps.sort(key=place_of)
    taken = {step.id for step in steps if step.id}
    free = (str(number) for number in range(1, len(steps) + len(taken) + 1))
    fresh = (name for name in free if name not in taken)
    return replace(
        plan,
        steps=tuple(step if step.id else replace(step, id=next(fresh)) for step in steps),
        rehab=None if plan.rehab is None else _tidy_rehab(plan.rehab),
        precautions=clean_paragraphs(plan.precautions),
        warning_signs=clean_paragraphs(plan.warning_signs),
        contact_phone=tidy_phone(plan.contact_phone),
    )


def place_of(step: PlanStep) -> date:
    """By what the steps of a plan are ordered; one without a date comes last."""
    return step.due_on or date.max


def _tidy_rehab(rehab: RehabPart) -> RehabPart:
    return replace(
        rehab,
        goal_short=clean_text(rehab.goal_short),
        goal_long=clean_text(rehab.goal_long),
        precautions=clean_text(rehab.precautions),
        contraindications=clean_text(rehab.contraindications),
    )


def tidy_admission(admission: Admission) -> Admission:
    """The admission as it is stored."""
    names = ("department", "doctor", "ward", "bed", "inpatient_no")
    values: dict[str, object] = {name: clean_text(getattr(admission, name)) for name in names}
    return replace(admission, doctor_phone=tidy_phone(admission.doctor_phone), **values)  # type: ignore[arg-type]


def tidy_phone(text: str) -> str:
    """A phone number as kept; one that cannot be read stays, for the check to say so."""
    phone = half_width(text).strip()
    try:
        return parse_phone(phone) if phone else ""
    except ParseError:
        return phone


def reply_problems(reply: ReplyInput, today: date) -> dict[str, str]:
    """Field → plain sentence for everything that stops this reply."""
    problems: dict[str, str] = {}
    if not codes.is_known("reply_kind", reply.visit_kind):
        problems["visit_kind"] = tr("Was it an outpatient visit or a stay in hospital?")
    for name in REPLY_PARTS:
        if not getattr(reply, name):
            problems[name] = _please_fill(name)
    for name in (*REPLY_PARTS, "attention_points"):
        if len(getattr(reply, name)) > MAX_TEXT:
            problems[name] = too_long(MAX_TEXT)
    for name in _LINES:
        if len(getattr(reply, name)) > MAX_LINE:
            problems[name] = too_long(MAX_LINE)
    if any(len(drug) > MAX_LINE for drug in reply.drugs):
        problems["drugs"] = too_long(MAX_LINE)
    problems.update(phone_problem("doctor_phone", reply.doctor_phone))
    problems.update(_stay_problems(reply, today))
    if isinstance(reply, DischargeInput):
        problems.update(_discharge_problems(reply))
    return problems


def _please_fill(name: str) -> str:
    match name:
        case "diagnosis":
            return tr("Write the diagnosis; without it the reply may not leave.")
        case "exam_results":
            return tr("Write the main results; write “none” if nothing was examined.")
        case "treatment_given":
            return tr("Write what was done; write “none” if nothing was.")
        case "next_plan":
            return tr("Write how the treatment goes on.")
        case _:
            return tr("Write the advice for rehabilitation or follow-up.")


def _stay_problems(reply: ReplyInput, today: date) -> dict[str, str]:
    problems = {}
    if reply.visit_kind == INPATIENT:
        if reply.admitted_on is None:
            problems["admitted_on"] = tr("Write the day on which the patient was admitted.")
        if reply.discharged_on is None:
            problems["discharged_on"] = tr("Write the day of discharge.")
    first, last = reply.admitted_on, reply.discharged_on
    if first is not None and last is not None and last < first:
        problems["discharged_on"] = tr("The discharge cannot be before the admission.")
    if first is not None and first > today:
        problems["admitted_on"] = tr("This day has not come yet.")
    if last is not None and last > today + timedelta(days=1):
        problems["discharged_on"] = tr("The discharge may lie at most one day ahead.")
    return problems


def _discharge_problems(summary: DischargeInput) -> dict[str, str]:
    problems = {}
    if not codes.is_known("referral_phase", summary.phase):
        problems["phase"] = tr(
            "Choose the phase; without one of the three nobody is referred down."
        )
    if not summary.reason_codes:
        problems["reason_codes"] = tr("Choose at least one reason for the referral.")
    elif not all(codes.is_known("referral_down_reason", code) for code in summary.reason_codes):
        problems["reason_codes"] = tr("This choice is not in the list. Choose again.")
    if "other" in summary.reason_codes and not summary.reason_text:
        problems["reason_text"] = tr("Say which other reason it is.")
    elif len(summary.reason_text) > MAX_TEXT:
        problems["reason_text"] = too_long(MAX_TEXT)
    items = [entry.code for entry in codes.entries("referral_checklist")]
    for code in items:
        if summary.checklist.get(code) is None:
            problems[f"checklist.{code}"] = tr("Answer this point of the checklist.")
    if summary.checklist.get("vitals_stable") is False:
        problems["checklist.vitals_stable"] = tr(
            "While the vital signs are not stable nobody is referred down."
        )
    open_points = [code for code in items if summary.checklist.get(code) is False]
    if open_points and not summary.attention_points:
        problems["attention_points"] = tr(
            "A point of the checklist is “no”: write what the receiver has to do about it."
        )
    return problems


def plan_problems(plan: PlanInput, today: date) -> dict[str, str]:
    """Field → sentence; a step's fields are ``steps.<place>.<field>`` by its place in the plan."""
    problems: dict[str, str] = {}
    if plan.starts_on is None:
        problems["starts_on"] = tr("When does the plan start?")
    elif plan.starts_on > today + LATEST_START:
        problems["starts_on"] = tr("This date lies more than a year ahead. Look at the year.")
    elif plan.starts_on < today - EARLIEST_START:
        problems["starts_on"] = tr("This date lies more than five years back. Look at the year.")
    if not plan.steps:
        problems["steps"] = tr("A plan needs at least one dated step.")
    elif len(plan.steps) > MAX_STEPS:
        problems["steps"] = tr("A plan has at most {count} steps.").format(count=MAX_STEPS)
    for place, step in enumerate(plan.steps):
        for name, sentence in _step_problems(step, plan.starts_on or today).items():
            problems[f"steps.{place}.{name}"] = sentence
    if plan.rehab is not None:
        problems.update(_rehab_problems(plan.rehab))
    elif any(step.kind == "rehab" for step in plan.steps):
        problems["goal_short"] = tr("The plan has a step of rehabilitation: write its goal.")
    for name in ("precautions", "warning_signs"):
        if len(getattr(plan, name)) > MAX_TEXT:
            problems[name] = too_long(MAX_TEXT)
    problems.update(phone_problem("contact_phone", plan.contact_phone))
    return problems


def _step_problems(step: PlanStep, start: date) -> dict[str, str]:
    problems = {}
    if not codes.is_known("return_step", step.kind):
        problems["kind"] = tr("Choose what is to be done.")
    if step.due_on is None:
        problems["due_on"] = tr("Every step needs its date.")
    elif step.due_on < start:
        problems["due_on"] = tr("A step cannot be due before the plan starts.")
    elif step.due_on > start + FURTHEST_STEP:
        problems["due_on"] = tr("This date lies more than five years ahead. Look at the year.")
    if step.disease and not codes.is_known("chronic_disease", step.disease):
        problems["disease"] = tr("This choice is not in the list. Choose again.")
    if step.kind == "other" and not step.what:
        problems["what"] = tr("Say what is to be done.")
    for name in ("what", "by"):
        if len(getattr(step, name)) > MAX_LINE:
            problems[name] = too_long(MAX_LINE)
    return problems


def _rehab_problems(rehab: RehabPart) -> dict[str, str]:
    problems = {}
    if not rehab.goal_short:
        problems["goal_short"] = tr("The short-term goal is missing.")
    if not rehab.precautions:
        problems["rehab_precautions"] = tr(
            "The precautions are missing. If there are none, write “none”."
        )
    for name in ("goal_short", "goal_long", "precautions", "contraindications"):
        if len(getattr(rehab, name)) > MAX_TEXT:
            problems["rehab_precautions" if name == "precautions" else name] = too_long(MAX_TEXT)
    for place, item in enumerate(rehab.items):
        if sentence := item_problem(item):
            problems[f"items.{place}"] = sentence
    return problems


def admission_problems(admission: Admission, now: datetime) -> dict[str, str]:
    """Field → sentence for an admission. The department and the ward or bed are needed."""
    problems = {}
    if not admission.department:
        problems["department"] = tr("Write the department that receives the patient.")
    for name in ("department", "doctor", "ward", "bed", "inpatient_no"):
        if len(getattr(admission, name)) > MAX_LINE:
            problems[name] = too_long(MAX_LINE)
    problems.update(phone_problem("doctor_phone", admission.doctor_phone))
    problems.update(moment_problem(admission.at, now))
    return problems


def moment_problem(at: datetime | None, now: datetime) -> dict[str, str]:
    """What happened cannot lie ahead of this PC's clock."""
    if at is not None and at > now:
        return {"at": tr("This time has not come yet.")}
    return {}


def phone_problem(name: str, phone: str) -> dict[str, str]:
    try:
        if phone:
            parse_phone(phone)
    except ParseError as error:
        return {name: error.message}
    return {}


def too_long(limit: int) -> str:
    return tr("This text is longer than {limit} characters. Shorten it.").format(limit=limit)
