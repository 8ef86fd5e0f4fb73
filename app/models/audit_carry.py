"""Carries over the audit trail that a replaced store wrote after the backup was made.

Rows are only ever added and their numbers only grow, so what both stores hold has the same number
and the same content. A store that was put back before went its own way from there: its rows are
laid behind those of the backup. What a damaged page held stays in the folder kept aside.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Protocol, TypeVar

from sqlalchemy import Table, func, insert, select
from sqlalchemy.orm import Session

from app.models.local import AuditEvent

_T = TypeVar("_T")
_AT_ONCE, _LEAST = 2000, 50
#: After so many questions that met damage the rest is left where it is.
_MOST_DAMAGED = 200

_Row = dict[str, Any]


class Read(Protocol):
    """Asks the replaced store; None where the answer lies on a damaged page."""

    def __call__(self, ask: Callable[[Session], _T]) -> _T | None: ...


def carry_audit(read: Read, target: Session) -> int:
    """Add to ``target`` the audit rows that it lacks; how many."""
    last = read(_highest)
    if last is None:
        # The end of the table is damaged; its index knows the numbers as well.
        last = read(_highest_by_index) or 0
    spans = [
        (start, start + _AT_ONCE) for start in range(last // _AT_ONCE * _AT_ONCE, -1, -_AT_ONCE)
    ]
    # Once a number stands for two things, the content alone tells what is there already.
    parted, added, damaged = False, 0, 0
    while spans and damaged < _MOST_DAMAGED:
        start, end = spans.pop()
        theirs = read(partial(_between, start, end))
        if theirs is None:
            damaged += 1
            if end - start > _LEAST:
                middle = (start + end) // 2
                spans += [(middle, end), (start, middle)]
            continue
        ours = _between(start, end, target)
        for number, row in theirs.items():
            if ours.get(number) == row:
                continue
            parted = parted or number in ours
            if parted and _is_there(target, row):
                continue
            values = {name: value for name, value in row.items() if name != "id"}
            target.execute(insert(_TABLE).values(values if parted else row))
            added += 1
    return added


def _table() -> Table:
    table = AuditEvent.__table__
    assert isinstance(table, Table)
    return table


_TABLE = _table()


def _highest(session: Session) -> int:
    return session.scalar(select(func.max(_TABLE.c.id))) or 0


def _highest_by_index(session: Session) -> int:
    query = "SELECT max(id) FROM audit_event INDEXED BY ix_audit_event_record"
    return session.connection().exec_driver_sql(query).scalar() or 0


def _between(start: int, end: int, session: Session) -> dict[int, _Row]:
    wanted = select(_TABLE).where(_TABLE.c.id >= start, _TABLE.c.id < end).order_by(_TABLE.c.id)
    return {row["id"]: dict(row) for row in session.execute(wanted).mappings()}


def _is_there(session: Session, row: _Row) -> bool:
    about = select(_TABLE).where(
        _TABLE.c.kind == row["kind"],
        _TABLE.c.record_id == row["record_id"],
        _TABLE.c.at == row["at"],
    )
    known = {name: value for name, value in row.items() if name != "id"}
    return any(
        {name: value for name, value in found.items() if name != "id"} == known
        for found in session.execute(about).mappings()
    )
