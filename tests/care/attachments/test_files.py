"""Files of a record: what may be attached, how it is cut, handed over and put together again."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace

import pytest
from sqlalchemy import select

from app.care.attachments import files
from app.care.attachments.files import NewFile
from app.errors import InputError, NotAllowed, NotFound
from app.models.actor import Actor
from app.models.attachment import PART_BYTES, Attachment, AttachmentPart
from app.models.outbox import LANE_FILES, LANE_REST, Outbox
from app.models.outreach import SharedNote
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident

PDF = b"%PDF-1.7\n"
FILE = NewFile("心电图", "ecg", PDF + bytes(range(256)) * 200, thumbnail=b"\xff\xd8\xff small")


def attach(store: Store, actor: Actor, file: NewFile = FILE, subject: str = "letter") -> str:
    resident_id = add_resident(store, actor)
    with store.write(actor) as session:
        row = files.attach(
            session,
            store.clock,
            actor,
            file,
            subject_kind="referral",
            subject_id=subject,
            resident_id=resident_id,
            receivers=[LEAD_ID],
        )
        return str(row.id)


def test_a_file_is_cut_into_parts_in_the_last_lane_and_read_again(
    store: Store, actor: Actor
) -> None:
    id_ = attach(store, actor)
    with store.read() as session:
        parts = session.scalars(select(AttachmentPart).order_by(AttachmentPart.number)).all()
        assert [part.number for part in parts] == [0, 1, 2, 3]
        assert len(base64.b64decode(parts[0].data)) == PART_BYTES
        lanes = {row.record_id: row.lane for row in session.scalars(select(Outbox))}
        assert {lanes[part.id] for part in parts} == {LANE_FILES}
        assert lanes[id_] == LANE_REST
        note = session.scalars(select(SharedNote)).one()
        assert (note.requester_organisation_id, note.owner_organisation_id) == (
            TOWNSHIP_ID,
            LEAD_ID,
        )
        assert (note.subject_kind, note.subject_id) == ("attachment", id_)
        assert lanes[note.id] == LANE_REST
    assert files.content_of(store, id_) == FILE.content
    (view,) = files.list_files(store, "referral", "letter")
    assert (view.title, view.media_type, view.size) == (
        "心电图",
        "application/pdf",
        len(FILE.content),
    )
    assert (view.parts, view.here, view.sent, view.complete) == (4, 4, 0, True)
    assert view.thumbnail == FILE.thumbnail
    assert view.own
    assert view.delivery.state == "waiting"


@pytest.mark.parametrize("size", [1, PART_BYTES - 9, PART_BYTES, PART_BYTES + 1, files.MOST_BYTES])
def test_sizes_around_a_part_and_the_largest_come_back_whole(
    store: Store, actor: Actor, size: int
) -> None:
    content = PDF + bytes(max(0, size - len(PDF)))
    id_ = attach(store, actor, replace(FILE, content=content))
    assert files.content_of(store, id_) == content


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"title": "  "}, "title"),
        ({"title": "长" * 101}, "title"),
        ({"category": "exe"}, "category"),
        ({"content": b""}, "content"),
        ({"content": PDF + bytes(files.MOST_BYTES)}, "content"),
        ({"content": b"MZ\x90\x00 program"}, "content"),
        ({"content": b"<svg onload='x'>"}, "content"),
        ({"content": b"%PD"}, "content"),
    ],
)
def test_what_may_not_be_attached_says_why_and_stores_nothing(
    store: Store, actor: Actor, changes: dict[str, object], field: str
) -> None:
    with pytest.raises(InputError) as wrong:
        attach(store, actor, replace(FILE, **changes))  # type: ignore[arg-type]
    assert list(wrong.value.problems) == [field]
    assert files.list_files(store, "referral", "letter") == ()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (b"\xff\xd8\xff\xe0", "image/jpeg"),
        (b"\x89PNG\r\n\x1a\n", "image/png"),
        (PDF, "application/pdf"),
        (b"GIF89a", None),
        (b"", None),
    ],
)
def test_a_file_is_known_by_how_it_begins_not_by_its_name(content: bytes, kind: str | None) -> None:
    assert files.media_type_of(content) == kind


def test_a_thumbnail_that_is_too_large_is_left_out(store: Store, actor: Actor) -> None:
    attach(store, actor, replace(FILE, thumbnail=bytes(files.MOST_THUMBNAIL + 1)))
    (view,) = files.list_files(store, "referral", "letter")
    assert view.thumbnail == b""


def test_a_file_with_missing_parts_says_how_many_have_come(store: Store, actor: Actor) -> None:
    id_ = attach(store, actor)
    with store.apply_remote() as session:
        session.query(AttachmentPart).filter(AttachmentPart.number >= 1).delete()
    with pytest.raises(InputError, match=r"1.*4"):
        files.content_of(store, id_)
    (view,) = files.list_files(store, "referral", "letter")
    assert (view.here, view.complete) == (1, False)


@pytest.mark.parametrize("damage", ["", "%%%", base64.b64encode(b"other").decode()])
def test_a_file_that_is_not_as_it_was_attached_is_not_shown(
    store: Store, actor: Actor, damage: str
) -> None:
    id_ = attach(store, actor)
    with store.apply_remote() as session:
        part = session.query(AttachmentPart).filter(AttachmentPart.number == 2).one()
        part.data = damage
    with pytest.raises(InputError):
        files.content_of(store, id_)


def test_only_the_own_house_takes_a_file_back(
    store: Store, actor: Actor, make_store: Callable[..., tuple[Store, Actor]]
) -> None:
    id_ = attach(store, actor)
    stranger = replace(actor, organisation_id=LEAD_ID)
    with pytest.raises(NotAllowed):
        files.take_back(store, stranger, id_)
    files.take_back(store, actor, id_)
    files.take_back(store, actor, id_)
    (view,) = files.list_files(store, "referral", "letter")
    assert view.entered_in_error
    with store.read() as session:
        assert session.get(Attachment, id_) is not None
        # Whoever got it is told once.
        notes = session.scalars(select(SharedNote).order_by(SharedNote.id)).all()
        told = [(note.move, note.owner_organisation_id) for note in notes]
        assert told == [("handed_over", LEAD_ID), ("taken_back", LEAD_ID)]
    with pytest.raises(NotFound):
        files.take_back(store, actor, "unknown")
