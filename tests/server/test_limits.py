"""Limits on how often and how much, readiness, and the log of accesses."""

from __future__ import annotations

import json
import sys
import threading
import time
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import requests

from app.errors import InputError
from app.server import access_log
from app.server.access_log import AccessLog, Entry
from app.server.commands import audit, devices, organisations, prune
from app.server.database import Database, microseconds
from app.server.enrolment import list_devices, revoke_device
from app.server.limits import Limiter, Rate, address_key
from app.server.outcome import Refusal
from tests.server.serving import (
    LEAD,
    NORTH,
    ServerProcess,
    issue,
    new_id,
    observation,
    patient,
)
from tests.server.signing import Device


class _Time:
    now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_bucket_empties_fills_and_says_when() -> None:
    clock = _Time()
    limiter = Limiter(Rate(0.5, 3), clock)
    for _ in range(3):
        limiter.take("a")
    with pytest.raises(Refusal) as caught:
        limiter.take("a")
    assert caught.value.status == 429
    assert caught.value.headers["Retry-After"] == "2"
    limiter.take("b")
    clock.now += 2
    limiter.take("a")
    limiter.give_back("a")
    limiter.take("a")
    with pytest.raises(Refusal):
        limiter.take("a")


def test_buckets_of_many_addresses_do_not_pile_up() -> None:
    clock = _Time()
    limiter = Limiter(Rate(1, 2), clock)
    for number in range(50_000):
        limiter.take(str(number))
    assert len(limiter._buckets) <= 20_001
    limiter.take("49999")
    with pytest.raises(Refusal):
        limiter.take("49999")


@pytest.mark.parametrize(
    ("address", "key"),
    [
        ("10.1.2.3", "10.1.2.3"),
        ("::ffff:10.1.2.3", "10.1.2.3"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("testclient", "?"),
        (None, "?"),
    ],
)
def test_what_an_address_is_counted_under(address: str | None, key: str) -> None:
    assert address_key(address) == key


def _limited(tmp_path: Path, directory: Path, **limits: tuple[float, int]) -> ServerProcess:
    return ServerProcess(tmp_path / "server", directory, limits=limits).start()


def test_a_device_that_runs_wild_waits_and_the_others_do_not(
    tmp_path: Path, directory_file: Path
) -> None:
    server = _limited(tmp_path, directory_file, device=(0.01, 5))
    wild, calm = server.enrol(NORTH), server.enrol(NORTH)
    statuses = [wild.get("/Patient?_count=1").status_code for _ in range(7)]
    assert statuses == [200] * 5 + [429] * 2
    refused = wild.put(patient(NORTH))
    assert refused.status_code == 429
    assert int(refused.headers["Retry-After"]) > 1
    assert issue(refused)["code"] == "throttled"
    assert calm.get("/Patient?_count=1").status_code == 200
    for client in (wild, calm):
        client.close()
    server.stop()


def test_guessing_is_slowed_and_honest_pcs_of_the_same_address_are_not(
    tmp_path: Path, directory_file: Path
) -> None:
    server = _limited(tmp_path, directory_file, stranger=(0.01, 4), visitor=(0.01, 3))
    # Any number may join and sign in from one address.
    made = [Device(server, NORTH) for _ in range(6)]
    tokens = [device.token() for device in made]

    def guess() -> int:
        body = {"code": "AAAA-BBBB-CCCC", "device": "x", "jwks": made[0].keys.public()}
        return requests.post(f"{server.url}/enrol", json=body, timeout=10).status_code

    assert [guess() for _ in range(5)] == [403] * 4 + [429]
    assert made[0].ask("a.b.c").status_code == 429
    wrong = made[0].get("/Patient", "no-such-token")
    assert wrong.status_code == 429
    assert int(wrong.headers["Retry-After"]) > 1
    # Who holds a good token works on.
    assert all(
        device.get("/Patient?_count=1", token).status_code == 200
        for device, token in zip(made, tokens, strict=True)
    )
    pages = [requests.get(f"{server.url}/fhir/metadata", timeout=10).status_code for _ in range(4)]
    assert pages == [200] * 3 + [429]
    assert requests.get(f"{server.url}/health", timeout=10).status_code == 200
    server.stop()


def test_ready_means_that_the_database_takes_writes(own_server: ServerProcess) -> None:
    assert requests.get(f"{own_server.url}/health", timeout=10).json() == {"status": "ok"}
    assert requests.get(f"{own_server.url}/ready", timeout=10).json() == {"status": "ready"}
    beside = Database(own_server.data_dir, own_server.database_url)
    done, held = threading.Event(), threading.Event()

    def hold() -> None:
        with beside.write():
            held.set()
            done.wait(60)

    holder = threading.Thread(target=hold)
    holder.start()
    held.wait(20)
    answer = requests.get(f"{own_server.url}/ready", timeout=20)
    assert answer.status_code == 503
    assert answer.headers["Retry-After"]
    assert issue(answer)["code"] == "transient"
    assert requests.get(f"{own_server.url}/health", timeout=10).status_code == 200
    done.set()
    holder.join()
    beside.close()

    deadline = time.monotonic() + 20
    while requests.get(f"{own_server.url}/ready", timeout=20).status_code != 200:
        assert time.monotonic() < deadline


@pytest.mark.skipif(sys.platform != "linux", reason="limits of another process are Linux's")
def test_ready_means_that_the_disk_has_room_for_a_bundle(
    tmp_path: Path, directory_file: Path
) -> None:
    server = ServerProcess(tmp_path, directory_file).start()
    client = server.enrol(NORTH)
    ready = f"{server.url}/ready"
    assert requests.get(ready, timeout=20).status_code == 200
    # Some pages fit, as on a disk with a few kilobytes left; a bundle does not.
    room = max(path.stat().st_size for path in tmp_path.iterdir()) + 24_576
    with server.small_files(room):
        answer = requests.get(ready, timeout=20)
        assert answer.status_code == 503
        assert answer.headers["Retry-After"]
        assert issue(answer)["code"] == "transient"
        assert requests.get(f"{server.url}/health", timeout=10).status_code == 200
        assert client.get("/Patient?_count=1").status_code == 200
    assert requests.get(ready, timeout=20).status_code == 200
    assert client.put(patient(NORTH)).status_code == 201
    server.stop()


def _rows(server: ServerProcess, since: int = 0) -> list[Entry]:
    database = Database(server.data_dir, server.database_url)
    try:
        return access_log.entries(database, since)
    finally:
        database.close()


def test_every_access_leaves_a_row(own_server: ServerProcess) -> None:
    device = Device(own_server, NORTH)
    client = own_server.enrol(NORTH)
    client.token, client.device_id = device.token(), device.id
    who = patient(NORTH, identifier=[{"value": "341524194901010012"}])
    client.stored(who, observation(NORTH, who), observation(NORTH, who))
    assert client.put({**who, "gender": "male"}).status_code == 200
    assert client.get(f"/Patient/{who['id']}").status_code == 200
    assert client.get("/Patient?identifier=341524194901010012").status_code == 200
    assert client.get("/Observation?_count=10").status_code == 200
    assert client.get(f"/Observation?_id={new_id()}").status_code == 200
    assert client.get(f"/Patient/{new_id()}").status_code == 404
    assert client.put(patient(LEAD)).status_code in (403, 422)
    assert client.post("batch", patient(LEAD), patient(NORTH)).status_code == 200
    revoke_device(own_server.data_dir, device.id, own_server.database_url)
    assert client.get("/Patient").status_code == 401
    client.close()
    own_server.stop()

    rows = [row for row in _rows(own_server) if row.device == device.id]
    assert {row.organisation for row in rows} == {NORTH}
    said = {(row.action, row.type, row.record, row.count, row.status) for row in rows}
    assert said >= {
        ("enrol", None, None, 0, 201),
        ("token", None, None, 0, 200),
        ("transaction", "Observation 2, Patient 1", None, 3, 200),
        ("update", "Patient", who["id"], 1, 200),
        ("read", "Patient", who["id"], 1, 200),
        ("search", "Patient", None, 1, 200),
        ("search", "Observation", None, 2, 200),
        ("search", "Observation", None, 0, 200),
        ("read", "Patient", None, 0, 404),
        ("batch", "Patient 2", None, 1, 200),
        ("search", "Patient", None, 0, 401),
    }
    assert all(row.at > 10**15 for row in rows)
    assert "341524194901010012" not in str(rows)


def test_a_write_and_its_row_are_one_commit(own_server: ServerProcess) -> None:
    client = own_server.enrol(NORTH)
    before = len(_rows(own_server))
    records = [patient(NORTH) for _ in range(20)]
    for record in records:
        assert client.put(record).status_code == 201
    own_server.kill()
    written = [row for row in _rows(own_server)[before:] if row.action == "update"]
    assert [row.record for row in written] == [record["id"] for record in records]
    client.close()


def test_a_refused_transaction_leaves_the_refusal_alone(own_server: ServerProcess) -> None:
    client = own_server.enrol(NORTH)
    answer = client.post("transaction", patient(NORTH), patient(LEAD))
    assert answer.status_code in (403, 422)
    own_server.stop()
    (row,) = [row for row in _rows(own_server) if row.device == client.device_id]
    assert (row.count, row.status) == (0, answer.status_code)
    client.close()


def test_looks_that_find_nothing_are_folded(tmp_path: Path) -> None:
    database = Database(tmp_path)
    log = AccessLog(database)
    for _ in range(500):
        log.add(Entry("d", NORTH, "batch"))
    log.add(Entry("d", NORTH, "search", "Patient", count=3))
    log.close()
    rows = {(row.action, row.count): row.times for row in access_log.entries(database)}
    assert rows == {("batch", 0): 500, ("search", 3): 1}
    database.close()


def test_old_rows_of_the_audit_are_deleted_and_that_is_noted(
    tmp_path: Path,
    new_database: Callable[[], str | None],
    capsys: pytest.CaptureFixture[str],
) -> None:
    where: tuple[Any, ...] = (tmp_path, new_database())
    with closing(Database(*where)) as database, database.write() as connection:
        for day in range(1, 5):
            at = microseconds(datetime(2026, 3, day, tzinfo=UTC))
            access_log.record(connection, Entry("d", NORTH, "update", "Patient", f"p{day}"), at)
    prune(*where, "2026-03-03T00:00:00Z")
    assert capsys.readouterr().out == "2 rows deleted\n"
    with closing(Database(*where)) as database:
        rows = access_log.entries(database)
    assert [(row.action, row.record, row.count) for row in rows] == [
        ("update", "p3", 0),
        ("update", "p4", 0),
        ("audit prune", None, 2),
    ]
    with pytest.raises(InputError):
        prune(*where, "last year")


def test_what_was_handed_out_is_counted() -> None:
    inner = '{"resource":{"resourceType":"Patient","id":"1"}}'
    bundle = f'{{"resourceType":"Bundle","type":"searchset","entry":[{inner},{inner}]}}'
    assert access_log.handed_out(bundle) == 2
    batch = f'{{"resourceType":"Bundle","entry":[{{"resource":{bundle},"response":{{}}}}]}}'
    assert access_log.handed_out(batch) == 2
    escaped = json.dumps({"resourceType": "Bundle", "x": '{"resource":{'}, separators=(",", ":"))
    assert access_log.handed_out(escaped) == 0


def test_the_commands_list_what_there_is(
    own_server: ServerProcess, capsys: pytest.CaptureFixture[str]
) -> None:
    device = Device(own_server, NORTH)
    static = own_server.enrol(LEAD, "reporting program")
    revoke_device(own_server.data_dir, static.device_id, own_server.database_url)
    where: tuple[Any, ...] = (own_server.data_dir, own_server.database_url)
    found = {one.id: one for one in list_devices(*where)}
    assert found[device.id].by_key
    assert not found[static.device_id].by_key
    devices(*where, as_json=True)
    listed = {one["id"]: one for one in json.loads(capsys.readouterr().out)}
    assert listed[device.id]["revoked"] is None
    assert listed[static.device_id]["revoked"]
    devices(*where, as_json=False)
    lines = capsys.readouterr().out.splitlines()
    assert any(static.device_id in line and "revoked" in line for line in lines)
    organisations(*where, as_json=True)
    counted = {one["id"]: one["devices"] for one in json.loads(capsys.readouterr().out)}
    assert counted == {LEAD: 0, NORTH: 1, "south-centre": 0}
    own_server.stop()
    audit(*where, "2020-01-01", 100, as_json=True)
    assert {one["action"] for one in json.loads(capsys.readouterr().out)} == {"enrol"}
    audit(*where, "2099-01-01T00:00:00Z", 100, as_json=False)
    assert capsys.readouterr().out == ""
    static.close()
