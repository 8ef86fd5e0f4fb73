"""Choosing from a code list: buttons side by side, or a drop-down list for long lists.

The whole group is one stop of the Tab key. Digits choose (the code where codes are numbers, else
the position), arrow keys move, Space chooses. A single choice can be taken back by choosing it
again; an exclusive code (``无``) and the others shut each other out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from PySide6.QtCore import QElapsedTimer, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFocusEvent, QFontMetrics, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QComboBox, QLayout, QLayoutItem, QPushButton, QSizePolicy, QWidget

from app.care.parsing import half_width
from app.i18n import tr
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.elided_combo import ElidedCombo
from app.ui.widgets.fields import Field

# Two digits of one code ("12") are typed within this time.
_SECOND_DIGIT_MS = 800


def numbered(entries: Sequence[tuple[str, str]]) -> list[str]:
    """The labels of a drop-down list: behind their codes where all of these are numbers."""
    if all(code.isascii() and code.isdigit() and len(code) <= 2 for code, _ in entries):
        return [label if label.startswith(code) else f"{code} {label}" for code, label in entries]
    return [label for _, label in entries]


class FlowLayout(QLayout):
    """Places its items side by side and begins a new line where the width ends."""

    def __init__(self, parent: QWidget | None = None, spacing: int = theme.GAP_INSIDE) -> None:
        super().__init__(parent)
        self._items: list[QLayoutItem] = []
        self.setSpacing(spacing)
        self.setContentsMargins(0, 0, 0, 0)

    def addItem(self, item: QLayoutItem) -> None:
        self._items.append(item)

    def count(self) -> int:
        return len(self._items)

    def itemAt(self, index: int) -> QLayoutItem | None:
        return self._items[index] if 0 <= index < len(self._items) else None

    def takeAt(self, index: int) -> QLayoutItem | None:
        return self._items.pop(index) if 0 <= index < len(self._items) else None

    def expandingDirections(self) -> Qt.Orientation:
        return Qt.Orientation(0)

    def hasHeightForWidth(self) -> bool:
        return True

    def heightForWidth(self, width: int) -> int:
        return self._place(QRect(0, 0, width, 0), move=False)

    def setGeometry(self, rect: QRect) -> None:
        super().setGeometry(rect)
        self._place(rect, move=True)

    def sizeHint(self) -> QSize:
        widths = [item.sizeHint().width() for item in self._items if not item.isEmpty()]
        height = max((item.sizeHint().height() for item in self._items), default=0)
        return QSize(sum(widths) + self.spacing() * max(len(widths) - 1, 0), height)

    def minimumSize(self) -> QSize:
        size = QSize()
        for item in self._items:
            size = size.expandedTo(item.minimumSize())
        return size

    def _place(self, rect: QRect, *, move: bool) -> int:
        x, y, tallest = rect.x(), rect.y(), 0
        for item in self._items:
            if item.isEmpty():
                continue
            hint = item.sizeHint()
            if x > rect.x() and x + hint.width() > rect.x() + rect.width():
                x, y, tallest = rect.x(), y + tallest + theme.GAP_TIGHT, 0
            if move:
                item.setGeometry(QRect(QPoint(x, y), hint))
            x += hint.width() + self.spacing()
            tallest = max(tallest, hint.height())
        return y + tallest - rect.y()


class _Options(QWidget):
    """The buttons of one group behind a single focus stop."""

    touched = Signal(str)

    def __init__(self, parent: QWidget, *, digits: bool) -> None:
        super().__init__(parent)
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Minimum)
        self.setMinimumHeight(theme.CONTROL_HEIGHT)
        self._flow = FlowLayout(self, theme.GAP_TIGHT)
        self._digits = digits
        self._buttons: list[QPushButton] = []
        self._codes: list[str] = []
        self._keys: dict[str, int] = {}
        self._cursor = 0
        self._typed = ""
        self._since = QElapsedTimer()

    def fill(self, entries: Sequence[tuple[str, str]]) -> None:
        while item := self._flow.takeAt(0):
            # Gone from sight at once, also where the loop deletes it later.
            item.widget().hide()
            item.widget().deleteLater()
        self._codes = [code for code, _ in entries]
        numeric = all(code.isascii() and code.isdigit() and len(code) <= 2 for code in self._codes)
        self._keys = {}
        self._buttons = []
        for position, (code, label) in enumerate(entries):
            key = code if numeric else str(position + 1)
            self._keys[key.lstrip("0") or "0"] = position
            shown = label.replace("&", "&&")
            button = QPushButton(f"{key} {shown}" if self._digits else shown, self)
            button.setCheckable(True)
            button.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            button.setAccessibleName(label)
            dress(button, kind="option")
            # A chosen option is written in semibold, which is wider.
            chosen = QFontMetrics(theme.font(semibold=True)).horizontalAdvance(button.text())
            button.setMinimumWidth(chosen + 2 * theme.GAP_FIELD)
            button.clicked.connect(lambda _=False, at=position: self._choose(at))
            self._buttons.append(button)
            self._flow.addWidget(button)
            if self.isVisible():
                # In its look before it is measured: on a shown page no later resize mends it.
                button.show()
                button.ensurePolished()
        self._cursor = 0
        self._fit()

    def resizeEvent(self, event: QResizeEvent) -> None:
        # A flow's height depends on its width, which grids around it do not pass on.
        super().resizeEvent(event)
        self._fit()

    def _fit(self) -> None:
        if not self.testAttribute(Qt.WidgetAttribute.WA_WState_Polished):
            return  # measured when it gets its width: now all buttons would be dressed for nothing
        self.setMinimumHeight(max(self._flow.heightForWidth(self.width()), theme.CONTROL_HEIGHT))

    def show_chosen(self, chosen: Iterable[str]) -> None:
        wanted = set(chosen)
        for code, button in zip(self._codes, self._buttons, strict=True):
            button.setChecked(code in wanted)

    def mark(self, state: str) -> None:
        for button in self._buttons:
            dress(button, state=state)

    def button(self, code: str) -> QPushButton:
        return self._buttons[self._codes.index(code)]

    def _choose(self, position: int) -> None:
        self._move(position)
        self.touched.emit(self._codes[position])

    def _move(self, position: int) -> None:
        self._cursor = position
        for at, button in enumerate(self._buttons):
            here = at == position and self.hasFocus()
            dress(button, here="true" if here else "false")

    def _digit(self, digit: str) -> None:
        second = self._typed + digit
        fast = self._since.isValid() and self._since.elapsed() < _SECOND_DIGIT_MS
        if self._typed and fast and second in self._keys:
            # "1" was already taken as the first code: take it back, then choose "12".
            if self._typed in self._keys:
                self.touched.emit(self._codes[self._keys[self._typed]])
            self._typed = ""
            self._choose(self._keys[second])
            return
        self._typed = digit
        self._since.restart()
        if digit in self._keys:
            self._choose(self._keys[digit])

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        text = half_width(event.text())
        forward = (Qt.Key.Key_Right, Qt.Key.Key_Down)
        backward = (Qt.Key.Key_Left, Qt.Key.Key_Up)
        if self._buttons and len(text) == 1 and text.isascii() and text.isdigit():
            self._digit(text)
        elif self._buttons and key in forward:
            self._move((self._cursor + 1) % len(self._buttons))
        elif self._buttons and key in backward:
            self._move((self._cursor - 1) % len(self._buttons))
        elif self._buttons and key == Qt.Key.Key_Space:
            self._choose(self._cursor)
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        checked = [at for at, button in enumerate(self._buttons) if button.isChecked()]
        if self._buttons:
            self._move(checked[0] if checked else min(self._cursor, len(self._buttons) - 1))

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        for button in self._buttons:
            dress(button, here="false")


class ChoiceField(Field):
    """One code, or several with ``multiple``, of a list of ``(code, label)``.

    ``value()`` is the code or None; with ``multiple`` a tuple of codes in list order.
    ``exclusive`` codes clear the others and the others clear them.
    """

    def __init__(
        self,
        key: str,
        label: str,
        entries: Sequence[tuple[str, str]],
        *,
        multiple: bool = False,
        exclusive: Iterable[str] = (),
        digits: bool = True,
        **common: Any,
    ) -> None:
        super().__init__(key, label, **common)
        self._multiple = multiple
        self._exclusive = frozenset(exclusive)
        self._chosen: list[str] = []
        self.options = _Options(self, digits=digits)
        self._set_editor(self.options)
        self.options.touched.connect(self._toggle)
        self.set_entries(entries)

    def set_entries(self, entries: Sequence[tuple[str, str]]) -> None:
        """Offer another list; choices that it no longer holds are dropped."""
        self._entries = list(entries)
        self.options.fill(self._entries)
        codes = {code for code, _ in self._entries}
        self._chosen = [code for code in self._chosen if code in codes]
        self._show()

    def value(self) -> Any:
        if self._multiple:
            return tuple(code for code, _ in self._entries if code in self._chosen)
        return self._chosen[0] if self._chosen else None

    def set_value(self, value: Any) -> None:
        codes = {code for code, _ in self._entries}
        wanted = [] if value is None else [value] if isinstance(value, str) else list(value)
        self._chosen = [code for code in wanted if code in codes]
        self._show()
        self._edited()

    def raw(self) -> Any:
        return list(self._chosen)

    def restore(self, raw: Any) -> None:
        self.set_value(raw or [])

    def labels(self) -> list[str]:
        """The words of what is chosen."""
        return [label for code, label in self._entries if code in self._chosen]

    def show_problem(self, message: str, tone: theme.Tone = "danger") -> None:
        super().show_problem(message, tone)
        self.options.mark(tone)

    def clear_problem(self) -> None:
        super().clear_problem()
        self.options.mark("")

    def _toggle(self, code: str) -> None:
        if code in self._chosen:
            self._chosen.remove(code)
        elif not self._multiple or code in self._exclusive:
            self._chosen = [code]
        else:
            self._chosen = [kept for kept in self._chosen if kept not in self._exclusive]
            self._chosen.append(code)
        self._show()
        self._edited()

    def _show(self) -> None:
        self.options.show_chosen(self._chosen)
        self.options.setAccessibleDescription("、".join(self.labels()))


class ListField(Field):
    """One code of a long list, in a drop-down list; ``value()``: code.

    Typing jumps to a line. Where codes are numbers the lines begin with them, so that digits
    choose as they do everywhere else.
    """

    def __init__(
        self,
        key: str,
        label: str,
        entries: Sequence[tuple[str, str]],
        *,
        width: int | None = None,
        **common: Any,
    ) -> None:
        super().__init__(key, label, **common)
        self.combo = ElidedCombo(self)
        self.combo.setMinimumContentsLength(6)
        self.combo.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        if width is not None:
            self.combo.setFixedWidth(width)
        self._set_editor(self.combo, stretch=width is None)
        self.set_entries(entries)
        self.combo.currentIndexChanged.connect(self._edited)

    def set_entries(self, entries: Sequence[tuple[str, str]]) -> None:
        kept = self.value()
        blocked = self.combo.blockSignals(True)
        self.combo.clear()
        self.combo.addItem(tr("(not chosen)"), None)
        for (code, _), text in zip(entries, numbered(entries), strict=True):
            self.combo.addItem(text, code)
        self.combo.setCurrentIndex(max(self.combo.findData(kept), 0))
        self.combo.blockSignals(blocked)

    def value(self) -> str | None:
        code = self.combo.currentData()
        return None if code is None else str(code)

    def set_value(self, value: Any) -> None:
        self.combo.setCurrentIndex(0 if value is None else max(self.combo.findData(value), 0))

    def raw(self) -> Any:
        return self.value()

    def restore(self, raw: Any) -> None:
        self.set_value(raw)
