"""Lists of residents: what tells two people apart, a page of a list, finding by what is typed."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from sqlalchemy import ColumnElement, func, literal_column, select
from sqlalchemy.orm import Session

from app.care import masking
from app.care.age import age_on
from app.care.resident_record.people import survivors
from app.errors import Defect
from app.models import codes, search
from app.models.actor import Actor
from app.models.resident import Condition, Residence, Resident
from app.models.resident_record import PopulationTag
from app.models.store import Store

__all__ = [
    "LIST_SCOPES",
    "ResidentLine",
    "bed_label",
    "condition_name",
    "count_residents",
    "find",
    "lines",
    "list_residents",
    "scope_filter",
]

LIST_SCOPES = ("active", "in_bed", "hypertension", "type2_diabetes", "temporary", "ended")
"""What `list_residents` can show."""


@dataclass(frozen=True, slots=True)
class ResidentLine:
    """One line of a list: enough to tell two people apart, identity numbers masked.

    `conditions` are names of active diagnoses; `bed` is empty outside a ward.
    """

    id: str
    name: str
    sex: str
    birth_date: date
    age: int
    id_masked: str
    phone_masked: str
    township: str
    village: str
    bed: str
    conditions: tuple[str, ...]
    temporary: bool
    record_status: str


def find(store: Store, actor: Actor, text: str, limit: int = 50) -> tuple[ResidentLine, ...]:
    """Residents found by name, part of it, pinyin, initials, ID or phone tail, record number.

    Words are joined by "and". Short of anything typed the answer is empty. What only a merged
    record says finds the record that goes on.
    """
    with store.read() as session:
        hits = [each.id for each in search.find(session, text, limit)]
        goes_on = survivors(session, hits)
        found = list(dict.fromkeys(goes_on[each] for each in hits))
        return lines(session, found, store.clock.today())


def list_residents(
    store: Store,
    actor: Actor,
    scope: str = "active",
    offset: int = 0,
    limit: int = 100,
    tag: str = "",
) -> tuple[ResidentLine, ...]:
    """A page of the residents of one of LIST_SCOPES, by village and name.

    ``tag``: only those of one population group (code of ``population_flag``).
    """
    query = select(Resident.id).where(*scope_filter(actor, scope, tag))
    query = query.order_by(Resident.village, Resident.name, Resident.id)
    with store.read() as session:
        ids = list(session.scalars(query.offset(offset).limit(limit)))
        return lines(session, ids, store.clock.today())


def count_residents(store: Store, actor: Actor, scope: str = "active", tag: str = "") -> int:
    """How many residents one of LIST_SCOPES holds."""
    with store.read() as session:
        return (
            session.scalar(
                select(func.count()).select_from(Resident).where(*scope_filter(actor, scope, tag))
            )
            or 0
        )


def scope_filter(actor: Actor, scope: str, tag: str = "") -> list[ColumnElement[bool]]:
    """What a resident of one of LIST_SCOPES and of a population group fulfils. Raises Defect for
    another scope."""
    if tag:
        tagged = select(PopulationTag.resident_id).where(PopulationTag.tag == tag)
        return [*scope_filter(actor, scope), Resident.id.in_(tagged)]
    active = Resident.record_status == "active"
    match scope:
        case "active":
            return [active]
        case "ended":
            # In the words of the index ix_resident_ended.
            return [Resident.record_status != literal_column("'active'")]
        case "temporary":
            return [active, Resident.temporary.is_(True)]
        case "in_bed":
            stays = select(Residence.resident_id).where(
                Residence.org_id == actor.organisation_id, Residence.discharge_date.is_(None)
            )
            return [active, Resident.id.in_(stays)]
        case "hypertension" | "type2_diabetes":
            sick = select(Condition.resident_id).where(
                Condition.disease == scope, Condition.clinical_status == "active"
            )
            return [active, Resident.id.in_(sick)]
    raise Defect(f"unknown scope {scope}")


def lines(session: Session, ids: Sequence[str], today: date) -> tuple[ResidentLine, ...]:
    """Lines for ids, in their order; three queries however many they are."""
    rows = {row.id: row for row in session.scalars(select(Resident).where(Resident.id.in_(ids)))}
    beds: dict[str, str] = {}
    for stay in session.scalars(
        select(Residence)
        .where(Residence.resident_id.in_(ids), Residence.discharge_date.is_(None))
        .order_by(Residence.id)
    ):
        beds[stay.resident_id] = bed_label(stay.building, stay.room, stay.bed)
    conditions: dict[str, list[str]] = {}
    for condition in session.scalars(
        select(Condition)
        .where(Condition.resident_id.in_(ids), Condition.clinical_status == "active")
        .order_by(Condition.id)
    ):
        names = conditions.setdefault(condition.resident_id, [])
        name = condition_name(condition)
        if name not in names:
            names.append(name)
    return tuple(
        ResidentLine(
            id=row.id,
            name=row.name,
            sex=row.sex,
            birth_date=row.birth_date,
            age=max(0, age_on(row.birth_date, max(today, row.birth_date))),
            id_masked=masking.mask_id(row.id_no or ""),
            phone_masked=masking.mask_phone(row.phone or ""),
            township=row.township or "",
            village=row.village or "",
            bed=beds.get(row.id, ""),
            conditions=tuple(conditions.get(row.id, ())),
            temporary=row.temporary,
            record_status=row.record_status,
        )
        for row in (rows[each] for each in ids if each in rows)
    )


def condition_name(condition: Condition) -> str:
    """The programme's name for a managed disease, else the diagnosis as it was written."""
    if condition.disease and codes.is_known("chronic_disease", condition.disease):
        return codes.label("chronic_disease", condition.disease)
    return condition.display


def bed_label(building: str | None, room: str | None, bed: str | None) -> str:
    """Building, room and bed in one short text, e.g. `2-305-1`."""
    return "-".join(part for part in (building, room, bed) if part)
