"""Form fields: a label, an editor, a unit, last time's value in grey, and room for one sentence.

All share ``Field``: ``raw`` and ``restore`` are for drafts, ``problem`` says what cannot be taken.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from functools import cached_property
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPlainTextEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.care.parsing import clean_text
from app.i18n import tr
from app.ui import theme
from app.ui.style import dress, set_shown
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.cards import PlainLabel


class Field(QWidget, metaclass=AbstractWidget):
    """Base of all form fields. ``changed``: the content changed; ``left``: the person moved on."""

    changed = Signal()
    left = Signal()

    def __init__(
        self,
        key: str,
        label: str,
        *,
        required: bool = False,
        stacked: bool = False,
        label_width: int = theme.LABEL_WIDTH,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.key = key
        self.label = label
        self.required = required
        self._stacked = stacked
        self._restoring = False
        # Made in its place and not shown by name: a widget that changes its parent, or that is
        # measured before it has one, is dressed by the style sheet once more with all below it.
        self._caption = QLabel(self)
        self._caption.setWordWrap(not stacked)
        self._caption.setMinimumHeight(theme.CONTROL_HEIGHT if not stacked else 0)
        self._line = QHBoxLayout()
        self._line.setContentsMargins(0, 0, 0, 0)
        self._line.setSpacing(theme.GAP_INSIDE)
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(theme.GAP_INSIDE)
        grid.setVerticalSpacing(theme.GAP_TIGHT)
        if stacked:
            grid.addWidget(self._caption, 0, 0)
            grid.addLayout(self._line, 1, 0)
        else:
            if label:
                self._caption.setFixedWidth(label_width)
            grid.addWidget(self._caption, 0, 0, Qt.AlignmentFlag.AlignTop)
            grid.addLayout(self._line, 0, 1)
            grid.setColumnStretch(1, 1)
        self._parts_grid = grid
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Maximum)
        self.set_label(label)

    # -- built by the subclasses ------------------------------------------------------------

    def _set_editor(self, editor: QWidget, *, stretch: bool = True) -> None:
        self._editor = editor
        self._line.insertWidget(0, editor, 1 if stretch else 0)
        if not stretch:
            self._line.addStretch(1)
        self._caption.setBuddy(editor)
        self.setFocusProxy(editor)
        editor.installEventFilter(self)
        self._name_editor()

    # Most fields never show one of these three: they are made with their first text.

    @cached_property
    def _unit(self) -> QLabel:
        made = QLabel(self)
        dress(made, kind="secondary")
        self._line.insertWidget(1, made)
        return made

    @cached_property
    def _last(self) -> QLabel:
        made = PlainLabel(parent=self)
        dress(made, kind="hint")
        self._line.insertWidget(2 if self._has("_unit") else 1, made)
        return made

    @cached_property
    def _message(self) -> QLabel:
        made = PlainLabel(parent=self)
        made.setWordWrap(True)
        dress(made, kind="hint")
        self._parts_grid.addWidget(made, *((2, 0) if self._stacked else (1, 1)))
        return made

    def _has(self, part: str) -> bool:
        return part in self.__dict__

    def _name_editor(self) -> None:
        editor = getattr(self, "_editor", None)
        if editor is not None:
            unit = self._unit.text() if self._has("_unit") else ""
            name = f"{self.label} ({unit})" if unit else self.label
            editor.setAccessibleName(name or editor.accessibleName() or self.key)

    # -- for everybody ----------------------------------------------------------------------

    @property
    def editor(self) -> QWidget:
        """The control that takes the focus."""
        return self._editor

    def set_label(self, label: str) -> None:
        self.label = label
        # "&" would make a shortcut of the next letter.
        shown = label.replace("&", "&&")
        if self.required:
            star = theme.colours().danger
            shown = f'{shown} <span style="color:{star}">*</span>'
        self._caption.setText(shown)
        set_shown(self._caption, bool(label))
        self._name_editor()

    def set_required(self, required: bool) -> None:
        if required is not self.required:
            self.required = required
            self.set_label(self.label)

    def set_unit(self, unit: str) -> None:
        if unit or self._has("_unit"):
            self._unit.setText(unit)
            set_shown(self._unit, bool(unit))
        self._name_editor()

    def set_last(self, text: str) -> None:
        """Last time's value, in grey beside the field; empty hides it. Never put into the field."""
        shown = tr("last: {value}").format(value=text) if text else ""
        if shown or self._has("_last"):
            self._last.setText(shown)
            set_shown(self._last, bool(shown))
        self._editor.setAccessibleDescription(shown)

    @abstractmethod
    def value(self) -> Any:
        """The content as a typed value, None when blank or unreadable (see ``problem``)."""

    @abstractmethod
    def set_value(self, value: Any) -> None:
        """Show a typed value; None empties the field."""

    def is_blank(self) -> bool:
        return self.raw() in (None, "", [])

    @abstractmethod
    def raw(self) -> Any:
        """What stands in the field, as plain JSON data, for a draft."""

    @abstractmethod
    def restore(self, raw: Any) -> None:
        """Put back what ``raw`` gave."""

    def clear(self) -> None:
        self.set_value(None)
        self.clear_problem()

    def problem(self) -> str | None:
        """Why the content cannot be saved, as a plain sentence; None when it can."""
        if self.required and self.is_blank():
            return tr("This is required.")
        return None

    def needs_confirmation(self) -> bool:
        """The value is possible but unusual, and the person has not yet confirmed it."""
        return False

    def take_enter(self) -> bool:
        """Enter was pressed: True keeps the focus here (an unusual value wants a second Enter)."""
        return False

    def show_problem(self, message: str, tone: theme.Tone = "danger") -> None:
        """Mark the field and say the sentence below it."""
        dress(self._editor, state=tone)
        dress(self._message, tone=tone)
        self._message.setText(message)
        set_shown(self._message, shown=True)
        # Once the layouts know of the sentence, and with them its width.
        QTimer.singleShot(0, self, self._make_room)

    def _make_room(self) -> None:
        """A sentence of several lines is whole: by itself Qt gives a field its height of one."""
        needed = self._message.heightForWidth(self._message.width())
        if not self._message.isHidden() and needed > self._message.height():
            self._message.setMinimumHeight(needed)

    def clear_problem(self) -> None:
        dress(self._editor, state="")
        if self._has("_message"):
            set_shown(self._message, shown=False)
            self._message.setText("")
            self._message.setMinimumHeight(0)

    def message(self) -> str:
        """The sentence shown below the field, empty when none is."""
        return self._message.text() if self._has("_message") else ""

    # -- inner ------------------------------------------------------------------------------

    def _edited(self) -> None:
        self.clear_problem()
        self.changed.emit()

    def _tidy(self) -> None:
        """The person moves on: write the content in its clean form, say what is wrong with it."""
        if self.is_blank():
            # A gap that a save has already named stays named until it is filled.
            if self.message() != self.problem():
                self.clear_problem()
            return
        message = self.problem()
        if message:
            self.show_problem(message)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # While the field is being deleted its editor may be gone already.
        editor = self.__dict__.get("_editor")
        if event.type() == QEvent.Type.FocusOut and watched is editor:
            reason = event.reason() if isinstance(event, QFocusEvent) else None
            if reason != Qt.FocusReason.PopupFocusReason:
                self._tidy()
                self.left.emit()
        return super().eventFilter(watched, event)


class _LineField(Field):
    """A field whose editor is one line of text."""

    def _build_line(self, *, width: int | None = None, placeholder: str = "") -> None:
        line = QLineEdit(self)
        line.setPlaceholderText(placeholder)
        if width is not None:
            line.setFixedWidth(width)
        self._set_editor(line, stretch=width is None)
        line.textEdited.connect(self._edited)
        self.line = line

    def text(self) -> str:
        return self.line.text()

    def raw(self) -> Any:
        return self.line.text()

    def restore(self, raw: Any) -> None:
        self.line.setText("" if raw is None else str(raw))
        self._edited()

    def set_read_only(self, read_only: bool) -> None:
        self.line.setReadOnly(read_only)
        dress(self.line)
        self.line.style().polish(self.line)


class TextField(_LineField):
    """One line of free text. ``value()`` is the cleaned text, None when blank.

    ``check`` gets the cleaned text and returns a sentence when it cannot be taken.
    """

    def __init__(
        self,
        key: str,
        label: str,
        *,
        limit: int = 200,
        width: int | None = None,
        placeholder: str = "",
        password: bool = False,
        check: Callable[[str], str | None] | None = None,
        **common: Any,
    ) -> None:
        super().__init__(key, label, **common)
        self._limit = limit
        self._check = check
        self._password = password
        self._build_line(width=width, placeholder=placeholder)
        if password:
            self.line.setEchoMode(QLineEdit.EchoMode.Password)
            self.line.setInputMethodHints(
                Qt.InputMethodHint.ImhHiddenText | Qt.InputMethodHint.ImhNoPredictiveText
            )

    def value(self) -> str | None:
        text = self.line.text() if self._password else clean_text(self.line.text())
        return text or None

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else str(value))
        self.changed.emit()

    def problem(self) -> str | None:
        message = super().problem()
        if message:
            return message
        text = self.value()
        if text is None:
            return None
        if len(text) > self._limit:
            return tr("At most {limit} characters fit here; this has {count}.").format(
                limit=self._limit, count=len(text)
            )
        return self._check(text) if self._check else None

    def _tidy(self) -> None:
        if not self._password:
            clean = self.value() or ""
            if clean != self.line.text():
                self.line.setText(clean)
        super()._tidy()


class _PlainText(QPlainTextEdit):
    """Tab leaves the box; Ctrl+Enter moves on as Enter does in one-line fields."""

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent)
        self.setTabChangesFocus(True)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        enter = event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        if enter and event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            event.ignore()
            return
        super().keyPressEvent(event)


class TextArea(Field):
    """Several lines of free text; Ctrl+Enter or Tab moves on. ``value()`` is None when blank."""

    def __init__(
        self, key: str, label: str, *, lines: int = 3, limit: int = 2000, **common: Any
    ) -> None:
        super().__init__(key, label, **common)
        self._limit = limit
        self.box = _PlainText(self)
        self._set_editor(self.box)
        height = self.box.fontMetrics().lineSpacing() * lines + 2 * theme.GAP_INSIDE + 4
        self.box.setFixedHeight(height)
        self.box.textChanged.connect(self._edited)

    def value(self) -> str | None:
        lines = [clean_text(line) for line in self.box.toPlainText().splitlines()]
        return "\n".join(lines).strip() or None

    def set_value(self, value: Any) -> None:
        self.box.setPlainText("" if value is None else str(value))

    def raw(self) -> Any:
        return self.box.toPlainText()

    def restore(self, raw: Any) -> None:
        self.set_value(raw)

    def problem(self) -> str | None:
        message = super().problem()
        text = self.value()
        if message is None and text is not None and len(text) > self._limit:
            return tr("At most {limit} characters fit here; this has {count}.").format(
                limit=self._limit, count=len(text)
            )
        return message


def stack(*widgets: QWidget, spacing: int = theme.GAP_FIELD) -> QVBoxLayout:
    """A column of fields at the distance of the grid."""
    column = QVBoxLayout()
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(spacing)
    for widget in widgets:
        column.addWidget(widget)
    return column
