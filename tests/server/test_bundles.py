"""Transactions and batches: whole or each alone, answered in order, replayed harmlessly."""

from __future__ import annotations

from typing import Any

import pytest

from tests.server.serving import (
    NORTH,
    Client,
    count_of,
    issue,
    new_id,
    observation,
    patient,
    put_entry,
    reference,
)


def _bundle(kind: str, *entries: dict[str, Any]) -> dict[str, Any]:
    return {"resourceType": "Bundle", "type": kind, "entry": list(entries)}


def test_transaction_answers_in_order(north: Client) -> None:
    who = patient(NORTH)
    # The child stands before its parent: order inside a transaction does not matter.
    records = [observation(NORTH, who) for _ in range(30)]
    records.insert(15, who)
    answer = north.post("transaction", *records)
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["type"] == "transaction-response"
    responses = [entry["response"] for entry in body["entry"]]
    assert [one["status"] for one in responses] == ["201 Created"] * 31
    assert {count_of(one["etag"]) for one in responses} == {1}
    times = [one["lastModified"] for one in responses]
    assert times == sorted(times)
    assert len(set(times)) == 31
    for record, one in zip(records, responses, strict=True):
        stored = north.get(f"/{record['resourceType']}/{record['id']}").json()
        assert stored["meta"]["lastUpdated"] == one["lastModified"]


def test_replayed_transaction_changes_nothing(north: Client) -> None:
    records = [patient(NORTH) for _ in range(5)]
    first = north.post("transaction", *records).json()["entry"]
    again = north.post("transaction", *records).json()["entry"]
    assert [one["response"]["status"] for one in again] == ["200 OK"] * 5
    for before, after in zip(first, again, strict=True):
        assert after["response"]["etag"] == before["response"]["etag"]
        assert after["response"]["lastModified"] == before["response"]["lastModified"]


def test_transaction_is_all_or_nothing(north: Client) -> None:
    good = [patient(NORTH) for _ in range(4)]
    bad = observation(NORTH, good[0])
    del bad["status"]
    answer = north.post("transaction", *good[:2], bad, *good[2:])
    assert answer.status_code == 422
    assert issue(answer)["expression"] == ["Bundle.entry[2]"]
    foreign = patient("south-centre")
    answer = north.post("transaction", *good, foreign)
    assert answer.status_code == 403
    assert issue(answer)["expression"] == ["Bundle.entry[4]"]
    for record in good:
        assert north.get(f"/Patient/{record['id']}").status_code == 404


def test_stale_entry_stops_the_transaction(north: Client) -> None:
    known = patient(NORTH)
    first = north.put(known).headers["ETag"]
    second = north.put({**known, "gender": "male"}).headers["ETag"]
    new = patient(NORTH)
    changed = {**known, "gender": "female"}
    read = {"request": {"method": "GET", "url": f"Patient/{known['id']}"}}
    answer = north.request(
        "POST",
        "",
        json=_bundle("transaction", read, put_entry(new), put_entry(changed, first)),
    )
    assert answer.status_code == 412
    assert issue(answer)["expression"] == ["Bundle.entry[2]"]
    assert north.get(f"/Patient/{new['id']}").status_code == 404
    right = north.request(
        "POST", "", json=_bundle("transaction", put_entry(new), put_entry(changed, second))
    )
    assert [count_of(one["response"]["etag"]) for one in right.json()["entry"]] == [1, 3]


def test_batch_takes_each_entry_alone(north: Client) -> None:
    good = patient(NORTH)
    unfit = observation(NORTH, good, status="nonsense")
    stale = patient(NORTH)
    unknown = {**patient(NORTH), "resourceType": "Spaceship"}
    twice = {**good, "gender": "other"}
    entries: list[Any] = [
        put_entry(unfit),
        put_entry(good),
        put_entry(stale, 'W/"3-none"'),
        {"request": {"method": "DELETE", "url": f"Patient/{good['id']}"}},
        put_entry(unknown),
        put_entry(twice),
        "garbage",
        {"request": {"method": "GET", "url": f"Patient/{good['id']}"}},
        {"request": {"method": "GET", "url": f"Patient/{new_id()}"}},
        {"request": {"method": "GET", "url": f"Patient?_id={good['id']}"}},
        {"request": {"method": "GET", "url": "Patient?nonsense=1"}},
    ]
    answer = north.request("POST", "", json=_bundle("batch", *entries))
    assert answer.status_code == 200
    body = answer.json()
    assert body["type"] == "batch-response"
    responses = [entry["response"] for entry in body["entry"]]
    assert [one["status"][:3] for one in responses] == [
        "422", "201", "412", "405", "404", "200", "400", "200", "404", "200", "400",
    ]  # fmt: skip
    for one in responses:
        refused = not one["status"].startswith("2")
        assert refused == ("outcome" in one)
        if refused:
            assert one["outcome"]["issue"][0]["diagnostics"]
    assert count_of(responses[5]["etag"]) == 2
    assert body["entry"][7]["resource"]["gender"] == "other"
    assert body["entry"][9]["resource"]["total"] == 1


def test_bodies_in_the_answer_on_request(north: Client) -> None:
    record = patient(NORTH)
    answer = north.post("transaction", record, headers={"Prefer": "return=representation"})
    (entry,) = answer.json()["entry"]
    assert entry["resource"] == north.get(f"/Patient/{record['id']}").json()


def test_fifty_entries_and_no_more(north: Client) -> None:
    who = patient(NORTH)
    fifty = [observation(NORTH, who) for _ in range(50)]
    assert north.post("transaction", *fifty).status_code == 200
    answer = north.post("transaction", *fifty, who)
    assert answer.status_code == 413
    assert "50" in issue(answer)["diagnostics"]


def test_one_record_twice_in_a_transaction(north: Client) -> None:
    record = patient(NORTH)
    answer = north.post("transaction", record, {**record, "gender": "male"})
    assert answer.status_code == 400
    assert issue(answer)["code"] == "duplicate"


def test_empty_bundle(north: Client) -> None:
    answer = north.request("POST", "", json={"resourceType": "Bundle", "type": "transaction"})
    assert answer.json() == {"resourceType": "Bundle", "type": "transaction-response"}


@pytest.mark.parametrize(
    "document",
    [
        {},
        [],
        "x",
        {"resourceType": "Patient"},
        {"resourceType": "Bundle", "type": "collection"},
        {"resourceType": "Bundle", "type": ["batch"]},
        {"resourceType": "Bundle", "type": "batch", "entry": {}},
        {"resourceType": "Bundle", "type": "transaction", "entry": [None]},
        {"resourceType": "Bundle", "type": "transaction", "entry": [{"request": {}}]},
    ],
)
def test_garbage_bundles(north: Client, document: object) -> None:
    answer = north.request("POST", "", json=document)
    assert answer.status_code == 400
    issue(answer)


@pytest.mark.parametrize(
    ("request_", "resource", "status"),
    [
        ({"method": "PUT", "url": "Patient"}, {}, 400),
        ({"method": "PUT", "url": "Patient?identifier=x"}, {}, 400),
        ({"method": "PUT", "url": "Patient/x/y"}, {}, 400),
        ({"method": "PUT", "url": "Patient/x"}, None, 400),
        ({"method": "PUT", "url": "Patient/x", "ifMatch": 3}, {}, 400),
        ({"method": "PUT", "url": "Patient/x", "ifMatch": "*"}, {}, 400),
        ({"method": "PUT", "url": "Patient/x", "ifNoneExist": "a=b"}, {}, 400),
        ({"method": "POST", "url": "Patient"}, {}, 405),
        ({"method": "PATCH", "url": "Patient/x"}, {}, 405),
        ({"method": 1, "url": "Patient/x"}, {}, 400),
        ({"method": "GET", "url": "Patient/x?_format=json"}, None, 400),
        ({"method": "GET", "url": "Spaceship"}, None, 404),
    ],
)
def test_garbage_entries(
    north: Client, request_: dict[str, Any], resource: object, status: int
) -> None:
    entry = {"request": request_, "resource": resource}
    alone = north.request("POST", "", json=_bundle("batch", entry)).json()["entry"][0]
    assert alone["response"]["status"] == str(status)
    whole = north.request("POST", "", json=_bundle("transaction", entry))
    assert whole.status_code == status
    assert issue(whole)["expression"] == ["Bundle.entry[0]"]


def test_references_of_a_record_may_come_later(north: Client) -> None:
    who = patient(NORTH)
    north.stored(observation(NORTH, who))
    north.stored(who)
    assert north.ids(f"/Observation?subject={reference(who)['reference']}")
