"""The contracts room: the lists, one contract, the form, teams and packages."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.contracts.opening import FormContext, open_form
from app.care.contracts.signing import BatchSigned, Signed
from app.i18n import tr
from app.ui.context import UiContext
from app.ui.contracts.controller import ContractsController
from app.ui.contracts.detail_page import DetailPage
from app.ui.contracts.list_page import ContractsPage
from app.ui.contracts.packages_page import PackagesPage
from app.ui.contracts.sign_page import SignPage
from app.ui.contracts.teams_page import TeamsPage

_KINDS = frozenset(
    {
        *("contract", "contract_service", "care_team", "service_package", "resident"),
        *("follow_up", "health_check", "assessment", "check_in"),
    }
)
_OPEN = ("active", "ending", "pending", "coming")


class ContractsRoom(QWidget):
    """``open()`` shows the lists, ``open(scope="ending")`` one of them,
    ``open(contract_id=…)`` a contract, ``open(resident_id=…)`` the open contract of a resident
    or else the form to sign one."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = ContractsController(context, self)
        # The frame refreshes a room and opens it then: the list is read once for both.
        self._fresh = False
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self.list = ContractsPage(self._controller)
        self._stack.addWidget(self.list)
        self._form: SignPage | None = None
        self._detail: DetailPage | None = None
        self._teams: TeamsPage | None = None
        self._packages: PackagesPage | None = None
        self.list.contract_wanted.connect(self.show_contract)
        self.list.form_wanted.connect(self.show_form)
        self.list.teams_wanted.connect(self.show_teams)
        self.list.packages_wanted.connect(self.show_packages)
        context.records_changed.connect(self._on_changed)

    # -- pages, built when they are first needed ------------------------------------------------

    @property
    def form(self) -> SignPage:
        """The form of a contract."""
        if self._form is None:
            self._form = SignPage(self._controller)
            self._form.signed.connect(self._on_signed)
            self._form.left.connect(self.show_list)
            self._stack.addWidget(self._form)
        return self._form

    @property
    def detail(self) -> DetailPage:
        """One contract."""
        if self._detail is None:
            self._detail = DetailPage(self._controller)
            self._detail.left.connect(self.show_list)
            self._detail.contract_wanted.connect(self.show_contract)
            self._detail.renew_wanted.connect(lambda each: self.show_form((), each))
            self._stack.addWidget(self._detail)
        return self._detail

    @property
    def teams(self) -> TeamsPage:
        """The teams."""
        if self._teams is None:
            self._teams = TeamsPage(self._controller)
            self._teams.left.connect(self.show_list)
            self._stack.addWidget(self._teams)
        return self._teams

    @property
    def packages(self) -> PackagesPage:
        """The packages."""
        if self._packages is None:
            self._packages = PackagesPage(self._controller)
            self._packages.left.connect(self.show_list)
            self._stack.addWidget(self._packages)
        return self._packages

    # -- the contract of a room -----------------------------------------------------------------

    def open(
        self, resident_id: str = "", contract_id: str = "", scope: str = "", **where: Any
    ) -> None:
        """See the class."""
        if contract_id:
            self.show_contract(contract_id)
        elif resident_id:
            self._controller.read(
                open_form, [resident_id], done=self._person, failed=self._not_opened
            )
        elif scope:
            self.list.show_scope(scope)
            self.show_list()
        elif self._stack.currentWidget() is self.list:
            if not self._fresh:
                self.list.reload()
            self._fresh = False
            self.list.to_list()

    def refresh(self) -> None:
        """The room comes to the front."""
        if self._stack.currentWidget() is self.list:
            self.list.reload()
            self._fresh = True
        elif self._stack.currentWidget() is self._detail:
            self.detail.refresh()

    def leave(self) -> None:
        """Another room comes to the front: what was typed is kept."""
        if self._form is not None and self._stack.currentWidget() is self._form:
            self._form.keep_draft()

    def show_list(self) -> None:
        """Back to the lists, fresh."""
        self._stack.setCurrentWidget(self.list)
        self.list.reload()
        self.list.to_list()

    def show_contract(self, contract_id: str) -> None:
        """One contract."""
        self._stack.setCurrentWidget(self.detail)
        self.detail.open(contract_id)

    def show_form(self, resident_ids: Sequence[str], renewing: str = "") -> None:
        """The form for these residents, or for the renewal of a contract."""
        self._controller.read(
            open_form, list(resident_ids), renewing, done=self._begin, failed=self._not_opened
        )

    def show_teams(self) -> None:
        """The teams."""
        self._stack.setCurrentWidget(self.teams)
        self.teams.open()

    def show_packages(self) -> None:
        """The packages."""
        self._stack.setCurrentWidget(self.packages)
        self.packages.open()

    # -- inner ----------------------------------------------------------------------------------

    def _person(self, known: FormContext) -> None:
        person = known.people[0]
        if person.state in _OPEN:
            self.show_contract(person.contract_id)
        elif person.state == "ended":
            self.show_form((), person.contract_id)
        else:
            self._begin(known)

    def _begin(self, known: FormContext) -> None:
        form = self.form
        self._stack.setCurrentWidget(form)
        form.begin(known)

    def _not_opened(self, error: Exception) -> None:
        self._stack.setCurrentWidget(self.list)
        self.list.strip.say_error(error)

    def _on_signed(self, result: Signed | BatchSigned) -> None:
        if isinstance(result, BatchSigned):
            self.show_list()
            self._tell_batch(result)
            return
        self.show_contract(result.contract_id)
        self._context.notify(
            tr("Signed. A doctor has to review it before it is in force.")
            if result.pending
            else tr("Signed until {day}.").format(day=result.ends_on.isoformat())
        )

    def _tell_batch(self, result: BatchSigned) -> None:
        words = tr("{count} residents were signed.").format(count=len(result.signed))
        if not result.refused:
            self.list.strip.clear()
            self._context.notify(words)
            return
        why = " ".join(dict.fromkeys(each.reason for each in result.refused))
        self.list.strip.say(
            tr("{done} {count} were not: {why}").format(
                done=words, count=len(result.refused), why=why
            ),
            "attention",
        )

    def _on_changed(self, kinds: set[str]) -> None:
        if kinds & _KINDS and self.isVisible():
            self.refresh()
