"""A referral's papers through the widgets: menu, preview, paper, shift, PDF, the note of it."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QMenu
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care import referral
from app.care.paper.referral_papers import Paper
from app.care.paper.settings import FormSettings, form_settings
from app.care.referral_desk import Booking, accept
from app.care.referral_return.answer import hand_back
from app.care.referral_return.stay import arrive
from app.errors import NotAllowed
from app.models.audit import AuditEvent
from app.ui.printing.painter import Shift
from app.ui.printing.preview import PrintPreview
from app.ui.widgets.buttons import Button
from tests.conftest import NOW
from tests.referral_papers import LONG_TEXT
from tests.referral_returns import plan_for, summary_for
from tests.referral_rooms import House, Keys
from tests.referral_support import add_resident, carry, letter_for


def sent(house: House, **values: object) -> str:
    resident_id = add_resident(house.store, house.actor)
    letter = letter_for(resident_id, **values)
    referral_id = referral.send(house.store, house.actor, letter).referral_id
    house.room.open(referral_id=referral_id)
    return referral_id


def offered(house: House) -> QMenu:
    button = next(b for b in house.room.detail.findChildren(Button) if b.keys == "Ctrl+P")
    button.click()
    assert house.room.printer.menu is not None
    return house.room.printer.menu


def choose(house: House, words: str) -> PrintPreview:
    """The paper of that name, opened from the menu."""
    menu = offered(house)
    next(action for action in menu.actions() if action.text() == words).trigger()
    menu.close()
    assert house.room.printer.preview is not None
    return house.room.printer.preview


def prints(house: House) -> list[tuple[str, str, dict[str, object]]]:
    with house.store.read() as session:
        events = session.scalars(select(AuditEvent).where(AuditEvent.action == "print"))
        return [(e.kind, e.record_id, dict(e.detail)) for e in events]


def test_a_letter_is_printed_by_keyboard_on_the_paper_of_this_house(
    township: House, keys: Keys, qtbot: QtBot, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Open it, Ctrl+P, the form, A5 and pre-printed, the shift, PDF; next time all is as it was."""
    temporary = tmp_path / "temporary"
    temporary.mkdir()
    monkeypatch.setenv("TMPDIR", str(temporary))
    referral_id = sent(township)
    keys.key(Qt.Key.Key_P, Qt.KeyboardModifier.ControlModifier)
    menu = township.room.printer.menu
    assert menu is not None
    assert [a.text() for a in menu.actions()] == ["双向转诊（转出）单", "双向转诊知情同意书"]
    menu.actions()[0].trigger()
    menu.close()
    preview = township.room.printer.preview
    assert preview is not None
    assert "徐桂兰" not in preview.windowTitle()
    options = preview.options
    assert options is not None
    assert options.page == "A4"
    assert "随单信息" in preview.document.text
    options.sizes["A5"].click()
    assert preview.document.page == "A5"
    options.preprinted.click()
    assert preview.document.preprinted
    assert "随单信息" not in preview.document.text
    preview.right.setValue(2.5)
    preview.down.setValue(-1.5)
    assert preview.pages.shift == Shift(2.5, -1.5)
    target = tmp_path / "chosen" / "out.pdf"
    target.parent.mkdir()
    monkeypatch.setattr(PrintPreview, "choose_file", lambda self: target)
    keys_before = prints(township)
    preview.pdf_button.click()
    assert keys_before == []
    assert target.read_bytes().startswith(b"%PDF")
    # Who printed what is noted, without a name; nothing is left in temporary files.
    assert prints(township) == [
        (
            "referral",
            referral_id,
            {"way": "pdf", "pages": 1, "persons": 1, "whole_ids": False},
        )
    ]
    assert list(temporary.rglob("*")) == []
    assert form_settings(township.store, Paper.OUT) == FormSettings("A5", 2.5, -1.5, True)
    again = choose(township, "双向转诊（转出）单")
    assert (again.document.page, again.document.preprinted) == ("A5", True)
    assert (again.right.value(), again.down.value()) == (2.5, -1.5)
    again.reject()
    consent = choose(township, "双向转诊知情同意书")
    # Another form, another paper; there is no pre-printed one of it.
    assert consent.document.page == "A4"
    assert consent.right.value() == 0.0
    assert consent.options is not None
    assert consent.options.preprinted.isHidden()
    consent.reject()


def test_reply_and_plan_are_offered_once_they_are_written(
    township: House, desk: House, qtbot: QtBot
) -> None:
    referral_id = sent(township)
    carry(township.store, desk.store)
    booking = Booking("心血管内科", "李主任", "13900000001", NOW)
    accept(desk.store, desk.actor, referral_id, booking)
    desk.room.open(referral_id=referral_id)
    menu = offered(desk)
    assert [a.text() for a in menu.actions()] == ["双向转诊（转出）单"]
    menu.close()
    arrive(desk.store, desk.actor, referral_id)
    plan = plan_for(NOW.date(), contact_phone="13900000001")
    hand_back(desk.store, desk.actor, referral_id, summary_for(), plan)
    desk.context.tell_changed("referral_task", "referral_reply", "return_plan")
    words = ["双向转诊（转出）单", "双向转诊（回转）单", "家庭随访计划"]
    menu = offered(desk)
    assert [a.text() for a in menu.actions()] == words
    menu.close()
    back = choose(desk, "双向转诊（回转）单")
    assert "存根" in back.document.text
    back.reject()
    township.news_from(desk)
    back = choose(township, "双向转诊（回转）单")
    # The stub stays with the hospital that wrote it.
    assert "存根" not in back.document.text
    assert "24 小时动态血压平均 148/90 mmHg" in back.document.text
    back.reject()
    family = choose(township, "家庭随访计划")
    assert "13900000001" in family.document.text
    family.reject()


def test_words_too_long_for_pre_printed_paper_are_told(township: House) -> None:
    sent(township, present_history=LONG_TEXT * 30)
    preview = choose(township, "双向转诊（转出）单")
    assert preview.options is not None
    assert preview.strip.isHidden()
    preview.options.preprinted.click()
    assert "白纸" in preview.strip.text()
    preview.options.preprinted.click()
    assert preview.strip.isHidden()
    assert len(preview.pages) == 2
    preview.forward.click()
    preview.options.preprinted.click()
    assert preview.turn.text().startswith("第1页")
    preview.reject()


def test_nothing_is_printed_where_it_cannot_be_noted(
    township: House, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent(township)
    preview = choose(township, "双向转诊（转出）单")
    target = tmp_path / "out.pdf"
    monkeypatch.setattr(PrintPreview, "choose_file", lambda self: target)

    def refuse(*_: object) -> None:
        raise NotAllowed("This was not noted. Nothing was printed. Sign in again.")

    monkeypatch.setattr("app.ui.printing.preview.note_print", refuse)
    preview.pdf_button.click()
    assert not preview.strip.isHidden()
    assert not target.exists()
    preview.reject()
