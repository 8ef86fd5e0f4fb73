"""The server's HTTP face under hostile and malformed requests.

Schemathesis makes requests, sound and unsound, from a description of the face; Hypothesis
makes what such a description cannot say. Whatever comes: no 500, no crash, never a word of
another organisation's records, and an OperationOutcome for the engineer who reads it.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests
import schemathesis
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from schemathesis.config import SchemathesisConfig

from app.server.profile import PROFILES
from tests.server.serving import (
    LEAD,
    NORTH,
    SOUTH,
    Client,
    ServerProcess,
    letter,
    make,
    new_id,
    observation,
    patient,
    put_entry,
    task,
)

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "8"))
#: Stands in every record of the organisation that nobody else may read.
SECRET = "机密张老太5307"
_FHIR = "application/fhir+json"
_JSON_ANSWERS = ("application/fhir+json", "application/json")


@pytest.fixture(scope="module")
def server(
    tmp_path_factory: pytest.TempPathFactory, directory_file: Path
) -> Iterator[ServerProcess]:
    """A server of this module's own, on a file: what is looked for lies before any database."""
    process = ServerProcess(tmp_path_factory.mktemp("fuzzed"), directory_file).start()
    yield process
    assert process.running
    assert process.stop() == 0
    # No fault of the server's own in its whole life, whatever order the tests came in.
    assert not any('"event":"failed"' in line or "Traceback" in line for line in process.log)


@pytest.fixture(scope="module")
def north(server: ServerProcess) -> Iterator[Client]:
    client = server.enrol(NORTH)
    yield client
    client.close()


@pytest.fixture(scope="module")
def secret(server: ServerProcess) -> Iterator[dict[str, Any]]:
    """A patient of another organisation, with what belongs to him."""
    south = server.enrol(SOUTH)
    who = patient(SOUTH, name=[{"text": SECRET}], identifier=[{"value": "341524193012010015"}])
    seen = observation(SOUTH, who, note=[{"text": SECRET}])
    asked = letter(SOUTH, who, note=[{"text": SECRET}])
    south.stored(who, seen, asked)
    south.stored(task(SOUTH, LEAD, asked, description=SECRET))
    yield who
    south.close()


def _check(answer: requests.Response) -> None:
    where = f"{answer.request.method} {answer.request.path_url[:200]}"
    assert answer.status_code < 500, f"{where}: {answer.status_code} {answer.text[:300]}"
    assert SECRET not in answer.text, where
    assert "341524193012010015" not in answer.text, where
    if answer.text:
        kind = answer.headers["Content-Type"].partition(";")[0]
        assert kind in _JSON_ANSWERS, f"{where}: {kind}"
        assert isinstance(answer.json(), dict), where
    assert "Traceback" not in answer.text


def _string(**more: Any) -> dict[str, Any]:
    return {"type": "string", **more}


def _parameter(name: str, where: str, **schema: Any) -> dict[str, Any]:
    return {
        "name": name,
        "in": where,
        "required": where == "path",
        "schema": _string(**schema),
    }


def _body(media: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"required": True, "content": {media: {"schema": schema}}}


def _operation(*parameters: dict[str, Any], body: dict[str, Any] | None = None) -> dict[str, Any]:
    made: dict[str, Any] = {
        "parameters": list(parameters),
        "responses": {"default": {"description": "an answer"}},
    }
    if body is not None:
        made["requestBody"] = body
    return made


def _description() -> dict[str, Any]:
    """The server's face in OpenAPI 3, as loose as what a stranger may send."""
    types = _parameter("type", "path", enum=[*sorted(PROFILES), "Account", "x"])
    id_ = _parameter("id", "path", minLength=1, maxLength=70)
    searched = [
        _parameter(name, "query")
        for name in ("_id", "_lastUpdated", "_sort", "_count", "_tag", "_elements", "_summary",
                     "identifier", "subject", "patient", "owner", "requester", "_after", "x")
    ]  # fmt: skip
    resource = {
        "type": "object",
        "properties": {
            "resourceType": _string(enum=sorted(PROFILES)),
            "id": _string(),
            "meta": {
                "type": "object",
                "properties": {
                    "tag": {
                        "type": "array",
                        "items": {
                            "type": "object",
                            "properties": {"system": _string(), "code": _string()},
                        },
                    }
                },
            },
        },
    }
    entry = {
        "type": "object",
        "properties": {
            "resource": resource,
            "request": {
                "type": "object",
                "properties": {
                    "method": _string(enum=["GET", "PUT", "POST", "DELETE"]),
                    "url": _string(),
                    "ifMatch": _string(),
                },
            },
        },
    }
    bundle = {
        "type": "object",
        "required": ["resourceType", "type"],
        "properties": {
            "resourceType": _string(enum=["Bundle"]),
            "type": _string(enum=["transaction", "batch", "collection"]),
            "entry": {"type": "array", "items": entry, "maxItems": 6},
        },
    }
    form = {"type": "object", "properties": {"_id": _string(), "_count": _string()}}
    token = {
        "type": "object",
        "properties": {
            "grant_type": _string(enum=["client_credentials", "password"]),
            "scope": _string(),
            "client_assertion_type": _string(
                enum=["urn:ietf:params:oauth:client-assertion-type:jwt-bearer", "x"]
            ),
            "client_assertion": _string(),
        },
    }
    joining = {
        "type": "object",
        "properties": {"code": _string(), "device": _string(), "jwks": {"type": "object"}},
    }
    urlencoded = "application/x-www-form-urlencoded"
    if_match = _parameter("If-Match", "header")
    return {
        "openapi": "3.0.3",
        "info": {"title": "lead hospital", "version": "1"},
        "paths": {
            "/fhir": {"post": _operation(body=_body(_FHIR, bundle))},
            "/fhir/metadata": {"get": _operation()},
            "/fhir/.well-known/smart-configuration": {"get": _operation()},
            "/fhir/{type}": {"get": _operation(types, *searched)},
            "/fhir/{type}/_search": {"post": _operation(types, body=_body(urlencoded, form))},
            "/fhir/{type}/{id}": {
                "get": _operation(types, id_),
                "put": _operation(types, id_, if_match, body=_body(_FHIR, resource)),
            },
            "/fhir/{type}/{id}/_history/{version}": {
                "get": _operation(types, id_, _parameter("version", "path", minLength=1))
            },
            "/token": {"post": _operation(body=_body(urlencoded, token))},
            "/enrol": {"post": _operation(body=_body("application/json", joining))},
            "/ready": {"get": _operation()},
        },
    }


FACE = schemathesis.openapi.from_dict(
    _description(), config=SchemathesisConfig.from_dict({"seed": 20260302})
)
_QUIET = [HealthCheck.too_slow, HealthCheck.filter_too_much]


@FACE.parametrize()
@settings(max_examples=EXAMPLES, deadline=None, suppress_health_check=_QUIET)
def test_requests_made_from_the_description(
    case: schemathesis.Case, north: Client, secret: dict[str, Any]
) -> None:
    headers = {"Authorization": f"Bearer {north.token}"}
    if case.path in ("/token", "/enrol"):
        headers = {}
    answer = case.call(base_url=north.url, headers=headers, timeout=20, session=north.session)
    assert answer.status_code < 500, answer.text[:300]
    assert SECRET not in answer.text
    assert "341524193012010015" not in answer.text
    if answer.text:
        assert isinstance(answer.json(), dict)


_TEXT = st.text(max_size=30)
_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | _TEXT,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(_TEXT, inner, max_size=4),
    max_leaves=12,
)
_TYPES = st.sampled_from(sorted(PROFILES))
_PARAMETERS = st.sampled_from(
    ["_id", "_lastUpdated", "_sort", "_count", "_tag", "identifier", "subject", "patient",
     "owner", "requester", "_summary", "_elements", "_include", "_has", "status", "focus"]
)  # fmt: skip


@given(
    type_=_TYPES,
    parameters=st.lists(st.tuples(_PARAMETERS, _TEXT | st.just(SECRET)), max_size=5),
    as_form=st.booleans(),
)
@settings(max_examples=EXAMPLES * 6, deadline=None, suppress_health_check=_QUIET)
def test_searches_of_any_kind(
    north: Client,
    secret: dict[str, Any],
    type_: str,
    parameters: list[tuple[str, str]],
    as_form: bool,
) -> None:
    parameters = [(name, value.encode("utf-8", "replace").decode()) for name, value in parameters]
    if as_form:
        answer = north.request("POST", f"/{type_}/_search", data=parameters)
    else:
        answer = north.get(f"/{type_}", params=parameters)
    # What was asked for may be told back, by ourselves to ourselves: look at records only.
    assert answer.status_code < 500, answer.text[:300]
    for entry in answer.json().get("entry", []):
        assert SECRET not in json.dumps(entry, ensure_ascii=False)


@given(extra=st.dictionaries(_TEXT, _VALUES, max_size=4), type_=_TYPES, tag=_TEXT | st.just(SOUTH))
@settings(max_examples=EXAMPLES * 4, deadline=None, suppress_health_check=_QUIET)
def test_records_of_any_shape(
    north: Client, secret: dict[str, Any], extra: dict[str, Any], type_: str, tag: str
) -> None:
    record = {**make(type_, NORTH), **extra}
    foreign = make(type_, tag)
    pointing = {**make(type_, NORTH, subject={"reference": f"Patient/{secret['id']}"}), **extra}
    bodies = [
        record,
        foreign,
        pointing,
        {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [extra, put_entry(make(type_, NORTH))],
        },
        {"resourceType": "Bundle", "type": "transaction", **extra},
        {
            "resourceType": "Bundle",
            "type": "batch",
            "entry": [
                {"request": {"method": "GET", "url": f"Patient/{secret['id']}"}},
                {"request": {"method": "GET", "url": f"Patient?_id={secret['id']}"}},
                {"request": {"method": "GET", "url": str(next(iter(extra), ""))}},
            ],
        },
    ]
    for body in bodies:
        text = json.dumps(body).encode()
        path = "" if body["resourceType"] == "Bundle" else f"/{type_}/{new_id()}"
        method = "POST" if not path else "PUT"
        _check(north.request(method, path, data=text, headers={"Content-Type": _FHIR}))
    _check(north.get(f"/Patient/{secret['id']}"))
    _check(north.get(f"/Patient/{secret['id']}/_history/1"))


@pytest.fixture(scope="module")
def raw(server: ServerProcess) -> Callable[[bytes], bytes]:
    """Sends bytes as they are; what came back until the server closed or answered."""

    def send(sent: bytes) -> bytes:
        with socket.create_connection(("127.0.0.1", server.port), timeout=20) as made:
            made.sendall(sent)
            made.shutdown(socket.SHUT_WR)
            answer = b""
            try:
                while part := made.recv(65536):
                    answer += part
            except ConnectionResetError:
                pass
            return answer

    return send


_HEADS = st.lists(
    st.tuples(
        st.sampled_from(
            ["Host", "Authorization", "Content-Length", "Content-Type", "Content-Encoding",
             "Accept", "Accept-Encoding", "Prefer", "If-Match", "If-None-Match",
             "Transfer-Encoding", "Expect", "Connection", "X-Forwarded-For", "Range"]
        ),
        st.binary(max_size=40) | st.sampled_from([b"gzip", b"Bearer x", b"chunked", b"-1", b"*/*"]),
    ),
    max_size=6,
)  # fmt: skip


@given(
    method=st.sampled_from(["GET", "PUT", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "x"]),
    path=st.binary(max_size=60) | st.sampled_from([b"fhir", b"fhir/Patient", b"token", b"enrol"]),
    heads=_HEADS,
    body=st.binary(max_size=100),
)
@settings(max_examples=EXAMPLES * 6, deadline=None, suppress_health_check=_QUIET)
def test_bytes_that_are_hardly_http(
    server: ServerProcess,
    north: Client,
    secret: dict[str, Any],
    raw: Callable[[bytes], bytes],
    method: str,
    path: bytes,
    heads: list[tuple[str, bytes]],
    body: bytes,
) -> None:
    lines = [method.encode() + b" /" + path.replace(b"\r", b"").replace(b"\n", b"") + b" HTTP/1.1"]
    lines += [name.encode() + b": " + value.replace(b"\n", b"") for name, value in heads]
    answer = raw(b"\r\n".join(lines) + b"\r\n\r\n" + body)
    if answer:
        status = answer.split(b" ", 2)[1]
        assert status[:1] in (b"1", b"2", b"3", b"4"), answer[:300]
    assert SECRET.encode() not in answer
    assert server.running
