"""One short question tells that nothing is new; no answer to it ever hides a record."""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing

import pytest

from app.models.resident import Resident
from app.sync.lists import CLOCK_STEP
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.contract.spoiler import Answered, Asked, Forward, Spoiler
from tests.sync.making import a_resident, save

MOST_BYTES = 600  # of a sync with nothing new, both ways (docs/sync.md)


@pytest.fixture
def spoiler(server: ServerProcess) -> Iterator[Spoiler]:
    made = Spoiler(server.url).start()
    yield made
    made.stop()


def _holds(clinic: Clinic, resident_id: str) -> bool:
    with clinic.store.read() as session:
        return session.get(Resident, resident_id) is not None


def _is_short(asked: Asked) -> bool:
    return asked.method == "GET" and "_summary=count" in asked.path


def _age(server: ServerProcess) -> None:
    """All that the server holds was written a minute ago."""
    with closing(sqlite3.connect(server.data_dir / "server.db")) as held:
        held.execute("UPDATE resource SET updated = updated - 60000000")
        held.commit()


def _comes_to_rest(clinic: Clinic) -> None:
    """The answer to the short question is known, and it is the only one that is asked.

    What is as young as a server's clock may be wrong is read from the lists until it is older.
    """
    clinic.sync()
    ends = time.monotonic() + 2 * CLOCK_STEP.total_seconds()
    while True:
        report = clinic.sync()
        assert (report.outcome, report.sent, report.received) == ("done", 0, 0)
        if 0 < report.bytes_up + report.bytes_down <= MOST_BYTES:
            break
        assert time.monotonic() < ends
    assert report.requests == 1


def test_nothing_new_is_one_short_question(
    township: Clinic, make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    save(township.store, township.actor, a_resident())
    township.sync()
    _age(server)
    other = make_clinic(TOWNSHIP_ID)
    assert other.sync().received > 0
    _comes_to_rest(other)


def test_what_a_colleague_wrote_after_quiet_times_arrives(
    township: Clinic, make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    other = make_clinic(TOWNSHIP_ID)
    _age(server)
    _comes_to_rest(township)
    for _ in range(2):
        resident = a_resident()
        save(other.store, other.actor, resident)
        assert other.sync().sent == 1
        assert township.sync().received == 1
        assert _holds(township, resident.id)
        with other.store.write(other.actor) as session:
            session.get_one(Resident, resident.id).village = "南村"
        assert other.sync().sent == 1
        assert township.sync().received == 1
        _comes_to_rest(township)


def test_news_whose_lists_were_cut_off_are_asked_for_again(
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    spoiler: Spoiler,
    server: ServerProcess,
) -> None:
    _age(server)
    here = make_clinic(TOWNSHIP_ID, link=spoiler.url)
    _comes_to_rest(here)
    resident = a_resident()
    save(township.store, township.actor, resident)
    township.sync()

    def no_lists(forward: Forward, asked: Asked) -> Answered:
        if _is_short(asked):
            return forward(asked)
        return Answered(503, {"content-type": "application/fhir+json"}, b"{}")

    spoiler.spoil = no_lists
    assert here.sync().outcome == "failed"
    assert here.sync().outcome == "failed"
    assert not _holds(here, resident.id)

    spoiler.spoil = lambda forward, asked: forward(asked)
    assert here.sync().received == 1
    assert _holds(here, resident.id)
    _comes_to_rest(here)


_FHIR = {"content-type": "application/fhir+json"}


@pytest.mark.parametrize("status", [401, 408, 429, 503])
def test_a_fault_of_the_short_question_alone_leaves_nothing_for_read(
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    spoiler: Spoiler,
    server: ServerProcess,
    status: int,
) -> None:
    _age(server)
    here = make_clinic(TOWNSHIP_ID, link=spoiler.url)
    _comes_to_rest(here)
    resident = a_resident()
    save(township.store, township.actor, resident)
    township.sync()

    def not_now(forward: Forward, asked: Asked) -> Answered:
        if not _is_short(asked):
            return forward(asked)
        # The server counts, and its answer is lost on the way.
        forward(asked)
        return Answered(status, _FHIR, b'{"resourceType":"OperationOutcome","issue":[]}')

    spoiler.spoil = not_now
    here.sync()
    spoiler.spoil = lambda forward, asked: forward(asked)
    here.sync()
    assert _holds(here, resident.id)


def test_a_tag_that_stands_for_a_number_hides_no_second_change(
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    spoiler: Spoiler,
    server: ServerProcess,
) -> None:
    """Another maker's server may make its ETag of what it answers, a number alone."""
    _age(server)
    here = make_clinic(TOWNSHIP_ID, link=spoiler.url)

    def by_number(forward: Forward, asked: Asked) -> Answered:
        if not _is_short(asked):
            return forward(asked)
        headers = {n: v for n, v in asked.headers.items() if n != "if-none-match"}
        answer = forward(asked.but(headers=headers))
        tag = f'W/"{json.loads(answer.body)["total"]}"'
        if asked.headers.get("if-none-match") == tag:
            return Answered(304, {**answer.headers, "etag": tag}, b"")
        return answer.but(headers={**answer.headers, "etag": tag})

    spoiler.spoil = by_number
    here.sync()
    here.sync()
    resident = a_resident()
    save(township.store, township.actor, resident)
    for village in ("南村", "北村", "西村"):
        with township.store.write(township.actor) as session:
            session.get_one(Resident, resident.id).village = village
        township.sync()
        here.sync()
        with here.store.read() as session:
            assert session.get_one(Resident, resident.id).village == village


@pytest.mark.parametrize(
    "answered",
    [
        Answered(404, _FHIR, b'{"resourceType":"OperationOutcome","issue":[]}'),
        Answered(500, _FHIR, b'{"resourceType":"OperationOutcome","issue":[]}'),
        Answered(200, {"content-type": "text/html"}, b"<html>Welcome to this server</html>"),
        Answered(302, {"location": "/home"}, b""),
        Answered(304, {}, b""),
        Answered(200, _FHIR, b'{"resourceType":"Bundle","type":"searchset"}'),
        Answered(200, _FHIR, b'{"resourceType":"Bundle","type":"searchset","total":-1}'),
        Answered(200, _FHIR, b'{"resourceType":"Patient","id":"1","total":0}'),
    ],
)
def test_a_server_that_cannot_count_is_asked_once_and_everything_arrives(
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    spoiler: Spoiler,
    server: ServerProcess,
    answered: Answered,
) -> None:
    _age(server)
    here = make_clinic(TOWNSHIP_ID, link=spoiler.url)
    asked_for = []

    def cannot(forward: Forward, asked: Asked) -> Answered:
        if _is_short(asked):
            asked_for.append(asked)
            return answered
        return forward(asked)

    spoiler.spoil = cannot
    here.sync()
    here.sync()
    resident = a_resident()
    save(township.store, township.actor, resident)
    township.sync()
    report = here.sync()
    assert (report.outcome, report.received) == ("done", 1)
    assert _holds(here, resident.id)
    assert len(asked_for) == 1
