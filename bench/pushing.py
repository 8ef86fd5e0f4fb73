"""Push of queued check-ins to a real server on the loopback, and the small exchanges of every day.

The floor beside it does the least that is still durable on both sides: plain rows of sqlite3, JSON
packed with gzip, one HTTP request for 50 rows, no login, no mapping, no reading of the answer.
"""

from __future__ import annotations

import gzip
import http.client
import json
import os
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.care.accounts import sign_in
from app.care.sample.county import SampleRequest, directory, make_sample_store
from app.models.actor import Actor
from app.models.rehab import CheckIn
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync.engine import SyncEngine
from app.sync.enrol import enrol
from bench.figures import Figure, pair

ROOT = Path(__file__).resolve().parent.parent
PASSWORD = "bench-password"
CHECK_INS = 10_000
ROUNDS = 3
_BUNDLE = 50

FLOOR_SERVER = """
import gzip, http.server, json, sqlite3, sys
store = sqlite3.connect(sys.argv[1], isolation_level=None, check_same_thread=False)
store.execute("PRAGMA journal_mode = WAL")
store.execute("PRAGMA synchronous = FULL")
store.execute("CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, body TEXT)")

class Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        rows = json.loads(gzip.decompress(body)) if body else []
        store.execute("BEGIN IMMEDIATE")
        store.executemany("INSERT OR REPLACE INTO record VALUES (?, ?)",
                          [(row["id"], json.dumps(row)) for row in rows])
        store.execute("COMMIT")
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"{}")

    def log_message(self, *_):
        pass

server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
print("READY", server.server_address[1], flush=True)
server.serve_forever()
"""


@contextmanager
def process(*arguments: str) -> Iterator[str]:
    """A process that says READY and something; it is ended afterwards."""
    process = subprocess.Popen(
        [sys.executable, *arguments],
        cwd=ROOT,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        word, _, rest = process.stdout.readline().strip().partition(" ")
        if word != "READY":
            raise RuntimeError("a server of the benchmark did not start")
        yield rest
    finally:
        process.terminate()
        process.wait(20)
        process.stdout.close()


class Floor:
    """Rows and a queue in raw sqlite3, sent to a raw server."""

    def __init__(self, folder: Path, port: int) -> None:
        self._link = http.client.HTTPConnection("127.0.0.1", port)
        self._store = sqlite3.connect(folder / "floor.db", isolation_level=None)
        for statement in (
            "PRAGMA journal_mode = WAL",
            "PRAGMA synchronous = FULL",
            "CREATE TABLE IF NOT EXISTS record (id TEXT PRIMARY KEY, body TEXT)",
            "CREATE TABLE IF NOT EXISTS queue (seq INTEGER PRIMARY KEY, id TEXT)",
        ):
            self._store.execute(statement)

    def close(self) -> None:
        self._link.close()
        self._store.close()

    def again(self) -> None:
        """A new connection after one that broke."""
        self._link.close()

    def fill(self, rows: list[dict[str, object]]) -> None:
        self._store.execute("BEGIN IMMEDIATE")
        self._store.executemany(
            "INSERT OR REPLACE INTO record VALUES (?, ?)",
            [(row["id"], json.dumps(row)) for row in rows],
        )
        self._store.executemany("INSERT INTO queue (id) VALUES (?)", [(r["id"],) for r in rows])
        self._store.execute("COMMIT")

    def push(self) -> None:
        while True:
            rows = self._store.execute(
                "SELECT seq, body FROM queue JOIN record USING (id) ORDER BY seq LIMIT ?",
                (_BUNDLE,),
            ).fetchall()
            if not rows:
                return
            self._post(gzip.compress(f"[{','.join(body for _, body in rows)}]".encode(), 6))
            self._store.execute("BEGIN IMMEDIATE")
            self._store.execute("DELETE FROM queue WHERE seq <= ?", (rows[-1][0],))
            self._store.execute("COMMIT")

    def ask(self) -> None:
        self._post(b"")

    def _post(self, body: bytes) -> None:
        self._link.request("POST", "/", body)
        self._link.getresponse().read()


def rows(count: int) -> list[dict[str, object]]:
    return [
        {
            "id": f"01a20100-dd79-760c-bad1-{number:012x}",
            "plan": "p",
            "pre_sbp": 120 + number % 40,
            "pre_dbp": 70 + number % 20,
            "pre_heart_rate": 66 + number % 30,
            "screen": "pass",
            "borg": 12,
            "post_sbp": 126 + number % 40,
            "post_dbp": 72 + number % 20,
            "post_heart_rate": 80 + number % 30,
            "completion": "complete",
            "performer": "n",
        }
        for number in range(count)
    ]


def run(folder: Path, count: int = CHECK_INS) -> list[Figure]:
    organisation = next(o["id"] for o in directory() if o["type"] == "TOWNSHIP_CENTER")
    served = folder / "server"
    floor_rates: list[float] = []
    rates: list[float] = []
    sizes: list[float] = []
    with (
        process("-m", "app", "serve", "--data", str(served), "--port", "0") as url,
        process("-c", FLOOR_SERVER, str(folder / "floor-server.db")) as port,
    ):
        floor = Floor(folder, int(port))
        for number in range(ROUNDS):  # in turn, so that a slow minute hits both
            floor.fill(rows(count))
            began = time.perf_counter()
            floor.push()
            floor_rates.append(count / (time.perf_counter() - began))
            home = folder / f"store-{number}"
            request = SampleRequest(residents=100, seed=number + 1, pending_check_ins=count)
            make_sample_store(home, request, PASSWORD)
            store, actor = joined(home, url, enrol_code(served, organisation))
            engine = SyncEngine(store)
            began = time.perf_counter()
            report = engine.run_once(fetch=False)
            taken = time.perf_counter() - began
            if report.sent < count or report.counts.open:
                raise RuntimeError(f"not everything was sent: {report.outcome}")
            rates.append(report.sent / taken)
            sizes.append((report.bytes_up + report.bytes_down) / report.sent)
            if number < ROUNDS - 1:
                engine.close()
                store.close()
        figures = [
            Figure(
                f"push {count:,} queued check-ins, durable on both sides, loopback",
                statistics.median(rates), "a second", statistics.median(floor_rates),
                "≥ 8,000", (min(rates), max(rates)),
            ),
            Figure(
                "bytes a check-in on the wire, both ways",
                statistics.median(sizes), "B", None, "≤ 110", (min(sizes), max(sizes)),
            ),
        ]  # fmt: skip
        figures += _nothing_new(engine, floor)
        figures += _one_record(engine, store, actor, floor)
        floor.close()
        engine.close()
        store.close()
    return figures


def joined(home: Path, url: str, code: str) -> tuple[Store, Actor]:
    signed_in = sign_in(home, "sample", PASSWORD)
    enrol(signed_in.store, url, code, "bench")
    return signed_in.store, signed_in.actor


def _nothing_new(engine: SyncEngine, floor: Floor) -> list[Figure]:
    # A PC at rest: what it wrote last lies further back than the courier's margin for clocks.
    time.sleep(6)
    for _ in range(3):
        engine.run_once()
    taken, idle = [], []
    for _ in range(50):
        began = time.perf_counter()
        report = engine.run_once()
        taken.append((time.perf_counter() - began) * 1000)
        began = time.perf_counter()
        floor.ask()
        idle.append((time.perf_counter() - began) * 1000)
    return [
        Figure("a sync with nothing new, requests", report.requests, "", 1, "1"),
        Figure(
            "a sync with nothing new, both ways",
            report.bytes_up + report.bytes_down, "B", None, "≤ 600",
        ),
        Figure(
            "a sync with nothing new, time",
            statistics.median(taken), "ms", statistics.median(idle), "≤ 10 ms",
            (min(taken), max(taken)),
        ),
    ]  # fmt: skip


def _one_record(
    engine: SyncEngine, store: Store, actor: Actor, floor: Floor, times: int = 200
) -> list[Figure]:
    """From the committed save to the written receipt, over a warm connection."""
    with store.read() as session:
        row = session.query(CheckIn).first()
        assert row is not None
        plan_id, resident_id = row.plan_id, row.resident_id
    taken, least = [], []
    for number in range(times + 20):
        with store.write(actor) as session:
            session.add(
                CheckIn(
                    plan_id=plan_id, resident_id=resident_id, started_at=store.clock.now(),
                    pre_sbp=120 + number % 40, pre_dbp=78, pre_heart_rate=74, pre_pain=0,
                    screen="pass", completion="complete", borg=12, performer_id=actor.staff_id,
                    performer_name=actor.name,
                )
            )  # fmt: skip
        began = time.perf_counter()
        report = engine.run_once(fetch=False)
        taken.append((time.perf_counter() - began) * 1000)
        if report.counts.open:
            raise RuntimeError("a record was not confirmed")
        floor.fill(rows(1))
        began = time.perf_counter()
        floor.push()
        least.append((time.perf_counter() - began) * 1000)
    return pair(
        "one record, saved → receipt",
        sorted(taken[20:]), sorted(least[20:]), "≤ 5 ms", "≤ 20 ms",
    )  # fmt: skip
