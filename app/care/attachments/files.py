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

from sqlalchemy import select
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
#: Parts of the largest file; what says it has more is not asked for.
MOST_PARTS = MOST_BYTES // PART_BYTES
MAX_TITLE = 100

#: How each kind of file begins.
_BEGINNINGS = {
    "image/jpeg": b"\xff\xd8\xff",
    "image/png": b"\x89PNG\r\n\x1a\n",
    "application/pdf": b"%PDF-",
}
#: Moves of the notes that hand a file over, and that say it was attached by mistake.
HANDED_OVER = "handed_over"
TAKEN_BACK = "taken_back"


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
    #: Whether the description can be that of a file: size and number of parts within bounds.
    sound: bool = True

    @property
    def complete(self) -> bool:
        return self.sound and self.here == self.parts


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
    _note(session, clock, actor, attachment, receiver, HANDED_OVER)


def _note(
    session: Session,
    clock: Clock,
    actor: Actor,
    attachment: Attachment,
    receiver: str,
    move: str,
) -> None:
    session.add(
        SharedNote(
            id=new_id(),
            subject_kind="attachment",
            subject_id=attachment.id,
            resident_id=attachment.resident_id,
            requester_organisation_id=actor.organisation_id,
            owner_organisation_id=receiver,
            move=move,
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
    """Mark an own file as attached by mistake: it is shown struck out on both sides.

    Who has it is told by a note: only with news of its own does the other side look again.
    """
    with store.write(actor) as session:
        row = session.get(Attachment, attachment_id)
        if row is None:
            raise NotFound(tr("This file is not on this PC."))
        if row.organisation_id != actor.organisation_id:
            raise NotAllowed(tr("Only the organisation that attached a file may take it back."))
        if row.status == "entered_in_error":
            return
        row.status = "entered_in_error"
        session.flush()
        receivers = session.scalars(
            select(SharedNote.owner_organisation_id)
            .where(
                SharedNote.subject_kind == "attachment",
                SharedNote.subject_id == attachment_id,
                SharedNote.requester_organisation_id == actor.organisation_id,
                SharedNote.move == HANDED_OVER,
            )
            .distinct()
        ).all()
        for receiver in receivers:
            _note(session, store.clock, actor, row, receiver, TAKEN_BACK)


def list_files(store: Store, subject_kind: str, subject_id: str) -> tuple[FileView, ...]:
    """The files of one record, in the order in which they were attached."""
    with store.read() as session:
        rows = session.scalars(
            select(Attachment)
            .where(Attachment.subject_kind == subject_kind, Attachment.subject_id == subject_id)
            .order_by(Attachment.id)
        ).all()
        ids = [row.id for row in rows]
        here: dict[str, set[str]] = {}
        for of, part in session.execute(
            select(AttachmentPart.attachment_id, AttachmentPart.id).where(
                AttachmentPart.attachment_id.in_(ids)
            )
        ):
            here.setdefault(of, set()).add(part)
        sent = deliveries(session, "attachment", ids)
        return tuple(
            _view(session, row, here.get(row.id, set()), sent[row.id], store.organisation_id)
            for row in rows
        )


def is_sound(row: Attachment) -> bool:
    """Whether what a description says can be true: another house's may say anything."""
    parts = row.part_ids
    return (
        isinstance(parts, list)
        and 0 < len(parts) <= MOST_PARTS
        and all(isinstance(part, str) for part in parts)
        and len(set(parts)) == len(parts)
        and 0 < (row.size or 0) <= MOST_BYTES
        and row.media_type in _BEGINNINGS
    )


def _view(
    session: Session, row: Attachment, here: set[str], delivery: Delivery, own: str
) -> FileView:
    mine = row.organisation_id == own
    sound = is_sound(row)
    if sound and not mine and not here.issuperset(row.part_ids):
        sound = not _names_anothers(session, row)
    parts: list[str] = row.part_ids if sound else []
    sent = len(parts)
    if mine and parts:
        states = deliveries(session, "attachment_part", parts)
        sent = sum(states[part].state == HELD for part in parts)
    return FileView(
        attachment_id=row.id,
        title=clean_text(row.title)[:MAX_TITLE],
        category=row.category,
        media_type=row.media_type,
        size=row.size,
        thumbnail=_thumbnail(row.thumbnail),
        organisation_id=row.organisation_id,
        own=mine,
        parts=len(parts),
        here=len(here.intersection(parts)),
        sent=sent,
        delivery=delivery,
        entered_in_error=row.status == "entered_in_error",
        sound=sound,
    )


def _names_anothers(session: Session, row: Attachment) -> bool:
    """Whether a description names a part that came as one of another file: it never gets whole."""
    found = session.scalar(
        select(AttachmentPart.id)
        .where(AttachmentPart.id.in_(row.part_ids), AttachmentPart.attachment_id != row.id)
        .limit(1)
    )
    return found is not None


def _thumbnail(text: str | None) -> bytes:
    """A small picture as it came; nothing where it is larger than one may be."""
    # Four letters stand for three bytes: what is far too long is not even decoded.
    found = _bytes(text) if text and len(text) <= 2 * MOST_THUMBNAIL else b""
    return found if len(found) <= MOST_THUMBNAIL else b""


def content_of(store: Store, attachment_id: str) -> bytes:
    """A file whole. Raises InputError where parts are still on their way, or where what came does
    not make the file that was sent (its SHA-256 differs)."""
    with store.read() as session:
        row = session.get(Attachment, attachment_id)
        if row is None:
            raise NotFound(tr("This file is not on this PC."))
        if not is_sound(row):
            raise InputError(_not_as_attached())
        rows = session.execute(
            select(AttachmentPart.id, AttachmentPart.data).where(
                AttachmentPart.attachment_id == attachment_id
            )
        ).all()
        found: dict[str, str] = {each.id: each.data for each in rows}
        # Only what the description names counts, in its order: parts may say anything.
        here = [found[part] for part in row.part_ids if part in found]
        if len(here) < len(row.part_ids):
            if _names_anothers(session, row):
                raise InputError(_not_as_attached())
            raise InputError(
                tr(
                    "{here} of {all} parts of this file have arrived. The others come with the "
                    "next connections by themselves."
                ).format(here=len(here), all=len(row.part_ids))
            )
        size, digest, kind = row.size, row.sha256, row.media_type
    content = b"".join(_bytes(data) for data in here)
    true = len(content) == size and hashlib.sha256(content).hexdigest() == digest
    if not true or media_type_of(content) != kind:
        raise InputError(_not_as_attached())
    return content


def _not_as_attached() -> str:
    return tr(
        "This file is not as it was attached, so it is not shown. The letter is not "
        "affected. Ask the sender to attach it again."
    )


def _bytes(text: str | None) -> bytes:
    if not text:
        return b""
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        return b""
