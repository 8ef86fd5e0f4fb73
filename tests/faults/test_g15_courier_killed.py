"""G15: an export or import that is killed between any two writes is simply repeated."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.courier_drive import PART
from app.models.outbox import Outbox, Receipt
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.store import Store, open_store
from app.server import courier_news
from app.server.courier_seed import make_seed
from app.sync import courier
from app.sync.courier import keeping, outgoing
from tests.conftest import TOWNSHIP_ID
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.making import a_plan, a_resident, check_ins, save

MANY = 100

#: Loads the program once and does each order in a child of its own, which nothing but the order
#: has touched: starting anew takes longer than what is killed.
_PROGRAM = """
import json, os, signal, sys, traceback
from pathlib import Path
from app.models.actor import Actor
from app.models.store import Store, open_store
from app.server.courier import take_in, write_reply
from app.server.database import Database
from app.sync import courier
from app.sync.courier import outgoing, reply, seed
import joserfc.jwe, joserfc.jwk, joserfc.jws
outgoing._CHUNK = 7_000
calls = 0

def counted(real, kill_at):
    def call(*args, **options):
        global calls
        calls += 1
        if calls == kill_at:
            os.kill(os.getpid(), signal.SIGKILL)
        return real(*args, **options)
    return call

def work(what, folder, file, other, kill_at, key, organisation):
    if what == "hospital":
        database = Database(Path(folder))
        Database.write = counted(Database.write, kill_at)
        write_reply(database, take_in(database, Path(file)), Path(other))
        database.close()
        return
    store = open_store(Path(folder), bytes.fromhex(key), organisation)
    actor = Actor("somebody", organisation, "somebody", frozenset())
    Store.apply_remote = counted(Store.apply_remote, kill_at)
    if what == "export":
        courier.export_file(store, actor, Path(file))
    elif what == "reply":
        courier.import_file(store, actor, Path(file))
    else:
        courier.import_seed(store, actor, Path(file), other)
    store.close()

for line in sys.stdin:
    child = os.fork()
    if not child:
        code = 1
        try:
            work(*json.loads(line))
            code = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(code)
    print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]), flush=True)
"""

#: ``run(what, folder, file, other, kill_at, store)``: the exit code of a process that kills itself
#: before its ``kill_at``-th transaction.
Run = Callable[[str, Path, Path, str, int, Store | None], int]


@pytest.fixture(scope="module")
def process() -> Iterator[Run]:
    """Does one thing in a process of its own."""
    loaded = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
        env={**os.environ, "PYTHONWARNINGS": "error"},
        text=True,
    )
    assert loaded.stdin is not None
    assert loaded.stdout is not None
    orders, answers = loaded.stdin, loaded.stdout

    def run(
        what: str, folder: Path, file: Path, other: str, kill_at: int, store: Store | None
    ) -> int:
        key = ("", "") if store is None else (store.wrap_key().hex(), store.organisation_id)
        print(
            json.dumps([what, str(folder), str(file), other, kill_at, *key]),
            file=orders,
            flush=True,
        )
        return int(answers.readline())

    yield run
    orders.close()
    assert loaded.wait(60) == 0
    answers.close()


def _until_done(run: Callable[[int], int], *moments: int) -> int:
    """Kill at each moment, then let it end; how many runs were killed."""
    kills = 0
    for kill_at in moments:
        code = run(kill_at)
        assert code in (0, -signal.SIGKILL)
        kills += code != 0
    assert run(10**9) in (0, 1)
    return kills


@pytest.fixture
def pc(make_pc: Callable[..., PC], monkeypatch: pytest.MonkeyPatch) -> PC:
    """A PC with a hundred records waiting, whose files have many chunks."""
    monkeypatch.setattr(outgoing, "_CHUNK", 7_000)
    made = make_pc(TOWNSHIP_ID)
    resident = a_resident()
    plan = a_plan(resident, made.actor)
    save(made.store, made.actor, resident, plan, *check_ins(plan, made.actor, MANY))
    return made


@pytest.mark.kill
def test_g15_the_hospitals_import_is_killed_and_repeated(
    pc: PC, hospital: Hospital, process: Run
) -> None:
    out, reply = pc.export(), pc.drive / "reply"
    hospital.close()

    def run(kill_at: int) -> int:
        return process("hospital", hospital.folder, out, str(reply), kill_at, None)

    assert _until_done(run, 2, 4, 6, 3) >= 3
    again = Hospital(hospital.folder)
    try:
        records = again.records()
        assert len(records) == MANY + 2
        assert all(version.startswith("1-") for version in records.values()), "stored once"
        told = pc.take_in(reply)
        assert (told.confirmed, told.rejected, told.conflicts) == (MANY + 2, 0, 0)
        assert again.take_in(out, pc.drive / "once more").duplicate
    finally:
        again.close()


@pytest.mark.kill
def test_g15_the_pcs_import_is_killed_and_repeated(
    pc: PC, hospital: Hospital, process: Run
) -> None:
    reply = pc.drive / "reply"
    hospital.take_in(pc.export(), reply)
    pc.store.close()
    before = MANY + 2

    def run(kill_at: int) -> int:
        nonlocal before
        code = process("reply", pc.store.folder, reply, "", kill_at, pc.store)
        store = open_store(pc.store.folder, pc.store.wrap_key(), TOWNSHIP_ID)
        with store.read() as session:
            waiting, held = session.query(Outbox).count(), session.query(Receipt).count()
        store.close()
        assert waiting + held == MANY + 2, "held is what was told, and nothing else"
        assert waiting <= before, "progress never goes backwards"
        before = waiting
        return code

    # The last run is a repetition: it finds the reply taken in, or takes the rest in.
    assert _until_done(run, 1, 3, 4, 6) >= 3
    store = open_store(pc.store.folder, pc.store.wrap_key(), TOWNSHIP_ID)
    try:
        with store.read() as session:
            assert session.query(Outbox).count() == 0
        assert courier.standing(store).replied_at is not None
    finally:
        store.close()


@pytest.mark.kill
def test_g15_an_export_that_is_killed_leaves_no_file_and_a_full_queue(
    pc: PC, hospital: Hospital, process: Run
) -> None:
    pc.store.close()
    out = pc.drive / "out.courier"
    for kill_at in (1, 2):
        code = process("export", pc.store.folder, out, "", kill_at, pc.store)
        assert code == -signal.SIGKILL
        assert not out.exists(), "under its own name only when it is whole"
    assert {file.name for file in pc.drive.iterdir()} <= {out.name + PART}
    store = open_store(pc.store.folder, pc.store.wrap_key(), TOWNSHIP_ID)
    try:
        again = PC(store, pc.actor, pc.drive)
        assert again.round(hospital).confirmed == MANY + 2
        assert keeping.load(store).counter >= 2, "a number is never used twice"
        assert not list(pc.drive.glob("*" + PART))
    finally:
        store.close()


@pytest.mark.kill
def test_g15_a_seed_that_is_killed_goes_on_where_it_stopped(
    pc: PC,
    hospital: Hospital,
    make_pc: Callable[..., PC],
    monkeypatch: pytest.MonkeyPatch,
    process: Run,
) -> None:
    monkeypatch.setattr(courier_news, "_CHUNK", 7_000)
    pc.round(hospital)
    new = make_pc(TOWNSHIP_ID, join=False)
    request, seed = new.drive / "request", new.drive / "seed"
    courier.make_request(new.store, new.actor, request)
    made = make_seed(hospital.database, TOWNSHIP_ID, request, seed)
    new.store.close()

    def run(kill_at: int) -> int:
        return process("seed", new.store.folder, seed, made.fingerprint, kill_at, new.store)

    for kill_at in (2, 8):
        assert run(kill_at) == -signal.SIGKILL
    store = open_store(new.store.folder, new.store.wrap_key(), TOWNSHIP_ID)
    try:
        begun = keeping.load(store).done
        assert begun > 0
        seen: list[int] = []
        done = courier.import_seed(
            store,
            new.actor,
            seed,
            made.fingerprint,
            lambda stage, at, of: seen.append(at) if stage == "placing" else None,
        )
        assert done.resumed
        assert seen[0] > 0, "what was taken in before is not taken in again"
        with store.read() as session:
            assert session.query(CheckIn).count() == MANY
            assert session.query(Resident).count() == 1
            assert session.query(Outbox).count() == 0
    finally:
        store.close()
