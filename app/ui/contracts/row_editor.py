"""A small list that is written line by line: the fields of one line above, the lines below.

Enter in the last field takes the line in; Enter on a line brings it up to be changed; Delete
takes it out.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.widgets.buttons import Button
from app.ui.widgets.fields import Field
from app.ui.widgets.forms import FormFields
from app.ui.widgets.said_keys import say_key
from app.ui.widgets.tables import Column, PagedModel, RecordTable


class _Lines(RecordTable):
    removed = Signal(int)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Delete and self.currentIndex().isValid():
            self.removed.emit(self.currentIndex().row())
            return
        super().keyPressEvent(event)


class RowEditor(QWidget):
    """``rows`` are what ``make(values)`` gave; ``values_of(row)`` brings one back to the fields."""

    changed = Signal()

    def __init__(
        self,
        name: str,
        fields: Sequence[Field],
        columns: Sequence[Column[Any]],
        make: Callable[[dict[str, Any], Any], Any],
        values_of: Callable[[Any], dict[str, Any]],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.rows: list[Any] = []
        self._make = make
        self._values_of = values_of
        self._at: int | None = None
        self.form = FormFields(self)
        self.form.add(*fields)
        self.model = PagedModel(columns)
        self.table = _Lines(self.model, name, plain=True)
        say_key(self.table, "Delete", tr("Remove the chosen line"))
        self.add_button = Button(tr("Take in"), self.take, icon_name="add-line")
        line = QHBoxLayout()
        line.setSpacing(theme.GAP_INSIDE)
        for field in fields:
            line.addWidget(field, 0, Qt.AlignmentFlag.AlignBottom)
        line.addWidget(self.add_button, 0, Qt.AlignmentFlag.AlignBottom)
        line.addStretch(1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_INSIDE)
        column.addLayout(line)
        column.addWidget(self.table, 1)
        self.table.opened.connect(lambda _: self.bring(self.table.currentIndex().row()))
        self.table.removed.connect(self.remove)

    def set_rows(self, rows: Sequence[Any]) -> None:
        """Show these lines; the fields are empty again."""
        self.rows = list(rows)
        self._clear()
        self.model.set_rows(self.rows)

    def raw(self) -> dict[str, Any]:
        """Everything typed, for a draft; for rows whose values are plain texts and numbers."""
        rows = [self._values_of(row) for row in self.rows]
        return {"rows": rows, "line": self.form.raw(), "at": self._at}

    def restore(self, raw: Mapping[str, Any]) -> None:
        """Put a draft back."""
        self.set_rows([self._make(dict(values), None) for values in raw["rows"]])
        if raw["at"] is not None:
            self.bring(raw["at"])
        self.form.restore(raw["line"])

    def bring(self, at: int) -> None:
        """A line up into the fields, to be changed."""
        self._at = at
        for key, value in self._values_of(self.rows[at]).items():
            self.form[key].set_value(value)
        self.add_button.setText(tr("Change the line"))
        next(iter(self.form)).setFocus()

    def take(self) -> None:
        """The fields into the list: a new line, or the one that was brought up."""
        if not self.form.check():
            return
        old = self.rows[self._at] if self._at is not None else None
        row = self._make(self.form.values(), old)
        if self._at is None:
            self.rows.append(row)
        else:
            self.rows[self._at] = row
        self._clear()
        self.model.set_rows(self.rows)
        self.changed.emit()
        next(iter(self.form)).setFocus()

    def remove(self, at: int) -> None:
        """A line out of the list."""
        del self.rows[at]
        self._clear()
        self.model.set_rows(self.rows)
        if self.rows:
            self.table.choose(min(at, len(self.rows) - 1))
        self.changed.emit()

    def _clear(self) -> None:
        self._at = None
        self.form.clear()
        self.add_button.setText(tr("Take in"))
