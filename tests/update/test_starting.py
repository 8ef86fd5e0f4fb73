"""Starts of the installed program with newer versions beside it: real processes, real windows."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from app.care.accounts import sign_in
from app.clock import FixedClock
from app.models import swap
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.update import trial
from tests.conftest import NOW, PASSWORD
from tests.update.conftest import Installed
from tests.update.making import lines, start

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")


def _content(folder: Path) -> tuple[set[str], int]:
    opened = sign_in(folder, "wang", PASSWORD, FixedClock(NOW))
    try:
        assert opened.store.quick_check()
        with opened.store.read() as session:
            return {row.name for row in session.query(Resident)}, session.query(Outbox).count()
    finally:
        opened.store.close()


def _version(installed: Installed) -> str:
    asked = ("--version", "--data", str(installed.data))
    return start(installed.root, installed.data, installed.log, "", *asked).stdout.strip()


def test_the_newest_version_is_tried_used_and_kept(installed: Installed) -> None:
    installed.version("1.1.0")
    installed.version("1.0.5")
    # Commands do not try it, and closed before anybody signed in it has not failed.
    assert _version(installed) == "Township Care 1.0.0"
    assert start(installed.root, installed.data, installed.log).returncode == 0
    assert trial.load(installed.data) == trial.Trial()
    assert not (installed.data / trial.COPY).exists()
    done = start(installed.root, installed.data, installed.log, "sign in")
    assert done.returncode == 0, done.stderr
    assert lines(installed.log) == ["1.1.0 shown", "1.1.0 shown", "1.1.0 worked with"]
    state = trial.load(installed.data)
    assert (state.confirmed, state.version, state.failed) == ("1.1.0", "", ())
    assert not (installed.data / trial.COPY).exists()
    # Commands use it, too, from now on; the version before stays for other people of this PC.
    assert _version(installed) == "Township Care 1.1.0"
    assert sorted(p.name for p in (installed.root / "versions").iterdir()) == ["1.0.5", "1.1.0"]
    assert _content(installed.data) == ({"先来"}, 1)


def test_a_version_that_dies_at_start_gives_way_to_the_one_before(installed: Installed) -> None:
    before = {p.name: p.read_bytes() for p in installed.data.iterdir() if p.is_file()}
    installed.version("1.1.0", "dies at start")
    done = start(installed.root, installed.data, installed.log)
    assert done.returncode == 0, done.stderr
    noted = lines(installed.log)
    assert noted[0] == "1.1.0 dies at start"
    assert noted[1].startswith("1.0.0 says 新版本 1.1.0")
    assert noted[2] == "1.0.0 shown"
    # Nothing had touched the store, so nothing had to be put back.
    assert not list(installed.data.glob(swap.REPLACED + "*"))
    assert all((installed.data / name).read_bytes() == was for name, was in before.items())
    assert trial.load(installed.data).failed == ("1.1.0",)
    # It is said once, and the version is left alone.
    start(installed.root, installed.data, installed.log)
    assert lines(installed.log)[3:] == ["1.0.0 shown"]


def test_one_that_dies_in_the_store_gives_way_and_the_store_is_as_before(
    installed: Installed,
) -> None:
    installed.version("1.1.0", "dies in the store")
    done = start(installed.root, installed.data, installed.log, "sign in")
    assert done.returncode == 0, done.stderr
    noted = lines(installed.log)
    assert noted[:2] == ["1.1.0 shown", "1.1.0 dies"]
    # It had raised the store to a shape that the old version refuses, and emptied the queue.
    assert noted[-1] == "1.0.0 worked with"
    assert _content(installed.data) == ({"先来"}, 1)
    (kept,) = installed.data.glob(swap.REPLACED + "*")
    assert (kept / "store.db").exists(), "never deleted"
    assert not (installed.data / trial.COPY).exists()


def test_starting_again_waits_for_the_end_and_brings_the_new_version(installed: Installed) -> None:
    installed.version("1.1.0").parent.rename(installed.root / "later")
    os.mkfifo(installed.log)
    # Open for writing, too: reading then waits for the next line, whoever writes it.
    with open(os.open(installed.log, os.O_RDWR), encoding="utf-8") as said:
        done = start(installed.root, installed.data, installed.log, "start again")
        assert done.returncode == 0, done.stderr
        assert [said.readline().strip() for _ in range(2)] == ["1.0.0 shown", "1.1.0 shown"]
