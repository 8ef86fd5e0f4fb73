"""What a person asked for is shown, whatever list arrives before it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.care import referral
from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.referrals.listed import load_list
from app.ui.referrals.view import ReferralsRoom
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.referral_support import add_resident, carry, letter_for


class LaterRunner:
    """Work waits until it is let go, in the order that a test chooses."""

    def __init__(self) -> None:
        self.waiting: list[tuple[Any, Callable[[], None]]] = []

    def run(
        self, work: Any, *arguments: Any, done: Any = None, failed: Any = None, owner: Any = None
    ) -> None:
        def go() -> None:
            result = work(*arguments)
            if done is not None:
                done(result)

        self.waiting.append((work, go))

    def start_painted(self, start: Callable[[], None], owner: object) -> None:
        start()

    def let_go(self) -> None:
        """Every list comes before any letter."""
        while self.waiting:
            place = next((p for p, (work, _) in enumerate(self.waiting) if work is load_list), 0)
            self.waiting.pop(place)[1]()


def test_a_list_that_comes_first_does_not_take_the_place_of_what_was_asked_for(
    make_store: Callable[..., tuple[Store, Actor]], dressed: object, qtbot: Any
) -> None:
    township, desk = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    ids = [
        referral.send(*township, letter_for(add_resident(*township), urgency=urgency)).referral_id
        for urgency in ("emergency", "routine")
    ]
    carry(township[0], desk[0])
    runner = LaterRunner()
    room = ReferralsRoom(UiContext(*desk, runner))  # type: ignore[arg-type]
    qtbot.addWidget(room)
    room.open()
    room.open(referral_id=ids[1])
    room._records_changed({"referral_task"})
    runner.let_go()
    view = room.controller.view
    assert view is not None
    assert view.referral_id == ids[1]
    room.leave()


class LateRunner:
    """Work is done at once; what came of it is handed over later, the newest first."""

    def __init__(self) -> None:
        self.waiting: list[Callable[[], None]] = []

    def run(
        self, work: Any, *arguments: Any, done: Any = None, failed: Any = None, owner: Any = None
    ) -> None:
        result = work(*arguments)
        if done is not None:
            self.waiting.append(lambda: done(result))

    def start_painted(self, start: Callable[[], None], owner: object) -> None:
        start()

    def let_go(self) -> None:
        while self.waiting:
            self.waiting.pop()()


def test_an_older_list_that_comes_late_does_not_replace_the_newer_one(
    make_store: Callable[..., tuple[Store, Actor]], dressed: object, qtbot: Any
) -> None:
    store, actor = make_store(TOWNSHIP_ID)
    runner = LateRunner()
    room = ReferralsRoom(UiContext(store, actor, runner))  # type: ignore[arg-type]
    qtbot.addWidget(room)
    room.open()
    resident_id = add_resident(store, actor)
    written = referral.send(store, actor, letter_for(resident_id))
    room._records_changed({"referral_task"})
    runner.let_go()
    assert room.model.row_of(written.referral_id) == 1
    assert room.sent.text() == "转出 1"
    room.leave()


def test_news_of_the_letter_that_stands_there_does_not_take_the_place_of_the_one_asked_for(
    make_store: Callable[..., tuple[Store, Actor]], dressed: object, qtbot: Any
) -> None:
    township = make_store(TOWNSHIP_ID)
    ids = [
        referral.send(*township, letter_for(add_resident(*township), urgency=urgency)).referral_id
        for urgency in ("routine", "emergency")
    ]
    runner = LaterRunner()
    room = ReferralsRoom(UiContext(*township, runner))  # type: ignore[arg-type]
    qtbot.addWidget(room)
    room.open(referral_id=ids[0])
    runner.let_go()
    # The second is sent: it is asked for, and the list tells that something changed.
    room.show_referral(ids[1])
    room._records_changed({"referral", "referral_task"})
    runner.let_go()
    view = room.controller.view
    assert view is not None
    assert view.referral_id == ids[1]
    assert room.list.currentIndex().row() == room.model.row_of(ids[1])
    room.leave()


def test_beside_the_list_of_the_other_side_stands_nothing_of_this_one(
    make_store: Callable[..., tuple[Store, Actor]], dressed: object, qtbot: Any
) -> None:
    township = make_store(TOWNSHIP_ID)
    referral_id = referral.send(*township, letter_for(add_resident(*township))).referral_id
    runner = LaterRunner()
    room = ReferralsRoom(UiContext(*township, runner))  # type: ignore[arg-type]
    qtbot.addWidget(room)
    room.open(referral_id=referral_id)
    runner.let_go()
    room.received.click()
    runner.let_go()
    assert room.controller.view is None
    assert room.right.currentWidget() is room.nothing
    room.sent.click()
    runner.let_go()
    view = room.controller.view
    assert view is not None
    assert view.referral_id == referral_id
    room.leave()


def test_the_room_begins_with_the_list_in_which_something_stands(
    make_store: Callable[..., tuple[Store, Actor]], dressed: object, qtbot: Any
) -> None:
    """Nothing was sent, but a letter came in; whoever asks for the empty list gets it."""
    township, other = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    letter = letter_for(add_resident(*township), services=(), to_organisation_id=CARE_HOME_ID)
    referral_id = referral.send(*township, letter).referral_id
    home = make_store(CARE_HOME_ID)
    carry(township[0], home[0])
    runner = LaterRunner()
    room = ReferralsRoom(UiContext(*home, runner))  # type: ignore[arg-type]
    qtbot.addWidget(room)
    room.open()
    runner.let_go()
    assert room.received.isChecked()
    view = room.controller.view
    assert view is not None
    assert view.referral_id == referral_id
    room.sent.click()
    runner.let_go()
    assert room.sent.isChecked()
    room.refresh()
    runner.let_go()
    assert room.sent.isChecked()
    assert room.lists.currentWidget() is room.empty
    room.leave()

    nothing = ReferralsRoom(UiContext(*other, runner))  # type: ignore[arg-type]
    qtbot.addWidget(nothing)
    nothing.open()
    runner.let_go()
    assert nothing.received.isChecked()
    nothing.leave()
