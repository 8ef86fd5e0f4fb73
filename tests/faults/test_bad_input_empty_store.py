"""An empty store: every room opens, says what will appear, and nothing is an error."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtWidgets import QApplication

from app.i18n import set_language
from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.shell.rooms import ROOMS
from app.ui.tasks import SynchronousRunner
from app.ui.widgets.cards import EmptyState
from tests.conftest import CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID
from tests.ui.checks import show_page, visible


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("organisation_id", [TOWNSHIP_ID, LEAD_ID, CARE_HOME_ID])
def test_every_room_opens_on_an_empty_store(
    qtbot,
    make_store: Callable[..., tuple[Store, Actor]],
    organisation_id: str,
    language: str,
) -> None:
    store, actor = make_store(organisation_id)
    context = UiContext(store, actor, SynchronousRunner())
    set_language(language)
    try:
        for place in ROOMS:
            room = place.build(context)
            show_page(qtbot, room)
            for step in ("open", "refresh"):
                if hasattr(room, step):
                    getattr(room, step)()
            QApplication.processEvents()
            if place.name == "settings":
                continue  # never empty: this PC itself is its content
            words = [each._text.text() for each in visible(room, EmptyState)]
            assert words, f"{place.name} says nothing of what will appear"
            assert all(words)
    finally:
        set_language("zh_CN")
