"""What only PostgreSQL can do to the server: restarts, lost connections, other processes."""

from __future__ import annotations

import os
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import requests

from app.errors import StoreFault
from app.server import engines
from app.server.database import Database
from tests.server.postgres import Cluster, why_not
from tests.server.serving import NORTH, Client, ServerProcess, issue, new_id, patient

pytestmark = pytest.mark.skipif(why_not() is not None, reason=str(why_not()))


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A PostgreSQL of the test's own, to stop and start again."""
    cluster = Cluster()
    yield cluster
    cluster.remove()


@pytest.fixture
def url(postgres: Callable[[], Cluster]) -> str:
    return postgres().new_database()


@pytest.fixture
def serving(tmp_path: Path, directory_file: Path, url: str) -> Iterator[ServerProcess]:
    process = ServerProcess(tmp_path / "server", directory_file, database_url=url).start()
    yield process
    if process.running:
        process.stop()


class _Admin:
    """A session beside the server's."""

    def __init__(self, url: str) -> None:
        import psycopg

        made = engines.parse_url(url)
        self._connection = psycopg.connect(
            host=str(made.query["host"]), user=made.username, dbname=made.database, autocommit=True
        )

    def ask(self, sql: str) -> list[tuple[Any, ...]]:
        cursor = self._connection.execute(sql)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []

    def close(self) -> None:
        self._connection.close()


@pytest.fixture
def admin(url: str) -> Iterator[_Admin]:
    made = _Admin(url)
    yield made
    made.close()


def _assert_comes_again(answer: requests.Response) -> None:
    assert answer.status_code == 503, answer.text
    assert issue(answer)["code"] == "transient"
    assert int(answer.headers["Retry-After"]) > 0


def test_a_stopped_database_is_503_and_all_goes_on_after_its_start(
    own_cluster: Cluster, tmp_path: Path, directory_file: Path
) -> None:
    url = own_cluster.new_database()
    server = ServerProcess(tmp_path / "server", directory_file, database_url=url).start()
    client = server.enrol(NORTH)
    held, lost = patient(NORTH), patient(NORTH)
    client.stored(held)
    own_cluster.stop()
    _assert_comes_again(client.put(lost))
    _assert_comes_again(client.post("transaction", lost))
    _assert_comes_again(client.get(f"/Patient/{held['id']}"))
    _assert_comes_again(client.get("/Patient"))
    own_cluster.start()
    # The very next request is served: nobody has to wait for a dead connection to be noticed.
    assert client.put(lost).status_code == 201
    assert set(client.ids("/Patient")) == {held["id"], lost["id"]}
    client.close()
    server.stop()
    faults = [line for line in server.log if '"event":"failed"' in line]
    assert faults
    assert not any(lost["id"] in line or "SELECT" in line for line in faults)


def test_idle_connections_that_were_cut_are_replaced_unseen(
    serving: ServerProcess, admin: _Admin
) -> None:
    client = serving.enrol(NORTH)
    client.stored(patient(NORTH))
    cut = admin.ask(
        "SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity"
        " WHERE datname = current_database() AND pid <> pg_backend_pid()"
    )
    assert cut
    assert client.put(patient(NORTH)).status_code == 201
    assert len(client.ids("/Patient")) == 2
    client.close()


@pytest.mark.parametrize("how", ["pg_terminate_backend", "pg_cancel_backend"])
def test_a_writer_cut_while_it_waits_has_one_effect_in_the_end(
    serving: ServerProcess, admin: _Admin, how: str
) -> None:
    client = serving.enrol(NORTH)
    record = patient(NORTH)
    admin.ask("BEGIN")
    admin.ask(f"SELECT pg_advisory_xact_lock({engines.WRITERS})")
    answers: list[requests.Response] = []
    sender = threading.Thread(target=lambda: answers.append(client.put(record)))
    sender.start()
    waiting = (
        "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND datname = current_database()"
    )
    watcher = _Watcher(admin)
    watcher.until(lambda: admin.ask(waiting)[0][0] == 1)
    cut = admin.ask(waiting.replace("count(*)", f"pid, {how}(pid)"))
    watcher.until(lambda: admin.ask(waiting.replace("count(*)", "pid")) != [cut[0][:1]])
    if how == "pg_cancel_backend":
        sender.join(20)
        admin.ask("ROLLBACK")
        _assert_comes_again(answers[0])
        assert client.put(record).status_code == 201
    else:
        # Nothing was done over the lost connection: another one stands in line for it.
        watcher.until(lambda: admin.ask(waiting)[0][0] == 1)
        admin.ask("ROLLBACK")
        sender.join(20)
        assert answers[0].status_code == 201
    assert client.ids("/Patient") == [record["id"]]
    client.close()


class _Watcher:
    """Waits on what the database server says of itself."""

    def __init__(self, admin: _Admin) -> None:
        self._admin = admin

    def until(self, condition: Callable[[], bool]) -> None:
        for _ in range(2000):
            if condition():
                return
            self._admin.ask("SELECT pg_sleep(0.005), pg_stat_clear_snapshot()")
        raise AssertionError("it did not happen")


def test_two_servers_on_one_database_keep_one_order_of_time(
    serving: ServerProcess, tmp_path: Path, directory_file: Path
) -> None:
    second = ServerProcess(
        tmp_path / "second", directory_file, database_url=serving.database_url
    ).start()
    writers = [server.enrol(NORTH) for server in (serving, second) for _ in range(2)]
    reader = serving.enrol(NORTH)
    sent: list[str] = []
    failures: list[str] = []
    done = threading.Event()
    started = threading.Barrier(len(writers) + 1)

    def push(client: Client) -> None:
        started.wait()
        for number in range(25):
            records = [patient(NORTH) for _ in range(1 + number % 7)]
            answer = client.post("transaction", *records)
            if answer.status_code != 200:
                failures.append(answer.text)
            sent.extend(record["id"] for record in records)

    seen: list[tuple[str, str]] = []

    def follow() -> None:
        """Read on from the last time seen, without looking back: nothing may come late."""
        started.wait()
        last = "2000-01-01T00:00:00Z"
        while True:
            ending = done.is_set()
            page = reader.get(f"/Patient?_lastUpdated=gt{last}&_sort=_lastUpdated&_count=500")
            entries = page.json().get("entry", [])
            metas = [entry["resource"]["meta"] for entry in entries]
            seen.extend(
                (meta["lastUpdated"], entry["resource"]["id"])
                for meta, entry in zip(metas, entries, strict=True)
            )
            if entries:
                last = metas[-1]["lastUpdated"]
            elif ending:
                return

    threads = [threading.Thread(target=push, args=[one]) for one in writers]
    follower = threading.Thread(target=follow)
    for thread in (*threads, follower):
        thread.start()
    for thread in threads:
        thread.join()
    done.set()
    follower.join(60)
    assert not failures
    assert sorted(id_ for _, id_ in seen) == sorted(sent)
    times = [time for time, _ in seen]
    assert times == sorted(set(times))
    for client in (*writers, reader):
        client.close()
    second.stop()


def test_the_database_must_hold_chinese(postgres: Callable[[], Cluster], tmp_path: Path) -> None:
    cluster = postgres()
    name = f"ascii_{new_id().replace('-', '')}"
    cluster.run("createdb", "--host", str(cluster.folder), "--username", "records",
                "--encoding", "SQL_ASCII", "--template", "template0", name)  # fmt: skip
    with pytest.raises(StoreFault, match="UTF8"):
        Database(tmp_path, cluster.url(name))


def test_what_prevents_the_start_is_one_sentence_without_the_password(
    postgres: Callable[[], Cluster], tmp_path: Path
) -> None:
    import sys

    url = postgres().url("no_such_database").replace("records@", "records:s3cret@")
    ended = subprocess.run(
        [sys.executable, "-X", "utf8", "-m", "app", "serve", "--data", str(tmp_path),
         "--port", "0"],
        capture_output=True,
        env={**os.environ, "TOWNSHIP_CARE_DATABASE": url},
        encoding="utf-8",
        timeout=60,
        cwd=Path(__file__).resolve().parents[2],
        check=False,
    )  # fmt: skip
    assert ended.returncode == 1
    assert ended.stdout == ""
    assert len(ended.stderr.strip().splitlines()) == 1
    assert "s3cret" not in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    "text", ["no url", "mysql://nowhere/none", "://", "postgresql+asyncpg://x/y"]
)
def test_addresses_that_are_none(tmp_path: Path, text: str) -> None:
    with pytest.raises(StoreFault):
        Database(tmp_path, text)


def test_the_usual_spelling_of_an_address_is_understood() -> None:
    for text in ("postgresql://user@host/records", "postgres://user@host/records"):
        assert engines.parse_url(text).drivername == "postgresql+psycopg"
