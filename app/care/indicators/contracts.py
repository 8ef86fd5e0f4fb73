"""Indicators of contracts: persons with one in force (C1), services of the packages done (C2).

Source: domain reference §9.3. C1 counts persons, not contracts; C2 counts services by person.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from datetime import date
from functools import cache, cached_property, lru_cache
from operator import itemgetter
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE
from app.care.contracts.completion import MANUAL, ONE_A_DAY, RECORD, agreed_items
from app.care.contracts.packages import ServiceItem
from app.care.contracts.terms import FAMILY_DOCTOR, Span, falling_due
from app.care.indicators.counted import Counted, each
from app.care.indicators.people import People, rows_of
from app.care.indicators.period import Period
from app.clock import clinic_date, parse_instant
from app.models.base import from_json, to_json

# Signed (1) or signed as a renewal (3). One that ended early was in force until the day before.
# Whoever signed: naming all organisations lets their index be used, which holds all but packages.
_CONTRACTS = """
    SELECT rowid, id, organisation_id, resident_id, team_id, team_name, category, signed_on,
        starts_on, ends_on, status, terminated_on
    FROM contract INDEXED BY ix_contract_counted
    WHERE organisation_id IN (SELECT organisation.id FROM organisation)
    AND ends_on >= ? AND starts_on <= ? AND status IN ('1', '2', '3')
    AND (terminated_on IS NULL OR terminated_on > ?)
    AND (status != '2' OR terminated_on IS NOT NULL)
"""
# Thousands of contracts hold the same few texts: one row a text and a day of ending.
_PACKAGES = """
    SELECT packages, group_concat(rowid) FROM contract INDEXED BY ix_contract_agreed
    WHERE ends_on >= ? GROUP BY ends_on, packages
"""
_NOTED = """
    SELECT contract_id, service, served_on FROM contract_service
    WHERE served_on BETWEEN ? AND ? AND status != 'entered_in_error'
"""
_VOID_VISITS = """
    SELECT id FROM follow_up WHERE visit_date BETWEEN ? AND ? AND status = 'entered_in_error'
"""
_VISITS = """
    SELECT visit_date, group_concat(resident_id)
    FROM follow_up_disease INDEXED BY ix_follow_up_disease_counted
    WHERE visit_date BETWEEN ? AND ? AND disease = ?
    AND follow_up_id NOT IN (SELECT value FROM json_each(?))
    GROUP BY visit_date
"""
_CHECKS = """
    SELECT check_date, group_concat(resident_id)
    FROM health_check INDEXED BY ix_health_check_year
    WHERE check_date BETWEEN ? AND ? AND conclusion IS NOT NULL AND status != 'entered_in_error'
    GROUP BY check_date
"""
_ASSESSMENTS = """
    SELECT assessed_on, group_concat(resident_id)
    FROM assessment INDEXED BY ix_assessment_counted
    WHERE organisation_id IN (SELECT organisation.id FROM organisation)
    AND assessed_on BETWEEN ? AND ? {scale} AND status != 'entered_in_error'
    GROUP BY organisation_id, scale, assessed_on
"""
_CHECK_INS = """
    SELECT resident_id, started_at FROM check_in
    WHERE completion != 'not_done' AND status != 'entered_in_error'
"""


class _Contract(NamedTuple):
    """Days as the store keeps them, ISO."""

    row: int
    id: str
    organisation_id: str
    resident_id: str
    team_id: str
    team_name: str
    category: str
    signed_on: str
    starts_on: str
    ends_on: str
    status: str
    ended: str | None


class ContractReading:
    """The contracts that some day of a period belongs to, by day of signing, and what was given.

    Each table is read once, when it is asked for; any part of the period is counted from it.
    """

    def __init__(self, session: Session, period: Period, people: People) -> None:
        self._session, self._period, self._people = session, period, people

    @cached_property
    def contracts(self) -> list[_Contract]:
        start, end = self._period.start.isoformat(), self._period.end.isoformat()
        rows = map(_Contract._make, rows_of(self._session, _CONTRACTS, (start, end, start)))
        return sorted(rows, key=itemgetter(7, 1))

    @cached_property
    def packages(self) -> dict[str, str | None]:
        """Row of the contract, as text → its packages, JSON."""
        found: dict[str, str | None] = {}
        for packages, rows in rows_of(self._session, _PACKAGES, (self._period.start.isoformat(),)):
            found.update(dict.fromkeys(rows.split(","), packages))
        return found

    @cached_property
    def given(self) -> _Given:
        # A contract year that the period touches begins at most one year before it.
        start = _year_before(self._period.start)
        return _Given(self._session, start, self._period.end.isoformat(), self._people)


def teams_on(reading: ContractReading, day: date, people: People) -> dict[str, tuple[str, str]]:
    """Whoever has a contract in force on a day → id and name of the team.

    Where a person has several, the family doctor's newest names the team.
    """
    on = day.isoformat()
    in_force = [
        row
        for row in reading.contracts
        if row.starts_on <= on <= row.ends_on and (row.ended is None or row.ended > on)
    ]
    in_force.sort(key=lambda row: row.category == FAMILY_DOCTOR)
    return {people.person_of(row.resident_id): (row.team_id, row.team_name) for row in in_force}


def contract_rate(teams: dict[str, tuple[str, str]], period: Period, people: People) -> Counted:
    """C1: persons of 65 and over with a contract in force, among all of that age on that day."""
    elders = people.active_on(period.end) & people.of_age(SENIOR_AGE, period.end)
    among = each(sorted(elders))
    return Counted("C1", each(person for person in among if person in teams), among)


def services_done(
    session: Session,
    reading: ContractReading,
    organisation_id: str,
    period: Period,
    people: People,
) -> tuple[Counted, dict[str, tuple[str, str]]]:
    """C2: services of the organisation's contracts that were given, among those that fell due
    within the period, by person; and the team that each of these persons has or had.

    What is done is capped at what was due, service by service (``terms.count_due``). Services on
    request (0 times a year) are not counted. Of what was due more than once, the days of the
    whole contract year count, so that one given early is done when it falls due.
    """
    start, end = period.start.isoformat(), period.end.isoformat()
    contracts = [
        row
        for row in reading.contracts
        if row.organisation_id == organisation_id
        and row.ends_on >= start
        and row.starts_on <= end
        and (row.ended is None or row.ended > start)
    ]
    strangers = {people.person_of(row.resident_id) for row in contracts} - people.by_id.keys()
    if strangers:
        people.add_guests(session, strangers)
    packages, days_of = reading.packages, reading.given.days
    due: dict[str, float] = defaultdict(int)
    done: dict[str, float] = defaultdict(int)
    teams: dict[str, tuple[str, str]] = {}
    plans: dict[tuple[str | None, ...], _Plan] = {}
    for row in contracts:
        person = people.person_of(row.resident_id)
        teams[person] = (row.team_id, row.team_name)
        # Many contracts begin on the same days and hold the same packages.
        key = (row.starts_on, row.ends_on, row.status, row.ended, packages[str(row.row)])
        plan = plans.get(key)
        if plan is None:
            plan = plans[key] = _planned(*key, period)
        due[person] += plan.due
        number = plan.kept
        for item, years in plan.counted:
            days = days_of(row.id, person, item)
            if not days:
                continue
            for first, last, lowest, highest in years:
                had = bisect_right(days, last) - bisect_left(days, first)
                number += max(min(had, highest) - lowest + 1, 0)
        done[person] += number
    among = {person: number for person, number in sorted(due.items()) if number}
    return (
        Counted("C2", {p: done[p] for p in among if done[p]}, among),
        {person: teams[person] for person in among},
    )


class _Plan(NamedTuple):
    """What of a contract falls due within a period: how many services in all; how many of them are
    done by the record's being kept; the items that are counted, with first and last ISO day of
    the contract's year and first and last number of those that fall due.
    """

    due: int
    kept: int
    counted: tuple[tuple[ServiceItem, tuple[tuple[str, str, int, int], ...]], ...]


def _planned(
    began: str, ends: str, status: str, ended: str | None, packages: str | None, period: Period
) -> _Plan:
    span = Span(_day(began), _day(ends), status, _day(ended) if ended else None)
    due = kept = 0
    counted = []
    for item in _items(packages):
        years = falling_due(span, item.times, period.start, period.end)
        due += sum(highest - lowest + 1 for _, _, lowest, highest in years)
        if item.counts == RECORD:  # kept all the time
            kept += sum(
                max(min(item.times, highest) - lowest + 1, 0) for _, _, lowest, highest in years
            )
        elif years:
            counted.append(
                (
                    item,
                    tuple((f.isoformat(), u.isoformat(), low, high) for f, u, low, high in years),
                )
            )
    return _Plan(due, kept, tuple(counted))


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
        found = self._by_kind.get(item.counts)
        if found is None:
            found = self._by_kind[item.counts] = self._read(item.counts)
        return found.get(person, ())

    def _read(self, counts: str) -> dict[str, list[str]]:
        kind, _, what = counts.partition(":")
        read: dict[str, Callable[[str], Iterable[tuple[str, str]]]] = {
            "follow_up": self._visits,
            "health_check": lambda _: rows_of(self._session, _CHECKS, self._span),
            "assessment": self._assessments,
            "check_in": self._check_ins,
        }
        found: dict[str, list[str]] = defaultdict(list)
        for day, residents in read[kind](what) if kind in read else ():
            for resident_id in residents.split(","):
                found[resident_id].append(day)
        for resident_id in self._people.merged.keys() & found.keys():
            found[self._people.person_of(resident_id)] += found.pop(resident_id)
        for days in found.values():
            days[:] = sorted(set(days)) if kind in ONE_A_DAY else sorted(days)
        return found

    def _visits(self, disease: str) -> list[tuple[str, str]]:
        return rows_of(self._session, _VISITS, (*self._span, disease, self._void))

    @cached_property
    def _void(self) -> str:
        return to_json([row[0] for row in rows_of(self._session, _VOID_VISITS, self._span)])

    def _assessments(self, scale: str) -> list[tuple[str, str]]:
        query = _ASSESSMENTS.format(scale="AND scale = ?" if scale else "")
        return rows_of(self._session, query, (*self._span, scale) if scale else self._span)

    def _check_ins(self, _: str) -> list[tuple[str, str]]:
        rows = rows_of(self._session, _CHECK_INS, ())
        return [(clinic_date(parse_instant(began)).isoformat(), id_) for id_, began in rows]


def _year_before(day: date) -> str:
    # A few days more than a year do no harm.
    return date.fromordinal(max(day.toordinal() - 366, 1)).isoformat()


@cache
def _day(text: str) -> date:
    return date.fromisoformat(text)


@lru_cache(maxsize=4096)
def _items(packages: str | None) -> tuple[ServiceItem, ...]:
    """The services of a contract that are due at all."""
    agreed = agreed_items(from_json(packages) if packages else ())
    return tuple(item for _, item in agreed if item.times)
