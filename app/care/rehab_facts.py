"""What the rehab rules must know of residents: COPD, insulin or sulfonylurea, the plan's limits.

Read from the record, never asked again: diagnoses, the drugs of the last follow-ups, the plan.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import bindparam, exists, or_, select
from sqlalchemy.orm import Session

from app.care.check_in_rules import RowFacts
from app.care.glucose_drugs import on_glucose_drugs
from app.care.rehab_rules import DEFAULT_THRESHOLDS, Band, RehabThresholds, borg_band
from app.errors import InputError, NotAllowed
from app.i18n import tr
from app.models.actor import Actor
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.rehab import RehabPlan
from app.models.resident import Condition
from app.models.settings import get_setting, set_setting
from app.models.store import Store

THRESHOLDS_SETTING = "rehab.thresholds"
_IN_ERROR = "entered_in_error"

# Built once: these run with every save of a ward's row, and building costs as much as running.
_CONDITION = Condition.__table__.c
_VISIT, _PART = FollowUp.__table__.c, FollowUpDisease.__table__.c
_WITH_COPD = select(_CONDITION.resident_id).where(
    _CONDITION.resident_id.in_(bindparam("ids", expanding=True)),
    _CONDITION.clinical_status == "active",
    or_(_CONDITION.disease == "copd", _CONDITION.code.like("J44%")),
)
_VISITS = (
    select(
        _VISIT.resident_id,
        _VISIT.drugs,
        _VISIT.insulin,
        exists().where(_PART.follow_up_id == _VISIT.id, _PART.disease == "type2_diabetes"),
    )
    .where(_VISIT.resident_id.in_(bindparam("ids", expanding=True)), _VISIT.status != _IN_ERROR)
    .order_by(_VISIT.resident_id, _VISIT.visit_date.desc(), _VISIT.id.desc())
)


def load_thresholds(session: Session) -> RehabThresholds:
    """The organisation's numbers; until the clinical lead has set them, the defaults."""
    values = get_setting(session, THRESHOLDS_SETTING)
    return RehabThresholds.from_dict(values) if values else DEFAULT_THRESHOLDS


def approve_thresholds(store: Store, actor: Actor, thresholds: RehabThresholds) -> None:
    """Put a changed set of numbers in force, approved by the signed-in clinical lead.

    Raises NotAllowed by role; InputError where the set keeps the version of the defaults, for
    a check-in must tell under which numbers it was made.
    """
    if not actor.has_role("head_of_department", "doctor", "specialist"):
        raise NotAllowed(tr("Only a clinical lead may change these numbers. Nothing was saved."))
    if not thresholds.version or thresholds.version == DEFAULT_THRESHOLDS.version:
        raise InputError({"version": tr("Changed numbers need a version name of their own.")})
    with store.write(actor) as session:
        set_setting(
            session,
            THRESHOLDS_SETTING,
            replace(thresholds, approved_by=thresholds.approved_by or actor.name).to_dict(),
        )


def load_facts(
    session: Session, plans: Sequence[RehabPlan], thresholds: RehabThresholds
) -> dict[str, RowFacts]:
    """The facts for each plan (by plan id), in a fixed number of queries for a whole ward."""
    residents = sorted({plan.resident_id for plan in plans})
    with_copd = copd_residents(session, residents)
    on_drugs = glucose_drug_residents(session, residents)
    return {
        plan.id: RowFacts(
            copd=plan.resident_id in with_copd,
            glucose_drugs=plan.resident_id in on_drugs,
            heart_rate_ceiling=plan.heart_rate_ceiling,
            band=planned_band(plan.items, thresholds),
        )
        for plan in plans
    }


def planned_band(
    items: Iterable[dict[str, Any]], thresholds: RehabThresholds = DEFAULT_THRESHOLDS
) -> Band:
    """The exertion that the plan's exercises ask for ("11-13"); the gentlest one decides.

    Exercises without a number, or with an impossible one, ask for the frail band.
    """
    bands = []
    for item in items:
        found = re.fullmatch(r"\D*(\d{1,2})\s*[-–~～]\s*(\d{1,2})\D*", item.get("intensity") or "")
        if found and 6 <= int(found[1]) <= int(found[2]) <= 20:
            bands.append(Band(int(found[1]), int(found[2])))
    if not bands:
        return borg_band("frail", thresholds=thresholds)
    return min(bands, key=lambda band: (band.high, band.low))


def copd_residents(session: Session, resident_ids: Sequence[str]) -> frozenset[str]:
    """Who of these has COPD among the active diagnoses (ICD-10 J44)."""
    found: set[str] = set()
    for start in range(0, len(resident_ids), 500):
        found.update(session.scalars(_WITH_COPD, {"ids": resident_ids[start : start + 500]}))
    return frozenset(found)


def glucose_drug_residents(session: Session, resident_ids: Sequence[str]) -> frozenset[str]:
    """Who of these takes insulin or a sulfonylurea by the last record of their drugs.

    The last follow-up of all and the last one for diabetes are both read: a visit for blood
    pressure alone may not name the diabetes drugs.
    """
    found: set[str] = set()
    for start in range(0, len(resident_ids), 500):
        visits = session.execute(_VISITS, {"ids": resident_ids[start : start + 500]})
        seen: set[tuple[str, bool]] = set()
        for resident_id, drugs, insulin, for_diabetes in visits:
            kinds = {(resident_id, False)}
            if for_diabetes:
                kinds.add((resident_id, True))
            if kinds <= seen:
                continue
            seen |= kinds
            if _takes_insulin(insulin) or on_glucose_drugs(_names(drugs)):
                found.add(resident_id)
    return frozenset(found)


_NO = frozenset({"", "无", "否", "没有", "不用", "未用", "no", "none"})


def _takes_insulin(insulin: dict[str, Any] | None) -> bool:
    """Any entry of the form's insulin line counts, unless it says in words that there is none."""
    return any(
        str(value).strip().casefold() not in _NO
        for value in (insulin or {}).values()
        if value is not None and value is not False
    )


def _names(drugs: list[dict[str, Any]] | None) -> Iterable[str]:
    return (str(drug.get("name", "")) for drug in drugs or ())
