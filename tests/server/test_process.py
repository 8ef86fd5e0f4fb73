"""The process: start, stop, a port in use, a lying clock, a kill in the middle of writes."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from app.clock import FixedClock
from app.errors import StoreDamaged, StoreFault, StoreTooNew
from app.server.database import FILE_NAME, Database
from app.server.prepare import prepare
from app.server.storing import Put, Written, put_all
from tests.server.serving import NORTH, Client, ServerProcess, new_id, patient


def test_says_ready_and_stops_in_order(tmp_path: Path, directory_file: Path) -> None:
    server = ServerProcess(tmp_path / "new" / "folder", directory_file)
    server.start()
    assert requests.get(f"{server.url}/healthz", timeout=10).status_code == 200
    process = server._process
    assert process
    assert process.stdout
    process.terminate()
    assert process.stdout.read() == ""  # READY was the only line
    assert server.stop() == 0
    # The last connection folded the log into the file: a copy of the one file is whole.
    assert not (server.data_dir / (FILE_NAME + "-wal")).exists()


def test_stops_while_a_connection_is_kept_open(own_server: ServerProcess) -> None:
    client = own_server.enrol(NORTH)
    client.put(patient(NORTH))
    assert own_server.stop() == 0
    client.close()


def test_interrupt_stops_too(own_server: ServerProcess) -> None:
    assert own_server._process
    os.kill(own_server._process.pid, signal.SIGINT)
    assert own_server._ended() == 0


def test_port_in_use(tmp_path: Path, directory_file: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        server = ServerProcess(tmp_path, directory_file, port)
        process = server.spawn()
        assert process.wait(20) == 1
        assert process.stdout
        assert process.stdout.read() == ""
        server._ended()
        (line,) = server.log
        assert str(port) in line
        assert "Traceback" not in line


@pytest.mark.parametrize("what", ["host", "directory", "data"])
def test_other_reasons_not_to_start(tmp_path: Path, directory_file: Path, what: str) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("x", "utf-8")
    code = (
        "import sys; from pathlib import Path; from app.server.main import run;"
        "sys.exit(run(Path(sys.argv[1]), sys.argv[2], 0, directory=Path(sys.argv[3])))"
    )
    data = blocked / "inside" if what == "data" else tmp_path / "data"
    host = "no.such.host.invalid" if what == "host" else "127.0.0.1"
    directory = tmp_path / "none" if what == "directory" else directory_file
    ended = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code, str(data), host, str(directory)],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        cwd=Path(__file__).resolve().parents[2],
        check=False,
    )
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize("options", [("0.0.0.0", None), ("::", None), ("127.0.0.1", "127.0.0.1")])
def test_others_reach_it_by_a_given_address_only(
    tmp_path: Path, directory_file: Path, options: tuple[str, str | None]
) -> None:
    """Who chooses the Host header would choose what a sign-in must be signed for."""
    host, behind = options
    code = (
        "import sys; from pathlib import Path; from app.server.main import run;"
        "sys.exit(run(Path(sys.argv[1]), sys.argv[2], 0, directory=Path(sys.argv[3]),"
        " behind=sys.argv[4] or None))"
    )
    ended = subprocess.run(
        [sys.executable, "-X", "utf8", "-c", code, str(tmp_path / "data"), host,
         str(directory_file), behind or ""],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        cwd=Path(__file__).resolve().parents[2],
        check=False,
    )  # fmt: skip
    assert (ended.returncode, ended.stdout) == (1, "")
    (line,) = ended.stderr.strip().splitlines()
    assert "--public-url" in line
    assert not (tmp_path / "data").exists()


def test_damaged_newer_and_foreign_databases(tmp_path: Path) -> None:
    damaged = tmp_path / "damaged"
    damaged.mkdir()
    (damaged / FILE_NAME).write_bytes(b"This is no database at all. " * 200)
    with pytest.raises(StoreDamaged):
        Database(damaged)
    newer = Database(tmp_path / "newer")
    with newer.write() as connection:
        connection.exec_driver_sql("UPDATE state SET value='99' WHERE name='schema'")
    newer.close()
    with pytest.raises(StoreTooNew):
        Database(tmp_path / "newer")
    with pytest.raises(StoreFault):
        Database(tmp_path / "other", "mysql://nowhere/none")


def test_time_never_steps_back(tmp_path: Path) -> None:
    clock = FixedClock(datetime(2026, 5, 1, tzinfo=UTC))
    database = Database(tmp_path, wall_clock=clock)
    times: list[int] = []

    def write(count: int = 3) -> None:
        puts = [_put() for _ in range(count)]
        with database.write() as connection:
            for result in put_all(connection, database.now(), NORTH, puts):
                assert isinstance(result, Written)
                times.append(result.updated)

    write()
    assert times[0] == database.now()
    clock.set(datetime(2016, 5, 1, tzinfo=UTC))
    write()
    database.close()
    database = Database(tmp_path, wall_clock=clock)  # the memory of it is in the file
    write()
    clock.set(datetime(2036, 5, 1, tzinfo=UTC))
    write()
    assert times[-3] == database.now()
    clock.set(datetime(2026, 5, 1, tzinfo=UTC))
    write()
    assert times == sorted(times)
    assert len(set(times)) == len(times)
    database.close()


def test_time_given_to_a_refused_bundle_is_not_spent_twice(tmp_path: Path) -> None:
    database = Database(tmp_path, wall_clock=FixedClock(datetime(2026, 5, 1, tzinfo=UTC)))
    good, bad = _put(), Put(_put().prepared, if_match=7)
    with database.write() as connection:
        first, refused = put_all(connection, database.now(), NORTH, [good, bad])
        (second,) = put_all(connection, database.now(), NORTH, [_put()])
    assert isinstance(first, Written)
    assert isinstance(second, Written)
    assert not isinstance(refused, Written)
    assert second.updated == first.updated + 1
    database.close()


def _put() -> Put:
    record = patient(NORTH)
    return Put(prepare(record, "Patient", record["id"]))


def test_many_devices_write_at_once(own_server: ServerProcess) -> None:
    clients = [own_server.enrol(NORTH) for _ in range(4)]
    times: list[str] = []
    lock = threading.Lock()

    def push(client: Client) -> None:
        for _ in range(15):
            answer = client.post("transaction", *(patient(NORTH) for _ in range(5)))
            assert answer.status_code == 200, answer.text
            with lock:
                times.extend(one["response"]["lastModified"] for one in answer.json()["entry"])

    threads = [threading.Thread(target=push, args=[client]) for client in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(times) == len(set(times)) == 300
    for client in clients:
        client.close()


def test_one_task_many_writers_one_winner_per_version(own_server: ServerProcess) -> None:
    client = own_server.enrol(NORTH)
    record = patient(NORTH)
    first = client.put(record).headers["ETag"]
    clients = [own_server.enrol(NORTH) for _ in range(4)]
    statuses: list[int] = []
    start = threading.Barrier(4)

    def edit(one: Client) -> None:
        start.wait()
        mine = {**record, "birthDate": new_id()}
        statuses.append(one.put(mine, headers={"If-Match": first}).status_code)

    threads = [threading.Thread(target=edit, args=[one]) for one in clients]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200, 412, 412, 412]
    for one in (client, *clients):
        one.close()


@pytest.mark.kill
def test_kill_during_writes_keeps_every_acknowledged_write(own_server: ServerProcess) -> None:
    clients = [own_server.enrol(NORTH) for _ in range(3)]
    kept: dict[str, str] = {}
    bundles: dict[str, list[str]] = {}
    lock = threading.Lock()
    for _ in range(5):
        enough = threading.Event()
        count = 0

        def push(client: Client, enough: threading.Event = enough) -> None:
            nonlocal count
            while True:
                records = [patient(NORTH) for _ in range(10)]
                with lock:
                    bundles[records[0]["id"]] = [record["id"] for record in records]
                try:
                    answer = client.post("transaction", *records)
                except requests.RequestException:
                    return
                assert answer.status_code == 200
                with lock:
                    for record, entry in zip(records, answer.json()["entry"], strict=True):
                        kept[record["id"]] = entry["response"]["lastModified"]
                    count += 1
                    if count > 20:
                        enough.set()

        threads = [threading.Thread(target=push, args=[client]) for client in clients]
        for thread in threads:
            thread.start()
        assert enough.wait(60)
        own_server.kill()
        for thread in threads:
            thread.join()
        own_server.start()
    client = clients[0]
    held: dict[str, str] = {}
    url: str | None = "/Patient?_count=500"
    while url:
        body = client.get(url).json()
        for entry in body["entry"]:
            held[entry["resource"]["id"]] = entry["resource"]["meta"]["lastUpdated"]
        url = next((link["url"] for link in body["link"] if link["relation"] == "next"), None)
    assert kept.items() <= held.items()
    # What was not acknowledged is there whole or not at all.
    for ids in bundles.values():
        assert len({id_ in held for id_ in ids}) == 1
    for client in clients:
        client.close()
