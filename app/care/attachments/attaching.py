"""Attach a file to a referral, a reply, a consultation or an expert visit; one action each.

Who gets the file is never chosen: it is read off the record, whose two organisations are fixed. A
letter in internal review is nobody else's yet, so its files are handed over with the approval
(:func:`hand_over_waiting`).
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.care.attachments.files import NewFile, attach, check, content_of, hand_over
from app.care.outreach.notes import HOSTS_ROLES, WORKERS_ROLES
from app.care.referral_moves import load_rows
from app.care.referral_states import FINAL, MOVERS
from app.care.spreadsheet import write_file
from app.clock import Clock
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.attachment import Attachment
from app.models.audit import record_access
from app.models.outreach import Consultation, ExpertVisit, SharedNote
from app.models.referral_return import ReferralReply
from app.models.store import Store

#: Files that one record may have of one organisation, those taken back not counted.
MOST_FILES = 20


def attach_to_referral(store: Store, actor: Actor, referral_id: str, file: NewFile) -> str:
    """Attach a file to a letter, of either side; the id of the attachment.

    Raises InputError (fields of the file; no field where the letter has ended or has its most
    files), NotAllowed, NotFound.
    """
    _check(actor, file)
    with store.write(actor) as session:
        rows = load_rows(session, actor, referral_id)
        if rows.state in FINAL:
            raise InputError(tr("This referral has ended. Nothing was attached."))
        task = rows.task
        receiver = _other_side(actor, task.requester_organisation_id, task.owner_organisation_id)
        return _attach(
            session,
            store.clock,
            actor,
            file,
            ("referral", referral_id),
            rows.letter.resident_id,
            receiver,
            is_sample=rows.letter.is_sample,
        )


def attach_to_reply(store: Store, actor: Actor, reply_id: str, file: NewFile) -> str:
    """Attach a file to a reply that the own house wrote; it goes where the reply goes.

    Raises as :func:`attach_to_referral`.
    """
    _check(actor, file)
    with store.write(actor) as session:
        row = session.get(ReferralReply, reply_id)
        if row is None:
            raise _not_here()
        if row.organisation_id != actor.organisation_id:
            raise NotAllowed(tr("Only the organisation that wrote a reply may attach files to it."))
        return _attach(
            session,
            store.clock,
            actor,
            file,
            ("referral_reply", reply_id),
            row.resident_id,
            _other_side(actor, row.organisation_id, row.to_organisation_id),
            is_sample=row.is_sample,
        )


def attach_to_consultation(store: Store, actor: Actor, consultation_id: str, file: NewFile) -> str:
    """Attach a file to a consultation, of the side that asks or of the side that is asked.

    Raises as :func:`attach_to_referral`.
    """
    _check(actor, file, WORKERS_ROLES)
    with store.write(actor) as session:
        row = session.get(Consultation, consultation_id)
        if row is None:
            raise _not_here()
        return _attach(
            session,
            store.clock,
            actor,
            file,
            ("consultation", consultation_id),
            row.resident_id,
            _other_side(actor, row.organisation_id, row.to_organisation_id),
            is_sample=row.is_sample,
        )


def attach_to_expert_visit(store: Store, actor: Actor, visit_id: str, file: NewFile) -> str:
    """Attach a file (a photo of the visit, a hand-out) to an expert visit, of either house.

    Raises as :func:`attach_to_referral`.
    """
    _check(actor, file, HOSTS_ROLES)
    with store.write(actor) as session:
        row = session.get(ExpertVisit, visit_id)
        if row is None:
            raise _not_here()
        if row.status == "cancelled":
            raise InputError(tr("This visit was called off. Nothing was attached."))
        return _attach(
            session,
            store.clock,
            actor,
            file,
            ("expert_visit", visit_id),
            None,
            _other_side(actor, row.organisation_id, row.host_organisation_id),
            is_sample=row.is_sample,
        )


def hand_over_waiting(
    session: Session, clock: Clock, actor: Actor, referral_id: str, receiver: str
) -> None:
    """Let the receiver of a letter that leaves now read the files it was given in review."""
    handed = select(SharedNote.subject_id).where(
        SharedNote.subject_kind == "attachment",
        SharedNote.owner_organisation_id == receiver,
    )
    waiting = session.scalars(
        select(Attachment)
        .where(
            Attachment.subject_kind == "referral",
            Attachment.subject_id == referral_id,
            Attachment.organisation_id == actor.organisation_id,
            Attachment.status != "entered_in_error",
            Attachment.id.not_in(handed),
        )
        .order_by(Attachment.id)
    ).all()
    for row in waiting:
        hand_over(session, clock, actor, row, receiver)


def copy_out(store: Store, actor: Actor, attachment_id: str, path: Path) -> int:
    """Write a file, unencrypted, where the person chose, and note it; the number of bytes.

    Raises InputError (``path`` where it cannot be written there), NotFound and StoreFault.
    """
    content = content_of(store, attachment_id)

    def note() -> None:
        if not store.read_only:
            record_access(
                store, actor, "export", "attachment", attachment_id, {"bytes": len(content)}
            )

    write_file(path, content, before_naming=note)
    return len(content)


def _check(actor: Actor, file: NewFile, roles: Iterable[str] = MOVERS) -> None:
    if not actor.has_role(*roles):
        raise NotAllowed(
            tr("Your role may not do this. Ask a doctor or the referral coordinator to do it.")
        )
    if problems := check(file):
        raise InputError(problems)


def _other_side(actor: Actor, one: str, other: str) -> str | None:
    """The other of a record's two organisations; None while both are the own one."""
    if actor.organisation_id not in (one, other):
        raise NotAllowed(tr("Your organisation takes no part in this record."))
    receiver = other if one == actor.organisation_id else one
    return None if receiver == actor.organisation_id else receiver


def _attach(
    session: Session,
    clock: Clock,
    actor: Actor,
    file: NewFile,
    subject: tuple[str, str],
    resident_id: str | None,
    receiver: str | None,
    *,
    is_sample: bool,
) -> str:
    kind, record_id = subject
    there = session.scalar(
        select(func.count())
        .select_from(Attachment)
        .where(
            Attachment.subject_kind == kind,
            Attachment.subject_id == record_id,
            Attachment.organisation_id == actor.organisation_id,
            Attachment.status != "entered_in_error",
        )
    )
    if (there or 0) >= MOST_FILES:
        raise InputError(
            tr(
                "There are {limit} files already, more are not sent along. Nothing was attached. "
                "Take back what is not needed, or put pages together in one PDF."
            ).format(limit=MOST_FILES)
        )
    made = attach(
        session,
        clock,
        actor,
        file,
        subject_kind=kind,
        subject_id=record_id,
        resident_id=resident_id,
        receivers=[receiver] if receiver else [],
        is_sample=is_sample,
    )
    return made.id


def _not_here() -> NotFound:
    return NotFound(tr("This record is not on this PC. Wait for the next synchronisation."))
