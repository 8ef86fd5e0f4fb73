"""Every move of one PC against every move of another, from every state they both may see.

A small model of two PCs (of two houses, or of one) and a server: both saw the same state, each made
one or two moves while apart, and both then reach the server, in either order. Whatever the order,
both end where the server is, no standing move is lost, and a person is told of exactly those moves
that no longer apply from where the server was (domain reference §6.4). A reply or a plan that was
replaced is never named again.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.care.referral_crossing import cross
from app.care.referral_states import (
    FINAL,
    NEUTRAL,
    RULES,
    SERVICE_ANSWERS,
    ServiceState,
    Side,
    State,
    Urgency,
    find_rule,
)
from app.models.records import Record
from tests.conftest import LEAD_ID, TOWNSHIP_ID

HOUSE = {Side.SENDER: TOWNSHIP_ID, Side.RECEIVER: LEAD_ID}
FIELDS = (
    "reason_code", "reason_text", "department", "doctor", "doctor_phone", "scheduled_at", "place",
    "ward", "bed", "instructions", "inpatient_no", "arrived_at", "admitted_at", "discharged_at",
    "phase", "reply_id", "plan_id", "sent_at", "phone_confirmed_by", "phone_number",
    "phone_confirmed_at",
)  # fmt: skip
REPLIED_STATES = frozenset({State.REPLIED, State.HANDED_BACK, State.RECEIVED_BACK, State.CLOSED})
#: Neutral moves and the states in which somebody makes them.
NEUTRAL_IN: dict[str, tuple[Side, frozenset[State]]] = {
    "completed": (
        Side.SENDER,
        frozenset(State) - FINAL - {State.DRAFT, State.INTERNAL_REVIEW, State.CLOSED},
    ),
    "redirected": (
        Side.RECEIVER,
        frozenset({State.SENT, State.ACCEPTED, State.ARRIVED, State.IN_CARE}),
    ),
    "discharged": (Side.RECEIVER, frozenset({State.IN_CARE})),
}
#: States in which a receiver knows of the letter: before, nothing can cross.
SHARED = sorted(set(State) - {State.DRAFT, State.INTERNAL_REVIEW, State.DELETED})


@dataclass(frozen=True)
class Step:
    """A move as one house makes it; ``name`` differs from the target for a neutral one. ``plan``:
    a plan comes with the reply, or with its amendment."""

    side: Side
    name: str
    target: State
    phone: bool = False
    plan: bool = False

    def event(
        self, source: State, number: str, urgency: Urgency, named: dict[str, str | None]
    ) -> Record:
        rule = find_rule(source, self.target, self.side, urgency=urgency, phone=self.phone)
        needs = self.name not in NEUTRAL and rule is not None and rule.reasons
        return {
            "id": f"{self.side}-{number}-{self.name}{'+plan' * self.plan}",
            "service": "letter",
            "organisation_id": HOUSE[self.side],
            "move": self.name,
            "from_state": source.value,
            "to_state": self.target.value,
            "reason_code": "other" if needs else None,
            "details": {"phone_confirmed_by": "x"} if self.phone else self._brings(number, named),
        }

    def _brings(self, number: str, named: dict[str, str | None]) -> dict[str, str]:
        """Ids of what was written with this move, as the use-cases put them into its event."""
        writes = self.name in ("replied", "handed_back") and self.side is Side.RECEIVER
        if not writes and self.name != "amended":
            return {}
        parts = ("reply_id", "plan_id") if self.plan else ("reply_id",)
        brings = {part: f"{part}-{self.side}-{number}" for part in parts}
        if self.name == "amended":
            brings |= {f"replaces_{part}": named[part] or "" for part in parts}
        return brings


def moves(state: State, side: Side, urgency: Urgency, down: bool) -> Iterator[Step]:
    """Everything that a side may do in a state, neutral moves included."""
    for rule in RULES:
        if rule.source is state and side in rule.sides:
            if rule.phone and urgency is not Urgency.EMERGENCY:
                continue
            handed = rule.target is State.HANDED_BACK
            yield Step(side, rule.target.value, rule.target, rule.phone, plan=handed)
    for name, (who, states) in NEUTRAL_IN.items():
        if who is side and state in states:
            yield Step(side, name, state)
    # Whose reply the task names: of a letter down the writer's summary, until the other side's.
    replied = state in REPLIED_STATES
    if (side is Side.RECEIVER) if replied else (down and side is Side.SENDER):
        yield Step(side, "amended", state)
        yield Step(side, "amended", state, plan=True)


def runs(
    state: State, side: Side, urgency: Urgency, down: bool = False
) -> Iterator[tuple[Step, ...]]:
    """One move, or two one after the other."""
    for first in moves(state, side, urgency, down):
        yield (first,)
        for second in moves(first.target, side, urgency, down):
            yield (first, second)


@dataclass
class House:
    """What one house holds: the task as it made it, and all events it knows."""

    task: Record
    events: dict[str, Record] = field(default_factory=dict)


def start(state: State, urgency: Urgency, down: bool = False) -> Record:
    named = down or state in REPLIED_STATES
    return {
        **dict.fromkeys(FIELDS),
        "service": "letter",
        "state": state.value,
        "urgency": urgency.value,
        "event_ids": ["before"],
        "requester_organisation_id": TOWNSHIP_ID,
        "owner_organisation_id": LEAD_ID,
        "reply_id": "first reply" if named else None,
        "plan_id": "first plan" if down else None,
    }


def act(
    state: State, run: tuple[Step, ...], urgency: Urgency, down: bool = False, pc: str = ""
) -> House:
    """A house makes its moves on what it saw."""
    house = House(start(state, urgency, down))
    at = state
    for number, each in enumerate(run):
        named = {part: house.task[part] for part in ("reply_id", "plan_id")}
        event = each.event(at, f"{pc}{number}", urgency, named)
        house.task.update({k: v for k, v in event["details"].items() if k in named})
        house.events[event["id"]] = event
        house.task["event_ids"] = [*house.task["event_ids"], event["id"]]
        house.task["state"] = each.target.value
        house.task["reason_code"] = event["reason_code"]
        at = each.target
    return house


def meet(first: House, second: House) -> tuple[Record, tuple[str, ...]]:
    """``first`` reaches the server, then ``second``: the server's end and who is told of what."""
    result = cross(second.task, first.task, second.events)
    return result.record, result.told


@dataclass(frozen=True)
class End:
    """The end by §6.4 alone: the state, what is named, the moves that stand, and those of which a
    person is told."""

    state: str
    named: dict[str, str | None]
    stand: list[str]
    told: list[str]


def expected(first: House, second: House, urgency: Urgency) -> End:
    state = State(first.task["state"])
    named = {part: first.task[part] for part in ("reply_id", "plan_id")}
    stand, told = list(first.task["event_ids"]), []
    for id_, event in second.events.items():
        target = State(event["to_state"])
        side = Side.SENDER if event["organisation_id"] == TOWNSHIP_ID else Side.RECEIVER
        details = event["details"]
        phone = "phone_confirmed_by" in details
        if event["move"] == "amended":
            # Each of its parts stands in the place of the one that its writer saw there, or not.
            parts = [part for part in named if part in details]
            fit = [part for part in parts if (named[part] or "") == details[f"replaces_{part}"]]
            named |= {part: details[part] for part in fit}
            stand += [id_] if fit else []
            told += [id_] if fit != parts else []
            continue
        if event["move"] in NEUTRAL:
            stand.append(id_)
            continue
        rule = find_rule(state, target, side, urgency=urgency, phone=phone)
        if rule is not None and (rule.reasons is None or event["reason_code"]):
            state = target
            named |= {part: details[part] for part in named if part in details}
            stand.append(id_)
        elif state is not target:
            told.append(id_)
    return End(state.value, named, stand, told)


@pytest.mark.parametrize("down", [False, True], ids=["up", "down"])
@pytest.mark.parametrize("urgency", [Urgency.ROUTINE, Urgency.EMERGENCY])
@pytest.mark.parametrize("state", SHARED)
def test_whatever_two_pcs_do_apart_both_end_alike(
    state: State, urgency: Urgency, down: bool
) -> None:
    """PCs of the two houses, and two of one house, which meet at the server in the same way."""
    # Both orders of two PCs: each pair comes once either way round.
    for sides in itertools.product(Side, repeat=2):
        pairs = itertools.product(*(runs(state, side, urgency, down) for side in sides))
        for mine, theirs in pairs:
            one = act(state, mine, urgency, down, "a")
            other = act(state, theirs, urgency, down, "b")
            about = f"{state}: {[s.name for s in mine]} × {[s.name for s in theirs]}"
            _check_meeting(one, other, state, urgency, about)


def _check_meeting(first: House, second: House, state: State, urgency: Urgency, about: str) -> None:
    record, told = meet(first, second)
    end = expected(first, second, urgency)
    assert record["state"] == end.state, about
    assert record["event_ids"] == end.stand, about
    assert list(told) == end.told, about
    assert {part: record[part] for part in end.named} == end.named, about
    # What a standing move replaced is not named any more.
    events = first.events | second.events
    gone = {
        events[id_]["details"].get(f"replaces_{part}")
        for id_ in record["event_ids"]
        for part in end.named
        if id_ in events and part in events[id_]["details"] and id_ not in told
    }
    assert not gone & {value for value in end.named.values() if value}, about
    # Nothing is lost: each move stands, is told, or repeats what the server had.
    for id_, event in second.events.items():
        repeats = event["to_state"] in _states(first, state)
        assert id_ in end.stand or id_ in end.told or repeats, about
    # The PC that came first pulls the server's task: nothing of its own waits.
    again = cross(first.task | {"event_ids": first.task["event_ids"]}, record, first.events)
    assert again.record["state"] == record["state"], about
    assert (again.told, again.to_send) == ((), False), about
    # Delivered again, the second one's moves change nothing, and nobody is told twice of a move
    # that stands.
    settled = House({**record}, second.events)
    once_more = cross(settled.task, record, settled.events)
    assert once_more.record == record, about
    assert (once_more.told, once_more.to_send) == ((), False), about


def _states(house: House, at: State) -> set[Any]:
    return {at.value, house.task["state"], *(e["to_state"] for e in house.events.values())}


def test_the_rule_of_the_standard_in_its_own_words() -> None:
    """Cancel after accept is legal, accept after cancel is not, else a person is told."""
    cancel = act(State.SENT, (Step(Side.SENDER, "cancelled", State.CANCELLED),), Urgency.ROUTINE)
    accept = act(State.SENT, (Step(Side.RECEIVER, "accepted", State.ACCEPTED),), Urgency.ROUTINE)
    record, told = meet(accept, cancel)
    assert (record["state"], told) == ("cancelled", ())
    record, told = meet(cancel, accept)
    assert (record["state"], len(told)) == ("cancelled", 1)


def test_a_receiver_that_crossed_never_changes_what_the_sender_wrote() -> None:
    """A late booking after the cancellation leaves no trace on the task."""
    cancel = act(State.SENT, (Step(Side.SENDER, "cancelled", State.CANCELLED),), Urgency.ROUTINE)
    accept = act(State.SENT, (Step(Side.RECEIVER, "accepted", State.ACCEPTED),), Urgency.ROUTINE)
    accept.task.update(bed="12 床", doctor="李主任")
    record, _ = meet(cancel, accept)
    assert record == cancel.task


#: What a sender's letter does to a priority: withdrawn with it, asked for again with a mended one.
_BY_SENDER = {
    ServiceState.REQUESTED: ServiceState.WITHDRAWN,
    ServiceState.ARRANGED: ServiceState.WITHDRAWN,
    ServiceState.WITHDRAWN: ServiceState.REQUESTED,
}


def _answer(side: Side, source: ServiceState, target: ServiceState) -> House:
    event = {
        "id": f"{side}-{target}",
        "service": "bed",
        "organisation_id": HOUSE[side],
        "move": target.value,
        "from_state": source.value,
        "to_state": target.value,
        "reason_code": None,
        "details": {},
    }
    task = start(State.SENT, Urgency.ROUTINE) | {
        "service": "bed",
        "state": target.value,
        "event_ids": ["before", event["id"]],
    }
    return House(task, {str(event["id"]): event})


@pytest.mark.parametrize("source", sorted(_BY_SENDER))
def test_each_answer_to_a_priority_against_each_change_of_the_sender(source: ServiceState) -> None:
    """A priority that was withdrawn stays so, and the desk is told of an answer that came late; a
    withdrawal takes an answer back that reached the server first, unless it is final."""
    sender = _answer(Side.SENDER, source, _BY_SENDER[source])
    for target in SERVICE_ANSWERS[source]:
        receiver = _answer(Side.RECEIVER, source, target)
        record, told = meet(sender, receiver)
        refused = target is ServiceState.REFUSED
        late = _BY_SENDER[source] is ServiceState.WITHDRAWN
        assert record["state"] == (ServiceState.WITHDRAWN if late else target)
        assert bool(told) is late
        record, told = meet(receiver, sender)
        final = refused or target is ServiceState.USED
        assert record["state"] == (target if final else ServiceState.WITHDRAWN)
        assert bool(told) is final
        again = cross(receiver.task, record, receiver.events)
        assert (again.told, again.to_send) == ((), False)
