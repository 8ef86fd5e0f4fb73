"""The painted list says by shape and in words what it says by colour; a name keeps its room."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import QModelIndex, QRect, Qt
from PySide6.QtGui import QImage, QPainter
from PySide6.QtWidgets import QStyleOptionViewItem

from app.care import referral
from app.care.referral_desk import Booking, ServiceAnswer, accept
from app.care.referral_lists import ReferralLine
from app.care.referral_moves import Reason
from app.care.referral_states import ServiceState
from app.care.referral_view import open_referral
from app.ui import theme
from app.ui.referrals.model import ReferralDelegate, ReferralList
from tests.conftest import NOW
from tests.referral_rooms import House
from tests.referral_support import add_resident, carry, letter_for

TODAY = date(2026, 3, 2)


@pytest.fixture
def answered(township: House, desk: House) -> House:
    """A letter at the desk with one priority arranged and one refused."""
    letter = letter_for(add_resident(township.store, township.actor))
    referral_id = referral.send(township.store, township.actor, letter).referral_id
    carry(township.store, desk.store)
    services = open_referral(desk.store, desk.actor, referral_id).services
    tasks = {each.service: each.task_id for each in services}
    booking = Booking("心内科", "李主任", "13900000001", NOW)
    answers = (
        ServiceAnswer(tasks["clinic"], ServiceState.ARRANGED, booking),
        ServiceAnswer(tasks["bed"], ServiceState.REFUSED, reason=Reason("other", "病区改造")),
    )
    accept(desk.store, desk.actor, referral_id, booking, answers)
    desk.room.open(referral_id=referral_id)
    return desk


def line_of(house: House) -> tuple[QModelIndex, ReferralLine]:
    model = house.room.model
    row = model.first_line()
    item = model.item(row)
    assert isinstance(item, ReferralLine)
    return model.index(row, 0), item


def test_the_priorities_and_their_answers_are_in_words(answered: House) -> None:
    index, line = line_of(answered)
    assert dict(line.services) == {
        "clinic": "arranged",
        "examination": "requested",
        "bed": "refused",
    }
    spoken = str(index.data())
    assert "优先预约专家/专科门诊：已安排" in spoken
    assert "优先住院：未能安排" in spoken
    tip = str(index.data(Qt.ItemDataRole.ToolTipRole)).splitlines()
    assert tip[0] == "徐桂兰"
    assert set(tip[1:4]) == {
        "优先预约专家/专科门诊：已安排",
        "优先检查：待安排",
        "优先住院：未能安排",
    }


def shape(line: ReferralLine, state: ServiceState) -> bytes:
    """What is painted for one answer, without its colour."""
    image = QImage(200, theme.ROW_HEIGHT, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    painter = QPainter(image)
    delegate = ReferralDelegate()
    shown = replace(line, services=(("bed", str(state)),))
    delegate._marks(painter, image.rect(), shown, TODAY)
    painter.end()
    return bytes(image.convertToFormat(QImage.Format.Format_Alpha8).constBits())


def test_every_answer_has_a_shape_of_its_own(answered: House) -> None:
    line = line_of(answered)[1]
    shapes = {shape(line, state) for state in ServiceState}
    assert len(shapes) == len(ServiceState) == 5


def ink(image: QImage, columns: range, rows: range) -> bool:
    """Whether anything stands in a part of the picture."""
    return any(image.pixelColor(x, y).lightness() < 200 for x in columns for y in rows)


def test_a_long_name_ends_before_the_waiting_time(township: House) -> None:
    """The name has all the room that the waiting time leaves, and never runs into it."""
    delegate = ReferralDelegate()
    image = QImage(140, theme.ROW_HEIGHT, QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    room = QRect(0, 0, 100, theme.ROW_HEIGHT)
    delegate._who(painter, room, "阿卜杜热合曼买买提依明江" * 3, "1", 77)
    painter.end()
    rows = range(4, theme.ROW_HEIGHT - 4)
    assert not ink(image, range(102, 140), rows), "it runs into the waiting time"
    assert ink(image, range(70, 100), rows), "room for the name stays empty"


def test_the_row_is_painted_whole(answered: House) -> None:
    """Painting a row with all of it raises nothing and leaves something on the picture."""
    index, _ = line_of(answered)
    delegate = ReferralDelegate()
    option = QStyleOptionViewItem()
    option.rect = QRect(0, 0, theme.LIST_WIDTH, theme.ROW_HEIGHT_TWO + theme.GAP_INSIDE)
    image = QImage(option.rect.size(), QImage.Format.Format_RGB32)
    image.fill(Qt.GlobalColor.white)
    painter = QPainter(image)
    delegate.paint(painter, option, index)
    painter.end()
    right = range(theme.LIST_WIDTH - 100, theme.LIST_WIDTH - theme.GAP_FIELD)
    assert ink(image, right, range(32, 56)), "the priorities are not painted"
    assert isinstance(answered.room.model, ReferralList)


def test_an_empty_desk_speaks_of_the_work_of_its_house(township: House, desk: House) -> None:
    """A lead hospital refers down and answers; only a township's letters go up."""
    assert "牵头医院" in township.room.nothing._text.text()
    assert "成员单位" in desk.room.nothing._text.text()
    assert "牵头医院" not in desk.room.nothing._text.text()
    desk.room.sent.click()
    assert desk.room.empty._hint.text() == "按 Ctrl+N 新建下转。"
    assert township.room.empty._hint.text() == "按 Ctrl+N 新建第一份转诊单。"
