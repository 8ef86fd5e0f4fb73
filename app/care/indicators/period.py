"""The span an indicator counts over: a year, a quarter, a month, or any two days."""

from __future__ import annotations

import calendar
from dataclasses import dataclass
from datetime import date

from app.errors import InputError
from app.i18n import tr


@dataclass(frozen=True, slots=True, order=True)
class Period:
    """From ``start`` to ``end``, both days included. Raises ``InputError`` where it is empty."""

    start: date
    end: date

    def __post_init__(self) -> None:
        if self.start > self.end:
            raise InputError({"end": tr("The last day lies before the first. Change one of them.")})

    def __contains__(self, day: date | None) -> bool:
        return day is not None and self.start <= day <= self.end

    @property
    def label(self) -> str:
        """Short words for a heading: the year, the quarter, the month, or the two days."""
        year = self.start.year
        if self == year_of(year):
            return tr("{year}").format(year=year)
        for number in range(1, 5):
            if self == quarter_of(year, number):
                return tr("{year} Q{quarter}").format(year=year, quarter=number)
        if self == month_of(year, self.start.month):
            return tr("{year}-{month}").format(year=year, month=f"{self.start.month:02d}")
        return tr("{start} to {end}").format(start=self.start, end=self.end)


def year_of(year: int) -> Period:
    return Period(date(year, 1, 1), date(year, 12, 31))


def quarter_of(year: int, number: int) -> Period:
    """``number`` 1 to 4."""
    first = 3 * number - 2
    return Period(date(year, first, 1), month_of(year, first + 2).end)


def month_of(year: int, month: int) -> Period:
    return Period(date(year, month, 1), date(year, month, calendar.monthrange(year, month)[1]))


def parts_of(period: Period) -> tuple[Period, ...]:
    """What a plot of the period shows: the quarters of a year, else the months, cut to it."""
    year = period.start.year
    if period == year_of(year):
        return tuple(quarter_of(year, number) for number in range(1, 5))
    parts: list[Period] = []
    day = period.start
    while day <= period.end:
        end = min(month_of(day.year, day.month).end, period.end)
        parts.append(Period(day, end))
        if end == date.max:
            break
        day = date.fromordinal(end.toordinal() + 1)
    return tuple(parts)
