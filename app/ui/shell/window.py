"""The window: first set-up or sign-in, then the frame of whoever is signed in.

The store is opened once, by the first person who signs in, and stays open until the window is
closed: a locked screen or another person must not stop the sync from delivering.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QApplication, QMainWindow, QWidget

from app.errors import EnvironmentFault
from app.i18n import tr
from app.models import keyring
from app.ui import qt_words, theme
from app.ui.preferences import Preferences
from app.ui.sign_in.view import SignInPage
from app.ui.tasks import TaskRunner, Tasks
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import EmptyState

if TYPE_CHECKING:
    from PySide6.QtGui import QCloseEvent

    from app.care.first_setup import SignedIn
    from app.models.actor import Actor
    from app.models.store import Store
    from app.ui.shell.frame import Frame
    from app.ui.sign_in.idle import IdleWatch
    from app.ui.sync.bridge import SyncBridge

_BACKUP_AFTER_MS = 60_000
_BREATH = 0.005
#: Room that Windows takes for the title of a window, in pixels.
_TITLE_BAR = 32


class MainWindow(QMainWindow):
    """One window a process. ``entered``: somebody works in the frame; ``gated``: nobody does."""

    entered = Signal()
    gated = Signal()

    def __init__(self, folder: Path, preferences: Preferences, tasks: Tasks | None = None) -> None:
        super().__init__()
        self.folder = folder
        self.preferences = preferences
        self.tasks: Tasks = tasks if tasks is not None else TaskRunner()
        self.store: Store | None = None
        self.frame: Frame | None = None
        self.gate: QWidget | None = None
        self._sync: Any = None
        self._bridge: SyncBridge | None = None
        self._organisation = ""
        self._actor: Actor | None = None
        self._login = ""
        self.idle: IdleWatch | None = None
        #: Called on a background thread before the store is opened.
        self.before_opening: Callable[[], None] = lambda: None
        #: The program is to be started again when the window is closed.
        self.starts_again = False
        # Never the name of a person: titles stand in task bars and in pictures of the screen.
        self.setWindowTitle(tr("Township Care"))
        self.setMinimumSize(theme.WINDOW_MINIMUM_WIDTH, theme.WINDOW_MINIMUM_HEIGHT)
        self.resize(theme.SCREEN_WIDTH, theme.SCREEN_HEIGHT)
        self._show_gate()

    def show_fitting(self) -> None:
        """As large as designed; over the whole screen where title and task bar leave less."""
        room = self.screen().availableGeometry()
        if room.width() > theme.SCREEN_WIDTH and room.height() > theme.SCREEN_HEIGHT + _TITLE_BAR:
            self.show()
        else:
            self.showMaximized()

    # -- the gate ---------------------------------------------------------------------------

    def _show_gate(self, *, locked: bool = False) -> None:
        if not keyring.exists(self.folder):
            self._set_gate(self._set_up_page())
            return
        try:
            ring = keyring.load(self.folder)
        except EnvironmentFault as fault:
            way_out = Button(tr("Put a backup back…"), lambda: self.restore_backup(None))
            self._set_gate(EmptyState(str(fault), icon_name="error-warning-line", action=way_out))
            return
        page = SignInPage(
            self._organisation or ring.organisation_name,
            ring.accounts(),
            self._unlock,
            self.tasks,
            locked=locked,
            chosen=self._login,
        )
        page.unlocked.connect(self._on_unlocked)
        page.recovery_wanted.connect(self._recover)
        page.restore_wanted.connect(lambda: self.restore_backup(None))
        self._set_gate(page)

    def _set_up_page(self) -> QWidget:
        from app.ui.sign_in.setup import SetUpPage

        page = SetUpPage(self.folder, self.tasks)
        page.finished.connect(self._on_signed_in)
        return page

    def _set_gate(self, page: QWidget) -> None:
        """Put the gate in front; a frame behind it is kept, out of sight and out of reach."""
        if self.frame is not None and self.centralWidget() is self.frame:
            self.takeCentralWidget()
            self.frame.setParent(None)
            self.frame.hide()
        self.gate = page
        self.setCentralWidget(page)
        if self.idle is not None:
            self.idle.stop()
        self.gated.emit()

    def _unlock(self, login: str, password: str) -> Any:
        """On a background thread: the first sign-in opens the store, later ones only change who."""
        from app.care.accounts import sign_in, switch_user

        if self.store is None:
            self.before_opening()
            return login, sign_in(self.folder, login, password)
        return login, switch_user(self.store, login, password)

    def _on_unlocked(self, result: Any) -> None:
        login, opened = result
        same = self._login == login and self._actor is not None
        self._login = login
        if self.store is None:
            self._on_signed_in(opened)
        elif same and self._actor == opened and self.frame is not None:
            self._resume()
        else:
            self._enter(opened)

    def _recover(self, login: str) -> None:
        from app.ui.sign_in.recovery import RecoveryDialog

        accounts = keyring.load(self.folder).accounts()
        dialog = RecoveryDialog(self.folder, accounts, self.tasks, login, self)
        dialog.reset.connect(self._on_reset)
        dialog.open()

    def _on_reset(self, login: str) -> None:
        self._login = login
        self._show_gate(locked=self.store is not None)
        self.activateWindow()
        if isinstance(self.gate, SignInPage):
            self.gate.strip.say(
                tr("The new password is set. Sign in with it."), "confirmed", closable=False
            )

    # -- backups ----------------------------------------------------------------------------

    def restore_backup(self, path: Path | None = None) -> None:
        """Ask which backup is to be put back; the store is closed before it is touched."""
        from app.ui.sign_in.restore import RestoreDialog

        dialog = RestoreDialog(self.folder, self.tasks, self._release, path, self)
        dialog.restored.connect(self._on_restored)
        dialog.open()

    def _release(self) -> None:
        """Nobody works any more and nothing holds the store."""
        self._shut_store()
        self._actor = None
        self._show_gate()

    def _on_restored(self, message: str) -> None:
        self._show_gate()
        self.activateWindow()
        if isinstance(self.gate, SignInPage):
            self.gate.strip.say(message, "confirmed", closable=False)

    def _back_up_daily(self) -> None:
        """The backup of the day, some time after the sign-in, when the first work is done."""
        from app.care.backups import daily_backup

        store = self.store
        if store is None:
            return
        self.tasks.run(
            daily_backup,
            store,
            breathe=lambda: time.sleep(_BREATH),
            stopping=lambda: self.store is not store,
            # Why one could not be made stands in the settings; it must not stop the work.
            failed=lambda error: None,
        )

    # -- working ----------------------------------------------------------------------------

    def _on_signed_in(self, signed_in: SignedIn) -> None:
        self.store = signed_in.store
        self._organisation = signed_in.organisation_name
        if not self._login:
            self._login = self._login_of(signed_in.actor.staff_id)
        self._start_sync()
        self._enter(signed_in.actor)
        QTimer.singleShot(_BACKUP_AFTER_MS, self, self._back_up_daily)

    def _login_of(self, staff_id: str) -> str:
        accounts = keyring.load(self.folder).accounts()
        return next((one.login for one in accounts if one.staff_id == staff_id), "")

    def _start_sync(self) -> None:
        from app.ui.sync.bridge import SyncBridge
        from app.ui.sync.service import start_service

        assert self.store is not None
        self._sync = start_service(self.store)
        self._bridge = SyncBridge(self._sync, self)

    def _enter(self, actor: Actor) -> None:
        from app.ui.context import UiContext
        from app.ui.shell.frame import Frame

        assert self.store is not None
        self._drop_frame()
        self._actor = actor
        context = UiContext(self.store, actor, self.tasks, self._sync)
        context.preferences_changed.connect(self._on_preferences)
        context.restore_wanted.connect(self.restore_backup)
        context.start_again_wanted.connect(self.start_again)
        self.frame = Frame(context, self._organisation, self._bridge)
        context.setParent(self.frame)
        self.frame.lock_wanted.connect(self.lock)
        self.frame.switch_wanted.connect(self.switch)
        self._resume()
        self.frame.go("today")

    def _resume(self) -> None:
        assert self.frame is not None
        self.gate = None
        self.setCentralWidget(self.frame)
        self.frame.show()
        self._watch()
        self.entered.emit()

    def _watch(self) -> None:
        """Count the quiet minutes of whoever works now."""
        from app.ui.sign_in.idle import IdleWatch

        if self.idle is None:
            self.idle = IdleWatch(self.preferences.idle_minutes, self)
            self.idle.idle.connect(self.lock)
            application = QApplication.instance()
            if application is not None:
                application.installEventFilter(self.idle)
        self.idle.start()

    def lock(self) -> None:
        """Hide everything behind the sign-in page; what was open stays open for the same person."""
        if self.frame is None or self.gate is not None:
            return
        for dialog in QApplication.topLevelWidgets():
            if dialog is not self and dialog.isVisible() and dialog.isModal():
                dialog.close()
        self.frame.leave()
        self._show_gate(locked=True)

    def switch(self) -> None:
        """Another person takes over; forms of the first are kept as drafts."""
        self.lock()

    def _drop_frame(self) -> None:
        if self.frame is not None:
            self.frame.close_frame()
            self.frame.setParent(None)
            self.frame.deleteLater()
            self.frame = None

    def _on_preferences(self, preferences: Preferences) -> None:
        """The settings of this PC changed: the look at once, the language with a new frame."""
        from app.i18n import language, set_language

        self.preferences = preferences
        if self.idle is not None:
            self.idle.set_minutes(preferences.idle_minutes)
        application = QApplication.instance()
        if isinstance(application, QApplication):
            theme.apply(application, high_contrast=preferences.high_contrast)
        if preferences.language != language():
            set_language(preferences.language)
            qt_words.speak()
            self.setWindowTitle(tr("Township Care"))
        if self._actor is not None:
            self._enter(self._actor)
            assert self.frame is not None
            self.frame.go("settings")

    def say_at_the_gate(self, text: str) -> None:
        """A sentence above the sign-in of whoever comes first."""
        if isinstance(self.gate, SignInPage):
            self.gate.strip.say(text, "attention", closable=False)

    # -- the end ----------------------------------------------------------------------------

    def start_again(self) -> None:
        """Close and start again, with the newest version. Whoever asks has made sure that
        nothing is left unsaved."""
        self.starts_again = True
        self.close()

    def closeEvent(self, event: QCloseEvent) -> None:
        self.shut()
        super().closeEvent(event)

    def shut(self) -> None:
        """Keep drafts, stop the sync, wait for running work, close the store. May be repeated."""
        if self.idle is not None:
            self.idle.stop()
        self._shut_store()

    def _shut_store(self) -> None:
        self._drop_frame()
        if self._bridge is not None:
            self._bridge.close()
            self._bridge = None
        if self._sync is not None:
            self._sync.stop()
            self._sync = None
        store, self.store = self.store, None
        self.tasks.wait()
        if store is not None:
            from app.care.backups import close_store

            close_store(store)
