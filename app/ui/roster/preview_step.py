"""The third step: every row with what becomes of it; which ones are imported, a person ticks."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QButtonGroup, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.care.roster.preview import ASK, READY, VERDICTS, Preview, PreviewRow
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.roster.words import VERDICT_ICONS, VERDICT_TONES, verdict_words
from app.ui.style import dress
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.said_keys import say_key
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_TICK_WIDTH = 56
_ALL = ""


class PreviewTable(RecordTable):
    """Rows with a tick: Space or a click on the tick changes it. ``ticked(row)``."""

    ticked = Signal(object)

    def __init__(self, model: PagedModel[PreviewRow], name: str) -> None:
        super().__init__(model, name)
        say_key(self, "Space", tr("Tick the chosen row, or not"))
        self.clicked.connect(self._clicked)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Space:
            row = self.current()
            if row is not None:
                self.ticked.emit(row)
            return
        super().keyPressEvent(event)

    def _clicked(self, index: QModelIndex) -> None:
        if index.column() == 0:
            self._tick(index)

    def _tick(self, index: QModelIndex) -> None:
        row = self.model().row(index.row())  # type: ignore[attr-defined]
        if row is not None:
            self.ticked.emit(row)


class PreviewStep(QWidget):
    """``changed``: other rows are ticked."""

    changed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.preview: Preview | None = None
        self.chosen: set[int] = set()
        self._filter = _ALL
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_FIELD)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.filters: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        for verdict in (_ALL, *VERDICTS):
            button = QPushButton()
            button.setCheckable(True)
            button.setAutoDefault(False)
            button.setChecked(verdict == _ALL)
            dress(button, kind="option")
            button.clicked.connect(lambda _=False, wanted=verdict: self.show_only(wanted))
            group.addButton(button)
            row.addWidget(button)
            self.filters[verdict] = button
        row.addStretch(1)
        self.tick_button = Button(tr("Tick all shown"), lambda: self._tick_shown(True))
        self.untick_button = Button(tr("Untick all shown"), lambda: self._tick_shown(False))
        row.addWidget(self.tick_button)
        row.addWidget(self.untick_button)
        whole.addLayout(row)
        self.model: PagedModel[PreviewRow] = PagedModel(
            [
                Column(
                    tr("Tick"),
                    lambda _: "",
                    _TICK_WIDTH,
                    "center",
                    tone=lambda line: "accent" if line.number in self.chosen else "neutral",
                    icon_name=self._tick_icon,
                    tip=lambda line: (
                        tr("Space ticks and unticks the row.")
                        if line.form is not None
                        else tr("This row cannot be imported.")
                    ),
                ),
                Column(tr("Row no."), lambda line: str(line.number), 58, align="right"),
                Column(tr("Name"), lambda line: line.name, 104, strong=True),
                Column(tr("Sex"), lambda line: codes.label("sex", line.sex), 52),
                Column(
                    tr("Birth date"),
                    lambda line: line.birth_date.isoformat() if line.birth_date else "",
                    104,
                ),
                Column(tr("ID number"), lambda line: line.id_masked, 170),
                Column(tr("Village"), lambda line: line.village, 112),
                Column(
                    tr("What becomes of it"),
                    lambda line: verdict_words(line.verdict),
                    136,
                    tone=lambda line: VERDICT_TONES[line.verdict],
                    icon_name=lambda line: VERDICT_ICONS[line.verdict],
                ),
                Column(tr("Why"), lambda line: " ".join(line.messages)),
            ],
            parent=self,
        )
        self.table = PreviewTable(self.model, tr("Rows of the roster"))
        self.table.ticked.connect(self._toggle)
        self.table.opened.connect(self._toggle)
        self.table.chosen.connect(self._explain)
        self._empty = EmptyState(tr("No such row"), tr("Choose another group above."))
        whole.addWidget(self.table, 1)
        whole.addWidget(self._empty, 1)
        self._empty.hide()
        self._why = label("", "secondary", wrap=True)
        self._why.setMinimumHeight(theme.ROW_HEIGHT_TWO)
        self._why.setAlignment(Qt.AlignmentFlag.AlignTop)
        whole.addWidget(self._why)
        self.setFocusProxy(self.table)

    @property
    def why(self) -> str:
        """What is said of the row under the cursor."""
        return self._why.text()

    def show_preview(self, preview: Preview) -> None:
        """The rows were checked: those without a question are ticked."""
        self.preview = preview
        self.chosen = set(preview.numbers(READY))
        for verdict, button in self.filters.items():
            words = verdict_words(verdict) if verdict else tr("All rows")
            count = preview.count(verdict) if verdict else len(preview.rows)
            button.setText(f"{words} {count}")
            button.setAccessibleName(button.text())
        # What has to be looked at comes first.
        self.show_only(ASK if preview.count(ASK) else _ALL)

    def show_only(self, verdict: str) -> None:
        """Only the rows with this verdict; "" for all."""
        assert self.preview is not None
        self._filter = verdict
        self.filters[verdict].setChecked(True)
        rows = self._shown()
        self.model.set_rows(rows)
        self.table.setVisible(bool(rows))
        self._empty.setVisible(not rows)
        self._why.setText("")
        if rows:
            self.table.choose(0)
        tickable = any(row.form is not None for row in rows)
        self.tick_button.setEnabled(tickable)
        self.untick_button.setEnabled(tickable)
        self.changed.emit()

    def _shown(self) -> list[PreviewRow]:
        assert self.preview is not None
        rows = self.preview.rows
        return [row for row in rows if self._filter in (_ALL, row.verdict)]

    def _tick_icon(self, line: PreviewRow) -> str:
        if line.form is None:
            return ""
        return "checkbox-line" if line.number in self.chosen else "checkbox-blank-line"

    def _toggle(self, line: PreviewRow) -> None:
        if line.form is None:
            return
        self.chosen ^= {line.number}
        self._repaint()

    def _tick_shown(self, wanted: bool) -> None:
        numbers = {row.number for row in self._shown() if row.form is not None}
        self.chosen = self.chosen | numbers if wanted else self.chosen - numbers
        self._repaint()

    def _repaint(self) -> None:
        last = self.model.rowCount() - 1
        if last >= 0:
            self.model.dataChanged.emit(self.model.index(0, 0), self.model.index(last, 0))
        self.changed.emit()

    def _explain(self, line: Any) -> None:
        self._why.setText("\n".join(line.messages))
