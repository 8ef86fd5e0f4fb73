"""Searches: by time, id, tag, identifier, subject and Task participants; order and pages."""

from __future__ import annotations

import uuid
from datetime import timedelta
from urllib.parse import quote

from app.fhir.bundle import transaction
from app.fhir.uris import ORGANISATION_TAG
from app.i18n import N_, tr
from app.sync import link
from app.sync.contract.clauses import (
    RUN_TAG,
    Bench,
    Clause,
    Untested,
    entries,
    fails,
    ids,
    searched,
)
from app.sync.contract.clauses import search as ask
from app.sync.contract.http import Json
from app.sync.contract.writing import updated, version
from app.sync.state import text_of

_MANY = 5
_TRIES_FOR_ONE_SECOND = 6


def by_time(bench: Bench) -> str:
    """Two records of the same second: ``ge`` the second's exact time leaves the first out."""
    for _ in range(_TRIES_FOR_ONE_SECOND):
        first, second = bench.stored(bench.patient(), bench.patient())
        times = [updated(one) for one in (first, second)]
        if times[0].replace(microsecond=0) == times[1].replace(microsecond=0) != times[0]:
            break
    if times[0].microsecond == 0 and times[1].microsecond == 0:
        fails(N_("meta.lastUpdated has whole seconds only."))
    if times[0] >= times[1]:
        raise Untested(tr("Two writes one after the other got the same time."))
    for bound, expected in ((times[0], {first["id"], second["id"]}), (times[1], {second["id"]})):
        query = f"Patient?_lastUpdated=ge{text_of(bound)}&_sort=_lastUpdated&_count=200"
        found = set(ids(searched(bench, query))) & {first["id"], second["id"]}
        if not expected <= found:
            fails(N_("A search from exactly the time of a record does not find that record."))
        if found != expected:
            fails(N_("A search by _lastUpdated ignores its bound or rounds it to seconds."))
    return ""


def until_time(bench: Bench) -> str:
    first, second = bench.stored(bench.patient(), bench.patient())
    low, high = updated(first), updated(second)
    if low >= high:
        raise Untested(tr("Two writes one after the other got the same time."), blocked=False)
    last = text_of(high - timedelta(microseconds=1))
    query = f"Patient?_lastUpdated=ge{text_of(low)}&_lastUpdated=le{last}&_count=200"
    found = set(ids(searched(bench, query)))
    if first["id"] not in found or second["id"] in found:
        fails(N_("Two bounds on _lastUpdated (ge and le) are not both kept."))
    return ""


def in_order(bench: Bench) -> str:
    made = [bench.patient() for _ in range(_MANY)]
    made.sort(key=lambda one: str(one["id"]), reverse=True)
    first = bench.stored(*made)[0]
    # A later change moves a record to the end.
    bench.stored({**made[0], "birthDate": "1948-02-29"})
    start = updated(first)
    query = f"Patient?_lastUpdated=ge{text_of(start)}&_sort=_lastUpdated&_count=200"
    found = searched(bench, query)
    times = [updated(one) for one in found]
    mine = [one["id"] for one in found if one["id"] in set(ids(made))]
    if times != sorted(times) or mine != [*ids(made[1:]), made[0]["id"]]:
        fails(N_("_sort=_lastUpdated does not bring the oldest change first."))
    return ""


def in_pages(bench: Bench) -> str:
    made = [bench.patient() for _ in range(_MANY)]
    # One transaction: a server may give all of them the same time.
    reply = bench.post(transaction([(one, None) for one in made]), minimal=True)
    if not reply.fine:
        raise Untested(
            tr("A transaction of several entries got {answer}.").format(answer=reply.told)
        )
    start = updated(bench.read(made[0]))
    since = text_of(start)
    url: str | None = f"Patient?_lastUpdated=ge{since}&_sort=_lastUpdated&_count=2"
    seen: list[str] = []
    for _ in range(_MANY + 40):
        reply = ask(bench.server, url or "")
        page = entries(reply, url or "")
        if len(page) > 2:
            fails(N_("_count=2 brought {found} records."), found=len(page))
        seen += ids(page)
        url = _next(bench, reply.body or {})
        if url is None:
            break
    missing = set(ids(made)) - set(seen)
    if missing:
        fails(
            N_("With _count=2 and the links 'next', {missing} of {count} records never came."),
            missing=len(missing),
            count=_MANY,
        )
    if len(seen) != len(set(seen)):
        fails(N_("Following the links 'next' brought a record twice."))
    return ""


def by_ids(bench: Bench) -> str:
    made = [bench.patient() for _ in range(12)]
    reply = bench.post(transaction([(one, None) for one in made]), minimal=True)
    if not reply.fine:
        raise Untested(
            tr("A transaction of several entries got {answer}.").format(answer=reply.told)
        )
    strangers = [str(uuid.uuid4()) for _ in range(38)]
    wanted = ",".join([*ids(made[:-1]), *strangers])
    found = ids(searched(bench, f"Patient?_id={wanted}&_count=50"))
    if sorted(found) != sorted(ids(made[:-1])):
        fails(
            N_("A search by a list of 50 ids brought {found} records instead of {count}."),
            found=len(found),
            count=len(made) - 1,
        )
    return ""


def by_tag(bench: Bench) -> str:
    mark = str(uuid.uuid4())
    tagged, plain = bench.patient(), bench.patient()
    tagged["meta"]["tag"].append({"system": RUN_TAG, "code": mark})
    stored = bench.stored(tagged, plain)
    _exactly(bench, f"Patient?_tag={_token(RUN_TAG, mark)}", [tagged], "_tag")
    start = updated(stored[0])
    own = _token(ORGANISATION_TAG, bench.organisation)
    query = f"Patient?_tag={own}&_lastUpdated=ge{text_of(start)}&_sort=_lastUpdated&_count=200"
    if not set(ids(stored)) <= set(ids(searched(bench, query))):
        fails(N_("A search by {parameter} does not find what it should."), parameter="_tag")
    return ""


def by_identifier(bench: Bench) -> str:
    system, value = "urn:township-care:id:contract", str(uuid.uuid4())
    made = bench.patient(identifier=[{"system": system, "value": value}])
    bench.stored(made, bench.patient(identifier=[{"system": system, "value": value + "0"}]))
    _exactly(bench, f"Patient?identifier={_token(system, value)}", [made], "identifier")
    return ""


def by_subject(bench: Bench) -> str:
    one, other = bench.patient(), bench.patient()
    reading = bench.observation(one)
    bench.stored(one, other, reading, bench.observation(other))
    _exactly(bench, f"Observation?subject=Patient/{one['id']}", [reading], "subject")
    _exactly(bench, f"Observation?patient=Patient/{one['id']}", [reading], "patient")
    return ""


def by_participant(bench: Bench) -> str:
    patient = bench.patient()
    me = {"reference": f"Organization/{bench.organisation}"}
    task = bench.new(
        "Task",
        status="requested",
        intent="order",
        requester=me,
        owner=me,
        **{"for": {"reference": f"Patient/{patient['id']}"}},
    )
    stored = bench.stored(patient, task)[1]
    start = updated(stored)
    for name in ("owner", "requester"):
        for id_, expected in ((bench.organisation, True), (str(uuid.uuid4()), False)):
            query = f"Task?{name}=Organization/{id_}&_lastUpdated=ge{text_of(start)}"
            found = ids(searched(bench, f"{query}&_sort=_lastUpdated&_count=200"))
            if (task["id"] in found) is not expected:
                fails(N_("A search by {parameter} does not find what it should."), parameter=name)
    return ""


def without_content(bench: Bench) -> str:
    patient = bench.patient(birthDate="1948-02-29")
    held = bench.stored(patient)[0]
    query = f"Patient?_id={patient['id']}&_elements=id,meta"
    found = searched(bench, query)
    if ids(found) != [patient["id"]] or version(found[0]) != version(held):
        fails(N_("_elements=id,meta does not bring id and version."))
    if "birthDate" in found[0]:
        fails(N_("_elements=id,meta brings the whole content."))
    return ""


def right_after_a_write(bench: Bench) -> str:
    patient = bench.patient()
    start = updated(bench.stored(bench.patient())[0])
    mine = f"Patient?_id={patient['id']}"
    news = f"Patient?_lastUpdated=ge{text_of(start)}&_sort=_lastUpdated&_count=200"
    for query in (mine, news):
        if patient["id"] in ids(searched(bench, query)):
            fails(N_("A search finds a record that was not written yet."))
    _in_a_batch(bench, mine)
    bench.stored(patient)
    for query in (mine, news):
        if patient["id"] not in ids(searched(bench, query)):
            fails(N_("A search right after a write does not find it (it was asked with no-cache)."))
    if patient["id"] not in _in_a_batch(bench, mine):
        fails(N_("A search in a batch right after a write does not find it: it was cached."))
    return ""


def _in_a_batch(bench: Bench, query: str) -> list[str]:
    """The ids that a search finds as the only entry of a batch."""
    entry = {"request": {"method": "GET", "url": query}}
    reply = bench.post({"resourceType": "Bundle", "type": "batch", "entry": [entry]})
    answers = (reply.body or {}).get("entry") or []
    if not reply.fine or len(answers) != 1:
        raise Untested(tr("A batch of one search got {answer}.").format(answer=reply.told))
    found = answers[0].get("resource") or {}
    return ids([inner.get("resource") or {} for inner in found.get("entry") or []])


def _exactly(bench: Bench, query: str, expected: list[Json], parameter: str) -> None:
    if sorted(ids(searched(bench, query))) != sorted(ids(expected)):
        fails(N_("A search by {parameter} does not find what it should."), parameter=parameter)


def _token(system: str, value: str) -> str:
    return quote(f"{system}|{value}", safe=":")


def _next(bench: Bench, body: Json) -> str | None:
    for item in body.get("link") or []:
        if item.get("relation") == "next":
            url = bench.server.address(str(item.get("url")))
            if not link.within(bench.server.base, url):
                fails(N_("The link 'next' leads away from the base address: {url}"), url=url)
            return url
    return None


CLAUSES = (
    Clause(
        "search-last-updated",
        N_("Search by _lastUpdated=ge, exact to the server's own fraction of a second"),
        N_("Keep meta.lastUpdated with milliseconds or finer, and index it as finely."),
        by_time,
    ),
    Clause(
        "search-sort",
        N_("_sort=_lastUpdated brings the oldest change first"),
        N_("Allow sorting by _lastUpdated for all types."),
        in_order,
    ),
    Clause(
        "search-pages",
        N_("_count limits a page, and 'next' leads to the rest without loss"),
        N_(
            "Let 'next' lead back to the base address that the PCs use. HAPI FHIR: server_address; "
            "behind a proxy: pass on Host, X-Forwarded-Proto and X-Forwarded-Host."
        ),
        in_pages,
    ),
    Clause(
        "search-ids",
        N_("Search by a list of 50 ids (_id)"),
        N_("Allow addresses of 4 kB (nginx: large_client_header_buffers 4 16k)."),
        by_ids,
    ),
    Clause(
        "search-tag",
        N_("Search by _tag"),
        N_("Tags must be indexed. HAPI FHIR does so unless tags are stored INLINE."),
        by_tag,
    ),
    Clause(
        "search-identifier",
        N_("Search by identifier (system and value)"),
        N_("Do not switch off the standard search parameter identifier."),
        by_identifier,
    ),
    Clause(
        "search-subject",
        N_("Search by subject and by patient"),
        N_("Do not switch off the standard search parameters subject and patient."),
        by_subject,
    ),
    Clause(
        "search-task",
        N_("Search Tasks by owner and by requester"),
        N_("Do not switch off the standard search parameters owner and requester of Task."),
        by_participant,
    ),
    Clause(
        "read-your-write",
        N_("A search right after a write finds it, alone and in a batch"),
        N_(
            "No cache between PC and server may answer FHIR requests; searches must not run on a "
            "replica that lags. HAPI FHIR: reuse_cached_search_results_millis: -1 (searches in a "
            "batch are cached otherwise)."
        ),
        right_after_a_write,
    ),
    Clause(
        "search-until",
        N_("_lastUpdated takes two bounds (ge and le)"),
        N_("Without it more is fetched than is new."),
        until_time,
        required=False,
    ),
    Clause(
        "search-elements",
        N_("_elements=id,meta leaves the content out"),
        N_("Without it the nightly comparison fetches everything whole."),
        without_content,
        required=False,
    ),
)
