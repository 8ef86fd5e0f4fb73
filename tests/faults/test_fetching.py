"""What may go wrong while news is fetched. G4, G5, G12, G13."""

from __future__ import annotations

import signal
from collections.abc import Callable

import pytest

from app.models.outbox import ServerCopy
from app.models.rehab import CheckIn
from app.models.store import Store
from app.sync import state
from app.sync.enrol import change_address
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.killing import run_in_a_process
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save
from tests.sync.proxy import Proxy


@pytest.fixture
def full_server(township: Clinic) -> Clinic:
    """The server holds 1,000 check-ins of the township."""
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    save(township.store, township.actor, *check_ins(plan, township.actor, 1000))
    assert township.sync().outcome == "done"
    return township


def _check_ins(store: Store) -> int:
    with store.read() as session:
        return session.query(CheckIn).count()


def test_g06_a_first_load_that_is_cut_goes_on_where_it_stopped(
    full_server: Clinic, make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    proxy.choose = lambda seen: faults.PASS if seen.number < 3 else faults.CUT_BEFORE
    report = clinic.sync()
    assert report.outcome == "offline"
    first = _check_ins(clinic.store)
    assert 0 < first < 1000

    proxy.choose = lambda seen: faults.PASS
    report = clinic.sync()
    assert report.outcome == "done"
    assert _check_ins(clinic.store) == 1000
    # Progress never goes backwards: the second run brought only what was missing.
    assert report.received == 1000 - first


@pytest.mark.kill
def test_g04_a_process_killed_while_it_fetches_has_cursor_and_rows_together(
    full_server: Clinic, make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    code = run_in_a_process(clinic.store, lambda kill: setattr(proxy, "after", kill), 3)
    assert code == -signal.SIGKILL

    with clinic.store.read() as session:
        copies = session.query(ServerCopy).filter_by(resource_type="Procedure").count()
        assert copies == session.query(CheckIn).count()
        cursor = state.load(session, "cursor:Procedure:_tag").get("at")
        newest = (
            session.query(ServerCopy.last_updated)
            .filter_by(resource_type="Procedure")
            .order_by(ServerCopy.last_updated.desc())
            .limit(1)
            .scalar()
        )
        assert cursor is None or cursor <= newest
    proxy.after = lambda seen: None
    assert clinic.sync().outcome == "done"
    assert _check_ins(clinic.store) == 1000


def test_g05_a_record_committed_late_with_an_earlier_time_is_found_by_the_sweep(
    full_server: Clinic, make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    clinic = make_clinic(TOWNSHIP_ID)
    clinic.sync()
    # As if the cursor had passed a row that became visible only afterwards.
    with clinic.store.apply_remote() as session:
        gone = session.query(CheckIn).limit(1).one().id
        session.query(CheckIn).filter_by(id=gone).delete()
        session.query(ServerCopy).filter_by(resource_id=gone).delete()
    assert clinic.sync().received == 0
    with clinic.store.apply_remote() as session:
        clock = state.load(session, state.CLOCK)
        clock["swept"] = clock["swept"].replace("2026", "2025", 1)
        state.save(session, state.CLOCK, clock)
    report = clinic.sync()
    assert (report.outcome, report.received) == ("done", 1)
    assert _check_ins(clinic.store) == 1000


def test_g05_a_server_clock_that_steps_back_is_noticed_and_everything_compared(
    full_server: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    clinic = make_clinic(TOWNSHIP_ID)
    clinic.sync()
    with clinic.store.apply_remote() as session:
        gone = session.query(CheckIn).limit(1).one().id
        session.query(CheckIn).filter_by(id=gone).delete()
        session.query(ServerCopy).filter_by(resource_id=gone).delete()
        # Seen from here the server was in the year 2099 before.
        clock = state.load(session, state.CLOCK)
        clock["seen"] = clock["swept"] = clock["compared"] = "2099-01-01T00:00:00.000000Z"
        state.save(session, state.CLOCK, clock)
        for key in ("cursor:Procedure:_tag", "cursor:Patient:_tag"):
            state.save(session, key, {"at": "2099-01-01T00:00:00.000000Z"})
    clinic.engine.close()
    report = clinic.sync()
    assert (report.outcome, report.received) == ("done", 1)
    with clinic.store.read() as session:
        assert state.load(session, "cursor:Procedure:_tag")["at"] < "2099"


def test_g12_a_lying_pc_clock_changes_nothing(
    full_server: Clinic, make_clinic: Callable[..., Clinic], clock: object
) -> None:
    from app.clock import FixedClock

    assert isinstance(clock, FixedClock)
    clock.advance(days=-3650)
    clinic = make_clinic(TOWNSHIP_ID)
    assert clinic.sync().outcome == "done"
    clock.advance(days=7300)
    plan_resident = a_resident(name="周八")
    save(full_server.store, full_server.actor, plan_resident)
    full_server.sync()
    report = clinic.sync()
    assert (report.outcome, report.received) == ("done", 1)


def test_a_server_without_batch_and_elements_is_asked_the_plain_way(
    full_server: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    clinic = make_clinic(TOWNSHIP_ID)
    clinic.engine._open()
    asker = clinic.engine._asker
    assert asker is not None
    asker.facts.batch = asker.facts.elements = False
    report = clinic.sync()
    assert report.outcome == "done"
    assert report.requests > 10
    assert _check_ins(clinic.store) == 1000


def test_a_referral_whose_patient_comes_late_is_remembered_and_placed(
    township: Clinic, make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    hospital = make_clinic(LEAD_ID)
    resident = a_resident()
    save(township.store, township.actor, resident)
    rows = a_letter(resident, township.actor)
    save(township.store, township.actor, *rows)
    # The letter's parts leave, the patient does not: refused for another reason.
    from app.models.outbox import Outbox

    with township.store.write(township.actor) as session:
        session.query(Outbox).filter_by(kind="resident").update({"state": "rejected"})
        session.add(
            ServerCopy(
                resource_type="Patient",
                resource_id=resident.id,
                kind="resident",
                record_id=resident.id,
                version="1",
                last_updated="",
            )
        )
    township.sync()
    hospital.sync()
    with hospital.store.read() as session:
        assert state.load(session, state.ORPHANS)["refs"]

    with township.store.apply_remote() as session:
        session.query(ServerCopy).filter_by(resource_id=resident.id).delete()
        session.query(Outbox).update({"state": "waiting"})
    assert township.sync().outcome == "done"
    with township.store.write(township.actor) as session:
        from app.models.referral import ReferralTask

        task = session.get(ReferralTask, rows[1].id)
        assert task is not None
        task.instructions = "空腹"
    township.sync()
    hospital.sync()
    with hospital.store.read() as session:
        from app.models.referral import Referral
        from app.models.resident import Resident

        assert session.get(Resident, resident.id) is not None
        assert session.get(Referral, rows[0].id) is not None
        assert not state.load(session, state.ORPHANS).get("refs")


def test_a_token_is_never_sent_to_another_server(
    full_server: Clinic, make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    clinic = make_clinic(TOWNSHIP_ID)
    change_address(clinic.store, proxy.url)
    transport_links: list[str] = []
    clinic.engine._open()
    asker = clinic.engine._asker
    assert asker is not None
    from app.sync.link import Garbage
    from app.sync.searches import Page

    for link in ("http://127.0.0.1:1/fhir/Patient?x=1", f"{proxy.url}.evil.test/fhir/Patient"):
        with pytest.raises(Garbage):
            asker.follow(Page(next=link))
        transport_links.append(link)
    assert proxy.seen == []
