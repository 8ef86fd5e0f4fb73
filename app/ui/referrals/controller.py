"""What the referral room does: loads, opens, and carries out the moves that its buttons ask for."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QWidget
from shiboken6 import isValid

from app.care import referral, referral_desk
from app.care.referral import Written
from app.care.referral_back.steps import visit_is_open
from app.care.referral_return.returns import Returns, load_returns
from app.care.referral_return.stay import arrive, begin_care, no_show
from app.care.referral_return.steps import DeskStep, desk_steps
from app.care.referral_states import ServiceState, Side, State, Urgency
from app.care.referral_up.following import following_letter
from app.care.referral_view import (
    MoveOption,
    ReferralView,
    ServiceView,
    open_referral,
    refresh_referral,
)
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.referrals.accept import AcceptDialog, AnswerDialog
from app.ui.referrals.arrival import other_day
from app.ui.referrals.detail import move_words
from app.ui.referrals.dialogs import FormDialog, PhoneDialog, ReasonDialog
from app.ui.referrals.letter_form import KINDS
from app.ui.referrals.listed import Listed, load_list
from app.ui.referrals.returns.desk import ON_A_PAGE, step_dialog
from app.ui.referrals.review import IN_HOUSE, approving, review_dialog
from app.ui.referrals.words import EXPLAINED, explanation

#: How many lines of ended referrals are fetched at a time.
PAGE = 100
#: Open referrals of one house that the list holds; beyond it the oldest wait below the most urgent.
OPEN_LIMIT = 500


class ReferralsController(QObject):
    """Signals carry what came back; nothing of Qt's widgets is known here but the dialogs."""

    listed = Signal(object)
    opened = Signal(object)
    failed = Signal(object)
    mend = Signal(object)
    #: A step that is written on a page of its own.
    answering = Signal(object)
    #: A new letter follows one that ended or that became urgent: what it begins with.
    following = Signal(object)

    def __init__(self, context: UiContext, window: QWidget) -> None:
        super().__init__(window)
        self._context = context
        self._window = window
        self.side = Side.SENDER
        self.ended = False
        self._limit = PAGE
        self.view: ReferralView | None = None
        self.returns = Returns()
        self._wanted = ""
        self._moving = False
        #: How often the list was asked for.
        self._asked = 0
        #: Nobody has chosen a list or seen one with lines: it may begin with the other.
        self._chosen = False
        self.dialog: QDialog | None = None

    # -- looking --------------------------------------------------------------------------------

    def load(self) -> None:
        """Fetch the list anew."""
        limit = self._limit if self.ended else OPEN_LIMIT
        context = self._context
        self._asked += 1
        asked = self._asked

        def done(found: Listed) -> None:
            # What was asked before, perhaps of another filter, must not replace the newer answer.
            if asked != self._asked:
                return
            if not self._chosen and found.instead is not None:
                self.choose(found.instead, ended=False)
                return
            self._chosen |= not found.empty
            self.listed.emit(found)

        context.tasks.run(
            load_list, context.store, context.actor, self.side, self.ended, limit,
            done=done, failed=self.failed.emit, owner=self,
        )  # fmt: skip

    def load_more(self) -> None:
        self._limit += PAGE
        self.load()

    def choose(self, side: Side, *, ended: bool) -> None:
        self.side, self.ended, self._limit = side, ended, PAGE
        self._chosen = True
        self.load()

    def open(self, referral_id: str) -> None:
        """Fetch one referral; only the last one asked for is shown."""
        self._fetch(referral_id, open_referral, looked=True)

    def refresh(self) -> None:
        """Fetch the referral that is shown anew, after news of it; one that is on its way to the
        screen is not given up for the one that stands there still."""
        if self._wanted:
            self._fetch(self._wanted, refresh_referral)

    def _fetch(
        self,
        referral_id: str,
        load: Callable[[Store, Actor, str], ReferralView],
        *,
        looked: bool = False,
    ) -> None:
        self._wanted = referral_id
        context = self._context

        def done(found: tuple[ReferralView, Returns]) -> None:
            view, returns = found
            if view.referral_id == self._wanted:
                self.view, self.returns = view, returns
                self.opened.emit(view)
            if looked and view.urgency is Urgency.EMERGENCY:
                # The look is in the audit trail: the alarm of an unseen emergency ends.
                context.tell_changed("audit_event")

        def look() -> tuple[ReferralView, Returns]:
            view = load(context.store, context.actor, referral_id)
            return view, load_returns(context.store, context.actor, referral_id)

        context.tasks.run(look, done=done, failed=self.failed.emit, owner=self)

    @property
    def wanted(self) -> str:
        """The referral that is shown or on its way; empty where none is."""
        return self._wanted

    def forget(self) -> None:
        self._wanted = ""
        self.view = None

    # -- acting ---------------------------------------------------------------------------------

    def act(self, option: MoveOption) -> None:
        """A move's button was pressed: ask what is needed, then make the move."""
        view = self.view
        if view is None:
            return
        if option.phone:
            self._phone(view)
        elif view.state is State.DRAFT and option.target is not State.DELETED:
            self.mend.emit(view)
        elif view.state in IN_HOUSE:
            self._review(view, option)
        elif option.target is State.ACCEPTED:
            self._accept(view)
        elif option.target is State.SENT:
            reply = self.returns.reply
            # A letter with a summary is mended on the page of summaries.
            if reply is not None and reply.own:
                self.answering.emit(DeskStep.RESEND)
            else:
                self.mend.emit(view)
        elif option.reasons is not None or option.target in EXPLAINED:
            self._reason(view, option)
        else:
            work, today = self._advance(view, option.target), self._context.store.clock.today()
            arrived = option.target is State.ARRIVED
            if arrived and (sure := other_day(view, today, self._window)) is not None:
                self._show(sure, lambda: self._run(sure, work))
            else:
                self._run(None, work)

    def answer(self, service: ServiceView, state: ServiceState) -> None:
        """An answer to one priority was asked for."""
        view = self.view
        if view is None:
            return
        store, actor, referral_id = self._context.store, self._context.actor, view.referral_id
        if state is ServiceState.USED:
            used = referral_desk.ServiceAnswer(service.task_id, state)
            self._run(None, lambda: referral_desk.answer_service(store, actor, referral_id, used))
            return
        dialog = AnswerDialog(service, state, self._context.store.clock.today(), self._window)

        def finish() -> None:
            answer = dialog.answer()
            self._run(
                dialog, lambda: referral_desk.answer_service(store, actor, referral_id, answer)
            )

        self._show(dialog, finish)

    def steps(self) -> tuple[DeskStep, ...]:
        """The steps with a form of their own that this person may take now."""
        if self.view is None:
            return ()
        reply = self.returns.reply
        own = reply is not None and reply.own
        found = desk_steps(self.view, self._context.actor, has_reply=own)
        if visit_is_open(self._context.actor, in_hand=self.returns.in_hand):
            found = (*found, DeskStep.VISIT)
        return found

    def take_step(self, step: DeskStep) -> None:
        """A step's button was pressed."""
        if self.view is None:
            return
        if step in ON_A_PAGE:
            self.answering.emit(step)
            return
        dialog, work = step_dialog(step, self.view, self._context, self._window)
        self._show(dialog, lambda: self._run(dialog, work()))

    def complete(self) -> None:
        if self.view is not None:
            self.mend.emit(self.view)

    def follow(self) -> None:
        """A new letter in the place of the one that is shown."""
        if self.view is not None:
            self.following.emit(following_letter(self.view, self._context.store.clock.today()))

    def _review(self, view: ReferralView, option: MoveOption) -> None:
        store, actor = self._context.store, self._context.actor
        if option.target is State.SENT:
            self._run(None, approving(store, actor, view))
            return
        dialog, work = review_dialog(option, view, store, actor, self._window)
        self._show(dialog, lambda: self._run(dialog, work()))

    def _advance(self, view: ReferralView, target: State) -> Callable[[], Written]:
        store, actor = self._context.store, self._context.actor
        if target is State.ARRIVED:
            return lambda: arrive(store, actor, view.referral_id)
        if target is State.IN_CARE and view.state is State.ARRIVED:
            return lambda: begin_care(store, actor, view.referral_id)
        return lambda: referral.advance(store, actor, view.referral_id, target)

    def _accept(self, view: ReferralView) -> None:
        dialog = AcceptDialog(view, self._context.store.clock.today(), self._window)
        store, actor = self._context.store, self._context.actor

        def finish() -> None:
            booking, answers = dialog.booking(), dialog.service_answers()
            self._run(
                dialog,
                lambda: referral_desk.accept(store, actor, view.referral_id, booking, answers),
            )

        self._show(dialog, finish)

    def _phone(self, view: ReferralView) -> None:
        now = self._context.store.clock.now()
        dialog = PhoneDialog(view.to_name, view.to_green_channel, now, self._window)
        store, actor = self._context.store, self._context.actor

        def finish() -> None:
            call = dialog.call()
            self._run(
                dialog, lambda: referral.confirm_by_phone(store, actor, view.referral_id, call)
            )

        self._show(dialog, finish)

    def _reason(self, view: ReferralView, option: MoveOption) -> None:
        title = move_words(view, option).rstrip("…")
        dialog = ReasonDialog(
            title,
            explanation(option.target),
            title,
            option.reasons,
            self._window,
            danger=option.target in (State.REJECTED, State.CANCELLED, State.NO_SHOW, State.EXPIRED),
        )
        store, actor = self._context.store, self._context.actor

        def finish() -> None:
            reason = dialog.reason()
            if option.target is State.EXPIRED:
                self._run(dialog, lambda: referral.expire(store, actor, view.referral_id))
            elif option.target is State.NO_SHOW:
                self._run(dialog, lambda: no_show(store, actor, view.referral_id, reason.text))
            else:
                self._run(
                    dialog,
                    lambda: referral.advance(store, actor, view.referral_id, option.target, reason),
                )

        self._show(dialog, finish)

    def _show(self, dialog: FormDialog, finish: Callable[[], None]) -> None:
        dialog.on_finish = finish
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def _run(self, dialog: FormDialog | None, work: Callable[[], Written]) -> None:
        context = self._context
        if dialog is None:
            if self._moving:
                return  # pressed twice, meant once
            self._moving = True

        def done(_written: Written) -> None:
            if dialog is None:
                self._moving = False
            elif isValid(dialog):
                dialog.accept()
            context.tell_changed(*KINDS)
            context.notify(tr("Saved. The other side sees it after the next synchronisation."))

        def failed(error: Exception) -> None:
            if dialog is None:
                self._moving = False
                self.failed.emit(error)
            elif not isValid(dialog):
                self.failed.emit(error)  # left by Esc before the answer was here
            elif isinstance(error, InputError):
                dialog.show_problems(error.problems)
            else:
                dialog.strip.say_error(error)

        context.tasks.run(work, done=done, failed=failed, owner=self)
