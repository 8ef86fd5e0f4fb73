"""Due work as a list of people: by village or by doctor, filtered, counted, in pages.

A person stands in the list once, with everything that is due for them. All filtering, counting
and sorting is done by the store; nothing is read that is not shown.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Literal

from sqlalchemy import (
    ColumnElement,
    Select,
    String,
    and_,
    func,
    or_,
    select,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.masking import mask_phone
from app.care.rounds.due import CONTACT_ENDED, CONTACT_KINDS, CONTACT_LOST
from app.models import codes
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.organisation import Staff
from app.models.resident import Resident
from app.models.store import Store

Scope = Literal["overdue", "today", "week", "month", "unreachable"]
Order = Literal["day", "place"]

SCOPES: tuple[Scope, ...] = ("overdue", "today", "week", "month", "unreachable")
"""``overdue``: before today; ``today``, ``week``, ``month``: until today, in 7, in 30 days, with
what is overdue; ``unreachable``: nobody knows how to reach them."""

WITH_PHONE = '*"phone":"[^"]*'
WEEK = timedelta(days=7)
MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class WorkFilter:
    """Which people. ``village`` and ``doctor_id``: None for all, empty for those without one.

    ``kind``: a due kind, or a family of kinds such as ``follow_up``; empty for all.
    """

    scope: Scope = "week"
    village: str | None = None
    doctor_id: str | None = None
    kind: str = ""
    order: Order = "day"


@dataclass(frozen=True, slots=True)
class DueThing:
    """One thing that is due for a person."""

    kind: str
    due_on: date
    urgent: bool

    @property
    def words(self) -> str:
        return codes.label("due_kind", self.kind)


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person with what is due. ``days_late`` is negative while the first day lies ahead.

    ``unreachable``: empty, ``no_phone`` (no number of the person or of a contact), ``lost``
    (marked as lost for now) or ``ended`` (management ended because they were lost).
    """

    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    group: str
    address: str
    phone_masked: str
    doctor: str
    things: tuple[DueThing, ...]
    due_on: date
    days_late: int
    urgent: bool
    unreachable: str


def people(
    store: Store, actor: Actor, wanted: WorkFilter, offset: int = 0, limit: int = 100
) -> tuple[PersonRow, ...]:
    """A page of the people of a filter, in its order."""
    today = store.clock.today()
    with store.read() as session:
        ids = list(session.scalars(_ids(actor, wanted, today).offset(offset).limit(limit)))
        return _rows(session, actor, ids, wanted, today)


def first_people(
    store: Store, actor: Actor, wanted: WorkFilter, limit: int = 100
) -> tuple[int, tuple[PersonRow, ...]]:
    """How many ``people`` lists, and its first page: both in one pass over what is due."""
    today = store.clock.today()
    with store.read() as session:
        found = session.execute(
            _ids(actor, wanted, today).add_columns(func.count().over()).limit(limit)
        ).all()
        ids = [row[0] for row in found]
        return (found[0][1] if found else 0), _rows(session, actor, ids, wanted, today)


def count_people(store: Store, actor: Actor, wanted: WorkFilter) -> int:
    """How many ``people`` lists."""
    query = select(func.count(func.distinct(DueItem.resident_id))).where(
        *_where(actor, wanted, store.clock.today())
    )
    with store.read() as session:
        return session.scalar(query) or 0


def doctor_names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """The names of staff by id; unknown ids are left out."""
    wanted = {each for each in ids if each}
    return {row.id: row.name for row in session.scalars(select(Staff).where(Staff.id.in_(wanted)))}


# -- the query ------------------------------------------------------------------------------


def _ids(actor: Actor, wanted: WorkFilter, today: date) -> Select[str]:
    first = func.min(DueItem.due_on)
    query = select(DueItem.resident_id).where(*_where(actor, wanted, today))
    if wanted.order == "place":
        place = (Resident.village, Resident.village_group, Resident.address, Resident.name)
        query = query.join(Resident, Resident.id == DueItem.resident_id)
        return query.group_by(DueItem.resident_id).order_by(*place, DueItem.resident_id)
    return query.group_by(DueItem.resident_id).order_by(first, DueItem.resident_id)


def _where(actor: Actor, wanted: WorkFilter, today: date) -> list[ColumnElement[bool]]:
    found = _base(actor, wanted)
    if wanted.scope == "unreachable":
        found.append(_unreachable(today))
    else:
        found.append(_in_scope(wanted.scope, today))
    return found


def _base(actor: Actor, wanted: WorkFilter) -> list[ColumnElement[bool]]:
    """Everything but the scope."""
    found: list[ColumnElement[bool]] = [DueItem.organisation_id == actor.organisation_id]
    if wanted.kind:
        # A family is matched as a range, so that the index of an equal kind would serve it too.
        found.append(
            or_(
                DueItem.kind == wanted.kind,
                and_(DueItem.kind > f"{wanted.kind}:", DueItem.kind < f"{wanted.kind};"),
            )
        )
    if wanted.village is not None:
        of_village = select(Resident.id).where(
            Resident.village == wanted.village
            if wanted.village
            else func.coalesce(Resident.village, "") == ""
        )
        found.append(DueItem.resident_id.in_(of_village))
    if wanted.doctor_id is not None:
        of_doctor = select(Resident.id).where(
            Resident.responsible_doctor_id == wanted.doctor_id
            if wanted.doctor_id
            else func.coalesce(Resident.responsible_doctor_id, "") == ""
        )
        found.append(DueItem.resident_id.in_(of_doctor))
    return found


def _in_scope(scope: Scope, today: date) -> ColumnElement[bool]:
    due = DueItem.kind != CONTACT_ENDED
    match scope:
        case "overdue":
            return and_(due, DueItem.due_on < today)
        case "today":
            return and_(due, DueItem.due_on <= today)
        case "week":
            return and_(due, DueItem.due_on <= today + WEEK)
        case _:
            return and_(due, DueItem.due_on <= today + MONTH)


def _without_phone() -> Select[str]:
    """Residents for whom no number is known, neither their own nor a contact's."""
    # Contacts are kept as compact JSON; a number there reads "phone":"1…", none "phone":"".
    contacts = type_coerce(Resident.contacts, String)
    return select(Resident.id).where(
        or_(Resident.phone.is_(None), Resident.phone == ""),
        contacts.bool_op("NOT GLOB")(WITH_PHONE),
    )


def _unreachable(today: date) -> ColumnElement[bool]:
    """Marked as lost, or with work until a month ahead and no number to ring."""
    return or_(
        DueItem.kind.in_(CONTACT_KINDS),
        and_(DueItem.due_on <= today + MONTH, DueItem.resident_id.in_(_without_phone())),
    )


# -- the rows -------------------------------------------------------------------------------

# Only what a row shows: a resident's whole form is forty columns.
_SHOWN = (
    Resident.id,
    Resident.name,
    Resident.sex,
    Resident.birth_date,
    Resident.village,
    Resident.village_group,
    Resident.address,
    Resident.phone,
    Resident.contacts,
    Resident.responsible_doctor_id,
)


def _rows(
    session: Session, actor: Actor, ids: Sequence[str], wanted: WorkFilter, today: date
) -> tuple[PersonRow, ...]:
    residents = {
        row.id: row for row in session.execute(select(*_SHOWN).where(Resident.id.in_(ids)))
    }
    things: dict[str, list[DueItem]] = {}
    until = today + MONTH
    # Found by the person alone and sorted here: an order by day would send the store through
    # everything that is due.
    found = session.scalars(select(DueItem).where(DueItem.resident_id.in_(ids)))
    for item in sorted(found, key=lambda item: (item.due_on, item.kind)):
        ours = item.organisation_id == actor.organisation_id
        if ours and (item.due_on <= until or item.kind in CONTACT_KINDS):
            things.setdefault(item.resident_id, []).append(item)
    doctors = doctor_names(session, [row.responsible_doctor_id or "" for row in residents.values()])
    return tuple(
        _row(residents[each], things[each], doctors, today)
        for each in ids
        if each in residents and each in things
    )


def _row(resident: Any, items: list[DueItem], doctors: dict[str, str], today: date) -> PersonRow:
    kinds = {item.kind for item in items}
    due = [item for item in items if item.kind != CONTACT_ENDED] or items
    day = min(item.due_on for item in due)
    numbers = [resident.phone, *(entry.get("phone") for entry in resident.contacts)]
    unreachable = ""
    if CONTACT_LOST in kinds:
        unreachable = "lost"
    elif CONTACT_ENDED in kinds:
        unreachable = "ended"
    elif not any(numbers):
        unreachable = "no_phone"
    return PersonRow(
        resident_id=resident.id,
        name=resident.name,
        sex=resident.sex,
        age=age_on(resident.birth_date, max(today, resident.birth_date)),
        village=resident.village or "",
        group=resident.village_group or "",
        address=resident.address or "",
        phone_masked=mask_phone(resident.phone or ""),
        doctor=doctors.get(resident.responsible_doctor_id or "", ""),
        things=tuple(DueThing(item.kind, item.due_on, item.urgent) for item in items),
        due_on=day,
        days_late=(today - day).days,
        urgent=any(item.urgent for item in items),
        unreachable=unreachable,
    )
