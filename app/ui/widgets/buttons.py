"""Buttons by their weight: one primary a page, others plain, quiet or dangerous."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

# ``QtCore.Qt`` is touched only when a key comes: its enumerations cost 20 ms of the start.
from PySide6 import QtCore
from PySide6.QtCore import QSize
from PySide6.QtWidgets import QPushButton

from app.i18n import tr
from app.ui import theme
from app.ui.icons import icon
from app.ui.style import dress

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent


class Button(QPushButton):
    """A plain button with a word, an optional icon and an optional shortcut (told in the tip)."""

    _kind = ""
    _icon_colour = "text_secondary"
    #: The shortcut as people read it, empty when there is none.
    keys = ""

    def __init__(
        self,
        text: str,
        pressed: Callable[[], object] | None = None,
        *,
        icon_name: str = "",
        shortcut: str = "",
        tip: str = "",
    ) -> None:
        super().__init__(text.replace("&", "&&"))
        dress(self, kind=self._kind)
        self.setAutoDefault(False)
        self.setAccessibleName(text)
        if icon_name:
            self.setIcon(icon(icon_name, self._icon_colour))
            self.setIconSize(QSize(theme.ICON, theme.ICON))
        self._tells_text = bool(shortcut) and not tip
        if shortcut:
            from PySide6.QtGui import QKeySequence, QShortcut

            # Not the button's own shortcut: that one waits 100 ms to look pressed.
            QShortcut(QKeySequence(shortcut), self).activated.connect(self.click)
            keys = QKeySequence(shortcut).toString(QKeySequence.SequenceFormat.NativeText)
            self.keys = keys
            tip = tr("{what} ({keys})").format(what=tip or text, keys=keys)
        if tip:
            self.setToolTip(tip)
        if pressed is not None:
            self.clicked.connect(lambda: pressed())

    def setText(self, text: str) -> None:
        """Another word; its name for readers and its tip follow."""
        super().setText(text.replace("&", "&&"))
        self.setAccessibleName(text)
        if self._tells_text:
            self.setToolTip(tr("{what} ({keys})").format(what=text, keys=self.keys))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        # Qt presses a focused button by Space only; people press Enter.
        enter = (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter)
        if event.key() in enter and not event.isAutoRepeat():
            self.click()
            return
        super().keyPressEvent(event)


class PrimaryButton(Button):
    """The one main action of a page, bottom right. ``shortcut`` defaults to Ctrl+S (save)."""

    _kind = "primary"
    _icon_colour = "on_accent"

    def __init__(
        self,
        text: str,
        pressed: Callable[[], object] | None = None,
        *,
        icon_name: str = "",
        shortcut: str = "Ctrl+S",
        tip: str = "",
    ) -> None:
        super().__init__(text, pressed, icon_name=icon_name, shortcut=shortcut, tip=tip)


class QuietButton(Button):
    """A button without a frame, for secondary actions in headers and lists."""

    _kind = "quiet"


class LinkButton(Button):
    """Looks like a link."""

    _kind = "link"
    _icon_colour = "accent"


class DangerButton(Button):
    """An action that takes something away or concerns a danger to a person."""

    _kind = "danger"
    _icon_colour = "danger"


class AlarmButton(Button):
    """The one button of an emergency: filled red, only where a person is in danger."""

    _kind = "alarm"
    _icon_colour = "on_accent"
