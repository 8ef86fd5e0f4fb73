"""A page with a table at the left and, at the right, what is written of the chosen row."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QStackedWidget, QWidget

from app.ui import theme
from app.ui.outreach.controller import OutreachController
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.buttons import PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, EmptyState, label
from app.ui.widgets.delivery import DeliveryMark
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable


class RecordsPage(Page, metaclass=AbstractWidget):
    """A subclass asks for its rows in ``reload``, says one in ``_say``, begins one in ``begin``."""

    def __init__(
        self,
        controller: OutreachController,
        title: str,
        columns: Sequence[Column[Any]],
        new_words: str,
        void_words: str,
        empty: tuple[str, str],
    ) -> None:
        super().__init__(title)
        self._controller = controller
        self._context = controller.context
        self._asked = 0
        self._wanted = ""
        self.model: PagedModel[Any] = PagedModel(columns)
        self.table = RecordTable(self.model, title)
        self.table.chosen.connect(self._chosen)
        self.side = Card(" ")
        self.side.setFixedWidth(theme.SIDE_WIDTH)
        self.words = label("", wrap=True)
        self.delivery = DeliveryMark()
        self.void_button = QuietButton(void_words, self._void, icon_name="delete-bin-line")
        self.side.body.addWidget(self.words)
        self.side.body.addWidget(self.delivery)
        self.side.body.addStretch(1)
        self.side.body.addWidget(self.void_button)
        both = QWidget()
        row = QHBoxLayout(both)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(self.table, 1)
        row.addWidget(self.side)
        self.empty = EmptyState(*empty, "file-list-3-line")
        self.whole = QStackedWidget()
        self.whole.addWidget(both)
        self.whole.addWidget(self.empty)
        self.body.addWidget(self.whole, 1)
        self.new_button = PrimaryButton(
            new_words, self.begin, icon_name="add-line", shortcut="", tip=f"{new_words} (Ctrl+N)"
        )
        self.add_footer(self.new_button)

    @abstractmethod
    def reload(self) -> None:
        """Ask for the rows anew."""

    @abstractmethod
    def begin(self) -> None:
        """Write a new one down."""

    @abstractmethod
    def _say(self, row: Any) -> tuple[str, str]:
        """Title and words of the right side."""

    @abstractmethod
    def _void(self) -> None:
        """Take the chosen one back, after asking."""

    def take_focus(self) -> None:
        """The keys are for the table, or for the first record."""
        (self.table if self.whole.currentIndex() == 0 else self.new_button).setFocus()

    def _ask(self, work: Any) -> None:
        self._asked += 1
        asked = self._asked

        def arrived(rows: Sequence[Any]) -> None:
            if asked == self._asked:
                self._show(rows)

        self._controller.read(work, done=arrived, failed=self.strip.say_error)

    def _show(self, rows: Sequence[Any]) -> None:
        at = max(self.table.currentIndex().row(), 0)
        if self._wanted:
            at = next((n for n, row in enumerate(rows) if row.visit_id == self._wanted), at)
            self._wanted = ""
        self.model.set_rows(rows)
        if not rows and self.table.hasFocus():
            self.new_button.setFocus()
        self.whole.setCurrentIndex(0 if rows else 1)
        if rows:
            self.table.choose(min(at, len(rows) - 1))
            self._chosen(self.table.current())

    def _chosen(self, row: Any) -> None:
        title, words = self._say(row)
        self.side.set_title(title)
        self.words.setText(words)
        self.delivery.set_delivery(row.delivery, self._context.store.clock.today())
        own = getattr(row, "own", True)
        self.delivery.setVisible(own)
        self.void_button.setVisible(own and not row.void)
