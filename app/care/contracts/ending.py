"""Contracts that end before their term: by a person's word, or because the record was closed."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.clinical_settings import clinical_settings
from app.care.contracts.due import refresh_contract_due
from app.care.contracts.signing import get_contract, require_signer
from app.care.contracts.terms import OPEN, PENDING, RENEWED, SIGNED, STANDING, TERMINATED
from app.care.ownership import require_own
from app.care.parsing import clean_text
from app.care.resident_record.people import same_person
from app.errors import InputError, StaleRecord
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.contract import Contract
from app.models.store import Store

OTHER = "99"
LONGEST = 200

#: What a closed record means for the contract: codes of ``contract_end_reason``.
REASON_OF_CLOSING = {"deceased": "03", "moved_away": "02", "lost": "01", "cancelled": OTHER}


def terminate(
    store: Store,
    actor: Actor,
    contract_id: str,
    change_id: str,
    reason: str,
    on: date | None,
    text: str = "",
) -> None:
    """End a contract. ``on``: the first day without it. ``text`` is required for reason 99.

    Raises InputError with a sentence a field, NotAllowed, NotFound, StaleRecord.
    """
    require_signer(actor)
    words = clean_text(text)
    with store.write(actor) as session:
        row = get_contract(session, contract_id)
        require_own(actor, row)
        if row.change_id != change_id:
            raise StaleRecord(
                tr("Somebody else changed this contract. Nothing was saved. Open it again.")
            )
        if row.status not in STANDING:
            raise InputError(tr("Only a signed contract is terminated. Nothing was changed."))
        problems: dict[str, str] = {}
        if not codes.is_known("contract_end_reason", reason):
            problems["reason"] = tr("Choose the reason.")
        elif reason == OTHER and not words:
            problems["text"] = tr("Say why.")
        if len(words) > LONGEST:
            problems["text"] = tr("This text is too long: at most {count} characters.").format(
                count=LONGEST
            )
        if on is None or not row.signed_on <= on <= store.clock.today():
            problems["on"] = tr("The day must lie between the signing and today.")
        if problems:
            raise InputError(problems)
        assert on is not None
        _end(row, reason, on, words)
        session.flush()
        refresh_contract_due(session, store.organisation_id, [row.resident_id])


def close_contracts(
    session: Session, actor: Actor, resident_id: str, status: str, on: date
) -> None:
    """End what a person has open when the record is closed (``record_status`` code), on that day.

    In the transaction of the closing. What had run out before stays as it was.
    """
    reason = REASON_OF_CLOSING.get(status)
    if reason is None:
        return
    people = same_person(session, resident_id)
    rows = session.scalars(
        select(Contract).where(
            Contract.resident_id.in_(people),
            Contract.organisation_id == actor.organisation_id,
            Contract.status.in_(OPEN),
            Contract.ends_on >= on,
        )
    )
    for row in rows:
        words = codes.label("record_status", status) if reason == OTHER else ""
        ended = max(on, row.signed_on)
        # What still waited for its review was never in force, not even before this day.
        _end(row, reason, min(row.starts_on, ended) if row.status == PENDING else ended, words)
    session.flush()
    refresh_contract_due(session, actor.organisation_id, people)


def reopen_contracts(
    session: Session, actor: Actor, resident_id: str, closed_as: str, closed_on: date, today: date
) -> int:
    """Put in force again what ``close_contracts`` ended when the record was closed by mistake.

    A contract whose term is over, or beside which another one was signed, stays ended; one that
    had waited for its review waits again. How many there were.
    """
    reason = REASON_OF_CLOSING.get(closed_as)
    people = same_person(session, resident_id)
    rows = session.scalars(
        select(Contract)
        .where(
            Contract.resident_id.in_(people),
            Contract.organisation_id == actor.organisation_id,
            Contract.status.in_((*OPEN, TERMINATED)),
            Contract.ends_on >= today,
        )
        .order_by(Contract.signed_on.desc(), Contract.id.desc())
    ).all()
    words = codes.label("record_status", closed_as) if reason == OTHER else None
    taken = {row.category for row in rows if row.status in OPEN}
    review = clinical_settings(session).contract_needs_review
    count = 0
    for row in rows:
        ended = max(closed_on, row.signed_on)
        waited = row.terminated_on == row.starts_on < ended
        ended_so = (
            row.status == TERMINATED
            and row.termination_reason == reason
            and (row.terminated_on == ended or waited)
            and row.termination_text == words
        )
        if not ended_so or row.category in taken:
            continue
        taken.add(row.category)
        in_force = RENEWED if row.renewed_from_id else SIGNED
        waits = waited or (review and row.reviewed_by is None)
        row.status = PENDING if waits else in_force
        row.terminated_on = row.termination_reason = row.termination_text = None
        count += 1
    session.flush()
    refresh_contract_due(session, actor.organisation_id, people)
    return count


def _end(row: Contract, reason: str, on: date, text: str) -> None:
    row.status = TERMINATED
    row.terminated_on = on
    row.termination_reason = reason
    row.termination_text = text or None
