"""The Sync room: the overview, the conflict desk, and the USB stick, one in front at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.deliveries import troubles
from app.ui.context import UiContext
from app.ui.sync.overview import SyncOverview

if TYPE_CHECKING:
    from app.ui.sync.desk import ConflictDesk
    from app.ui.sync.stick import StickPage


class SyncRoom(QWidget):
    """``open(record_id=…)`` points at a record that needs a person (a conflict opens on the desk),
    ``open(conflict_id=…)`` shows a conflict, decided or not, ``open(stick=True)`` the USB page."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._bridge = context.sync_bridge
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self.page = SyncOverview(context)
        self._stack.addWidget(self.page)
        self._desk: ConflictDesk | None = None
        self._stick: StickPage | None = None
        self.page.decide.connect(self.show_desk)
        self.page.stick.connect(self.show_stick)
        if self._bridge is not None:
            self._bridge.status_changed.connect(self.show_status)
        self.refresh()

    @property
    def desk(self) -> ConflictDesk:
        """The conflict desk, built when it is first needed."""
        if self._desk is None:
            from app.ui.sync.desk import ConflictDesk

            self._desk = ConflictDesk(self._context)
            self._desk.left.connect(self.show_overview)
            self._desk.decided.connect(self._on_decided)
            self._stack.addWidget(self._desk)
        return self._desk

    @property
    def stick(self) -> StickPage:
        """The page of the USB stick, built when it is first needed."""
        if self._stick is None:
            from app.ui.sync.stick import StickPage

            self._stick = StickPage(self._context)
            self._stick.left.connect(self.show_overview)
            self._stack.addWidget(self._stick)
        return self._stick

    # -- the contract of a room -------------------------------------------------------------

    def open(self, **where: Any) -> None:
        """See the class."""
        if where.get("conflict_id"):
            self.show_desk(str(where["conflict_id"]))
        elif where.get("stick"):
            self.show_stick()
        elif where.get("record_id"):
            self.show_overview()
            self.page.show_list(0)
            self.page.troubles.reload(str(where["record_id"]))
        elif self._stack.currentWidget() is self.page:
            self.page.now_button.setFocus()

    def refresh(self) -> None:
        """The room comes to the front."""
        self.show_status(None if self._bridge is None else self._bridge.status())
        self.page.troubles.reload()

    def show_status(self, status: Any) -> None:
        """News of the courier."""
        self.page.show_status(status)

    # -- pages ------------------------------------------------------------------------------

    def show_overview(self) -> None:
        """Back to the list of what needs a person."""
        self._stack.setCurrentWidget(self.page)
        self.page.troubles.reload()
        if self.page.troubles.table.isVisible():
            self.page.troubles.table.setFocus()
        else:
            self.page.now_button.setFocus()

    def show_desk(self, conflict_id: str) -> None:
        """One conflict, with nothing chosen."""
        self._stack.setCurrentWidget(self.desk)
        self.desk.show_conflict(conflict_id)

    def show_stick(self) -> None:
        """Export and import by USB stick."""
        self._stack.setCurrentWidget(self.stick)
        self.stick.begin()

    def _on_decided(self) -> None:
        """The next conflict, if there is one; else back to the list."""
        self._context.tasks.run(
            troubles,
            self._context.store,
            done=self._go_on,
            failed=self.page.strip.say_error,
            owner=self,
        )
        if self._bridge is not None:
            self._bridge.recount(self._context.tasks)

    def _go_on(self, found: Any) -> None:
        following = next((each for each in found if each.what == "conflict"), None)
        if following is not None:
            self.show_desk(following.conflict_id)
        else:
            self.show_overview()
