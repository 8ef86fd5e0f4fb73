"""The lists of contracts: in force, ending soon, to be reviewed, over, and who has none."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QStackedWidget,
    QTabBar,
    QWidget,
)

from app.care.contracts.export import export_contracts
from app.care.contracts.lists import (
    SCOPES,
    ContractRow,
    FilterChoices,
    ScopeCounts,
    Wanted,
    contract_list,
    count_contracts,
    filter_choices,
    scope_counts,
)
from app.care.contracts.signing import SIGN_ROLES
from app.care.spreadsheet import suggested_name
from app.i18n import tr
from app.ui.contracts.controller import ContractsController
from app.ui.contracts.model import contract_columns, resident_columns
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import EmptyState
from app.ui.widgets.pages import Page
from app.ui.widgets.save_file import ask_where_to_save
from app.ui.widgets.tables import PagedModel, RecordTable

#: A village is signed in one action; more at once nobody has in hand.
MOST_AT_ONCE = 500


class ContractsPage(Page):
    """``contract_wanted(id)``: show it; ``form_wanted([resident ids])``: sign with them."""

    contract_wanted = Signal(str)
    form_wanted = Signal(object)
    teams_wanted = Signal()
    packages_wanted = Signal()

    def __init__(self, controller: ContractsController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Contracts"), parent=parent)
        self._controller = controller
        self._context = controller.context
        self._build_filters()
        tasks = self._context.tasks
        self._generation = 0
        self._total = 0
        self.model = PagedModel(contract_columns(), self._load, lambda: self._total, tasks=tasks)
        self.table = RecordTable(self.model, tr("Contracts"))
        self.people_model = PagedModel(
            resident_columns(), self._load, lambda: self._total, tasks=tasks
        )
        self.people = RecordTable(self.people_model, tr("Residents without a contract"))
        self.people.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.empty = EmptyState("", icon_name="file-list-3-line")
        self.stack = QStackedWidget()
        for widget in (self.table, self.people, self.empty):
            self.stack.addWidget(widget)
        self.body.setSpacing(0)
        self.body.addWidget(self.scopes)
        self.body.addWidget(self.stack, 1)
        self.export_button = Button(
            tr("Export to Excel"), self._export, icon_name="file-excel-line"
        )
        self.open_button = PrimaryButton(tr("Open"), self._open_chosen, shortcut="Ctrl+N")
        self.add_footer(self.export_button, self.open_button)
        self.table.opened.connect(lambda row: self.contract_wanted.emit(row.contract_id))
        self.people.opened.connect(lambda row: self.form_wanted.emit([row.resident_id]))
        self.people.selectionModel().selectionChanged.connect(lambda *_: self._dress())
        for combo in (self.village, self.doctor, self.ages):
            combo.currentIndexChanged.connect(lambda _: self.reload())
        self.scopes.currentChanged.connect(lambda _: self.reload())

    def _build_filters(self) -> None:
        self.scopes = QTabBar()
        self.scopes.setDrawBase(False)
        self.scopes.setExpanding(False)
        self.scopes.setAccessibleName(tr("Which contracts"))
        for _ in SCOPES:
            self.scopes.addTab("")
        self.ages = self._filter(tr("Age"))
        self.ages.addItem(tr("All ages"), False)
        self.ages.addItem(tr("65 and over"), True)
        self.village = self._filter(tr("Village"))
        self.village.addItem(tr("All villages"), "")
        self.doctor = self._filter(tr("Doctor"))
        self.doctor.addItem(tr("All doctors"), "")
        self.add_action(QuietButton(tr("Teams"), self.teams_wanted.emit, icon_name="team-line"))
        self.add_action(
            QuietButton(tr("Packages"), self.packages_wanted.emit, icon_name="service-line")
        )

    def _filter(self, name: str) -> QComboBox:
        combo = QComboBox()
        combo.setAccessibleName(name)
        combo.setMinimumContentsLength(7)
        combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.add_action(combo)
        return combo

    # -- what is shown --------------------------------------------------------------------------

    @property
    def wanted(self) -> Wanted:
        """The list and the filters as chosen."""
        return Wanted(
            SCOPES[max(self.scopes.currentIndex(), 0)],
            str(self.village.currentData() or ""),
            str(self.doctor.currentData() or ""),
            bool(self.ages.currentData()),
        )

    def show_scope(self, scope: str) -> None:
        """Bring one of the lists to the front."""
        self.scopes.setCurrentIndex(SCOPES.index(scope))

    def reload(self) -> None:
        """Ask for everything anew; the chosen line stays where it was."""
        read, oops = self._controller.read, self.strip.say_error
        self._generation += 1
        generation = self._generation

        def listed(total: int) -> None:
            # An answer to an older choice of list must not replace the newer one's.
            if generation == self._generation:
                self._listed(total)

        # The list first: what stands around it looks at more.
        read(count_contracts, self.wanted, done=listed, failed=oops)
        read(scope_counts, self.wanted, done=self._counted, failed=oops)
        read(filter_choices, done=self._offer, failed=oops)

    def _listed(self, total: int) -> None:
        people = self.wanted.scope == "unsigned"
        model, table = (self.people_model, self.people) if people else (self.model, self.table)
        at = max(table.currentIndex().row(), 0)
        self._total = total
        model.reload()
        if total:
            self.stack.setCurrentWidget(table)
            table.choose(min(at, total - 1))
        else:
            self.empty.set_text(*self._nothing())
            self.stack.setCurrentWidget(self.empty)
        self._dress()

    def to_list(self) -> None:
        """The focus on the list, ready for the arrow keys."""
        self.stack.currentWidget().setFocus(Qt.FocusReason.OtherFocusReason)

    def _dress(self) -> None:
        people = self.wanted.scope == "unsigned"
        rows = self.stack.currentWidget() is not self.empty
        if people:
            chosen = len(self.people.selectionModel().selectedRows())
            words = tr("Sign with {count} residents").format(count=chosen) if chosen > 1 else ""
            self.open_button.setText(words or tr("Sign"))
            self.set_note(tr("Choose several with Shift and the arrow keys, all with Ctrl+A."))
            self.open_button.setEnabled(rows and self._context.may(*SIGN_ROLES))
        else:
            self.open_button.setText(tr("Open"))
            self.set_note(tr("A new contract: find the resident with F3 and choose Contract."))
            self.open_button.setEnabled(rows)
        self.export_button.setEnabled(rows)

    def _nothing(self) -> tuple[str, str]:
        return {
            "in_force": (
                tr("No contract here yet."),
                tr("Signed contracts appear here. Choose “Without a contract” to sign the first."),
            ),
            "ending": (
                tr("No contract ends soon."),
                tr("Contracts appear here 30 days before they end, to be renewed."),
            ),
            "pending": (
                tr("Nothing waits for a review."),
                tr("Contracts that nurses or village doctors sign appear here for a doctor."),
            ),
            "over": (
                tr("No contract has ended."),
                tr("Contracts that ran out or were terminated appear here."),
            ),
            "unsigned": (
                tr("Everybody here has a contract."),
                tr("Residents without a family-doctor contract appear here."),
            ),
        }[self.wanted.scope]

    def _load(self, offset: int, limit: int) -> Any:
        c = self._context
        return contract_list(c.store, c.actor, self.wanted, offset, limit)

    def _counted(self, counts: ScopeCounts) -> None:
        for at, text in enumerate(
            (
                tr("In force {count}").format(count=counts.in_force),
                tr("Ending soon {count}").format(count=counts.ending),
                tr("To be reviewed {count}").format(count=counts.pending),
                tr("Over {count}").format(count=counts.over),
                tr("Without a contract {count}").format(count=counts.unsigned),
            )
        ):
            self.scopes.setTabText(at, text)

    def _offer(self, choices: FilterChoices) -> None:
        for combo, names, first in (
            (self.village, choices.villages, tr("All villages")),
            (self.doctor, choices.doctors, tr("All doctors")),
        ):
            kept = combo.currentData()
            blocked = combo.blockSignals(True)
            combo.clear()
            combo.addItem(first, "")
            for name in names:
                combo.addItem(name, name)
            combo.setCurrentIndex(max(combo.findData(kept), 0))
            combo.blockSignals(blocked)

    # -- what is done ---------------------------------------------------------------------------

    def _open_chosen(self) -> None:
        if self.wanted.scope != "unsigned":
            row = self.table.current()
            if row is not None:
                self.contract_wanted.emit(row.contract_id)
            return
        positions = sorted(index.row() for index in self.people.selectionModel().selectedRows())
        if len(positions) > MOST_AT_ONCE:
            self.strip.say(
                tr("At most {count} residents are signed at once. Choose fewer.").format(
                    count=MOST_AT_ONCE
                ),
                "attention",
            )
        elif positions:
            self.form_wanted.emit([row.resident_id for row in self._rows(positions)])

    def _rows(self, positions: list[int]) -> list[ContractRow]:
        """The rows at these places, also of pages that were never shown."""
        found: list[ContractRow] = []
        for at in positions:
            row = self.people_model.row(at)
            found += [row] if row is not None else list(self._load(at, 1))
        return found

    def _export(self) -> None:
        wanted = replace(self.wanted)
        title = self.scopes.tabText(self.scopes.currentIndex()).rpartition(" ")[0]
        path = ask_where_to_save(self, suggested_name(tr("Contracts"), title, wanted.village))
        if path is not None:
            self._controller.read(
                export_contracts, wanted, path, title, done=self._exported,
                failed=self.strip.say_error,
            )  # fmt: skip

    def _exported(self, made: Any) -> None:
        self.strip.clear()
        self._context.notify(tr("{count} lines were written.").format(count=made.rows))
