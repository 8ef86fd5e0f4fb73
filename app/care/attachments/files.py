"""Attach a file to a record, hand it to the other organisation, take it back, read it again.

A file is cut into parts of 16 KB (``app.models.attachment.PART_BYTES``), each a record of its own
in the last lane of the queue: it never holds up a letter, and a cut link costs one part. What the
other side sees first is the description with a small picture.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.care.parsing import clean_text
from app.clock import Clock
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.attachment import PART_BYTES, Attachment, AttachmentPart
from app.models.identity import new_id
from app.models.outbox import HELD, Delivery, deliveries
from app.models.outreach import SharedNote
from app.models.store import Store

#: Largest file that may be attached, in bytes: twenty minutes of the worst link planned for.
MOST_BYTES = 10 * 1024 * 1024
#: Largest small picture, in bytes before base64.
MOST_THUMBNAIL = 12 * 1024
MAX_TITLE = 100

#: How each kind of file begins.
_BEGINNINGS = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "application/pdf": b"%PDF-",
}
#: Move of the note that hands a file over.
HANDED_OVER = "handed_over"


@dataclass(frozen=True, slots=True)
class NewFile:
    """A file as it is to be attached. ``thumbnail``: a JPEG of at most 12 KB, empty for none."""

    title: str
    category: str
    content: bytes
    thumbnail: bytes = b""
    width: int | None = None
    height: int | None = None


@dataclass(frozen=True, slots=True)
class FileView:
    """A file in a list. ``here`` of ``parts`` parts are on this PC; ``sent`` are confirmed by the
    county hospital (for our own files; others' count as sent)."""

    attachment_id: str
    title: str
    category: str
    media_type: str
    size: int
    thumbnail: bytes
    organisation_id: str
    own: bool
    parts: int
    here: int
    sent: int
    delivery: Delivery
    entered_in_error: bool

    @property
    def complete(self) -> bool:
        return self.here == self.parts


def media_type_of(content: bytes) -> str | None:
    """The kind of a file by how it begins, or None where it is none that may be attached."""
    return next((kind for kind, head in _BEGINNINGS.items() if content.startswith(head)), None)


def check(file: NewFile) -> dict[str, str]:
    """What must be mended before a file may be attached: field → plain sentence."""
    problems: dict[str, str] = {}
    if not clean_text(file.title):
        problems["title"] = tr("Write what the file shows.")
    elif len(clean_text(file.title)) > MAX_TITLE:
        problems["title"] = tr("This text is longer than {limit} characters. Shorten it.").format(
            limit=MAX_TITLE
        )
    if not codes.is_known("attachment_category", file.category):
        problems["category"] = tr("Choose what kind of file it is.")
    if not file.content:
        problems["content"] = tr("The file is empty. Nothing was attached. Choose another file.")
    elif len(file.content) > MOST_BYTES:
        problems["content"] = tr(
            "The file is larger than {limit} MB and would take too long on a weak line. Nothing "
            "was attached. Take a smaller picture or a shorter document."
        ).format(limit=MOST_BYTES // 1024 // 1024)
    elif media_type_of(file.content) is None:
        problems["content"] = tr(
            "Only photos (JPEG, PNG) and PDF documents can be attached. Nothing was attached."
        )
    return problems


def attach(
    session: Session,
    clock: Clock,
    actor: Actor,
    file: NewFile,
    *,
    subject_kind: str,
    subject_id: str,
    resident_id: str | None,
    receivers: Sequence[str],
    is_sample: bool = False,
) -> Attachment:
    """The rows of a file inside a transaction, with a note to each of the ``receivers``.

    Raises InputError (``title``, ``category``, ``content``).
    """
    if problems := check(file):
        raise InputError(problems)
    number = -(-len(file.content) // PART_BYTES)
    made = Attachment(
        id=new_id(),
        resident_id=resident_id,
        subject_kind=subject_kind,
        subject_id=subject_id,
        category=file.category,
        title=clean_text(file.title),
        media_type=media_type_of(file.content),
        size=len(file.content),
        sha256=hashlib.sha256(file.content).hexdigest(),
        width=file.width,
        height=file.height,
        thumbnail=_small(file.thumbnail),
        part_ids=[new_id() for _ in range(number)],
        is_sample=is_sample,
    )
    session.add(made)
    session.flush()
    for receiver in receivers:
        hand_over(session, clock, actor, made, receiver)
    for place, part_id in enumerate(made.part_ids):
        stretch = file.content[place * PART_BYTES : (place + 1) * PART_BYTES]
        session.add(
            AttachmentPart(
                id=part_id,
                attachment_id=made.id,
                resident_id=resident_id,
                number=place,
                data=base64.b64encode(stretch).decode("ascii"),
                is_sample=is_sample,
            )
        )
    return made


def hand_over(
    session: Session, clock: Clock, actor: Actor, attachment: Attachment, receiver: str
) -> None:
    """The note that lets another organisation read a file of ours."""
    session.add(
        SharedNote(
            id=new_id(),
            subject_kind="attachment",
            subject_id=attachment.id,
            resident_id=attachment.resident_id,
            requester_organisation_id=actor.organisation_id,
            owner_organisation_id=receiver,
            move=HANDED_OVER,
            urgency="routine",
            occurred_at=clock.now(),
            actor_name=actor.name,
            details={"for": attachment.subject_kind, "for_id": attachment.subject_id},
            is_sample=attachment.is_sample,
        )
    )


def _small(thumbnail: bytes) -> str | None:
    if not thumbnail or len(thumbnail) > MOST_THUMBNAIL:
        return None
    return base64.b64encode(thumbnail).decode("ascii")


def take_back(store: Store, actor: Actor, attachment_id: str) -> None:
    """Mark an own file as attached by mistake: it is shown struck out on both sides."""
    with store.write(actor) as session:
        row = session.get(Attachment, attachment_id)
        if row is None:
            raise NotFound(tr("This file is not on this PC."))
        if row.organisation_id != actor.organisation_id:
            raise NotAllowed(tr("Only the organisation that attached a file may take it back."))
        row.status = "entered_in_error"


def list_files(store: Store, subject_kind: str, subject_id: str) -> tuple[FileView, ...]:
    """The files of one record, in the order in which they were attached."""
    with store.read() as session:
        rows = session.scalars(
            select(Attachment)
            .where(Attachment.subject_kind == subject_kind, Attachment.subject_id == subject_id)
            .order_by(Attachment.id)
        ).all()
        ids = [row.id for row in rows]
        here = {
            row[0]: row[1]
            for row in session.execute(
                select(AttachmentPart.attachment_id, func.count())
                .where(AttachmentPart.attachment_id.in_(ids))
                .group_by(AttachmentPart.attachment_id)
            )
        }
        sent = deliveries(session, "attachment", ids)
        return tuple(
            _view(session, row, here.get(row.id, 0), sent[row.id], store.organisation_id)
            for row in rows
        )


def _view(session: Session, row: Attachment, here: int, delivery: Delivery, own: str) -> FileView:
    mine = row.organisation_id == own
    parts = [part for part in row.part_ids if isinstance(part, str)]
    sent = len(parts)
    if mine:
        states = deliveries(session, "attachment_part", parts)
        sent = sum(states[part].state == HELD for part in parts)
    return FileView(
        attachment_id=row.id,
        title=row.title,
        category=row.category,
        media_type=row.media_type,
        size=row.size,
        thumbnail=_bytes(row.thumbnail),
        organisation_id=row.organisation_id,
        own=mine,
        parts=len(parts),
        here=here,
        sent=sent,
        delivery=delivery,
        entered_in_error=row.status == "entered_in_error",
    )


def content_of(store: Store, attachment_id: str) -> bytes:
    """A file whole. Raises InputError where parts are still on their way, or where what came does
    not make the file that was sent (its SHA-256 differs)."""
    with store.read() as session:
        row = session.get(Attachment, attachment_id)
        if row is None:
            raise NotFound(tr("This file is not on this PC."))
        parts = session.scalars(
            select(AttachmentPart)
            .where(AttachmentPart.attachment_id == attachment_id)
            .order_by(AttachmentPart.number)
        ).all()
        if len(parts) < len(row.part_ids):
            raise InputError(
                tr(
                    "{here} of {all} parts of this file have arrived. The others come with the "
                    "next connections by themselves."
                ).format(here=len(parts), all=len(row.part_ids))
            )
        content = b"".join(_bytes(part.data) for part in parts)
        size, digest = row.size, row.sha256
    if len(content) != size or hashlib.sha256(content).hexdigest() != digest:
        raise InputError(
            tr(
                "This file is not as it was attached, so it is not shown. The letter is not "
                "affected. Ask the sender to attach it again."
            )
        )
    return content


def _bytes(text: str | None) -> bytes:
    if not text:
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
