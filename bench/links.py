"""Sending and asking over bad lines: slow, far away, and cut every few seconds.

The line is a byte-level proxy on the loopback (``tests/sync/proxy.py``). The floor sends the same
number of plain rows over the same line, without waiting for anything but the bytes: no login, no
mapping, no question about what arrived.
"""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable
from pathlib import Path
from random import Random

from app.care.sample.county import SampleRequest, directory, make_sample_store
from app.models.actor import Actor
from app.models.outbox import Outbox, Receipt, ServerCopy
from app.models.rehab import CheckIn
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync.engine import SyncEngine, came_on, next_wait
from app.sync.enrol import change_address
from app.sync.policy import Policy
from bench.figures import Figure
from bench.pushing import FLOOR_SERVER, PASSWORD, Floor, joined, process, rows
from tests.sync.proxy import Line, Shape

SLOW = Shape(64, 128, 0.4)
SLOW_AND_CUT = Shape(64, 128, 0.4, (2, 10))
COUNTY_AND_CUT = Shape(2000, 4000, 0.06, (2, 10))
_LONGEST = 120.0
ROUNDS = 3


class _Bench:
    """A server, a floor server, and a line to each with the same shape."""

    def __init__(self, folder: Path, url: str, floor_port: str) -> None:
        self._folder = folder
        self._url = url
        self._floor_url = f"http://127.0.0.1:{floor_port}"
        self._served = folder / "server"
        self._organisation = next(o["id"] for o in directory() if o["type"] == "TOWNSHIP_CENTER")
        self._stores = 0

    def clinic(self, pending: int, line: Line) -> tuple[Store, Actor, SyncEngine]:
        """A PC with so many check-ins queued, its residents held already, behind the line."""
        self._stores += 1
        home = self._folder / f"store-{self._stores}"
        request = SampleRequest(residents=100, seed=self._stores, pending_check_ins=pending)
        make_sample_store(home, request, PASSWORD)
        code = enrol_code(self._served, self._organisation)
        store, actor = joined(home, self._url, code)
        change_address(store, line.url)
        return store, actor, SyncEngine(store, Policy(Random(self._stores)))

    def line(self, shape: Shape, number: int) -> Line:
        return Line(self._url, shape, Random(number))

    def floor(self, shape: Shape, number: int, count: int) -> float:
        """Seconds of the floor for ``count`` rows."""
        line = Line(self._floor_url, shape, Random(number))
        home = self._folder / f"floor-{shape.up}-{shape.cut}-{number}-{count}"
        home.mkdir()
        floor = Floor(home, int(line.url.rsplit(":", 1)[1]))
        floor.fill(rows(count))
        began = time.perf_counter()
        while True:
            try:
                floor.push()
                return time.perf_counter() - began
            except (OSError, http.client.HTTPException):
                floor.again()
            finally:
                if time.perf_counter() - began > _LONGEST:
                    line.close()


def _deliver(engine: SyncEngine) -> float:
    """Seconds until nothing is left, with the waits that the program itself would make."""
    began = time.perf_counter()
    failures = 0
    while time.perf_counter() - began < _LONGEST:
        report = engine.run_once(fetch=False)
        if not report.counts.open:
            break
        failures = 0 if came_on(report) else failures + 1
        time.sleep(next_wait(engine.policy, report, max(failures, 1)).total_seconds())
    return time.perf_counter() - began


def _all_once(store: Store, count: int) -> bool:
    """Whether every check-in that was queued is held, as its first version."""
    with store.read() as session:
        left = session.query(Outbox).count()
        held = session.query(Receipt).filter_by(kind="check_in").count()
        copies = session.query(ServerCopy.version).filter_by(kind="check_in").all()
    # Versions of the embedded server begin with their count.
    once = all(version.partition("-")[0] == "1" for (version,) in copies)
    return left == 0 and held >= count and once


def _push(bench: _Bench, what: str, shape: Shape, count: int, goal: str) -> list[Figure]:
    taken, floor = [], []
    arrived = 0
    for number in range(ROUNDS):
        line = bench.line(shape, number)
        store, _, engine = bench.clinic(count, line)
        taken.append(_deliver(engine))
        arrived += _all_once(store, count)
        engine.close()
        store.close()
        line.close()
        floor.append(bench.floor(shape, number, count))
    taken.sort()
    middle = taken[len(taken) // 2]
    figures = [
        Figure(what, middle, "s", sorted(floor)[len(floor) // 2], goal, (taken[0], taken[-1]))
    ]
    if shape.cut is not None:
        once = "  … runs in which all arrived, once each"
        figures.append(Figure(once, arrived, f"of {ROUNDS}", None, "all"))
    return figures


def _warm(bench: _Bench) -> list[Figure]:
    """The slow line with a connection that is open already."""
    line = bench.line(SLOW, 1)
    store, actor, engine = bench.clinic(1, line)
    engine.run_once()
    engine.run_once()
    nothing = _times(lambda: engine.run_once(), 5)
    with store.read() as session:
        row = session.query(CheckIn).first()
        assert row is not None
        plan_id, resident_id = row.plan_id, row.resident_id

    def one() -> None:
        with store.write(actor) as session:
            session.add(
                CheckIn(
                    plan_id=plan_id, resident_id=resident_id, started_at=store.clock.now(),
                    pre_sbp=128, pre_dbp=78, pre_heart_rate=74, pre_pain=0, screen="pass",
                    completion="complete", borg=12, performer_id=actor.staff_id,
                    performer_name=actor.name,
                )
            )  # fmt: skip
        if engine.run_once(fetch=False).counts.open:
            raise RuntimeError("a record was not confirmed")

    single = _times(one, 5)
    engine.close()
    store.close()
    line.close()
    least = [bench.floor(SLOW, 100 + n, 1) - SLOW.round_trip for n in range(3)]
    floor = sorted(least)[1]
    return [
        Figure("  same line: nothing new, warm", nothing[2], "s", floor, "≤ 0.6 s",
               (nothing[0], nothing[-1])),
        Figure("  same line: one record, warm", single[2], "s", floor, "≤ 0.6 s",
               (single[0], single[-1])),
    ]  # fmt: skip


def _times(action: Callable[[], object], times: int) -> list[float]:
    taken = []
    for _ in range(times):
        began = time.perf_counter()
        action()
        taken.append(time.perf_counter() - began)
    return sorted(taken)


def run(folder: Path) -> list[Figure]:
    served = folder / "server"
    with (
        process("-m", "app", "serve", "--data", str(served), "--port", "0") as url,
        process("-c", FLOOR_SERVER, str(folder / "floor-server.db")) as port,
    ):
        bench = _Bench(folder, url, port)
        figures = _push(
            bench, "500 check-ins over 64/128 kbit/s, 400 ms round trip", SLOW, 500, "≤ 9 s"
        )
        figures += _warm(bench)
        figures += _push(
            bench, "  same line, every connection cut after 2–10 s", SLOW_AND_CUT, 500, "≤ 20 s"
        )
        figures += _push(
            bench, "10,000 over 2/4 Mbit/s, 60 ms, cut after 2–10 s", COUNTY_AND_CUT, 10_000,
            "≤ 10 s",
        )  # fmt: skip
    return figures
