"""The diagnoses of a resident: what stands, what is over, and a line to add one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QCompleter, QWidget

from app.care.conditions import (
    ConditionInput,
    ConditionLine,
    add_condition,
    list_conditions,
    set_resolved,
)
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.controller import ResidentsController
from app.ui.residents.stay_dialogs import SmallDialog
from app.ui.widgets.buttons import Button
from app.ui.widgets.fields import TextField
from app.ui.widgets.tables import Column, PagedModel, RecordTable


class ConditionsDialog(SmallDialog):
    """Enter in the diagnosis line adds; the button beside the list resolves or takes up again."""

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        resident_id: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, controller, tr("Diagnoses"), tr("Add"), parent)
        self._resident_id = resident_id
        self.setMinimumWidth(theme.DIALOG_WIDTH + theme.DIALOG_WIDTH // 3)
        columns: list[Column[ConditionLine]] = [
            Column(tr("Diagnosis"), lambda line: line.display, strong=True),
            Column(tr("Code"), lambda line: line.code, 110),
            Column(tr("Since"), lambda line: line.onset, 100),
            Column(
                tr("State"),
                lambda line: (
                    tr("resolved")
                    if line.resolved
                    else tr("managed")
                    if line.managed
                    else tr("active")
                ),
                90,
            ),
        ]
        self.model: PagedModel[ConditionLine] = PagedModel(columns, parent=self)
        self.table = RecordTable(self.model, tr("Diagnoses"))
        self.table.setMinimumHeight(theme.ROW_HEIGHT * 5)
        self.table.chosen.connect(self._chosen)
        self.column.addWidget(self.table)
        self.resolve_button = Button(tr("Resolved"), self._resolve)
        self.resolve_button.setEnabled(False)
        self.column.addWidget(self.resolve_button, 0, Qt.AlignmentFlag.AlignLeft)
        self.display = TextField(
            "display", tr("New diagnosis"), limit=100, placeholder=tr("name, pinyin or code")
        )
        self.code = TextField("code", tr("Code"), limit=20, placeholder="ICD-10")
        onset = TextField("onset", tr("Since"), limit=20, placeholder=tr("e.g. 2015.3"))
        for field in (self.display, self.code, onset):
            self.column.addWidget(self.fields.add(field))
        self._catalogue = codes.entries("diagnoses")
        words = [
            f"{each.label}  {each.code}  {each.extra.get('initials', '')}"
            for each in self._catalogue
        ]
        completer = QCompleter(words, self)
        completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        completer.setFilterMode(Qt.MatchFlag.MatchContains)
        completer.setMaxVisibleItems(8)
        completer.activated.connect(self._take)
        self.display.line.setCompleter(completer)
        self._load()

    def work(self) -> Callable[[], object]:
        values = self.fields.values()
        chosen = ConditionInput(
            display=values["display"] or "",
            code=values["code"] or "",
            onset=values["onset"] or "",
            disease=_programme(values["code"] or ""),
        )
        store, actor, resident_id = self._context.store, self._context.actor, self._resident_id
        return lambda: add_condition(store, actor, resident_id, chosen)

    def done_well(self) -> None:
        self._context.tell_changed("condition")
        self.fields.clear()
        self._load()
        self.display.setFocus()

    def _take(self, text: str) -> None:
        entry = next((each for each in self._catalogue if text.startswith(f"{each.label}  ")), None)
        if entry is not None:
            self.display.set_value(entry.label)
            self.code.set_value(entry.code)

    def _load(self) -> None:
        store, actor, resident_id = self._context.store, self._context.actor, self._resident_id
        self._context.tasks.run(
            lambda: list_conditions(store, actor, resident_id),
            done=self.model.set_rows,
            failed=self.strip.say_error,
            owner=self,
        )

    def _chosen(self, line: ConditionLine) -> None:
        self.resolve_button.setEnabled(True)
        self.resolve_button.setText(tr("Stands again") if line.resolved else tr("Resolved"))

    def _resolve(self) -> None:
        line = self.table.current()
        if line is None:
            return
        self.strip.clear()
        store, actor = self._context.store, self._context.actor
        self._controller.act(
            lambda: set_resolved(store, actor, line.id, not line.resolved),
            self.done_well,
            self._failed,
        )


def _programme(code: str) -> str:
    """The chronic-care programme of an ICD-10 code, empty for all others."""
    if code[:3] in ("I10", "I11", "I12", "I13"):
        return "hypertension"
    return "type2_diabetes" if code[:3] == "E11" else ""
