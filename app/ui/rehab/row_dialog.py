"""Details of one session that the grid has no column for: own times, exercises, notes."""

from __future__ import annotations

from datetime import time
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.rehab import cells
from app.ui.rehab.row import GridRow
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.values import NumberField


class RowDialog(QDialog):
    """Edits the details of a row. ``taken(values, start, end)`` when they were accepted."""

    taken = Signal(object, object, object)

    def __init__(self, row: GridRow, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Details of the session"))
        self.setMinimumWidth(theme.FORM_WIDTH)
        self._row = row
        self.form = FormFields(self)
        self.ok = PrimaryButton(tr("Take over"), self._take)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_CARD,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(label(f"{row.ward.place or tr('home')}  {row.ward.name}", "section"))
        self._add_times(column)
        self._add_items(column)
        self._add_rest(column)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(tr("Cancel"), self.reject))
        buttons.addWidget(self.ok)
        column.addLayout(buttons)
        FormNavigator(self, self.ok)
        self._fill()

    def _add_times(self, column: QVBoxLayout) -> None:
        line = QHBoxLayout()
        line.setSpacing(theme.GAP_SECTION)
        for key, words in (("start", tr("Own begin")), ("end", tr("Own end"))):
            field = TextField(key, words, width=theme.NUMBER_WIDTH, placeholder="--:--",
                              limit=8, check=_time_problem)  # fmt: skip
            line.addWidget(self.form.add(field))
        line.addStretch(1)
        column.addLayout(line)
        entries = [(entry.code, entry.label) for entry in codes.entries("rehab_place")]
        column.addWidget(self.form.add(ChoiceField("place", tr("Place"), entries)))

    def _add_items(self, column: QVBoxLayout) -> None:
        column.addWidget(label(tr("Exercises of the plan"), "strong"))
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP_FIELD)
        grid.setVerticalSpacing(theme.GAP_TIGHT)
        for at, item in enumerate(self._row.items()):
            name = f"{codes.label('rehab_exercise', item.exercise)}  {item.planned}".strip()
            done = ChoiceField(
                f"done.{item.exercise}", name, [("1", tr("trained"))], label_width=_EXERCISE_WIDTH
            )
            minutes = NumberField(
                f"minutes.{item.exercise}", tr("Minutes"), unit="min", hard=(0, 480),
                label_width=theme.NUMBER_WIDTH,
            )  # fmt: skip
            grid.addWidget(self.form.add(done), at, 0)
            grid.addWidget(self.form.add(minutes), at, 1)
        grid.setColumnStretch(0, 1)
        column.addLayout(grid)

    def _add_rest(self, column: QVBoxLayout) -> None:
        yes_no = [("1", tr("Yes")), ("2", tr("No"))]
        for field in (
            ChoiceField("ate_within_2h", tr("Ate within 2 h"), yes_no),
            TextField("pre_note", tr("Note"), limit=500),
            TextField("adverse_text", tr("Event in words"), limit=500),
            ChoiceField("recovered", tr("Back to rest values in 10 min"), yes_no),
            ChoiceField("resident_confirmed", tr("Resident confirms"), [("1", tr("Yes"))]),
        ):
            column.addWidget(self.form.add(field))

    def _fill(self) -> None:
        row = self._row
        self.form["start"].set_value(f"{row.start:%H:%M}" if row.start else None)
        self.form["end"].set_value(f"{row.end:%H:%M}" if row.end else None)
        for name in ("place", "pre_note", "adverse_text"):
            self.form[name].set_value(row.values.get(name))
        for name in ("ate_within_2h", "recovered"):
            value = row.values.get(name)
            self.form[name].set_value(None if value is None else "1" if value else "2")
        self.form["resident_confirmed"].set_value(
            "1" if row.values.get("resident_confirmed") else None
        )
        for item in row.items():
            self.form[f"done.{item.exercise}"].set_value("1" if item.done else None)
            self.form[f"minutes.{item.exercise}"].set_value(item.minutes)

    def _take(self) -> None:
        if not self.form.check():
            return
        typed = self.form.values()
        items = {}
        for item in self._row.items():
            done = typed[f"done.{item.exercise}"] == "1"
            minutes = typed[f"minutes.{item.exercise}"]
            if done or minutes is not None:
                items[item.exercise] = {"done": done, "minutes": minutes}
        values: dict[str, Any] = {
            "place": typed["place"],
            "pre_note": typed["pre_note"],
            "adverse_text": typed["adverse_text"],
            "ate_within_2h": _truth(typed["ate_within_2h"]),
            "recovered": _truth(typed["recovered"]),
            "resident_confirmed": True if typed["resident_confirmed"] else None,
            "items": items or None,
        }
        self.taken.emit(values, _read(typed["start"]), _read(typed["end"]))
        self.accept()


_EXERCISE_WIDTH = 2 * theme.LABEL_WIDTH


def _truth(code: str | None) -> bool | None:
    return None if code is None else code == "1"


def _read(text: str | None) -> time | None:
    return cells.read_time(text or "")


def _time_problem(text: str) -> str | None:
    try:
        cells.read_time(text)
    except cells.Unreadable as error:
        return str(error)
    return None
