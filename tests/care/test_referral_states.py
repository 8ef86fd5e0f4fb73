"""The state machine of a referral against the table of domain reference §6.4."""

import itertools
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from app.care.referral_states import (
    FINAL,
    MOVERS,
    RULES,
    SERVICE_ANSWERS,
    TAKEN_ON,
    Direction,
    History,
    Move,
    Outcome,
    ServiceState,
    Side,
    State,
    Urgency,
    apply_move,
    find_rule,
    legal_answers,
    legal_moves,
    may_move,
    reason_list,
    service_after,
    settle,
    step,
)
from app.models import codes

S, R = Side.SENDER, Side.RECEIVER

# The table of the standard, written out by hand: (from, to) → who may move.
TABLE: dict[tuple[str, str], str] = {
    ("draft", "internal_review"): "s",
    ("draft", "sent"): "s",
    ("draft", "deleted"): "s",
    ("internal_review", "sent"): "s",
    ("internal_review", "draft"): "s",
    ("sent", "accepted"): "r",
    ("sent", "rejected"): "r",
    ("sent", "returned"): "r",
    ("sent", "cancelled"): "s",
    ("sent", "expired"): "s",
    ("returned", "sent"): "s",
    ("returned", "cancelled"): "s",
    ("accepted", "accepted"): "r",  # a changed booking
    ("accepted", "arrived"): "r",
    ("accepted", "no_show"): "r",
    ("accepted", "cancelled"): "sr",
    ("arrived", "in_care"): "r",
    ("arrived", "replied"): "r",
    ("in_care", "replied"): "r",
    ("in_care", "closed"): "r",
    ("replied", "handed_back"): "r",
    ("replied", "closed"): "r",
    ("handed_back", "received_back"): "s",
    ("handed_back", "replied"): "s",
    ("received_back", "closed"): "s",
    ("closed", "in_care"): "sr",
    ("closed", "received_back"): "sr",
}
PHONE = {("draft", "accepted"), ("sent", "accepted")}


@pytest.mark.parametrize("side", list(Side))
@pytest.mark.parametrize("target", list(State))
@pytest.mark.parametrize("source", list(State))
@pytest.mark.parametrize("urgency", list(Urgency))
def test_every_step_for_every_party(
    source: State, target: State, side: Side, urgency: Urgency
) -> None:
    letters = TABLE.get((source.value, target.value), "")
    expected = side.value[0] in letters
    assert (find_rule(source, target, side, urgency=urgency) is not None) is expected
    by_phone = find_rule(source, target, side, urgency=urgency, phone=True) is not None
    green_channel = (
        urgency is Urgency.EMERGENCY and side is S and (source.value, target.value) in PHONE
    )
    assert by_phone is (expected or green_channel)


@pytest.mark.parametrize("state", list(State))
@pytest.mark.parametrize("side", list(Side))
def test_the_moves_offered_are_the_legal_ones(state: State, side: Side) -> None:
    offered = {rule.target for rule in legal_moves(state, side, urgency=Urgency.ROUTINE)}
    expected = {
        State(to) for (source, to), who in TABLE.items() if source == state and side[0] in who
    }
    if state is State.DRAFT:
        expected.discard(State.INTERNAL_REVIEW)  # off unless the county turns it on
    assert offered == expected


@pytest.mark.parametrize("state", sorted(FINAL))
@pytest.mark.parametrize("side", list(Side))
def test_nothing_leads_out_of_a_final_state(state: State, side: Side) -> None:
    assert legal_moves(state, side, urgency=Urgency.EMERGENCY) == ()


def test_internal_review_replaces_sending_but_never_for_an_emergency() -> None:
    reviewed = legal_moves(State.DRAFT, S, urgency=Urgency.ROUTINE, internal_review=True)
    assert [rule.target for rule in reviewed] == [State.INTERNAL_REVIEW, State.DELETED]
    emergency = legal_moves(State.DRAFT, S, urgency=Urgency.EMERGENCY, internal_review=True)
    assert [rule.target for rule in emergency] == [State.SENT, State.DELETED, State.ACCEPTED]
    assert emergency[-1].phone


def test_only_a_head_approves_and_anybody_moves_an_emergency() -> None:
    approve = find_rule(State.INTERNAL_REVIEW, State.SENT, S, urgency=Urgency.ROUTINE)
    assert approve is not None
    assert not may_move(approve, {"doctor"}, urgency=Urgency.ROUTINE)
    assert may_move(approve, {"head_of_department"}, urgency=Urgency.ROUTINE)
    accept = find_rule(State.SENT, State.ACCEPTED, R, urgency=Urgency.ROUTINE)
    assert accept is not None
    for role in MOVERS:
        assert may_move(accept, {role}, urgency=Urgency.ROUTINE)
    assert not may_move(accept, {"administrator"}, urgency=Urgency.PRIORITY)
    assert may_move(accept, {"administrator"}, urgency=Urgency.EMERGENCY)


def test_which_moves_need_a_reason_and_from_which_list() -> None:
    needing = {(rule.source, rule.target): rule.reasons for rule in RULES if rule.reasons}
    assert needing == {
        (State.SENT, State.REJECTED): "referral_reject_reason",
        (State.SENT, State.RETURNED): "referral_return_reason",
        (State.SENT, State.CANCELLED): "referral_cancel_reason",
        (State.RETURNED, State.CANCELLED): "referral_cancel_reason",
        (State.ACCEPTED, State.CANCELLED): "referral_cancel_reason",
        (State.IN_CARE, State.CLOSED): "referral_close_reason",
        (State.REPLIED, State.CLOSED): "referral_close_reason",
        (State.RECEIVED_BACK, State.CLOSED): "referral_close_reason",
        (State.HANDED_BACK, State.REPLIED): "referral_decline_reason",
        (State.CLOSED, State.IN_CARE): "referral_reopen_reason",
        (State.CLOSED, State.RECEIVED_BACK): "referral_reopen_reason",
    }
    reject = find_rule(State.SENT, State.REJECTED, R, urgency=Urgency.ROUTINE)
    assert reject is not None
    assert reason_list(reject, Direction.UP) == "referral_reject_reason"
    assert reason_list(reject, Direction.DOWN) == "referral_decline_reason"


def test_the_code_lists_hold_every_code_of_the_standard() -> None:
    def listed(name: str) -> set[str]:
        entries = codes.entries(name)
        assert all(entry.zh and entry.en for entry in entries)
        assert len({entry.code for entry in entries}) == len(entries)
        return {entry.code for entry in entries}

    assert listed("referral_state") == set(State)
    assert listed("referral_service_state") == set(ServiceState)
    assert listed("referral_urgency") == set(Urgency)
    assert listed("referral_direction") == set(Direction)
    assert listed("referral_service") == {"clinic", "examination", "bed"}
    assert listed("referral_reason") == {
        "lack_examination", "lack_treatment", "specialist_needed", "surgery_intervention",
        "condition_deteriorating", "followup_or_postop_problem", "admission_evaluation",
        "chronic_uncontrolled_twice", "adverse_drug_reaction", "new_or_worse_complication",
        "critical_signs", "patient_request", "other",
    }  # fmt: skip
    assert listed("referral_reject_reason") >= {
        "out_of_scope", "insufficient_info", "not_meet_admission", "suggest_other_dept",
        "suggest_higher_level", "resource_limited",
    }  # fmt: skip
    assert listed("referral_decline_reason") >= {
        "no_capability", "medication_shortage", "equipment_shortage", "bed_full",
        "out_of_service_area",
    }  # fmt: skip
    assert listed("referral_cancel_reason") >= {
        "form_error", "condition_changed", "patient_withdraw",
    }  # fmt: skip
    assert listed("referral_close_reason") == {
        "completed", "patient_giveup", "patient_other_hospital", "condition_changed",
        "need_higher_level", "death",
    }  # fmt: skip
    for list_name in {each.reasons for each in RULES if each.reasons}:
        assert listed(list_name)


# --- crossing moves -------------------------------------------------------------------------


def m(
    number: int, source: State, target: State, side: Side, order: int | None = None,
    reason: str | None = "form_error",
) -> Move:  # fmt: skip
    return Move(f"m{number}", source, target, side, reason=reason, order=order, local=number)


SENT = m(1, State.DRAFT, State.SENT, S, order=1)
ACCEPT = m(2, State.SENT, State.ACCEPTED, R, order=2)
CANCEL = m(3, State.SENT, State.CANCELLED, S, order=3)


def replay(*moves: Move) -> History:
    history = History()
    for move in moves:
        history = apply_move(history, move)
    return history


def test_a_cancel_that_arrives_after_the_acceptance_stands() -> None:
    history = replay(SENT, ACCEPT, CANCEL)
    assert history.state is State.CANCELLED
    assert history.crossed == ()


def test_an_acceptance_that_arrives_after_the_cancel_does_not_stand_and_is_told() -> None:
    late = m(2, State.SENT, State.ACCEPTED, R, order=4)
    history = replay(SENT, CANCEL, late)
    assert history.state is State.CANCELLED
    assert history.crossed == (late,)


def test_what_follows_a_crossed_move_is_told_too() -> None:
    arrived = m(5, State.ACCEPTED, State.ARRIVED, R, order=6)
    late = m(2, State.SENT, State.ACCEPTED, R, order=5)
    history = replay(SENT, CANCEL, late, arrived)
    assert history.state is State.CANCELLED
    assert history.crossed == (late, arrived)


def test_a_late_in_care_without_a_reason_does_not_reopen_a_closed_referral() -> None:
    arrived = m(4, State.ACCEPTED, State.ARRIVED, R, order=3)
    care = m(5, State.ARRIVED, State.IN_CARE, R, order=4)
    closed = m(6, State.IN_CARE, State.CLOSED, R, order=5, reason="death")
    late = m(7, State.ARRIVED, State.IN_CARE, R, order=6, reason=None)
    history = replay(SENT, ACCEPT, arrived, care, closed, late)
    assert history.state is State.CLOSED
    assert history.crossed == (late,)


def test_a_second_phone_acceptance_is_a_repeat_and_troubles_nobody() -> None:
    by_phone = Move(
        "p", State.SENT, State.ACCEPTED, S, urgency=Urgency.EMERGENCY, phone=True, order=3
    )
    history = replay(SENT, ACCEPT, by_phone)
    assert history.state is State.ACCEPTED
    assert history.outcomes[-1] is Outcome.REPEATED
    assert history.crossed == ()


def test_the_same_move_delivered_twice_is_one_move() -> None:
    once = replay(SENT, ACCEPT)
    assert replay(SENT, ACCEPT, ACCEPT, SENT) == once


def test_a_waiting_copy_never_replaces_the_confirmed_one() -> None:
    waiting = m(2, State.SENT, State.ACCEPTED, R)
    history = replay(SENT, ACCEPT, waiting)
    assert history.moves[1].order == 2


def test_moves_of_this_pc_that_wait_are_laid_after_what_the_server_holds() -> None:
    mine = m(1, State.SENT, State.ACCEPTED, R)
    then = m(2, State.ACCEPTED, State.ARRIVED, R)
    assert settle(State.SENT, [then, mine]) == (State.ARRIVED, ())
    assert settle(State.CANCELLED, [then, mine]) == (State.CANCELLED, (mine, then))


_moves = st.builds(
    Move,
    id=st.uuids().map(str),
    source=st.sampled_from(State),
    target=st.sampled_from(State),
    side=st.sampled_from(Side),
    urgency=st.sampled_from(Urgency),
    reason=st.sampled_from([None, "other"]),
    phone=st.booleans(),
    order=st.none(),
    local=st.just(0),
)


@given(st.lists(_moves, max_size=9), st.randoms(use_true_random=False))
def test_the_end_depends_on_the_servers_order_alone(
    moves: list[Move], shuffle: random.Random
) -> None:
    numbered = [Move(**{**_fields(move), "order": n}) for n, move in enumerate(moves)]
    mixed = numbered + shuffle.sample(numbered, len(numbered) // 2)
    shuffle.shuffle(mixed)
    assert replay(*mixed) == replay(*numbered)


def _fields(move: Move) -> dict[str, object]:
    return {name: getattr(move, name) for name in Move.__dataclass_fields__}


@given(st.sampled_from(State), _moves)
def test_a_step_either_follows_a_rule_or_changes_nothing(state: State, move: Move) -> None:
    after, outcome = step(state, move)
    if outcome is Outcome.APPLIED:
        assert find_rule(state, after, move.side, urgency=move.urgency, phone=move.phone)
    else:
        assert after is state


class TwoHouses(RuleBasedStateMachine):
    """Two houses that write offline and a server that gives the order of arrival.

    Moves are queued in each house and reach the server in each house's own order; the server's list
    reaches each house late, twice, and in any order. Once all is delivered, both agree with the
    server, and a waiting move is never shown as confirmed.
    """

    def __init__(self) -> None:
        super().__init__()
        self.ids = itertools.count()
        self.server: list[Move] = []
        self.seen: dict[Side, History] = {S: History(), R: History()}
        self.queue: dict[Side, list[Move]] = {S: [], R: []}

    @rule(side=st.sampled_from(Side), pick=st.integers(0, 20), urgent=st.booleans())
    def somebody_moves(self, side: Side, pick: int, urgent: bool) -> None:
        urgency = Urgency.EMERGENCY if urgent else Urgency.ROUTINE
        state = self.seen[side].state
        options = legal_moves(state, side, urgency=urgency)
        if not options:
            return
        chosen = options[pick % len(options)]
        number = next(self.ids)
        move = Move(
            f"{number:04}", state, chosen.target, side, urgency=urgency,
            reason="other" if chosen.reasons else None, phone=chosen.phone, local=number,
        )  # fmt: skip
        self.seen[side] = apply_move(self.seen[side], move)
        self.queue[side].append(move)
        assert self.seen[side].state is chosen.target

    @rule(side=st.sampled_from(Side))
    def one_move_reaches_the_server(self, side: Side) -> None:
        if self.queue[side]:
            move = self.queue[side].pop(0)
            self.server.append(Move(**{**_fields(move), "order": len(self.server)}))

    @rule(side=st.sampled_from(Side), data=st.data())
    def some_of_it_is_pulled(self, side: Side, data: st.DataObject) -> None:
        if self.server:
            part = data.draw(st.lists(st.sampled_from(self.server), max_size=4))
            for move in part:
                self.seen[side] = apply_move(self.seen[side], move)

    @invariant()
    def all_delivered_all_agree(self) -> None:
        truth = replay(*self.server)
        for side in Side:
            history = self.seen[side]
            for move in reversed(self.server):
                history = apply_move(history, move)
            confirmed = [move for move in history.moves if move.order is not None]
            assert confirmed == list(truth.moves)
            if not self.queue[side]:
                assert history == truth


TestTwoHouses = TwoHouses.TestCase


# --- the three priorities -------------------------------------------------------------------


@pytest.mark.parametrize("letter", list(State))
@pytest.mark.parametrize("service", list(ServiceState))
def test_priorities_are_answered_by_the_receiver_while_it_has_the_patient(
    letter: State, service: ServiceState
) -> None:
    assert legal_answers(letter, service, S) == ()
    expected = SERVICE_ANSWERS[service] if letter in TAKEN_ON else ()
    assert legal_answers(letter, service, R) == expected


def test_each_priority_goes_its_own_way() -> None:
    assert SERVICE_ANSWERS[ServiceState.REQUESTED] == (ServiceState.ARRANGED, ServiceState.REFUSED)
    assert ServiceState.USED in SERVICE_ANSWERS[ServiceState.ARRANGED]
    assert ServiceState.USED not in SERVICE_ANSWERS[ServiceState.REQUESTED]
    assert SERVICE_ANSWERS[ServiceState.REFUSED] == (ServiceState.ARRANGED,)
    assert SERVICE_ANSWERS[ServiceState.USED] == ()


@pytest.mark.parametrize(
    ("letter", "before", "after"),
    [
        (State.CANCELLED, "requested", "withdrawn"),
        (State.CANCELLED, "arranged", "withdrawn"),
        (State.CANCELLED, "used", "used"),
        (State.CANCELLED, "refused", "refused"),
        (State.EXPIRED, "requested", "withdrawn"),
        (State.NO_SHOW, "arranged", "withdrawn"),
        (State.REJECTED, "requested", "refused"),
        (State.ACCEPTED, "requested", "requested"),
        (State.RETURNED, "requested", "requested"),
    ],
)
def test_open_priorities_follow_their_letter(letter: State, before: str, after: str) -> None:
    assert service_after(letter, ServiceState(before)) == after


@pytest.mark.parametrize("role", [entry.code for entry in codes.entries("staff_role")])
def test_every_edge_for_every_role(role: str) -> None:
    """Outside an emergency: the head's two moves are the head's, all others every mover's."""
    heads = {"head_of_department", "president"}
    for edge in RULES:
        by_head = edge.source is State.INTERNAL_REVIEW
        allowed = role in heads if by_head else role in MOVERS
        for urgency in (Urgency.ROUTINE, Urgency.PRIORITY):
            assert may_move(edge, {role}, urgency=urgency) is allowed
        assert may_move(edge, {role}, urgency=Urgency.EMERGENCY)
