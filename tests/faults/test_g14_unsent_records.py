"""G14: what was not sent survives leaving, another person, a wrong password, a damaged store."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from app.care import backups
from app.care.accounts import NewAccount, create_account, set_active, sign_in, switch_user
from app.clock import FixedClock
from app.errors import StoreDamaged, WrongPassword
from app.models.actor import Actor
from app.models.outbox import Outbox, Receipt
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.store import STORE_FILE, Store
from app.sync.status import read_status
from tests.conftest import NOW, PASSWORD, TOWNSHIP_ID
from tests.faults.copies import content_there, reopen
from tests.server.serving import ServerProcess
from tests.sync.conftest import Clinic
from tests.sync.making import a_plan, a_resident, check_ins, ids, save


def authors(store: Store) -> dict[str, str]:
    with store.read() as session:
        return {row.record_id: row.author_id for row in session.query(Outbox)}


def test_g14_g20_another_person_signs_in_delivers_it_and_changes_no_author(
    township: Clinic, server: ServerProcess
) -> None:
    nurse = NewAccount("李护士", "li", ("nurse",), "nurse-password", "nurse-password")
    created = create_account(township.store, township.actor, nurse)
    resident = a_resident()
    plan = a_plan(resident, township.actor)
    visits = check_ins(plan, township.actor, 2)
    save(township.store, township.actor, resident, plan, *visits)
    waiting = authors(township.store)
    assert {waiting[one] for one in ids([resident, plan, *visits])} == {township.actor.staff_id}

    other = switch_user(township.store, "li", "nurse-password")
    assert other.staff_id == created.staff_id
    assert authors(township.store) == waiting
    save(township.store, other, a_resident(name="护士的"))
    with township.store.write(other) as session:
        session.get(CheckIn, visits[0].id).borg = 15
    reopen(township)
    assert township.sync().outcome == "done"
    with township.store.read() as session:
        assert session.get(CheckIn, visits[0].id).author_id == township.actor.staff_id
        assert session.get(CheckIn, visits[0].id).updated_by == other.staff_id
        assert session.get(CheckIn, visits[1].id).updated_by == township.actor.staff_id
        assert session.query(Receipt).filter(Receipt.kind == "check_in").count() == 2
    assert ("check_in", visits[1].id) in content_there(server.enrol(TOWNSHIP_ID))


def test_g14_the_program_is_left_and_started_again_by_somebody_else(
    store: Store, actor: Actor
) -> None:
    nurse = NewAccount("李护士", "li", ("nurse",), "nurse-password", "nurse-password")
    create_account(store, actor, nurse)
    save(store, actor, a_resident())
    waiting = authors(store)
    assert backups.close_store(store)
    for login, password in (("li", "nurse-password"), ("wang", PASSWORD)):
        opened = sign_in(store.folder, login, password, FixedClock(NOW))
        assert authors(opened.store) == waiting
        opened.store.close()


def test_g14_wrong_passwords_and_a_closed_account_lose_nothing(store: Store, actor: Actor) -> None:
    nurse = NewAccount("李护士", "li", ("nurse",), "nurse-password", "nurse-password")
    line = create_account(store, actor, nurse)
    theirs = Actor(line.staff_id, actor.organisation_id, "李护士", frozenset({"nurse"}))
    save(store, theirs, a_resident())
    set_active(store, actor, line.staff_id, False)  # she left; what she wrote stays hers
    waiting = authors(store)
    store.close()
    before = (store.folder / STORE_FILE).read_bytes()
    for login, password in (("wang", "wrong-password"), ("li", "nurse-password"), ("who", "x")):
        with pytest.raises(WrongPassword):
            sign_in(store.folder, login, password, FixedClock(NOW))
    assert (store.folder / STORE_FILE).read_bytes() == before
    opened = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW)).store
    assert authors(opened) == waiting
    assert line.staff_id in waiting.values()
    opened.close()


def damage(folder: Path, at: float) -> None:
    path = folder / STORE_FILE
    content = bytearray(path.read_bytes())
    start = int(len(content) * at) // 4096 * 4096
    content[start : start + 4096] = b"x" * 4096
    path.write_bytes(bytes(content))


@pytest.mark.parametrize("at", [0.0, 0.1, 0.35, 0.6, 0.9])
def test_g14_a_damaged_store_its_backup_and_what_is_told(
    store: Store, actor: Actor, at: float
) -> None:
    save(store, actor, a_resident(name="备份前"))
    line = backups.make_backup(store, actor)
    save(store, actor, *(a_resident(name="备份后") for _ in range(30)))
    store.close()
    damage(store.folder, at)
    try:
        opened = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
        found = not backups.close_store(opened.store)
    except StoreDamaged as said:
        found = "备份" in str(said)
    assert found, "at the sign-in, or at the latest when the store is closed"

    done = backups.restore(store.folder, line.path, login="wang", password=PASSWORD)
    restored = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW)).store
    try:
        assert restored.quick_check()
        with restored.read() as session:
            names = [row.name for row in session.query(Resident)]
            queued = session.query(Outbox).filter(Outbox.kind == "resident").count()
        assert names.count("备份前") == 1
        assert queued == len(names), "everything that is there still waits"
        if done.readable:
            # Each of the thirty is either here, or counted and said.
            assert names.count("备份后") + done.lost == 30
            assert not done.lost or str(done.lost) in done.message
        else:
            assert "无法读取" in done.message
            assert done.replaced is not None
            assert (done.replaced / STORE_FILE).exists()
        assert not read_status(restored).all_held
    finally:
        restored.close()


def test_g14_a_damaged_store_on_an_enrolled_pc_is_put_back_and_everything_arrives(
    make_clinic: Callable[..., Clinic], server: ServerProcess
) -> None:
    one = make_clinic()
    resident = a_resident()
    save(one.store, one.actor, resident)
    assert one.sync().outcome == "done"
    line = backups.make_backup(one.store, one.actor)
    other = a_resident(name="还没发")
    save(one.store, one.actor, other)
    with one.store.read() as session:
        root = session.connection().exec_driver_sql(
            "SELECT rootpage FROM sqlite_master WHERE name = 'audit_event'"
        )
        page = int(root.scalar() or 0)
    one.engine.close()
    one.store.close()
    path = one.store.folder / STORE_FILE
    content = bytearray(path.read_bytes())
    content[(page - 1) * 4096 : page * 4096] = b"x" * 4096
    path.write_bytes(bytes(content))

    opened = sign_in(one.store.folder, "wang", PASSWORD, one.store.clock)
    assert opened.read_only, "what is there can be read, and the way to the backup is told"
    opened.store.close()
    done = backups.restore(one.store.folder, line.path, login="wang", password=PASSWORD)
    assert (done.readable, done.carried, done.lost) == (True, 1, 0)
    reopen(one)
    assert one.sync().outcome == "done"
    there = content_there(server.enrol(TOWNSHIP_ID))
    assert {key[1] for key in there if key[0] == "resident"} == {resident.id, other.id}
