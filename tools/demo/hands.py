"""A person at the keyboard of the real program: keys go to whatever has the focus."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QEvent, QEventLoop, Qt
from PySide6.QtGui import QImage, QInputMethodEvent
from PySide6.QtTest import QTest
from PySide6.QtWidgets import QApplication, QPlainTextEdit, QWidget

from app.ui import preferences
from app.ui.garbage import GarbageKeeper
from app.ui.shell.frame import Frame
from app.ui.shell.rooms import ROOMS
from app.ui.shell.window import MainWindow

WAIT_SECONDS = 20.0
#: Between two looks at a page that comes to rest before its picture is taken.
REST_SECONDS = 0.15


class StepFailed(AssertionError):
    """A step of the walk did not come out as it must."""


def application() -> QApplication:
    from app.ui import theme

    running = QApplication.instance() or QApplication(["township-care"])
    assert isinstance(running, QApplication)
    theme.apply(running)
    if running.findChild(GarbageKeeper) is None:
        GarbageKeeper(running)
    return running


def wait(condition: Callable[[], object], what: str, seconds: float = WAIT_SECONDS) -> None:
    """Let the program work until ``condition`` holds."""
    end = time.monotonic() + seconds
    while not condition():
        QApplication.processEvents(QEventLoop.ProcessEventsFlag.AllEvents, 20)
        QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
        if time.monotonic() > end:
            raise StepFailed(f"waited {seconds:.0f} s in vain for: {what}")


def expect(holds: object, what: str) -> None:
    """A step's claim; the walk ends loudly where it is false."""
    if not holds:
        raise StepFailed(what)


class Hands:
    """One program window and the person at it."""

    def __init__(self, folder: Path, pictures: Path) -> None:
        application()
        self.pictures = pictures
        self.window = MainWindow(folder, preferences.load(folder))
        self.window.show()
        self.front()

    @property
    def frame(self) -> Frame:
        if self.window.frame is None:
            raise StepFailed("nobody is signed in")
        return self.window.frame

    def front(self) -> None:
        """Bring the window to the front, as a click on the task bar does."""
        self.window.activateWindow()
        wait(lambda: QApplication.activeWindow() is self.window, "the window in front")

    def focused(self) -> QWidget:
        wait(lambda: QApplication.focusWidget() is not None, self._lost())
        widget = QApplication.focusWidget()
        assert widget is not None
        return widget

    def _lost(self) -> str:
        active = QApplication.activeWindow()
        return f"the keyboard in the window (active: {type(active).__name__})"

    def text(self, text: str) -> None:
        """Keys for Latin letters and digits, the input method for all else."""
        if text.isascii():
            for character in text:
                QTest.keyClicks(self.focused(), character)
                QApplication.processEvents()
        else:
            event = QInputMethodEvent()
            event.setCommitString(text)
            QApplication.sendEvent(self.focused(), event)
            QApplication.processEvents()

    def key(self, key: Qt.Key, *held: Qt.KeyboardModifier) -> None:
        modifiers = Qt.KeyboardModifier.NoModifier
        for each in held:
            modifiers |= each
        QTest.keyClick(self.focused(), key, modifiers)
        QApplication.processEvents()

    def enter(self) -> None:
        """On to the next field; a box of several lines takes Ctrl+Enter."""
        if isinstance(self.focused(), QPlainTextEdit):
            self.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ControlModifier)
        else:
            self.key(Qt.Key.Key_Return)

    def save(self) -> None:
        self.key(Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)

    def to(self, widget: QWidget, most: int = 80) -> None:
        """Enter from field to field until the keyboard is there."""
        for _ in range(most):
            if self.focused() is widget:
                return
            self.enter()
        raise StepFailed("the keyboard does not reach a field")

    def fill(self, widget: QWidget, text: str) -> None:
        """Go to a field by the keyboard and type."""
        self.to(widget)
        self.text(text)

    def room(self, name: str) -> QWidget:
        """Alt and a number: one of the rooms at the left."""
        number = 1 + [place.name for place in ROOMS].index(name)
        key = Qt.Key(Qt.Key.Key_0.value + number)
        self.key(key, Qt.KeyboardModifier.AltModifier)
        wait(lambda: self.frame.here == name, f"the room {name}")
        room = self.frame.room(name)
        assert room is not None
        return room

    def sign_in(self, login: str, password: str) -> None:
        """Choose the tile, type the password, Enter."""
        page: Any = self.window.gate
        tile = next(tile for tile in page.tiles if tile.account.login == login)
        if page.login() != login:
            tile.setFocus(Qt.FocusReason.TabFocusReason)
            self.key(Qt.Key.Key_Return)
        wait(lambda: QApplication.focusWidget() is page.password, "the password's line")
        self.text(password)
        self.key(Qt.Key.Key_Return)
        wait(lambda: self.window.gate is None and self.window.frame is not None, "sign-in")
        wait(lambda: self.frame.here == "today", "the Today page")

    def bar(self) -> str:
        """The sync line at the bottom."""
        return self.frame.bar.text()

    def picture(self, name: str) -> None:
        """Save what the window shows now."""
        self.picture_of(self.window, name)

    def picture_of(self, widget: QWidget, name: str) -> None:
        """Save what a window shows now."""
        self.rest(widget)
        self.pictures.mkdir(parents=True, exist_ok=True)
        if not widget.grab().save(str(self.pictures / f"{name}.png")):
            raise StepFailed(f"the picture {name} cannot be saved")

    def rest(self, widget: QWidget) -> None:
        """Let a window work until it looks the same twice: layouts settle one inside the other, and
        lists come from the background."""
        before = QImage()

        def same() -> bool:
            nonlocal before
            self.window.tasks.wait()
            pause = time.monotonic() + REST_SECONDS
            wait(lambda: time.monotonic() > pause, "a pause")
            now, before = before, widget.grab().toImage()
            return now == before

        wait(same, "the page at rest")

    def close(self) -> None:
        self.window.shut()
        self.window.close()
        self.window.deleteLater()
        QApplication.processEvents()
