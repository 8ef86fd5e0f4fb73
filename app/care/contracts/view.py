"""One contract whole, with its services; and how a resident stands with contracts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.clinical_settings import clinical_settings
from app.care.contracts.completion import ServiceLine, ServiceNote, lines_of, notes_of
from app.care.contracts.signing import get_contract
from app.care.contracts.terms import OPEN, Span, state_on
from app.care.kept import number
from app.care.resident_record.people import same_person, survivor_of
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.audit import record_access
from app.models.contract import Contract
from app.models.organisation import Staff
from app.models.outbox import Delivery, delivery_state
from app.models.resident import Resident
from app.models.store import Store


@dataclass(frozen=True, slots=True)
class ContractView:
    """A contract whole, with its services. ``change_id`` is given back by its actions."""

    id: str
    change_id: str
    resident_id: str
    resident_name: str
    sex: str
    age: int
    village: str
    contract_no: str
    category: str
    population_flags: tuple[str, ...]
    team_id: str
    team_name: str
    doctor_id: str
    doctor_name: str
    signed_on: date
    starts_on: date
    ends_on: date
    term_years: int
    status: str
    state: str
    source: str
    packages: tuple[tuple[str, str, int], ...]  # code, name, version
    charged: bool
    payers: tuple[tuple[str, float], ...]
    read_to_resident: bool
    signer_name: str
    signer_relation: str
    renewed_from_id: str
    followed: bool
    terminated_on: date | None
    termination_reason: str
    termination_text: str
    note: str
    signed_by: str
    reviewed_by: str
    reviewed_on: date | None
    services: tuple[ServiceLine, ...]
    notes: tuple[ServiceNote, ...]
    earlier: tuple[tuple[str, str, date, date], ...]  # id, status, starts, ends
    delivery: Delivery


@dataclass(frozen=True, slots=True)
class ContractMark:
    """How a resident stands with contracts, for the chip on the resident's page."""

    state: str
    contract_id: str
    team_name: str
    doctor_name: str
    ends_on: date | None
    integrated: bool


def load_contract(store: Store, actor: Actor, contract_id: str) -> ContractView:
    """A contract whole; its reading is noted. Raises NotFound."""
    today = store.clock.today()
    with store.read() as session:
        row = get_contract(session, contract_id)
        found = _view(session, row, today)
    record_access(store, actor, "read", "contract", contract_id)
    return found


def contract_mark(session: Session, resident_id: str, today: date) -> ContractMark:
    """The contract that speaks for a resident: in force, else to come, else the last."""
    people = same_person(session, resident_id)
    days = clinical_settings(session).contract_reminder_days
    rows = list(session.scalars(select(Contract).where(Contract.resident_id.in_(people))))
    family = [row for row in rows if row.category == "family_doctor"]
    integrated = any(
        row.category != "family_doctor" and state_of(row, today, days) in ("active", "ending")
        for row in rows
    )
    if not family:
        return ContractMark("none", "", "", "", None, integrated)
    rank = {state: n for n, state in enumerate(_SPEAKS)}
    first = min(
        family,
        key=lambda row: (rank[state_of(row, today, days)], -row.ends_on.toordinal(), row.id),
    )
    state = state_of(first, today, days)
    if state == "ending" and _followed(first, family):
        state = "active"
    return ContractMark(
        state, first.id, first.team_name, first.doctor_name, first.ends_on, integrated
    )


def load_mark(store: Store, resident_id: str) -> ContractMark:
    """The same for a page that has no transaction open."""
    with store.read() as session:
        return contract_mark(session, resident_id, store.clock.today())


_SPEAKS = ("active", "ending", "pending", "coming", "ended", "terminated")


def state_words(state: str) -> str:
    """The state of a contract as people say it."""
    return codes.label("contract_state", state)


def _followed(row: Contract, rows: Sequence[Contract]) -> bool:
    return any(
        each.status in OPEN and each.category == row.category and each.starts_on > row.ends_on
        for each in rows
    )


def state_of(row: Contract, today: date, days: int) -> str:
    """The state of a contract today; ``days``: of the reminder."""
    return state_on(Span(row.starts_on, row.ends_on, row.status, row.terminated_on), today, days)


def package_names(row: Contract) -> tuple[tuple[str, str, int], ...]:
    """Code, name and version of the packages of a contract."""
    return tuple(
        (str(each.get("code") or ""), str(each.get("name") or ""), int(number(each.get("version"))))
        for each in row.packages
        if isinstance(each, dict)
    )


def _view(session: Session, row: Contract, today: date) -> ContractView:
    survivor = survivor_of(session, row.resident_id)
    person = session.get(Resident, survivor)
    if person is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    people = same_person(session, row.resident_id)
    others = list(
        session.scalars(
            select(Contract)
            .where(Contract.resident_id.in_(people), Contract.id != row.id)
            .order_by(Contract.starts_on.desc(), Contract.id.desc())
        )
    )
    staff: dict[str, str] = {
        found.id: found.name
        for found in session.execute(
            select(Staff.id, Staff.name).where(Staff.id.in_([row.author_id, row.reviewed_by or ""]))
        )
    }
    days = clinical_settings(session).contract_reminder_days
    return ContractView(
        id=row.id,
        change_id=row.change_id,
        resident_id=survivor,
        resident_name=person.name,
        sex=person.sex,
        age=age_on(person.birth_date, max(today, person.birth_date)),
        village=person.village or "",
        contract_no=row.contract_no,
        category=row.category,
        population_flags=tuple(str(flag) for flag in row.population_flags),
        team_id=row.team_id,
        team_name=row.team_name,
        doctor_id=row.doctor_id or "",
        doctor_name=row.doctor_name,
        signed_on=row.signed_on,
        starts_on=row.starts_on,
        ends_on=row.ends_on,
        term_years=row.term_years,
        status=row.status,
        state=state_of(row, today, days),
        source=row.source or "",
        packages=package_names(row),
        charged=row.charged,
        payers=tuple((str(k), float(v or 0)) for k, v in row.payers.items()),
        read_to_resident=row.read_to_resident,
        signer_name=row.signer_name,
        signer_relation=row.signer_relation,
        renewed_from_id=row.renewed_from_id or "",
        followed=_followed(row, others),
        terminated_on=row.terminated_on,
        termination_reason=row.termination_reason or "",
        termination_text=row.termination_text or "",
        note=row.note or "",
        signed_by=staff.get(row.author_id, ""),
        reviewed_by=staff.get(row.reviewed_by or "", ""),
        reviewed_on=row.reviewed_on,
        services=lines_of(session, row, today),
        notes=notes_of(session, row.id),
        earlier=tuple((each.id, each.status, each.starts_on, each.ends_on) for each in others),
        delivery=delivery_state(session, "contract", row.id),
    )
