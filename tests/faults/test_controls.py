"""Negative controls: a promise is broken on purpose, and its check must notice.

The controls of the promises that the simulator checks are in ``tests/simulation/breaking.py``;
here are those that are proven by tests of their own (G16, G17, G18, G19).
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest

import app.models.store as stores
from app.errors import StoreFault
from app.models.actor import Actor
from app.models.outbox import LANE_REST
from app.models.store import Store
from app.sync import queue
from app.sync.wire import mapping
from tests.faults import test_two_writers as two_writers
from tests.faults.test_no_identity_in_files import PLANTED, _leaks, _needles
from tests.server.serving import ServerProcess
from tests.simulation.clinic import Pc
from tests.simulation.county import County, build, scratch
from tests.simulation.link import PASS
from tests.simulation.world import World, begin
from tests.sync.conftest import Clinic
from tests.sync.making import a_resident, save


@pytest.fixture(scope="module")
def county() -> Iterator[County]:
    with scratch() as folder:
        yield build(folder / "county")


# --- G16 ------------------------------------------------------------------------------------


def _first_bundle(world: World) -> set[str]:
    """Types of what leaves first where an emergency was saved behind a dozen other records."""
    for _ in range(6):
        world.do("register")
        world.do("plan")
    world.do("refer", 0, 1)
    pc = world.pcs[0]
    world.do("start", 0, 8)
    while pc.request is not None and not pc.request.is_transaction:
        world.carry(pc, PASS)
    assert pc.request is not None
    body = pc.request.body
    if dict(pc.request.headers).get("Content-Encoding") == "gzip":
        body = gzip.decompress(body)
    return {entry["resource"]["resourceType"] for entry in json.loads(body)["entry"]}


def test_g16_a_courier_without_lanes_is_caught(county: County, tmp_path: Path) -> None:
    with begin(county, tmp_path / "lanes") as world:
        assert "Task" in _first_bundle(world)

    in_lane = queue.in_lane

    def all_alike(session: Any, lane: int, after: int, most: int) -> list[Any]:
        return in_lane(session, lane, after, most) if lane >= LANE_REST else []

    with patch.object(queue, "in_lane", all_alike), begin(county, tmp_path / "none") as world:
        assert "Task" not in _first_bundle(world)


# --- G17 ------------------------------------------------------------------------------------


def _saves_while_a_request_is_out(world: World) -> bool:
    world.do("register")
    world.do("start", 0, 0)
    pc = world.pcs[0]
    assert pc.request is not None
    try:
        save(pc.store, pc.actor, a_resident(name="周八"))
    except StoreFault:
        return False
    return True


def test_g17_a_courier_that_holds_the_store_while_it_waits_is_caught(
    county: County, tmp_path: Path
) -> None:
    with begin(county, tmp_path / "free") as world:
        assert _saves_while_a_request_is_out(world)

    carry = Pc._carry

    def holding(self: Pc, request: Any) -> Any:
        with self.store.apply_remote() as session:
            session.connection()
            return carry(self, request)

    with ExitStack() as stack:
        stack.enter_context(patch.object(Pc, "_carry", holding))
        stack.enter_context(_impatient())
        assert not _saves_while_a_request_is_out(stack.enter_context(begin(county, tmp_path)))


@contextmanager
def _impatient() -> Iterator[None]:
    """Stores that wait for no writer: the control need not wait for what never comes."""
    connect = stores._connect
    with patch.object(stores, "_connect", lambda path, key, **_: connect(path, key, patience=0)):
        yield


# --- G18 ------------------------------------------------------------------------------------


def test_g18_a_courier_that_drops_what_it_does_not_know_is_caught(
    township: Clinic, server: ServerProcess
) -> None:
    with (
        patch.object(mapping, "merge_unknown", lambda ours, theirs: ours),
        pytest.raises(AssertionError, match="from-2030"),
    ):
        two_writers.test_g18_fields_of_a_newer_program_go_back_unharmed(township, server)


# --- G19 ------------------------------------------------------------------------------------


def test_g19_the_search_finds_every_planted_value_in_every_form() -> None:
    for what, form in _needles():
        assert what in _leaks(b"2026-03-02 INFO saved " + form + b"\n")
    assert {what for what, _ in _needles()} == set(PLANTED)


def test_g19_a_store_without_its_key_is_caught(
    make_store: Callable[..., tuple[Store, Actor]], tmp_path: Path
) -> None:
    store, actor = make_store()
    save(store, actor, a_resident(name=PLANTED["name"], phone=PLANTED["phone"]))

    def lies_in(folder: Path) -> set[str]:
        return {what for path in folder.iterdir() for what in _leaks(path.read_bytes())}

    assert lies_in(store.folder) == set()

    plain = tmp_path / "plain"
    plain.mkdir()
    with patch.object(stores, "_unlock", lambda connection, key: None):
        made = stores.create_store(plain, b"", store.organisation_id, store.clock)
        save(made, actor, a_resident(name=PLANTED["name"], phone=PLANTED["phone"]))
        made.close()
    assert lies_in(plain) == {"name", "phone"}
