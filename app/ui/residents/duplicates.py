"""Records that may be of one person, found on this PC: Enter compares two of them."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.resident_list import ResidentLine
from app.care.resident_record.suspects import SuspectPair, list_suspects
from app.i18n import tr
from app.models import codes
from app.ui.context import UiContext
from app.ui.residents.compare import CompareDialog
from app.ui.residents.controller import ResidentsController
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable


class DuplicatesPage(Page):
    """``left()`` back to the list, ``wanted(id)`` to open somebody's page."""

    left = Signal()
    wanted = Signal(str)

    def __init__(
        self, context: UiContext, controller: ResidentsController, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("Perhaps registered twice"), parent=parent)
        self._context = context
        self._controller = controller
        self._dialog: CompareDialog | None = None
        self.body.addWidget(
            label(
                tr(
                    "Same ID number, same name and birth date, or same name and phone. Compare "
                    "two records and decide; what is decided can be undone."
                ),
                "secondary",
                wrap=True,
            )
        )
        columns: list[Column[SuspectPair]] = [
            Column(tr("Why"), lambda pair: codes.label("suspect_reason", pair.reason), 200,
                   strong=True),
            Column(tr("Name"), lambda pair: pair.one.name, 96),
            Column(tr("Sex"), lambda pair: codes.label("sex", pair.one.sex), 48),
            Column(tr("Birth date"), lambda pair: pair.one.birth_date.isoformat(), 104),
            Column(tr("First record"), lambda pair: _who(pair.one)),
            Column(tr("Second record"), lambda pair: _who(pair.other)),
        ]  # fmt: skip
        self.model: PagedModel[SuspectPair] = PagedModel(columns, parent=self)
        self.table = RecordTable(self.model, tr("Perhaps registered twice"))
        self.table.opened.connect(self.compare)
        self.empty = EmptyState(
            tr("Nobody is suspected"),
            tr("Records that look like one person appear here after a save or a sync."),
            "user-search-line",
        )
        self._stack = QStackedLayout()
        self.body.addLayout(self._stack, 1)
        self._stack.addWidget(self.table)
        self._stack.addWidget(self.empty)
        self.back_button = Button(tr("Go back"), self.left.emit)
        self.compare_button = PrimaryButton(tr("Compare"), self._compare_current, shortcut="")
        self.add_footer(self.back_button, self.compare_button)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)

    @property
    def dialog(self) -> CompareDialog | None:
        """The comparison that is open or was last."""
        return self._dialog

    def begin(self) -> None:
        """Come to the front and look anew."""
        store, actor = self._context.store, self._context.actor
        self._context.tasks.run(
            lambda: list_suspects(store, actor),
            done=self._show,
            failed=self.strip.say_error,
            owner=self,
        )

    def _show(self, pairs: tuple[SuspectPair, ...]) -> None:
        at = max(self.table.currentIndex().row(), 0)
        self.model.set_rows(pairs)
        self._stack.setCurrentWidget(self.table if pairs else self.empty)
        self.compare_button.setEnabled(bool(pairs))
        if pairs:
            self.table.choose(min(at, len(pairs) - 1))
            self.table.setFocus()
        else:
            self.back_button.setFocus()

    def _compare_current(self) -> None:
        pair = self.table.current()
        if pair is not None:
            self.compare(pair)

    def compare(self, pair: SuspectPair) -> None:
        """Put the two records of a pair side by side; a circle is undone on the person's page."""
        if pair.reason == "circle":
            self.wanted.emit(pair.one.id)
            return
        self._dialog = CompareDialog(
            self._context, self._controller, pair.one.id, pair.other.id, self
        )
        self._dialog.merged.connect(lambda _: self._decided(tr("Merged into one record.")))
        self._dialog.distinct.connect(lambda: self._decided(tr("Kept as two people.")))
        self._dialog.open()

    def _decided(self, words: str) -> None:
        self._context.notify(words)
        self.begin()


def _who(line: ResidentLine) -> str:
    return " ".join(
        part for part in (line.id_masked or tr("no card"), line.phone_masked, line.village) if part
    )
