"""How many records have changed, over all types: only what may be read, and told apart by ETag."""

from __future__ import annotations

import pytest
import requests

from tests.server.serving import LEAD, NORTH, Client, ServerProcess, patient, task

SINCE = "_lastUpdated=ge2020-01-01&_summary=count"


def _counted(client: Client, etag: str | None = None) -> requests.Response:
    return client.get(f"?{SINCE}", headers={"If-None-Match": etag} if etag else {})


def test_every_write_that_may_be_read_changes_the_answer(north: Client, south: Client) -> None:
    before, elsewhere = _counted(north), _counted(south)
    assert before.status_code == 200
    assert before.json()["type"] == "searchset"
    assert _counted(north, before.headers["ETag"]).status_code == 304
    assert _counted(north, before.headers["ETag"]).content == b""

    who = patient(NORTH)
    north.stored(who)
    created = _counted(north, before.headers["ETag"])
    assert created.json()["total"] == before.json()["total"] + 1

    north.stored({**who, "gender": "female"})
    updated = _counted(north, created.headers["ETag"])
    assert updated.status_code == 200
    assert updated.json()["total"] == created.json()["total"]
    assert updated.headers["ETag"] != created.headers["ETag"]
    # Nobody else's business.
    assert _counted(south, elsewhere.headers["ETag"]).status_code == 304


def test_what_is_shared_by_a_task_counts(north: Client, lead: Client) -> None:
    before = _counted(lead)
    who = patient(NORTH)
    north.stored(who)
    assert _counted(lead, before.headers["ETag"]).status_code == 304
    north.stored(task(NORTH, LEAD, **{"for": {"reference": f"Patient/{who['id']}"}}))
    assert _counted(lead).json()["total"] == before.json()["total"] + 2


def test_since_leaves_out_what_is_older(north: Client) -> None:
    who = patient(NORTH)
    north.stored(who)
    at = north.get(f"/Patient/{who['id']}").json()["meta"]["lastUpdated"]
    found = north.get(f"?_lastUpdated=ge{at}&_summary=count")
    assert found.json()["total"] == 1
    assert north.get("?_lastUpdated=ge2999-01-01&_summary=count").json()["total"] == 0


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?_summary=count",
        "?_lastUpdated=ge2020-01-01",
        "?_lastUpdated=le2020-01-01&_summary=count",
        "?_lastUpdated=gesoon&_summary=count",
        f"?{SINCE}&_tag=x",
        "?_lastUpdated=ge2020-01-01&_summary=true",
        f"?{SINCE}&_lastUpdated=ge2026-01-01",
        f"?_summary=count&{SINCE}",
    ],
)
def test_anything_else_over_all_types_is_refused(north: Client, query: str) -> None:
    assert north.get(query).status_code == 400


def test_strangers_learn_nothing(server: ServerProcess) -> None:
    assert requests.get(f"{server.url}/fhir?{SINCE}", timeout=10).status_code == 401
