"""Backups and restores killed at any moment: the old store or the new one, whole, never neither."""

from __future__ import annotations

import shutil
import signal
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest

from app.care import backups
from app.care.accounts import sign_in
from app.clock import FixedClock
from app.models import swap
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import STORE_FILE, Store
from tests.conftest import NOW, PASSWORD
from tests.faults import killable
from tests.sync.making import a_resident, save


@pytest.fixture
def ready(store: Store, actor: Actor) -> tuple[Path, Path]:
    """A closed data folder, and a backup of it that is one unsent resident behind."""
    save(store, actor, a_resident(name="先来"))
    line = backups.make_backup(store, actor, store.folder.parent / "stick.tcbackup")
    save(store, actor, a_resident(name="后来"))
    store.close()
    return store.folder, line.path


def _rounds(
    folder: Path, operation: str, arguments: tuple[Path, ...], check: Callable[[Path, bool], None]
) -> None:
    random = Random(13)
    count = folder.parent / "count"
    shutil.copytree(folder, count)
    calls = killable.run(operation, 0, count, *arguments, password=PASSWORD, login="wang")
    kills = 0
    for number in range(killable.ROUNDS):
        data = folder.parent / f"round-{number}"
        shutil.copytree(folder, data)
        at = random.randrange(1, calls)
        code = killable.run(operation, at, data, *arguments, password=PASSWORD, login="wang")
        kills += code == -signal.SIGKILL
        check(data, code == 0)
        shutil.rmtree(data)
    assert kills >= killable.ROUNDS * 2 // 3


def _names(folder: Path) -> tuple[set[str], int]:
    opened = sign_in(folder, "wang", PASSWORD, FixedClock(NOW))
    try:
        assert not opened.read_only
        assert opened.store.quick_check()
        with opened.store.read() as session:
            found = {row.name for row in session.query(Resident)}
            return found, session.query(Outbox).count()
    finally:
        opened.store.close()


@pytest.mark.kill
@pytest.mark.timeout(0)
def test_g13_a_backup_killed_at_any_moment_leaves_no_half_one(ready: tuple[Path, Path]) -> None:
    def check(folder: Path, _whole: bool) -> None:
        assert all(line.sound for line in backups.list_backups(folder)), "named only when whole"
        assert _names(folder) == ({"先来", "后来"}, 2)
        opened = sign_in(folder, "wang", PASSWORD, FixedClock(NOW))
        assert backups.make_backup(opened.store, opened.actor).sound
        opened.store.close()
        assert not list((folder / "backups").glob(".partial*"))

    _rounds(ready[0], "backup", (), check)


@pytest.mark.kill
@pytest.mark.timeout(0)
def test_g13_a_restore_killed_at_any_moment_is_not_begun_or_whole(ready: tuple[Path, Path]) -> None:
    folder, stick = ready

    def check(folder: Path, _whole: bool) -> None:
        # Old or new: both hold what was never sent, the new one because it was carried over.
        assert _names(folder) == ({"先来", "后来"}, 2)
        assert not (folder / swap.PLAN_FILE).exists()
        kept = list(folder.glob(swap.REPLACED + "*"))
        assert all((one / STORE_FILE).exists() for one in kept), "never deleted"
        done = backups.restore(folder, stick, login="wang", password=PASSWORD)
        assert done.carried == 2
        assert _names(folder) == ({"先来", "后来"}, 2)
        assert not list(folder.glob(swap.STAGING + "*"))

    _rounds(folder, "restore", (stick,), check)


@pytest.mark.parametrize("step", range(1, 8))
def test_g13_an_exchange_cut_between_any_two_of_its_steps_is_finished_at_the_next_start(
    ready: tuple[Path, Path], step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, stick = ready
    moves = [0]
    import os

    replace = os.replace

    def cut(*arguments: object) -> None:
        moves[0] += 1
        if moves[0] == step:
            raise KeyboardInterrupt
        replace(*arguments)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(os, "replace", cut)
        try:
            backups.restore(folder, stick, login="wang", password=PASSWORD)
        except KeyboardInterrupt:
            assert moves[0] == step
    assert _names(folder) == ({"先来", "后来"}, 2)
    assert not (folder / swap.PLAN_FILE).exists()
