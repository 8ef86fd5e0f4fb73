"""One contract: what was agreed, what of it was given, and its next steps."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QDialog, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.care.contracts.completion import ServiceLine
from app.care.contracts.signing import REVIEW_ROLES, SIGN_ROLES, approve
from app.care.contracts.terms import STANDING
from app.care.contracts.view import ContractView, load_contract
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.contracts.controller import ContractsController
from app.ui.contracts.dialogs import (
    ContractDialog,
    DeclineDialog,
    NoteDialog,
    TerminateDialog,
    VoidDialog,
)
from app.ui.contracts.model import STATE_ICONS, STATE_TONES, note_columns, service_columns
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, Chip, label
from app.ui.widgets.delivery import DeliveryMark
from app.ui.widgets.pages import Page
from app.ui.widgets.said_keys import say_key
from app.ui.widgets.tables import PagedModel, RecordTable

_LEFT, _RIGHT = 5, 8


class DetailPage(Page):
    """``renew_wanted(id)``, ``contract_wanted(id)`` of an earlier one, ``left``: to the list."""

    renew_wanted = Signal(str)
    contract_wanted = Signal(str)
    left = Signal()

    def __init__(self, controller: ContractsController, parent: QWidget | None = None) -> None:
        super().__init__(tr("Contract"), parent=parent)
        self._controller = controller
        self._context = controller.context
        self.view: ContractView | None = None
        self.dialog: ContractDialog | None = None
        self._id = ""
        self._build_head()
        self._build_body()
        self.back_button = Button(tr("Go back"), self.left.emit)
        self.renew_button = PrimaryButton(tr("Renew"), self._renew, icon_name="refresh-line")
        self.approve_button = PrimaryButton(tr("Approve"), self._approve, icon_name="check-line")
        self.add_footer(self.back_button, self.renew_button, self.approve_button)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)

    def _build_head(self) -> None:
        self.state = Chip()
        self.delivery = DeliveryMark()
        self.note_button = Button(
            tr("Note a service"), self._note_one, icon_name="add-line", shortcut="Ctrl+N"
        )
        self.terminate_button = QuietButton(
            tr("Terminate"), self._terminate, icon_name="close-circle-line"
        )
        self.decline_button = QuietButton(
            tr("Decline"), self._decline, icon_name="close-circle-line"
        )
        self.person_button = QuietButton(
            tr("Resident"), self._to_person, icon_name="user-line", shortcut="Ctrl+R"
        )
        for widget in (
            self.delivery, self.state, self.note_button, self.terminate_button,
            self.decline_button, self.person_button,
        ):  # fmt: skip
            self.add_action(widget)

    def _build_body(self) -> None:
        self.facts_card = Card(tr("What was agreed"))
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_FIELD)
        self._grid.setVerticalSpacing(theme.GAP_INSIDE)
        self._grid.setColumnStretch(1, 1)
        self.facts_card.body.addLayout(self._grid)
        self.earlier = QVBoxLayout()
        self.earlier.setSpacing(theme.GAP_TIGHT)
        self.facts_card.body.addLayout(self.earlier)
        self.facts_card.body.addStretch(1)
        self.service_model = PagedModel(service_columns())
        self.services = RecordTable(self.service_model, tr("Services this year"), plain=True)
        self.services.opened.connect(self._note_line)
        self.note_model = PagedModel(note_columns())
        self.notes = _Notes(self.note_model, tr("Noted by hand"))
        self.notes.void.connect(self._void)
        self.services_card = Card(tr("Services this year"))
        self.services_card.body.addWidget(self.services, 1)
        self.notes_card = Card(tr("Noted by hand"))
        self.notes_card.body.addWidget(self.notes, 1)
        right = QVBoxLayout()
        right.setSpacing(theme.GAP_CARD)
        right.addWidget(self.services_card, 5)
        right.addWidget(self.notes_card, 3)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(self.facts_card, _LEFT)
        row.addLayout(right, _RIGHT)
        self.body.addLayout(row, 1)
        self.set_note(tr("Enter on a service notes it. Delete on a note takes it back."))

    # -- showing --------------------------------------------------------------------------------

    def open(self, contract_id: str) -> None:
        """Load and show a contract."""
        self._id = contract_id
        self.strip.clear()
        self.refresh()

    def refresh(self) -> None:
        """The contract anew."""
        if self._id:
            self._controller.read(
                load_contract, self._id, done=self._show, failed=self.strip.say_error
            )

    def _show(self, view: ContractView) -> None:
        if view.id != self._id:
            return
        self.view = view
        self.set_title(
            view.resident_name,
            " · ".join(
                part
                for part in (
                    codes.label("sex", view.sex),
                    tr("{age} years").format(age=view.age),
                    view.village,
                )
                if part
            ),
        )
        words = codes.label("contract_state", view.state)
        if view.state == "ending":
            days = (view.ends_on - self._context.clock.today()).days
            words = tr("Ends in {days} days").format(days=days)
        self.state.set(words, STATE_TONES[view.state], STATE_ICONS[view.state])
        self.delivery.set_delivery(view.delivery, self._context.clock.today())
        self._fill_facts(view)
        self.service_model.set_rows(view.services)
        due = sum(line.due for line in view.services)
        had = sum(min(line.due, line.given) for line in view.services)
        self.services_card.set_title(
            tr("Services this year: {had} of {due} due so far").format(had=had, due=due)
        )
        self.note_model.set_rows(view.notes)
        self.notes_card.set_title(tr("Noted by hand: {count}").format(count=len(view.notes)))
        self._dress(view)
        self.services.setFocus()

    def _fill_facts(self, view: ContractView) -> None:
        while item := self._grid.takeAt(0):
            item.widget().deleteLater()
        for at, (name, words) in enumerate(_facts(view)):
            key, value = label(name, "secondary"), label(words, wrap=True)
            value.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
            value.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._grid.addWidget(key, at, 0, Qt.AlignmentFlag.AlignTop)
            self._grid.addWidget(value, at, 1)
        while item := self.earlier.takeAt(0):
            item.widget().deleteLater()
        if view.earlier:
            self.earlier.addWidget(label(tr("Other contracts"), "secondary"))
        for id_, status, start, end in view.earlier:
            text = tr("{start} to {end}: {status}").format(
                start=start, end=end, status=codes.label("contract_status", status)
            )
            button = QuietButton(text, lambda each=id_: self.contract_wanted.emit(each))
            self.earlier.addWidget(button, 0, Qt.AlignmentFlag.AlignLeft)

    def _dress(self, view: ContractView) -> None:
        signer, reviewer = self._context.may(*SIGN_ROLES), self._context.may(*REVIEW_ROLES)
        standing = view.status in STANDING
        near = view.state in ("ending", "ended")
        self.renew_button.setVisible(signer and standing and near and not view.followed)
        self.terminate_button.setVisible(signer and standing)
        self.approve_button.setVisible(reviewer and view.state == "pending")
        self.decline_button.setVisible(reviewer and view.state == "pending")
        self.note_button.setVisible(
            signer and standing and any(line.manual for line in view.services)
        )

    # -- what is done ---------------------------------------------------------------------------

    def _renew(self) -> None:
        if self.view is not None:
            self.renew_wanted.emit(self.view.id)

    def _approve(self) -> None:
        if self.view is not None:
            self._controller.write(
                ("contract", "resident"), approve, self.view.id, self.view.change_id,
                done=lambda _: self._done(tr("The contract is in force.")),
                failed=self.strip.say_error,
            )  # fmt: skip

    def _done(self, words: str) -> None:
        self.strip.clear()
        self._context.notify(words)
        self.refresh()

    def _ask(self, dialog: ContractDialog, words: str) -> None:
        self.dialog = dialog

        def finished(result: int) -> None:
            self.dialog = None
            dialog.deleteLater()
            if result == QDialog.DialogCode.Accepted:
                self._done(words)

        dialog.finished.connect(finished)
        dialog.open()

    def _terminate(self) -> None:
        if self.view is not None:
            dialog = TerminateDialog(self._controller, self.view, self)
            self._ask(dialog, tr("The contract is terminated."))

    def _decline(self) -> None:
        if self.view is not None:
            dialog = DeclineDialog(self._controller, self.view, self)
            self._ask(dialog, tr("The contract is declined."))

    def _note_one(self) -> None:
        line = self.services.current()
        self._note_line(line if line is not None and line.manual else None)

    def _note_line(self, line: ServiceLine | None) -> None:
        if self.view is None or not self.note_button.isVisibleTo(self):
            return
        if line is not None and not line.manual:
            self.strip.say(
                tr("“{service}” is counted from the records by itself.").format(service=line.name),
                "neutral",
            )
            return
        dialog = NoteDialog(self._controller, self.view, line.service if line else "", self)
        self._ask(dialog, tr("The service is noted."))

    def _void(self, row: Any) -> None:
        if self._context.may(*SIGN_ROLES):
            self._ask(VoidDialog(self._controller, row.id, self), tr("The note is taken back."))

    def _to_person(self) -> None:
        if self.view is not None:
            self._context.navigate("residents", resident_id=self.view.resident_id)


class _Notes(RecordTable):
    """Delete on a line asks to take it back."""

    void = Signal(object)

    def __init__(self, model: PagedModel[Any], name: str) -> None:
        super().__init__(model, name, plain=True)
        say_key(self, "Delete", tr("Mark the chosen service as a mistake"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        row = self.current()
        if event.key() == Qt.Key.Key_Delete and row is not None:
            self.void.emit(row)
            return
        super().keyPressEvent(event)


def _facts(view: ContractView) -> list[tuple[str, str]]:
    """What was agreed, line by line; what is empty is left out."""
    packages = tr(", ").join(
        tr("{name} (version {version})").format(name=name, version=version)
        for _, name, version in view.packages
    )
    payers = tr(", ").join(
        tr("{who} {amount} yuan").format(
            who=codes.label("package_payer", who), amount=f"{amount:g}"
        )
        for who, amount in view.payers
        if amount
    )
    ended = " · ".join(
        part
        for part in (
            str(view.terminated_on or ""),
            codes.label("contract_end_reason", view.termination_reason)
            if view.termination_reason
            else "",
            view.termination_text,
        )
        if part
    )
    reviewed = " · ".join(part for part in (view.reviewed_by, str(view.reviewed_on or "")) if part)
    relation = codes.label("signer_relation", view.signer_relation)
    lines = [
        (tr("Number"), view.contract_no),
        (tr("Kind"), codes.label("contract_category", view.category)),
        (tr("Packages"), packages),
        (tr("Team"), view.team_name),
        (tr("Doctor"), view.doctor_name),
        (tr("Date of signing"), view.signed_on.isoformat()),
        (
            tr("Term"),
            tr("{start} to {end} ({count} years)").format(
                start=view.starts_on, end=view.ends_on, count=view.term_years
            ),
        ),
        (
            tr("Population"),
            tr(", ").join(codes.label("population_flag", each) for each in view.population_flags),
        ),
        (tr("Signed at"), codes.label("contract_source", view.source) if view.source else ""),
        (tr("Signer"), tr("{name} ({relation})").format(name=view.signer_name, relation=relation)),
        (tr("Read to the resident"), tr("yes") if view.read_to_resident else tr("no")),
        (tr("Payers"), payers),
        (tr("Charged"), tr("yes") if view.charged else ""),
        (tr("Signed by staff"), view.signed_by),
        (tr("Reviewed"), reviewed),
        (tr("Terminated"), ended),
        (tr("Note"), view.note),
    ]
    return [(name, words) for name, words in lines if words]
