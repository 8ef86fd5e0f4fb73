"""A new resident by ID reader: how many keys, how many seconds, whatever the reader sends.

The reader is a keyboard wedge: it types the number of the card and Enter, faster than any person.
"""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QInputMethodEvent, QKeyEvent
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.care import residents
from app.care.basic_form import Answer, Contact, Disease
from app.models.actor import Actor
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.view import ResidentsRoom
from app.ui.tasks import SynchronousRunner
from tests.ui.chronic.klm import seconds
from tests.ui.residents.test_residents_room import NUMBER, focused, room, until

__all__ = ["room"]

#: The reader answers at once, but a hand lays the card on it and takes it away.
CARD = 3.0


@pytest.fixture
def context(store: Store, actor: Actor, qapp: QApplication) -> UiContext:
    theme.apply(qapp)
    return UiContext(store, actor, SynchronousRunner())


class Keys(QObject):
    """Counts what a person's fingers do."""

    def __init__(self, qtbot: QtBot) -> None:
        super().__init__()
        self.qtbot = qtbot
        self.pressed = 0
        self.thoughts = 0

    def think(self) -> None:
        """A chunk that the fingers do not know by heart."""
        self.thoughts += 1

    def press(self, key: Qt.Key, *, ctrl: bool = False) -> None:
        self.pressed += 2 if ctrl else 1
        modifier = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        self.qtbot.keyClick(focused(), key, modifier)

    def digits(self, text: str) -> None:
        self.pressed += len(text)
        self.qtbot.keyClicks(focused(), text)

    def name(self, text: str, pinyin: str) -> None:
        """A name through the input method: its pinyin, then the number of the word."""
        self.pressed += len(pinyin) + 1
        event = QInputMethodEvent()
        event.setCommitString(text)
        QApplication.sendEvent(focused(), event)


def wedge(text: str, enter: bool = True) -> None:
    """What a reader sends, as fast as it can: no pause between the keys, Enter at the end."""
    for sign in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            target = focused()
            event = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, sign)
            QApplication.sendEvent(target, event)
    if enter:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, Qt.Key.Key_Return, Qt.KeyboardModifier.NoModifier, "\r")
            QApplication.sendEvent(focused(), event)


def test_a_new_resident_takes_under_a_minute(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    """From the list to the saved record, with all that the national form requires."""
    keys = Keys(qtbot)
    keys.think()
    keys.press(Qt.Key.Key_N, ctrl=True)
    form = room.form
    until(qtbot, lambda: focused() is form.number.line)
    wedge(NUMBER)
    assert focused() is form.fields["name"].editor
    keys.think()
    keys.name("单国华", "shanguohua")
    keys.press(Qt.Key.Key_Return)
    keys.think()
    keys.digits("13812345678")
    keys.press(Qt.Key.Key_Return)
    keys.press(Qt.Key.Key_Return)  # lives where registered
    keys.press(Qt.Key.Key_Return)  # Han
    keys.think()
    keys.name("单小华", "shanxiaohua")
    keys.press(Qt.Key.Key_Return)
    keys.think()
    keys.digits("13912345678")
    keys.press(Qt.Key.Key_Return)
    for _ in range(3):  # head of household, spouse, son
        keys.press(Qt.Key.Key_Down)
    keys.press(Qt.Key.Key_Return)
    assert focused() is form.fields["drug_allergy"].editor
    keys.think()
    keys.press(Qt.Key.Key_1)
    keys.press(Qt.Key.Key_Return)
    keys.think()
    keys.press(Qt.Key.Key_1)
    keys.press(Qt.Key.Key_Return)
    keys.think()
    keys.press(Qt.Key.Key_S, ctrl=True)
    until(qtbot, lambda: room.page.isVisible())
    kept = residents.load_form(store, actor, room.page.resident_id).form
    assert (kept.name, kept.id_no, kept.sex, kept.birth_date) == (
        "单国华",
        NUMBER,
        "1",
        date(1947, 8, 15),
    )
    assert kept.contacts == (Contact("单小华", "13912345678", "20"),)
    assert kept.drug_allergy == (Answer("1"),)
    assert kept.past_disease == (Disease("1"),)
    # 63 keys at 0.28 s, 8 thoughts at 1.35 s and the card: 31.4 s by the keystroke-level model.
    assert (keys.pressed, keys.thoughts) == (63, 8)
    assert seconds(keys.pressed, keys.thoughts) + CARD < 60


@pytest.mark.parametrize(
    "sent",
    [
        NUMBER,
        NUMBER.lower(),
        "３４１５９９１９４７０８１５００１Ｘ",
        "３４１５９９１９４７０８１５００１ｘ",
        " 341599 19470815 001x ",
    ],
)
def test_whatever_the_reader_sends_is_read(qtbot: QtBot, room: ResidentsRoom, sent: str) -> None:
    """Full-width digits where a Chinese input method is on, a small x, blanks between."""
    room.open(new=True)
    form = room.form
    until(qtbot, lambda: focused() is form.number.line)
    wedge(sent)
    assert form.fields["birth_date"].value() == date(1947, 8, 15)
    assert form.fields["sex"].value() == "1"
    assert form.fields.form().id_no.strip()
    until(qtbot, lambda: focused() is form.fields["name"].editor)
    assert form.fields["name"].is_blank()


def test_a_card_laid_down_in_the_list_opens_its_person_or_a_new_form(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    """The Enter of the reader comes before the search has answered."""
    until(qtbot, lambda: focused() is room.list.find_line)
    wedge(NUMBER)
    until(qtbot, lambda: room.list.empty.isVisible() or room.form.isVisible())
    if not room.form.isVisible():
        wedge("")
    until(qtbot, room.form.isVisible)
    assert room.form.fields["birth_date"].value() == date(1947, 8, 15)


def test_the_same_card_read_twice_is_not_two_numbers(qtbot: QtBot, room: ResidentsRoom) -> None:
    """The second reading arrives in the field of the name and is told from a name."""
    room.open(new=True)
    form = room.form
    until(qtbot, lambda: focused() is form.number.line)
    wedge(NUMBER)
    wedge(NUMBER)
    until(qtbot, lambda: form.fields["name"].is_blank())
    assert form.number.text() == NUMBER
    assert form.fields["phone"].is_blank()
