"""The way of a letter to its page: read behind the screen, and only the last one asked for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject

from app.care.referral_form import LetterPage
from app.ui.context import UiContext
from app.ui.referrals.letter_building import LetterBuilding
from app.ui.widgets.drafts import DraftKeeper


class LetterReading(QObject):
    """``read`` asks; ``come`` lets what was typed meanwhile into the page, once it has the focus;
    ``give_up`` when the page is left before its letter is here."""

    def __init__(self, context: UiContext, building: LetterBuilding) -> None:
        super().__init__(building)
        self._context = context
        self._building = building
        self._turn = 0
        self._early = building.early
        self.come = self._early.let_go
        context.closing.connect(self.give_up)

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

        def whole(page: LetterPage) -> None:
            if turn == self._turn:
                with self._early.aside():
                    begun(page)

        def done(page: LetterPage) -> None:
            if turn == self._turn:
                self._building.when_whole(lambda: whole(page))

        def broke(error: Exception) -> None:
            if turn == self._turn:
                self._early.drop()
                failed(error)

        def run() -> None:
            if turn == self._turn:
                self._context.tasks.run(work, done=done, failed=broke, owner=self)

        if before is not None:
            before.when_kept(run)
        elif self._building.whole:
            run()
        else:
            self._context.tasks.start_painted(run, self)
        self._building.begin()

    def give_up(self) -> None:
        self._turn += 1
        self._early.drop()
