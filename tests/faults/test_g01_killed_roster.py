"""The import of a roster killed at any moment: all of its residents or none of them."""

from __future__ import annotations

import shutil
import signal
from pathlib import Path
from random import Random

import pytest

from app.care.accounts import sign_in
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.roster import RosterImport, RosterRow
from app.models.store import Store
from tests.care.roster.files import FEMALE, LEAP, MALE, OTHER, person, workbook
from tests.conftest import NOW, PASSWORD
from tests.faults import killable


def _counts(folder: Path) -> list[int]:
    opened = sign_in(folder, "wang", PASSWORD, FixedClock(NOW))
    try:
        assert opened.store.quick_check()
        with opened.store.read() as session:
            models = (Resident, Outbox, RosterImport, RosterRow)
            return [session.query(model).count() for model in models]
    finally:
        opened.store.close()


@pytest.mark.kill
def test_a_killed_import_is_whole_or_not_there(store: Store, actor: Actor, tmp_path: Path) -> None:
    folder = store.folder
    store.close()
    numbers = (MALE, FEMALE, LEAP, OTHER)
    names = ("张三", "李四", "王五", "赵六")
    rows = [person(at, names[at], numbers[at]) for at in range(4)]
    path = workbook(tmp_path / "a.xlsx", rows)
    counted = tmp_path / "count"
    shutil.copytree(folder, counted)
    calls = killable.run("roster", 0, counted, path, password=PASSWORD, login="wang")
    assert _counts(counted) == [4, 4, 1, 4]
    random = Random(1)
    kills = 0
    rounds = max(killable.ROUNDS - 1, 1)
    for number in range(rounds):
        data = tmp_path / f"round-{number}"
        shutil.copytree(folder, data)
        at = random.randrange(calls // 2, calls)
        code = killable.run("roster", at, data, path, password=PASSWORD, login="wang")
        kills += code == -signal.SIGKILL
        assert _counts(data) in ([0, 0, 0, 0], [4, 4, 1, 4])
    assert kills >= rounds * 2 // 3
