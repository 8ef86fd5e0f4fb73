"""The first start of a new version: how far it came is written down for the starter.

``shown`` when the window is painted and its parts are loaded, ``opening`` before the store is
touched, and at last that somebody works with it. See ``app.update.trial``.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.i18n import tr

if TYPE_CHECKING:
    from app.ui.shell.window import MainWindow


class FirstStart(QObject):
    """Watches the window of a version that is being tried; belongs to it."""

    def __init__(self, window: MainWindow, version: str) -> None:
        super().__init__(window)
        self._folder = window.folder
        self._version = version
        self._shown = False
        window.before_opening = self.opening
        window.entered.connect(self._worked)

    def loaded(self) -> None:
        """Everything behind the sign-in is loaded."""
        from app.update import trial

        if not self._shown:
            self._shown = True
            trial.reach(self._folder, self._version, trial.SHOWN)

    def opening(self) -> None:
        """Somebody signs in. On a background thread, before the store is opened."""
        from app.update import trial

        self._shown = True
        trial.reach(self._folder, self._version, trial.OPENING)

    def _worked(self) -> None:
        from app.update import trial

        trial.confirm(self._folder, self._version)


def news(folder: Path) -> str:
    """What is to be said of an update at this start, once; "" mostly."""
    if not (folder / "update.json").exists():
        return ""
    from app.update import trial

    state = trial.load(folder)
    if not state.news:
        return ""
    trial.forget_news(folder)
    if state.news == "back":
        text = tr(
            "The new version {version} did not start properly. The version from before is in use "
            "again, and the records are as they were before it. Go on working, and tell your "
            "administrator."
        )
    else:
        text = tr(
            "The new version {version} was not started: the disk has no room to keep the records "
            "as they are now. The version from before is in use. Free some room, then start again."
        )
    return text.format(version=state.news_of)


def start_again(folder: Path) -> None:
    """Start the installed program on this folder; it waits until this process has ended."""
    import os

    from app import starter
    from app.update import versions

    place = versions.home()
    if place is None:
        return
    subprocess.Popen(
        [str(versions.starter_of(place.root)), "gui", "--data", str(folder)],
        env={**versions.clean_environment(), starter.AFTER: str(os.getpid())},
        # Nothing of this process is held open by the next one.
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        close_fds=True,
        start_new_session=sys.platform != "win32",
    )
