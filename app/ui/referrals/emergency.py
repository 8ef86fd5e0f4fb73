"""The red strip of the green channel: 120 and the duty number, always in sight in an emergency."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.buttons import DangerButton
from app.ui.widgets.cards import IconLabel, label


def numbers_words(organisation: str, number: str) -> str:
    """``急救 120 · 金寨县人民医院绿色通道 0564-…``; without a number, who to ask."""
    if number:
        return tr("Ambulance 120  ·  {organisation}, green channel {number}").format(
            organisation=organisation, number=number
        )
    return tr("Ambulance 120  ·  {organisation}: no green-channel number in the directory").format(
        organisation=organisation or tr("Receiver")
    )


class EmergencyStrip(QFrame):
    """What is so urgent, the two numbers, and at most one button."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="strip", tone="danger")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_FIELD, theme.GAP_INSIDE, theme.GAP_FIELD, theme.GAP_INSIDE)
        row.setSpacing(theme.GAP_FIELD)
        row.addWidget(
            IconLabel("alarm-warning-fill", "danger", theme.ICON_BRAND),
            0,
            Qt.AlignmentFlag.AlignVCenter,
        )
        words = QVBoxLayout()
        words.setSpacing(2)
        self._why = label("", "", wrap=True, tone="danger")
        self._numbers = label("", "section", wrap=True, tone="danger")
        self._numbers.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        words.addWidget(self._numbers)
        words.addWidget(self._why)
        row.addLayout(words, 1)
        self._pressed: Callable[[], object] = lambda: None
        self.button = DangerButton("", lambda: self._pressed(), icon_name="phone-line")
        row.addWidget(self.button)
        self.button.setAccessibleName(tr("Accepted on the phone…"))
        self.button.hide()

    def say(
        self,
        why: str,
        organisation: str,
        number: str,
        *,
        action: str = "",
        pressed: Callable[[], object] | None = None,
    ) -> None:
        self._numbers.setText(numbers_words(organisation, number))
        self._why.setText(why)
        self._why.setVisible(bool(why))
        self.setAccessibleName(f"{self._numbers.text()} {why}")
        self._pressed = pressed or (lambda: None)
        self.button.setText(action)
        self.button.setAccessibleName(action or tr("Accepted on the phone…"))
        self.button.setVisible(bool(action))
        self.show()

    def text(self) -> str:
        return f"{self._numbers.text()} {self._why.text()}".strip()
