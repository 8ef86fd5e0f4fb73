"""Referring a patient down: a new letter from the treating house that starts at "sent".

A member may hand a patient to another member in the same way (a township to a care institution).

Source: domain reference §6.3 (the lead hospital must send treatment in hospital, the plan that
follows, and guidance) and §6.4.
"""

from __future__ import annotations

from dataclasses import replace

from sqlalchemy.orm import Session

from app.care.referral import Written
from app.care.referral_letter import FORM_PARTS, LetterInput, check, normalise
from app.care.referral_lists import consortium_lead
from app.care.referral_moves import ReferralRows, load_rows, move, not_from_here
from app.care.referral_return.answer import with_step_ids
from app.care.referral_return.checks import plan_problems, reply_problems, tidy_plan, tidy_reply
from app.care.referral_return.inputs import DischargeInput, DownInput, PlanInput
from app.care.referral_return.onward import record_to_send, tell_keeper
from app.care.referral_return.rows import new_plan, new_reply
from app.care.referral_return.stay import written
from app.care.referral_rows import LEAD_HOSPITAL, new_rows, rewrite
from app.care.referral_states import Direction, State, Urgency
from app.clock import Clock
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.organisation import Organisation
from app.models.referral_return import ReferralReply, ReturnPlan
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


def down_of_letter(letter: LetterInput) -> DownInput:
    """What was written of a letter down beside its summary, to be mended."""
    names = set(DownInput.__dataclass_fields__) & set(LetterInput.__dataclass_fields__)
    return DownInput(**{name: getattr(letter, name) for name in names})


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

    A third house's patient goes under a record of the own house (``onward``), and the house that
    keeps theirs is told. Raises InputError with a sentence for each field; problems of the plan
    carry ``plan.``.
    """
    summary, plan = _checked(store, down, summary, plan)
    with store.write(actor) as session:
        _check_consortium(session, actor, down.to_organisation_id)
        letter = normalise(letter_of_down(down, summary))
        about = record_to_send(
            session, store.clock, actor, letter.resident_id, down.to_organisation_id
        )
        rows = new_rows(session, store.clock, actor, replace(letter, resident_id=about))
        if rows.direction is Direction.UP:
            raise InputError({"to_organisation_id": tr("Nobody is referred down to a hospital.")})
        sent = _send(session, store.clock, actor, rows, summary, plan)
        tell_keeper(session, store.clock, actor, rows.letter)
        return sent


def _check_consortium(session: Session, actor: Actor, to: str) -> None:
    """A patient goes down within the consortium: only there is a place and a plan agreed on."""
    house = session.get(Organisation, to)
    if house is None or house.type == LEAD_HOSPITAL:
        return  # refused with the words for it
    lead = consortium_lead(session, actor.organisation_id)
    if not lead or consortium_lead(session, to) != lead:
        said = tr(
            "This organisation belongs to another consortium. Nothing was sent. Choose a member "
            "of your own one."
        )
        raise InputError({"to_organisation_id": said})


def resend_down(
    store: Store,
    actor: Actor,
    referral_id: str,
    down: DownInput,
    summary: DischargeInput,
    plan: PlanInput,
) -> Written:
    """Send a returned letter down again, mended, with a new summary and plan in the place of those
    before: returned → sent. The number and the receiver stay.

    Raises InputError as :func:`refer_down` does.
    """
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        task = rows.task
        before = session.get(ReferralReply, task.reply_id) if task.reply_id else None
        own = before is not None and before.organisation_id == actor.organisation_id
        if rows.state is not State.RETURNED or not own:
            raise InputError(not_from_here(rows.state))
        if down.to_organisation_id != rows.letter.to_organisation_id:
            raise InputError(
                {"to_organisation_id": tr("The receiver stays. Write a new letter to another one.")}
            )
        standing = session.get(ReturnPlan, task.plan_id) if task.plan_id else None
        plan = with_step_ids(session, rows, plan, standing)
        summary, plan = _checked(store, down, summary, plan)
        letter = normalise(letter_of_down(down, summary))
        rows = rewrite(session, store.clock, actor, rows, letter)
        return _send(session, store.clock, actor, rows, summary, plan)


def _checked(
    store: Store, down: DownInput, summary: DischargeInput, plan: PlanInput
) -> tuple[DischargeInput, PlanInput]:
    summary, plan = tidy_reply(summary), tidy_plan(plan)
    today = store.clock.today()
    problems = down_problems(down, summary) | reply_problems(summary, today)
    found = plan_problems(plan, today)
    problems.update({f"plan.{name}": sentence for name, sentence in found.items()})
    if problems:
        raise InputError(problems)
    return summary, plan


def _send(
    session: Session,
    clock: Clock,
    actor: Actor,
    rows: ReferralRows,
    summary: DischargeInput,
    plan: PlanInput,
) -> Written:
    """Summary and plan beside the letter, the task that names them, and the move."""
    session.flush()
    task = rows.task
    reply = new_reply(
        session,
        clock,
        actor,
        rows.letter,
        summary,
        to_organisation_id=task.owner_organisation_id,
        replaces_id=task.reply_id,
    )
    made = new_plan(session, actor, rows.letter, plan, replaces_id=task.plan_id)
    task.reply_id, task.plan_id, task.phase = reply.id, made.id, summary.phase
    task.inpatient_no = reply.inpatient_no
    task.sent_at = clock.now()
    details = {"reply_id": reply.id, "plan_id": made.id, "phase": summary.phase}
    if reply.inpatient_no:
        details["inpatient_no"] = reply.inpatient_no
    move(session, clock, actor, rows, State.SENT, details=details)
    return written(rows)
