"""The administrator's page of clinical settings, by keyboard on a real store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.care.clinical_settings import (
    DEFAULTS,
    SETTINGS,
    load_clinical_settings,
    save_clinical_settings,
)
from app.ui.context import UiContext
from app.ui.settings.view import SettingsRoom
from app.ui.tasks import SynchronousRunner
from tests.ui.checks import check_page, type_text


@pytest.fixture
def section(shown, context):
    room = shown(SettingsRoom(context))
    room.go("clinical")
    QApplication.processEvents()
    check_page(room)
    return room.section("clinical")


def texts(section) -> str:
    from PySide6.QtWidgets import QLabel

    QApplication.processEvents()
    return "\n".join(each.text() for each in section.findChildren(QLabel) if each.isVisible())


def test_a_setting_is_changed_saved_and_told_in_the_history(qtbot, section, store):
    for name, each in SETTINGS.items():
        assert name in section.fields or f"{name}.hard_low" in section.fields, each.label
    target = section.fields["target_sbp_older"]
    target.editor.setFocus()
    target.line.selectAll()
    type_text(target.line, "140")
    type_text(section.fields["limit_sbp.soft_high"].line, "")
    section.fields["keep_quarterly_plan"].set_value("1")
    section.reason.editor.setFocus()
    type_text(section.reason.line, "县里要求")
    section.save.click()
    standing = load_clinical_settings(store)
    assert (standing.version, standing.target_sbp_older) == (1, 140)
    assert standing.keep_quarterly_plan
    assert standing.limit_sbp == DEFAULTS.limit_sbp
    said = texts(section)
    assert "第 1 版 · 2026-03-02" in said
    assert "收缩压（该年龄及以上）：150 mmHg → 140 mmHg" in said
    assert section.reason.is_blank()


def test_what_cannot_be_saved_is_said_beside_the_field(qtbot, section, store):
    section.fields["target_sbp"].set_value(185)
    section.save.click()
    assert "179" in section.fields["target_sbp"].message()
    section.fields["target_sbp"].set_value(140)
    section.save.click()
    assert section.reason.message()
    section.reason.set_value("误改")
    section.save.click()
    assert "没有修改任何设置" in section.reason.message()
    section.fields["limit_sbp.hard_low"].set_value(290)
    section.save.click()
    assert "从左到右" in section.strip.text()
    assert load_clinical_settings(store) == DEFAULTS


def test_another_pc_was_quicker(qtbot, section, store, actor):
    save_clinical_settings(store, actor, replace(DEFAULTS, target_sbp=135), "另一台电脑")
    section.fields["target_sbp"].set_value(130)
    section.reason.set_value("本机")
    qtbot.keyClick(section.save, Qt.Key.Key_Space)
    assert "其他地方" in section.strip.text()
    section.reload()
    assert section.fields["target_sbp"].value() == 135


def test_a_version_of_another_page_or_pc_appears_unless_something_is_typed(
    qtbot, section, context, store, actor
):
    save_clinical_settings(store, actor, replace(DEFAULTS, target_sbp=135), "另一台电脑")
    context.tell_changed("clinical_settings")
    assert section.fields["target_sbp"].value() == 135
    assert section.standing.version == 1
    type_text(section.fields["target_sbp_older"].line, "")
    section.fields.touched = True
    again = replace(load_clinical_settings(store), target_sbp=134)
    save_clinical_settings(store, actor, again, "再改")
    context.tell_changed("clinical_settings")
    assert section.fields["target_sbp"].value() == 135


def test_only_administrators_see_the_page(shown, store, actor, qapp):
    nurse = replace(actor, roles=frozenset({"nurse"}))
    room = shown(SettingsRoom(UiContext(store, nurse, SynchronousRunner())))
    assert "clinical" not in room.buttons
