"""Recording a screening measurement, taking it back, and saying what came of a probable
hypertension.

Each function is one action of a person and one transaction, in which the due work of the
resident is made anew as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import hypertension
from app.care.age import age_on
from app.care.clinical_settings import clinical_settings
from app.care.due import refresh_due
from app.care.follow_up import JUDGING_ROLES
from app.care.follow_up_history import allergies_of_person
from app.care.limits import LIMITS, Limit, Verdict, check, check_pressure
from app.care.management.outcome import begin_management
from app.care.ownership import is_own
from app.care.parsing import clean_text
from app.care.referral_prefill import ReferralPrefill
from app.care.referral_red_flags import Vitals
from app.care.referral_states import Urgency
from app.care.resident_record.people import same_person
from app.care.screening.rule import (
    ASKED_RISKS,
    RULE_VERSION,
    Measurement,
    ScreeningJudgement,
    assess_screening,
    bmi_of,
    risks_of,
)
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.resident import Condition, Resident
from app.models.screening import BpScreening
from app.models.store import Store

FORM_VERSION = "NBPHS-2017"
ROLES = ("doctor", "nurse", "public_health", "specialist")
CONFIRMED, REFERRED, RULED_OUT = "1", "2", "3"
IN_ERROR = "entered_in_error"
MAX_TEXT = 200
_MEASURED = {name: name for name in ("sbp", "dbp", "height", "weight", "waist")}


@dataclass(frozen=True, slots=True, kw_only=True)
class ScreeningInput:
    """A measurement as typed: mmHg, cm, kg. ``risks``: codes of ``ASKED_RISKS``;
    ``not_measured``: why there is no pressure (list ``not_measured``)."""

    resident_id: str
    measured_on: date | None
    sbp: int | None = None
    dbp: int | None = None
    bp_source: str = ""
    not_measured: str = ""
    height: float | None = None
    weight: float | None = None
    waist: float | None = None
    risks: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True, slots=True)
class ScreeningContext:
    """What the form shows besides what is typed. ``earlier``: the standing measurements."""

    resident_id: str
    name: str
    sex: str
    birth_date: date
    village: str
    hypertension: bool
    earlier: tuple[Measurement, ...]
    repeat_days: int
    limits: Mapping[str, Limit]


@dataclass(frozen=True, slots=True)
class ScreeningSaved:
    """A saved measurement and its judgement; None where nothing was measured."""

    screening_id: str
    resident_id: str
    judgement: ScreeningJudgement | None


def open_screening(store: Store, actor: Actor, resident_id: str) -> ScreeningContext:
    """What the form of a resident shows. Raises NotFound."""
    with store.read() as session:
        resident = _resident(session, resident_id)
        settings = clinical_settings(session)
        return ScreeningContext(
            resident_id=resident.id,
            name=resident.name,
            sex=resident.sex,
            birth_date=resident.birth_date,
            village=resident.village or "",
            hypertension=_has_hypertension(session, resident.id),
            earlier=measurements(session, resident.id),
            repeat_days=settings.screening_repeat_days,
            limits=settings.input_limits,
        )


def judge_screening(typed: ScreeningInput, known: ScreeningContext) -> ScreeningJudgement | None:
    """The judgement while it is typed, as the saving use-case makes it; None without a value."""
    if typed.measured_on is None or typed.sbp is None or typed.dbp is None:
        return None
    if typed.measured_on < known.birth_date:
        return None
    risks = risks_of(
        sex=known.sex,
        age=age_on(known.birth_date, typed.measured_on),
        sbp=typed.sbp,
        dbp=typed.dbp,
        bmi=bmi_of(typed.weight, typed.height),
        waist=typed.waist,
        asked=typed.risks,
    )
    return assess_screening(
        day=typed.measured_on,
        sbp=typed.sbp,
        dbp=typed.dbp,
        risks=risks,
        earlier=known.earlier,
        repeat_days=known.repeat_days,
    )


def record_screening(store: Store, actor: Actor, typed: ScreeningInput) -> ScreeningSaved:
    """Save a measurement. Raises InputError with a sentence a field, NotFound, NotAllowed."""
    _require(actor, ROLES)
    with store.write(actor) as session:
        resident = _resident(session, typed.resident_id)
        settings = clinical_settings(session)
        problems = _problems(typed, resident, store.clock.today(), settings.input_limits)
        if _has_hypertension(session, resident.id):
            problems["resident_id"] = tr(
                "Hypertension stands in this record. Record a follow-up instead."
            )
        if problems:
            raise InputError(problems)
        known = ScreeningContext(
            resident.id,
            resident.name,
            resident.sex,
            resident.birth_date,
            resident.village or "",
            False,
            measurements(session, resident.id),
            settings.screening_repeat_days,
            settings.input_limits,
        )
        judgement = judge_screening(typed, known)
        row = BpScreening(
            resident_id=resident.id,
            measured_on=typed.measured_on,
            bp_source=typed.bp_source or None,
            sbp=typed.sbp,
            dbp=typed.dbp,
            not_measured=typed.not_measured or None,
            height=typed.height,
            weight=typed.weight,
            waist=typed.waist,
            bmi=bmi_of(typed.weight, typed.height),
            risk_answers=list(typed.risks),
            risk_factors=list(judgement.risks) if judgement else [],
            result=judgement.result if judgement else None,
            raised_days=judgement.raised_days if judgement else 0,
            next_on=judgement.next_on if judgement else None,
            performer_name=actor.name,
            remark=clean_text(typed.remark) or None,
            form_version=FORM_VERSION,
            rule_version=settings.rules.versioned(RULE_VERSION),
            is_sample=resident.is_sample,
        )
        session.add(row)
        refresh_due(session, store.organisation_id, [resident.id])
        return ScreeningSaved(row.id, resident.id, judgement)


def void_screening(store: Store, actor: Actor, screening_id: str, reason: str) -> None:
    """Take a measurement back that never was; it is kept, marked."""
    _require(actor, ROLES)
    text = clean_text(reason)
    if not text:
        raise InputError({"reason": tr("Write why the measurement is taken back.")})
    with store.write(actor) as session:
        row = _own(session, actor, screening_id)
        row.status = IN_ERROR
        row.status_reason = text[:MAX_TEXT]
        refresh_due(session, store.organisation_id, [row.resident_id])


def decide_probable(
    store: Store, actor: Actor, screening_id: str, outcome: str, reason: str = ""
) -> None:
    """Say what came of a probable hypertension (list ``bp_screening_outcome``).

    Confirmed: the diagnosis stands in the record and management begins today, also of a diagnosis
    that was written down meanwhile without management. Ruled out needs a reason and begins the
    counting of days anew. Only a doctor decides.
    """
    _require(actor, JUDGING_ROLES)
    text = clean_text(reason)
    problems: dict[str, str] = {}
    if not codes.is_known("bp_screening_outcome", outcome):
        problems["outcome"] = tr("Choose what came of it.")
    if outcome == RULED_OUT and not text:
        problems["reason"] = tr("Write why hypertension is ruled out.")
    if len(text) > MAX_TEXT:
        problems["reason"] = tr("At most {count} characters fit here. Shorten the text.").format(
            count=MAX_TEXT
        )
    if problems:
        raise InputError(problems)
    with store.write(actor) as session:
        row = _own(session, actor, screening_id)
        today = store.clock.today()
        row.outcome, row.outcome_on, row.outcome_reason = outcome, today, text or None
        if outcome == CONFIRMED and not _begin_management(session, actor, row.resident_id, today):
            session.add(
                Condition(
                    resident_id=row.resident_id,
                    code="I10",
                    display=codes.label("diagnoses", "I10"),
                    disease=hypertension.DISEASE,
                    onset=today.isoformat(),
                    clinical_status="active",
                    managed=True,
                    managed_since=today,
                    is_sample=row.is_sample,
                )
            )
        refresh_due(session, store.organisation_id, [row.resident_id])


def letter_from_screening(store: Store, actor: Actor, screening_id: str) -> ReferralPrefill:
    """The beginnings of a letter for a probable or urgent value. Raises NotFound."""
    with store.read() as session:
        row = session.get(BpScreening, screening_id)
        resident = None if row is None else session.get(Resident, row.resident_id)
        if row is None or resident is None:
            raise NotFound(tr("This measurement is not in the records of this PC."))
        told = [
            f"{each.day} {each.sbp}/{each.dbp} mmHg"
            for each in measurements(session, resident.id)[-5:]
        ]
        urgent = row.result == "5"
        return ReferralPrefill(
            resident_id=resident.id,
            urgency=Urgency.EMERGENCY if urgent else Urgency.ROUTINE,
            reason_codes=("critical_signs",) if urgent else ("specialist_needed",),
            impression=tr("Probable hypertension"),
            present_history=tr("Screening of blood pressure: {values}").format(
                values=tr("; ").join(told)
            ),
            vitals=Vitals(sbp=row.sbp, dbp=row.dbp),
            allergies=tr(", ").join(allergies_of_person(session, resident)),
            source_kind="bp_screening",
            source_id=row.id,
        )


def measurements(session: Session, resident_id: str) -> tuple[Measurement, ...]:
    """The standing measurements of a person with a value, oldest first."""
    rows = session.scalars(
        select(BpScreening)
        .where(
            BpScreening.resident_id.in_(same_person(session, resident_id)),
            BpScreening.status != IN_ERROR,
        )
        .order_by(BpScreening.measured_on, BpScreening.id)
    )
    return tuple(
        Measurement(row.measured_on, row.sbp, row.dbp, row.outcome == RULED_OUT)
        for row in rows
        if row.sbp is not None and row.dbp is not None
    )


def _problems(
    typed: ScreeningInput, resident: Resident, today: date, limits: Mapping[str, Limit] = LIMITS
) -> dict[str, str]:
    found: dict[str, str] = {}
    if resident.record_status != "active":
        found["resident_id"] = tr(
            "This record is closed, so no visit can be added. Open the record to see why."
        )
    if typed.measured_on is None:
        found["measured_on"] = tr("Type the day of the measurement.")
    elif typed.measured_on > today:
        found["measured_on"] = tr("The day cannot lie in the future.")
    elif typed.measured_on < resident.birth_date:
        found["measured_on"] = tr("The measurement cannot be before the birth.")
    for name, kind in _MEASURED.items():
        value = getattr(typed, name)
        if value is not None:
            judged = check(kind, value, limits)
            if judged.verdict is Verdict.BLOCK:
                found[name] = judged.message
    pair = check_pressure(typed.sbp, typed.dbp)
    if pair.verdict is Verdict.BLOCK and not found.keys() & {"sbp", "dbp"}:
        found["dbp" if typed.dbp is None else "sbp"] = pair.message
    unknown = tr("This choice is not in the list. Choose again.")
    if typed.sbp is None and typed.dbp is None and not typed.not_measured:
        found["sbp"] = tr("Measure the blood pressure, or say why it was not measured.")
    for name, code_list in (("bp_source", "bp_source"), ("not_measured", "not_measured")):
        code = getattr(typed, name)
        if code and not codes.is_known(code_list, code):
            found[name] = unknown
    if not set(typed.risks) <= set(ASKED_RISKS):
        found["risks"] = unknown
    if len(typed.remark) > MAX_TEXT:
        found["remark"] = tr("At most {count} characters fit here. Shorten the text.").format(
            count=MAX_TEXT
        )
    return found


def _require(actor: Actor, roles: tuple[str, ...]) -> None:
    if not actor.has_role(*roles):
        raise NotAllowed(
            tr(
                "Your role may not record blood-pressure screening. Nothing was saved. "
                "Ask a doctor or nurse of your organisation."
            )
        )


def _resident(session: Session, resident_id: str) -> Resident:
    resident = session.get(Resident, resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    return resident


def _own(session: Session, actor: Actor, screening_id: str) -> BpScreening:
    row = session.get(BpScreening, screening_id)
    if row is None or row.status == IN_ERROR:
        raise NotFound(tr("This measurement is not in the records of this PC."))
    if row.organisation_id != actor.organisation_id:
        raise NotAllowed(
            tr(
                "This measurement was recorded by another organisation. Nothing was changed. "
                "Only that organisation can change it."
            )
        )
    return row


def _begin_management(session: Session, actor: Actor, resident_id: str, today: date) -> bool:
    """Whether hypertension is under management already, or now is under the own diagnosis."""
    known = session.scalars(
        select(Condition)
        .where(
            Condition.resident_id.in_(same_person(session, resident_id)),
            Condition.disease == hypertension.DISEASE,
            Condition.clinical_status == "active",
        )
        .order_by(Condition.id)
    ).all()
    if any(each.managed for each in known):
        return True
    own = next((each for each in known if is_own(actor, each)), None)
    if own is not None:
        begin_management(own, today)
    return own is not None


def _has_hypertension(session: Session, resident_id: str) -> bool:
    return (
        session.scalar(
            select(Condition.id)
            .where(
                Condition.resident_id.in_(same_person(session, resident_id)),
                Condition.disease == hypertension.DISEASE,
                Condition.clinical_status == "active",
            )
            .limit(1)
        )
        is not None
    )
