"""One consultation: the number to call, the question, what is known, its course, the next steps."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.limits import LIMITS
from app.care.outreach.consultation_lists import ConsultationView, Step
from app.care.outreach.consultation_state import Move, Party
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.outreach.words import MOVE_ICON, STATE_TONE, headline, state_word
from app.ui.referrals.words import breakable, waiting_words, when, who
from app.ui.style import dress
from app.ui.widgets.buttons import Button, DangerButton, LinkButton, PrimaryButton
from app.ui.widgets.cards import Card, Chip, IconLabel, label
from app.ui.widgets.delivery import DeliveryMark
from app.ui.widgets.pages import Page
from app.ui.widgets.strips import ErrorStrip

Taken = Callable[[Move], object]


class ConsultationDetail(Page):
    """``take(move)`` is called for a step; ``to_resident`` and ``to_referral`` leave the room."""

    def __init__(
        self,
        take: Taken,
        to_resident: Callable[[str], object],
        to_referral: Callable[[str], object],
    ) -> None:
        super().__init__(" ", scroll=True)
        self._to_resident, self._to_referral = to_resident, to_referral
        self.view: ConsultationView | None = None
        self.state = Chip()
        self.add_action(self.state)
        self.waiting = label("", "strong")
        self.add_action(self.waiting)
        self.phone = ErrorStrip()
        self.body.addWidget(self.phone)
        self.question = label("", wrap=True)
        self.about = label("", "secondary", wrap=True)
        card = Card(tr("Question"))
        self.person_link = LinkButton("", self._person, icon_name="user-line")
        self.letter_link = LinkButton("", self._letter, icon_name="arrow-left-right-line")
        card.add_action(self.letter_link)
        card.add_action(self.person_link)
        card.body.addWidget(self.question)
        card.body.addWidget(self.about)
        self.body.addWidget(card)
        self.course = Card(tr("What was said and done"))
        self.delivery = DeliveryMark()
        self.course.add_action(self.delivery)
        self._steps = QVBoxLayout()
        self._steps.setSpacing(theme.GAP_FIELD)
        self.course.body.addLayout(self._steps)
        self.body.addWidget(self.course)
        self.summary_card = Card(tr("What is known"))
        self.summary = label("", wrap=True)
        self.vitals = label("", "strong", wrap=True)
        self.summary_card.body.addWidget(self.vitals)
        self.summary_card.body.addWidget(self.summary)
        self.body.addWidget(self.summary_card)
        self.body.addStretch(1)
        self.buttons: dict[Move, Button] = {}
        for move, words, kind in (
            (Move.CANCELLED, tr("Withdraw the question…"), DangerButton),
            (Move.DECLINED, tr("Decline…"), DangerButton),
            (Move.ACCEPTED, tr("Take it on"), Button),
            (Move.ANSWERED, tr("Answer…"), PrimaryButton),
            (Move.CONCLUDED, tr("Conclude…"), PrimaryButton),
        ):
            button = kind(words, lambda move=move: take(move))
            self.buttons[move] = button
            self.add_footer(button)

    def take_files(self, card: QWidget) -> None:
        """The card of the files that go with the question; it stands before what is known."""
        self.body.insertWidget(self.body.indexOf(self.summary_card), card)

    def show_view(self, view: ConsultationView, today: date) -> None:
        """Fill every line; buttons stand only for what this side may do now."""
        self.view = view
        line = view.line
        self.set_title(line.resident_name, who(line.sex, line.age))
        self.state.set(state_word(line.state), STATE_TONE[line.state])
        words, tone = waiting_words(line.waiting, today)
        waits = line.waiting.limit is not None
        self.waiting.setText(tr("Waiting {time}").format(time=words) if waits else "")
        self.waiting.setVisible(waits)
        _tone(self.waiting, tone)
        self._show_phone(view)
        self.question.setText(breakable(line.question))
        self.about.setText(_about(view, today))
        self.person_link.setText(tr("To the resident"))
        self.letter_link.setText(tr("Referral {number}").format(number=view.referral_no).strip())
        self.letter_link.setVisible(bool(view.referral_id))
        self.vitals.setText(_vitals(view))
        self.vitals.setVisible(bool(self.vitals.text()))
        self.summary.setText(breakable(view.summary))
        self._show_steps(view, today)
        self.delivery.setVisible(line.party is Party.ASKER)
        self.delivery.set_delivery(line.delivery, today)
        for move, button in self.buttons.items():
            button.setVisible(move in view.moves)
        accept = self.buttons[Move.ACCEPTED]
        accept.setText(tr("Taken on by phone…") if line.urgent else tr("Take it on"))
        self._footer.setVisible(bool(view.moves))

    def step_words(self) -> list[str]:
        """The course as it is read."""
        return [
            self._steps.itemAt(at).widget().accessibleName() for at in range(self._steps.count())
        ]

    # -- inner ----------------------------------------------------------------------------------

    def _show_phone(self, view: ConsultationView) -> None:
        asker = view.line.party is Party.ASKER
        if view.phone:
            whom = view.to_name if asker else view.from_doctor_name
            words = tr("Call {whom}: {phone}").format(whom=whom, phone=view.phone)
        else:
            words = tr("There is no number of the other side in the record.")
        running = view.line.state in (Move.ASKED, Move.ACCEPTED)
        if view.line.urgent and view.line.state is Move.ASKED:
            words = tr("Urgent: by phone within ten minutes. {call}").format(call=words)
        tone: theme.Tone = "danger" if view.line.urgent and running else "neutral"
        self.phone.say(words, tone, closable=False)

    def _show_steps(self, view: ConsultationView, today: date) -> None:
        while item := self._steps.takeAt(0):
            item.widget().hide()
            item.widget().deleteLater()
        # The newest first: an opinion is what the asker opens the page for.
        for step in reversed(view.steps):
            self._steps.addWidget(_step(step, today))

    def _person(self) -> None:
        if self.view is not None:
            self._to_resident(self.view.line.resident_id)

    def _letter(self) -> None:
        if self.view is not None and self.view.referral_id:
            self._to_referral(self.view.referral_id)


def _tone(words: QWidget, tone: theme.Tone) -> None:
    dress(words, kind="strong", tone="" if tone == "neutral" else tone)


def _about(view: ConsultationView, today: date) -> str:
    line = view.line
    parts = [headline(line)]
    if view.doctor:
        parts.append(view.doctor)
    parts.append(codes.label("consultation_urgency", line.urgency))
    if view.wanted_on is not None:
        parts.append(tr("wanted on {day}").format(day=view.wanted_on.isoformat()))
    asked = tr("{doctor} of {organisation} asks {to}, {time}").format(
        doctor=view.from_doctor_name,
        organisation=view.from_name,
        to=view.to_name,
        time=when(line.asked_at, today),
    )
    return "  ·  ".join(parts) + "\n" + asked


def _vitals(view: ConsultationView) -> str:
    found = view.vitals.to_dict()
    return "   ".join(f"{LIMITS[k].label()} {v:g} {LIMITS[k].unit}" for k, v in found.items())


def _step(step: Step, today: date) -> QWidget:
    """Icon, what and who, and the words below."""
    whole = QWidget()
    row = QHBoxLayout(whole)
    row.setContentsMargins(0, 0, 0, 0)
    row.setSpacing(theme.GAP_INSIDE)
    icon = IconLabel(MOVE_ICON.get(step.move, "information-line"))
    column = QVBoxLayout()
    column.setSpacing(2)
    row.addWidget(icon, 0, Qt.AlignmentFlag.AlignTop)
    row.addLayout(column, 1)
    what = state_word(step.move)
    if step.by_phone:
        what = tr("{what}, by phone").format(what=what)
    if step.adopted is not None:
        followed = tr("opinion followed") if step.adopted else tr("opinion not followed")
        what = tr("{what}: {detail}").format(what=what, detail=followed)
    head = "  ·  ".join(
        part
        for part in (what, when(step.at, today), step.organisation_name, step.actor_name)
        if part
    )
    column.addWidget(label(head, "strong", wrap=True))
    if step.text:
        column.addWidget(label(breakable(step.text), wrap=True))
    signed = ""
    if step.signer:
        signed = tr("Signed: {name}").format(
            name=" ".join(part for part in (step.department, step.signer) if part)
        )
        column.addWidget(label(signed, "secondary", wrap=True))
    whole.setAccessibleName(" ".join(part for part in (head, step.text, signed) if part))
    return whole
