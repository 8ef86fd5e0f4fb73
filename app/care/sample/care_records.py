"""Invented care of the sample residents: conditions, follow-ups, plans, check-ins.

Measurements here are drawn by chance; the records are marked as sample. Classes and dates
come from the real rules, so that a sample looks like work that was done.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.care import diabetes, hypertension
from app.care.age import age_on
from app.care.drugs import DrugLine
from app.care.sample.people import SampleMaker
from app.care.visit_rules import Assessment, PreviousVisit
from app.clock import format_instant

DISEASE_OF_PAST = {
    "2": ("hypertension", "I10", "原发性高血压"),
    "3": ("type2_diabetes", "E11.9", "2型糖尿病"),
    "7": (None, "I69.3", "脑梗死后遗症"),
}
DRUGS_OF_DISEASE = {
    "hypertension": DrugLine(
        name="苯磺酸氨氯地平", code="amlodipine", strength="5 mg", frequency="qd", dose=1, unit="片"
    ).as_dict(),
    "type2_diabetes": DrugLine(
        name="二甲双胍", code="metformin", strength="0.5 g", frequency="bid", dose=1, unit="片"
    ).as_dict(),
}
EXERCISES = (
    ("rom_assisted", 15), ("sit_to_stand", 10), ("walking", 15), ("standing_balance", 10),
    ("ankle_pump", 10), ("bridging", 10),
)  # fmt: skip


def conditions_of(
    maker: SampleMaker, resident: dict[str, Any], author_id: str
) -> list[dict[str, Any]]:
    """The diagnoses behind a resident's past diseases."""
    made = []
    for past in resident["past_disease"]:
        known = DISEASE_OF_PAST.get(past["code"])
        if known is None:
            continue
        disease, code, display = known
        since = maker.days_ago(380, 1400) - maker.earlier
        made.append(
            {
                **maker.stamp(maker.instant(since), resident["organisation_id"], author_id),
                "resident_id": resident["id"],
                "code": code,
                "display": display,
                "disease": disease,
                "onset": past.get("confirmed"),
                "clinical_status": "active",
                "managed": disease is not None,
                "managed_since": since.isoformat() if disease else None,
                "outcome": "1" if disease else None,
            }
        )
    return made


def follow_ups_of(
    maker: SampleMaker,
    resident: dict[str, Any],
    diseases: list[str],
    author: tuple[str, str],
) -> list[dict[str, Any]]:
    """The visits of the sample's years, oldest first, classified by the real rules.

    The next visit comes when the last one said, a few days early or late; what was high goes
    down a little after it, and up again with the years. Some people stay away, so that there is
    overdue work.
    """
    chance = maker.chance
    birth = date.fromisoformat(resident["birth_date"])
    levels = _Levels(chance.gauss(138, 11), chance.gauss(6.7, 1.0))
    weight, height = round(chance.gauss(61, 8), 1), round(chance.gauss(160, 7))
    stays_away = maker.today - timedelta(days=30) if chance.random() < 0.08 else maker.today
    previous: dict[str, PreviousVisit | None] = dict.fromkeys(diseases)
    made: list[dict[str, Any]] = []
    day = maker.days_ago(280, 365) - maker.earlier
    year_began = day
    while day < stays_away:
        if (day - year_began).days >= 365:
            year_began = day
            levels.grow_older(chance)
        values = levels.measure(chance)
        judged = _judge(diseases, day, age_on(birth, day), values, previous)
        made.append(_visit(maker, resident, day, values, (weight, height), author, judged))
        for disease, one in judged.items():
            if one.uncontrolled is not None:
                previous[disease] = PreviousVisit(day, one.uncontrolled, one.adverse_reaction)
        dates = [one.next_visit for one in judged.values() if one.next_visit is not None]
        day = min(dates) + timedelta(days=chance.randint(-6, 4))
        levels.treat(judged)
    return made


@dataclass
class _Levels:
    """What a person's pressure and sugar swing around."""

    sbp: float
    fasting: float

    def measure(self, chance: random.Random) -> tuple[int, int, float]:
        sbp = int(min(205, max(96, chance.gauss(self.sbp, 5))))
        dbp = int(min(112, max(52, sbp * 0.42 + chance.gauss(22, 4))))
        return sbp, dbp, round(min(18.0, max(4.1, chance.gauss(self.fasting, 0.3))), 1)

    def grow_older(self, chance: random.Random) -> None:
        self.sbp += max(0.0, chance.gauss(5, 4))
        self.fasting += max(0.0, chance.gauss(0.2, 0.3))

    def treat(self, judged: dict[str, Assessment]) -> None:
        for disease, one in judged.items():
            if one.uncontrolled and disease == "hypertension":
                self.sbp -= 7
            elif one.uncontrolled:
                self.fasting -= 0.6


def _judge(
    diseases: list[str],
    day: date,
    age: int,
    values: tuple[int, int, float],
    previous: dict[str, PreviousVisit | None],
) -> dict[str, Assessment]:
    sbp, dbp, fasting = values
    judged: dict[str, Assessment] = {}
    if "hypertension" in diseases:
        pressure = hypertension.HypertensionVisit(day, age, sbp, dbp)
        judged["hypertension"] = hypertension.assess(pressure, previous["hypertension"])
    if "type2_diabetes" in diseases:
        sugar = diabetes.DiabetesVisit(day, fasting=fasting, sbp=sbp, dbp=dbp)
        judged["type2_diabetes"] = diabetes.assess(sugar, previous["type2_diabetes"])
    return judged


def _visit(
    maker: SampleMaker,
    resident: dict[str, Any],
    day: date,
    values: tuple[int, int, float],
    body: tuple[float, float],
    author: tuple[str, str],
    judged: dict[str, Assessment],
) -> dict[str, Any]:
    chance = maker.chance
    sbp, dbp, fasting = values
    weight, height = body
    when = maker.instant(day)
    sugar = "type2_diabetes" in judged
    return {
        **maker.stamp(when, resident["organisation_id"], author[0]),
        "resident_id": resident["id"],
        "visit_date": day.isoformat(),
        "measured_at": format_instant(when),
        "mode": chance.choice(("1", "1", "2")),
        "sbp": sbp,
        "dbp": dbp,
        "bp_source": "1",
        "heart_rate": int(chance.gauss(75, 7)),
        "weight": weight,
        "height": float(height),
        "bmi": round(weight / (height / 100) ** 2, 1),
        "smoking": 0.0,
        "alcohol": 0.0,
        "exercise_per_week": 5.0,
        "exercise_minutes": 30.0,
        "salt": "2",
        "psych": "1",
        "compliance": "1",
        "adherence": "1" if chance.random() < 0.85 else "2",
        "adverse_reaction": "1",
        "fpg": fasting if sugar else None,
        "dorsalis_pedis": "1" if sugar else None,
        "hypoglycaemia": "1" if sugar else None,
        "drugs": [DRUGS_OF_DISEASE[disease] for disease in judged],
        "doctor_name": author[1],
        "diseases": [
            _part(maker, resident["id"], day, disease, one)
            for disease, one in sorted(judged.items())
        ],
    }


def _part(
    maker: SampleMaker, resident_id: str, day: date, disease: str, judged: Assessment
) -> dict[str, Any]:
    return {
        "id": maker.new_id(maker.instant(day)),
        "resident_id": resident_id,
        "visit_date": day.isoformat(),
        "disease": disease,
        "symptoms": ["1"],
        "control_class": judged.visit_class,
        "proposed_class": judged.visit_class,
        "uncontrolled": judged.uncontrolled,
        "problem": bool(judged.uncontrolled or judged.adverse_reaction),
        "urgent": judged.urgent,
        "urgent_reasons": [finding.text for finding in judged.urgent_findings],
        "action": judged.next_step,
        "next_visit_date": judged.next_visit.isoformat() if judged.next_visit else None,
    }


def plan_of(
    maker: SampleMaker, resident: dict[str, Any], author: tuple[str, str]
) -> dict[str, Any]:
    """An active rehabilitation plan."""
    starts = maker.days_ago(5, 20)
    chosen = maker.chance.sample(EXERCISES, 3)
    return {
        **maker.stamp(maker.instant(starts), resident["organisation_id"], author[0]),
        "resident_id": resident["id"],
        "diagnosis": "脑梗死后遗症",
        "diagnosis_code": "I69.3",
        "goal_short": "两周内扶持下步行十米",
        "goal_long": "家中独立转移",
        "precautions": "防跌倒，训练前测血压",
        "items": [
            {"exercise": code, "minutes": minutes, "per_week": 5} for code, minutes in chosen
        ],
        "prescriber_id": author[0],
        "prescriber_name": author[1],
        "starts_on": starts.isoformat(),
        "review_on": (starts + timedelta(days=28)).isoformat(),
        "status": "active",
    }


def check_in_of(
    maker: SampleMaker, plan: dict[str, Any], day: date, number: int, author: tuple[str, str]
) -> dict[str, Any]:
    """One passed and completed session."""
    chance = maker.chance
    when = maker.instant(day, chance.choice((8, 9, 10, 14, 15)))
    sbp = int(chance.gauss(134, 9))
    pulse = int(min(98, max(56, chance.gauss(76, 7))))
    return {
        **maker.stamp(when, plan["organisation_id"], author[0]),
        "plan_id": plan["id"],
        "resident_id": plan["resident_id"],
        "session_no": number,
        "started_at": format_instant(when),
        "ended_at": format_instant(when + timedelta(minutes=35)),
        "place": "gym",
        "pre_sbp": sbp,
        "pre_dbp": int(sbp * 0.58),
        "pre_heart_rate": pulse,
        "pre_spo2": chance.randint(95, 98),
        "pre_pain": chance.choice((0, 0, 1, 2)),
        "screen": "pass",
        "items": [
            {"exercise": item["exercise"], "done": True, "minutes": item["minutes"]}
            for item in plan["items"]
        ],
        "borg": chance.randint(11, 13),
        "post_sbp": sbp + chance.randint(0, 14),
        "post_dbp": int(sbp * 0.58) + chance.randint(0, 6),
        "post_heart_rate": pulse + chance.randint(4, 18),
        "post_spo2": chance.randint(94, 98),
        "post_pain": chance.choice((0, 0, 1, 2)),
        "completion": "complete",
        "completion_percent": 100,
        "performer_id": author[0],
        "performer_name": author[1],
    }
