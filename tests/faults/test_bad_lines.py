"""Over lines as bad as the real ones, byte by byte: G3, G6, G8, G10, G16."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from random import Random

import pytest

from app.models.outbox import Outbox, Receipt, delivery_state
from app.models.rehab import CheckIn
from app.models.store import Store
from app.sync.engine import SyncReport
from app.sync.enrol import change_address
from tests.conftest import TOWNSHIP_ID
from tests.server.serving import ServerProcess, count_of
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, queue_many, save
from tests.sync.proxy import Line, Proxy, Seen, Shape

#: 8 kB/s each way, 400 ms of a round trip.
DYING = Shape(64, 64, 0.4)
#: The emergency has this long, in seconds, until the line is gone.
WINDOW = 20.0
MANY = 10_000


@pytest.fixture
def line_of(server: ServerProcess) -> Iterator[Callable[[Shape], Line]]:
    made: list[Line] = []

    def make(shape: Shape) -> Line:
        line = Line(server.url, shape, Random(11))
        made.append(line)
        return line

    yield make
    for line in made:
        line.close()


def _run(clinic: Clinic) -> tuple[threading.Thread, list[SyncReport]]:
    """A run of the courier on a thread of its own, as in the program."""
    reports: list[SyncReport] = []
    thread = threading.Thread(target=lambda: reports.append(clinic.sync()))
    thread.start()
    return thread, reports


def _wait(courier: threading.Thread, condition: Callable[[], bool], seconds: float = 60) -> None:
    """Until the courier has brought it about, or has ended its run."""
    until = time.monotonic() + seconds
    while not condition() and courier.is_alive():
        assert time.monotonic() < until, "it did not come about"
        courier.join(0.02)


def _held(store: Store, ids: dict[str, list[str]]) -> bool:
    with store.read() as session:
        return all(
            delivery_state(session, kind, id_).state == "held"
            for kind, all_ids in ids.items()
            for id_ in all_ids
        )


def _an_emergency(clinic: Clinic) -> dict[str, list[str]]:
    """Saved now: the patient, the letter with its services, its state and its move."""
    patient = a_resident(name="孙老太")
    letter, task, event, service, child = a_letter(patient, clinic.actor, urgency="emergency")
    save(clinic.store, clinic.actor, patient, letter, task, event, service, child)
    return {
        "resident": [patient.id],
        "referral": [letter.id],
        "referral_task": [task.id, child.id],
        "referral_event": [event.id],
        "referral_service": [service.id],
    }


def _full_queue(clinic: Clinic, count: int = MANY) -> None:
    resident = a_resident()
    plan = a_plan(resident, clinic.actor)
    save(clinic.store, clinic.actor, resident, plan)
    queue_many(clinic.store, clinic.actor, plan, count)


def test_g16_an_emergency_saved_before_the_line_comes_back_is_held_within_the_window(
    township: Clinic, line_of: Callable[[Shape], Line]
) -> None:
    line = line_of(DYING)
    line.die()
    change_address(township.store, line.url)
    _full_queue(township)
    emergency = _an_emergency(township)
    assert township.sync().outcome == "offline"

    line.revive()
    ends = time.monotonic() + WINDOW
    thread, reports = _run(township)
    _wait(thread, lambda: _held(township.store, emergency) or time.monotonic() > ends)
    line.die()
    thread.join(60)

    assert _held(township.store, emergency)
    assert reports[0].outcome == "offline"
    with township.store.read() as session:
        assert session.query(Outbox).count() > MANY - 500


def test_g16_an_emergency_saved_while_ten_thousand_rows_leave_is_held_within_the_window(
    township: Clinic, line_of: Callable[[Shape], Line]
) -> None:
    line = line_of(DYING)
    change_address(township.store, line.url)
    _full_queue(township)
    thread, _ = _run(township)
    # The courier is in the middle of it: some is held, bundles are on their way.
    _wait(thread, lambda: township.engine.pace.rate is not None)
    ends = time.monotonic() + WINDOW
    emergency = _an_emergency(township)
    _wait(thread, lambda: _held(township.store, emergency) or time.monotonic() > ends)
    line.die()
    thread.join(60)

    assert _held(township.store, emergency)


def test_g16_an_emergency_saved_during_a_first_load_does_not_wait_for_its_pages(
    township: Clinic, make_clinic: Callable[..., Clinic], line_of: Callable[[Shape], Line]
) -> None:
    _full_queue(township, 3000)
    assert township.sync().outcome == "done"
    clinic = make_clinic(TOWNSHIP_ID)
    line = line_of(DYING)
    change_address(clinic.store, line.url)
    thread, _ = _run(clinic)
    _wait(
        thread, lambda: clinic.engine.progress is not None and clinic.engine.progress.records > 100
    )
    ends = time.monotonic() + WINDOW
    emergency = _an_emergency(clinic)
    _wait(thread, lambda: _held(clinic.store, emergency) or time.monotonic() > ends)
    loading = clinic.engine.progress
    line.die()
    thread.join(60)

    assert _held(clinic.store, emergency)
    # It went ahead of the pages, not after them.
    assert loading is not None
    assert loading.records < 3000


def test_g06_over_a_line_that_is_cut_every_second_everything_arrives_once(
    township: Clinic, line_of: Callable[[Shape], Line], server: ServerProcess
) -> None:
    line = line_of(Shape(160, 320, 0.1, cut=(0.4, 2.0)))
    change_address(township.store, line.url)
    plans = []
    for number in range(4):
        resident = a_resident(name=f"赵{number}")
        plan = a_plan(resident, township.actor)
        plans.append(plan)
        save(township.store, township.actor, resident, plan)
    rows = [row for plan in plans for row in check_ins(plan, township.actor, 100)]
    save(township.store, township.actor, *rows)
    left = [409]
    for _ in range(60):
        report = township.sync(fetch=False)
        left.append(report.counts.open)
        if report.outcome == "done":
            break
    assert left[-1] == 0
    assert line.cuts >= 2
    assert left == sorted(left, reverse=True), "progress never goes backwards"

    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        seen: list[str] = []
        path: str | None = "/Procedure?_count=200"
        while path is not None:
            page = client.get(path).json()
            for entry in page["entry"]:
                assert count_of(entry["resource"]["meta"]["versionId"]) == 1
                seen.append(entry["resource"]["id"])
            path = next((n["url"] for n in page["link"] if n["relation"] == "next"), None)
    finally:
        client.close()
    assert sorted(seen) == sorted(row.id for row in rows)


def test_g06_a_first_load_over_a_line_that_is_cut_goes_on_where_it_stopped(
    township: Clinic, make_clinic: Callable[..., Clinic], line_of: Callable[[Shape], Line]
) -> None:
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    save(township.store, township.actor, resident, plan)
    queue_many(township.store, township.actor, plan, 2000)
    assert township.sync().outcome == "done"

    clinic = make_clinic(TOWNSHIP_ID)
    # A page of 200 would never cross between two cuts.
    line = line_of(Shape(64, 64, 0.1, cut=(0.8, 1.6)))
    change_address(clinic.store, line.url)
    here = [0]
    told: list[int] = []
    for _ in range(60):
        report = clinic.sync()
        told.append(report.received)
        with clinic.store.read() as session:
            here.append(session.query(CheckIn).count())
        if here[-1] >= 300:
            break
    assert line.cuts >= 3
    assert here == sorted(here), "what came stays"
    line.die()
    change_address(clinic.store, township.engine.asker().transport.base)  # type: ignore[union-attr]
    report = clinic.sync()
    assert report.outcome == "done"
    with clinic.store.read() as session:
        assert session.query(CheckIn).count() == 2000
    # Nothing was fetched a second time but the moment at which each list had stopped.
    assert report.received <= 2000 - here[-1] + 2


def test_g08_at_no_moment_does_the_server_hold_a_child_without_its_parents(
    make_clinic: Callable[..., Clinic], proxy: Proxy, server: ServerProcess
) -> None:
    # However long a look takes on a busy machine, the line is not what is tried here.
    clinic = make_clinic(TOWNSHIP_ID, link=proxy.url, silence=60)
    for number in range(12):
        resident = a_resident(name=f"钱{number}")
        plan = a_plan(resident, clinic.actor)
        save(clinic.store, clinic.actor, resident, plan, *check_ins(plan, clinic.actor, 15))
    client = server.enrol(TOWNSHIP_ID, "watcher")
    lock = threading.Lock()
    missing: list[str] = []
    looks: list[int] = []

    def look(seen: Seen, request: bytes, answer_to_pc: bytes) -> bytes:
        # Before the PC has its answer: a look after it may still be under way when all is sent.
        with lock:
            # Children are listed first: what they stand on can only have come before.
            answer = client.get("/Procedure?_count=200")
            assert answer.status_code == 200
            children = answer.json()
            assert all(link["relation"] != "next" for link in children["link"])
            looks.append(len(children.get("entry", ())))
            wanted = {
                reference["reference"]
                for entry in children.get("entry", ())
                for reference in (entry["resource"]["subject"], *entry["resource"]["basedOn"])
            }
            for type_ in ("Patient", "CarePlan"):
                held = {f"{type_}/{id_}" for id_ in client.ids(f"/{type_}?_count=200")}
                missing.extend(w for w in wanted if w.startswith(type_) and w not in held)
        return answer_to_pc

    proxy.rewrite = look
    try:
        assert clinic.sync().outcome == "done"
    finally:
        client.close()
    assert missing == []
    # It was looked at in the middle, too.
    assert any(0 < number < 180 for number in looks)
    with clinic.store.read() as session:
        assert session.query(Receipt).filter_by(kind="check_in").count() == 180
