"""A good version is not given up for how its first window was closed, nor lost by a second file."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from app import starter
from app.update import trial, versions
from app.update.versions import Home
from tests.update.making import PUBLIC, a_package, small_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")
VERSION = "9.1.0"
PROJECT = Path(__file__).resolve().parents[2]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "store.db").write_bytes(b"pages")
    (folder / "accounts.json").write_bytes(b"{}")
    return folder


@pytest.fixture
def place(tmp_path: Path) -> Home:
    """A program beside which a version lies already, of other bytes than its file has now."""
    found = Home(small_folder(tmp_path / "program"), "1.0.0")
    small_folder(found.versions / VERSION, {"parts/one.txt": b"as it was"})
    return found


def _which(place: Home) -> bytes:
    return (place.versions / VERSION / "parts" / "one.txt").read_bytes()


def test_a_window_closed_before_all_was_loaded_is_no_failure(
    place: Home, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(versions.PLACE, str(place.root))
    start = ["gui", "--data", str(data)]
    small = b"#!/bin/sh\nexit 0\n"
    (place.versions / VERSION / "TownshipCare").write_bytes(small)
    assert starter.take_over(start) == 0
    state = trial.load(data)
    assert (state.failed, state.news, state.version, state.tries) == ((), "", VERSION, 1)
    assert not (data / trial.COPY).exists()
    # What the version before writes meanwhile stays, whatever comes of the next try.
    (data / "store.db").write_bytes(b"pages of that day")
    assert starter.take_over(start) == 0
    # It has proved nothing, either: one that never comes so far gives way in the end.
    assert starter.take_over(start) is None
    assert trial.load(data).failed == (VERSION,)
    assert (data / "store.db").read_bytes() == b"pages of that day"


@pytest.mark.parametrize("code", [0, trial.LOGGED_OFF])
@pytest.mark.parametrize("stage", ["", trial.SHOWN])
def test_the_end_of_windows_says_nothing_of_the_version(data: Path, code: int, stage: str) -> None:
    assert trial.begin(data, VERSION)
    trial.reach(data, VERSION, stage)
    assert trial.settle(data, VERSION, code, neutral=False)
    assert trial.load(data).failed == ()


def test_on_a_new_data_folder_it_is_no_failure_either(tmp_path: Path) -> None:
    assert trial.begin(tmp_path, VERSION)
    assert trial.settle(tmp_path, VERSION, 0, neutral=False)
    assert trial.load(tmp_path).failed == ()


def test_one_that_ends_well_and_has_changed_the_store_gives_way(data: Path) -> None:
    assert trial.begin(data, VERSION)
    (data / "store.db").write_bytes(b"half a new shape")
    assert not trial.settle(data, VERSION, 0, neutral=False)
    assert (data / "store.db").read_bytes() == b"pages"


_KILLED = """
import os, signal, sys
from pathlib import Path
from app.update import versions
from tests.update.making import PUBLIC

replace = os.replace

def kill(source, target):
    if Path(target).name == sys.argv[3]:
        os.kill(os.getpid(), signal.SIGKILL)
    replace(source, target)

with versions.stage(versions.Home(Path(sys.argv[1]), "1.0.0"), Path(sys.argv[2]), (PUBLIC,),
                    try_out=False) as staged:
    os.replace = kill
    staged.commit()
"""


@pytest.mark.parametrize("next_is", ["start", "installation"])
def test_killed_between_the_two_renamings_the_version_is_there_again(
    place: Home, tmp_path: Path, next_is: str
) -> None:
    path = a_package(tmp_path / "one.tcupdate", VERSION)
    done = subprocess.run(
        [sys.executable, "-c", _KILLED, str(place.root), str(path), VERSION],
        cwd=PROJECT,
        capture_output=True,
        timeout=100,
        check=False,
    )
    assert done.returncode == -signal.SIGKILL, done.stderr
    assert not (place.versions / VERSION).exists()
    if next_is == "start":
        assert versions.present(place) == [VERSION]
    else:
        versions.clean(place)
    assert _which(place) == b"as it was"
    with versions.stage(place, path, (PUBLIC,), try_out=False) as staged:
        staged.commit()
    assert _which(place) == b"1" * 5000
    assert [p.name for p in place.versions.iterdir()] == [VERSION]


def test_where_the_second_renaming_is_refused_the_version_stays(
    place: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = a_package(tmp_path / "one.tcupdate", VERSION)
    replace = os.replace

    def refuse(source: Path, target: Path) -> None:
        if Path(source).name == versions.PROGRAM:
            raise OSError(13, "held by a virus scanner")
        replace(source, target)

    with versions.stage(place, path, (PUBLIC,), try_out=False) as staged:
        monkeypatch.setattr(os, "replace", refuse)
        with pytest.raises(OSError, match="scanner"):
            staged.commit()
    assert versions.present(place) == [VERSION]
    assert _which(place) == b"as it was"
    assert [p.name for p in place.versions.iterdir()] == [VERSION]
