"""A record written many times costs the other writers nothing, and forgets none of its states."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
from sqlalchemy import delete, func, select, update
from sqlalchemy.exc import TimeoutError

from app.server import database as line
from app.server import moving, wire
from app.server.database import Database
from app.server.directory import load_directory
from app.server.engines import is_passing
from app.server.outcome import Refusal
from app.server.prepare import prepare
from app.server.storing import Put, Written, put_all
from app.server.tables import history, known_state, state
from tests.server.serving import NORTH, observation, patient

WRITE_ID = "urn:township-care:x:write-id"


@pytest.fixture
def url(new_database: Callable[[], str | None]) -> str | None:
    return new_database()


@pytest.fixture
def database(tmp_path: Path, url: str | None, directory_file: Path) -> Iterator[Database]:
    with closing(Database(tmp_path / "data", url)) as opened:
        load_directory(opened, directory_file)
        yield opened


def _state(record: dict[str, Any], number: int) -> dict[str, Any]:
    change = [{"url": WRITE_ID, "valueString": f"change-{number}"}]
    return {**record, "extension": change, "note": [{"text": f"第{number}次"}]}


def _put(
    database: Database, resource: dict[str, Any], if_match: str | None = None
) -> Written | Refusal:
    put = Put(prepare(resource, resource["resourceType"], resource["id"]), if_match)
    with database.write() as connection:
        (result,) = put_all(connection, database.now(), NORTH, [put])
    return result


def _status(result: Written | Refusal) -> int:
    return result.status


def _turned(resource: dict[str, Any]) -> dict[str, Any]:
    """The same content, its members in another order."""
    return dict(reversed(resource.items()))


def test_no_earlier_version_is_read_again(database: Database) -> None:
    record = observation(NORTH, patient(NORTH))
    for number in range(1, 21):
        assert _status(_put(database, _state(record, number))) in (200, 201)
    with (
        patch.object(wire, "parse", side_effect=AssertionError("a stored version was parsed")),
        patch.object(wire, "parse_content", side_effect=AssertionError("parsed")),
    ):
        assert _status(_put(database, _state(record, 21))) == 200
        # Each state that it was ever in is known, however it is spelt.
        for number in range(1, 21):
            assert _status(_put(database, _turned(_state(record, number)))) == 412
        again = _put(database, _turned(_state(record, 21)))
        assert isinstance(again, Written)
        assert again.version.startswith("21-")
    with database.read() as connection:
        assert connection.scalar(select(func.count()).select_from(known_state)) == 21


def test_a_state_may_come_back_where_the_version_is_named(database: Database) -> None:
    record = observation(NORTH, patient(NORTH))
    _put(database, _state(record, 1))
    second = _put(database, _state(record, 2))
    assert isinstance(second, Written)
    third = _put(database, _state(record, 1), second.version)
    assert isinstance(third, Written)
    assert third.version.startswith("3-")
    # What is held now is said again; what was held before it is late.
    again = _put(database, _turned(_state(record, 1)))
    assert isinstance(again, Written)
    assert again.version == third.version
    assert _status(_put(database, _state(record, 2))) == 412


def test_numbers_are_told_apart_by_their_spelling(database: Database) -> None:
    record = observation(NORTH, patient(NORTH))
    first, other = (
        wire.parse(wire.dump(_state(record, 1)).replace('"第1次"', text).encode())
        for text in ('"x","value":1.10', '"x","value":1.1')
    )
    assert _status(_put(database, first)) == 201
    assert _status(_put(database, _turned(first))) == 200
    assert _status(_put(database, other)) == 200
    assert _status(_put(database, _turned(first))) == 412


def test_an_older_database_learns_its_states_at_the_start(
    tmp_path: Path, database: Database, url: str | None
) -> None:
    record, once = (observation(NORTH, patient(NORTH)) for _ in range(2))
    for number in range(1, 6):
        _put(database, _state(record, number))
    _put(database, _state(once, 1))
    with database.read() as connection:
        before = {tuple(row) for row in connection.execute(select(known_state))}
        assert connection.scalar(select(func.count()).select_from(history)) == 4
    # As the program before this one left it.
    with database.write() as connection:
        connection.execute(delete(known_state))
        known_state.drop(connection)
        connection.execute(update(state).where(state.c.name == "schema").values(value="2"))

    with closing(Database(tmp_path / "data", url)) as opened:
        with opened.read() as connection:
            assert {tuple(row) for row in connection.execute(select(known_state))} == before
            assert connection.scalar(select(state.c.value)) == "3"
        for number in range(1, 5):
            assert _status(_put(opened, _turned(_state(record, number)))) == 412
        assert _status(_put(opened, _turned(_state(record, 5)))) == 200
        assert _status(_put(opened, _state(once, 2))) == 200
        assert _status(_put(opened, _state(once, 1))) == 412


def test_a_copy_knows_the_states_too(tmp_path: Path, database: Database, url: str | None) -> None:
    record = observation(NORTH, patient(NORTH))
    for number in range(1, 4):
        _put(database, _state(record, number))
    target = f"sqlite:///{tmp_path / 'copy.db'}"
    moving.copy(tmp_path / "data", target, url)
    with closing(Database(tmp_path / "copied", target)) as opened:
        assert _status(_put(opened, _state(record, 1))) == 412


def test_a_writer_is_told_to_come_again_where_the_line_does_not_move(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(line, "LINE_SECONDS", 0.05)
    held, done = threading.Event(), threading.Event()

    def hold() -> None:
        with database.write():
            held.set()
            done.wait(20)

    holder = threading.Thread(target=hold)
    holder.start()
    try:
        assert held.wait(20)
        with pytest.raises(TimeoutError) as caught, database.write():
            raise AssertionError("two writers at once")
        # Answered with 503 and Retry-After.
        assert is_passing(caught.value)
    finally:
        done.set()
        holder.join(20)
    assert _status(_put(database, observation(NORTH, patient(NORTH)))) == 201
