"""The administrator's page of referral limits, on a real store."""

from __future__ import annotations

from dataclasses import replace

import pytest
from PySide6.QtWidgets import QApplication
from sqlalchemy import select

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
    save_limits(store, context.actor, replace(Limits(), accept_routine_h=2), "县里要求")
    context.tell_changed("clinical_settings")
    assert section.fields["accept_routine_h"].value() == 2
    type_text(section.fields["arrival_h"].line, "24")
    save_limits(store, context.actor, replace(Limits(), accept_routine_h=3), "再改")
    context.tell_changed("clinical_settings")
    assert section.fields["accept_routine_h"].value() == 2
