"""Health checks, scales and services as a report counts them: who had one on which day.

Each table is read once, a row a day, from an index alone (``visits`` says why).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.care.indicators.people import People
from app.clock import clinic_date, parse_instant
from app.models.driver import ask, ask_in_one

# A check without a conclusion still waits for the doctor: it is not done.
_CHECKS = """
    SELECT check_date, group_concat(resident_id)
    FROM health_check INDEXED BY ix_health_check_year
    WHERE check_date BETWEEN ? AND ? AND conclusion IS NOT NULL AND status != 'entered_in_error'
    GROUP BY check_date
"""
# Whoever assessed: naming the organisations and their scales lets the days' index be used.
_ASSESSMENTS = """
    WITH RECURSIVE used(organisation_id, scale) AS (
        SELECT id, (SELECT min(scale) FROM assessment WHERE organisation_id = organisation.id)
        FROM organisation
        UNION ALL
        SELECT organisation_id, (
            SELECT min(scale) FROM assessment
            WHERE organisation_id = used.organisation_id AND assessment.scale > used.scale
        ) FROM used WHERE scale IS NOT NULL
    )
    SELECT used.scale, assessed_on, group_concat(resident_id)
    FROM used CROSS JOIN assessment INDEXED BY ix_assessment_counted
        ON assessment.organisation_id = used.organisation_id AND assessment.scale = used.scale
    WHERE assessed_on BETWEEN ? AND ? AND status != 'entered_in_error'
    GROUP BY used.organisation_id, used.scale, assessed_on
"""
_NOTED = """
    SELECT served_on, service, group_concat(contract_id)
    FROM contract_service INDEXED BY ix_contract_service_noted
    WHERE served_on BETWEEN ? AND ? AND status != 'entered_in_error'
    GROUP BY served_on, status, service
"""
_CHECK_INS = """
    SELECT resident_id, started_at FROM check_in
    WHERE completion != 'not_done' AND status != 'entered_in_error'
"""


class DaysOf(NamedTuple):
    """The days of something, for whoever asks for a person's or a contract's.

    ``get``: ISO days in order, with more behind a day or not; None or empty where there is none.
    ``once``: two of one day count as one (merged records may hold the same one twice).
    """

    get: Callable[[str], Sequence[str] | None]
    once: bool = False


class Days:
    """Who had something, day by day (ISO); a person as often a day as it was written down."""

    def __init__(self, rows: Iterable[tuple[str, list[str]]] = ()) -> None:
        self._rows = list(rows)

    def add(self, day: str, names: list[str]) -> None:
        self._rows.append((day, names))

    @classmethod
    def together(cls, several: Iterable[Days]) -> Days:
        return cls(row for one in several for row in one._rows)

    def named(self, first: date, last: date) -> set[str]:
        """Everybody who had it between two days."""
        start, end = first.isoformat(), last.isoformat()
        return set().union(*(names for day, names in self._rows if start <= day <= end))

    def __bool__(self) -> bool:
        return bool(self._rows)

    def of_each(self) -> dict[str, list[str]]:
        """Person → the days, in order."""
        found: dict[str, list[str]] = defaultdict(list)
        for day, names in sorted(self._rows, key=_first):
            for name in names:
                found[name].append(day)
        return found


def _first(row: tuple[str, list[str]]) -> str:
    return row[0]


def ask_checks(session: Session, first: date, last: date) -> list[list[str]]:
    """What ``checks_of`` understands."""
    return ask_in_one(session, 2, _CHECKS, (first.isoformat(), last.isoformat()))


def checks_of(asked: Iterable[list[str]], people: People) -> Days:
    """Health checks that a doctor concluded."""
    return Days((day, _persons(names, people)) for day, names in asked)


def ask_assessments(session: Session, first: date, last: date) -> list[list[str]]:
    """What ``assessments_of`` understands."""
    return ask_in_one(session, 3, _ASSESSMENTS, (first.isoformat(), last.isoformat()))


def assessments_of(asked: Iterable[list[str]], people: People) -> dict[str, Days]:
    """Scale → who was assessed with it."""
    found: dict[str, Days] = defaultdict(Days)
    for scale, day, names in asked:
        found[scale].add(day, _persons(names, people))
    return found


def ask_noted(session: Session, first: date, last: date) -> list[list[str]]:
    """What ``noted_of`` understands."""
    return ask_in_one(session, 3, _NOTED, (first.isoformat(), last.isoformat()))


def noted_of(asked: Iterable[list[str]]) -> dict[str, Days]:
    """Service → the contracts for which it was noted by hand."""
    found: dict[str, Days] = defaultdict(Days)
    for day, service, names in asked:
        found[service].add(day, names.split(","))
    return found


def read_check_ins(session: Session, people: People) -> Days:
    """Who trained at home and checked in."""
    rows = ask(session, _CHECK_INS)
    return Days(
        (clinic_date(parse_instant(began)).isoformat(), [people.person_of(id_)])
        for id_, began in rows
    )


def _persons(names: str, people: People) -> list[str]:
    found, survivors = names.split(","), people.survivors
    if survivors.keys().isdisjoint(found):
        return found
    return [survivors.get(name, name) for name in found]
