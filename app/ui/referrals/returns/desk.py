"""The desk's small steps with their dialogs, and the pages on which answers are written."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QStackedWidget, QWidget

from app.care.referral import Written
from app.care.referral_return.returns import Returns
from app.care.referral_return.stay import admit, discharge, redirect
from app.care.referral_return.steps import DeskStep
from app.care.referral_states import Side, State
from app.care.referral_view import ReferralView
from app.i18n import tr
from app.ui.context import UiContext
from app.ui.referrals.dialogs import FormDialog
from app.ui.referrals.history import sent_on
from app.ui.referrals.returns.form import DOWN, ReturnForm
from app.ui.referrals.returns.stay import AdmitDialog, DischargeDialog, RedirectDialog

#: Steps that are written on a page of their own.
ON_A_PAGE = frozenset(
    {
        DeskStep.REPLY,
        DeskStep.HAND_BACK,
        DeskStep.AMEND,
        DeskStep.ELSEWHERE,
        DeskStep.RESEND,
        DeskStep.VISIT,
    }
)

Work = Callable[[], Written]


def step_words(step: DeskStep) -> str:
    """The verb on a step's button."""
    return {
        DeskStep.REDIRECT: tr("Hand on…"),
        DeskStep.ADMIT: tr("Admit…"),
        DeskStep.DISCHARGE: tr("Discharged…"),
        DeskStep.REPLY: tr("Reply…"),
        DeskStep.HAND_BACK: tr("Hand back…"),
        DeskStep.AMEND: tr("Amend the reply…"),
        DeskStep.ELSEWHERE: tr("Refer elsewhere…"),
        DeskStep.RESEND: tr("Mend and send again…"),
        DeskStep.VISIT: tr("Record a visit…"),
    }[step]


def step_dialog(
    step: DeskStep, view: ReferralView, context: UiContext, parent: QWidget
) -> tuple[FormDialog, Callable[[], Work]]:
    """The dialog of a small step, and what gives the work to be done from what is typed in it."""
    store, actor, referral_id = context.store, context.actor, view.referral_id
    now = store.clock.now()
    if step is DeskStep.ADMIT:
        admission = AdmitDialog(view, now, parent)

        def admitted() -> Work:
            typed = admission.admission()
            return lambda: admit(store, actor, referral_id, typed)

        return admission, admitted
    if step is DeskStep.DISCHARGE:
        leaving = DischargeDialog(view, now, parent)

        def discharged() -> Work:
            at = leaving.at()
            return lambda: discharge(store, actor, referral_id, at)

        return leaving, discharged
    department = RedirectDialog(view, parent)

    def redirected() -> Work:
        to, note = department.department.value() or "", department.note.value() or ""
        return lambda: redirect(store, actor, referral_id, to, note)

    return department, redirected


#: The steps with a form of their own that lead on, and from where.
_ONWARD = {
    DeskStep.REPLY: frozenset({State.ARRIVED, State.IN_CARE}),
    DeskStep.HAND_BACK: frozenset({State.REPLIED}),
    DeskStep.VISIT: frozenset({State.RECEIVED_BACK}),
}


def leads_on(view: ReferralView, step: DeskStep) -> bool:
    """Whether a step is the next one. A patient whom the writer cannot take back is offered to
    another house; one who was sent on is not handed back meanwhile."""
    if view.state is State.REPLIED and view.side is Side.RECEIVER and view.reason_code:
        return step is DeskStep.ELSEWHERE
    if step is DeskStep.HAND_BACK and sent_on(view) is not None:
        return False
    return view.state in _ONWARD.get(step, ())


class ReturnPages:
    """At most one answer is written at a time, on a page of the room's stack."""

    def __init__(
        self,
        context: UiContext,
        pages: QStackedWidget,
        sent: Callable[[str], None],
        left: Callable[[], None],
    ) -> None:
        self._context, self._pages = context, pages
        self._sent, self._left = sent, left
        self.form: ReturnForm | None = None

    def answer(self, step: DeskStep, view: ReferralView, returns: Returns) -> ReturnForm:
        """The form of a step that is written on a page."""
        reply = returns.reply
        amends_summary = (
            step is DeskStep.AMEND and reply is not None and reply.own and reply.is_summary
        )
        brought = returns.plan is not None and not returns.plan.own
        form = self._new(
            step,
            with_summary=step in _WITH_SUMMARY or amends_summary,
            with_plan=step in _WITH_SUMMARY or not brought,
        )
        form.begin(view, returns)
        return form

    def refer_down(self, resident_id: str) -> ReturnForm:
        """The form of a new down-referral."""
        form = self._new(DOWN, with_summary=True)
        form.begin_down(resident_id)
        return form

    def keep_draft(self) -> None:
        """Another page or room comes to the front."""
        if self.form is not None and self._pages.currentWidget() is self.form:
            self.form.keep_draft()

    def _new(self, step: str, *, with_summary: bool, with_plan: bool = True) -> ReturnForm:
        if self.form is not None:
            self.keep_draft()
            self._pages.removeWidget(self.form)
            self.form.deleteLater()
        self.form = ReturnForm(
            self._context,
            step,
            self._sent,
            self._left,
            with_summary=with_summary,
            with_plan=with_plan,
        )
        self._pages.addWidget(self.form)
        self._pages.setCurrentWidget(self.form)
        return self.form


_WITH_SUMMARY = frozenset({DeskStep.HAND_BACK, DeskStep.ELSEWHERE, DeskStep.RESEND})
