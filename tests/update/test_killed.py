"""Installing and trying a version, killed at any moment (SIGKILL, real processes)."""

from __future__ import annotations

import shutil
import signal
import sys
from pathlib import Path
from random import Random

import pytest

from app.models import swap
from app.update import package, trial, versions
from app.update.versions import Home
from tests.update import killable
from tests.update.making import PUBLIC, a_package, small_folder

pytestmark = [
    pytest.mark.kill,
    pytest.mark.timeout(0),
    pytest.mark.skipif(sys.platform == "win32", reason="signals of POSIX"),
]
VERSION = "9.1.0"
_ROUNDS = killable.ROUNDS

# What a version does to the store that it was given, and how it ends.
_BAD = """#!/bin/sh
printf 'half a new shape' > "$3/store.db"
printf 'log of it' > "$3/store.db-wal"
printf '{{"accounts": "of the new version"}}' > "$3/accounts.json"
exit 9
"""
_GOOD = """#!/bin/sh
printf 'the new shape' > "$3/store.db"
cd "{project}" && "{python}" -c "
import sys; from pathlib import Path; from app.update import trial
trial.confirm(Path(sys.argv[1]), '9.1.0')" "$3"
exit 0
"""


def _data(folder: Path) -> dict[str, bytes]:
    """A closed store whose last program was killed: its log is still there."""
    kept = {"store.db": b"pages" * 9000, "store.db-wal": b"log" * 500, "accounts.json": b"{}"}
    folder.mkdir()
    for name, content in kept.items():
        (folder / name).write_bytes(content)
    return kept


def _files(folder: Path) -> dict[Path, bytes]:
    return {p.relative_to(folder): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def _root(folder: Path, script: str) -> Path:
    text = script.format(project=killable.PROJECT, python=sys.executable)
    small_folder(folder / "versions" / VERSION, {"TownshipCare": text.encode()})
    return folder


def _rounds(tmp_path: Path, script: str) -> list[tuple[Path, dict[str, bytes]]]:
    """Folders on which a trial was killed, then started once more to its end."""
    root = _root(tmp_path / "program", script)
    _data(tmp_path / "count")
    calls = killable.run("start", 0, root, tmp_path / "count")
    random, kills, ended = Random(7), 0, []
    for number in range(_ROUNDS):
        folder = tmp_path / f"round-{number}"
        before = _data(folder)
        code = killable.run("start", random.randrange(1, calls), root, folder)
        kills += code == -signal.SIGKILL
        killable.run("start", 0, root, folder)
        ended.append((folder, before))
    assert kills >= _ROUNDS * 2 // 3
    return ended


def test_a_bad_version_killed_at_any_moment_leaves_the_store_as_it_was(tmp_path: Path) -> None:
    for folder, before in _rounds(tmp_path, _BAD):
        state = trial.load(folder)
        assert state.failed == (VERSION,)
        assert (state.version, state.back, state.confirmed) == ("", False, "")
        assert {name: (folder / name).read_bytes() for name in before} == before
        assert not (folder / trial.COPY).exists()
        assert not (folder / swap.PLAN_FILE).exists()
        assert not list(folder.glob(swap.STAGING + "*"))


def test_a_good_version_killed_at_any_moment_keeps_its_store(tmp_path: Path) -> None:
    for folder, _ in _rounds(tmp_path, _GOOD):
        state = trial.load(folder)
        assert (state.confirmed, state.failed, state.version) == (VERSION, (), "")
        assert (folder / "store.db").read_bytes() == b"the new shape"
        assert not (folder / trial.COPY).exists()


def test_an_installation_killed_at_any_moment_is_not_begun_or_whole(tmp_path: Path) -> None:
    script = b"#!/bin/sh\necho shown\necho complete\n"
    source = small_folder(tmp_path / "made", {"TownshipCare": script, "parts/x": b"x" * 3_000_000})
    stick = a_package(tmp_path / "stick.tcupdate", VERSION, source)
    whole = _files(source)
    (tmp_path / "count").mkdir()
    calls = killable.run("install", 0, tmp_path / "count", tmp_path, stick)
    random, kills = Random(9), 0
    for number in range(_ROUNDS):
        root = tmp_path / f"root-{number}"
        root.mkdir()
        code = killable.run("install", random.randrange(1, calls), root, tmp_path, stick)
        kills += code == -signal.SIGKILL
        place = Home(root, "0.1.0")
        for version in versions.present(place):
            folder = root / "versions" / version
            assert _files(folder) == whole, "named only when whole"
        with versions.stage(place, stick, (PUBLIC,)) as staged:
            staged.commit()
        assert [p.name for p in (root / "versions").iterdir()] == [VERSION]
        shutil.rmtree(root)
    assert kills >= _ROUNDS * 2 // 3
    assert package.verify(stick, (PUBLIC,)).version == VERSION
