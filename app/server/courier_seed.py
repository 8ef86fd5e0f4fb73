"""The seed file: everything an organisation may read, for a new PC that no network reaches.

The new PC's request holds its public keys and the lists it wants. Making the file enrols the
PC; the file carries the enrolment answer, so the PC has joined when it has taken it in.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, select

from app.courier_drive import demand_room, written
from app.courier_file import FORMAT, SEED, Sealer
from app.courier_refusals import CourierRefused, drive_fault
from app.i18n import tr
from app.keys import check_jwks, fingerprint, public_key
from app.server import access_log, enrolment, search, wire
from app.server.courier import Progress
from app.server.courier_news import news
from app.server.database import Database
from app.server.keys import server_keys
from app.server.outcome import Refusal
from app.server.tables import device, device_key

REQUEST_TYPE = "township-care-seed-request"
_MOST_BYTES = 65_536
_MOST_SEARCHES = 100
#: Bytes that a record takes in a seed file, as a rule.
_BYTES_A_RECORD = 600
_BYTES_AT_LEAST = 262_144
_TOTAL = re.compile(r'"total":(\d+)')


@dataclass(frozen=True, slots=True)
class SeedMade:
    """A seed file was written. ``fingerprint`` is this hospital's, ``request`` the PC's."""

    device: str
    records: int
    size: int
    fingerprint: str
    request: str


def make_seed(
    database: Database,
    organisation_id: str,
    request: Path,
    target: Path,
    fhir_base: str = "",
    progress: Progress = lambda stage, done, of: None,
) -> SeedMade:
    """Enrol the PC that made ``request`` and write its seed file.

    ``fhir_base``: the address the PC will find the server at, if it ever gets a network.
    Raises CourierRefused for a request that is none or of another organisation, InputError
    for an organisation the directory does not have, DiskFull and DriveFault.
    """
    name, jwks, searches = _read_request(request, organisation_id)
    with database.write() as connection:
        now = database.now()
        device_id = _known(connection, organisation_id, jwks) or enrolment.admit(
            connection, organisation_id, name, jwks, now
        )
        answer = enrolment.answer(connection, device_id, fhir_base)
        keys = server_keys(connection)
    head = {"kind": SEED, "file": f"seed-{device_id}", "from": keys.signing["kid"], "line": ""}
    sealer = Sealer(keys.signing, public_key(jwks, "enc"), {**head, "counter": 0})
    with database.read() as connection:
        of = _count(connection, organisation_id, searches)
        demand_room(target.parent, _BYTES_AT_LEAST + of * _BYTES_A_RECORD)
        cover = {
            "t": "cover",
            "kind": SEED,
            "organisation": organisation_id,
            "name": answer["organisation"].get("name", ""),
            "answer": answer,
            "records": of,
            "made_at": wire.instant(now),
        }
        done = 0
        with written(target) as out:
            out.line(sealer.seal([(cover, b"")]))
            for items in news(connection, organisation_id, searches):
                out.line(sealer.seal(items))
                done += sum(head.get("count", 0) for head, _ in items)
                progress("packing", min(done, of), of)
            out.line(sealer.seal([({"t": "end", "records": done}, b"")], last=True))
    with database.write() as connection:
        access_log.record(
            connection,
            access_log.Entry(device_id, organisation_id, "courier seed", count=done),
            database.now(),
        )
    return SeedMade(device_id, done, out.size, fingerprint(keys.public()), fingerprint(jwks))


def _read_request(
    path: Path, organisation_id: str
) -> tuple[str, dict[str, Any], list[dict[str, Any]]]:
    try:
        with path.open("rb") as source:
            raw = source.read(_MOST_BYTES + 1)
    except OSError as error:
        raise drive_fault(error) from error
    try:
        document = json.loads(raw) if len(raw) <= _MOST_BYTES else None
    except (ValueError, RecursionError):
        document = None
    if not isinstance(document, dict) or document.get("type") != REQUEST_TYPE:
        raise CourierRefused(
            "not_courier",
            tr(
                "This is no request of a new PC. Nothing was changed. Choose the file that the "
                "new PC wrote."
            ),
        )
    if document.get("format") != FORMAT:
        raise CourierRefused(
            "newer_program",
            tr(
                "The request was made by another version of this program. Nothing was changed. "
                "Bring both PCs to the same version."
            ),
        )
    if document.get("organisation") != organisation_id:
        raise CourierRefused(
            "misaddressed",
            tr(
                "The new PC was set up for another organisation than the one that was named. "
                "Nothing was changed. Name the organisation that the PC belongs to."
            ),
        )
    try:
        jwks = check_jwks(document.get("jwks"))
        searches = list(_searches(document.get("searches")))
    except ValueError:
        raise CourierRefused(
            "tampered",
            tr(
                "The request of the new PC is damaged. Nothing was changed. Write it again on "
                "the new PC."
            ),
        ) from None
    name = document.get("device")
    return (name if isinstance(name, str) else "PC"), jwks, searches


def _searches(value: Any) -> Iterator[dict[str, Any]]:
    if not isinstance(value, list) or not 0 < len(value) <= _MOST_SEARCHES:
        raise ValueError("no list of searches")
    for one in value:
        if not isinstance(one, dict):
            raise ValueError("not a search")
        key, url = one.get("key"), one.get("url")
        if not isinstance(key, str) or not isinstance(url, str) or len(url) > 2000:
            raise ValueError("not a search")
        # A seed begins at the beginning, and larger pages cost less.
        yield {"key": key, "url": re.sub(r"_count=\d+", f"_count={search.MAX_COUNT}", url)}


def _known(connection: Connection, organisation_id: str, jwks: dict[str, Any]) -> str | None:
    """The device that was enrolled with these keys before: the seed is made again for it."""
    return connection.scalar(
        select(device.c.id)
        .join(device_key, device_key.c.device == device.c.id)
        .where(
            device.c.organisation == organisation_id,
            device.c.revoked.is_(None),
            device_key.c.jwks == json.dumps(jwks),
        )
    )


def _count(connection: Connection, organisation_id: str, searches: list[dict[str, Any]]) -> int:
    total = 0
    for asked in searches:
        path, _, query = asked["url"].partition("?")
        try:
            parameters = [*search.parse_parameters(query), ("_summary", "count")]
            text = search.run(
                connection,
                organisation_id,
                search.parse_query(path, parameters),
                path,
                in_bundle=True,
            )
        except Refusal:
            continue
        found = _TOTAL.search(text)
        total += int(found[1]) if found else 0
    return total
