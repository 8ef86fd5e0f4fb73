"""A server that answers nonsense: the run says so, the token stays at home, the rest arrives.

The engine talks over real sockets to a server that answers whatever the test says.
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from app.errors import TownshipCareError
from app.fhir import mapping
from app.fhir.common import WireContext
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store
from app.sync.engine import SyncEngine, SyncReport
from app.sync.enrol import enrol, use_token
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport
from tests.conftest import TOWNSHIP_ID
from tests.fhir.samples import sample
from tests.sync.making import a_resident, save
from tests.sync.test_transport import FHIR, Scripted

Json = dict[str, Any]
TOKEN = "a-token-that-must-stay-here"


@dataclass
class Nonsense:
    """Answers a batch of searches with ``page(url)`` each; ``spoil`` turns the answer's bytes."""

    scripted: Scripted
    page: Callable[[str], Json]
    spoil: Callable[[bytes], bytes] = lambda body: body
    headers: dict[str, str] = field(default_factory=dict)

    def reply(
        self, method: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        document: Json = {"entry": []}
        if method == "POST":
            plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            document = json.loads(plain)
        answers = [
            {"response": {"status": "200"}, "resource": self.page(entry["request"]["url"])}
            for entry in document["entry"]
        ]
        answer = {"resourceType": "Bundle", "type": "batch-response", "entry": answers}
        return 200, FHIR | self.headers, self.spoil(json.dumps(answer).encode())


@pytest.fixture
def nonsense() -> Iterator[Nonsense]:
    scripted = Scripted()
    made = Nonsense(scripted, lambda url: found())
    scripted.reply = made.reply
    yield made
    scripted.close()


@pytest.fixture
def run(store: Store, nonsense: Nonsense) -> Callable[[], SyncReport]:
    """One sync with the server of nonsense."""
    use_token(store, nonsense.scripted.url, TOKEN)

    def connect(account: ServerAccount, gzip_up: bool | None) -> Transport:
        return Transport(account.base, account.token, timeouts=Timeouts(5, 5, 20), gzip_up=gzip_up)

    def once() -> SyncReport:
        engine = SyncEngine(store, connect=connect)
        try:
            return engine.run_once()
        finally:
            engine.close()

    return once


def found(*resources: Json) -> Json:
    entries = [{"resource": each, "search": {"mode": "match"}} for each in resources]
    return {"resourceType": "Bundle", "type": "searchset", "entry": entries}


def a_patient() -> Json:
    own = {"id": new_id(), "organisation_id": TOWNSHIP_ID, "residences": []}
    record = sample("resident") | own
    resource = mapping.to_resources("resident", record, WireContext())[0]
    resource["meta"] |= {"versionId": "1", "lastUpdated": "2026-03-02T01:00:00.000000Z"}
    return resource


def residents(store: Store) -> set[str]:
    with store.read() as session:
        return {row.id for row in session.query(Resident)}


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "half a character \ud800"},
        {"id": ["x"]},
        {"id": None},
        {"resourceType": ["Patient"]},
        {"meta": ["x"]},
        {"birthDate": "1950-02-30"},
        {"birthDate": {"year": 1950}},
        {"extension": "x"},
        {"contact": [[[]]]},
    ],
)
def test_one_unreadable_record_does_not_keep_the_others_out(
    store: Store, nonsense: Nonsense, run: Callable[[], SyncReport], changes: Json
) -> None:
    good = a_patient()
    bad = a_patient() | changes
    nonsense.page = lambda url: found(bad, good) if url.startswith("Patient?") else found()
    report = run()
    assert report.outcome == "done", report.reason
    assert residents(store) == {good["id"]}
    # What could not be read is asked for again and again harms nothing.
    assert run().outcome == "done"
    assert residents(store) == {good["id"]}


@pytest.mark.parametrize(
    "time",
    [
        "9999-12-31T23:59:59-08:00",
        "0001-01-01T00:00:00+08:00",
        "9999-12-31T23:59:59Z",
        "yesterday",
        7,
        None,
    ],
)
def test_impossible_times_of_the_server_are_passed_over(
    store: Store, nonsense: Nonsense, run: Callable[[], SyncReport], time: Any
) -> None:
    patients = [a_patient()]
    patients[0]["meta"]["lastUpdated"] = time
    nonsense.page = lambda url: found(*patients) if url.startswith("Patient?") else found()
    nonsense.headers = {"Date": "Fri, 31 Dec 9999 23:59:59 -0800", "Retry-After": "\u00b2"}
    assert run().outcome == "done"
    # The cursor did not run away with it: what comes next is still seen.
    patients.append(a_patient())
    assert run().outcome == "done"
    assert residents(store) == {each["id"] for each in patients}


PAGES: dict[str, Callable[[str], Any]] = {
    "entry is a number": lambda url: {**found(), "entry": 5},
    "entry is a text": lambda url: {**found(), "entry": "records"},
    "entry of numbers": lambda url: {**found(), "entry": [1]},
    "search is a list": lambda url: {
        **found(),
        "entry": [{"resource": {"resourceType": "Patient", "id": "1"}, "search": [1]}],
    },
    "link is a number": lambda url: {**found(), "link": 5},
    "link of a broken address": lambda url: {
        **found(),
        "link": [{"relation": "next", "url": "http://[::1"}],
    },
    "not a search": lambda url: {"resourceType": "Patient"},
    "nothing": lambda url: None,
    "a list": lambda url: [],
}
BODIES: dict[str, Callable[[bytes], bytes]] = {
    "html": lambda body: b"<!doctype html><html><body>Welcome</body></html>",
    "truncated": lambda body: body[:-20],
    "empty": lambda body: b"",
    "a number": lambda body: b"5",
    "nested without end": lambda body: b"[" * 3_000_000,
    "ten megabytes": lambda body: b'{"resourceType":"Bundle","x":"' + b"a" * 10_000_000 + b'"}',
    "no bytes of a text": lambda body: b"\xff\xfe\x00\x01",
    "status of another script": lambda body: body.replace(b'"200"', b'"\\u00b2\\u00b2\\u00b2"'),
    "fewer answers": lambda body: b'{"resourceType":"Bundle","type":"batch-response","entry":[]}',
}


@pytest.mark.parametrize("name", PAGES)
def test_a_page_of_nonsense_is_a_plain_sentence(
    nonsense: Nonsense, run: Callable[[], SyncReport], name: str
) -> None:
    nonsense.page = PAGES[name]
    _check_said(run())


def _check_said(report: SyncReport) -> None:
    assert report.outcome in ("offline", "failed")
    assert report.reason.endswith(("。", "."))
    assert "Error" not in report.reason
    assert report.received == 0


@pytest.mark.parametrize("name", BODIES)
def test_nonsense_is_a_plain_sentence_and_the_queue_stays(
    store: Store,
    actor: Actor,
    nonsense: Nonsense,
    run: Callable[[], SyncReport],
    name: str,
) -> None:
    save(store, actor, a_resident())
    nonsense.spoil = BODIES[name]
    _check_said(run())
    with store.read() as session:
        (row,) = session.query(Outbox)
        assert row.state in ("waiting", "unknown")


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("body", [b"", b"<html>moved</html>"])
def test_a_redirect_does_not_take_the_token_elsewhere(
    store: Store,
    actor: Actor,
    nonsense: Nonsense,
    run: Callable[[], SyncReport],
    status: int,
    body: bytes,
) -> None:
    thief = Scripted()
    try:
        save(store, actor, a_resident())
        nonsense.scripted.reply = lambda *_: (status, {"Location": thief.url + "/Patient"}, body)
        report = run()
        assert report.outcome == "offline"
        assert nonsense.scripted.requests, "the server itself was asked"
        assert thief.requests == []
    finally:
        thief.close()


def test_a_next_link_to_elsewhere_takes_neither_token_nor_question(
    store: Store, nonsense: Nonsense, run: Callable[[], SyncReport]
) -> None:
    thief = Scripted()
    try:
        # All of one time: only the server's link would lead on.
        patients = [a_patient() for _ in range(3)]
        link = [{"relation": "next", "url": f"{thief.url}/Patient?page=2"}]
        nonsense.page = lambda url: (
            {**found(*patients), "link": link} if url.startswith("Patient?") else found()
        )
        report = run()
        assert report.outcome == "offline"
        assert thief.requests == []
        assert residents(store) == {each["id"] for each in patients}, "what came is kept"
    finally:
        thief.close()


@pytest.mark.parametrize(
    "answer",
    [
        b"<html>sign in</html>",
        b"[]",
        b'{"token": 5, "organisation": {"id": "x"}}',
        b'{"token": "", "organisation": []}',
        b'{"token": "t", "organisation": "x"}',
        b'{"token": "t"',
        b"",
    ],
)
def test_joining_a_server_of_nonsense_changes_nothing(
    store: Store, nonsense: Nonsense, answer: bytes
) -> None:
    kind = {"Content-Type": "text/html" if answer.startswith(b"<") else "application/json"}
    nonsense.scripted.reply = lambda *_: (200, kind, answer)
    with pytest.raises(TownshipCareError) as caught:
        enrol(store, nonsense.scripted.url, "ABCD-1234")
    assert str(caught.value).endswith(("。", "."))
    from app.sync import state

    with store.read() as session:
        assert state.account(session) is None


def test_answers_of_a_wrong_shape_to_what_was_sent_mark_nothing_as_held(
    store: Store, actor: Actor, nonsense: Nonsense, run: Callable[[], SyncReport]
) -> None:
    row = a_resident()
    save(store, actor, row)
    for answer in (
        {"resourceType": "Bundle", "type": "transaction-response", "entry": [{"response": 5}]},
        {"resourceType": "Bundle", "type": "transaction-response", "entry": "all"},
        {"resourceType": "Bundle", "type": "transaction-response", "entry": [None]},
        {"resourceType": "Bundle"},
        {"resourceType": "OperationOutcome", "issue": 5},
    ):
        body = json.dumps(answer).encode()
        nonsense.scripted.reply = lambda *_, body=body: (200, FHIR, body)
        report = run()
        assert report.outcome != "done"
        assert report.sent == 0
        with store.read() as session:
            (waiting,) = session.query(Outbox)
            assert (waiting.record_id, waiting.state in ("waiting", "unknown")) == (row.id, True)
