"""The end-of-day check against a real server: green only where both sides name the same records."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from datetime import date

import pytest

from app.models.outbox import Outbox, ServerCopy, delivery_state
from app.models.resident import Resident
from app.sync import day_check as checking
from app.sync.day_check import Cancelled, DayCheck, day_check, last_check
from app.sync.facade import SyncService
from app.sync.headless import sync_once
from app.sync.status import read_status
from app.sync.usage import Usage, used
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save


@pytest.fixture
def busy_day(township: Clinic) -> Clinic:
    """A day with every kind of work, all of it confirmed."""
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    sessions = check_ins(plan, township.actor, 5)
    letter = a_letter(resident, township.actor)
    save(township.store, township.actor, resident, plan, *sessions, *letter)
    assert township.sync().outcome == "done"
    return township


def _check(clinic: Clinic, **options: object) -> DayCheck:
    asker = clinic.engine.asker()
    assert asker is not None
    return day_check(clinic.store, asker, **options)  # type: ignore[arg-type]


def test_green_where_both_sides_name_the_same(busy_day: Clinic) -> None:
    seen: list[int] = []
    found = _check(busy_day, progress=seen.append)
    # Doctor, resident, plan, five sessions, the letter, its state, move, service, its state.
    assert (found.held, found.unread, found.queued_again) == (13, 0, 0)
    assert found.digest_here == found.digest_there != ""
    assert found.green
    assert seen[-1] == 13
    assert last_check(busy_day.store) == found


def test_a_server_without_elements_is_asked_for_everything(busy_day: Clinic) -> None:
    asker = busy_day.engine.asker()
    assert asker is not None
    asker.facts.elements = False
    assert _check(busy_day).green


@pytest.mark.parametrize("state", ["waiting", "unknown", "rejected", "kept"])
def test_never_green_while_anything_is_not_confirmed(busy_day: Clinic, state: str) -> None:
    save(busy_day.store, busy_day.actor, a_resident())
    with busy_day.store.apply_remote() as session:
        session.query(Outbox).update({"state": state, "reason": "示例"})
    found = _check(busy_day)
    assert not found.green
    assert getattr(found, state) == 1
    assert (found.held, found.queued_again) == (13, 0)


def test_a_record_that_was_never_queued_is_found_and_queued(busy_day: Clinic) -> None:
    save(busy_day.store, busy_day.actor, a_resident())
    with busy_day.store.apply_remote() as session:
        session.query(Outbox).delete()
    found = _check(busy_day)
    assert (found.green, found.unsent, found.waiting) == (False, 1, 0)
    assert busy_day.sync().outcome == "done"
    assert _check(busy_day).green


def test_what_another_pc_wrote_is_unread_until_it_is_fetched(
    busy_day: Clinic, make_clinic: Callable[..., Clinic]
) -> None:
    other = make_clinic(TOWNSHIP_ID)
    other.sync()
    save(other.store, other.actor, a_resident())
    other.sync()
    found = _check(busy_day)
    assert (found.green, found.unread) == (False, 1)
    busy_day.sync()
    assert _check(busy_day).green


def test_a_record_that_the_server_lost_is_named_and_sent_again(
    busy_day: Clinic, server: ServerProcess
) -> None:
    with busy_day.store.apply_remote() as session:
        # As if the server had confirmed it and were then restored from before.
        row = a_resident(
            organisation_id=TOWNSHIP_ID,
            author_id=busy_day.actor.staff_id,
            updated_by=busy_day.actor.staff_id,
            created_at=busy_day.store.clock.now(),
            updated_at=busy_day.store.clock.now(),
        )
        row.change_id = row.id
        session.add(row)
        session.add(
            ServerCopy(
                resource_type="Patient",
                resource_id=row.id,
                kind="resident",
                record_id=row.id,
                version="1",
                last_updated="2026-03-02T01:00:00.000Z",
            )
        )
        lost = row.id
    found = _check(busy_day)
    assert (found.green, found.missing, found.held) == (False, 1, 13)
    assert busy_day.sync().outcome == "done"
    assert _check(busy_day).green
    client = server.enrol(TOWNSHIP_ID, "look")
    try:
        assert client.get(f"/Patient/{lost}").status_code == 200
    finally:
        client.close()


def test_what_is_saved_and_sent_during_the_check_keeps_its_receipt(busy_day: Clinic) -> None:
    patient = a_resident(name="孙老太")
    edited: list[str] = []

    def between_pages(seen: int) -> None:
        if edited:
            return
        # The lists were read; now an emergency goes out and a known record is corrected.
        with busy_day.store.write(busy_day.actor) as session:
            row = session.query(Resident).first()
            assert row is not None
            row.village = "之后"
            edited.append(row.id)
        letter = a_letter(patient, busy_day.actor, urgency="emergency")
        save(busy_day.store, busy_day.actor, patient, *letter)
        assert busy_day.sync(fetch=False).outcome == "done"

    found = _check(busy_day, progress=between_pages)
    assert (found.missing, found.older, found.unsent, found.unread) == (0, 0, 0, 0)
    assert found.green
    assert found.held == 12, "all but the one that moved meanwhile"
    newest = read_status(busy_day.store).history[0]
    assert newest.sent
    assert newest.id > found.last_try > 0, "what it has sent was not compared"
    with busy_day.store.read() as session:
        assert session.query(Outbox).count() == 0
        for id_ in (patient.id, *edited):
            assert delivery_state(session, "resident", id_).state == "held"
    again = _check(busy_day)
    assert (again.green, again.held) == (True, 19)


def test_what_a_list_passed_over_is_asked_for_alone(
    busy_day: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = checking._held_there

    def with_a_gap(*arguments: object) -> checking.Held:
        there = whole(*arguments)  # type: ignore[arg-type]
        del there[next(at for at in there if at[0] == "Procedure")]
        return there

    monkeypatch.setattr(checking, "_held_there", with_a_gap)
    found = _check(busy_day)
    assert (found.green, found.missing, found.held) == (True, 0, 13)


def test_a_cancelled_check_changes_nothing(busy_day: Clinic) -> None:
    with pytest.raises(Cancelled):
        _check(busy_day, stopping=lambda: True)
    assert last_check(busy_day.store) is None


def test_the_service_sends_first_and_says_what_it_could_not_ask(
    township: Clinic, server: ServerProcess
) -> None:
    service = SyncService(township.store)
    service.start()
    try:
        save(township.store, township.actor, a_resident())
        heard = threading.Event()
        service.subscribe(lambda news: heard.set())
        # The doctor's own record was taken out of the queue by the tests' template.
        assert service.day_check().unsent == 1
        found = service.day_check()
        assert (found.green, found.held) == (True, 2)
        assert service.day_check_seen == 2
        assert heard.is_set()
        server.stop()
        save(township.store, township.actor, a_resident())
        found = service.day_check()
        assert (found.green, found.reached, found.waiting + found.unknown) == (False, False, 1)
        assert found.reason
    finally:
        service.stop()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(checking, "day_check", lambda *_, **__: None)
        assert not service.day_check().reached


def test_headless(township: Clinic, capsys: pytest.CaptureFixture[str]) -> None:
    save(township.store, township.actor, a_resident())
    assert sync_once(township.store, township.actor, day_check=True) == 1
    capsys.readouterr()
    code = sync_once(township.store, township.actor, as_json=True, day_check=True)
    told = json.loads(capsys.readouterr().out)
    assert (code, told["kept"], told["day_check"]["green"], told["day_check"]["held"]) == (
        0,
        0,
        True,
        2,
    )


def test_bytes_are_kept_by_day_and_month(township: Clinic) -> None:
    save(township.store, township.actor, a_resident())
    report = township.sync()
    status = read_status(township.store)
    assert status.bytes_today == status.bytes_month == (report.bytes_up, report.bytes_down)
    usage = Usage()
    usage.add(10, 20)
    with township.store.apply_remote() as session:
        usage.save(session, date(2026, 2, 28))
        usage.save(session, date(2026, 2, 28))
        assert used(session, date(2026, 2, 28)) == ((10, 20), (10, 20))
        usage.add(1, 1)
        usage.save(session, date(2026, 9, 1))
        assert used(session, date(2026, 2, 28)) == ((0, 0), (0, 0))
    with township.store.read() as session:
        assert session.query(Resident).count() == 1
