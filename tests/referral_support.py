"""Referrals for tests: a resident, a letter, and rows carried from one house to another."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.care.referral_letter import LetterInput, ServiceWish
from app.care.referral_red_flags import Vitals
from app.models import records
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Condition, Resident
from app.models.store import Store

SHARED_KINDS = (
    "resident", "referral", "referral_service", "referral_task", "referral_event",
    "referral_reply", "return_plan", "referral_visit", "shared_note",
)  # fmt: skip


def add_resident(store: Store, actor: Actor, name: str = "徐桂兰", **values: object) -> str:
    """A resident with an allergy and two conditions; returns the id."""
    fields: dict[str, object] = {
        "name": name,
        "sex": "2",
        "birth_date": date(1948, 6, 15),
        "id_no": "341524194806150028",
        "record_no": "34152410200100017",
        "phone": "13812345678",
        "township": "白塔畈镇",
        "village": "项冲村",
        "address": "白塔畈镇项冲村新塘组 12 号",
        "drug_allergy": [{"code": "2", "text": ""}],
        "past_disease": [{"code": "2", "confirmed": "2016-04", "text": ""}],
        "is_sample": True,
    }
    fields.update(values)
    with store.write(actor) as session:
        resident = Resident(**fields)
        session.add(resident)
        session.flush()
        for display, disease, code in (
            ("高血压 3 级 很高危", "hypertension", "I10.x00x032"),
            ("2 型糖尿病", "type2_diabetes", "E11.900"),
        ):
            session.add(
                Condition(
                    resident_id=resident.id, display=display, disease=disease, code=code,
                    managed=True, is_sample=True,
                )
            )  # fmt: skip
        session.query(Outbox).delete()
        return str(resident.id)


def letter_for(resident_id: str, **values: object) -> LetterInput:
    """A whole routine letter asking for all three priorities."""
    fields: dict[str, object] = {
        "urgency": "routine",
        "reason_codes": ("chronic_uncontrolled_twice",),
        "impression": "高血压 3 级，2 型糖尿病",
        "present_history": "头晕 1 周，连续两次随访血压控制不满意。",
        "past_history": "高血压 10 年，2 型糖尿病 8 年。",
        "treatment_given": "氨氯地平加量至 10 mg，每日一次，两周未达标。",
        "vitals": Vitals(sbp=172, dbp=98, heart_rate=82, glucose=8.6),
        "current_drugs": ("苯磺酸氨氯地平 10 mg 每日一次", "二甲双胍 0.5 g 每日两次"),
        "allergies": "青霉素",
        "mobility": "walk",
        "transport": "self",
        "consent": "given",
        "services": (
            ServiceWish("clinic", "心血管内科专家门诊"),
            ServiceWish("examination", "24 小时动态血压、心脏彩超"),
            ServiceWish("bed"),
        ),
    }
    fields.update(values)
    return LetterInput(resident_id=resident_id, **fields)  # type: ignore[arg-type]


def carry(source: Store, target: Store) -> None:
    """Bring every referral row of one house to the other, as a pull does."""
    for kind in SHARED_KINDS:
        table = records.KINDS[kind].table
        with source.read() as session:
            rows = records.fetch(session, kind, session.scalars(select(table.c.id)).all())
        with target.apply_remote() as session:
            records.put(session, kind, rows.values())
