"""Which fields of the follow-up form belong to the visit being typed, and which it requires."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.care.follow_up_form import (
    DISEASES,
    FACE_TO_FACE,
    OTHER_SYMPTOM,
    PULSE_NORMAL,
    REACTION_PRESENT,
)
from app.care.limits import body_mass_index
from app.i18n import tr
from app.models import codes
from app.ui.chronic.copd_fields import COPD
from app.ui.chronic.form_fields import FollowUpFields
from app.ui.chronic.treatment_fields import DIABETES, HYPERTENSION
from app.ui.widgets.fields import Field

OVERWEIGHT, OBESE = 24.0, 28.0


class Arrangement(QObject):
    """Shows and hides, requires and releases. ``danger_signs`` and ``override``: parts that the
    person opened."""

    def __init__(self, fields: FollowUpFields) -> None:
        super().__init__(fields)
        self._fields = fields
        self.danger_signs = False
        self.override = False
        self._offered: tuple[str, ...] | None = None
        # A required measurement that is passed over asks why it was not made.
        for field, question in (
            (fields.dbp, fields.no_bp),
            (fields.fpg, fields.no_glucose),
            (fields.pulse, fields.no_pulse),
        ):
            field.left.connect(lambda f=field, q=question: self._passed_over(f, q))

    def reset(self) -> None:
        """Before another visit."""
        self.danger_signs = self.override = False
        self._offered = None
        for question in (self._fields.no_bp, self._fields.no_glucose, self._fields.no_pulse):
            question.hide()
        self._fields.enrol.hide()

    def apply(
        self, managed: tuple[str, ...], *, correcting: bool, copd_parts: tuple[str, ...]
    ) -> None:
        """Arrange everything by what is typed so far; ``managed``: diseases under management;
        ``copd_parts``: the parts of the COPD form that the organisation wants."""
        f = self._fields
        chosen: tuple[str, ...] = f.parts.value()
        in_person = f.mode.value() is None or f.mode.value() in FACE_TO_FACE
        for disease in DISEASES:
            self._arrange_disease(disease, disease in chosen)
        self._arrange_pressure(HYPERTENSION in chosen and in_person)
        self._arrange_diabetes(DIABETES in chosen, in_person)
        f.arrange_copd(COPD in chosen, copd_parts)
        f.reaction_text.setVisible(f.reaction.value() == REACTION_PRESENT)
        f.complication_text.setVisible(bool(f.complication.value()))
        self._arrange_enrolment([d for d in chosen if d not in managed], correcting)
        self._arrange_danger_signs(chosen)
        self._show_bmi()

    def _arrange_disease(self, disease: str, chosen: bool) -> None:
        f = self._fields
        for field in f.rows[disease]:
            field.setVisible(chosen)
        other = OTHER_SYMPTOM in f[f"{disease}.symptoms"].value()
        f[f"{disease}.symptom_text"].setVisible(chosen and other)
        visit_class, step, reason = f.overrides[disease]
        for field in (visit_class, step, reason):
            field.setVisible(chosen and self.override)
        _require(reason, visit_class.value() is not None or step.value() is not None)

    def _arrange_pressure(self, asked: bool) -> None:
        f = self._fields
        measured = not f.sbp.is_blank() or not f.dbp.is_blank()
        if measured or not asked:
            f.no_bp.hide()
        excused = not f.no_bp.isHidden() and f.no_bp.value() is not None
        _require(f.sbp, asked and not excused)
        _require(f.dbp, asked and not excused)

    def _arrange_diabetes(self, diabetic: bool, in_person: bool) -> None:
        f = self._fields
        other = not f.ppg.is_blank() or not f.random_glucose.is_blank()
        f.not_fasting.setVisible(diabetic and f.fpg.is_blank() and other)
        if not diabetic or not in_person or other or not f.fpg.is_blank():
            f.no_glucose.hide()
        excused = not f.no_glucose.isHidden() and f.no_glucose.value() is not None
        _require(f.fpg, diabetic and in_person and not other and not excused)
        if not diabetic or not in_person or f.pulse.value() is not None:
            f.no_pulse.hide()
        excused = not f.no_pulse.isHidden() and f.no_pulse.value() is not None
        _require(f.pulse, diabetic and in_person and not excused)
        f.pulse_side.setVisible(diabetic and f.pulse.value() not in (None, PULSE_NORMAL))
        _require(f.hypoglycaemia, diabetic)

    def _arrange_enrolment(self, new: list[str], correcting: bool) -> None:
        enrol = self._fields.enrol
        wanted = bool(new) and not correcting
        if wanted and enrol.isHidden():
            # Who is followed up is under management: the tick can be taken back, not forgotten.
            blocked = enrol.blockSignals(True)
            enrol.set_value(True)
            enrol.blockSignals(blocked)
        enrol.setVisible(wanted)
        if new:
            names = tr(", ").join(codes.label("chronic_disease", disease) for disease in new)
            words = tr("Begin management of {diseases} with this visit").format(diseases=names)
            enrol.box.setText(words)
            enrol.box.setAccessibleName(words)

    def _arrange_danger_signs(self, chosen: tuple[str, ...]) -> None:
        signs = self._fields.danger_signs
        if self._offered != chosen:
            self._offered = chosen
            ticked = signs.value()
            blocked = signs.blockSignals(True)
            self._fields.offer_danger_signs(chosen)
            signs.set_value(ticked)
            signs.blockSignals(blocked)
        signs.setVisible(self.danger_signs or bool(signs.value()))

    def _show_bmi(self) -> None:
        f = self._fields
        value = body_mass_index(f.weight.value(), f.height.value())
        f.bmi.setVisible(value is not None)
        if value is None:
            return
        words = tr("BMI {value} kg/m²").format(value=value)
        if value >= OBESE:
            words = tr("{bmi}, obese").format(bmi=words)
        elif value >= OVERWEIGHT:
            words = tr("{bmi}, overweight").format(bmi=words)
        f.bmi.setText(words)

    def _passed_over(self, field: Field, question: Field) -> None:
        pressure = self._fields.sbp.is_blank() or field is not self._fields.dbp
        if field.required and field.is_blank() and pressure and not field.isHidden():
            question.show()


def _require(field: Field, required: bool) -> None:
    if field.required != required:
        field.set_required(required)
