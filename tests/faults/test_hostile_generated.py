"""Answers that a generator made up: never a crash, a false receipt, or a loop without end. G10."""

from __future__ import annotations

import copy
import gzip
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from app.models.actor import Actor
from app.models.outbox import Conflict, Outbox, Receipt, ServerCopy
from app.models.store import Store
from app.sync.engine import SyncEngine
from app.sync.enrol import use_token
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport
from tests.sync.making import a_resident, save
from tests.sync.test_transport import FHIR, Scripted

Json = Any
OUTCOMES = {"done", "partial", "offline", "refused", "failed"}
#: Searches of a whole run in the plain way, twice, with a look or two; a loop has no end.
MOST_REQUESTS = 80

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(allow_nan=False, allow_infinity=False),
    st.text(max_size=12),
    st.sampled_from(
        ["Bundle", "searchset", "transaction-response", "Patient", "200 OK", "201", "412", "²²²",
         'W/"1"', "9999-12-31T23:59:59Z", "2026-03-02T01:00:00Z", "next", "\ud800"]
    ),
)  # fmt: skip
_NONSENSE = st.recursive(
    _LEAVES,
    lambda inner: st.one_of(
        st.lists(inner, max_size=3),
        st.dictionaries(
            st.sampled_from(["resourceType", "type", "entry", "resource", "response", "id", "x"]),
            inner,
            max_size=3,
        ),
    ),
    max_leaves=8,
)
#: Which places of a sound answer are spoilt, and how.
_SPOILT = st.lists(
    st.tuples(st.integers(0, 400), st.sampled_from(["put", "drop", "double"]), _NONSENSE),
    max_size=4,
)
_STATUS = st.sampled_from([200] * 8 + [201, 204, 400, 403, 404, 409, 412, 413, 422, 500, 501, 503])


def _places(value: Json) -> list[tuple[Any, Any]]:
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys: Any = one if isinstance(one, dict) else range(len(one))
        for key in keys:
            found.append((one, key))
            if isinstance(one[key], dict | list):
                waiting.append(one[key])
    return found


def _spoil(document: Json, how: list[tuple[int, str, Json]]) -> Json:
    document = copy.deepcopy(document)
    for number, what, nonsense in how:
        places = _places(document) if isinstance(document, dict | list) else []
        if not places:
            return nonsense
        holder, key = places[number % len(places)]
        if what == "put":
            holder[key] = nonsense
        elif what == "drop":
            del holder[key]
        elif isinstance(holder, list):
            holder.append(copy.deepcopy(holder[key]))
    return document


def _sound(request: Json) -> Json:
    """What an honest server would answer to a bundle."""
    entries = []
    for entry in request.get("entry", ()):
        if entry["request"]["method"] == "PUT":
            response = {
                "status": "201 Created",
                "etag": 'W/"1"',
                "lastModified": "2026-03-02T01:00:00.000000Z",
            }
            entries.append({"response": response})
        else:
            page = {"resourceType": "Bundle", "type": "searchset", "entry": []}
            entries.append({"resource": page, "response": {"status": "200 OK"}})
    return {"resourceType": "Bundle", "type": request["type"] + "-response", "entry": entries}


class _Hostile:
    """Spoils every answer; knows of which records it has truly said that it holds them."""

    def __init__(self) -> None:
        self.how: list[tuple[int, str, Json]] = []
        self.status = 200
        self.said: set[str] = set()
        self.requests = 0

    def reply(
        self, method: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, dict[str, str], bytes]:
        self.requests += 1
        if method == "POST":
            plain = gzip.decompress(body) if headers.get("content-encoding") == "gzip" else body
            request = json.loads(plain)
            sound = _sound(request)
        else:
            request = {"type": "search"}
            sound = {"resourceType": "Bundle", "type": "searchset", "entry": []}
        answer = _spoil(sound, self.how)
        if 200 <= self.status < 300 and request["type"] == "transaction":
            self._note(request["entry"], answer)
        return self.status, FHIR, json.dumps(answer).encode()

    def _note(self, asked: list[Json], answer: Json) -> None:
        """By the words of FHIR alone: a response to every entry, each of them 2xx."""
        if not isinstance(answer, dict) or answer.get("resourceType") != "Bundle":
            return
        entries = answer.get("entry")
        if not isinstance(entries, list) or len(entries) != len(asked):
            return
        for entry, question in zip(entries, asked, strict=True):
            response = entry.get("response") if isinstance(entry, dict) else None
            status = response.get("status") if isinstance(response, dict) else None
            if isinstance(status, str) and re.match(r"\s*2[0-9][0-9]\b", status):
                self.said.add(question["resource"]["id"])


@pytest.fixture
def scripted() -> Iterator[Scripted]:
    made = Scripted()
    yield made
    made.close()


@pytest.fixture
def engine_of(store: Store, scripted: Scripted) -> Callable[[], SyncEngine]:
    use_token(store, scripted.url, "a-token")

    def connect(account: ServerAccount, gzip_up: bool | None) -> Transport:
        return Transport(account.base, account.token, timeouts=Timeouts(5, 5, 20), gzip_up=gzip_up)

    return lambda: SyncEngine(store, connect=connect)


@settings(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(how=_SPOILT, status=_STATUS, many=st.integers(1, 3), again=st.booleans())
def test_g10_whatever_is_answered_no_record_is_held_that_the_server_did_not_take(
    store: Store,
    actor: Actor,
    scripted: Scripted,
    engine_of: Callable[[], SyncEngine],
    how: list[tuple[int, str, Json]],
    status: int,
    many: int,
    again: bool,
) -> None:
    hostile = _Hostile()
    hostile.how, hostile.status = how, status
    scripted.reply = hostile.reply
    residents = [a_resident() for _ in range(many)]
    save(store, actor, *residents)
    ids = {row.id for row in residents}
    engine = engine_of()
    try:
        for _ in range(2 if again else 1):
            before = hostile.requests
            report = engine.run_once()
            assert report.outcome in OUTCOMES
            assert hostile.requests - before <= MOST_REQUESTS
            assert "Error" not in report.reason
    finally:
        engine.close()
    with store.read() as session:
        held = {row.record_id for row in session.query(Receipt)} & ids
        queued = {row.record_id for row in session.query(Outbox)} & ids
    assert held <= hostile.said
    # Whatever is not held is still in the queue: nothing vanishes.
    assert held | queued == ids
    with store.apply_remote() as session:
        for table in (Outbox, Receipt, ServerCopy, Conflict):
            session.query(table).delete()
