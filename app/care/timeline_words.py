"""What the timeline says of each kind of record: title, detail, author, tone."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.assessments import words as assessment_words
from app.care.assessments.results import result_of
from app.care.conflict_lists import history_words
from app.care.health_check.points import higher_arm
from app.care.kept import items, rows
from app.care.outreach.consultation_state import Move, state_of
from app.care.outreach.consultations import notes_of, said_of
from app.care.resident_list import bed_label, condition_name
from app.i18n import tr
from app.models import codes
from app.models.assessment import Assessment
from app.models.chronic import FollowUp
from app.models.contract import Contract, ContractService
from app.models.health_check import HealthCheck
from app.models.organisation import Organisation
from app.models.outbox import Conflict
from app.models.outreach import Consultation
from app.models.referral import Referral, ReferralEvent, ReferralTask
from app.models.referral_return import ReferralVisit
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Condition, Residence, Resident
from app.models.resident_record import Consent
from app.models.screening import BpScreening

__all__ = ["SAY", "Words"]

Words = tuple[str, str, str, str]
"""Title, detail, author (a name, or empty for the author's id), tone."""


def _join(parts: Iterable[str | None]) -> str:
    return " · ".join(part for part in parts if part)


def _say_resident(session: Session, row: Resident) -> Words:
    merged = tr("now merged") if row.merged_into_id else ""
    temporary = tr("temporary, without a card") if row.temporary else ""
    return tr("Record made"), _join((temporary, merged)), "", "neutral"


def _say_condition(session: Session, row: Condition) -> Words:
    since = tr("since {when}").format(when=row.onset) if row.onset else ""
    over = tr("resolved") if row.clinical_status != "active" else ""
    return tr("Diagnosis"), _join((condition_name(row), since, over)), "", "neutral"


def _say_consent(session: Session, row: Consent) -> Words:
    decision = codes.label("consent_decision", row.decision)
    detail = _join((codes.label("consent_type", row.type), decision, row.signer))
    return tr("Consent"), detail, "", "neutral" if row.decision == "given" else "attention"


def _say_bp_screening(session: Session, row: BpScreening) -> Words:
    if row.sbp is None or row.dbp is None:
        detail = codes.label("not_measured", row.not_measured)
    else:
        result = codes.label("bp_screening_result", row.result)
        outcome = codes.label("bp_screening_outcome", row.outcome)
        detail = _join((f"{row.sbp}/{row.dbp} mmHg", result, outcome))
    tones = {"3": "attention", "4": "attention", "5": "danger"}
    tone = tones.get(row.result or "", "neutral")
    return tr("Blood-pressure screening"), detail, row.performer_name, tone


def _say_follow_up(session: Session, row: FollowUp) -> Words:
    names = [codes.label("chronic_disease", each.disease) for each in row.diseases]
    title = (
        tr("Follow-up: {diseases}").format(diseases=tr(", ").join(names)) if names else tr("Visit")
    )
    values: list[str | None] = []
    if row.sbp is not None and row.dbp is not None:
        values.append(f"{row.sbp}/{row.dbp} mmHg")
    for value, name in (
        (row.fpg, tr("fasting {value} mmol/L")),
        (row.ppg, tr("after meal {value} mmol/L")),
        (row.random_glucose, tr("random {value} mmol/L")),
    ):
        if value is not None:
            values.append(name.format(value=f"{value:g}"))
    classes = dict.fromkeys(codes.label("visit_class", each.control_class) for each in row.diseases)
    values.extend(classes)
    dates = [each.next_visit_date for each in row.diseases if each.next_visit_date]
    if dates:
        values.append(tr("next {day}").format(day=min(dates).isoformat()))
    urgent = any(each.urgent for each in row.diseases)
    poor = any(each.control_class not in ("1", None) for each in row.diseases)
    tone = "danger" if urgent else "attention" if poor else "neutral"
    return title, _join(values), row.doctor_name, tone


def _say_check(session: Session, row: HealthCheck) -> Words:
    values: list[str | None] = []
    sbp, dbp = higher_arm((row.sbp_left, row.dbp_left), (row.sbp_right, row.dbp_right))
    if sbp is not None:
        values.append(f"{sbp}/{dbp} mmHg")
    if row.fpg is not None:
        values.append(tr("fasting {value} mmol/L").format(value=f"{row.fpg:g}"))
    values.append(
        codes.label("check_conclusion", row.conclusion)
        if row.conclusion
        else tr("waits for the doctor's conclusion")
    )
    values += [str(line) for line in items(row.answers.get("abnormal"))]
    urgent = any(each.get("level") == "urgent" for each in rows(row.findings))
    fine = row.conclusion == "1"
    tone = "danger" if urgent else "neutral" if fine else "attention"
    return tr("Health check"), _join(values), row.doctor_name, tone


def _say_assessment(session: Session, row: Assessment) -> Words:
    again = tr("next {day}").format(day=row.reassess_on.isoformat()) if row.reassess_on else ""
    return (
        tr("Assessment: {scale}").format(scale=codes.label("assessment_scale", row.scale)),
        _join((assessment_words.short(result_of(row)), again)),
        row.performer_name,
        assessment_words.tone(row.scale, row.level),
    )


def _say_plan(session: Session, row: RehabPlan) -> Words:
    items = tr("{count} exercises").format(count=len(row.items or ()))
    return (
        tr("Rehab plan"),
        _join((row.diagnosis, items, codes.label("rehab_plan_status", row.status))),
        row.prescriber_name,
        "neutral",
    )


def _say_contract(session: Session, row: Contract) -> Words:
    packages = tr(", ").join(str(each.get("name") or "") for each in rows(row.packages))
    span = tr("From {start} to {end}").format(start=row.starts_on, end=row.ends_on.isoformat())
    status = codes.label("contract_status", row.status)
    title = codes.label("contract_category", row.category)
    tone = "attention" if row.status == "4" else "neutral"
    return title, _join((status, packages, span)), row.doctor_name, tone


def _say_service(session: Session, row: ContractService) -> Words:
    title = tr("Service: {name}").format(name=row.service_name)
    return title, row.note or "", row.performer_name, "neutral"


def _say_check_in(session: Session, row: CheckIn) -> Words:
    parts: list[str | None] = []
    tone = "neutral"
    if row.screen == "hold":
        parts.append(tr("held back"))
        parts += [codes.label("rehab_hold_reason", _code(each)) for each in row.hold_reasons or ()]
        tone = "attention"
    else:
        parts.append(codes.label("rehab_completion", row.completion))
    if row.borg is not None:
        parts.append(tr("Borg {value}").format(value=row.borg))
    if row.pre_sbp is not None and row.pre_dbp is not None:
        parts.append(f"{row.pre_sbp}/{row.pre_dbp} mmHg")
    if row.stop_reasons:
        parts.append(tr("stopped"))
        parts += [codes.label("rehab_stop_reason", _code(each)) for each in row.stop_reasons]
        tone = "danger"
    if row.adverse:
        parts.append(tr("adverse event"))
        tone = "danger"
    return tr("Rehab check-in"), _join(dict.fromkeys(parts)), row.performer_name, tone


def _code(entry: Any) -> str:
    return str(entry.get("code", "")) if isinstance(entry, dict) else str(entry)


def _say_referral(session: Session, row: Referral) -> Words:
    state = session.scalar(
        select(ReferralTask.state).where(
            ReferralTask.referral_id == row.id, ReferralTask.service == "letter"
        )
    )
    receiver = session.get(Organisation, row.to_organisation_id)
    detail = _join(
        (
            (receiver.short_name or receiver.name) if receiver else "",
            row.to_department,
            codes.label("referral_urgency", row.urgency),
            row.impression,
            codes.label("referral_state", state),
        )
    )
    tone = "danger" if row.urgency == "emergency" else "neutral"
    return codes.label("referral_direction", row.direction), detail, row.from_doctor_name, tone


def _say_event(session: Session, row: ReferralEvent) -> Words:
    if row.service == "letter":
        title = tr("Referral: {state}").format(state=codes.label("referral_state", row.to_state))
    else:
        title = tr("{service}: {state}").format(
            service=codes.label("referral_service", row.service),
            state=codes.label("referral_service_state", row.to_state),
        )
    tone = "attention" if row.to_state in ("returned", "rejected", "refused") else "neutral"
    return title, row.reason_text or "", row.actor_name, tone


def _say_consultation(session: Session, row: Consultation) -> Words:
    notes = notes_of(session, [row.id])[row.id]
    state = state_of(said_of(row, note) for note in notes)
    detail = _join(
        (
            codes.label("note_move", state),
            codes.label("consultation_kind", row.kind),
            row.invited_department,
            row.question,
        )
    )
    waits = row.urgency == "urgent" and state in (Move.ASKED, Move.ACCEPTED)
    tone = "danger" if waits else "attention" if state is Move.DECLINED else "neutral"
    return tr("Consultation"), detail, row.from_doctor_name, tone


def _say_visit(session: Session, row: ReferralVisit) -> Words:
    again = tr("next {day}").format(day=row.next_on.isoformat()) if row.next_on else ""
    detail = _join(
        (codes.label("referral_visit_mode", row.mode), row.findings, row.plan_changes, again)
    )
    who = row.guide_name or row.local_doctor_name or ""
    return codes.label("referral_visit_purpose", row.purpose), detail, who, "neutral"


def _say_admission(session: Session, row: Residence) -> Words:
    bed = bed_label(row.building, row.room, row.bed)
    return tr("Admitted"), tr("bed {bed}").format(bed=bed) if bed else "", "", "neutral"


def _say_discharge(session: Session, row: Residence) -> Words:
    bed = bed_label(row.building, row.room, row.bed)
    detail = _join(
        (
            tr("bed {bed}").format(bed=bed) if bed else "",
            codes.label("discharge_reason", row.reason),
        )
    )
    return tr("Discharged"), detail, "", "neutral"


def _say_conflict(session: Session, row: Conflict) -> Words:
    title, detail = history_words(row)
    return title, detail, "", "neutral"


SAY: dict[str, tuple[Any, Callable[[Session, Any], Words]]] = {
    "resident": (Resident, _say_resident),
    "assessment": (Assessment, _say_assessment),
    "condition": (Condition, _say_condition),
    "consent": (Consent, _say_consent),
    "follow_up": (FollowUp, _say_follow_up),
    "bp_screening": (BpScreening, _say_bp_screening),
    "health_check": (HealthCheck, _say_check),
    "contract": (Contract, _say_contract),
    "contract_service": (ContractService, _say_service),
    "rehab_plan": (RehabPlan, _say_plan),
    "check_in": (CheckIn, _say_check_in),
    "referral": (Referral, _say_referral),
    "referral_event": (ReferralEvent, _say_event),
    "consultation": (Consultation, _say_consultation),
    "referral_visit": (ReferralVisit, _say_visit),
    "admission": (Residence, _say_admission),
    "discharge": (Residence, _say_discharge),
    "conflict": (Conflict, _say_conflict),
}
