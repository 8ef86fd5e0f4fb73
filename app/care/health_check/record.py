"""Recording a health check, going on with it, correcting it, taking it back.

A check may be saved before its results are in; it counts as done only with the doctor's
conclusion. Each function is one action of a person and one transaction, in which the due work
is made anew as well. Nothing is deleted: an older version stays, marked, beside the new one.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from sqlalchemy.orm import Session

from app.care.corrections import CorrectionWords, standing, take_back
from app.care.due import refresh_due
from app.care.follow_up import JUDGING_ROLES, RECORDING_ROLES
from app.care.health_check.findings import Finding, findings_of
from app.care.health_check.form import (
    ENROL,
    REFER,
    RULE_VERSION,
    HealthCheckInput,
    Person,
    open_free_tests,
    problems_of,
)
from app.care.health_check.history import load_person
from app.care.health_check.lab_ranges import load_lab_ranges
from app.care.health_check.letter import check_prefill
from app.care.health_check.rows import answers_of, row_of
from app.care.health_check.scales import of_this_year, scale_results
from app.care.referral_prefill import ReferralPrefill
from app.care.resident_record.people import same_person
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import N_, tr
from app.models.actor import Actor
from app.models.health_check import HealthCheck
from app.models.resident import Resident
from app.models.store import Store

_CLOSED = ("deceased", "merged", "cancelled")


_CORRECTION = CorrectionWords(
    absent=N_("This health check is not in the records of this PC."),
    foreign=N_(
        "This check was recorded by another organisation. Nothing was changed. "
        "Only that organisation can correct it."
    ),
    replaced=N_(
        "This check was already taken back or replaced by a newer version. "
        "Nothing was changed. Open the newest version."
    ),
    why=N_("Write why the check is changed."),
)


@dataclass(frozen=True, slots=True)
class HealthCheckResult:
    """A saved check. ``open_tests``: free tests still without a result or a reason.

    ``enrol``: the doctor advises chronic-disease management. ``prefill``: the letter's
    beginnings where the doctor advises referral.
    """

    health_check_id: str
    resident_id: str
    concluded: bool
    findings: tuple[Finding, ...]
    open_tests: tuple[str, ...]
    enrol: bool
    prefill: ReferralPrefill | None


def record_health_check(store: Store, actor: Actor, form: HealthCheckInput) -> HealthCheckResult:
    """Save a new check.

    Raises InputError with a sentence for each field to be mended, NotFound for an unknown
    resident, NotAllowed for a role that may not record checks.
    """
    _require_role(actor)
    with store.write(actor) as session:
        return _save(session, store, actor, form)


def revise_health_check(
    store: Store, actor: Actor, health_check_id: str, form: HealthCheckInput, reason: str = ""
) -> HealthCheckResult:
    """Put a new version in the place of a check: results that came later, or a correction.

    A check that waits for its conclusion needs no reason. Raises what ``record_health_check``
    raises, and InputError where a reason is missing or the check no longer stands.
    """
    _require_role(actor)
    with store.write(actor) as session:
        old = standing(session, actor, HealthCheck, health_check_id, _CORRECTION)
        if form.resident_id != old.resident_id:
            raise InputError({"resident_id": tr("A check cannot move to another resident.")})
        waiting = old.conclusion is None
        take_back(
            old, tr("results added") if waiting and not reason.strip() else reason, _CORRECTION
        )
        return _save(session, store, actor, form, supersedes=old)


def void_health_check(store: Store, actor: Actor, health_check_id: str, reason: str) -> None:
    """Take a check back that never was (wrong person, entered twice); it is kept, marked."""
    _require_role(actor)
    with store.write(actor) as session:
        old = standing(session, actor, HealthCheck, health_check_id, _CORRECTION)
        take_back(old, reason, _CORRECTION)
        refresh_due(session, store.organisation_id, [old.resident_id])


def letter_from_check(store: Store, actor: Actor, health_check_id: str) -> ReferralPrefill:
    """The letter's beginnings from a saved check. Raises NotFound."""
    with store.read() as session:
        row = session.get(HealthCheck, health_check_id)
        resident = None if row is None else session.get(Resident, row.resident_id)
        if row is None or resident is None:
            raise NotFound(tr("This health check is not in the records of this PC."))
        return check_prefill(session, resident, row)


def _require_role(actor: Actor) -> None:
    if not actor.has_role(*RECORDING_ROLES):
        raise NotAllowed(
            tr(
                "Your role may not record health checks. Nothing was saved. "
                "Ask a doctor or nurse of your organisation."
            )
        )


def _save(
    session: Session,
    store: Store,
    actor: Actor,
    form: HealthCheckInput,
    supersedes: HealthCheck | None = None,
) -> HealthCheckResult:
    resident = session.get(Resident, form.resident_id)
    if resident is None:
        raise NotFound(tr("This resident is not in the records of this PC."))
    person, _ = load_person(session, resident)
    problems = problems_of(form, person, store.clock.today())
    if resident.record_status in _CLOSED:
        problems["resident_id"] = tr(
            "This record is closed, so no check can be added. Open the record to see why."
        )
    problems.update(_judging_problems(actor, form, supersedes))
    if problems:
        raise InputError(problems)
    day = form.check_date
    assert day is not None
    row = row_of(form, actor)
    results = of_this_year(
        scale_results(session, same_person(session, resident.id), form.form), day
    )
    row.assessments = {key: each.assessment_id for key, each in results.items()}
    levels = {key: (each.level, each.text) for key, each in results.items()}
    found = findings_of(form.form, answers_of(row), person, load_lab_ranges(session), levels)
    row.findings = [each.as_dict() for each in found]
    row.rule_version = RULE_VERSION
    row.status = "final"
    if form.concluded:
        kept = supersedes is not None and _same_judgement(form, supersedes)
        row.concluded_by = supersedes.concluded_by if supersedes and kept else actor.name
    if supersedes is not None:
        row.supersedes_id = supersedes.id
        row.status = "amended" if supersedes.conclusion is not None else "final"
        row.status_reason = supersedes.status_reason
        # The check stays the work of the person who made it.
        row.doctor_name = supersedes.doctor_name
    row.is_sample = resident.is_sample
    session.add(row)
    refresh_due(session, store.organisation_id, [resident.id])
    return HealthCheckResult(
        health_check_id=row.id,
        resident_id=resident.id,
        concluded=form.concluded,
        findings=found,
        open_tests=_open_tests(form, row, person, day),
        enrol=ENROL in row.guidance,
        prefill=check_prefill(session, resident, row) if REFER in row.guidance else None,
    )


def _open_tests(
    form: HealthCheckInput, row: HealthCheck, person: Person, day: date
) -> tuple[str, ...]:
    groups = open_free_tests(form.form, answers_of(row), row.not_measured, person, day)
    return tuple(group.label for group in groups)


def _judging_problems(
    actor: Actor, form: HealthCheckInput, supersedes: HealthCheck | None
) -> dict[str, str]:
    """Only a doctor concludes; others may save what a doctor has written before, unchanged."""
    if actor.has_role(*JUDGING_ROLES):
        return {}
    said = any(form.answers.get(key) for key in form.form.judged_keys())
    if not said and (supersedes is None or supersedes.conclusion is None):
        return {}
    if supersedes is not None and _same_judgement(form, supersedes):
        return {}
    return {"conclusion": tr("Only a doctor may write or change the conclusion.")}


def _same_judgement(form: HealthCheckInput, row: HealthCheck) -> bool:
    before = answers_of(row)

    def plain(value: object) -> object:
        return tuple(value) if isinstance(value, list) else value or None

    return all(
        plain(form.answers.get(key)) == plain(before.get(key)) for key in form.form.judged_keys()
    )
