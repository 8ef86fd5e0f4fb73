"""Backups from the screen: one now, put back by password, and the way out of a damaged store."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.care.backups import list_backups, make_backup
from app.i18n import set_language
from app.models.resident import Resident
from app.models.store import STORE_FILE
from app.ui.settings.backups import BackupSection
from app.ui.settings.view import SettingsRoom
from app.ui.sign_in.restore import RestoreDialog
from app.ui.sign_in.view import SignInPage
from tests.conftest import PASSWORD
from tests.sync.making import a_resident, save
from tests.ui.checks import check_page, type_text
from tests.ui.test_shell import open_window, ready, sign_in

__all__ = ["open_window", "ready"]

ENTER = Qt.Key.Key_Return


def _settle() -> None:
    for _ in range(5):
        QApplication.processEvents()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_one_now_and_how_many_are_kept(qtbot, shown, context, store, tmp_path, language) -> None:
    set_language(language)
    try:
        room = shown(SettingsRoom(context))
        room.open(section="backups")
        section = room.section("backups")
        assert isinstance(section, BackupSection)
        _settle()
        check_page(room)
        assert not section.restore_button.isEnabled()
        section.now_button.setFocus()
        qtbot.keyClick(section.now_button, ENTER)
        (line,) = list_backups(store.folder)
        assert line.path.name in section.strip.text()
        assert section.model.rowCount() == 1
        assert section.restore_button.isEnabled()
        _settle()
        check_page(room)
        elsewhere = tmp_path / "drive"
        elsewhere.mkdir()
        section._choose_folder = lambda present: str(elsewhere)
        section.other_button.click()
        assert len(list(elsewhere.iterdir())) == 1
        section.fields["daily"].set_value(0)
        section.save_button.click()
        assert section.fields["daily"].message()
        assert [section.fields[key].value() for key in ("weekly", "monthly")] == [4, 6]
        section.fields["daily"].set_value(9)
        section.second._choose = section._choose_folder
        section.second.choose_button.click()
        section.save_button.click()
        assert section.second.path() == elsewhere
        assert section.model.rowCount() == 2
    finally:
        set_language("zh_CN")


def _restore_dialog(qtbot, window) -> RestoreDialog:
    dialog = next(each for each in window.findChildren(RestoreDialog) if each.isVisible())
    qtbot.waitUntil(dialog.isActiveWindow)
    return dialog


def test_a_backup_is_put_back_by_keyboard_and_the_session_starts_anew(
    qtbot, store, actor, open_window
) -> None:
    kept, later = a_resident(name="备份之前"), a_resident(name="备份之后")
    save(store, actor, kept)
    make_backup(store, actor)
    save(store, actor, later)
    folder = store.folder
    store.close()
    window = open_window(folder)
    sign_in(qtbot, window)
    section_room = window.frame.go("settings", section="backups")
    section = section_room.section("backups")
    section.restore_button.setFocus()
    qtbot.keyClick(section.restore_button, ENTER)
    dialog = _restore_dialog(qtbot, window)
    _settle()
    check_page(dialog)
    assert dialog.password.line.hasFocus()
    type_text(dialog.password.line, "wrong")
    qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert dialog.password.message() or dialog.strip.text()
    # The store was closed for the try; whoever gives up signs in again.
    assert isinstance(window.gate, SignInPage)
    dialog.password.line.selectAll()
    type_text(dialog.password.line, PASSWORD)
    qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: isinstance(window.gate, SignInPage) and window.gate.strip.text() != "")
    sign_in(qtbot, window)
    assert window.store is not None
    with window.store.read() as session:
        names = {row.name for row in session.query(Resident)}
    # What the county hospital had not confirmed was carried over.
    assert names == {"备份之前", "备份之后"}


def test_a_damaged_store_leads_from_the_sign_in_to_its_backup(
    qtbot, store, actor, open_window
) -> None:
    save(store, actor, a_resident(name="备份之前"))
    make_backup(store, actor)
    folder = store.folder
    store.close()
    (folder / STORE_FILE).write_bytes(b"x" * 40_000)
    for rest in folder.glob(f"{STORE_FILE}-*"):
        rest.unlink()
    window = open_window(folder)
    page = window.gate
    page.password.setText(PASSWORD)
    qtbot.keyClick(page.password, ENTER)
    qtbot.waitUntil(lambda: page.strip.action_button is not None)
    check_page(window)
    page.strip.action_button.setFocus()
    qtbot.keyClick(page.strip.action_button, ENTER)
    dialog = _restore_dialog(qtbot, window)
    type_text(dialog.password.line, PASSWORD)
    qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    qtbot.waitUntil(lambda: window.gate is not page and window.gate.strip.text() != "")
    sign_in(qtbot, window)
    with window.store.read() as session:
        assert session.query(Resident).one().name == "备份之前"


def test_a_backup_of_another_drive_is_found_by_its_file(
    qtbot, store, actor, open_window, tmp_path: Path
) -> None:
    elsewhere = tmp_path / "drive"
    elsewhere.mkdir()
    line = make_backup(store, actor, elsewhere)
    folder = store.folder
    store.close()
    window = open_window(folder)
    window.gate.restore.click()
    dialog = _restore_dialog(qtbot, window)
    assert dialog.other.isVisible()
    dialog.other.set_value(str(line.path))
    assert dialog.account.value() == "wang"
    check_page(dialog)
    dialog.reject()
