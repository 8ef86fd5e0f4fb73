"""What the outreach room asks of the use-cases, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject
from shiboken6 import isValid

from app.errors import InputError
from app.ui.context import UiContext
from app.ui.referrals.dialogs import FormDialog

Done = Callable[[Any], object]
Failed = Callable[[Exception], object]


class OutreachController(QObject):
    """Runs use-cases; tells the other rooms what changed after those that write."""

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        #: The small dialog that is open or was last.
        self.dialog: FormDialog | None = None

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

    def ask(
        self,
        dialog: FormDialog,
        kinds: tuple[str, ...],
        work: Callable[[], tuple[Any, ...]],
        said: str,
    ) -> None:
        """Open a dialog over its page; ``work`` gives the use-case and its arguments when it is
        finished, ``said`` is told once it was done. What cannot be saved is said in the dialog, or
        in a line over the page where the person has left the dialog meanwhile."""

        def failed(error: Exception) -> None:
            if not isValid(dialog):
                self.context.notify(str(error), "danger")
                return
            dialog.done_button.setEnabled(True)
            if isinstance(error, InputError):
                dialog.show_problems(error.problems)
            else:
                dialog.strip.say_error(error)

        def done(_: object) -> None:
            if isValid(dialog):
                dialog.accept()
            self.context.notify(said)

        def finish() -> None:
            dialog.done_button.setEnabled(False)
            self.write(kinds, *work(), done=done, failed=failed)

        dialog.on_finish = finish
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()
