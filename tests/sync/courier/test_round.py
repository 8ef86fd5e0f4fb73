"""A file out, a reply back: what the network would have done."""

from __future__ import annotations

from collections.abc import Callable

from app.models.outbox import Outbox, Receipt, delivery_state
from app.models.referral import ReferralTask
from app.models.resident import Resident
from app.models.store import Store
from app.sync import courier
from app.sync.status import read_status
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save


def _waiting(store: Store) -> int:
    with store.read() as session:
        return session.query(Outbox).count()


def test_what_waits_is_held_after_the_reply_and_not_before(
    township: PC, hospital: Hospital
) -> None:
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    rows = check_ins(plan, township.actor, 120)
    save(township.store, township.actor, resident, plan, *rows)

    exported = courier.export_file(township.store, township.actor, township.drive / "a.courier")
    assert (exported.records, exported.emergency, exported.set_aside) == (122, 0, 0)
    assert exported.size == exported.path.stat().st_size
    status = read_status(township.store)
    assert status.waiting == 122
    assert not status.all_held
    standing = courier.standing(township.store)
    assert standing.still_open == 122
    assert standing.ready
    assert standing.exported_at is not None
    assert standing.replied_at is None
    with township.store.read() as session:
        assert session.query(Receipt).count() == 0

    taken = hospital.take_in(exported.path, township.drive / "r.courier")
    assert (taken.taken, taken.refused, taken.held_back) == (122, 0, 0)
    assert _waiting(township.store) == 122
    assert len(hospital.records()) == 122

    told = township.take_in(township.drive / "r.courier")
    assert (told.confirmed, told.rejected, told.conflicts, told.number) == (122, 0, 0, 1)
    assert read_status(township.store).all_held
    standing = courier.standing(township.store)
    assert standing.still_open == 0
    assert standing.replied_at is not None
    with township.store.read() as session:
        assert {row.via for row in session.query(Receipt)} == {"courier"}
        state = delivery_state(session, "check_in", rows[0].id)
    assert state.state == "held"
    assert state.held_at is not None


def test_an_emergency_stands_first_in_the_file(township: PC, hospital: Hospital) -> None:
    resident, other = a_resident(), a_resident()
    plan = a_plan(other, township.actor)
    save(township.store, township.actor, other, plan, *check_ins(plan, township.actor, 200))
    letter = a_letter(resident, township.actor, urgency="emergency")
    save(township.store, township.actor, resident, *letter)
    township.round(hospital)
    (first,) = hospital.rows(
        "SELECT max(updated) FROM resource WHERE type IN ('Task', 'ServiceRequest')"
    )
    (rest,) = hospital.rows("SELECT min(updated) FROM resource WHERE type = 'Procedure'")
    assert first < rest


def test_a_referral_its_answer_and_the_news_travel_by_stick(
    township: PC, lead: PC, hospital: Hospital
) -> None:
    resident = a_resident(note="头晕三天")
    letter = a_letter(resident, township.actor)
    save(township.store, township.actor, resident, *letter)
    township.round(hospital)

    told = lead.round(hospital)
    assert told.received >= len(letter)
    with lead.store.read() as session:
        task = session.get(ReferralTask, letter[1].id)
        assert task is not None
        assert session.get(Resident, resident.id) is not None, "the person comes along"
    with lead.store.write(lead.actor) as session:
        row = session.get(ReferralTask, letter[1].id)
        assert row is not None
        row.state = "accepted"
    told = lead.round(hospital)
    assert told.confirmed >= 1, "the Task, and who moved it"
    assert not told.rejected

    told = township.round(hospital)
    assert told.received >= 1
    with township.store.read() as session:
        row = session.get(ReferralTask, letter[1].id)
        assert row is not None
        assert row.state == "accepted"
    assert township.round(hospital).received == 0, "nothing comes twice"


def test_two_pcs_of_one_organisation_come_to_hold_the_same(
    make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    one, other = make_pc(TOWNSHIP_ID), make_pc(TOWNSHIP_ID)
    resident = a_resident()
    plan = a_plan(resident, one.actor)
    save(one.store, one.actor, resident, plan, *check_ins(plan, one.actor, 30))
    one.round(hospital)
    assert other.round(hospital).received >= 32
    with other.store.write(other.actor) as session:
        row = session.get(Resident, resident.id)
        assert row is not None
        row.phone = "13900000002"
    assert other.round(hospital).confirmed == 1
    one.round(hospital)
    with one.store.read() as session:
        row = session.get(Resident, resident.id)
        assert row is not None
        assert row.phone == "13900000002"


def test_nobody_else_may_see_what_a_file_asks_for(
    township: PC, make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    save(township.store, township.actor, a_resident())
    township.round(hospital)
    stranger = make_pc(LEAD_ID)
    stranger.round(hospital)
    with stranger.store.read() as session:
        assert session.query(Resident).count() == 0
