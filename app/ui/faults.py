"""What happens to an error that nobody expected: a plain sentence, a log and a report.

Neither holds an identity (``app.fault_report``). Errors of every thread come here, what Python
cannot hand on to anybody, and crashes of the libraries, which are told at the next start.
"""

from __future__ import annotations

import faulthandler
import logging
import shutil
import sys
import threading
from pathlib import Path
from types import TracebackType
from typing import IO, TYPE_CHECKING, Any

from PySide6.QtCore import QObject, QThread, Signal, Slot
from PySide6.QtWidgets import QApplication

from app import fault_report
from app.errors import EnvironmentFault, InputError, NotFound, StaleRecord
from app.fault_report import LOG_FILE
from app.i18n import tr

if TYPE_CHECKING:
    from PySide6.QtWidgets import QMessageBox, QWidget

__all__ = ["LOG_FILE", "FaultDesk"]


class FaultDesk(QObject):
    """Takes every uncaught exception, of any thread, to a dialog on the GUI thread."""

    _came = Signal(object)

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder
        self._open: QMessageBox | None = None
        self._reported: set[str] = set()
        self._report: Path | None = None
        self._crashes: IO[str] | None = None
        self._lines: _LogLines | None = None
        #: The report of a crash that ended the run before, if one did.
        self.crashed: Path | None = None
        self._came.connect(self._show)

    def install(self) -> None:
        """From now on the desk takes what Python would print, and what ends the process."""
        sys.excepthook = self._hook
        threading.excepthook = self._thread_hook
        sys.unraisablehook = self._unraisable
        self._lines = _LogLines(self._folder)
        logging.getLogger("app").addHandler(self._lines)
        self.crashed = fault_report.take_crash(self._folder)
        try:
            # Stays open: a crashing process cannot open anything any more.
            self._crashes = (self._folder / fault_report.CRASH_FILE).open("w", encoding="utf-8")
            faulthandler.enable(self._crashes)
        except OSError:
            self._crashes = None

    def release(self) -> None:
        """The program ends in order: there was no crash."""
        if self._lines is not None:
            logging.getLogger("app").removeHandler(self._lines)
        if self._crashes is not None:
            faulthandler.disable()
            self._crashes.close()
            self._crashes = None
            fault_report.take_crash(self._folder)

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
            self._write_down(kind, trace)
        if QThread.currentThread() is self.thread():
            self._show(error)
        else:
            self._came.emit(error)

    def _thread_hook(self, arguments: Any) -> None:
        if arguments.exc_value is not None:
            self._hook(arguments.exc_type, arguments.exc_value, arguments.exc_traceback)

    def _unraisable(self, arguments: Any) -> None:
        # Nobody waits for an answer to these: they are written down and nobody is troubled.
        self._write_down(arguments.exc_type, arguments.exc_traceback)

    def _write_down(self, kind: type[BaseException], trace: TracebackType | None) -> None:
        lines = [kind.__name__, *fault_report.places(trace)]
        fault_report.log(self._folder, f"{fault_report.now()} {lines[0]}", *lines[1:])
        # A mistake that comes again with every tick of a timer is one report.
        if "\n".join(lines) not in self._reported:
            self._reported.add("\n".join(lines))
            self._report = fault_report.report(self._folder, "a mistake of the program", lines)

    @Slot(object)
    def _show(self, error: BaseException) -> None:
        if self._open is not None:
            return  # one dialog at a time, an error in a timer would pile them up
        parent = QApplication.activeWindow()
        self._open = _dialog(error, parent, None if _expected(error) else self._report)
        self._open.finished.connect(self._closed)
        self._open.open()

    def _closed(self) -> None:
        if self._open is not None:
            self._open.deleteLater()
            self._open = None


def _expected(error: BaseException) -> bool:
    return isinstance(error, EnvironmentFault | InputError | NotFound | StaleRecord)


class _LogLines(logging.Handler):
    """Warnings of our own modules into the same log: message, kind of error, places."""

    def __init__(self, folder: Path) -> None:
        super().__init__(logging.WARNING)
        self._folder = folder

    def emit(self, record: logging.LogRecord) -> None:
        lines = [f"{fault_report.now()} {record.levelname} {record.name}: {record.getMessage()}"]
        if record.exc_info and record.exc_info[0] is not None:
            lines += [f"  {record.exc_info[0].__name__}", *fault_report.places(record.exc_info[2])]
        fault_report.log(self._folder, *lines)


def _dialog(error: BaseException, parent: QWidget | None, report: Path | None) -> QMessageBox:
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
        text = tr(
            "Everything that was shown as saved is safe, and what you were typing is kept as "
            "a draft. Try the step again. If it happens again, close the program, start it "
            "again and tell your administrator."
        )
        if report is not None:
            text += "\n\n" + tr(
                "A report without any person's data was written for the administrator: {name}"
            ).format(name=report.name)
        box.setInformativeText(text)
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    box.button(QMessageBox.StandardButton.Ok).setText(tr("Go on"))
    if report is not None:
        save = box.addButton(tr("Save the report…"), QMessageBox.ButtonRole.ActionRole)
        save.clicked.connect(lambda: save_report(report, box.parentWidget()))
        box.setDefaultButton(QMessageBox.StandardButton.Ok)
    return box


def save_report(report: Path, parent: QWidget | None) -> None:
    """Copy a report to a place of the person's choice, a stick for example."""
    from PySide6.QtWidgets import QFileDialog, QMessageBox

    chosen = QFileDialog.getSaveFileName(parent, tr("Save the report…"), report.name)[0]
    if not chosen:
        return
    try:
        shutil.copyfile(report, chosen)
    except OSError:
        QMessageBox.warning(
            parent,
            tr("Township Care"),
            tr(
                "The report could not be written there. It is still in the data folder. Choose "
                "another place."
            ),
        )
