"""An emergency is seen and heard in every room until somebody has looked at it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest
from pytestqt.qtbot import QtBot

from app.care import referral
from app.care.referral import PhoneConfirmation
from app.care.referral_desk import Booking, accept, return_for_more
from app.care.referral_moves import Reason
from app.care.referral_view import open_referral
from app.care.work_list import room_counts
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.audit import record_read
from app.models.store import Store
from app.ui import preferences
from app.ui.context import UiContext
from app.ui.preferences import Preferences
from app.ui.settings.this_pc import ThisPcSection
from app.ui.shell import alarm
from app.ui.shell.frame import Frame
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for

House = tuple[Store, Actor]


@pytest.fixture
def township(make_store: Callable[..., House]) -> House:
    return make_store(TOWNSHIP_ID, "township")


@pytest.fixture
def desk(make_store: Callable[..., House]) -> House:
    return make_store(LEAD_ID, "desk")


@pytest.fixture
def enter(desk: House, qtbot: QtBot) -> Iterator[Callable[[], tuple[Frame, list[str]]]]:
    """The hospital's frame, and every sound that it makes."""
    opened: list[Frame] = []

    def build() -> tuple[Frame, list[str]]:
        frame = Frame(UiContext(*desk, SynchronousRunner()), "金寨县人民医院", None)
        opened.append(frame)
        sounds: list[str] = []
        frame.alarm.beep = lambda: sounds.append("beep")
        frame.show()
        frame.go("today")
        return frame, sounds

    yield build
    for frame in opened:
        frame.close_frame()
        frame.deleteLater()


def send(township: House, desk: House, **values: object) -> str:
    values.setdefault("urgency", "emergency")
    name = str(values.pop("name", "陈大山"))
    letter = letter_for(add_resident(*township, name=name), **values)
    written = referral.send(*township, letter)
    carry(township[0], desk[0])
    return written.referral_id


def unseen(house: House) -> list[str]:
    return [one.referral_id for one in room_counts(*house).unseen]


def test_only_received_emergencies_that_nobody_opened_are_unseen(
    township: House, desk: House, clock: FixedClock
) -> None:
    send(township, desk, urgency="priority")
    first = send(township, desk)
    clock.advance(minutes=2)
    second = send(township, desk, name="徐桂兰")
    assert unseen(township) == []  # the sender knows
    assert unseen(desk) == [first, second]
    open_referral(*desk, first)
    assert unseen(desk) == [second]


def test_a_yes_on_the_phone_is_sounded_too_but_an_answered_one_is_not(
    township: House, desk: House
) -> None:
    letter = letter_for(add_resident(*township), urgency="emergency")
    call = PhoneConfirmation("急诊科 李护士", "0564-0000120")
    phoned = referral.send_confirmed(*township, letter, call).referral_id
    carry(township[0], desk[0])
    assert unseen(desk) == [phoned]
    answered = send(township, desk, name="徐桂兰")
    # Answered at another PC of the hospital: nobody has looked here, and nobody needs to.
    accept(*desk, answered, Booking())
    assert unseen(desk) == [phoned]
    accept(*desk, phoned, Booking("急诊科"))
    assert unseen(desk) == []


def test_a_letter_that_comes_again_as_an_emergency_is_sounded_again(
    township: House, desk: House
) -> None:
    letter = letter_for(add_resident(*township))
    referral_id = referral.send(*township, letter).referral_id
    carry(township[0], desk[0])
    open_referral(*desk, referral_id)
    return_for_more(*desk, referral_id, Reason("insufficient_info", "请补心电图"))
    carry(desk[0], township[0])
    referral.resend(*township, referral_id, replace(letter, urgency="emergency"))
    carry(township[0], desk[0])
    assert unseen(desk) == [referral_id]
    open_referral(*desk, referral_id)
    assert unseen(desk) == []
    # Completing the letter is no new sending: it rings for nobody.
    carry(desk[0], township[0])
    referral.complete(*township, referral_id, replace(letter, urgency="emergency"))
    carry(township[0], desk[0])
    assert unseen(desk) == []


def test_what_an_earlier_version_noted_as_read_stays_read(township: House, desk: House) -> None:
    referral_id = send(township, desk)
    record_read(*desk, "referral", referral_id)
    assert unseen(desk) == []


def test_the_alarm_is_there_in_every_room_until_the_look(
    township: House,
    desk: House,
    enter: Callable[[], tuple[Frame, list[str]]],
    clock: FixedClock,
    qtbot: QtBot,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(alarm, "_AGAIN_MS", 40)
    frame, sounds = enter()
    assert frame.alarm.isHidden()
    referral_id = send(township, desk)
    clock.advance(minutes=3)
    frame.context.tell_changed("referral_task")
    qtbot.waitUntil(lambda: frame.alarm.isVisible())
    text = frame.alarm.text()
    assert "1 份紧急转诊" in text
    assert "白塔畈镇中心卫生院" in text
    assert "3 分钟" in text
    assert "陈大山" not in text  # the screen may be seen from the corridor
    assert frame.rail.button("referrals").count == 1
    qtbot.waitUntil(lambda: len(sounds) >= 3)  # heard again and again
    frame.go("residents")
    assert frame.alarm.isVisible()
    frame.alarm._look()
    assert frame.here == "referrals"
    room = frame.room("referrals")
    assert room is not None
    assert room.controller.view.referral_id == referral_id  # type: ignore[attr-defined]
    qtbot.waitUntil(lambda: frame.alarm.isHidden())
    assert not frame.alarm.ringing


def test_news_of_the_same_emergency_do_not_ring_anew(
    township: House, desk: House, enter: Callable[[], tuple[Frame, list[str]]]
) -> None:
    send(township, desk)
    frame, sounds = enter()
    found = room_counts(*desk).unseen
    now = frame.context.clock.now()
    frame.alarm.show_unseen(found, now)
    rung = len(sounds)
    frame.alarm.show_unseen(found, now + timedelta(minutes=1))
    assert len(sounds) == rung
    send(township, desk, name="徐桂兰")
    frame.alarm.show_unseen(room_counts(*desk).unseen, now)
    assert len(sounds) == rung + 1
    assert "2 份" in frame.alarm.text()


def test_a_quiet_pc_shows_it_without_a_sound(
    township: House, desk: House, enter: Callable[[], tuple[Frame, list[str]]]
) -> None:
    preferences.save(desk[0].folder, Preferences(emergency_sound=False))
    frame, sounds = enter()
    send(township, desk)
    frame.alarm.show_unseen(room_counts(*desk).unseen, frame.context.clock.now())
    assert frame.alarm.isVisible()
    assert sounds == []


def test_the_sound_is_switched_off_in_the_settings_of_this_pc(desk: House, qtbot: QtBot) -> None:
    section = ThisPcSection(UiContext(*desk, SynchronousRunner()))
    qtbot.addWidget(section)
    assert section.sound.value() == "on"
    section.sound.set_value("off")
    section.submit()
    assert preferences.load(desk[0].folder).emergency_sound is False
