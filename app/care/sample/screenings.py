"""Invented screenings of blood pressure: once a year, of those not known to have hypertension."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Any

from app.care.age import age_on
from app.care.hypertension import DISEASE
from app.care.sample.people import SampleMaker
from app.care.screening.record import FORM_VERSION
from app.care.screening.rule import (
    ASKED_RISKS,
    FIRST_AGE,
    RULE_VERSION,
    Measurement,
    assess_screening,
    bmi_of,
    risks_of,
)

Row = dict[str, Any]
# The share that is measured in a year.
_MEASURED = 0.55
_REPEAT_DAYS = 28


class ScreeningSample:
    """Makes the screenings of many residents; ``maker`` is its own source of chance."""

    def __init__(self, maker: SampleMaker, nurse: tuple[str, str]) -> None:
        self._maker, self._nurse = maker, nurse

    def screenings_of(self, resident: Row, diseases: Iterable[str]) -> list[Row]:
        """One in most of the years, oldest first, judged by the real rule."""
        maker, chance = self._maker, self._maker.chance
        if DISEASE in set(diseases):
            return []
        level = chance.gauss(126, 7)
        height = round(chance.gauss(165 if resident["sex"] == "1" else 155, 5), 1)
        asked = [code for code in ASKED_RISKS if chance.random() < 0.15]
        born = date.fromisoformat(resident["birth_date"])
        earlier: list[Measurement] = []
        made: list[Row] = []
        for ago in range(maker.earlier.days // 365, -1, -1):
            day = maker.today - timedelta(days=365 * ago + chance.randint(1, 350))
            if age_on(born, day) < FIRST_AGE or chance.random() >= _MEASURED:
                continue
            made.append(self._screening(resident, day, level, height, asked, earlier))
        return made

    def _screening(
        self,
        resident: Row,
        day: date,
        level: float,
        height: float,
        asked: list[str],
        earlier: list[Measurement],
    ) -> Row:
        maker, chance = self._maker, self._maker.chance
        sbp = int(min(178, max(96, chance.gauss(level, 6))))
        dbp = int(min(108, max(52, sbp * 0.42 + chance.gauss(22, 4))))
        weight = round((height / 100) ** 2 * chance.gauss(23.5, 2.6), 1)
        risks = risks_of(
            sex=resident["sex"],
            age=age_on(date.fromisoformat(resident["birth_date"]), day),
            sbp=sbp,
            dbp=dbp,
            bmi=bmi_of(weight, height),
            waist=None,
            asked=asked,
        )
        judged = assess_screening(
            day=day, sbp=sbp, dbp=dbp, risks=risks, earlier=earlier, repeat_days=_REPEAT_DAYS
        )
        earlier.append(Measurement(day, sbp, dbp))
        return {
            **maker.stamp(maker.instant(day), resident["organisation_id"], self._nurse[0]),
            "resident_id": resident["id"],
            "measured_on": day.isoformat(),
            "bp_source": "1",
            "sbp": sbp,
            "dbp": dbp,
            "height": height,
            "weight": weight,
            "bmi": bmi_of(weight, height),
            "risk_answers": asked,
            "risk_factors": list(judged.risks),
            "result": judged.result.value,
            "raised_days": judged.raised_days,
            "next_on": judged.next_on.isoformat(),
            "performer_name": self._nurse[1],
            "status": "final",
            "form_version": FORM_VERSION,
            "rule_version": RULE_VERSION,
        }
