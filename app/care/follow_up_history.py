"""What is already known when a follow-up form is opened: who, last values, past judgements."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session, selectinload

from app.care import diabetes, kept
from app.care.age import age_on
from app.care.clinical_settings import DEFAULTS, clinical_settings
from app.care.corrections import ENTERED_IN_ERROR as ENTERED_IN_ERROR
from app.care.drugs import DrugLine
from app.care.follow_up_form import DISEASES, REACTION_PRESENT
from app.care.follow_up_judgement import Background, PastVisit
from app.care.limits import LIMITS, Limit
from app.care.resident_record.people import records_of_person, same_person
from app.errors import NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.audit import record_read
from app.models.chronic import FollowUp
from app.models.local import DueItem
from app.models.resident import Condition, Resident
from app.models.store import Store

DUE_KIND = "follow_up:"
# Past diseases of the basic information form that are followed up here.
_PAST_DISEASES = {"2": "hypertension", "3": "type2_diabetes", "5": "copd"}

# A value missing at the last visit is shown from one of the visits before it.
_VISITS_LOOKED_AT = 8
NO_ALLERGY = "1"
_COMORBID = ("E10", "E11", "E12", "E13", "E14", "N18", "I20", "I21", "I22", "I23", "I24", "I25")

SHOWN_FIELDS = (
    "mode", "sbp", "dbp", "heart_rate", "temperature", "weight", "weight_target", "height",
    "waist", "bmi", "other_signs", "smoking", "smoking_target", "alcohol", "alcohol_target",
    "exercise_per_week", "exercise_per_week_target", "exercise_minutes",
    "exercise_minutes_target", "salt", "salt_target", "staple_food", "staple_food_target",
    "psych", "compliance", "adherence", "adverse_reaction", "fpg", "ppg", "random_glucose",
    "hba1c", "dorsalis_pedis", "dorsalis_pedis_side", "hypoglycaemia", "aux_exam", "other_tests",
    "respiration", "spo2", "fev1", "fvc", "mmrc", "cat", "copd_control",
)  # fmt: skip
"""Fields whose last value is shown in grey beside the field."""

HABIT_FIELDS = (
    "smoking", "smoking_target", "alcohol", "alcohol_target", "exercise_per_week",
    "exercise_per_week_target", "exercise_minutes", "exercise_minutes_target", "salt",
    "salt_target", "staple_food", "staple_food_target", "weight_target",
)  # fmt: skip
"""Stable answers that "as last visit" may copy; never a measurement."""


@dataclass(frozen=True, slots=True)
class LastVisit:
    """The visit before: its day, its values by field, its drugs and the symptoms by disease.

    ``values`` holds for each of ``SHOWN_FIELDS`` the newest value that was ever noted within
    the last visits; drugs, insulin and habits are those of the last visit that had any.
    """

    id: str
    visit_date: date
    values: Mapping[str, Any] = field(default_factory=dict)
    drugs: tuple[DrugLine, ...] = ()
    insulin: str = ""
    symptoms: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FollowUpContext:
    """Everything that the form shows besides what is typed.

    ``managed``: diseases under chronic-care management; ``known``: also those diagnosed but
    not yet managed. ``due``: the date on which each follow-up is due. ``alerts``: sentences.
    ``limits``, ``copd_items``: the organisation's input limits and parts of the COPD form.
    """

    resident_id: str
    name: str
    sex: str
    age: int
    village: str
    record_status: str
    allergies: tuple[str, ...]
    conditions: tuple[str, ...]
    managed: tuple[str, ...]
    known: tuple[str, ...]
    due: Mapping[str, date]
    last: LastVisit | None
    background: Background
    alerts: tuple[str, ...]
    limits: Mapping[str, Limit] = field(default_factory=lambda: dict(LIMITS))
    copd_items: tuple[str, ...] = DEFAULTS.copd_items


def open_form(store: Store, actor: Actor, resident_id: str) -> FollowUpContext:
    """What the follow-up form of a resident shows; the access is noted. Raises NotFound."""
    with store.read() as session:
        context = load_context(session, resident_id, store.clock.today())
    record_read(store, actor, "resident", resident_id)
    return context


def load_context(session: Session, resident_id: str, today: date) -> FollowUpContext:
    """The context of a resident's form. Raises NotFound."""
    resident = session.get(Resident, resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    person = same_person(session, resident_id)
    conditions = session.scalars(
        select(Condition)
        .where(Condition.resident_id.in_(person), Condition.clinical_status == "active")
        .order_by(Condition.id)
    ).all()
    told = past_diseases_of_person(session, resident)
    known = tuple(d for d in DISEASES if d in told or any(c.disease == d for c in conditions))
    managed = tuple(d for d in DISEASES if any(c.disease == d and c.managed for c in conditions))
    due = {
        item.kind.removeprefix(DUE_KIND): item.due_on
        for item in session.scalars(
            select(DueItem).where(
                DueItem.resident_id == resident_id, DueItem.kind.startswith(DUE_KIND)
            )
        )
    }
    visits = visits_of(session, resident_id)
    last = last_visit(visits)
    settings = clinical_settings(session)
    return FollowUpContext(
        resident_id=resident_id,
        name=resident.name,
        sex=resident.sex,
        age=age_on(resident.birth_date, max(today, resident.birth_date)),
        village=resident.village or "",
        record_status=resident.record_status,
        allergies=allergies_of_person(session, resident),
        conditions=tuple(dict.fromkeys(c.display for c in conditions)),
        managed=managed,
        known=known,
        due=due,
        last=last,
        background=background_of(session, resident, visits),
        limits=settings.input_limits,
        copd_items=settings.copd_items,
        alerts=_alerts(visits),
    )


def past_diseases_of_person(session: Session, resident: Resident) -> frozenset[str]:
    """Chronic diseases that the basic information form of any record of a person names.

    They are no diagnosis under management, but a visit begins with them rather than with a guess.
    """
    codes_told = {
        str(each.get("code"))
        for row in records_of_person(session, resident)
        for each in kept.rows(row.past_disease)
    }
    return frozenset(disease for code, disease in _PAST_DISEASES.items() if code in codes_told)


def allergies_of_person(session: Session, resident: Resident) -> tuple[str, ...]:
    """Drug allergies in words of all records of a person: what one warns of holds for all."""
    rows = records_of_person(session, resident)
    return tuple(dict.fromkeys(each for row in rows for each in allergies_of(row)))


def background_of(
    session: Session, resident: Resident, visits: list[FollowUp], without_id: str = ""
) -> Background:
    """What a judgement needs: past judgements, the organisation's settings, other diseases."""
    conditions = session.scalars(
        select(Condition).where(
            Condition.resident_id.in_(same_person(session, resident.id)),
            Condition.clinical_status == "active",
        )
    )
    return Background(
        resident.birth_date,
        history_of(visits, without_id),
        clinical_settings(session).rules,
        any(_is_comorbid(condition) for condition in conditions),
    )


def _is_comorbid(condition: Condition) -> bool:
    """Diabetes, chronic kidney disease, coronary disease (ICD-10)."""
    return condition.disease == diabetes.DISEASE or (condition.code or "").startswith(_COMORBID)


def visits_of(session: Session, resident_id: str) -> list[FollowUp]:
    """The standing visits of a person, merged records included, with their parts, oldest first."""
    rows = session.scalars(
        select(FollowUp)
        .where(
            FollowUp.resident_id.in_(same_person(session, resident_id)),
            FollowUp.status != ENTERED_IN_ERROR,
        )
        .order_by(FollowUp.visit_date, FollowUp.id)
        .options(selectinload(FollowUp.diseases))
    )
    return list(rows)


def history_of(visits: list[FollowUp], without_id: str = "") -> dict[str, tuple[PastVisit, ...]]:
    """Past judgements by disease; ``without_id`` leaves out a visit that is being corrected."""
    found: dict[str, list[PastVisit]] = {}
    for visit in visits:
        if visit.id == without_id:
            continue
        for part in visit.diseases:
            found.setdefault(part.disease, []).append(
                PastVisit(
                    id=visit.id,
                    visit_date=visit.visit_date,
                    uncontrolled=part.uncontrolled,
                    adverse_reaction=visit.adverse_reaction == REACTION_PRESENT,
                    visit_class=part.control_class or "",
                    next_visit=part.next_visit_date,
                )
            )
    return {disease: tuple(past) for disease, past in found.items()}


def last_visit(visits: list[FollowUp]) -> LastVisit | None:
    """The newest visit for comparison; see ``LastVisit`` for what it gathers."""
    if not visits:
        return None
    newest = visits[-1]
    recent = list(reversed(visits[-_VISITS_LOOKED_AT:]))
    values = {
        name: value
        for name in SHOWN_FIELDS
        if (value := next((v for each in recent if (v := getattr(each, name)) is not None), None))
        is not None
    }
    treated = next((each for each in recent if each.drugs or each.insulin), newest)
    symptoms: dict[str, tuple[str, ...]] = {}
    for visit in recent:
        for part in visit.diseases:
            symptoms.setdefault(part.disease, tuple(part.symptoms))
    return LastVisit(
        id=newest.id,
        visit_date=newest.visit_date,
        values=values,
        drugs=tuple(DrugLine.from_dict(line) for line in kept.rows(treated.drugs)),
        insulin=str(treated.insulin.get("text", "")),
        symptoms=symptoms,
    )


def allergies_of(resident: Resident) -> tuple[str, ...]:
    """Drug allergies in words; "none" is not an allergy."""
    found = []
    for entry in kept.rows(resident.drug_allergy):
        if entry.get("code") == NO_ALLERGY:
            continue
        text = str(entry.get("text") or "")
        label = codes.label("drug_allergy", entry.get("code"))
        found.append(text or label)
    return tuple(found)


def _alerts(visits: list[FollowUp]) -> tuple[str, ...]:
    """What the newest diabetes visit left to be watched: frequent hypoglycaemia."""
    for visit in reversed(visits):
        if visit.hypoglycaemia is None:
            continue
        if visit.hypoglycaemia == diabetes.FREQUENT_HYPOGLYCAEMIA:
            return (
                tr("Frequent hypoglycaemia at the visit of {date}.").format(date=visit.visit_date),
            )
        break
    return ()
