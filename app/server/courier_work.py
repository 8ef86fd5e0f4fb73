"""Carries out the bundles of a courier file as the network path would, record by record."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, select

from app import courier_file as container
from app import courier_refusals
from app.courier_file import Chunk, Item
from app.i18n import N_
from app.server import bundles, reading, wire
from app.server.bodies import MAX_BYTES
from app.server.courier_news import is_or_was
from app.server.outcome import Refusal
from app.server.storing import Put
from app.server.tables import resource

_MOST_PARTS = 5000
_MOST_SEARCHES = 100
_MOST_REFERENCES = 5000
#: Bytes that all chunks of a file may unpack to; half a million records are about 1 GB.
_MOST_UNPACKED = 4 * 1024**3
_LINE = re.compile(r"[0-9A-Za-z-]{1,36}\Z")
_BASE = "courier"


@dataclass(frozen=True, slots=True)
class _Part:
    """The entries of one record in a bundle."""

    number: int
    ref: Any
    entries: int
    new: bool
    body: bool
    needs: frozenset[int]


@dataclass(slots=True)
class State:
    """How far a file was taken in."""

    done: int = 0
    number: int = 0
    before: str = ""
    failed: frozenset[int] = frozenset()
    taken: int = 0
    differing: int = 0
    refused: int = 0
    held_back: int = 0


class Work:
    """Does the bundles of one file for ``organisation``; ``state`` goes on with a begun file."""

    def __init__(self, organisation: str, now: Callable[[], int], state: State) -> None:
        self.state = state
        self.types: list[str] = []
        self._organisation = organisation
        self._now = now

    def execute(self, connection: Connection, items: Sequence[Item]) -> list[Item]:
        """The answers to the bundles of a chunk; ``types`` gets the type of every entry."""
        answers: list[Item] = []
        for head, text in items:
            if head["t"] == "bundle":
                answers += self._bundle(connection, _parts(head), text)
        return answers

    def _bundle(self, connection: Connection, parts: list[_Part], text: bytes) -> list[Item]:
        """Carry out one bundle; where it is refused, its records one by one."""
        free = [part for part in parts if part.needs.isdisjoint(self.state.failed)]
        if len(free) == len(parts):
            try:
                document = _document(text)
                _demand_count(document, parts)
                with connection.begin_nested():
                    entries = self._run(connection, document, parts)
                return self._answered(connection, parts, document, entries)
            except Refusal as refusal:
                if len(parts) == 1:
                    return [self._refused(connection, parts[0], _document_or_none(text), refusal)]
        answers: list[Item] = []
        document = _document_or_none(text) or {}
        start = 0
        for part in parts:
            own = document.get("entry", [])[start : start + part.entries]
            start += part.entries
            alone = {**document, "entry": own}
            if not part.needs.isdisjoint(self.state.failed):
                answers.append(self._hold_back(part))
                continue
            try:
                if len(own) != part.entries:
                    raise Refusal(400, "structure", N_("The bundle does not hold what it says."))
                if len(text) > MAX_BYTES and len(wire.dump(alone)) > MAX_BYTES:
                    raise _too_large()
                with connection.begin_nested():
                    entries = self._run(connection, alone, [part])
                answers += self._answered(connection, [part], alone, entries)
            except Refusal as refusal:
                answers.append(self._refused(connection, part, alone, refusal))
        return answers

    def _run(
        self, connection: Connection, document: wire.Json, parts: list[_Part]
    ) -> list[dict[str, Any]]:
        posted = bundles.parse_bundle(document)
        if not posted.transaction or not all(isinstance(one, Put) for one in posted.entries):
            raise Refusal(400, "value", N_("A courier file may only bring records to store."))
        _demand_new(connection, posted.entries, parts)
        text = bundles.run(
            connection, self._now(), self._organisation, posted, _BASE, with_bodies=False
        )
        answered: list[dict[str, Any]] = [e["response"] for e in json.loads(text)["entry"]]
        return answered

    def _answered(
        self,
        connection: Connection,
        parts: list[_Part],
        document: wire.Json,
        entries: list[dict[str, Any]],
    ) -> list[Item]:
        items: list[Item] = []
        start = 0
        for part in parts:
            first = entries[start]
            head = {
                "t": "answer",
                "ref": part.ref,
                "status": int(str(first["status"])[:3]),
                "etag": first.get("etag"),
                "at": first.get("lastModified"),
            }
            body = b""
            if part.body:
                type_, id_ = _address(document, start)
                body = reading.read(connection, self._organisation, type_, id_).text.encode()
            items.append((head, body))
            start += part.entries
        self.types += [_address(document, number)[0] for number in range(start)]
        self.state.taken += len(parts)
        return items

    def _refused(
        self, connection: Connection, part: _Part, document: wire.Json | None, refusal: Refusal
    ) -> Item:
        body = b""
        if refusal.status in (409, 412) and document is not None:
            try:
                type_, id_ = _address(document, 0)
                found = reading.read(connection, self._organisation, type_, id_)
                body = found.text.encode()
            except Refusal:
                body = b""
        if body:
            # Held, but not in this state: the PC brings both together.
            self.state.differing += 1
        else:
            self.state.refused += 1
            if part.new:
                self.state.failed |= {part.number}
        head: dict[str, Any] = {
            "t": "answer",
            "ref": part.ref,
            "status": refusal.status,
            "outcome": refusal.outcome(),
        }
        if body and document is not None:
            knows = _knows_replaced(connection, document)
            if knows is not None:
                head["knows"] = knows
        return head, body

    def _hold_back(self, part: _Part) -> Item:
        if part.new:
            self.state.failed |= {part.number}
        self.state.held_back += 1
        return {"t": "answer", "ref": part.ref, "status": 424}, b""


class Look:
    """Refuses content of a shape that no sound program writes, before anything is done."""

    def __init__(self) -> None:
        self._unpacked = 0
        self._searches = 0
        self._references = 0

    def __call__(self, chunk: Chunk) -> None:
        head = chunk.head
        counter, line = head.get("counter"), head.get("line")
        if not (isinstance(counter, int) and 0 < counter < 2**31):
            raise courier_refusals.tampered()
        if not (isinstance(line, str) and _LINE.match(line)):
            raise courier_refusals.tampered()
        plain = container.unpack(chunk.packed)
        self._unpacked += len(plain)
        if self._unpacked > _MOST_UNPACKED:
            raise courier_refusals.too_large()
        for item, _ in container.unpack_items(plain):
            kind = item.get("t")
            if kind == "bundle":
                _parts(item)
            elif kind == "search":
                self._search(item)
            elif kind == "ids":
                self._ids(item.get("refs"))
            elif kind not in ("cover", "end"):
                raise courier_refusals.tampered()

    def _search(self, item: dict[str, Any]) -> None:
        key, url, since = item.get("key"), item.get("url"), item.get("since")
        if not isinstance(key, str) or not isinstance(url, str):
            raise courier_refusals.tampered()
        if not (since is None or isinstance(since, str)):
            raise courier_refusals.tampered()
        self._searches += 1
        if self._searches > _MOST_SEARCHES or len(key) + len(url) + len(since or "") > 2000:
            raise courier_refusals.too_large()

    def _ids(self, refs: Any) -> None:
        if not isinstance(refs, list) or not all(
            isinstance(ref, list) and len(ref) == 2 for ref in refs
        ):
            raise courier_refusals.tampered()
        self._references += len(refs)
        if self._references > _MOST_REFERENCES:
            raise courier_refusals.too_large()


def _parts(head: dict[str, Any]) -> list[_Part]:
    rows = head.get("parts")
    if not isinstance(rows, list) or not 0 < len(rows) <= _MOST_PARTS:
        raise courier_refusals.tampered()
    parts = []
    for row in rows:
        try:
            number, ref, entries, new, body, needs = row
            sound = (
                isinstance(number, int)
                and isinstance(entries, int)
                and 0 < entries <= bundles.MAX_ENTRIES
                and isinstance(ref, list)
                and all(isinstance(one, int) for one in needs)
            )
        except (TypeError, ValueError):
            raise courier_refusals.tampered() from None
        if not sound:
            raise courier_refusals.tampered()
        parts.append(_Part(number, ref, entries, bool(new), bool(body), frozenset(needs)))
    return parts


def _document(text: bytes) -> wire.Json:
    if len(text) > MAX_BYTES:
        raise _too_large()
    return wire.parse(text)


def _too_large() -> Refusal:
    return Refusal(413, "too-long", N_("The body is larger than {count} bytes."), count=MAX_BYTES)


def _document_or_none(text: bytes) -> wire.Json | None:
    try:
        document = wire.parse(text)
    except Refusal:
        return None
    return document if isinstance(document.get("entry"), list) else None


def _demand_count(document: wire.Json, parts: Sequence[_Part]) -> None:
    entries = document.get("entry")
    if not isinstance(entries, list) or len(entries) != sum(part.entries for part in parts):
        raise Refusal(400, "structure", N_("The bundle does not hold what it says."))


def _demand_new(
    connection: Connection, entries: Sequence[bundles.Entry], parts: Sequence[_Part]
) -> None:
    """Refuse with 412 what is sent as new and is here with other content."""
    firsts: dict[tuple[str, str], tuple[int, str]] = {}
    start = 0
    for part in parts:
        first = entries[start]
        if part.new and isinstance(first, Put):
            prepared = first.prepared
            firsts[prepared.type, prepared.id] = (start, prepared.content)
        start += part.entries
    if not firsts:
        return
    rows = connection.execute(
        select(resource.c.type, resource.c.id, resource.c.content).where(
            resource.c.id.in_([id_ for _, id_ in firsts])
        )
    )
    # Read to its end first: a cursor left open by the refusal below would hold its connection
    # at this moment's view for as long as the refusal lives.
    for type_, id_, content in rows.all():
        number, new = firsts.get((type_, id_), (0, content))
        if not wire.same_content(content, new):
            refusal = Refusal(
                412, "conflict", N_("The record is here already, and was changed since.")
            )
            raise refusal.at(f"Bundle.entry[{number}]")


def _knows_replaced(connection: Connection, document: wire.Json) -> bool | None:
    """Whether the version that the first entry means to replace is held here, or was before.

    A server that was put back does not know what it wrote after the copy was made. No clock
    could tell that: it may have been wrong. None where no version is to be replaced.
    """
    if_match = document["entry"][0]["request"].get("ifMatch")
    if not isinstance(if_match, str):
        return None
    type_, id_ = _address(document, 0)
    version = bundles.parse_if_match(if_match)
    here = (resource.c.type == type_) & (resource.c.id == id_)
    return is_or_was(connection, here, version)


def _address(document: wire.Json, number: int) -> tuple[str, str]:
    """(type, id) of an entry that was parsed before."""
    try:
        type_, _, id_ = document["entry"][number]["request"]["url"].partition("/")
    except (LookupError, TypeError, AttributeError):
        raise Refusal(400, "structure", N_("The entry has no request.")) from None
    return type_, id_
