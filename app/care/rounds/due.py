"""People who could not be found: due work of the kinds ``contact:lost`` and ``contact:ended``.

Derived from the management outcome of a chronic disease (domain reference §5.2: 转归 2 暂时失访,
9 终止管理 with the reason 失访). The first is work at once: somebody tries again. The second is
no longer due, but on a village round people ask for them, so the lists of a round show them.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from sqlalchemy import and_, delete, or_, select
from sqlalchemy.orm import Session

from app.clock import clinic_date
from app.models.local import DueItem
from app.models.resident import Condition, Resident

CONTACT_LOST = "contact:lost"
CONTACT_ENDED = "contact:ended"
CONTACT_KINDS = (CONTACT_LOST, CONTACT_ENDED)
LOST_FOR_NOW = "2"
ENDED = "9"
REASON_LOST = "3"
_BATCH = 500


def refresh_contact_due(
    session: Session, organisation_id: str, resident_ids: Iterable[str]
) -> None:
    """Make the contact work of these residents anew.

    ``due_on`` is the day on which the outcome was written down. One row a resident and kind,
    however many diseases say so.
    """
    ids = list(dict.fromkeys(resident_ids))
    session.flush()
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        session.execute(
            delete(DueItem).where(DueItem.resident_id.in_(part), DueItem.kind.in_(CONTACT_KINDS))
        )
        rows = session.scalars(
            select(Condition)
            .join(Resident, Resident.id == Condition.resident_id)
            .where(
                Condition.resident_id.in_(part),
                Condition.organisation_id == organisation_id,
                Condition.disease.is_not(None),
                Condition.clinical_status == "active",
                Resident.record_status == "active",
                or_(
                    Condition.outcome == LOST_FOR_NOW,
                    and_(Condition.outcome == ENDED, Condition.outcome_reason == REASON_LOST),
                ),
            )
            .order_by(Condition.id)
        )
        made: dict[tuple[str, str], DueItem] = {}
        for row in rows:
            kind = CONTACT_LOST if row.outcome == LOST_FOR_NOW else CONTACT_ENDED
            day = _day(row)
            known = made.get((row.resident_id, kind))
            if known is not None:
                known.due_on = min(known.due_on, day)
                continue
            made[row.resident_id, kind] = DueItem(
                organisation_id=organisation_id,
                resident_id=row.resident_id,
                kind=kind,
                due_on=day,
                since=day,
                source_kind="condition",
                source_id=row.id,
            )
        session.add_all(made.values())


def _day(condition: Condition) -> date:
    return condition.managed_until or clinic_date(condition.updated_at)
