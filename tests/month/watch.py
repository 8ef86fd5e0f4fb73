"""After every day: what each list shows is exactly what that house can know, and never better."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from sqlalchemy import select

from app.models.base import Base
from app.models.referral import ReferralEvent
from app.models.referral_return import ReferralReply, ReferralVisit, ReturnPlan
from tests.month.hands import ENDED, Hands
from tests.month.limits import Timer, timer
from tests.month.program import Program
from tests.month.timeline import MonthClock
from tests.month.truth import Referral, Truth
from tests.server.serving import Client

STATE = "urn:township-care:code:referral_state"
_NEVER_LISTED = ("deleted",)
#: What waits for a house: its badge.
_WAITS = {"S": ("draft", "returned", "handed_back"), "R": ("sent",)}
#: Rows that are only ever added.
_APPENDED: tuple[type[Base], ...] = (ReferralEvent, ReferralReply, ReturnPlan, ReferralVisit)


class Watch:
    """Remembers what was seen: rows that are only added, timers that ran, states that were."""

    def __init__(
        self,
        programs: dict[str, Program],
        hands: Hands,
        truth: Truth,
        time: MonthClock,
        clients: dict[str, Client],
    ) -> None:
        self.programs, self.hands, self.truth, self.time = programs, hands, truth, time
        self.clients = clients
        self._rows: dict[str, dict[str, dict[str, Any]]] = defaultdict(dict)
        #: (timer, overdue) as lists have shown them.
        self.timers: set[tuple[str, bool]] = set()
        self.expiring: set[str] = set()
        self.reminded: set[int] = set()
        self.states: set[tuple[str, str]] = set()
        self.deliveries: set[str] = set()

    def after_the_day(self) -> None:
        """Everything that is looked at in the evening."""
        for house, program in self.programs.items():
            self._lists(house, program)
            self._badge(house, program)
            self._nothing_is_gone(house, program)
        self._server()

    # -- the lists ------------------------------------------------------------------------------

    def _lists(self, house: str, program: Program) -> None:
        for side in ("S", "R"):
            for ended in (False, True):
                shown = {
                    line.referral_id: line
                    for line in self.hands.show_list(program, side, ended=ended)
                }
                true = {
                    each.id: each for each in self.truth.of(house) if self._is(each, house, side)
                }
                true = {
                    id_: each
                    for id_, each in true.items()
                    if (each.view(house).state() in ENDED) == ended
                }
                names = {each.id: each.planned.id for each in self.truth.of(house)}
                assert shown.keys() == true.keys(), (
                    house, side, ended, [names[i] for i in shown.keys() ^ true.keys()],
                )  # fmt: skip
                for id_, line in shown.items():
                    self._line(house, true[id_], line)

    def _is(self, referral: Referral, house: str, side: str) -> bool:
        if not referral.id or referral.side(house) != side or not referral.visible(house):
            return False
        return referral.view(house).state() not in _NEVER_LISTED

    def _line(self, house: str, referral: Referral, line: Any) -> None:
        planned, view = referral.planned, referral.view(house)
        about = (house, planned.id)
        assert line.state == view.state(), (*about, line.state, view.state())
        assert line.resident_name == self._person(referral), about
        assert (line.urgency, line.direction) == (planned.urgency, planned.direction), about
        wait = line.waiting
        true = timer(view, planned, self.time.at(house), house)
        shown = Timer(
            true.name,
            wait.limit, wait.overdue, wait.expected, wait.may_expire, line.reminded,
        )  # fmt: skip
        assert shown == true, (*about, shown, true)
        self.timers.add((true.name, true.overdue))
        self.reminded.add(true.reminded)
        if true.may_expire:
            self.expiring.add(planned.id)
        self.states.add((planned.direction, view.state()))
        services = {name: view.state(name) for name, _ in line.services}
        assert dict(line.services) == services, (*about, line.services, services)
        self._delivery(house, referral, line)

    def _delivery(self, house: str, referral: Referral, line: Any) -> None:
        """ "Received" is said of nothing that the server does not hold."""
        waits = any(m.service == "letter" for m in referral.waiting.get(house, []))
        wrote = any(m.house == house and m.service == "letter" for m in referral.server.moves)
        if waits:
            expected: tuple[str, ...] = ("waiting", "unknown")
        elif wrote:
            expected = ("held",)
        else:
            expected = ("held", "local")
        about = (house, referral.planned.id, line.delivery)
        assert line.delivery.state in expected, about
        self.deliveries.add(line.delivery.state)

    def _person(self, referral: Referral) -> str:
        while referral.planned.follows:
            referral = self.truth.referrals[referral.planned.follows]
        return referral.planned.person

    def _badge(self, house: str, program: Program) -> None:
        """The count beside the room: what waits for this house, as far as it can know."""
        program.frame._count()
        waiting = sum(
            1
            for each in self.truth.of(house)
            if each.id
            and each.visible(house)
            and each.view(house).state() in _WAITS[each.side(house)]
        )
        assert program.frame.rail.button("referrals").count == waiting, house

    # -- rows and the server ----------------------------------------------------------------------

    def _nothing_is_gone(self, house: str, program: Program) -> None:
        """Every event, reply, plan and visit that was here once is here still, and the same."""
        with program.store.read() as session:
            for model in _APPENDED:
                table = model.__table__
                now = {
                    str(row["id"]): dict(row) for row in session.execute(select(table)).mappings()
                }
                name = model.__tablename__
                known = self._rows[f"{house} {name}"]
                for id_, values in known.items():
                    assert id_ in now, (house, name, id_)
                    assert now[id_] == values, (house, name, id_)
                known.update(now)

    def _server(self) -> None:
        """The server holds the moves that reached it, and no others."""
        for house, client in self.clients.items():
            tasks = letters_at(client)
            for referral in self.truth.of(house):
                moves = referral.server.letter
                open_to_both = any(m.target in ("sent", "accepted") for m in moves)
                if referral.side(house) == "R" and not open_to_both:
                    continue
                if not moves:
                    assert referral.id not in tasks, (house, referral.planned.id)
                    continue
                task = tasks[referral.id]
                about = (house, referral.planned.id)
                assert state_of(task) == referral.server.state(), about
                assert len(task.get("relevantHistory", ())) == len(moves), about


def letters_at(client: Client) -> dict[str, dict[str, Any]]:
    """The Tasks of letters that a house may read, by the id of the letter."""
    found = {}
    path = "/Task?_count=200"
    while path:
        answer = client.get(path)
        assert answer.status_code == 200, answer.text
        bundle = answer.json()
        for entry in bundle.get("entry", ()):
            task = entry["resource"]
            coded = {each.get("code") for each in task["code"]["coding"]}
            if "letter" in coded:
                found[task["focus"]["reference"].split("/")[1]] = task
        path = next((one["url"] for one in bundle.get("link", ()) if one["relation"] == "next"), "")
    return found


def state_of(task: dict[str, Any]) -> str:
    """The state of §6.4 that a Task tells."""
    coding = task["businessStatus"]["coding"]
    return str(next(each["code"] for each in coding if each["system"] == STATE))
