"""The roster page: file, columns, rows, done; one step in front at a time."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QHBoxLayout, QProgressBar, QStackedLayout, QWidget

from app.care.roster.history import Undoing
from app.care.roster.importing import Imported
from app.care.roster.preview import Preview, RosterSource
from app.care.spreadsheet import Exported
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.roster.columns_step import ColumnsStep
from app.ui.roster.controller import RosterController
from app.ui.roster.done_step import DoneStep
from app.ui.roster.file_step import FileStep
from app.ui.roster.history_step import HistoryStep
from app.ui.roster.preview_step import PreviewStep
from app.ui.roster.words import stage_words
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import label
from app.ui.widgets.pages import Page
from app.ui.widgets.save_file import ask_where_to_save
from app.ui.widgets.strips import sentence

FILE, COLUMNS, ROWS, DONE, HISTORY = range(5)


class RosterPage(Page):
    """``left``: back to the list of residents."""

    left = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Import a roster"), parent=parent)
        self._context = context
        self.controller = RosterController(context, self)
        self.controller.told.connect(self._tell)
        self.controller.ended.connect(self._ended)
        self._source: RosterSource | None = None
        self.history_button = QuietButton(
            tr("Imports so far"), self.show_history, icon_name="history-line"
        )
        self.add_action(self.history_button)
        self.file = FileStep(context)
        self.columns = ColumnsStep()
        self.rows = PreviewStep()
        self.done = DoneStep(self.export_left_out, self.show_history)
        self.history = HistoryStep(context, self.controller)
        # A stack without a parent would show its first page as a window of its own.
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        for step in (self.file, self.columns, self.rows, self.done, self.history):
            self._stack.addWidget(step)
        self.body.addLayout(self._progress_line())
        self.file.said.connect(self.strip.say)
        self.file.path.line.returnPressed.connect(self.next)
        self.history.said.connect(self.strip.say)
        self.history.undone.connect(self._taken_back)
        self.columns.read_again.connect(self._read_again)
        self.rows.changed.connect(self._count)
        self.back_button = Button(tr("Back"), self.back)
        self.next_button = PrimaryButton(tr("Next"), self.next)
        self.add_footer(self.back_button, self.next_button)
        self.begin()

    def _progress_line(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        self._stage = label("", "secondary")
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName(tr("Progress"))
        self.cancel_button = Button(tr("Stop"), self.controller.stop, icon_name="stop-circle-line")
        for part in (self._stage, self.bar, self.cancel_button):
            row.addWidget(part, 1 if part is self.bar else 0)
            part.hide()
        return row

    # -- steps --------------------------------------------------------------------------------

    @property
    def step(self) -> int:
        """FILE, COLUMNS, ROWS, DONE or HISTORY."""
        return self._stack.currentIndex()

    def begin(self) -> None:
        """From the first step on."""
        self.strip.clear()
        self._go(FILE)

    def come(self) -> None:
        """To the front: a finished import begins anew, an unfinished one stands as it was left."""
        if self.step in (DONE, HISTORY) and not self.controller.busy:
            self.file.path.set_value(None)
            self.begin()
        self._stack.currentWidget().setFocus()

    def next(self) -> None:
        """The one main action of each step."""
        if self.controller.busy:
            return
        self.strip.clear()
        if self.step == FILE:
            self._open()
        elif self.step == COLUMNS:
            self._check()
        elif self.step == ROWS:
            self._take_in()
        else:
            self.left.emit()

    def back(self) -> None:
        """One step back; from the first one to the list."""
        if self.controller.busy:
            return
        self.strip.clear()
        if self.step in (COLUMNS, ROWS):
            self._go(self.step - 1)
        elif self.step in (DONE, HISTORY):
            self.file.path.set_value(None)
            self._go(FILE)
        else:
            self.left.emit()

    def show_history(self) -> None:
        """The imports so far."""
        if not self.controller.busy:
            self.strip.clear()
            self._go(HISTORY)
            self.history.reload()

    def _go(self, step: int) -> None:
        self._stack.setCurrentIndex(step)
        number = {FILE: 1, COLUMNS: 2, ROWS: 3}.get(step)
        name = self._source.file.name if self._source and step in (COLUMNS, ROWS, DONE) else ""
        subtitle = tr("Step {number} of 3").format(number=number) if number else ""
        title = tr("Imports of rosters") if step == HISTORY else tr("Import a roster")
        self.set_title(title, "  ".join(part for part in (subtitle, name) if part))
        self.history_button.setVisible(step == FILE)
        self.back_button.setText(
            {
                FILE: tr("To the residents"),
                DONE: tr("Another file"),
                HISTORY: tr("Import a roster"),
            }.get(step, tr("Back"))
        )
        self.next_button.setText(
            {
                FILE: tr("Read the file"),
                COLUMNS: tr("Check the rows"),
                ROWS: tr("Import"),
            }.get(step, tr("To the residents"))
        )
        self.next_button.setEnabled(True)
        if step == ROWS:
            self._count()
        self._stack.currentWidget().setFocus()

    def _count(self) -> None:
        if self.step != ROWS or self.controller.busy:
            return
        count = len(self.rows.chosen)
        self.next_button.setText(tr("Import {count} residents").format(count=count))
        self.next_button.setEnabled(bool(count))

    # -- work ---------------------------------------------------------------------------------

    def _open(self) -> None:
        path = self.file.path.path()
        if path is None or not path.is_file():
            self.file.path.show_problem(tr("Choose the file of the roster."))
            self.file.path.setFocus()
            return
        self.file.path.clear_problem()
        self._work()
        self.controller.open(path, "", None, self._opened, self._file_refused)

    def _read_again(self, sheet: str, first: int, last: int) -> None:
        path = self.file.path.path()
        source = self._source
        if path is None or source is None or self.controller.busy:
            return
        # Another sheet has its headings elsewhere: they are looked for anew.
        rows = (first, last) if sheet == source.sheet.name else None
        self.strip.clear()
        self._work()
        self.controller.open(path, sheet, rows, self._opened, self._failed)

    def _opened(self, source: RosterSource) -> None:
        self._source = source
        self.columns.show_source(source)
        self._go(COLUMNS)

    def _check(self) -> None:
        assert self._source is not None
        self._work()
        self.controller.check(
            self._source,
            self.columns.columns,
            self.columns.without_id.value() or "",
            self._checked,
            self._failed,
        )

    def _checked(self, preview: Preview) -> None:
        self.rows.show_preview(preview)
        self._go(ROWS)
        if preview.imported_before:
            self.strip.say(
                tr("This very file was imported before. Who is registered is not imported again."),
                "attention",
            )

    def _take_in(self) -> None:
        preview = self.rows.preview
        assert preview is not None
        self._work()
        self.controller.take_in(preview, self.rows.chosen, self._taken_in, self._failed)

    def _taken_in(self, result: Imported) -> None:
        self.done.show_result(result)
        self._go(DONE)
        self._context.tell_changed("resident")

    def _taken_back(self, done: Undoing) -> None:
        self._context.tell_changed("resident")
        self.strip.say(
            tr("{count} records were closed again.").format(count=done.closed), "confirmed"
        )

    def export_left_out(self) -> None:
        """The rows left out, with the reasons, to Excel."""
        preview, result = self.rows.preview, self.done.result
        if preview is None or result is None:
            return
        path = ask_where_to_save(self, tr("Rows left out") + ".xlsx")
        if path is not None:
            self.controller.export(preview, result.left_out, path, self._exported, self._failed)

    def _exported(self, done: Exported) -> None:
        self.strip.say(
            tr("{count} rows are saved: {name}").format(count=done.rows, name=done.path.name),
            "confirmed",
        )

    def _file_refused(self, error: Exception) -> None:
        if isinstance(error, InputError) and "path" in error.problems:
            self.file.path.show_problem(error.problems["path"])
            self.file.path.setFocus()
        else:
            self._failed(error)

    def _failed(self, error: Exception) -> None:
        self.strip.say(sentence(error))

    # -- progress -----------------------------------------------------------------------------

    def _work(self) -> None:
        self._stage.setText("")
        self.bar.setRange(0, 0)
        for part in (self._stage, self.bar, self.cancel_button):
            part.show()
        for button in (self.next_button, self.back_button, self.history_button):
            button.setEnabled(False)
        self._stack.currentWidget().setEnabled(False)

    def _tell(self, stage: str, done: int, of: int) -> None:
        if not self.controller.busy:
            return
        if self.bar.isHidden():
            self._work()
        self._stage.setText(stage_words(stage, done, of))
        self.bar.setRange(0, of)
        self.bar.setValue(done)

    def _ended(self) -> None:
        for part in (self._stage, self.bar, self.cancel_button):
            part.hide()
        for button in (self.next_button, self.back_button, self.history_button):
            button.setEnabled(True)
        self._stack.currentWidget().setEnabled(True)
        self._count()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() == Qt.Key.Key_Escape:
            if self.controller.busy:
                self.controller.stop()
            else:
                self.back()
            return
        super().keyPressEvent(event)
