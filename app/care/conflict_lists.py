"""Which records were changed in two places and wait for a person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Text, select, type_coerce
from sqlalchemy.orm import Session

from app.care.record_words import field_label, words
from app.i18n import tr
from app.models import codes
from app.models.outbox import MOVES, RIVALS, Conflict, Outbox
from app.models.referral import ReferralTask
from app.models.resident import Resident

#: Whether a row of the outbox belongs to a record that somebody has to decide on.
UNDECIDED = (
    select(Conflict.id)
    .where(
        Conflict.kind == Outbox.kind,
        Conflict.record_id == Outbox.record_id,
        Conflict.resolved_at.is_(None),
        type_coerce(Conflict.fields, Text).not_like(f'%"{MOVES}"%'),
    )
    .exists()
)


@dataclass(frozen=True, slots=True)
class ConflictLine:
    """One open conflict. ``fields``: the names of its fields. ``crossed``: moves of a referral
    that came too late; such a conflict is there to be read, nothing is to be decided."""

    conflict_id: str
    kind: str
    record_id: str
    title: str
    fields: str
    at: datetime
    resident_id: str
    referral_id: str
    crossed: bool


def conflict_lines(session: Session, most: int) -> list[ConflictLine]:
    """The open conflicts, oldest first."""
    rows = session.execute(
        select(Conflict, Resident.name, ReferralTask.referral_id)
        .outerjoin(Resident, Resident.id == Conflict.resident_id)
        .outerjoin(ReferralTask, ReferralTask.id == Conflict.record_id)
        .where(Conflict.resolved_at.is_(None))
        .order_by(Conflict.id)
        .limit(most)
    )
    return [
        ConflictLine(
            row.id,
            row.kind,
            row.record_id,
            title_of(row.kind, name),
            tr("two corrections of one record")
            if row.kind.startswith(RIVALS)
            else tr(", ").join(field_label(row.kind, each) for each in row.fields if each != MOVES),
            row.created_at,
            row.resident_id or "",
            referral_id or (row.record_id if row.kind == "referral" else ""),
            MOVES in row.fields,
        )
        for row, name, referral_id in rows
    ]


def title_of(kind: str, name: object) -> str:
    """A record in words: its kind, and whose it is."""
    label = codes.label("record_kind", kind.removeprefix(RIVALS))
    return tr("{kind} of {name}").format(kind=label, name=name) if name else label


def history_words(row: Conflict) -> tuple[str, str]:
    """A decided conflict for the record's history: what it was, and each field with both values
    and the one that stands."""
    if row.kind.startswith(RIVALS):
        record = codes.label("record_kind", row.kind.removeprefix(RIVALS))
        told = tr("Two corrections of one record: one was chosen, the other one taken back.")
        return tr("Decided: {record}").format(record=record), told
    parts = []
    for name, values in row.fields.items():
        mine, theirs, chosen = (
            words(row.kind, name, values.get(side)).replace("\n", tr("; "))
            for side in ("mine", "theirs", "chosen")
        )
        parts.append(
            tr("{field}: {chosen} (this PC: {mine}, the other side: {theirs})").format(
                field=field_label(row.kind, name), chosen=chosen, mine=mine, theirs=theirs
            )
        )
    title = tr("Decided: {record}").format(record=codes.label("record_kind", row.kind))
    return title, tr("; ").join(parts)
