"""The reply (回转单), handing the patient back with a summary and a dated plan, and amending both.

Source: domain reference §6.3 and §6.4. Rows are only ever added; the task names the newest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from sqlalchemy.orm import Session

from app.care.referral import Written
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
from app.care.referral_return.rows import new_plan, new_reply
from app.care.referral_return.stay import written
from app.care.referral_states import FINAL, MOVERS, Direction, State
from app.clock import Clock
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models.actor import Actor
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
    carry ``plan.`` before their field.
    """
    reply = _plain(tidy_reply(reply))
    plan = None if plan is None else tidy_plan(plan)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if rows.state not in _WITH_THE_DOCTOR:
            raise InputError(not_from_here(rows.state))
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
    summary, plan = tidy_reply(summary), tidy_plan(plan)
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
        _require_whole(summary, plan, store.clock)
        before = _named(rows)
        _store(session, store.clock, actor, rows, summary, plan)
        details = _changed(before, rows)
        if rows.state is not State.REPLIED:
            move(session, store.clock, actor, rows, State.REPLIED, details=details)
        move(session, store.clock, actor, rows, State.HANDED_BACK, details=details)
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
    plan before goes on.
    """
    reply = tidy_reply(reply)
    plan = None if plan is None else tidy_plan(plan)
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
    if not reply.inpatient_no and task.inpatient_no:
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
    task.inpatient_no = row.inpatient_no
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
