"""What is true in the month, worked out from the plan alone: nothing of the program is asked.

The table of §6.4 is written down here a second time. Each house knows what the server told it last
and what it wrote itself since; the server holds the moves in the order in which they came, and a
move that is not legal from the state that it meets takes no effect.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count

from tests.month.plan import Planned, Step

#: (state, next state, whose move): domain reference §6.4.
LEGAL = frozenset(
    (source, target, side)
    for line in """
    draft: internal_review S, sent S, deleted S, accepted S
    internal_review: sent S, draft S
    sent: accepted R, rejected R, returned R, cancelled S, expired S, accepted S
    returned: sent S, cancelled S
    accepted: accepted R, arrived R, no_show R, cancelled R, cancelled S
    arrived: in_care R, replied R
    in_care: replied R, closed R
    replied: handed_back R, closed R
    handed_back: received_back S, replied S
    received_back: closed S
    closed: in_care S, in_care R, received_back S, received_back R
    """.strip().split("\n")
    for source, targets in [[part.strip() for part in line.split(":")]]
    for target, side in [one.split() for one in targets.split(",")]
)
#: Moves that leave the state as it is and always stand.
NEUTRAL = frozenset({"completed", "redirected", "discharged", "amended", "sent_on"})
_SERVICES = {"c": "clinic", "e": "examination", "b": "bed"}
_NUMBERS = count()


@dataclass(slots=True)
class Move:
    """One move: ``service`` is ``letter`` or one of the three priorities."""

    house: str
    side: str
    service: str
    name: str
    source: str
    target: str
    reason: str
    at: datetime
    number: int = field(default_factory=lambda: next(_NUMBERS))
    automatic: bool = False
    #: For when the patient is booked with this move.
    booked: datetime | None = None
    #: When the server took it, by the server's clock.
    held: datetime | None = None
    #: Whether a person has read that it took no effect.
    read: bool = False

    @property
    def key(self) -> tuple[str, str, str, str, str, str, datetime]:
        """What a history must show of it."""
        return (
            self.house, self.service, self.name, self.source, self.target, self.reason, self.at,
        )  # fmt: skip


@dataclass(slots=True)
class Course:
    """Moves of one referral as somebody knows them, in order."""

    moves: list[Move] = field(default_factory=list)

    def state(self, service: str = "letter") -> str:
        """The present state; of a priority ``requested`` until it is answered."""
        own = [m for m in self.moves if m.service == service]
        return own[-1].target if own else ("draft" if service == "letter" else "requested")

    @property
    def letter(self) -> list[Move]:
        return [move for move in self.moves if move.service == "letter"]

    def entered(self) -> Move:
        """The move with which the present state came; a changed booking is none."""
        return [move for move in self.letter if move.source != move.target][-1]

    def last(self, name: str) -> Move | None:
        """The last move of this name."""
        return next((move for move in reversed(self.letter) if move.name == name), None)

    def booked(self) -> datetime | None:
        return next((m.booked for m in reversed(self.letter) if m.booked is not None), None)

    def stands(self, move: Move) -> bool:
        """Whether the move is legal now, laid on what is here."""
        state = self.state(move.service)
        if move.name in NEUTRAL:
            return True
        if move.service == "letter":
            return (state, move.target, move.side) in LEGAL
        if move.target == "withdrawn":
            return state in ("requested", "arranged")
        return state in ("requested", "arranged", "refused") and state != move.target


@dataclass(slots=True)
class Referral:
    """One referral of the plan as it goes on."""

    planned: Planned
    id: str = ""
    stage: int = 0
    #: Whose steps of the present stage are taken.
    taken: set[str] = field(default_factory=set)
    server: Course = field(default_factory=Course)
    pulled: dict[str, int] = field(default_factory=dict)
    waiting: dict[str, list[Move]] = field(default_factory=dict)
    #: Moves that took no effect because the other side was first.
    crossed: list[Move] = field(default_factory=list)
    #: When a house first knew of all moves of the stages before.
    known_at: dict[tuple[int, str], datetime] = field(default_factory=dict)
    #: Visits after the return: whose, and when by that house's clock.
    visits: list[tuple[str, datetime]] = field(default_factory=list)
    #: How often a reply or summary, and a plan, was written.
    replies: int = 0
    plans: int = 0

    def house(self, side: str) -> str:
        return self.planned.sender if side == "S" else self.planned.receiver

    def side(self, house: str) -> str:
        return "S" if house == self.planned.sender else "R"

    @property
    def parties(self) -> tuple[str, str]:
        return (self.planned.sender, self.planned.receiver)

    def view(self, house: str) -> Course:
        """What a house knows: what it fetched, and its own moves laid on it."""
        fetched = self.server.moves[: self.pulled.get(house, 0)]
        return Course([*fetched, *self.waiting.get(house, [])])

    def visible(self, house: str) -> bool:
        """Whether the referral is in the house's lists."""
        view = self.view(house)
        if not view.moves:
            return False
        # Until it is sent it is in its writer's house.
        left = any(move.target in ("sent", "accepted") for move in view.letter)
        return left or self.side(house) == "S"

    @property
    def steps(self) -> tuple[Step, ...]:
        """The steps that are to be taken next."""
        route = self.planned.route
        return route[self.stage] if self.stage < len(route) else ()


class Truth:
    """The whole month as it is, and as each house knows it."""

    def __init__(self, plan: dict[str, Planned]) -> None:
        #: When a house last had an answer of the server, by the server's clock.
        self.told: dict[str, datetime] = {}
        self.referrals = {id_: Referral(planned) for id_, planned in plan.items()}

    def of(self, house: str) -> list[Referral]:
        return [each for each in self.referrals.values() if house in each.parties]

    # -- moves ------------------------------------------------------------------------------

    def write(
        self,
        referral: Referral,
        side: str,
        target: str,
        at: datetime,
        *,
        name: str = "",
        reason: str = "",
        service: str = "letter",
        automatic: bool = False,
        booked: datetime | None = None,
    ) -> None:
        """A house makes a move; it waits there until its link carries it away."""
        house = referral.house(side)
        source = referral.view(house).state(service)
        move = Move(house, side, service, name or target, source, target, reason, at)
        move.automatic, move.booked = automatic, booked
        assert referral.view(house).stands(move), (referral.planned.id, move)
        referral.waiting.setdefault(house, []).append(move)
        if service == "letter":
            self._services_follow(referral, side, target, at, reason)

    def _services_follow(
        self, referral: Referral, side: str, target: str, at: datetime, reason: str
    ) -> None:
        ends = {
            "cancelled": "withdrawn", "expired": "withdrawn", "no_show": "withdrawn",
            "rejected": "refused",
        }  # fmt: skip
        if target not in ends:
            return
        view = referral.view(referral.house(side))
        for letter in referral.planned.services:
            if view.state(_SERVICES[letter]) in ("requested", "arranged"):
                self.write(
                    referral, side, ends[target], at, reason=reason, service=_SERVICES[letter]
                )

    def took(self, referral: Referral, step: Step) -> None:
        """A step of the plan was taken; the stage is over when all of its steps were."""
        referral.taken.add(step.side)
        if len(referral.taken) == len(referral.steps):
            referral.stage += 1
            referral.taken.clear()

    # -- the link -----------------------------------------------------------------------------

    def sync(self, house: str, now: datetime) -> None:
        """A house sends what waits and fetches what is new."""
        self.told[house] = now
        for referral in self.of(house):
            for move in referral.waiting.pop(house, []):
                if referral.server.stands(move):
                    move.held = now
                    referral.server.moves.append(move)
                elif referral.server.state(move.service) != move.target:
                    referral.crossed.append(move)
            if house in referral.parties:
                referral.pulled[house] = len(referral.server.moves)
            self.learn(referral, house, now)

    def learn(self, referral: Referral, house: str, now: datetime) -> None:
        """Note when a house knew that it is its turn."""
        if self.knows_all(referral, house):
            referral.known_at.setdefault((referral.stage, house), now)

    def knows_all(self, referral: Referral, house: str) -> bool:
        """Whether nothing that happened is still on its way to this house."""
        others = [h for h, moves in referral.waiting.items() if moves and h != house]
        fetched = referral.pulled.get(house, 0) == len(referral.server.moves)
        return fetched and not others

    def turn(self, referral: Referral, house: str, now: datetime) -> Step | None:
        """The step that this house takes now, or None."""
        if referral.taken:
            # The other half of a crossing: whoever is late does not know of the first move.
            for step in referral.steps:
                if step.side not in referral.taken and referral.house(step.side) == house:
                    return step
            return None
        if not self.knows_all(referral, house):
            return None
        referral.known_at.setdefault((referral.stage, house), now)
        for step in referral.steps:
            rested = now - referral.known_at[referral.stage, house] >= timedelta(days=step.pause)
            if referral.house(step.side) == house and rested and self._both_know(referral):
                return step
        return None

    def _both_know(self, referral: Referral) -> bool:
        """A crossing begins only when both houses are at the same point, at the same sitting."""
        if len(referral.steps) == 1:
            return True
        return all(self.knows_all(referral, referral.house(step.side)) for step in referral.steps)
