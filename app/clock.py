"""The clock of the program: UTC instants and the clinic's local date.

Times are stored in UTC; dates that people read and write are dates of the clinic's zone
(China has one, UTC+8). A PC clock may be wrong by years, so nothing is ordered by it:
order comes from ids and sequence numbers.
"""

from __future__ import annotations

from datetime import MAXYEAR, MINYEAR, UTC, date, datetime, timedelta, timezone

CLINIC_ZONE = timezone(timedelta(hours=8), "Asia/Shanghai")


class Clock:
    """Gives the present instant; tests put another one in its place."""

    def now(self) -> datetime:
        """The present instant, aware, in UTC, cut to milliseconds (what the store keeps)."""
        return to_milliseconds(datetime.now(UTC))

    def today(self) -> date:
        """The present date at the clinic."""
        return clinic_date(self.now())


class FixedClock(Clock):
    """A clock that stands where it is put; ``advance`` moves it."""

    def __init__(self, instant: datetime) -> None:
        if instant.tzinfo is None:
            raise ValueError("a clock needs an aware instant")
        self._instant = to_milliseconds(instant.astimezone(UTC))

    def now(self) -> datetime:
        return self._instant

    def set(self, instant: datetime) -> None:
        self._instant = to_milliseconds(instant.astimezone(UTC))

    def advance(self, **delta: float) -> None:
        """Move on by a ``timedelta(**delta)``."""
        self._instant = to_milliseconds(self._instant + timedelta(**delta))


SYSTEM_CLOCK = Clock()


def to_milliseconds(instant: datetime) -> datetime:
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def clinic_date(instant: datetime) -> date:
    """The clinic's calendar date at ``instant``."""
    return instant.astimezone(CLINIC_ZONE).date()


def clinic_time(instant: datetime) -> datetime:
    """``instant`` on the clinic's wall clock."""
    return instant.astimezone(CLINIC_ZONE)


def format_instant(instant: datetime) -> str:
    """The one text form of an instant: ``2026-11-22T02:03:04.567Z``."""
    if instant.tzinfo is None:
        raise ValueError("an instant without a zone cannot be stored")
    return instant.astimezone(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def parse_instant(text: str) -> datetime:
    """Reads any ISO 8601 instant with a zone; the result is in UTC.

    Raises ``ValueError``, also for the calendar's first and last year: their ends have no
    date in the clinic's zone.
    """
    instant = datetime.fromisoformat(text)
    if instant.tzinfo is None:
        raise ValueError("an instant needs a zone")
    if not MINYEAR < instant.year < MAXYEAR:
        raise ValueError("an instant outside the calendar")
    return instant.astimezone(UTC)
