"""Many new residents at once, written in the words of the driver.

All that a flush makes of a new record (``models/hook.py``) is made here before the store is
locked: the stamped row, its place in the queue, who wrote it, the tokens it is found by. What is
left to do inside the transaction is writing, so that others at this store wait little.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.models import records
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.local import AuditEvent, SearchToken
from app.models.outbox import WAITING, Outbox
from app.models.resident import Resident
from app.models.search import tokens

__all__ = ["Newcomer", "prepare", "write"]

_KIND = "resident"


@dataclass(frozen=True, slots=True)
class Newcomer:
    """A resident who is to be registered: ``values`` of the columns, rows of all that follows."""

    values: Mapping[str, Any]
    row: tuple[Any, ...]
    queued: tuple[Any, ...]
    noted: tuple[Any, ...]
    tokens: tuple[tuple[str, str], ...]

    @property
    def id(self) -> str:
        return str(self.values["id"])


def prepare(values: Mapping[str, Any], actor: Actor, now: datetime) -> Newcomer:
    """A new record of ``actor`` with these values of the form, made at ``now``.

    An ``id`` among the values stays: the same person prepared anew, e.g. with another number.
    """
    id_ = values.get("id") or new_id()
    whole = {
        **values,
        "id": id_,
        "organisation_id": actor.organisation_id,
        "author_id": actor.staff_id,
        "updated_by": actor.staff_id,
        "created_at": now,
        "updated_at": now,
        # The first change of a record needs no name of its own.
        "change_id": id_,
    }
    queued = {
        "kind": _KIND,
        "record_id": id_,
        "change_id": id_,
        "author_id": actor.staff_id,
        "organisation_id": actor.organisation_id,
        "resident_id": id_,
        "lane": records.lane_of(_KIND, whole),
        "state": WAITING,
        "attempts": 0,
        "created_at": now,
    }
    noted: dict[str, Any] = {
        "at": now,
        "staff_id": actor.staff_id,
        "organisation_id": actor.organisation_id,
        "action": "create",
        "kind": _KIND,
        "record_id": id_,
        "detail": {},
    }
    return Newcomer(
        whole,
        records.row_of(_table(Resident), whole),
        records.row_of(_table(Outbox), queued),
        records.row_of(_table(AuditEvent), noted),
        tuple((token, id_) for token in tokens(whole)),
    )


def write(session: Session, newcomers: Iterable[Newcomer]) -> None:
    """Write them in the session's transaction: recorded, queued, noted and to be found."""
    batch = list(newcomers)
    if not batch:
        return
    connection = session.connection()
    for model, rows in (
        (Resident, [each.row for each in batch]),
        (Outbox, [each.queued for each in batch]),
        (AuditEvent, [each.noted for each in batch]),
        # In the order of the table: neighbouring pages are written together.
        (SearchToken, sorted(pair for each in batch for pair in each.tokens)),
    ):
        if rows:
            connection.exec_driver_sql(records.insert_of(_table(model)), rows)
    # Whoever listens for commits learns that something is to be sent, and how urgent.
    lane = records.lane_of(_KIND, batch[0].values)
    session.info["queued_lane"] = min(session.info.get("queued_lane", lane), lane)


def _table(model: Any) -> Table:
    table = model.__table__
    assert isinstance(table, Table)
    return table
