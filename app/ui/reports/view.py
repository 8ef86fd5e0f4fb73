"""The reports room: the indicators, and the people behind each number."""

from __future__ import annotations

from functools import cached_property
from typing import Any

from PySide6.QtWidgets import QStackedLayout, QWidget

from app.ui.context import UiContext
from app.ui.reports.overview_page import OverviewPage
from app.ui.reports.people_page import PeoplePage


class ReportsRoom(QWidget):
    """``open()`` shows the indicators, or the list of people that was left open."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._stack = QStackedLayout(self)
        self._context = context
        self.overview = OverviewPage(context, self)
        self._stack.addWidget(self.overview)
        self.overview.list_wanted.connect(self._show_people)

    @cached_property
    def people(self) -> PeoplePage:
        """The list behind a number, built when it is first wanted."""
        made = PeoplePage(self._context)
        made.left.connect(self.show_overview)
        self._stack.addWidget(made)
        return made

    def open(self, **_: Any) -> None:
        """Counts anew; whoever comes back from a person finds the list as it was."""
        if self._stack.currentWidget() is self.overview:
            self.show_overview()

    def show_overview(self) -> None:
        self._stack.setCurrentWidget(self.overview)
        self.overview.reload()
        self.overview.to_list()

    def _show_people(self, report: Any, code: str, by: str, group: Any, which: str) -> None:
        self._stack.setCurrentWidget(self.people)
        self.people.show_people(report, code, group, which)
