"""The time of the month: the true one, the wrong clocks of two houses, the server's, the links."""

from __future__ import annotations

from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from app.clock import CLINIC_ZONE, Clock, FixedClock, format_instant, parse_instant

DAYS = 31
#: When people sit down at the programs, on the clinic's wall clock.
SLOTS = ((8, 30), (15, 0))
FIRST_DAY = datetime(2026, 3, 2, tzinfo=CLINIC_ZONE)
#: How far the clock of a house is off: one runs ahead, one was set two days back.
WRONG = {"A": timedelta(hours=3, minutes=20), "C": timedelta(days=-2)}
#: How often the link of a house is up when people sit down.
UP = 1 / 3


class ToldClock(Clock):
    """The server's clock: it reads the time that the test has written to a file."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def now(self) -> datetime:
        return parse_instant(self._path.read_text(encoding="ascii"))


class MonthClock:
    """The true time; every house's own clock and the server's follow it, each in its way."""

    def __init__(self, server_file: Path, houses: str) -> None:
        self._file = server_file
        self.now = FIRST_DAY
        self.of = {house: FixedClock(FIRST_DAY) for house in houses}
        self.set(FIRST_DAY)

    def set(self, instant: datetime) -> None:
        self.now = instant
        for house, clock in self.of.items():
            clock.set(instant + WRONG.get(house, timedelta(0)))
        # Replaced whole: the server reads it at any moment.
        fresh = self._file.with_suffix(".new")
        fresh.write_text(format_instant(instant), encoding="ascii")
        fresh.replace(self._file)

    def advance(self, minutes: float) -> None:
        self.set(self.now + timedelta(minutes=minutes))

    def at(self, house: str) -> datetime:
        """What the PC of a house shows."""
        return self.of[house].now()


def sitting(day: int, slot: int) -> datetime:
    """When a sitting begins."""
    hour, minute = SLOTS[slot]
    # Nobody sits down at the same second, so that no limit is met to the second.
    second = day * 37 % 60
    return FIRST_DAY + timedelta(days=day, hours=hour, minutes=minute, seconds=second)


def links(seed: int, houses: str) -> dict[tuple[int, int], frozenset[str]]:
    """Whose link is up in which sitting. The last day's last sitting has all of them."""
    random = Random(seed)
    found = {}
    for day in range(DAYS):
        for slot in range(len(SLOTS)):
            found[day, slot] = frozenset(h for h in houses if random.random() < UP)
    found[DAYS - 1, len(SLOTS) - 1] = frozenset(houses)
    return found
