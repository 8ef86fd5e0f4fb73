"""A try that did not end: nothing that another version writes is ever put back over."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest

from app import starter
from app.models import swap
from app.update import trial, versions
from app.update.refusals import UpdateRefused
from app.update.versions import Home
from tests.update.making import PUBLIC, a_package, small_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")
VERSION = "9.1.0"
_DIES = b"#!/bin/sh\nexit 9\n"


@pytest.fixture
def data(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "store.db").write_bytes(b"pages")
    (folder / "accounts.json").write_bytes(b"{}")
    return folder


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = small_folder(tmp_path / "program")
    small_folder(folder / "versions" / VERSION, {"TownshipCare": _DIES})
    monkeypatch.setenv(versions.PLACE, str(folder))
    return folder


def _cut_short(data: Path, stage: str = "") -> None:
    """The PC died in the middle of a try."""
    assert trial.begin(data, VERSION)
    trial.save(data, replace(trial.load(data), stage=stage))


def test_what_a_command_wrote_between_two_tries_stays(root: Path, data: Path) -> None:
    _cut_short(data)
    assert starter.take_over(["sync", "--data", str(data)]) is None  # the version before does it
    (data / "store.db").write_bytes(b"pages and receipts")
    assert starter.take_over(["gui", "--data", str(data)]) is None
    assert trial.load(data).failed == (VERSION,)
    assert (data / "store.db").read_bytes() == b"pages and receipts"


def test_a_command_finds_the_store_as_it_was_before_a_try_that_changed_it(
    root: Path, data: Path
) -> None:
    _cut_short(data, trial.OPENING)
    (data / "store.db").write_bytes(b"half a new shape")
    assert starter.take_over(["sync", "--data", str(data)]) is None
    assert (data / "store.db").read_bytes() == b"pages"
    state = trial.load(data)
    assert (state.version, state.tries, state.failed) == (VERSION, 1, ())
    assert not (data / trial.COPY).exists()


def test_going_back_that_was_cut_short_ends_before_a_command(root: Path, data: Path) -> None:
    _cut_short(data, trial.OPENING)
    (data / "store.db").write_bytes(b"half a new shape")
    trial.save(data, replace(trial.load(data), back=True))
    assert starter.take_over(["sync", "--data", str(data)]) is None
    assert (data / "store.db").read_bytes() == b"pages"
    assert trial.load(data).failed == (VERSION,)


def test_work_of_a_day_on_which_no_try_could_begin_stays(
    root: Path, data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    _cut_short(data)

    def full(*_: object) -> None:
        raise OSError(28, "full")

    with monkeypatch.context() as patched:
        patched.setattr(trial, "_copy_store", full)
        assert starter.take_over(["gui", "--data", str(data)]) is None
    (data / "store.db").write_bytes(b"pages of that day")
    assert starter.take_over(["gui", "--data", str(data)]) is None
    assert (data / "store.db").read_bytes() == b"pages of that day"


def test_whoever_has_the_folder_meanwhile_keeps_what_he_writes(data: Path) -> None:
    assert trial.begin(data, VERSION)
    assert trial.settle(data, VERSION, 3, neutral=True)
    (data / "store.db").write_bytes(b"pages of the other")
    assert trial.begin(data, VERSION)
    trial.go_back(data, VERSION)
    assert (data / "store.db").read_bytes() == b"pages of the other"
    assert not list(data.glob(swap.REPLACED + "*"))


def test_a_second_installation_leaves_the_first_one_whole(tmp_path: Path) -> None:
    place = Home(tmp_path / "program", "1.0.0")
    place.root.mkdir()
    path = a_package(tmp_path / "one.tcupdate", VERSION)
    with (
        versions.stage(place, path, (PUBLIC,), try_out=False) as first,
        versions.stage(place, path, (PUBLIC,), try_out=False),
    ):
        before = {p.name for p in first.program.rglob("*")}
        assert before
        first.commit()
    assert {p.name for p in (place.versions / VERSION).rglob("*")} == before
    assert [p.name for p in place.versions.iterdir()] == [VERSION]


def test_a_file_that_goes_on_behind_its_end_does_not_fill_the_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Home(tmp_path / "program", "1.0.0")
    place.root.mkdir()
    path = a_package(tmp_path / "long.tcupdate", VERSION)
    with path.open("ab") as file:
        file.truncate(path.stat().st_size + 40_000_000)
    largest = [0]
    written = versions._copy

    def watched(source: Path, target: Path, most: int) -> None:
        try:
            written(source, target, most)
        finally:
            largest[0] = target.stat().st_size

    monkeypatch.setattr(versions, "_copy", watched)
    with pytest.raises(UpdateRefused) as refused:
        versions.stage(place, path, (PUBLIC,), try_out=False)
    assert refused.value.why == "altered"
    assert largest[0] < 3_000_000
    assert list(place.versions.iterdir()) == []


def test_the_trial_start_takes_no_library_from_a_users_settings(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = Home(tmp_path / "program", "1.0.0")
    place.root.mkdir()
    said = tmp_path / "said.txt"
    script = f"#!/bin/sh\nenv > {said}\necho complete\n".encode()
    folder = small_folder(tmp_path / "made", {"TownshipCare": script})
    path = a_package(tmp_path / "one.tcupdate", VERSION, folder)
    for name in ("QT_PLUGIN_PATH", "QT_QPA_PLATFORM_PLUGIN_PATH", "QML2_IMPORT_PATH"):
        monkeypatch.setenv(name, "/somewhere")
    with versions.stage(place, path, (PUBLIC,)):
        pass
    names = {line.split("=")[0] for line in said.read_text(encoding="utf-8").splitlines()}
    assert "QT_QPA_PLATFORM" in names
    assert not {name for name in names if name.startswith("Q")} - {"QT_QPA_PLATFORM"}


def test_work_of_which_no_word_could_be_kept_is_not_put_back_over(
    data: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "full")

    for broken in ("save", "load"):
        assert trial.begin(data, VERSION)
        trial.reach(data, VERSION, trial.OPENING)
        (data / "store.db").write_bytes(b"the new shape, and the work of a day")
        with monkeypatch.context() as patched:
            patched.setattr(trial, broken, full if broken == "save" else lambda _: trial.Trial())
            trial.confirm(data, VERSION)
        for code in (0, 9):
            assert trial.settle(data, VERSION, code, neutral=False)
            assert (data / "store.db").read_bytes() == b"the new shape, and the work of a day"
            assert trial.load(data) == trial.Trial(confirmed=VERSION)
        trial.save(data, trial.Trial())


def test_the_same_version_once_more_is_never_away_for_a_moment(tmp_path: Path) -> None:
    place = Home(tmp_path / "program", "1.0.0")
    place.root.mkdir()
    path = a_package(tmp_path / "one.tcupdate", VERSION)
    seen = []
    for _ in range(2):
        with versions.stage(place, path, (PUBLIC,), try_out=False) as staged:
            staged.commit()
        seen.append((place.versions / VERSION).stat().st_ino)
    assert seen[0] == seen[1]
    (place.versions / VERSION / "parts" / "one.txt").write_bytes(b"damaged")
    with versions.stage(place, path, (PUBLIC,), try_out=False) as staged:
        staged.commit()
    assert (place.versions / VERSION / "parts" / "one.txt").read_bytes() == b"1" * 5000
    assert [p.name for p in place.versions.iterdir()] == [VERSION]
