"""Two houses with a referral room each, driven by the keyboard."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot

from app.models.actor import Actor
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.referrals.view import ReferralsRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.referral_rooms import House, Keys, front


@pytest.fixture
def keys(qtbot: QtBot) -> Keys:
    return Keys(qtbot)


@pytest.fixture(scope="session")
def dressed(qapp: QApplication) -> QApplication:
    """The look is put on once: doing it again restyles every widget of the tests before."""
    theme.apply(qapp)
    return qapp


@pytest.fixture
def make_house(
    make_store: Callable[..., tuple[Store, Actor]], qtbot: QtBot, dressed: QApplication
) -> Iterator[Callable[[str], House]]:
    houses: list[House] = []

    def make(organisation_id: str) -> House:
        store, actor = make_store(organisation_id)
        context = UiContext(store, actor, SynchronousRunner())
        room = ReferralsRoom(context)
        qtbot.addWidget(room)
        said: list[str] = []
        context.notified.connect(lambda text, _tone: said.append(text))
        room.resize(
            theme.SCREEN_WIDTH - theme.RAIL_WIDTH,
            theme.SCREEN_HEIGHT - theme.TOP_HEIGHT - theme.BAR_HEIGHT,
        )
        house = House(store, actor, context, room, said)
        houses.append(house)
        return house

    yield make
    for house in houses:
        house.room.leave()


@pytest.fixture
def township(make_house: Callable[[str], House], qtbot: QtBot) -> House:
    return front(make_house(TOWNSHIP_ID), qtbot)


@pytest.fixture
def desk(make_house: Callable[[str], House]) -> House:
    house = make_house(LEAD_ID)
    house.room.show()
    house.room.open()
    return house
