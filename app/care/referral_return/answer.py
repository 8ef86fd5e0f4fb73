"""The reply (回转单), handing the patient back with a summary and a dated plan, and amending both.

Source: domain reference §6.3 and §6.4. Rows are only ever added; the task names the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.referral import Written
from app.care.referral_back.taking import follow_move
from app.care.referral_moves import (
    ReferralRows,
    load_rows,
    move,
    not_from_here,
    write_event,
)
from app.care.referral_return.checks import (
    plan_problems,
    reply_problems,
    tidy_plan,
    tidy_reply,
)
from app.care.referral_return.inputs import DischargeInput, PlanInput, ReplyInput
from app.care.referral_return.rows import new_plan, new_reply, plan_from_row
from app.care.referral_return.stay import written
from app.care.referral_states import FINAL, MOVERS, Direction, State
from app.clock import Clock
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.referral_return import ReferralReply, ReturnPlan
from app.models.store import Store

#: The move that puts a corrected reply or plan in the place of the one before.
AMENDED = "amended"

_WITH_THE_DOCTOR = (State.ARRIVED, State.IN_CARE)


def write_reply(
    store: Store,
    actor: Actor,
    referral_id: str,
    reply: ReplyInput,
    plan: PlanInput | None = None,
) -> Written:
    """Answer the writer of the letter: arrived or in_care → replied.

    Raises InputError with a sentence for each part that is empty or unsound; problems of the plan
    carry ``plan.`` before their field. Where the letter brought a plan, the reply has none.
    """
    reply = _plain(tidy_reply(reply))
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if rows.state not in _WITH_THE_DOCTOR:
            raise InputError(not_from_here(rows.state))
        plan = _own_plan(session, actor, rows, plan)
        _require_whole(reply, plan, store.clock)
        before = _named(rows)
        _store(session, store.clock, actor, rows, reply, plan)
        move(session, store.clock, actor, rows, State.REPLIED, details=_changed(before, rows))
        return written(rows)


def hand_back(
    store: Store,
    actor: Actor,
    referral_id: str,
    summary: DischargeInput,
    plan: PlanInput,
) -> Written:
    """Offer the patient to the writer of the letter: replied → handed_back. Where no reply was
    written yet the summary is the reply, and both moves are made at once.

    Phase, checklist and a plan with at least one dated step are required.
    """
    summary = tidy_reply(summary)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if rows.direction is Direction.DOWN:
            raise InputError(
                tr(
                    "This patient was referred down to you. Nothing was changed. To send the "
                    "patient up again, write a new letter."
                )
            )
        if rows.state not in (State.REPLIED, *_WITH_THE_DOCTOR):
            raise InputError(not_from_here(rows.state))
        plan = tidy_plan(with_step_ids(session, rows, plan))
        _require_whole(summary, plan, store.clock)
        before = _named(rows)
        _store(session, store.clock, actor, rows, summary, plan)
        details = _changed(before, rows)
        if rows.state is not State.REPLIED:
            move(session, store.clock, actor, rows, State.REPLIED, details=details)
        move(session, store.clock, actor, rows, State.HANDED_BACK, details=details)
        # Who had been taken over from another member is no longer this house's work.
        follow_move(session, store.clock, actor.organisation_id, rows)
        return written(rows)


def amend_reply(
    store: Store,
    actor: Actor,
    referral_id: str,
    reply: ReplyInput,
    plan: PlanInput | None = None,
) -> Written:
    """Put a corrected reply, and perhaps plan, in the place of the own one before. The state
    stays; both versions stay readable.

    A summary is amended with a DischargeInput, a plain reply with a ReplyInput. Without a plan the
    plan before goes on; a step that was in it before keeps its id, and with it what was done.
    """
    reply = tidy_reply(reply)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        before = session.get(ReferralReply, rows.task.reply_id) if rows.task.reply_id else None
        if before is None or before.organisation_id != actor.organisation_id:
            raise InputError(
                tr("There is no reply of your organisation to amend. Write the reply first.")
            )
        if rows.state in FINAL:
            raise InputError(not_from_here(rows.state))
        if not actor.has_role(*MOVERS):
            raise NotAllowed(
                tr("Your role may not do this. Ask a doctor or the referral coordinator to do it.")
            )
        if before.phase is None:
            reply = _plain(reply)
        elif not isinstance(reply, DischargeInput):
            raise InputError({"phase": tr("The summary needs its phase and its checklist.")})
        plan = _own_plan(session, actor, rows, plan, amends=True)
        _require_whole(reply, plan, store.clock)
        named = _named(rows)
        _store(session, store.clock, actor, rows, reply, plan)
        details = _changed(named, rows)
        write_event(
            session,
            store.clock,
            actor,
            rows.task,
            rows.state,
            name=AMENDED,
            details=details | {f"replaces_{name}": named[name] for name in _IDS & set(details)},
        )
        return written(rows)


def _plain(reply: ReplyInput) -> ReplyInput:
    """A reply without the parts of a summary."""
    if not isinstance(reply, DischargeInput):
        return reply
    return ReplyInput(**{name: getattr(reply, name) for name in ReplyInput.__dataclass_fields__})


def _own_plan(
    session: Session,
    actor: Actor,
    rows: ReferralRows,
    plan: PlanInput | None,
    *,
    amends: bool = False,
) -> PlanInput | None:
    """The plan of a reply, tidy. Raises InputError where the plan of the other house stands: it is
    work where the patient is, and only a hand-back puts another in its place."""
    if plan is None:
        return None
    standing = session.get(ReturnPlan, rows.task.plan_id) if rows.task.plan_id else None
    if standing is not None and standing.organisation_id != actor.organisation_id:
        raise InputError(
            tr(
                "The letter brought a plan, and that plan goes on; a reply cannot replace it. "
                "Nothing was saved. Write what changes in it into a visit after the return."
            )
        )
    return tidy_plan(with_step_ids(session, rows, plan, standing if amends else None))


def with_step_ids(
    session: Session, rows: ReferralRows, plan: PlanInput, amended: ReturnPlan | None = None
) -> PlanInput:
    """The plan with steps that no visit can have done under an earlier plan of the referral: only
    a step of the plan that is ``amended`` keeps its id."""
    plans = session.scalars(
        select(ReturnPlan).where(ReturnPlan.referral_id == rows.letter.id)
    ).all()
    if not plans:
        return plan
    used = {step.id for each in plans for step in plan_from_row(each).steps}
    kept = {step.id for step in plan_from_row(amended).steps} if amended is not None else set()
    kept.discard("")
    steps = tuple(
        step if step.id in kept or (step.id and step.id not in used) else replace(step, id=new_id())
        for step in plan.steps
    )
    return replace(plan, steps=steps)


def _require_whole(reply: ReplyInput, plan: PlanInput | None, clock: Clock) -> None:
    problems = reply_problems(reply, clock.today())
    if plan is not None:
        found = plan_problems(plan, clock.today())
        problems.update({f"plan.{name}": sentence for name, sentence in found.items()})
    if problems:
        raise InputError(problems)


def _store(
    session: Session,
    clock: Clock,
    actor: Actor,
    rows: ReferralRows,
    reply: ReplyInput,
    plan: PlanInput | None,
) -> None:
    """New rows, and the task that names them."""
    task = rows.task
    other = (
        task.requester_organisation_id
        if task.requester_organisation_id != actor.organisation_id
        else task.owner_organisation_id
    )
    before = session.get(ReferralReply, task.reply_id) if task.reply_id else None
    # The chain of what came before is how the other side gets the earlier ones, too.
    own = before is not None and before.organisation_id == actor.organisation_id
    # The number given at admission; not the one with which the letter's writer had them in a bed.
    theirs = session.scalar(
        select(ReferralReply.id).where(
            ReferralReply.referral_id == rows.letter.id,
            ReferralReply.organisation_id != actor.organisation_id,
            ReferralReply.inpatient_no == task.inpatient_no,
        )
    )
    if not reply.inpatient_no and task.inpatient_no and theirs is None:
        reply = replace(reply, inpatient_no=task.inpatient_no)
    row = new_reply(
        session,
        clock,
        actor,
        rows.letter,
        reply,
        to_organisation_id=other,
        replaces_id=before.id if before is not None and own else None,
    )
    task.reply_id = row.id
    task.inpatient_no = row.inpatient_no or task.inpatient_no
    if isinstance(reply, DischargeInput):
        task.phase = reply.phase
    if plan is not None:
        old = session.get(ReturnPlan, task.plan_id) if task.plan_id else None
        made = new_plan(
            session, actor, rows.letter, plan, replaces_id=old.id if old is not None else None
        )
        task.plan_id = made.id


#: What a reply puts on the task besides the state.
_IDS = {"reply_id", "plan_id"}
_NAMED = (*sorted(_IDS), "phase", "inpatient_no")


def _named(rows: ReferralRows) -> dict[str, str]:
    return {name: getattr(rows.task, name) or "" for name in _NAMED}


def _changed(before: Mapping[str, str], rows: ReferralRows) -> dict[str, str]:
    """What this step put on the task, for its event: where the moves of two houses meet, nothing
    else of it is laid on what the other one wrote (``referral_crossing``)."""
    return {name: value for name, value in _named(rows).items() if value != before[name]}
