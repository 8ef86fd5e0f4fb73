"""The time of a simulated county: one true time, and clocks that are wrong about it."""

from __future__ import annotations

import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

from app.clock import Clock, to_milliseconds
from app.models import identity

BEGIN = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)  # Monday, 09:30 at the clinic


class Timeline:
    """True time; it moves only when it is told to. ``monotonic`` is in seconds."""

    def __init__(self) -> None:
        self.now = BEGIN
        self.ids = 0

    def advance(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def monotonic(self) -> float:
        return (self.now - BEGIN).total_seconds()


class WrongClock(Clock):
    """The clock of one machine: true time and an error of up to many years."""

    def __init__(self, timeline: Timeline) -> None:
        self.timeline = timeline
        self.error = timedelta(0)

    def now(self) -> datetime:
        return to_milliseconds(self.timeline.now + self.error)


class _Ids:
    """Ids in the form of UUIDv7, the same ones in every run of the same steps."""

    def __init__(self, timeline: Timeline) -> None:
        self._timeline = timeline

    def uuid7(self) -> UUID:
        self._timeline.ids += 1
        moment = int(self._timeline.now.timestamp() * 1000)
        number = self._timeline.ids
        high = (moment << 16) | 0x7000 | (number >> 20 & 0xFFF)
        # The low bits look like chance: nothing may rely on their order.
        low = (1 << 63) | (number * 0x9E3779B97F4A7C15 & (1 << 62) - 1)
        return UUID(int=(high << 64) | low)


class _Time:
    """Stands for the module ``time`` where the courier measures how long something took."""

    def __init__(self, timeline: Timeline) -> None:
        self.monotonic = timeline.monotonic
        self.perf_counter = timeline.monotonic
        self.sleep = timeline.advance
        self.time = lambda: timeline.now.timestamp()


@contextmanager
def in_force(timeline: Timeline) -> Iterator[None]:
    """Inside the block the courier's stopwatch and new ids follow the timeline."""
    watch, ids = _Time(timeline), _Ids(timeline)
    modules: list[Any] = [
        module
        for name, module in list(sys.modules.items())
        if name.startswith("app.sync") and getattr(module, "time", None) is time
    ]
    for module in modules:
        module.time = watch
    before = identity.uuid_utils
    identity.uuid_utils = ids  # type: ignore[attr-defined]
    try:
        yield
    finally:
        identity.uuid_utils = before  # type: ignore[attr-defined]
        for module in modules:
            module.time = time
