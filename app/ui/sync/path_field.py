"""A place on a drive: typed, or chosen in the system's own dialog."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from app.i18n import tr
from app.ui.widgets.buttons import Button
from app.ui.widgets.fields import TextField


class PathField(TextField):
    """``choose(present)`` opens the dialog and gives the chosen path, or an empty text."""

    def __init__(self, key: str, label: str, choose: Callable[[str], str], **common: Any) -> None:
        super().__init__(key, label, limit=1000, **common)
        self._choose = choose
        self.choose_button = Button(tr("Choose…"), self._pick, icon_name="folder-open-line")
        self.choose_button.setAccessibleName(tr("Choose: {what}").format(what=label))
        self._line.addWidget(self.choose_button)

    def path(self) -> Path | None:
        """What is written, as a path; None where nothing is."""
        text = self.line.text().strip().strip('"')
        return Path(text) if text else None

    def _pick(self) -> None:
        chosen = self._choose(self.line.text().strip())
        if chosen:
            self.set_value(chosen)
            self.clear_problem()
            self.line.setFocus()
