"""Asking where a file goes, or which one is meant: the system's own dialog, the last folder."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QStandardPaths
from PySide6.QtWidgets import QFileDialog, QWidget

from app.i18n import tr

_EXCEL = "Excel (*.xlsx)"
_last: dict[str, str] = {}


def ask_where_to_save(parent: QWidget, name: str) -> Path | None:
    """Where an Excel file goes; ``name`` is suggested. None where the person changed their mind."""
    chosen = choose_file(parent, tr("Save the list"), str(Path(_folder()) / name))
    if not chosen:
        return None
    path = Path(chosen)
    _last["folder"] = str(path.parent)
    return path if path.suffix.lower() == ".xlsx" else path.with_name(path.name + ".xlsx")


def choose_file(parent: QWidget, title: str, suggested: str) -> str:
    """The dialog itself; an empty text where nothing was chosen."""
    return QFileDialog.getSaveFileName(parent, title, suggested, _EXCEL)[0]


def _folder() -> str:
    where = QStandardPaths.StandardLocation.DocumentsLocation
    return _last.get("folder") or QStandardPaths.writableLocation(where)
