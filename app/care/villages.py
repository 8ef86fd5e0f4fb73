"""The villages in which residents live, for filters: read from an index, a step a village.

A plain DISTINCT would walk over every resident to find a dozen names.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

__all__ = ["villages_of"]

_STEPS = """
WITH RECURSIVE place(name) AS (
    SELECT min(village) FROM resident WHERE village > ''
    UNION ALL
    SELECT (SELECT min(village) FROM resident WHERE village > place.name)
    FROM place WHERE place.name IS NOT NULL
)
SELECT name FROM place WHERE name IS NOT NULL AND EXISTS (
    SELECT 1 FROM resident AS one INDEXED BY ix_resident_village_name {joined}
    WHERE one.village = place.name AND one.organisation_id = ? {narrowed}
)
"""
_DUE = """
    CROSS JOIN due_item AS due INDEXED BY ix_due_item_person
    ON due.resident_id = one.id AND due.organisation_id = ? AND due.kind IN ({kinds})
"""


def villages_of(
    session: Session,
    organisation_id: str,
    *,
    active: bool = False,
    born_by: str = "",
    due: Iterable[str] = (),
) -> tuple[str, ...]:
    """The villages, by name, with at least one resident of the organisation.

    ``active``: whose record goes on; ``born_by``: born on or before that ISO day; ``due``: for
    whom one of these kinds of work is noted.
    """
    kinds = list(due)
    values: list[Any] = []
    joined = narrowed = ""
    if kinds:
        joined = _DUE.format(kinds=", ".join("?" * len(kinds)))
        values += [organisation_id, *kinds]
    values.append(organisation_id)
    if active:
        narrowed += " AND one.record_status = 'active'"
    if born_by:
        narrowed += " AND one.birth_date <= ?"
        values.append(born_by)
    query = _STEPS.format(joined=joined, narrowed=narrowed)
    return tuple(row[0] for row in session.connection().exec_driver_sql(query, tuple(values)))
