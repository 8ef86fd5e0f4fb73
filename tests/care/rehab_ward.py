"""A sample ward for the rehab tests: residents in beds with plans under way."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

from app.care.check_in_rules import CheckInInput
from app.care.rehab_plan import PlanView, create_plan
from app.care.rehab_plan_form import PlanInput, PlanItem
from app.care.rehab_rules import Vitals
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.resident import Condition, Residence, Resident
from app.models.store import Store

SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹"
GIVEN = ("桂英", "建国", "秀兰", "德明", "玉珍", "志强", "凤英", "文华", "淑芳", "国庆")

CALM = Vitals(sbp=132, dbp=78, heart_rate=72, spo2=97, pain=1)
AFTER = Vitals(sbp=140, dbp=80, heart_rate=88, spo2=96, pain=1)

ITEMS = (
    PlanItem("sit_to_stand", "gym", 5, 3, 10, None, "11-13", "supervised"),
    PlanItem("ankle_pump", "bedside", 7, 2, 20),
    PlanItem("walking", "corridor", 5, minutes=15, equipment="助行器"),
)


def add_resident(
    store: Store,
    actor: Actor,
    number: int,
    *,
    bed: str | None = "1",
    room: str = "201",
    building: str = "康复楼",
    organisation_id: str | None = None,
) -> str:
    """One elder, in a bed unless ``bed`` is None; gives the id."""
    resident_id = new_id()
    with store.write(actor) as session:
        resident = Resident(
            id=resident_id,
            name=SURNAMES[number % len(SURNAMES)] + GIVEN[number % len(GIVEN)],
            sex="1" if number % 2 else "2",
            birth_date=date(1938 + number % 20, 1 + number % 12, 1 + number % 28),
        )
        session.add(resident)
        if bed is not None:
            session.add(
                Residence(
                    resident=resident,
                    org_id=organisation_id or actor.organisation_id,
                    building=building,
                    room=room,
                    bed=bed,
                    admit_date=store.clock.today() - timedelta(days=30),
                )
            )
    return resident_id


def plan_input(resident_id: str, store: Store, **changes: object) -> PlanInput:
    plan = PlanInput(
        resident_id=resident_id,
        diagnosis="脑梗死恢复期",
        goal_short="2 周内独立坐站转移",
        precautions="防跌倒；血压高于 180 不训练",
        prescriber_name="王建国",
        starts_on=store.clock.today() - timedelta(days=3),
        items=ITEMS,
        heart_rate_ceiling=120,
    )
    return replace(plan, **changes)


def add_plan(store: Store, actor: Actor, resident_id: str, **changes: object) -> PlanView:
    return create_plan(store, actor, plan_input(resident_id, store, **changes), activate=True)


def add_condition(store: Store, actor: Actor, resident_id: str, code: str, display: str) -> None:
    with store.write(actor) as session:
        session.add(
            Condition(
                resident_id=resident_id,
                code=code,
                display=display,
                disease="copd" if code.startswith("J44") else None,
            )
        )


def add_ward(store: Store, actor: Actor, count: int) -> list[str]:
    """``count`` residents, three to a room, each with a plan under way, in bed order."""
    ids = []
    for number in range(count):
        resident_id = add_resident(
            store, actor, number, bed=str(number % 3 + 1), room=str(201 + number // 3)
        )
        add_plan(store, actor, resident_id)
        ids.append(resident_id)
    return ids


def done(store: Store, plan: PlanView, **changes: object) -> CheckInInput:
    """A whole, calm session of the last half hour."""
    now = store.clock.now()
    row = CheckInInput(
        id=new_id(),
        resident_id=plan.resident_id,
        plan_id=plan.id,
        started_at=now - timedelta(minutes=30),
        ended_at=now,
        pre=CALM,
        post=AFTER,
        borg=12,
        completion="complete",
    )
    return replace(row, **changes)
