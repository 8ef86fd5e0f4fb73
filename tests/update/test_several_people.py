"""Several people of one PC share the program folder and stand at different versions."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app.update import pruning, trial, versions
from app.update.versions import Home
from tests.update.making import ROOT, small_folder

fcntl = pytest.importorskip("fcntl")
pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")

_STAYS = b'#!/bin/sh\necho "up $0"\nread line\nexit 0\n'
_STARTER = "import sys; from app import starter; sys.exit(starter.take_over(sys.argv[1:]) or 0)"


@pytest.fixture
def place(tmp_path: Path) -> Home:
    root = small_folder(tmp_path / "program")
    for version in ("1.1.0", "1.2.0", "1.3.0"):
        small_folder(root / "versions" / version, {"TownshipCare": _STAYS})
    return Home(root, "1.0.0")


def _another_person(place: Home, data: Path, confirmed: str) -> subprocess.Popen[str]:
    """The program of somebody whose newest version did not start, running."""
    data.mkdir()
    trial.save(data, replace(trial.Trial(), confirmed=confirmed, failed=("1.2.0", "1.3.0")))
    process = subprocess.Popen(
        [sys.executable, "-c", _STARTER, "gui", "--data", str(data)],
        cwd=ROOT,
        env={**os.environ, versions.PLACE: str(place.root), "PYTHONPATH": str(ROOT)},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    assert process.stdout.readline().endswith(f"versions/{confirmed}/TownshipCare\n")
    return process


def test_what_another_person_runs_stays_until_it_has_ended(place: Home, tmp_path: Path) -> None:
    other = _another_person(place, tmp_path / "theirs", "1.1.0")
    pruning.prune(place, ["1.3.0"])
    assert versions.present(place) == ["1.3.0", "1.1.0"]
    assert versions.starter_of(place.versions / "1.1.0").read_bytes() == _STAYS
    other.communicate("the end\n", timeout=30)
    assert other.returncode == 0
    pruning.prune(place, ["1.3.0"])
    assert versions.present(place) == ["1.3.0"]


def test_what_somebody_is_about_to_start_stays(place: Home) -> None:
    assert pruning.hold(place, "1.2.0")
    pruning.prune(place, ["1.3.0"])
    assert versions.present(place) == ["1.3.0", "1.2.0"]
    pruning.release()
    pruning.prune(place, ["1.3.0"])
    assert versions.present(place) == ["1.3.0"]


def test_what_goes_at_this_moment_is_not_started(place: Home, monkeypatch) -> None:
    """Whoever comes in the middle of a removal takes the version before."""
    came: list[bool] = []
    away = versions.away

    def slowly(folder: Path, tries: int) -> None:
        came.append(pruning.hold(place, folder.name))
        away(folder, tries)
        came.append(pruning.hold(place, folder.name))

    monkeypatch.setattr(versions, "away", slowly)
    pruning.prune(place, ["1.2.0"])
    assert came == [False, False]
    pruning.release()


def test_a_file_that_was_moved_between_opening_and_holding_is_not_held(
    place: Home, monkeypatch
) -> None:
    flock = fcntl.flock

    def moved(handle: int, how: int) -> None:
        (place.versions / "1.1.0").rename(place.versions / ".going-1")
        small_folder(place.versions / "1.1.0", {"TownshipCare": _STAYS})
        flock(handle, how)

    monkeypatch.setattr(fcntl, "flock", moved)
    assert not pruning.hold(place, "1.1.0")
    pruning.release()


def test_a_start_takes_the_version_before_the_one_that_goes(
    place: Home, tmp_path: Path, monkeypatch
) -> None:
    from app import starter

    monkeypatch.setenv(versions.PLACE, str(place.root))
    started: list[str] = []
    monkeypatch.setattr(
        starter._Choice, "_start", lambda self, version, **_: started.append(version) or 0
    )
    data = tmp_path / "mine"
    data.mkdir()
    trial.save(data, replace(trial.Trial(), confirmed="1.3.0"))
    with (place.versions / "1.3.0" / "TownshipCare").open("rb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        assert starter.take_over(["status", "--data", str(data)]) == 0
    pruning.release()
    assert started == ["1.2.0"]
