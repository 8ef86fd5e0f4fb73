"""The administrator's page of referral limits, on a real store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import select

from app.care.clinical_settings import load_clinical_settings
from app.care.referral_limits import Limits
from app.care.referral_settings import TIMERS, load_limits, save_limits
from app.models.outbox import Outbox
from app.ui.settings.view import SettingsRoom
from tests.ui.checks import check_page, type_text


@pytest.fixture
def section(shown, context):
    room = shown(SettingsRoom(context))
    room.go("referral_limits")
    QApplication.processEvents()
    check_page(room)
    return room.section("referral_limits")


def test_every_timer_is_on_the_page_with_its_default(section):
    shown = {name: section.fields[name].value() for group in TIMERS.values() for name in group}
    shown["internal_review"] = section.fields["internal_review"].value() == "on"
    assert shown == Limits().to_settings()


def test_a_limit_is_changed_and_saved(section, store):
    target = section.fields["follow_up_d"]
    target.editor.setFocus()
    target.line.selectAll()
    type_text(target.line, "5")
    section.fields["internal_review"].set_value("on")
    section.save.click()
    assert section.reason.message()
    section.reason.editor.setFocus()
    type_text(section.reason.line, "县里要求")
    section.save.click()
    assert load_limits(store) == replace(Limits(), follow_up_d=5, internal_review=True)
    with store.read() as session:
        assert session.scalars(select(Outbox.kind)).all() == ["clinical_settings"]


def test_what_cannot_be_saved_is_said_beside_the_field(section, store):
    section.fields["follow_up_d"].set_value(2)
    section.reason.set_value("误改")
    section.save.click()
    assert "优先和紧急" in section.fields["follow_up_urgent_d"].message()
    section.fields["follow_up_d"].set_value(99)
    section.save.click()
    assert section.fields["follow_up_d"].message()
    assert load_limits(store) == Limits()


def test_a_version_of_another_pc_appears_unless_something_is_typed(section, context, store):
    two, three = (replace(Limits(), accept_routine_h=hours) for hours in (2, 3))
    save_limits(store, context.actor, two, "县里要求", standing=Limits())
    context.tell_changed("clinical_settings")
    assert section.fields["accept_routine_h"].value() == 2
    type_text(section.fields["arrival_h"].line, "24")
    save_limits(store, context.actor, three, "再改", standing=two)
    context.tell_changed("clinical_settings")
    assert section.fields["accept_routine_h"].value() == 2


def test_what_another_administrator_saved_is_not_overwritten(section, context, store):
    """Two pages were open on the same limits; the second one is told, and loses nothing."""
    section.fields["arrival_h"].line.selectAll()
    type_text(section.fields["arrival_h"].line, "24")
    other = replace(Limits(), accept_routine_h=2)
    save_limits(store, context.actor, other, "县里要求", standing=Limits())
    context.tell_changed("clinical_settings")
    typed = section.fields["arrival_h"].value()
    section.reason.set_value("本机")
    section.save.click()
    assert "其他地方" in section.strip.text()
    assert load_limits(store) == other
    assert section.fields["arrival_h"].value() == typed
    section.strip.action_button.click()
    assert section.strip.isHidden()
    assert section.fields["accept_routine_h"].value() == 2


def test_limits_and_clinical_settings_do_not_stand_in_each_others_way(section, context, store):
    room = section.window()
    room.go("clinical")
    clinical = room.section("clinical")
    clinical.fields["target_sbp_older"].set_value(140)
    save_limits(
        store, context.actor, replace(Limits(), accept_routine_h=2), "试", standing=Limits()
    )
    context.tell_changed("clinical_settings")
    clinical.reason.set_value("县里要求")
    clinical.save.click()
    standing = load_clinical_settings(store)
    assert (standing.version, standing.target_sbp_older) == (2, 140)
    assert load_limits(store).accept_routine_h == 2
    # The page of limits has seen that version come, and saves on it.
    section.fields["arrival_h"].set_value(24)
    section.reason.set_value("再改")
    section.save.click()
    assert load_limits(store).arrival_h == 24
    assert load_clinical_settings(store).target_sbp_older == 140
