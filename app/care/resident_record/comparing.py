"""Two records side by side, so that a person can tell whether they are of one person."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.care.masking import mask_id
from app.care.record_words import field_label, words
from app.care.timeline import entries_of
from app.clock import clinic_date
from app.errors import NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.organisation import Staff
from app.models.records import fetch
from app.models.resident import Resident
from app.models.store import Store

__all__ = ["Comparison", "FieldPair", "Side", "compare"]

# What tells people apart stands first; what differs of the rest follows. The others say nothing
# about who it is.
_FIRST = (
    "name", "sex", "birth_date", "id_no", "phone", "township", "village", "village_group",
    "address", "record_no", "record_status", "contacts",
)  # fmt: skip
_REST = (
    "registered_address", "residency", "ethnicity", "marital", "education", "occupation", "payment",
    "abo", "rh", "drug_allergy", "past_disease", "disability", "family", "guardian",
    "no_id_reason", "note",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Side:
    """One of the two. `entries`: how many records stand in its timeline."""

    id: str
    name: str
    change_id: str
    made_on: date
    made_by: str
    entries: int
    in_bed: bool
    has_card: bool


@dataclass(frozen=True, slots=True)
class FieldPair:
    """One field of both, in words; identity numbers are masked."""

    label: str
    one: str
    other: str

    @property
    def differs(self) -> bool:
        return self.one != self.other


@dataclass(frozen=True, slots=True)
class Comparison:
    """Both sides and their fields; `survivor_id`: which of the two had better go on."""

    one: Side
    other: Side
    fields: tuple[FieldPair, ...]
    survivor_id: str


def compare(store: Store, actor: Actor, one_id: str, other_id: str) -> Comparison:
    """Both records side by side; the reading of both is noted. Raises NotFound.

    The one that had better go on lies in a bed, else bears a card, else holds more records, else
    is older.
    """
    with store.write(actor) as session:
        sides = _side(session, one_id), _side(session, other_id)
        for each in sides:
            note_access(session, store.clock, actor, "read", "resident", each.id)
        records = fetch(session, "resident", (one_id, other_id))
    pairs = []
    for name in (*_FIRST, *_REST):
        said = [
            _masked(name, words("resident", name, records[each].get(name)), records[each])
            for each in (one_id, other_id)
        ]
        if (name in _FIRST and any(said)) or said[0] != said[1]:
            pairs.append(FieldPair(field_label("resident", name), said[0], said[1]))
    best = max(sides, key=lambda side: (side.in_bed, side.has_card, side.entries, side is sides[0]))
    return Comparison(sides[0], sides[1], tuple(pairs), best.id)


def _masked(name: str, said: str, record: dict[str, object]) -> str:
    if record.get(name) in (None, "", [], {}):
        return ""
    return mask_id(said) if name == "id_no" else said


def _side(session: Session, resident_id: str) -> Side:
    row = session.get(Resident, resident_id)
    if row is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    author = session.get(Staff, row.author_id)
    return Side(
        id=row.id,
        name=row.name,
        change_id=row.change_id,
        made_on=clinic_date(row.created_at),
        made_by=author.name if author is not None else "",
        entries=entries_of(session, (resident_id,)),
        in_bed=any(stay.discharge_date is None for stay in row.residences),
        has_card=row.id_type == "id_card" and bool(row.id_no),
    )
