"""The lines that the marked values propose for the conclusion; only the doctor takes them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QSizePolicy, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.widgets.buttons import Button, LinkButton
from app.ui.widgets.cards import IconLabel, label


class Proposals(QWidget):
    """``taken(text)``: the doctor accepts a line."""

    taken = Signal(str)

    def __init__(self, may_judge: bool) -> None:
        super().__init__()
        self._may_judge = may_judge
        self._texts: tuple[str, ...] = ()
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_TIGHT)
        head = QHBoxLayout()
        head.addWidget(label(tr("Marked values, as lines for the conclusion"), "strong"))
        self.all_button = Button(tr("Take all (F9)"), self.take_all, icon_name="check-double-line")
        self.all_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.all_button.setEnabled(may_judge)
        head.addStretch(1)
        head.addWidget(self.all_button)
        whole.addLayout(head)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(theme.GAP_TIGHT)
        whole.addLayout(self._lines)
        self.hide()

    def show_lines(self, texts: tuple[str, ...]) -> None:
        """One line a proposal, with its button."""
        if texts == self._texts:
            return
        self._texts = texts
        while item := self._lines.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        for text in texts:
            self._lines.addWidget(self._line(text))
        self.setVisible(bool(texts))

    def texts(self) -> tuple[str, ...]:
        """The lines shown."""
        return self._texts

    def take_all(self) -> None:
        """F9: every line."""
        if self._may_judge:
            for text in self._texts:
                self.taken.emit(text)

    def _line(self, text: str) -> QWidget:
        holder = QWidget()
        row = QHBoxLayout(holder)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_INSIDE)
        words = label(text, wrap=True)
        button = LinkButton(tr("Take"), lambda: self.taken.emit(text), icon_name="check-line")
        button.setAccessibleName(tr("Take: {line}").format(line=text))
        button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        button.setEnabled(self._may_judge)
        row.addWidget(IconLabel("error-warning-line", "attention"), 0, Qt.AlignmentFlag.AlignTop)
        row.addWidget(words, 1)
        row.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)
        return holder
