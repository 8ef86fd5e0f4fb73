"""Keys that are typed while a form is still on its way to the screen go into it when it is here."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractSpinBox,
    QApplication,
    QComboBox,
    QLineEdit,
    QPlainTextEdit,
    QTextEdit,
    QWidget,
)

_COMMANDS = (
    Qt.KeyboardModifier.ControlModifier
    | Qt.KeyboardModifier.AltModifier
    | Qt.KeyboardModifier.MetaModifier
)
_EDITORS = (QLineEdit, QTextEdit, QPlainTextEdit, QAbstractSpinBox, QComboBox)
_KEYS = (QEvent.Type.KeyPress, QEvent.Type.KeyRelease)


class EarlyKeys(QObject):
    """``hold`` when the form is asked for, ``let_go`` once it has the focus, ``drop`` if it does
    not come. Keys with Ctrl or Alt, Esc, and keys of other windows are nobody's to hold, nor are
    those of somebody who meanwhile went to write elsewhere.
    """

    def __init__(self, page: QWidget) -> None:
        super().__init__(page)
        self._page = page
        self._kept: list[QKeyEvent] = []
        self._holding = False
        self._from: QWidget | None = None

    @property
    def elsewhere(self) -> bool:
        """Whether somebody who typed nothing for the form went to another field meanwhile."""
        focused = QApplication.focusWidget()
        return (
            self._holding
            and not self._kept
            and isinstance(focused, _EDITORS)
            and focused is not self._from
            and not self._page.isAncestorOf(focused)
        )

    def hold(self) -> None:
        """From now on, until ``let_go`` or ``drop``."""
        self._kept = []
        self._from = QApplication.focusWidget()
        if not self._holding:
            self._holding = True
            _application().installEventFilter(self)

    def drop(self) -> None:
        """Forget what was held."""
        self._kept = []
        if self._holding:
            self._holding = False
            _application().removeEventFilter(self)

    @contextmanager
    def aside(self) -> Iterator[None]:
        """While the page is worked at in one go no key can come, and each of the many things that
        happen to its parts need not be looked at here."""
        _application().removeEventFilter(self)
        try:
            yield
        finally:
            if self._holding:
                _application().installEventFilter(self)

    def let_go(self) -> None:
        """What was held goes to whatever has the focus at each key, as it does when typed now."""
        kept = self._kept
        self.drop()
        for event in kept:
            focused = QApplication.focusWidget()
            if focused is not None and self._page.isAncestorOf(focused):
                QApplication.sendEvent(focused, event)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if (
            self._holding
            and event.type() in _KEYS
            and isinstance(event, QKeyEvent)
            and isinstance(watched, QWidget)
            and self._page.isVisible()
            and watched.window() is self._page.window()
            and not event.modifiers() & _COMMANDS
            and event.key() != Qt.Key.Key_Escape
            and not self.elsewhere
        ):
            self._kept.append(event.clone())
            return True
        return False


def _application() -> QApplication:
    application = QApplication.instance()
    assert isinstance(application, QApplication)
    return application
