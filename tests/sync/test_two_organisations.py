"""Two organisations and the server between them: what one writes the other can work with."""

from __future__ import annotations

from collections.abc import Callable

from app.models import records
from app.models.organisation import Organisation
from app.models.outbox import Outbox, Receipt, delivery_state
from app.models.records import KINDS
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save


def test_what_is_saved_is_held_by_the_server_after_one_sync(township: Clinic) -> None:
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    save(township.store, township.actor, *check_ins(plan, township.actor, 60))

    report = township.sync()

    assert (report.outcome, report.reason) == ("done", "")
    assert report.sent == 62
    with township.store.read() as session:
        assert session.query(Outbox).count() == 0
        delivery = delivery_state(session, "resident", resident.id)
        assert (delivery.state, delivery.held_at is not None) == ("held", True)
        receipt = session.get(Receipt, ("rehab_plan", plan.id))
        assert receipt is not None
        assert receipt.change_id == plan.change_id


def test_a_second_pc_of_the_organisation_gets_everything(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    resident = a_resident(name="钱大妈")
    plan = a_plan(resident, township.actor)
    sessions = check_ins(plan, township.actor, 450)
    save(township.store, township.actor, resident, plan, *sessions)
    township.sync()

    other = make_clinic(TOWNSHIP_ID)
    report = other.sync()

    assert report.outcome == "done"
    for kind in ("resident", "rehab_plan", "check_in"):
        with township.store.read() as session:
            every = [id_ for (id_,) in session.query(KINDS[kind].table.c.id)]
            mine = records.fetch(session, kind, every)
        with other.store.read() as session:
            assert records.fetch(session, kind, mine) == mine
    with other.store.read() as session:
        assert session.query(Outbox).count() == 0
        assert delivery_state(session, "check_in", sessions[0].id).state == "held"


def test_a_referral_reaches_the_hospital_with_its_patient_and_the_answer_comes_back(
    township: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    hospital = make_clinic(LEAD_ID)
    resident = a_resident()
    save(township.store, township.actor, resident)
    letter, task, event, service, child = a_letter(resident, township.actor)
    save(township.store, township.actor, letter, task, event, service, child)
    assert township.sync().outcome == "done"

    report = hospital.sync()
    assert report.outcome == "done"
    with hospital.store.read() as session:
        arrived = session.get(Resident, resident.id)
        assert arrived is not None
        assert arrived.name == "赵大爷"
        assert session.get(Referral, letter.id) is not None

    with hospital.store.write(hospital.actor) as session:
        row = session.get(ReferralTask, task.id)
        assert row is not None
        row.state, row.doctor, row.bed = "accepted", "李主任", "12 床"
    report = hospital.sync()
    # The answer, and the colleague who gave it: nobody had queued that record.
    assert (report.outcome, report.sent) == ("done", 2)

    report = township.sync()
    assert report.outcome == "done"
    with township.store.read() as session:
        answered = session.get(ReferralTask, task.id)
        assert answered is not None
        assert (answered.state, answered.doctor, answered.bed) == ("accepted", "李主任", "12 床")
        assert answered.organisation_id == TOWNSHIP_ID


def test_a_sync_with_nothing_new_is_one_request(township: Clinic) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    township.sync()
    township.sync()

    report = township.sync()

    assert (report.outcome, report.sent, report.received) == ("done", 0, 0)
    assert report.requests == 1


def test_the_directory_does_not_empty_what_is_known_here(township: Clinic) -> None:
    with township.store.read() as session:
        before = records.fetch(session, "organisation", [LEAD_ID, TOWNSHIP_ID])
    township.sync()
    with township.store.read() as session:
        after = records.fetch(session, "organisation", [LEAD_ID, TOWNSHIP_ID])
        for id_, values in before.items():
            changed = {k: (v, after[id_][k]) for k, v in values.items() if after[id_][k] != v}
            # The sample county is marked as such by its server.
            assert changed.keys() <= {"is_sample"}
        assert session.query(Organisation).count() >= 10
