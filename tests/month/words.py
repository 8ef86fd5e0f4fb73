"""What is written in the month's letters and replies, and the answers that the plan asks for."""

from __future__ import annotations

from tests.month.plan import Planned

LETTER = {
    "impression": "高血压 3 级，2 型糖尿病",
    "present_history": "头晕一周，连续两次随访控制不满意",
    "past_history": "高血压 10 年",
    "treatment_given": "氨氯地平 10 mg 每日一次",
}
REPLY = {
    "diagnosis": "高血压 3 级 很高危",
    "exam_results": "24 小时动态血压平均 148/90 mmHg",
    "treatment_given": "加用缬沙坦 80 mg 每日一次",
    "next_plan": "两周后复查血压、血钾",
    "rehab_advice": "低盐饮食，每日步行 30 分钟",
}
RED_FLAGS = (
    "unconsciousness", "bp_headache_vomiting", "stroke_signs", "chest_back_pain",
    "dyspnoea_orthopnoea", "acute_coronary", "gi_bleeding", "hip_fracture",
    "sudden_vision_loss", "other_danger",
)  # fmt: skip
PHASES = ("acute_recovery", "post_operative_recovery", "critical_stabilised")
STEPS = ("follow_up", "exam", "rehab", "drug", "dressing", "review", "other")
MODES = ("clinic", "home", "ward", "phone", "video")
CHECKLIST = (
    "vitals_stable", "drugs_obtainable", "tubes_manageable", "family_informed", "bed_confirmed",
    "next_review_set",
)  # fmt: skip


def number(planned: Planned) -> int:
    """A running number by which choices take turns."""
    return int(planned.id[1:])


def turn(choices: tuple[str, ...], planned: Planned) -> str:
    """The choice whose turn it is."""
    return choices[number(planned) % len(choices)]


def with_words(code: str) -> str:
    """The words that "other" needs."""
    return "详见说明" if code == "other" else ""
