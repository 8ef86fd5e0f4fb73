"""Moves of two sides that met at the server: what stands, what is laid on top, what is told.

Source: domain reference §6.4 (LOCAL-2025): the first to reach the server stands; the later one is
applied if it is still legal from there (cancel after accept is, accept after cancel is not), else
a person is told. Pure, on plain records (``app.models.records``), for the floor that reads the
server.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.care.referral_moves import LETTER
from app.care.referral_states import (
    FINAL,
    NEUTRAL,
    OPEN_SERVICES,
    SERVICE_ANSWERS,
    Move,
    Outcome,
    ServiceState,
    Side,
    State,
    Urgency,
    step,
)
from app.models.outbox import MOVES
from app.models.records import Record

#: The field of a kept conflict that names the moves which crossed. Such a conflict is there to
#: be read: the server's state stands, nothing is to be decided and nothing is held back.
TOLD = MOVES

_REASON = ("reason_code", "reason_text")
_BOOKING = (
    "department",
    "doctor",
    "doctor_phone",
    "scheduled_at",
    "place",
    "ward",
    "bed",
    "instructions",
)
#: What the receiver notes, by the state that the move leads to. Of a stay and of a reply the event
#: itself tells what was written; all else on the task may be newer on the other side.
_FIELDS_OF: Mapping[str, tuple[str, ...]] = {
    State.ACCEPTED: _BOOKING,
    ServiceState.ARRANGED: _BOOKING,
    State.ARRIVED: ("arrived_at",),
    State.IN_CARE: ("discharged_at",),
}
_NEUTRAL_FIELDS: Mapping[str, tuple[str, ...]] = {
    "redirected": ("department",),
    "discharged": ("discharged_at",),
    "sent_on": _REASON,  # a declined hand-back is arranged anew with it
}
_STAY = ("department", "doctor", "doctor_phone", "ward", "bed", "inpatient_no", "admitted_at")
#: What a reply puts on the task, and what of it belongs to the reply and to the plan.
_NAMED = ("reply_id", "plan_id", "phase", "inpatient_no")
_AMENDED = "amended"
_OF_AMENDMENT: Mapping[str, tuple[str, ...]] = {
    "reply_id": ("reply_id", "phase", "inpatient_no"),
    "plan_id": ("plan_id",),
}
_PHONE = ("phone_confirmed_by", "phone_number", "phone_confirmed_at")

_RANK: Mapping[str, int] = {Urgency.ROUTINE: 0, Urgency.PRIORITY: 1, Urgency.EMERGENCY: 2}


@dataclass(frozen=True, slots=True)
class Crossed:
    """``record``: the task as it is now. ``to_send``: it holds something that the server does not.
    ``told``: ids of our events that no longer apply; a person must read of them."""

    record: Record
    to_send: bool
    told: tuple[str, ...]


def cross(mine: Record, theirs: Record, events: Mapping[str, Record]) -> Crossed:
    """Lay our waiting moves of one referral task on the task that the server holds.

    ``events``: our ``referral_event`` records by id; those named by ``mine`` and not by ``theirs``
    are the waiting ones, in the order of our list. Where two PCs of the writer sent a letter
    again, the more urgent one counts, whichever came first.
    """
    waiting = [
        events[event_id]
        for event_id in mine["event_ids"]
        if event_id not in theirs["event_ids"] and event_id in events
    ]
    letter = theirs["service"] == LETTER
    record: dict[str, Any] = dict(theirs)
    standing: list[str] = []
    told: list[str] = []
    unseen = any(event_id not in mine["event_ids"] for event_id in theirs["event_ids"])
    lifted = False
    for event in waiting:
        # The parties are those of the server's task; state and urgency go on from there.
        after, outcome = (_letter_step if letter else _service_step)(
            str(record["state"]), event, record
        )
        raised = _raises(event, mine, record)
        values, whole = _amendment(event, record) if event["move"] == _AMENDED else ({}, True)
        if outcome is Outcome.APPLIED and (whole or values):
            urgency = record["urgency"]
            record.update({name: mine[name] for name in _written_by(event, theirs)})
            record.update(values or _named(event))
            if unseen and _RANK[urgency] > _RANK[record["urgency"]]:
                record["urgency"] = urgency  # an older view lowers nothing
            record["state"] = after
            standing.append(str(event["id"]))
        elif raised:
            record["urgency"] = mine["urgency"]
            lifted = True
            if outcome is Outcome.REPEATED:
                standing.append(str(event["id"]))  # a sending of its own: it is alarmed anew
        if outcome is Outcome.CROSSED or not whole:
            told.append(str(event["id"]))
    record["event_ids"] = [*theirs["event_ids"], *standing]
    return Crossed(record, bool(standing) or lifted, tuple(told))


def _raises(event: Record, mine: Record, task: Record) -> bool:
    """Whether the letter was sent again as something more urgent than the server knows of."""
    sent = event["service"] == LETTER and event["move"] == State.SENT
    open_ = task["state"] not in FINAL and task["state"] != State.CLOSED
    return sent and open_ and _RANK[mine["urgency"]] > _RANK[task["urgency"]]


def _amendment(event: Record, task: Record) -> tuple[dict[str, Any], bool]:
    """What a corrected reply or plan puts on the task, and whether that is all of it.

    It stands in the place of the one that its writer had before them. Where another one is named
    there meanwhile, the first to reach the server stays, and the writer reads of it.
    """
    details, values, whole = event["details"], {}, True
    for name, parts in _OF_AMENDMENT.items():
        if name not in details:
            continue
        if details.get(f"replaces_{name}", task[name] or "") == (task[name] or ""):
            values.update({part: details[part] for part in parts if part in details})
        else:
            whole = False
    return values, whole


def told_fields(mine: Record, theirs: Record, told: tuple[str, ...]) -> dict[str, dict[str, Any]]:
    """What is kept for a person to read of moves that crossed: both states, and which moves."""
    return {
        "state": {"base": None, "mine": mine["state"], "theirs": theirs["state"]},
        TOLD: {"base": [], "mine": list(told), "theirs": []},
    }


def _written_by(event: Record, task: Record) -> tuple[str, ...]:
    """The fields of the task that a move writes besides the state: the sender never touches the
    receiver's booking."""
    if event["move"] in NEUTRAL:
        return _NEUTRAL_FIELDS.get(event["move"], ())
    details, target = event["details"], event["to_state"]
    if "phone_confirmed_by" in details:
        return (*_REASON, *_PHONE, "sent_at")
    if event["service"] == LETTER and target == State.SENT:
        # A letter that was approved in its own house changes hands with this move.
        return (*_REASON, "sent_at", "urgency", "owner_organisation_id")
    if event["service"] == LETTER and _side(event, task) is Side.SENDER:
        return _REASON  # cancelled, taken back, declined: nothing of the receiver's is touched
    stay = _STAY if target == State.IN_CARE else ()
    return (*_REASON, *_FIELDS_OF.get(target, ()), *(name for name in stay if name in details))


def _named(event: Record) -> dict[str, Any]:
    """The reply and the plan that a move of the letter brought along, by its own event: the task
    here may name later ones by now."""
    if event["move"] in NEUTRAL or event["service"] != LETTER:
        return {}
    details = event["details"]
    return {name: details[name] for name in _NAMED if name in details}


def _side(event: Record, task: Record) -> Side:
    sender = event["organisation_id"] == task["requester_organisation_id"]
    return Side.SENDER if sender else Side.RECEIVER


def _letter_step(state: str, event: Record, task: Record) -> tuple[str, Outcome]:
    if event["move"] in NEUTRAL:
        return state, Outcome.APPLIED
    move = Move(
        id=str(event["id"]),
        source=State(event["from_state"] or State.DRAFT),
        target=State(event["to_state"]),
        side=_side(event, task),
        urgency=Urgency(task["urgency"]),
        reason=event["reason_code"],
        phone="phone_confirmed_by" in event["details"],
    )
    after, outcome = step(State(state), move)
    return str(after), outcome


def _service_step(state: str, event: Record, task: Record) -> tuple[str, Outcome]:
    before, target = ServiceState(state), ServiceState(event["to_state"])
    if _side(event, task) is Side.RECEIVER:
        legal = target in SERVICE_ANSWERS[before]
    elif target is ServiceState.WITHDRAWN:
        legal = before in OPEN_SERVICES
    else:
        legal = before is ServiceState.WITHDRAWN and target is ServiceState.REQUESTED
    if target is ServiceState.REFUSED and before in OPEN_SERVICES:
        legal = True
    if legal:
        return str(target), Outcome.APPLIED
    return state, Outcome.REPEATED if before is target else Outcome.CROSSED
