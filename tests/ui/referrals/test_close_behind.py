"""What is closed by time is looked for behind the screen, and never after the frame went."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QObject

from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.referrals.back.closing import close_behind
from app.ui.tasks import SynchronousRunner


class _Painting(SynchronousRunner):
    """Nothing is painted until somebody says so."""

    def __init__(self) -> None:
        self.begun: list[Callable[[], None]] = []
        self.ran = 0

    def start_painted(self, start: Callable[[], None], owner: QObject) -> None:
        self.begun.append(start)

    def run(self, *arguments: Any, **named: Any) -> None:
        self.ran += 1
        super().run(*arguments, **named)


@pytest.mark.parametrize("going", [False, True])
def test_it_waits_for_the_painting_and_gives_up_when_the_frame_goes(
    qtbot: Any, store: Store, actor: Actor, *, going: bool
) -> None:
    tasks = _Painting()
    context = UiContext(store, actor, tasks)
    close_behind(context, context)
    assert (len(tasks.begun), tasks.ran) == (1, 0)
    if going:
        context.closing.emit()
    tasks.begun[0]()
    assert tasks.ran == (0 if going else 1)
