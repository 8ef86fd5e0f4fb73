"""The frame of the program for one signed-in person: rooms at the left, top line, page, sync bar.

A frame belongs to one person: another one gets a new frame, so nothing of the first remains.
"""

from __future__ import annotations

from datetime import date
from typing import Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QApplication, QHBoxLayout, QStackedWidget, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import preferences
from app.ui.context import UiContext
from app.ui.referrals.back.closing import close_behind
from app.ui.shell.alarm import EmergencyAlarm
from app.ui.shell.help import KeysDialog
from app.ui.shell.notice import Notice
from app.ui.shell.rail import Rail
from app.ui.shell.rooms import ROOMS
from app.ui.shell.sync_bar import SyncBar
from app.ui.shell.top import TopBar
from app.ui.sync.bridge import SyncBridge
from app.ui.widgets.strips import ErrorStrip

_COUNT_PAUSE_MS = 150
_BAR_TICK_MS = 30_000
# Pages put the keyboard back themselves after a load; only where none does, the frame steps in.
_LOST_MS = 400


class Frame(QWidget):
    """Builds rooms on their first visit and tells them what changed."""

    lock_wanted = Signal()
    switch_wanted = Signal()

    def __init__(
        self,
        context: UiContext,
        organisation: str,
        bridge: SyncBridge | None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.context = context
        self._bridge = bridge
        context.sync_bridge = bridge
        self._rooms: dict[str, QWidget] = {}
        self._here = ""
        self.rail = Rail()
        self.top = TopBar(context, organisation)
        self.bar = SyncBar()
        self.pages = QStackedWidget()
        right = QVBoxLayout()
        right.setContentsMargins(0, 0, 0, 0)
        right.setSpacing(0)
        right.addWidget(self.top)
        if context.store.read_only:
            right.addWidget(self._damaged_strip())
        self.alarm = EmergencyAlarm(
            lambda referral_id: self.go("referrals", referral_id=referral_id),
            sound=preferences.load(context.store.folder).emergency_sound,
        )
        right.addWidget(self.alarm)
        right.addWidget(self.pages, 1)
        middle = QHBoxLayout()
        middle.setContentsMargins(0, 0, 0, 0)
        middle.setSpacing(0)
        middle.addWidget(self.rail)
        middle.addLayout(right, 1)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addLayout(middle, 1)
        whole.addWidget(self.bar)
        self.notice = Notice(self)
        self._connect()
        self._count_timer = QTimer(self)
        self._count_timer.setSingleShot(True)
        self._count_timer.setInterval(_COUNT_PAUSE_MS)
        self._count_timer.timeout.connect(self._count)
        # "2 hours ago" grows old without any event.
        self._tick = QTimer(self)
        self._tick.setInterval(_BAR_TICK_MS)
        self._tick.timeout.connect(self._show_status)
        self._tick.start()
        self._lost = QTimer(self)
        self._lost.setSingleShot(True)
        self._lost.setInterval(_LOST_MS)
        self._lost.timeout.connect(self._find_keyboard)
        application = QApplication.instance()
        assert isinstance(application, QApplication)
        application.focusChanged.connect(self._on_focus)
        self._day: date | None = None
        self._show_status()
        self._count()
        self._count_drafts()

    def _damaged_strip(self) -> QWidget:
        """The store is damaged: it can be read, nothing can be saved, and there is one way out."""
        strip = ErrorStrip()
        strip.say(
            tr(
                "The record store of this PC is damaged. It can be read, but nothing can be saved. "
                "Put the newest backup back; what was not sent yet is carried over where it can "
                "still be read."
            ),
            action=tr("Put a backup back…"),
            pressed=lambda: self.context.restore_wanted.emit(None),
            closable=False,
        )
        return strip

    def _connect(self) -> None:
        self.rail.chosen.connect(lambda room: self.go(room))
        self.top.lock.connect(self.lock_wanted)
        self.top.switch.connect(self.switch_wanted)
        self.top.help.connect(self.show_keys)
        self.top.finder.opened.connect(lambda one: self.go("residents", resident_id=one))
        self.bar.pressed.connect(lambda: self.go("sync"))
        self.context.navigated.connect(lambda room, where: self.go(room, **where))
        self.context.notified.connect(self.notice.say)
        self.context.records_changed.connect(self._on_records)
        self.context.drafts_changed.connect(self._count_drafts)
        if self._bridge is not None:
            self._bridge.status_changed.connect(self._on_status)
            self._bridge.records_changed.connect(self.context.records_changed)
            self._bridge.records_changed.connect(self._on_pulled)
        for keys, slot in (
            ("F3", self.top.finder.begin),
            ("Ctrl+K", self.top.finder.begin),
            ("Ctrl+L", self.lock_wanted.emit),
            ("F1", self.show_keys),
        ):
            QShortcut(QKeySequence(keys), self).activated.connect(slot)

    def _on_status(self, _status: object) -> None:
        self._count_timer.start()
        self._show_status()

    def _on_records(self, _kinds: object) -> None:
        self._count_timer.start()
        if self._bridge is not None:
            self._bridge.recount(self.context.tasks)

    def _on_pulled(self, kinds: set[str]) -> None:
        """A visit or a move that came may be what a referral waited for."""
        if not kinds.isdisjoint(("referral_task", "referral_visit", "follow_up")):
            close_behind(self.context, self)

    # -- rooms ------------------------------------------------------------------------------

    def go(self, room: str, **where: Any) -> QWidget:
        """Bring a room to the front and hand it where to go."""
        if room != self._here and self._here:
            _call(self._rooms[self._here], "leave")
        page = self._rooms.get(room)
        if page is None:
            page = self._build(room)
            self._rooms[room] = page
            self.pages.addWidget(page)
        elif room != self._here:
            _call(page, "refresh")
        self._here = room
        self.pages.setCurrentWidget(page)
        self.rail.mark(room)
        _call(page, "open", **where)
        focused = QApplication.focusWidget()
        if focused is None or not page.isAncestorOf(focused):
            # The keyboard comes along: to where it was in this room, else to the room's name.
            kept = page.focusWidget()
            if kept is None or kept is page or not (kept.isVisible() and kept.isEnabled()):
                kept = self.rail.button(room)
            kept.setFocus()
        return page

    def _on_focus(self, _before: QWidget | None, now: QWidget | None) -> None:
        if now is None and not self._lost.isActive():
            self._lost.start()

    def _find_keyboard(self) -> None:
        """The keyboard is never nowhere: what had it was closed, emptied or switched off."""
        lost = QApplication.focusWidget() is None and QApplication.activeWindow() is self.window()
        if lost and self.isVisible() and self._here:
            self.rail.button(self._here).setFocus()

    def room(self, name: str) -> QWidget | None:
        """A room that was already visited."""
        return self._rooms.get(name)

    @property
    def here(self) -> str:
        """The name of the room in front."""
        return self._here

    def leave(self) -> None:
        """The person goes (lock, switch, end): the room in front keeps its drafts."""
        if self._here:
            _call(self._rooms[self._here], "leave")

    def close_frame(self) -> None:
        """No more timers and signals; the frame is about to be deleted."""
        self.leave()
        self.context.closing.emit()
        self._tick.stop()
        self._count_timer.stop()
        self._lost.stop()
        self.alarm.stop()
        if self._bridge is not None:
            self._bridge.status_changed.disconnect(self._on_status)

    def _build(self, room: str) -> QWidget:
        place = next((each for each in ROOMS if each.name == room), None)
        if place is None:
            raise ValueError(f"there is no room {room!r}")
        return place.build(self.context, self.pages)

    # -- what is shown around ---------------------------------------------------------------

    def show_keys(self) -> None:
        KeysDialog(self).open()

    def _show_status(self, *_news: object) -> None:
        clock = self.context.clock
        status = None if self._bridge is None else self._bridge.status()
        self.bar.show_status(status, clock.now(), clock.today())
        if self._day != clock.today():
            self._day = clock.today()
            self._begin_day()

    def _begin_day(self) -> None:
        """Birthdays and the new year make work due: looked for once a day, behind the screen."""
        context = self.context

        def work() -> int:
            from app.care.day_start import begin_day

            return begin_day(context.store, context.actor)

        def done(found: int) -> None:
            if found:
                context.records_changed.emit({"resident"})

        context.tasks.run(work, done=done, owner=self)

    def _count(self) -> None:
        from app.care.work_list import room_counts

        def arrived(found: Any) -> None:
            self.rail.show_counts(found.counts, found.emergencies)
            self.alarm.show_unseen(found.unseen, self.context.clock.now())

        context = self.context
        context.tasks.run(room_counts, context.store, context.actor, done=arrived, owner=self)

    def _count_drafts(self) -> None:
        from app.models.drafts import count_drafts

        context = self.context
        context.tasks.run(
            count_drafts, context.store, context.actor, done=self.bar.show_drafts, owner=self
        )


def _call(room: QWidget, name: str, **where: Any) -> None:
    """A room may leave out what it does not need."""
    method = getattr(room, name, None)
    if callable(method):
        method(**where)
