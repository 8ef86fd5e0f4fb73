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
    text,
    type_coerce,
)
from sqlalchemy.orm import Session

from app.care.age import age_on
from app.care.masking import mask_phone
from app.care.rounds.due import CONTACT_ENDED, CONTACT_KINDS, CONTACT_LOST
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.organisation import Staff
from app.models.resident import Resident
from app.models.store import Store

Scope = Literal["overdue", "today", "week", "month", "unreachable"]
Order = Literal["day", "place"]
Grouping = Literal["village", "doctor"]

SCOPES: tuple[Scope, ...] = ("overdue", "today", "week", "month", "unreachable")
"""``overdue``: before today; ``today``, ``week``, ``month``: until today, in 7, in 30 days, with
what is overdue; ``unreachable``: nobody knows how to reach them."""

_WITH_PHONE = '*"phone":"[^"]*'
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


@dataclass(frozen=True, slots=True)
class Counts:
    """People by scope; one for whom several things are due counts once."""

    overdue: int = 0
    today: int = 0
    week: int = 0
    month: int = 0
    unreachable: int = 0

    def of(self, scope: Scope) -> int:
        return int(getattr(self, scope))


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A village or a doctor with its counts. ``key`` is the village's name or the staff id."""

    key: str
    label: str
    counts: Counts


def people(
    store: Store, actor: Actor, wanted: WorkFilter, offset: int = 0, limit: int = 100
) -> tuple[PersonRow, ...]:
    """A page of the people of a filter, in its order."""
    today = store.clock.today()
    with store.read() as session:
        ids = list(session.scalars(_ids(actor, wanted, today).offset(offset).limit(limit)))
        return _rows(session, actor, ids, wanted, today)


def count_people(store: Store, actor: Actor, wanted: WorkFilter) -> int:
    """How many ``people`` lists."""
    query = select(func.count(func.distinct(DueItem.resident_id))).where(
        *_where(actor, wanted, store.clock.today())
    )
    with store.read() as session:
        return session.scalar(query) or 0


def work_counts(store: Store, actor: Actor, wanted: WorkFilter) -> Counts:
    """The counts of every scope under the filter's village, doctor and kind."""
    groups = _grouped(store, actor, wanted, None)
    return groups[0][1] if groups else Counts()


def work_groups(
    store: Store, actor: Actor, by: Grouping, wanted: WorkFilter
) -> tuple[GroupRow, ...]:
    """Every village or doctor with work, by name; those without one last.

    The filter's kind and its other dimension count: the villages of one doctor, the doctors
    of one village.
    """
    if by == "village":
        found = _grouped(store, actor, _without(wanted, "village"), "village")
        rows = [(key, key or tr("No village"), counts) for key, counts in found]
    else:
        found = _grouped(store, actor, _without(wanted, "doctor"), "doctor")
        with store.read() as session:
            names = doctor_names(session, [key for key, _ in found])
        rows = [(key, names.get(key) or tr("No doctor"), counts) for key, counts in found]
    made = [GroupRow(key, label, counts) for key, label, counts in rows]
    return tuple(sorted(made, key=lambda row: (not row.key, row.label)))


def kinds_in_use(store: Store, actor: Actor) -> tuple[str, ...]:
    """The kinds of due work that this organisation has, in the order of the code list."""
    with store.read() as session:
        found = set(
            session.scalars(
                select(DueItem.kind)
                .where(DueItem.organisation_id == actor.organisation_id)
                .distinct()
            )
        )
    order = {entry.code: at for at, entry in enumerate(codes.entries("due_kind"))}
    return tuple(sorted(found, key=lambda kind: (order.get(kind, len(order)), kind)))


def doctor_names(session: Session, ids: Sequence[str]) -> dict[str, str]:
    """The names of staff by id; unknown ids are left out."""
    wanted = {each for each in ids if each}
    return {row.id: row.name for row in session.scalars(select(Staff).where(Staff.id.in_(wanted)))}


# -- the query ------------------------------------------------------------------------------


def _without(wanted: WorkFilter, dimension: Grouping) -> WorkFilter:
    village = None if dimension == "village" else wanted.village
    doctor = None if dimension == "doctor" else wanted.doctor_id
    return WorkFilter(wanted.scope, village, doctor, wanted.kind, wanted.order)


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
        contacts.bool_op("NOT GLOB")(_WITH_PHONE),
    )


def _unreachable(today: date) -> ColumnElement[bool]:
    """Marked as lost, or with work until a month ahead and no number to ring."""
    return or_(
        DueItem.kind.in_(CONTACT_KINDS),
        and_(DueItem.due_on <= today + MONTH, DueItem.resident_id.in_(_without_phone())),
    )


# Written out: the planner is told to walk the residents along the index of places, which alone
# holds all that is asked of them. Both loops then read indexes only (50,000 residents: 0.1 s).
_GROUPED = """
SELECT key, count(CASE WHEN first < :today THEN 1 END), count(CASE WHEN first <= :today THEN 1 END),
       count(CASE WHEN first <= :week THEN 1 END), count(first),
       count(CASE WHEN lost OR silent THEN 1 END)
FROM (SELECT {key} AS key,
             min(CASE WHEN d.kind <> 'contact:ended' THEN d.due_on END) AS first,
             max(d.kind IN ('contact:lost', 'contact:ended')) AS lost,
             r.id IN (SELECT n.id FROM resident n WHERE (n.phone IS NULL OR n.phone = '')
                      AND n.contacts NOT GLOB :with_phone) AS silent
      FROM resident r INDEXED BY ix_resident_place
      CROSS JOIN due_item d ON d.organisation_id = :organisation AND d.resident_id = r.id
      WHERE (d.due_on <= :month OR d.kind IN ('contact:lost', 'contact:ended')) {narrowed}
      GROUP BY r.id)
GROUP BY key
"""


def _grouped(
    store: Store, actor: Actor, wanted: WorkFilter, by: Grouping | None
) -> list[tuple[str, Counts]]:
    """Counts of people by village or by doctor, or of all in one line."""
    today = store.clock.today()
    column = {"village": "r.village", "doctor": "r.responsible_doctor_id", None: "''"}[by]
    narrowed = ""
    values: dict[str, Any] = {
        "organisation": actor.organisation_id,
        "today": today.isoformat(),
        "week": (today + WEEK).isoformat(),
        "month": (today + MONTH).isoformat(),
        "with_phone": _WITH_PHONE,
    }
    if wanted.kind:
        narrowed += " AND (d.kind = :kind OR (d.kind > :kind || ':' AND d.kind < :kind || ';'))"
        values["kind"] = wanted.kind
    if wanted.village is not None:
        narrowed += " AND coalesce(r.village, '') = :village"
        if wanted.village:
            narrowed += " AND r.village = :village"
        values["village"] = wanted.village
    if wanted.doctor_id is not None:
        narrowed += " AND coalesce(r.responsible_doctor_id, '') = :doctor"
        values["doctor"] = wanted.doctor_id
    # The parts put in are ours, never a person's text.
    statement = _GROUPED.format(key=f"coalesce({column}, '')", narrowed=narrowed)
    with store.read() as session:
        rows = session.execute(text(statement), values).all()
    return [(str(row[0]), Counts(*row[1:])) for row in rows]


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
