"""The list of residents with find: type, arrow down, Enter; not found, Enter makes a new one."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QEvent, QObject, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QStackedLayout,
    QWidget,
)

from app.care.resident_list import LIST_SCOPES, ResidentLine, count_residents, find, list_residents
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.icons import icon
from app.ui.residents.model import list_columns
from app.ui.style import dress
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import PagedModel, RecordTable

_PAUSE_MS = 80
_LIMIT = 100


def scope_words() -> dict[str, str]:
    """The words of the filters, in their order."""
    return {
        "active": tr("All"),
        "in_bed": tr("In a bed here"),
        "hypertension": tr("Hypertension"),
        "type2_diabetes": tr("Diabetes"),
        "temporary": tr("Temporary"),
        "ended": tr("Closed"),
    }


class ListPage(Page):
    """``opened(id)`` for a resident's page, ``fresh(typed)`` for a new record, ``suspects()`` for
    records that may be of one person."""

    opened = Signal(str)
    fresh = Signal(str)
    roster = Signal()
    suspects = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Residents"), parent=parent)
        self._context = context
        self._scope = "active"
        self._asked = 0
        self._found: tuple[ResidentLine, ...] | None = None
        self._enter_waits = False
        self.new_button = PrimaryButton(
            tr("New record"), self._new, icon_name="user-add-line", shortcut="Ctrl+N"
        )
        self.suspects_button = Button(
            tr("Perhaps registered twice"), self.suspects.emit, icon_name="group-line"
        )
        self.add_action(self.suspects_button)
        self.check_ups_button = Button(
            tr("Health checks"),
            lambda: context.navigate("check_ups"),
            icon_name="file-edit-line",
        )
        self.add_action(self.check_ups_button)
        self.roster_button = Button(
            tr("Import roster…"), self.roster.emit, icon_name="upload-2-line"
        )
        self.export_button = Button(tr("Export…"), self._export, icon_name="download-2-line")
        self.add_action(self.roster_button)
        self.add_action(self.export_button)
        self.add_action(self.new_button)
        self.find_line = QLineEdit()
        self.find_line.setPlaceholderText(tr("Name / pinyin / ID tail / phone tail / village"))
        self.find_line.setAccessibleName(tr("Find a resident"))
        self.find_line.setClearButtonEnabled(True)
        self.find_line.addAction(
            icon("search-line", "text_hint"), QLineEdit.ActionPosition.LeadingPosition
        )
        self.find_line.setFixedWidth(theme.FINDER_WIDTH)
        self.find_line.installEventFilter(self)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addWidget(self.find_line)
        row.addSpacing(theme.GAP_INSIDE)
        self.scopes: dict[str, QPushButton] = {}
        group = QButtonGroup(self)
        words = scope_words()
        for scope in LIST_SCOPES:
            button = QPushButton(words[scope])
            button.setCheckable(True)
            button.setAutoDefault(False)
            dress(button, kind="option")
            button.setChecked(scope == self._scope)
            button.clicked.connect(lambda _=False, wanted=scope: self._filter(wanted))
            group.addButton(button)
            row.addWidget(button)
            self.scopes[scope] = button
        self.tag = QComboBox()
        self.tag.setAccessibleName(tr("Population group"))
        # The list that opens is as wide as its words; the box itself leaves room for the filters.
        self.tag.setSizeAdjustPolicy(
            QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon
        )
        self.tag.setMinimumContentsLength(4)
        self.tag.view().setMinimumWidth(theme.FINDER_WIDTH)
        self.tag.addItem(tr("All groups"), "")
        for entry in codes.entries("population_flag"):
            self.tag.addItem(entry.label, entry.code)
        self.tag.currentIndexChanged.connect(lambda _: self._filter(self._scope))
        row.addWidget(self.tag)
        row.addStretch(1)
        self._count = label("", "secondary")
        row.addWidget(self._count)
        self.body.addLayout(row)
        # The frame refreshes a room and opens it then: the list is read once for both.
        self._fresh = False
        self.model: PagedModel[ResidentLine] = PagedModel(
            list_columns(), tasks=context.tasks, parent=self
        )
        self.table = RecordTable(self.model, tr("Residents"))
        self.table.opened.connect(lambda line: self.opened.emit(line.id))
        self._nobody_new = Button(tr("New record"), self._new, icon_name="user-add-line")
        self.empty = EmptyState("", "", "user-search-line", action=self._nobody_new)
        # A stack without a parent would show its first page as a window of its own.
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._load)
        self.find_line.textChanged.connect(self._typed)
        context.records_changed.connect(self._records_changed)

    @property
    def nobody_button(self) -> Button:
        """The button under "nobody found"."""
        return self._nobody_new

    def begin(self, text: str = "") -> None:
        """Come to the front, ready to type."""
        if text:
            self.find_line.setText(text)
        if not self._fresh:
            self._load()
        self._fresh = False
        self.find_line.setFocus()
        self.find_line.selectAll()

    def refresh(self) -> None:
        """Ask anew; the cursor stays on its row."""
        self._load()
        self._fresh = True

    def _records_changed(self, kinds: set[str]) -> None:
        if self.isVisible() and kinds & {"resident", "condition"}:
            self._load()

    def _typed(self) -> None:
        self._enter_waits = False
        self._timer.start()

    def _filter(self, scope: str) -> None:
        self._scope = scope
        self.find_line.clear()
        self._load()

    def _load(self) -> None:
        self._timer.stop()
        self._asked += 1
        asked = self._asked
        text = self.find_line.text().strip()
        store, actor, scope = self._context.store, self._context.actor, self._scope
        tag = str(self.tag.currentData() or "")
        work: Callable[[], object]
        if text:

            def work() -> object:
                return find(store, actor, text, _LIMIT)

        else:

            def work() -> object:
                return count_residents(store, actor, scope, tag)

        def arrived(answer: object) -> None:
            # An answer to an older text must not replace the newer one's.
            if asked != self._asked:
                return
            if isinstance(answer, tuple):
                self._show_found(text, answer)
            else:
                assert isinstance(answer, int)
                self._show_list(scope, tag, answer)
            if self._enter_waits:
                self._enter_waits = False
                self._enter()

        self._context.tasks.run(work, done=arrived, failed=self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        self.strip.say_error(error)

    def _show_found(self, text: str, found: tuple[ResidentLine, ...]) -> None:
        self.strip.clear()
        self._found = found
        kept = self._kept_id()
        self.model.set_rows(found)
        if len(found) == _LIMIT:
            self._count.setText(tr("first {count}").format(count=_LIMIT))
        else:
            self._count.setText(tr("{count} found").format(count=len(found)))
        for chooser in (*self.scopes.values(), self.tag):
            chooser.setEnabled(False)
        if found:
            self._stack.setCurrentWidget(self.table)
            at = next((at for at, line in enumerate(found) if line.id == kept), 0)
            self.table.choose(at)
        else:
            self.empty.set_text(
                tr("Nobody found for “{text}”").format(text=text),
                tr("Try fewer letters or the end of a number. Enter makes a new record."),
            )
            self._stack.setCurrentWidget(self.empty)

    def _show_list(self, scope: str, tag: str, total: int) -> None:
        self.strip.clear()
        self._found = None
        kept = self.table.currentIndex().row()
        store, actor = self._context.store, self._context.actor
        self.model.set_source(
            lambda offset, limit: list_residents(store, actor, scope, offset, limit, tag),
            lambda: total,
        )
        self._count.setText(tr("{count} people").format(count=total))
        for chooser in (*self.scopes.values(), self.tag):
            chooser.setEnabled(True)
        self.scopes[scope].setChecked(True)
        if total:
            self._stack.setCurrentWidget(self.table)
            if 0 <= kept < total:
                self.table.choose(kept)
        else:
            self.empty.set_text(*self._empty_words(scope if not tag else ""))
            self._stack.setCurrentWidget(self.empty)

    def _empty_words(self, scope: str) -> tuple[str, str]:
        if scope == "active":
            return (
                tr("No resident is registered yet"),
                tr("Scan or type an identity card to make the first record (Ctrl+N)."),
            )
        if scope == "in_bed":
            return (
                tr("Nobody is in a bed of this organisation"),
                tr("Admit a resident from his page; he will then stand in this list."),
            )
        return tr("Nobody in this list"), tr("Choose another list, or type a name above.")

    def _kept_id(self) -> str:
        line = self.table.current()
        return line.id if line is not None else ""

    def _export(self) -> None:
        """The list as it is shown, to Excel."""
        from app.ui.roster.export_dialog import export_list

        if self._found is None:
            words, tag = scope_words()[self._scope], str(self.tag.currentData() or "")
            if tag:
                words = f"{words} {self.tag.currentText()}"
            export_list(self, self._context, self._scope, words, tag=tag)
        elif self._found:
            words = tr("found for {text}").format(text=self.find_line.text().strip())
            ids = [line.id for line in self._found]
            export_list(self, self._context, self._scope, words, ids)

    def _new(self) -> None:
        self.fresh.emit(self.find_line.text().strip() if self._found == () else "")

    def _enter(self) -> None:
        line = self.table.current()
        if self._found is not None and not self._found:
            self._new()
        elif line is not None:
            self.opened.emit(line.id)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.find_line and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
                if self._timer.isActive():
                    # Typed and Enter in one go (a card reader): look first.
                    self._enter_waits = True
                    self._load()
                else:
                    self._enter()
                return True
            if event.key() in (Qt.Key.Key_Down, Qt.Key.Key_Up) and self.model.rowCount():
                step = 1 if event.key() == Qt.Key.Key_Down else -1
                at = self.table.currentIndex().row() + step
                self.table.choose(min(max(at, 0), self.model.rowCount() - 1))
                return True
            if event.key() == Qt.Key.Key_Escape and self.find_line.text():
                self.find_line.clear()
                return True
        return super().eventFilter(watched, event)
