"""Servers whose clock is wrong by years, that stamp many records alike, or do no batches.

Each is a real process on real sockets: G5, G12, and the plain way of asking.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from app.models.outbox import Outbox, Receipt
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.store import Store
from app.sync import state
from tests.conftest import TOWNSHIP_ID
from tests.server import serving
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, a_resident, check_ins, save
from tests.sync.proxy import Proxy, Seen

#: Before the server starts: all its clocks are wrong by as many days as a file says.
_LIE = """
import os, time
from datetime import timedelta
import app.clock
def _days():
    with open(os.environ["TOWNSHIP_CARE_TEST_LIE"]) as file:
        return float(file.read())
_time, _now = time.time, app.clock.Clock.now
time.time = lambda: _time() + 86400 * _days()
app.clock.Clock.now = lambda self: _now(self) + timedelta(days=_days())
"""


@pytest.fixture
def lie(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[float], None]:
    """``lie(days)``: from now on the server's clock is wrong by so many days."""
    file = tmp_path / "lie"

    def tell(days: float) -> None:
        file.write_text(str(days))

    tell(0)
    monkeypatch.setenv("TOWNSHIP_CARE_TEST_LIE", str(file))
    monkeypatch.setattr(serving, "_START", _LIE + serving._START)
    return tell


@pytest.fixture
def server(tmp_path: Path, lie: Callable[[float], None]) -> Iterator[ServerProcess]:
    """The lead hospital's server under a clock that lies."""
    process = ServerProcess(tmp_path / "server").start()
    yield process
    if process.running:
        process.stop()


def _names(store: Store) -> set[str]:
    with store.read() as session:
        return {row.id for row in session.query(Resident)}


def _wait_until_it_lies(server: ServerProcess, days: float) -> None:
    """A web server renews its header Date once a second."""
    with requests.Session() as session:
        while True:
            told = session.get(f"{server.url}/healthz", timeout=10).headers["Date"]
            off = parsedate_to_datetime(told) - datetime.now(UTC)
            if abs(off - timedelta(days=days)) < timedelta(days=1):
                return


@pytest.mark.parametrize("days", [(3652, 0), (-3652, 3652), (0, -3652)])
def test_g12_a_server_clock_wrong_by_ten_years_changes_no_outcome(
    make_clinic: Callable[..., Clinic],
    server: ServerProcess,
    lie: Callable[[float], None],
    days: tuple[float, float],
) -> None:
    first, second = days
    one, other = make_clinic(TOWNSHIP_ID), make_clinic(TOWNSHIP_ID)
    saved: set[str] = set()
    for wrong in (first, first, second, second):
        # The clock is put right, or wrong, while everybody is at work.
        lie(wrong)
        _wait_until_it_lies(server, wrong)
        for clinic in (one, other):
            resident = a_resident()
            save(clinic.store, clinic.actor, resident)
            saved.add(resident.id)
            assert clinic.sync().outcome == "done"
    for clinic in (one, other):
        # Whoever kept a credential by the other clock has got a new one by now.
        clinic.sync()
        report = clinic.sync()
        assert (report.outcome, report.counts.open) == ("done", 0)
        assert _names(clinic.store) == saved
        with clinic.store.read() as session:
            assert session.query(Outbox).count() == 0
            assert session.query(Receipt).filter_by(kind="resident").count() == len(saved)


@pytest.fixture
def alike(proxy: Proxy) -> Proxy:
    """A server that stamps all check-ins with one and the same moment."""
    when = "2026-11-01T00:00:00.000000Z"

    def rewrite(seen: Seen, request: bytes, answer: bytes) -> bytes:
        def change(document: Any) -> Any:
            if isinstance(document, dict):
                meta = document.get("meta")
                if document.get("resourceType") == "Procedure" and isinstance(meta, dict):
                    meta["lastUpdated"] = when
                for value in document.values():
                    change(value)
            elif isinstance(document, list):
                for value in document:
                    change(value)
            return document

        return with_body(answer, change)

    proxy.rewrite = rewrite
    return proxy


def with_body(answer: bytes, change: Callable[[Any], Any]) -> bytes:
    """An HTTP answer with another JSON body, its length and packing put right."""
    head, _, body = answer.partition(b"\r\n\r\n")
    if not body:
        return answer
    packed = b"content-encoding: gzip" in head.lower()
    document = change(json.loads(gzip.decompress(body) if packed else body))
    body = json.dumps(document).encode()
    body = gzip.compress(body) if packed else body
    lines = [n for n in head.split(b"\r\n") if not n.lower().startswith(b"content-length:")]
    return b"\r\n".join([*lines, b"content-length: " + str(len(body)).encode()]) + (
        b"\r\n\r\n" + body
    )


def test_g05_a_page_full_of_one_moment_is_read_on_by_the_servers_own_link(
    make_clinic: Callable[..., Clinic], alike: Proxy
) -> None:
    township = make_clinic(TOWNSHIP_ID)
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    rows = check_ins(plan, township.actor, 450)
    save(township.store, township.actor, resident, plan, *rows)
    assert township.sync().outcome == "done"

    clinic = make_clinic(TOWNSHIP_ID, link=alike.url)
    report = clinic.sync()

    assert report.outcome == "done"
    with clinic.store.read() as session:
        assert {row.id for row in session.query(CheckIn)} == {row.id for row in rows}
    followed = [seen for seen in alike.seen if "_lastUpdated" in seen.path or "page" in seen.path]
    assert len(followed) >= 2
    # The cursor stands on that moment: what comes with it later is still asked for.
    with clinic.store.read() as session:
        assert state.load(session, "cursor:Procedure:_tag")["at"].startswith("2026-11-01T00:00:00")
    late = check_ins(plan, township.actor, 1)
    save(township.store, township.actor, *late)
    assert township.sync().outcome == "done"
    assert clinic.sync().outcome == "done"
    with clinic.store.read() as session:
        assert session.get(CheckIn, late[0].id) is not None


@pytest.mark.parametrize("status", [400, 404, 405, 501])
def test_a_server_that_refuses_batches_is_asked_the_plain_way_and_remembered(
    make_clinic: Callable[..., Clinic], proxy: Proxy, status: int
) -> None:
    township = make_clinic(TOWNSHIP_ID)
    resident = a_resident()
    save(township.store, township.actor, resident)
    assert township.sync().outcome == "done"
    refused: list[int] = []

    def rewrite(seen: Seen, request: bytes, answer: bytes) -> bytes:
        if b'"batch-response"' not in _plain(answer):
            return answer
        refused.append(seen.number)
        body = b'{"resourceType":"OperationOutcome","issue":[{"severity":"error","code":"x"}]}'
        return (
            f"HTTP/1.1 {status} No\r\nContent-Type: application/fhir+json\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        ).encode() + body

    proxy.rewrite = rewrite
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url)
    assert clinic.sync().outcome == "done"
    assert _names(clinic.store) == {resident.id}
    assert refused
    before = len(refused)
    another = a_resident()
    save(township.store, township.actor, another)
    township.sync()
    # A new start of the program remembers it, too.
    clinic.engine.close()
    report = clinic.sync()
    assert (report.outcome, report.received) == ("done", 1)
    assert len(refused) == before


def _plain(answer: bytes) -> bytes:
    head, _, body = answer.partition(b"\r\n\r\n")
    return gzip.decompress(body) if b"content-encoding: gzip" in head.lower() else body
