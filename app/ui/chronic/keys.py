"""Fewer keys on the follow-up form: a digit that answers moves on, F2 jumps to what is missing."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QWidget

from app.care.parsing import half_width
from app.i18n import tr
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import Field
from app.ui.widgets.forms import tab_order


def form_keys() -> dict[str, str]:
    """What the keys of the follow-up form do, for the list of F1."""
    return {
        "F2": tr("Next required field that is blank"),
        "F4": tr("Tick danger signs"),
        "F6": tr("Drugs as last visit"),
        "F7": tr("Habits as last visit"),
        "F8": tr("Drugs and habits as last visit"),
        "F9": tr("Refer now"),
        "Ctrl+J": tr("Judge otherwise"),
        "Ctrl+E": tr("Outcome"),
    }


def on_key(page: QWidget, keys: str, act: Callable[[], object], what: str = "") -> QShortcut:
    """``act`` at once when the keys are pressed anywhere on the page; F1 lists them with ``what``.

    (The shortcut of a button acts a tenth of a second later; by then a fast typist's next digit
    has gone into the old field.)
    """
    shortcut = QShortcut(QKeySequence(keys), page)
    shortcut.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    shortcut.setWhatsThis(what)
    shortcut.activated.connect(act)
    return shortcut


class AnswerAndGo(QObject):
    """After a digit has chosen the one answer of a choice, the focus moves to the next field."""

    def __init__(self, container: QWidget, fields: Iterable[ChoiceField]) -> None:
        super().__init__(container)
        self._container = container
        self._fields = {id(field.options): field for field in fields}
        for field in self._fields.values():
            field.options.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and id(watched) in self._fields:
            assert isinstance(event, QKeyEvent)
            text = half_width(event.text())
            if len(text) == 1 and text.isdigit():
                # Done at once, not on the next turn of the event loop: keys that wait in the
                # queue of a slow PC must already find the next field.
                field = self._fields[id(watched)]
                field.options.keyPressEvent(event)
                self._go(field)
                return True
        return super().eventFilter(watched, event)

    def _go(self, field: ChoiceField) -> None:
        if field.value() is None or not field.options.hasFocus():
            return
        order = tab_order(self._container)
        if field.options in order:
            position = order.index(field.options) + 1
            if position < len(order):
                order[position].setFocus(Qt.FocusReason.TabFocusReason)


class TickedOnlyOnPurpose(QObject):
    """A list that danger hangs on: no digit ticks it by accident; Enter goes to ``following``."""

    def __init__(self, field: ChoiceField, following: Field) -> None:
        super().__init__(field)
        self._following = following
        # Enter-through passes by; its own key and the mouse lead here.
        field.options.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        field.options.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if half_width(event.text()).isdigit():
                return True
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
                self._following.setFocus(Qt.FocusReason.TabFocusReason)
                return True
        return super().eventFilter(watched, event)


def next_missing(fields: Iterable[Field], focused: QWidget | None) -> Field | None:
    """The next required and still blank field after the one that has the focus, then from the
    top; None when nothing is missing."""
    open_ones = [field for field in fields if not field.isHidden() and field.isEnabled()]
    here = next(
        (
            at
            for at, field in enumerate(open_ones)
            if focused is not None and (field is focused or field.isAncestorOf(focused))
        ),
        -1,
    )
    ordered = open_ones[here + 1 :] + open_ones[: here + 1]
    return next((field for field in ordered if field.required and field.is_blank()), None)
