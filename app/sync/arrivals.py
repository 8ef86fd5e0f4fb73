"""What came from the server, read as records, and what is in the store of what they stand on."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any

from sqlalchemy import Table
from sqlalchemy.orm import Session

from app.fhir import mapping
from app.models.base import to_json
from app.models.records import KINDS, Record
from app.sync.link import Json
from app.sync.searches import address
from app.sync.wire import Address

_LOG = logging.getLogger(__name__)
_WAITING = "SELECT record_id FROM outbox WHERE record_id IN (SELECT value FROM json_each(?))"


@dataclass(slots=True)
class Arrival:
    """A primary resource with the record it holds; ``parents`` must be in the store with it."""

    resource: Json
    kind: str
    record: Record
    at: Address
    parents: tuple[Address, ...]


def read(resources: Iterable[Json]) -> tuple[list[Arrival], set[Address]]:
    """The records in resources; the addresses of those that cannot be read."""
    arrivals: list[Arrival] = []
    bad: set[Address] = set()
    for resource in resources:
        try:
            parsed = mapping.from_resource(resource)
        except ValueError as error:
            _LOG.info("a pulled record cannot be read: %s", error)
            bad.add(address(resource))
            continue
        if parsed is not None and parsed[1]["id"] == resource.get("id"):
            kind, record = parsed
            arrivals.append(Arrival(resource, kind, record, address(resource), _of(kind, record)))
    return arrivals, bad


@cache
def _parent_columns(kind: str) -> tuple[tuple[str, str], ...]:
    """(column, type of the parent) of the references that the tables enforce."""
    kinds = {description.table.name: name for name, description in KINDS.items()}
    return tuple(
        (column.name, mapping.primary_type(kinds[key.column.table.name]))
        for column in KINDS[kind].table.columns
        for key in column.foreign_keys
        if key.column.table.name in kinds
    )


def _of(kind: str, record: Mapping[str, Any]) -> tuple[Address, ...]:
    return tuple(
        [(type_, record[column]) for column, type_ in _parent_columns(kind) if record[column]]
    )


@cache
def _tables(type_: str) -> tuple[Table, ...]:
    return tuple(d.table for name, d in KINDS.items() if mapping.primary_type(name) == type_)


def authors(session: Session, addresses: Iterable[Address]) -> dict[Address, str | None]:
    """The author organisation of each record that is in the store, whoever wrote it."""
    of_type: dict[str, list[str]] = {}
    for type_, id_ in addresses:
        of_type.setdefault(type_, []).append(id_)
    found: dict[Address, str | None] = {}
    for type_, ids in of_type.items():
        for table in _tables(type_):
            author = "organisation_id" if "organisation_id" in table.c else "NULL"
            sql = f'SELECT id, {author} FROM "{table.name}" WHERE id IN (SELECT value FROM json_each(?))'  # noqa: E501, S608
            rows = session.connection().exec_driver_sql(sql, (to_json(ids),))
            found.update(((type_, id_), owner) for id_, owner in rows)
    return found


def waiting(session: Session, record_ids: Iterable[str]) -> list[str]:
    """Those that have a row in the outbox, whatever their kind: mostly none."""
    ids = to_json(list(record_ids))
    return [id_ for (id_,) in session.connection().exec_driver_sql(_WAITING, (ids,))]
