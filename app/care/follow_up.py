"""Recording a follow-up visit, correcting it, taking it back.

One visit is one row of shared measurements with one part a disease (domain reference §5);
each function is one action of a person and one transaction, in which the due work of the
resident is made anew as well. Nothing is ever deleted: a corrected visit stays as it was,
marked, beside the new version that names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care.clinical_settings import clinical_settings
from app.care.corrections import CorrectionWords, standing, take_back
from app.care.due import refresh_follow_up_due
from app.care.follow_up_form import DiseasePart, FollowUpInput, problems_of
from app.care.follow_up_history import (
    background_of,
    visits_of,
)
from app.care.follow_up_judgement import (
    Judgement,
    judge_visit,
    judgement_problems,
)
from app.care.follow_up_rows import form_of, row_of
from app.care.management.outcome import found_again
from app.care.ownership import is_own
from app.care.referral_prefill import ReferralPrefill, build_prefill
from app.care.resident_record.people import same_person
from app.care.rivals import mark_rivals
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import N_, tr
from app.models import codes
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.resident import Condition, Resident
from app.models.store import Store

RECORDING_ROLES = ("doctor", "nurse", "public_health", "specialist")
JUDGING_ROLES = ("doctor", "specialist")

# What a new patient's condition is called when management begins with the visit.
_DIAGNOSIS = {"hypertension": "I10", "type2_diabetes": "E11.9", "copd": "J44.9"}


_CORRECTION = CorrectionWords(
    absent=N_("This visit is not in the records of this PC."),
    foreign=N_(
        "This visit was recorded by another organisation. Nothing was changed. "
        "Only that organisation can correct it."
    ),
    replaced=N_(
        "This visit was already taken back or replaced by a newer version. "
        "Nothing was changed. Open the newest version."
    ),
    why=N_("Write why the visit is changed."),
)


@dataclass(frozen=True, slots=True)
class FollowUpResult:
    """A saved visit: its id, the judgement of each disease, and the letter's beginnings when
    the patient is to be referred."""

    follow_up_id: str
    judgements: tuple[Judgement, ...]
    prefill: ReferralPrefill | None

    @property
    def urgent(self) -> bool:
        return any(judgement.proposal.urgent for judgement in self.judgements)

    @property
    def refer(self) -> bool:
        return any(judgement.refer for judgement in self.judgements)

    @property
    def next_visit(self) -> date | None:
        """The earliest of the next dates."""
        dates = [j.next_visit for j in self.judgements if j.next_visit is not None]
        return min(dates, default=None)


def record_follow_up(store: Store, actor: Actor, form: FollowUpInput) -> FollowUpResult:
    """Save a visit for one or more diseases.

    Raises InputError with a sentence for each field that must be mended, NotFound for an
    unknown resident, NotAllowed for a role that may not record visits.
    """
    _require_role(actor)
    with store.write(actor) as session:
        return _save(session, store, actor, form, status="final")


def add_follow_up(
    session: Session, store: Store, actor: Actor, form: FollowUpInput
) -> FollowUpResult:
    """``record_follow_up`` inside a transaction of the caller."""
    _require_role(actor)
    return _save(session, store, actor, form, status="final")


def correct_follow_up(
    store: Store, actor: Actor, follow_up_id: str, form: FollowUpInput, reason: str
) -> FollowUpResult:
    """Put a new version in the place of a visit; the old one is kept, marked as in error.

    The visit is judged anew against the visits before its day. Raises what
    ``record_follow_up`` raises, and InputError for a visit that is no longer the standing one.
    """
    _require_role(actor)
    with store.write(actor) as session:
        old = standing(session, actor, FollowUp, follow_up_id, _CORRECTION)
        if form.resident_id != old.resident_id:
            raise InputError({"resident_id": tr("A visit cannot move to another resident.")})
        take_back(old, reason, _CORRECTION)
        return _save(session, store, actor, form, status="amended", supersedes=old)


def void_follow_up(store: Store, actor: Actor, follow_up_id: str, reason: str) -> None:
    """Take a visit back that never was (wrong person, entered twice); it is kept, marked."""
    _require_role(actor)
    with store.write(actor) as session:
        old = standing(session, actor, FollowUp, follow_up_id, _CORRECTION)
        take_back(old, reason, _CORRECTION)
        mark_rivals(session, store.organisation_id, [old.resident_id])
        refresh_follow_up_due(session, store.organisation_id, [old.resident_id])


def letter_from_visit(store: Store, actor: Actor, follow_up_id: str) -> ReferralPrefill:
    """The letter's beginnings from a visit that was saved before. Raises NotFound."""
    with store.read() as session:
        row = session.get(FollowUp, follow_up_id)
        resident = None if row is None else session.get(Resident, row.resident_id)
        if row is None or resident is None:
            raise NotFound(tr("This visit is not in the records of this PC."))
        form = form_of(row)
        background = background_of(session, resident, visits_of(session, resident.id), row.id)
        judgements = judge_visit(form, background)
        return build_prefill(session, resident, row.id, form, judgements, background.history)


def letter_from_form(store: Store, actor: Actor, form: FollowUpInput) -> ReferralPrefill:
    """The letter's beginnings from a form that is not finished: danger does not wait for it."""
    with store.read() as session:
        resident = session.get(Resident, form.resident_id)
        if resident is None:
            raise NotFound(tr("This resident is not in the records of this PC."))
        background = background_of(session, resident, visits_of(session, resident.id))
        judgements = judge_visit(form, background)
        return build_prefill(session, resident, "", form, judgements, background.history)


def load_visit(store: Store, actor: Actor, follow_up_id: str) -> FollowUpInput:
    """What was typed on a saved visit, to correct it. Raises NotFound."""
    with store.read() as session:
        row = session.get(FollowUp, follow_up_id)
        if row is None:
            raise NotFound(tr("This visit is not in the records of this PC."))
        return form_of(row)


def _require_role(actor: Actor) -> None:
    if not actor.has_role(*RECORDING_ROLES):
        raise NotAllowed(
            tr(
                "Your role may not record follow-up visits. Nothing was saved. "
                "Ask a doctor or nurse of your organisation."
            )
        )


def _save(
    session: Session,
    store: Store,
    actor: Actor,
    form: FollowUpInput,
    *,
    status: str,
    supersedes: FollowUp | None = None,
) -> FollowUpResult:
    resident = session.get(Resident, form.resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    limits = clinical_settings(session).input_limits
    problems = problems_of(form, resident.birth_date, store.clock.today(), limits)
    conditions = _conditions(session, resident.id)
    problems.update(_standing_problems(actor, form, resident, conditions))
    visits = visits_of(session, resident.id)
    background = background_of(session, resident, visits, supersedes.id if supersedes else "")
    judgements = () if "visit_date" in problems else judge_visit(form, background)
    problems.update(judgement_problems(form, judgements))
    if problems:
        raise InputError(problems)
    row = row_of(form, actor, judgements)
    row.status = status
    if supersedes is not None:
        row.supersedes_id = supersedes.id
        row.status_reason = supersedes.status_reason
        # The visit stays the work of the person who made it.
        row.doctor_name = supersedes.doctor_name
    row.is_sample = resident.is_sample
    session.add(row)
    own = {disease: each for disease, each in conditions.items() if is_own(actor, each)}
    _enrol(session, form, own)
    for part in form.parts:
        if part.disease in own:
            found_again(own[part.disease])
    if supersedes is not None:
        mark_rivals(session, store.organisation_id, [resident.id])
    refresh_follow_up_due(session, store.organisation_id, [resident.id])
    prefill = None
    if any(judgement.refer for judgement in judgements):
        prefill = build_prefill(session, resident, row.id, form, judgements, background.history)
    return FollowUpResult(row.id, judgements, prefill)


def _conditions(session: Session, resident_id: str) -> dict[str, Condition]:
    rows = session.scalars(
        select(Condition)
        .where(
            Condition.resident_id.in_(same_person(session, resident_id)),
            Condition.disease.is_not(None),
            Condition.clinical_status == "active",
        )
        # The managed one last, so that it is the one kept.
        .order_by(Condition.managed, Condition.id)
    )
    return {row.disease: row for row in rows if row.disease is not None}


def _standing_problems(
    actor: Actor, form: FollowUpInput, resident: Resident, conditions: dict[str, Condition]
) -> dict[str, str]:
    """What the record itself says against the visit."""
    found: dict[str, str] = {}
    if resident.record_status in ("deceased", "merged", "cancelled"):
        found["resident_id"] = tr(
            "This record is closed, so no visit can be added. Open the record to see why."
        )
    for part in form.parts:
        condition = conditions.get(part.disease)
        if (condition is None or not condition.managed) and part.disease not in form.enrol:
            found["parts"] = tr(
                "{disease} is not under management here. Tick “begin management” to enrol."
            ).format(disease=codes.label("chronic_disease", part.disease))
        if part.override is not None and not actor.has_role(*JUDGING_ROLES):
            found[f"{part.disease}.override_reason"] = tr(
                "Only a doctor may judge otherwise than the rule."
            )
        found.update(_override_problems(part))
    return found


def _override_problems(part: DiseasePart) -> dict[str, str]:
    override = part.override
    if override is None:
        return {}
    known = (not override.visit_class or codes.is_known("visit_class", override.visit_class)) and (
        not override.next_step or codes.is_known("next_step", override.next_step)
    )
    if known:
        return {}
    return {f"{part.disease}.override_class": tr("This choice is not in the list. Choose again.")}


def _enrol(session: Session, form: FollowUpInput, conditions: dict[str, Condition]) -> None:
    """Management of a disease begins with this visit, on the diagnosis that stands or a new one."""
    for part in form.parts:
        if part.disease not in form.enrol:
            continue
        condition = conditions.get(part.disease)
        if condition is None:
            code = _DIAGNOSIS[part.disease]
            condition = Condition(
                resident_id=form.resident_id,
                code=code,
                display=codes.label("diagnoses", code),
                disease=part.disease,
                clinical_status="active",
            )
            session.add(condition)
        if not condition.managed:
            condition.managed = True
            condition.managed_since = form.visit_date
            condition.managed_until = None
            condition.outcome = None
            condition.outcome_reason = None
