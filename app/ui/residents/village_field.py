"""The village of a resident: free text that offers the villages already in use.

One village written in two ways would be two villages in every list, round and indicator.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from PySide6.QtCore import QStringListModel, Qt
from PySide6.QtWidgets import QCompleter

from app.ui.widgets.fields import TextField


class VillageField(TextField):
    """``offer(names)``: what is proposed while a part of a name is typed; nothing is filled in."""

    def __init__(self, key: str, label: str, **common: Any) -> None:
        super().__init__(key, label, **common)
        self._names = QStringListModel(self)
        popup = QCompleter(self._names, self.line)
        popup.setFilterMode(Qt.MatchFlag.MatchContains)
        popup.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self.line.setCompleter(popup)

    def offer(self, names: Iterable[str]) -> None:
        """The names to choose from."""
        self._names.setStringList(list(names))

    def offered(self) -> list[str]:
        """What is proposed for the text that stands there now."""
        popup = self.line.completer()
        popup.setCompletionPrefix(self.line.text())
        model = popup.completionModel()
        return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]
