"""Two records side by side: one person or two? And the records that were merged, to undo it."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.masking import mask_id
from app.care.resident_record.comparing import Comparison, FieldPair, Side, compare
from app.care.resident_record.merging import MergedRecord, mark_distinct, merge, unmerge
from app.care.resident_record.numbers import printed_number
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.controller import ResidentsController
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_ROWS_SHOWN = 9


class _Dialog(QDialog):
    """A title, a table and a row of buttons."""

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        title: str,
        parent: QWidget | None,
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = controller
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.DIALOG_WIDTH * 2)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(*(theme.GAP_CARD,) * 4)
        self.column.setSpacing(theme.GAP_FIELD)
        self.column.addWidget(label(title, "section"))
        self.strip = ErrorStrip()
        self.buttons = QHBoxLayout()
        self.buttons.setSpacing(theme.GAP_INSIDE)
        self.back_button = Button(tr("Go back"), self.reject)

    def finish(self, *others: Button) -> None:
        """The last two lines: what went wrong, and the buttons."""
        self.column.addWidget(self.strip)
        self.buttons.addStretch(1)
        for button in (self.back_button, *others):
            self.buttons.addWidget(button)
        self.column.addLayout(self.buttons)


class CompareDialog(_Dialog):
    """``merged(survivor)`` or ``distinct()`` when the person has decided."""

    merged = Signal(str)
    distinct = Signal()

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        one_id: str,
        other_id: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, controller, tr("One person or two?"), parent)
        self._ids = (one_id, other_id)
        self._found: Comparison | None = None
        self.column.addWidget(
            label(
                tr(
                    "Merging writes nothing over: every visit stays with its own record and is "
                    "shown under the one that goes on. It can be undone at any time."
                ),
                "secondary",
                wrap=True,
            )
        )
        self.model: PagedModel[FieldPair] = PagedModel(self._columns("", ""), parent=self)
        self.table = RecordTable(self.model, tr("Both records"))
        self.table.setFixedHeight(theme.ROW_HEIGHT * (_ROWS_SHOWN + 1) + 2)
        self.column.addWidget(self.table)
        self.survivor = ChoiceField(
            "survivor",
            tr("Goes on"),
            [(one_id, tr("First record")), (other_id, tr("Second record"))],
            required=True,
        )
        self.column.addWidget(self.survivor)
        self.distinct_button = Button(tr("Two people"), self._distinct)
        self.merge_button = PrimaryButton(tr("One person: merge"), self._merge, shortcut="")
        self.finish(self.distinct_button, self.merge_button)
        self._enable(False)
        store, actor = context.store, context.actor
        context.tasks.run(
            lambda: compare(store, actor, one_id, other_id),
            done=self._show,
            failed=self.strip.say_error,
            owner=self,
        )

    def _columns(self, one: str, other: str) -> list[Column[FieldPair]]:
        def sign(pair: FieldPair) -> str:
            return "alert-line" if pair.differs else "check-line"

        return [
            Column(tr("Field"), lambda pair: pair.label, theme.LABEL_WIDTH, strong=True),
            Column(
                one,
                lambda pair: pair.one,
                tone=lambda pair: "attention" if pair.differs else None,
                icon_name=sign,
                tip=lambda pair: pair.one,
            ),
            Column(
                other,
                lambda pair: pair.other,
                tone=lambda pair: "attention" if pair.differs else None,
                tip=lambda pair: pair.other,
            ),
        ]

    def _show(self, found: Comparison) -> None:
        self._found = found
        titles = (
            tr("First record: {what}").format(what=_title(found.one)),
            tr("Second record: {what}").format(what=_title(found.other)),
        )
        self.model.columns = tuple(self._columns(*titles))
        self.model.set_rows(found.fields)
        self.survivor.set_value(found.survivor_id)
        self._enable(True)
        self.table.choose(0)
        self.survivor.setFocus()

    def _enable(self, on: bool) -> None:
        for each in (self.merge_button, self.distinct_button, self.survivor):
            each.setEnabled(on)

    def _merge(self) -> None:
        found, survivor = self._found, self.survivor.value()
        if found is None:
            return
        if survivor is None:
            self.survivor.show_problem(tr("Choose the record that goes on."))
            return
        ends, stays = found.one, found.other
        if survivor == ends.id:
            ends, stays = stays, ends
        store, actor = self._context.store, self._context.actor
        self._run(
            lambda: merge(store, actor, ends.id, stays.id, ends.change_id, stays.change_id),
            lambda: self.merged.emit(stays.id),
        )

    def _distinct(self) -> None:
        store, actor = self._context.store, self._context.actor
        self._run(lambda: mark_distinct(store, actor, *self._ids), self.distinct.emit)

    def _run(self, work: object, tell: object) -> None:
        self.strip.clear()
        self._enable(False)

        def done() -> None:
            self._context.tell_changed("resident")
            self.accept()
            tell()  # type: ignore[operator]

        def failed(error: Exception) -> None:
            self._enable(True)
            self.strip.say_error(error)

        self._controller.act(work, done, failed)  # type: ignore[arg-type]


class MergedDialog(_Dialog):
    """The records that stand under a person's record; one of them can be taken out again."""

    undone = Signal()

    def __init__(
        self,
        context: UiContext,
        controller: ResidentsController,
        records: tuple[MergedRecord, ...],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(context, controller, tr("Merged records"), parent)
        loop = any(each.loop for each in records)
        said = (
            tr(
                "Two PCs merged these records into each other. Choose the one that goes on and "
                "undo its merging; the other stays under it."
            )
            if loop
            else tr("Undoing the merging gives a record back all that it had; nothing is lost.")
        )
        self.column.addWidget(label(said, "secondary", wrap=True))
        columns: list[Column[MergedRecord]] = [
            Column(tr("Name"), lambda each: each.name, theme.NAME_WIDTH, strong=True),
            Column(tr("ID number"), lambda each: mask_id(each.id_no) or tr("no card")),
            Column(tr("Record number"), lambda each: printed_number(each.record_no)),
        ]
        self.model: PagedModel[MergedRecord] = PagedModel(columns, parent=self)
        self.table = RecordTable(self.model, tr("Merged records"))
        self.table.setFixedHeight(theme.ROW_HEIGHT * (min(len(records), 5) + 1) + 2)
        self.model.set_rows(records)
        self.table.choose(0)
        self.column.addWidget(self.table)
        self.undo_button = Button(
            tr("Undo the merging"), self._undo, icon_name="arrow-go-back-line"
        )
        self.finish(self.undo_button)
        self.table.setFocus()

    def _undo(self) -> None:
        line = self.table.current()
        if line is None:
            return
        self.strip.clear()
        self.undo_button.setEnabled(False)
        store, actor = self._context.store, self._context.actor

        def done() -> None:
            self._context.tell_changed("resident")
            self._context.notify(tr("The merging is undone."))
            self.accept()
            self.undone.emit()

        def failed(error: Exception) -> None:
            self.undo_button.setEnabled(True)
            self.strip.say_error(error)

        self._controller.act(lambda: unmerge(store, actor, line.id, line.change_id), done, failed)


def _title(side: Side) -> str:
    return tr("{name}, made {day} by {who}, {count} entries").format(
        name=side.name, day=side.made_on.isoformat(), who=side.made_by or "—", count=side.entries
    )
