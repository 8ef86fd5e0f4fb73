"""G15: stick and network carry the same records, in any order, with one effect (G2, G3, G9)."""

from __future__ import annotations

import gc
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.models.chronic import FollowUp
from app.models.outbox import Conflict, Outbox, Receipt, SyncState
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Resident
from app.models.store import Store
from app.server.database import Database
from app.sync import courier, state
from app.sync.status import read_status
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_plan, a_resident, check_ins, save


class Running(Hospital):
    """The data folder of a server that is running at the same time."""

    def __init__(self, server: ServerProcess) -> None:
        self.folder = server.data_dir
        self.database = Database(server.data_dir)


@pytest.fixture
def running(server: ServerProcess) -> Iterator[Running]:
    """The courier's commands on the folder of the running server."""
    made = Running(server)
    yield made
    made.close()


@pytest.fixture
def stick(tmp_path: Path) -> Path:
    """A drive."""
    made = tmp_path / "stick"
    made.mkdir()
    return made


@pytest.fixture
def no_cycles() -> Iterator[None]:
    """Cycles are not collected, as in a process that just happens not to do it yet."""
    usual = gc.isenabled()
    gc.disable()
    yield
    if usual:
        gc.enable()


def _pc(clinic: Clinic, stick: Path) -> PC:
    return PC(clinic.store, clinic.actor, stick)


def _set(clinic: Clinic, model: type, id_: str, **values: object) -> None:
    with clinic.store.write(clinic.actor) as session:
        row = session.get(model, id_)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def _get(store: Store, model: type, id_: str, name: str) -> object:
    with store.read() as session:
        row = session.get(model, id_)
        assert row is not None
        return getattr(row, name)


def _waiting(store: Store) -> int:
    with store.read() as session:
        return session.query(Outbox).count()


def test_g15_the_network_delivers_while_the_stick_is_under_way(
    township: Clinic, running: Running, stick: Path
) -> None:
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan, *check_ins(plan, township.actor, 60))
    pc = _pc(township, stick)
    out = pc.export()
    assert township.sync().outcome == "done"
    held = running.records()
    taken = running.take_in(out, stick / "reply")
    assert (taken.taken, taken.refused, taken.differing) == (62, 0, 0)
    assert running.records() == held, "not one new version"
    told = pc.take_in(stick / "reply")
    assert (told.confirmed, told.rejected, told.conflicts) == (0, 0, 0), "confirmed already"
    assert read_status(township.store).all_held
    assert township.sync().sent == 0


def test_g15_the_stick_delivers_and_the_network_asks_before_it_sends(
    township: Clinic, running: Running, stick: Path
) -> None:
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan, *check_ins(plan, township.actor, 60))
    running.take_in(_pc(township, stick).export(), stick / "reply")
    held = running.records()
    assert township.sync().outcome == "done"
    assert running.records() == held, "not one new version"
    assert read_status(township.store).all_held
    told = _pc(township, stick).take_in(stick / "reply")
    assert (told.confirmed, told.rejected) == (0, 0)
    assert read_status(township.store).all_held


def test_g15_a_file_from_before_an_edit_takes_nothing_back(
    township: Clinic, running: Running, stick: Path, no_cycles: None
) -> None:
    """Exported, edited, sent by network; then the old file reaches the hospital.

    Without collected cycles: a refusal that is still alive must not hold a connection's view.
    """
    resident = a_resident(phone="13800000001")
    plan = a_plan(resident, township.actor)
    (visit,) = check_ins(plan, township.actor, 1)
    save(township.store, township.actor, resident, plan, visit)
    pc = _pc(township, stick)
    out = pc.export()
    _set(township, Resident, resident.id, phone="13800000002")
    _set(township, CheckIn, visit.id, borg=15)
    assert township.sync().outcome == "done"
    held = running.records()
    taken = running.take_in(out, stick / "reply")
    assert taken.differing == 2
    assert running.records() == held
    told = pc.take_in(stick / "reply")
    assert (told.conflicts, told.merged, told.rejected) == (0, 0, 0)
    assert read_status(township.store).all_held
    assert _get(township.store, Resident, resident.id, "phone") == "13800000002"
    assert _get(township.store, CheckIn, visit.id, "borg") == 15


def test_g15_an_edit_after_the_export_waits_and_is_not_called_held(
    township: Clinic, running: Running, stick: Path
) -> None:
    resident = a_resident(phone="13800000001")
    save(township.store, township.actor, resident)
    pc = _pc(township, stick)
    out = pc.export()
    _set(township, Resident, resident.id, phone="13800000002")
    running.take_in(out, stick / "reply")
    told = pc.take_in(stick / "reply")
    assert told.confirmed == 0
    status = read_status(township.store)
    assert (status.waiting, status.all_held) == (1, False)
    assert pc.round(running).confirmed == 1
    assert read_status(township.store).all_held
    assert township.sync().sent == 0


def test_g15_a_colleagues_amendment_between_stick_and_network_survives(
    township: Clinic, make_clinic: Callable[..., Clinic], running: Running, stick: Path
) -> None:
    """One PC exports a visit; the hospital takes it in; a colleague amends it by network; then
    the first PC, which knows nothing of it, comes onto the network."""
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    (visit,) = check_ins(plan, township.actor, 1)
    save(township.store, township.actor, resident, plan, visit)
    running.take_in(_pc(township, stick).export(), stick / "reply")
    colleague = make_clinic(TOWNSHIP_ID)
    colleague.sync()
    _set(colleague, CheckIn, visit.id, borg=17)
    _set(colleague, Resident, resident.id, village="青山村")
    assert colleague.sync().outcome == "done"
    township.sync()
    assert _get(township.store, CheckIn, visit.id, "borg") == 17
    assert _get(township.store, Resident, resident.id, "village") == "青山村"
    # The reply speaks of an older state: it puts nothing back.
    _pc(township, stick).take_in(stick / "reply")
    assert _get(township.store, CheckIn, visit.id, "borg") == 17
    assert _get(township.store, Resident, resident.id, "village") == "青山村"
    assert read_status(township.store).all_held
    with township.store.read() as session:
        assert session.query(Conflict).count() == 0


@pytest.mark.parametrize("field", ["phone", "village"])
def test_g15_two_people_change_one_record_and_meet_in_a_file(
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    running: Running,
    stick: Path,
    field: str,
) -> None:
    resident = a_resident(phone="13800000001", village="白塔村")
    save(township.store, township.actor, resident)
    township.sync()
    other = make_clinic(TOWNSHIP_ID)
    other.sync()
    _set(other, Resident, resident.id, phone="13800000002")
    other.sync()
    _set(township, Resident, resident.id, **{field: "13800000003"})
    pc = _pc(township, stick)
    taken = running.take_in(pc.export(), stick / "reply")
    assert (taken.taken, taken.differing) == (0, 1)
    told = pc.take_in(stick / "reply")
    if field == "phone":
        assert told.conflicts == 1
        with township.store.read() as session:
            (clash,) = session.query(Conflict)
            assert clash.fields["phone"]["mine"] == "13800000003"
            assert clash.fields["phone"]["theirs"] == "13800000002"
        assert read_status(township.store).conflicts == 1
        return
    assert told.merged == 1
    assert pc.round(running).confirmed == 1
    other.sync()
    assert _get(other.store, Resident, resident.id, "village") == "13800000003"
    assert _get(township.store, Resident, resident.id, "phone") == "13800000002"


def test_g15_a_refused_record_is_named_and_holds_back_only_what_stands_on_it(
    make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    pc = make_pc(TOWNSHIP_ID)
    good, bad = a_resident(), a_resident()
    plan = a_plan(bad, pc.actor)
    save(pc.store, pc.actor, good, bad, plan, *check_ins(plan, pc.actor, 3))
    with pc.store.apply_remote() as session:
        # As a defect of the program would: a plan of another organisation's making.
        session.query(RehabPlan).filter_by(id=plan.id).update({"organisation_id": "nobody"})
    told = pc.round(hospital)
    assert (told.confirmed, told.rejected, told.held_back) == (2, 1, 3)
    status = read_status(pc.store)
    assert (status.waiting, status.rejected) == (3, 1)
    (refused,) = status.rejected_records
    assert refused.record_id == plan.id
    assert len(refused.reason) > 30
    with pc.store.apply_remote() as session:
        session.query(RehabPlan).filter_by(id=plan.id).update({"organisation_id": TOWNSHIP_ID})
    _set_again(pc, plan.id)
    assert pc.round(hospital).confirmed == 4
    assert read_status(pc.store).all_held


def _set_again(pc: PC, plan_id: str) -> None:
    with pc.store.write(pc.actor) as session:
        row = session.get(RehabPlan, plan_id)
        assert row is not None
        row.goal_long = "独立步行"


def test_g15_receipts_say_how_they_came_and_cursors_move_as_on_the_network(
    township: Clinic, running: Running, stick: Path
) -> None:
    resident = a_resident()
    save(township.store, township.actor, resident)
    pc = _pc(township, stick)
    pc.round(running)
    with township.store.read() as session:
        assert {row.via for row in session.query(Receipt)} == {"courier"}
        cursors = session.query(SyncState).filter(SyncState.key.like("cursor:%")).count()
        assert session.query(FollowUp).count() == 0
    assert cursors > 5
    report = township.sync()
    assert (report.outcome, report.received) == ("done", 0)
    assert report.requests <= 3, "the login and one question"
    standing = courier.standing(township.store)
    assert (standing.number, standing.still_open) == (1, 0)


def test_g15_a_hospital_put_back_from_a_backup_gets_the_edit_by_stick(
    make_pc: Callable[..., PC], hospital: Hospital, tmp_path: Path
) -> None:
    pc = make_pc(TOWNSHIP_ID)
    resident = a_resident(phone="13800000001", village="白塔村")
    save(pc.store, pc.actor, resident)
    pc.round(hospital)
    copy = tmp_path / "copy.db"
    hospital.close()
    shutil.copy(hospital.folder / "server.db", copy)
    later = Hospital(hospital.folder)
    _edit(pc, resident.id, phone="13800000002")
    pc.round(later)
    later.close()
    shutil.copy(copy, hospital.folder / "server.db")
    back = Hospital(hospital.folder)
    try:
        _edit(pc, resident.id, village="青山村")
        for _ in range(3):
            if read_status(pc.store).all_held:
                break
            pc.round(back)
        assert read_status(pc.store).all_held
        (row,) = back.rows("SELECT content FROM resource WHERE type = 'Patient'")
        assert "13800000002" in row[0]
        assert "青山村" in row[0]
    finally:
        back.close()


def _edit(pc: PC, resident_id: str, **values: str) -> None:
    with pc.store.write(pc.actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def test_g15_what_was_owed_is_asked_for_in_the_file(
    make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    pc = make_pc(TOWNSHIP_ID)
    resident = a_resident()
    save(pc.store, pc.actor, resident)
    pc.round(hospital)
    with pc.store.apply_remote() as session:
        refs = [["Patient", resident.id], ["Patient", "never-there"]]
        state.save(session, state.OWED, {"refs": refs})
    pc.round(hospital)
    with pc.store.read() as session:
        assert state.load(session, state.OWED) == {"refs": [["Patient", "never-there"]]}
