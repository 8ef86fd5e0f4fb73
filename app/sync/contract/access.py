"""Access by organisation, seen with the token of another one."""

from __future__ import annotations

from app.fhir import mapping
from app.fhir.bundle import transaction
from app.i18n import N_, tr
from app.models.records import Record
from app.sync.contract.clauses import (
    RUN_TAG,
    Bench,
    Clause,
    Untested,
    entries,
    fails,
    ids,
    search,
)
from app.sync.contract.http import Json, Reply, Server
from app.sync.contract.kinds import context_of, prepare
from app.sync.contract.samples import SampleRecords

_CLOSED = (401, 403, 404, 410)


def strangers_do_not_read(bench: Bench) -> str:
    other = _other(bench)
    patient = bench.patient()
    reading = bench.observation(patient)
    bench.stored(patient, reading)
    for one in (patient, reading):
        if other.get(_address(one)).status not in _CLOSED:
            fails(N_("Another organisation reads a record that is not shared with it."))
    queries = (
        f"Patient?_id={patient['id']}",
        f"Patient?_tag={bench.tags()[2]['system']}|{bench.run_id}",
        f"Observation?subject=Patient/{patient['id']}",
    )
    for query in queries:
        if _found(other, query):
            fails(
                N_("Another organisation finds a record that is not shared with it ({query})."),
                query=query.partition("=")[0],
            )
    batch = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": query}} for query in queries],
    }
    for entry in (other.post(batch).body or {}).get("entry") or []:
        if (entry.get("resource") or {}).get("entry"):
            fails(
                N_("Another organisation finds a record that is not shared with it ({query})."),
                query="batch",
            )
    return ""


def strangers_do_not_write(bench: Bench) -> str:
    other = _other(bench)
    patient = bench.patient(birthDate="1948-02-29")
    bench.stored(patient)
    changed = {**patient, "birthDate": "1950-01-01"}
    forged = bench.patient()
    replies = (
        other.put(changed),
        other.post(transaction([(changed, None)])),
        other.put(forged),
    )
    if bench.read(patient).get("birthDate") != "1948-02-29":
        fails(N_("Another organisation overwrote a record that is not its own."))
    if bench.server.get(_address(forged)).fine or replies[2].fine:
        fails(N_("Another organisation wrote a record in this organisation's name."))
    if any(reply.fine for reply in replies[:2]):
        fails(N_("Writing over another organisation's record was answered with success."))
    return ""


def receivers_read(bench: Bench) -> str:
    other = _other(bench)
    made = _referral_sent(bench, SampleRecords(bench.organisation, _receiver(bench)))
    for kind in ("referral_task", "referral", "resident", "referral_event"):
        primary = made[kind][1][0]
        if not other.get(_address(primary)).fine:
            fails(
                N_("The receiver of a referral cannot read its {type}."),
                type=mapping.primary_type(kind),
            )
    task = made["referral_task"][1][0]
    query = f"Task?owner=Organization/{bench.other_organisation}&_id={task['id']}"
    if not _found(other, query):
        fails(N_("The receiver of a referral does not find its Task by owner."))
    return ""


def answers_are_shared(bench: Bench) -> str:
    """The asker's Task names the reply before the server holds it, as after a restored backup."""
    other = _other(bench)
    records = SampleRecords(bench.organisation, _receiver(bench))
    reply = records.record("referral_reply")
    reply |= {"organisation_id": records.receiver, "to_organisation_id": bench.organisation}
    (answer,) = mapping.to_resources("referral_reply", reply, context_of(records))
    answer["meta"]["tag"].append({"system": RUN_TAG, "code": bench.run_id})
    _referral_sent(bench, records, {"reply_id": reply["id"]})
    _needed(other.put(answer))
    if not bench.server.get(_address(answer)).fine:
        fails(N_("The asker of a referral cannot read the reply that names its Task."))
    return ""


def _receiver(bench: Bench) -> str:
    if bench.other_organisation is None:
        raise Untested(
            tr("Give the other organisation's id (--organisation-2) to test this."), blocked=False
        )
    return bench.other_organisation


def _referral_sent(
    bench: Bench, records: SampleRecords, of_task: Record | None = None
) -> dict[str, tuple[Record, list[Json]]]:
    """A referral to the other organisation, written to the server; ``of_task``: fields of its
    Task."""
    made = prepare(bench, records)
    if of_task:
        record = made["referral_task"][0] | of_task
        (task,) = mapping.to_resources("referral_task", record, context_of(records))
        task["meta"]["tag"].append({"system": RUN_TAG, "code": bench.run_id})
        made["referral_task"] = (record, [task])
    for kind in ("staff", "resident", "follow_up", "referral", "referral_event", "referral_task"):
        _needed(bench.post(transaction([(one, None) for one in made[kind][1]]), minimal=True))
    return made


def _needed(reply: Reply) -> None:
    if not reply.fine:
        raise Untested(
            tr("A record that this one needs was refused ({answer}).").format(answer=reply.told)
        )


def _other(bench: Bench) -> Server:
    if bench.other is None:
        raise Untested(
            tr("Give the token of a second organisation (TOWNSHIP_CARE_TOKEN_2) to test this."),
            blocked=False,
        )
    return bench.other


def _address(resource: Json) -> str:
    return f"{resource['resourceType']}/{resource['id']}"


def _found(server: Server, query: str) -> list[str]:
    reply = server.get(query)
    if reply.status in _CLOSED:
        return []
    return ids(entries(search(server, query), query))


_SETTING = N_(
    "Tie each token to one organisation and let rules decide by it: own records by meta.tag, "
    "others' only along a Task that names the organisation. HAPI FHIR: an AuthorizationInterceptor "
    "and a SearchNarrowingInterceptor (docs/server.md)."
)

CLAUSES = (
    Clause(
        "access-read",
        N_("Another organisation reads and finds nothing that is not shared with it"),
        _SETTING,
        strangers_do_not_read,
    ),
    Clause(
        "access-write",
        N_("Another organisation can neither overwrite nor forge records"),
        _SETTING,
        strangers_do_not_write,
    ),
    Clause(
        "access-shared",
        N_("The receiver of a referral reads the referral and the resident"),
        _SETTING,
        receivers_read,
    ),
    Clause(
        "access-answers",
        N_("The asker of a referral reads the reply, though its Task named the reply first"),
        _SETTING,
        answers_are_shared,
    ),
)
