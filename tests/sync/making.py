"""Records for the courier's tests, written through the store like any other."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from typing import Any

from app.models.actor import Actor
from app.models.identity import new_id
from app.models.records import fetch, put
from app.models.referral import Referral, ReferralEvent, ReferralService, ReferralTask
from app.models.rehab import CheckIn, RehabPlan
from app.models.resident import Resident
from app.models.store import Store
from app.sync import queue
from tests.conftest import LEAD_ID

STARTED = datetime(2026, 3, 2, 1, 0, tzinfo=UTC)


def save(store: Store, actor: Actor, *rows: Any) -> None:
    """One transaction, parents first."""
    with store.write(actor) as session:
        for row in rows:
            session.add(row)
            if not isinstance(row, CheckIn):
                session.flush()


def a_resident(**values: Any) -> Resident:
    return Resident(
        **{
            "id": new_id(),
            "name": "赵大爷",
            "sex": "1",
            "birth_date": date(1950, 1, 1),
            "phone": "13800001234",
            "village": "白塔村",
            **values,
        }
    )


def a_plan(resident: Resident, actor: Actor, **values: Any) -> RehabPlan:
    return RehabPlan(
        **{
            "id": new_id(),
            "resident_id": resident.id,
            "diagnosis": "脑梗死后遗症",
            "goal_short": "扶杖步行 10 米",
            "precautions": "防跌倒",
            "prescriber_id": actor.staff_id,
            "prescriber_name": actor.name,
            "starts_on": date(2026, 2, 1),
            "review_on": date(2026, 5, 1),
            "status": "active",
            **values,
        }
    )


def check_ins(plan: RehabPlan, actor: Actor, count: int, **values: Any) -> list[CheckIn]:
    return [
        CheckIn(
            **{
                "id": new_id(),
                "plan_id": plan.id,
                "resident_id": plan.resident_id,
                "session_no": number + 1,
                "started_at": STARTED + timedelta(minutes=number),
                "pre_sbp": 120 + number % 20,
                "pre_dbp": 70 + number % 10,
                "pre_heart_rate": 68 + number % 12,
                "screen": "pass",
                "items": [{"exercise": "站立", "planned": 20, "done": 20, "minutes": 20}],
                "borg": 11,
                "completion": "complete",
                "performer_id": actor.staff_id,
                "performer_name": actor.name,
                **values,
            }
        )
        for number in range(count)
    ]


def a_letter(
    resident: Resident, actor: Actor, *, urgency: str = "routine", to: str = LEAD_ID
) -> tuple[Referral, ReferralTask, ReferralEvent, ReferralService, ReferralTask]:
    """An up-referral as the use-case writes it: letter, state, move, and one priority."""
    own = actor.organisation_id
    letter = Referral(
        id=new_id(),
        referral_no=f"BT-{new_id()[-6:]}",
        direction="up",
        resident_id=resident.id,
        from_organisation_id=own,
        to_organisation_id=to,
        from_doctor_id=actor.staff_id,
        from_doctor_name=actor.name,
        written_on=date(2026, 3, 2),
        urgency=urgency,
        reason_codes=[],
        impression="急性脑血管病？",
    )
    common = {"referral_id": letter.id, "resident_id": resident.id, "urgency": urgency}
    parties = {"requester_organisation_id": own, "owner_organisation_id": to}
    task_id, event_id = new_id(), new_id()
    event = ReferralEvent(
        id=event_id,
        task_id=task_id,
        service="letter",
        move="send",
        from_state="draft",
        to_state="sent",
        occurred_at=STARTED,
        actor_name=actor.name,
        **common,
    )
    task = ReferralTask(
        id=task_id,
        service="letter",
        request_id=letter.id,
        state="sent",
        sent_at=STARTED,
        event_ids=[event_id],
        **common,
        **parties,
    )
    service = ReferralService(
        id=new_id(),
        service="clinic",
        request="神经内科",
        letter_author_organisation_id=own,
        **common,
    )
    child = ReferralTask(
        id=new_id(),
        service="clinic",
        request_id=service.id,
        part_of_id=task_id,
        state="requested",
        event_ids=[],
        **common,
        **parties,
    )
    return letter, task, event, service, child


def ids(rows: Sequence[Any]) -> list[str]:
    return [row.id for row in rows]


def queue_many(store: Store, actor: Actor, plan: RehabPlan, count: int) -> list[str]:
    """So many check-ins of a saved plan, written and queued in bulk; their ids."""
    first = check_ins(plan, actor, 1)[0]
    save(store, actor, first)
    with store.apply_remote() as session:
        pattern = fetch(session, "check_in", [first.id])[first.id]
        made = [new_id() for _ in range(count - 1)]
        put(session, "check_in", [{**pattern, "id": id_, "change_id": id_} for id_ in made])
        queue.enqueue(session, "check_in", made, store.clock.now())
    return [first.id, *made]
