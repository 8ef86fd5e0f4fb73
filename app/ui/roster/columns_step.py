"""The second step: what each column of the file is, found by its heading, corrected by hand."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QSignalBlocker, Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.roster.columns import FIELDS, label_of
from app.care.roster.preview import RosterSource
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ListField
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.values import NumberField

_LETTER_WIDTH = 56
_HEADING_WIDTH = 220
_MEANING_WIDTH = 190


@dataclass(frozen=True, slots=True)
class _Line:
    at: int
    heading: str
    samples: str
    field: str


class ColumnsStep(QWidget):
    """``read_again(sheet, first, last)``: the person names another sheet or other heading rows."""

    read_again = Signal(str, int, int)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.columns: dict[int, str] = {}
        self._source: RosterSource | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_CARD)
        where = Card()
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        self.sheet = ListField("sheet", tr("Sheet"), (), width=200, label_width=theme.LABEL_SECOND)
        self.first = NumberField(
            "first", tr("Headings from row"), hard=(0, 1000), width=theme.NUMBER_WIDTH_SMALL
        )
        self.last = NumberField(
            "last",
            tr("to row"),
            hard=(0, 1000),
            width=theme.NUMBER_WIDTH_SMALL,
            label_width=theme.LABEL_SECOND,
        )
        self.again_button = Button(tr("Read again"), self._again)
        for part in (self.sheet, self.first, self.last, self.again_button):
            row.addWidget(part)
        row.addStretch(1)
        where.body.addLayout(row)
        self.without_id = ListField(
            "without_id",
            tr("Rows without an ID number"),
            [
                (entry.code, tr("temporary record: {reason}").format(reason=entry.label))
                for entry in codes.entries("no_card_reason")
            ],
            width=theme.FORM_WIDTH // 2,
            label_width=theme.LABEL_WIDE,
        )
        self.without_id.combo.setItemText(0, tr("leave out"))
        where.body.addWidget(self.without_id)
        whole.addWidget(where)
        card = Card(tr("What the columns are"))
        self._about = label("", "secondary", wrap=True)
        card.body.addWidget(self._about)
        self.model: PagedModel[_Line] = PagedModel(
            [
                Column(tr("Column"), lambda line: _letter(line.at), _LETTER_WIDTH, "center"),
                Column(tr("Heading in the file"), lambda line: line.heading, _HEADING_WIDTH),
                Column(
                    tr("Taken for"),
                    lambda line: label_of(line.field) if line.field else tr("left out"),
                    _MEANING_WIDTH,
                    tone=lambda line: None if line.field else "neutral",
                    icon_name=lambda line: "arrow-right-line" if line.field else "subtract-line",
                    strong=True,
                ),
                Column(tr("First values"), lambda line: line.samples),
            ],
            parent=self,
        )
        self.table = RecordTable(self.model, tr("What the columns are"), plain=True)
        self.table.chosen.connect(self._show_line)
        self.table.opened.connect(lambda _: self.meaning.combo.setFocus())
        card.body.addWidget(self.table, 1)
        self.meaning = ListField(
            "meaning",
            tr("This column is"),
            [(field.key, label_of(field.key)) for field in FIELDS],
            width=theme.FORM_WIDTH // 3,
        )
        self.meaning.combo.setItemText(0, tr("left out"))
        self.meaning.changed.connect(self._corrected)
        card.body.addWidget(self.meaning)
        whole.addWidget(card, 1)
        self.setFocusProxy(self.table)

    def show_source(self, source: RosterSource) -> None:
        """A file was read."""
        self._source = source
        self.columns = dict(source.columns)
        headings = source.headings
        self.sheet.set_entries([(name, name) for name in source.file.sheets])
        self.sheet.set_value(source.sheet.name)
        self.first.set_value(headings.first_row)
        self.last.set_value(headings.last_row)
        if not source.was_found:
            text = tr(
                "No headings were found. Say in which row they stand (0 if there are none), then "
                "read again; or say of each column what it is."
            )
        elif source.was_remembered:
            text = tr("As you set it for these headings before. Change what is not right.")
        else:
            text = tr("Found by the headings. Choose a row to change what its column is taken for.")
        self._about.setText(text)
        self._fill(0)

    def _fill(self, at: int) -> None:
        source = self._source
        assert source is not None
        lines = [
            _Line(
                column,
                heading.replace("/", " / "),
                tr(", ").join(source.samples(column)),
                self.columns.get(column, ""),
            )
            for column, heading in enumerate(source.headings.texts)
            if heading or source.samples(column, 1)
        ]
        self.model.set_rows(lines)
        if lines:
            self.table.choose(min(at, len(lines) - 1))

    def _show_line(self, line: _Line) -> None:
        with QSignalBlocker(self.meaning):
            self.meaning.set_value(line.field or None)

    def _corrected(self) -> None:
        line: _Line | None = self.table.current()
        if line is None:
            return
        key = self.meaning.value()
        # A meaning belongs to one column: given to another, the first loses it.
        self.columns = {at: kept for at, kept in self.columns.items() if kept != key}
        self.columns.pop(line.at, None)
        if key:
            self.columns[line.at] = key
        self._fill(self.table.currentIndex().row())

    def _again(self) -> None:
        if self.first.problem() or self.last.problem():
            for field in (self.first, self.last):
                if field.problem():
                    field.show_problem(field.problem())
            return
        first = int(self.first.value() or 0)
        last = max(first, int(self.last.value() or 0)) if first else 0
        self.read_again.emit(self.sheet.value() or "", first, min(last, first + 5))


def _letter(at: int) -> str:
    """The column as Excel names it."""
    letters = ""
    number = at + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
