"""The system's own dialogs: which files are attached, and where a copy goes."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QMimeData, QStandardPaths
from PySide6.QtGui import QImage
from PySide6.QtWidgets import QFileDialog, QWidget

from app.i18n import tr
from app.ui.attachments.pictures import Source

_last: dict[str, str] = {}


def choose_files(parent: QWidget) -> list[Path]:
    """The files to attach; none where the person changed their mind."""
    kinds = tr("Photos and PDF") + " (*.jpg *.jpeg *.png *.pdf)"
    where = _last.get("open") or _folder(QStandardPaths.StandardLocation.PicturesLocation)
    chosen = [
        Path(name)
        for name in QFileDialog.getOpenFileNames(parent, tr("Attach files"), where, kinds)[0]
    ]
    if chosen:
        _last["open"] = str(chosen[0].parent)
    return chosen


def choose_place(parent: QWidget, name: str) -> Path | None:
    """Where a copy goes; ``name`` is suggested."""
    where = _last.get("save") or _folder(QStandardPaths.StandardLocation.DocumentsLocation)
    chosen = QFileDialog.getSaveFileName(parent, tr("Save a copy"), str(Path(where) / name))[0]
    if not chosen:
        return None
    _last["save"] = str(Path(chosen).parent)
    path, ending = Path(chosen), Path(name).suffix
    return path if path.suffix.lower() == ending else path.with_name(path.name + ending)


def sources_in(data: QMimeData) -> list[Source]:
    """What was dropped or pasted: files of this PC, else a picture."""
    files: list[Source] = [
        Path(url.toLocalFile()) for url in data.urls() if url.isLocalFile() and url.toLocalFile()
    ]
    if files:
        return files
    image = data.imageData() if data.hasImage() else None
    return [image] if isinstance(image, QImage) and not image.isNull() else []


def _folder(where: QStandardPaths.StandardLocation) -> str:
    return QStandardPaths.writableLocation(where)
