"""Reads of one record, within what an organisation may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, select

from app.i18n import N_
from app.server import wire
from app.server.outcome import Refusal
from app.server.prepare import ID, unknown_type
from app.server.profile import DIRECTORY_TYPES, PROFILES
from app.server.selecting import VISIBLE
from app.server.tables import history, resource

_NEWEST = select(
    resource.c.key,
    resource.c.version,
    resource.c.updated,
    resource.c.organisation,
    resource.c.content,
).where(resource.c.id == bindparam("of_id"), resource.c.type == bindparam("of_type"))
_VISIBLE_NEWEST = _NEWEST.where(VISIBLE)
_EARLIER = select(history.c.updated, history.c.content).where(
    history.c.key == bindparam("of_key"), history.c.version == bindparam("of_version")
)


@dataclass(frozen=True, slots=True)
class Found:
    """One version of a record: its JSON text, version and time (microseconds)."""

    text: str
    version: str
    updated: int


def read(connection: Connection, organisation: str, type_: str, id_: str) -> Found:
    """The newest version; 404 alike for what is not there and what is not shared."""
    row = _row(connection, organisation, type_, id_)
    return _found(type_, id_, row)


def read_version(
    connection: Connection, organisation: str, type_: str, id_: str, version: str
) -> Found:
    """One version. Earlier ones are the author's alone: they may hold what was later removed."""
    row = _row(connection, organisation, type_, id_)
    newest = _found(type_, id_, row)
    if version == newest.version:
        return newest
    if row.organisation == organisation and ID.match(version):
        old = connection.execute(_EARLIER, {"of_key": row.key, "of_version": version}).first()
        if old:
            text = wire.whole(type_, id_, version, old.updated, old.content)
            return Found(text, version, old.updated)
    raise _missing()


def _found(type_: str, id_: str, row: Any) -> Found:
    # A file written before versions had a generation holds plain numbers.
    version = str(row.version)
    text = wire.whole(type_, id_, version, row.updated, row.content)
    return Found(text, version, row.updated)


def _row(connection: Connection, organisation: str, type_: str, id_: str) -> Any:
    if type_ not in PROFILES:
        raise unknown_type()
    if not ID.match(id_):
        raise _missing()
    values = {"of_id": id_, "of_type": type_}
    if type_ in DIRECTORY_TYPES:
        row = connection.execute(_NEWEST, values).first()
    else:
        row = connection.execute(_VISIBLE_NEWEST, {**values, "reader": organisation}).first()
    if row is None:
        raise _missing()
    return row


def _missing() -> Refusal:
    return Refusal(404, "not-found", N_("There is no such record for this organisation."))
