"""How many people wait in each village and for each doctor.

The counts stand beside the lists of ``work``: the same people, counted by the store in one pass.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Literal

from sqlalchemy import select, text

from app.care.rounds.work import MONTH, WEEK, WITH_PHONE, Scope, WorkFilter, doctor_names
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.resident import Resident
from app.models.store import Store

Grouping = Literal["village", "doctor"]


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
        found = _grouped(store, actor, replace(wanted, village=None), "village")
        rows = [(key, key or tr("No village"), counts) for key, counts in found]
    else:
        found = _grouped(store, actor, replace(wanted, doctor_id=None), "doctor")
        with store.read() as session:
            names = doctor_names(session, [key for key, _ in found])
        rows = [(key, names.get(key) or tr("No doctor"), counts) for key, counts in found]
    made = [GroupRow(key, label, counts) for key, label, counts in rows]
    return tuple(sorted(made, key=lambda row: (not row.key, row.label)))


def places(store: Store, actor: Actor, by: Grouping) -> tuple[tuple[str, str], ...]:
    """Every village or doctor of the residents, as (key, name), by name: for a filter. Read from
    the index of places alone, whether anything is due there or not."""
    column = Resident.village if by == "village" else Resident.responsible_doctor_id
    with store.read() as session:
        keys = [key for key in session.scalars(select(column).distinct()) if key]
        names = doctor_names(session, keys) if by == "doctor" else {}
    return tuple(sorted(((key, names.get(key, key)) for key in keys), key=lambda row: row[1]))


def kinds_in_use(store: Store, actor: Actor) -> tuple[str, ...]:
    """The kinds of due work that this organisation has, in the order of the code list."""
    with store.read() as session:
        found = [row[0] for row in session.execute(text(_KINDS), _of(actor))]
    order = {entry.code: at for at, entry in enumerate(codes.entries("due_kind"))}
    return tuple(sorted(found, key=lambda kind: (order.get(kind, len(order)), kind)))


# -- inner ----------------------------------------------------------------------------------

# From one kind to the next along the index of kinds, where DISTINCT would read all of it.
_KINDS = """
WITH RECURSIVE known(kind) AS (
  SELECT min(kind) FROM due_item WHERE organisation_id = :organisation
  UNION ALL
  SELECT (SELECT min(kind) FROM due_item
          WHERE organisation_id = :organisation AND kind > known.kind)
  FROM known WHERE kind IS NOT NULL)
SELECT kind FROM known WHERE kind IS NOT NULL
"""

_COUNTED = """
SELECT key, count(CASE WHEN first < :today THEN 1 END), count(CASE WHEN first <= :today THEN 1 END),
       count(CASE WHEN first <= :week THEN 1 END), count(first),
       count(CASE WHEN lost OR silent THEN 1 END)
"""
_FIRST = """
min(CASE WHEN d.kind <> 'contact:ended' THEN d.due_on END) AS first,
max(d.kind IN ('contact:lost', 'contact:ended')) AS lost,
d.resident_id IN (SELECT n.id FROM resident n WHERE (n.phone IS NULL OR n.phone = '')
                  AND n.contacts NOT GLOB :with_phone) AS silent
"""
_IN_TIME = "(d.due_on <= :month OR d.kind IN ('contact:lost', 'contact:ended'))"

# Written out, for the planner is told the way. Of everybody: what is due is read along its index,
# in the order in which it lies, and the places of all residents are held meanwhile.
_OF_ALL = """
WITH place AS MATERIALIZED (SELECT r.id, {key} AS key FROM resident r INDEXED BY ix_resident_place)
{counted}
FROM (SELECT d.resident_id, {first}
      FROM due_item d INDEXED BY ix_due_item_person
      WHERE d.organisation_id = :organisation AND {in_time} {narrowed}
      GROUP BY d.resident_id) person
CROSS JOIN place ON place.id = person.resident_id
GROUP BY key
"""
# Of one village or doctor: its residents along the index of places, which alone holds all that is
# asked of them, and for each of them what is due.
_OF_PLACE = """
{counted}
FROM (SELECT {key} AS key, {first}
      FROM resident r INDEXED BY ix_resident_place
      CROSS JOIN due_item d ON d.organisation_id = :organisation AND d.resident_id = r.id
      WHERE {in_time} {narrowed}
      GROUP BY r.village, r.responsible_doctor_id, r.id)
GROUP BY key
"""


def _of(actor: Actor) -> dict[str, Any]:
    return {"organisation": actor.organisation_id}


def _grouped(
    store: Store, actor: Actor, wanted: WorkFilter, by: Grouping | None
) -> list[tuple[str, Counts]]:
    """Counts of people by village or by doctor, or of all in one line."""
    today = store.clock.today()
    column = {"village": "r.village", "doctor": "r.responsible_doctor_id", None: "''"}[by]
    narrowed = ""
    values: dict[str, Any] = {
        **_of(actor),
        "today": today.isoformat(),
        "week": (today + WEEK).isoformat(),
        "month": (today + MONTH).isoformat(),
        "with_phone": WITH_PHONE,
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
    of_all = wanted.village is None and wanted.doctor_id is None
    statement = (_OF_ALL if of_all else _OF_PLACE).format(
        key=f"coalesce({column}, '')",
        narrowed=narrowed,
        counted=_COUNTED,
        first=_FIRST,
        in_time=_IN_TIME,
    )
    with store.read() as session:
        rows = session.execute(text(statement), values).all()
    return [(str(row[0]), Counts(*row[1:])) for row in rows]
