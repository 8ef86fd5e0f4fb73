"""One real program of the month: store, courier, link with faults, frame with all its rooms."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from email.utils import format_datetime
from random import Random
from typing import Any

from PySide6.QtCore import QEvent
from PySide6.QtWidgets import QApplication

from app.models.actor import Actor
from app.models.store import Store
from app.sync.engine import SyncReport
from app.sync.enrol import change_address
from app.sync.facade import SyncService
from app.sync.policy import Policy
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport
from app.ui import theme
from app.ui.context import UiContext
from app.ui.shell.frame import Frame
from app.ui.sync.bridge import SyncBridge
from app.ui.tasks import SynchronousRunner
from tests.month.timeline import MonthClock
from tests.sync.proxy import CUT_BEFORE, LOSE_ANSWER, PASS, REPLAY, TRUNCATE, Proxy, Seen

_DATE = re.compile(rb"(?mi)^date: [^\r]*")
#: What an unsteady link does to the first requests of a sitting.
_FAULTS = (PASS, PASS, LOSE_ANSWER, TRUNCATE, REPLAY, CUT_BEFORE)
#: A link that is up carries everything in the end.
_TRIES = 8


class Link:
    """The way of one house to the server: down, or up with some requests lost on the way."""

    def __init__(self, proxy: Proxy, random: Random, time: MonthClock) -> None:
        self.proxy = proxy
        self.up = False
        self.faults = 0
        self._random = random
        proxy.choose = self._choose
        # The server tells the month's time, not that of the machine that runs the test.
        proxy.rewrite = lambda _seen, _request, answer: _DATE.sub(
            b"date: " + format_datetime(time.now, usegmt=False).encode(), answer, count=1
        )

    def _choose(self, _seen: Seen) -> str:
        if not self.up:
            return CUT_BEFORE
        if self.faults <= 0:
            return PASS
        self.faults -= 1
        return self._random.choice(_FAULTS)


@dataclass
class Program:
    """Who works where: ``house`` is one letter of the plan."""

    house: str
    store: Store
    actor: Actor
    context: UiContext
    frame: Frame
    service: SyncService | None = None
    link: Link | None = None
    said: list[str] = field(default_factory=list)
    tried: list[SyncReport] = field(default_factory=list)

    @property
    def room(self) -> Any:
        """The referral room; it is built on the first visit."""
        return self.frame.room("referrals") or self.frame.go("referrals")

    def front(self) -> None:
        """Somebody sits down at this PC: its window has the keyboard."""
        for _ in range(200):
            settle()
            if QApplication.activeWindow() is self.frame:
                return
            self.frame.raise_()
            self.frame.activateWindow()
        raise AssertionError("the window does not come to the front")

    def arrive(self) -> None:
        """Somebody comes to the referral room; what grew old meanwhile is shown anew."""
        self.front()
        self.frame._tick.timeout.emit()
        self.frame.go("referrals")
        settle()

    def sync(self) -> None:
        """What the courier does in a sitting: with a link it goes on until all is done."""
        assert self.link is not None
        if not self.link.up:
            self._run()
            assert self.tried[-1].outcome == "offline", self.tried[-1]
            return
        self.link.faults = 2
        for _ in range(_TRIES):
            self._run()
            last = self.tried[-1]
            if last.outcome == "done":
                return
            if last.outcome == "partial" and not last.counts.waiting + last.counts.unknown:
                # A move that came too late waits for somebody to read of it, and for nothing else.
                assert not last.rejected + last.counts.rejected, last
                return
        raise AssertionError(f"{self.house}: {self.tried[-_TRIES:]}")

    def _run(self) -> None:
        assert self.service is not None
        report = self.service._engine.run_once()
        self.tried.append(report)
        self.service._reported(report)
        settle()

    def close(self) -> None:
        bridge = self.context.sync_bridge
        self.frame.close_frame()
        if bridge is not None:
            bridge.close()
        self.frame.hide()
        self.frame.deleteLater()
        settle()
        if self.service is not None:
            self.service._engine.close()
        if self.link is not None:
            self.link.proxy.close()


def settle() -> None:
    """Let the screens take in what happened."""
    QApplication.processEvents()
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    QApplication.processEvents()


def start(
    house: str,
    store: Store,
    actor: Actor,
    name: str,
    proxy: Proxy,
    time: MonthClock,
    connect: Callable[[Store], None],
) -> Program:
    """A program that is enrolled at the server and reaches it over its own link."""
    connect(store)
    change_address(store, proxy.url)

    def transport(account: ServerAccount, gzip_up: bool | None) -> Transport:
        timeouts = Timeouts(connect=5, silence=20, whole=40)
        return Transport(account.base, account.token, timeouts=timeouts, gzip_up=gzip_up)

    service = SyncService(store, Policy(Random(house)), connect=transport)
    program = sit_down(house, store, actor, name, service)
    program.link = Link(proxy, Random(house), time)
    return program


def sit_down(
    house: str, store: Store, actor: Actor, name: str, service: SyncService | None = None
) -> Program:
    """The window of a person at a store; without a service that of a colleague at the same PC."""
    context = UiContext(store, actor, SynchronousRunner(), service)
    bridge = None if service is None else SyncBridge(service, context)
    frame = Frame(context, name, bridge)
    frame.alarm.beep = lambda: None
    frame.resize(theme.SCREEN_WIDTH, theme.SCREEN_HEIGHT)
    frame.setWindowTitle(house)
    frame.show()
    # Nobody looks at the picture; what it would show is read from its widgets.
    frame.setUpdatesEnabled(False)
    program = Program(house, store, actor, context, frame, service)
    context.notified.connect(lambda text, _tone: program.said.append(text))
    return program
