"""What happens to an error that nobody expected: a plain sentence, a log without identities.

The log holds the kind of the error and the places in the code, never its text: the text of an
error may carry what somebody typed.
"""

from __future__ import annotations

import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal, Slot
from PySide6.QtWidgets import QApplication

from app.clock import SYSTEM_CLOCK, format_instant
from app.errors import EnvironmentFault, InputError, NotFound, StaleRecord
from app.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMessageBox, QWidget

LOG_FILE = "errors.log"
_LOG_LIMIT = 512 * 1024


class FaultDesk(QObject):
    """Takes every uncaught exception, of any thread, to a dialog on the GUI thread."""

    _came = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._open: QMessageBox | None = None
        self._came.connect(self._show)

    def install(self) -> None:
        """From now on the desk takes what Python would print."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook

    def dialog(self) -> QMessageBox | None:
        """The dialog that is open, if one is."""
        return self._open

    def _hook(
        self, kind: type[BaseException], error: BaseException, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QApplication.quit()
            return
        if not _expected(error):
            self._log(kind, trace)
        if QThread.currentThread() is self.thread():
            self._show(error)
        else:
            self._came.emit(error)

    def _thread_hook(self, arguments: Any) -> None:
        if arguments.exc_value is not None:
            self._hook(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _log(self, kind: type[BaseException], trace: TracebackType | None) -> None:
        import traceback

        places = [
            f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(trace)
        ]
        text = "\n".join([f"{format_instant(SYSTEM_CLOCK.now())} {kind.__name__}", *places, ""])
        path = self._folder / LOG_FILE
        try:
            if path.exists() and path.stat().st_size > _LOG_LIMIT:
                path.replace(path.with_suffix(".old.log"))
            with path.open("a", encoding="utf-8") as file:
                file.write(text)
        except OSError:
            # The log is a help, not a duty: the sentence on the screen must come in any case.
            pass

    @Slot(object)
    def _show(self, error: BaseException) -> None:
        if self._open is not None:
            return  # one dialog at a time, an error in a timer would pile them up
        parent = QApplication.activeWindow()
        self._open = _dialog(error, parent)
        self._open.finished.connect(self._closed)
        self._open.open()

    def _closed(self) -> None:
        if self._open is not None:
            self._open.deleteLater()
            self._open = None


def _expected(error: BaseException) -> bool:
    return isinstance(error, EnvironmentFault | InputError | NotFound | StaleRecord)


def _dialog(error: BaseException, parent: QWidget | None) -> QMessageBox:
    from PySide6.QtCore import Qt
    from PySide6.QtWidgets import QMessageBox

    from app.ui.widgets.strips import sentence

    box = QMessageBox(parent)
    box.setIcon(QMessageBox.Icon.Warning)
    box.setWindowTitle(tr("Township Care"))
    box.setTextFormat(Qt.TextFormat.PlainText)
    if isinstance(error, Exception) and _expected(error):
        box.setText(sentence(error))
    else:
        box.setText(tr("The program made a mistake and could not finish this step."))
        box.setInformativeText(
            tr(
                "Everything that was shown as saved is safe, and what you were typing is kept as "
                "a draft. Try the step again. If it happens again, close the program, start it "
                "again and tell your administrator."
            )
        )
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.button(QMessageBox.StandardButton.Ok).setText(tr("Go on"))
    return box
