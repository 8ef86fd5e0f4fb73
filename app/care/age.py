"""Age in completed years (周岁).

Source: county medical-and-elderly-care domain rules §0.2 (rule version LOCAL-2025): age is counted
on the event date; a birthday on 29 February counts on 1 March in common years.
"""

import calendar
from datetime import date

__all__ = ["SENIOR_AGE", "age_at_year_end", "age_on", "birthday_in"]

# Elderly health management begins at 65 completed years (National Basic Public Health Services).
SENIOR_AGE = 65


def birthday_in(year: int, birth: date) -> date:
    """The day on which the person becomes a year older in `year`; the calendar's last day where
    it has no such year (a record may come with any date)."""
    if year > date.max.year:
        return date.max
    if (birth.month, birth.day) == (2, 29) and not calendar.isleap(year):
        return date(year, 3, 1)
    return birth.replace(year=year)


def age_on(birth: date, day: date) -> int:
    """Completed years on `day`. Raises ValueError when `day` is before the birth."""
    if day < birth:
        raise ValueError("the day is before the birth")
    return day.year - birth.year - (day < birthday_in(day.year, birth))


def age_at_year_end(birth: date, year: int) -> int:
    """Completed years on 31 December of `year`: the age of cohort indicators ("65+ in year Y")."""
    return age_on(birth, date(year, 12, 31))
