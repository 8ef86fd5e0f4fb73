"""Invented elder health of the sample residents: yearly checks, scales, consents.

Answers are drawn by chance; what follows from them — marked values, totals, levels, the next
assessment — comes from the rules of the forms themselves.
"""

from __future__ import annotations

import random
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from app.care.age import SENIOR_AGE, age_on
from app.care.assessments.conventions import next_assessment
from app.care.assessments.outcome import RULE_VERSIONS, Outcome, outcome
from app.care.assessments.questionnaire import Question, questionnaire
from app.care.health_check.definition import definition, versions
from app.care.health_check.findings import findings_of, proposed_lines
from app.care.health_check.form import ABNORMAL, CHECK_AGAIN, NORMAL, RULE_VERSION, Person, derived
from app.care.health_check.rows import column_keys
from app.care.sample.people import SampleMaker

Row = dict[str, Any]
# So many different ones are worked out of each scale; the residents share them.
_VARIANTS = 24
_CHECKED, _WITH_TCM, _SELF_CARE = 0.68, 0.72, 0.6


@dataclass(frozen=True, slots=True)
class _Answered:
    """A filled-in questionnaire and what its rule says."""

    answers: Mapping[str, Any]
    outcome: Outcome


class ElderSample:
    """Makes the elder health of many residents; ``maker`` is its own source of chance."""

    def __init__(self, maker: SampleMaker, doctor: tuple[str, str], nurse: tuple[str, str]) -> None:
        self._maker, self._doctor, self._nurse = maker, doctor, nurse
        self._form = definition(versions()[-1])
        self._pools = {
            scale: tuple(_answered(maker.chance, scale) for _ in range(_VARIANTS))
            for scale in ("self_care", "ability_2022", "tcm33")
        }

    def years(self) -> Iterator[date]:
        """The last day of each of the sample's years, the oldest first."""
        number = self._maker.earlier.days // 365
        for ago in range(number, -1, -1):
            yield self._maker.today - timedelta(days=365 * ago)

    def checks_of(self, resident: Row, diseases: Iterable[str]) -> list[Row]:
        """The annual checks of a resident of 65 and over; some years without one.

        The newest of some residents waits for the doctor's conclusion.
        """
        return [
            self._check(resident, frozenset(diseases), day)
            for day in self._days(resident, _CHECKED)
        ]

    def assessments_of(self, resident: Row) -> list[Row]:
        """Constitution and self-care once a year, and the ability of whoever lives in a ward."""
        made = [self._assessment(resident, "tcm33", day) for day in self._days(resident, _WITH_TCM)]
        made += [
            self._assessment(resident, "self_care", day) for day in self._days(resident, _SELF_CARE)
        ]
        if resident["residences"] and self._maker.chance.random() < 0.8:
            day = self._maker.days_ago(1, 9)
            made.append(self._assessment(resident, "ability_2022", day))
        return made

    def consents_of(self, resident: Row) -> list[Row]:
        """The record is kept with consent; of the sharing for referrals some say no."""
        maker = self._maker
        day = maker.days_ago(30, 390)
        said = [("record", "given")]
        if maker.chance.random() < 0.7:
            said.append(("sharing", "given" if maker.chance.random() < 0.93 else "refused"))
        return [
            {
                **maker.stamp(maker.instant(day), resident["organisation_id"], self._nurse[0]),
                "resident_id": resident["id"],
                "type": kind,
                "decision": decision,
                "signed_on": day.isoformat(),
                "signer": resident["name"],
                "evidence": "paper",
                "status": "final",
            }
            for kind, decision in said
        ]

    def _days(self, resident: Row, share: float) -> list[date]:
        chance, born = self._maker.chance, date.fromisoformat(resident["birth_date"])
        return [
            day
            for end in self.years()
            if chance.random() < share
            and age_on(born, day := end - timedelta(days=chance.randint(1, 350))) >= SENIOR_AGE
        ]

    def _check(self, resident: Row, diseases: frozenset[str], day: date) -> Row:
        maker, sex = self._maker, resident["sex"]
        answers = _examined(maker.chance, sex, "type2_diabetes" in diseases)
        person = Person(
            birth_date=date.fromisoformat(resident["birth_date"]), sex=sex, diseases=diseases
        )
        found = findings_of(self._form, answers, person)
        lines = proposed_lines(self._form, found)
        concluded = (maker.today - day).days > 20 or maker.chance.random() < 0.5
        if concluded:
            answers["conclusion"] = ABNORMAL if lines else NORMAL
            if lines:
                answers |= {"abnormal": list(lines), "guidance": [CHECK_AGAIN]}
        kept = {**answers, **derived(answers)}
        columns = {key: kept.pop(key, None) for key in column_keys()}
        return {
            **maker.stamp(maker.instant(day), resident["organisation_id"], self._doctor[0]),
            "resident_id": resident["id"],
            "check_date": day.isoformat(),
            "doctor_name": self._doctor[1],
            **columns,
            "guidance": columns["guidance"] or [],
            "answers": kept,
            "not_measured": {},
            "assessments": {},
            "findings": [each.as_dict() for each in found],
            "concluded_by": self._doctor[1] if concluded else None,
            "status": "final",
            "form_version": self._form.version,
            "rule_version": RULE_VERSION,
        }

    def _assessment(self, resident: Row, scale: str, day: date) -> Row:
        maker, form = self._maker, questionnaire(scale)
        one = maker.chance.choice(self._pools[scale])
        found = one.outcome
        again = next_assessment(scale, day, found)
        details = {"subtotals": dict(found.subtotals), "results": dict(found.results)}
        return {
            **maker.stamp(maker.instant(day), resident["organisation_id"], self._nurse[0]),
            "resident_id": resident["id"],
            "scale": scale,
            "assessed_on": day.isoformat(),
            "answers": dict(one.answers),
            "total": found.total,
            "level": found.level,
            "preliminary_level": found.preliminary,
            "details": {name: value for name, value in details.items() if value},
            "performer_id": self._nurse[0],
            "performer_name": self._nurse[1],
            "second_assessor": self._doctor[1] if scale == "ability_2022" else None,
            "confirmed": True,
            "reassess_on": again.isoformat() if again else None,
            "status": "final",
            "form_version": form.version,
            "rule_version": RULE_VERSIONS[scale],
        }


def _answered(chance: random.Random, scale: str) -> _Answered:
    """Answers of somebody rather well, about whom the rule has no doubt."""
    form = questionnaire(scale)
    while True:
        lean = chance.choice((0.5, 1.0, 2.0))
        answers = {
            each.link_id: _drawn(chance, each, lean, scale)
            for each in form.questions
            if each.required
        }
        found = outcome(form, answers)
        if found.complete and not found.ask:
            return _Answered(answers, found)


def _drawn(chance: random.Random, each: Question, lean: float, scale: str) -> Any:
    if not each.scored:
        return each.options[0].code
    # The best answer first: a high weight where the scale counts what somebody can do.
    best = sorted(each.options, key=lambda one: one.weight or 0, reverse=scale == "ability_2022")
    if scale == "tcm33" and each.link_id == "q1":
        best.reverse()
    return best[min(int(chance.expovariate(1 / lean)), len(best) - 1)].code


def _examined(chance: random.Random, sex: str, sweet: bool) -> Row:
    """What was measured, asked and tested on a check."""
    height = round(chance.gauss(165 if sex == "1" else 155, 5), 1)
    sbp = round(chance.gauss(136, 12))
    dbp = round(sbp * 0.42 + chance.gauss(22, 4))
    pulse = round(chance.gauss(74, 7))
    normal = dict.fromkeys(
        (
            "lips", "pharynx", "hearing", "motor", "skin", "sclera", "lymph", "barrel_chest",
            "breath_sounds", "rales", "rhythm", "murmur", "tenderness", "mass", "liver_enlarged",
            "spleen_enlarged", "shifting_dullness", "oedema", "urine_protein", "urine_glucose",
            "urine_ketone", "urine_blood", "nerve_problem", "other_problem", "cognition", "emotion",
            "hazards",
        ),
        "1",
    )  # fmt: skip
    several = ("brain_problem", "kidney_problem", "heart_problem", "vessel_problem", "eye_problem")
    return {
        "symptoms": ["1"],
        "temperature": round(chance.gauss(36.5, 0.2), 1),
        "pulse": pulse,
        "respiration": round(chance.gauss(18, 1)),
        "sbp_left": sbp,
        "dbp_left": dbp,
        "sbp_right": sbp + chance.randint(-4, 4),
        "dbp_right": dbp + chance.randint(-3, 3),
        "height": height,
        "weight": round((height / 100) ** 2 * chance.gauss(23.5, 2.6), 1),
        "waist": round(chance.gauss(84, 7), 1),
        "self_rating": chance.choice("1122234"),
        "exercise": chance.choice("1123"),
        "diet": ["1"],
        "smoking": chance.choice("1113") if sex == "1" else "1",
        "drinking": chance.choice("1122") if sex == "1" else "1",
        **normal,
        "teeth": ["1"],
        "heart_rate": pulse,
        "dorsal_pulse": "2",
        **{key: ["1"] for key in several},
        "haemoglobin": round(chance.gauss(132, 10)),
        "white_cells": round(chance.gauss(6.2, 1.0), 1),
        "platelets": round(chance.gauss(205, 35)),
        "fpg": round(min(16.0, max(4.2, chance.gauss(7.4 if sweet else 5.4, 0.8))), 1),
        "hba1c": round(max(4.5, chance.gauss(7.1 if sweet else 5.6, 0.5)), 1),
        "alt": round(max(6, chance.gauss(22, 7))),
        "ast": round(max(8, chance.gauss(23, 6))),
        "bilirubin": round(max(3.0, chance.gauss(12, 3)), 1),
        "creatinine": round(max(35, chance.gauss(72, 14))),
        "urea": round(max(2.0, chance.gauss(5.6, 1.2)), 1),
        "cholesterol": round(max(2.5, chance.gauss(4.8, 0.8)), 2),
        "triglycerides": round(max(0.4, chance.gauss(1.5, 0.5)), 2),
        "ldl": round(max(0.8, chance.gauss(2.8, 0.6)), 2),
        "hdl": round(max(0.6, chance.gauss(1.3, 0.25)), 2),
        "ecg": "1",
        "chest_dr": "1",
        "ultrasound": "1",
    }
