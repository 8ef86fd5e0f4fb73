"""Courier files that come in part by part: bounded, resumed, given up, and out of the way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from app.server import courier_desk
from app.server.answering import Caller, Site
from app.server.courier_desk import CourierDesk
from app.server.courier_uploads import Uploads
from app.server.database import Database
from app.server.limits import Limits
from app.server.outcome import Refusal


class _Ticking:
    def __init__(self) -> None:
        self.at = 0.0

    def __call__(self) -> float:
        return self.at


@pytest.fixture
def ticking() -> _Ticking:
    """Seconds that pass when a test says so."""
    return _Ticking()


@pytest.fixture
def uploads(ticking: _Ticking) -> Iterator[Uploads]:
    """No file yet."""
    made = Uploads(ticking)
    yield made
    made.close()


def test_parts_come_in_order_and_a_part_that_came_before_costs_nothing(uploads: Uploads) -> None:
    assert uploads.received("pc", "u") == 0
    assert uploads.add("pc", "u", 0, b"abc") == 3
    assert uploads.add("pc", "u", 1, b"bcde") == 5
    assert uploads.add("pc", "u", 0, b"abc") == 5
    assert uploads.received("pc", "u") == 5
    with pytest.raises(Refusal) as caught:
        uploads.add("pc", "u", 9, b"x")
    assert caught.value.status == 409
    with uploads.taking("pc", "u") as path:
        assert path.read_bytes() == b"abcde"


def test_what_eight_pcs_left_behind_makes_room_after_a_while(
    uploads: Uploads, ticking: _Ticking
) -> None:
    for number in range(8):
        uploads.add(f"pc{number}", "u", 0, b"half of")
    with pytest.raises(Refusal) as caught:
        uploads.add("pc8", "u", 0, b"a file")
    assert caught.value.status == 503
    assert "Retry-After" in caught.value.headers
    ticking.at = 1000.0
    uploads.add("pc3", "u", 7, b" it")
    ticking.at = 1900.0
    assert uploads.add("pc8", "u", 0, b"a file") == 6
    assert uploads.received("pc0", "u") == 0, "given up"
    assert uploads.received("pc3", "u") == 10, "went on meanwhile"


def test_a_file_being_taken_in_stays_as_it_is(uploads: Uploads, ticking: _Ticking) -> None:
    uploads.add("pc", "first", 0, b"whole")
    with uploads.taking("pc", "first") as path:
        ticking.at = 10_000.0
        uploads.add("pc", "second", 0, b"another")
        uploads.add("pc", "first", 0, b"whole and more")
        assert path.read_bytes() == b"whole"
        with pytest.raises(Refusal) as caught, uploads.taking("pc", "first"):
            pass
        assert caught.value.status == 503
    uploads.drop("pc", "first")
    assert not path.exists()
    with pytest.raises(Refusal) as caught, uploads.taking("pc", "first"):
        pass
    assert caught.value.status == 409


def test_files_are_taken_in_one_by_one_beside_the_threads_of_the_records(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    site = Site(Database(tmp_path), "1", Limits(), None)
    desk = CourierDesk(site, lambda request: Caller("pc", "lead"))
    go_on, at_once, most, names = threading.Event(), 0, 0, set()

    def slow(database: Database, path: Path) -> str:
        nonlocal at_once, most
        at_once += 1
        most = max(most, at_once)
        names.add(threading.current_thread().name)
        assert go_on.wait(60)
        at_once -= 1
        return path.read_text()

    monkeypatch.setattr(courier_desk, "take_in", slow)

    async def run() -> list[object]:
        for number in range(8):
            desk._uploads.add(f"pc{number}", "u", 0, b"%d" % number)
        files = [asyncio.create_task(desk.taken(f"pc{number}", "u")) for number in range(8)]
        # Eight files wait, and the records still have their threads.
        async with asyncio.timeout(30):
            assert await site.job(lambda: "a record") == "a record"
        go_on.set()
        return list(await asyncio.gather(*files))

    try:
        assert asyncio.run(run()) == [str(number) for number in range(8)]
    finally:
        go_on.set()
        desk.close()
        site.close()
    assert most == 1
    assert len(names) == 1
    assert all(desk._uploads.received(f"pc{number}", "u") == 0 for number in range(8))
