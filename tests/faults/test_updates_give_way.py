"""G16 while an update of the program comes over the line: the emergency has it to itself."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from random import Random

import pytest

from app.models.store import Store
from app.sync import updates
from app.sync.enrol import change_address
from app.update import package, versions
from app.update.package import Stopped
from tests.faults.test_bad_lines import DYING, WINDOW, _an_emergency, _held
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.proxy import Line
from tests.update.making import PUBLIC, a_package, small_folder

MACHINE = versions.platform_name()


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ServerProcess]:
    """One that hands out an update."""
    shelf = tmp_path / "shelf"
    shelf.mkdir()
    made = small_folder(tmp_path / "made", {"parts/one": os.urandom(700_000)})
    a_package(shelf / f"TownshipCare-9.0.0-{MACHINE}.tcupdate", "9.0.0", made)
    process = ServerProcess(tmp_path / "server", updates=str(shelf)).start()
    yield process
    process.stop()


@pytest.fixture
def line(server: ServerProcess) -> Iterator[Line]:
    made = Line(server.url, DYING, Random(11))
    yield made
    made.close()


class _Fetching:
    """An update being fetched on a thread of its own, as the settings page does."""

    def __init__(self, store: Store) -> None:
        self.at = 0
        #: How often it was looked at the same byte.
        self.looks = 0
        self.path: Path | None = None
        self.error: Exception | None = None
        self.stop = threading.Event()
        self._store = store
        self._thread = threading.Thread(target=self._run)
        self._thread.start()

    def _run(self) -> None:
        try:
            offer = updates.find_update(self._store)
            assert offer is not None
            self.path = updates.fetch_update(self._store, offer, self._progress)
        except Exception as error:  # noqa: BLE001 - told by ``end``
            self.error = error

    def _progress(self, done: int, of: int) -> None:
        self.looks = self.looks + 1 if done == self.at else 0
        self.at = done
        if self.stop.is_set():
            raise Stopped

    def until(self, condition: Callable[[], bool], seconds: float = 90) -> None:
        until = time.monotonic() + seconds
        while not condition():
            assert self._thread.is_alive(), self.error
            assert time.monotonic() < until, "it did not come about"
            self._thread.join(0.02)

    def end(self) -> None:
        self._thread.join(90)
        assert not self._thread.is_alive()


def test_g16_an_emergency_has_the_line_while_an_update_is_fetched(
    township: Clinic, server: ServerProcess, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    change_address(township.store, line.url)
    begun: list[float] = []
    part = updates._part

    def noted(*arguments: object) -> bytes:
        begun.append(time.monotonic())
        return part(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(updates, "_part", noted)
    fetching = _Fetching(township.store)
    fetching.until(lambda: fetching.at > updates.FIRST_PART)

    saved = time.monotonic()
    emergency = _an_emergency(township)
    # The part on its way is the last one. Looks at the same byte follow; nothing is asked for.
    fetching.until(lambda: fetching.looks > 6)
    waiting = len(begun)
    fetching.until(lambda: fetching.looks > 12)
    assert len(begun) == waiting
    courier = threading.Thread(target=lambda: township.sync(fetch=False))
    courier.start()
    courier.join(3 * WINDOW)
    held = time.monotonic()
    assert _held(township.store, emergency)
    assert held - saved < WINDOW
    assert len([at for at in begun if saved <= at < held]) <= 1

    # The update goes on by itself, and after a stop from the byte where it was.
    at = fetching.at
    fetching.until(lambda: fetching.at > at)
    fetching.stop.set()
    fetching.end()
    assert isinstance(fetching.error, Stopped)
    kept = fetching.at
    change_address(township.store, server.url)
    seen: list[int] = []
    offer = updates.find_update(township.store)
    assert offer is not None
    path = updates.fetch_update(township.store, offer, lambda done, of: seen.append(done))
    assert seen[0] == kept
    assert package.verify(path, (PUBLIC,)).version == "9.0.0"


def test_an_emergency_that_does_not_get_through_stops_no_update_for_ever(
    township: Clinic, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing sends here. The update waits for its time, then comes whole."""
    _an_emergency(township)
    monkeypatch.setattr(updates, "_MOST_SECONDS", 1.0)
    looks: list[float] = []
    offer = updates.find_update(township.store)
    assert offer is not None
    began = time.monotonic()
    updates.fetch_update(
        township.store, offer, lambda done, of: looks.append(time.monotonic()) if not done else None
    )
    assert looks[-1] - began >= 1.0
    assert len(looks) > 2


def test_a_command_without_a_courier_does_not_wait(
    township: Clinic, server: ServerProcess, monkeypatch: pytest.MonkeyPatch
) -> None:
    _an_emergency(township)
    monkeypatch.setattr(updates.time, "sleep", lambda seconds: pytest.fail("it waits"))
    offer = updates.find_update(township.store)
    assert offer is not None
    assert updates.fetch_update(township.store, offer, give_way=False).is_file()


def test_parts_grow_with_the_line_and_shrink_with_it() -> None:
    assert updates._next_size(16 * 1024, 0.01) == 64 * 1024
    assert updates._next_size(64 * 1024, 8.0) == 16 * 1024
    assert updates._next_size(16 * 1024, 100.0) == 4 * 1024
    assert updates._next_size(256 * 1024, 0.0) == 256 * 1024
