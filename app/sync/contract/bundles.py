"""Transactions and batches: size, order of answers, all or nothing, If-Match in entries."""

from __future__ import annotations

import json

from app.fhir.bundle import EntryAnswer, parse_answers, transaction
from app.fhir.faults import FormatError
from app.i18n import N_, tr
from app.sync.contract.clauses import Bench, Clause, Untested, fails, ids
from app.sync.contract.http import Json, Reply
from app.sync.contract.writing import version

ENTRIES = 50
_BYTES = 1_000_000
_STALE = (409, 412)


def takes_fifty(bench: Bench) -> str:
    """Every other entry changes a record, so that the answers' versions show their order."""
    patient = bench.patient()
    readings = [bench.observation(patient) for _ in range(ENTRIES - 1)]
    old = [patient, *readings[::2]]
    first = bench.post(transaction([(one, None) for one in old]), minimal=True)
    if not first.fine:
        fails(
            N_("A transaction of {count} entries got {answer}."), count=len(old), answer=first.told
        )
    for number, one in enumerate(readings):
        one["valueQuantity"] = {**one["valueQuantity"], "value": 100 + number}
    sent = [patient, *readings]
    reply = bench.post(transaction([(one, None) for one in sent]), minimal=True)
    if not reply.fine:
        fails(
            N_("A transaction of {count} entries got {answer}."), count=ENTRIES, answer=reply.told
        )
    answers = _answers(reply, "transaction-response", len(sent))
    for number, answer in enumerate(answers):
        if not 200 <= answer.status < 300:
            fails(
                N_("Entry {number} of an accepted transaction has status {status}."),
                number=number,
                status=answer.status,
            )
        if not answer.etag:
            fails(N_("The answers of a transaction carry no etag."))
    listed = (reply.body or {}).get("entry") or []
    for number, one in enumerate(sent):
        location = listed[number]["response"].get("location")
        if isinstance(location, str) and f"{one['resourceType']}/{one['id']}" not in location:
            fails(N_("The answers of a transaction are not in the order of its entries."))
    for number in (0, 1, 2, 24, 25, ENTRIES - 1):
        if version(bench.read(sent[number])) != answers[number].etag:
            fails(
                N_(
                    "The etag of an entry is not the version of its record, or the answers are "
                    "not in the order of the entries."
                )
            )
    return ""


def takes_a_megabyte(bench: Bench) -> str:
    patient = bench.patient()
    letters = [bench.observation(patient) for _ in range(ENTRIES - 1)]
    document = transaction([(one, None) for one in (patient, *letters)])
    missing = _BYTES - len(json.dumps(document, ensure_ascii=False, separators=(",", ":")).encode())
    # Text that looks like a long form, three bytes a character.
    text = "测" * (missing // (3 * len(letters)) - 12)
    for one in letters:
        one["note"] = [{"text": text}]
    reply = bench.post(document, minimal=True)
    if not reply.fine:
        fails(N_("A transaction of one megabyte got {answer}."), answer=reply.told)
    _answers(reply, "transaction-response", ENTRIES)
    return ""


def takes_all_or_nothing(bench: Bench) -> str:
    patients = [bench.patient() for _ in range(3)]
    document = transaction([(one, None) for one in patients])
    # No server may store a record under an address that is not its own.
    document["entry"][-1]["resource"] = {**patients[-1], "id": bench.patient()["id"]}
    reply = bench.post(document, minimal=True)
    stored = [one["id"] for one in patients if bench.server.get(f"Patient/{one['id']}").fine]
    if stored:
        fails(
            N_("A transaction with one bad entry got {answer}, and its other entries were stored."),
            answer=reply.told,
        )
    if reply.fine:
        fails(N_("A transaction with one bad entry got {answer}."), answer=reply.told)
    if not 400 <= reply.status < 500:
        fails(N_("A transaction with one bad entry got {answer}."), answer=reply.told)
    return ""


def matches_in_entries(bench: Bench) -> str:
    shared, other = bench.patient(), bench.patient()
    first = version(bench.stored(shared)[0])
    good = bench.post(
        transaction([({**shared, "birthDate": "1948-02-29"}, first), (other, None)]), minimal=True
    )
    if not good.fine:
        fails(
            N_("A transaction with the current version in ifMatch got {answer}."), answer=good.told
        )
    stale = bench.post(transaction([({**shared, "birthDate": "1950-01-01"}, first)]), minimal=True)
    if stale.status not in _STALE:
        fails(
            N_("A transaction with a stale ifMatch got {answer}, not 409 or 412."),
            answer=stale.told,
        )
    if bench.read(shared).get("birthDate") != "1948-02-29":
        fails(N_("A stale ifMatch was refused, and overwrote the record all the same."))
    return ""


def answers_batches(bench: Bench) -> str:
    patients = [bench.patient() for _ in range(3)]
    bench.stored(*patients)
    missing = bench.patient()["id"]
    wanted = [patients[number % 3]["id"] if number % 7 else missing for number in range(ENTRIES)]
    document = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": f"Patient?_id={one}"}} for one in wanted],
    }
    reply = bench.post(document)
    if not reply.fine:
        fails(N_("A batch of {count} searches got {answer}."), count=ENTRIES, answer=reply.told)
    _answers(reply, "batch-response", ENTRIES)
    for one, entry in zip(wanted, (reply.body or {})["entry"], strict=True):
        found = entry.get("resource")
        if not isinstance(found, dict) or found.get("type") != "searchset":
            fails(N_("A search in a batch was not answered with a searchset."))
        resources = [inner.get("resource") or {} for inner in found.get("entry") or []]
        if ids(resources) != ([] if one == missing else [one]):
            fails(N_("The answers of a batch are not in the order of its entries."))
    return ""


def dates_entries(bench: Bench) -> str:
    reply = bench.post(transaction([(bench.patient(), None)]), minimal=True)
    if not reply.fine:
        raise Untested(tr("A transaction of one entry got {answer}.").format(answer=reply.told))
    if _answers(reply, "transaction-response", 1)[0].last_modified is None:
        fails(N_("The answers of a transaction carry no lastModified."))
    return ""


def _answers(reply: Reply, type_: str, count: int) -> list[EntryAnswer]:
    body: Json = reply.body or {}
    try:
        answers = parse_answers(body)
    except FormatError as error:
        fails(N_("The answer to a bundle cannot be read: {place}."), place=error.where)
    if body.get("type") != type_:
        fails(
            N_("The answer to a bundle is a {found}, not a {expected}."),
            found=body.get("type"),
            expected=type_,
        )
    if len(answers) != count:
        fails(
            N_("A bundle of {count} entries got {answers} answers."),
            count=count,
            answers=len(answers),
        )
    return answers


CLAUSES = (
    Clause(
        "transaction-50",
        N_("A transaction of 50 entries is stored, answered in order, each entry with its etag"),
        N_("Allow transactions of at least 50 entries; answer Prefer: return=minimal with etags."),
        takes_fifty,
    ),
    Clause(
        "transaction-1mb",
        N_("A transaction of one megabyte is stored"),
        N_("Raise the largest body to 2 MB or more (nginx: client_max_body_size 4m)."),
        takes_a_megabyte,
    ),
    Clause(
        "atomic",
        N_("A transaction with one bad entry stores nothing (4xx)"),
        N_(
            "Transactions must be one database transaction; no bundle may be split or run as batch."
        ),
        takes_all_or_nothing,
    ),
    Clause(
        "if-match-entry",
        N_("A transaction with a stale ifMatch is refused (409 or 412) and changes nothing"),
        N_("Optimistic locking must hold for bundle entries, too (entry.request.ifMatch)."),
        matches_in_entries,
    ),
    Clause(
        "batch-50",
        N_("A batch of 50 searches is answered in order"),
        N_("Allow batches of at least 50 searches for a device."),
        answers_batches,
    ),
    Clause(
        "entry-last-modified",
        N_("The answers of a transaction carry lastModified"),
        N_("Without it receipts bear the time of the header Date."),
        dates_entries,
        required=False,
    ),
)
