"""Reads of one record, within what an organisation may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Row, select

from app.i18n import N_
from app.server import wire
from app.server.outcome import Refusal
from app.server.prepare import ID, unknown_type
from app.server.profile import DIRECTORY_TYPES, PROFILES
from app.server.search import VISIBLE
from app.server.tables import history, resource


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
        old = connection.execute(
            select(history.c.updated, history.c.content).where(
                history.c.key == row.key, history.c.version == version
            )
        ).first()
        if old:
            text = wire.whole(type_, id_, version, old.updated, old.content)
            return Found(text, version, old.updated)
    raise _missing()


def _found(type_: str, id_: str, row: Row[Any]) -> Found:
    # A file written before versions had a generation holds plain numbers.
    version = str(row.version)
    text = wire.whole(type_, id_, version, row.updated, row.content)
    return Found(text, version, row.updated)


def _row(connection: Connection, organisation: str, type_: str, id_: str) -> Row[Any]:
    if type_ not in PROFILES:
        raise unknown_type()
    if not ID.match(id_):
        raise _missing()
    statement = select(resource).where(resource.c.id == id_, resource.c.type == type_)
    if type_ not in DIRECTORY_TYPES:
        statement = statement.where(VISIBLE)
    row = connection.execute(statement, {"reader": organisation}).first()
    if row is None:
        raise _missing()
    return row


def _missing() -> Refusal:
    return Refusal(404, "not-found", N_("There is no such record for this organisation."))
