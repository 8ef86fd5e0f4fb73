"""Work that is due for residents: derived from the records and made anew from them.

Called in the transaction of every record that changes what is due, and after each pull from
the server. Due rows stay on this PC; losing them loses nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import date

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from app.care.assessments.due import refresh_assessment_due
from app.care.contracts.due import refresh_contract_due
from app.care.follow_up_form import DISEASES
from app.care.follow_up_history import DUE_KIND, ENTERED_IN_ERROR
from app.care.health_check.due import refresh_health_check_due
from app.care.referral_back.due import refresh_return_due
from app.care.rehab_due import refresh_rehab_due
from app.care.resident_record.people import whole_people
from app.care.resident_record.population import refresh_tags
from app.care.rivals import mark_rivals
from app.care.rounds.due import refresh_contact_due
from app.care.screening.due import refresh_screening_due
from app.care.visit_rules import NextStep
from app.clock import clinic_date
from app.models.chronic import FollowUp, FollowUpDisease
from app.models.local import DueItem
from app.models.resident import Condition, Resident

FOLLOW_UP_KINDS = tuple(DUE_KIND + disease for disease in DISEASES)
CONTINUES = (None, "1")
_BATCH = 500


def refresh_due(session: Session, organisation_id: str, resident_ids: Iterable[str]) -> None:
    """Make all due work of these residents anew: follow-ups, check-ins, plan reviews, checks.

    ``organisation_id``: the organisation of this store; only its own patients are its work.
    """
    ids = list(whole_people(session, resident_ids))
    mark_rivals(session, organisation_id, ids)
    refresh_tags(session, ids, session.info["clock"].today())
    refresh_follow_up_due(session, organisation_id, ids)
    refresh_rehab_due(session, organisation_id, ids)
    refresh_contract_due(session, organisation_id, ids)
    refresh_contact_due(session, organisation_id, ids)
    refresh_health_check_due(session, organisation_id, ids)
    refresh_assessment_due(session, organisation_id, ids)
    refresh_screening_due(session, organisation_id, ids)
    refresh_return_due(session, organisation_id, ids)


def refresh_follow_up_due(
    session: Session, organisation_id: str, resident_ids: Iterable[str]
) -> None:
    """Make the due follow-ups of these residents anew (kinds ``follow_up:<disease>``).

    A disease is due while it is managed here, the resident's record is active and the
    management goes on. The date is the next date of the newest visit that set one (a visit
    without a value sets none); before the first visit it is the day the management began.
    Of a person with several records all of them count, and the work stands on the one that
    goes on.
    """
    session.flush()
    person = whole_people(session, resident_ids)
    for part in _batches(person):
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind.in_(FOLLOW_UP_KINDS))
        )
        newest = _newest_parts(session, part, person)
        active = set(
            session.scalars(
                select(Resident.id).where(
                    Resident.id.in_({person[each] for each in part}),
                    Resident.record_status == "active",
                )
            )
        )
        managed = session.scalars(
            select(Condition)
            .where(
                Condition.resident_id.in_(part),
                Condition.organisation_id == organisation_id,
                Condition.disease.in_(DISEASES),
                Condition.managed,
                Condition.clinical_status == "active",
            )
            .order_by(Condition.id)
        )
        made: dict[tuple[str, str], DueItem] = {}
        for condition in managed:
            who = person[condition.resident_id]
            if condition.outcome in CONTINUES and condition.disease is not None and who in active:
                key = (who, condition.disease)
                made[key] = _due_item(condition, who, organisation_id, newest.get(key))
        session.add_all(made.values())


def _batches(person: dict[str, str]) -> Iterator[list[str]]:
    """Records in handy portions; those of one person stay together."""
    portion: list[str] = []
    for each in sorted(person, key=lambda id_: (person[id_], id_)):
        if len(portion) >= _BATCH and person[each] != person[portion[-1]]:
            yield portion
            portion = []
        portion.append(each)
    if portion:
        yield portion


def _newest_parts(
    session: Session, resident_ids: list[str], person: dict[str, str]
) -> dict[tuple[str, str], tuple[FollowUpDisease, date]]:
    """By person and disease: the newest part with a next date, and the newest visit's day."""
    rows = session.scalars(
        select(FollowUpDisease)
        .join(FollowUp, FollowUp.id == FollowUpDisease.follow_up_id)
        .where(
            FollowUpDisease.resident_id.in_(resident_ids),
            FollowUpDisease.disease.in_(DISEASES),
            FollowUp.status != ENTERED_IN_ERROR,
        )
        .order_by(FollowUpDisease.visit_date, FollowUpDisease.follow_up_id)
    )
    found: dict[tuple[str, str], tuple[FollowUpDisease, date]] = {}
    for row in rows:
        key = (person[row.resident_id], row.disease)
        if row.next_visit_date is not None or key not in found:
            found[key] = (row, row.visit_date)
        else:
            found[key] = (found[key][0], row.visit_date)
    return found


def _due_item(
    condition: Condition,
    resident_id: str,
    organisation_id: str,
    newest: tuple[FollowUpDisease, date] | None,
) -> DueItem:
    began = condition.managed_since or clinic_date(condition.created_at)
    due_on, since, part = began, None, None
    if newest is not None:
        part, since = newest
        due_on = part.next_visit_date or began
        if condition.managed_since is not None and since < condition.managed_since:
            # Taken up again: what an earlier management had planned is no longer the date.
            due_on = max(due_on, began)
    return DueItem(
        organisation_id=organisation_id,
        resident_id=resident_id,
        kind=f"{DUE_KIND}{condition.disease}",
        due_on=due_on,
        since=since,
        urgent=part is not None and part.action in (NextStep.REFER, NextStep.REFER_NOW),
        source_kind="follow_up" if part is not None else "condition",
        source_id=part.follow_up_id if part is not None else condition.id,
        detail={
            "class": part.control_class if part is not None else None,
            "step": part.action if part is not None else None,
        },
    )
