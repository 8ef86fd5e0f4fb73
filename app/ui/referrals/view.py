"""The referral room: left the list by state with waiting times, right the letter with its moves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QModelIndex, QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import (
    QAbstractItemView,
    QFrame,
    QHBoxLayout,
    QListView,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.care.referral_drafts import DraftLine
from app.care.referral_lists import ENDED_STATES, ReferralLine, is_lead_hospital
from app.care.referral_return.steps import DeskStep
from app.care.referral_states import Side
from app.care.referral_up.following import may_follow
from app.care.referral_view import ReferralView
from app.errors import NotFound
from app.i18n import tr
from app.ui import theme
from app.ui.attachments.card import FilesCard
from app.ui.attachments.of_referral import show_referral_files
from app.ui.context import UiContext
from app.ui.outreach.links import OutreachLinks
from app.ui.outreach.of_referral import OutreachWays
from app.ui.referrals.back.closing import close_behind
from app.ui.referrals.back.pages import VisitPages
from app.ui.referrals.controller import Listed, ReferralsController
from app.ui.referrals.detail import ReferralDetail
from app.ui.referrals.dialogs import PersonDialog
from app.ui.referrals.emptiness import empty_words, words_beside
from app.ui.referrals.letter_form import LetterForm
from app.ui.referrals.model import ITEM_ROLE, ReferralDelegate, ReferralList, grouped
from app.ui.referrals.prints import ReferralPrinter
from app.ui.referrals.returns.desk import ReturnPages
from app.ui.style import dress
from app.ui.widgets.buttons import Button, LinkButton, PrimaryButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.strips import sentence

_KINDS = frozenset((
    "resident", "referral", "referral_service", "referral_task", "referral_event",
    "referral_reply", "return_plan", "referral_visit", "organisation",
))  # fmt: skip
#: Waiting times move on while the page is looked at.
_TICK_MS = 30_000


class ReferralsRoom(QWidget):
    """Two pages: the desk (list and letter) and the form of a letter being written."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        # A lead hospital refers down, not up; its desk begins with what comes in.
        self._lead = is_lead_hospital(context.store)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.pages = QStackedWidget(self)
        whole.addWidget(self.pages)
        self.controller = ReferralsController(context, self)
        self.desk = self._build_desk()
        self.pages.addWidget(self.desk)
        self.form: LetterForm | None = None
        self.controller.listed.connect(self._show_list)
        self.controller.opened.connect(self._show_referral)
        self.controller.failed.connect(self._failed)
        self.controller.mend.connect(self.mend_letter)
        self.controller.answering.connect(self.write_answer)
        self.controller.following.connect(
            lambda letter: self.write_letter(letter.resident_id, letter)
        )
        self.answers = ReturnPages(context, self.pages, self.show_referral, self._form_left)
        self.printer = ReferralPrinter(context, self.controller, self.detail.strip.say_error)
        self.detail.print_wanted.connect(self.printer.ask)
        self.visits = VisitPages(
            context, self.pages, self.show_referral, self._form_left, self._failed
        )
        self._wanted = ""
        self._first = True
        QShortcut(QKeySequence("Ctrl+N"), self).activated.connect(self.ask_for_person)
        context.records_changed.connect(self._records_changed)
        context.drafts_changed.connect(self._drafts_changed)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._on_tick)

    # -- building ---------------------------------------------------------------------------

    def _build_desk(self) -> QWidget:
        desk = QWidget(self.pages)
        row = QHBoxLayout(desk)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._build_left(desk))
        self.right = QStackedWidget(desk)
        self.detail = ReferralDetail(
            self.controller.act,
            self.controller.answer,
            self.controller.complete,
            lambda resident_id: self._context.navigate("residents", resident_id=resident_id),
            self.controller.take_step,
            self.controller.follow,
            self.show_referral,
            self.right,
        )
        self.files = FilesCard(self._context, self.detail)
        self.detail.take_files(self.files)
        self.detail.take_beside(OutreachWays(self._context, lambda: self.controller.view))
        self.nothing = EmptyState(
            tr("Choose a referral at the left."),
            tr("Here you read the letter and take the next step."),
            "arrow-left-right-line",
        )
        self.right.addWidget(self.nothing)
        self.right.addWidget(self.detail)
        row.addWidget(self.right, 1)
        return desk

    def _build_left(self, desk: QWidget) -> QWidget:
        panel = QFrame(desk)
        dress(panel, kind="panel")
        panel.setFixedWidth(theme.LIST_WIDTH)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, theme.GAP_FIELD, 0, 0)
        column.setSpacing(theme.GAP_INSIDE)
        head = QHBoxLayout()
        head.setContentsMargins(theme.GAP_FIELD, 0, theme.GAP_FIELD, 0)
        head.addWidget(label(tr("Referrals"), "title"))
        head.addStretch(1)
        words = tr("New down-referral") if self._lead else tr("New up-referral")
        self.new_button = PrimaryButton(
            words,
            self.ask_for_person,
            icon_name="add-line",
            shortcut="",
            tip=tr("{what} ({keys})").format(what=words, keys="Ctrl+N"),
        )
        head.addWidget(self.new_button)
        column.addLayout(head)
        column.addWidget(OutreachLinks(self._context))
        filters = QHBoxLayout()
        filters.setContentsMargins(theme.GAP_FIELD, 0, theme.GAP_FIELD, 0)
        filters.setSpacing(theme.GAP_TIGHT)
        self.received = self._filter(lambda: self._choose(Side.RECEIVER, ended=False))
        self.sent = self._filter(lambda: self._choose(Side.SENDER, ended=False))
        self.ended = self._filter(lambda: self._choose(self.controller.side, ended=True))
        for button in (self.received, self.sent, self.ended):
            filters.addWidget(button)
        filters.addStretch(1)
        column.addLayout(filters)
        self.model = ReferralList(self._context.store.clock.today(), self)
        self.list = QListView()
        dress(self.list, kind="plain")
        self.list.setModel(self.model)
        self.list.setItemDelegate(ReferralDelegate(self.list))
        self.list.setAccessibleName(tr("Referrals by state"))
        self.list.setMouseTracking(True)
        self.list.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.list.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.list.activated.connect(self._activated)
        self.list.clicked.connect(self._activated)
        self.empty = EmptyState("", "", "inbox-line")
        self.lists = QStackedWidget()
        self.lists.addWidget(self.list)
        self.lists.addWidget(self.empty)
        column.addWidget(self.lists, 1)
        self.more = LinkButton(tr("Show more"), self.controller.load_more)
        self.more.hide()
        column.addWidget(self.more)
        return panel

    def _filter(self, chosen: Any) -> QPushButton:
        button = Button("", chosen)
        button.setCheckable(True)
        dress(button, kind="option")
        return button

    # -- the room's contract ------------------------------------------------------------------

    def open(self, **where: Any) -> None:
        """``referral_id`` shows one; ``resident_id`` (with ``prefill``) begins a letter, with
        ``page="return"`` the visit of one who came back."""
        self._tick.start()
        if self._first:
            self._first = False
            # The lead hospital's desk begins with what comes in, a township with what it sent.
            self.controller.side = Side.RECEIVER if self._lead else Side.SENDER
        close_behind(self._context, self)
        if referral_id := where.get("referral_id"):
            self.show_referral(str(referral_id))
        elif where.get("page") == "return":
            self.visits.write_for(str(where.get("resident_id") or ""))
        elif resident_id := where.get("resident_id"):
            if self._lead:
                self.refer_down(str(resident_id))
            else:
                self.write_letter(str(resident_id), where.get("prefill"))
        else:
            self.controller.load()
            self.list.setFocus()

    def refresh(self) -> None:
        """The room comes to the front again."""
        self._tick.start()
        self.controller.load()
        self.controller.refresh()

    def leave(self) -> None:
        self._tick.stop()
        if self.form is not None and self.pages.currentWidget() is self.form:
            self.form.keep_draft()
        self.answers.keep_draft()
        self.visits.keep_draft()

    # -- list -----------------------------------------------------------------------------------

    def _choose(self, side: Side, *, ended: bool) -> None:
        self._wanted = ""
        if (side, ended) != (self.controller.side, self.controller.ended):
            self.controller.forget()  # what stands in another list does not stay beside this one
        self.controller.choose(side, ended=ended)

    def _show_list(self, found: Listed) -> None:
        self.received.setText(tr("Received {count}").format(count=found.received))
        self.sent.setText(tr("Sent {count}").format(count=found.sent + len(found.drafts)))
        received = found.side is Side.RECEIVER
        self.ended.setText(tr("Ended (received)") if received else tr("Ended (sent)"))
        self.received.setChecked(received and not found.ended)
        self.sent.setChecked(not received and not found.ended)
        self.ended.setChecked(found.ended)
        for button in (self.received, self.sent, self.ended):
            button.setAccessibleName(button.text())
        items = grouped(found.lines, found.order, found.drafts, found.counts)
        # Also one that is still being fetched: a list that comes first must not replace it.
        keep = self._wanted or self.controller.wanted
        scrolled = self.list.verticalScrollBar().value()
        self.list.selectionModel().blockSignals(True)
        self.model.set_items(items, self._context.store.clock.today())
        row = self.model.row_of(keep) if keep else -1
        if row >= 0:
            self.list.setCurrentIndex(self.model.index(row, 0))
        self.list.selectionModel().blockSignals(False)
        self.list.verticalScrollBar().setValue(scrolled)
        self._wanted = ""
        self.more.setVisible(found.more)
        self._show_emptiness(found)
        if row < 0 and not keep:
            self._open_first()

    def _open_first(self) -> None:
        row = self.model.first_line()
        if row < 0:
            self.controller.forget()
            self.right.setCurrentWidget(self.nothing)
        else:
            self.list.setCurrentIndex(self.model.index(row, 0))

    def _show_emptiness(self, found: Listed) -> None:
        if found.lines or found.drafts:
            self.lists.setCurrentWidget(self.list)
            self.nothing.set_text(
                tr("Choose a referral at the left."),
                tr("Here you read the letter and take the next step."),
            )
            return
        self.empty.set_text(*empty_words(found, lead=self._lead))
        self.nothing.set_text(*words_beside(lead=self._lead))
        self.lists.setCurrentWidget(self.empty)

    def _current_changed(self, index: QModelIndex, _before: QModelIndex) -> None:
        item = index.data(ITEM_ROLE)
        if isinstance(item, ReferralLine):
            self.controller.open(item.referral_id)
        elif isinstance(item, DraftLine):
            self.controller.forget()
            self.nothing.set_text(
                tr("{name}: a letter that is not finished.").format(name=item.resident_name),
                tr("Press Enter to go on writing."),
            )
            self.right.setCurrentWidget(self.nothing)

    def _activated(self, index: QModelIndex) -> None:
        item = index.data(ITEM_ROLE)
        if isinstance(item, DraftLine) and self.pages.currentWidget() is self.desk:
            self.write_letter(item.resident_id)

    # -- one referral -----------------------------------------------------------------------------

    def show_referral(self, referral_id: str) -> None:
        """Bring one referral to the right side, in the list where it stands."""
        self.pages.setCurrentWidget(self.desk)
        self.list.setFocus()
        self._wanted = referral_id
        self.controller.open(referral_id)

    def _show_referral(self, view: ReferralView) -> None:
        self.detail.show_view(
            view,
            self._context.store.clock.today(),
            self.controller.returns,
            self.controller.steps(),
            may_follow=may_follow(view, self._context.actor),
        )
        show_referral_files(self.files, view, self.controller.returns, self._context.actor)
        self.right.setCurrentWidget(self.detail)
        if self._wanted == view.referral_id:
            self.controller.choose(view.side, ended=view.state in ENDED_STATES)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, NotFound):
            self.controller.forget()
            self.right.setCurrentWidget(self.nothing)
            self._context.notify(sentence(error), "attention")
            self.controller.load()
            return
        self.right.setCurrentWidget(self.detail)
        self.detail.strip.say_error(error)

    # -- writing ----------------------------------------------------------------------------------

    def ask_for_person(self) -> None:
        """Whom is the new letter about?"""
        dialog = PersonDialog(self._context, self)
        write = self.refer_down if self._lead else self.write_letter
        dialog.accepted.connect(lambda: write(dialog.resident_id))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def write_letter(self, resident_id: str, prefill: object = None) -> None:
        """The form of a new letter, filled from the record."""
        self._new_form(lambda form: form.begin(resident_id, prefill))

    def write_answer(self, step: DeskStep) -> None:
        """The form of a reply, a hand-back, an amendment, or of another house to go to."""
        view = self.controller.view
        if view is not None and step is DeskStep.VISIT:
            self.visits.write(view.referral_id)
        elif view is not None:
            self.answers.answer(step, view, self.controller.returns)

    def refer_down(self, resident_id: str) -> None:
        """The form of a new down-referral."""
        self.answers.refer_down(resident_id)

    def mend_letter(self, view: ReferralView) -> None:
        """The form with a returned letter, or with an emergency letter to be completed."""
        self._new_form(lambda form: form.amend(view))

    def _new_form(self, fill: Callable[[LetterForm], None]) -> None:
        if self.form is None or self.form.building.failed:
            if self.form is not None:
                self.form.deleteLater()
            shown = self.show_referral
            self.form = LetterForm(self._context, shown, self._form_left, shown, self.pages)
            self.form.opening.connect(self._show_form)
            self.pages.addWidget(self.form)
        fill(self.form)
        self._show_form()

    def _show_form(self) -> None:
        first = self.form.focusWidget()
        self.pages.setCurrentWidget(self.form)
        if first is not None:
            first.setFocus()

    def _form_left(self) -> None:
        self.pages.setCurrentWidget(self.desk)
        self.controller.load()
        self.list.setFocus()

    # -- news -------------------------------------------------------------------------------------

    def _records_changed(self, kinds: set[str]) -> None:
        if self._first or not kinds & _KINDS:
            return
        self.controller.load()
        if self.pages.currentWidget() is self.desk:
            self.controller.refresh()

    def _drafts_changed(self) -> None:
        if self._first or self.pages.currentWidget() is not self.desk:
            return  # a form keeps its draft field by field; the list is loaded when it is left
        if self.controller.side is Side.SENDER and not self.controller.ended:
            self.controller.load()

    def _on_tick(self) -> None:
        if self.isVisible() and self.pages.currentWidget() is self.desk:
            self.controller.load()
