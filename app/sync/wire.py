"""Records made ready for the wire, with the names that stand beside references."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.fhir import mapping
from app.fhir.common import WireContext
from app.models.base import from_json, to_json
from app.models.driver import ask
from app.models.outbox import LOOK_FIRST, UNKNOWN, WAITING
from app.models.records import KINDS, Record, fetch
from app.models.referral import Referral, ReferralTask
from app.sync import queue
from app.sync.link import Json
from app.sync.queue import Item

Address = tuple[str, str]
_OF_TYPE = (
    "FROM server_copy WHERE resource_type = ? AND resource_id IN (SELECT value FROM json_each(?))"
)
_OF_A_REFERRAL = frozenset({"referral_service", "referral_task", "referral_event"})
_ANSWERS = frozenset({"referral_reply", "return_plan"})

#: Order in which records can stand on one another.
RANK = {kind: number for number, kind in enumerate(KINDS)}


@dataclass(frozen=True, slots=True)
class Parcel:
    """One row of the outbox made ready: the primary resource first, then its companions.

    ``version`` is the server's version it replaces, None where the server has none.
    ``doubtful``: it may be there already, sent before without an answer.
    """

    item: Item
    record: Record
    resources: list[Json]
    version: str | None
    doubtful: bool = False

    @property
    def address(self) -> Address:
        primary = self.resources[0]
        return primary["resourceType"], primary["id"]

    @property
    def entries(self) -> int:
        return len(self.resources)


def context(session: Session) -> WireContext:
    """The names of organisations and staff."""
    return WireContext(
        dict(ask(session, "SELECT id, name FROM organisation")),
        dict(ask(session, "SELECT id, name FROM staff")),
    )


def parcels(
    session: Session, names: WireContext, items: Sequence[Item]
) -> tuple[list[Parcel], list[Item]]:
    """The parcels of ``items`` in their order, and the items whose record is gone."""
    of_kind: dict[str, list[str]] = {}
    for item in items:
        of_kind.setdefault(item.kind, []).append(item.record_id)
    records: dict[tuple[str, str], Record] = {}
    copies: dict[Address, tuple[str, Json | None]] = {}
    for kind, ids in of_kind.items():
        records.update(((kind, id_), r) for id_, r in fetch(session, kind, ids).items())
        copies.update(held(session, ((mapping.primary_type(kind), id_) for id_ in ids)))
    names = _with_numbers(session, names, records)
    noted = queue.noted(session, (item for item in items if KINDS[item.kind].shared))
    made: list[Parcel] = []
    gone: list[Item] = []
    for item in items:
        record = records.get((item.kind, item.record_id))
        if record is None:
            gone.append(item)
            continue
        if record["change_id"] != item.change_id:
            # Edited since the queue was read: this very state is what is going to be sent.
            unsure = item.state == UNKNOWN or item.attempts < 0
            item = replace(
                item,
                change_id=record["change_id"],
                state=WAITING,
                attempts=LOOK_FIRST if unsure else 0,
            )
        resources = mapping.to_resources(item.kind, record, names)
        version, body = copies.get((mapping.primary_type(item.kind), item.record_id), (None, None))
        if body is not None:
            resources[0] = mapping.merge_unknown(resources[0], body)
        doubtful = (
            item.state == UNKNOWN
            or item.attempts < 0
            or item.courier is not None
            or (item.kind, item.record_id) in noted
            # A change of a record that is normally only added.
            or (version is not None and not KINDS[item.kind].shared)
        )
        made.append(Parcel(item, record, resources, version or None, doubtful))
    return made, gone


def copies(
    session: Session, addresses: Iterable[Address], columns: str
) -> Iterator[tuple[Address, tuple[Any, ...]]]:
    """These columns of what the server was seen to hold; addresses never seen are left out."""
    of_type: dict[str, list[str]] = {}
    for type_, id_ in addresses:
        of_type.setdefault(type_, []).append(id_)
    sql = f"SELECT resource_id, {columns} {_OF_TYPE}"
    for type_, ids in of_type.items():
        for row in ask(session, sql, (type_, to_json(ids))):
            yield (type_, row[0]), row[1:]


def held(session: Session, addresses: Iterable[Address]) -> dict[Address, tuple[str, Json | None]]:
    """Version and kept content of what the server was seen to hold."""
    return {
        address: (version, None if body is None else from_json(body))
        for address, (version, body) in copies(session, addresses, "version, body")
    }


def versions(session: Session, addresses: Iterable[Address]) -> dict[Address, str]:
    """The versions alone: what a page may bring again without being new."""
    return {address: version for address, (version,) in copies(session, addresses, "version")}


def with_unknown(ours: Json, theirs: Json) -> Json:
    """``ours`` with what the server's copy holds and this program does not know."""
    return mapping.merge_unknown(ours, theirs)


def needs(parcel: Parcel) -> set[Address]:
    """Every record that a parcel refers to, its authors included; the parts of a file follow it."""
    found: set[Address] = set()
    for resource in parcel.resources:
        found.update(mapping.references_of(resource))
        found.difference_update(mapping.apart_of(resource))
    for name in ("author_id", "updated_by"):
        if parcel.record.get(name):
            found.add(("Practitioner", parcel.record[name]))
    found.discard(parcel.address)
    return found


def _with_numbers(
    session: Session, names: WireContext, records: dict[tuple[str, str], Record]
) -> WireContext:
    letters = {r["referral_id"] for (kind, _), r in records.items() if kind in _OF_A_REFERRAL}
    answered = {r["referral_id"] for (kind, _), r in records.items() if kind in _ANSWERS}
    numbers = tasks = None
    if letters:
        rows = session.execute(
            select(Referral.id, Referral.referral_no).where(Referral.id.in_(letters))
        )
        numbers = {id_: number for id_, number in rows if number}
    if answered:
        rows = session.execute(
            select(ReferralTask.referral_id, ReferralTask.id).where(
                ReferralTask.referral_id.in_(answered), ReferralTask.service == "letter"
            )
        )
        tasks = {row.referral_id: row.id for row in rows}
    return replace(names, referral_numbers=numbers or {}, letter_tasks=tasks or {})
