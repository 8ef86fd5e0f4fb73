"""The page of the program's updates: found on a stick, installed, used from the next start."""

from __future__ import annotations

import sys
from dataclasses import replace
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.care import updates
from app.i18n import set_language
from app.models.drafts import discard_draft, save_draft
from app.ui.settings import update as settings_update
from app.ui.settings.update import UpdateSection
from app.ui.settings.view import SettingsRoom
from app.update import trial, versions
from tests.ui.checks import check_page
from tests.update.making import OTHER, a_package, small_folder, write_keys

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")


@pytest.fixture
def stick(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed program, and a stick with an update of it."""
    script = b"#!/bin/sh\necho shown\necho complete\n"
    monkeypatch.setenv(versions.PLACE, str(small_folder(tmp_path / "program")))
    write_keys(tmp_path / updates.KEYS_FILE)
    monkeypatch.setattr(updates, "resources", lambda: tmp_path)
    folder = tmp_path / "stick"
    folder.mkdir()
    monkeypatch.setattr(updates, "sticks", lambda: (folder,))
    made = small_folder(tmp_path / "made", {"TownshipCare": script})
    a_package(folder / "TownshipCare-9.0.0.tcupdate", "9.0.0", made)
    return folder


def _open(shown, context) -> UpdateSection:
    room = shown(SettingsRoom(context))
    room.open(section="update")
    QApplication.processEvents()
    check_page(room)
    section = room.section("update")
    assert isinstance(section, UpdateSection)
    return section


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_an_update_is_found_installed_and_waits_for_the_next_start(
    qtbot, shown, context, store, actor, stick, language
) -> None:
    set_language(language)
    try:
        section = _open(shown, context)
        assert not section.install_button.isEnabled()
        section.stick_button.click()
        assert "9.0.0" in section.found.text()
        QApplication.processEvents()
        check_page(section)
        section.install_button.click()
        assert "9.0.0" in section.strip.text()
        assert updates.update_state(store.folder).waiting == "9.0.0"
        again = section.strip.action_button
        assert again is not None
        QApplication.processEvents()
        check_page(section)
        # Nothing that is not saved is interrupted.
        wanted: list[bool] = []
        context.start_again_wanted.connect(lambda: wanted.append(True))
        save_draft(store, actor, "follow_up", "somebody", {"weight": "60"})
        again.click()
        assert not wanted
        assert "1" in section.strip.text()
        discard_draft(store, actor, "follow_up", "somebody")
        section.strip.action_button.click()
        assert wanted == [True]
    finally:
        set_language("zh_CN")


def test_what_does_not_fit_says_why(qtbot, shown, context, store, stick, tmp_path) -> None:
    section = _open(shown, context)
    (stick / "TownshipCare-9.0.0.tcupdate").unlink()
    section.stick_button.click()
    assert "U 盘" in section.strip.text()
    made = small_folder(tmp_path / "made")
    wrong = a_package(stick / "wrong.tcupdate", "9.0.0", made, key=OTHER)
    section.stick_button.click()
    assert "签名" in section.strip.text()
    assert not section.install_button.isEnabled()
    section._choose = lambda: str(wrong)
    section.file_button.click()
    assert "签名" in section.strip.text()
    section.county_button.click()
    assert "尚未接入" in section.strip.text()
    assert all(button.isEnabled() for button in section._buttons)


def test_a_version_that_failed_is_named_and_not_offered_again(
    qtbot, shown, context, store, stick
) -> None:
    trial.save(store.folder, trial.Trial(failed=("8.0.0",)))
    section = _open(shown, context)
    assert "8.0.0" in section.version.text()


def test_asking_the_county_leaves_the_way_to_start_what_waits(
    qtbot, shown, context, store, stick, tmp_path, monkeypatch
) -> None:
    small_folder(tmp_path / "program" / "versions" / "9.0.0")
    monkeypatch.setattr(settings_update, "_at_county", lambda _: None)
    section = _open(shown, context)
    section.county_button.click()
    assert "9.0.0" in section.strip.text()
    assert section.strip.action_button is not None


def test_only_administrators_have_the_page(qtbot, shown, context, stick) -> None:
    context.actor = replace(context.actor, roles=frozenset({"doctor"}))
    assert "update" not in shown(SettingsRoom(context)).buttons
