"""Cycles with widgets in them are collected on the GUI thread, never on a background one."""

from __future__ import annotations

import gc
import threading

from PySide6.QtCore import Qt, QThread

from app.ui.garbage import GarbageKeeper
from app.ui.tasks import TaskRunner


class _Cycle:
    """Notes the thread on which it ends."""

    def __init__(self, ended: list[int]) -> None:
        self.itself = self
        self.ended = ended

    def __del__(self) -> None:
        self.ended.append(threading.get_ident())


def test_a_background_thread_collects_nothing(qtbot):
    keeper = GarbageKeeper()
    # Python counts allocations minus deallocations: what earlier tests free meanwhile can take the
    # count far down, so the limit here is low. The collector itself is off, whatever the limit.
    usual = gc.get_threshold()
    gc.set_threshold(10, 10, 10)
    ended: list[int] = []
    gc.collect()
    for _ in range(50):
        _Cycle(ended)
    here = threading.get_ident()

    def busy() -> int:
        # Far more than the thresholds: Python's own collector would run here several times.
        return len([_Cycle(ended) for _ in range(5000)])

    done: list[int] = []
    runner = TaskRunner()
    runner.run(busy, done=done.append)
    qtbot.waitUntil(lambda: done == [5000])
    assert all(thread == here for thread in ended)
    qtbot.waitUntil(lambda: len(ended) >= 50)
    assert set(ended) == {here}
    assert QThread.isMainThread()
    keeper.release()
    assert gc.isenabled()
    # The keeper of the whole test session goes on.
    gc.set_threshold(*usual)
    gc.disable()


def test_what_was_set_aside_is_looked_through_only_while_nobody_works_here(qtbot):
    keeper = GarbageKeeper()
    ended: list[int] = []
    gc.collect()
    _Cycle(ended)
    keeper.settle()
    gc.collect()
    assert gc.get_freeze_count() > 1000
    assert not ended, "a look costs nothing for what was set aside"
    keeper._state_changed(Qt.ApplicationState.ApplicationInactive)
    assert not ended, "not again so soon after the last time"
    keeper._looked -= 3600
    keeper._state_changed(Qt.ApplicationState.ApplicationActive)
    assert not ended
    keeper._state_changed(Qt.ApplicationState.ApplicationInactive)
    assert ended == [threading.get_ident()]
    keeper.release()
    assert gc.get_freeze_count() == 0
    # The keeper of the whole test session goes on.
    gc.disable()
