"""The rehab room: the ward grid, the plan of a resident, the sessions of a resident."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QStackedLayout, QWidget

from app.ui.context import UiContext
from app.ui.rehab.history import HistoryPage
from app.ui.rehab.plan_page import PlanPage
from app.ui.rehab.ward_page import WardPage


class RehabRoom(QWidget):
    """``navigate("rehab")`` shows the ward, ``navigate("rehab", resident_id=…)`` the row of one
    resident in it (his sessions where he has none), with ``page="sessions"`` the sessions, with
    ``page="plan"`` the plan."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._pages = QStackedLayout(self)
        self.ward = WardPage(context)
        self._history: HistoryPage | None = None
        self._plan: PlanPage | None = None
        self._pages.addWidget(self.ward)
        self.ward.plan_wanted.connect(self.show_plan)
        self.ward.history_wanted.connect(self.show_history)
        self._opened = False
        # The frame refreshes a room and opens it then: the ward is read once for both.
        self._fresh = False

    @property
    def history(self) -> HistoryPage:
        """The sessions of a resident, built when they are first needed."""
        if self._history is None:
            self._history = HistoryPage(self._context)
            self._history.plan_wanted.connect(self.show_plan)
            self._history.left.connect(self.show_ward)
            self._pages.addWidget(self._history)
        return self._history

    @property
    def plan(self) -> PlanPage:
        """The plan of a resident, built when it is first needed."""
        if self._plan is None:
            self._plan = PlanPage(self._context)
            self._plan.left.connect(self.show_ward)
            self._pages.addWidget(self._plan)
        return self._plan

    def open(self, resident_id: str = "", page: str = "", **_: Any) -> None:
        if resident_id and page == "plan":
            self.show_plan(resident_id)
        elif resident_id and page == "sessions":
            self.show_history(resident_id)
        elif resident_id:
            self.show_ward(resident_id)
        elif self._fresh:
            self.ward.table.setFocus()
        elif not self._opened or self._pages.currentWidget() is self.ward:
            self.show_ward()
        self._fresh = False

    def refresh(self) -> None:
        """The room comes to the front again."""
        if self._pages.currentWidget() is self.ward and self._opened:
            self.ward.controller.reload()
            self._fresh = True

    def leave(self) -> None:
        """Another room comes to the front."""
        if self._opened:
            self.ward.leave()
        if self._plan is not None:
            self._plan.leave()

    def show_ward(self, resident_id: str = "") -> None:
        self._opened = True
        self._pages.setCurrentWidget(self.ward)
        self.ward.table.setFocus()
        self.ward.open(resident_id)

    def show_history(self, resident_id: str) -> None:
        self._pages.setCurrentWidget(self.history)
        self.history.open(resident_id)

    def show_plan(self, resident_id: str) -> None:
        self._pages.setCurrentWidget(self.plan)
        self.plan.open(resident_id)
