"""A letter is read behind the screen: nobody else's comes into sight, and no key is lost."""

from __future__ import annotations

import pytest
from PySide6.QtCore import QCoreApplication, QEvent, Qt
from PySide6.QtWidgets import (
    QAbstractButton,
    QComboBox,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)
from pytestqt.qtbot import QtBot

from app.care import referral
from app.care.referral_drafts import load_draft, save_draft
from app.care.referral_form import AMEND_FORM
from app.care.referral_lists import list_referrals
from app.care.referral_moves import Reason
from app.care.referral_states import State
from app.models.drafts import load_draft as load_any_draft
from app.ui.referrals.letter_form import LetterForm
from app.ui.tasks import SynchronousRunner
from tests.held_runner import HeldRunner
from tests.referral_rooms import House, Keys
from tests.referral_support import add_resident, carry, letter_for


def hold(house: House) -> HeldRunner:
    """From now on what runs behind the screen takes its time."""
    runner = house.context.tasks = HeldRunner()
    return runner


def form_of(house: House) -> LetterForm:
    assert house.room.form is not None
    return house.room.form


def shown_name(form: LetterForm) -> str:
    return form._subtitle.text().partition("  ·  ")[0]


def test_the_letter_comes_with_its_resident_once_it_is_read(township: House) -> None:
    first = add_resident(township.store, township.actor)
    second = add_resident(township.store, township.actor, name="李秀英", drug_allergy=[])
    township.room.open(resident_id=first)
    form = form_of(township)
    runner = hold(township)
    township.room.open(resident_id=second)
    # Meanwhile nothing of the one before is in sight, and nothing can be sent.
    assert township.room.pages.currentWidget() is form
    assert not form.parts.isVisible()
    assert not form.send_button.isEnabled()
    assert shown_name(form) == ""
    runner.let_go()
    assert form.parts.isVisible()
    assert form.send_button.isEnabled()
    assert shown_name(form) == "李秀英"
    assert form.parts.letter().resident_id == second
    assert form.parts.fields["allergies"].value() is None


def test_of_two_fast_choices_the_second_counts(township: House) -> None:
    first = add_resident(township.store, township.actor)
    second = add_resident(township.store, township.actor, name="李秀英")
    township.room.open()
    runner = hold(township)
    township.room.open(resident_id=first)
    township.room.open(resident_id=second)
    runner.let_go(last_first=True)
    form = form_of(township)
    assert shown_name(form) == "李秀英"
    assert form.parts.letter().resident_id == second


@pytest.mark.parametrize("made_before", [False, True])
def test_keys_typed_before_the_letter_is_here_go_into_it(
    township: House, keys: Keys, qtbot: QtBot, *, made_before: bool
) -> None:
    resident_id = add_resident(township.store, township.actor)
    if made_before:
        township.room.open(resident_id=add_resident(township.store, township.actor, name="李秀英"))
        form_of(township).go()
    township.room.open()
    runner = hold(township)
    township.room.open(resident_id=resident_id)
    form = form_of(township)
    one_before = form.parts.letter() if made_before else None
    township.room.new_button.setFocus()
    for key in (Qt.Key.Key_2, Qt.Key.Key_Return, Qt.Key.Key_Return):
        qtbot.keyClick(township.room, key)
    keys.text("xnk")
    assert form.building.whole is made_before
    if made_before:
        assert form.parts.letter() == one_before
    runner.let_go()
    assert form.parts.urgency.value() == "priority"
    assert form.parts.fields["to_department"].value() == "xnk"
    assert keys.focused() is form.parts.fields["to_department"].editor
    assert not hasattr(township.room, "dialog")  # Enter pressed no button of the list
    keys.text("g")
    assert form.parts.fields["to_department"].value() == "xnkg"


def test_a_letter_that_was_left_before_it_was_here_does_not_come(
    township: House, qtbot: QtBot
) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open()
    runner = hold(township)
    township.room.open(resident_id=resident_id)
    form = form_of(township)
    qtbot.keyClick(form, Qt.Key.Key_Escape)
    assert township.room.pages.currentWidget() is township.room.desk
    runner.let_go()
    assert not form.parts.isVisibleTo(form)
    assert township.room.pages.currentWidget() is township.room.desk
    qtbot.keyClick(township.room.list, Qt.Key.Key_Down)  # the keys are the list's again


def test_a_resident_who_is_not_here_is_said_on_the_page(township: House) -> None:
    township.room.open(resident_id=add_resident(township.store, township.actor))
    township.room.open(resident_id="nobody")
    form = form_of(township)
    assert "不在本机" in form.strip.text() or "重新选择" in form.strip.text()
    assert not form.parts.isVisible()
    assert not form.send_button.isEnabled()


def test_what_was_just_typed_of_a_letter_is_read_back_when_it_is_opened_again(
    township: House,
) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    form = form_of(township)
    runner = hold(township)
    form.parts.fields["present_history"].set_value("头晕一周")
    township.room.open(resident_id=resident_id)
    runner.let_go()
    assert form.parts.fields["present_history"].value() == "头晕一周"
    assert load_draft(township.store, township.actor, resident_id) is not None


def test_the_next_letter_waits_until_the_one_before_is_saved(township: House) -> None:
    first = add_resident(township.store, township.actor)
    second = add_resident(township.store, township.actor, name="李秀英")
    save_draft(township.store, township.actor, letter_for(first))
    township.room.open(resident_id=first)
    form = form_of(township)
    runner = hold(township)
    form.send_button.click()
    township.room.open(resident_id=second)
    assert form.parts.letter().resident_id == first
    runner.let_go()
    assert len(list_referrals(township.store, township.actor, resident_id=first)) == 1
    assert load_draft(township.store, township.actor, first) is None
    assert township.room.pages.currentWidget() is form
    assert shown_name(form) == "李秀英"
    assert form.parts.letter().resident_id == second
    assert form.send_button.isEnabled()


def test_a_new_letter_after_a_mended_one_has_its_own_draft_and_receiver(
    township: House, desk: House
) -> None:
    """The page serves one letter after another: nothing of the way it was stays."""
    township.context.tasks = SynchronousRunner()
    resident_id = add_resident(township.store, township.actor)
    written = referral.send(township.store, township.actor, letter_for(resident_id))
    carry(township.store, desk.store)
    referral.advance(
        desk.store, desk.actor, written.referral_id, State.RETURNED,
        Reason("missing_results", "请补心电图"),
    )  # fmt: skip
    township.news_from(desk)
    township.room.show_referral(written.referral_id)
    view = township.room.controller.view
    assert view is not None
    township.room.mend_letter(view)
    form = form_of(township)
    mend = form.send_button.text()
    assert not form.parts.receiver.isEnabled()
    form.parts.fields["treatment_given"].set_value("已补心电图")
    form.go()
    kept = load_any_draft(township.store, township.actor, AMEND_FORM, written.referral_id)
    assert kept is not None
    other = add_resident(township.store, township.actor, name="李秀英")
    township.room.open(resident_id=other)
    assert form.parts.receiver.isEnabled()
    assert form.send_button.text() != mend
    assert form.discard_button.isVisible()
    form.parts.fields["treatment_given"].set_value("休息")
    form.go()
    again = load_any_draft(township.store, township.actor, AMEND_FORM, written.referral_id)
    assert again is not None
    assert again.data == kept.data
    draft = load_draft(township.store, township.actor, other)
    assert draft is not None
    assert draft.treatment_given == "休息"


def _state(form: LetterForm) -> list[object]:
    """All that a person can see or change in the letter, in its order on the page."""
    # Lists made anew leave their old lines to the event loop.
    QCoreApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    found: list[object] = []
    for widget in form.parts.findChildren(QWidget):
        if isinstance(widget, QLineEdit):
            found.append(widget.text())
        elif isinstance(widget, (QPlainTextEdit, QTextEdit)):
            found.append(widget.toPlainText())
        elif isinstance(widget, QAbstractButton):
            found.append((widget.text(), widget.isChecked(), widget.isEnabled()))
        elif isinstance(widget, QComboBox):
            found.append((widget.currentText(), widget.count(), widget.isEnabled()))
        elif isinstance(widget, QLabel) and widget.isVisible() and widget.text():
            found.append(widget.text())
    return found


def test_nothing_of_one_letter_is_left_in_the_next_ones(township: House) -> None:
    township.context.tasks = SynchronousRunner()
    one = add_resident(township.store, township.actor, name="李秀英", drug_allergy=[])
    other = add_resident(township.store, township.actor)
    township.room.open(resident_id=one)
    form = form_of(township)
    fresh, letter = _state(form), form.parts.letter()
    form.go()
    township.room.open(resident_id=other)
    # Whatever can be typed, ticked or chosen is; numbers get what cannot be read.
    for widget in form.parts.findChildren(QWidget):
        if isinstance(widget, QLineEdit):
            widget.setText("不清9")
            widget.textEdited.emit("不清9")
        elif isinstance(widget, (QPlainTextEdit, QTextEdit)):
            widget.setPlainText("不清9")
        elif isinstance(widget, QAbstractButton) and widget.isCheckable():
            widget.click()
        elif isinstance(widget, QComboBox):
            widget.setCurrentIndex(widget.count() - 1)
    form.send_button.click()
    assert _state(form) != fresh
    assert form.parts.fields["sbp"].problem()
    form.go()
    township.room.open(resident_id=one)
    assert form_of(township) is form
    assert form.parts.letter() == letter
    assert _state(form) == fresh
