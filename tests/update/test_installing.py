"""Installing an update as an administrator does: what it needs, in which order, what it refuses."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import select

from app import __version__, starter
from app.care import backups, updates
from app.errors import DiskFull, EnvironmentFault, NotAllowed, StoreFault
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.store import Store
from app.update import elevation, trial, versions
from app.update.package import Stopped
from app.update.refusals import UpdateRefused
from tests.update.making import OTHER, a_package, small_folder, write_keys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")
_STARTS = b"#!/bin/sh\necho shown\necho complete\n"


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed program whose key is that of the tests."""
    folder = small_folder(tmp_path / "program")
    monkeypatch.setenv(versions.PLACE, str(folder))
    write_keys(tmp_path / updates.KEYS_FILE)
    monkeypatch.setattr(updates, "resources", lambda: tmp_path)
    return folder


def _package(tmp_path: Path, version: str = "9.0.0", script: bytes = _STARTS) -> Path:
    folder = small_folder(
        tmp_path / f"made-{version}", {"TownshipCare": script, "parts/one": b"1" * 400_000}
    )
    return a_package(tmp_path / f"TownshipCare-{version}.tcupdate", version, folder)


def _untouched(root: Path, store: Store) -> bool:
    place = root / versions.FOLDER
    return not (place.exists() and list(place.iterdir())) and not backups.list_backups(store.folder)


def test_it_is_checked_tried_backed_up_noted_and_in_place(
    root: Path, store: Store, actor: Actor, tmp_path: Path
) -> None:
    assert updates.update_state(store.folder).waiting == ""
    done = updates.install_update(store, actor, _package(tmp_path))
    assert done.version == "9.0.0"
    assert [p.name for p in (root / "versions").iterdir()] == ["9.0.0"]
    assert updates.update_state(store.folder).waiting == "9.0.0"
    (line,) = backups.list_backups(store.folder)
    assert line.sound
    with store.read() as session:
        noted = session.scalars(select(AuditEvent).where(AuditEvent.action == "update")).one()
        assert noted.detail == {"from": __version__, "to": "9.0.0"}
        assert noted.staff_id == actor.staff_id


def test_only_an_administrator_may(root: Path, store: Store, actor: Actor, tmp_path: Path) -> None:
    nurse = replace(actor, roles=frozenset({"nurse"}))
    with pytest.raises(NotAllowed):
        updates.install_update(store, nurse, _package(tmp_path))
    assert _untouched(root, store)


def test_a_version_that_does_not_start_here_is_refused_before_anything_is_touched(
    root: Path, store: Store, actor: Actor, tmp_path: Path
) -> None:
    for version, script in (("9.0.1", b"#!/bin/sh\nexit 1\n"), ("9.0.2", b"no program at all")):
        with pytest.raises(UpdateRefused) as refused:
            updates.install_update(store, actor, _package(tmp_path, version, script))
        assert refused.value.why == "does not start"
        assert _untouched(root, store)


def test_an_older_version_and_another_key_change_nothing(
    root: Path, store: Store, actor: Actor, tmp_path: Path
) -> None:
    older = _package(tmp_path, "0.0.1")
    foreign = a_package(tmp_path / "foreign.tcupdate", "9.0.0", key=OTHER)
    for path in (older, foreign, tmp_path / "gone.tcupdate"):
        with pytest.raises((UpdateRefused, EnvironmentFault)):
            updates.install_update(store, actor, path)
        assert _untouched(root, store)
    updates.install_update(store, actor, _package(tmp_path, "9.1.0"))
    with pytest.raises(UpdateRefused):
        updates.install_update(store, actor, _package(tmp_path, "9.0.9"))
    assert updates.update_state(store.folder).waiting == "9.1.0"


def test_a_version_that_failed_gets_another_chance_from_another_file(
    root: Path, store: Store, actor: Actor, tmp_path: Path
) -> None:
    updates.install_update(store, actor, _package(tmp_path))
    trial.save(store.folder, trial.Trial(failed=("9.0.0",)))
    assert updates.update_state(store.folder).waiting == ""
    updates.install_update(store, actor, tmp_path / "TownshipCare-9.0.0.tcupdate")
    state = updates.update_state(store.folder)
    assert (state.waiting, state.failed) == ("9.0.0", ())


@contextmanager
def _small_files(room: int) -> Iterator[None]:
    """Inside the block no file grows past ``room`` bytes: a full disk."""
    import resource

    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (room, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


@pytest.mark.parametrize("room", [100, 30_000, 390_000])
def test_a_full_disk_changes_nothing(
    root: Path, store: Store, actor: Actor, tmp_path: Path, room: int
) -> None:
    folder = small_folder(
        tmp_path / "made",
        {"TownshipCare": _STARTS, "parts/one": os.urandom(300_000) + bytes(99_999)},
    )
    path = a_package(tmp_path / "big.tcupdate", "9.0.0", folder)
    with _small_files(room), pytest.raises(DiskFull):
        updates.install_update(store, actor, path)
    assert _untouched(root, store)
    updates.install_update(store, actor, path)
    assert updates.update_state(store.folder).waiting == "9.0.0"


def test_too_little_room_is_said_before_anything_is_written(
    root: Path, store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "MARGIN", 10**18)
    with pytest.raises(DiskFull):
        updates.install_update(store, actor, _package(tmp_path))
    assert _untouched(root, store)


def test_stopping_in_the_middle_changes_nothing(
    root: Path, store: Store, actor: Actor, tmp_path: Path
) -> None:
    def stop(done: int, of: int) -> None:
        raise Stopped

    with pytest.raises(Stopped):
        updates.install_update(store, actor, _package(tmp_path), stop)
    assert _untouched(root, store)


def test_where_the_program_belongs_to_everybody_it_says_who_can_install_it(
    root: Path, store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(versions, "may_write", lambda place: False)
    with pytest.raises(EnvironmentFault, match="install-version"):
        updates.install_update(store, actor, _package(tmp_path))
    assert not list((root / "versions").glob("*")) if (root / "versions").exists() else True
    assert updates.install_alone(tmp_path / "TownshipCare-9.0.0.tcupdate").version == "9.0.0"


def test_with_an_administrators_right_the_running_version_installs_not_an_older_one(
    root: Path, store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    running = small_folder(root / "versions" / "0.1.5")
    monkeypatch.setenv(versions.PLACE, str(running))
    place = versions.home()
    assert place is not None
    assert place.root == root
    asked: list[tuple[Path, Path]] = []
    monkeypatch.setattr(versions, "may_write", lambda place: False)
    monkeypatch.setattr(elevation, "install_elevated", lambda *given: asked.append(given))
    path = _package(tmp_path)
    updates.install_update(store, actor, path)
    assert asked == [(running / "TownshipCare", path)]
    assert backups.list_backups(store.folder), "the records are safe before anything else"


def test_offers_are_found_on_sticks_and_what_does_not_fit_says_why(
    root: Path, store: Store, tmp_path: Path
) -> None:
    stick = tmp_path / "stick"
    (stick / "医养通").mkdir(parents=True)
    for version, place in (("9.0.0", stick), ("9.2.0", stick / "医养通"), ("0.0.1", stick)):
        _package(tmp_path, version).rename(place / f"{version}.tcupdate")
    (stick / "broken.tcupdate").write_bytes(b"broken")
    found = updates.find_offers(store.folder, [stick, tmp_path / "no stick"])
    assert [one.version for one in found] == ["9.2.0", "9.0.0", "", ""]
    assert all(one.problem for one in found[2:])


def test_a_program_from_its_sources_has_no_place_for_updates(
    store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(versions.PLACE, raising=False)
    assert not updates.update_state(store.folder).possible
    with pytest.raises(EnvironmentFault):
        updates.install_update(store, actor, _package(tmp_path))
    assert starter.take_over(["gui"]) is None


def test_starts_without_an_end_are_given_up(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"pages")
    assert trial.begin(tmp_path, "2.0.0")
    (tmp_path / "store.db").write_bytes(b"half")
    assert trial.begin(tmp_path, "2.0.0")
    assert not trial.begin(tmp_path, "2.0.0")
    trial.go_back(tmp_path, "2.0.0")
    assert (tmp_path / "store.db").read_bytes() == b"pages"
    assert trial.load(tmp_path).failed == ("2.0.0",)


def test_a_store_that_was_opened_and_closed_without_work_goes_back(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"pages")
    trial.begin(tmp_path, "2.0.0")
    trial.reach(tmp_path, "2.0.0", trial.SHOWN)
    trial.reach(tmp_path, "2.0.0", trial.OPENING)
    (tmp_path / "store.db").write_bytes(b"new shape")
    assert not trial.settle(tmp_path, "2.0.0", 0, neutral=False)
    assert (tmp_path / "store.db").read_bytes() == b"pages"


def test_a_wrong_password_is_no_failure_of_the_version(tmp_path: Path) -> None:
    (tmp_path / "store.db").write_bytes(b"pages")
    trial.begin(tmp_path, "2.0.0")
    trial.reach(tmp_path, "2.0.0", trial.OPENING)
    assert trial.settle(tmp_path, "2.0.0", 0, neutral=False)
    assert trial.load(tmp_path) == trial.Trial()
    assert not (tmp_path / trial.COPY).exists()


def test_a_second_start_beside_a_trial_touches_nothing(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    small_folder(root / "versions" / "9.0.0", {"TownshipCare": b"#!/bin/sh\ntouch $3/started\n"})
    data = tmp_path / "data"
    data.mkdir()
    monkeypatch.setattr(starter, "_ALONE_SECONDS", 0.0)
    with starter._Alone(data) as first:
        assert first
        assert starter.take_over(["gui", "--data", str(data)]) == 3
    assert "已经在本机运行" in capsys.readouterr().err
    assert not (data / "started").exists()
    assert not (data / trial.STATE_FILE).exists()


def test_the_check_of_a_frozen_program_tries_no_version(root: Path, tmp_path: Path) -> None:
    small_folder(root / "versions" / "9.0.0")
    assert starter.take_over(["gui", "--data", str(tmp_path), "--until-shown"]) is None
    assert not (tmp_path / trial.STATE_FILE).exists()


def test_without_room_for_the_copy_the_version_from_before_is_used_and_says_so(
    root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_folder(root / "versions" / "9.0.0", {"TownshipCare": b"#!/bin/sh\ntouch $3/started\n"})
    data = tmp_path / "data"
    data.mkdir()
    (data / "store.db").write_bytes(b"pages" * 30_000)
    for room in (60_000, None):
        if room is None:
            monkeypatch.setattr(trial, "MARGIN", 10**18)
            assert starter.take_over(["gui", "--data", str(data)]) is None
        else:
            with _small_files(room):
                assert starter.take_over(["gui", "--data", str(data)]) is None
        assert not (data / "started").exists()
        state = trial.load(data)
        assert (state.news, state.news_of, state.failed) == ("no room", "9.0.0", ())
        assert (data / "store.db").read_bytes() == b"pages" * 30_000
    from app.ui.first_start import news

    assert "空间不足" in news(data)
    assert news(data) == "", "said once"


def test_going_back_on_a_full_disk_goes_on_at_the_next_start(tmp_path: Path) -> None:
    before = b"pages" * 30_000
    (tmp_path / "store.db").write_bytes(before)
    trial.begin(tmp_path, "2.0.0")
    (tmp_path / "store.db").write_bytes(b"half a new shape" * 10_000)
    with _small_files(60_000), pytest.raises((OSError, StoreFault)):
        trial.go_back(tmp_path, "2.0.0")
    assert (tmp_path / "store.db").read_bytes() == b"half a new shape" * 10_000
    state = trial.load(tmp_path)
    assert (state.back, state.failed) == (True, ())
    # Whatever starts next goes on going back before it does anything else.
    assert not trial.begin(tmp_path, "2.0.0")
    trial.go_back(tmp_path, "2.0.0")
    assert (tmp_path / "store.db").read_bytes() == before
    assert trial.load(tmp_path).failed == ("2.0.0",)


_LIGHT = """
import sys
from app import starter
starter._Choice._start = lambda *_: 0
assert starter.take_over(["gui", "--data", sys.argv[1]]) == 0
heavy = ("sqlalchemy", "PySide6", "cryptography", "argparse", "sqlite3", "zipfile", "subprocess")
print([name for name in heavy if name in sys.modules])
"""


def test_an_updated_program_starts_without_loading_anything_twice(
    root: Path, tmp_path: Path
) -> None:
    small_folder(root / "versions" / "9.0.0")
    trial.save(tmp_path, trial.Trial(confirmed="9.0.0"))
    done = subprocess.run(
        [sys.executable, "-c", _LIGHT, str(tmp_path)],
        env={**os.environ, versions.PLACE: str(root)},
        cwd=Path(__file__).resolve().parents[2],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )
    assert done.stdout.strip() == "[]", done.stderr


def test_another_program_on_the_folder_is_no_failure(tmp_path: Path) -> None:
    trial.begin(tmp_path, "2.0.0")
    assert trial.settle(tmp_path, "2.0.0", 3, neutral=True)
    assert trial.load(tmp_path).failed == ()


@pytest.mark.parametrize(
    "text",
    ["", "[]", "{", '{"version": "2.0.0", "tries": {}}', '{"tries": {}}', '{"failed": 3}', "null"],
)
def test_a_state_that_cannot_be_read_counts_as_none(tmp_path: Path, text: str) -> None:
    (tmp_path / trial.STATE_FILE).write_text(text, encoding="utf-8")
    assert trial.load(tmp_path).confirmed == ""
    assert trial.begin(tmp_path, "2.0.0")
