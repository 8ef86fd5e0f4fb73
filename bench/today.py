"""From the password to the filled Today page, at 50,000 residents, and the memory then."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path

from app.care.sample.county import SampleRequest, make_sample_store
from bench.figures import Figure, installed

ROOT = Path(__file__).resolve().parent.parent
RESIDENTS = 50_000
ROUNDS = 5
PASSWORD = "bench-password"

# A fresh process each round, as at the start of a working day.
_PROGRAM = """
import sys, time
from pathlib import Path
import psutil
from PySide6.QtCore import QEventLoop
from PySide6.QtWidgets import QApplication
from app.ui import preferences, theme
from app.ui.application import _behind_the_window
from app.ui.garbage import GarbageKeeper
from app.ui.shell.window import MainWindow

folder = Path(sys.argv[1])
application = QApplication(sys.argv[:1])
theme.apply(application)
window = MainWindow(folder, preferences.load(folder))
window.show()
_behind_the_window(window, GarbageKeeper(application))

def wait(condition, seconds=60.0):
    end = time.perf_counter() + seconds
    while not condition():
        application.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 10)
        if time.perf_counter() > end:
            sys.exit("never came")

# A person needs two seconds to choose the tile and type the password.
end = time.perf_counter() + 2.0
wait(lambda: time.perf_counter() > end)
page = window.gate
page.password.setText(sys.argv[2])
start = time.perf_counter()
page.submit()
wait(lambda: window.frame is not None and window.frame.room("today") is not None)
today = window.frame.room("today")
wait(lambda: any(c.list.rows.rowCount() for c in (today.now, today.today, today.week)))
application.processEvents()
print(time.perf_counter() - start, psutil.Process().memory_info().rss / 2**20)
window.shut()
"""


def run(folder: Path) -> list[Figure]:
    make_sample_store(folder / "store", SampleRequest(residents=RESIDENTS), PASSWORD)
    taken, memory = [], []
    environment = installed(folder)
    for _ in range(ROUNDS):
        process = subprocess.run(
            [sys.executable, "-c", _PROGRAM, str(folder / "store"), PASSWORD],
            cwd=ROOT,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        if process.returncode != 0:
            raise RuntimeError(process.stderr)
        seconds, mebibytes = process.stdout.split()
        taken.append(float(seconds))
        memory.append(float(mebibytes))
    return [
        Figure(
            f"sign-in to Today, {RESIDENTS:,} residents (floor: Argon2id alone)",
            statistics.median(taken), "s", _floor(folder / "store"), "≤ 1 s",
            (min(taken), max(taken)),
        ),
        Figure(
            f"memory with Today open, {RESIDENTS:,} residents",
            statistics.median(memory), "MiB", None, "≤ 130 MiB",
        ),
    ]  # fmt: skip


def _floor(folder: Path) -> float:
    from app.models import keyring

    ring = keyring.load(folder)
    keyring.unlock(ring, "sample", PASSWORD)
    start = time.perf_counter()
    keyring.unlock(ring, "sample", PASSWORD)
    return time.perf_counter() - start
