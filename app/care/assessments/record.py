"""Recording an assessment, correcting it, taking it back.

Each function is one action of a person and one transaction, in which the due work of the
resident is made anew as well. Nothing is ever deleted: a corrected assessment stays as it was,
marked, beside the new version that names it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from app.care.assessments.conventions import cut_offs_of, intervals_of, next_assessment
from app.care.assessments.form import AssessmentInput, judged, problems_of
from app.care.assessments.outcome import RULE_VERSIONS, Outcome
from app.care.assessments.questionnaire import TEXT, find
from app.care.clinical_settings import ClinicalSettings, clinical_settings
from app.care.corrections import CorrectionWords, standing, take_back
from app.care.due import refresh_due
from app.care.parsing import clean_text
from app.care.resident_record.people import survivor_of
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import N_, tr
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.identity import new_id
from app.models.resident import Resident
from app.models.store import Store

RECORDING_ROLES = (
    *("doctor", "nurse", "rehab_worker", "carer", "public_health", "specialist"),
    "head_of_department",
)
_CLOSED = ("deceased", "merged", "cancelled")
_MOST_TEXT = 500


_CORRECTION = CorrectionWords(
    absent=N_("This assessment is not in the records of this PC."),
    foreign=N_(
        "This assessment was recorded by another organisation. Nothing was changed. "
        "Only that organisation can correct it."
    ),
    replaced=N_(
        "This assessment was already taken back or replaced by a newer version. "
        "Nothing was changed. Open the newest version."
    ),
    why=N_("Write why the assessment is changed."),
    reason_field="correction_reason",
)


@dataclass(frozen=True, slots=True)
class AssessmentSaved:
    """A saved assessment: its id, its outcome and when it is due again."""

    assessment_id: str
    outcome: Outcome
    reassess_on: date | None


def record_assessment(store: Store, actor: Actor, typed: AssessmentInput) -> AssessmentSaved:
    """Save a finished assessment.

    Raises InputError with a sentence for each field that must be mended (an unfinished one is
    kept as a draft by the form), NotFound for an unknown resident, NotAllowed for a role that
    may not assess.
    """
    _require_role(actor)
    with store.write(actor) as session:
        return _save(session, store, actor, typed, status="final")


def correct_assessment(
    store: Store, actor: Actor, assessment_id: str, typed: AssessmentInput, reason: str
) -> AssessmentSaved:
    """Put a new version in the place of an assessment; the old one is kept, marked as in error.

    Raises what ``record_assessment`` raises, and InputError for one that does not stand any more.
    """
    _require_role(actor)
    with store.write(actor) as session:
        old = standing(session, actor, Assessment, assessment_id, _CORRECTION)
        if (typed.resident_id, typed.scale) != (old.resident_id, old.scale):
            raise InputError(
                tr(
                    "An assessment cannot move to another resident or scale. Nothing was "
                    "changed. Void it and record it anew."
                )
            )
        take_back(old, reason, _CORRECTION)
        return _save(session, store, actor, typed, status="amended", supersedes=old)


def void_assessment(store: Store, actor: Actor, assessment_id: str, reason: str) -> None:
    """Take an assessment back that never was (wrong person, entered twice); it is kept, marked."""
    _require_role(actor)
    with store.write(actor) as session:
        old = standing(session, actor, Assessment, assessment_id, _CORRECTION)
        take_back(old, reason, _CORRECTION)
        refresh_due(session, store.organisation_id, [old.resident_id])


def load_assessment(store: Store, actor: Actor, assessment_id: str) -> AssessmentInput:
    """What was typed on a saved assessment, to look at or correct it. Raises NotFound."""
    with store.read() as session:
        row = session.get(Assessment, assessment_id)
        if row is None or find(row.scale, row.form_version) is None:
            raise NotFound(
                tr(
                    "This assessment is not on this PC, or was made with a newer version of the "
                    "program. Nothing is lost; update the program to open it."
                )
            )
        return _typed(row)


def _typed(row: Assessment) -> AssessmentInput:
    return AssessmentInput(
        resident_id=row.resident_id,
        scale=row.scale,
        assessed_on=row.assessed_on,
        answers=dict(row.answers),
        version=row.form_version,
        second_assessor=row.second_assessor or "",
        informant=row.informant or "",
        informant_relation=row.informant_relation or "",
        confirmed=row.confirmed,
        reassess_on=row.reassess_on,
        remark=row.remark or "",
        chosen_level=(row.preliminary_level or "") if row.level_reason else "",
        level_reason=row.level_reason or "",
    )


def _require_role(actor: Actor) -> None:
    if not actor.has_role(*RECORDING_ROLES):
        raise NotAllowed(
            tr(
                "Your role may not record assessments. Nothing was saved. "
                "Ask a doctor or nurse of your organisation."
            )
        )


def _save(
    session: Session,
    store: Store,
    actor: Actor,
    typed: AssessmentInput,
    *,
    status: str,
    supersedes: Assessment | None = None,
) -> AssessmentSaved:
    resident = session.get(Resident, typed.resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    if supersedes is None and resident.record_status == "merged":
        resident = session.get(Resident, survivor_of(session, resident.id)) or resident
    settings = clinical_settings(session)
    cut_offs = cut_offs_of(settings)
    assessor = actor.name if supersedes is None else supersedes.performer_name
    problems = problems_of(typed, resident.birth_date, store.clock.today(), assessor, cut_offs)
    if supersedes is None and resident.record_status in _CLOSED:
        problems[""] = tr(
            "This record is closed, so no assessment can be added. Open the record to see why."
        )
    if problems:
        raise InputError(problems)
    typed = replace(typed, resident_id=resident.id, answers=_clean(typed))
    found = judged(typed, cut_offs)
    row = _row(typed, found, actor, settings)
    row.status = status
    row.is_sample = resident.is_sample
    if supersedes is not None:
        row.supersedes_id = supersedes.id
        row.status_reason = supersedes.status_reason
        # The assessment stays the work of the person who made it.
        row.performer_id, row.performer_name = supersedes.performer_id, supersedes.performer_name
    session.add(row)
    refresh_due(session, store.organisation_id, [resident.id])
    return AssessmentSaved(row.id, found, row.reassess_on)


def _clean(typed: AssessmentInput) -> dict[str, Any]:
    """Only answers of the questionnaire, texts cleaned, blanks left out."""
    answers: dict[str, Any] = {}
    for each in typed.form.questions:
        answer = typed.answers.get(each.link_id)
        if each.kind == TEXT and isinstance(answer, str):
            answer = clean_text(answer)[:_MOST_TEXT]
        if isinstance(answer, tuple):
            answer = list(answer)
        if answer not in (None, "", []):
            answers[each.link_id] = answer
    return answers


def _row(
    typed: AssessmentInput, found: Outcome, actor: Actor, settings: ClinicalSettings
) -> Assessment:
    assert typed.assessed_on is not None
    details: dict[str, Any] = {
        "subtotals": dict(found.subtotals),
        "results": dict(found.results),
        "adjustments": list(found.adjustments),
    }
    return Assessment(
        id=new_id(),
        resident_id=typed.resident_id,
        scale=typed.scale,
        assessed_on=typed.assessed_on,
        answers=dict(typed.answers),
        total=found.total,
        level=found.level,
        preliminary_level=found.preliminary,
        level_reason=(clean_text(typed.level_reason)[:_MOST_TEXT] or None) if found.ask else None,
        details={name: value for name, value in details.items() if value},
        performer_id=actor.staff_id,
        performer_name=actor.name,
        second_assessor=clean_text(typed.second_assessor) or None,
        informant=clean_text(typed.informant) or None,
        informant_relation=typed.informant_relation or None,
        confirmed=typed.confirmed,
        reassess_on=typed.reassess_on
        or next_assessment(typed.scale, typed.assessed_on, found, intervals_of(settings)),
        remark=clean_text(typed.remark)[:_MOST_TEXT] or None,
        form_version=typed.form.version,
        rule_version=settings.rules.versioned(RULE_VERSIONS[typed.scale]),
    )
