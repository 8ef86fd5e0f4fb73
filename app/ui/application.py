"""Starting the desktop program.

Until the first window is painted only Qt and the small modules of the sign-in are loaded; the
store, its libraries and the sync come in behind it.
"""

from __future__ import annotations

import importlib
import os
import sys
from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QTimer
from PySide6.QtGui import QIcon
from PySide6.QtWidgets import QApplication

from app import starter
from app.i18n import set_language, tr
from app.paths import resources
from app.ui import preferences, qt_words, theme
from app.ui.faults import FaultDesk
from app.ui.garbage import GarbageKeeper
from app.ui.shell.window import MainWindow
from app.ui.single_instance import SingleInstance

ALREADY_RUNNING = 3
FOLDER_UNUSABLE = 4


def run(data_dir: Path, language: str | None = None, *, trial: bool = False) -> int:
    """Show the program on a data folder until its window is closed.

    ``trial``: only until it is painted and all its parts are loaded (see ``app.ui.trial``).

    Returns the exit code: 0, ``ALREADY_RUNNING`` when another program holds the folder,
    ``FOLDER_UNUSABLE`` when it cannot be written.
    """
    application = QApplication.instance()
    if not isinstance(application, QApplication):
        application = QApplication([*sys.argv[:1], "-style", "fusion"])
        application.setProperty("fusion", True)
    application.setWindowIcon(QIcon(str(resources() / "icons" / "product.png")))
    chosen = preferences.load(data_dir)
    set_language(language or chosen.language)
    qt_words.speak()
    theme.apply(application, high_contrast=chosen.high_contrast)
    instance = _take_folder(data_dir)
    if isinstance(instance, int):
        return instance
    desk = FaultDesk(data_dir)
    desk.install()
    garbage = GarbageKeeper(application)
    try:
        window = MainWindow(data_dir, chosen)
        if trial:
            from app.ui.trial import Trial

            Trial(window)
        first = _first_start(window)
        if desk.crashed is not None:
            window.say_at_the_gate(crashed_sentence(desk.crashed.name))
        window.show_fitting()
        QTimer.singleShot(0, window, lambda: _behind_the_window(window, garbage, first))
        code = application.exec()
    finally:
        desk.release()
        garbage.release()
        instance.release()
    if window.starts_again:
        from app.ui.first_start import start_again

        start_again(data_dir)
    return code


def _first_start(window: MainWindow) -> Callable[[], None]:
    """What is to be done of an update: a new version says how far it came, an old one why it is
    in use again. Called once everything is loaded."""
    version = starter.tried_version()
    if version:
        from app.ui.first_start import FirstStart

        return FirstStart(window, version).loaded
    if (window.folder / "update.json").exists():
        from app.ui.first_start import news

        text = news(window.folder)
        if text:
            window.say_at_the_gate(text)
    return lambda: None


def _take_folder(data_dir: Path) -> SingleInstance | int:
    """The folder's lock, or the exit code after a plain sentence."""
    try:
        data_dir.mkdir(parents=True, exist_ok=True)
    except OSError:
        return _refuse(unusable_sentence(), FOLDER_UNUSABLE)
    instance = SingleInstance(data_dir)
    if instance.take():
        return instance
    if instance.unwritable:
        return _refuse(unusable_sentence(), FOLDER_UNUSABLE)
    return _refuse(running_sentence(), ALREADY_RUNNING)


def running_sentence() -> str:
    """Why a second program does not start."""
    return tr(
        "The program is already running on this PC. Nothing was changed. "
        "Look for its window in the task bar."
    )


def crashed_sentence(report: str) -> str:
    """What is said after a run that ended in a crash."""
    return tr(
        "The program ended unexpectedly the last time. What was saved is safe; what was being "
        "typed is kept as a draft. A report without any person's data was written for the "
        "administrator: {name}"
    ).format(name=report)


def unusable_sentence() -> str:
    """Why the program cannot use its folder."""
    return tr(
        "The data folder cannot be written, so nothing could be saved. "
        "Ask the administrator for permission to write in the data folder, then start again."
    )


def _refuse(text: str, code: int) -> int:
    # Also to the console, for whoever started the program there.
    print(text, file=sys.stderr)
    if os.environ.get("QT_QPA_PLATFORM") not in ("offscreen", "minimal"):
        from PySide6.QtWidgets import QMessageBox

        box = QMessageBox(QMessageBox.Icon.Information, tr("Township Care"), text)
        box.exec()
    return code


def _behind_the_window(
    window: MainWindow, garbage: GarbageKeeper, loaded: Callable[[], None] = lambda: None
) -> None:
    """Load the libraries of the store while the person types the password."""
    window.tasks.run(
        _load_record_floor,
        done=lambda _none: _load_frame(list(_FRAME_MODULES), garbage, loaded),
        owner=window,
    )


# Long enough for whoever types or signs in meanwhile to notice nothing.
_ROOMS_PAUSE_MS = 250
_HEAVY_PARTS = (
    "app.ui.qt_classes",
    "app.ui.residents.compare",
    "app.ui.referrals.controller",
    "app.ui.rehab.controller",
    "app.ui.contracts.detail_page",
)
_FRAME_MODULES = ("app.ui.shell.top", "app.ui.shell.frame", "app.ui.today.view")


def _load_record_floor() -> None:
    """On a background thread: everything below the screen."""
    import app.care.accounts
    import app.care.work_list
    import app.sync.facade

    app.care.accounts.warm_up()


def _load_frame(modules: list[str], garbage: GarbageKeeper, loaded: Callable[[], None]) -> None:
    """On the GUI thread, where Qt's classes belong, one module a round of the event loop."""
    if modules:
        importlib.import_module(modules.pop(0))
        QTimer.singleShot(0, lambda: _load_frame(modules, garbage, loaded))
    else:
        garbage.settle()
        loaded()
        _load_rooms(room_modules(), garbage)


def room_modules() -> list[str]:
    """What the rooms need, the heavy parts of a room before the room: a moment's time each."""
    from app.ui.shell.rooms import ROOMS

    return [*_HEAVY_PARTS, *(room.place.partition(":")[0] for room in ROOMS)]


def _load_rooms(modules: list[str], garbage: GarbageKeeper) -> None:
    """The modules of the rooms, one after another with pauses: the first visit of a room then
    takes no longer than the building of its page."""
    if modules:
        importlib.import_module(modules.pop(0))
        QTimer.singleShot(_ROOMS_PAUSE_MS, lambda: _load_rooms(modules, garbage))
    else:
        garbage.settle()
