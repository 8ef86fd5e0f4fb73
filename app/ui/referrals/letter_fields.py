"""The fields of a new letter in the order of the paper, and their way to and from LetterInput."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care import limits
from app.care.referral_letter import FORM_PARTS, MAX_TEXT, SERVICES, LetterInput, ServiceWish
from app.care.referral_lists import LEAD_HOSPITAL, Receiver
from app.care.referral_red_flags import Vitals
from app.care.referral_states import REASON_LISTS, Direction
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.referrals.words import SERVICE_ICON
from app.ui.widgets.cards import Card, IconLabel, label
from app.ui.widgets.choices import ChoiceField, FlowLayout, ListField
from app.ui.widgets.fields import Field, TextArea, TextField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.values import DateField, NumberField

_VITALS = ("sbp", "dbp", "heart_rate", "temperature", "respiration", "spo2", "glucose")
_TEXTS = (
    *FORM_PARTS, "reason_text", "last_results", "allergies", "attention_points",
    "to_department", "to_doctor", "escort", "consent_signer", "from_doctor_phone",
    "contracted_team",
)  # fmt: skip
_CHOICES = ("urgency", "isolation_risk", "mobility", "transport", "consent")


def _entries(list_name: str) -> list[tuple[str, str]]:
    return [(entry.code, entry.label) for entry in codes.entries(list_name)]


def _reasons(direction: Direction) -> list[tuple[str, str]]:
    """The reasons of a direction, each once; "other" last."""
    found = {code: text for name in REASON_LISTS[direction] for code, text in _entries(name)}
    other = found.pop("other")
    return [*found.items(), ("other", other)]


class WishLine(QWidget):
    """One priority: asked for or not, what exactly, by when."""

    def __init__(
        self, fields: FormFields, service: str, hint: str, today: date, parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.service = service
        name = codes.label("referral_service", service)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_INSIDE)
        row.addWidget(IconLabel(SERVICE_ICON[service], "accent", theme.ICON_LARGE))
        title = label(name, wrap=True)
        title.setFixedWidth(theme.DATE_WIDTH)
        row.addWidget(title)
        self.asked = ChoiceField(
            f"asked_{service}", "", [("yes", tr("Ask for"))], digits=False, parent=self
        )
        self.asked.setFixedWidth(theme.NUMBER_WIDTH - theme.GAP_FIELD)
        self.asked.editor.setAccessibleName(name)
        self.request = TextField(
            f"request_{service}", "", limit=MAX_TEXT, placeholder=hint, parent=self
        )
        self.request.editor.setAccessibleName(tr("{what}: what exactly").format(what=name))
        self.day = DateField(f"wanted_{service}", "", nearest="future", today=today, parent=self)
        self.day.editor.setAccessibleName(tr("{what}: wanted by").format(what=name))
        self.day.line.setPlaceholderText(tr("wanted by"))
        fields.add(self.asked, self.request, self.day)
        row.addWidget(self.asked)
        row.addWidget(self.request, 1)
        row.addWidget(self.day)
        # Whoever writes what is wanted wants it.
        self.request.line.textEdited.connect(self._written)

    def _written(self, text: str) -> None:
        if text.strip() and self.asked.value() is None:
            self.asked.set_value("yes")

    def wish(self) -> ServiceWish | None:
        if self.asked.value() is None:
            return None
        return ServiceWish(self.service, self.request.value() or "", self.day.value())

    def show_wish(self, wish: ServiceWish | None) -> None:
        self.asked.set_value("yes" if wish else None)
        self.request.set_value(wish.request if wish else None)
        self.day.set_value(wish.wanted_on if wish else None)


class LetterFields(QWidget):
    """Two columns of cards. ``letter()`` gives what is typed, ``show_letter`` puts one in.

    Each part is made in its place: what moves into another widget is told of it with all that it
    holds, which would take longer than all else here.
    """

    def __init__(self, today: date, parent: QWidget) -> None:
        super().__init__(parent)
        self.fields = FormFields(self)
        self.receivers: tuple[Receiver, ...] = ()
        self._today = today
        self._base = LetterInput("")
        columns = QHBoxLayout(self)
        columns.setContentsMargins(0, 0, 0, 0)
        columns.setSpacing(theme.GAP_CARD)
        left, right = QVBoxLayout(), QVBoxLayout()
        for column in (left, right):
            column.setSpacing(theme.GAP_CARD)
            columns.addLayout(column, 1)
        self._columns = (left, right)
        self._direction = Direction.UP

    def steps(self) -> list[Callable[[], QWidget]]:
        """What makes the cards one after another, in paper order; all of it is called once."""
        left, right = self._columns
        return [
            lambda: self._place(left, self._address_card()),
            lambda: self._place(left, self._letter_card()),
            lambda: self._place(right, self._signs_card()),
            lambda: self._place(right, self._services_card()),
            self._last_card,
        ]

    # -- building, in paper order -------------------------------------------------------------

    def _place(self, column: QVBoxLayout, card: Card) -> Card:
        column.addWidget(card)
        return card

    def _last_card(self) -> Card:
        card = self._place(self._columns[1], self._travel_card())
        for column in self._columns:
            column.addStretch(1)
        self.receiver.changed.connect(self._fit_receiver)
        return card

    def _add(self, card: Card, field: Field) -> Field:
        self.fields.add(field)
        card.body.addWidget(field)
        return field

    def _row(self, card: Card, *parts: Field) -> None:
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        for field in parts:
            self.fields.add(field)
            row.addWidget(field, 1)
        card.body.addLayout(row)

    def _address_card(self) -> Card:
        card = Card(parent=self)
        self.urgency = ChoiceField(
            "urgency", tr("Urgency"), _entries("referral_urgency"), required=True, parent=card
        )
        self._add(card, self.urgency)
        self.receiver = ListField(
            "to_organisation_id", tr("Refer to"), (), required=True, parent=card
        )
        self._add(card, self.receiver)
        narrow = theme.CONTROL_HEIGHT * 2
        self._row(
            card,
            TextField("to_department", tr("Department"), limit=100, parent=card),
            TextField("to_doctor", tr("Doctor"), limit=100, label_width=narrow, parent=card),
        )
        return card

    def _letter_card(self) -> Card:
        card = Card(tr("The letter"), self)
        for key, title, lines in (
            ("impression", tr("First impression"), 2),
            ("present_history", tr("Present history (cause of the referral)"), 5),
            ("past_history", tr("Past history"), 3),
            ("treatment_given", tr("Treatment so far"), 4),
            ("current_drugs", tr("Drugs now, one a line"), 3),
            ("last_results", tr("Last results"), 4),
        ):
            required = key in FORM_PARTS
            self._add(
                card,
                TextArea(
                    key,
                    title,
                    lines=lines,
                    limit=MAX_TEXT,
                    stacked=True,
                    required=required,
                    parent=card,
                ),
            )
        self._add(card, TextField("allergies", tr("Allergies"), limit=500, parent=card))
        return card

    def _signs_card(self) -> Card:
        card = Card(tr("Reasons and signs"), self)
        self._add(
            card,
            ChoiceField(
                "reason_codes",
                tr("Reasons"),
                _reasons(Direction.UP),
                multiple=True,
                required=True,
                stacked=True,
                parent=card,
            ),
        )
        self._add(card, TextField("reason_text", tr("In words"), limit=500, parent=card))
        flow_holder = QWidget(card)
        flow = FlowLayout(flow_holder, theme.GAP_FIELD)
        for name in _VITALS:
            limit = limits.LIMITS[name]
            soft = None
            if limit.soft_low is not None or limit.soft_high is not None:
                low = limit.soft_low if limit.soft_low is not None else limit.hard_low
                high = limit.soft_high if limit.soft_high is not None else limit.hard_high
                soft = (low, high)
            field = NumberField(
                name,
                limit.label(),
                unit=limit.unit,
                decimals=limit.decimals,
                hard=(limit.hard_low, limit.hard_high),
                soft=soft,
                stacked=True,
                width=theme.NUMBER_WIDTH_SMALL,
                parent=flow_holder,
            )
            field.setFixedWidth(theme.NUMBER_WIDTH_SMALL + theme.NUMBER_WIDTH - theme.GAP_CARD)
            self.fields.add(field)
            flow.addWidget(field)
        card.body.addWidget(flow_holder)
        self._add(
            card,
            ChoiceField(
                "red_flags",
                tr("Red flags"),
                _entries("referral_red_flag"),
                multiple=True,
                stacked=True,
                parent=card,
            ),
        )
        return card

    def _services_card(self) -> Card:
        card = self.services_card = Card(tr("The three priorities"), self)
        hints = {
            "clinic": tr("department or expert"),
            "examination": tr("which examinations"),
            "bed": tr("department, why admission"),
        }
        self.wishes = [
            WishLine(self.fields, service, hints[service], self._today, card)
            for service in SERVICES
        ]
        for line in self.wishes:
            card.body.addWidget(line)
        return card

    def _travel_card(self) -> Card:
        card = Card(tr("On the way, consent"), self)
        for key in ("mobility", "transport"):
            title = tr("Mobility") if key == "mobility" else tr("Transport")
            self._add(card, ChoiceField(key, title, _entries(f"referral_{key}"), parent=card))
        risks = _entries("referral_isolation")
        self._add(card, ChoiceField("isolation_risk", tr("Isolation"), risks, parent=card))
        self._add(card, TextField("escort", tr("Escort"), limit=100, parent=card))
        attention = tr("Points of attention")
        self._add(card, TextArea("attention_points", attention, lines=2, parent=card))
        given = _entries("referral_consent")
        self._add(card, ChoiceField("consent", tr("Consent"), given, required=True, parent=card))
        self._add(card, TextField("consent_signer", tr("Signed by"), limit=100, parent=card))
        self._add(card, TextField("from_doctor_phone", tr("Your phone"), limit=30, parent=card))
        self._add(card, TextField("contracted_team", tr("Contracted team"), limit=100, parent=card))
        return card

    def begin(self, receivers: tuple[Receiver, ...], today: date) -> None:
        """Before a letter is shown: who may get it, and the day it is written on."""
        for line in self.wishes:
            line.day.set_today(today)
        if receivers != self.receivers:
            self.receivers = receivers
            own = tr("{name} (own lead hospital)")
            self.receiver.set_entries(
                [(r.id, own.format(name=r.name) if r.own_lead else r.name) for r in receivers]
            )

    def _fit_receiver(self) -> None:
        """Reasons and priorities follow from where the letter goes: only a lead hospital gives the
        three priorities, members refer to each other for what either list says."""
        direction = self.direction()
        if direction is not self._direction:
            self._direction = direction
            reasons = self.fields["reason_codes"]
            assert isinstance(reasons, ChoiceField)
            reasons.set_entries(_reasons(direction))
        self.services_card.setVisible(direction is Direction.UP)

    def direction(self) -> Direction:
        """Up to a lead hospital, else across; as long as nobody is chosen, up."""
        receiver = self.chosen_receiver()
        lead = receiver is None or receiver.type == LEAD_HOSPITAL
        return Direction.UP if lead else Direction.ACROSS

    # -- values -------------------------------------------------------------------------------

    def show_letter(self, letter: LetterInput) -> None:
        """Put a letter into the fields; what has no field (diagnoses, source) is kept beside."""
        self._base = letter
        fields = self.fields
        for key in _TEXTS:
            fields[key].set_value(getattr(letter, key) or None)
        for key in _CHOICES:
            fields[key].set_value(getattr(letter, key) or None)
        fields["red_flags"].set_value(letter.red_flags)
        fields["current_drugs"].set_value("\n".join(letter.current_drugs) or None)
        for key in _VITALS:
            fields[key].set_value(getattr(letter.vitals, key))
        own = next((r.id for r in self.receivers if r.own_lead), None)
        self.receiver.set_value(letter.to_organisation_id or own)
        self._fit_receiver()
        fields["reason_codes"].set_value(letter.reason_codes)
        by_name = {wish.service: wish for wish in letter.services}
        for line in self.wishes:
            line.show_wish(by_name.get(line.service))
        for field in fields:
            field.clear_problem()

    def letter(self) -> LetterInput:
        """What is typed, with an unreadable number left out (its field says what is wrong)."""
        fields = self.fields
        values: dict[str, object] = {key: fields[key].value() or "" for key in _TEXTS + _CHOICES}
        values["reason_codes"] = fields["reason_codes"].value()
        values["red_flags"] = fields["red_flags"].value()
        drugs = fields["current_drugs"].value() or ""
        values["current_drugs"] = tuple(drugs.splitlines())
        values["vitals"] = self.vitals()
        values["to_organisation_id"] = self.receiver.value() or ""
        wishes = self.wishes if self.direction() is Direction.UP else []
        values["services"] = tuple(w for line in wishes if (w := line.wish()) is not None)
        return replace(self._base, **values)  # type: ignore[arg-type]

    def vitals(self) -> Vitals:
        return Vitals(**{key: self.fields[key].value() for key in _VITALS})

    def chosen_receiver(self) -> Receiver | None:
        wanted = self.receiver.value()
        return next((r for r in self.receivers if r.id == wanted), None)

    def whom_to_phone(self) -> tuple[str, str]:
        """The receiver's name and number; empty where nobody is chosen."""
        chosen = self.chosen_receiver()
        return (chosen.name, chosen.green_channel_phone or chosen.phone) if chosen else ("", "")

    def ask_for_all(self, ask: bool) -> None:
        """Mark what is required: everything of the form, or — in an emergency — nothing."""
        for key in (*FORM_PARTS, "reason_codes", "consent"):
            self.fields[key].set_required(ask)
            if not ask:
                self.fields[key].clear_problem()
