"""G14: unsent records survive logout, a revoked device, a wrong key, another person signing in."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import select

from app.care.accounts import NewAccount, create_account, sign_in, switch_user
from app.errors import WrongPassword
from app.keys import make_keys
from app.models.actor import Actor
from app.models.outbox import Outbox, SyncState
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.store import Store
from app.server.enrolment import enrol_code, revoke_device
from app.sync import link, state
from app.sync.engine import DONE, REFUSED, SyncEngine
from app.sync.enrol import enrol
from app.sync.status import read_status
from tests.conftest import PASSWORD, TOWNSHIP_ID
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, a_resident, check_ins, save

LI = NewAccount("李敏", "limin", ("nurse", "doctor"), "nurse-li-1", "nurse-li-1")


def _waiting(store: Store) -> set[str]:
    """Ids of what waits; nothing that waits may be in another state meanwhile."""
    with store.read() as session:
        rows = session.execute(select(Outbox.record_id, Outbox.state)).all()
    assert {row.state for row in rows} <= {"waiting"}
    return {row.record_id for row in rows}


def _day_of_work(store: Store, actor: Actor) -> set[str]:
    resident = a_resident()
    plan = a_plan(resident, actor)
    visits = check_ins(plan, actor, 5)
    save(store, actor, resident, plan, *visits)
    return {resident.id, plan.id, *(visit.id for visit in visits)}


def _held(server: ServerProcess, ids: set[str]) -> dict[str, int]:
    """How often the server holds each: once, or not at all."""
    client = server.enrol(TOWNSHIP_ID, "watcher")
    try:
        found: list[str] = []
        for type_ in ("Patient", "CarePlan", "Procedure"):
            found += client.ids(f"/{type_}?_id={','.join(sorted(ids))}&_count=200")
    finally:
        client.close()
    return {id_: found.count(id_) for id_ in ids}


def _device_id(store: Store) -> str:
    with store.read() as session:
        account = state.account(session)
    assert account is not None
    assert account.device_id
    return account.device_id


def test_g14_a_revoked_device_works_on_and_loses_nothing(
    township: Clinic, server: ServerProcess
) -> None:
    store, actor = township.store, township.actor
    before = _day_of_work(store, actor)
    assert township.sync().outcome == DONE
    waiting = _day_of_work(store, actor)
    revoke_device(server.data_dir, _device_id(store))
    for _ in range(3):
        report = township.sync()
        assert (report.outcome, report.sent) == (REFUSED, 0)
        assert report.reason == str(link.withdrawn())
        assert _waiting(store) == waiting
        # Local work never stops.
        waiting |= _day_of_work(store, actor)
        assert _waiting(store) == waiting
    assert read_status(store).waiting == len(waiting)
    assert not any(_held(server, waiting).values()), "a revoked device writes nothing"
    # The program is started anew, and the PC is let in again.
    township.engine.close()
    again = sign_in(store.folder, "wang", PASSWORD, store.clock)
    enrol(again.store, server.url, enrol_code(server.data_dir, TOWNSHIP_ID), "PC")
    engine = SyncEngine(again.store)
    report = engine.run_once()
    assert (report.outcome, report.sent) == (DONE, len(waiting))
    engine.close()
    again.store.close()
    assert set(_held(server, before | waiting).values()) == {1}


def test_g14_revoked_in_the_middle_of_sending(township: Clinic, server: ServerProcess) -> None:
    store, actor = township.store, township.actor
    resident = a_resident()
    plan = a_plan(resident, actor)
    visits = check_ins(plan, actor, 140)
    save(store, actor, resident, plan, *visits)
    everything = {resident.id, plan.id, *(visit.id for visit in visits)}
    asker = township.engine.asker()
    assert asker is not None
    transport = asker.transport
    post, sent = transport.post, 0

    def post_and_revoke(packed: object) -> object:
        nonlocal sent
        sent += 1
        if sent == 2:
            revoke_device(server.data_dir, _device_id(store))
        return post(packed)  # type: ignore[arg-type]

    transport.post = post_and_revoke  # type: ignore[method-assign,assignment]
    report = township.sync()
    assert report.outcome == REFUSED
    held = _held(server, everything)
    with store.read() as session:
        left = set(session.scalars(select(Outbox.record_id)))
    # Nobody's record is lost: each is at the server or still here, and what is gone is held.
    assert {id_ for id_ in everything if not held[id_]} <= left
    assert left, "the revocation came before the end"
    assert len(left) < len(everything), "and after the beginning"
    township.engine.close()
    enrol(store, server.url, enrol_code(server.data_dir, TOWNSHIP_ID), "PC")
    assert township.sync().outcome == DONE
    assert set(_held(server, everything).values()) == {1}


@pytest.mark.parametrize("what", ["another key", "no key"])
def test_g14_a_wrong_key_at_the_server(township: Clinic, server: ServerProcess, what: str) -> None:
    store = township.store
    waiting = _day_of_work(store, township.actor)
    with store.read() as session:
        keys = state.load(session, state.DEVICE_KEYS)
    with store.apply_remote() as session:
        wrong = make_keys().to_dict() if what == "another key" else {}
        state.save(session, state.DEVICE_KEYS, wrong)
        session.query(SyncState).filter(SyncState.key == state.LOGIN).delete()
    for _ in range(2):
        report = township.sync()
        assert (report.outcome, report.sent) == (REFUSED, 0)
        assert _waiting(store) == waiting
    with store.apply_remote() as session:
        state.save(session, state.DEVICE_KEYS, keys)
    assert township.sync().sent == len(waiting)
    assert set(_held(server, waiting).values()) == {1}


def test_g14_a_wrong_password_opens_nothing_and_spoils_nothing(township: Clinic) -> None:
    store = township.store
    waiting = _day_of_work(store, township.actor)
    for password in ("", "wrong", PASSWORD + " x"):
        with pytest.raises(WrongPassword):
            sign_in(store.folder, "wang", password, store.clock)
    assert _waiting(store) == waiting
    assert township.sync().sent == len(waiting)


def test_g14_logout_and_another_person_signing_in(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    clinic = make_clinic(TOWNSHIP_ID)
    store, wang = clinic.store, clinic.actor
    create_account(store, wang, LI)
    assert clinic.sync().outcome == DONE
    waiting = _day_of_work(store, wang)
    clinic.engine.close()

    # Wang leaves; Li signs in on the same PC, works, and her session delivers both.
    li = switch_user(store, LI.login, LI.password)
    assert _waiting(store) == waiting
    mine = _day_of_work(store, li)
    with store.read() as session:
        queued = {row.record_id: row.author_id for row in session.scalars(select(Outbox))}
    assert {queued[id_] for id_ in waiting} == {wang.staff_id}
    assert {queued[id_] for id_ in mine} == {li.staff_id}
    report = clinic.sync()
    assert (report.outcome, report.sent) == (DONE, len(waiting | mine))
    assert set(_held(server, waiting | mine).values()) == {1}
    with store.read() as session:
        for kind in (Resident, CheckIn):
            for row in session.scalars(select(kind)):
                expected = wang.staff_id if row.id in waiting else li.staff_id
                assert row.author_id == expected, "delivered, never re-attributed"
