"""What must be known of a resident, as chips in a line that never grows wider than its room."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QWidget

from app.ui import theme
from app.ui.tips import plain_tip
from app.ui.widgets.cards import Chip

_LONGEST = 16


def shortened(text: str, most: int) -> str:
    """At most ``most`` characters, the last an ellipsis where something was left out."""
    return text if len(text) <= most else text[: most - 1] + "…"


class MarkRow(QWidget):
    """Chips from the right, the most important first; those without room are counted in "+3"."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(theme.GAP_INSIDE)
        self._row.addStretch(1)
        self._chips: list[Chip] = []
        self._marks: tuple[tuple[str, theme.Tone], ...] = ()
        self._more = Chip("+9")
        self._row.addWidget(self._more)
        self._more.hide()

    def minimumSizeHint(self) -> QSize:
        return QSize(0, self._more.sizeHint().height())

    def sizeHint(self) -> QSize:
        """Room for every chip; where there is less, ``minimumSizeHint`` lets it shrink."""
        widths = [chip.sizeHint().width() + theme.GAP_INSIDE for chip in self._chips]
        more = self._more.sizeHint()
        return QSize(sum(widths) + more.width() + theme.GAP_INSIDE, more.height())

    def set_marks(self, marks: Sequence[tuple[str, theme.Tone]]) -> None:
        """Show these, as many as there is room for."""
        for chip in self._chips:
            self._row.removeWidget(chip)
            chip.hide()
            chip.deleteLater()
        self._chips = []
        self._marks = tuple(marks)
        for text, tone in marks:
            chip = Chip(shortened(text, _LONGEST), tone)
            chip.setToolTip(plain_tip(text))
            chip.hide()
            self._chips.append(chip)
            self._row.insertWidget(self._row.count() - 1, chip)
        self.updateGeometry()
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        left = self.width() - self._more.sizeHint().width() - theme.GAP_INSIDE
        shown = 0
        for chip in self._chips:
            left -= chip.sizeHint().width() + theme.GAP_INSIDE
            if left < 0:
                break
            shown += 1
        for at, chip in enumerate(self._chips):
            chip.setVisible(at < shown)
        hidden = self._marks[shown:]
        # An allergy that has no room still shows red.
        self._more.set(f"+{len(hidden)}", hidden[0][1] if hidden else "neutral")
        self._more.setToolTip(plain_tip("\n".join(text for text, _ in hidden)))
        self._more.setVisible(bool(hidden))
