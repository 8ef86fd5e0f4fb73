"""A drop-down list that cuts no word: an ellipsis where the place is too narrow, a wide list."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtGui import QPaintEvent
from PySide6.QtWidgets import QComboBox, QStyle, QStyleOptionComboBox, QStylePainter, QWidget

from app.ui import theme
from app.ui.tips import plain_tip


class ElidedCombo(QComboBox):
    """A drop-down list whose chosen line ends in an ellipsis where it is too long, with the whole
    of it in the tip; its list opens as wide as its lines."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.currentTextChanged.connect(lambda text: self.setToolTip(plain_tip(text)))

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QStylePainter(self)
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        painter.drawComplexControl(QStyle.ComplexControl.CC_ComboBox, option)
        option.currentText = self.shown_text()  # type: ignore[attr-defined]
        painter.drawControl(QStyle.ControlElement.CE_ComboBoxLabel, option)

    def shown_text(self) -> str:
        """The chosen line as it stands in the closed list."""
        option = QStyleOptionComboBox()
        self.initStyleOption(option)
        room = self.style().subControlRect(
            QStyle.ComplexControl.CC_ComboBox,
            option,
            QStyle.SubControl.SC_ComboBoxEditField,
            self,
        )
        return self.fontMetrics().elidedText(
            self.currentText(), Qt.TextElideMode.ElideRight, room.width() - theme.GAP_TIGHT
        )

    def showPopup(self) -> None:
        needed = self.view().sizeHintForColumn(0) + 2 * theme.GAP_FIELD
        most = self.screen().availableGeometry().width() // 2
        self.view().setMinimumWidth(min(max(needed, self.width()), max(most, self.width())))
        super().showPopup()
