"""Fetching to an empty PC, and how long the screen's thread stands still meanwhile."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from PySide6.QtCore import QCoreApplication, QEventLoop, Qt, QTimer

from app.care.sample.county import SampleRequest, directory, make_sample_store
from app.models.rehab import CheckIn
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync.engine import SyncEngine
from app.ui.garbage import GarbageKeeper
from bench.figures import Figure
from bench.pushing import FLOOR_SERVER, PASSWORD, Floor, joined, process, rows

CHECK_INS = 10_000
ROUNDS = 3
_TICK = 0.002


class Stall(NamedTuple):
    """Milliseconds: the longest wait, and the longest that this program itself can have made."""

    longest: float
    own: float


def run(folder: Path, count: int = CHECK_INS) -> list[Figure]:
    organisation = next(o["id"] for o in directory() if o["type"] == "TOWNSHIP_CENTER")
    served = folder / "server"
    taken: list[float] = []
    sizes: list[float] = []
    floors: list[float] = []
    stalls: list[Stall] = []
    with (
        process("-m", "app", "serve", "--data", str(served), "--port", "0") as url,
        process("-c", FLOOR_SERVER, str(folder / "floor-server.db")) as port,
    ):

        def pc(name: str, pending: int) -> Store:
            home = folder / name
            make_sample_store(home, SampleRequest(100, 1, pending_check_ins=pending), PASSWORD)
            return joined(home, url, enrol_code(served, organisation))[0]

        sender = pc("sender", count)
        engine = SyncEngine(sender)
        stalls.append(_longest_stall(lambda: engine.run_once()))
        engine.close()
        sender.close()
        for number in range(ROUNDS):
            home = folder / f"floor-{number}"
            home.mkdir()
            floor = Floor(home, int(port))
            floor.fill(rows(count))
            began = time.perf_counter()
            floor.push()  # the same bytes the other way round cost the same
            floors.append(time.perf_counter() - began)
            floor.close()
            store = pc(f"reader-{number}", 0)
            with store.apply_remote() as session:
                session.query(CheckIn).delete()
            reader = SyncEngine(store)
            began = time.perf_counter()
            stalls.append(_longest_stall(lambda reader=reader: reader.run_once()))  # type: ignore[misc]
            taken.append(time.perf_counter() - began)
            with store.read() as session:
                if session.query(CheckIn).count() < count:
                    raise RuntimeError("not everything was fetched")
            used = reader._asker.transport.meter if reader._asker else None
            assert used is not None
            sizes.append((used.bytes_up + used.bytes_down) / 1e6)
            reader.close()
            store.close()
    taken.sort()
    # What the machine alone does to a thread that only sleeps.
    idle = _longest_stall(lambda: time.sleep(max(taken)))
    return [
        Figure(
            f"pull {count:,} check-ins to an empty PC", taken[len(taken) // 2], "s",
            sorted(floors)[len(floors) // 2], "≤ 1.2 s", (taken[0], taken[-1]),
        ),
        Figure("  … both ways", max(sizes), "MB", None, "≤ 1"),
        Figure(
            "longest stall of the screen's thread during all that",
            max(stall.longest for stall in stalls), "ms", idle.longest,
            "≤ 50 ms", (min(stall.longest for stall in stalls), max(s.longest for s in stalls)),
        ),
        Figure(
            "  … of it, at most by this program itself",
            max(stall.own for stall in stalls), "ms", None, "≤ 50 ms",
        ),
    ]  # fmt: skip


def _longest_stall(work: Callable[[], object]) -> Stall:
    """How long the loop of the screen stood still, beyond its turn, while ``work`` ran.

    The loop is Qt's, with the program's own keeper of cycles. Where the machine is shared, a
    thread also waits for its turn: the second figure counts of each wait no more than this
    program's own threads have worked meanwhile.
    """
    application = QCoreApplication.instance() or QCoreApplication([])
    keeper = GarbageKeeper()
    keeper.settle()
    loop = QEventLoop(application)
    worker = threading.Thread(target=work)
    last, busy = time.perf_counter(), time.process_time()
    longest = own = 0.0

    def tick() -> None:
        nonlocal last, busy, longest, own
        now, worked = time.perf_counter(), time.process_time()
        late = now - last - _TICK
        longest, own = max(longest, late), max(own, min(late, worked - busy))
        last, busy = now, worked
        if not worker.is_alive():
            loop.quit()

    timer = QTimer()
    timer.setTimerType(Qt.TimerType.PreciseTimer)
    timer.setInterval(int(_TICK * 1000))
    timer.timeout.connect(tick)
    worker.start()
    timer.start()
    loop.exec()
    timer.stop()
    worker.join()
    keeper.release()
    return Stall(longest * 1000, own * 1000)
