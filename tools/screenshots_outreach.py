"""The guide's pictures of consultations, the calendar of expert visits and its poster.
``python -m tools.screenshots_outreach`` takes these alone."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

from tools.demo.county import LEAD, PASSWORD, TOWNSHIP, County, organisation_id
from tools.screenshots_alone import take_alone

#: Names of the guide's pictures that ``outreach_pages`` takes.
CHOSEN = ("consultation", "consultation-form", "expert-visits", "expert-poster")

_KINDS = ("resident", "consultation", "shared_note")
_EXPERTS = (
    (2, "李建华", "心血管内科", "高血压、冠心病"),
    (9, "周敏", "康复医学科", "脑卒中康复"),
    (16, "王立", "内分泌科", "糖尿病"),
)


def outreach_pages(county: County, pictures: Path) -> None:
    """A township asks; the hospital looks, plans its experts' visits and prints the poster."""
    from app.models import records
    from tools.demo.hands import Hands, wait

    hands = Hands(county.township, pictures)
    hands.sign_in("sample", PASSWORD)
    resident, rows = _question(hands)
    room = _room(hands)
    room.ask(resident)
    wait(lambda: bool(room.form.fields["summary"].value()), "the form")
    room.form.fields["urgency"].set_value("urgent")
    hands.picture("consultation-form")
    room.form._throw_away()
    hands.close()
    hands = Hands(county.lead, pictures)
    hands.sign_in("sample", PASSWORD)
    context = hands.frame.context
    with context.store.apply_remote() as session:
        for kind, values in rows.items():
            records.put(session, kind, values)
    room = _room(hands)
    room.open(page="consultations")
    wait(lambda: room.consultations.detail.view is not None, "the question")
    hands.picture("consultation")
    first = _plan(context)
    room.open(page="visits")
    room.calendar.go_to(first)
    wait(lambda: room.calendar.view is not None, "the visits of the day")
    hands.picture("expert-visits")
    room.calendar.make_poster()
    wait(lambda: room.calendar.preview is not None, "the poster")
    room.calendar.preview.grab().save(str(pictures / "expert-poster.png"))
    room.calendar.preview.reject()
    hands.close()


def _room(hands: Any) -> Any:
    """The room has no line of its own in the left column."""
    hands.frame.context.navigate("outreach")
    return hands.frame.room("outreach")


def _question(hands: Any) -> tuple[str, dict[str, list[Any]]]:
    """A question of the township, and its rows as a pull brings them."""
    from sqlalchemy import select

    from app.care.outreach.consultations import ConsultationInput, ask
    from app.care.referral_red_flags import Vitals
    from app.models import records
    from app.models.resident import Resident

    store, actor = hands.frame.context.store, hands.frame.context.actor
    with store.read() as session:
        resident: str = session.scalars(
            select(Resident.id)
            .where(Resident.record_status == "active")
            .order_by(Resident.birth_date)
            .limit(1)
        ).one()
    asked = ConsultationInput(
        resident,
        organisation_id(LEAD),
        kind="remote",
        department="心血管内科",
        summary="高血压 10 年，近 1 周头晕，氨氯地平 10 mg 每日一次，两周未达标。",
        question="血压 172/98 mmHg，是否加用缬沙坦？肾功能需先查吗？",
        vitals=Vitals(sbp=172, dbp=98, heart_rate=82),
        from_doctor_phone="13900000001",
    )
    ask(store, actor, asked)
    rows: dict[str, list[Any]] = {}
    with store.read() as session:
        for kind in _KINDS:
            table = records.KINDS[kind].table
            column = table.c.id if kind == "resident" else table.c.resident_id
            found = session.scalars(select(table.c.id).where(column == resident)).all()
            rows[kind] = list(records.fetch(session, kind, found).values())
    return resident, rows


def _plan(context: Any) -> Any:
    """Three visits of the next month; the day of the first."""
    from app.care.outreach.visits import VisitInput, plan_visit

    start = (context.store.clock.today().replace(day=1) + timedelta(days=32)).replace(day=1)
    for after, name, department, topics in _EXPERTS:
        visit = VisitInput(
            organisation_id(TOWNSHIP), start + timedelta(days=after), "8:30", "11:30", name,
            "主任医师", department, topics, "门诊二楼 3 诊室", 20,
        )  # fmt: skip
        plan_visit(context.store, context.actor, visit)
    context.tell_changed("expert_visit")
    return start + timedelta(days=_EXPERTS[0][0])


if __name__ == "__main__":
    raise SystemExit(take_alone("outreach", outreach_pages, CHOSEN))
