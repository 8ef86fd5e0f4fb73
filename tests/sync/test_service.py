"""The courier's thread and the facade that the screen uses."""

from __future__ import annotations

import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from app.care.deliveries import keep_here
from app.i18n import tr
from app.models.actor import Actor
from app.models.outbox import Outbox, delivery_state
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync.enrol import enrol
from app.sync.facade import SyncEvent, SyncService
from app.sync.policy import Policy
from app.sync.status import SyncStatus
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.making import a_letter, a_resident, save


class Listener:
    """Collects events and waits for one that fits; never by time alone."""

    def __init__(self, service: SyncService) -> None:
        self.events: list[SyncEvent] = []
        self._arrived = threading.Condition()
        self.end = service.subscribe(self)

    def __call__(self, event: SyncEvent) -> None:
        with self._arrived:
            self.events.append(event)
            self._arrived.notify_all()

    def wait(self, fits: Callable[[SyncEvent], bool], seconds: float = 30) -> SyncEvent:
        with self._arrived:
            found = self._arrived.wait_for(
                lambda: next((e for e in self.events if fits(e)), None), seconds
            )
        assert found is not None, [e.status.phase for e in self.events]
        return found

    def clear(self) -> None:
        with self._arrived:
            self.events.clear()


@pytest.fixture
def joined(store: Store, server: ServerProcess) -> Store:
    enrol(store, server.url, enrol_code(server.data_dir, TOWNSHIP_ID), "PC")
    return store


@pytest.fixture
def service(store: Store) -> Iterator[SyncService]:
    """With waits so long that only a wake can explain what happens."""
    made = SyncService(store, Policy(Random(1), poll=3600, first=3600, longest=3600))
    yield made
    assert made.stop()


def test_a_save_is_delivered_by_itself_and_listeners_hear_which(
    joined: Store, service: SyncService, actor: Actor
) -> None:
    listener = Listener(service)
    service.start()
    listener.wait(lambda e: e.status.phase == "idle")
    listener.clear()
    resident = a_resident()
    save(joined, actor, resident)

    event = listener.wait(lambda e: resident.id in e.changed.get("resident", ()))

    assert event.status.waiting == 0
    with joined.read() as session:
        assert delivery_state(session, "resident", resident.id).state == "held"
    last = listener.wait(lambda e: e.status.phase == "idle").status
    assert last.all_held
    assert last.last_success_at is not None
    assert last.bytes_up > 0
    assert last.history[0].outcome == "done"


def test_phases_off_not_enrolled_offline_and_back(
    store: Store, service: SyncService, server: ServerProcess, actor: Actor
) -> None:
    assert service.status().phase == "off"
    listener = Listener(service)
    service.start()
    assert listener.wait(lambda e: e.status.phase == "not_enrolled").status.reason
    listener.clear()
    enrol(store, server.url, enrol_code(server.data_dir, TOWNSHIP_ID), "PC")
    server.stop()
    save(store, actor, a_resident())
    down = listener.wait(lambda e: e.status.phase == "offline").status
    assert (down.waiting, down.reason != "", down.next_try_at is not None) == (1, True, True)
    assert down.oldest_waiting_at is not None
    listener.clear()
    server.start()
    service.sync_now()
    assert listener.wait(lambda e: e.status.phase == "idle").status.waiting == 0
    assert service.stop()
    assert service.status().phase == "off"


def test_what_was_refused_is_spoken_of_no_longer_once_it_is_kept_here(
    joined: Store, service: SyncService, actor: Actor
) -> None:
    resident = a_resident()
    save(joined, actor, resident)
    with joined.apply_remote() as session:
        session.query(Outbox).update({"state": "rejected", "reason": "test"})
    listener = Listener(service)
    service.start()
    last = listener.wait(lambda e: e.status.phase == "idle" and e.status.history).status
    refused = tr("Some records were refused by the county hospital and need a correction.")
    assert (last.rejected, last.reason) == (1, refused)
    keep_here(joined, actor, "resident", resident.id, "示例")
    status = service.refresh()
    assert (status.phase, status.rejected, status.kept, status.reason) == ("idle", 0, 1, "")


def test_waiting_is_counted_by_lane(store: Store, service: SyncService, actor: Actor) -> None:
    patient = a_resident()
    save(store, actor, patient, *a_letter(patient, actor, urgency="emergency"))
    save(store, actor, *a_letter(patient, actor))
    status = service.refresh()
    assert status.waiting_by_lane == {"emergency": 5, "referral": 5, "rest": 1}
    assert (status.waiting, status.waiting_emergency, status.all_held) == (11, 5, False)


def test_a_listener_that_fails_does_not_stop_delivery(
    joined: Store, service: SyncService, actor: Actor, caplog: pytest.LogCaptureFixture
) -> None:
    def fails(event: SyncEvent) -> None:
        raise RuntimeError("listener")

    service.subscribe(fails)
    listener = Listener(service)
    service.start()
    save(joined, actor, a_resident())
    listener.wait(lambda e: bool(e.changed))
    service.stop()
    assert "a sync listener failed" in caplog.text
    caplog.clear()


def test_a_count_that_began_earlier_never_takes_the_place_of_a_later_one(
    service: SyncService, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the bar would say "syncing" until something else happens."""
    began, go_on = threading.Event(), threading.Event()
    read = service._read
    slow = True

    def slowly() -> SyncStatus:
        nonlocal slow
        status = read()
        if slow:
            slow = False
            began.set()
            assert go_on.wait(30)
        return status

    monkeypatch.setattr(service, "_read", slowly)
    monkeypatch.setattr(type(service._runner), "running", property(lambda _: True))
    service._runner.phase = "syncing"
    first = threading.Thread(target=service.refresh)
    first.start()
    assert began.wait(30)
    service._runner.phase = "idle"  # the engine has ended meanwhile and tells so
    second = threading.Thread(target=service._reported, args=(None,))
    second.start()
    go_on.set()
    first.join(30)
    second.join(30)
    assert service.status().phase == "idle"


def test_an_unsubscribed_listener_hears_nothing(service: SyncService) -> None:
    listener = Listener(service)
    listener.end()
    service.start()
    assert service.stop()
    assert listener.events == []


def test_loading_the_facade_loads_no_network_library() -> None:
    """The window must come up before ``requests`` is loaded."""
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "import sys, app.sync.facade\n"
            "print(sorted({'requests', 'urllib3'} & set(sys.modules)))",
        ],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.strip() == "[]"
