"""POST of a Bundle: a transaction (all or nothing) or a batch (each entry alone)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection

from app.i18n import N_
from app.server import reading, search, wire
from app.server.outcome import Refusal
from app.server.prepare import prepare
from app.server.storing import Put, Written, put_all
from app.server.wire import Json

MAX_ENTRIES = 50
_VERSION = re.compile(r'(?:W/)?"?([A-Za-z0-9\-.]{1,64})"?\Z')
_REASONS = {200: "200 OK", 201: "201 Created"}


@dataclass(frozen=True, slots=True)
class Get:
    """A read or search inside a bundle: ``path`` without its query, and the query."""

    path: str
    query: str


Entry = Put | Get | Refusal


@dataclass(frozen=True, slots=True)
class Bundle:
    """A bundle that was read. Only a batch may hold refusals among its entries."""

    transaction: bool
    entries: list[Entry]


def parse_if_match(text: str) -> str:
    """The version that an If-Match header or ``ifMatch`` names."""
    match = _VERSION.match(text)
    if not match:
        raise Refusal(400, "value", N_("If-Match does not name a version."))
    return match[1]


def parse_bundle(document: Json) -> Bundle:
    """Read a transaction or batch; Refusal if it, or an entry of a transaction, is unfit."""
    if document.get("resourceType") != "Bundle":
        raise Refusal(400, "invalid", N_("Only a Bundle can be posted here."))
    kind = document.get("type")
    if kind not in ("transaction", "batch"):
        raise Refusal(400, "value", N_("A posted Bundle must be a transaction or a batch."))
    items = document.get("entry", [])
    if not isinstance(items, list):
        raise Refusal(400, "structure", N_("Bundle.entry is not a list."))
    if len(items) > MAX_ENTRIES:
        raise Refusal(
            413, "too-costly", N_("A Bundle may hold at most {count} entries."), count=MAX_ENTRIES
        )
    transaction = kind == "transaction"
    entries: list[Entry] = []
    seen: set[tuple[str, str]] = set()
    for number, item in enumerate(items):
        try:
            entry = _entry(item)
            if transaction and isinstance(entry, Put):
                address = (entry.prepared.type, entry.prepared.id)
                if address in seen:
                    raise Refusal(400, "duplicate", N_("A record stands twice in one transaction."))
                seen.add(address)
            entries.append(entry)
        except Refusal as refusal:
            if transaction:
                raise refusal.at(f"Bundle.entry[{number}]") from None
            entries.append(refusal)
    return Bundle(transaction, entries)


def run(
    connection: Connection,
    now: int,
    organisation: str,
    bundle: Bundle,
    base: str,
    *,
    with_bodies: bool,
) -> str:
    """Carry the bundle out; the answering Bundle as JSON text, its entries in order."""
    answers: dict[int, str] = {}
    wave: dict[tuple[str, str], int] = {}

    def flush() -> None:
        puts = [entry for n in wave.values() if isinstance(entry := bundle.entries[n], Put)]
        results = put_all(connection, now, organisation, puts, stop_at_refusal=bundle.transaction)
        for number, put, result in zip(wave.values(), puts, results, strict=False):
            if isinstance(result, Written):
                answers[number] = _written(put, result, with_bodies=with_bodies)
            elif bundle.transaction:
                raise result.at(f"Bundle.entry[{number}]")
            else:
                answers[number] = _refused(result)
        wave.clear()

    for number, entry in enumerate(bundle.entries):
        if isinstance(entry, Refusal):
            answers[number] = _refused(entry)
        elif isinstance(entry, Put):
            address = (entry.prepared.type, entry.prepared.id)
            if address in wave:
                flush()
            wave[address] = number
    if wave:
        flush()
    # FHIR R4 §3.1.0.11.2: reads come after all writes of the bundle.
    for number, entry in enumerate(bundle.entries):
        if isinstance(entry, Get):
            try:
                answers[number] = _got(connection, organisation, entry, base)
            except Refusal as refusal:
                if bundle.transaction:
                    raise refusal.at(f"Bundle.entry[{number}]") from None
                answers[number] = _refused(refusal)
    kind = "transaction-response" if bundle.transaction else "batch-response"
    body = ",".join(answers[number] for number in range(len(bundle.entries)))
    entry_text = f',"entry":[{body}]' if body else ""
    return f'{{"resourceType":"Bundle","type":"{kind}"{entry_text}}}'


def _entry(item: Any) -> Entry:
    if not isinstance(item, dict) or not isinstance(item.get("request"), dict):
        raise Refusal(400, "structure", N_("The entry has no request."))
    request = item["request"]
    method, url = request.get("method"), request.get("url")
    if not isinstance(method, str) or not isinstance(url, str) or not url:
        raise Refusal(400, "structure", N_("The entry's request needs method and url."))
    if any(name in request for name in ("ifNoneExist", "ifNoneMatch", "ifModifiedSince")):
        raise Refusal(400, "not-supported", N_("Conditional requests are not supported here."))
    path, _, query = url.partition("?")
    if method == "GET":
        return Get(path, query)
    if method != "PUT":
        raise Refusal(405, "not-supported", N_("Only PUT and GET are supported in a Bundle."))
    type_, slash, id_ = path.partition("/")
    if query or not slash:
        raise Refusal(400, "value", N_("The entry's url is not Type/id."))
    resource = item.get("resource")
    if not isinstance(resource, dict):
        raise Refusal(400, "structure", N_("The entry has no resource."))
    if_match = request.get("ifMatch")
    if if_match is not None and not isinstance(if_match, str):
        raise Refusal(400, "value", N_("If-Match does not name a version."))
    version = None if if_match is None else parse_if_match(if_match)
    return Put(prepare(resource, type_, id_), version)


def _written(put: Put, result: Written, *, with_bodies: bool) -> str:
    new = put.prepared
    body = ""
    if with_bodies:
        text = wire.whole(new.type, new.id, result.version, result.updated, new.content)
        body = f'"resource":{text},'
    return (
        f'{{{body}"response":{{"status":"{_REASONS[result.status]}",'
        f'"etag":"W/\\"{result.version}\\"","lastModified":"{wire.instant(result.updated)}"}}}}'
    )


def _refused(refusal: Refusal) -> str:
    return f'{{"response":{{"status":"{refusal.status}","outcome":{refusal.body()}}}}}'


def _got(connection: Connection, organisation: str, entry: Get, base: str) -> str:
    type_, slash, id_ = entry.path.partition("/")
    if not slash:
        query = search.parse_query(type_, search.parse_parameters(entry.query))
        text = search.run(connection, organisation, query, base, in_bundle=True)
        return f'{{"resource":{text},"response":{{"status":"200 OK"}}}}'
    if entry.query:
        raise Refusal(400, "value", N_("The entry's url is not Type/id."))
    found = reading.read(connection, organisation, type_, id_)
    return (
        f'{{"resource":{found.text},"response":{{"status":"200 OK",'
        f'"etag":"W/\\"{found.version}\\"","lastModified":"{wire.instant(found.updated)}"}}}}'
    )
