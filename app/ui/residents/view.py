"""The Residents room: the list, the form and the resident's page, one in front at a time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.basic_form import BasicForm
from app.care.residents import ResidentForm
from app.ui.context import UiContext
from app.ui.residents.controller import ResidentsController
from app.ui.residents.duplicates import DuplicatesPage
from app.ui.residents.form_page import FormPage
from app.ui.residents.list_page import ListPage
from app.ui.residents.resident_page import ResidentPage

if TYPE_CHECKING:
    from app.ui.roster.page import RosterPage


class ResidentsRoom(QWidget):
    """``open(resident_id=…)`` a page, ``open(new=True, typed="…")`` the form, ``open()`` the list.

    With ``edit=True`` the kept form of the resident is opened, to correct it. A plain visit of the
    room brings back what was in front when it was left.
    """

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = ResidentsController(context, self)
        self._stack = QStackedLayout(self)
        self._stack.setContentsMargins(0, 0, 0, 0)
        self.list = ListPage(context, self)
        self.page = ResidentPage(context, self._controller, self)
        self._form: FormPage | None = None
        self._roster: RosterPage | None = None
        self._suspects: DuplicatesPage | None = None
        self._stack.addWidget(self.list)
        self._stack.addWidget(self.page)
        self.list.opened.connect(self.show_page)
        self.list.fresh.connect(self.show_new)
        self.list.roster.connect(self.show_roster)
        self.list.suspects.connect(self.show_suspects)
        self.page.left.connect(self.show_list)
        self.page.edit.connect(self.show_edit)
        self.page.card.connect(self.show_card)
        self.page.own.connect(self.show_own)
        self.page.wanted.connect(self.show_page)

    @property
    def form(self) -> FormPage:
        """The form, built when it is first needed: it has a hundred controls."""
        if self._form is None:
            self._form = FormPage(self._context, self._controller, self)
            self._stack.addWidget(self._form)
            self._form.saved.connect(self.show_page)
            self._form.wanted.connect(self.show_page)
            self._form.left.connect(self._form_left)
        return self._form

    @property
    def suspects(self) -> DuplicatesPage:
        """The list of records that may be of one person."""
        if self._suspects is None:
            self._suspects = DuplicatesPage(self._context, self._controller, self)
            self._stack.addWidget(self._suspects)
            self._suspects.left.connect(self.show_list)
            self._suspects.wanted.connect(self.show_page)
        return self._suspects

    def open(self, **where: Any) -> None:
        """What ``navigate("residents", …)`` asks for."""
        if where.get("resident_id"):
            self.show_page(str(where["resident_id"]))
            if where.get("edit"):
                self.show_edit(str(where["resident_id"]))
        elif where.get("suspects"):
            self.show_suspects()
        elif where.get("roster"):
            self.show_roster()
        elif where.get("new"):
            self.show_new(str(where.get("typed", "")))
        elif self._stack.currentWidget() is self.list:
            self.show_list()

    def refresh(self) -> None:
        """The room comes to the front again."""
        current = self._stack.currentWidget()
        if current is self.page:
            self.page.refresh()
        elif current is self.list:
            self.list.refresh()

    def leave(self) -> None:
        """Another room comes to the front: an open form keeps its draft."""
        if self._form is not None and self._stack.currentWidget() is self._form:
            self._form.keep_draft()

    def show_list(self) -> None:
        """Back to the list, ready to type."""
        self._stack.setCurrentWidget(self.list)
        self.list.begin()

    def show_page(self, resident_id: str) -> None:
        """A resident's page."""
        self._stack.setCurrentWidget(self.page)
        self.page.show_resident(resident_id)

    def show_new(self, typed: str = "") -> None:
        """The form for a new record."""
        self._stack.setCurrentWidget(self.form)
        self.form.begin(typed)

    def show_suspects(self) -> None:
        """Records that may be of one person."""
        self._stack.setCurrentWidget(self.suspects)
        self.suspects.begin()

    @property
    def roster(self) -> RosterPage:
        """The page on which rosters are brought in."""
        if self._roster is None:
            from app.ui.roster.page import RosterPage

            self._roster = RosterPage(self._context, self)
            self._stack.addWidget(self._roster)
            self._roster.left.connect(self.show_list)
        return self._roster

    def show_roster(self) -> None:
        """Bring in a roster, from where it was left."""
        self._stack.setCurrentWidget(self.roster)
        self.roster.come()

    def show_edit(self, resident_id: str) -> None:
        """The form of a kept record."""
        self._controller.load_form(
            resident_id,
            self._edit,
            self.page.strip.say_error,
        )

    def show_card(self, resident_id: str) -> None:
        """The form of a temporary record, ready for the card that is there now."""
        self._controller.load_form(
            resident_id,
            lambda kept: self._edit(kept, card=True),
            self.page.strip.say_error,
        )

    def show_own(self, resident_id: str) -> None:
        """The form for an own record of somebody whose record is another organisation's."""
        self._controller.own_record(
            resident_id,
            lambda form: self._own(form, resident_id),
            self.page.strip.say_error,
        )

    def _own(self, form: BasicForm, of: str) -> None:
        self._stack.setCurrentWidget(self.form)
        self.form.begin_own(form, of)

    def _edit(self, kept: ResidentForm, *, card: bool = False) -> None:
        self._stack.setCurrentWidget(self.form)
        self.form.correct(kept)
        if card:
            self.form.await_card()

    def _form_left(self) -> None:
        if self.page.resident_id and self.form.corrects:
            self.show_page(self.page.resident_id)
        else:
            self.show_list()
