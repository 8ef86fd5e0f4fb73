"""The courier's process is killed again and again, at moments nobody chose: G1, G3, G6, G10."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from random import Random

import pytest

from app.models.outbox import Outbox, ServerCopy
from app.models.rehab import CheckIn
from app.models.store import Store, open_store
from app.sync import state
from app.sync.engine import SyncEngine
from app.sync.enrol import change_address
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess, count_of
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.killing import run_in_a_process
from tests.sync.making import a_plan, a_resident, queue_many, save
from tests.sync.proxy import Proxy

#: The long run: TOWNSHIP_CARE_KILL_ROUNDS=500.
ROUNDS = int(os.environ.get("TOWNSHIP_CARE_KILL_ROUNDS", "10"))
MANY = max(600, 100 * ROUNDS)


def _waiting(store: Store) -> int:
    with store.read() as session:
        return session.query(Outbox).count()


@pytest.mark.kill
@pytest.mark.timeout(180 + 10 * ROUNDS)
def test_g03_killed_at_random_while_sending_every_record_is_there_once(
    township: Clinic, server: ServerProcess, proxy: Proxy
) -> None:
    random = Random(20260302)
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    rows = queue_many(township.store, township.actor, plan, MANY)
    change_address(township.store, proxy.url)
    township.engine.close()

    left = [_waiting(township.store)]
    kills = 0
    for _ in range(ROUNDS):
        before = len(proxy.seen)
        # Some answers are lost on top: the process dies not knowing what arrived.
        lose = random.random() < 0.5
        proxy.choose = lambda seen, lose=lose: faults.LOSE_ANSWER if lose else faults.PASS
        code = run_in_a_process(
            township.store,
            lambda kill: setattr(proxy, "after", kill),
            before + random.randrange(3),
        )
        kills += code == -signal.SIGKILL
        left.append(_waiting(township.store))
    assert kills >= ROUNDS // 2, "most rounds died in the middle"
    assert left == sorted(left, reverse=True), "progress never goes backwards"

    proxy.after = lambda seen: None
    proxy.choose = lambda seen: faults.PASS
    store = open_store(township.store.folder, township.store.wrap_key(), TOWNSHIP_ID)
    engine = SyncEngine(store)
    try:
        assert engine.run_once().outcome == "done"
        assert _waiting(store) == 0
        assert store.quick_check()
    finally:
        engine.close()
        store.close()

    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        for type_, wanted in (
            ("Patient", {resident.id}),
            ("CarePlan", {plan.id}),
            ("Procedure", {*rows}),
        ):
            found: list[str] = []
            path: str | None = f"/{type_}?_count=200"
            while path is not None:
                answer = client.get(path)
                assert answer.status_code == 200, answer.text
                bundle = answer.json()
                found += [entry["resource"]["id"] for entry in bundle.get("entry", ())]
                # One effect each: whatever was sent twice is still its first version.
                entries = bundle.get("entry", ())
                assert {count_of(e["resource"]["meta"]["versionId"]) for e in entries} == {1}
                path = next((n["url"] for n in bundle["link"] if n["relation"] == "next"), None)
            assert sorted(found) == sorted(wanted), type_
    finally:
        client.close()


@pytest.mark.kill
@pytest.mark.timeout(180 + 10 * ROUNDS)
def test_g04_killed_at_random_while_fetching_cursor_and_rows_stay_together(
    township: Clinic, make_clinic: Callable[..., Clinic], proxy: Proxy
) -> None:
    random = Random(20260303)
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    wanted: set[str] = set()
    reader = make_clinic(TOWNSHIP_ID)
    change_address(reader.store, proxy.url)
    folder, key = reader.store.folder, reader.store.wrap_key()
    here = [0]
    kills = 0
    rounds = max(4, ROUNDS // 2)
    for _ in range(rounds):
        # Others go on working: there is news in every round.
        wanted.update(queue_many(township.store, township.actor, plan, 500))
        assert township.sync().outcome == "done"
        before = len(proxy.seen)
        code = run_in_a_process(
            reader.store,
            lambda kill: setattr(proxy, "after", kill),
            before + 1 + random.randrange(3),
        )
        kills += code == -signal.SIGKILL
        proxy.after = lambda seen: None
        store = open_store(folder, key, TOWNSHIP_ID)
        try:
            with store.read() as session:
                rows = {id_ for (id_,) in session.query(CheckIn.id)}
                copies = {
                    copy.resource_id: copy.last_updated
                    for copy in session.query(ServerCopy).filter_by(resource_type="Procedure")
                }
                cursor = state.load(session, "cursor:Procedure:_tag").get("at")
            assert copies.keys() == rows
            if cursor is not None and rows:
                assert cursor <= max(copies.values())
            here.append(len(rows))
        finally:
            store.close()
    assert kills >= rounds // 2
    assert here == sorted(here), "what came stays"

    store = open_store(folder, key, TOWNSHIP_ID)
    engine = SyncEngine(store)
    try:
        assert engine.run_once().outcome == "done"
        with store.read() as session:
            assert {id_ for (id_,) in session.query(CheckIn.id)} == wanted
        assert store.quick_check()
    finally:
        engine.close()
        store.close()
