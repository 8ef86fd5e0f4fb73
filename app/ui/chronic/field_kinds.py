"""Small kinds of fields that the follow-up form is made of."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QBoxLayout, QCheckBox, QHBoxLayout, QWidget

from app.care.limits import LIMITS, Limit
from app.models import codes
from app.ui import theme
from app.ui.widgets.cards import Card
from app.ui.widgets.fields import Field
from app.ui.widgets.values import NumberField


class TickField(Field):
    """One box to tick. ``value()``: bool."""

    def __init__(self, key: str, title: str, text: str, **common: Any) -> None:
        super().__init__(key, title, **common)
        self.box = QCheckBox(text.replace("&", "&&"))
        self._set_editor(self.box)
        self.box.setAccessibleName(text)
        self.box.toggled.connect(lambda _: self._edited())

    def value(self) -> bool:
        return self.box.isChecked()

    def set_value(self, value: Any) -> None:
        self.box.setChecked(bool(value))

    def raw(self) -> Any:
        return self.box.isChecked()

    def restore(self, raw: Any) -> None:
        self.set_value(raw)

    def is_blank(self) -> bool:
        return not self.box.isChecked()


def entries_of(code_list: str) -> list[tuple[str, str]]:
    """``(code, label)`` of a code list in the present language."""
    return [(entry.code, entry.label) for entry in codes.entries(code_list)]


def ends_of(limit: Limit) -> tuple[tuple[float, float], tuple[float, float] | None]:
    """The hard and the soft range of a field; a soft end that is not set is the hard one."""
    hard = (limit.hard_low, limit.hard_high)
    if limit.soft_low is None and limit.soft_high is None:
        return hard, None
    low = limit.hard_low if limit.soft_low is None else limit.soft_low
    high = limit.hard_high if limit.soft_high is None else limit.soft_high
    return hard, (low, high)


def measured(key: str, kind: str, title: str, *, unit: str = "", **common: Any) -> NumberField:
    """A number with the limits of its kind of measurement."""
    limit = LIMITS[kind]
    hard, soft = ends_of(limit)
    return NumberField(
        key,
        title,
        unit=unit or limit.unit,
        decimals=limit.decimals,
        hard=hard,
        soft=soft,
        **{"label_width": theme.LABEL_SHORT, "width": theme.NUMBER_WIDTH_SMALL, **common},
    )


def pair(*widgets: QWidget) -> QHBoxLayout:
    """Fields side by side in one line of a card."""
    row = QHBoxLayout()
    row.setSpacing(theme.GAP_FIELD)
    for widget in widgets:
        row.addWidget(widget, 1, Qt.AlignmentFlag.AlignTop)
    return row


def column(cards: list[Card], into: QBoxLayout) -> None:
    """Stack cards at the distance of the grid."""
    for card in cards:
        into.addWidget(card)
    into.addStretch(1)
