"""The page on which the hospital answers: reply, hand-back, amendment, referral down."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.referral import Written
from app.care.referral_lists import receivers, receivers_below
from app.care.referral_record import begin_letter
from app.care.referral_return.answer import amend_reply, hand_back, write_reply
from app.care.referral_return.checks import tidy_plan
from app.care.referral_return.down import down_of_letter, refer_down, resend_down
from app.care.referral_return.inputs import (
    INPATIENT,
    OUTPATIENT,
    DischargeInput,
    DownInput,
    PlanInput,
    ReplyInput,
)
from app.care.referral_return.returns import PlanView, Returns, load_returns
from app.care.referral_return.steps import DeskStep
from app.care.referral_view import ReferralView
from app.clock import clinic_date
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.drafts import load_draft
from app.models.store import Store
from app.ui import theme
from app.ui.attachments.card import Subject
from app.ui.attachments.waiting import WaitingFiles
from app.ui.context import UiContext
from app.ui.referrals.history import reason_words
from app.ui.referrals.returns.plan_fields import PlanCard, RehabCard
from app.ui.referrals.returns.reply_fields import (
    DownCard,
    GoingOnCard,
    HandOverCard,
    ReplyCard,
)
from app.ui.referrals.words import who
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page

#: Record kinds that a finished form has written.
KINDS = (
    "referral",
    "referral_task",
    "referral_event",
    "referral_reply",
    "return_plan",
)
_DRAFT = "referral_return:"

DOWN = "down"


class ReturnForm(Page):
    """One answer being written. ``sent(referral_id)`` and ``left()`` are called at its end.

    ``step``: REPLY, HAND_BACK or AMEND of a referral, RESEND of a returned one, ELSEWHERE or
    ``DOWN`` for a new letter.
    One form is made for one answer. ``with_plan``: not where a plan of the other house goes on.
    """

    def __init__(
        self,
        context: UiContext,
        step: str,
        sent: Callable[[str], None],
        left: Callable[[], None],
        *,
        with_summary: bool,
        with_plan: bool = True,
    ) -> None:
        super().__init__("", scroll=True)
        self._context = context
        self._step = step
        self._sent, self._left = sent, left
        self._referral_id = ""
        self._base = ReplyInput()
        self._plan_before: PlanInput | None = None
        today = context.store.clock.today()
        self.fields = FormFields(self)
        holder = QWidget()
        columns = QHBoxLayout(holder)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(theme.GAP_CARD)
        left_side, right_side = QVBoxLayout(), QVBoxLayout()
        for side in (left_side, right_side):
            side.setSpacing(theme.GAP_CARD)
            columns.addLayout(side, 1)
        self.down_card: DownCard | None = None
        self.hand_over: HandOverCard | None = None
        if step in (DOWN, DeskStep.ELSEWHERE, DeskStep.RESEND):
            # One that is sent again stays with its receiver, wherever that belongs to by now.
            offered = receivers if step == DeskStep.RESEND else receivers_below
            self.down_card = DownCard(self.fields, offered(context.store, context.actor))
            left_side.addWidget(self.down_card)
        self.reply_card = ReplyCard(self.fields, today)
        left_side.addWidget(self.reply_card)
        self.going_on = GoingOnCard(self.fields)
        (left_side if with_summary else right_side).addWidget(self.going_on)
        if with_summary:
            self.hand_over = HandOverCard(self.fields)
            right_side.addWidget(self.hand_over)
        for side in (left_side, right_side):
            side.addStretch(1)
        self.body.addWidget(holder)
        self.plan_card: PlanCard | None = None
        self.rehab_card: RehabCard | None = None
        if with_plan:
            # Steps and exercises are lines of many fields: they take the whole width.
            self.plan_card = PlanCard(self.fields, today, required=with_summary)
            self.body.addWidget(self.plan_card)
            self.rehab_card = RehabCard(self.fields)
            self.body.addWidget(self.rehab_card)
        self.files = WaitingFiles(context)
        self.files.changed.connect(self._files_changed)
        self.body.addWidget(self.files)
        self.body.addStretch(1)
        self.leave_button = Button(tr("Back to the list"), self.go, tip=tr("Esc"))
        self.discard_button = QuietButton(tr("Throw the draft away"), self._throw_away)
        self.send_button = PrimaryButton(
            _SEND[step](), self._send, icon_name="send-plane-fill", shortcut="Ctrl+S"
        )
        self.add_footer(self.discard_button, self.leave_button, self.send_button)
        self._keeper: DraftKeeper | None = None
        self.navigator = FormNavigator(self, self.send_button)
        QShortcut(QKeySequence("Esc"), self).activated.connect(self.go)

    # -- opening ------------------------------------------------------------------------------

    def begin(self, view: ReferralView, returns: Returns) -> None:
        """Answer a referral, or offer the patient to another house (``ELSEWHERE``)."""
        about = (view.patient.name, who(view.patient.sex, view.patient.age), view.referral_no)
        self._open_title(about)
        self._referral_id = view.referral_id
        # What the other house wrote is its own: nothing of it is put into this house's mouth.
        earlier, brought = returns.reply, returns.plan
        own = earlier is not None and earlier.own
        reply = earlier.input if earlier is not None and own else _from_stay(view, returns)
        plan = brought.input if brought is not None and brought.own else None
        if self._step == DeskStep.ELSEWHERE and isinstance(reply, DischargeInput):
            # Another house and another day: its bed, its drugs, the family are asked about anew.
            reply = replace(reply, checklist={})
        if self.plan_card is None and brought is not None:
            self._name_the_plan(brought)
        if self.down_card is not None:
            down = down_of_letter(view.letter)
            if self._step == DeskStep.RESEND:
                self.fields["to_organisation_id"].setEnabled(False)
            else:
                down = DownInput(
                    resident_id=view.patient.resident_id,
                    mobility=down.mobility,
                    isolation_risk=down.isolation_risk,
                    allergies=down.allergies,
                    origin_referral_id=view.referral_id,
                )
            self.down_card.show_down(down)
        self._fill(reply, plan)
        self._keep(view.referral_id)
        self._start()
        if self._step == DeskStep.RESEND:
            why = (reason_words(view), view.reason_text)
            self.strip.say("  ·  ".join(part for part in why if part), "attention")

    def _name_the_plan(self, plan: PlanView) -> None:
        """In the place of a plan: whose goes on."""
        card = Card(tr("Plan for the time after"))
        words = tr(
            "The plan of {house} goes on. Write what changes in it into a visit after the return."
        ).format(house=plan.organisation_name)
        card.body.addWidget(label(words, "secondary", wrap=True))
        self.body.insertWidget(self.body.indexOf(self.files), card)

    def begin_down(self, resident_id: str) -> None:
        """A new down-referral of a patient of the house."""
        context = self._context
        start = begin_letter(context.store, context.actor, resident_id)
        self._open_title((start.name, who(start.sex, start.age), start.village))
        assert self.down_card is not None
        self.down_card.show_down(DownInput(resident_id, allergies=start.letter.allergies))
        self._fill(DischargeInput(visit_kind=INPATIENT), None)
        self._keep(resident_id)
        self._start()

    def _open_title(self, about: tuple[str, ...]) -> None:
        self.set_title(_TITLE[self._step](), "  ·  ".join(part for part in about if part))

    def _fill(self, reply: ReplyInput, plan: PlanInput | None) -> None:
        self._base = reply
        self._plan_before = plan
        self.reply_card.show_reply(reply)
        self.going_on.show_reply(reply)
        if self.hand_over is not None and isinstance(reply, DischargeInput):
            self.hand_over.show_summary(reply)
        if self.plan_card is not None and self.rehab_card is not None:
            self.plan_card.show_plan(plan)
            self.rehab_card.show_rehab(plan.rehab if plan is not None else None)

    def _keep(self, subject_id: str) -> None:
        context, name = self._context, _DRAFT + self._step
        kept = load_draft(context.store, context.actor, name, subject_id)
        extra = kept.data.get("extra") if kept is not None else None
        if isinstance(extra, dict):
            if self.plan_card is not None:
                self.plan_card.make_lines(extra.get("steps") or ())
            if self.rehab_card is not None:
                self.rehab_card.restore_items(extra.get("items"))
        keeper = DraftKeeper(
            context, name, self.fields, subject_id=subject_id, extra=self._extra, parent=self
        )
        found = keeper.restore() is not None
        self.files.begin(name, subject_id, go_on=found)
        if found:
            self.set_note(tr("Your unfinished letter was opened again."))
        keeper.saved.connect(lambda: self.set_note(tr("The draft is kept on this PC.")))
        keeper.failed.connect(lambda text: self.strip.say(text))
        self._keeper = keeper

    def _extra(self) -> dict[str, object]:
        if self.plan_card is None or self.rehab_card is None:
            return {}
        return {"steps": self.plan_card.raw_lines(), "items": self.rehab_card.items.raw()}

    def _start(self) -> None:
        for field in self.fields:
            field.clear_problem()
        self.fields.touched = False
        first = self.fields["to_organisation_id" if self.down_card else "visit_kind"]
        if self._step == DeskStep.RESEND:
            first = self.fields["to_department"]  # the receiver stays
        first.setFocus()

    # -- leaving ------------------------------------------------------------------------------

    def go(self) -> None:
        """Leave the page; the draft stays."""
        self.keep_draft()
        self._left()

    def keep_draft(self) -> None:
        """Write the draft if anything was typed."""
        if self._keeper is not None and self.fields.touched:
            self._keeper.save_now()

    def _files_changed(self) -> None:
        self.fields.touched = True
        if self._keeper is not None:
            self._keeper.note()

    def _throw_away(self) -> None:
        self.files.forget()
        if self._keeper is not None:
            self._keeper.discard()
        self.fields.touched = False
        self._left()

    # -- saving -------------------------------------------------------------------------------

    def reply(self) -> ReplyInput:
        """What is typed of the reply; what has no field (coded diagnoses) stays as it was."""
        typed = self.going_on.with_these(self.reply_card.reply())
        reply = replace(typed, diagnoses=self._base.diagnoses)
        return reply if self.hand_over is None else self.hand_over.summary(reply)

    def plan(self) -> PlanInput | None:
        """What is typed of the plan."""
        if self.plan_card is None or self.rehab_card is None:
            return None
        return self.plan_card.plan(self.rehab_card.rehab())

    def _send(self) -> None:
        self.strip.clear()
        if not self.fields.check():
            return
        work = self._work(self.reply(), self.plan())
        self.send_button.setEnabled(False)
        self._context.tasks.run(work, done=self._finished, failed=self._refused, owner=self)

    def _work(self, reply: ReplyInput, plan: PlanInput | None) -> Callable[[], Written]:
        store, actor, referral_id = self._context.store, self._context.actor, self._referral_id
        if self._step == DeskStep.REPLY:
            return lambda: write_reply(store, actor, referral_id, reply, plan)
        if self._step == DeskStep.AMEND:
            if plan is not None and tidy_plan(plan) == self._plan_before:
                plan = None  # the plan before goes on
            return lambda: amend_reply(store, actor, referral_id, reply, plan)
        # The forms that hand a patient over have a summary and require a plan.
        assert isinstance(reply, DischargeInput)
        assert plan is not None
        if self.down_card is None:
            return lambda: hand_back(store, actor, referral_id, reply, plan)
        down = self.down_card.down()
        if self._step == DeskStep.RESEND:
            return lambda: resend_down(store, actor, referral_id, down, reply, plan)
        return lambda: refer_down(store, actor, down, reply, plan)

    def _refused(self, error: Exception) -> None:
        self.send_button.setEnabled(True)
        if not isinstance(error, InputError):
            self.strip.say_error(error)
            return
        problems = dict(error.problems)
        if self.plan_card is not None and self.rehab_card is not None:
            if set(problems) == {"plan.steps"}:
                self.plan_card.add_button.setFocus()
            problems = self.plan_card.at_their_lines(problems)
            problems = self.rehab_card.show_problems(problems)
        self.strip.say_problems(self.fields.show_problems(problems))

    def _finished(self, written: Written) -> None:
        self.send_button.setEnabled(True)
        self.fields.touched = False
        if self._keeper is not None:
            self._keeper.discard()
        self.files.attach(lambda store, actor: _own_reply(store, actor, written.referral_id))
        self._context.tell_changed(*KINDS)
        self._context.notify(tr("Saved. The other side sees it after the next synchronisation."))
        self._sent(written.referral_id)


def _own_reply(store: Store, actor: Actor, referral_id: str) -> Subject:
    """What was just written: the files go with it."""
    reply = load_returns(store, actor, referral_id).reply
    assert reply is not None
    return Subject("referral_reply", reply.id)


def _from_stay(view: ReferralView, returns: Returns) -> DischargeInput:
    """What the desk has noted of the stay already; nothing of the patient's state is made up."""
    stay, number = returns.stay, returns.stay.inpatient_no
    if any(not each.own and each.input.inpatient_no == number for each in returns.replies):
        number = ""  # that of their stay in the house which referred them here
    return DischargeInput(
        visit_kind=OUTPATIENT if stay.admitted_at is None else INPATIENT,
        department=view.booking.department,
        inpatient_no=number,
        admitted_on=None if stay.admitted_at is None else clinic_date(stay.admitted_at),
        discharged_on=None if stay.discharged_at is None else clinic_date(stay.discharged_at),
    )


_TITLE: dict[str, Callable[[], str]] = {
    DeskStep.REPLY: lambda: tr("Reply to the referral"),
    DeskStep.HAND_BACK: lambda: tr("Hand the patient back"),
    DeskStep.AMEND: lambda: tr("Amend the reply"),
    DeskStep.ELSEWHERE: lambda: tr("Refer down to another organisation"),
    DeskStep.RESEND: lambda: tr("Mend the returned letter"),
    DOWN: lambda: tr("New down-referral"),
}
_SEND: dict[str, Callable[[], str]] = {
    DeskStep.REPLY: lambda: tr("Send the reply"),
    DeskStep.HAND_BACK: lambda: tr("Hand back"),
    DeskStep.AMEND: lambda: tr("Send the amended reply"),
    DeskStep.ELSEWHERE: lambda: tr("Refer down"),
    DeskStep.RESEND: lambda: tr("Send again"),
    DOWN: lambda: tr("Refer down"),
}
