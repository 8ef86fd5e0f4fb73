"""The page of a letter is made in slices: it is the same page, and no key is lost meanwhile."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QCoreApplication, QEventLoop, Qt
from PySide6.QtWidgets import QLineEdit, QWidget
from pytestqt.qtbot import QtBot
from shiboken6 import delete, isValid

from app.ui.referrals.letter_fields import LetterFields
from app.ui.referrals.letter_form import LetterForm
from app.ui.tasks import SynchronousRunner, TaskRunner
from app.ui.widgets.forms import tab_order
from tests.held_runner import HeldRunner
from tests.referral_rooms import House, Keys
from tests.referral_support import add_resident


@pytest.fixture
def resident(township: House) -> str:
    return add_resident(township.store, township.actor)


def slices(until: Callable[[], bool]) -> None:
    """Let the event loop run, one round after another, until it is so."""
    rounds = 0
    while not until():
        QCoreApplication.processEvents(
            QEventLoop.ProcessEventsFlag.AllEvents | QEventLoop.ProcessEventsFlag.WaitForMoreEvents
        )
        rounds += 1
        assert rounds < 1000


def half_made(township: House, resident_id: str) -> tuple[LetterForm, HeldRunner]:
    """A first letter is asked for and being read; the first of its cards stands, not the last."""
    township.room.open()
    runner = township.context.tasks = HeldRunner()
    township.room.open(resident_id=resident_id)
    form = township.room.form
    assert form is not None
    assert "urgency" not in form.parts.fields  # the page comes before its fields
    slices(lambda: "urgency" in form.parts.fields)
    assert not form.building.whole
    return form, runner


def _looks(form: LetterForm) -> list[object]:
    """Each part of the page with its place and its words."""
    found: list[object] = []
    for widget in form.findChildren(QWidget):
        if widget.isVisibleTo(form):
            corner = widget.mapTo(form, widget.rect().topLeft())
            words = widget.property("text") or widget.property("plainText")
            found.append((type(widget).__name__, corner, widget.size(), words, widget.isEnabled()))
    return sorted(found, key=repr)


def test_the_page_made_in_slices_is_the_one_made_at_once(
    township: House, resident: str, qtbot: QtBot
) -> None:
    def page(runner: SynchronousRunner) -> LetterForm:
        township.context.tasks = runner
        form = LetterForm(township.context, lambda _id: None, lambda: None, lambda _id: None)
        qtbot.addWidget(form)
        form.resize(township.room.size())
        form.show()
        form.begin(resident)
        return form

    def seen(form: LetterForm) -> tuple[object, ...]:
        QCoreApplication.processEvents()
        stops = [(type(stop), stop.accessibleName()) for stop in tab_order(form)]
        keys = [field.key for field in form.parts.fields]
        return stops, keys, form.parts.letter(), _looks(form)

    at_once = seen(page(SynchronousRunner()))
    runner = HeldRunner()
    sliced = page(runner)
    slices(lambda: sliced.building.whole)
    assert not sliced.send_button.isEnabled()
    runner.let_go()
    assert sliced.send_button.isEnabled()
    assert seen(sliced) == at_once


def test_a_letter_that_is_here_before_its_page_waits_for_it(
    township: House, resident: str, keys: Keys, qtbot: QtBot
) -> None:
    form, runner = half_made(township, resident)
    for key in (Qt.Key.Key_2, Qt.Key.Key_Return):
        qtbot.keyClick(township.room, key)
    runner.let_go()
    assert not form.parts.isVisible()
    assert not form.send_button.isEnabled()
    qtbot.keyClick(township.room, Qt.Key.Key_Return)
    slices(lambda: "red_flags" in form.parts.fields)
    qtbot.keyClicks(township.room, "xn")
    slices(lambda: form.building.whole)
    assert form.parts.isVisible()
    assert form.send_button.isEnabled()
    assert form.parts.urgency.value() == "priority"
    assert form.parts.fields["to_department"].value() == "xn"
    assert keys.focused() is form.parts.fields["to_department"].editor
    keys.text("k")
    assert form.parts.fields["to_department"].value() == "xnk"


def test_of_two_letters_asked_for_meanwhile_the_second_comes(
    township: House, resident: str
) -> None:
    other = add_resident(township.store, township.actor, name="李秀英")
    form, runner = half_made(township, resident)
    runner.let_go()
    township.room.open(resident_id=other)
    slices(lambda: form.building.whole)
    assert not form.parts.isVisible()
    runner.let_go()
    assert form.parts.isVisible()
    assert form.parts.letter().resident_id == other


def test_a_half_made_page_that_was_left_is_whole_for_the_next_letter(
    township: House, resident: str, qtbot: QtBot
) -> None:
    form, runner = half_made(township, resident)
    qtbot.keyClick(form, Qt.Key.Key_Escape)
    assert township.room.pages.currentWidget() is township.room.desk
    runner.let_go()
    slices(lambda: form.building.whole)
    assert township.room.pages.currentWidget() is township.room.desk
    assert not form.send_button.isEnabled()
    township.context.tasks = SynchronousRunner()
    township.room.open(resident_id=resident)
    assert township.room.form is form
    assert form.parts.isVisible()
    assert form.parts.letter().resident_id == resident


class _Noting(TaskRunner):
    """The program's own runner, and which letters it was given to read."""

    def __init__(self) -> None:
        super().__init__()
        self.given: list[object] = []

    def run(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        if work.__module__ == LetterForm.__module__:
            self.given.append(work)
        super().run(work, *arguments, **named)


def test_the_first_letter_is_read_once_its_page_was_painted(
    township: House, resident: str, qtbot: QtBot
) -> None:
    township.room.open()
    runner = township.context.tasks = _Noting()
    township.room.open(resident_id=resident)
    form = township.room.form
    assert form is not None
    assert township.room.pages.currentWidget() is form
    assert not runner.given
    slices(form.send_button.isEnabled)
    assert len(runner.given) == 1
    assert form.building.whole
    assert form.parts.letter().resident_id == resident
    assert runner.wait()


def test_nothing_is_read_for_a_page_whose_frame_closes(township: House, resident: str) -> None:
    township.room.open()
    runner = township.context.tasks = _Noting()
    township.room.open(resident_id=resident)
    township.context.closing.emit()
    form = township.room.form
    assert form is not None
    slices(lambda: form.building.whole)
    assert not runner.given


@pytest.mark.parametrize("letter_is_here", [False, True])
def test_a_half_made_page_may_go_with_its_frame(
    township: House, resident: str, qtbot: QtBot, *, letter_is_here: bool
) -> None:
    form, runner = half_made(township, resident)
    if letter_is_here:
        runner.let_go()
    building = form.building
    line = QLineEdit()
    qtbot.addWidget(line)
    township.room.leave()
    delete(form)
    township.room.form = None
    runner.let_go()
    assert not isValid(building)
    line.show()
    qtbot.waitExposed(line)
    qtbot.keyClicks(line, "9")  # the keys are everybody's again
    qtbot.wait(1)
    QCoreApplication.processEvents()
    assert line.text() == "9"


def test_a_page_of_which_a_part_could_not_be_made_is_made_anew(
    township: House, resident: str, qtbot: QtBot, monkeypatch: pytest.MonkeyPatch
) -> None:
    real, faults = LetterFields._signs_card, [ValueError("a defect of our own")]

    def once(parts: LetterFields) -> QWidget:
        if faults:
            raise faults.pop()
        return real(parts)

    monkeypatch.setattr(LetterFields, "_signs_card", once)
    with qtbot.capture_exceptions() as raised:
        form, runner = half_made(township, resident)
        slices(lambda: form.building.failed)
        runner.let_go()
    assert [type(each[1]) for each in raised] == [ValueError]
    assert not form.parts.isVisible()
    beside = QLineEdit(township.room)
    beside.show()
    qtbot.keyClicks(beside, "abc")  # nobody holds keys for a page that does not come
    assert beside.text() == "abc"
    township.context.tasks = SynchronousRunner()
    township.room.open(resident_id=resident)
    again = township.room.form
    assert again is not None
    assert again is not form
    assert again.parts.isVisible()
    assert again.parts.letter().resident_id == resident


def test_who_writes_elsewhere_meanwhile_keeps_keys_and_focus(
    township: House, resident: str, qtbot: QtBot
) -> None:
    form, runner = half_made(township, resident)
    beside = QLineEdit(township.room)
    beside.show()
    beside.setFocus()
    qtbot.keyClicks(beside, "abc")
    runner.let_go()
    slices(lambda: form.building.whole)
    assert form.parts.isVisible()
    assert beside.hasFocus()
    qtbot.keyClicks(beside, "de")
    assert beside.text() == "abcde"


def test_who_typed_for_the_letter_first_gets_it(
    township: House, resident: str, qtbot: QtBot
) -> None:
    form, runner = half_made(township, resident)
    qtbot.keyClicks(form, "2")
    beside = QLineEdit(township.room)
    beside.show()
    beside.setFocus()
    runner.let_go()
    slices(lambda: form.building.whole)
    assert not beside.hasFocus()
    assert beside.text() == ""
    assert form.parts.urgency.value() == "priority"
