"""The guide's pictures of the hospital's desk: the alarm, a reply, a hand-back with its plan.
``python -m tools.screenshots_returns`` takes these alone."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

from tools.demo.county import PASSWORD, County
from tools.screenshots_alone import take_alone

#: Names of the guide's pictures that ``return_pages`` takes.
CHOSEN = ("alarm", "return-reply", "return-hand-back", "return-plan", "return-page", "down-page")

_LETTERS = (
    ("emergency", "血压显著升高伴胸痛", ("chest_back_pain",)),
    ("priority", "高血压 3 级，连续两次随访控制不满意", ()),
    ("routine", "2 型糖尿病，视物模糊", ()),
)
_KINDS = ("resident", "referral", "referral_service", "referral_task", "referral_event")


def return_pages(county: County, pictures: Path) -> None:
    """Three letters of a township come to the hospital; one patient is treated and handed back."""
    from app.models import records
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    rows, ids = _letters(hands)
    hands.close()
    hands = Hands(county.lead, pictures)
    hands.sign_in("sample", PASSWORD)
    context = hands.frame.context
    with context.store.apply_remote() as session:
        for kind, values in rows.items():
            records.put(session, kind, values)
    context.tell_changed(*_KINDS)
    frame = hands.frame
    wait(frame.alarm.isVisible, "the alarm")
    hands.picture("alarm")
    room: Any = hands.room("referrals")
    context.navigate("referrals", referral_id=ids[0])
    wait(lambda: _shown(room) == (ids[0], "sent") and frame.alarm.isHidden(), "the look")
    _treat(context, ids[1])
    context.navigate("referrals", referral_id=ids[1])
    wait(lambda: _shown(room) == (ids[1], "in_care"), "the patient in care")
    room.detail._take_step("reply")
    form = room.answers.form
    form.reply_card.show_reply(_summary(context))
    form.going_on.show_reply(_summary(context))
    form.scroll_area.verticalScrollBar().setValue(0)
    hands.picture("return-reply")
    form._throw_away()
    room.detail._take_step("hand_back")
    form = room.answers.form
    summary, plan = _summary(context), _plan(context)
    form.reply_card.show_reply(summary)
    form.going_on.show_reply(summary)
    form.hand_over.show_summary(summary)
    first, *others = plan.steps
    form.plan_card.lines()[0].show_step(first)
    for step in others:
        form.plan_card.add_step().show_step(step)
    form.plan_card.fields["plan.warning_signs"].set_value(plan.warning_signs)
    form.rehab_card.show_rehab(plan.rehab)
    form.fields["phase"].setFocus()
    bar = form.scroll_area.verticalScrollBar()
    wait(lambda: bar.maximum() > 0, "the whole form")
    bar.setValue(0)
    hands.picture("return-hand-back")
    bar.setValue(form.plan_card.y())
    hands.picture("return-plan")
    form.send_button.click()
    wait(lambda: _shown(room) == (ids[1], "handed_back"), "the patient handed back")
    hands.picture("return-page")
    with context.store.read() as session:
        patient = records.fetch(session, "referral", [ids[2]])[ids[2]]["resident_id"]
    room.refer_down(patient)
    hands.picture("down-page")
    room.answers.form._throw_away()
    hands.close()


def _letters(hands: Any) -> tuple[dict[str, list[Any]], list[str]]:
    """Three letters of the township, and their rows as a pull brings them."""
    from sqlalchemy import select

    from app.care.referral import send
    from app.care.referral_letter import LetterInput, ServiceWish
    from app.care.referral_red_flags import Vitals
    from app.models import records
    from app.models.resident import Resident

    store, actor = hands.frame.context.store, hands.frame.context.actor
    with store.read() as session:
        people = session.scalars(
            select(Resident.id)
            .where(Resident.record_status == "active", Resident.sex == "2")
            .order_by(Resident.birth_date)
            .limit(len(_LETTERS))
        ).all()
    ids = []
    for resident_id, (urgency, impression, flags) in zip(people, _LETTERS, strict=True):
        letter = LetterInput(
            resident_id,
            urgency=urgency,
            reason_codes=("chronic_uncontrolled_twice",),
            red_flags=flags,
            impression=impression,
            present_history="头晕 1 周，加重 1 天。",
            past_history="高血压 10 年。",
            treatment_given="氨氯地平 10 mg 每日一次，两周未达标。",
            vitals=Vitals(sbp=184, dbp=112, heart_rate=92),
            consent="given",
            services=(ServiceWish("clinic", "心血管内科"), ServiceWish("bed")),
        )
        ids.append(send(store, actor, letter).referral_id)
    rows: dict[str, list[Any]] = {}
    with store.read() as session:
        for kind in _KINDS:
            table = records.KINDS[kind].table
            column = table.c.id if kind in ("resident", "referral") else table.c.referral_id
            wanted = people if kind == "resident" else ids
            found = session.scalars(select(table.c.id).where(column.in_(wanted))).all()
            rows[kind] = list(records.fetch(session, kind, found).values())
    return rows, ids


def _treat(context: Any, referral_id: str) -> None:
    from app.care.referral_desk import Booking, accept
    from app.care.referral_return.inputs import Admission
    from app.care.referral_return.stay import admit

    store, actor = context.store, context.actor
    accept(
        store, actor, referral_id, Booking("心血管内科", "李主任", scheduled_at=store.clock.now())
    )
    stay = Admission(department="心血管内科", ward="五病区", bed="12 床", inpatient_no="ZY0017")
    admit(store, actor, referral_id, stay)
    context.tell_changed("referral_task")


def _shown(room: Any) -> tuple[str, str]:
    view = room.controller.view
    return ("", "") if view is None else (view.referral_id, str(view.state))


def _summary(context: Any) -> Any:
    from app.care.referral_return.inputs import DischargeInput
    from app.models import codes

    today = context.store.clock.today()
    return DischargeInput(
        visit_kind="inpatient",
        department="心血管内科",
        inpatient_no="ZY0017",
        admitted_on=today,
        discharged_on=today,
        diagnosis="高血压 3 级 很高危",
        exam_results="头颅 CT 未见出血；24 小时动态血压平均 148/90 mmHg。",
        treatment_given="静脉降压后改口服，加用缬沙坦 80 mg 每日一次。",
        next_plan="氨氯地平 5 mg、缬沙坦 80 mg 每日一次，两周后复查血压、血钾。",
        rehab_advice="低盐饮食，每日步行 30 分钟，每周测血压三次。",
        drugs=("苯磺酸氨氯地平 5 mg 每日一次", "缬沙坦 80 mg 每日一次"),
        phase="acute_recovery",
        reason_codes=("acute_treatment_completed", "chronic_management"),
        checklist={entry.code: True for entry in codes.entries("referral_checklist")},
    )


def _plan(context: Any) -> Any:
    from app.care.referral_return.inputs import PlanInput, PlanStep, RehabPart
    from app.care.rehab_plan_form import PlanItem

    today = context.store.clock.today()
    steps = (
        PlanStep("follow_up", today + timedelta(days=7), "测血压、核对用药", "家庭医生"),
        PlanStep("exam", today + timedelta(days=14), "血钾、肌酐", "乡镇检验室"),
        PlanStep("rehab", today + timedelta(days=3), "步行训练"),
        PlanStep("review", today + timedelta(days=28), "心血管内科门诊复诊"),
    )
    rehab = RehabPart(
        "独立步行 200 米",
        "血压高于 180/110 mmHg 时停止训练",
        items=(PlanItem("walking", per_week=5, minutes=20),),
    )
    first = replace(steps[0], disease="hypertension")
    return PlanInput(
        today, (first, *steps[1:]), rehab, warning_signs="剧烈头痛、胸痛、肢体无力时立即拨打 120"
    )


if __name__ == "__main__":
    raise SystemExit(take_alone("returns", return_pages, CHOSEN))
