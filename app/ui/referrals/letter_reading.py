"""The way of a letter to its page: read behind the screen, and only the last one asked for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QWidget

from app.care.referral_form import LetterPage
from app.ui.context import UiContext
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.early_keys import EarlyKeys


class LetterReading(QObject):
    """``read`` asks; ``come`` lets what was typed meanwhile into the page, once it has the focus;
    ``give_up`` when the page is left before its letter is here."""

    def __init__(self, context: UiContext, page: QWidget) -> None:
        super().__init__(page)
        self._context = context
        self._turn = 0
        self._early = EarlyKeys(page)
        self.come = self._early.let_go

    def read(
        self,
        work: Callable[[], LetterPage],
        begun: Callable[[LetterPage], None],
        failed: Callable[[Exception], None],
        before: DraftKeeper | None,
    ) -> None:
        """``before``: what was just typed, perhaps of this very letter, may still be on its way
        into the store."""
        self._turn += 1
        turn = self._turn
        self._early.hold()

        def done(page: LetterPage) -> None:
            if turn == self._turn:
                begun(page)

        def broke(error: Exception) -> None:
            if turn == self._turn:
                self._early.drop()
                failed(error)

        def run() -> None:
            self._context.tasks.run(work, done=done, failed=broke, owner=self)

        if before is None:
            run()
        else:
            before.when_kept(run)

    def give_up(self) -> None:
        self._turn += 1
        self._early.drop()
