"""The start itself failed: a plain sentence and a report, with what of the program still works."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from app import fault_report

CANNOT_START = 70


def cannot_start(folder: Path, error: BaseException) -> int:
    """Say it, write it down; the exit code."""
    lines = [type(error).__name__, *fault_report.places(error.__traceback__)]
    path = fault_report.report(folder, "the program could not start", lines)
    fault_report.log(folder, f"{fault_report.now()} could not start", *lines)
    show(sentence(path))
    return CANNOT_START


def sentence(report: Path | None) -> str:
    """What the person is told."""
    from app.i18n import tr

    text = tr(
        "The program could not start. Your records were not touched. Restart the PC and try "
        "again; if it stays so, install the program once more (the records are kept) and tell "
        "your administrator."
    )
    if report is not None:
        text += "\n\n" + tr(
            "A report without any person's data was written for the administrator: {name}"
        ).format(name=report)
    return text


def show(text: str) -> None:
    """A sentence where no window of ours can be: on the console, and in a box of Windows."""
    if sys.stderr is not None:
        print(text, file=sys.stderr)
    if os.environ.get("QT_QPA_PLATFORM") in ("offscreen", "minimal"):
        return
    # Not Qt: it may be what could not be loaded.
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.user32.MessageBoxW(None, text, "医养通 Township Care", 0x10)
