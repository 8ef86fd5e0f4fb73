"""The courier file: a seed of a whole township for a new PC, and a day's work out and back.

``SEED_RESIDENTS`` (default 2,000) sets the seed's size; ``SEED_RESIDENTS=50000`` measures the
budget's own size. A smaller run is also carried forward to 50,000 residents, and then the line
says so. The floor of the seed writes the file's records as plain rows of sqlite3, encrypted
by SQLCipher, with an fsync every 100 rows.
"""

from __future__ import annotations

import json
import os
import re
import time
import uuid
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from app.care.accounts import sign_in
from app.care.sample.county import SampleRequest, make_sample_store
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.store import Store
from app.server.courier import take_in, write_reply
from app.server.courier_seed import make_seed
from app.server.database import Database
from app.server.directory import load_directory
from app.server.main import default_directory
from app.server.prepare import prepare
from app.server.storing import Put, put_all
from app.server.wire import Json, parse_content
from app.sync import courier
from bench.figures import Figure

PASSWORD = "bench-password"
RESIDENTS = int(os.environ.get("SEED_RESIDENTS", "2000"))
BUDGET = 50_000
VISITS = 4
CHECK_INS = 10_000
_TEMPLATES = 100
_UUID = re.compile(r"[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}")


def run(folder: Path) -> Iterator[Figure]:
    """The figures of the courier file."""
    database = Database(folder / "server")
    load_directory(database, default_directory())
    try:
        organisation, store, actor = _pc(folder / "pc", 60, CHECK_INS)
        yield from _a_day(folder, database, organisation, store, actor)
        store.close()
        _, source, person = _pc(folder / "templates", _TEMPLATES, 0, everything=True)
        yield from _a_seed(folder, database, organisation, source, person)
        source.close()
    finally:
        database.close()


def _pc(
    folder: Path, residents: int, pending: int, *, everything: bool = False
) -> tuple[str, Store, Actor]:
    make_sample_store(
        folder,
        SampleRequest(residents=residents, pending_check_ins=pending, queue_everything=everything),
        PASSWORD,
    )
    signed_in = sign_in(folder, "sample", PASSWORD)
    return signed_in.store.organisation_id, signed_in.store, signed_in.actor


def _joined(folder: Path, database: Database, store: Store, actor: Actor) -> tuple[Path, float]:
    """A seed file for a PC, and the seconds it took to make."""
    request, seed = folder / "request.json", folder / "seed.courier"
    courier.make_request(store, actor, request)
    began = time.perf_counter()
    made = make_seed(database, store.organisation_id, request, seed)
    took = time.perf_counter() - began
    return seed, took if made.records else 0.0


def _take_seed(store: Store, actor: Actor, seed: Path) -> tuple[int, float, float]:
    """Records taken in, seconds by the clock, seconds of the processor."""
    fingerprint = courier.read_seed(store, seed).fingerprint
    began, busy = time.perf_counter(), time.process_time()
    done = courier.import_seed(store, actor, seed, fingerprint)
    return done.records, time.perf_counter() - began, time.process_time() - busy


def _a_day(
    folder: Path, database: Database, organisation: str, store: Store, actor: Actor
) -> Iterator[Figure]:
    seed, _ = _joined(folder, database, store, actor)
    _take_seed(store, actor, seed)
    out, reply = folder / "out.courier", folder / "reply.courier"
    began = time.perf_counter()
    exported = courier.export_file(store, actor, out)
    export = time.perf_counter() - began
    began = time.perf_counter()
    taken = take_in(database, out)
    write_reply(database, taken, reply)
    hospital = time.perf_counter() - began
    began = time.perf_counter()
    told = courier.import_file(store, actor, reply)
    back = time.perf_counter() - began
    assert told.confirmed == exported.records
    many = f"{exported.records:,} queued records"
    yield Figure(f"courier file of {many}: export", export, "s")
    yield Figure("  taken in at the hospital, reply written", hospital, "s")
    yield Figure("  reply imported, every record confirmed", back, "s")
    size = (out.stat().st_size + reply.stat().st_size) / exported.records
    yield Figure("  both files, bytes a record", size, "B")


def _a_seed(
    folder: Path, database: Database, organisation: str, source: Store, person: Actor
) -> Iterator[Figure]:
    records = _fill(database, organisation, source, folder)
    _, store, actor = _pc(folder / "new", 1, 0)
    seed, making = _joined(folder, database, store, actor)
    count, taking, busy = _take_seed(store, actor, seed)
    assert count >= records, (count, records)
    with store.read() as session:
        visits = session.query(FollowUp).count()
    assert visits >= RESIDENTS * VISITS, visits
    what = f"{RESIDENTS:,} residents with {VISITS} visits each"
    floor = _floor(folder, count)
    yield Figure(f"seed file of {what}: made at the hospital", making, "s")
    yield Figure("  its size", seed.stat().st_size / 1e6, "MB")
    goal = "≤ 10 min" if RESIDENTS == BUDGET else ""
    yield Figure("  taken in by the new PC", taking, "s", floor, goal)
    yield Figure("  of that, time of the processor", busy, "s")
    if RESIDENTS != BUDGET:
        scaled = (making + taking) * BUDGET / RESIDENTS / 60
        what = f"  carried forward to {BUDGET:,} residents (not measured)"
        yield Figure(what, scaled, "min", None, "≤ 10 min")
    yield from _first_sync(store)
    store.close()


def _first_sync(store: Store) -> Iterator[Figure]:
    """How many lists the first sync by network would read from the beginning."""
    from app.sync import state
    from app.sync.pull import scopes

    with store.read() as session:
        cursors = state.load_many(session, "cursor:")
    lists = [scope.key.removeprefix("cursor:") for scope in scopes(store.organisation_id)]
    whole = sum(key not in cursors for key in lists)
    yield Figure("  lists the first network sync reads whole", whole, "", None, "0")


def _fill(database: Database, organisation: str, source: Store, folder: Path) -> int:
    """Residents and visits in the hospital's database, copied from real ones under new ids."""
    seed, _ = _joined(folder, database, source, Actor("bench", organisation, "bench", frozenset()))
    _take_seed(source, Actor("bench", organisation, "bench", frozenset()), seed)
    out = folder / "templates.courier"
    courier.export_file(source, Actor("bench", organisation, "bench", frozenset()), out)
    take_in(database, out)
    people, visits = _templates(database, organisation)
    # Ids that stand in one record only (its own parts) are new in every copy.
    texts = [json.dumps(one) for one in (*people, *visits)]
    seen = Counter(id_ for text in texts for id_ in set(_UUID.findall(text)))
    own = {id_ for id_, times in seen.items() if times == 1}
    puts: list[Put] = []
    made = 0
    for number in range(RESIDENTS):
        person = str(uuid.uuid4())
        puts.append(_copy(people[number % len(people)], "Patient", person, person, own))
        for visit in range(VISITS):
            id_ = str(uuid.uuid4())
            content = visits[(number * VISITS + visit) % len(visits)]
            puts.append(_copy(content, "QuestionnaireResponse", id_, person, own))
        if len(puts) >= 2000 or number == RESIDENTS - 1:
            with database.write() as connection:
                results = put_all(connection, database.now(), organisation, puts)
            made += sum(hasattr(result, "version") for result in results)
            puts = []
    assert made == RESIDENTS * (1 + VISITS), made
    return made


def _templates(database: Database, organisation: str) -> tuple[list[Json], list[Json]]:
    found: dict[str, list[Json]] = {"Patient": [], "QuestionnaireResponse": []}
    with database.read() as connection:
        rows = connection.exec_driver_sql(
            "SELECT type, content FROM resource WHERE type IN ('Patient', 'QuestionnaireResponse')"
        )
        for type_, content in rows:
            found[type_].append(parse_content(content))
    return found["Patient"], found["QuestionnaireResponse"]


def _copy(template: Json, type_: str, id_: str, person: str, own: set[str]) -> Put:
    text = json.dumps({"resourceType": type_, "id": id_, **template}, ensure_ascii=False)
    for part in set(_UUID.findall(text)) & own:
        text = text.replace(part, str(uuid.uuid4()))
    resource: Json = json.loads(text)
    if type_ == "QuestionnaireResponse":
        resource["subject"] = {"reference": f"Patient/{person}"}
        for name in ("encounter", "basedOn", "partOf"):
            resource.pop(name, None)
    else:
        # Numbers are one person's alone.
        resource.pop("identifier", None)
    return Put(prepare(resource, type_, id_))


def _floor(folder: Path, count: int) -> float:
    """Rows of the same size into an encrypted file, 100 in a transaction."""
    import sqlcipher3.dbapi2 as sqlcipher

    connection: Any = sqlcipher.connect(str(folder / "floor.db"), isolation_level=None)
    connection.execute(f"PRAGMA key = \"x'{'0' * 64}'\"")
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    connection.execute("CREATE TABLE record (id TEXT PRIMARY KEY, body TEXT)")
    body = "x" * 1500
    began = time.perf_counter()
    for start in range(0, count, 100):
        connection.execute("BEGIN IMMEDIATE")
        rows = [(str(uuid.uuid4()), body) for _ in range(min(100, count - start))]
        connection.executemany("INSERT INTO record VALUES (?, ?)", rows)
        connection.execute("COMMIT")
    took = time.perf_counter() - began
    connection.close()
    return took
