"""The page on which a referral is written: filled from the record, saved as a draft, sent."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QVBoxLayout, QWidget
from shiboken6 import isValid

from app.care import referral, referral_review
from app.care.referral import PhoneConfirmation, Written
from app.care.referral_drafts import DRAFT_FORM, letter_to_dict
from app.care.referral_form import AMEND_FORM, LetterPage, amended_letter_page, new_letter_page
from app.care.referral_letter import LetterInput
from app.care.referral_lists import ReferralLine
from app.care.referral_record import LetterStart
from app.care.referral_red_flags import suggest_urgency
from app.care.referral_states import Direction, State, Urgency
from app.care.referral_view import ReferralView
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.attachments.card import Subject
from app.ui.attachments.waiting import WaitingFiles
from app.ui.context import UiContext
from app.ui.referrals.dialogs import PhoneDialog
from app.ui.referrals.emergency import EmergencyStrip
from app.ui.referrals.letter_building import LetterBuilding, in_tab_order
from app.ui.referrals.letter_fields import LetterFields
from app.ui.referrals.letter_reading import LetterReading
from app.ui.referrals.words import send_word, who
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import Field
from app.ui.widgets.forms import FormNavigator
from app.ui.widgets.pages import Page

KINDS = ("referral", "referral_service", "referral_task", "referral_event")
#: How a letter that comes back leaves again; any other one that is open is completed.
_AMENDS = {State.RETURNED: referral.resend, State.DRAFT: referral_review.resubmit}


class LetterForm(Page):
    """One letter being written. ``sent(referral_id)`` and ``left()`` are called at its end.

    Uses: a new letter (``begin``); one that was returned or that came back from the review of the
    own house, to be mended, and an emergency letter to be completed (``amend``). One form serves
    one letter after another: making it takes longer than all else. Each letter is read behind the
    screen while the page is made; until both are here it is empty, and keys that are typed wait.
    """

    #: The next letter comes into this page, which stands behind another one.
    opening = Signal()

    def __init__(
        self,
        context: UiContext,
        sent: Callable[[str], None],
        left: Callable[[], None],
        show_referral: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tr("New up-referral"), scroll=True, parent=parent)
        self._context = context
        self._sent, self._left, self._show_referral = sent, left, show_referral
        self._start: LetterStart | None = None
        self._amended: ReferralView | None = None
        self._review = False
        #: A letter is on its way into the store; the next one waits for it.
        self._leaving = False
        self._next: Callable[[], None] | None = None
        self.dialog: PhoneDialog | None = None
        # The numbers of the green channel stay in sight while the form scrolls below them.
        self._top = QWidget(self)
        column = QVBoxLayout(self._top)
        column.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, theme.GAP_INSIDE)
        self.emergency = EmergencyStrip(self._top)
        self.emergency.hide()
        column.addWidget(self.emergency)
        self.layout().insertWidget(1, self._top)
        self.parts = LetterFields(context.store.clock.today(), self.body.parentWidget())
        self.body.addWidget(self.parts)
        self.leave_button = Button(tr("Back to the list"), self.go, tip=tr("Esc"))
        self.discard_button = QuietButton(tr("Throw the draft away"), self._throw_away)
        self.phone_button = Button(
            tr("Accepted on the phone…"), self._phone, icon_name="phone-line"
        )
        self.send_button = PrimaryButton(
            tr("Send"), self._send, icon_name="send-plane-fill", tip=tr("Send the letter")
        )
        self.add_footer(self.discard_button, self.leave_button, self.phone_button, self.send_button)
        self._keepers = {form: self._make_keeper(form) for form in (DRAFT_FORM, AMEND_FORM)}
        self._keeper: DraftKeeper | None = None
        self.building = LetterBuilding(self, [*self.parts.steps(), self._make_files])
        self._reading = LetterReading(context, self.building)
        self.navigator = FormNavigator(self, self.send_button)
        leave = QShortcut(QKeySequence("Esc"), self)
        leave.activated.connect(self.go)
        self.parts.fields.changed.connect(self._judge)
        self._show_content(False)  # dressed when it comes into sight

    def _make_files(self) -> QWidget:
        """The last part of the page; the buttons below it were there before."""
        self.files = WaitingFiles(self._context)
        self.files.changed.connect(self._files_changed)
        self.body.addWidget(self.files)
        self.body.addStretch(1)
        in_tab_order(self.files.strip, self.discard_button, self.leave_button,
                     self.phone_button, self.send_button)  # fmt: skip
        return self.files

    # -- opening ------------------------------------------------------------------------------

    def begin(self, resident_id: str, prefill: object = None) -> None:
        """A new letter: the kept draft, else what the record says (``prefill`` before it)."""

        def begun(page: LetterPage) -> None:
            self._amended = None
            self._open(page, page.draft or page.start.letter, DRAFT_FORM, resident_id)
            self.discard_button.show()
            self._tell_of_open_referral(page.under_way)
            self._come(self.parts.urgency)

        store, actor = self._context.store, self._context.actor
        self._load(lambda: new_letter_page(store, actor, resident_id, prefill), begun)

    def amend(self, view: ReferralView) -> None:
        """A returned letter to be sent again, or an emergency letter to be completed."""

        def begun(page: LetterPage) -> None:
            self._amended = view
            self._open(page, view.letter, AMEND_FORM, view.referral_id)
            returned = view.state in (State.RETURNED, State.DRAFT)
            title = (
                tr("Mend the returned letter") if returned else tr("Complete the emergency letter")
            )
            self.set_title(title, self._about(page.start))
            self.discard_button.hide()
            self.parts.receiver.setEnabled(False)
            if returned and view.reason_text:
                self.strip.say(view.reason_text, "attention")
            self._come(self.parts.fields["impression"])

        store, actor, person = self._context.store, self._context.actor, view.patient.resident_id
        self._load(lambda: amended_letter_page(store, actor, person, view.referral_id), begun)

    def _load(self, read: Callable[[], LetterPage], begun: Callable[[LetterPage], None]) -> None:
        """Take the letter that is shown away and read the next one."""
        if self._leaving:
            self._next = lambda: self._load(read, begun)
            return
        self.keep_draft()
        kept, self._keeper = self._keeper, None
        if kept is not None:
            kept.rest()
        self.parts.fields.touched = False
        if self.dialog is not None and isValid(self.dialog):
            self.dialog.reject()
        self._show_content(False)
        self.strip.clear()
        self.set_note("")
        self.set_title(tr("The letter"))
        self._top.hide()
        self._reading.read(read, begun, self.strip.say_error, kept)

    def _show_content(self, shown: bool) -> None:
        """A page whose letter is not here yet shows nothing of another one."""
        content = self.body.parentWidget()
        assert content is not None
        content.setVisible(shown)
        for button in (self.discard_button, self.phone_button, self.send_button):
            button.setEnabled(shown)

    def _come(self, first: Field) -> None:
        """The letter is filled: into sight at once, where each field would lay the page out anew,
        with the keyboard, and with what was typed meanwhile."""
        self._judge()
        self._show_content(True)
        if not self.building.early.elsewhere:
            first.setFocus()
        self._reading.come()

    def _name_send(self) -> None:
        """What the button does: a letter that the head approves first is submitted, not sent; an
        emergency never waits."""
        state = self._amended.state if self._amended is not None else State.DRAFT
        held = self._review and self.parts.urgency.value() != Urgency.EMERGENCY
        self.send_button.setText(send_word(state, held=held))

    def _about(self, start: LetterStart) -> str:
        parts = (start.name, who(start.sex, start.age), start.village)
        return "  ·  ".join(part for part in parts if part)

    def _open(self, page: LetterPage, letter: LetterInput, form: str, subject_id: str) -> None:
        self._start, self._review = page.start, page.review
        self._keeper = self._keepers[form]
        self._keeper.start(subject_id)
        self.parts.receiver.setEnabled(True)
        self.parts.begin(page.receivers, self._context.store.clock.today())
        self.parts.fields.blockSignals(True)  # it is judged once, when it is whole
        self.parts.show_letter(letter)
        self.parts.fields.touched = False
        if page.kept is not None:
            self._keeper.put_back(page.kept)
            self.set_note(tr("Your unfinished letter was opened again."))
        self.parts.fields.blockSignals(False)
        self.files.begin(form, subject_id, go_on=page.kept is not None)
        if self.scroll_area is not None:
            self.scroll_area.verticalScrollBar().setValue(0)

    def _make_keeper(self, form: str) -> DraftKeeper:
        fields, letter = self.parts.fields, self.parts.letter
        extra = lambda: letter_to_dict(letter())  # noqa: E731
        keeper = DraftKeeper(self._context, form, fields, extra=extra, parent=self)
        keeper.saved.connect(lambda: self.set_note(tr("The draft is kept on this PC.")))
        keeper.failed.connect(lambda text: self.strip.say(text))
        keeper.rest()
        return keeper

    def _tell_of_open_referral(self, line: ReferralLine | None) -> None:
        if line is not None:
            self.strip.say(
                tr("There is already a referral under way: {number}, {state}.").format(
                    number=line.referral_no, state=codes.label("referral_state", line.state)
                ),
                "attention",
                action=tr("Show it"),
                pressed=lambda: self._show_referral(line.referral_id),
            )

    # -- while writing --------------------------------------------------------------------------

    def _judge(self) -> None:
        """Red flags and the green channel, live."""
        urgency = self.parts.urgency.value()
        emergency = urgency == Urgency.EMERGENCY
        self._name_send()
        if self._amended is None and self._start is not None:
            up = self.parts.direction() is Direction.UP
            title = tr("New up-referral") if up else tr("New referral to a member")
            self.set_title(title, self._about(self._start))
        self.parts.ask_for_all(not emergency)
        self.phone_button.setVisible(emergency and self._amended is None)
        flags = self.parts.fields["red_flags"]
        suggestion = suggest_urgency(
            self.parts.vitals(),
            flags.value(),
            diabetic=self._start is not None and self._start.diabetic,
        )
        name, number = self.parts.whom_to_phone()
        findings = tr(", ").join((*flags.labels(), *suggestion.reasons))
        if emergency:
            why = tr("Phone first; only the person and the receiver are needed, the rest may "
                     "follow within 24 hours.")  # fmt: skip
            self.emergency.say(f"{findings}  ·  {why}" if findings else why, name, number)
        elif suggestion.urgency is Urgency.EMERGENCY:
            self.emergency.say(
                tr("Red flags: {findings}").format(findings=findings),
                name,
                number,
                action=tr("Make it an emergency"),
                pressed=self._make_emergency,
            )
        else:
            self.emergency.hide()
        self._top.setVisible(not self.emergency.isHidden())

    def _make_emergency(self) -> None:
        self.parts.urgency.set_value(str(Urgency.EMERGENCY))
        reasons = self.parts.fields["reason_codes"]
        reasons.set_value((*reasons.value(), "critical_signs"))

    # -- leaving ----------------------------------------------------------------------------------

    def go(self) -> None:
        """Leave the page; the draft stays."""
        self.keep_draft()
        self._reading.give_up()
        self._next = None
        self._left()

    def keep_draft(self) -> None:
        """Write the draft if anything was typed (also when another room comes to the front)."""
        if self._keeper is not None and self.parts.fields.touched:
            self._keeper.save_now()

    def _files_changed(self) -> None:
        """Whose only content are its files is kept, too."""
        self.parts.fields.touched = True
        if self._keeper is not None:
            self._keeper.note()

    def _throw_away(self) -> None:
        self.files.forget()
        if self._keeper is not None:
            self._keeper.discard()
        self.parts.fields.touched = False
        self._left()

    # -- sending ----------------------------------------------------------------------------------

    def _ready(self) -> bool:
        """Problems at their fields. An emergency is asked for nothing but readable numbers."""
        self.strip.clear()
        if self.parts.urgency.value() == Urgency.EMERGENCY:
            problems = self.parts.fields.problems()
            self.strip.say_problems(self.parts.fields.show_problems(problems))
            return not problems
        return self.parts.fields.check()

    def _send(self) -> None:
        if not self._ready():
            return
        context, letter = self._context, self.parts.letter()
        if self._amended is None:
            held = referral_review.review_is_asked(context.store, letter)
            first = referral_review.submit if held else referral.send
            work: Callable[[], Written] = lambda: first(  # noqa: E731
                context.store, context.actor, letter
            )
        else:
            referral_id = self._amended.referral_id
            act = _AMENDS.get(self._amended.state, referral.complete)
            work = lambda: act(context.store, context.actor, referral_id, letter)  # noqa: E731
        self._run(work)

    def _let_press(self, enabled: bool) -> None:
        """A letter leaves once, by whichever button."""
        self._leaving = not enabled
        self.send_button.setEnabled(enabled)
        self.phone_button.setEnabled(enabled)

    def _phone(self) -> None:
        if not self._ready():
            return
        dialog = PhoneDialog(*self.parts.whom_to_phone(), self._context.clock.now(), self)
        dialog.on_finish = lambda: self._confirm(dialog, dialog.call())
        self.dialog = dialog
        dialog.open()

    def _confirm(self, dialog: PhoneDialog, call: PhoneConfirmation) -> None:
        context, letter = self._context, self.parts.letter()

        def failed(error: Exception) -> None:
            self._let_press(True)
            self._next = None  # what went wrong is read first
            if isinstance(error, InputError):
                dialog.show_problems(error.problems)
            else:
                dialog.strip.say_error(error)

        def done(written: Written) -> None:
            dialog.accept()
            self._finished(written)

        self._let_press(False)
        context.tasks.run(
            referral.send_confirmed, context.store, context.actor, letter, call,
            done=done, failed=failed, owner=self,
        )  # fmt: skip

    def _run(self, work: Callable[[], Written]) -> None:
        self._let_press(False)

        def failed(error: Exception) -> None:
            self._let_press(True)
            self._next = None  # what went wrong is read first
            if isinstance(error, InputError):
                leftovers = self.parts.fields.show_problems(error.problems)
                self.strip.say_problems(leftovers)
            else:
                self.strip.say_error(error)

        self._context.tasks.run(work, done=self._finished, failed=failed, owner=self)

    def _finished(self, written: Written) -> None:
        self._let_press(True)
        self.parts.fields.touched = False
        if self._keeper is not None:
            self._keeper.discard()
        self.files.attach(lambda *_: Subject("referral", written.referral_id))
        self._context.tell_changed(*KINDS)
        if written.state is State.INTERNAL_REVIEW:
            said = tr("Referral {number} is saved and waits for the approval of your head.")
        else:
            said = tr("Referral {number} is saved and waits to be sent.")
        self._context.notify(said.format(number=written.referral_no))
        self._sent(written.referral_id)
        following, self._next = self._next, None
        if following is not None:
            following()
            self.opening.emit()
