"""Whom to call: lines of name, phone and relation; the first is required."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.care.basic_form import Contact
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.residents.answers import more_button
from app.ui.style import dress
from app.ui.widgets.buttons import QuietButton
from app.ui.widgets.choices import numbered
from app.ui.widgets.fields import Field


@dataclass(frozen=True, slots=True)
class _Row:
    widget: QWidget
    name: QLineEdit
    phone: QLineEdit
    relation: QComboBox


class ContactsField(Field):
    """``value()`` is a tuple of ``Contact`` as typed, without empty lines."""

    def __init__(self, key: str, label_text: str, **common: Any) -> None:
        super().__init__(key, label_text, **common)
        self._rows: list[_Row] = []
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GAP_TIGHT)
        self._more = more_button(self, tr("One more person"), lambda: self.add_row(focus=True))
        self._set_editor(holder)
        self.add_row()
        self.setFocusProxy(self._rows[0].name)

    @property
    def rows(self) -> list[_Row]:
        """The lines, for the keyboard walk of the tests."""
        return self._rows

    def value(self) -> tuple[Contact, ...]:
        return tuple(
            Contact(
                row.name.text().strip(),
                row.phone.text().strip(),
                str(row.relation.currentData() or ""),
            )
            for row in self._rows
            if row.name.text().strip() or row.phone.text().strip()
        )

    def set_value(self, value: Any) -> None:
        contacts: tuple[Contact, ...] = tuple(value or ())
        self._fill([[each.name, each.phone, each.relation] for each in contacts])

    def is_blank(self) -> bool:
        return not self.value()

    def raw(self) -> Any:
        return [[each.name, each.phone, each.relation] for each in self.value()]

    def restore(self, raw: Any) -> None:
        self._fill([[str(part) for part in row] for row in raw or () if len(row) == 3])

    def problem(self) -> str | None:
        if self.required and self.is_blank():
            return tr("Write down at least one person to call, with a phone number.")
        return None

    def show_problem(self, message: str, tone: theme.Tone = "danger") -> None:
        super().show_problem(message, tone)
        if self.is_blank():
            for edit in (self._rows[0].name, self._rows[0].phone):
                dress(edit, state=tone)

    def show_part(self, index: int, name: str, message: str) -> None:
        """A problem of one cell: ``name``, ``phone`` or ``relation`` of a line of ``value()``."""
        filled = [row for row in self._rows if row.name.text().strip() or row.phone.text().strip()]
        self.show_problem(message)
        if index < len(filled):
            dress(getattr(filled[index], name), state="danger")
            getattr(filled[index], name).setFocus()

    def clear_problem(self) -> None:
        super().clear_problem()
        for row in self._rows:
            for part in (row.name, row.phone, row.relation):
                dress(part, state="")

    def add_row(self, *, focus: bool = False) -> None:
        """One more line."""
        number = len(self._rows) + 1
        widget = QWidget()
        line = QHBoxLayout(widget)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GAP_INSIDE)
        name, phone, relation = QLineEdit(), QLineEdit(), QComboBox()
        name.setPlaceholderText(tr("name"))
        name.setAccessibleName(tr("Contact {number}: name").format(number=number))
        phone.setPlaceholderText(tr("phone"))
        phone.setFixedWidth(theme.DATE_WIDTH + theme.GAP_SECTION)
        phone.setAccessibleName(tr("Contact {number}: phone").format(number=number))
        relation.addItem(tr("relation"), "")
        relations = [(each.code, each.label) for each in codes.entries("relation")]
        for (code, _), text in zip(relations, numbered(relations), strict=True):
            relation.addItem(text, code)
        relation.setFixedWidth(theme.DATE_WIDTH)
        relation.setAccessibleName(tr("Contact {number}: relation").format(number=number))
        name.setFixedWidth(theme.FINDER_WIDTH // 2)
        line.addWidget(name)
        line.addWidget(phone)
        line.addWidget(relation)
        row = _Row(widget, name, phone, relation)
        for edit in (name, phone):
            edit.textEdited.connect(self._edited)
            edit.editingFinished.connect(self.left)
        relation.currentIndexChanged.connect(self._edited)
        if self._rows:
            drop = QuietButton("", icon_name="close-line")
            drop.setAccessibleName(tr("Remove this line"))
            drop.setToolTip(tr("Remove this line"))
            drop.setFixedWidth(theme.TARGET_MINIMUM)
            drop.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            drop.clicked.connect(lambda: self._drop(row))
            line.addWidget(drop)
        else:
            line.addWidget(self._more)
        line.addStretch(1)
        self._rows.append(row)
        self._column.insertWidget(len(self._rows) - 1, widget)
        widget.show()
        if number > 1:
            QWidget.setTabOrder(self._rows[-2].relation, name)
        QWidget.setTabOrder(name, phone)
        QWidget.setTabOrder(phone, relation)
        if focus:
            name.setFocus()

    def _fill(self, lines: list[list[str]]) -> None:
        while len(self._rows) > max(len(lines), 1):
            self._remove(self._rows[-1])
        while len(self._rows) < len(lines):
            self.add_row()
        for row, (name, phone, relation) in zip(self._rows, lines or [["", "", ""]], strict=True):
            row.name.setText(name)
            row.phone.setText(phone)
            row.relation.setCurrentIndex(max(row.relation.findData(relation), 0))
        self._edited()

    def _drop(self, row: _Row) -> None:
        self._remove(row)
        self._edited()

    def _remove(self, row: _Row) -> None:
        self._rows.remove(row)
        self._column.removeWidget(row.widget)
        row.widget.hide()
        row.widget.deleteLater()
