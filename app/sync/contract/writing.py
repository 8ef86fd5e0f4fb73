"""PUT: creating under the client's id, replaying, versions, If-Match, foreign content."""

from __future__ import annotations

import copy
import uuid
from datetime import datetime

from app.fhir.uris import WRITE_ID
from app.i18n import N_, tr
from app.sync.contract.clauses import Bench, Clause, Untested, fails, ids, searched
from app.sync.contract.http import Json
from app.sync.state import instant

_STALE = (409, 412)


def creates(bench: Bench) -> str:
    patient = bench.patient()
    reply = bench.put(patient)
    if reply.status not in (200, 201):
        fails(N_("PUT with an id made by the client got {answer}."), answer=reply.told)
    held = bench.server.get(f"Patient/{patient['id']}")
    if held.status != 200 or held.body is None or held.body.get("id") != patient["id"]:
        fails(N_("What was put cannot be read under its own id ({answer})."), answer=held.told)
    if reply.status == 200:
        return tr("It answers 200 where R4 says 201; the courier takes both.")
    return ""


def replays(bench: Bench) -> str:
    patient = bench.patient(birthDate="1948-02-29")
    before = bench.stored(patient)[0]
    reply = bench.put(patient)
    if reply.status not in (200, 201):
        fails(N_("The same PUT a second time got {answer}."), answer=reply.told)
    after = bench.read(patient)
    if content(after) != content(before):
        fails(N_("The same PUT a second time changed the content."))
    if ids(searched(bench, f"Patient?_id={patient['id']}")) != [patient["id"]]:
        fails(N_("The same PUT a second time made a second record."))
    if version(after) != version(before):
        return tr("A replay makes a new version of the same content: harmless, but more to fetch.")
    return tr("A replay makes no new version.")


def reads(bench: Bench) -> str:
    patient = bench.patient(birthDate="1948-02-29")
    held = bench.stored(patient)[0]
    if content(held) != content(patient):
        fails(N_("A record comes back with other content than it was sent with."))
    return ""


def versions(bench: Bench) -> str:
    patient = bench.patient()
    first = bench.stored(patient)[0]
    seen = []
    changed = {**patient, "birthDate": "1948-02-29"}
    put = bench.put(changed)
    read = bench.server.get(f"Patient/{patient['id']}")
    for reply in (put, read):
        if reply.version is None:
            fails(N_("An answer to PUT or GET carries no ETag."))
        seen.append(reply.version)
    second = version(read.body or {})
    if not version(first) or not second:
        fails(N_("A record came back without meta.versionId."))
    if version(first) == second:
        fails(N_("A changed record kept its version."))
    if seen != [second, second]:
        fails(
            N_("ETag ({etags}) and meta.versionId ({version}) differ."),
            etags=", ".join(seen),
            version=second,
        )
    return ""


def dates_reads(bench: Bench) -> str:
    patient = bench.patient()
    bench.stored(patient)
    reply = bench.server.get(f"Patient/{patient['id']}")
    if not reply.headers.get("Last-Modified"):
        fails(N_("A read carries no header Last-Modified."))
    return ""


def matches(bench: Bench) -> str:
    patient = bench.patient()
    first = version(bench.stored(patient)[0])
    newer = bench.put({**patient, "birthDate": "1948-02-29"}, first)
    if not newer.fine:
        fails(N_("PUT with the current version in If-Match got {answer}."), answer=newer.told)
    stale = bench.put({**patient, "birthDate": "1950-01-01"}, first)
    if stale.status not in _STALE:
        fails(N_("PUT with a stale If-Match got {answer}, not 409 or 412."), answer=stale.told)
    if bench.read(patient).get("birthDate") != "1948-02-29":
        fails(N_("PUT with a stale If-Match was refused, and overwrote the record all the same."))
    return ""


def keeps_the_unknown(bench: Bench) -> str:
    strange = "urn:example:contract:" + str(uuid.uuid4())
    nested = [
        {"url": "a", "valueCoding": {"system": strange, "code": "ä?", "display": "甲"}},
        {"url": "b", "valueDecimal": 36.5},
    ]
    patient = bench.patient(
        birthDate="1948-02-29",
        _birthDate={"extension": [{"url": strange + ":on-birth-date", "valueString": "乙"}]},
        extension=[
            {"url": strange, "extension": nested},
            {"url": strange + ":flat", "valueInstant": "2026-03-02T01:30:00.000Z"},
        ],
        identifier=[{"system": strange, "value": "丙/1"}],
        telecom=[
            {
                "system": "other",
                "value": "none",
                "extension": [{"url": strange + ":telecom", "valueBoolean": True}],
            }
        ],
    )
    held = bench.stored(patient)[0]
    lost = [
        name
        for name in ("extension", "_birthDate", "identifier", "telecom")
        if plain(held.get(name)) != plain(patient[name])
    ]
    if lost:
        fails(N_("Came back changed or not at all: {elements}."), elements=", ".join(lost))
    return ""


def refuses_the_past(bench: Bench) -> str:
    """A creation that a proxy held up comes once more, after somebody's later change."""
    patient = bench.patient(extension=[{"url": WRITE_ID, "valueCode": str(uuid.uuid4())}])
    first = version(bench.stored(patient)[0])
    later = {
        **patient,
        "birthDate": "1948-02-29",
        "extension": [{"url": WRITE_ID, "valueCode": str(uuid.uuid4())}],
    }
    if not bench.put(later, first).fine:
        raise Untested(tr("The record could not be changed."), blocked=False)
    bench.put(patient)
    if bench.read(patient).get("birthDate") != "1948-02-29":
        fails(N_("A creation that came a second time, late, turned back a later change."))
    return ""


def version(resource: Json) -> str:
    meta = resource.get("meta")
    found = meta.get("versionId") if isinstance(meta, dict) else None
    return found if isinstance(found, str) else ""


def updated(resource: Json) -> datetime:
    """meta.lastUpdated; Untested where there is none."""
    meta = resource.get("meta")
    found = meta.get("lastUpdated") if isinstance(meta, dict) else None
    at = instant(found) if isinstance(found, str) else None
    if at is None:
        raise Untested(tr("Records come back without a readable meta.lastUpdated."))
    return at


def content(resource: Json) -> Json:
    """A resource without what servers add: meta (but its tags), the narrative."""
    found = copy.deepcopy(resource)
    meta = found.pop("meta", None) or {}
    found.pop("text", None)
    tags = {(t.get("system"), t.get("code")) for t in meta.get("tag", [])}
    found["meta.tag"] = sorted(map(str, tags))
    return {name: plain(value) for name, value in found.items()}


def plain(value: object) -> object:
    """Comparable: no order of members, no ids of elements that a server may add."""
    if isinstance(value, dict):
        return {k: plain(v) for k, v in value.items() if k != "id" or not isinstance(v, int)}
    if isinstance(value, list):
        return [plain(one) for one in value]
    return value


CLAUSES = (
    Clause(
        "put-creates",
        N_("PUT with an id made by the PC creates the record"),
        N_(
            "Allow ids made by the client. HAPI FHIR: client_id_strategy ALPHANUMERIC (the "
            "default) or ANY."
        ),
        creates,
    ),
    Clause(
        "replay",
        N_("The same PUT a second time has no second effect"),
        N_("Updates must be keyed by type and id alone; no hook may copy or number records."),
        replays,
    ),
    Clause(
        "read",
        N_("A record is read back as it was sent"),
        N_("No interceptor may change, mask or complete records on their way in or out."),
        reads,
    ),
    Clause(
        "version",
        N_("ETag and meta.versionId agree, and change with every change"),
        N_(
            "Keep versions, and let the header ETag through the proxy unchanged. HAPI FHIR: "
            "etag_support_enabled: true."
        ),
        versions,
    ),
    Clause(
        "if-match",
        N_("PUT with a stale If-Match is refused (409 or 412) and changes nothing"),
        N_("Optimistic locking must be on, and the proxy must let If-Match through."),
        matches,
    ),
    Clause(
        "unknown-kept",
        N_("Extensions and codes that the server does not know are kept"),
        N_("Store unknown extensions. HAPI FHIR keeps them unless validation refuses them."),
        keeps_the_unknown,
    ),
    Clause(
        "late-replay",
        N_("A creation that comes again late does not turn back later changes"),
        N_(
            "Few servers do this. Without it no proxy may hold up or repeat requests (nginx: "
            "proxy_next_upstream off)."
        ),
        refuses_the_past,
        required=False,
    ),
    Clause(
        "last-modified",
        N_("Reads carry Last-Modified"),
        N_("Without it receipts bear the time of the header Date."),
        dates_reads,
        required=False,
    ),
)
