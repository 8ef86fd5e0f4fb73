"""The simulated county: every step that can happen to it, each with small numbers as choices.

A step never fails because it makes no sense at that moment; then it does nothing. So any list of
steps can be run again, shortened, and shrunk.
"""

from __future__ import annotations

import gzip
import json
import pickle
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from app.care import conflicts
from app.errors import StoreFault, TownshipCareError
from app.fhir import mapping
from app.sync import state
from tests.simulation import link
from tests.simulation.checks import (
    NOT_FOLLOWED,
    PromiseBroken,
    check_nothing_lost,
    check_server,
    check_store,
    name_of,
)
from tests.simulation.clinic import Pc, one_thread
from tests.simulation.county import County, join
from tests.simulation.hospital import Request, Response
from tests.simulation.link import Broken, Outcome, Torn
from tests.simulation.machines import Killed
from tests.simulation.model import Model
from tests.simulation.stick import Stick
from tests.simulation.timeline import Timeline, in_force
from tests.simulation.views import Address, ServerView, StoreView
from tests.simulation.work import ACTIONS, Staff

_ERRORS = (
    timedelta(0),
    timedelta(days=3652),
    timedelta(days=-3652),
    timedelta(days=1),
    timedelta(days=-1),
    timedelta(minutes=11),
    timedelta(minutes=-11),
    timedelta(seconds=-1),
)
_PAUSES = (1, 61, 11 * 60, 3600, 6 * 3600, 25 * 3600, 8 * 86400)
_SIZES = (50, 1, 2, 5, 12)
_MOST_REQUESTS = 400


#: What a run knows of what has happened, apart from its machines.
_KNOWN = ("model", "server", "views", "companions", "passed", "last_answer", "log", "_number")


class World:
    """One run. ``settle`` it with :func:`begin`, then call ``do`` for every step."""

    def __init__(self, county: County, folder: Path, timeline: Timeline) -> None:
        self.timeline = timeline
        self.hospital, self.pcs = county.settle_in(folder, timeline)
        self.model = Model()
        self.server = ServerView()
        self.views = {pc.name: StoreView() for pc in self.pcs}
        self.companions: dict[Address, set[tuple[str, str]]] = {}
        self.poisoned: set[tuple[str, str]] = set()
        self.names_entry = True
        self.passed: list[Request] = []
        self.in_the_air: list[Request] = []
        self.last_answer: dict[tuple[str, str], Response] = {}
        self.stick = Stick(folder / "stick")
        self.log: list[str] = []
        self.backed_up_at: dict[tuple[str, int], int] = {}
        self.revoked: set[str] = set()
        self.noticed = True
        self.restored_pcs: set[str] = set()
        self.server_restores = 0
        self._number = 0
        self._look()
        self.model = Model()

    def close(self) -> None:
        for pc in self.pcs:
            pc.close()
        self.hospital.close()

    def known(self) -> bytes:
        """A copy of what this run knows, for :meth:`go_on`. Nothing may be under way."""
        known = {name: getattr(self, name) for name in _KNOWN}
        return pickle.dumps({**known, "now": self.timeline.now, "ids": self.timeline.ids})

    def go_on(self, copy: bytes) -> None:
        """Go on from what another run knew, on copies of the files that it left."""
        known = pickle.loads(copy)
        self.timeline.now, self.timeline.ids = known.pop("now"), known.pop("ids")
        for name, value in known.items():
            setattr(self, name, value)
        self.server.reopened()
        for view in self.views.values():
            view.reopened()
        self.check()

    def fresh(self) -> int:
        self._number += 1
        return self._number

    def view(self, pc: Pc) -> StoreView:
        return self.views[pc.name]

    def _look(self) -> None:
        """The first reading: what the template brings along was saved by nobody."""
        self.server.read(self.hospital)
        for pc in self.pcs:
            self.view(pc).read(pc)

    # --- steps ------------------------------------------------------------------------------

    def do(self, step: str, who: int = 0, what: int = 0) -> None:
        """Make one step and check every promise that holds at any moment."""
        self.log.append(f"{step} {who} {what}")
        self.timeline.advance(0.01)
        pc = self.pcs[who % len(self.pcs)]
        if step in ACTIONS:
            self.act(pc, lambda staff: getattr(staff, step)(what))
        else:
            getattr(self, f"_{step}")(pc, what)
        self.check()

    def check(self) -> None:
        news = self.server.read(self.hospital)
        if news:
            check_server(self.server, self.model, self.companions)
        for pc in self.pcs:
            view = self.view(pc)
            if view.read(pc):
                news = True
                check_store(pc, view, self.server, self.model)
        if news:
            check_nothing_lost(self.views, self.model)

    def act(self, pc: Pc, work: Callable[[Staff], None]) -> None:
        """A person does something; what the store has afterwards was saved by them."""
        view = self.view(pc)
        view.read(pc)
        before = dict(view.fields)
        clashes = {address: view.open_clashes(address) for address in before}
        actor = pc.actor
        refused = False
        try:
            work(Staff(pc, view, self.fresh))
        except Killed:
            pc.kill()
        except StoreFault:
            refused = True
        except TownshipCareError:
            pass
        view.read(pc)
        saved = sorted(a for a in view.changed if a[0] not in NOT_FOLLOWED)
        if refused and saved:
            raise PromiseBroken(1, f"{pc.name}: what was refused for the disk was saved in part")
        for address in saved:
            record = view.records[address]
            queued = view.outbox.get(address)
            if queued is None or queued.change_id != record["change_id"]:
                raise PromiseBroken(1, f"{pc.name}: {name_of(address)} was saved and not queued")
            self.model.saved(
                pc.name,
                actor.staff_id,
                address,
                record,
                before.get(address, {}),
                view.fields[address],
                clashes.get(address, []),
            )
            resources = mapping.to_resources(address[0], record, mapping.WireContext({}, {}))
            if len(resources) > 1:
                names = {(r["resourceType"], r["id"]) for r in resources}
                self.companions[address] = names
            for resource in resources:
                self.poisoned.discard((resource["resourceType"], resource["id"]))
        if saved:
            check_store(pc, view, self.server, self.model)

    # --- the courier ------------------------------------------------------------------------

    def _sync(self, pc: Pc, what: int) -> None:
        """A whole run over a good link, or the rest of the one under way."""
        if not pc.syncing:
            self._start(pc, what)
        self.finish(pc)

    def _start(self, pc: Pc, what: int) -> None:
        if pc.syncing:
            return
        pc.late = bool(what & 1)
        pc.entries = _SIZES[what // 2 % len(_SIZES)]
        self._guard(pc, lambda: pc.begin_sync(compare=what % 16 == 15))

    def finish(self, pc: Pc) -> None:
        for _ in range(_MOST_REQUESTS):
            if pc.request is None:
                return
            self.carry(pc, link.PASS)
            self.check()
        raise PromiseBroken(6, f"{pc.name}: a run over a good link comes to no end")

    def _step(self, pc: Pc, what: int) -> None:
        """One request of the run under way, with a fault."""
        if pc.request is not None:
            self.carry(pc, link.FAULTS[what % len(link.FAULTS)])

    def _reach(self, pc: Pc, _: int) -> None:
        """The request reaches the server; its answer is still on the way."""
        if pc.request is not None and pc.outcome is None:
            pc.outcome = self.serve(pc.request)

    def _twice(self, pc: Pc, what: int) -> None:
        """The request is carried twice; the first or the second answer comes back."""
        if pc.request is not None:
            self.carry(pc, link.TWICE if what % 2 else link.TWICE_FIRST)

    def carry(self, pc: Pc, fault: str) -> None:
        """Carry the request of a PC and bring the answer, or what is left of it."""
        request = pc.request
        assert request is not None
        if pc.outcome is not None:
            on_the_way, pc.outcome = pc.outcome, None
            outcome = Broken("reset") if fault == link.LOSE_ANSWER else on_the_way
        else:
            outcome = self._fare(request, fault)
        self._guard(pc, lambda: pc.arrive(outcome))

    def _fare(self, request: Request, fault: str) -> Outcome:
        self.timeline.advance(0.2)
        if fault == link.NO_LINK:
            return Broken("refused")
        if fault == link.CUT_BEFORE:
            return Broken("reset")
        if fault == link.DELAY:
            self.in_the_air.append(request)
            self.timeline.advance(30)
            return Broken("timeout")
        if fault == link.PORTAL:
            return link.portal()
        if fault in (link.TOO_MANY, link.BROKEN, link.BUSY):
            return link.trouble(int(fault), "")
        key = (request.method, request.target)
        if fault == link.STALE and key in self.last_answer and not request.is_transaction:
            return self.last_answer[key]
        answer = self.serve(request)
        if fault in (link.TWICE, link.TWICE_FIRST):
            second = self.serve(request)
            answer = second if fault == link.TWICE else answer
        if isinstance(answer, Response):
            self.last_answer[key] = answer
        if fault == link.LOSE_ANSWER:
            return Broken("reset")
        if fault == link.TRUNCATE and isinstance(answer, Response):
            return Torn(answer)
        return answer

    def serve(self, request: Request) -> Response | Broken:
        """The server carries a request out; it may die of it."""
        bad = self._poison_in(request)
        if bad is not None:
            return bad
        if request.is_transaction:
            self.passed.append(request)
        try:
            return self.hospital.answer(request)
        except Killed:
            self.hospital.restart()
            return Broken("reset")

    def _poison_in(self, request: Request) -> Response | None:
        """A server may refuse a record for reasons of its own."""
        if not self.poisoned or not request.is_transaction:
            return None
        headers = {name.lower(): value for name, value in request.headers}
        body = request.body
        if headers.get("content-encoding") == "gzip":
            body = gzip.decompress(body)
        entries = json.loads(body).get("entry", ())
        bad = [
            number
            for number, entry in enumerate(entries)
            if tuple(entry["request"]["url"].split("/")[:2]) in self.poisoned
        ]
        if not bad:
            return None
        issue: dict[str, Any] = {
            "severity": "error",
            "code": "business-rule",
            "details": {"text": "This record does not please the server."},
        }
        if self.names_entry:
            issue["expression"] = [f"Bundle.entry[{bad[0]}]"]
        outcome = {"resourceType": "OperationOutcome", "issue": [issue]}
        headers_back = (("content-type", "application/fhir+json"),)
        return Response(422, headers_back, json.dumps(outcome).encode())

    def _guard(self, pc: Pc, run: Callable[[], None]) -> None:
        try:
            run()
        except Killed:
            pc.kill()
        except StoreFault:
            pass  # The runner says so and tries again.

    def _replay(self, _: Pc, what: int) -> None:
        """A request that was carried long ago reaches the server once more."""
        if self.passed:
            self.serve(self.passed[what % len(self.passed)])

    def _land(self, _: Pc, what: int) -> None:
        """A request that got stuck on its way arrives after all."""
        if self.in_the_air:
            self.serve(self.in_the_air.pop(what % len(self.in_the_air)))

    # --- the stick --------------------------------------------------------------------------

    def _stick_out(self, pc: Pc, _: int) -> None:
        """What waits is written on the stick."""
        if not pc.syncing:
            self._guard(pc, lambda: self.stick.export(pc))

    def _stick_in(self, _: Pc, what: int) -> None:
        """The hospital takes a file of the stick in."""
        try:
            self.stick.take_in(self.hospital, what)
        except Killed:
            self.hospital.restart()

    def _stick_back(self, pc: Pc, what: int) -> None:
        """A PC reads a reply from the stick."""
        if not pc.syncing:
            self._guard(pc, lambda: self._read_reply(pc, what))

    def _read_reply(self, pc: Pc, what: int) -> None:
        self.stick.bring_back(pc, what)

    def _damage(self, pc: Pc, what: int) -> None:
        """A file of the stick is damaged: neither end takes it, and nothing is changed."""
        files, replies = list(self.stick.files), list(self.stick.replies)
        if pc.syncing or pc.fate.kill_in or not self.stick.damaged(what):
            return
        commits = self.server.count()
        if len(self.stick.files) > len(files):
            self._undisturbed()
            taken = self.stick.take_in(self.hospital, len(self.stick.files) - 1)
        else:
            taken = self.stick.bring_back(pc, len(self.stick.replies) - 1)
        self.stick.files, self.stick.replies = files, replies
        self.server.read(self.hospital)
        view = self.view(pc)
        view.read(pc)
        if taken or self.server.count() != commits or view.changed:
            raise PromiseBroken(15, "a damaged courier file was taken in")

    # --- clocks, power, disks ---------------------------------------------------------------

    def _clock(self, pc: Pc, what: int) -> None:
        pc.clock.error = _ERRORS[what % len(_ERRORS)]

    def _server_clock(self, _: Pc, what: int) -> None:
        self.hospital.clock.error = _ERRORS[what % len(_ERRORS)]

    def _time(self, _: Pc, what: int) -> None:
        self.timeline.advance(_PAUSES[what % len(_PAUSES)])

    def _kill(self, pc: Pc, what: int) -> None:
        """The power is cut: now, or at one of the next commits."""
        if what % 16 == 0:
            pc.kill()
        else:
            pc.fate.kill_in, pc.fate.after = 1 + what % 16 // 3, bool(what % 2)

    def _kill_server(self, _: Pc, what: int) -> None:
        if what % 8 == 0:
            self.hospital.restart()
        else:
            fate = self.hospital.fate
            fate.kill_in, fate.after = 1 + what % 8 // 2, bool(what % 2)

    def _disk(self, pc: Pc, what: int) -> None:
        """The disk of a PC fills up at one of the next writes, or has room again."""
        pc.fate.full = False
        pc.fate.full_in = what

    def _server_disk(self, _: Pc, what: int) -> None:
        self.hospital.fate.full = False
        self.hospital.fate.full_in = what

    def _user(self, pc: Pc, _: int) -> None:
        """Somebody else signs in."""
        pc.signed_in += 1

    # --- backups ----------------------------------------------------------------------------

    def _back_up(self, pc: Pc, _: int) -> None:
        if len(pc.backups) < 4 and not pc.fate.full:
            self.backed_up_at[pc.name, len(pc.backups)] = self.model.count
            pc.back_up()

    def _restore(self, pc: Pc, what: int) -> None:
        """An earlier backup takes the place of a PC's store."""
        if not pc.backups:
            return
        number = what % len(pc.backups)
        since = self.backed_up_at[pc.name, number]
        for (cell, text), write in self.model.pending.items():
            if write.pc == pc.name and write.number > since:
                self.model.forgiven.add((cell, text))
        pc.restore(number)
        self.restored_pcs.add(pc.name)
        self.views[pc.name] = StoreView()
        self.view(pc).read(pc)

    def _back_up_server(self, _: Pc, __: int) -> None:
        if len(self.hospital.backups) < 4:
            self.hospital.back_up()

    def _restore_server(self, _: Pc, what: int) -> None:
        if self.hospital.backups:
            self.hospital.restore(what % len(self.hospital.backups))
            self.server.restored()
            self.server.read(self.hospital)
            self.server.fresh = []
            self.server_restores += 1

    # --- people who decide ------------------------------------------------------------------

    def _revoke(self, pc: Pc, _: int) -> None:
        """The lead hospital withdraws a PC's access."""
        with pc.store.read() as session:
            account = state.account(session)
        if account is not None and account.device_id is not None:
            self._undisturbed()
            with self.hospital.database.write() as connection:
                connection.exec_driver_sql(
                    "UPDATE device SET revoked = 1 WHERE id = ?", (account.device_id,)
                )
            self.revoked.add(pc.name)

    def _undisturbed(self) -> None:
        """What the administrator does at the server is not what is tried here."""
        fate = self.hospital.fate
        fate.full_in = fate.kill_in = 0
        fate.full = False

    def _rejoin(self, pc: Pc, _: int) -> None:
        """A withdrawn PC joins again with a new code."""
        if pc.name not in self.revoked or pc.syncing or pc.fate.full or pc.fate.full_in:
            return
        fate, pc.fate.kill_in = pc.fate.kill_in, 0
        self._undisturbed()
        join(pc, self.hospital)
        pc.fate.kill_in = fate
        self.revoked.discard(pc.name)

    def _poison(self, pc: Pc, what: int) -> None:
        """The server takes a dislike to one record that waits; editing it mends it."""
        waiting = sorted(a for a in self.view(pc).outbox if a[0] not in NOT_FOLLOWED)
        if waiting and len(self.poisoned) < 2:
            kind, id_ = waiting[what % len(waiting)]
            self.poisoned.add((mapping.primary_type(kind), id_))
            self.names_entry = bool(what % 2)

    def act_quietly(self, pc: Pc) -> None:
        """A person decides whatever waits for a decision."""
        for number in range(10):
            if not any(
                not clash.resolved and "event_ids" not in clash.fields
                for clash in self.view(pc).clashes.values()
            ):
                return
            self._decide(pc, number * 3)
            self.check()

    def _decide(self, pc: Pc, what: int) -> None:
        """A person decides one conflict."""
        open_ = sorted(
            clash.id
            for clash in self.view(pc).clashes.values()
            if not clash.resolved and "event_ids" not in clash.fields
        )
        if not open_:
            return
        conflict_id = open_[what % len(open_)]
        view = conflicts.read_conflict(pc.store, pc.actor, conflict_id)
        choices: dict[str, conflicts.Choice] = {
            field.name: conflicts.Choice("mine" if what // 3 % 2 else "theirs")
            for field in view.fields
        }
        decision = conflicts.Decision(conflict_id, view.seen, choices)
        self.act(pc, lambda _: conflicts.decide(pc.store, pc.actor, decision))


@contextmanager
def begin(county: County, folder: Path) -> Iterator[World]:
    """A new county on copies of the files, in its own time."""
    timeline = Timeline()
    with ExitStack() as stack:
        stack.enter_context(in_force(timeline))
        stack.enter_context(one_thread())
        world = World(county, folder, timeline)
        stack.callback(world.close)
        yield world


__all__ = ["World", "begin", "replace"]
