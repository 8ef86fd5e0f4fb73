"""The consents of a resident: what stands, what came before, and a new one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QWidget

from app.care.resident_page import Summary
from app.care.resident_record.consents import (
    ConsentInput,
    ConsentLine,
    list_consents,
    record_consent,
    void_consent,
)
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.answers import entries, line_edit
from app.ui.residents.controller import ResidentsController
from app.ui.residents.stay_dialogs import SmallDialog
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.values import DateField


class ConsentsDialog(SmallDialog):
    """Save writes a new consent down; a mistake is marked with its reason, never taken away."""

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        head: Summary,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, controller, tr("Consents"), tr("Save"), parent)
        self._head = head
        self.setMinimumWidth(theme.DIALOG_WIDTH * 2)
        columns: list[Column[ConsentLine]] = [
            Column(
                tr("State"),
                _state,
                theme.LABEL_WIDTH,
                tone=lambda line: "attention" if line.voided else None,
                icon_name=lambda line: "check-line" if line.stands else "",
            ),
            Column(tr("Subject"), lambda line: codes.label("consent_type", line.type), strong=True),
            Column(
                tr("Given or refused"),
                lambda line: codes.label("consent_decision", line.decision),
                theme.NAME_WIDTH,
                tone=lambda line: None if line.decision == "given" else "attention",
            ),
            Column(
                tr("Signed on"),
                lambda line: line.signed_on.isoformat() if line.signed_on else "",
                theme.DATE_WIDTH,
            ),
            Column(tr("Signed by"), _signer),
            Column(tr("Evidence"), _evidence, tip=lambda line: line.note),
        ]
        self.model: PagedModel[ConsentLine] = PagedModel(columns, parent=self)
        self.table = RecordTable(self.model, tr("Consents"))
        self.table.setFixedHeight(theme.ROW_HEIGHT * 4 + 2)
        self.table.chosen.connect(self._chosen)
        self.column.addWidget(self.table)
        self.nothing = label(
            tr("No consent is written down yet; the first one begins below."), "hint"
        )
        self.column.addWidget(self.nothing)
        # Both are for consents that are there: nothing to look at, nothing to mark.
        self.table.hide()
        self._mistake = QWidget()
        mistake = QHBoxLayout(self._mistake)
        mistake.setContentsMargins(0, 0, 0, 0)
        mistake.setSpacing(theme.GAP_FIELD)
        self.reason: QLineEdit = line_edit(tr("what was wrong"))
        self.reason.setAccessibleName(tr("Why it is a mistake"))
        self.void_button = Button(tr("Mark as a mistake"), self._void)
        self.void_button.setEnabled(False)
        mistake.addWidget(self.reason, 1)
        mistake.addWidget(self.void_button)
        self.column.addWidget(self._mistake)
        self._mistake.hide()
        today = context.clock.today()
        # Two to a line where they are short: with all that may be missing said, the dialog still
        # stands whole on the smallest screen.
        lines: tuple[tuple[Field, ...], ...] = (
            (ChoiceField("type", tr("Subject"), entries("consent_type"), required=True),),
            (
                ChoiceField(
                    "decision", tr("Given or refused"), entries("consent_decision"), required=True
                ),
                DateField("signed_on", tr("Signed on"), required=True, latest=today, today=today),
            ),
            (
                TextField("signer", tr("Signed by"), limit=50, required=True),
                ListField("signer_relation", tr("Relation"), entries("relation")),
            ),
            (ChoiceField("evidence", tr("Evidence"), entries("consent_evidence"), required=True),),
            (
                TextField("evidence_place", tr("Kept at"), limit=100),
                TextField("note", tr("Note"), limit=200),
            ),
        )
        for line in lines:
            row = QHBoxLayout()
            row.setSpacing(theme.GAP_CARD)
            for field in line:
                row.addWidget(self.fields.add(field), 1, Qt.AlignmentFlag.AlignTop)
            self.column.addLayout(row)
        self._begin_anew()
        self._load()

    def work(self) -> Callable[[], object]:
        values = self.fields.values()
        typed = ConsentInput(
            resident_id=self._head.id,
            signed_on=values["signed_on"],
            **{name: values[name] or "" for name in values if name != "signed_on"},
        )
        store, actor = self._context.store, self._context.actor
        return lambda: record_consent(store, actor, typed)

    def done_well(self) -> None:
        self._context.tell_changed("consent")
        self._begin_anew()
        self.reason.clear()
        self._load()
        self.fields["type"].setFocus()

    def _begin_anew(self) -> None:
        self.fields.clear()
        self.fields["signed_on"].set_value(self._context.clock.today())
        self.fields["signer"].set_value(self._head.name)

    def _load(self) -> None:
        store, actor, resident_id = self._context.store, self._context.actor, self._head.id
        self._context.tasks.run(
            lambda: list_consents(store, actor, resident_id),
            done=self._show,
            failed=self.strip.say_error,
            owner=self,
        )

    def _show(self, lines: tuple[ConsentLine, ...]) -> None:
        self.model.set_rows(lines)
        for shown in (self.table, self._mistake):
            shown.setVisible(bool(lines))
        self.nothing.setVisible(not lines)
        if lines:
            self.table.choose(0)
        else:
            self.void_button.setEnabled(False)

    def _chosen(self, line: ConsentLine) -> None:
        self.void_button.setEnabled(bool(line.id) and not line.voided)

    def _void(self) -> None:
        line = self.table.current()
        if line is None:
            return
        self.strip.clear()
        store, actor, reason = self._context.store, self._context.actor, self.reason.text()
        self._controller.act(
            lambda: void_consent(store, actor, line.id, reason), self.done_well, self._failed
        )


def _state(line: ConsentLine) -> str:
    if line.voided:
        return tr("mistake")
    return tr("stands") if line.stands else tr("earlier")


def _signer(line: ConsentLine) -> str:
    relation = codes.label("relation", line.signer_relation) if line.signer_relation else ""
    return f"{line.signer} ({relation})" if relation else line.signer


def _evidence(line: ConsentLine) -> str:
    kind = codes.label("consent_evidence", line.evidence) if line.evidence else ""
    return " ".join(part for part in (kind, line.evidence_place) if part)
