"""The fields of the follow-up form in the order of the paper: the left column, and the whole."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.care.follow_up_form import DANGER_SIGNS, DISEASES, MEASURED, SYMPTOM_LISTS
from app.care.limits import Limit
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.copd_fields import CopdFields
from app.ui.chronic.field_kinds import TickField, ends_of, entries_of, measured, pair
from app.ui.chronic.treatment_fields import DIABETES, HYPERTENSION
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import TextField
from app.ui.widgets.values import DateField, NumberField


class FollowUpFields(CopdFields):
    """All fields. ``left_cards`` and ``right_cards`` are put side by side by the page."""

    def __init__(self, today: date, may_judge: bool, parent: QWidget) -> None:
        super().__init__(may_judge, parent)
        self.left_cards = [
            self._visit_card(today),
            self._symptom_card(),
            self._sign_card(),
            self._habit_card(),
        ]
        self.right_cards = [
            self._copd_card(),
            self._test_card(today),
            self._drug_card(),
            self._decision_card(today),
        ]

    # -- left -----------------------------------------------------------------------------------

    def _visit_card(self, today: date) -> Card:
        card = Card(tr("Visit"))
        self.visit_date = self.add(
            DateField(
                "visit_date",
                tr("Date"),
                required=True,
                latest=today,
                today=today,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.parts = self.add(
            ChoiceField(
                "parts",
                tr("Diseases"),
                entries_of("chronic_disease"),
                multiple=True,
                required=True,
                digits=False,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.enrol = self.add(TickField("enrol", "", "", label_width=theme.LABEL_SHORT))
        self.enrol.hide()
        self.mode = self._choice("mode", tr("Mode"), "follow_up_mode", required=True)
        self._fill(card, self.visit_date, self.parts, self.enrol, self.mode)
        return card

    def _symptom_card(self) -> Card:
        card = Card(tr("Symptoms"))
        for disease in DISEASES:
            symptoms = self.add(
                ChoiceField(
                    f"{disease}.symptoms",
                    codes.label("chronic_disease", disease),
                    entries_of(SYMPTOM_LISTS[disease]),
                    multiple=True,
                    exclusive=("1",),
                    required=True,
                    stacked=True,
                )
            )
            other = self.add(
                TextField(
                    f"{disease}.symptom_text",
                    tr("Other symptom"),
                    limit=100,
                    label_width=theme.LABEL_SHORT,
                )
            )
            self.rows[disease].append(symptoms)
            self._fill(card, symptoms, other)
            other.hide()
        self.danger_button = QuietButton(
            tr("Danger signs (F4)"), icon_name="alarm-warning-line", tip=tr("Tick danger signs")
        )
        self.danger_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        card.add_action(self.danger_button)
        self.danger_signs = self.add(
            ChoiceField(
                "danger_signs",
                tr("Danger signs: any of them means refer now"),
                [],
                multiple=True,
                digits=False,
                stacked=True,
            )
        )
        self.danger_signs.hide()
        self._fill(card, self.danger_signs)
        return card

    def _sign_card(self) -> Card:
        card = Card(tr("Signs"))
        self.sbp = self.add(measured("sbp", "sbp", tr("Systolic"), required=True))
        self.dbp = self.add(
            measured("dbp", "dbp", tr("Diastolic"), required=True, label_width=theme.LABEL_SECOND)
        )
        self.no_bp = self._choice("not_measured.bp", tr("Why not"), "not_measured")
        self.no_bp.hide()
        self.heart_rate = self.add(measured("heart_rate", "heart_rate", tr("Heart rate")))
        self.temperature = self.add(
            measured(
                "temperature", "temperature", tr("Temperature"), label_width=theme.LABEL_SECOND
            )
        )
        self.weight = self.add(measured("weight", "weight", tr("Weight")))
        self.weight_target = self.add(
            measured("weight_target", "weight", tr("Target"), label_width=theme.LABEL_SECOND)
        )
        self.height = self.add(measured("height", "height", tr("Height")))
        self.waist = self.add(
            measured("waist", "waist", tr("Waist"), label_width=theme.LABEL_SECOND)
        )
        self.bmi = label("", "secondary")
        self.pulse = self._choice(
            "dorsalis_pedis", tr("Foot pulses"), "dorsalis_pedis", required=True
        )
        self.no_pulse = self._choice("not_measured.dorsalis_pedis", tr("Why not"), "not_measured")
        self.no_pulse.hide()
        self.pulse_side = self._choice("dorsalis_pedis_side", tr("Side"), "side")
        self.pulse_side.hide()
        self.rows[DIABETES].append(self.pulse)
        self.other_signs = self.add(
            TextField("other_signs", tr("Other signs"), label_width=theme.LABEL_SHORT, limit=500)
        )
        card.body.addLayout(pair(self.sbp, self.dbp))
        card.body.addWidget(self.no_bp)
        card.body.addLayout(pair(self.heart_rate, self.temperature))
        card.body.addLayout(pair(self.weight, self.weight_target))
        card.body.addLayout(pair(self.height, self.waist))
        self._fill(card, self.bmi, self.pulse, self.no_pulse, self.pulse_side, self.other_signs)
        self.bmi.hide()
        return card

    def _habit_card(self) -> Card:
        card = Card(tr("Habits"))
        self.habits_button = Button(tr("As last visit (F7)"), icon_name="file-copy-line")
        self.habits_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        card.add_action(self.habits_button)
        for key, title, unit, most, decimals in (
            ("smoking", tr("Smoking"), tr("a day"), 100, 0),
            ("alcohol", tr("Alcohol"), tr("liang a day"), 50, 1),
            ("exercise_per_week", tr("Exercise"), tr("times a week"), 50, 0),
            ("exercise_minutes", tr("Each time"), tr("minutes"), 600, 0),
            ("staple_food", tr("Staple food"), tr("g a day"), 3000, 0),
        ):
            now, wanted = (
                self.add(
                    NumberField(
                        name,
                        words,
                        unit=unit,
                        decimals=decimals,
                        hard=(0, most),
                        label_width=room,
                        width=theme.NUMBER_WIDTH_SMALL,
                    )
                )
                for name, words, room in (
                    (key, title, theme.LABEL_SHORT),
                    (f"{key}_target", tr("Target"), theme.LABEL_SECOND),
                )
            )
            card.body.addLayout(pair(now, wanted))
            if key == "staple_food":
                self.rows[DIABETES].extend((now, wanted))
        salt = self._choice("salt", tr("Salt"), "salt")
        salt_target = self._choice("salt_target", tr("Salt target"), "salt")
        self._fill(card, salt, salt_target)
        self.rows[HYPERTENSION].extend((salt, salt_target))
        self._fill(
            card,
            self._choice("psych", tr("Mood"), "psych"),
            self._choice("compliance", tr("Compliance"), "compliance"),
        )
        return card

    # -- for the page ---------------------------------------------------------------------------

    def offer_danger_signs(self, diseases: tuple[str, ...]) -> None:
        """Only the signs that count for the diseases of this visit, in the list's order."""
        wanted = {sign for disease in diseases for sign in DANGER_SIGNS[disease]}
        offered = [entry for entry in entries_of("danger_sign") if entry[0] in wanted]
        self.danger_signs.set_entries(offered)

    def set_limits(self, limits: Mapping[str, Limit]) -> None:
        """Take the organisation's input limits."""
        for key, kind in MEASURED.items():
            field = self[key]
            assert isinstance(field, NumberField)
            field.hard, field.soft = ends_of(limits[kind])

    def single_choices(self) -> list[ChoiceField]:
        """Choices of one answer: a digit there answers and moves on."""
        return [
            field
            for field in self
            if isinstance(field, ChoiceField) and not isinstance(field.value(), tuple)
        ]
