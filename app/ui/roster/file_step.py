"""The first step: which file, and an empty one to fill in."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.errors import InputError, StoreFault
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.sync.path_field import PathField
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import Card, label
from app.ui.widgets.save_file import ask_where_to_save


class FileStep(QWidget):
    """``said(text, tone)``: a sentence for the page's strip."""

    said = Signal(str, str)

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_CARD)
        card = Card(tr("Choose the roster"))
        self.path = PathField("path", tr("File"), self._choose)
        card.body.addWidget(self.path)
        card.body.addWidget(
            label(
                tr(
                    "Excel (.xlsx) or CSV, one row a person. Next you see what each column was "
                    "taken for, then every row with what becomes of it. Nothing is saved before "
                    "you say so; a backup is made first, and a whole import can be taken back."
                ),
                "secondary",
                wrap=True,
            )
        )
        whole.addWidget(card)
        empty = Card(tr("An empty roster"))
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        row.addWidget(
            label(
                tr(
                    "With the county's columns and all cells set to Text, so that Excel does not "
                    "cut ID numbers. Other files are taken as well."
                ),
                "secondary",
                wrap=True,
            ),
            1,
        )
        self.template_button = Button(
            tr("Save an empty roster…"), self.save_template, icon_name="file-excel-2-line"
        )
        row.addWidget(self.template_button)
        empty.body.addLayout(row)
        whole.addWidget(empty)
        hints = Card(tr("What Excel does to rosters"))
        for text in (
            tr(
                "ID numbers kept as numbers lose their last digits (they end with 000). Such rows "
                "are not imported; the digits are gone."
            ),
            tr(
                "Apostrophes, blanks and full-width digits are put right. Dates may be dates, day "
                "numbers, 19500101 or 1950.01 (then the ID number gives the day)."
            ),
            tr(
                "Headings may take several rows. Merged cells of a village count for all its "
                "rows; merged names and numbers are nobody's."
            ),
            tr("The old format .xls has to be saved as .xlsx first, in Excel or WPS."),
        ):
            hints.body.addWidget(label("· " + text, "secondary", wrap=True))
        whole.addWidget(hints)
        whole.addStretch(1)
        self.setFocusProxy(self.path)

    def save_template(self) -> None:
        """Write the empty roster where the person wants it."""
        from app.care.roster.template import write_template

        path = ask_where_to_save(self, tr("Roster") + ".xlsx")
        if path is None:
            return
        try:
            written = write_template(path)
        except (InputError, StoreFault) as error:
            self.said.emit(str(error), "danger")
        else:
            self.said.emit(
                tr("The empty roster is saved: {name}").format(name=written.name), "confirmed"
            )

    def _choose(self, present: str) -> str:
        start = str(Path(present).parent) if present else ""
        found = QFileDialog.getOpenFileName(
            self,
            tr("Choose the roster"),
            start,
            tr("Rosters") + " (*.xlsx *.csv *.txt *.xls *.xlsm)",
        )[0]
        return found
