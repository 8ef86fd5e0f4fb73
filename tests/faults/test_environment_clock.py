"""G12: the clock of the PC jumps by ten years, either way: same order, same outcome, no crash."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import select

from app.care.timeline import count_timeline, timeline
from app.care.work_list import room_counts, today_work
from app.clock import FixedClock
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store
from app.server.enrolment import enrol_code
from app.sync.engine import SyncEngine
from app.sync.enrol import enrol
from app.sync.status import read_status
from app.ui.context import UiContext
from app.ui.shell.rooms import ROOMS
from app.ui.sync.words import bar_text
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save
from tests.ui.checks import show_page

TEN_YEARS = 3653


def _queue(store: Store) -> list[str]:
    with store.read() as session:
        return list(session.scalars(select(Outbox.record_id).order_by(Outbox.seq)))


def _look_everywhere(store: Store, clinic: Clinic, resident_id: str, qtbot) -> None:
    """Today, the rooms, the timeline and the bar: none of them minds what the clock says."""
    work = today_work(store, clinic.actor)
    assert set(work.totals) == {"now", "today", "week"}
    room_counts(store, clinic.actor)
    entries = timeline(store, clinic.actor, resident_id)
    assert len(entries) == min(count_timeline(store, clinic.actor, resident_id), 50)
    said = bar_text(read_status(store), store.clock.now(), store.clock.today())
    assert said.text
    assert not re.search(r"(?<!\d)-\d", said.text), "no negative age"
    context = UiContext(store, clinic.actor, SynchronousRunner())
    for place in ROOMS:
        if place.name in ("today", "residents", "sync"):
            room = place.build(context)
            show_page(qtbot, room)
            where = {"resident_id": resident_id} if place.name == "residents" else {}
            if hasattr(room, "open"):
                room.open(**where)
            QApplication.processEvents()


@pytest.mark.parametrize("days", [TEN_YEARS, -TEN_YEARS])
def test_a_clock_that_jumps_between_saves_and_sync(
    qtbot,
    township: Clinic,
    make_clinic: Callable[..., Clinic],
    clock: FixedClock,
    days: int,
) -> None:
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    rows = check_ins(plan, township.actor, 4)
    letter = a_letter(resident, township.actor)
    save(township.store, township.actor, resident, plan, *rows[:2])
    clock.advance(days=days)
    save(township.store, township.actor, *rows[2:])
    clock.advance(days=-2 * days)
    save(township.store, township.actor, *letter)
    wanted = [resident.id, plan.id, *(row.id for row in rows), *(row.id for row in letter)]
    assert sorted(_queue(township.store)) == sorted(wanted)
    # The order of the queue is that of the saves, whatever the clock said.
    order = _queue(township.store)
    assert order.index(resident.id) < order.index(plan.id) < order.index(rows[0].id)
    assert order.index(rows[1].id) < order.index(rows[2].id) < order.index(letter[0].id)
    _look_everywhere(township.store, township, resident.id, qtbot)

    report = township.sync()
    assert report.outcome == "done", report.reason
    assert _queue(township.store) == []
    _look_everywhere(township.store, township, resident.id, qtbot)

    clock.advance(days=2 * days)
    hospital = make_clinic(LEAD_ID)
    assert hospital.sync().outcome == "done"
    with hospital.store.read() as session:
        assert session.get(Resident, resident.id) is not None
    _look_everywhere(hospital.store, hospital, resident.id, qtbot)


@pytest.mark.parametrize("days", [TEN_YEARS, -TEN_YEARS])
def test_a_clock_that_jumps_between_two_edits_of_one_record(
    township: Clinic, server: ServerProcess, clock: FixedClock, days: int, make_store
) -> None:
    resident = a_resident(village="旧村")
    save(township.store, township.actor, resident)
    assert township.sync().outcome == "done"
    for village in ("甲村", "乙村"):
        clock.advance(days=days)
        with township.store.write(township.actor) as session:
            row = session.get(Resident, resident.id)
            assert row is not None
            row.village = village
        clock.advance(days=-days)
    assert township.sync().outcome == "done"

    # Another PC of the organisation, whose clock is wrong the other way.
    clock.advance(days=-days)
    other, _ = make_store(TOWNSHIP_ID)
    enrol(other, server.url, enrol_code(server.data_dir, TOWNSHIP_ID), "PC 2")
    engine = SyncEngine(other)
    try:
        assert engine.run_once().outcome == "done"
        with other.read() as session:
            found = session.get(Resident, resident.id)
            assert found is not None
            assert found.village == "乙村", "the last edit wins, not the latest clock"
    finally:
        engine.close()
