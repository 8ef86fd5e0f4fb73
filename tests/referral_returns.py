"""What a hospital gives back, for tests: a whole reply, a whole summary, a dated plan."""

from __future__ import annotations

from datetime import date

from app.care.referral_return.inputs import (
    DischargeInput,
    PlanInput,
    PlanStep,
    RehabPart,
    ReplyInput,
)
from app.care.rehab_plan_form import PlanItem

CHECKLIST = {
    "vitals_stable": True,
    "drugs_obtainable": True,
    "tubes_manageable": True,
    "family_informed": True,
    "bed_confirmed": True,
    "next_review_set": True,
}
_PARTS: dict[str, object] = {
    "visit_kind": "outpatient",
    "diagnosis": "高血压 3 级 很高危；2 型糖尿病",
    "exam_results": "24 小时动态血压平均 148/90 mmHg；心脏彩超：左室壁增厚。",
    "treatment_given": "加用缬沙坦 80 mg 每日一次。",
    "next_plan": "氨氯地平 5 mg、缬沙坦 80 mg 每日一次，两周后复查血压、血钾。",
    "rehab_advice": "低盐饮食，每日步行 30 分钟，每周测血压三次。",
    "department": "心血管内科",
    "doctor_phone": "13900000001",
    "drugs": ("苯磺酸氨氯地平 5 mg 每日一次", "缬沙坦 80 mg 每日一次"),
}


def reply_for(**values: object) -> ReplyInput:
    """A whole reply to an outpatient letter."""
    return ReplyInput(**{**_PARTS, **values})  # type: ignore[arg-type]


def summary_for(**values: object) -> DischargeInput:
    """A whole summary after a stay in hospital."""
    stay = {
        "visit_kind": "inpatient",
        "inpatient_no": "ZY20260301007",
        "admitted_on": date(2026, 3, 1),
        "discharged_on": date(2026, 3, 1),
        "phase": "acute_recovery",
        "reason_codes": ("acute_treatment_completed",),
        "checklist": dict(CHECKLIST),
    }
    return DischargeInput(**{**_PARTS, **stay, **values})  # type: ignore[arg-type]


def plan_for(start: date, **values: object) -> PlanInput:
    """Three dated steps and a rehabilitation part."""
    fields: dict[str, object] = {
        "starts_on": start,
        "steps": (
            PlanStep("review", date.fromordinal(start.toordinal() + 28), "心血管内科门诊复诊"),
            PlanStep(
                "follow_up",
                date.fromordinal(start.toordinal() + 7),
                "测血压、核对用药",
                "家庭医生",
                "hypertension",
            ),
            PlanStep("rehab", date.fromordinal(start.toordinal() + 3), "步行训练"),
        ),
        "rehab": RehabPart(
            "独立步行 200 米",
            "血压高于 180/110 mmHg 时停止训练",
            items=(PlanItem("walking", per_week=5, minutes=20),),
        ),
        "precautions": "避免空腹运动",
        "warning_signs": "剧烈头痛、肢体无力时立即拨打 120",
    }
    fields.update(values)
    return PlanInput(**fields)  # type: ignore[arg-type]
