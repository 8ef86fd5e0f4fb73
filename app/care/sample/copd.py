"""Invented COPD: some of those without another chronic disease, seen each quarter.

Marked as sample like everything here; control and dates come from the real rule.
"""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from app.care import copd
from app.care.drugs import DrugLine
from app.care.sample.people import SampleMaker
from app.care.visit_rules import PreviousVisit
from app.clock import format_instant

Row = dict[str, Any]
# Of those of whom no other chronic disease is managed.
_SHARE = 0.12
_DRUG = DrugLine(
    name="噻托溴铵", code="tiotropium", strength="18 µg", frequency="qd", dose=1, unit="吸"
).as_dict()


class CopdSample:
    """Makes the COPD of many residents; ``maker`` is its own source of chance."""

    def __init__(self, maker: SampleMaker, doctor: tuple[str, str]) -> None:
        self._maker, self._doctor = maker, doctor

    def add_to(self, resident: Row, conditions: list[Row], visits: list[Row]) -> None:
        """Give the resident COPD, or not: a past disease, a diagnosis and its visits."""
        maker, chance = self._maker, self._maker.chance
        if any(each["disease"] for each in conditions) or chance.random() >= _SHARE:
            return
        since = maker.days_ago(380, 1400) - maker.earlier
        resident["past_disease"] = [
            *(each for each in resident["past_disease"] if each["code"] != "1"),
            {"code": "5", "confirmed": f"{since.year - chance.randint(1, 8)}-04"},
        ]
        conditions.append(
            {
                **maker.stamp(maker.instant(since), resident["organisation_id"], self._doctor[0]),
                "resident_id": resident["id"],
                "code": "J44.9",
                "display": "慢性阻塞性肺疾病",
                "disease": copd.DISEASE,
                "onset": resident["past_disease"][-1]["confirmed"],
                "clinical_status": "active",
                "managed": True,
                "managed_since": since.isoformat(),
                "outcome": "1",
            }
        )
        previous: PreviousVisit | None = None
        day = maker.days_ago(280, 365) - maker.earlier
        while day < maker.today:
            visit, judged = self._visit(resident, day, previous)
            visits.append(visit)
            if judged.uncontrolled is not None:
                previous = PreviousVisit(day, judged.uncontrolled, judged.adverse_reaction)
            day = (judged.next_visit or day + timedelta(days=90)) + timedelta(
                days=chance.randint(-6, 4)
            )

    def _visit(self, resident: Row, day: date, previous: PreviousVisit | None) -> tuple[Row, Any]:
        maker, chance = self._maker, self._maker.chance
        control = "1" if chance.random() < 0.75 else "2"
        cat = chance.randint(4, 12) if control == "1" else chance.randint(13, 26)
        mmrc = chance.randint(0, 1) if control == "1" else chance.randint(2, 3)
        spo2 = chance.randint(94, 98) if control == "1" else chance.randint(91, 95)
        judged = copd.assess(copd.CopdVisit(day, control, cat, mmrc, spo2), previous)
        when = maker.instant(day)
        sbp = int(chance.gauss(128, 8))
        weight, height = round(chance.gauss(57, 6), 1), round(chance.gauss(160, 6))
        row = {
            **maker.stamp(when, resident["organisation_id"], self._doctor[0]),
            "resident_id": resident["id"],
            "visit_date": day.isoformat(),
            "measured_at": format_instant(when),
            "mode": chance.choice(("1", "1", "2")),
            "sbp": sbp,
            "dbp": int(sbp * 0.6),
            "bp_source": "1",
            "heart_rate": int(chance.gauss(78, 7)),
            "respiration": chance.randint(16, 20),
            "spo2": spo2,
            "mmrc": str(mmrc),
            "cat": cat,
            "copd_control": control,
            "copd": {"cyanosis": "1", "oedema": "1", "comorbidities": ["1"], "vaccines": ["2"]},
            "weight": weight,
            "height": float(height),
            "bmi": round(weight / (height / 100) ** 2, 1),
            "smoking": float(chance.choice((0, 0, 5, 10))),
            "alcohol": 0.0,
            "psych": "1",
            "compliance": "1",
            "adherence": "1" if chance.random() < 0.85 else "2",
            "adverse_reaction": "1",
            "drugs": [_DRUG],
            "doctor_name": self._doctor[1],
            "form_version": copd.RULE_VERSION,
            "rule_version": copd.RULE_VERSION,
            "diseases": [
                {
                    "id": maker.new_id(when),
                    "resident_id": resident["id"],
                    "visit_date": day.isoformat(),
                    "disease": copd.DISEASE,
                    "symptoms": ["1"],
                    "control_class": judged.visit_class,
                    "proposed_class": judged.visit_class,
                    "uncontrolled": judged.uncontrolled,
                    "problem": bool(judged.uncontrolled or judged.adverse_reaction),
                    "urgent": judged.urgent,
                    "urgent_reasons": [finding.text for finding in judged.urgent_findings],
                    "action": judged.next_step,
                    "next_visit_date": (
                        judged.next_visit.isoformat() if judged.next_visit else None
                    ),
                }
            ],
        }
        return row, judged
