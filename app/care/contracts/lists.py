"""The lists of the contracts room: by state, village and doctor; who has none; one whole.

Everything is found and counted in the indexes on ``contract``; only a page's lines are read.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.clinical_settings import clinical_settings
from app.care.contracts.indicators import SENIOR_AGE
from app.care.contracts.terms import PENDING, STANDING, TERMINATED, anniversary
from app.care.contracts.view import package_names, state_of
from app.care.masking import mask_phone
from app.care.villages import villages_of
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.driver import ask, value
from app.models.resident import Resident
from app.models.store import Store

SCOPES = ("in_force", "ending", "pending", "over", "unsigned")
"""``in_force``: today, or beginning later; ``ending``: within the days of the reminder and not
followed; ``pending``: to be reviewed; ``over``: run out or terminated; ``unsigned``: residents
without an open family-doctor contract."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """The filters of a list; empty means all. ``senior``: 65 years and over only."""

    scope: str = "in_force"
    village: str = ""
    doctor: str = ""
    senior: bool = False


@dataclass(frozen=True, slots=True)
class ContractRow:
    """One line: the resident and, where there is one, the contract.

    ``state``: code of ``contract_state`` today; ``days_left``: to the last day, negative after.
    """

    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    phone_masked: str
    flags: tuple[str, ...]
    contract_id: str = ""
    category: str = ""
    packages: tuple[str, ...] = ()
    team_name: str = ""
    doctor_name: str = ""
    signed_on: date | None = None
    ends_on: date | None = None
    days_left: int = 0
    state: str = "none"


@dataclass(frozen=True, slots=True)
class ScopeCounts:
    """How many lines each list has, under the same filters."""

    in_force: int
    ending: int
    pending: int
    over: int
    unsigned: int


@dataclass(frozen=True, slots=True)
class FilterChoices:
    """What the filters offer: villages, and (name of doctor) of contracts and records."""

    villages: tuple[str, ...]
    doctors: tuple[str, ...]


def contract_list(
    store: Store, actor: Actor, wanted: Wanted, offset: int = 0, limit: int = 100
) -> tuple[ContractRow, ...]:
    """A page of a list. What runs out first stands first; residents by village and name."""
    today = store.clock.today()
    with store.read() as session:
        days = clinical_settings(session).contract_reminder_days
        asked = _asked(actor, wanted, today, days)
        if wanted.scope == "unsigned":
            ids = _ids(session, _UNSIGNED, "village, name, id", asked, offset, limit)
            people = {row.id: row for row in _of_ids(session, Resident, ids)}
            return tuple(_row(people[id_], None, today, days) for id_ in ids)
        order = "ends_on DESC, id" if wanted.scope == "over" else "ends_on, id"
        ids = _ids(session, _CONTRACTS, order, asked, offset, limit)
        rows = {row.id: row for row in _of_ids(session, Contract, ids)}
        people = {
            row.id: row
            for row in _of_ids(session, Resident, {row.resident_id for row in rows.values()})
        }
        return tuple(_row(people[rows[id_].resident_id], rows[id_], today, days) for id_ in ids)


def count_contracts(store: Store, actor: Actor, wanted: Wanted) -> int:
    """How many lines ``contract_list`` has."""
    today = store.clock.today()
    with store.read() as session:
        days = clinical_settings(session).contract_reminder_days
        return _count(session, _asked(actor, wanted, today, days))


def scope_counts(store: Store, actor: Actor, wanted: Wanted) -> ScopeCounts:
    """The size of every list under the same filters."""
    today = store.clock.today()
    with store.read() as session:
        days = clinical_settings(session).contract_reminder_days
        asked = _asked(actor, wanted, today, days)
        numbers = dict.fromkeys(SCOPES, 0)
        for status, count, running in ask(session, _fill(_STANDING, asked), asked):
            if status == PENDING:
                numbers["pending"] += count
            elif status == TERMINATED:
                numbers["over"] += count
            elif status in STANDING:
                numbers["in_force"] += running
                numbers["over"] += count - running
        # These two look at other rows, too: each is counted where it is short.
        for scope in ("ending", "unsigned"):
            asked["scope"] = scope
            numbers[scope] = _count(session, asked)
    return ScopeCounts(**numbers)


def filter_choices(store: Store, actor: Actor) -> FilterChoices:
    """The villages of the residents and the doctors of the contracts."""
    with store.read() as session:
        villages = villages_of(session, actor.organisation_id, active=True)
        doctors = ask(session, _DOCTORS, {"own": actor.organisation_id})
        return FilterChoices(villages, tuple(row[0] for row in doctors))


# A step a doctor: a plain DISTINCT would walk over every contract.
_DOCTORS = """
WITH RECURSIVE doctor(name) AS (
    SELECT min(doctor_name) FROM contract WHERE organisation_id = :own AND doctor_name > ''
    UNION ALL
    SELECT (
        SELECT min(doctor_name) FROM contract
        WHERE organisation_id = :own AND doctor_name > doctor.name
    )
    FROM doctor WHERE doctor.name IS NOT NULL
)
SELECT name FROM doctor WHERE name IS NOT NULL
"""
# Every question names the index that answers it: the rows of contracts and residents are wide,
# and the planner does not know that a page of them costs more than many lines of an index. Codes of
# ``contract_status``: 1 signed, 2 terminated, 3 renewed, 4 to be reviewed.
_CONTRACTS = """
    FROM contract INDEXED BY {index}
    WHERE organisation_id = :own AND {scope} {doctor} {people}
"""
_STANDING = """
    SELECT status, count(*), sum(ends_on >= :today) FROM contract INDEXED BY {index}
    WHERE organisation_id = :own {doctor} {people}
    GROUP BY {group}
"""
_SCOPES = {
    "in_force": "status IN ('1', '3') AND ends_on >= :today",
    "over": "(status = '2' OR status IN ('1', '3') AND ends_on < :today)",
    "pending": "status = '4'",
    "ending": """
        status IN ('1', '3') AND ends_on BETWEEN :today AND :soon
        AND NOT EXISTS (
            SELECT 1 FROM contract AS after INDEXED BY ix_contract_resident_id_status
            WHERE after.resident_id = contract.resident_id
            AND after.status IN ('1', '3', '4')
            AND after.category = contract.category AND after.starts_on > contract.ends_on
        )
    """,
}
_PEOPLE = """
    AND resident_id IN (
        SELECT resident.id FROM resident INDEXED BY ix_resident_village_name
        WHERE {village} {born}
    )
"""
# Residents whom nobody has signed, whoever it were: naming all organisations lets their index be
# used. Of a merged person the record that goes on has it all.
_UNSIGNED = """
    FROM resident INDEXED BY ix_resident_village_name
    WHERE {village} {born} AND organisation_id = :own AND record_status = 'active' {doctor}
    AND id NOT IN (
        SELECT resident_id FROM contract INDEXED BY ix_contract_counted
        WHERE contract.organisation_id IN (SELECT organisation.id FROM organisation)
        AND ends_on >= :today AND status IN ('1', '3', '4')
        AND category = 'family_doctor'
    )
"""


def _asked(actor: Actor, wanted: Wanted, today: date, days: int) -> dict[str, Any]:
    """The values of a question; the filters that are not set are empty."""
    return {
        "scope": wanted.scope,
        "own": actor.organisation_id,
        "today": today.isoformat(),
        "soon": (today + timedelta(days=days)).isoformat(),
        "village": wanted.village,
        "doctor": wanted.doctor,
        "born": anniversary(today, -SENIOR_AGE).isoformat() if wanted.senior else "",
    }


def _fill(query: str, asked: Mapping[str, Any]) -> str:
    """A question with the filters that are set."""
    village = "village = :village" if asked["village"] else "1"
    born = "AND birth_date <= :born" if asked["born"] else ""
    filtered = bool(asked["village"] or asked["born"])
    if query is _UNSIGNED:
        doctor = "AND responsible_doctor_id IN (SELECT id FROM staff WHERE name = :doctor)"
        return query.format(village=village, born=born, doctor=doctor if asked["doctor"] else "")
    if query is _CONTRACTS and asked["scope"] == "pending":
        index = "ix_contract_pending"
    elif query is _STANDING and not filtered:
        index = "ix_contract_doctor"
    else:
        index = "ix_contract_counted"
    return query.format(
        index=index,
        # In the order of the index where that is one of few columns.
        group="status" if filtered else "doctor_name, status",
        scope=_SCOPES.get(asked["scope"], ""),
        doctor="AND doctor_name = :doctor" if asked["doctor"] else "",
        people=_PEOPLE.format(village=village, born=born) if filtered else "",
    )


def _count(session: Session, asked: Mapping[str, Any]) -> int:
    query = _UNSIGNED if asked["scope"] == "unsigned" else _CONTRACTS
    return int(value(session, "SELECT count(*) " + _fill(query, asked), asked))


def _ids(
    session: Session, query: str, order: str, asked: Mapping[str, Any], offset: int, limit: int
) -> list[str]:
    """Which lines stand on a page: from the index alone."""
    page = f"SELECT id {_fill(query, asked)} ORDER BY {order} LIMIT :limit OFFSET :offset"
    return [row[0] for row in ask(session, page, {**asked, "limit": limit, "offset": offset})]


def _of_ids(session: Session, model: type[Any], ids: Collection[str]) -> Iterable[Any]:
    return session.scalars(select(model).where(model.id.in_(ids)))


def _row(person: Resident, row: Contract | None, today: date, days: int) -> ContractRow:
    common = {
        "resident_id": person.id,
        "name": person.name,
        "sex": person.sex,
        "age": age_on(person.birth_date, max(today, person.birth_date)),
        "village": person.village or "",
        "phone_masked": mask_phone(person.phone or ""),
    }
    if row is None:
        return ContractRow(**common, flags=())  # type: ignore[arg-type]
    return ContractRow(
        **common,  # type: ignore[arg-type]
        flags=tuple(str(flag) for flag in row.population_flags),
        contract_id=row.id,
        category=row.category,
        packages=tuple(name for _, name, _ in package_names(row)),
        team_name=row.team_name,
        doctor_name=row.doctor_name,
        signed_on=row.signed_on,
        ends_on=row.ends_on,
        days_left=(row.ends_on - today).days,
        state=state_of(row, today, days),
    )
