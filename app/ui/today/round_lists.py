"""The second view of Today: the lists by village and by doctor, their paper and their files."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.care.rounds.groups import Grouping
from app.ui.context import UiContext
from app.ui.today.round_printer import RoundPrinter
from app.ui.today.round_view import RoundView
from app.ui.widgets.strips import ErrorStrip


class RoundLists(QWidget):
    """Errors are said in the page's strip; ``pile_wanted``: printed forms are to be entered."""

    pile_wanted = Signal()

    def __init__(
        self, context: UiContext, strip: ErrorStrip, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._strip = strip
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.view = RoundView(context)
        whole.addWidget(self.view)
        self.printer = RoundPrinter(context, self)
        self.printer.failed.connect(strip.say_error)
        self.view.said.connect(strip.say_error)
        self.view.wanted.connect(self._print)
        self.view.pile_wanted.connect(self.pile_wanted)

    def show_by(self, by: Grouping) -> None:
        """The lists, grouped so."""
        self.view.show_by(by)
        self.view.to_list()

    def reload(self) -> None:
        """Fresh figures."""
        self.view.reload()

    def _print(self, paper: str) -> None:
        self._strip.clear()
        view = self.view
        self.printer.ask(view.filter(), view.marked(), view.title(), view.model.rowCount(), paper)
