"""Bodies, media types, compression, limits, methods: whatever comes, an OperationOutcome."""

from __future__ import annotations

import gzip
import json
import zlib

import pytest
import requests
from hypothesis import given
from hypothesis import strategies as st

from app.server import wire
from app.server.outcome import Refusal
from tests.server.serving import (
    NORTH,
    Client,
    ServerProcess,
    count_of,
    issue,
    new_id,
    observation,
    patient,
    put_entry,
)

JSON = {"Content-Type": "application/fhir+json"}
GZIP = {**JSON, "Content-Encoding": "gzip"}
LIMIT = 1_048_576


def test_metadata_tells_the_truth(server: ServerProcess, north: Client) -> None:
    answer = requests.get(f"{server.url}/fhir/metadata", timeout=10)
    assert answer.status_code == 200
    body = answer.json()
    assert body["resourceType"] == "CapabilityStatement"
    assert body["fhirVersion"] == "4.0.1"
    assert body["implementation"]["url"] == f"{server.url}/fhir"
    (rest,) = body["rest"]
    assert {"transaction", "batch", "search-system"} == {one["code"] for one in rest["interaction"]}
    # Every search parameter it lists is understood, for every type.
    samples = {"token": "x", "reference": "x", "date": "ge2024"}
    for type_ in rest["resource"]:
        assert type_["updateCreate"] == (type_["type"] != "Organization")
        for param in type_["searchParam"]:
            value = samples[param["type"]]
            answer = north.get(f"/{type_['type']}?{param['name']}={value}&_count=1")
            assert answer.status_code == 200, (type_["type"], param)


def test_metadata_is_sound_fhir(server: ServerProcess) -> None:
    from fhir.resources.R4B.capabilitystatement import CapabilityStatement

    body = requests.get(f"{server.url}/fhir/metadata", timeout=10).json()
    CapabilityStatement.model_validate(body)


def test_answers_are_sound_fhir(north: Client) -> None:
    from fhir.resources.R4B.bundle import Bundle
    from fhir.resources.R4B.operationoutcome import OperationOutcome

    who = patient(NORTH)
    written = north.post("transaction", who, observation(NORTH, who))
    Bundle.model_validate(written.json())
    Bundle.model_validate(north.get(f"/Observation?patient={who['id']}&_count=1").json())
    Bundle.model_validate(north.get("/Patient?_elements=id,meta&_count=2").json())
    refused = north.post("batch", {**who, "id": "not_an_id"})
    Bundle.model_validate(refused.json())
    OperationOutcome.model_validate(north.get("/Patient/none").json())


def test_health(server: ServerProcess) -> None:
    answer = requests.get(f"{server.url}/healthz", timeout=10)
    assert answer.status_code == 200
    assert answer.json() == {"status": "ok"}


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [
        ("DELETE", "/fhir/Patient/x", 405),
        ("PATCH", "/fhir/Patient/x", 405),
        ("POST", "/fhir/Patient", 405),
        ("PUT", "/fhir/Patient", 405),
        ("PUT", "/fhir", 405),
        ("POST", "/fhir/metadata", 405),
        ("GET", "/enrol", 405),
        ("GET", "/", 404),
        ("GET", "/fhir/Patient/x/y", 404),
        ("GET", "/fhir/Patient/x/_history", 404),
        ("GET", "/fhir/Patient/%2e%2e%2f%2e%2e", 404),
        ("GET", "/fhir/Patient/x?_summary=true", 400),
        ("POST", "/fhir/Patient/_search/", 404),
    ],
)
def test_addresses_and_methods(north: Client, method: str, path: str, status: int) -> None:
    answer = north.request(method, north.url + path)
    assert answer.status_code == status, answer.text
    issue(answer)
    assert ("Allow" in answer.headers) == (status == 405)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"x"',
        b"\xff\xfe",
        b'{"a":NaN}',
        b'{"a":Infinity}',
        b'{"a":"\\ud800"}',
        b'{"a":"\\u0000"}',
        b'{"a":"\x00"}',
        b"[" * 100_000,
        b'{"a":' * 50_000 + b"1" + b"}" * 50_000,
        b'{"a":' + b"9" * 5000 + b"}",
        b"<html>captive portal</html>",
        gzip.compress(b"{}", mtime=0),
    ],
    ids=range(16),
)
def test_garbage_bodies(north: Client, body: bytes) -> None:
    for method, path in (("PUT", f"/Patient/{new_id()}"), ("POST", "")):
        answer = north.request(method, path, data=body, headers=JSON)
        assert answer.status_code == 400, answer.text
        issue(answer)
    answer = requests.post(
        f"{north.url}/enrol", data=body, headers={"Content-Type": "application/json"}, timeout=10
    )
    assert answer.status_code == (400 if len(body) <= 32_768 else 413)


def test_deep_and_broken_text_inside_a_resource(north: Client) -> None:
    nested: object = 1
    for _ in range(900):
        nested = [nested]
    record = patient(NORTH)
    text = json.dumps(record)
    for tail in (json.dumps(nested), '"\\udc00"'):
        body = (text[:-1] + ',"x":' + tail + "}").encode()
        answer = north.request("PUT", f"/Patient/{record['id']}", data=body, headers=JSON)
        assert answer.status_code in (201, 400)
        again = north.request("PUT", f"/Patient/{record['id']}", data=body, headers=JSON)
        assert again.status_code in (200, 400)


@given(text=st.text(max_size=200), garbage=st.binary(max_size=200))
def test_no_body_makes_the_server_stumble(north: Client, text: str, garbage: bytes) -> None:
    record = patient(NORTH, name=[{"text": text}])
    body = json.dumps(record).encode()
    answer = north.request("PUT", f"/Patient/{record['id']}", data=body, headers=JSON)
    if answer.status_code == 201:
        read = north.get(f"/Patient/{record['id']}").json()
        assert read["name"] == record["name"]
    else:
        assert answer.status_code == 400
        assert "\x00" in text or any(0xD800 <= ord(c) <= 0xDFFF for c in text)
    for headers in (JSON, GZIP):
        assert north.request("POST", "", data=garbage, headers=headers).status_code == 400


@pytest.mark.parametrize(
    "kind", ["", "text/plain", "application/xml", "application/fhir+json; charset=gbk"]
)
def test_other_media_types(north: Client, kind: str) -> None:
    headers = {"Content-Type": kind}
    for method, path in (("PUT", "/Patient/x"), ("POST", ""), ("POST", "/Patient/_search")):
        answer = north.request(method, path, data=b"{}", headers=headers)
        assert answer.status_code == 415
        issue(answer)


def test_accept(north: Client) -> None:
    assert north.get("/Patient?_count=1", headers={"Accept": "text/html"}).status_code == 406
    for kind in ("application/fhir+json", "application/json;q=0.9, text/html", "*/*"):
        assert north.get("/Patient?_count=1", headers={"Accept": kind}).status_code == 200


def test_gzip_both_ways(north: Client) -> None:
    who = patient(NORTH)
    records = [who, *(observation(NORTH, who) for _ in range(20))]
    bundle = {
        "resourceType": "Bundle",
        "type": "transaction",
        "entry": [put_entry(record) for record in records],
    }
    answer = north.request(
        "POST", "", data=gzip.compress(json.dumps(bundle).encode()), headers=GZIP
    )
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.json()["entry"]) == 21
    plain = north.get(f"/Observation?patient={who['id']}", headers={"Accept-Encoding": "identity"})
    assert "Content-Encoding" not in plain.headers
    assert len(plain.json()["entry"]) == 20
    refused = north.get("/Patient?_count=5", headers={"Accept-Encoding": "gzip;q=0"})
    assert "Content-Encoding" not in refused.headers


def test_the_answer_to_a_post_says_no_more_than_it_must(north: Client) -> None:
    """A sync without news is one POST: the answer's headers are most of what it costs."""
    who = patient(NORTH)
    answers = [
        north.post("transaction", who, *(observation(NORTH, who) for _ in range(20))),
        north.request("POST", "", data=b"{}", headers=JSON),
    ]
    for answer in answers:
        assert answer.headers["Content-Type"] == "application/fhir+json"
        assert not {"Vary", "Cache-Control"} & {name.title() for name in answer.headers}
    assert answers[0].headers["Content-Encoding"] == "gzip"
    # What a cache might keep says that it must ask, and what it depends on.
    read = north.get(f"/Observation?patient={who['id']}")
    assert read.headers["Content-Type"] == "application/fhir+json; charset=utf-8"
    assert read.headers["Cache-Control"] == "no-cache"
    assert read.headers["Vary"] == "Accept-Encoding"


def test_unsound_gzip(north: Client) -> None:
    good = gzip.compress(json.dumps(patient(NORTH)).encode())
    for body in (b"", b"x", good[:-5], good[:20], good + b"x", good + good, zlib.compress(b"{}")):
        answer = north.request("POST", "", data=body, headers=GZIP)
        assert answer.status_code == 400
        issue(answer)
    answer = north.request("POST", "", data=good, headers={**JSON, "Content-Encoding": "br"})
    assert answer.status_code == 415


def test_body_limits(north: Client) -> None:
    record = patient(NORTH)
    path = f"/Patient/{record['id']}"
    room = LIMIT - len(json.dumps(record | {"text": {"div": ""}}))
    fits = json.dumps(record | {"text": {"div": "x" * room}}).encode()
    assert len(fits) == LIMIT
    assert north.request("PUT", path, data=fits, headers=JSON).status_code == 201
    over = json.dumps(record | {"text": {"div": "x" * (room + 1)}}).encode()

    def chunks() -> object:
        for start in range(0, len(over), 65_536):
            yield over[start : start + 65_536]

    for options in (
        {"data": over, "headers": JSON},
        {"data": chunks(), "headers": JSON},  # no Content-Length to go by
        {"data": gzip.compress(over), "headers": GZIP},
    ):
        answer = north.request("PUT", path, **options)  # type: ignore[arg-type]
        assert answer.status_code == 413
        assert issue(answer)["code"] == "too-long"
    assert count_of(north.get(path).headers["ETag"]) == 1


def test_zip_bomb(server: ServerProcess, north: Client) -> None:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    bomb = b"".join(packer.compress(b" " * 1_000_000) for _ in range(500)) + packer.flush()
    assert len(bomb) < LIMIT
    before = server.memory()
    answer = north.request("POST", "", data=bomb, headers=GZIP)
    assert answer.status_code == 413
    assert server.memory() - before < 50_000_000


def test_faults_say_nothing_of_the_inside(own_server: ServerProcess, kind: str) -> None:
    from app.server.database import Database

    client = own_server.enrol(NORTH)
    beside = Database(own_server.data_dir, own_server.database_url)
    with beside.write() as connection:
        connection.exec_driver_sql("ALTER TABLE history RENAME TO elsewhere")
    beside.close()
    record = patient(NORTH, name=[{"text": "保密姓名"}])
    assert client.put(record).status_code == 201
    answer = client.put({**record, "gender": "male"})
    if kind == "sqlite":  # which does not tell a lost table from a full disk
        assert answer.status_code == 503
        assert issue(answer)["code"] == "transient"
        assert answer.headers["Retry-After"]
    else:
        assert answer.status_code == 500
        assert issue(answer)["code"] == "exception"
    assert "elsewhere" not in answer.text
    assert "history" not in answer.text
    assert count_of(client.get(f"/Patient/{record['id']}").headers["ETag"]) == 1
    client.close()
    own_server.stop()
    assert any('"event":"failed"' in line for line in own_server.log)
    assert not any("保密姓名" in line or record["id"] in line for line in own_server.log)


def test_log_lines_hold_no_identity(server: ServerProcess, north: Client) -> None:
    number = "341524194901010012"
    record = patient(NORTH, identifier=[{"value": number}], name=[{"text": "李秀英"}])
    north.put(record)
    north.get(f"/Patient?identifier={number}")
    north.get(f"/{number}/{number}")
    north.put({**record, "status": {"x": None}, "name": None})
    north.get("/Patient/log-marker")
    lines = list(server.log)
    assert lines
    for line in lines:
        assert number not in line
        assert "李秀英" not in line
        assert north.token not in line
        assert set(json.loads(line)) >= {"time", "level", "event"}


def test_the_escape_of_nul_as_somebodys_text_is_no_control_character() -> None:
    text = "see \\u0000 and \\\\u0000"
    assert wire.parse(json.dumps({"note": text}).encode()) == {"note": text}
    with pytest.raises(Refusal):
        wire.parse(json.dumps({"note": "a\\" + chr(0)}).encode())
