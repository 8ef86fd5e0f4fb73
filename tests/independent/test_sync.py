"""The whole courier against a server that is not ours: it needs nothing but the contract."""

from __future__ import annotations

from collections.abc import Callable

from sqlalchemy import func, select

from app.models import records
from app.models.outbox import Conflict, Outbox, Receipt, delivery_state
from app.models.records import KINDS
from app.models.referral import Referral, ReferralTask
from app.models.resident import Resident
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.independent.conftest import started
from tests.independent.serving import IndependentServer
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save
from tests.sync.proxy import LOSE_ANSWER, PASS, TRUNCATE, Proxy, Seen


def _waiting(pc: Clinic) -> int:
    with pc.store.read() as session:
        return session.scalar(select(func.count()).select_from(Outbox)) or 0


def test_a_working_day_is_held_and_a_second_pc_gets_all_of_it(
    make_pc: Callable[..., Clinic],
) -> None:
    first = make_pc()
    resident = a_resident(name="钱大妈")
    plan = a_plan(resident, first.actor)
    sessions = check_ins(plan, first.actor, 230)
    save(first.store, first.actor, resident, plan, *sessions)

    report = first.sync()

    assert (report.outcome, report.reason) == ("done", "")
    assert report.sent == 232
    assert _waiting(first) == 0
    with first.store.read() as session:
        receipt = session.get(Receipt, ("check_in", sessions[-1].id))
        assert receipt is not None
        assert receipt.change_id == sessions[-1].change_id

    second = make_pc()
    assert second.sync().outcome == "done"
    for kind in ("resident", "rehab_plan", "check_in"):
        with first.store.read() as session:
            ids = [id_ for (id_,) in session.query(KINDS[kind].table.c.id)]
            mine = records.fetch(session, kind, ids)
        with second.store.read() as session:
            assert records.fetch(session, kind, list(mine)) == mine
    # Nothing new: neither side makes work for the other.
    assert (first.sync().received, second.sync().received) == (0, 0)
    assert (_waiting(first), _waiting(second)) == (0, 0)


def test_a_referral_goes_to_the_hospital_and_its_answer_comes_back(
    make_pc: Callable[..., Clinic],
) -> None:
    township, hospital = make_pc(TOWNSHIP_ID), make_pc(LEAD_ID)
    resident = a_resident()
    save(township.store, township.actor, resident)
    letter, task, event, service, child = a_letter(resident, township.actor, urgency="emergency")
    save(township.store, township.actor, letter, task, event, service, child)
    assert township.sync().outcome == "done"

    assert hospital.sync().outcome == "done"
    with hospital.store.read() as session:
        assert session.get(Referral, letter.id) is not None
        arrived = session.get(Resident, resident.id)
        assert arrived is not None
        assert arrived.name == "赵大爷"
    with hospital.store.write(hospital.actor) as session:
        row = session.get(ReferralTask, task.id)
        assert row is not None
        row.state, row.doctor, row.bed = "accepted", "李主任", "12 床"
    assert hospital.sync().outcome == "done"

    assert township.sync().outcome == "done"
    with township.store.read() as session:
        back = session.get(ReferralTask, task.id)
        assert back is not None
        assert (back.state, back.doctor, back.bed) == ("accepted", "李主任", "12 床")


def test_two_people_change_one_record_and_nothing_is_overwritten(
    make_pc: Callable[..., Clinic],
) -> None:
    first, second = make_pc(), make_pc()
    resident = a_resident()
    save(first.store, first.actor, resident)
    first.sync()
    second.sync()
    for pc, values in (
        (first, {"phone": "13800000001", "village": "东村"}),
        (second, {"phone": "13800000002", "note": "听力下降"}),
    ):
        with pc.store.write(pc.actor) as session:
            row = session.get(Resident, resident.id)
            assert row is not None
            for name, value in values.items():
                setattr(row, name, value)
    first.sync()
    second.sync()

    with second.store.read() as session:
        (conflict,) = session.query(Conflict).all()
        assert set(conflict.fields) == {"phone"}
        row = session.get(Resident, resident.id)
        assert row is not None
        # What only one of them changed is merged without asking.
        assert (row.village, row.note) == ("东村", "听力下降")


def test_lost_and_broken_answers_have_one_effect(
    make_pc: Callable[..., Clinic], proxy: Proxy, independent: IndependentServer
) -> None:
    pc = make_pc(link=proxy.url)
    resident = a_resident()
    plan = a_plan(resident, pc.actor)
    save(pc.store, pc.actor, resident, plan, *check_ins(plan, pc.actor, 40))
    lost = iter([LOSE_ANSWER, TRUNCATE, LOSE_ANSWER])

    def choose(seen: Seen) -> str:
        return next(lost, PASS) if seen.method == "POST" else PASS

    proxy.choose = choose
    for _ in range(6):
        if pc.sync().outcome == "done":
            break

    assert _waiting(pc) == 0
    with pc.store.read() as session:
        assert delivery_state(session, "resident", resident.id).state == "held"
        assert session.query(Conflict).count() == 0
    found = independent.get(f"Procedure?subject=Patient/{resident.id}&_count=1000")
    assert len(found["entry"]) == 40

    # An edit whose answer is lost is recognised by its write id, not sent over another's.
    with pc.store.write(pc.actor) as session:
        row = session.get(Resident, resident.id)
        assert row is not None
        row.village = "西村"
    lost = iter([LOSE_ANSWER])
    for _ in range(4):
        if pc.sync().outcome == "done":
            break
    assert _waiting(pc) == 0
    held = independent.get(f"Patient/{resident.id}")
    assert "西村" in str(held["address"])


def test_a_server_that_lost_everything_gets_it_again(make_pc: Callable[..., Clinic]) -> None:
    server = started()
    try:
        pc = make_pc(url=server.url)
        resident = a_resident()
        plan = a_plan(resident, pc.actor)
        save(pc.store, pc.actor, resident, plan, *check_ins(plan, pc.actor, 12))
        pc.sync()
        assert len(server.get(f"Procedure?subject=Patient/{resident.id}")["entry"]) == 12
    finally:
        server.stop()
    server = started(server.port)
    try:
        for _ in range(4):
            pc.sync(compare=True)
            if "entry" in server.get(f"Procedure?subject=Patient/{resident.id}") and not _waiting(
                pc
            ):
                break

        assert len(server.get(f"Procedure?subject=Patient/{resident.id}")["entry"]) == 12
        assert server.get(f"Patient/{resident.id}")["name"][0]["text"] == "赵大爷"
        with pc.store.read() as session:
            assert delivery_state(session, "resident", resident.id).state == "held"
    finally:
        server.stop()
