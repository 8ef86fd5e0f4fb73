"""The words that Qt itself says: the buttons of its boxes, the menu of a text field."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QLibraryInfo, QTranslator

from app.i18n import language


class _Words(QTranslator):
    """Qt's own translation into one language."""


def speak() -> None:
    """Have Qt say its words in the program's language; English is what it says by itself."""
    application = QCoreApplication.instance()
    assert application is not None
    for old in application.findChildren(_Words):
        application.removeTranslator(old)
        old.setParent(None)
    if language() == "en":
        return
    words = _Words(application)
    folder = QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath)
    if words.load(f"qtbase_{language()}", folder):
        application.installTranslator(words)
