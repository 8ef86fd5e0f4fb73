"""A restored PC begins a new line of files: the hospital keeps them apart."""

from __future__ import annotations

from datetime import timedelta

import pytest

from app.clock import FixedClock
from app.courier_refusals import CourierRefused
from app.models.resident import Resident
from app.server import courier as server_courier
from app.server.courier import last_taken
from app.sync.courier import keeping
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_resident, save


def _put_back(pc: PC) -> None:
    """The PC forgets its files, as one that was restored does."""
    with pc.store.apply_remote() as session:
        keeping.save(session, keeping.Kept())


def test_an_old_stick_after_a_restore_is_refused_and_never_gets_an_empty_reply(
    township: PC, hospital: Hospital
) -> None:
    save(township.store, township.actor, a_resident())
    old = township.export("old.courier")
    hospital.take_in(old, township.drive / "old reply")
    _put_back(township)
    new, reply = township.export("new.courier"), township.drive / "new reply"
    hospital.take_in(new, reply)
    before = hospital.content()
    late = township.drive / "late reply"
    with pytest.raises(CourierRefused) as caught:
        hospital.take_in(old, late)
    assert caught.value.why == "stale"
    assert not late.exists()
    assert hospital.content() == before
    # The reply to the newer file is still to be had.
    again = township.drive / "again"
    assert hospital.take_in(new, again).duplicate
    assert again.read_bytes() == reply.read_bytes()
    assert township.take_in(again).confirmed == 1


def test_the_reply_is_that_of_the_last_file_even_if_the_clock_stepped_back(
    township: PC, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    save(township.store, township.actor, a_resident())
    first = hospital.take_in(township.export(), township.drive / "first")
    _put_back(township)
    yesteryear = FixedClock(hospital.database.clock.now() - timedelta(days=365))
    monkeypatch.setattr(hospital.database, "clock", yesteryear)
    second = hospital.take_in(township.export(), township.drive / "second")
    assert second.line != first.line
    last = last_taken(hospital.database, township.device)
    assert last.line == second.line
    written = township.drive / "written again"
    assert server_courier.write_reply(hospital.database, last, written) > 0
    assert written.read_bytes() == (township.drive / "second").read_bytes()


def test_a_begun_file_whose_reply_gave_way_is_taken_in_from_its_beginning(
    township: PC, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    resident = a_resident(phone="13800000001")
    save(township.store, township.actor, resident)
    old = township.export("old.courier")
    kept = keeping.load(township.store)

    def broken(*_: object) -> None:
        raise OSError("the lights went out")

    with monkeypatch.context() as patch:
        patch.setattr(server_courier._File, "answer", broken)
        with pytest.raises(OSError, match="lights"):
            hospital.take_in(old, township.drive / "never")
    _put_back(township)
    hospital.take_in(township.export("new.courier"), township.drive / "new reply")
    with township.store.apply_remote() as session:
        keeping.save(session, kept)
    taken = hospital.take_in(old, township.drive / "reply")
    assert not taken.duplicate
    assert (taken.taken, taken.refused) == (1, 0)
    assert township.take_in(township.drive / "reply").confirmed == 1
    with township.store.read() as session:
        assert session.query(Resident).count() == 1
    (version,) = hospital.records().values()
    assert version.startswith("1-"), "stored once"


def test_a_begun_import_stops_when_another_line_takes_its_place(
    township: PC, hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.errors import StoreBusy

    save(township.store, township.actor, a_resident())
    old = township.export("old.courier")
    _put_back(township)
    new = township.export("new.courier")
    real, reply = server_courier._File.carry_out, township.drive / "new reply"

    def overtaken(*arguments: object) -> None:
        with monkeypatch.context() as patch:
            patch.setattr(server_courier._File, "carry_out", real)
            hospital.take_in(new, reply)
        real(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(server_courier._File, "carry_out", overtaken)
        with pytest.raises(StoreBusy):
            hospital.take_in(old, township.drive / "never")
    assert township.take_in(reply).confirmed == 1
