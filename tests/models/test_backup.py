"""Backups: encrypted, checked, whole; kept by sequence and counted days, not by the clock."""

from __future__ import annotations

import json
import shutil
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from app.clock import FixedClock, clinic_date
from app.errors import BackupUnreadable, DiskFull, StoreTooNew
from app.models import backup, keeping, keyring
from app.models.actor import Actor
from app.models.backup import BackupLine
from app.models.keeping import BackupSettings
from app.models.resident import Resident
from app.models.store import Store, open_store
from tests.conftest import NOW, TOWNSHIP_ID
from tests.sync.making import a_resident, save


def _line(number: int, day: int, **values: object) -> BackupLine:
    made_at = datetime(2026, 1, 1, 4, tzinfo=UTC) + timedelta(days=day)
    known = {"organisation_id": TOWNSHIP_ID, "store_id": "s", "day": day, "made_at": made_at}
    known |= {"path": Path(f"store-{number:06d}.tcbackup"), "reason": "daily", "size": 1}
    return BackupLine(sequence=number, **{**known, **values})  # type: ignore[arg-type]


def test_a_backup_is_one_encrypted_file_that_says_what_it_is(store: Store, actor: Actor) -> None:
    save(store, actor, a_resident(name="王秘密", phone="13899990000"))
    line = backup.make(store, backup.BY_HAND)
    content = line.path.read_bytes()
    assert line.path.parent == store.folder / "backups"
    assert not content.startswith(b"SQLite format 3")
    assert "王秘密".encode() not in content
    assert b"13899990000" not in content
    assert (line.sequence, line.reason, line.sound) == (1, "by_hand", True)
    assert line.organisation_id == TOWNSHIP_ID
    assert line.made_at == NOW
    with zipfile.ZipFile(line.path) as archive:
        assert sorted(archive.namelist()) == ["accounts.json", "backup.json"]
        keys = json.loads(archive.read("accounts.json"))
        assert keys["store_id"] == line.store_id == keyring.load(store.folder).store_id
    assert [b.path for b in backup.list_backups(line.path.parent)] == [line.path]
    assert not list(line.path.parent.glob(".partial*"))


def test_a_backup_is_taken_while_somebody_writes(store: Store, actor: Actor) -> None:
    save(store, actor, *(a_resident() for _ in range(300)))
    during: list[int] = []

    def breathe() -> None:
        if not during:
            during.append(1)
            save(store, actor, a_resident(name="期间"))

    line = backup.make(store, backup.DAILY, breathe=breathe)
    assert during, "a save went through in the middle of the copying"
    folder = store.folder / "out"
    folder.mkdir()
    backup.take_out(line, folder)
    copy = open_store(folder, store.wrap_key(), TOWNSHIP_ID, FixedClock(NOW))
    try:
        assert copy.quick_check()
        with copy.read() as session:
            assert session.query(Resident).count() == 300, "one state, not a mixture"
    finally:
        copy.close()


@pytest.mark.parametrize("harm", ["cut", "longer", "a page", "the archive", "plain", "empty"])
def test_a_harmed_backup_is_told_and_never_counts(store: Store, harm: str) -> None:
    line = backup.make(store, backup.DAILY)
    content = bytearray(line.path.read_bytes())
    if harm == "cut":
        del content[line.pages // 2 : line.pages // 2 + 4096]
    elif harm == "longer":
        content[100:100] = b"x" * 4096
    elif harm == "a page":
        content[line.pages // 2 : line.pages // 2 + 64] = b"x" * 64
    elif harm == "the archive":
        del content[-300:]
    elif harm == "plain":
        content[:16] = b"SQLite format 3\x00"
    else:
        content.clear()
    line.path.write_bytes(bytes(content))
    if harm in ("a page", "plain"):
        # Only the key shows it: before anything is put back, every page is read.
        folder = store.folder / "out"
        folder.mkdir()
        backup.take_out(line, folder)
        with pytest.raises(BackupUnreadable):
            backup.check_pages(folder / "store.db", store.wrap_key())
    else:
        with pytest.raises(BackupUnreadable):
            backup.look_into(line.path)
        (found,) = backup.list_backups(line.path.parent)
        assert not found.sound
        assert found.problem.endswith("。")
        assert backup.newest([found], line.store_id) is None


def test_another_key_does_not_open_a_backup(store: Store) -> None:
    line = backup.make(store, backup.DAILY)
    folder = store.folder / "out"
    folder.mkdir()
    backup.take_out(line, folder)
    with pytest.raises(BackupUnreadable):
        backup.check_pages(folder / "store.db", b"k" * 32)


def test_no_backup_where_it_would_fill_the_disk(
    store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    free = backup.needed(store) + backup.MARGIN - 1
    usage = shutil.disk_usage(store.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=free))
    with pytest.raises(DiskFull) as said:
        backup.make(store, backup.DAILY)
    assert "备份" in str(said.value)
    assert list((store.folder / "backups").iterdir()) == []


def test_what_a_killed_backup_left_is_removed_and_a_living_one_is_not(store: Store) -> None:
    folder = store.folder / "backups"
    folder.mkdir()
    dead = folder / ".partial-999999999-aa"
    living = folder / ".partial-1-bb"
    dead.touch()
    living.touch()
    backup.make(store, backup.DAILY)
    assert not dead.exists()
    assert living.exists()


def test_rotation_keeps_seven_days_four_weeks_six_months() -> None:
    lines = [_line(number, number) for number in range(1, 401)]
    left: list[BackupLine] = []
    for line in lines:  # as the days pass
        left.append(line)
        gone = keeping.superseded(left, BackupSettings())
        assert line not in gone, "never the newest"
        left = [one for one in left if one not in gone]
    days = [line.day for line in left]
    assert days[-7:] == list(range(394, 401))
    assert len(left) <= 7 + 4 + 6
    assert min(days) <= 400 - 4 * 30, "and some months back"


def test_many_in_one_day_do_not_push_out_the_days_before() -> None:
    lines = [_line(number, number) for number in range(1, 8)]
    lines += [_line(number, 7, reason="import") for number in range(8, 60)]
    gone = keeping.superseded(lines, BackupSettings())
    left = [line for line in lines if line not in gone]
    assert {line.day for line in left} == {1, 2, 3, 4, 5, 6, 7}
    assert {57, 58, 59} <= {line.sequence for line in left}


def test_a_file_that_is_not_whole_counts_for_nothing() -> None:
    lines = [_line(number, number) for number in range(1, 4)]
    broken = [_line(number, number, sound=False) for number in range(4, 20)]
    assert keeping.superseded(lines + broken, BackupSettings(1, 0, 0)) == []


@pytest.mark.parametrize(
    "jumps", [[3653, -3653], [0], [-1], [3653]], ids=lambda j: ",".join(map(str, j))
)
def test_g12_a_clock_wrong_by_years_stops_no_backup_and_deletes_no_good_one(
    store: Store, actor: Actor, clock: FixedClock, jumps: list[int], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(backup, "WRITES_A_DAY", 4)
    folder = backup.usual_folder(store.folder)
    store_id = keyring.load(store.folder).store_id
    for number in range(9):
        clock.advance(days=jumps[number % len(jumps)])
        save(store, actor, *(a_resident() for _ in range(5)))
        lines = backup.list_backups(folder)
        before = [line for line in lines if line.sound]
        assert backup.due(store, lines, store_id), "neither a stuck nor a jumping clock stops it"
        line = backup.make(store, backup.DAILY)
        assert line.sequence == number + 1
        keeping.rotate(backup.list_backups(folder), store_id, BackupSettings())
        after = [one.sequence for one in backup.list_backups(folder) if one.sound]
        newest = [one.sequence for one in before][:6]
        assert set(newest) <= set(after), "the newest of another day are always kept"
    with store.read() as session:
        assert session.query(Resident).count() == 45


def test_a_real_week_is_counted_by_its_days(store: Store, actor: Actor, clock: FixedClock) -> None:
    first = backup.make(store, backup.DAILY)
    clock.advance(days=7)
    assert backup.make(store, backup.DAILY).day == first.day + 7
    clock.advance(minutes=5)
    assert backup.make(store, backup.DAILY).day == first.day + 7
    clock.advance(days=400)
    assert backup.make(store, backup.DAILY).day == first.day + 8, "not believed"
    assert clinic_date(NOW)


def test_what_was_just_copied_stays_whatever_its_number_is(tmp_path: Path) -> None:
    lines = [_line(number, number, path=tmp_path / str(number)) for number in range(1, 12)]
    for line in lines:
        line.path.touch()
    assert keeping.rotate(lines, "s", BackupSettings(1, 0, 0), lines[0].path) == 7
    assert {path.name for path in tmp_path.iterdir()} == {"1", "9", "10", "11"}


def test_backups_of_another_store_in_the_same_folder_are_left_alone(store: Store) -> None:
    other = [_line(number, 0, store_id="another") for number in range(1, 30)]
    assert keeping.rotate(other, keyring.load(store.folder).store_id, BackupSettings(1, 0, 0)) == 0


def test_a_backup_of_a_newer_program_is_refused(store: Store) -> None:
    with store.apply_remote() as session:
        session.connection().exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreTooNew):
        backup.make(store, backup.DAILY)
    assert not list((store.folder / "backups").glob("*"))
