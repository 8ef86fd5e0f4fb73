"""What another house says of a file may be anything: nothing falls over, and it is said plainly."""

from __future__ import annotations

import base64
import hashlib
from typing import Any

import pytest

from app.care.attachments import files
from app.care.attachments.files import FileView
from app.errors import InputError
from app.models.actor import Actor
from app.models.attachment import PART_BYTES, Attachment, AttachmentPart
from app.models.identity import new_id
from app.models.store import Store
from app.sync.files import missing_parts, missing_refs
from tests.conftest import LEAD_ID

THEIRS = Actor("stranger", LEAD_ID, "李主任", frozenset({"doctor"}))
CONTENT = b"%PDF-1.7\n" + bytes(range(256)) * 100


def came(store: Store, **lies: Any) -> str:
    """A file of the hospital as it was pulled, with what it lies about."""
    part_ids = [new_id(), new_id()]
    fields: dict[str, Any] = {
        "id": new_id(),
        "subject_kind": "referral",
        "subject_id": "letter",
        "category": "ecg",
        "title": "心电图",
        "media_type": "application/pdf",
        "size": len(CONTENT),
        "sha256": hashlib.sha256(CONTENT).hexdigest(),
        "part_ids": part_ids,
    } | lies
    with store.write(THEIRS) as session:
        session.add(Attachment(**fields))
        session.flush()
        for number, id_ in enumerate(part_ids):
            stretch = CONTENT[number * PART_BYTES : (number + 1) * PART_BYTES]
            data = base64.b64encode(stretch).decode("ascii")
            session.add(
                AttachmentPart(
                    id=id_,
                    attachment_id=fields["id"],
                    number=number,
                    data=data,
                )
            )
    return str(fields["id"])


def seen(store: Store) -> FileView:
    (view,) = files.list_files(store, "referral", "letter")
    return view


def test_the_honest_file_is_read(store: Store) -> None:
    id_ = came(store)
    assert seen(store).complete
    assert files.content_of(store, id_) == CONTENT


@pytest.mark.parametrize(
    "lies",
    [
        {"part_ids": []},
        {"part_ids": [7, None, {"a": 1}]},
        {"part_ids": ["same", "same"]},
        {"part_ids": [f"part-{n}" for n in range(files.MOST_PARTS + 1)]},
        {"part_ids": [f"part-{n}" for n in range(1_000_000)]},
        {"size": 0},
        {"size": -5},
        {"size": files.MOST_BYTES + 1},
        {"media_type": "text/html"},
        {"media_type": "application/x-msdownload"},
    ],
    ids=["none", "no ids", "twice", "one too many", "a million", "0", "-5", "large", "html", "exe"],
)
def test_a_description_that_cannot_be_true_is_told_and_nothing_is_asked_for(
    store: Store, lies: dict[str, Any]
) -> None:
    id_ = came(store, **lies)
    view = seen(store)
    assert not view.sound
    assert not view.complete
    with pytest.raises(InputError, match="不予显示"):
        files.content_of(store, id_)
    if len(lies.get("part_ids", [])) > files.MOST_PARTS:
        assert missing_parts(store) == []


@pytest.mark.parametrize(
    "lies",
    [
        {"media_type": "image/png"},
        {"media_type": "image/jpeg"},
        {"size": len(CONTENT) - 1},
        {"sha256": "0" * 64},
        {"sha256": "no digest at all"},
    ],
)
def test_a_content_that_is_another_than_it_was_said_is_not_shown(
    store: Store, lies: dict[str, Any]
) -> None:
    id_ = came(store, **lies)
    assert seen(store).sound
    with pytest.raises(InputError, match="不予显示"):
        files.content_of(store, id_)


def test_parts_of_another_file_make_no_file_and_are_not_asked_for_for_ever(store: Store) -> None:
    honest = came(store)
    with store.read() as session:
        row = session.get(Attachment, honest)
        assert row is not None
        theirs = list(row.part_ids)
    thief = came(store, subject_id="other", part_ids=[*theirs, new_id()])
    (view,) = files.list_files(store, "referral", "other")
    assert (view.sound, view.complete) == (False, False)
    with pytest.raises(InputError, match="不予显示"):
        files.content_of(store, thief)
    assert all(part not in theirs for parts in missing_parts(store) for part in parts)
    assert files.content_of(store, honest) == CONTENT


def test_a_stranger_s_part_in_a_file_changes_nothing(store: Store) -> None:
    """A part that nobody named, even with a number of its own, is no part of the file."""
    id_ = came(store)
    with store.write(THEIRS) as session:
        session.add(AttachmentPart(id=new_id(), attachment_id=id_, number=2, data="AAAA"))
    assert (seen(store).here, seen(store).complete) == (2, True)
    assert files.content_of(store, id_) == CONTENT


@pytest.mark.parametrize("data", ["%%%", "A", "图片", "=" * 40])
def test_content_that_is_no_base64_is_not_shown(store: Store, data: str) -> None:
    id_ = came(store)
    with store.apply_remote() as session:
        session.query(AttachmentPart).filter_by(number=1).update({"data": data})
    with pytest.raises(InputError, match="不予显示"):
        files.content_of(store, id_)


def test_a_title_without_end_and_a_picture_that_is_none_are_cut(store: Store) -> None:
    big = base64.b64encode(bytes(files.MOST_THUMBNAIL + 3)).decode("ascii")
    came(store, title="长" * 50_000 + "\n\x00", thumbnail=big)
    view = seen(store)
    assert len(view.title) == files.MAX_TITLE
    assert view.thumbnail == b""


def test_what_a_courier_file_asks_for_is_bounded(store: Store) -> None:
    came(store, part_ids=[new_id() for _ in range(10)])
    assert len(missing_refs(store, 1000)) == 10
    assert len(missing_refs(store, 4)) == 4
    assert missing_refs(store, 0) == missing_refs(store, -3) == []


def test_nothing_is_asked_for_of_a_file_that_was_taken_back(store: Store) -> None:
    came(store, part_ids=[new_id()], status="entered_in_error")
    assert missing_parts(store) == []
    assert seen(store).entered_in_error
