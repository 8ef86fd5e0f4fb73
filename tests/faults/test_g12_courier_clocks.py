"""G12 and G9 on the stick: a hospital's clock that was wrong by years, and a server put back.

The hospital's times run wild here; what becomes of the records must not depend on them.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from app.clock import FixedClock
from app.models.outbox import Conflict, Outbox
from app.models.resident import Resident
from app.models.store import Store
from app.server.database import Database
from app.sync import courier
from app.sync.status import read_status
from tests.conftest import TOWNSHIP_ID
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_resident, save

TEN_YEARS = 3652  # days


class County:
    """A hospital whose clock is set by hand and whose server can be put back."""

    def __init__(self, hospital: Hospital, clock: FixedClock) -> None:
        self.hospital = hospital
        self.clock = clock
        self._reopen()

    def _reopen(self) -> None:
        self.hospital.close()
        self.hospital.database = Database(self.hospital.folder, wall_clock=self.clock)

    def back_up(self, copy: Path) -> None:
        """A copy of the closed server's file."""
        self.hospital.close()
        shutil.copy(self.hospital.folder / "server.db", copy)
        self._reopen()

    def put_back(self, copy: Path) -> None:
        """The server is an older copy of itself."""
        self.hospital.close()
        shutil.copy(copy, self.hospital.folder / "server.db")
        self._reopen()


@pytest.fixture
def county(hospital: Hospital, clock: FixedClock) -> County:
    """The hospital, its clock standing where the PCs' clocks stand."""
    return County(hospital, FixedClock(clock.now()))


def _edit(pc: PC, resident_id: str, **values: str) -> None:
    with pc.store.write(pc.actor) as session:
        row = session.get(Resident, resident_id)
        assert row is not None
        for name, value in values.items():
            setattr(row, name, value)


def _get(store: Store, resident_id: str, name: str) -> object:
    with store.read() as session:
        row = session.get(Resident, resident_id)
        return None if row is None else getattr(row, name)


def _shown(store: Store) -> list[tuple[object, object]]:
    with store.read() as session:
        return [
            (row.fields["phone"]["mine"], row.fields["phone"]["theirs"])
            for row in session.query(Conflict)
            if row.resolved_at is None
        ]


def _phone_at(hospital: Hospital) -> str:
    (row,) = hospital.rows("SELECT content FROM resource WHERE type = 'Patient'")
    return str(row[0])


@pytest.mark.parametrize("edits", [1, 2], ids=["the same number again", "a higher number"])
@pytest.mark.parametrize("wrong", [TEN_YEARS, 0, -TEN_YEARS], ids=["late", "right", "early"])
def test_g12_a_colleagues_edit_at_a_server_that_was_put_back_is_never_overwritten(
    make_pc: Callable[..., PC],
    hospital: Hospital,
    county: County,
    tmp_path: Path,
    edits: int,
    wrong: float,
) -> None:
    """Under a wrong clock this PC's edit reached the hospital, which lost it with a restore; a
    colleague has edited the same field since. His value must not go without anybody seeing it."""
    pc, other = make_pc(TOWNSHIP_ID), make_pc(TOWNSHIP_ID)
    resident = a_resident(phone="13800000001")
    save(pc.store, pc.actor, resident)
    pc.round(hospital)
    other.round(hospital)
    assert _get(other.store, resident.id, "phone") == "13800000001"
    county.back_up(tmp_path / "copy.db")
    county.clock.advance(days=wrong)
    _edit(pc, resident.id, phone="13800000002")
    assert pc.round(hospital).confirmed == 1
    county.clock.advance(days=1 - wrong)
    county.put_back(tmp_path / "copy.db")
    for number in range(edits):
        _edit(other, resident.id, phone=f"1390000000{number}")
        assert other.round(hospital).confirmed == 1
    last = f"1390000000{edits - 1}"
    _edit(pc, resident.id, phone="13800000003")
    for _ in range(4):
        pc.round(hospital)
        assert last in _phone_at(hospital), "overwritten, and nobody was asked"
    assert _shown(pc.store) == [("13800000003", last)]
    assert read_status(pc.store).conflicts == 1


def test_g12_a_receipt_of_a_put_back_server_whose_clock_was_late_is_a_receipt(
    make_pc: Callable[..., PC], hospital: Hospital, county: County, tmp_path: Path
) -> None:
    pc = make_pc(TOWNSHIP_ID)
    resident = a_resident(phone="13800000001", village="白塔村")
    save(pc.store, pc.actor, resident)
    pc.round(hospital)
    county.back_up(tmp_path / "copy.db")
    county.clock.advance(days=TEN_YEARS)
    _edit(pc, resident.id, phone="13800000002")
    pc.round(hospital)
    county.clock.advance(days=-TEN_YEARS)
    county.put_back(tmp_path / "copy.db")
    _edit(pc, resident.id, village="青山村")
    for _ in range(3):
        pc.round(hospital)
    assert read_status(pc.store).all_held
    with pc.store.read() as session:
        assert session.query(Outbox).count() == 0
        assert session.query(Conflict).count() == 0
    assert "13800000002" in _phone_at(hospital)
    assert "青山村" in _phone_at(hospital)


def test_g13_what_a_put_back_server_lost_goes_to_it_again_by_stick_alone(
    make_pc: Callable[..., PC], hospital: Hospital, county: County, tmp_path: Path
) -> None:
    """No network for weeks: nobody but the stick can notice."""
    pc, other = make_pc(TOWNSHIP_ID), make_pc(TOWNSHIP_ID)
    kept, lost, older = a_resident(), a_resident(), a_resident(phone="13800000001")
    save(pc.store, pc.actor, kept, older)
    pc.round(hospital)
    county.back_up(tmp_path / "copy.db")
    save(pc.store, pc.actor, lost)
    _edit(pc, older.id, phone="13800000002")
    assert pc.round(hospital).confirmed == 2
    county.clock.advance(days=1)
    county.put_back(tmp_path / "copy.db")
    theirs = a_resident()
    save(other.store, other.actor, theirs)
    other.round(hospital)
    pc.round(hospital)
    status = read_status(pc.store)
    assert not status.all_held, "the receipts are not true any more"
    assert status.waiting == 2
    assert any("服务器" in text for text in status.notices)
    assert _get(pc.store, theirs.id, "id") == theirs.id
    for _ in range(3):
        pc.round(hospital)
    assert read_status(pc.store).all_held
    held = hospital.rows("SELECT id, content FROM resource WHERE type = 'Patient'")
    assert {id_ for id_, _ in held} == {kept.id, lost.id, older.id, theirs.id}
    assert any("13800000002" in content for _, content in held)
    with pc.store.read() as session:
        assert session.query(Conflict).count() == 0


def test_g12_news_of_a_put_back_server_whose_clock_was_late_comes_by_stick(
    make_pc: Callable[..., PC], hospital: Hospital, county: County, tmp_path: Path
) -> None:
    """The PC has read on to a day ten years ahead, which the server does not know any more."""
    pc, other = make_pc(TOWNSHIP_ID), make_pc(TOWNSHIP_ID)
    county.back_up(tmp_path / "copy.db")
    county.clock.advance(days=TEN_YEARS)
    first = a_resident()
    save(other.store, other.actor, first)
    other.round(hospital)
    pc.round(hospital)
    assert _get(pc.store, first.id, "id") == first.id
    county.clock.advance(days=1 - TEN_YEARS)
    county.put_back(tmp_path / "copy.db")
    second, third = a_resident(), a_resident()
    save(other.store, other.actor, second)
    other.round(hospital)
    pc.round(hospital)
    assert _get(pc.store, second.id, "id") == second.id
    save(other.store, other.actor, third)
    other.round(hospital)
    out = pc.export()
    hospital.take_in(out, pc.drive / "reply")
    assert courier.import_file(pc.store, pc.actor, pc.drive / "reply").received == 1, "only news"
    assert _get(pc.store, third.id, "id") == third.id
