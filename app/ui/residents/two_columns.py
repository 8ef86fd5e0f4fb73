"""A card whose fields stand in two columns."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QGridLayout, QWidget

from app.ui import theme
from app.ui.widgets.cards import Card


class TwoColumns:
    """Builds one card: ``pair`` puts two fields side by side, ``wide`` one over both columns."""

    def __init__(self, title: str) -> None:
        self.card = Card(title)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_SECTION)
        self._grid.setVerticalSpacing(theme.GAP_FIELD)
        self._grid.setColumnStretch(0, 1)
        self._grid.setColumnStretch(1, 1)
        self.card.body.addLayout(self._grid)
        self._row = 0

    def pair(self, left: QWidget, right: QWidget) -> None:
        self._grid.addWidget(left, self._row, 0, Qt.AlignmentFlag.AlignTop)
        self._grid.addWidget(right, self._row, 1, Qt.AlignmentFlag.AlignTop)
        self._row += 1

    def wide(self, field: QWidget) -> None:
        self._grid.addWidget(field, self._row, 0, 1, 2)
        self._row += 1
