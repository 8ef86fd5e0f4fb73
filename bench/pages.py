"""Every room opened, and the indicators of a year, at 50,000 residents with five years of visits.

``TOWNSHIP_CARE_BENCH_STORE`` names a folder made by ``python -m app seed`` (password
``bench-password``) that is measured instead of a fresh one; making one takes minutes.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from bench.figures import Figure

RESIDENTS, YEARS = 50_000, 5
PASSWORD = "bench-password"
ROUNDS = 7
# The least that reads what the indicators read: the two indexes, end to end.
_FLOOR = (
    "SELECT count(uncontrolled) FROM follow_up_disease WHERE disease = 'hypertension'"
    " AND visit_date BETWEEN ? AND ?",
    "SELECT count(*) FROM follow_up WHERE visit_date BETWEEN ? AND ? AND mode != '3'",
)


class _Counting:
    """The program's runner, and how much it still has to do."""

    def __init__(self) -> None:
        from app.ui.tasks import TaskRunner

        self._runner = TaskRunner()
        self.open = 0

    def run(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        done, failed = named.pop("done", None), named.pop("failed", None)
        owner = named.pop("owner", None)
        if owner is None:
            owner = getattr(done, "__self__", None)
        self.open += 1

        def finished(result: Any) -> None:
            from app.ui.tasks import _alive

            self.open -= 1
            if done is not None and _alive(done, owner):
                done(result)

        def broke(error: Exception) -> None:
            self.open -= 1
            if failed is None:
                raise error
            failed(error)

        self._runner.run(work, *arguments, done=finished, failed=broke, **named)

    def wait(self, milliseconds: int = 10_000) -> bool:
        return self._runner.wait(milliseconds)


def run(folder: Path) -> list[Figure]:
    """First and later visits of each room, and the report of a year, in milliseconds."""
    from PySide6.QtWidgets import QApplication

    from app.care.accounts import sign_in
    from app.care.sample.county import SampleRequest, make_sample_store
    from app.ui import theme
    from app.ui.context import UiContext
    from app.ui.garbage import GarbageKeeper
    from app.ui.shell.frame import Frame
    from app.ui.shell.rooms import ROOMS

    data = Path(os.environ.get("TOWNSHIP_CARE_BENCH_STORE", folder / "data"))
    if not data.exists():
        make_sample_store(data, SampleRequest(residents=RESIDENTS, years=YEARS), PASSWORD)
    application = QApplication.instance() or QApplication([])
    assert isinstance(application, QApplication)
    theme.apply(application)
    keeper = GarbageKeeper(application)
    signed_in = sign_in(data, "sample", PASSWORD)
    tasks = _Counting()
    frame = Frame(
        UiContext(signed_in.store, signed_in.actor, tasks), signed_in.organisation_name, None
    )
    frame.resize(theme.SCREEN_WIDTH, theme.SCREEN_HEIGHT)
    frame.show()

    def settle() -> None:
        application.processEvents()
        while tasks.open:
            application.processEvents()
        application.processEvents()

    def opened(name: str, **where: Any) -> float:
        start = time.perf_counter()
        frame.go(name, **where)
        settle()
        return (time.perf_counter() - start) * 1000

    settle()
    figures: list[Figure] = []
    for room in ROOMS:
        first = opened(room.name)
        later = []
        for _ in range(ROUNDS):
            opened("settings" if room.name != "settings" else "sync")
            later.append(opened(room.name))
        figures.append(Figure(f"open {room.name}: first visit", first, "ms"))
        figures.append(_figure(f"open {room.name}", later, "≤ 100"))
    from app.care.resident_list import list_residents

    lines = list_residents(signed_in.store, signed_in.actor, "hypertension", 0, ROUNDS + 1)
    visits = [opened("residents", resident_id=line.id) for line in lines]
    figures.append(_figure("open a resident's page", visits[1:], "≤ 100"))
    forms = [opened("chronic", resident_id=line.id) for line in lines]
    figures.append(_figure("open the follow-up form", forms[1:], "≤ 100"))
    figures.append(_indicators(signed_in.store, signed_in.actor))
    frame.close_frame()
    tasks.wait()
    signed_in.store.close()
    keeper.release()
    return figures


def _indicators(store: Any, actor: Any) -> Figure:
    from app.care.indicators.period import year_of
    from app.care.indicators.report import indicator_report

    year = year_of(store.clock.today().year)
    span = (year.start.isoformat(), year.end.isoformat())
    ours, floor = [], []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        indicator_report(store, actor, year)
        ours.append((time.perf_counter() - start) * 1000)
        start = time.perf_counter()
        with store.read() as session:
            for query in _FLOOR:
                session.connection().exec_driver_sql(query, span).scalar()
        floor.append((time.perf_counter() - start) * 1000)
    return _figure("indicators of a year", ours, "≤ 2000", statistics.median(floor))


def _figure(what: str, taken: list[float], goal: str, floor: float | None = None) -> Figure:
    return Figure(
        what,
        statistics.median(taken),
        "ms",
        floor=floor,
        goal=goal,
        spread=(min(taken), max(taken)),
    )
