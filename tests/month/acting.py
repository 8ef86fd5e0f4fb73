"""What every step at the screen has in common: opened from the list, seen there afterwards."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from tests.month import words
from tests.month.hands import Hands
from tests.month.limits import timer
from tests.month.plan import Step
from tests.month.program import Program, settle
from tests.month.timeline import MonthClock
from tests.month.truth import Referral, Truth
from tests.month.writing import Writing


class Acting:
    """Opens a referral, takes a step at it, notes it in the truth, and looks again."""

    def __init__(
        self,
        hands: Hands,
        time: MonthClock,
        truth: Truth,
        houses: dict[str, str],
        heads: dict[str, Program],
    ) -> None:
        self.hands, self.time, self.truth = hands, time, truth
        self.writing = Writing(hands, time, truth, houses)
        self.heads = heads
        #: Timers as pages have shown them: (which, whether overdue).
        self.timers: set[tuple[str, bool]] = set()
        #: First visits after a return: (urgency, whether they came late).
        self.first_visits: set[tuple[str, bool]] = set()

    def _open(self, program: Program, referral: Referral) -> Any:
        return self.hands.open(
            program,
            referral.side(program.house),
            referral.id,
            referral.view(program.house).state(),
        )

    def _wrote(self, program: Program, referral: Referral, target: str, **details: Any) -> datetime:
        at = self.time.at(program.house)
        self.truth.write(referral, referral.side(program.house), target, at, **details)
        return at

    def _see(self, program: Program, referral: Referral) -> None:
        """The person looks at the list again: the referral stands where it is now."""
        view = referral.view(program.house)
        state = view.state()
        room = program.room
        shown = room.controller.view
        if state != "deleted":
            assert shown is not None
            assert shown.referral_id == referral.id, (program.house, referral.planned.id)
            assert shown.state == state, (program.house, referral.planned.id, shown.state, state)
            now, wait = self.time.at(program.house), shown.waiting
            true = timer(view, referral.planned, now, program.house)
            assert (wait.limit, wait.overdue, wait.expected, wait.may_expire) == (
                true.limit, true.overdue, true.expected, true.may_expire,
            ), (program.house, referral.planned.id, wait, true)  # fmt: skip
            self.timers.add((true.name, true.overdue))

    def _reason(
        self, program: Program, referral: Referral, step: Step, word: str, target: str
    ) -> None:
        room = self._open(program, referral)
        self.hands.move(room, word)

        def fill(dialog: Any) -> None:
            self.hands.choose(dialog.choice, step.reason)
            if text := words.with_words(step.reason):
                self.hands.type_in(dialog.text, text)

        self.hands.dialog(room, fill)
        self._wrote(program, referral, target, reason=step.reason)

    def _plain(self, program: Program, referral: Referral, word: str, target: str) -> datetime:
        room = self._open(program, referral)
        self.hands.move(room, word)
        settle()
        return self._wrote(program, referral, target)
