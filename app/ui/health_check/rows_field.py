"""Fields of several lines: stays, drugs and vaccines of the last year; abnormal findings."""

from __future__ import annotations

from abc import abstractmethod
from datetime import date
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt
from PySide6.QtGui import QFocusEvent
from PySide6.QtWidgets import (
    QApplication,
    QComboBox,
    QCompleter,
    QGridLayout,
    QLabel,
    QLineEdit,
    QVBoxLayout,
    QWidget,
)

from app.care.drugs import search_drugs
from app.care.health_check.definition import FieldDefinition
from app.care.parsing import ParseError, clean_text, parse_date
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.cards import label
from app.ui.widgets.fields import Field

Cell = QLineEdit | QComboBox


class _Lines(Field):
    """What both kinds share: many small editors in one field, Enter on a blank line goes on."""

    def __init__(self, key: str, title: str, **common: Any) -> None:
        super().__init__(key, title, **{**common, "stacked": True})
        self._holder = QWidget()
        self._grid = QGridLayout(self._holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(theme.GAP_INSIDE)
        self._grid.setVerticalSpacing(theme.GAP_TIGHT)

    def _name_editor(self) -> None:
        """Every cell has its own name."""

    @abstractmethod
    def _blank_here(self, focused: QWidget) -> bool:
        """Whether Enter at this editor leaves the field."""

    def take_enter(self) -> bool:
        focused = QApplication.focusWidget()
        if focused is None or not self._blank_here(focused):
            return False
        from app.ui.health_check.fields import stop_after

        following = stop_after(self)
        if following is None:
            return False
        following.setFocus(Qt.FocusReason.TabFocusReason)
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.FocusOut and isinstance(watched, QLineEdit | QComboBox):
            reason = event.reason() if isinstance(event, QFocusEvent) else None
            if reason != Qt.FocusReason.PopupFocusReason and "_editor" in self.__dict__:
                self._tidy()
                self.left.emit()
            return False
        return super().eventFilter(watched, event)


class RowsField(_Lines):
    """Lines of several members; the next line appears as soon as the last one is begun.

    ``value()``: a tuple of dicts, dates in ISO form, blank members left out.
    """

    def __init__(self, made_of: FieldDefinition, today: date, **common: Any) -> None:
        super().__init__(made_of.key, common.pop("label"), **common)
        self._made_of = made_of
        self._today = today
        self._rows: list[list[Cell]] = []
        for at, member in enumerate(made_of.members):
            head = label(member.label, "hint")
            self._grid.addWidget(head, 0, at)
            narrow = member.kind in ("date", "choice")
            self._grid.setColumnStretch(at, 0 if narrow else 1)
        self._told = label("", "hint", wrap=True)
        self._told.hide()
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_TIGHT)
        column.addWidget(self._told)
        column.addWidget(self._holder)
        self._set_editor(whole)
        self._add()
        self.setFocusProxy(self._rows[0][0])

    # -- the interface of a field -------------------------------------------------------------

    def value(self) -> Any:
        found = [row for cells in self._rows if (row := self._row(cells))]
        return tuple(found) or None

    def set_value(self, value: Any) -> None:
        wanted = [dict(each) for each in value or ()]
        while len(self._rows) < min(len(wanted) + 1, self._made_of.most):
            self._add()
        for at, cells in enumerate(self._rows):
            row = wanted[at] if at < len(wanted) else {}
            for member, cell in zip(self._made_of.members, cells, strict=True):
                _fill(cell, str(row.get(member.key) or ""))
        self._edited()

    def raw(self) -> Any:
        return [
            {
                member.key: _text(cell)
                for member, cell in zip(self._made_of.members, cells, strict=True)
                if _text(cell)
            }
            for cells in self._rows
            if any(_text(cell) for cell in cells)
        ]

    def restore(self, raw: Any) -> None:
        self.set_value([each for each in raw or () if isinstance(each, dict)])

    def is_blank(self) -> bool:
        return not any(_text(cell) for cells in self._rows for cell in cells)

    def problem(self) -> str | None:
        for cells in self._rows:
            if not any(_text(cell) for cell in cells):
                continue
            for member, cell in zip(self._made_of.members, cells, strict=True):
                text = _text(cell)
                if member.required and not text:
                    return tr("Every line needs: {what}.").format(what=member.label)
                if member.kind == "date" and text:
                    try:
                        parse_date(text, self._today)
                    except ParseError as error:
                        return error.message
        return None

    def show_problem(self, message: str, tone: theme.Tone = "danger") -> None:
        super().show_problem(message, tone)
        for cells in self._rows:
            for cell in cells:
                dress(cell, state=tone)

    def clear_problem(self) -> None:
        super().clear_problem()
        for cells in self.__dict__.get("_rows", ()):
            for cell in cells:
                dress(cell, state="")

    def set_last(self, text: str) -> None:
        """Last year's lines, told in grey above."""
        self._told.setText(tr("last: {value}").format(value=text) if text else "")
        self._told.setVisible(bool(text))

    def rows(self) -> list[list[Cell]]:
        """The editors, line by line."""
        return self._rows

    # -- inner --------------------------------------------------------------------------------

    def _row(self, cells: list[Cell]) -> dict[str, str]:
        found: dict[str, str] = {}
        for member, cell in zip(self._made_of.members, cells, strict=True):
            text = _text(cell)
            if text and member.kind == "date":
                try:
                    text = parse_date(text, self._today).isoformat()
                except ParseError:
                    continue
            if text:
                found[member.key] = text
        return found

    def _add(self) -> None:
        number = len(self._rows) + 1
        cells: list[Cell] = []
        for at, member in enumerate(self._made_of.members):
            cell = self._cell(member)
            cell.setAccessibleName(f"{self.label} {number} {member.label}")
            cell.installEventFilter(self)
            self._grid.addWidget(cell, number, at)
            cells.append(cell)
        if self._rows:
            QWidget.setTabOrder(self._rows[-1][-1], cells[0])
        for first, second in pairwise(cells):
            QWidget.setTabOrder(first, second)
        self._rows.append(cells)

    def _cell(self, member: FieldDefinition) -> Cell:
        if member.kind == "choice":
            combo = QComboBox()
            combo.addItem("", "")
            for entry in codes.entries(member.code_list):
                combo.addItem(entry.label, entry.code)
            combo.setFixedWidth(theme.CHOICE_WIDTH)
            combo.currentIndexChanged.connect(self._typed)
            return combo
        line = QLineEdit()
        if member.kind == "date":
            line.setFixedWidth(theme.DATE_WIDTH)
            line.editingFinished.connect(lambda: self._tidy_date(line))
        if member.kind == "drug":
            _complete(line)
        line.textChanged.connect(self._typed)
        return line

    def _typed(self) -> None:
        full = self._rows and any(_text(cell) for cell in self._rows[-1])
        if full and len(self._rows) < self._made_of.most:
            self._add()
        if self._rows:
            self._edited()

    def _tidy_date(self, line: QLineEdit) -> None:
        try:
            tidy = parse_date(line.text(), self._today).isoformat()
        except ParseError:
            return
        if tidy != line.text():
            line.setText(tidy)

    def _blank_here(self, focused: QWidget) -> bool:
        return any(
            cells[0] is focused and not any(_text(cell) for cell in cells) for cells in self._rows
        )


class LinesField(_Lines):
    """Numbered lines of text. ``value()``: a tuple of texts, None while all are blank."""

    def __init__(self, made_of: FieldDefinition, **common: Any) -> None:
        super().__init__(made_of.key, common.pop("label"), **common)
        self.lines: list[QLineEdit] = []
        for number in range(1, made_of.most + 1):
            line = QLineEdit()
            line.setAccessibleName(f"{made_of.label} {number}")
            line.textChanged.connect(self._edited)
            line.installEventFilter(self)
            self._grid.addWidget(QLabel(f"{number}"), number, 0)
            self._grid.addWidget(line, number, 1)
            self.lines.append(line)
        self._grid.setColumnStretch(1, 1)
        self._set_editor(self._holder)
        self.setFocusProxy(self.lines[0])

    def value(self) -> Any:
        return tuple(text for line in self.lines if (text := clean_text(line.text()))) or None

    def set_value(self, value: Any) -> None:
        texts = list(value or ())
        for at, line in enumerate(self.lines):
            line.setText(str(texts[at]) if at < len(texts) else "")

    def add_line(self, text: str) -> bool:
        """Put a text into the first blank line; False when all are full or it is there."""
        if text in (self.value() or ()):
            return False
        for line in self.lines:
            if not line.text().strip():
                line.setText(text)
                return True
        return False

    def raw(self) -> Any:
        return [line.text() for line in self.lines]

    def restore(self, raw: Any) -> None:
        self.set_value(raw)

    def is_blank(self) -> bool:
        return self.value() is None

    def set_last(self, text: str) -> None:
        """Last year's findings are not compared line by line."""

    def _blank_here(self, focused: QWidget) -> bool:
        return any(line is focused and not line.text().strip() for line in self.lines)


def _text(cell: Cell) -> str:
    if isinstance(cell, QComboBox):
        return str(cell.currentData() or "")
    return clean_text(cell.text())


def _fill(cell: Cell, text: str) -> None:
    if isinstance(cell, QComboBox):
        cell.setCurrentIndex(max(cell.findData(text), 0))
    else:
        cell.setText(text)


def _complete(line: QLineEdit) -> None:
    """Names of the drug list by pinyin or initials, chosen with the arrow keys."""
    names = QStringListModel(line)
    popup = QCompleter(names, line)
    popup.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
    line.setCompleter(popup)

    def search(text: str) -> None:
        names.setStringList([drug.name for drug in search_drugs(text)])

    line.textEdited.connect(search)
