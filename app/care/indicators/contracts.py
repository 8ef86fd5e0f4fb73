"""Indicators of contracts: persons with one in force (C1), services of the packages done (C2).

Source: domain reference §9.3. C1 counts persons, not contracts; C2 counts services by person.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import date
from functools import lru_cache
from typing import NamedTuple, Protocol

from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE
from app.care.contracts.completion import MANUAL, RECORD, agreed_items
from app.care.contracts.packages import ServiceItem
from app.care.contracts.terms import FAMILY_DOCTOR, Span, falling_due
from app.care.indicators.counted import Counted, each
from app.care.indicators.days import DaysOf
from app.care.indicators.people import People, day_of
from app.care.indicators.period import Period
from app.care.indicators.visits import DAY, past
from app.models.base import from_json, to_json
from app.models.driver import ask

# Signed (1) or signed as a renewal (3). One that ended early was in force until the day before.
# Whoever signed: naming all organisations lets their index be used, which holds all but packages.
# Those that run alike stand together, as lists in one order; and all of them come in one row, so
# that another thread may count meanwhile.
_CONTRACTS = """
    WITH alike AS (
        SELECT organisation_id, starts_on, ends_on, status, ifnull(terminated_on, '') AS ended,
            category, group_concat(id) AS ids, group_concat(resident_id) AS residents,
            group_concat(ifnull(signed_on, '')) AS signed,
            json_group_array(ifnull(team_id, '')) AS team_ids,
            json_group_array(ifnull(team_name, '')) AS team_names
        FROM contract INDEXED BY ix_contract_counted
        WHERE organisation_id IN (SELECT organisation.id FROM organisation)
        AND ends_on >= ? AND starts_on <= ? AND status IN ('1', '2', '3')
        AND (terminated_on IS NULL OR terminated_on > ?)
        AND (status != '2' OR terminated_on IS NOT NULL)
        GROUP BY organisation_id, ends_on, status, starts_on, category, terminated_on
    )
    SELECT group_concat(organisation_id), group_concat(starts_on), group_concat(ends_on),
        group_concat(status), group_concat(ended), group_concat(ids, ';'),
        group_concat(residents, ';'), group_concat(signed, ';'), json_group_array(category),
        '[' || group_concat(team_ids) || ']', '[' || group_concat(team_names) || ']'
    FROM alike HAVING count(*)
"""
# Thousands of contracts hold the same few texts: which one, the store has noted (models/agreed.py).
_TEXTS = "SELECT id, packages FROM agreed_packages"
_PACKAGES = """
    SELECT group_concat(contract_id), group_concat(packages_id)
    FROM agreed_contract WHERE ends_on >= ? HAVING count(*)
"""
_PACKAGES_OF = """
    SELECT contract.id, packages FROM json_each(?) wanted
    CROSS JOIN contract ON contract.id = wanted.value
"""


class _Term(NamedTuple):
    """From when to when a contract runs, how it stands, the day from which it was ended."""

    starts_on: date
    ends_on: date
    status: str
    ended: date | None

    def on(self, day: date) -> bool:
        return self.starts_on <= day <= self.ends_on and (self.ended is None or self.ended > day)


class Alike(NamedTuple):
    """Contracts that were signed and run alike; the lists are in one order."""

    organisation_id: str
    term: _Term
    category: str
    ids: list[str]
    persons: list[str]
    signed: list[str]
    team_ids: list[str]
    team_names: list[str]


class Given(Protocol):
    """The days on which services were given."""

    def days(self, counts: str, service: str) -> DaysOf | None:
        """Of a service: by person, by contract where it is noted by hand. None: nobody had it."""


def ask_contracts(session: Session, period: Period) -> Sequence[tuple[str, ...]]:
    """What ``contracts_of`` understands: the contracts to which some day of a period belongs."""
    start, end = period.start.isoformat(), period.end.isoformat()
    return ask(session, _CONTRACTS, (start, end, start))


def contracts_of(asked: Iterable[tuple[str, ...]], people: People) -> list[Alike]:
    """The contracts, each under the person who goes on."""
    found: list[Alike] = []
    for row in asked:
        of_days = [text.split(",") for text in row[:5]]
        lists = [text.split(";") for text in row[5:8]]
        # Words from elsewhere may hold any sign.
        words = [from_json(text) for text in row[8:]]
        for one in zip(*of_days, *lists, *words, strict=True):
            organisation, begins, ends, status, ended, ids, residents, signed, category, *team = one
            found.append(
                Alike(
                    organisation,
                    _Term(day_of(begins), day_of(ends), status, day_of(ended) if ended else None),
                    category,
                    ids.split(","),
                    list(map(people.person_of, residents.split(","))),
                    signed.split(","),
                    *team,
                )
            )
    return found


def ask_packages(session: Session, period: Period) -> dict[str, str]:
    """Contract → its packages, JSON, as ``packages_of`` understands them."""
    texts = {str(number): text for number, text in ask(session, _TEXTS)}
    found: dict[str, str] = {}
    for contracts, numbers in ask(session, _PACKAGES, (period.start.isoformat(),)):
        found.update(zip(contracts.split(","), map(texts.__getitem__, numbers.split(","))))  # noqa: B905
    return found


def packages_of(
    session: Session, asked: Mapping[str, str], contracts: Iterable[Alike]
) -> Mapping[str, str]:
    """Contract → its packages, JSON. What was asked in another view of the store is completed from
    this one."""
    missing = [id_ for alike in contracts for id_ in alike.ids if id_ not in asked]
    if not missing:
        return asked
    return dict(asked) | dict(ask(session, _PACKAGES_OF, (to_json(missing),)))


def teams_on(contracts: Iterable[Alike], day: date) -> dict[str, tuple[str, str]]:
    """Whoever has a contract in force on a day → id and name of the team.

    Where a person has several, the family doctor's newest names the team.
    """
    standing = [alike for alike in contracts if alike.term.on(day)]
    of_others = (alike for alike in standing if alike.category != FAMILY_DOCTOR)
    of_family_doctors = (alike for alike in standing if alike.category == FAMILY_DOCTOR)
    return _newest(of_others) | _newest(of_family_doctors)


def _newest(contracts: Iterable[Alike]) -> dict[str, tuple[str, str]]:
    """Person → id and name of the team that signed last."""
    found: dict[str, tuple[str, str, str, str]] = {}
    for alike in contracts:
        signed = zip(alike.signed, alike.ids, alike.team_ids, alike.team_names, strict=True)
        for person, contract in zip(alike.persons, signed, strict=True):
            if person not in found or found[person] < contract:
                found[person] = contract
    return {person: (team_id, team) for person, (_, _, team_id, team) in found.items()}


def contract_rate(teams: dict[str, tuple[str, str]], period: Period, people: People) -> Counted:
    """C1: persons of 65 and over with a contract in force, among all of that age on that day."""
    among = each(people.grown(SENIOR_AGE, period.end, period.end))
    return Counted("C1", each(person for person in among if person in teams), among)


def services_done(
    session: Session,
    contracts: Iterable[Alike],
    packages: Mapping[str, str],
    given: Given,
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
    touched = [
        alike
        for alike in contracts
        if alike.organisation_id == organisation_id and _touches(alike.term, period)
    ]
    teams = _newest(touched)
    due: dict[str, float] = dict.fromkeys(teams, 0)
    done: dict[str, float] = dict.fromkeys(teams, 0)
    for alike in touched:
        plans: dict[str, _Plan] = {}
        falling: dict[int, tuple[_Year, ...]] = {}
        for id_, person in zip(alike.ids, alike.persons, strict=True):
            agreed = packages[id_]
            plan = plans.get(agreed)
            if plan is None:
                plan = plans[agreed] = _planned(alike.term, agreed, period, given, falling)
            number = plan.kept
            for by_contract, days_of, once, (first, behind, lowest, highest) in plan.counted:
                days = days_of(id_ if by_contract else person)
                if not days:
                    continue
                # Where in the days stands the one by which the lowest number was given?
                at = bisect_left(days, first) + lowest - 1
                if at >= len(days) or days[at] >= behind:
                    continue
                if highest == lowest == 1:
                    number += 1
                    continue
                had = days[at - lowest + 1 : bisect_left(days, behind, at)]
                many = len({day[:DAY] for day in had} if once else had)
                number += max(min(many, highest) - lowest + 1, 0)
            due[person] += plan.due
            done[person] += number
    strangers = teams.keys() - people.by_id.keys()
    people.add_guests(session, strangers)
    among = {person: due[person] for person in sorted(due) if due[person]}
    return (
        Counted("C2", {p: done[p] for p in among if done[p]}, among),
        {person: teams[person] for person in among},
    )


def _touches(term: _Term, period: Period) -> bool:
    start, end = period.start, period.end
    return (
        term.ends_on >= start
        and term.starts_on <= end
        and (term.ended is None or term.ended > start)
    )


# Of a year: first day, what stands behind the last one, first and last number of the services that
# fall due.
_Year = tuple[str, str, int, int]


class _Plan(NamedTuple):
    """What of a contract falls due within a period: how many services in all; how many of them are
    done by the record's being kept; what is counted, service by service and year by year of the
    contract: whether by contract, what finds the days, whether a day counts once, the year.
    """

    due: int
    kept: int
    counted: tuple[tuple[bool, Callable[[str], Sequence[str] | None], bool, _Year], ...]


def _planned(
    term: _Term,
    packages: str,
    period: Period,
    given: Given,
    falling: dict[int, tuple[_Year, ...]],
) -> _Plan:
    """``falling``: what was found for other packages of contracts that run alike, by times."""
    due = kept = 0
    counted = []
    for item in _items(packages):
        years = falling.get(item.times)
        if years is None:
            years = falling[item.times] = _falling_due(term, item.times, period)
        if not years:
            continue
        due += sum([highest - lowest + 1 for _, _, lowest, highest in years])
        if item.counts == RECORD:  # kept all the time
            kept += sum(
                [max(min(item.times, highest) - lowest + 1, 0) for _, _, lowest, highest in years]
            )
        elif (days := given.days(item.counts, item.service)) is not None:
            by_contract = item.counts == MANUAL
            counted += [(by_contract, days.get, days.once, year) for year in years]
    return _Plan(due, kept, tuple(counted))


def _falling_due(term: _Term, times: int, period: Period) -> tuple[_Year, ...]:
    return tuple(
        (first.isoformat(), past(last), lowest, highest)
        for first, last, lowest, highest in falling_due(
            Span(*term), times, period.start, period.end
        )
    )


@lru_cache(maxsize=4096)
def _items(packages: str) -> tuple[ServiceItem, ...]:
    """The services of a contract that are due at all."""
    agreed = agreed_items(from_json(packages))
    return tuple(item for _, item in agreed if item.times)
