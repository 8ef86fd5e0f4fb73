"""What a clause is, what becomes of it, and the bench it is tried on."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import NoReturn

from app.fhir.uris import ORGANISATION_TAG, SAMPLE_CODE, SAMPLE_SYSTEM
from app.i18n import N_, tr
from app.sync.contract.http import Json, Reply, Server

PASS, FAIL, NOT_TESTED = "pass", "fail", "not tested"

#: Extra tag of every record that one run writes; its code is the run's own.
RUN_TAG = "urn:township-care:contract"

_DID_NOT_STORE = N_("The server did not store the record that this clause needs ({answer}).")


class Fails(Exception):
    """The clause is not kept; the text says what was seen."""


class Untested(Exception):
    """The clause could not be tried; the text says why.

    ``blocked``: because something else that is required does not work.
    """

    def __init__(self, why: str, *, blocked: bool = True) -> None:
        super().__init__(why)
        self.blocked = blocked


@dataclass(slots=True)
class Bench:
    """One run: the server as this organisation sees it, and what the clauses share.

    ``other`` is the same server with the token of another organisation.
    """

    server: Server
    organisation: str
    other: Server | None = None
    other_organisation: str | None = None
    run_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    written: int = 0

    def new(self, type_: str, **elements: object) -> Json:
        """A resource with a fresh id, tagged as this organisation's and as test data."""
        return {
            "resourceType": type_,
            "id": str(uuid.uuid4()),
            "meta": {"tag": self.tags()},
            **elements,
        }

    def tags(self) -> list[Json]:
        return [
            {"system": ORGANISATION_TAG, "code": self.organisation},
            {"system": SAMPLE_SYSTEM, "code": SAMPLE_CODE},
            {"system": RUN_TAG, "code": self.run_id},
        ]

    def patient(self, **elements: object) -> Json:
        """A test person nobody can take for a real one."""
        return self.new(
            "Patient", **{"name": [{"text": "契约测试（非真人）"}], "gender": "unknown", **elements}
        )

    def observation(self, subject: Json, **elements: object) -> Json:
        """A heart rate of a test person."""
        code = {"coding": [{"system": "http://loinc.org", "code": "8867-4"}]}
        quantity = {"value": 72, "unit": "/min", "system": "http://unitsofmeasure.org"}
        return self.new(
            "Observation",
            **{
                "status": "final",
                "code": code,
                "subject": {"reference": f"Patient/{subject['id']}"},
                "effectiveDateTime": "2026-03-02",
                "valueQuantity": {**quantity, "code": "/min"},
                **elements,
            },
        )

    def put(self, resource: Json, if_match: str | None = None) -> Reply:
        """PUT under the resource's own id."""
        self.written += 1
        return self.server.put(resource, if_match)

    def stored(self, *resources: Json) -> list[Json]:
        """The resources as the server holds them after a PUT each; Untested if it will not."""
        held = []
        for resource in resources:
            reply = self.put(resource)
            if not reply.fine:
                raise Untested(tr(_DID_NOT_STORE).format(answer=reply.told))
            held.append(self.read(resource))
        return held

    def read(self, resource: Json) -> Json:
        """The server's copy of a resource; Untested if it cannot be read."""
        reply = self.server.get(f"{resource['resourceType']}/{resource['id']}")
        if not reply.fine or reply.body is None:
            raise Untested(tr(_DID_NOT_STORE).format(answer=reply.told))
        return reply.body

    def post(self, bundle: Json, *, gzip: bool = False, minimal: bool = False) -> Reply:
        """POST a bundle to the base."""
        self.written += sum(
            entry.get("request", {}).get("method") == "PUT" for entry in bundle.get("entry", ())
        )
        return self.server.post(bundle, gzip=gzip, minimal=minimal)


Check = Callable[[Bench], str]


@dataclass(frozen=True, slots=True)
class Clause:
    """One thing the courier relies on.

    ``key``: stable name. ``title`` and ``setting`` (what to change where it fails) are marked
    strings. ``required``: without it the courier does not work, or not safely. ``check``
    returns a remark (mostly empty) or raises Fails or Untested.
    """

    key: str
    title: str
    setting: str
    check: Check
    required: bool = True


@dataclass(frozen=True, slots=True)
class Finding:
    """What became of one clause. ``blocking``: the run as a whole cannot pass with it."""

    key: str
    title: str
    outcome: str
    why: str
    setting: str
    required: bool
    blocking: bool
    seconds: float


def fails(source: str, **values: object) -> NoReturn:
    """Raise Fails with a translated sentence; ``source`` must be a marked string."""
    raise Fails(tr(source).format(**values))


def searched(bench: Bench, query: str) -> list[Json]:
    """The resources of a search's first page; Fails if it is not answered as a searchset."""
    return entries(search(bench.server, query), query)


def search(server: Server, query: str) -> Reply:
    """A search as the courier asks it: past every cache."""
    reply = server.get(query)
    if reply.status != 200 or reply.body is None or reply.body.get("type") != "searchset":
        fails(
            N_("The search {query} was not answered with a searchset ({answer})."),
            query=query,
            answer=reply.told,
        )
    return reply


def entries(reply: Reply, query: str) -> list[Json]:
    """The matches in a searchset."""
    found = []
    listed = (reply.body or {}).get("entry", [])
    if not isinstance(listed, list):
        fails(N_("The answer to {query} holds no readable list of entries."), query=query)
    for entry in listed:
        if not isinstance(entry, dict) or not isinstance(entry.get("resource"), dict):
            fails(N_("The answer to {query} holds no readable list of entries."), query=query)
        mode = (entry.get("search") or {}).get("mode", "match")
        if mode == "match" and entry["resource"].get("resourceType") != "OperationOutcome":
            found.append(entry["resource"])
    return found


def ids(resources: Sequence[Json]) -> list[str]:
    return [str(resource.get("id")) for resource in resources]
