"""SMART Backend Services: who gets a token, who does not, once each, and until when."""

from __future__ import annotations

import base64
import json
import sqlite3
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from app.clock import FixedClock
from app.keys import make_keys
from app.server import enrolment, smart
from app.server.database import FILE_NAME, Database
from app.server.directory import load_directory
from app.server.enrolment import revoke_device
from app.server.outcome import Refusal
from tests.server.serving import LEAD, NORTH, ServerProcess, issue
from tests.server.signing import Device


def _unsigned(claims: dict[str, Any], algorithm: str = "none") -> str:
    def part(value: dict[str, Any]) -> str:
        return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")

    return f"{part({'alg': algorithm})}.{part(claims)}."


def _oauth(answer: requests.Response, status: int, error: str) -> None:
    assert answer.status_code == status, answer.text
    assert answer.headers["Content-Type"] == "application/json"
    assert answer.headers["Cache-Control"] == "no-store"
    body = answer.json()
    assert body["error"] == error
    assert body["error_description"]


def test_the_server_tells_where_and_how(server: ServerProcess) -> None:
    url = f"{server.url}/fhir/.well-known/smart-configuration"
    body = requests.get(url, timeout=10).json()
    assert body["token_endpoint"] == f"{server.url}/token"
    assert body["token_endpoint_auth_methods_supported"] == ["private_key_jwt"]
    assert "ES384" in body["token_endpoint_auth_signing_alg_values_supported"]
    assert "client-confidential-asymmetric" in body["capabilities"]
    statement = requests.get(f"{server.url}/fhir/metadata", timeout=10).json()
    security = statement["rest"][0]["security"]
    assert security["service"][0]["coding"][0]["code"] == "SMART-on-FHIR"
    assert security["extension"][0]["extension"][0]["valueUri"] == f"{server.url}/token"


def test_a_signed_statement_becomes_a_token(server: ServerProcess) -> None:
    device = Device(server, NORTH)
    answer = device.ask()
    assert answer.status_code == 200, answer.text
    body = answer.json()
    assert body["token_type"] == "bearer"
    assert 300 <= body["expires_in"] <= 3600
    assert body["scope"]
    # Each request carries it: a long one would cost more than what most requests say.
    assert len(body["access_token"]) <= 43
    assert device.get("/Patient?_count=1", body["access_token"]).status_code == 200
    assert device.get("/Patient?_count=1", body["access_token"] + "x").status_code == 401


def test_a_statement_is_good_once_even_after_a_restart(own_server: ServerProcess) -> None:
    device = Device(own_server, NORTH)
    assertion = device.sign(device.claims())
    assert device.ask(assertion).status_code == 200
    _oauth(device.ask(assertion), 401, "invalid_client")
    token = device.token()
    own_server.kill()
    own_server.start()
    _oauth(device.ask(assertion), 401, "invalid_client")
    assert device.get("/Patient?_count=1", token).status_code == 200


def test_a_race_with_one_statement_has_one_winner(server: ServerProcess) -> None:
    device = Device(server, NORTH)
    assertion = device.sign(device.claims())
    statuses: list[int] = []
    start = threading.Barrier(5)

    def race() -> None:
        start.wait()
        statuses.append(device.ask(assertion).status_code)

    threads = [threading.Thread(target=race) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [401] * 4


UNFIT: list[dict[str, Any]] = [
    {"iss": None},
    {"iss": ""},
    {"iss": 7},
    {"iss": "\0"},
    {"iss": "00000000-0000-0000-0000-000000000000"},
    {"sub": "somebody-else"},
    {"sub": None},
    {"aud": "https://another.example/token"},
    {"aud": None},
    {"aud": ["https://another.example/token"]},
    {"jti": None},
    {"jti": ""},
    {"jti": "x" * 256},
    {"jti": 5},
    {"exp": None},
    {"exp": "soon"},
    {"exp": True},
    {"exp": 1},
    {"exp": -5},
    {"exp": 10**30},
    {"exp": float(2**80)},
    {"exp": int(time.time()) + 3600},
    {"exp": int(time.time()) - 3600},
    {"nbf": int(time.time()) + 3600},
    {"nbf": "later"},
    {"nbf": True},
    {"nbf": 10**30},
]


def test_statements_that_prove_nothing(server: ServerProcess) -> None:
    device = Device(server, NORTH)
    for changes in UNFIT:
        claims = device.claims(**changes)
        _oauth(device.ask(device.sign(claims)), 401, "invalid_client")


def test_wrong_keys_and_algorithms(server: ServerProcess) -> None:
    device, other = Device(server, NORTH), Device(server, NORTH)
    claims = device.claims()
    for assertion in (
        device.sign(claims, make_keys().signing),
        device.sign(claims, {**other.keys.signing, "kid": device.keys.signing["kid"]}),
        device.sign(claims, device.keys.encryption),
        device.sign(claims, header={"kid": "another"}),
        _unsigned(claims),
        _unsigned(claims, "ES384"),
        _unsigned(claims, "HS256"),
        "a.b.c",
        "é.é.é",
        "",
        "x" * 9000,
    ):
        answer = requests.post(
            device.endpoint,
            data={
                "grant_type": "client_credentials",
                "client_assertion_type": smart.ASSERTION_TYPE,
                "client_assertion": assertion,
            },
            timeout=10,
        )
        _oauth(answer, 401, "invalid_client")
    assert device.ask(device.sign(claims)).status_code == 200, "nobody used its id up meanwhile"


def test_requests_that_are_none(server: ServerProcess) -> None:
    device = Device(server, NORTH)
    _oauth(device.ask(grant_type="password"), 400, "unsupported_grant_type")
    _oauth(device.ask(grant_type=None), 400, "unsupported_grant_type")
    _oauth(device.ask(client_assertion_type="x"), 400, "invalid_request")
    _oauth(device.ask(scope="patient/*.read"), 400, "invalid_scope")
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    for body in (b"", b"%%%", b"a=1&a=2", b"&".join(b"a=%d" % n for n in range(50)), b"\xff"):
        answer = requests.post(device.endpoint, data=body, headers=form, timeout=10)
        assert answer.status_code == 400, body
    plain = requests.post(device.endpoint, json={}, timeout=10)
    assert plain.status_code == 415
    large = requests.post(device.endpoint, data=b"a=" + b"x" * 40_000, headers=form, timeout=10)
    assert large.status_code == 413


def test_revocation_counts_at_the_next_request(server: ServerProcess) -> None:
    device, other = Device(server, NORTH), Device(server, NORTH)
    token = device.token()
    assert device.get("/Patient?_count=1", token).status_code == 200
    revoke_device(server.data_dir, device.id, server.database_url)
    answer = device.get("/Patient?_count=1", token)
    assert answer.status_code == 401
    assert issue(answer)["code"] == "login"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")
    _oauth(device.ask(), 401, "invalid_client")
    assert other.get("/Patient?_count=1", other.token()).status_code == 200


def test_a_static_token_opens_no_token_endpoint(server: ServerProcess) -> None:
    client = server.enrol(LEAD)
    keys = make_keys()
    device = Device(server, LEAD)
    device.id, device.keys = client.device_id, keys
    _oauth(device.ask(), 401, "invalid_client")
    client.close()


def test_neither_token_nor_key_is_stored_in_the_clear(own_server: ServerProcess) -> None:
    device = Device(own_server, NORTH)
    assertion = device.sign(device.claims())
    token = device.ask(assertion).json()["access_token"]
    device.get("/Patient", token)
    own_server.stop()
    if own_server.database_url is None:
        stored = (own_server.data_dir / FILE_NAME).read_bytes()
        assert token.encode() not in stored
        assert device.keys.signing["d"].encode() not in stored
    for secret in (token, assertion, device.keys.signing["d"]):
        assert not any(secret in line for line in own_server.log)


@pytest.fixture
def database(tmp_path: Path, directory_file: Path) -> Callable[[FixedClock], Database]:
    def make(clock: FixedClock) -> Database:
        made = Database(tmp_path, wall_clock=clock)
        load_directory(made, directory_file)
        return made

    return make


def test_tokens_end_by_the_servers_clock_also_one_that_steps(
    database: Callable[[FixedClock], Database],
) -> None:
    clock = FixedClock(datetime(2026, 5, 1, tzinfo=UTC))
    opened = database(clock)
    keys = make_keys()
    with opened.write() as connection:
        device_id = enrolment.admit(connection, NORTH, "PC", keys.public(), opened.now())
        verified = smart.Verified(device_id, NORTH, "x" * 64, opened.now() + 1)
        token = smart.grant(connection, verified, opened.now())["access_token"]

    def good() -> bool:
        try:
            with opened.read() as connection:
                found = enrolment.authenticate(connection, token, opened.now())
        except Refusal as refusal:
            return refusal.status != 401
        assert found == (device_id, NORTH)
        return True

    assert good()
    clock.advance(seconds=smart.TOKEN_SECONDS - 1)
    assert good()
    clock.advance(seconds=1)
    assert not good()
    clock.set(datetime(2026, 5, 1, tzinfo=UTC) - timedelta(minutes=4))
    assert good(), "a clock that is corrected by minutes locks nobody out"
    clock.set(datetime(2016, 5, 1, tzinfo=UTC))
    assert not good(), "nor does a token live for ten years when the clock steps back"
    opened.close()


def test_used_statements_are_forgotten_when_they_have_expired(
    database: Callable[[FixedClock], Database], tmp_path: Path
) -> None:
    clock = FixedClock(datetime(2026, 5, 1, tzinfo=UTC))
    opened = database(clock)
    with opened.write() as connection:
        device_id = enrolment.admit(connection, NORTH, "PC", make_keys().public(), opened.now())
    for number in range(5):
        with opened.write() as connection:
            until = opened.now() + 300_000_000
            verified = smart.Verified(device_id, NORTH, f"{number:064}", until)
            smart.grant(connection, verified, opened.now())
        clock.advance(hours=1)
    opened.close()
    with sqlite3.connect(tmp_path / FILE_NAME) as raw:
        (used,) = raw.execute("SELECT count(*) FROM assertion").fetchone()
        (tokens,) = raw.execute("SELECT count(*) FROM access_token").fetchone()
    raw.close()
    assert (used, tokens) == (1, 1)


def test_an_assertion_is_meant_for_this_server_alone(server: ServerProcess) -> None:
    device = Device(server, NORTH)
    another = "https://another.example/token"
    for audience in (device.endpoint, [device.endpoint]):
        assert device.ask(device.sign(device.claims(aud=audience))).status_code == 200
    for audience in (
        [device.endpoint, another],
        [another, device.endpoint],
        [device.endpoint, device.endpoint],
        [],
        {device.endpoint: True},
        device.endpoint + "/",
    ):
        answer = device.ask(device.sign(device.claims(aud=audience)))
        assert answer.status_code == 401, audience
        assert answer.json()["error"] == "invalid_client"


def test_behind_a_proxy_the_public_address_is_what_counts(
    tmp_path: Path, directory_file: Path
) -> None:
    server = ServerProcess(tmp_path, directory_file, public_url="https://hospital.example:8443")
    server.start()
    device = Device(server, NORTH)
    assert device.answer["fhir_base"] == "https://hospital.example:8443/fhir"
    assert device.endpoint == "https://hospital.example:8443/token"
    meant = device.sign(device.claims())
    elsewhere = device.sign(device.claims(aud=f"{server.url}/token"))
    device.endpoint = f"{server.url}/token"
    assert device.ask(elsewhere).status_code == 401
    assert device.ask(meant).status_code == 200
    server.stop()
