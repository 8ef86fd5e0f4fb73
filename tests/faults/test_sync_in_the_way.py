"""G17: whatever the courier waits for, a save and the screen's questions do not wait with it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from random import Random

import pytest
from sqlalchemy import Connection, event
from sqlalchemy.orm import SessionTransaction

from app.models.hook import RecordingSession
from app.models.outbox import Outbox
from app.sync.facade import SyncService
from app.sync.policy import Policy
from tests.conftest import TOWNSHIP_ID
from tests.sync import proxy as faults
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, a_resident, queue_many, save
from tests.sync.proxy import Proxy, Seen

#: Rows of the outbox that one transaction of the courier may touch: a save waits for one at most.
MOST_ROWS = 2 * 8 * 50


@pytest.mark.parametrize("fetching", [False, True])
def test_g17_while_the_line_stalls_saves_and_questions_go_through_at_once(
    make_clinic: Callable[..., Clinic], township: Clinic, proxy: Proxy, *, fetching: bool
) -> None:
    """The answer never comes while the test runs: whoever waited for it would never end."""
    if fetching:
        save(township.store, township.actor, a_resident())
        assert township.sync().outcome == "done"
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url, silence=60)
    if not fetching:
        save(clinic.store, clinic.actor, a_resident())
    stalled = threading.Event()

    def choose(seen: Seen) -> str:
        if seen.method == "POST" and seen.path == "/fhir":
            stalled.set()
            return faults.STALL
        return faults.PASS

    proxy.choose = choose
    courier = SyncService(clinic.store, Policy(Random(3)), connect=clinic.engine._connect)
    courier.start()
    try:
        assert stalled.wait(30)
        row = a_resident(name="周八")
        save(clinic.store, clinic.actor, row)
        assert courier.status().phase == "syncing"
        assert courier.refresh().waiting >= 1
        courier.sync_now()
        with clinic.store.read() as session:
            assert session.query(Outbox).filter_by(record_id=row.id).one().state == "waiting"
        assert stalled.is_set()
        assert courier.status().phase == "syncing", "the answer has not come all the while"
    finally:
        proxy.release()
        courier.stop(30)


def test_g17_no_transaction_of_the_courier_is_long(township: Clinic) -> None:
    """Ten thousand rows leave in short transactions, and between them a save gets its turn."""
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    queue_many(township.store, township.actor, plan, 3000)
    changes: list[int] = []
    saved: list[str] = []
    inside = threading.local()

    def began(session: RecordingSession, _: SessionTransaction, connection: Connection) -> None:
        if session.info.get("remote"):
            inside.before = connection.exec_driver_sql("SELECT total_changes()").scalar()

    def ends(session: RecordingSession) -> None:
        if session.info.get("remote"):
            now = session.connection().exec_driver_sql("SELECT total_changes()").scalar()
            changes.append(now - inside.before)

    event.listen(RecordingSession, "after_begin", began)
    event.listen(RecordingSession, "before_commit", ends)
    done = threading.Event()

    def work() -> None:
        while not done.wait(0.01):
            row = a_resident(name="吴九")
            save(township.store, township.actor, row)
            saved.append(row.id)

    worker = threading.Thread(target=work)
    worker.start()
    try:
        report = township.sync(fetch=False)
    finally:
        done.set()
        worker.join(30)
        event.remove(RecordingSession, "after_begin", began)
        event.remove(RecordingSession, "before_commit", ends)
    assert report.outcome in ("done", "partial")
    assert report.sent >= 3000
    assert len(saved) >= 5
    # A confirmed row: receipt, version, cleared; a row about to leave: marked.
    assert max(changes) <= 4 * MOST_ROWS
