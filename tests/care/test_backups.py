"""Putting a backup back: checked first, whole or not at all; nothing unsent is lost."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlcipher3.dbapi2 as sqlcipher
from sqlalchemy import Connection, event

from app.care import backups, restoring
from app.care.accounts import NewAccount, change_password, create_account, sign_in
from app.care.backups import BackupSettings
from app.clock import FixedClock
from app.errors import (
    DiskFailing,
    DiskFull,
    InputError,
    NotAllowed,
    NotSameStore,
    StoreBusy,
    StoreDamaged,
    StoreFault,
    StoreTooNew,
    WrongPassword,
)
from app.models import backup, keyring, swap
from app.models.actor import Actor
from app.models.audit import record_access
from app.models.carry import Carried, carry_over
from app.models.epoch import FROM_BACKUP, RESTORED
from app.models.identity import new_id
from app.models.keyring import ACCOUNTS_FILE
from app.models.local import AuditEvent
from app.models.outbox import LOOK_FIRST, Conflict, Outbox
from app.models.resident import Resident
from app.models.settings import get_setting
from app.models.store import DAMAGE_FILE, STORE_FILE, Store
from tests.conftest import LEAD_ID, NOW, PASSWORD, TOWNSHIP_ID
from tests.sync.making import a_plan, a_resident, check_ins, ids, save


def put_back(folder: Path, path: Path, **options: object) -> backups.Restored:
    known = {"login": "wang", "password": PASSWORD, "clock": FixedClock(NOW)}
    return backups.restore(folder, path, **{**known, **options})  # type: ignore[arg-type]


def names(store: Store) -> set[str]:
    with store.read() as session:
        return {row.name for row in session.query(Resident)}


@pytest.fixture
def saved(store: Store, actor: Actor) -> backups.BackupLine:
    """A backup of a store with one resident; a second one came after it, the store is closed."""
    save(store, actor, a_resident(name="先来"))
    line = backups.make_backup(store, actor)
    save(store, actor, a_resident(name="后来"))
    store.close()
    return line


def test_what_was_entered_after_the_backup_and_never_sent_is_carried_over(
    store: Store, saved: backups.BackupLine
) -> None:
    done = put_back(store.folder, saved.path)
    assert (done.readable, done.carried, done.lost) == (True, 2, 0)
    assert done.replaced is not None
    assert (done.replaced / STORE_FILE).exists()
    assert (done.replaced / ACCOUNTS_FILE).exists()
    assert "2" in done.message
    opened = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    try:
        assert names(opened.store) == {"先来", "后来"}
        with opened.store.read() as session:
            rows = session.query(Outbox).all()
            assert len(rows) == 2
            assert {row.attempts for row in rows} == {LOOK_FIRST}, "asked for before it is sent"
            note = get_setting(session, RESTORED)
            assert (note["why"], note["pending"]) == (FROM_BACKUP, True)
            assert session.query(AuditEvent).filter_by(action="restore").count() == 1
    finally:
        opened.store.close()


def test_a_child_comes_with_the_parents_that_it_stands_on(store: Store, actor: Actor) -> None:
    line = backups.make_backup(store, actor)
    resident = a_resident()
    plan = a_plan(resident, actor)
    (visit,) = check_ins(plan, actor, 1)
    save(store, actor, resident, plan, visit)
    with store.write(actor) as session:
        # The hospital holds the resident and the plan by now; only the visit waits.
        session.query(Outbox).filter(Outbox.record_id.in_(ids([resident, plan]))).delete()
    store.close()
    assert put_back(store.folder, line.path).carried == 1
    opened = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW)).store
    try:
        assert opened.quick_check()
        with opened.read() as session:
            assert [row.record_id for row in session.query(Outbox)] == [visit.id]
            assert session.get(Resident, resident.id) is not None
    finally:
        opened.close()


def a_conflict(resident: Resident, clock: FixedClock, **values: object) -> Conflict:
    fields = {"phone": {"base": "1", "mine": "2", "theirs": "3"}}
    known = {"kind": "resident", "record_id": resident.id, "resident_id": resident.id}
    return Conflict(id=new_id(), created_at=clock.now(), **{"fields": fields, **known, **values})


def confirmed(store: Store, actor: Actor) -> None:
    """The hospital holds everything: nothing is queued."""
    with store.write(actor) as session:
        session.query(Outbox).delete()


@pytest.mark.parametrize("plugged_in", [True, False])
def test_a_new_pc_counts_on_behind_the_backups_of_the_second_drive(
    store: Store, actor: Actor, clock: FixedClock, tmp_path: Path, plugged_in: bool
) -> None:
    drive = tmp_path / "drive"
    drive.mkdir()
    backups.change_backup_settings(store, actor, BackupSettings(2, 0, 0, str(drive)))
    for _ in range(8):
        clock.advance(days=1)
        assert backups.daily_backup(store) is not None
    store.close()
    there = backup.list_backups(drive)
    assert [line.sequence for line in there] == [8, 7, 6]
    early = there[-1]

    new = tmp_path / "new-pc"
    put_back(new, early.path)
    away = tmp_path / "drive-in-the-drawer"
    if not plugged_in:
        drive.rename(away)
    opened = sign_in(new, "wang", PASSWORD, clock).store
    try:
        clock.advance(days=1)
        line = backups.daily_backup(opened)
        assert line is not None
        if plugged_in:
            assert (line.sequence, line.day) == (9, there[0].day + 1)
        else:
            assert line.sequence == 7, "counted on from the backup that it was made from"
            assert line.day > early.day
            backups.make_backup(opened, actor)
            away.rename(drive)
            clock.advance(days=1)
            line = backups.daily_backup(opened)
            assert line is not None
            assert line.sequence == 9
        assert (drive / line.path.name).exists(), "what was just copied stays"
        assert backup.look_into(line.path).sequence == line.sequence
    finally:
        opened.close()


def test_conflicts_and_who_did_what_after_the_backup_survive_with_nothing_queued(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    old, new = a_resident(name="先来"), a_resident(name="后来")
    opened = a_conflict(old, clock)
    with store.write(actor) as session:
        session.add_all([old, opened])
    confirmed(store, actor)
    line = backups.make_backup(store, actor)
    crossed = a_conflict(old, clock, fields={"event_ids": {"base": [], "mine": ["a"]}})
    later = a_conflict(new, clock)
    with store.write(actor) as session:
        session.add_all([new, crossed, later])
        decided = session.get(Conflict, opened.id)
        decided.fields = {"phone": {**opened.fields["phone"], "choice": "mine", "chosen": "2"}}
        decided.resolved_at, decided.resolved_by = clock.now(), actor.staff_id
    record_access(store, actor, "keep_here", "resident", new.id, {"reason": "为了试验"})
    confirmed(store, actor)
    with store.read() as session:
        said = [_said(row) for row in session.query(AuditEvent).order_by(AuditEvent.id)]
    store.close()

    for turn in range(2):  # and put back a second time it is not doubled
        done = put_back(store.folder, line.path)
        assert (done.readable, done.carried, done.lost) == (True, 0, 0)
        again = sign_in(store.folder, "wang", PASSWORD, clock).store
        with again.read() as session:
            rows = {row.id: row for row in session.query(Conflict)}
            assert rows.keys() == {opened.id, crossed.id, later.id}
            assert rows[opened.id].fields["phone"]["theirs"] == "3"
            assert rows[opened.id].fields["phone"]["choice"] == "mine"
            assert rows[opened.id].resolved_by == actor.staff_id
            assert rows[crossed.id].resolved_at is None
            assert session.get(Resident, new.id) is not None, "a conflict is about a record"
            told = [_said(row) for row in session.query(AuditEvent).order_by(AuditEvent.id)]
        assert [row for row in told if row[1] not in ("restore", "sign_in")] == said
        assert len([row for row in told if row[1] == "restore"]) == turn + 1
        again.close()


def test_the_audit_of_a_store_that_was_put_back_before_is_laid_behind_that_of_the_backup(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    early = backups.make_backup(store, actor)
    record_access(store, actor, "read", "resident", "first way")
    late = backups.make_backup(store, actor)
    store.close()
    (store.folder / STORE_FILE).unlink()  # nothing can be carried over from it
    put_back(store.folder, early.path)
    other = sign_in(store.folder, "wang", PASSWORD, clock).store
    record_access(other, actor, "read", "resident", "second way")
    other.close()
    put_back(store.folder, late.path)
    last = sign_in(store.folder, "wang", PASSWORD, clock).store
    with last.read() as session:
        told = [row.record_id for row in session.query(AuditEvent).order_by(AuditEvent.id)]
    assert [one for one in told if one.endswith("way")] == ["first way", "second way"]
    last.close()


def _said(row: AuditEvent) -> tuple[object, ...]:
    return row.at, row.action, row.kind, row.record_id, row.staff_id, row.detail


@pytest.mark.parametrize("harm", ["deleted", "emptied", "cut", "noise", "first page"])
def test_a_backup_replaces_a_store_that_cannot_be_read(
    store: Store, saved: backups.BackupLine, harm: str
) -> None:
    path = store.folder / STORE_FILE
    content = path.read_bytes()
    if harm == "deleted":
        path.unlink()
    else:
        path.write_bytes(
            {
                "emptied": b"",
                "cut": content[:5000],
                "noise": b"noise" * 10_000,
                "first page": b"x" * 4096 + content[4096:],
            }[harm]
        )
        before = path.read_bytes()
    with pytest.raises(StoreDamaged):
        sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    done = put_back(store.folder, saved.path)
    assert done.readable is (None if harm == "deleted" else False)
    if harm != "deleted":
        assert done.replaced is not None
        assert (done.replaced / STORE_FILE).read_bytes() == before, "kept as it was"
        assert "无法读取" in done.message, "said plainly"
    opened = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    assert not opened.read_only
    assert names(opened.store) == {"先来"}
    opened.store.close()


def test_a_store_damaged_in_one_place_gives_what_can_still_be_read(
    store: Store, actor: Actor
) -> None:
    save(store, actor, a_resident(name="先来"))
    line = backups.make_backup(store, actor)
    rows = [a_resident(name="后" + chr(0x4E00 + n)) for n in range(1)]
    save(store, actor, *rows)
    with store.read() as session:
        root = (
            session.connection()
            .exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'audit_event'")
            .scalar()
        )
    store.close()
    path = store.folder / STORE_FILE
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 : (root - 1) * 4096 + 64] = b"x" * 64
    path.write_bytes(bytes(content))
    done = put_back(store.folder, line.path)
    assert (done.readable, done.carried) == (True, 2)
    opened = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW)).store
    assert len(names(opened)) == 2
    opened.close()


def test_a_damaged_store_opens_for_reading_only_with_the_way_to_a_backup(
    store: Store, actor: Actor
) -> None:
    save(store, actor, a_resident(name="先来"))
    line = backups.make_backup(store, actor)
    with store.read() as session:
        root = (
            session.connection()
            .exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'draft'")
            .scalar()
        )
    store.close()
    path = store.folder / STORE_FILE
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 : (root - 1) * 4096 + 64] = b"x" * 64
    path.write_bytes(bytes(content))

    first = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    assert backups.close_store(first.store) is False, "the check at the end of the day finds it"
    assert (store.folder / DAMAGE_FILE).exists()

    again = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    assert again.read_only
    assert names(again.store) == {"先来"}, "what can be read is shown"
    with pytest.raises(StoreDamaged) as said:
        save(again.store, again.actor, a_resident())
    assert "备份" in str(said.value)
    assert backups.daily_backup(again.store) is None, "no damaged store becomes a backup"
    with pytest.raises(StoreDamaged):
        backups.make_backup(again.store, again.actor)
    assert len(backups.list_backups(store.folder)) == 1
    again.store.close()

    put_back(store.folder, line.path)
    mended = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    assert not mended.read_only
    save(mended.store, mended.actor, a_resident())
    assert backups.close_store(mended.store) is True


def test_an_audit_trail_that_takes_nothing_makes_the_store_read_only(
    store: Store, actor: Actor
) -> None:
    with store.read() as session:
        root = (
            session.connection()
            .exec_driver_sql("SELECT rootpage FROM sqlite_master WHERE name = 'audit_event'")
            .scalar()
        )
    store.close()
    path = store.folder / STORE_FILE
    content = bytearray(path.read_bytes())
    content[(root - 1) * 4096 : (root - 1) * 4096 + 64] = b"x" * 64
    path.write_bytes(bytes(content))
    opened = sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    assert opened.read_only
    opened.store.close()


def test_on_another_pc_by_a_staff_password_or_by_the_recovery_key(
    saved: backups.BackupLine, tmp_path: Path, store_templates: Callable[..., object]
) -> None:
    template = store_templates(TOWNSHIP_ID)
    stick = tmp_path / "stick.tcbackup"
    shutil.copyfile(saved.path, stick)
    assert [one.login for one in backups.backup_accounts(stick)] == ["wang"]
    for number, options in enumerate(
        ({}, {"login": "", "password": "", "recovery_key": template.recovery_key})
    ):
        folder = tmp_path / f"new-pc-{number}"
        done = put_back(folder, stick, **options)
        assert (done.replaced, done.readable, done.carried) == (None, None, 0)
        opened = sign_in(folder, "wang", PASSWORD, FixedClock(NOW))
        assert names(opened.store) == {"先来"}
        opened.store.close()


def test_a_wrong_password_or_key_changes_nothing(store: Store, saved: backups.BackupLine) -> None:
    before = {p.name: p.read_bytes() for p in store.folder.iterdir() if p.is_file()}
    for options in (
        {"password": "wrong-password"},
        {"login": "nobody"},
        {"recovery_key": "00000-11111"},
    ):
        with pytest.raises(WrongPassword):
            put_back(store.folder, saved.path, **options)
    assert {p.name: p.read_bytes() for p in store.folder.iterdir() if p.is_file()} == before


def test_the_passwords_of_today_count_after_a_restore(store: Store, actor: Actor) -> None:
    line = backups.make_backup(store, actor)
    change_password(store, actor, PASSWORD, "another-password", "another-password")
    new = NewAccount("李护士", "li", ("nurse",), "nurse-password", "nurse-password")
    create_account(store, actor, new)
    store.close()
    put_back(store.folder, line.path)  # the old password still opens the old backup
    with pytest.raises(WrongPassword):
        sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW))
    for login, password in (("wang", "another-password"), ("li", "nurse-password")):
        sign_in(store.folder, login, password, FixedClock(NOW)).store.close()


def test_a_key_file_that_is_spoilt_is_replaced_by_that_of_the_backup(
    store: Store, saved: backups.BackupLine
) -> None:
    (store.folder / ACCOUNTS_FILE).write_bytes(b"{")
    done = put_back(store.folder, saved.path)
    assert done.replaced is not None
    assert (done.replaced / ACCOUNTS_FILE).read_bytes() == b"{"
    assert done.carried == 2, "the key of the backup opens the store in use"
    sign_in(store.folder, "wang", PASSWORD, FixedClock(NOW)).store.close()


def test_records_of_another_organisation_or_pc_are_not_put_here(
    store: Store, saved: backups.BackupLine, make_store: Callable[..., tuple[Store, Actor]]
) -> None:
    other, _ = make_store(LEAD_ID)
    other.close()
    before = (other.folder / STORE_FILE).read_bytes()
    with pytest.raises(NotSameStore):
        put_back(other.folder, saved.path)
    keys = json.loads((store.folder / ACCOUNTS_FILE).read_text(encoding="utf-8"))
    (store.folder / ACCOUNTS_FILE).write_text(json.dumps({**keys, "store_id": "another"}))
    with pytest.raises(NotSameStore):
        put_back(store.folder, saved.path)
    assert (other.folder / STORE_FILE).read_bytes() == before


def test_a_backup_of_a_newer_program_is_refused(store: Store, actor: Actor) -> None:
    line = backups.make_backup(store, actor)
    copy = store.folder / "newer.db"
    store.snapshot(copy)
    import sqlcipher3.dbapi2 as sqlcipher

    connection = sqlcipher.connect(str(copy))
    connection.execute(f"PRAGMA key = \"x'{store.wrap_key().hex()}'\"")
    connection.execute("UPDATE alembic_version SET version_num = '9999'")
    connection.commit()
    connection.close()
    store.close()
    facts = json.loads(__import__("zipfile").ZipFile(line.path).read("backup.json"))
    backup._append(copy, facts, store.folder)
    before = (store.folder / STORE_FILE).read_bytes()
    with pytest.raises(StoreTooNew):
        put_back(store.folder, copy)
    assert (store.folder / STORE_FILE).read_bytes() == before
    assert not list(store.folder.glob(swap.STAGING + "*"))


def test_a_store_in_use_is_not_replaced(store: Store, actor: Actor) -> None:
    line = backups.make_backup(store, actor)
    with store.read(), pytest.raises(StoreBusy):
        put_back(store.folder, line.path)
    store.close()
    (store.folder / swap.LOCK_FILE).write_text("1\ntownship-care\nhost\n")  # a living process
    with pytest.raises(StoreBusy):
        put_back(store.folder, line.path)
    (store.folder / swap.LOCK_FILE).write_text("999999999\ntownship-care\nhost\n")
    put_back(store.folder, line.path)


def test_no_room_to_put_it_back_changes_nothing(
    store: Store, saved: backups.BackupLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    usage = shutil.disk_usage(store.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=backup.MARGIN))
    with pytest.raises(DiskFull):
        put_back(store.folder, saved.path)
    assert not list(store.folder.glob(swap.STAGING + "*"))
    assert not list(store.folder.glob(swap.REPLACED + "*"))


@pytest.mark.parametrize(
    ("number", "fault"), [("SQLITE_FULL", DiskFull), ("SQLITE_IOERR_READ", DiskFailing)]
)
def test_a_fault_of_the_disk_while_unsent_work_is_carried_over_changes_nothing(
    store: Store,
    actor: Actor,
    monkeypatch: pytest.MonkeyPatch,
    number: str,
    fault: type[StoreFault],
) -> None:
    line = backups.make_backup(store, actor)
    save(store, actor, *(a_resident(name="后来") for _ in range(80)))
    store.close()

    def with_no_room(old: Store, new: Store) -> Carried:
        @event.listens_for(new._engine, "begin")
        def begin(connection: Connection) -> None:
            connection.exec_driver_sql("PRAGMA max_page_count = 1")  # no page more than now

        return carry_over(old, new)

    def with_a_dying_disk(old: Store, new: Store) -> Carried:
        @event.listens_for(old._engine, "before_cursor_execute")
        def execute(_connection: object, _cursor: object, statement: str, *_rest: object) -> None:
            if "resident" in statement:
                error = sqlcipher.OperationalError("disk I/O error")
                error.sqlite_errorname = number
                raise error

        return carry_over(old, new)

    harmed = with_no_room if number == "SQLITE_FULL" else with_a_dying_disk
    with monkeypatch.context() as patch:
        patch.setattr(restoring, "carry_over", harmed)
        with pytest.raises(fault):
            put_back(store.folder, line.path)
    assert not list(store.folder.glob(swap.STAGING + "*"))
    assert not list(store.folder.glob(swap.REPLACED + "*"))
    assert put_back(store.folder, line.path).carried == 80, "with room again, all of it"


def test_a_store_of_a_newer_program_is_not_replaced(
    store: Store, saved: backups.BackupLine
) -> None:
    with store.apply_remote() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    store.close()
    with pytest.raises(StoreTooNew):
        put_back(store.folder, saved.path)
    assert not list(store.folder.glob(swap.REPLACED + "*"))


def test_the_daily_backup_is_made_once_a_day_and_says_why_it_could_not(
    store: Store, actor: Actor, clock: FixedClock, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    second = tmp_path / "drive"
    second.mkdir()
    settings = BackupSettings(3, 0, 0, str(second))
    backups.change_backup_settings(store, actor, settings)
    assert backups.daily_backup(store) is not None
    assert backups.daily_backup(store) is None, "once a day"
    for _ in range(5):
        clock.advance(days=1)
        assert backups.daily_backup(store) is not None
    state = backups.backup_state(store)
    assert (state.count, state.note, state.second_note) == (3, "", "")
    assert state.last is not None
    assert state.last.sequence == 6
    assert len(backups.list_backups(store.folder, second)) == 6
    assert all(line.sound for line in backups.list_backups(store.folder, second))

    clock.advance(days=1)
    second.rename(tmp_path / "unplugged")
    assert backups.daily_backup(store) is not None
    assert "第二备份" in backups.backup_state(store).second_note

    clock.advance(days=1)
    usage = shutil.disk_usage(store.folder)
    with monkeypatch.context() as patch:
        patch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
        assert backups.daily_backup(store) is None
    assert "磁盘空间不足" in backups.backup_state(store).note
    assert backups.daily_backup(store, stopping=lambda: True) is None, "the program is ending"
    assert not list((store.folder / "backups").glob(".partial*"))
    assert backups.daily_backup(store) is not None
    assert backups.backup_state(store).note == ""


def test_who_may_change_how_backups_are_kept(store: Store, actor: Actor) -> None:
    nurse = Actor(actor.staff_id, actor.organisation_id, "护士", frozenset({"nurse"}))
    with pytest.raises(NotAllowed):
        backups.change_backup_settings(store, nurse, BackupSettings())
    with pytest.raises(InputError) as said:
        backups.change_backup_settings(store, actor, BackupSettings(0, -1, 99, "/no/such/folder"))
    assert set(said.value.problems) == {"daily", "weekly", "monthly", "second_folder"}
    assert backups.make_backup(store, nurse).sound, "anybody may make one"


def test_the_newest_good_backup_is_never_deleted(store: Store, actor: Actor) -> None:
    backups.change_backup_settings(store, actor, BackupSettings(1, 0, 0))
    good = backups.make_backup(store, actor)
    for number in range(5):
        copy = good.path.with_name(f"store-{900 + number:06d}-20990101-000000-daily.tcbackup")
        copy.write_bytes(good.path.read_bytes()[:-50])
    backups.before_import(store)
    sound = [line for line in backups.list_backups(store.folder) if line.sound]
    assert good.sequence in [line.sequence for line in sound]
    assert keyring.exists(store.folder)
