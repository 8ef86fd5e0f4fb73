"""Files of a letter that is still being written: kept on this PC with its draft.

Each file is a draft of its own, so that adding one does not write the others again. They are no
records yet: nothing of them leaves this PC before the letter does.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, delete, select, update

from app.care.attachments.files import NewFile
from app.models.actor import Actor
from app.models.drafts import BESIDE, save_draft
from app.models.local import Draft
from app.models.store import Store

#: How the name of a form goes on under which files stand that were chosen for a letter which is
#: saved: no other letter takes them unless a person says so.
LEFT = ".left"


@dataclass(frozen=True, slots=True)
class WaitingFile:
    """A file that goes along. ``key`` tells it from the others of its letter."""

    key: str
    file: NewFile


def keep_files(
    store: Store, actor: Actor, form: str, subject_id: str, files: Sequence[WaitingFile]
) -> None:
    """Keep files beside the draft of a form about one subject."""
    for each in files:
        file = each.file
        data = {
            "title": file.title,
            "category": file.category,
            "content": base64.b64encode(file.content).decode("ascii"),
            "thumbnail": base64.b64encode(file.thumbnail).decode("ascii"),
            "width": file.width,
            "height": file.height,
        }
        save_draft(store, actor, form + BESIDE, f"{subject_id}/{each.key}", data)


def kept_files(store: Store, actor: Actor, form: str, subject_id: str) -> list[WaitingFile]:
    """The files kept beside a draft, in the order in which they were added."""
    with store.read() as session:
        rows = session.scalars(
            select(Draft).where(*_beside(actor, form, subject_id)).order_by(Draft.id)
        ).all()
        return [
            WaitingFile(
                row.subject_id.rpartition("/")[2],
                NewFile(
                    row.data["title"],
                    row.data["category"],
                    base64.b64decode(row.data["content"]),
                    base64.b64decode(row.data["thumbnail"]),
                    row.data["width"],
                    row.data["height"],
                ),
            )
            for row in rows
        ]


def set_aside(store: Store, actor: Actor, form: str, subject_id: str, keys: Sequence[str]) -> None:
    """Take files from the draft of a form: its letter is saved, and what cannot be attached to it
    stays under the form's name with :data:`LEFT`."""
    _rename(store, actor, (form, form + LEFT), subject_id, keys)


def take_along(store: Store, actor: Actor, form: str, subject_id: str, keys: Sequence[str]) -> None:
    """Files that were set aside go with the draft of the form from now on."""
    _rename(store, actor, (form + LEFT, form), subject_id, keys)


def _rename(
    store: Store, actor: Actor, forms: tuple[str, str], subject_id: str, keys: Sequence[str]
) -> None:
    if not keys:
        return
    before, after = forms
    with store.write(actor) as session:
        session.execute(
            update(Draft)
            .where(
                *_beside(actor, before, subject_id),
                Draft.subject_id.in_([f"{subject_id}/{key}" for key in keys]),
            )
            .values(form=after + BESIDE)
        )


def forget_files(store: Store, actor: Actor, form: str, subject_id: str, key: str = "") -> None:
    """Forget the files beside a draft, or the one with a ``key``."""
    with store.write(actor) as session:
        session.execute(delete(Draft).where(*_beside(actor, form, subject_id, key)))


def _beside(
    actor: Actor, form: str, subject_id: str, key: str = ""
) -> tuple[ColumnElement[bool], ...]:
    which = (
        Draft.subject_id == f"{subject_id}/{key}"
        if key
        else Draft.subject_id.startswith(f"{subject_id}/", autoescape=True)
    )
    return Draft.form == form + BESIDE, Draft.staff_id == actor.staff_id, which
