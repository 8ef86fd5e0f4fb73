"""Settings by keyboard: accounts, own password, recovery key, enrolment; and the palettes."""

from __future__ import annotations

from dataclasses import fields

import pytest
from PySide6.QtCore import Qt
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication

from app.care.accounts import list_accounts, sign_in
from app.models.actor import Actor
from app.ui import icons, theme
from app.ui.context import UiContext
from app.ui.settings.staff import AccountDialog
from app.ui.settings.view import SettingsRoom
from app.ui.shell.rooms import ROOMS
from tests.conftest import PASSWORD
from tests.ui.checks import check_page, type_text

ENTER = Qt.Key.Key_Return


@pytest.fixture
def room(shown, context):
    return shown(SettingsRoom(context))


def dialog(qtbot, room: SettingsRoom) -> AccountDialog:
    box = next(box for box in room.findChildren(AccountDialog) if box.isVisible())
    qtbot.waitUntil(box.isActiveWindow)
    return box


def test_every_section_fits(qtbot, room):
    for name in room.buttons:
        room.go(name)
        QApplication.processEvents()
        check_page(room)


def test_a_new_account_by_keyboard(qtbot, room, store):
    qtbot.keyClick(room, Qt.Key.Key_N, Qt.KeyboardModifier.ControlModifier)
    box = dialog(qtbot, room)
    check_page(box)
    for key, text in (("name", "李敏"), ("login", "limin")):
        type_text(box.fields[key].line, text)
        qtbot.keyClick(box.fields[key].line, ENTER)
    qtbot.keyClicks(box.fields["roles"].options, "23")
    qtbot.keyClick(box.fields["roles"].options, ENTER)
    assert box.fields["title"].line.hasFocus()
    box.fields["password"].line.setText("nurse-1")
    box.fields["password_again"].line.setText("nurse-2")
    qtbot.keyClick(box, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert box.fields["password_again"].message()
    assert len(list_accounts(store)) == 1
    box.fields["password_again"].line.setText("nurse-1")
    qtbot.keyClick(box, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    assert {line.login: line.roles for line in list_accounts(store)} == {
        "wang": ("doctor", "nurse", "rehab_worker", "referral_coordinator", "administrator"),
        "limin": ("nurse", "rehab_worker"),
    }
    assert room.section("staff").model.rowCount() == 2


def test_roles_and_password_of_an_account_are_changed_or_nothing_is(qtbot, room, store):
    staff = room.section("staff")
    staff.table.setFocus()
    qtbot.keyClick(staff.table, ENTER)
    box = dialog(qtbot, room)
    check_page(box)
    box.fields["roles"].set_value(("doctor",))
    box.fields["password"].line.setText("secret9")
    box.fields["password_again"].line.setText("secret9")
    box.submit()
    assert "管理员" in box.fields["roles"].message()
    sign_in(store.folder, "wang", PASSWORD).store.close()
    box.fields["roles"].set_value(("administrator",))
    box.submit()
    assert list_accounts(store)[0].roles == ("administrator",)
    sign_in(store.folder, "wang", "secret9").store.close()


def test_own_password(qtbot, room, store):
    room.go("password")
    section = room.section("password")
    section.fields["old_password"].line.setText("wrong-one")
    section.fields["password"].line.setText("secret1")
    section.fields["password_again"].line.setText("secret1")
    section.submit()
    assert section.fields["old_password"].message()
    section.fields["old_password"].line.setText(PASSWORD)
    section.submit()
    assert section.fields.is_blank()
    sign_in(store.folder, "wang", "secret1").store.close()


def test_a_new_recovery_key_must_be_confirmed(qtbot, room):
    room.go("recovery")
    section = room.section("recovery")
    section.make.click()
    QApplication.processEvents()
    check_page(room)
    key = section.sheet._key
    section.sheet.confirmation.line.setText("XXXXX")
    section.kept.click()
    assert section.sheet.isVisible()
    section.sheet.confirmation.line.setText(key.rsplit("-", 1)[-1])
    section.kept.click()
    assert not section.sheet.isVisible()
    assert section.sheet._key == ""


@pytest.mark.parametrize(
    ("address", "good"),
    [
        ("https://hospital.example:8443", True),
        ("http://127.0.0.1:8080/fhir", True),
        ("http://10.0.0.5:8080/fhir", False),
        ("hospital", False),
        ("ftp://hospital", False),
        ("https://", False),
        ("https://hospital:99999", False),
        ("乱码", False),
    ],
)
def test_addresses_of_the_server(room, address: str, good: bool):
    room.go("server")
    section = room.section("server")
    section.url.line.setText(address)
    assert (section.url.problem() is None) is good


def test_a_server_that_cannot_be_reached_is_a_plain_sentence(room):
    room.go("server")
    section = room.section("server")
    section.url.line.setText("http://127.0.0.1:9")
    section.code.line.setText("ABC")
    section.submit()
    assert section.strip.text()
    assert section.save.isEnabled()
    check_page(room)


def test_only_administrators_see_the_accounts(shown, store, actor, runner):
    nurse = Actor(actor.staff_id, actor.organisation_id, "李敏", frozenset({"nurse"}))
    room = shown(SettingsRoom(UiContext(store, nurse, runner)))
    assert list(room.buttons) == ["pc", "password"]


def _luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def _contrast(one: str, other: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("palette", [theme.LIGHT, theme.CONTRAST])
def test_text_can_be_read_on_every_ground_it_stands_on(palette: theme.Colours):
    grounds = {
        "text": ("page", "surface", "surface_alt", "rail", "hover", "accent_soft"),
        "text_secondary": ("page", "surface", "surface_alt", "rail", "accent_soft", "hover"),
        "text_hint": ("page", "surface", "surface_alt"),
        "accent": ("surface", "page"),
        "accent_text": ("surface", "accent_soft"),
        "on_accent": ("accent", "accent_hover", "accent_pressed"),
        "danger": ("surface", "page", "danger_soft", "accent_soft"),
        "attention": ("surface", "page", "attention_soft", "accent_soft"),
        "confirmed": ("surface", "page", "confirmed_soft", "accent_soft"),
    }
    for text, places in grounds.items():
        for ground in places:
            ratio = _contrast(getattr(palette, text), getattr(palette, ground))
            assert ratio >= 4.5, f"{text} on {ground}: {ratio:.2f}"


def test_every_icon_of_the_frame_exists(qapp):
    for place in ROOMS:
        assert icons.character(place.icon)
        assert not icons.pixmap(place.icon).isNull()
    with pytest.raises(KeyError):
        icons.character("no-such-icon")


def test_both_palettes_have_all_colours():
    for field in fields(theme.Colours):
        for palette in (theme.LIGHT, theme.CONTRAST):
            assert getattr(palette, field.name).startswith("#")


def test_enter_after_the_enrolment_code_comes_to_the_button_that_joins(room):
    room.go("server")
    section = room.section("server")
    section.url.setFocus()
    for expected in (section.code.line, section.save):
        QTest.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        assert QApplication.focusWidget() is expected
