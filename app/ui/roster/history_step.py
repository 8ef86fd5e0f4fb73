"""The imports so far: who brought in what, and taking a whole one back."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.roster.history import (
    ImportLine,
    TouchedLine,
    Undoing,
    count_imports,
    list_imports,
    plan_undoing,
)
from app.clock import clinic_date, clinic_time
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.roster.controller import RosterController
from app.ui.widgets.buttons import Button, DangerButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.strips import sentence
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_WHEN_WIDTH = 148
_NUMBER_WIDTH = 92
_WHO_WIDTH = 112
_STATE_WIDTH = 260


class HistoryStep(QWidget):
    """``said(text, tone)`` for the page's strip; ``undone(Undoing)``."""

    said = Signal(str, str)
    undone = Signal(object)

    def __init__(
        self, context: UiContext, controller: RosterController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = controller
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_FIELD)
        self.model: PagedModel[ImportLine] = PagedModel(
            [
                Column(tr("When"), _when, _WHEN_WIDTH, strong=True),
                Column(tr("File"), lambda line: line.file_name, tip=lambda line: line.sheet),
                Column(tr("Imported by"), lambda line: line.staff_name, _WHO_WIDTH),
                Column(tr("Rows"), lambda line: str(line.rows), _NUMBER_WIDTH, align="right"),
                Column(
                    tr("Imported"), lambda line: str(line.imported), _NUMBER_WIDTH, align="right"
                ),
                Column(
                    tr("Left out"), lambda line: str(line.left_out), _NUMBER_WIDTH, align="right"
                ),
                Column(
                    tr("State"),
                    _state,
                    _STATE_WIDTH,
                    tone=lambda line: "attention" if line.undone_at else None,
                    icon_name=lambda line: "arrow-go-back-line" if line.undone_at else "",
                    tip=lambda line: tr("Backup made before: {name}").format(name=line.backup),
                ),
            ],
            parent=self,
        )
        self.table = RecordTable(self.model, tr("Imports of rosters"))
        self.table.chosen.connect(self._chosen)
        self._empty = EmptyState(
            tr("No roster was imported on this PC yet"),
            tr("Each import will stand here, with who made it and the way to take it back."),
            "file-list-3-line",
        )
        whole.addWidget(self.table, 1)
        whole.addWidget(self._empty, 1)
        row = QHBoxLayout()
        row.addWidget(
            label(
                tr(
                    "Taking an import back closes its records as cancelled; nothing is deleted. "
                    "Records that somebody has worked with since stay."
                ),
                "secondary",
                wrap=True,
            ),
            1,
        )
        self.undo_button = DangerButton(tr("Take this import back…"), self.ask)
        row.addWidget(self.undo_button)
        whole.addLayout(row)
        self.setFocusProxy(self.table)

    def reload(self) -> None:
        """Ask for the list anew."""
        store, actor = self._context.store, self._context.actor
        total = count_imports(store, actor)
        self.model.set_source(
            lambda offset, limit: list_imports(store, actor, offset, limit), lambda: total
        )
        self.table.setVisible(bool(total))
        self._empty.setVisible(not total)
        self.undo_button.setEnabled(False)
        if total:
            self.table.choose(0)

    def ask(self) -> None:
        """Say what taking the import back would do, then do it."""
        line: ImportLine | None = self.table.current()
        if line is None or self._controller.busy:
            return
        context = self._context

        def planned(plan: Undoing) -> None:
            if UndoDialog(line, plan, self).exec() == QDialog.DialogCode.Accepted:
                self._controller.take_back(line.id, self._done, self._failed)

        context.tasks.run(
            plan_undoing,
            context.store,
            context.actor,
            line.id,
            done=planned,
            failed=self._failed,
            owner=self,
        )

    def _done(self, done: Undoing) -> None:
        self.reload()
        self.undone.emit(done)

    def _failed(self, error: Exception) -> None:
        self.said.emit(sentence(error), "danger")

    def _chosen(self, line: ImportLine) -> None:
        self.undo_button.setEnabled(line.may_undo)


class UndoDialog(QDialog):
    """What would be closed, and which records stay and why."""

    def __init__(self, line: ImportLine, plan: Undoing, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Take an import back"))
        self.setModal(True)
        self.setMinimumWidth(theme.FORM_WIDTH + theme.LABEL_WIDTH)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_FIELD)
        whole.addWidget(
            label(
                tr("{count} records of “{name}” are closed as cancelled.").format(
                    count=plan.closed, name=line.file_name
                ),
                "section",
                wrap=True,
            )
        )
        whole.addWidget(
            label(
                tr(
                    "A backup is made first. The records are not deleted: they stand among the "
                    "closed ones, and importing the same people again opens them."
                ),
                "secondary",
                wrap=True,
            )
        )
        if plan.kept:
            whole.addWidget(
                label(tr("{count} records stay:").format(count=len(plan.kept)), "strong")
            )
            model: PagedModel[TouchedLine] = PagedModel(
                [
                    Column(tr("Row no."), lambda row: str(row.row_number), 58, align="right"),
                    Column(tr("Name"), lambda row: row.name, 104, strong=True),
                    Column(tr("Village"), lambda row: row.village, 112),
                    Column(tr("Why it stays"), lambda row: row.reason),
                ],
                parent=self,
            )
            model.set_rows(plan.kept)
            self.kept = RecordTable(model, tr("Records that stay"), plain=True)
            self.kept.setMinimumHeight(theme.ROW_HEIGHT * 5)
            whole.addWidget(self.kept)
        row = QHBoxLayout()
        row.addStretch(1)
        self.cancel_button = Button(tr("Leave it"), self.reject)
        self.undo_button = DangerButton(tr("Take it back"), self.accept)
        self.undo_button.setEnabled(plan.closed > 0)
        row.addWidget(self.cancel_button)
        row.addWidget(self.undo_button)
        whole.addLayout(row)
        self.cancel_button.setFocus()


def _when(line: ImportLine) -> str:
    return f"{clinic_date(line.at)} {clinic_time(line.at):%H:%M}"


def _state(line: ImportLine) -> str:
    if line.undone_at is None:
        return tr("stands")
    return tr("taken back {day} by {name}: {count} closed").format(
        day=clinic_date(line.undone_at), name=line.undone_name, count=line.withdrawn
    )
