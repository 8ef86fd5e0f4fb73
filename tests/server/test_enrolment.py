"""One-time codes, tokens, revocation, the directory."""

from __future__ import annotations

import json
import sqlite3
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from app.clock import FixedClock
from app.errors import InputError, NotFound, StoreFault
from app.keys import check_jwks, make_keys
from app.server.database import FILE_NAME, Database
from app.server.directory import load_directory
from app.server.enrolment import enrol, enrol_code, issue_code, list_devices, revoke_device
from app.server.main import default_directory
from app.server.outcome import Refusal
from tests.server.serving import (
    LEAD,
    NORTH,
    ServerProcess,
    count_of,
    issue,
    patient,
    write_directory,
)

_PAIRS = make_keys()
KEYS = _PAIRS.public()
PRIVATE = {"keys": [_PAIRS.signing, _PAIRS.encryption]}


def _enrol(server: ServerProcess, **body: Any) -> requests.Response:
    body = {"jwks": KEYS, **body}
    return requests.post(f"{server.url}/enrol", json=body, timeout=10)


def test_code_is_good_once(server: ServerProcess) -> None:
    code = enrol_code(server.data_dir, NORTH, database_url=server.database_url)
    first = _enrol(server, code=code, device="门诊电脑")
    assert first.status_code == 201
    body = first.json()
    assert body["organisation"]["id"] == NORTH
    assert body["organisation"]["type"] == "TOWNSHIP_CENTER"
    assert body["organisation"]["name"] == "North Centre"
    assert "token" not in body
    assert body["client_id"] == body["device_id"]
    assert body["fhir_base"] == f"{server.url}/fhir"
    assert body["smart"]["token_endpoint"] == f"{server.url}/token"
    assert check_jwks(body["server_keys"]) == body["server_keys"]
    again = _enrol(server, code=code, device="x")
    assert again.status_code == 403
    assert issue(again)["code"] == "login"


def test_code_is_read_generously(server: ServerProcess) -> None:
    code = enrol_code(server.data_dir, NORTH, database_url=server.database_url)
    typed = " " + code.lower().replace("-", " ").replace("0", "o").replace("1", "l") + " "
    assert _enrol(server, code=typed, device="x").status_code == 201


@pytest.mark.parametrize(
    ("body", "status"),
    [
        ({"code": "AAAA-BBBB-CCCC", "device": "x"}, 403),
        ({"code": "", "device": "x"}, 403),
        ({"code": "张", "device": "x"}, 403),
        ({"code": 12, "device": "x"}, 400),
        ({"code": "x"}, 400),
        ({"code": "x", "device": "  "}, 400),
        ({"code": "x", "device": "x" * 201}, 400),
        ({"code": "x", "device": "x", "jwks": None}, 400),
        ({"code": "x", "device": "x", "jwks": {"keys": []}}, 400),
        ({"code": "x", "device": "x", "jwks": {"keys": KEYS["keys"][:1]}}, 400),
        ({"code": "x", "device": "x", "jwks": PRIVATE}, 400),
        ({"code": "x", "device": "x", "jwks": {"keys": [{"kty": "EC"}]}}, 400),
        ([], 400),
    ],
)
def test_unfit_enrolments(server: ServerProcess, body: Any, status: int) -> None:
    if isinstance(body, dict):
        body = {"jwks": KEYS, **body}
    answer = requests.post(f"{server.url}/enrol", json=body, timeout=10)
    assert answer.status_code == status
    issue(answer)


def test_a_race_for_one_code_has_one_winner(server: ServerProcess) -> None:
    code = enrol_code(server.data_dir, NORTH, database_url=server.database_url)
    statuses: list[int] = []
    start = threading.Barrier(6)

    def race() -> None:
        start.wait()
        statuses.append(_enrol(server, code=code, device="x").status_code)

    threads = [threading.Thread(target=race) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201] + [403] * 5


def test_codes_expire_after_a_day(tmp_path: Path, directory_file: Path) -> None:
    clock = FixedClock(datetime(2026, 1, 1, tzinfo=UTC))
    database = Database(tmp_path, wall_clock=clock)
    load_directory(database, directory_file)
    with database.write() as connection:
        just_in_time = issue_code(connection, NORTH, database.now())
        too_late = issue_code(connection, NORTH, database.now())
        clock.advance(hours=24, milliseconds=-1)
        assert enrol(connection, just_in_time, "x", KEYS, database.now())
        clock.advance(milliseconds=1)
        with pytest.raises(Refusal):
            enrol(connection, too_late, "x", KEYS, database.now())
    database.close()


def test_revoked_device_is_refused_at_once(server: ServerProcess) -> None:
    client = server.enrol(NORTH, "lost laptop")
    assert client.put(patient(NORTH)).status_code == 201
    (device,) = [
        one
        for one in list_devices(server.data_dir, server.database_url)
        if one.name == "lost laptop"
    ]
    assert device.id == client.device_id
    assert device.organisation_id == NORTH
    revoke_device(server.data_dir, client.device_id, server.database_url)
    revoke_device(server.data_dir, client.device_id, server.database_url)
    answer = client.put(patient(NORTH))
    assert answer.status_code == 401
    assert issue(answer)["code"] == "login"
    assert client.get("/Patient").status_code == 401
    client.close()
    with pytest.raises(NotFound):
        revoke_device(server.data_dir, "no-such-device", server.database_url)


def test_code_needs_an_organisation_of_the_directory(server: ServerProcess) -> None:
    with pytest.raises(InputError):
        enrol_code(server.data_dir, "elsewhere", database_url=server.database_url)


def test_neither_code_nor_token_is_stored(server: ServerProcess) -> None:
    code = enrol_code(server.data_dir, NORTH, database_url=server.database_url)
    assert _enrol(server, code=code, device="x").status_code == 201
    token = server.enrol(NORTH).token
    stored = b"".join(path.read_bytes() for path in server.data_dir.glob(FILE_NAME + "*"))
    for secret in (token, code, code.replace("-", "")):
        assert secret.encode() not in stored
        assert not any(secret in line for line in server.log)


def test_data_folder_is_private(server: ServerProcess) -> None:
    """The database, where it is a file, and whatever else the server keeps beside it."""
    files = {path.name: path.stat().st_mode & 0o077 for path in server.data_dir.iterdir()}
    assert (FILE_NAME in files) == (server.database_url is None)
    if server.database_url is None:
        assert files[FILE_NAME] == 0
    assert server.data_dir.stat().st_mode & 0o077 == 0, files


def test_directory_follows_its_file(tmp_path: Path) -> None:
    path = write_directory(tmp_path / "directory.json")
    database = Database(tmp_path / "server")
    assert load_directory(database, path) == 3
    assert load_directory(database, path) == 3
    document = json.loads(path.read_text("utf-8"))
    document["organisations"][0]["green_channel_phone"] = "0564-0000999"
    path.write_text(json.dumps(document), "utf-8")
    load_directory(database, path)
    database.close()
    with sqlite3.connect(tmp_path / "server" / FILE_NAME) as raw:
        versions = dict(raw.execute("SELECT id, version FROM resource").fetchall())
        (content,) = raw.execute("SELECT content FROM resource WHERE id=?", [LEAD]).fetchone()
    raw.close()
    counts = {id_: count_of(version) for id_, version in versions.items()}
    assert counts == {LEAD: 2, NORTH: 1, "south-centre": 1}
    assert "0564-0000999" in content


def test_the_county_directory_is_fit(tmp_path: Path) -> None:
    database = Database(tmp_path)
    assert load_directory(database, default_directory()) == 13
    database.close()


@pytest.mark.parametrize(
    "text",
    [
        "not json",
        "[]",
        "{}",
        '{"organisations":[{"id":"a"}]}',
        '{"organisations":[{"id":"a b","name":"x","type":"y"}]}',
        '{"organisations":[{"id":"a","name":"x","type":"y"},{"id":"a","name":"x","type":"y"}]}',
    ],
)
def test_unfit_directory(tmp_path: Path, text: str) -> None:
    path = tmp_path / "directory.json"
    path.write_text(text, "utf-8")
    database = Database(tmp_path / "server")
    with pytest.raises(InputError):
        load_directory(database, path)
    database.close()


def test_missing_directory(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with pytest.raises(StoreFault):
        load_directory(database, tmp_path / "none.json")
    database.close()


def test_directory_resource(server: ServerProcess, lead: Any) -> None:
    resource = lead.get(f"/Organization/{NORTH}").json()
    assert resource["name"] == "North Centre"
    assert resource["alias"] == ["north"]
    assert resource["partOf"] == {"reference": f"Organization/{LEAD}"}
    assert resource["type"][0]["coding"][0]["code"] == "TOWNSHIP_CENTER"
    assert (
        timedelta(0)
        <= datetime.now(UTC) - datetime.fromisoformat(resource["meta"]["lastUpdated"])
        < timedelta(hours=1)
    )
