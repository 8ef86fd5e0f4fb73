"""The follow-up form: what is typed on it, and what must be right before it may be saved.

Source: 高血压患者随访服务记录表 and 2型糖尿病患者随访服务记录表, National Basic Public Health
Services, 3rd ed. 2017 (``NBPHS-2017``; domain reference §5.1–5.3); COPD: §5.4, ``LOCAL-2025``.
Shared measurements are typed once; each disease served by the visit has a part of its own.
Nothing is pre-filled.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from datetime import date
from typing import Any

from app.care import copd, copd_form, diabetes, hypertension
from app.care.drugs import DrugLine
from app.care.limits import LIMITS, Limit, Verdict, body_mass_index, check, check_pressure
from app.i18n import N_, tr
from app.models import codes

FORM_VERSION = "NBPHS-2017"
DISEASES = (hypertension.DISEASE, diabetes.DISEASE, copd.DISEASE)
SYMPTOM_LISTS: Mapping[str, str] = {
    hypertension.DISEASE: "symptom_hypertension",
    diabetes.DISEASE: "symptom_diabetes",
    copd.DISEASE: "symptom_copd",
}
DANGER_SIGNS: Mapping[str, tuple[str, ...]] = {
    hypertension.DISEASE: hypertension.DANGER_SIGNS,
    diabetes.DISEASE: diabetes.DANGER_SIGNS,
    copd.DISEASE: copd.DANGER_SIGNS,
}
FACE_TO_FACE = frozenset({"1", "2"})
NO_SYMPTOM = "1"
OTHER_SYMPTOM = "0"
REACTION_PRESENT = "2"
PULSE_NORMAL = "1"
MAX_TEXT = 500
MAX_DRUGS = 12

MEASURED = {
    "sbp": "sbp",
    "dbp": "dbp",
    "heart_rate": "heart_rate",
    "temperature": "temperature",
    "respiration": "respiration",
    "spo2": "spo2",
    "weight": "weight",
    "weight_target": "weight",
    "height": "height",
    "waist": "waist",
    "fpg": "glucose",
    "ppg": "glucose",
    "random_glucose": "glucose",
    "hba1c": "hba1c",
}
_CODED = {
    "mode": "follow_up_mode",
    "bp_source": "bp_source",
    "salt": "salt",
    "salt_target": "salt",
    "psych": "psych",
    "compliance": "compliance",
    "adherence": "adherence",
    "adverse_reaction": "adverse_reaction",
    "not_fasting_reason": "not_fasting",
    "dorsalis_pedis": "dorsalis_pedis",
    "dorsalis_pedis_side": "side",
    "hypoglycaemia": "hypoglycaemia",
    "mmrc": "mmrc",
    "copd_control": "copd_control",
}
# Habits: the most that is believed, in the unit of the form.
HABIT_LIMITS: Mapping[str, tuple[str, float]] = {
    "smoking": (N_("Smoking"), 100),
    "alcohol": (N_("Alcohol"), 50),
    "exercise_per_week": (N_("Exercise a week"), 50),
    "exercise_minutes": (N_("Minutes each time"), 600),
    "staple_food": (N_("Staple food"), 3000),
}
_LUNG = {"fev1": N_("FEV1"), "fvc": N_("FVC")}
_TEXTS = (
    "other_signs",
    "adverse_reaction_text",
    "complication_text",
    "aux_exam",
    "other_tests",
    "insulin",
    "drug_adjustment",
    "referral_reason",
    "referral_org_dept",
    "remark",
)
NOT_MEASURED = ("bp", "glucose", "dorsalis_pedis")
"""What may be marked as not done, refused or unable (list ``not_measured``)."""


@dataclass(frozen=True, slots=True)
class Override:
    """The doctor's own judgement in place of the rule's, with the reason.

    ``visit_class`` (list ``visit_class``) and ``next_step`` (list ``next_step``) may each be
    empty: then the rule's stands. ``next_visit`` later than the rule allows needs one too.
    """

    reason: str
    visit_class: str = ""
    next_step: str = ""


@dataclass(frozen=True, slots=True)
class DiseasePart:
    """What the visit says of one disease: ``hypertension``, ``type2_diabetes`` or ``copd``.

    ``next_visit`` is the doctor's own date; None takes the date that the rule proposes.
    """

    disease: str
    symptoms: tuple[str, ...] = ()
    symptom_text: str = ""
    next_visit: date | None = None
    override: Override | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowUpInput:
    """One visit as typed. mmHg, /min, ℃, kg, cm, mmol/L, %, l, 支/day, 两/day, minutes, g/day.

    None and empty mean not filled in. ``not_measured`` says why a required measurement is
    missing: {"bp" | "glucose" | "dorsalis_pedis": code of list ``not_measured``}. ``enrol``
    names the diseases whose management begins with this visit. ``copd``: answers by the keys
    of ``copd_form.copd_items``.
    """

    resident_id: str
    visit_date: date | None
    mode: str = ""
    parts: tuple[DiseasePart, ...] = ()
    enrol: tuple[str, ...] = ()
    sbp: int | None = None
    dbp: int | None = None
    bp_source: str = ""
    heart_rate: int | None = None
    temperature: float | None = None
    weight: float | None = None
    weight_target: float | None = None
    height: float | None = None
    waist: float | None = None
    other_signs: str = ""
    smoking: float | None = None
    smoking_target: float | None = None
    alcohol: float | None = None
    alcohol_target: float | None = None
    exercise_per_week: float | None = None
    exercise_per_week_target: float | None = None
    exercise_minutes: float | None = None
    exercise_minutes_target: float | None = None
    salt: str = ""
    salt_target: str = ""
    staple_food: float | None = None
    staple_food_target: float | None = None
    psych: str = ""
    compliance: str = ""
    adherence: str = ""
    adverse_reaction: str = ""
    adverse_reaction_text: str = ""
    new_or_worse_complication: bool = False
    complication_text: str = ""
    danger_signs: tuple[str, ...] = ()
    fpg: float | None = None
    ppg: float | None = None
    random_glucose: float | None = None
    not_fasting_reason: str = ""
    hba1c: float | None = None
    hba1c_date: date | None = None
    dorsalis_pedis: str = ""
    dorsalis_pedis_side: str = ""
    hypoglycaemia: str = ""
    respiration: int | None = None
    spo2: int | None = None
    fev1: float | None = None
    fvc: float | None = None
    mmrc: str = ""
    cat: int | None = None
    copd_control: str = ""
    copd: Mapping[str, Any] = field(default_factory=dict)
    aux_exam: str = ""
    other_tests: str = ""
    not_measured: Mapping[str, str] = field(default_factory=dict)
    drugs: tuple[DrugLine, ...] = ()
    insulin: str = ""
    drug_adjustment: str = ""
    referral_reason: str = ""
    referral_org_dept: str = ""
    resident_signed: bool = False
    remark: str = ""

    @property
    def face_to_face(self) -> bool:
        """Only clinic and home visits count as face-to-face."""
        return self.mode in FACE_TO_FACE

    @property
    def bmi(self) -> float | None:
        return body_mass_index(self.weight, self.height)

    @property
    def fev1_fvc(self) -> float | None:
        return copd_form.ratio(self.fev1, self.fvc)

    @property
    def bmi_target(self) -> float | None:
        return body_mass_index(self.weight_target, self.height)

    def part(self, disease: str) -> DiseasePart | None:
        return next((part for part in self.parts if part.disease == disease), None)


def problems_of(
    form: FollowUpInput, birth_date: date, today: date, limits: Mapping[str, Limit] = LIMITS
) -> dict[str, str]:
    """What must be mended before the visit may be saved: field → plain sentence.

    Fields of a disease are named ``<disease>.symptoms`` and so on, drugs ``drugs``, items of
    the COPD definition ``copd.<item>``. ``limits``: the organisation's input limits.
    """
    found: dict[str, str] = {}
    found.update(_visit_problems(form, birth_date, today))
    found.update(_number_problems(form, limits))
    found.update(_code_problems(form))
    found.update(_answer_problems(form))
    for part in form.parts:
        found.update(_part_problems(part, form))
    if hypertension.DISEASE in (part.disease for part in form.parts):
        found.update({k: v for k, v in _pressure_missing(form).items() if k not in found})
    if diabetes.DISEASE in (part.disease for part in form.parts):
        found.update({k: v for k, v in _diabetes_missing(form).items() if k not in found})
    if copd.DISEASE in (part.disease for part in form.parts):
        found.update(_copd_problems(form))
    return found


def _visit_problems(form: FollowUpInput, birth_date: date, today: date) -> dict[str, str]:
    found: dict[str, str] = {}
    if form.visit_date is None:
        found["visit_date"] = tr("Type the day of the visit.")
    elif form.visit_date > today:
        found["visit_date"] = tr("The visit cannot lie in the future.")
    elif form.visit_date < birth_date:
        found["visit_date"] = tr("The visit cannot be before the birth.")
    if not form.mode:
        found["mode"] = tr("Choose how the visit was made.")
    if not form.parts:
        found["parts"] = tr("Choose the disease of this follow-up.")
    elif len({part.disease for part in form.parts}) != len(form.parts) or not all(
        part.disease in DISEASES for part in form.parts
    ):
        found["parts"] = tr("This choice is not in the list. Choose again.")
    return found


def _number_problems(form: FollowUpInput, limits: Mapping[str, Limit]) -> dict[str, str]:
    found: dict[str, str] = {}
    for name, kind in MEASURED.items():
        value = getattr(form, name)
        if value is not None:
            judged = check(kind, value, limits)
            if judged.verdict is Verdict.BLOCK:
                found[name] = judged.message
    pair = check_pressure(form.sbp, form.dbp)
    if pair.verdict is Verdict.BLOCK and "sbp" not in found and "dbp" not in found:
        found["dbp" if form.dbp is None else "sbp"] = pair.message
    for name, (label, most) in HABIT_LIMITS.items():
        for key in (name, f"{name}_target"):
            value = getattr(form, key)
            if value is not None and not 0 <= value <= most:
                found[key] = tr("{name}: 0 to {most} is accepted. Type it again.").format(
                    name=tr(label), most=f"{most:g}"
                )
    return found


def _code_problems(form: FollowUpInput) -> dict[str, str]:
    unknown = tr("This choice is not in the list. Choose again.")
    found = {
        name: unknown
        for name, code_list in _CODED.items()
        if getattr(form, name) and not codes.is_known(code_list, getattr(form, name))
    }
    if not all(codes.is_known("danger_sign", sign) for sign in form.danger_signs):
        found["danger_signs"] = unknown
    for name, code in form.not_measured.items():
        if name not in NOT_MEASURED or not codes.is_known("not_measured", code):
            found[name] = unknown
    for name in _TEXTS:
        if len(getattr(form, name)) > MAX_TEXT:
            found[name] = tr("At most {count} characters fit here. Shorten the text.").format(
                count=MAX_TEXT
            )
    if len(form.drugs) > MAX_DRUGS:
        found["drugs"] = tr("At most {count} drugs fit here.").format(count=MAX_DRUGS)
    for line in form.drugs:
        if not line.name or len(line.name) > 100:
            found["drugs"] = tr("Every drug line needs a name of at most 100 characters.")
        elif line.dose is not None and not 0 < line.dose <= 10_000:
            found["drugs"] = tr("The dose of {drug} cannot be right.").format(drug=line.name)
    return found


def _answer_problems(form: FollowUpInput) -> dict[str, str]:
    found: dict[str, str] = {}
    if not form.adherence:
        found["adherence"] = tr("Choose how regularly the drugs are taken.")
    if not form.adverse_reaction:
        found["adverse_reaction"] = tr("Choose whether a drug reaction was seen.")
    elif form.adverse_reaction == REACTION_PRESENT and not form.adverse_reaction_text:
        found["adverse_reaction_text"] = tr("Write which reaction it was.")
    return found


def _part_problems(part: DiseasePart, form: FollowUpInput) -> dict[str, str]:
    found: dict[str, str] = {}
    code_list = SYMPTOM_LISTS.get(part.disease)
    key = f"{part.disease}.symptoms"
    if not part.symptoms:
        found[key] = tr("Choose the symptoms, or “none”.")
    elif code_list is None or not all(codes.is_known(code_list, s) for s in part.symptoms):
        found[key] = tr("This choice is not in the list. Choose again.")
    elif NO_SYMPTOM in part.symptoms and len(part.symptoms) > 1:
        found[key] = tr("“None” and a symptom cannot both be chosen.")
    elif OTHER_SYMPTOM in part.symptoms and not part.symptom_text:
        found[f"{part.disease}.symptom_text"] = tr("Write which symptom it is.")
    if (
        part.next_visit is not None
        and form.visit_date is not None
        and part.next_visit <= form.visit_date
    ):
        found[f"{part.disease}.next_visit"] = tr("The next visit must be after this one.")
    if part.override is not None and not part.override.reason.strip():
        found[f"{part.disease}.override_reason"] = tr(
            "Write why you judge otherwise than the rule."
        )
    return found


def _pressure_missing(form: FollowUpInput) -> dict[str, str]:
    if form.sbp is not None or form.dbp is not None or not form.face_to_face:
        return {}
    if form.not_measured.get("bp"):
        return {}
    return {"sbp": tr("Measure the blood pressure, or say why it was not measured.")}


def _diabetes_missing(form: FollowUpInput) -> dict[str, str]:
    found: dict[str, str] = {}
    if not form.hypoglycaemia:
        found["hypoglycaemia"] = tr("Choose how often hypoglycaemia occurs.")
    other = form.ppg is not None or form.random_glucose is not None
    if form.fpg is None and other and not form.not_fasting_reason:
        found["not_fasting_reason"] = tr("Choose why the glucose is not a fasting one.")
    if not form.face_to_face:
        return found
    if form.fpg is None and not other and not form.not_measured.get("glucose"):
        found["fpg"] = tr("Measure the glucose, or say why it was not measured.")
    if not form.dorsalis_pedis and not form.not_measured.get("dorsalis_pedis"):
        found["dorsalis_pedis"] = tr("Feel the foot pulses, or say why it was not done.")
    elif form.dorsalis_pedis not in ("", PULSE_NORMAL) and not form.dorsalis_pedis_side:
        found["dorsalis_pedis_side"] = tr("Choose the side.")
    return found


def _copd_problems(form: FollowUpInput) -> dict[str, str]:
    found = copd_form.problems_of_answers(form.copd)
    if not form.copd_control:
        found["copd_control"] = tr("Choose how well COPD is controlled.")
    low, high = copd_form.CAT_RANGE
    if form.cat is not None and not low <= form.cat <= high:
        found["cat"] = tr("{name}: 0 to {most} is accepted. Type it again.").format(
            name=tr("CAT"), most=high
        )
    least, most = copd_form.LUNG_RANGE
    for name, words in _LUNG.items():
        value = getattr(form, name)
        if value is not None and not least <= value <= most:
            found[name] = tr("{name}: {low} to {high} l is accepted. Type it again.").format(
                name=tr(words), low=least, high=most
            )
    both = form.fev1 is not None and form.fvc is not None and not found.keys() & _LUNG.keys()
    if both and form.fev1 > form.fvc:  # type: ignore[operator]
        found["fev1"] = tr("FEV1 cannot be above FVC. Type them again.")
    return found


FIELD_NAMES = frozenset(each.name for each in fields(FollowUpInput))
