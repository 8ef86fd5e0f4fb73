"""Rehab check-ins: save a whole ward or one row, and void a wrong one.

A ward is saved in one transaction: all rows given, or none. The rules are judged again inside
it (:mod:`app.care.check_in_rules`), the plan's state is read inside it, the due list is made
anew inside it, and a second save of the same row (same id) changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from app.care.check_in_history import outcome_of
from app.care.check_in_rules import (
    POST_FIELDS,
    VITAL_FIELDS,
    Assessment,
    CheckInInput,
    assess,
)
from app.care.ownership import require_own
from app.care.parsing import clean_text
from app.care.rehab_due import ENTERED_IN_ERROR, refresh_rehab_due
from app.care.rehab_facts import load_facts, load_thresholds
from app.care.rehab_rules import Finding, RehabThresholds, must_pause
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.rehab import CheckIn, RehabPlan
from app.models.store import Store

CHECK_IN_ROLES = (
    "nurse",
    "rehab_worker",
    "carer",
    "doctor",
    "specialist",
    "head_of_department",
)
_LONGEST_NOTE = 500

# Built once: building a statement costs as much as running it.
_CHECK_IN = CheckIn.__table__.c
_KNOWN = select(_CHECK_IN.id).where(_CHECK_IN.id.in_(bindparam("ids", expanding=True)))
_PLANS = select(RehabPlan).where(RehabPlan.id.in_(bindparam("ids", expanding=True)))
_SESSIONS = (
    select(_CHECK_IN.session_no, _CHECK_IN.stop_reasons)
    .where(
        _CHECK_IN.plan_id == bindparam("plan_id"),
        _CHECK_IN.completion.in_(("complete", "partial")),
        _CHECK_IN.status != ENTERED_IN_ERROR,
    )
    .order_by(_CHECK_IN.session_no.desc(), _CHECK_IN.id.desc())
    .limit(8)
)


class WardProblems(InputError):
    """Rows that cannot be saved. ``rows``: {row id: {field: sentence}}; nothing was saved."""

    def __init__(self, rows: Mapping[str, Mapping[str, str]]) -> None:
        self.rows = {row_id: dict(problems) for row_id, problems in rows.items()}
        super().__init__(
            {
                "": tr("{count} rows cannot be saved as they are. Nothing was saved.").format(
                    count=len(rows)
                ),
                **{
                    f"{row_id}.{name}": message
                    for row_id, problems in self.rows.items()
                    for name, message in problems.items()
                },
            }
        )


@dataclass(frozen=True, slots=True)
class SavedRow:
    """What was saved for one resident. ``outcome``: done, held, skipped.

    ``stops``: the stop criteria met; ``plan_paused``: this was the second session running and
    the plan is now paused, its prescriber has it on the work list.
    """

    check_in_id: str
    resident_id: str
    outcome: str
    session_no: int | None
    stops: tuple[Finding, ...] = ()
    plan_paused: bool = False


@dataclass(frozen=True, slots=True)
class WardSaved:
    """The result of one save."""

    rows: tuple[SavedRow, ...]

    def count(self, outcome: str) -> int:
        return sum(row.outcome == outcome for row in self.rows)


def save_check_ins(store: Store, actor: Actor, rows: Sequence[CheckInInput]) -> WardSaved:
    """Save the rows of a ward in one transaction; the signed-in person performed them.

    Rows with nothing typed are an error: leave them out. Raises WardProblems with a sentence
    for each cell (missing, wrong, or unusual and not yet confirmed), NotAllowed by role.
    """
    if not actor.has_role(*CHECK_IN_ROLES):
        raise NotAllowed(
            tr("Your role does not permit rehab check-ins. Nothing was saved. Ask a nurse.")
        )
    if len({row.resident_id for row in rows}) != len(rows):
        raise InputError(tr("A resident stands twice in this list. Nothing was saved."))
    with store.write(actor) as session:
        known = _already_saved(session, [row.id for row in rows])
        fresh = [row for row in rows if row.id not in known]
        plans = _plans(session, fresh)
        thresholds = load_thresholds(session)
        facts = load_facts(session, list(plans.values()), thresholds)
        judged: dict[str, Assessment] = {}
        problems: dict[str, dict[str, str]] = {}
        for row in fresh:
            if trouble := _plan_problem(plans.get(row.plan_id), row):
                problems[row.id] = {"": trouble}
                continue
            judged[row.id] = assess(row, facts[row.plan_id], thresholds)
            if found := _blocking(judged[row.id], row):
                problems[row.id] = found
        if problems:
            raise WardProblems(problems)
        saved = {row_id: _saved_before(found) for row_id, found in known.items()}
        for row in fresh:
            plan = plans[row.plan_id]
            saved[row.id] = _insert(session, actor, row, plan, judged[row.id], thresholds)
        refresh_rehab_due(session, store.organisation_id, [row.resident_id for row in fresh])
        return WardSaved(tuple(saved[row.id] for row in rows))


def save_check_in(store: Store, actor: Actor, row: CheckInInput) -> SavedRow:
    """Save one row; as :func:`save_check_ins`."""
    return save_check_ins(store, actor, [row]).rows[0]


def void_check_in(store: Store, actor: Actor, check_in_id: str, reason: str) -> None:
    """Mark a check-in as entered in error: kept, shown as void, counted nowhere.

    Its performer, or a doctor of the house that made it, may do it; ``reason`` is required.
    """
    words = clean_text(reason)
    if not words:
        raise InputError({"reason": tr("Say why.")})
    with store.write(actor) as session:
        row = session.get(CheckIn, check_in_id)
        if row is None:
            raise NotFound(tr("This check-in is not in the record store."))
        require_own(actor, row)
        if row.performer_id != actor.staff_id and not actor.has_role("doctor", "specialist"):
            raise NotAllowed(
                tr("Only who made this check-in, or a doctor, can void it. Nothing was changed.")
            )
        if row.status == ENTERED_IN_ERROR:
            return
        row.status = ENTERED_IN_ERROR
        row.pre_note = clean_text(f"{row.pre_note or ''} [{words}]")
        refresh_rehab_due(session, store.organisation_id, [row.resident_id])


def _already_saved(session: Session, ids: list[str]) -> dict[str, CheckIn]:
    found: dict[str, CheckIn] = {}
    for start in range(0, len(ids), 500):
        known = session.scalars(_KNOWN, {"ids": ids[start : start + 500]}).all()
        if known:
            rows = session.scalars(select(CheckIn).where(CheckIn.id.in_(known)))
            found.update({row.id: row for row in rows})
    return found


def _saved_before(row: CheckIn) -> SavedRow:
    return SavedRow(
        row.id,
        row.resident_id,
        outcome_of(row.screen, row.completion),
        row.session_no,
        tuple(Finding.from_dict(finding) for finding in row.stop_reasons),
    )


def _plans(session: Session, rows: Sequence[CheckInInput]) -> dict[str, RehabPlan]:
    ids = [row.plan_id for row in rows]
    found: dict[str, RehabPlan] = {}
    for start in range(0, len(ids), 500):
        plans = session.scalars(_PLANS, {"ids": ids[start : start + 500]})
        found.update({plan.id: plan for plan in plans})
    return found


def _plan_problem(plan: RehabPlan | None, row: CheckInInput) -> str:
    if plan is None or plan.resident_id != row.resident_id:
        return tr("There is no rehab plan to check in against. Write a plan first.")
    if plan.status == "paused":
        return tr("The plan is paused. Its prescriber must go on with it first.")
    if plan.status != "active":
        return tr("The plan is not under way. Open the plan and activate it.")
    return ""


def _blocking(judged: Assessment, row: CheckInInput) -> dict[str, str]:
    if judged.state == "empty":
        return {"": tr("Nothing was typed in this row.")}
    problems = {**judged.questions, **judged.problems}
    for name in ("pre_note", "adverse_text"):
        if len(getattr(row, name)) > _LONGEST_NOTE:
            problems[name] = tr("This text is too long: at most {count} characters.").format(
                count=_LONGEST_NOTE
            )
    return problems


def _insert(
    session: Session,
    actor: Actor,
    row: CheckInInput,
    plan: RehabPlan,
    judged: Assessment,
    thresholds: RehabThresholds,
) -> SavedRow:
    outcome = {"ready": "done"}.get(judged.state, judged.state)
    earlier = _sessions(session, plan.id) if outcome == "done" else []
    number = (earlier[0].session_no or 0) + 1 if earlier else 1
    session_no = number if outcome == "done" else None
    assert row.started_at is not None  # assess() requires it in every state that is saved
    session.add(
        CheckIn(
            id=row.id,
            plan_id=row.plan_id,
            resident_id=row.resident_id,
            session_no=session_no,
            started_at=row.started_at,
            ended_at=row.ended_at if outcome == "done" else None,
            place=row.place,
            **{f"pre_{name}": getattr(row.pre, name) for name in VITAL_FIELDS},
            ate_within_2h=row.ate_within_2h,
            pre_symptoms=list(row.pre_symptoms),
            pre_note=clean_text(row.pre_note) or None,
            # A session refused before the screen was neither passed nor held.
            screen={"done": "pass", "held": "hold"}.get(outcome, "none"),
            hold_reasons=[finding.to_dict() for finding in judged.holds],
            items=_items(row),
            borg=row.borg,
            borg_scale=row.borg_scale,
            **{f"post_{name}": getattr(row.post, name) for name in POST_FIELDS},
            completion=row.completion if outcome == "done" else "not_done",
            completion_percent=_percent(row, outcome),
            reason_not_done=(row.reason_not_done or "held")
            if outcome == "held"
            else row.reason_not_done,
            stop_reasons=[finding.to_dict() for finding in judged.stops],
            recovered=row.recovered,
            adverse=list(row.adverse),
            adverse_text=clean_text(row.adverse_text) or None,
            action=row.action,
            not_measured=dict(row.not_measured),
            performer_id=actor.staff_id,
            performer_name=actor.name,
            resident_confirmed=row.resident_confirmed,
            rule_version=thresholds.version,
            is_sample=plan.is_sample,
        )
    )
    paused = False
    if judged.stops and outcome == "done":
        run = [True, *(bool(before.stop_reasons) for before in earlier)]
        if must_pause(run, thresholds):
            plan.status, plan.status_reason, paused = "paused", "two_stops", True
    return SavedRow(row.id, row.resident_id, outcome, session_no, judged.stops, paused)


def _percent(row: CheckInInput, outcome: str) -> int:
    if outcome != "done":
        return 0
    return 100 if row.completion == "complete" else row.completion_percent or 0


def _items(row: CheckInInput) -> list[dict[str, object]]:
    """Of a complete session every exercise was done; of a part those that were ticked."""
    whole = row.completion == "complete"
    return [
        {
            "exercise": item.exercise,
            "planned": item.planned,
            "done": whole or item.done,
            "minutes": item.minutes,
        }
        for item in row.items
    ]


def _sessions(session: Session, plan_id: str) -> Sequence[Any]:
    """Number and stop reasons of the plan's sessions that took place, newest first (by number,
    never by a clock)."""
    return session.execute(_SESSIONS, {"plan_id": plan_id}).all()
