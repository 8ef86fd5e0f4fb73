"""Drafts: what was typed in a form that is not saved yet, kept through crashes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import delete, func, select
from sqlalchemy.dialects.sqlite import insert

from app.models.actor import Actor
from app.models.identity import new_id
from app.models.local import Draft
from app.models.store import Store

#: How the name of a form ends under which something is kept beside the draft of that form (its
#: files); such rows are no unfinished forms.
BESIDE = ".beside"


@dataclass(frozen=True, slots=True)
class SavedDraft:
    """A draft as it was last kept."""

    form: str
    subject_id: str
    data: dict[str, Any]
    updated_at: datetime


def save_draft(
    store: Store, actor: Actor, form: str, subject_id: str, data: dict[str, Any]
) -> None:
    """Keep the values of a form. ``subject_id`` is the resident or record, or ``""``."""
    statement = insert(Draft).values(
        id=new_id(),
        form=form,
        subject_id=subject_id,
        staff_id=actor.staff_id,
        data=data,
        updated_at=store.clock.now(),
    )
    with store.write(actor) as session:
        session.execute(
            statement.on_conflict_do_update(
                index_elements=["form", "subject_id", "staff_id"],
                set_={
                    "data": statement.excluded.data,
                    "updated_at": statement.excluded.updated_at,
                },
            )
        )


def load_draft(store: Store, actor: Actor, form: str, subject_id: str) -> SavedDraft | None:
    """The person's draft of a form, if there is one."""
    with store.read() as session:
        row = session.scalar(
            select(Draft).where(
                Draft.form == form,
                Draft.subject_id == subject_id,
                Draft.staff_id == actor.staff_id,
            )
        )
        return None if row is None else _saved(row)


def list_drafts(store: Store, actor: Actor) -> list[SavedDraft]:
    """All drafts of the person, newest first."""
    with store.read() as session:
        rows = session.scalars(
            select(Draft)
            .where(Draft.staff_id == actor.staff_id, Draft.form.not_like("%" + BESIDE))
            .order_by(Draft.updated_at.desc())
        )
        return [_saved(row) for row in rows]


def discard_draft(store: Store, actor: Actor, form: str, subject_id: str) -> None:
    """Forget a draft: the form was saved, or its writer threw it away."""
    with store.write(actor) as session:
        session.execute(
            delete(Draft).where(
                Draft.form == form,
                Draft.subject_id == subject_id,
                Draft.staff_id == actor.staff_id,
            )
        )


def count_drafts(store: Store, actor: Actor) -> int:
    """How many unfinished forms the person has."""
    with store.read() as session:
        return (
            session.scalar(
                select(func.count())
                .select_from(Draft)
                .where(Draft.staff_id == actor.staff_id, Draft.form.not_like("%" + BESIDE))
            )
            or 0
        )


def _saved(row: Draft) -> SavedDraft:
    return SavedDraft(row.form, row.subject_id, dict(row.data), row.updated_at)
