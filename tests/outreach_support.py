"""Outreach for tests: rows carried from one house to another, and questions that are whole."""

from __future__ import annotations

from datetime import date

from sqlalchemy import select

from app.care.outreach.consultations import ConsultationInput
from app.care.outreach.visits import VisitInput
from app.care.referral_red_flags import Vitals
from app.models import records
from app.models.store import Store
from tests.conftest import LEAD_ID

KINDS = ("resident", "consultation", "expert_visit", "referral_visit", "shared_note")


def carry_outreach(source: Store, target: Store) -> None:
    """Bring every row of outreach of one house to the other, as a pull does."""
    for kind in KINDS:
        table = records.KINDS[kind].table
        with source.read() as session:
            rows = records.fetch(session, kind, session.scalars(select(table.c.id)).all())
        with target.apply_remote() as session:
            records.put(session, kind, rows.values())


def question_about(resident_id: str, **values: object) -> ConsultationInput:
    """A whole routine question to the lead hospital."""
    fields: dict[str, object] = {
        "to_organisation_id": LEAD_ID,
        "kind": "remote",
        "department": "心血管内科",
        "summary": "高血压 10 年，近 1 周头晕，氨氯地平 10 mg 每日一次。",
        "question": "血压 172/98 mmHg，是否加用缬沙坦？",
        "vitals": Vitals(sbp=172, dbp=98),
        "from_doctor_phone": "13812345678",
    }
    fields.update(values)
    return ConsultationInput(resident_id, **fields)  # type: ignore[arg-type]


def visit_at(host_id: str, day: date, **values: object) -> VisitInput:
    """A whole morning of a cardiologist."""
    fields: dict[str, object] = {
        "starts_at": "08:30",
        "ends_at": "11:30",
        "expert_name": "李建华",
        "expert_title": "主任医师",
        "department": "心血管内科",
        "topics": "高血压、冠心病",
        "place": "门诊二楼 3 诊室",
        "quota": 20,
    }
    fields.update(values)
    return VisitInput(host_id, day, **fields)  # type: ignore[arg-type]
