"""What holds fields together: their values, their problems, and the way of the Enter key."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QApplication, QLineEdit, QPushButton, QWidget

from app.ui.widgets.fields import Field


class FormFields(QObject):
    """The fields of one form by their keys. ``changed`` when any content changes."""

    changed = Signal()
    left = Signal()

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._fields: dict[str, Field] = {}
        self._quiet = False
        self.touched = False

    def add(self, *fields: Field) -> Any:
        """Take fields in (paper order); returns the first, to write ``x = form.add(XField())``."""
        for field in fields:
            if field.key in self._fields:
                raise ValueError(f"two fields are called {field.key!r}")
            self._fields[field.key] = field
            field.changed.connect(self._on_changed)
            field.left.connect(self.left)
        return fields[0]

    def __getitem__(self, key: str) -> Field:
        return self._fields[key]

    def __iter__(self) -> Iterator[Field]:
        return iter(self._fields.values())

    def __contains__(self, key: object) -> bool:
        return key in self._fields

    def values(self) -> dict[str, Any]:
        return {key: field.value() for key, field in self._fields.items()}

    def problems(self) -> dict[str, str]:
        """What keeps the form from being saved; hidden and disabled fields are not asked."""
        found = {}
        for key, field in self._fields.items():
            if field.isHidden() or not field.isEnabled():
                continue
            message = field.problem()
            if message:
                found[key] = message
        return found

    def check(self) -> bool:
        """Show every problem and go to the first; True when the form can be saved.

        An unusual value that nobody has confirmed stops the first attempt: the field asks, and
        Enter there confirms it. A value that was marked before and left as it is counts as seen.
        """
        for field in self:
            field.clear_problem() if not field.is_blank() and not field.message() else None
        found = self.problems()
        if found:
            self.show_problems(found)
            return False
        for field in self:
            if field.isVisibleTo(field.window()) and field.needs_confirmation():
                if field.message():
                    getattr(field, "confirm", lambda: None)()
                    continue
                field.setFocus()
                field.take_enter()
                return False
        return True

    def show_problems(self, problems: Mapping[str, str]) -> dict[str, str]:
        """Put each sentence under its field, focus the first of the page; returns those of
        unknown fields."""
        marked = [field for key, field in self._fields.items() if key in problems]
        for field in marked:
            field.show_problem(problems[field.key])
        if marked:
            min(marked, key=_place).setFocus()
        return {key: text for key, text in problems.items() if key not in self._fields}

    def raw(self) -> dict[str, Any]:
        """Everything typed, as plain JSON data."""
        return {key: field.raw() for key, field in self._fields.items()}

    def restore(self, raw: Mapping[str, Any]) -> None:
        """Put a draft back; keys of fields that no longer exist are passed over."""
        for key, value in raw.items():
            if key in self._fields:
                self._fields[key].restore(value)

    def is_blank(self) -> bool:
        return all(field.is_blank() for field in self)

    def clear(self) -> None:
        self._quiet = True
        for field in self:
            field.clear()
        self._quiet = False
        self.touched = False

    def _on_changed(self) -> None:
        if not self._quiet:
            self.touched = True
            self.changed.emit()


class FormNavigator(QObject):
    """Enter goes to the next field of ``container``, Shift+Enter back, in Tab order.

    Push buttons are passed over (Tab reaches them); on a button Enter presses it. After the last
    field the focus goes to ``last`` (the primary button) when one is given, and ``finished`` is
    emitted.
    """

    finished = Signal()

    def __init__(self, container: QWidget, last: QPushButton | None = None) -> None:
        super().__init__(container)
        self._container = container
        self._last = last
        container.installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        # Installed on the container only; at the very end of it nothing of self may be left.
        if (
            event.type() == QEvent.Type.KeyPress
            and isinstance(event, QKeyEvent)
            and event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter)
        ):
            return self._enter(back=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        return super().eventFilter(watched, event)

    def _enter(self, *, back: bool) -> bool:
        focused = QApplication.focusWidget()
        if focused is None or not self._container.isAncestorOf(focused):
            return False
        if isinstance(focused, QPushButton):
            focused.click()
            return True
        field = _field_of(focused)
        if not back and field is not None and field.take_enter():
            return True
        following = self._neighbour(focused, back=back)
        if following is not None:
            following.setFocus(
                Qt.FocusReason.BacktabFocusReason if back else Qt.FocusReason.TabFocusReason
            )
        elif not back:
            if self._last is not None and self._last.isEnabled():
                self._last.setFocus(Qt.FocusReason.TabFocusReason)
            self.finished.emit()
        return True

    def _neighbour(self, start: QWidget, *, back: bool) -> QWidget | None:
        """The next stop of the Tab key inside the container; None past its end."""
        order = tab_order(self._container)
        if start not in order:
            return None
        position = order.index(start)
        following = order[:position][::-1] if back else order[position + 1 :]
        return next((stop for stop in following if not isinstance(stop, QPushButton)), None)


def tab_order(container: QWidget) -> list[QWidget]:
    """The widgets of ``container`` at which the Tab key stops, in its order."""
    stops: list[QWidget] = []
    widget = container
    while True:
        widget = widget.nextInFocusChain()
        if widget is container or widget in stops:
            break
        if (
            container.isAncestorOf(widget)
            and widget.focusPolicy() & Qt.FocusPolicy.TabFocus
            and widget.isEnabled()
            and widget.isVisible()
            and widget.focusProxy() is None
            and not (isinstance(widget, QLineEdit) and widget.isReadOnly())
        ):
            stops.append(widget)
    return stops


def _place(field: Field) -> tuple[bool, int, int]:
    """Where a field stands on its page, from above and then from the left; what is not shown
    comes last."""
    window = field.window()
    at = field.mapTo(window, QPoint(0, 0))
    return (not field.isVisibleTo(window), at.y(), at.x())


def _field_of(widget: QWidget | None) -> Field | None:
    while widget is not None:
        if isinstance(widget, Field):
            return widget
        widget = widget.parentWidget()
    return None
