"""One referral at the right: where it stands, what may be done, the printed letter, its history."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QScrollArea, QVBoxLayout, QWidget

from app.care.referral_return.returns import Returns
from app.care.referral_return.steps import DeskStep
from app.care.referral_states import Side, State, Urgency
from app.care.referral_view import MoveOption, ReferralView, ServiceView
from app.care.referral_words import vitals_words
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.referrals.elided import ElidedLabel
from app.ui.referrals.emergency import EmergencyStrip
from app.ui.referrals.history import (
    entered_at,
    history_line,
    worse_delivery,
)
from app.ui.referrals.notice import Notice
from app.ui.referrals.paper import Sheet, booking_html, letter_html
from app.ui.referrals.prints import print_button
from app.ui.referrals.returns.cards import ReturnCards
from app.ui.referrals.returns.desk import leads_on, step_words
from app.ui.referrals.services import ServicesCard
from app.ui.referrals.state_line import StateLine
from app.ui.referrals.words import (
    STATE_ICON,
    STATE_TONE,
    URGENCY_ICON,
    URGENCY_TONE,
    breakable,
    state_word,
    waiting_words,
    who,
)
from app.ui.style import dress
from app.ui.widgets.buttons import Button, DangerButton, PrimaryButton
from app.ui.widgets.cards import Card, Chip, label
from app.ui.widgets.delivery import DeliveryMark
from app.ui.widgets.strips import ErrorStrip

_DANGER = frozenset({State.REJECTED, State.CANCELLED, State.NO_SHOW, State.EXPIRED, State.DELETED})
#: Until the patient of an emergency has arrived, 120 and the duty number stand on the page.
_ON_THE_WAY = frozenset({State.SENT, State.RETURNED, State.ACCEPTED})
#: The step that leads on, by the present state: its button is the primary one.
_ONWARD = {
    State.INTERNAL_REVIEW: State.SENT,
    State.SENT: State.ACCEPTED,
    State.RETURNED: State.SENT,
    State.ACCEPTED: State.ARRIVED,
    State.HANDED_BACK: State.RECEIVED_BACK,
}
_NOTHING_BACK = Returns()
#: A reply (回转单) has its own form; no bare button leads there.
_OWN_FORM = frozenset({State.HANDED_BACK})


class ReferralDetail(QWidget):
    """Shows a ``ReferralView``; asks its owner to act through the callables."""

    #: The papers are asked for; carries the button that was pressed.
    print_wanted = Signal(object)

    def __init__(
        self,
        act: Callable[[MoveOption], None],
        answer: Callable[[ServiceView, object], None],
        complete: Callable[[], None],
        open_resident: Callable[[str], None],
        take_step: Callable[[DeskStep], None],
        follow: Callable[[], None],
        show_other: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._act, self._answer, self._complete = act, answer, complete
        self._open_resident = open_resident
        self._take_step = take_step
        self._follow, self._show_other = follow, show_other
        self.view: ReferralView | None = None
        self.files: QWidget | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        whole.addWidget(self._build_head())
        self._scroll = QScrollArea(self)
        self._scroll.setWidgetResizable(True)
        self._scroll.setFrameShape(QFrame.Shape.NoFrame)
        self._scroll.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self._scroll.setAccessibleName(tr("The letter"))
        body = QWidget()
        self._scroll.setWidget(body)
        self._build_body(body)
        whole.addWidget(self._scroll, 1)
        holder = QHBoxLayout()
        holder.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, 0)
        self.strip = ErrorStrip()
        holder.addWidget(self.strip)
        whole.addLayout(holder)
        self._footer = QFrame(self)
        dress(self._footer, kind="footer")
        self._moves: object = None
        self._buttons = QHBoxLayout(self._footer)
        self._buttons.setContentsMargins(
            theme.GAP_CARD, theme.GAP_INSIDE, theme.GAP_CARD, theme.GAP_INSIDE
        )
        self._buttons.setSpacing(theme.GAP_INSIDE)
        whole.addWidget(self._footer)

    # -- building ---------------------------------------------------------------------------

    def _build_head(self) -> QWidget:
        head = QFrame(self)
        dress(head, kind="panel")
        column = QVBoxLayout(head)
        column.setContentsMargins(theme.GAP_CARD, theme.GAP_FIELD, theme.GAP_CARD, theme.GAP_INSIDE)
        column.setSpacing(theme.GAP_INSIDE)
        top = QHBoxLayout()
        top.setSpacing(theme.GAP_INSIDE)
        self._name = ElidedLabel("title")
        self._who = label("", "secondary")
        self._urgency = Chip()
        self._state = Chip()
        self._waiting = label("", "secondary")
        for widget in (self._name, self._who, self._urgency, self._state, self._waiting):
            top.addWidget(widget)
        top.addStretch(1)
        self._delivery = DeliveryMark()
        top.addWidget(self._delivery)
        column.addLayout(top)
        self._route = label("", "secondary", wrap=True)
        self._beside = QHBoxLayout()
        self._beside.addWidget(self._route, 1)
        column.addLayout(self._beside)
        self.state_line = StateLine()
        column.addWidget(self.state_line)
        self.emergency = EmergencyStrip()
        self.emergency.hide()
        column.addWidget(self.emergency)
        return head

    def _build_body(self, body: QWidget) -> None:
        dress(body, kind="body")
        self._column = column = QVBoxLayout(body)
        column.setContentsMargins(*(theme.GAP_CARD,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        self.notice = Notice(self._complete, self._follow, self._show_other)
        column.addWidget(self.notice)
        self.booking = Card(tr("Booking"))
        self._booking_words = Sheet()
        self.booking.body.addWidget(self._booking_words)
        column.addWidget(self.booking)
        self.services = ServicesCard()
        column.addWidget(self.services)
        self.sheet = sheet = Card()
        sheet.body.setContentsMargins(*(theme.GAP_INSIDE,) * 4)
        self.paper = Sheet()
        self.paper.setAccessibleName(tr("The letter"))
        sheet.body.addWidget(self.paper)
        column.addWidget(sheet)
        self.returns = ReturnCards()
        for widget in self.returns.widgets:
            column.addWidget(widget)
        history = Card(tr("History"))
        self.history = label("", "", wrap=True)
        self.history.setTextFormat(Qt.TextFormat.PlainText)
        self.history.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        history.body.addWidget(self.history)
        column.addWidget(history)
        column.addStretch(1)

    def take_beside(self, widget: QWidget) -> None:
        """What leads on from the referral, beside its number and route."""
        self._beside.addWidget(widget)

    def take_files(self, card: QWidget) -> None:
        """The card of the files that go with the letter; it stands before the letter."""
        self.files = card
        self._column.insertWidget(self._column.indexOf(self.sheet), card)

    # -- showing ----------------------------------------------------------------------------

    def show_view(
        self,
        view: ReferralView,
        today: date,
        returns: Returns = _NOTHING_BACK,
        steps: tuple[DeskStep, ...] = (),
        *,
        may_follow: bool = False,
    ) -> None:
        """Fill everything anew; the place in the letter is kept when it is the same referral."""
        same = self.view is not None and self.view.referral_id == view.referral_id
        self.view = view
        self.strip.clear()
        patient = view.patient
        self._name.setText(patient.name)
        self._who.setText(who(patient.sex, patient.age))
        self._urgency.set(
            codes.label("referral_urgency", view.urgency),
            URGENCY_TONE[view.urgency],
            URGENCY_ICON[view.urgency],
        )
        self._state.set(
            state_word(view.state),
            STATE_TONE.get(view.state, "neutral"),
            STATE_ICON.get(view.state, ""),
        )
        self._show_waiting(view, today)
        # The sender asks "did it arrive?", the receiver "did my answer?": the newer of the two.
        self._delivery.set_delivery(worse_delivery(view), today)
        self._delivery.setVisible(view.side is Side.SENDER or view.delivery.state != "local")
        route = tr("No. {number}  ·  {sender} → {receiver}").format(
            number=view.referral_no, sender=view.from_name, receiver=view.to_name
        )
        if view.before is not None:
            route += "  ·  " + tr("follows No. {number}").format(number=view.before.referral_no)
        self._route.setText(route)
        self.state_line.show_state(view.state, entered_at(view.events), today)
        self._show_emergency(view)
        self.notice.show_view(view, today, may_follow=may_follow)
        self._show_booking(view, today)
        self.services.show_view(view, today, self._answer)
        self.paper.setText(letter_html(view, stub=view.side is Side.SENDER))
        self.returns.show_returns(returns, today)
        self._order(view)
        self.history.setText(
            "\n".join(breakable(history_line(event, today)) for event in view.events)
        )
        self._show_buttons(view, steps, may_follow=may_follow)
        if not same:
            self._scroll.verticalScrollBar().setValue(0)

    def _order(self, view: ReferralView) -> None:
        """Who has to decide, a desk or the head of the writer's house, reads the letter first;
        later the answers count: what came back, the priorities, then the letter."""
        deciding = view.side is Side.RECEIVER and view.state is State.SENT
        deciding = deciding or view.state is State.INTERNAL_REVIEW
        answers = (*self.returns.widgets, self.services)
        letter = (self.sheet,) if self.files is None else (self.files, self.sheet)
        order = (*letter, *answers) if deciding else (*answers, *letter)
        place = self._column.indexOf(self.booking)
        for widget in reversed(order):
            self._column.removeWidget(widget)
            self._column.insertWidget(place + 1, widget)

    def _show_waiting(self, view: ReferralView, today: date) -> None:
        words, tone = waiting_words(view.waiting, today)
        wait = view.waiting
        if wait.limit is None:
            words = tr("since {span}").format(span=words)
        elif not wait.expected:
            words = tr("waiting {span}").format(span=words)
        self._waiting.setText(words)
        dress(self._waiting, kind="secondary", tone="" if tone == "neutral" else tone)

    def _show_emergency(self, view: ReferralView) -> None:
        if view.urgency is not Urgency.EMERGENCY or view.state not in _ON_THE_WAY:
            self.emergency.hide()
            return
        call = next((move for move in view.moves if move.phone and move.allowed), None)
        if view.phone_confirmed_by:
            why = tr("Accepted on the phone by {name}, {number}.").format(
                name=view.phone_confirmed_by, number=view.phone_number
            )
        elif view.state is State.ACCEPTED:
            why = tr("Accepted as an emergency.")
        elif view.side is Side.SENDER:
            why = tr("Phone first, paper afterwards.")
        elif view.state is State.SENT:
            why = tr("Emergency: answer within 15 minutes; the sender will phone.")
        else:
            why = ""
        flags = [codes.label("referral_red_flag", code) for code in view.letter.red_flags]
        facts = (*flags, vitals_words(view.letter.vitals), why)
        self.emergency.say(
            "  ·  ".join(fact for fact in facts if fact),
            view.to_name,
            view.to_green_channel,
            action=tr("Accepted on the phone…") if call else "",
            pressed=(lambda: self._act(call)) if call else None,
        )

    def _show_booking(self, view: ReferralView, today: date) -> None:
        self._booking_words.setText(booking_html(view.booking, today))
        self.booking.setHidden(view.booking.is_empty)

    def _show_buttons(
        self, view: ReferralView, steps: tuple[DeskStep, ...], *, may_follow: bool
    ) -> None:
        # The same moves keep their buttons: news must not take a key press or the focus away.
        then = next((each for each in steps if leads_on(view, each)), None)
        moves = (view.referral_id, view.state, view.side, view.moves, steps, then, may_follow)
        if moves == self._moves:
            return
        self._moves = moves
        while item := self._buttons.takeAt(0):
            if widget := item.widget():
                widget.hide()
                widget.deleteLater()
        record = Button(
            tr("The resident's record"),
            lambda: self._open_resident(view.patient.resident_id),
            icon_name="user-3-line",
        )
        self._buttons.addWidget(record)
        self._buttons.addWidget(print_button(self.print_wanted.emit))
        self._buttons.addStretch(1)
        options = [m for m in view.moves if m.allowed and not m.phone and _has_button(view, m)]
        onward = _ONWARD.get(view.state)
        if view.state is State.DRAFT:
            onward = next((m.target for m in options if m.target is not State.DELETED), None)
        # What ends the referral stands furthest from the step that leads on, at the right.
        options.sort(key=lambda m: (m.target is onward, m.target not in _DANGER))
        for option in options:
            if option.target is onward:
                break
            self._buttons.addWidget(self._move_button(view, option, onward))
        for step in sorted(steps, key=lambda each: leads_on(view, each)):
            self._buttons.addWidget(self._step_button(view, step))
        for option in (m for m in options if m.target is onward):
            self._buttons.addWidget(self._move_button(view, option, onward))
        if may_follow and view.state in _DANGER:
            # One that was already followed may be followed again, but that is not the next step.
            kind = PrimaryButton if view.after is None else Button
            keys = "Ctrl+Return" if view.after is None else ""
            self._buttons.addWidget(
                kind(tr("New referral from this…"), self._follow, shortcut=keys)
            )

    def _step_button(self, view: ReferralView, step: DeskStep) -> Button:
        words = step_words(step)
        if leads_on(view, step):
            return PrimaryButton(words, lambda: self._take_step(step), shortcut="Ctrl+Return")
        return Button(words, lambda: self._take_step(step))

    def _move_button(self, view: ReferralView, option: MoveOption, onward: State | None) -> Button:
        text = move_words(view, option)
        if option.target is onward and option.target is not view.state:
            return PrimaryButton(text, lambda: self._act(option), shortcut="Ctrl+Return")
        kind = DangerButton if option.target in _DANGER else Button
        return kind(text, lambda: self._act(option))

    def move_buttons(self) -> list[Button]:
        """The buttons of the legal moves, from left to right."""
        found = (self._buttons.itemAt(at).widget() for at in range(2, self._buttons.count()))
        return [button for button in found if isinstance(button, Button)]


def move_words(view: ReferralView, option: MoveOption) -> str:
    """The verb on a move's button."""
    if option.target is view.state:
        return tr("Change the booking…")
    if view.state is State.INTERNAL_REVIEW and option.target is State.SENT:
        return tr("Approve and send")
    if view.state is State.CLOSED:
        return tr("Reopen: {state}…").format(state=state_word(option.target))
    words = {
        State.ACCEPTED: tr("Accept…"),
        State.REJECTED: tr("Reject…"),
        State.RETURNED: tr("Return for more…"),
        State.CANCELLED: tr("Cancel the referral…"),
        State.EXPIRED: tr("Mark as expired…"),
        State.SENT: tr("Mend and send again…"),
        State.INTERNAL_REVIEW: tr("Mend and submit again…"),
        State.DELETED: tr("Throw away…"),
        State.DRAFT: tr("Send back to the writer…"),
        State.ARRIVED: tr("Patient has arrived"),
        State.NO_SHOW: tr("Did not come…"),
        State.IN_CARE: tr("Care has begun"),
        State.RECEIVED_BACK: tr("Patient is back"),
        State.REPLIED: tr("Cannot take back…"),
        State.CLOSED: tr("Close…"),
    }
    return words[option.target]


def _has_button(view: ReferralView, option: MoveOption) -> bool:
    if option.target is State.REPLIED:
        return view.side is Side.SENDER
    return option.target not in _OWN_FORM
