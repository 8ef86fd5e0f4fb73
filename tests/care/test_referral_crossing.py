"""Two houses act on one referral while the link is down; the records meet at the server."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

import pytest

from app.care import referral
from app.care.referral_crossing import Crossed, cross
from app.care.referral_desk import Booking, ServiceAnswer, accept, answer_service
from app.care.referral_moves import Reason
from app.care.referral_return.stay import arrive
from app.care.referral_states import ServiceState, State
from app.care.referral_view import open_referral
from app.models import records
from app.models.actor import Actor
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for

COME = datetime(2026, 3, 4, 1, 0, tzinfo=UTC)
BOOKING = Booking("心内科", "李主任", scheduled_at=COME, bed="12 床")
CANCEL = Reason("patient_withdraw")


@dataclass
class Houses:
    township: tuple[Store, Actor]
    desk: tuple[Store, Actor]
    referral_id: str

    def task(self, house: tuple[Store, Actor], service: str = "letter") -> records.Record:
        table = records.KINDS["referral_task"].table
        with house[0].read() as session:
            query = table.select().where(
                table.c.referral_id == self.referral_id, table.c.service == service
            )
            task_id = session.execute(query).one().id
            return records.fetch(session, "referral_task", [task_id])[task_id]

    def meet(
        self,
        mine: tuple[Store, Actor],
        first: tuple[Store, Actor],
        service: str = "letter",
    ) -> Crossed:
        """``first`` reached the server; now ``mine`` is laid on it."""
        own = self.task(mine, service)
        with mine[0].read() as session:
            events = records.fetch(session, "referral_event", own["event_ids"])
        return cross(own, self.task(first, service), events)


@pytest.fixture
def houses(make_store: Callable[..., tuple[Store, Actor]]) -> Houses:
    township, desk = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    letter = letter_for(add_resident(*township))
    referral_id = referral.send(*township, letter).referral_id
    carry(township[0], desk[0])
    return Houses(township, desk, referral_id)


def test_a_cancel_after_the_acceptance_stands_and_the_booking_stays_readable(
    houses: Houses,
) -> None:
    accept(*houses.desk, houses.referral_id, BOOKING)
    referral.cancel(*houses.township, houses.referral_id, CANCEL)
    result = houses.meet(houses.township, houses.desk)
    assert result.record["state"] == "cancelled"
    assert result.record["reason_code"] == "patient_withdraw"
    assert result.record["bed"] == "12 床"
    assert len(result.record["event_ids"]) == 3
    assert result.to_send
    assert result.told == ()


def test_an_acceptance_after_the_cancel_does_not_stand_and_is_told(houses: Houses) -> None:
    accept(*houses.desk, houses.referral_id, BOOKING)
    referral.cancel(*houses.township, houses.referral_id, CANCEL)
    result = houses.meet(houses.desk, houses.township)
    theirs = houses.task(houses.township)
    assert result.record == theirs
    assert not result.to_send
    assert len(result.told) == 1


def test_both_orders_leave_the_same_state(houses: Houses) -> None:
    accept(*houses.desk, houses.referral_id, BOOKING)
    arrive(*houses.desk, houses.referral_id)
    referral.cancel(*houses.township, houses.referral_id, CANCEL)
    # The patient has arrived at the server first: too late to cancel.
    late = houses.meet(houses.township, houses.desk)
    assert late.record["state"] == "arrived"
    assert len(late.told) == 1
    # The cancel came first: neither acceptance nor arrival stands.
    early = houses.meet(houses.desk, houses.township)
    assert early.record["state"] == "cancelled"
    assert len(early.told) == 2


def test_an_acceptance_on_the_phone_and_one_at_the_desk_become_one(
    make_store: Callable[..., tuple[Store, Actor]],
) -> None:
    township, desk = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    letter = letter_for(add_resident(*township), urgency="emergency")
    referral_id = referral.send(*township, letter).referral_id
    carry(township[0], desk[0])
    houses = Houses(township, desk, referral_id)
    accept(*desk, referral_id, BOOKING)
    call = referral.PhoneConfirmation("李护士", "0564-7356120")
    referral.confirm_by_phone(*township, referral_id, call)
    by_phone_second = houses.meet(township, desk)
    assert by_phone_second.record["state"] == "accepted"
    assert by_phone_second.record["bed"] == "12 床"
    assert not by_phone_second.to_send
    assert by_phone_second.told == ()
    desk_second = houses.meet(desk, township)
    assert desk_second.record["state"] == "accepted"
    assert desk_second.record["bed"] == "12 床"
    assert desk_second.record["phone_confirmed_by"] == "李护士"
    assert desk_second.to_send
    assert desk_second.told == ()


def test_completing_the_letter_never_crosses(
    make_store: Callable[..., tuple[Store, Actor]],
) -> None:
    township, desk = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    letter = letter_for(add_resident(*township), urgency="emergency", treatment_given="")
    referral_id = referral.send(*township, letter).referral_id
    carry(township[0], desk[0])
    houses = Houses(township, desk, referral_id)
    accept(*desk, referral_id, BOOKING)
    whole = letter_for(letter.resident_id, urgency="emergency")
    referral.complete(*township, referral_id, whole)
    result = houses.meet(township, desk)
    assert result.record["state"] == "accepted"
    assert result.record["bed"] == "12 床"
    assert result.told == ()
    assert len(result.record["event_ids"]) == 3


def test_a_priority_arranged_at_the_desk_while_the_letter_was_cancelled(houses: Houses) -> None:
    accept(*houses.desk, houses.referral_id, BOOKING)
    carry(houses.desk[0], houses.township[0])
    view = open_referral(*houses.desk, houses.referral_id)
    bed = next(s.task_id for s in view.services if s.service == "bed")
    answer = ServiceAnswer(bed, ServiceState.ARRANGED, BOOKING)
    answer_service(*houses.desk, houses.referral_id, answer)
    referral.cancel(*houses.township, houses.referral_id, CANCEL)
    arranged_late = houses.meet(houses.desk, houses.township, "bed")
    assert arranged_late.record["state"] == "withdrawn"
    assert len(arranged_late.told) == 1
    withdrawn_late = houses.meet(houses.township, houses.desk, "bed")
    assert withdrawn_late.record["state"] == "withdrawn"
    assert withdrawn_late.told == ()


def test_nothing_waiting_changes_nothing(houses: Houses) -> None:
    result = houses.meet(houses.desk, houses.township)
    assert result == Crossed(houses.task(houses.township), False, ())


def test_a_move_that_took_no_effect_stays_in_the_history_and_says_so(houses: Houses) -> None:
    accept(*houses.desk, houses.referral_id, BOOKING)
    referral.cancel(*houses.township, houses.referral_id, CANCEL)
    result = houses.meet(houses.desk, houses.township)
    with houses.desk[0].apply_remote() as session:
        records.put(session, "referral_task", [result.record])
    view = open_referral(*houses.desk, houses.referral_id)
    assert view.state is State.CANCELLED
    crossed = [event for event in view.events if not event.standing]
    assert [event.to_state for event in crossed] == ["accepted"]


def _event(kind: str, target: str, organisation: str, **values: object) -> records.Record:
    return {
        "id": f"event-{kind}",
        "service": "letter",
        "organisation_id": organisation,
        "move": kind,
        "from_state": values.pop("source", target),
        "to_state": target,
        "reason_code": values.pop("reason", None),
        "details": values.pop("details", {}),
        **values,
    }


def _letter_task(state: str, **values: object) -> records.Record:
    names = (
        "reason_code", "reason_text", "department", "doctor", "doctor_phone", "scheduled_at",
        "place", "ward", "bed", "instructions", "inpatient_no", "arrived_at", "admitted_at",
        "discharged_at", "phase", "reply_id", "plan_id", "sent_at",
    )  # fmt: skip
    return {
        **dict.fromkeys(names),
        "service": "letter",
        "state": state,
        "urgency": "routine",
        "event_ids": [],
        "requester_organisation_id": TOWNSHIP_ID,
        "owner_organisation_id": LEAD_ID,
        **values,
    }


@pytest.mark.parametrize(
    ("move", "source", "target", "written"),
    [
        ("arrived", "accepted", "arrived", {"arrived_at"}),
        (
            "in_care",
            "arrived",
            "in_care",
            {"admitted_at", "ward", "bed", "inpatient_no", "department", "doctor"},
        ),
        ("in_care", "arrived", "in_care", {"admitted_at", "ward"}),
        ("in_care", "arrived", "in_care", set()),
        ("replied", "in_care", "replied", {"reply_id", "plan_id"}),
        ("replied", "in_care", "replied", {"reply_id"}),
        ("handed_back", "replied", "handed_back", {"reply_id", "plan_id", "phase"}),
        ("redirected", "in_care", "in_care", {"department"}),
        ("discharged", "in_care", "in_care", {"discharged_at"}),
        ("amended", "replied", "replied", {"reply_id", "plan_id", "phase"}),
        ("amended", "replied", "replied", {"reply_id"}),
    ],
)
def test_a_late_move_of_the_desk_brings_what_it_noted_and_nothing_else(
    move: str, source: str, target: str, written: set[str]
) -> None:
    """What is neither in the move's event nor of its kind may be newer on the server."""
    theirs = _letter_task(source, event_ids=["theirs"])
    noted = {name: f"mine {name}" for name in theirs if theirs[name] is None}
    details = {name: noted[name] for name in written}
    event = _event(move, target, LEAD_ID, source=source, details=details)
    mine = _letter_task(target, event_ids=[event["id"]], **noted)
    crossed = cross(mine, theirs, {event["id"]: event})
    assert crossed.told == ()
    assert crossed.record["state"] == target
    taken = {name for name in noted if crossed.record[name] is not None}
    assert taken - {"reason_code", "reason_text"} == written | _ALWAYS.get(move, set())
    assert {name: crossed.record[name] for name in taken} == {n: noted[n] for n in taken}


#: Of these moves the task itself says what they wrote: a reopened stay has no discharge.
_ALWAYS = {"in_care": {"discharged_at"}}


def test_declining_a_hand_back_keeps_the_reply_that_was_amended_meanwhile() -> None:
    event = _event("replied", "replied", TOWNSHIP_ID, source="handed_back", reason="bed_full")
    mine = _letter_task("replied", event_ids=[event["id"]], reply_id="old", reason_code="bed_full")
    theirs = _letter_task("handed_back", event_ids=["amended"], reply_id="new")
    crossed = cross(mine, theirs, {event["id"]: event})
    assert crossed.record["state"] == "replied"
    assert crossed.record["reply_id"] == "new"
    assert crossed.record["reason_code"] == "bed_full"
    assert crossed.record["event_ids"] == ["amended", event["id"]]


@pytest.mark.parametrize("move", ["redirected", "discharged", "amended", "completed"])
def test_a_neutral_move_takes_no_later_state_away(move: str) -> None:
    event = _event(move, "in_care", LEAD_ID)
    mine = _letter_task("in_care", event_ids=[event["id"]])
    theirs = _letter_task("closed", event_ids=["theirs"])
    crossed = cross(mine, theirs, {event["id"]: event})
    assert crossed.record["state"] == "closed"
    assert crossed.told == ()
    assert crossed.to_send


def _sent_again(urgency: str, pc: str) -> tuple[records.Record, dict[str, records.Record]]:
    """A returned letter as one PC of the township sends it again."""
    event = _event("sent", "sent", TOWNSHIP_ID, source="returned") | {"id": f"sent-{pc}"}
    return _letter_task("sent", urgency=urgency, event_ids=["returned", event["id"]]), {
        event["id"]: event
    }


@pytest.mark.parametrize("first", ["routine", "emergency"])
def test_of_two_pcs_that_send_a_letter_again_the_emergency_counts(first: str) -> None:
    """Whichever reaches the server first; and it is a sending of its own, so it is alarmed."""
    second = "emergency" if first == "routine" else "routine"
    theirs, _ = _sent_again(first, "a")
    mine, events = _sent_again(second, "b")
    crossed = cross(mine, theirs, events)
    assert crossed.record["urgency"] == "emergency"
    assert crossed.record["state"] == "sent"
    assert crossed.told == ()
    raised = second == "emergency"
    assert crossed.to_send is raised
    assert ("sent-b" in crossed.record["event_ids"]) is raised


def test_the_yes_on_the_phone_to_a_letter_that_became_an_emergency_stands() -> None:
    """The other PC's routine letter came first: the urgency of the waiting move counts for the next
    one of this PC."""
    theirs, _ = _sent_again("routine", "a")
    mine, events = _sent_again("emergency", "b")
    details = {"phone_confirmed_by": "李护士", "phone_number": "0564", "phone_confirmed_at": "x"}
    call = _event("accepted", "accepted", TOWNSHIP_ID, source="sent", details=details)
    mine = mine | {"state": "accepted", "phone_confirmed_by": "李护士", "phone_number": "0564"}
    mine["phone_confirmed_at"] = "x"
    mine["event_ids"] = [*mine["event_ids"], call["id"]]
    crossed = cross(mine, theirs, events | {call["id"]: call})
    assert (crossed.record["state"], crossed.record["urgency"]) == ("accepted", "emergency")
    assert crossed.record["phone_confirmed_by"] == "李护士"
    assert crossed.told == ()


def test_a_letter_that_was_accepted_meanwhile_becomes_the_emergency_that_it_is() -> None:
    theirs = _letter_task("accepted", event_ids=["returned", "sent-a", "accepted"])
    mine, events = _sent_again("emergency", "b")
    crossed = cross(mine, theirs, events)
    assert (crossed.record["state"], crossed.record["urgency"]) == ("accepted", "emergency")
    assert crossed.to_send
    assert crossed.told == ("sent-b",)
    ended = cross(mine, theirs | {"state": "cancelled"}, events)
    assert (ended.record["urgency"], ended.to_send) == ("routine", False)


def test_an_older_view_never_lowers_an_emergency() -> None:
    """Sent again as an emergency and returned once more; the other PC's routine letter, written
    before, arrives now. Whoever knew all of it may lower it."""
    seen = ["returned", "sent-a", "returned-2"]
    theirs = _letter_task("returned", urgency="emergency", event_ids=seen)
    mine, events = _sent_again("routine", "b")
    crossed = cross(mine, theirs, events)
    assert (crossed.record["state"], crossed.record["urgency"]) == ("sent", "emergency")
    knowing = mine | {"event_ids": [*seen, "sent-b"]}
    assert cross(knowing, theirs, events).record["urgency"] == "routine"
