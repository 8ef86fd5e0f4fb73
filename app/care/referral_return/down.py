"""Referring a patient down: a new letter from the treating house that starts at "sent".

A member may hand a patient to another member in the same way (a township to a care institution).

Source: domain reference §6.3 (the lead hospital must send treatment in hospital, the plan that
follows, and guidance) and §6.4.
"""

from __future__ import annotations

from app.care.referral import Written
from app.care.referral_letter import FORM_PARTS, LetterInput, check, normalise
from app.care.referral_moves import move
from app.care.referral_return.checks import plan_problems, reply_problems, tidy_plan, tidy_reply
from app.care.referral_return.inputs import DischargeInput, DownInput, PlanInput
from app.care.referral_return.rows import new_plan, new_reply
from app.care.referral_return.stay import written
from app.care.referral_rows import new_rows
from app.care.referral_states import Direction, State, Urgency
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store


def letter_of_down(down: DownInput, summary: DischargeInput) -> LetterInput:
    """The letter that goes with a summary: what a list shows of it, and how the patient travels."""
    return LetterInput(
        resident_id=down.resident_id,
        to_organisation_id=down.to_organisation_id,
        to_department=down.to_department,
        to_doctor=down.to_doctor,
        from_doctor_phone=down.from_doctor_phone,
        urgency=down.urgency,
        reason_codes=summary.reason_codes,
        reason_text=summary.reason_text,
        impression=summary.diagnosis,
        treatment_given=summary.treatment_given,
        diagnoses=summary.diagnoses,
        allergies=down.allergies,
        current_drugs=summary.drugs,
        isolation_risk=down.isolation_risk,
        mobility=down.mobility,
        transport=down.transport,
        escort=down.escort,
        attention_points=summary.attention_points,
        consent=down.consent,
        consent_signer=down.consent_signer,
        origin_referral_id=down.origin_referral_id,
    )


def down_problems(down: DownInput, summary: DischargeInput) -> dict[str, str]:
    """Field → sentence for what the letter of a down-referral lacks. The parts of the transfer-out
    form are not asked for: the summary says them."""
    problems = check(normalise(letter_of_down(down, summary)), Direction.DOWN)
    for name in (*FORM_PARTS, "reason_codes", "reason_text", "attention_points"):
        problems.pop(name, None)
    if not down.to_organisation_id:
        problems["to_organisation_id"] = tr("Choose where the patient is sent.")
    if down.urgency == Urgency.EMERGENCY:
        problems["urgency"] = tr("An emergency is not referred down.")
    return problems


def refer_down(
    store: Store, actor: Actor, down: DownInput, summary: DischargeInput, plan: PlanInput
) -> Written:
    """Write a down-referral with its summary and plan: draft → sent, in one transaction.

    Raises InputError with a sentence for each field; problems of the plan carry ``plan.``.
    """
    summary, plan = tidy_reply(summary), tidy_plan(plan)
    today = store.clock.today()
    problems = down_problems(down, summary) | reply_problems(summary, today)
    found = plan_problems(plan, today)
    problems.update({f"plan.{name}": sentence for name, sentence in found.items()})
    if problems:
        raise InputError(problems)
    with store.write(actor) as session:
        letter = normalise(letter_of_down(down, summary))
        rows = new_rows(session, store.clock, actor, letter)
        if rows.direction is Direction.UP:
            raise InputError({"to_organisation_id": tr("Nobody is referred down to a hospital.")})
        session.flush()
        reply = new_reply(
            session,
            store.clock,
            actor,
            rows.letter,
            summary,
            to_organisation_id=rows.task.owner_organisation_id,
        )
        made = new_plan(session, actor, rows.letter, plan)
        task = rows.task
        task.reply_id, task.plan_id, task.phase = reply.id, made.id, summary.phase
        task.inpatient_no = reply.inpatient_no
        task.sent_at = store.clock.now()
        move(
            session,
            store.clock,
            actor,
            rows,
            State.SENT,
            details={"reply_id": reply.id, "plan_id": made.id, "phase": summary.phase},
        )
        return written(rows)
