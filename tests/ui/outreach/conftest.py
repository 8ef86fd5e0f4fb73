"""A township and its lead hospital, each with its own store and outreach room."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.care.outreach.consultation_state import Move
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.outreach.view import OutreachRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.outreach_support import carry_outreach
from tests.referral_rooms import bring
from tests.ui.checks import show_page


@dataclass
class House:
    """One organisation's store, person and room."""

    store: Store
    actor: Actor
    room: OutreachRoom
    said: list[str]

    def names(self) -> list[str]:
        rows = self.room.consultations.list.rows
        return [rows.row(at).resident_name for at in range(rows.rowCount())]

    def course(self) -> list[str]:
        return self.room.consultations.detail.step_words()

    def moves(self) -> set[Move]:
        buttons = self.room.consultations.detail.buttons
        return {move for move, button in buttons.items() if not button.isHidden()}

    def news_from(self, other: House) -> None:
        """What a pull does."""
        carry_outreach(other.store, self.store)
        self.room._context.tell_changed("consultation", "shared_note", "expert_visit", "resident")

    def queued(self) -> list[str]:
        with self.store.read() as session:
            return sorted(row.kind for row in session.query(Outbox))


Make = Callable[[str], House]
TODAY = date(2026, 3, 2)


@pytest.fixture
def make_house(make_store: Callable[..., tuple[Store, Actor]], qtbot: QtBot) -> Make:
    def make(organisation_id: str) -> House:
        store, actor = make_store(organisation_id)
        context = UiContext(store, actor, SynchronousRunner())
        said: list[str] = []
        context.notified.connect(lambda text, _: said.append(text))
        room = OutreachRoom(context)
        show_page(qtbot, room)
        return House(store, actor, room, said)

    return make


@pytest.fixture
def township(make_house: Make) -> House:
    return make_house(TOWNSHIP_ID)


@pytest.fixture
def lead(make_house: Make) -> House:
    return make_house(LEAD_ID)


def front(house: House, qtbot: QtBot) -> None:
    house.room.activateWindow()
    qtbot.waitActive(house.room)


def finish(house: House, qtbot: QtBot, **values: object) -> None:
    """Fill the open dialog and press its button."""
    dialog = house.room.controller.dialog
    assert dialog is not None
    bring(dialog, qtbot)
    for key, value in values.items():
        dialog.fields[key].set_value(value)
    qtbot.mouseClick(dialog.done_button, Qt.MouseButton.LeftButton)
