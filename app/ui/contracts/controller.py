"""What the contracts room asks of the use-cases, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.ui.context import UiContext

Done = Callable[[Any], None]
Failed = Callable[[Exception], None]


class ContractsController(QObject):
    """Runs use-cases; tells the other rooms what changed after those that write."""

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context

    def read(self, work: Callable[..., Any], *args: Any, done: Done, failed: Failed) -> None:
        """``work(store, actor, *args)``; nothing is written."""
        c = self.context
        c.tasks.run(work, c.store, c.actor, *args, done=done, failed=failed, owner=self)

    def write(
        self, kinds: tuple[str, ...], work: Callable[..., Any], *args: Any, done: Done,
        failed: Failed,
    ) -> None:  # fmt: skip
        """The same for a use-case that writes records of ``kinds``."""

        def finished(result: Any) -> None:
            self.context.tell_changed(*kinds)
            done(result)

        self.read(work, *args, done=finished, failed=failed)
