"""What may go wrong while records are sent, on real sockets. G2, G3, G6, G10, G11, G16."""

from __future__ import annotations

import gzip
import signal
from collections.abc import Callable

import pytest

from app.models.outbox import Outbox, Receipt, delivery_state
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.store import Store
from app.server.enrolment import list_devices, revoke_device
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess, count_of
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.killing import run_in_a_process
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save
from tests.sync.proxy import Proxy, Seen


def _states(store: Store) -> dict[str, int]:
    with store.read() as session:
        found: dict[str, int] = {}
        for row in session.query(Outbox):
            found[row.state] = found.get(row.state, 0) + 1
        return found


def _bundles(proxy: Proxy) -> list[Seen]:
    return [seen for seen in proxy.seen if seen.method == "POST" and seen.path == "/fhir"]


def test_g16_an_emergency_leaves_first_with_its_patient_even_behind_2000_rows(
    township: Clinic, make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    store, actor = clinic.store, clinic.actor
    resident = a_resident()
    plan = a_plan(resident, actor)
    save(store, actor, resident, plan, *check_ins(plan, actor, 2000))
    patient = a_resident(name="孙老太")
    save(store, actor, patient)
    letter, task, event, service, child = a_letter(patient, actor, urgency="emergency")
    save(store, actor, letter, task, event, service, child)

    # The link dies after the first bundle that gets through.
    proxy.choose = lambda seen: faults.PASS if seen.number == 0 else faults.CUT_BEFORE
    report = clinic.sync()

    assert report.outcome == "offline"
    with store.read() as session:
        for kind, id_ in (
            ("resident", patient.id),
            ("referral", letter.id),
            ("referral_task", task.id),
            ("referral_event", event.id),
            ("referral_service", service.id),
            ("referral_task", child.id),
        ):
            assert delivery_state(session, kind, id_).state == "held", kind
        # The bundle after it was cut off: nobody may say more than that.
        assert delivery_state(session, "resident", resident.id).state == "unknown"
        assert session.query(Outbox).filter_by(state="waiting").count() > 1900
    proxy.choose = lambda seen: faults.PASS
    assert clinic.sync().outcome == "done"


def test_g16_an_emergency_saved_during_a_long_push_goes_in_the_next_bundle(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    store, actor = clinic.store, clinic.actor
    resident = a_resident()
    plan = a_plan(resident, actor)
    save(store, actor, resident, plan, *check_ins(plan, actor, 400))
    patient = a_resident(name="孙老太")
    rows = a_letter(patient, actor, urgency="emergency")
    carried_by: list[int] = []

    def look(seen: Seen, request: bytes, answer: bytes) -> bytes:
        if seen.number == 2:
            save(store, actor, patient, *rows)
        body = request.partition(b"\r\n\r\n")[2]
        if body[:2] == b"\x1f\x8b":
            body = gzip.decompress(body)
        if rows[0].id.encode() in body:
            carried_by.append(seen.number)
        return answer

    proxy.rewrite = look
    assert clinic.sync().outcome == "done"
    # Two bundles at most are on the way at once, 2 and perhaps 3; the next to leave carries it.
    assert carried_by[0] <= 4
    with store.read() as session:
        assert session.get(Receipt, ("referral", rows[0].id))
    assert len(_bundles(proxy)) > 8


def test_g03_a_lost_answer_has_one_effect_and_ends_as_held(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    resident = a_resident()
    plan = a_plan(resident, clinic.actor)
    save(clinic.store, clinic.actor, resident, plan, *check_ins(plan, clinic.actor, 5))
    proxy.choose = lambda seen: faults.LOSE_ANSWER if seen.number < 8 else faults.PASS

    report = clinic.sync()
    assert report.outcome == "offline"
    assert _states(clinic.store) == {"unknown": 7}

    proxy.choose = lambda seen: faults.PASS
    assert clinic.sync().outcome == "done"
    assert _states(clinic.store) == {}
    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        for type_, count in (("Patient", 1), ("CarePlan", 1), ("Procedure", 5)):
            found = client.get(f"/{type_}?_count=50").json()["entry"]
            assert len(found) == count
            assert {count_of(entry["resource"]["meta"]["versionId"]) for entry in found} == {1}
    finally:
        client.close()


def test_g10_rows_left_unknown_by_a_dead_process_are_asked_for_not_sent_blindly(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    resident = a_resident()
    save(clinic.store, clinic.actor, resident)
    proxy.choose = lambda seen: faults.LOSE_ANSWER
    clinic.sync()
    assert _states(clinic.store) == {"unknown": 1}
    # Meanwhile the other PC of the clinic sees the record and corrects the phone number.
    other = make_clinic(TOWNSHIP_ID)
    other.sync()
    with other.store.write(other.actor) as session:
        row = session.get(Resident, resident.id)
        assert row is not None
        row.phone = "13900005678"
    assert other.sync().sent == 1

    proxy.choose = lambda seen: faults.PASS
    assert clinic.sync().outcome == "done"
    with clinic.store.read() as session:
        found = session.get(Resident, resident.id)
        assert found is not None
        assert found.phone == "13900005678"


def test_g02_a_record_edited_while_it_is_sent_is_never_marked_held_before_the_edit_is(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    store, actor = clinic.store, clinic.actor
    resident = a_resident()
    save(store, actor, resident)
    seen_states: list[str] = []

    def after(seen: Seen) -> None:
        if seen.number == 0:
            with store.write(actor) as session:
                row = session.get(Resident, resident.id)
                assert row is not None
                row.phone = "13700009999"
        with store.read() as session:
            seen_states.append(delivery_state(session, "resident", resident.id).state)

    proxy.after = after
    report = clinic.sync()

    assert report.outcome == "done"
    # Right after the answer to the old state the record waits again; it was never "held".
    assert seen_states[0] == "waiting"
    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        held = client.get(f"/Patient/{resident.id}").json()
    finally:
        client.close()
    assert "13700009999" in str(held)
    with store.read() as session:
        assert delivery_state(session, "resident", resident.id).state == "held"


def test_g11_a_poisoned_record_stands_alone_and_everything_else_goes_on(
    township: Clinic, server: ServerProcess
) -> None:
    store, actor = township.store, township.actor
    resident = a_resident()
    plan = a_plan(resident, actor)
    save(store, actor, resident, plan)
    township.sync()
    sessions = check_ins(plan, actor, 120)
    # Not one of FHIR's codes for Procedure.status: the server will not have it.
    poisoned = sessions[60]
    save(store, actor, *sessions)
    with store.write(actor) as session:
        row = session.get(CheckIn, poisoned.id)
        assert row is not None
        row.organisation_id = LEAD_ID

    report = township.sync()

    assert (report.outcome, report.rejected, report.sent) == ("partial", 1, 119)
    with store.read() as session:
        left = session.query(Outbox).one()
        assert (left.record_id, left.state) == (poisoned.id, "rejected")
        assert left.reason
        delivery = delivery_state(session, "check_in", poisoned.id)
        assert (delivery.state, delivery.reason) == ("rejected", left.reason)
        assert delivery_state(session, "check_in", sessions[119].id).state == "held"

    # Corrected and saved, it is sent like any other.
    with store.write(actor) as session:
        row = session.get(CheckIn, poisoned.id)
        assert row is not None
        row.organisation_id = TOWNSHIP_ID
    assert township.sync().outcome == "done"


def test_g11_a_refused_resident_holds_back_only_what_stands_on_it(township: Clinic) -> None:
    store, actor = township.store, township.actor
    refused = a_resident(name="李四", organisation_id=LEAD_ID)
    plan = a_plan(refused, actor)
    fine = a_resident(name="王五")
    other_plan = a_plan(fine, actor)
    save(store, actor, refused, plan, *check_ins(plan, actor, 3))
    save(store, actor, fine, other_plan, *check_ins(other_plan, actor, 3))

    report = township.sync()

    assert (report.outcome, report.rejected) == ("partial", 1)
    with store.read() as session:
        assert delivery_state(session, "resident", refused.id).state == "rejected"
        assert delivery_state(session, "rehab_plan", plan.id).state == "waiting"
        assert delivery_state(session, "rehab_plan", other_plan.id).state == "held"
        waiting = session.query(Outbox).filter_by(state="waiting").count()
        assert waiting == 4

    with store.write(actor) as session:
        row = session.get(Resident, refused.id)
        assert row is not None
        row.organisation_id = TOWNSHIP_ID
    assert township.sync().outcome == "done"


def test_without_a_server_nothing_is_lost_and_with_it_everything_goes(
    township: Clinic, server: ServerProcess
) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    server.stop()

    report = township.sync()
    assert report.outcome == "offline"
    assert "医院" in report.reason or report.reason
    assert _states(township.store) == {"waiting": 1}

    server.start()
    assert township.sync().outcome == "done"
    assert _states(township.store) == {}


@pytest.mark.parametrize("fault", [faults.PORTAL, faults.STALL, faults.TRUNCATE])
def test_g10_a_bad_answer_marks_nothing_as_held(
    make_clinic: Callable[..., Clinic], proxy: Proxy, fault: str
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url, silence=0.5)
    resident = a_resident()
    save(clinic.store, clinic.actor, resident)
    proxy.choose = lambda seen: fault

    report = clinic.sync()

    assert report.outcome == "offline"
    assert report.reason
    with clinic.store.read() as session:
        assert delivery_state(session, "resident", resident.id).state == "unknown"
    proxy.choose = lambda seen: faults.PASS
    assert clinic.sync().outcome == "done"


def test_g14_a_withdrawn_device_keeps_its_queue_and_is_told_apart_from_no_internet(
    township: Clinic, server: ServerProcess
) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    for device in list_devices(server.data_dir):
        revoke_device(server.data_dir, device.id)

    report = township.sync()

    assert report.outcome == "refused"
    with township.store.read() as session:
        row = session.query(Outbox).one()
        assert (row.record_id, row.reason) == (resident.id, None)
        assert row.state != "rejected"


def test_g03_a_replayed_request_has_one_effect(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    resident = a_resident()
    save(clinic.store, clinic.actor, resident)
    proxy.choose = lambda seen: faults.REPLAY
    assert clinic.sync().outcome == "done"
    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        assert count_of(client.get(f"/Patient/{resident.id}").headers["ETag"]) == 1
    finally:
        client.close()


def test_g06_a_link_that_breaks_every_second_request_still_brings_everything_once(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    resident = a_resident()
    plan = a_plan(resident, clinic.actor)
    save(clinic.store, clinic.actor, resident, plan, *check_ins(plan, clinic.actor, 300))
    kinds = (faults.LOSE_ANSWER, faults.CUT_BEFORE, faults.TRUNCATE)
    proxy.choose = lambda seen: (
        kinds[seen.number // 2 % 3] if seen.number % 2 == 0 and seen.number < 60 else faults.PASS
    )

    for _ in range(10):
        report = clinic.sync()
        if report.outcome == "done":
            break

    assert report.outcome == "done"
    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        found = client.get("/Procedure?_count=500").json()["entry"]
        assert len(found) == 300
        assert {count_of(entry["resource"]["meta"]["versionId"]) for entry in found} == {1}
    finally:
        client.close()


def test_g06_a_line_on_which_only_small_questions_come_through_is_left_alone_after_some_tries(
    make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    """A record too large for a bad line is asked for and sent again, but not for ever."""
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    resident = a_resident(
        address="新塘组 " + "".join(chr(0x4E00 + n * 7 % 20000) for n in range(4000))
    )
    save(clinic.store, clinic.actor, resident)
    proxy.choose = lambda seen: faults.CUT_BEFORE if seen.size > 2000 else faults.PASS
    report = clinic.sync()
    assert report.outcome == "offline"
    assert sum(seen.size > 2000 for seen in proxy.seen) <= 12
    assert _states(clinic.store) == {"unknown": 1}

    proxy.choose = lambda seen: faults.PASS
    assert clinic.sync().outcome == "done"
    assert _states(clinic.store) == {}


@pytest.mark.kill
@pytest.mark.parametrize("number", [0, 1, 3])
def test_g03_a_process_killed_while_it_sends_loses_nothing_and_sends_nothing_twice(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess, number: int
) -> None:
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    store, actor = clinic.store, clinic.actor
    resident = a_resident()
    plan = a_plan(resident, actor)
    save(store, actor, resident, plan, *check_ins(plan, actor, 298))
    process = run_in_a_process(store, lambda kill: setattr(proxy, "after", kill), number)
    assert process == -signal.SIGKILL
    proxy.after = lambda seen: None

    with store.read() as session:
        held = session.query(Receipt).count()
        left = session.query(Outbox).count()
        assert held + left == 300
    assert clinic.sync().outcome == "done"
    assert _states(store) == {}
    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        found = client.get("/Procedure?_count=500").json()["entry"]
        assert len(found) == 298
        assert {count_of(entry["resource"]["meta"]["versionId"]) for entry in found} == {1}
    finally:
        client.close()
