"""Signing, renewing and reviewing contracts.

Source: domain reference §3 (LOCAL-2025). A person has at most one open family-doctor contract;
an integrated-care contract may stand beside it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.clinical_settings import clinical_settings
from app.care.contracts.due import refresh_contract_due
from app.care.contracts.packages import PAYERS, Package
from app.care.contracts.signing_form import ContractInput, checked_form
from app.care.contracts.terms import (
    OPEN,
    PENDING,
    RENEWED,
    RULE_VERSION,
    SIGNED,
    STANDING,
    TERMINATED,
    Span,
    last_day,
    overlap,
)
from app.care.ownership import is_own, require_own
from app.care.parsing import clean_text
from app.care.resident_record.people import same_person, survivor_of
from app.care.resident_record.population import tags_of
from app.errors import InputError, NotAllowed, NotFound, StaleRecord
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.identity import new_id
from app.models.resident import Resident
from app.models.store import Store

SIGN_ROLES = (
    "doctor", "nurse", "public_health", "rehab_worker", "head_of_department", "specialist",
    "administrator",
)  # fmt: skip
REVIEW_ROLES = ("doctor", "head_of_department", "president", "administrator")
"""Whose signing needs no review, unless a setting asks it of everybody."""


@dataclass(frozen=True, slots=True)
class Signed:
    """A contract was saved. ``pending``: it is in force only after a review."""

    contract_id: str
    contract_no: str
    ends_on: date
    pending: bool


@dataclass(frozen=True, slots=True)
class NotSigned:
    """Somebody of a village list with whom no contract was made, and why."""

    resident_id: str
    reason: str


@dataclass(frozen=True, slots=True)
class BatchSigned:
    """What became of a village list."""

    signed: tuple[Signed, ...]
    refused: tuple[NotSigned, ...]


def sign(store: Store, actor: Actor, resident_id: str, form: ContractInput) -> Signed:
    """Sign a contract. Raises InputError (a sentence a field), NotAllowed, NotFound."""
    require_signer(actor)
    with store.write(actor) as session:
        made = _add(session, store, actor, resident_id, form, None)
        refresh_contract_due(session, store.organisation_id, [made.resident_id])
        return _signed(made)


def renew(store: Store, actor: Actor, contract_id: str, form: ContractInput) -> Signed:
    """Sign the contract that follows one; it names the old one and begins after it.

    Raises what ``sign`` raises, and InputError where the old one was terminated, was never in
    force or is followed already.
    """
    require_signer(actor)
    with store.write(actor) as session:
        old = get_contract(session, contract_id)
        require_own(actor, old)
        if old.status not in STANDING:
            raise InputError(
                tr("Only a signed contract is renewed. Nothing was saved. Sign a new one.")
            )
        if form.starts_on is not None and form.starts_on <= old.ends_on:
            problem = tr("The renewal begins after the old contract, which ends on {day}.")
            raise InputError({"starts_on": problem.format(day=old.ends_on.isoformat())})
        resident_id = survivor_of(session, old.resident_id)
        kept = replace(form, category=old.category)
        made = _add(session, store, actor, resident_id, kept, old)
        refresh_contract_due(session, store.organisation_id, [made.resident_id])
        return _signed(made)


def sign_batch(
    store: Store, actor: Actor, resident_ids: Sequence[str], form: ContractInput
) -> BatchSigned:
    """Sign the same contract with everybody of a list, each for himself, as one action.

    Whoever cannot be signed is told with the reason and holds up nobody else. What is wrong
    with the form itself is raised as ``sign`` raises it, and nobody is signed.
    """
    require_signer(actor)
    signed: list[Signed] = []
    refused: list[NotSigned] = []
    with store.write(actor) as session:
        checked_form(session, actor, form, store.clock.today())
        names = _names(session, resident_ids)
        for resident_id in dict.fromkeys(resident_ids):
            own = replace(
                form,
                signer_name=names.get(resident_id, ""),
                signer_relation="self",
                contract_no="",
            )
            try:
                made = _add(session, store, actor, resident_id, own, None)
            except (InputError, NotFound) as error:
                refused.append(NotSigned(resident_id, str(error)))
                continue
            signed.append(_signed(made))
        refresh_contract_due(session, store.organisation_id, resident_ids)
    return BatchSigned(tuple(signed), tuple(refused))


def approve(store: Store, actor: Actor, contract_id: str, change_id: str) -> Signed:
    """Put a contract that waits for review in force."""
    _require_reviewer(actor)
    with store.write(actor) as session:
        row = _to_review(session, actor, contract_id, change_id)
        if row.author_id == actor.staff_id and clinical_settings(session).contract_needs_review:
            raise InputError(
                tr(
                    "Whoever signed a contract does not review it. It stays to be reviewed. "
                    "Ask another doctor."
                )
            )
        _refuse_overlap(session, row.resident_id, row.category, _span(row), row.id, STANDING)
        row.status = RENEWED if row.renewed_from_id else SIGNED
        row.reviewed_by = actor.staff_id
        row.reviewed_on = store.clock.today()
        _take_charge(session, actor, row)
        session.flush()
        refresh_contract_due(session, store.organisation_id, [row.resident_id])
        return _signed(row)


def decline(store: Store, actor: Actor, contract_id: str, change_id: str, why: str) -> None:
    """Refuse a contract at its review; it was never in force."""
    _require_reviewer(actor)
    text = clean_text(why)
    if not text:
        raise InputError({"text": tr("Say why.")})
    with store.write(actor) as session:
        row = _to_review(session, actor, contract_id, change_id)
        row.status = TERMINATED
        row.reviewed_by = actor.staff_id
        row.reviewed_on = store.clock.today()
        # Not one day in force: the day on which it would have begun is the first without it.
        row.terminated_on = row.starts_on
        row.termination_reason = "99"
        row.termination_text = text
        session.flush()
        refresh_contract_due(session, store.organisation_id, [row.resident_id])


def get_contract(session: Session, contract_id: str) -> Contract:
    """The contract, or NotFound."""
    row = session.get(Contract, contract_id)
    if row is None:
        raise NotFound(tr("This contract is not on this computer."))
    return row


def require_signer(actor: Actor) -> None:
    """NotAllowed unless the person may sign and end contracts."""
    if not actor.has_role(*SIGN_ROLES):
        raise NotAllowed(
            tr(
                "Your role may read contracts but not sign them. Nothing was saved. "
                "Ask a doctor or nurse of your organisation."
            )
        )


def _require_reviewer(actor: Actor) -> None:
    if not actor.has_role(*REVIEW_ROLES):
        raise NotAllowed(
            tr("Your role may not review contracts. Nothing was changed. Ask a doctor.")
        )


def _to_review(session: Session, actor: Actor, contract_id: str, change_id: str) -> Contract:
    row = get_contract(session, contract_id)
    require_own(actor, row)
    if row.change_id != change_id:
        raise StaleRecord(tr("Somebody else changed this contract. Open it again."))
    if row.status != PENDING:
        raise InputError(tr("This contract does not wait for a review."))
    return row


def _add(
    session: Session,
    store: Store,
    actor: Actor,
    resident_id: str,
    form: ContractInput,
    old: Contract | None,
) -> Contract:
    resident = session.get(Resident, resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    if resident.record_status != "active":
        raise InputError(tr("The record of this resident is closed; no contract can be signed."))
    today = store.clock.today()
    kept, team, packages = checked_form(session, actor, form, today, resident.name)
    assert kept.starts_on is not None
    assert kept.signed_on is not None
    assert kept.term_years is not None
    ends_on = last_day(kept.starts_on, kept.term_years)
    span = Span(kept.starts_on, ends_on, SIGNED)
    _refuse_overlap(session, resident_id, kept.category, span, old.id if old else "")
    _refuse_same_number(session, kept.contract_no)
    tags = tags_of(session, resident_id, today)
    flags = [
        entry.code
        for entry in codes.entries("population_flag")
        if entry.code in set(tags.computed) | set(tags.manual)
    ]
    shares = dict(kept.payers) or _sum_of_shares(packages)
    direct = actor.has_role(*REVIEW_ROLES) and not clinical_settings(session).contract_needs_review
    row = Contract(
        resident_id=resident_id,
        contract_no=kept.contract_no or _number(today),
        category=kept.category,
        population_flags=flags,
        team_id=team.id,
        team_name=team.name,
        doctor_id=kept.doctor_id or None,
        doctor_name=kept.doctor_name,
        signed_on=kept.signed_on,
        starts_on=kept.starts_on,
        ends_on=ends_on,
        term_years=kept.term_years,
        status=(RENEWED if old else SIGNED) if direct else PENDING,
        source=kept.source or None,
        packages=[each.agreed(flags) for each in packages],
        charged=kept.charged,
        payers=shares,
        read_to_resident=kept.read_to_resident,
        signer_name=kept.signer_name,
        signer_relation=kept.signer_relation,
        renewed_from_id=old.id if old else None,
        note=kept.note or None,
        form_version=RULE_VERSION,
        is_sample=resident.is_sample,
    )
    session.add(row)
    if direct:
        _take_charge(session, actor, row)
    session.flush()
    return row


def _take_charge(session: Session, actor: Actor, row: Contract) -> None:
    """The doctor of a family-doctor contract in force is the resident's responsible doctor.

    In a record of another organisation that one says who is responsible.
    """
    if row.category != "family_doctor" or not row.doctor_id:
        return
    resident = session.get(Resident, row.resident_id)
    if resident is None or not is_own(actor, resident):
        return
    if resident.responsible_doctor_id != row.doctor_id:
        resident.responsible_doctor_id = row.doctor_id


def _refuse_overlap(
    session: Session,
    resident_id: str,
    category: str,
    new: Span,
    except_id: str,
    statuses: Iterable[str] = OPEN,
) -> None:
    """InputError where the person has an open contract of this kind within the same days."""
    people = same_person(session, resident_id)
    rows = session.scalars(
        select(Contract).where(
            Contract.resident_id.in_(people),
            Contract.category == category,
            Contract.status.in_(list(statuses)),
        )
    )
    for row in rows:
        if row.id != except_id and overlap(_span(row), new.starts_on, new.ends_on):
            raise InputError(
                tr(
                    "The resident already has a contract of this kind from {start} to {end}. "
                    "Nothing was saved. Renew or terminate that one."
                ).format(start=row.starts_on.isoformat(), end=row.ends_on.isoformat())
            )


def _refuse_same_number(session: Session, number: str) -> None:
    if number and session.scalar(select(Contract.id).where(Contract.contract_no == number)):
        raise InputError({"contract_no": tr("Another contract has this number already.")})


def _number(today: date) -> str:
    """A number that no other PC gives: the day and the random end of an id."""
    return f"QY-{today:%Y%m%d}-{new_id()[-6:].upper()}"


def _sum_of_shares(packages: Iterable[Package]) -> dict[str, Any]:
    listed = list(packages)
    return {payer: sum(each.shares.get(payer, 0.0) for each in listed) for payer in PAYERS}


def _names(session: Session, resident_ids: Sequence[str]) -> dict[str, str]:
    found: dict[str, str] = {}
    ids = list(resident_ids)
    for start in range(0, len(ids), 500):
        rows = session.execute(
            select(Resident.id, Resident.name).where(Resident.id.in_(ids[start : start + 500]))
        )
        found.update((row.id, row.name) for row in rows)
    return found


def _span(row: Contract) -> Span:
    return Span(row.starts_on, row.ends_on, row.status, row.terminated_on)


def _signed(row: Contract) -> Signed:
    return Signed(row.id, row.contract_no, row.ends_on, row.status == PENDING)
