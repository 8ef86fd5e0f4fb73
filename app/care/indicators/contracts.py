"""Indicators of contracts: persons with one in force (C1), services of the packages done (C2).

Source: domain reference §9.3. C1 counts persons, not contracts; C2 counts services by person.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Sequence
from datetime import date
from functools import cache, lru_cache
from typing import Any

from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE
from app.care.contracts.completion import MANUAL, ONE_A_DAY, RECORD, agreed_items
from app.care.contracts.packages import ServiceItem
from app.care.contracts.terms import Span, falling_due
from app.care.indicators.counted import Counted, each
from app.care.indicators.people import People, rows_of
from app.care.indicators.period import Period
from app.clock import clinic_date, parse_instant
from app.models.base import from_json

# Signed (1) or signed as a renewal (3). One that ended early was in force until the day before.
_IN_FORCE = """
    SELECT resident_id, team_id, team_name FROM contract
    WHERE starts_on <= ? AND ends_on >= ? AND status IN ('1', '2', '3')
    AND (terminated_on IS NULL OR terminated_on > ?)
    AND (status != '2' OR terminated_on IS NOT NULL)
    ORDER BY category = 'family_doctor', signed_on, id
"""
_AGREED = """
    SELECT id, resident_id, team_id, team_name, starts_on, ends_on, status, terminated_on, packages
    FROM contract
    WHERE organisation_id = ? AND ends_on >= ? AND starts_on <= ? AND status IN ('1', '2', '3')
    AND (terminated_on IS NULL OR terminated_on > ?)
    AND (status != '2' OR terminated_on IS NOT NULL)
    ORDER BY signed_on, id
"""
_NOTED = """
    SELECT contract_id, service, served_on FROM contract_service
    WHERE served_on BETWEEN ? AND ? AND status != 'entered_in_error'
"""
_VOID_VISITS = """
    SELECT id FROM follow_up WHERE visit_date BETWEEN ? AND ? AND status = 'entered_in_error'
"""
_VISITS = """
    SELECT follow_up_id, resident_id, visit_date FROM follow_up_disease
    WHERE visit_date BETWEEN ? AND ? AND disease = ?
"""
_CHECKS = """
    SELECT resident_id, check_date FROM health_check
    WHERE check_date BETWEEN ? AND ? AND conclusion IS NOT NULL AND status != 'entered_in_error'
"""
_ASSESSMENTS = """
    SELECT resident_id, assessed_on FROM assessment
    WHERE organisation_id IN (SELECT id FROM organisation)
    AND assessed_on BETWEEN ? AND ? AND (scale = ? OR ? = '') AND status != 'entered_in_error'
"""
_CHECK_INS = """
    SELECT resident_id, started_at FROM check_in
    WHERE completion != 'not_done' AND status != 'entered_in_error'
"""


def teams_on(session: Session, period: Period, people: People) -> dict[str, tuple[str, str]]:
    """Whoever has a contract in force on the last day → id and name of the team.

    Where a person has several, the family doctor's newest names the team.
    """
    end = period.end.isoformat()
    rows = rows_of(session, _IN_FORCE, (end, end, end))
    return {people.person_of(row[0]): (row[1], row[2]) for row in rows}


def contract_rate(teams: dict[str, tuple[str, str]], period: Period, people: People) -> Counted:
    """C1: persons of 65 and over with a contract in force, among all of that age on that day."""
    elders = people.active_on(period.end) & people.of_age(SENIOR_AGE, period.end)
    among = each(sorted(elders))
    return Counted("C1", each(person for person in among if person in teams), among)


def services_done(
    session: Session, organisation_id: str, period: Period, people: People
) -> tuple[Counted, dict[str, tuple[str, str]]]:
    """C2: services of the organisation's contracts that were given, among those that fell due
    within the period, by person; and the team that each of these persons has or had.

    What is done is capped at what was due, service by service (``terms.count_due``). Services on
    request (0 times a year) are not counted. Of what was due more than once, the days of the
    whole contract year count, so that one given early is done when it falls due.
    """
    start, end = period.start.isoformat(), period.end.isoformat()
    contracts = rows_of(session, _AGREED, (organisation_id, start, end, start))
    strangers = {people.person_of(row[1]) for row in contracts} - people.by_id.keys()
    if strangers:
        people.add_guests(session, strangers)
    # A contract year that the period touches begins at most one year before it.
    first = min((row[4] for row in contracts), default=start)
    given = _Given(session, max(first, _year_before(period.start)), end, people)
    due: dict[str, float] = defaultdict(int)
    done: dict[str, float] = defaultdict(int)
    teams: dict[str, tuple[str, str]] = {}
    for id_, resident_id, team_id, team_name, began, ends, status, ended, packages in contracts:
        person = people.person_of(resident_id)
        span = _span(began, ends, status, ended)
        teams[person] = (team_id, team_name)
        for item in _items(packages):
            for year, until, lowest, highest in falling_due(
                span, item.times, period.start, period.end
            ):
                due[person] += highest - lowest + 1
                had = (
                    item.times
                    if item.counts == RECORD  # kept all the time
                    else _between(given.days(id_, person, item), year, until)
                )
                done[person] += max(min(had, highest) - lowest + 1, 0)
    among = {person: number for person, number in sorted(due.items()) if number}
    return (
        Counted("C2", {p: done[p] for p in among if done[p]}, among),
        {person: teams[person] for person in among},
    )


class _Given:
    """The days on which services were given; each kind of record is read once, when asked for."""

    def __init__(self, session: Session, start: str, end: str, people: People) -> None:
        self._session, self._span, self._people = session, (start, end), people
        self._by_kind: dict[str, dict[str, list[str]]] = {}
        noted: dict[tuple[str, str], list[str]] = defaultdict(list)
        for contract_id, service, day in rows_of(session, _NOTED, self._span):
            noted[contract_id, service].append(day)
        for days in noted.values():
            days.sort()
        self._noted = noted

    def days(self, contract_id: str, person: str, item: ServiceItem) -> Sequence[str]:
        """ISO days, in order."""
        if item.counts == MANUAL:
            return self._noted.get((contract_id, item.service), ())
        if item.counts not in self._by_kind:
            self._by_kind[item.counts] = self._read(item.counts)
        return self._by_kind[item.counts].get(person, ())

    def _read(self, counts: str) -> dict[str, list[str]]:
        kind, _, what = counts.partition(":")
        read: dict[str, Callable[[str], list[tuple[Any, ...]]]] = {
            "follow_up": self._visits,
            "health_check": lambda _: rows_of(self._session, _CHECKS, self._span),
            "assessment": lambda scale: rows_of(
                self._session, _ASSESSMENTS, (*self._span, scale, scale)
            ),
            "check_in": self._check_ins,
        }
        found: dict[str, list[str]] = defaultdict(list)
        person_of = self._people.person_of
        for resident_id, day in read[kind](what) if kind in read else ():
            found[person_of(resident_id)].append(day)
        for days in found.values():
            days[:] = sorted(set(days)) if kind in ONE_A_DAY else sorted(days)
        return found

    def _visits(self, disease: str) -> list[tuple[Any, ...]]:
        void = {row[0] for row in rows_of(self._session, _VOID_VISITS, self._span)}
        rows = rows_of(self._session, _VISITS, (*self._span, disease))
        return [(resident_id, day) for id_, resident_id, day in rows if id_ not in void]

    def _check_ins(self, _: str) -> list[tuple[Any, ...]]:
        rows = rows_of(self._session, _CHECK_INS, ())
        return [(id_, clinic_date(parse_instant(began)).isoformat()) for id_, began in rows]


def _between(days: Sequence[str], first: date, last: date) -> int:
    return bisect_right(days, last.isoformat()) - bisect_left(days, first.isoformat())


def _year_before(day: date) -> str:
    # A few days more than a year do no harm.
    return date.fromordinal(max(day.toordinal() - 366, 1)).isoformat()


# Many contracts begin on the same days and hold the same packages.
@lru_cache(maxsize=8192)
def _span(began: str, ends: str, status: str, ended: str | None) -> Span:
    return Span(_day(began), _day(ends), status, _day(ended) if ended else None)


@cache
def _day(text: str) -> date:
    return date.fromisoformat(text)


@lru_cache(maxsize=4096)
def _items(packages: str | None) -> tuple[ServiceItem, ...]:
    """The services of a contract that are due at all."""
    agreed = agreed_items(from_json(packages) if packages else ())
    return tuple(item for _, item in agreed if item.times)
