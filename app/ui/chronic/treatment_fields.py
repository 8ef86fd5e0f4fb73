"""The right column of the follow-up form: tests, drugs, decision."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QWidget

from app.care import copd, diabetes, hypertension
from app.care.follow_up_form import DISEASES
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.drug_field import DrugField
from app.ui.chronic.field_kinds import TickField, entries_of, measured, pair
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import Card
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.values import DateField

HYPERTENSION, DIABETES = hypertension.DISEASE, diabetes.DISEASE


class TreatmentFields(FormFields):
    """Base of the form's fields: what both columns use, and the cards of the right one.

    ``rows``: by disease, the fields that are shown only when the visit serves it.
    """

    def __init__(self, may_judge: bool, parent: QWidget) -> None:
        super().__init__(parent)
        self.may_judge = may_judge
        self.rows: dict[str, list[Field]] = {HYPERTENSION: [], DIABETES: [], copd.DISEASE: []}

    def _choice(
        self, key: str, title: str, code_list: str, *, stacked: bool = False, required: bool = False
    ) -> ChoiceField:
        field = ChoiceField(
            key,
            title,
            entries_of(code_list),
            required=required,
            stacked=stacked,
            label_width=theme.LABEL_SHORT,
        )
        self.add(field)
        return field

    def _fill(self, card: Card, *widgets: QWidget) -> None:
        for widget in widgets:
            card.body.addWidget(widget)

    # -- cards ----------------------------------------------------------------------------------

    def _test_card(self, today: date) -> Card:
        card = Card(tr("Tests"))
        self.fpg = self.add(measured("fpg", "glucose", tr("Fasting glucose"), required=True))
        self.no_glucose = self._choice("not_measured.glucose", tr("Why not"), "not_measured")
        self.no_glucose.hide()
        self.ppg = self.add(measured("ppg", "glucose", tr("After a meal")))
        self.random_glucose = self.add(
            measured("random_glucose", "glucose", tr("Random"), label_width=theme.LABEL_SECOND)
        )
        self.not_fasting = self._choice("not_fasting_reason", tr("Not fasting"), "not_fasting")
        self.not_fasting.set_required(True)
        self.not_fasting.hide()
        self.hba1c = self.add(measured("hba1c", "hba1c", tr("Glycated Hb")))
        self.hba1c_date = self.add(
            DateField(
                "hba1c_date",
                tr("Date of HbA1c"),
                latest=today,
                today=today,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.rows[DIABETES].extend(
            (self.fpg, self.ppg, self.random_glucose, self.hba1c, self.hba1c_date)
        )
        self._fill(card, self.fpg, self.no_glucose)
        card.body.addLayout(pair(self.ppg, self.random_glucose))
        card.body.addWidget(self.not_fasting)
        card.body.addLayout(pair(self.hba1c, self.hba1c_date))
        self._fill(
            card,
            self.add(
                TextField("aux_exam", tr("Other tests"), label_width=theme.LABEL_SHORT, limit=500)
            ),
        )
        return card

    def _drug_card(self) -> Card:
        card = Card(tr("Drugs"))
        self.drugs_button = Button(tr("As last visit (F6)"), icon_name="file-copy-line")
        self.drugs_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        card.add_action(self.drugs_button)
        self.adherence = self._choice("adherence", tr("Adherence"), "adherence", required=True)
        self.reaction = self._choice(
            "adverse_reaction", tr("Reaction"), "adverse_reaction", required=True
        )
        self.reaction_text = self.add(
            TextField(
                "adverse_reaction_text",
                tr("Which one"),
                required=True,
                label_width=theme.LABEL_SHORT,
                limit=500,
            )
        )
        self.reaction_text.hide()
        self.hypoglycaemia = self._choice(
            "hypoglycaemia", tr("Low glucose"), "hypoglycaemia", required=True
        )
        self.rows[DIABETES].append(self.hypoglycaemia)
        self.complication = self.add(
            TickField(
                "new_or_worse_complication",
                tr("Complication"),
                tr("new, or worse than before"),
                label_width=theme.LABEL_SHORT,
            )
        )
        self.complication_text = self.add(
            TextField(
                "complication_text",
                tr("Which one"),
                label_width=theme.LABEL_SHORT,
                limit=500,
            )
        )
        self.complication_text.hide()
        self.drugs = DrugField("drugs", tr("Drugs taken"))
        self.add(self.drugs)
        self.insulin = self.add(
            TextField(
                "insulin",
                tr("Insulin"),
                label_width=theme.LABEL_SHORT,
                limit=200,
                placeholder=tr("kind, dose, times"),
            )
        )
        self.rows[DIABETES].append(self.insulin)
        self.adjustment = self.add(
            TextField("drug_adjustment", tr("Adjustment"), label_width=theme.LABEL_SHORT, limit=500)
        )
        self._fill(
            card,
            self.adherence,
            self.reaction,
            self.reaction_text,
            self.hypoglycaemia,
            self.complication,
            self.complication_text,
            self.drugs,
            self.insulin,
            self.adjustment,
        )
        return card

    def _decision_card(self, today: date) -> Card:
        card = Card(tr("Decision"))
        self.override_button = QuietButton(
            tr("Judge otherwise"), icon_name="edit-line", tip=tr("Change class or step (Ctrl+J)")
        )
        self.override_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        if self.may_judge:
            card.add_action(self.override_button)
        self.overrides: dict[str, tuple[Field, ...]] = {}
        for disease in DISEASES:
            short = codes.label("chronic_disease", disease)
            next_visit = self.add(
                DateField(
                    f"{disease}.next_visit",
                    tr("Next visit, {disease}").format(disease=short),
                    nearest="future",
                    today=today,
                    label_width=theme.LABEL_WIDE,
                )
            )
            visit_class = self._choice(
                f"{disease}.override_class",
                tr("Class, {disease}").format(disease=short),
                "visit_class",
                stacked=True,
            )
            step = self._choice(
                f"{disease}.override_step", tr("Next step"), "next_step", stacked=True
            )
            reason = self.add(
                TextField(
                    f"{disease}.override_reason",
                    tr("Reason"),
                    required=True,
                    label_width=theme.LABEL_SHORT,
                    limit=500,
                )
            )
            self.rows[disease].append(next_visit)
            self.overrides[disease] = (visit_class, step, reason)
            for field in self.overrides[disease]:
                field.hide()
            self._fill(card, next_visit, visit_class, step, reason)
        self.referral_reason = self.add(
            TextField("referral_reason", tr("Referral for"), label_width=theme.LABEL_WIDE)
        )
        self.referral_to = self.add(
            TextField("referral_org_dept", tr("Referral to"), label_width=theme.LABEL_WIDE)
        )
        self.remark = self.add(
            TextField("remark", tr("Remark"), label_width=theme.LABEL_WIDE, limit=500)
        )
        self.signed = self.add(
            TickField(
                "resident_signed",
                "",
                tr("The resident has signed the slip"),
                label_width=theme.LABEL_WIDE,
            )
        )
        self.reason = self.add(
            TextField(
                "correction_reason",
                tr("Why corrected"),
                required=True,
                label_width=theme.LABEL_WIDE,
                limit=500,
            )
        )
        self._fill(
            card, self.referral_reason, self.referral_to, self.remark, self.signed, self.reason
        )
        for field in (self.referral_reason, self.referral_to, self.reason):
            field.hide()
        return card
