"""The lists of the contracts room: by state, village and doctor; who has none; one whole.

Everything is found by the indexes on ``contract`` and read by pages.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, case, exists, func, or_, select
from sqlalchemy.orm import aliased

from app.care.age import age_on
from app.care.clinical_settings import clinical_settings
from app.care.contracts.indicators import SENIOR_AGE
from app.care.contracts.terms import OPEN, PENDING, STANDING, TERMINATED, anniversary
from app.care.contracts.view import package_names, state_of
from app.care.masking import mask_phone
from app.care.villages import villages_of
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.organisation import Staff
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
        if wanted.scope == "unsigned":
            residents = session.scalars(
                _unsigned(actor, wanted, today)
                .order_by(Resident.village, Resident.name, Resident.id)
                .offset(offset)
                .limit(limit)
            )
            return tuple(_row(each, None, today, days) for each in residents)
        order = Contract.ends_on.desc() if wanted.scope == "over" else Contract.ends_on
        rows = session.execute(
            _contracts(actor, wanted, today, days)
            .order_by(order, Contract.id)
            .offset(offset)
            .limit(limit)
        )
        return tuple(_row(person, row, today, days) for row, person in rows)


def count_contracts(store: Store, actor: Actor, wanted: Wanted) -> int:
    """How many lines ``contract_list`` has."""
    today = store.clock.today()
    with store.read() as session:
        if wanted.scope == "unsigned":
            query = _unsigned(actor, wanted, today).with_only_columns(func.count(Resident.id))
        else:
            days = clinical_settings(session).contract_reminder_days
            query = _contracts(actor, wanted, today, days).with_only_columns(
                func.count(Contract.id)
            )
        return session.scalar(query) or 0


def scope_counts(store: Store, actor: Actor, wanted: Wanted) -> ScopeCounts:
    """The size of every list under the same filters."""
    today = store.clock.today()
    with store.read() as session:
        days = clinical_settings(session).contract_reminder_days
        scopes = [scope for scope in SCOPES if scope != "unsigned"]
        counted = [func.sum(case((_in_scope(scope, today, days), 1), else_=0)) for scope in scopes]
        query = _joined(actor, wanted, today).with_only_columns(*counted)
        found = session.execute(query).one()
        without = session.scalar(
            _unsigned(actor, wanted, today).with_only_columns(func.count(Resident.id))
        )
    numbers = {scope: int(n or 0) for scope, n in zip(scopes, found, strict=True)}
    return ScopeCounts(**numbers, unsigned=without or 0)


def filter_choices(store: Store, actor: Actor) -> FilterChoices:
    """The villages of the residents and the doctors of the contracts."""
    with store.read() as session:
        villages = villages_of(session, actor.organisation_id, active=True)
        doctors = session.scalars(
            select(Contract.doctor_name)
            .distinct()
            .where(Contract.organisation_id == actor.organisation_id)
            .order_by(Contract.doctor_name)
        )
        return FilterChoices(villages, tuple(name for name in doctors if name))


def _joined(actor: Actor, wanted: Wanted, today: date) -> Any:
    query = (
        select(Contract, Resident)
        .join(Resident, Resident.id == Contract.resident_id)
        .where(Contract.organisation_id == actor.organisation_id)
    )
    if wanted.village:
        query = query.where(Resident.village == wanted.village)
    if wanted.doctor:
        query = query.where(Contract.doctor_name == wanted.doctor)
    if wanted.senior:
        query = query.where(Resident.birth_date <= anniversary(today, -SENIOR_AGE))
    return query


def _contracts(actor: Actor, wanted: Wanted, today: date, days: int) -> Any:
    return _joined(actor, wanted, today).where(_in_scope(wanted.scope, today, days))


def _in_scope(scope: str, today: date, days: int) -> ColumnElement[bool]:
    if scope == "pending":
        return Contract.status == PENDING
    standing = Contract.status.in_(STANDING)
    if scope == "over":
        return or_(Contract.status == TERMINATED, and_(standing, Contract.ends_on < today))
    if scope == "ending":
        after = aliased(Contract)
        followed = exists().where(
            after.resident_id == Contract.resident_id,
            after.status.in_(OPEN),
            after.category == Contract.category,
            after.starts_on > Contract.ends_on,
        )
        soon = Contract.ends_on.between(today, today + timedelta(days=days))
        return and_(standing, soon, ~followed)
    return and_(standing, Contract.ends_on >= today)


def _unsigned(actor: Actor, wanted: Wanted, today: date) -> Any:
    """Residents whom nobody has signed. Of a merged person the record that goes on has it all."""
    has_one = exists().where(
        Contract.resident_id == Resident.id,
        Contract.status.in_(OPEN),
        Contract.category == "family_doctor",
        Contract.ends_on >= today,
    )
    query = select(Resident).where(
        Resident.organisation_id == actor.organisation_id,
        Resident.record_status == "active",
        ~has_one,
    )
    if wanted.village:
        query = query.where(Resident.village == wanted.village)
    if wanted.doctor:
        of_name = select(Staff.id).where(Staff.name == wanted.doctor)
        query = query.where(Resident.responsible_doctor_id.in_(of_name))
    if wanted.senior:
        query = query.where(Resident.birth_date <= anniversary(today, -SENIOR_AGE))
    return query


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
