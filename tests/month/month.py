"""The month goes by: links come and go, people sit down, take their steps, and look."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta

from app.care.referral_view import refresh_referral
from tests.month.acts import Acts
from tests.month.limits import CLOSE_AFTER_VISIT, CLOSE_AT_LATEST
from tests.month.plan import Step
from tests.month.program import Program
from tests.month.timeline import DAYS, SLOTS, MonthClock, links, sitting
from tests.month.truth import Referral, Truth

HOUSES = "LABC"
#: A step at the screen takes this long.
_MINUTES = 2


class Month:
    """Plays the plan. ``days`` yields each day after its last sitting."""

    def __init__(
        self,
        programs: dict[str, Program],
        time: MonthClock,
        truth: Truth,
        acts: Acts,
        seed: int,
    ) -> None:
        self.programs, self.time, self.truth, self.acts = programs, time, truth, acts
        self.links = links(seed, HOUSES)

    def days(self) -> Iterator[int]:
        """One day after the other."""
        for day in range(DAYS):
            for slot in range(len(SLOTS)):
                self._sit(day, slot)
            self.time.set(max(sitting(day, 1) + timedelta(hours=2, minutes=30), self.time.now))
            for program in self.programs.values():
                program.arrive()
                self._closed_by_itself(program)
            yield day
        # At the end everybody has a link, and what one sends the others fetch.
        for program in self.programs.values():
            assert program.link is not None
            program.link.up = True
        self._carry(HOUSES)
        self._carry(HOUSES)

    def _sit(self, day: int, slot: int) -> None:
        self.time.set(max(sitting(day, slot), self.time.now))
        up = self.links[day, slot]
        for house, program in self.programs.items():
            assert program.link is not None
            program.link.up = house in up
        self._carry(HOUSES)
        acted = set()
        for house, program in self.programs.items():
            if not self._has_business(house, day):
                continue
            program.arrive()
            self._closed_by_itself(program)
            self._read_of_crossings(program)
            if self._work(program, day):
                acted.add(house)
        self._carry(acted & up)

    def _has_business(self, house: str, day: int) -> bool:
        """Whether anybody there has a reason to sit down at the program."""
        if self._next(house, day) is not None:
            return True
        return any(
            any(step.name == "auto" and each.house(step.side) == house for step in each.steps)
            or any(move.house == house and not move.read for move in each.crossed)
            for each in self.truth.of(house)
        )

    def _carry(self, houses: Iterable[str]) -> None:
        some = frozenset(houses)
        for house in HOUSES:
            if house in some:
                program = self.programs[house]
                program.sync()
                if program.link is not None and program.link.up:
                    self.truth.sync(house, self.time.now)

    def _work(self, program: Program, day: int) -> bool:
        """All steps that are this house's now, also those that follow from them at once."""
        found = False
        while True:
            due = self._next(program.house, day)
            if due is None:
                return found
            referral, step = due
            found = True
            self.time.advance(_MINUTES)
            self.acts.do(program, referral, step)

    def _next(self, house: str, day: int) -> tuple[Referral, Step] | None:
        for referral in self.truth.of(house):
            planned = referral.planned
            if not referral.id and (planned.sender != house or not self._begins(referral, day)):
                continue
            step = self.truth.turn(referral, house, self.time.now)
            if step is not None and step.name != "auto":
                return referral, step
        return None

    def _begins(self, referral: Referral, day: int) -> bool:
        planned = referral.planned
        if not planned.follows:
            return day >= planned.day
        before = self.truth.referrals[planned.follows]
        view = before.view(planned.sender)
        ended = view.state() in ("rejected", "cancelled", "no_show", "expired")
        return bool(before.id) and (ended or view.state() == "internal_review")

    def _closed_by_itself(self, program: Program) -> None:
        """7 days after the return when the first visit was made, else 30 or what the house has set:
        closed by whoever looks, not before and not later."""
        house = program.house
        for referral in self.truth.of(house):
            step = referral.steps[0] if referral.steps else None
            if step is None or step.name != "auto" or referral.house(step.side) != house:
                continue
            due = self._over(referral, house)
            view = referral.view(house)
            shown = refresh_referral(program.store, program.actor, referral.id)
            assert (shown.state == "closed") == due, (referral.planned.id, self.time.now)
            if due:
                last = [e for e in shown.events if e.service == "letter"][-1]
                assert last.details["automatic"] == "True"
                entered = view.entered()
                assert entered.held is not None
                over = last.occurred_at - min(entered.at, entered.held)
                assert over >= self._limit(referral, house)
                assert last.occurred_at <= self.time.at(house)
                self.truth.write(
                    referral,
                    referral.side(house),
                    "closed",
                    last.occurred_at,
                    reason="completed",
                    automatic=True,
                )
                self.truth.took(referral, step)

    def _read_of_crossings(self, program: Program) -> None:
        """A move that the other side was faster than: it waits until it was read, once."""
        for referral in self.truth.of(program.house):
            late = [m for m in referral.crossed if m.house == program.house and not m.read]
            if not late:
                continue
            state = referral.view(program.house).state()
            room = self.acts.hands.open(program, referral.side(program.house), referral.id, state)
            said = room.detail.history.text()
            assert said.count("未生效") == len(late), said
            for move in late:
                move.read = True

    def _over(self, referral: Referral, house: str) -> bool:
        """Whether the days are over by the clock of this PC and by the server's."""
        entered = referral.view(house).entered()
        if entered.held is None:
            return False
        limit = self._limit(referral, house)
        here = self.time.at(house) - min(entered.at, entered.held)
        return here >= limit and self.truth.told[house] - entered.held >= limit

    def _limit(self, referral: Referral, house: str) -> timedelta:
        return timedelta(days=CLOSE_AFTER_VISIT if referral.visits else CLOSE_AT_LATEST[house])
