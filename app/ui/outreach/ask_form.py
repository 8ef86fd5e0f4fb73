"""The form of a question to a specialist; where it is urgent, the number to call is in sight."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.limits import LIMITS
from app.care.outreach.consultations import (
    URGENT,
    ConsultationInput,
    ConsultationStart,
    ask,
    begin_consultation,
)
from app.care.referral_lists import Receiver, receivers
from app.care.referral_red_flags import Vitals
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.attachments.card import Subject
from app.ui.attachments.waiting import WaitingFiles
from app.ui.outreach.consultations_page import KINDS
from app.ui.outreach.controller import OutreachController
from app.ui.outreach.words import entries
from app.ui.referrals.emergency import EmergencyStrip
from app.ui.referrals.words import who
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import Card
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import Field, TextArea, TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.values import DateField, NumberField

DRAFT = "consultation"
_VITALS = ("sbp", "dbp", "heart_rate", "temperature", "respiration", "spo2", "glucose")
_TEXTS = ("department", "doctor", "summary", "question", "from_doctor_phone")


class AskForm(Page):
    """One question being written; ``sent(id)`` and ``left()`` are called at its end."""

    def __init__(
        self,
        controller: OutreachController,
        sent: Callable[[str], object],
        left: Callable[[], object],
    ) -> None:
        super().__init__(" ", scroll=True)
        self._controller = controller
        self._context = controller.context
        self._sent, self._left = sent, left
        self._base = ConsultationInput("")
        self.receivers: dict[str, Receiver] = {}
        self.phone = EmergencyStrip()
        self.body.addWidget(self.phone)
        self.fields = FormFields(self)
        columns = QHBoxLayout()
        columns.setSpacing(theme.GAP_CARD)
        columns.addWidget(self._whom(), 1)
        columns.addWidget(self._what(), 1)
        self.body.addLayout(columns)
        self.files = WaitingFiles(self._context)
        self.files.changed.connect(self._files_changed)
        self.body.addWidget(self.files)
        self.body.addStretch(1)
        self.discard_button = QuietButton(tr("Throw the draft away"), self._throw_away)
        self.leave_button = Button(tr("Back to the list"), self.go, tip=tr("Esc"))
        self.send_button = PrimaryButton(tr("Ask"), self._send, icon_name="send-plane-fill")
        self.add_footer(self.discard_button, self.leave_button, self.send_button)
        self._keeper: DraftKeeper | None = None
        self.navigator = FormNavigator(self, self.send_button)
        QShortcut(QKeySequence("Esc"), self).activated.connect(self.go)
        for key in ("urgency", "to_organisation_id"):
            self.fields[key].changed.connect(self._show_phone)

    def _whom(self) -> QWidget:
        card = Card(tr("Whom to ask"))
        today = self._context.store.clock.today()
        for field in (
            ChoiceField("urgency", tr("Urgency"), entries("consultation_urgency"), required=True),
            ListField("to_organisation_id", tr("Organisation"), (), required=True),
            TextField("department", tr("Department"), required=True, limit=100),
            TextField("doctor", tr("Doctor"), limit=100),
            ChoiceField(
                "kind", tr("Way of consulting"), entries("consultation_kind"), required=True
            ),
            DateField("wanted_on", tr("Wanted on"), nearest="future", earliest=today, today=today),
            TextField("from_doctor_phone", tr("Call back on"), limit=30),
        ):
            self._take(card, field)
        vitals = Card(tr("Measured for this question"))
        row: QHBoxLayout | None = None
        for number, name in enumerate(_VITALS):
            limit = LIMITS[name]
            field = NumberField(
                name,
                limit.label(),
                unit=limit.unit,
                decimals=limit.decimals,
                hard=(limit.hard_low, limit.hard_high),
                measured=True,
                label_width=theme.LABEL_SHORT,
            )
            self.fields.add(field)
            if number % 2 == 0:
                row = QHBoxLayout()
                row.setSpacing(theme.GAP_FIELD)
                vitals.body.addLayout(row)
            assert row is not None
            row.addWidget(field, 1)
        assert row is not None
        row.addStretch(1)
        whole = QWidget()
        column = QVBoxLayout(whole)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_CARD)
        column.addWidget(card)
        column.addWidget(vitals)
        column.addStretch(1)
        return whole

    def _what(self) -> QWidget:
        card = Card(tr("What is asked"))
        self._take(card, TextArea("question", tr("Question"), lines=5, required=True, stacked=True))
        self._take(
            card,
            TextArea("summary", tr("Summary of the case"), lines=12, required=True, stacked=True),
        )
        card.body.addStretch(1)
        return card

    def _take(self, card: Card, field: Field) -> None:
        self.fields.add(field)
        card.body.addWidget(field)

    # -- opening --------------------------------------------------------------------------------

    def begin(self, resident_id: str, referral_id: str = "", to: str = "") -> None:
        """A new question about a resident, or the one that was left unfinished."""
        c = self._context

        def work(*_: object) -> tuple[ConsultationStart, tuple[Receiver, ...]]:
            start = begin_consultation(c.store, c.actor, resident_id, referral_id, to)
            return start, receivers(c.store, c.actor)

        self._controller.read(work, done=self._begun, failed=self._not_begun)

    def _begun(self, found: tuple[ConsultationStart, tuple[Receiver, ...]]) -> None:
        start, offered = found
        self._base = start.consultation
        offered = tuple(each for each in offered if start.only_to in ("", each.id))
        self.receivers = {each.id: each for each in offered}
        about = "  ·  ".join(p for p in (start.name, who(start.sex, start.age), start.village) if p)
        self.set_title(tr("Ask for a consultation"), about)
        whom = self.fields["to_organisation_id"]
        assert isinstance(whom, ListField)
        whom.set_entries([(each.id, each.name) for each in offered])
        whom.set_value(start.consultation.to_organisation_id or None)
        for name in _TEXTS:
            self.fields[name].set_value(getattr(start.consultation, name))
        keeper = DraftKeeper(
            self._context, DRAFT, self.fields, subject_id=self._base.resident_id, parent=self
        )
        found_draft = keeper.restore() is not None
        self.files.begin(DRAFT, self._base.resident_id, go_on=found_draft)
        if found_draft:
            self.set_note(tr("Your unfinished question was opened again."))
        keeper.saved.connect(lambda: self.set_note(tr("The draft is kept on this PC.")))
        keeper.failed.connect(lambda text: self.strip.say(text))
        self._keeper = keeper
        for field in self.fields:
            field.clear_problem()
        self.fields.touched = False
        self._show_phone()
        self.fields["urgency"].setFocus()

    def _not_begun(self, error: Exception) -> None:
        self.strip.say_error(error)

    def _show_phone(self) -> None:
        """The number to call, in sight from the moment that it is urgent."""
        urgent = self.fields["urgency"].value() == URGENT
        self.phone.setVisible(urgent)
        phone = self.fields["from_doctor_phone"]
        if phone.required != urgent:
            phone.set_required(urgent)
        if urgent:
            chosen = self.receivers.get(str(self.fields["to_organisation_id"].value()))
            self.phone.say(
                tr("Call first, within ten minutes; write the question after."),
                chosen.name if chosen is not None else "",
                (chosen.green_channel_phone or chosen.phone) if chosen is not None else "",
            )

    # -- leaving --------------------------------------------------------------------------------

    def go(self) -> None:
        """Leave the page; the draft stays."""
        self.keep_draft()
        self._left()

    def keep_draft(self) -> None:
        """Write the draft if anything was typed."""
        if self._keeper is not None and self.fields.touched:
            self._keeper.save_now()

    def _files_changed(self) -> None:
        """Whose only content are its files is kept, too."""
        self.fields.touched = True
        if self._keeper is not None:
            self._keeper.note()

    def _throw_away(self) -> None:
        self.files.forget()
        if self._keeper is not None:
            self._keeper.discard()
        self.fields.touched = False
        self._left()

    # -- saving ---------------------------------------------------------------------------------

    def asked(self) -> ConsultationInput:
        """What is typed."""
        values = {name: self.fields[name].value() or "" for name in _TEXTS}
        return replace(
            self._base,
            urgency=self.fields["urgency"].value() or "",
            kind=self.fields["kind"].value() or "",
            to_organisation_id=self.fields["to_organisation_id"].value() or "",
            wanted_on=self.fields["wanted_on"].value(),
            vitals=Vitals(**{name: self.fields[name].value() for name in _VITALS}),
            **values,
        )

    def _send(self) -> None:
        self.strip.clear()
        if self.fields.check():
            self.send_button.setEnabled(False)
            self._controller.write(KINDS, ask, self.asked(), done=self._done, failed=self._refused)

    def _refused(self, error: Exception) -> None:
        self.send_button.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say_error(error)

    def _done(self, consultation_id: str) -> None:
        self.send_button.setEnabled(True)
        self.fields.touched = False
        if self._keeper is not None:
            self._keeper.discard()
        self.files.attach(lambda *_: Subject("consultation", consultation_id))
        self._context.notify(tr("Saved. The other side sees it after the next synchronisation."))
        self._sent(consultation_id)
