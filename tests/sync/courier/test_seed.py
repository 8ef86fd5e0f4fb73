"""A new PC without a network is filled by a seed file, and only changes travel afterwards."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from app.courier_file import Item
from app.courier_refusals import CourierRefused
from app.errors import InputError
from app.models import backup
from app.models.outbox import Outbox, Receipt
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.server.courier_seed import make_seed
from app.server.database import Database
from app.sync import courier, state
from app.sync.courier import seed as seed_module
from app.sync.courier.news import News
from app.sync.courier.seed import NO_ADDRESS
from app.sync.engine import SyncEngine
from app.sync.enrol import change_address
from tests.conftest import CARE_HOME_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import server
from tests.sync.courier.hospital import ADDRESS, PC, Hospital
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save

__all__ = ["server"]


def _filled(pc: PC, hospital: Hospital) -> Resident:
    resident = a_resident(name="暗记测试")
    plan = a_plan(resident, pc.actor)
    letter = a_letter(resident, pc.actor)
    save(pc.store, pc.actor, resident, plan, *check_ins(plan, pc.actor, 40), *letter)
    pc.round(hospital)
    return resident


def _seeded(new: PC, hospital: Hospital, address: str = "") -> courier.Seeded:
    request, seed = new.drive / "request", new.drive / "seed"
    asked = courier.make_request(new.store, new.actor, request)
    made = make_seed(hospital.database, new.store.organisation_id, request, seed, address)
    assert made.request == asked.fingerprint
    assert courier.read_seed(new.store, seed).fingerprint == made.fingerprint
    assert courier.look_into(new.store, seed).kind == "seed"
    return courier.import_seed(new.store, new.actor, seed, made.fingerprint)


def test_a_new_pc_is_filled_joins_and_then_carries_changes_only(
    township: PC, make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    resident = _filled(township, hospital)
    new = make_pc(TOWNSHIP_ID, join=False)
    assert not courier.standing(new.store).ready
    done = _seeded(new, hospital)
    assert not done.resumed
    with new.store.read() as session:
        assert session.query(CheckIn).count() == 40
        assert session.get(Resident, resident.id) is not None
        assert session.query(Outbox).count() == 0
        assert {row.via for row in session.query(Receipt)} == {"courier"}
        account = state.account(session)
    assert account is not None
    assert account.base == NO_ADDRESS
    assert courier.standing(new.store).ready
    with new.store.write(new.actor) as session:
        row = session.get(Resident, resident.id)
        assert row is not None
        row.phone = "13900000009"
    told = new.round(hospital)
    assert (told.confirmed, told.received) == (1, 0)
    assert township.round(hospital).received == 1
    again = _seeded(new, hospital)
    assert again.records == done.records
    with new.store.read() as session:
        row = session.get(Resident, resident.id)
        assert row is not None
        assert row.phone == "13900000009", "a seed puts nothing back"


def test_the_first_sync_by_network_after_a_seed_is_one_question(
    make_pc: Callable[..., PC], server: ServerProcess, hospital: Hospital
) -> None:
    running = Hospital.__new__(Hospital)
    running.folder, running.database = server.data_dir, Database(server.data_dir)
    try:
        old = make_pc(TOWNSHIP_ID, join=False)
        running.admit(old.store, f"{server.url}/fhir")
        _filled(old, running)
        new = make_pc(TOWNSHIP_ID, join=False)
        _seeded(new, running)
        change_address(new.store, server.url)
        engine = SyncEngine(new.store)
        try:
            report = engine.run_once()
        finally:
            engine.close()
        assert (report.outcome, report.received) == ("done", 0)
        assert report.requests <= 3, "the sign-in and one question"
    finally:
        running.close()


def _cursors(pc: PC) -> dict[str, dict[str, object]]:
    with pc.store.read() as session:
        return state.load_many(session, "cursor:")


@pytest.mark.parametrize("moved", ["", "https://new.example:8443/fhir"])
def test_a_seed_for_a_pc_that_has_joined_keeps_its_address_and_its_cursors(
    township: PC, hospital: Hospital, moved: str
) -> None:
    _filled(township, hospital)
    before = _cursors(township)
    assert len(before) > 5
    taken: list[dict[str, dict[str, object]]] = []
    real = seed_module.News.take_in

    def watched(news: News, items: list[Item]) -> None:
        taken.append(_cursors(township))
        real(news, items)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(seed_module.News, "take_in", watched)
        _seeded(township, hospital, moved)
    with township.store.read() as session:
        account = state.account(session)
    assert account is not None
    assert account.base == (moved or ADDRESS), "the seed does not cut the network"
    assert account.client_id == township.device
    assert taken[0] == before, "joining the same hospital again forgets nothing"
    assert set(_cursors(township)) >= set(before)


def test_a_seed_of_another_hospital_is_refused_on_a_pc_that_has_joined(
    township: PC, hospital: Hospital, tmp_path: Path
) -> None:
    _filled(township, hospital)
    other = Hospital(tmp_path / "other hospital")
    request, seed = township.drive / "request", township.drive / "seed"
    try:
        courier.make_request(township.store, township.actor, request)
        made = make_seed(other.database, TOWNSHIP_ID, request, seed)
    finally:
        other.close()
    before = _cursors(township)
    for taken_in in (
        lambda: courier.read_seed(township.store, seed),
        lambda: courier.import_seed(township.store, township.actor, seed, made.fingerprint),
    ):
        with pytest.raises(CourierRefused) as caught:
            taken_in()
        assert caught.value.why == "unexpected"
    with township.store.read() as session:
        account = state.account(session)
    assert account is not None
    assert account.base == ADDRESS
    assert _cursors(township) == before


def test_a_seed_is_taken_in_over_a_backup_made_just_before(
    township: PC, make_pc: Callable[..., PC], hospital: Hospital, monkeypatch: pytest.MonkeyPatch
) -> None:
    _filled(township, hospital)
    new = make_pc(TOWNSHIP_ID, join=False)
    made: list[str] = []

    def noted(store: object, why: str) -> None:
        with new.store.read() as session:
            assert state.account(session) is None, "before anything is changed"
        made.append(why)

    monkeypatch.setattr(seed_module, "before_import", noted)
    _seeded(new, hospital)
    assert made == [backup.SEED]


def test_another_fingerprint_another_pc_and_another_organisation_are_refused(
    township: PC, make_pc: Callable[..., PC], hospital: Hospital
) -> None:
    _filled(township, hospital)
    new = make_pc(TOWNSHIP_ID, join=False)
    request, seed = new.drive / "request", new.drive / "seed"
    courier.make_request(new.store, new.actor, request)
    with pytest.raises(CourierRefused) as caught:
        make_seed(hospital.database, CARE_HOME_ID, request, seed)
    assert caught.value.why == "misaddressed"
    assert not seed.exists()
    made = make_seed(hospital.database, TOWNSHIP_ID, request, seed)

    def refused(pc: PC, fingerprint: str = made.fingerprint) -> str:
        with pytest.raises(CourierRefused) as caught:
            courier.import_seed(pc.store, pc.actor, seed, fingerprint)
        assert made.fingerprint not in str(caught.value)
        with pc.store.read() as session:
            assert session.query(Resident).count() == 0
            assert state.account(session) is None
        return caught.value.why

    assert refused(new, "1111-2222-3333-4444") == "fingerprint"
    assert refused(make_pc(TOWNSHIP_ID, join=False)) == "misaddressed"
    sound = seed.read_bytes()
    seed.write_bytes(sound[:-700])
    assert refused(new) == "truncated"
    spoilt = bytearray(sound)
    spoilt[len(sound) // 2] ^= 1
    seed.write_bytes(spoilt)
    assert refused(new) == "tampered"
    assert "暗记测试".encode() not in sound
    seed.write_bytes(sound)
    with pytest.raises(CourierRefused) as unfit:
        courier.import_file(new.store, new.actor, seed)
    assert unfit.value.why == "not_joined"


def test_a_request_holds_no_secret_and_a_spoilt_one_is_refused(
    make_pc: Callable[..., PC], hospital: Hospital, tmp_path: Path
) -> None:
    new = make_pc(TOWNSHIP_ID, join=False)
    path, out = new.drive / "request", tmp_path / "seed"
    courier.make_request(new.store, new.actor, path, "前台")
    document = json.loads(path.read_text("utf-8"))
    assert all("d" not in key for key in document["jwks"]["keys"])
    spoilt = {
        "not_courier": [b"", b"[]", b"x" * 70_000, b'{"type": "something"}'],
        "newer_program": [json.dumps({**document, "format": 2}).encode()],
        "tampered": [
            json.dumps({**document, "jwks": {"keys": []}}).encode(),
            json.dumps({**document, "searches": [1]}).encode(),
            json.dumps({**document, "searches": document["searches"] * 12}).encode(),
        ],
    }
    for why, contents in spoilt.items():
        for content in contents:
            path.write_bytes(content)
            with pytest.raises(CourierRefused) as caught:
                make_seed(hospital.database, TOWNSHIP_ID, path, out)
            assert caught.value.why == why
    path.write_text(json.dumps({**document, "organisation": "nobody"}))
    with pytest.raises(InputError):
        make_seed(hospital.database, "nobody", path, out)
    assert not out.exists()
    assert hospital.rows("SELECT count(*) FROM device") == [(0,)]
