"""PUT with the client's id, reads, versions, replays, If-Match."""

from __future__ import annotations

from datetime import datetime
from email.utils import parsedate_to_datetime

import pytest
import requests

from tests.server.serving import (
    NORTH,
    Client,
    ServerProcess,
    count_of,
    issue,
    make,
    new_id,
    observation,
    patient,
)


def test_put_creates_then_updates(north: Client) -> None:
    record = patient(NORTH, birthDate="1950-01-01")
    created = north.put(record)
    assert created.status_code == 201
    assert count_of(created.headers["ETag"]) == 1
    body = created.json()
    version = body["meta"]["versionId"]
    assert created.headers["ETag"] == f'W/"{version}"'
    assert created.headers["Location"].endswith(f"/fhir/Patient/{record['id']}/_history/{version}")
    assert count_of(body["meta"]["versionId"]) == 1
    updated = datetime.fromisoformat(body["meta"]["lastUpdated"])
    assert int(updated.timestamp()) == int(
        parsedate_to_datetime(created.headers["Last-Modified"]).timestamp()
    )

    record["birthDate"] = "1951-01-01"
    changed = north.put(record)
    assert changed.status_code == 200
    assert count_of(changed.headers["ETag"]) == 2
    assert datetime.fromisoformat(changed.json()["meta"]["lastUpdated"]) > updated

    read = north.get(f"/Patient/{record['id']}")
    assert read.status_code == 200
    assert count_of(read.headers["ETag"]) == 2
    assert read.json() == changed.json()
    expected = {**record, "meta": {**record["meta"], **read.json()["meta"]}}
    assert read.json() == expected


def test_identical_put_keeps_the_version(north: Client) -> None:
    record = patient(NORTH, gender="female", birthDate="1950-01-01")
    first = north.put(record)
    again = north.put(record)
    assert again.status_code == 200
    assert count_of(again.headers["ETag"]) == 1
    assert again.json() == first.json()
    # The server's own version and time, sent back, are no change either; nor is order.
    returned = dict(reversed(first.json().items()))
    assert count_of(north.put(returned).headers["ETag"]) == 1


def test_true_and_one_are_not_the_same_content(north: Client) -> None:
    record = patient(NORTH, active=True)
    north.put(record)
    record["active"] = 1
    assert count_of(north.put(record).headers["ETag"]) == 2


def test_decimals_and_unknown_fields_come_back_unharmed(north: Client) -> None:
    record = observation(NORTH, patient(NORTH))
    text = (
        '{"resourceType":"Observation","id":"ID","meta":{"tag":[{"system":'
        '"urn:township-care:organisation","code":"north-centre"}],"source":"x"},'
        '"status":"final","code":{"text":"血压 \\" # \\\\ 😀"},"subject":{"reference":"Patient/p"},'
        '"valueQuantity":{"value":1.10,"unit":"kg"},"futureField":{"a":[1e3,-0.50,0.1,7.0]}}'
    ).replace("ID", record["id"], 1)
    answer = north.request(
        "PUT",
        f"/Observation/{record['id']}",
        data=text.encode(),
        headers={"Content-Type": "application/fhir+json"},
    )
    assert answer.status_code == 201, answer.text
    read = north.get(f"/Observation/{record['id']}").text
    assert '"value":1.10,' in read
    assert '"futureField":{"a":[1e3,-0.50,0.1,7.0]}' in read
    assert '"text":"血压 \\" # \\\\ 😀"' in read
    assert '"source":"x"' in read


def test_if_match(north: Client) -> None:
    record = patient(NORTH)
    assert north.put(record, headers={"If-Match": 'W/"1"'}).status_code == 412
    first = {"If-Match": north.put(record).headers["ETag"]}
    record["gender"] = "male"
    stale = north.put(record, headers={"If-Match": first["If-Match"].replace("1-", "7-")})
    assert stale.status_code == 412
    assert issue(stale)["code"] == "conflict"
    assert count_of(north.get(f"/Patient/{record['id']}").headers["ETag"]) == 1
    assert count_of(north.put(record, headers=first).headers["ETag"]) == 2
    # The answer was lost and the very same is sent again: stale, and the client finds its own.
    assert north.put(record, headers=first).status_code == 412
    assert north.put(record, headers={"If-Match": "*"}).status_code == 400


def test_read_not_modified_and_missing(north: Client) -> None:
    record = patient(NORTH)
    held = north.put(record).headers["ETag"]
    path = f"/Patient/{record['id']}"
    assert north.get(path, headers={"If-None-Match": held}).status_code == 304
    missing = north.get(f"/Patient/{new_id()}")
    assert missing.status_code == 404
    assert issue(missing)["code"] == "not-found"
    assert north.get(f"/Spaceship/{new_id()}").status_code == 404


def test_earlier_versions_are_kept_for_the_author(north: Client) -> None:
    record = patient(NORTH, gender="male")
    answers = [north.put(record), north.put({**record, "gender": "female"})]
    first, second = (answer.json()["meta"]["versionId"] for answer in answers)
    path = f"/Patient/{record['id']}/_history"
    assert north.get(f"{path}/{first}").json()["gender"] == "male"
    assert north.get(f"{path}/{first}").json()["meta"]["versionId"] == first
    assert north.get(f"{path}/{second}").json()["gender"] == "female"
    for wrong in ("3", "1", "x", "1" * 30, "1-%00", first + "x"):
        assert north.get(f"{path}/{wrong}").status_code == 404


def test_minimal_answer(north: Client) -> None:
    answer = north.put(patient(NORTH), headers={"Prefer": "return=minimal"})
    assert answer.status_code == 201
    assert answer.content == b""
    assert count_of(answer.headers["ETag"]) == 1


def test_creation_names_its_own_organisation(north: Client) -> None:
    foreign = north.put(patient("south-centre"))
    assert foreign.status_code == 403
    untagged = patient(NORTH)
    del untagged["meta"]
    assert north.put(untagged).status_code == 422
    both = patient(NORTH)
    both["meta"]["tag"] += patient("south-centre")["meta"]["tag"]
    assert north.put(both).status_code == 422


def test_tags_stay(north: Client) -> None:
    record = patient(NORTH)
    north.put(record)
    for tags in (
        [],
        patient("south-centre")["meta"]["tag"],
        [*record["meta"]["tag"], {"system": "urn:x", "code": "extra"}],
    ):
        answer = north.put({**record, "meta": {"tag": tags}, "gender": "male"})
        assert answer.status_code == 422, tags
    assert count_of(north.get(f"/Patient/{record['id']}").headers["ETag"]) == 1


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"resourceType": "Observation"}, 400),
        ({"id": "another"}, 400),
        ({"id": 5}, 400),
        ({"birthDate": None}, 400),
        ({"meta": []}, 400),
        ({"meta": {"tag": {}}}, 400),
        ({"meta": {"tag": [{"system": "urn:township-care:organisation"}]}}, 400),
        ({"identifier": ["x"]}, 400),
        ({"identifier": [{"value": 5}]}, 400),
        ({"identifier": [{"value": "x" * 256}]}, 422),
        ({"generalPractitioner": [{"reference": "not a reference"}]}, 422),
        ({"generalPractitioner": [{"reference": "urn:uuid:" + "0" * 36}]}, 422),
        ({"": 1}, 400),
        ({"two words": 1}, 400),
    ],
)
def test_unfit_resources(north: Client, change: dict[str, object], status: int) -> None:
    record = patient(NORTH)
    path = f"/Patient/{record['id']}"
    answer = north.request("PUT", path, json=record | change)
    assert answer.status_code == status, answer.text
    issue(answer)
    assert north.get(path).status_code == 404


@pytest.mark.parametrize("field", ["status", "code", "subject"])
def test_required_fields(north: Client, field: str) -> None:
    record = observation(NORTH, patient(NORTH))
    del record[field]
    answer = north.put(record)
    assert answer.status_code == 422
    found = issue(answer)
    assert found["code"] == "required"
    assert field in found["diagnostics"]


def test_required_choice_and_status_codes(north: Client) -> None:
    who = patient(NORTH)
    drug = make(
        "MedicationStatement", NORTH, status="active", subject={"reference": f"Patient/{who['id']}"}
    )
    assert north.put(drug).status_code == 422
    assert north.put({**drug, "medicationCodeableConcept": {"text": "x"}}).status_code == 201
    wrong = observation(NORTH, who, status="done")
    assert issue(north.put(wrong))["code"] == "code-invalid"
    assert north.put(observation(NORTH, who, status=["final"])).status_code == 422


def test_ids_that_fhir_does_not_know(north: Client) -> None:
    for id_ in ("a_b", "x" * 65, "%E5%BC%A0"):
        record = {**patient(NORTH), "id": id_}
        assert north.request("PUT", f"/Patient/{id_}", json=record).status_code == 400
    conditional = north.request("PUT", "/Patient/x?identifier=1", json=patient(NORTH))
    assert conditional.status_code == 400


def test_lone_primitive_padding_is_allowed(north: Client) -> None:
    name = {"given": ["a", None], "_given": [None, {"id": "x"}]}
    assert north.put(patient(NORTH, name=[name])).status_code == 201


def test_sign_in_is_needed(server: ServerProcess, north: Client) -> None:
    url = f"{server.url}/fhir/Patient"
    for headers in (
        {},
        {"Authorization": "Bearer wrong"},
        {"Authorization": "Basic eA=="},
        {"Authorization": f"Bearer {north.token}x"},
        {"Authorization": "Bearer "},
    ):
        answer = requests.get(url, headers=headers, timeout=10)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert issue(answer)["code"] == "login"
