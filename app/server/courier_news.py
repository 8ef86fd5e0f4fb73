"""What is new for an organisation, written into a courier file: all pages, and what they stand on.

The searches are those a PC would ask over the network, parsed and answered by the same code.
A PC that reads the file has nobody to ask: what the records refer to and the organisation may
read comes along, except its own records, which its lists bring. A PC that has read on to a later
time than this server ever gave knows a server that was put back since: it gets the whole list.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy import ColumnElement, Connection, select

from app.courier_file import Item
from app.server import access_log, search, wire
from app.server.outcome import Refusal
from app.server.tables import clock, history, resource

_REFERENCE = re.compile(r'"reference":"([A-Z][A-Za-z]{1,39})/([A-Za-z0-9\-.]{1,64})"')
_NEXT = re.compile(r'"relation":"next","url":"([^"]*)"')
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z\Z")
_CHUNK = 1_000_000  # characters of JSON; a chunk is placed and noted as one
_NAME = re.compile(r"[A-Za-z0-9\-.]{1,64}\Z")
_IDS = 50
_MOST_TOLD = 10
_DEEPEST = 8

Address = tuple[str, str]


def news(
    connection: Connection,
    organisation: str,
    searches: Sequence[dict[str, Any]],
    *,
    anew: bool = False,
) -> Iterator[list[Item]]:
    """The answers to ``searches`` (``key``, ``url``), each read to its end, in chunks.

    Items: ``with`` (what stands under records of the same chunk and later), ``page`` (a
    searchset of list ``key``; ``end`` where it is the last, ``anew`` where it is the first of a
    list that is read from its beginning again), ``no`` (the search was refused).
    With ``anew`` all of them are.
    """
    seen: set[Address] = set()
    waiting: list[Item] = []
    size = 0
    latest = wire.instant(connection.execute(select(clock.c.last)).scalar_one())
    for asked in searches:
        for head, text in _pages(connection, organisation, asked, latest, anew):
            along = list(_along(connection, organisation, text, seen)) if text else []
            for found in along:
                waiting.append(({"t": "with"}, found.encode()))
                size += len(found)
            waiting.append((head, text.encode()))
            size += len(text)
            if size >= _CHUNK:
                yield waiting
                waiting, size = [], 0
    if waiting:
        yield waiting


def knows_all(connection: Connection, told: Any) -> bool:
    """Whether every version that a PC says it was told is held here, or was before.

    ``told``: rows of type, id and version, as they stand in a PC's file; anything else counts
    as known.
    """
    rows = told if isinstance(told, list) else []
    for row in rows[:_MOST_TOLD]:
        if not (isinstance(row, list) and len(row) == 3):
            continue
        if not all(isinstance(text, str) and _NAME.match(text) for text in row):
            continue
        type_, id_, version = row
        here = (resource.c.type == type_) & (resource.c.id == id_)
        if not is_or_was(connection, here, version):
            return False
    return True


def is_or_was(connection: Connection, here: ColumnElement[bool], version: str) -> bool:
    """Whether the record that ``here`` chooses is held in this version, or was before."""
    held = select(resource.c.key).where(here, resource.c.version == version)
    was = select(history.c.key).where(
        history.c.version == version,
        history.c.key == select(resource.c.key).where(here).scalar_subquery(),
    )
    return connection.execute(held.union_all(was)).first() is not None


def owed(
    connection: Connection, organisation: str, wanted: Sequence[Address]
) -> Iterator[list[Item]]:
    """Records that a PC could not place or fetch before, with what they stand on."""
    seen: set[Address] = set()
    for start in range(0, len(wanted), 500):
        items: list[Item] = []
        for text in _by_id(connection, organisation, wanted[start : start + 500]):
            along = _along(connection, organisation, text, seen)
            items += [({"t": "with"}, found.encode()) for found in along]
            items.append(({"t": "owed"}, text.encode()))
        if items:
            yield items


def _pages(
    connection: Connection, organisation: str, asked: dict[str, Any], latest: str, anew: bool
) -> Iterator[tuple[dict[str, Any], str]]:
    path, _, query = str(asked["url"]).partition("?")
    key, since = str(asked["key"]), asked.get("since")
    # Both are written in one way, UTC and six digits: later in time is later in the alphabet.
    if since is not None and _INSTANT.match(since) and since > latest:
        anew = True
    if anew:
        since = None
    try:
        while True:
            parameters = search.parse_parameters(query)
            if anew:
                parameters = [one for one in parameters if one[0] != "_lastUpdated"]
            understood = search.parse_query(path, parameters)
            text = search.run(connection, organisation, understood, path, in_bundle=True)
            # The links stand before the entries.
            following = _NEXT.search(text.partition('"entry":[')[0])
            count = access_log.handed_out(text)
            head: dict[str, Any] = {
                "t": "page",
                "key": key,
                "end": following is None,
                "count": count,
            }
            if since is not None:
                head["since"] = since
            if anew:
                head["anew"], anew = True, False
            yield head, text
            if following is None:
                return
            query = urlsplit(following[1]).query
    except Refusal as refusal:
        yield {"t": "no", "key": key, "status": refusal.status}, ""


def _along(
    connection: Connection, organisation: str, text: str, seen: set[Address]
) -> Iterator[str]:
    """Searchsets of what records refer to, step by step, without the organisation's own."""
    frontier = _named(text, seen)
    for _ in range(_DEEPEST):
        foreign = _foreign(connection, organisation, frontier)
        if not foreign:
            return
        found = list(_by_id(connection, organisation, foreign))
        yield from found
        frontier = [address for one in found for address in _named(one, seen)]


def _named(text: str, seen: set[Address]) -> list[Address]:
    named = {(m[1], m[2]) for m in _REFERENCE.finditer(text) if m[1] != "Organization"} - seen
    seen |= named
    return sorted(named)


def _foreign(connection: Connection, organisation: str, wanted: list[Address]) -> list[Address]:
    found: list[Address] = []
    for start in range(0, len(wanted), 500):
        part = wanted[start : start + 500]
        rows = connection.execute(
            select(resource.c.type, resource.c.id).where(
                resource.c.id.in_([id_ for _, id_ in part]),
                resource.c.organisation != organisation,
            )
        )
        named = set(part)
        found += [(type_, id_) for type_, id_ in rows if (type_, id_) in named]
    return found


def _by_id(connection: Connection, organisation: str, wanted: Iterable[Address]) -> Iterator[str]:
    of_type: dict[str, list[str]] = {}
    for type_, id_ in wanted:
        of_type.setdefault(type_, []).append(id_)
    for type_, ids in of_type.items():
        for start in range(0, len(ids), _IDS):
            part = ids[start : start + _IDS]
            parameters = [("_id", ",".join(part)), ("_count", str(len(part)))]
            try:
                query = search.parse_query(type_, parameters)
                text = search.run(connection, organisation, query, type_, in_bundle=True)
            except Refusal:
                # A type that this server does not keep, or an id that is none.
                continue
            if '"entry":[' in text:
                yield text
