"""Opens every room of a sample store and prints what it takes, as lines of JSON (``bench.pages``).

A process of its own, so that a first visit is that of an installed program: its byte code is
kept, the modules of the rooms were loaded behind the sign-in, no page is built yet. Each visit is
measured twice: until the room stands painted
and takes keys (what the screen's thread is busy with), and until everything that it asked for
behind the screen has come. The floor of the painting is a bare table of Qt, brought to the front.
"""

from __future__ import annotations

import importlib
import json
import statistics
import sys
import time
from collections.abc import Callable, Iterable
from functools import partial
from pathlib import Path
from typing import Any

PASSWORD = "bench-password"
ROUNDS = 7
# The least that reads what the indicators read of visits and contracts, end to end.
_FLOOR = (
    "SELECT sum(length(visits)) FROM visit_year"
    " WHERE year BETWEEN substr(?, 1, 4) - 1 || '' AND substr(?, 1, 4)",
    "SELECT count(id) FROM contract INDEXED BY ix_contract_counted"
    " WHERE organisation_id IN (SELECT id FROM organisation) AND ends_on >= ? AND starts_on <= ?",
)
_SEARCHES = ("wang", "王", "6789", "白塔村 李")

Visit = tuple[float, float, float, float]


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

    def start_painted(self, start: Callable[[], None], owner: Any) -> None:
        self._runner.start_painted(start, owner)

    def wait(self, milliseconds: int = 10_000) -> bool:
        return self._runner.wait(milliseconds)


class _Watch:
    """Takes visits: milliseconds until painted, those of the screen's thread in it (a busy machine
    adds nothing to them), until complete, and of CPU.
    """

    def __init__(self, application: Any, tasks: _Counting) -> None:
        self._application, self._tasks = application, tasks
        self.floor = 0.0
        #: The longest of the last visit in which the screen's thread took no key.
        self.still = 0.0

    def settle(self, complete: Callable[[], bool] = lambda: True) -> None:
        from PySide6.QtCore import QEventLoop

        flags = QEventLoop.ProcessEventsFlag
        self._step()
        while self._tasks.open or not complete():
            # Waiting, not looking again and again: that would take the time of what works.
            self._step(flags.AllEvents | flags.WaitForMoreEvents)
        self._step()

    def _step(self, *flags: Any) -> None:
        """One round of the event loop: no key is taken before its end."""
        busy = time.thread_time()
        self._application.processEvents(*flags)
        self.still = max(self.still, time.thread_time() - busy)

    def visit(self, go: Callable[[], Any], complete: Callable[[], bool] = lambda: True) -> Visit:
        """``complete``: what else there is to wait for, besides the work behind the screen."""
        start, cpu, busy = time.perf_counter(), time.process_time(), time.thread_time()
        go()
        self._application.processEvents()
        painted, busy = time.perf_counter() - start, time.thread_time() - busy
        self.still = busy
        self.settle(complete)
        whole, cpu = time.perf_counter() - start, time.process_time() - cpu
        return painted * 1000, busy * 1000, whole * 1000, cpu * 1000

    def find_floor(self) -> None:
        """A table of Qt with the rows of a page, brought to the front of another widget."""
        from PySide6.QtWidgets import QStackedWidget, QTableWidget, QTableWidgetItem, QWidget

        from app.ui import theme

        stack, table = QStackedWidget(), QTableWidget(18, 7)
        for row in range(18):
            for column in range(7):
                table.setItem(row, column, QTableWidgetItem(f"{row} {column}"))
        stack.addWidget(QWidget())
        stack.addWidget(table)
        stack.resize(theme.SCREEN_WIDTH, theme.SCREEN_HEIGHT)
        stack.show()
        taken = []
        for _ in range(ROUNDS):
            self.visit(lambda: stack.setCurrentIndex(0))
            taken.append(self.visit(lambda: stack.setCurrentIndex(1))[0])
        self.floor = statistics.median(taken)
        stack.deleteLater()

    def say(self, what: str, visits: Iterable[Visit]) -> None:
        """Print the figures of visits to one place."""
        painted, busy, whole, cpu = (sorted(each) for each in zip(*visits, strict=True))
        _print(f"{what}: painted", painted, "≤ 100", self.floor)
        _print(f"{what}: CPU of the screen's thread until then", busy, "≤ 100")
        _print(f"{what}: all that comes later, too", whole, "")
        _print(f"{what}: CPU of it", cpu, "")


def _print(what: str, taken: list[float], goal: str, floor: float | None = None) -> None:
    line = {
        "what": what,
        "ours": statistics.median(taken),
        "floor": floor,
        "goal": goal,
        "spread": (min(taken), max(taken)) if len(taken) > 1 else None,
    }
    print(json.dumps(line), flush=True)


def _busiest(store: Any) -> list[str]:
    """The residents with the longest history."""
    with store.read() as session:
        return [
            row[0]
            for row in session.connection().exec_driver_sql(
                "SELECT resident_id FROM follow_up GROUP BY resident_id"
                " ORDER BY count(*) DESC, resident_id LIMIT ?",
                (ROUNDS + 1,),
            )
        ]


def _letter(watch: _Watch, frame: Any, resident_id: str) -> Visit:
    """Until the letter stands in its page, which is made while it is being read."""

    def complete() -> bool:
        return bool(frame.room("referrals").form.send_button.isEnabled())

    return watch.visit(partial(frame.go, "referrals", resident_id=resident_id), complete)


def _letters(watch: _Watch, frame: Any, store: Any, when: str) -> None:
    first, *later = _busiest(store)
    watch.say(f"the letter of a resident, {when}", [_letter(watch, frame, first)])
    _print(f"the letter of a resident, {when}: longest stop", [watch.still * 1000], "≤ 100")
    watch.say("the letter of a resident", [_letter(watch, frame, each) for each in later])


def _pages(watch: _Watch, frame: Any, store: Any, actor: Any) -> None:
    """Pages of one person, of those with the longest history, and the lists inside of rooms."""
    busiest = _busiest(store)

    def places(room: str, **more: Any) -> list[Visit]:
        return [watch.visit(partial(frame.go, room, resident_id=each, **more)) for each in busiest]

    for what, room, more in (
        ("a resident's page, 20 visits and more", "residents", {}),
        ("the follow-up form", "chronic", {}),
        ("the scales of a resident", "assessments", {}),
        ("the annual check of a resident", "check_ups", {}),
        ("the contract form of a resident", "contracts", {}),
    ):
        visits = places(room, **more)
        watch.say(f"{what}: first", visits[:1])
        watch.say(what, visits[1:])
    _letters(watch, frame, store, "first")

    def lists(what: str, away: Callable[[], Any], come: Callable[[], Any]) -> None:
        """The first time, and after something was recorded: else they are not read again."""
        away()
        watch.settle()
        watch.say(f"{what}: first", [watch.visit(come)])
        taken = []
        for _ in range(ROUNDS):
            away()
            frame.context.tell_changed("resident")
            watch.settle()
            taken.append(watch.visit(come))
        watch.say(f"{what}: after news", taken)

    chronic, today = frame.go("chronic"), frame.go("today")
    lists(
        "the lists of screening",
        lambda: (frame.go("chronic"), chronic.show_list()),
        lambda: frame.go("chronic", page="screening"),
    )
    lists(
        "Today by village",
        lambda: (frame.go("today"), today.views.setCurrentIndex(0)),
        lambda: today.views.setCurrentIndex(1),
    )


def _searches(store: Any, actor: Any) -> None:
    from app.care.resident_list import find

    taken = []
    for text in _SEARCHES * 2:
        start = time.perf_counter()
        find(store, actor, text)
        taken.append((time.perf_counter() - start) * 1000)
    _print("the search box: a name, a tail, a village with a name", taken[len(_SEARCHES) :], "≤ 50")


def _indicators(store: Any, actor: Any) -> None:
    from app.care.indicators.period import year_of
    from app.care.indicators.report import indicator_report

    year = year_of(store.clock.today().year)
    span = (year.start.isoformat(), year.end.isoformat())
    ours, cpu, floor = [], [], []
    for _ in range(ROUNDS):
        start, busy = time.perf_counter(), time.process_time()
        indicator_report(store, actor, year)
        ours.append((time.perf_counter() - start) * 1000)
        cpu.append((time.process_time() - busy) * 1000)
        start = time.perf_counter()
        with store.read() as session:
            for query in _FLOOR:
                session.connection().exec_driver_sql(query, span).scalar()
        floor.append((time.perf_counter() - start) * 1000)
    _print("indicators of a year", ours, "≤ 2000", statistics.median(floor))
    _print("indicators of a year: CPU", cpu, "")


def main(folder: Path, *, letter: bool) -> int:
    """``letter``: only a letter, to which a person goes straight from the sign-in."""
    from PySide6.QtWidgets import QApplication

    from app.care.accounts import sign_in
    from app.ui import theme
    from app.ui.application import room_modules
    from app.ui.context import UiContext
    from app.ui.garbage import GarbageKeeper
    from app.ui.shell.frame import Frame
    from app.ui.shell.rooms import ROOMS

    application = QApplication([])
    theme.apply(application)
    keeper = GarbageKeeper(application)
    signed_in = sign_in(folder, "sample", PASSWORD)
    store, actor, tasks = signed_in.store, signed_in.actor, _Counting()
    frame = Frame(UiContext(store, actor, tasks), signed_in.organisation_name, None)
    frame.resize(theme.SCREEN_WIDTH, theme.SCREEN_HEIGHT)
    frame.show()
    watch = _Watch(application, tasks)
    watch.settle()
    for module in room_modules():
        importlib.import_module(module)
    watch.find_floor()
    if letter:
        _letters(watch, frame, store, "straight from the sign-in")
    for place in () if letter else ROOMS:
        room, other = place.name, "settings" if place.name != "settings" else "sync"
        watch.say(f"{room}, first visit", [watch.visit(partial(frame.go, room))])
        later = []
        for _ in range(ROUNDS):
            watch.visit(partial(frame.go, other))
            later.append(watch.visit(partial(frame.go, room)))
        watch.say(room, later)
    if not letter:
        _pages(watch, frame, store, actor)
        _searches(store, actor)
        _indicators(store, actor)
    frame.close_frame()
    tasks.wait()
    store.close()
    keeper.release()
    return 0


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]), letter="letter" in sys.argv[2:]))
