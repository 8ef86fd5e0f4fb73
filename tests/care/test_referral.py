"""The writer's use-cases on a real store: one action, one transaction, a move with its event."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from sqlalchemy import func, select

from app.care import referral, referral_desk
from app.care.referral import PhoneConfirmation
from app.care.referral_drafts import DRAFT_FORM, load_draft, save_draft
from app.care.referral_letter import LetterInput, ServiceWish
from app.care.referral_moves import Reason
from app.care.referral_states import State
from app.care.referral_view import open_referral
from app.clock import FixedClock
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.drafts import discard_draft
from app.models.outbox import Outbox
from app.models.referral import Referral, ReferralEvent, ReferralService, ReferralTask
from app.models.store import Store
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for

MakeStore = Callable[..., tuple[Store, Actor]]


@pytest.fixture
def resident_id(store: Store, actor: Actor) -> str:
    return add_resident(store, actor)


def count(store: Store, model: type) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_a_sent_letter_is_stored_whole_with_its_priorities_states_and_events(
    store: Store, actor: Actor, resident_id: str, clock: FixedClock
) -> None:
    written = referral.send(store, actor, letter_for(resident_id))
    assert written.state is State.SENT
    assert written.referral_no == "白塔畈卫生院-20260302-001"
    with store.read() as session:
        letter = session.scalars(select(Referral)).one()
        assert letter.id == written.referral_id
        assert letter.to_organisation_id == LEAD_ID  # the own lead hospital, by itself
        assert letter.from_organisation_id == TOWNSHIP_ID
        assert letter.from_doctor_name == actor.name
        assert letter.direction == "up"
        assert letter.vitals == {"sbp": 172, "dbp": 98, "heart_rate": 82, "glucose": 8.6}
        assert letter.is_sample
        tasks = session.scalars(select(ReferralTask).order_by(ReferralTask.id)).all()
        main, *children = tasks
        assert (main.service, main.state, main.request_id) == ("letter", "sent", letter.id)
        assert main.sent_at == clock.now()
        assert [(t.service, t.state, t.part_of_id) for t in children] == [
            ("clinic", "requested", main.id),
            ("examination", "requested", main.id),
            ("bed", "requested", main.id),
        ]
        assert {t.owner_organisation_id for t in tasks} == {LEAD_ID}
        assert {t.requester_organisation_id for t in tasks} == {TOWNSHIP_ID}
        wishes = session.scalars(select(ReferralService).order_by(ReferralService.id)).all()
        assert [w.id for w in wishes] == [t.request_id for t in children]
        event = session.scalars(select(ReferralEvent)).one()
        assert main.event_ids == [event.id]
        assert (event.from_state, event.to_state) == ("draft", "sent")
        assert (event.organisation_id, event.author_id) == (TOWNSHIP_ID, actor.staff_id)
        assert (event.actor_name, event.occurred_at) == (actor.name, clock.now())


def test_the_letter_is_queued_in_the_referral_lane_and_an_emergency_before_all(
    store: Store, actor: Actor, resident_id: str
) -> None:
    def lanes() -> dict[tuple[str, str], int]:
        with store.read() as session:
            rows = session.scalars(select(Outbox))
            return {(row.kind, row.record_id): row.lane for row in rows}

    referral.send(store, actor, letter_for(resident_id))
    routine = lanes()
    assert {kind for kind, _ in routine} == {
        "referral", "referral_service", "referral_task", "referral_event",
    }  # fmt: skip
    assert set(routine.values()) == {1}
    referral.send(store, actor, letter_for(resident_id, urgency="emergency"))
    added = {key: lane for key, lane in lanes().items() if key not in routine}
    assert len(added) == 9  # letter, four tasks, three services, one event
    assert set(added.values()) == {0}


def test_numbers_count_the_letters_of_the_day(
    store: Store, actor: Actor, resident_id: str, clock: FixedClock
) -> None:
    first, second = (referral.send(store, actor, letter_for(resident_id)) for _ in range(2))
    assert first.referral_no.endswith("-20260302-001")
    assert second.referral_no.endswith("-20260302-002")
    clock.advance(hours=15)  # past midnight at the clinic, still the same day in UTC
    assert referral.send(store, actor, letter_for(resident_id)).referral_no.endswith(
        "-20260303-001"
    )


def test_numbers_go_on_after_999(store: Store, actor: Actor, resident_id: str) -> None:
    written = referral.send(store, actor, letter_for(resident_id))
    with store.write(actor) as session:
        row = session.get(Referral, written.referral_id)
        assert row is not None
        row.referral_no = "白塔畈卫生院-20260302-999"
    assert referral.send(store, actor, letter_for(resident_id)).referral_no.endswith("-1000")
    assert referral.send(store, actor, letter_for(resident_id)).referral_no.endswith("-1001")


def test_a_letter_that_lacks_something_stores_nothing(
    store: Store, actor: Actor, resident_id: str
) -> None:
    with pytest.raises(InputError) as caught:
        referral.send(store, actor, LetterInput(resident_id))
    assert set(caught.value.problems) == {
        "impression", "present_history", "past_history", "treatment_given", "reason_codes",
        "consent",
    }  # fmt: skip
    assert all(text for text in caught.value.problems.values())
    assert count(store, Referral) == count(store, ReferralTask) == count(store, Outbox) == 0


def test_an_emergency_goes_with_nothing_filled_in(
    store: Store, actor: Actor, resident_id: str
) -> None:
    written = referral.send(store, actor, LetterInput(resident_id, urgency="emergency"))
    view = open_referral(store, actor, written.referral_id)
    assert view.letter.consent == "later"
    assert set(view.to_complete) == {
        "impression", "present_history", "past_history", "treatment_given", "reason_codes",
        "consent",
    }  # fmt: skip
    assert view.sent_at is not None
    assert view.complete_by == view.sent_at + timedelta(hours=24)


def test_wrong_receivers_and_residents_are_refused(
    store: Store, actor: Actor, resident_id: str, make_store: MakeStore
) -> None:
    for receiver in (TOWNSHIP_ID, "not-in-the-directory"):
        with pytest.raises(InputError) as caught:
            referral.send(store, actor, letter_for(resident_id, to_organisation_id=receiver))
        assert set(caught.value.problems) == {"to_organisation_id"}
    with pytest.raises(NotFound):
        referral.send(store, actor, letter_for("nobody"))
    dead = add_resident(store, actor, "已故者", record_status="deceased")
    with pytest.raises(InputError) as caught:
        referral.send(store, actor, letter_for(dead))
    assert set(caught.value.problems) == {"resident_id"}
    assert count(store, Referral) == 0
    to_care_home = letter_for(resident_id, to_organisation_id=CARE_HOME_ID)
    with pytest.raises(InputError) as caught:
        referral.send(store, actor, to_care_home)
    assert "services" in caught.value.problems
    to_care_home = letter_for(
        resident_id,
        to_organisation_id=CARE_HOME_ID,
        reason_codes=("chronic_management",),
        services=(),
    )
    written = referral.send(store, actor, to_care_home)
    assert open_referral(store, actor, written.referral_id).to_name == "白塔畈镇医养康中心"


def test_a_role_that_may_not_refer_is_stopped_but_not_in_an_emergency(
    store: Store, actor: Actor, resident_id: str
) -> None:
    clerk = replace(actor, roles=frozenset({"administrator"}))
    with pytest.raises(NotAllowed):
        referral.send(store, clerk, letter_for(resident_id))
    assert count(store, Referral) == 0
    written = referral.send(store, clerk, letter_for(resident_id, urgency="emergency"))
    assert written.state is State.SENT


def test_a_draft_stays_here_until_it_is_sent(store: Store, actor: Actor, resident_id: str) -> None:
    letter = letter_for(resident_id, impression="")
    save_draft(store, actor, letter)
    assert load_draft(store, actor, resident_id) == letter
    assert count(store, Referral) == count(store, Outbox) == 0
    referral.send(store, actor, replace(letter, impression="高血压"))
    assert load_draft(store, actor, resident_id) is None
    save_draft(store, actor, letter)
    discard_draft(store, actor, DRAFT_FORM, resident_id)
    assert load_draft(store, actor, resident_id) is None


# --- green channel --------------------------------------------------------------------------


CALL = PhoneConfirmation("急诊科 李护士", "0564-7356120", datetime(2026, 3, 2, 1, 20, tzinfo=UTC))


def test_phone_first_form_later(store: Store, actor: Actor, resident_id: str) -> None:
    letter = LetterInput(resident_id, urgency="emergency")
    written = referral.send_confirmed(store, actor, letter, CALL)
    assert written.state is State.ACCEPTED
    view = open_referral(store, actor, written.referral_id)
    assert (view.phone_confirmed_by, view.phone_number) == ("急诊科 李护士", "0564-7356120")
    (event,) = view.events
    assert (event.from_state, event.to_state) == ("draft", "accepted")
    assert event.details == {
        "phone_confirmed_by": "急诊科 李护士",
        "phone_number": "0564-7356120",
        "phone_confirmed_at": "2026-03-02T01:20:00.000Z",
    }


def test_a_call_says_who_answered_and_on_which_number(
    store: Store, actor: Actor, resident_id: str
) -> None:
    letter = LetterInput(resident_id, urgency="emergency")
    with pytest.raises(InputError) as caught:
        referral.send_confirmed(store, actor, letter, PhoneConfirmation(" ", "12"))
    assert set(caught.value.problems) == {"answered_by", "number"}
    with pytest.raises(InputError) as caught:
        referral.send_confirmed(store, actor, letter_for(resident_id), CALL)
    assert set(caught.value.problems) == {"urgency"}
    assert count(store, Referral) == 0


def test_an_unanswered_emergency_letter_is_confirmed_by_phone_a_routine_one_is_not(
    store: Store, actor: Actor, resident_id: str
) -> None:
    urgent = referral.send(store, actor, letter_for(resident_id, urgency="emergency"))
    assert referral.confirm_by_phone(store, actor, urgent.referral_id, CALL).state is State.ACCEPTED
    routine = referral.send(store, actor, letter_for(resident_id))
    with pytest.raises(InputError):
        referral.confirm_by_phone(store, actor, routine.referral_id, CALL)
    assert open_referral(store, actor, routine.referral_id).state is State.SENT


def test_an_emergency_letter_is_completed_afterwards(
    store: Store, actor: Actor, resident_id: str
) -> None:
    sent = referral.send(store, actor, LetterInput(resident_id, urgency="emergency"))
    whole = letter_for(resident_id, urgency="emergency")
    referral.complete(store, actor, sent.referral_id, whole)
    view = open_referral(store, actor, sent.referral_id)
    assert view.state is State.SENT
    assert view.to_complete == ()
    assert view.letter.impression == whole.impression
    assert [s.service for s in view.services] == ["clinic", "examination", "bed"]
    assert [event.move for event in view.events] == ["sent", "completed"]
    routine = referral.send(store, actor, letter_for(resident_id))
    with pytest.raises(InputError):
        referral.complete(store, actor, routine.referral_id, whole)
    with pytest.raises(InputError):  # an emergency does not become routine on the way
        referral.complete(store, actor, sent.referral_id, letter_for(resident_id))


# --- returned, cancelled, expired ------------------------------------------------------------


@pytest.fixture
def desk(make_store: MakeStore) -> tuple[Store, Actor]:
    return make_store(LEAD_ID, "desk")


def returned(
    store: Store, actor: Actor, resident_id: str, desk: tuple[Store, Actor]
) -> referral.Written:
    written = referral.send(store, actor, letter_for(resident_id))
    carry(store, desk[0])
    referral_desk.return_for_more(
        *desk, written.referral_id, Reason("missing_results", "请补心电图")
    )
    carry(desk[0], store)
    return written


def test_a_returned_letter_is_mended_and_sent_again_under_its_number(
    store: Store, actor: Actor, resident_id: str, desk: tuple[Store, Actor], clock: FixedClock
) -> None:
    written = returned(store, actor, resident_id, desk)
    view = open_referral(store, actor, written.referral_id)
    assert (view.state, view.reason_code, view.reason_text) == (
        State.RETURNED, "missing_results", "请补心电图",
    )  # fmt: skip
    clock.advance(hours=1)
    mended = replace(
        view.letter,
        last_results="心电图：窦性心律",
        services=(ServiceWish("clinic", "改为普通门诊"), ServiceWish("bed")),
    )
    again = referral.resend(store, actor, written.referral_id, mended)
    assert again.referral_no == written.referral_no
    view = open_referral(store, actor, written.referral_id)
    assert view.state is State.SENT
    assert view.letter.last_results == "心电图：窦性心律"
    assert view.sent_at == clock.now()
    assert view.since == clock.now()
    assert view.reason_code == ""
    states = {s.service: (s.state, s.request) for s in view.services}
    assert states == {
        "clinic": ("requested", "改为普通门诊"),
        "examination": ("withdrawn", "24 小时动态血压、心脏彩超"),
        "bed": ("requested", ""),
    }
    letter_moves = [e.to_state for e in view.events if e.service == "letter"]
    assert letter_moves == ["sent", "returned", "sent"]


def test_only_a_returned_letter_is_sent_again(store: Store, actor: Actor, resident_id: str) -> None:
    written = referral.send(store, actor, letter_for(resident_id))
    with pytest.raises(InputError):
        referral.resend(store, actor, written.referral_id, letter_for(resident_id))


def test_cancelling_needs_a_reason_and_takes_open_priorities_along(
    store: Store, actor: Actor, resident_id: str
) -> None:
    written = referral.send(store, actor, letter_for(resident_id))
    for reason, field in (
        (Reason(), "reason"),
        (Reason("no_such_reason"), "reason"),
        (Reason("out_of_scope"), "reason"),  # a reason of another list
        (Reason("other"), "reason_text"),
    ):
        with pytest.raises(InputError) as caught:
            referral.cancel(store, actor, written.referral_id, reason)
        assert set(caught.value.problems) == {field}
    assert open_referral(store, actor, written.referral_id).state is State.SENT
    referral.cancel(store, actor, written.referral_id, Reason("patient_withdraw", "家属商量后不去"))
    view = open_referral(store, actor, written.referral_id)
    assert view.state is State.CANCELLED
    assert {s.state for s in view.services} == {"withdrawn"}
    assert view.moves == ()
    last = [e for e in view.events if e.service == "letter"][-1]
    assert (last.reason_code, last.reason_text) == ("patient_withdraw", "家属商量后不去")
    with pytest.raises(InputError):
        referral.cancel(store, actor, written.referral_id, Reason("form_error"))


def test_a_letter_expires_only_by_a_person_and_only_after_its_time(
    store: Store, actor: Actor, resident_id: str, clock: FixedClock
) -> None:
    written = referral.send(store, actor, letter_for(resident_id))
    clock.advance(hours=24 + 72)
    assert State.EXPIRED not in {
        m.target for m in open_referral(store, actor, written.referral_id).moves
    }
    with pytest.raises(InputError):
        referral.expire(store, actor, written.referral_id)
    clock.advance(seconds=1)
    view = open_referral(store, actor, written.referral_id)
    assert view.state is State.SENT  # the clock alone changes nothing
    assert State.EXPIRED in {m.target for m in view.moves}
    assert referral.expire(store, actor, written.referral_id).state is State.EXPIRED


def test_a_failing_move_leaves_no_event(store: Store, actor: Actor, resident_id: str) -> None:
    written = referral.send(store, actor, letter_for(resident_id))
    with pytest.raises(InputError):
        referral.advance(store, actor, written.referral_id, State.ARRIVED)  # not the sender's
    assert count(store, ReferralEvent) == 1


def test_an_organisation_outside_the_referral_cannot_see_it(
    store: Store, actor: Actor, resident_id: str, make_store: MakeStore
) -> None:
    written = referral.send(store, actor, letter_for(resident_id))
    home, nurse = make_store(CARE_HOME_ID, "home")
    carry(store, home)
    with pytest.raises(NotFound):
        open_referral(home, nurse, written.referral_id)
    with pytest.raises(NotFound):
        referral.cancel(home, nurse, written.referral_id, Reason("form_error"))
