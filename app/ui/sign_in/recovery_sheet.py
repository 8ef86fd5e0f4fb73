"""The recovery key on the screen and on paper.

It opens every record of this PC without a password, so it is shown once, printed or copied by
hand, and never written to a file.
"""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPageSize, QTextDocument
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.clock import SYSTEM_CLOCK
from app.i18n import tr
from app.ui import theme
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import Card, label
from app.ui.widgets.fields import TextField

_PER_ROW = 4


class RecoverySheet(QWidget):
    """Shows the key in groups, prints it, and asks for its last group as a sign that it is kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._key = ""
        self._organisation = ""
        self._name = ""
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(label(tr("The recovery key"), "section"))
        column.addWidget(
            label(
                tr(
                    "If all passwords are forgotten, only this key opens the records of this PC. "
                    "Print it or copy it by hand and lock it away. It is shown only now."
                ),
                "secondary",
                wrap=True,
            )
        )
        frame = Card()
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_SECTION)
        self._grid.setVerticalSpacing(theme.GAP_INSIDE)
        frame.body.addLayout(self._grid)
        column.addWidget(frame)
        row = QHBoxLayout()
        self.print_button = Button(tr("Print…"), self.print_key, icon_name="printer-line")
        row.addWidget(self.print_button)
        row.addStretch(1)
        column.addLayout(row)
        self.confirmation = TextField(
            "confirmation",
            tr("Type the last group of the key as a sign that you have kept it"),
            width=theme.NUMBER_WIDTH + theme.GAP_SECTION,
            stacked=True,
        )
        column.addWidget(self.confirmation)
        column.addStretch(1)

    def show_key(self, key: str, organisation: str, name: str) -> None:
        self._key, self._organisation, self._name = key, organisation, name
        self._clear()
        for at, group in enumerate(key.split("-")):
            part = label(group, "key")
            part.setTextInteractionFlags(Qt.TextInteractionFlag.NoTextInteraction)
            self._grid.addWidget(part, at // _PER_ROW, at % _PER_ROW)
        self.confirmation.clear()

    def forget(self) -> None:
        """The key leaves the screen and the memory of this page."""
        self._key = ""
        self._clear()

    def _clear(self) -> None:
        while item := self._grid.takeAt(0):
            item.widget().deleteLater()

    def page(self) -> str:
        """The printed page as simple HTML."""
        groups = self._key.split("-")
        lines = [" — ".join(groups[at : at + _PER_ROW]) for at in range(0, len(groups), _PER_ROW)]
        return "".join(
            (
                f"<h2>{tr('Township Care')} · {tr('Recovery key')}</h2>",
                f"<p>{self._organisation}<br>{self._name}<br>",
                f"{SYSTEM_CLOCK.today().isoformat()}</p>",
                *(f"<p style='font-size:20pt'><code>{line}</code></p>" for line in lines),
                "<p>",
                tr(
                    "Whoever holds this page can open every record of this PC. "
                    "Keep it locked away, not beside the PC."
                ),
                "</p>",
            )
        )

    def print_key(self) -> None:
        """Ask for a printer and print the page."""
        from PySide6.QtPrintSupport import QPrintDialog, QPrinter

        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setPageSize(QPageSize(QPageSize.PageSizeId.A4))
        if QPrintDialog(printer, self).exec():
            document = QTextDocument()
            document.setHtml(self.page())
            document.print_(printer)
