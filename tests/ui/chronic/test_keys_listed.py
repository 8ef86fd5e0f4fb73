"""F1 over the follow-up form lists every key that the form takes."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QLabel

from app.models.actor import Actor
from app.models.store import Store
from app.ui.chronic.keys import form_keys
from app.ui.chronic.view import ChronicRoom
from app.ui.context import UiContext
from app.ui.shell.help import KeysDialog
from tests.care.follow_up_samples import managed_resident
from tests.ui.checks import check_page


def listed(room: ChronicRoom) -> list[str]:
    dialog = KeysDialog(room)
    dialog.open()
    check_page(dialog)
    texts = [each.text() for each in dialog.findChildren(QLabel)]
    dialog.close()
    return texts


def test_the_keys_of_the_form_are_listed(
    store: Store, actor: Actor, context: UiContext, shown: Any
) -> None:
    room: ChronicRoom = shown(ChronicRoom(context))
    assert "F9" not in listed(room), "only keys of what can be seen"
    room.open(resident_id=managed_resident(store, actor, "hypertension"))
    page = room.form_page
    assert page is not None
    assert page.isVisible()
    texts = listed(room)
    for keys, what in form_keys().items():
        assert keys in texts
        assert what in texts
    assert texts[texts.index("F9") + 1] == "立即转诊"
