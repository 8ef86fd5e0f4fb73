"""The indicators of contracts: C1 contract rate of residents of 65 and over, C2 completion.

Source: domain reference §9.3 (LOCAL-2025); targets §3.3 are a setting. Lists of persons stand
behind both numbers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from app.care.contracts.completion import WERE_IN_FORCE, Agreed, Given
from app.care.contracts.terms import Span, anniversary, count_due, in_force
from app.care.resident_record.people import survivors
from app.models.contract import Contract
from app.models.resident import Resident

SENIOR_AGE = 65


@dataclass(frozen=True, slots=True)
class PersonFact:
    """What C1 needs of a resident. ``closed_on``: since when the record is not active."""

    id: str
    birth_date: date
    active: bool
    closed_on: date | None = None
    village: str = ""


@dataclass(frozen=True, slots=True)
class ContractRate:
    """C1: ids of persons; ``contracted`` are among ``seniors``."""

    seniors: tuple[str, ...]
    contracted: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class CompletionLine:
    """C2 of one contract: how many services fell due in the period, how many were given."""

    contract_id: str
    resident_id: str
    village: str
    team_id: str
    due: int
    done: int


@dataclass(frozen=True, slots=True)
class Completion:
    """C2: the sums and the contracts behind them (only those with something due)."""

    due: int
    done: int
    lines: tuple[CompletionLine, ...]


def contract_rate(
    people: Iterable[PersonFact], spans: Mapping[str, Iterable[Span]], on: date
) -> ContractRate:
    """C1 on a day, the last of the period. Pure.

    Denominator: persons of completed 65 years or more whose record was active that day.
    Numerator: those of them with at least one contract in force that day (``spans`` by person).
    """
    seniors = [each.id for each in people if _was_active(each, on) and is_senior(each, on)]
    contracted = [id_ for id_ in seniors if any(in_force(span, on) for span in spans.get(id_, ()))]
    return ContractRate(tuple(seniors), tuple(contracted))


def is_senior(person: PersonFact, on: date) -> bool:
    """65 completed years on a day."""
    return anniversary(person.birth_date, SENIOR_AGE) <= on


def _was_active(person: PersonFact, on: date) -> bool:
    return person.active or (person.closed_on is not None and on < person.closed_on)


def contract_rate_of(
    session: Session, organisation_id: str, on: date, village: str = "", team_id: str = ""
) -> ContractRate:
    """C1 of an organisation, or of one village of it.

    ``team_id``: only contracts with that team count; the denominator stays that of the place.
    """
    latest = anniversary(on, -SENIOR_AGE)
    query = select(
        Resident.id,
        Resident.birth_date,
        Resident.record_status,
        Resident.record_status_on,
        Resident.village,
    ).where(
        Resident.organisation_id == organisation_id,
        Resident.birth_date <= latest,
        # A merged record is part of the one that goes on; a cancelled one never counted.
        Resident.record_status.not_in(("merged", "cancelled")),
    )
    if village:
        query = query.where(Resident.village == village)
    people = [
        PersonFact(id_, born, status == "active", closed_on, place or "")
        for id_, born, status, closed_on, place in session.execute(query)
    ]
    rows = select(
        Contract.resident_id,
        Contract.starts_on,
        Contract.ends_on,
        Contract.status,
        Contract.terminated_on,
    ).where(
        Contract.organisation_id == organisation_id,
        Contract.status.in_(WERE_IN_FORCE),
        Contract.ends_on >= on,
        Contract.starts_on <= on,
    )
    if team_id:
        rows = rows.where(Contract.team_id == team_id)
    found = [(row[0], Span(row[1], row[2], row[3], row[4])) for row in session.execute(rows)]
    known = {each.id for each in people}
    into = survivors(session, {id_ for id_, _ in found if id_ not in known})
    spans: dict[str, list[Span]] = {}
    for id_, span in found:
        spans.setdefault(into.get(id_, id_), []).append(span)
    return contract_rate(people, spans, on)


def completion_of(
    session: Session,
    organisation_id: str,
    start: date,
    end: date,
    village: str = "",
    team_id: str = "",
) -> Completion:
    """C2 of an organisation (a village, a team) for a period, both days included.

    What fell due within the period, by contract; see ``terms.count_due`` for what is done.
    """
    query = (
        select(Contract, Resident.village)
        .join(Resident, Resident.id == Contract.resident_id)
        .where(
            Contract.organisation_id == organisation_id,
            Contract.status.in_(WERE_IN_FORCE),
            Contract.ends_on >= start,
            Contract.starts_on <= end,
            or_(Contract.terminated_on.is_(None), Contract.terminated_on > start),
        )
        .order_by(Contract.id)
    )
    if village:
        query = query.where(Resident.village == village)
    if team_id:
        query = query.where(Contract.team_id == team_id)
    contracts = [Agreed.of(row, place or "") for row, place in session.execute(query)]
    if not contracts:
        return Completion(0, 0, ())
    given = Given(session, contracts, min(each.span.starts_on for each in contracts), end)
    lines = []
    for each in contracts:
        due = done = 0
        for _, item in each.items:
            if item.times:
                counted = count_due(each.span, item.times, given.days(each, item), start, end)
                due += counted.due
                done += counted.done
        if due:
            lines.append(
                CompletionLine(each.id, each.resident_id, each.village, each.team_id, due, done)
            )
    return Completion(
        sum(line.due for line in lines), sum(line.done for line in lines), tuple(lines)
    )
