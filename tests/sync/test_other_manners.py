"""The courier with a server whose answers look like HAPI FHIR's, as its documentation shows them.

Same meaning, other manners: bare etags, bodies in words, times to the millisecond in the
server's own zone, 409 instead of 412, tags and metas with more in them, remarks among the
matches. A proxy puts them on the embedded server's answers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any

import pytest

from tests.conftest import TOWNSHIP_ID
from tests.independent.test_sync import (  # noqa: F401 — the same days, run here once more
    test_a_referral_goes_to_the_hospital_and_its_answer_comes_back,
    test_a_working_day_is_held_and_a_second_pc_gets_all_of_it,
    test_two_people_change_one_record_and_nothing_is_overwritten,
)
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.contract.spoiler import Answered, Asked, Forward, Spoiler

Json = dict[str, Any]
_ZONE = timezone(timedelta(hours=8))
_WORDS = {"200": "200 OK", "201": "201 Created"}
_REMARK = {
    "search": {"mode": "outcome"},
    "resource": {"resourceType": "OperationOutcome", "id": "remark", "issue": []},
}


def _time(text: str) -> str:
    at = datetime.fromisoformat(text.replace("Z", "+00:00")).astimezone(_ZONE)
    return at.isoformat(timespec="milliseconds")


def _dress(value: Any) -> Any:
    if isinstance(value, list):
        return [_dress(one) for one in value]
    if not isinstance(value, dict):
        return value
    found = {name: _dress(one) for name, one in value.items()}
    meta = found.get("meta")
    if isinstance(meta, dict) and "lastUpdated" in meta:
        meta["lastUpdated"] = _time(meta["lastUpdated"])
        meta["source"] = "#a1b2c3"
        for tag in meta.get("tag", []):
            tag["userSelected"] = False
    response = found.get("response")
    if isinstance(response, dict):
        response["status"] = _WORDS.get(response["status"][:3], response["status"])
        if "etag" in response:
            response["etag"] = response["etag"].removeprefix('W/"').rstrip('"')
        if "lastModified" in response:
            response["lastModified"] = _time(response["lastModified"])
    if found.get("type") == "searchset":
        found["entry"] = [*found.get("entry", []), _REMARK]
        found["id"] = "0b0c7e06"
        found["meta"] = {"lastUpdated": "2026-03-02T09:30:00.000+08:00"}
    return found


def like_hapi(forward: Forward, asked: Asked) -> Answered:
    answer = forward(asked.without("accept-encoding"))
    if "/fhir" not in asked.path or not answer.body:
        return answer
    body = json.dumps(_dress(json.loads(answer.body))).encode()
    status = 409 if answer.status == 412 else answer.status
    return Answered(status, answer.headers, body)


@pytest.fixture
def make_pc(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> Iterator[Callable[..., Clinic]]:
    """``make_pc(ORG_ID)``: a PC that sees the server through those manners."""
    bodies: list[str] = []

    def noted(forward: Forward, asked: Asked) -> Answered:
        answer = like_hapi(forward, asked)
        bodies.append(answer.body.decode())
        return answer

    spoiler = Spoiler(server.url, noted).start()

    def make(organisation_id: str = TOWNSHIP_ID) -> Clinic:
        return make_clinic(organisation_id, link=spoiler.url, silence=20)

    yield make
    spoiler.stop()
    seen = " ".join(bodies)
    assert all(text in seen for text in ('"201 Created"', '+08:00"', '"userSelected"', '"outcome"'))
