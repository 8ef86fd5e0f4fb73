"""The one question before a second record: is it the same person?"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.residents import ResidentLine
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.tables import Column, PagedModel, RecordTable


class SuspectsDialog(QDialog):
    """Lists who is alike. ``same(id)``: it is that person; ``different(ids)``: none of them."""

    same = Signal(str)
    different = Signal(tuple)

    def __init__(self, suspects: tuple[ResidentLine, ...], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._suspects = suspects
        self.setWindowTitle(tr("The same person?"))
        self.setMinimumWidth(theme.DIALOG_WIDTH + theme.DIALOG_WIDTH // 2)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_CARD,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(label(tr("The same person?"), "section"))
        column.addWidget(
            label(
                tr(
                    "Somebody very like this is registered. Compare two things: the end of the "
                    "ID number and the village. Nothing has been saved yet."
                ),
                wrap=True,
            )
        )
        columns: list[Column[ResidentLine]] = [
            Column(tr("Name"), lambda line: line.name, strong=True),
            Column(tr("Sex"), lambda line: codes.label("sex", line.sex), 56),
            Column(tr("Birth date"), lambda line: line.birth_date.isoformat(), 108),
            Column(tr("ID number"), lambda line: line.id_masked or tr("no card"), 176),
            Column(tr("Phone"), lambda line: line.phone_masked, 120),
            Column(tr("Village"), lambda line: line.village, 110),
        ]
        model: PagedModel[ResidentLine] = PagedModel(columns, parent=self)
        self.table = RecordTable(model, tr("People who are alike"))
        model.set_rows(suspects)
        self.table.setFixedHeight(theme.ROW_HEIGHT * (min(len(suspects), 5) + 1) + 2)
        self.table.choose(0)
        self.table.opened.connect(lambda line: self._same())
        column.addWidget(self.table)
        self.same_button = PrimaryButton(
            tr("Same person: open that record"), self._same, shortcut=""
        )
        self.different_button = Button(tr("Somebody else: save"), self._different)
        self.back_button = Button(tr("Go back"), self.reject)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        for button in (self.back_button, self.different_button, self.same_button):
            row.addWidget(button)
        column.addLayout(row)
        self.table.setFocus()

    def _same(self) -> None:
        line = self.table.current() or self._suspects[0]
        self.accept()
        self.same.emit(line.id)

    def _different(self) -> None:
        self.accept()
        self.different.emit(tuple(each.id for each in self._suspects))


def who_words(line: ResidentLine) -> str:
    """Somebody registered, in a line: enough to tell who it is."""
    return " ".join(
        part
        for part in (
            line.name,
            codes.label("sex", line.sex),
            line.birth_date.isoformat(),
            line.village,
            line.id_masked,
        )
        if part
    )
