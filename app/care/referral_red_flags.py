"""Red flags of an up-referral: when the green channel should be used.

Source: 国卫办医函〔2022〕34号 county tiered-care plans (normative), the urgent lists of the
follow-up standards (NBPHS-2017, domain reference §5.2 and §5.3), and domain knowledge (FAST,
SpO₂ < 90 %, systolic < 90 mmHg, hip fracture, gastrointestinal bleeding). Rule version
``TIERED-2022``.

A red flag only *suggests* the emergency path; the doctor decides. It is worked out at once from
numbers and ticked signs and is never allowed to hold a letter up.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, fields

from app.care import limits
from app.care.referral_states import Urgency
from app.i18n import tr

RULE_VERSION = "TIERED-2022"

SBP_HIGH = 180
DBP_HIGH = 110
SBP_LOW = 90
SPO2_LOW = 90
GLUCOSE_HIGH = 16.7
GLUCOSE_LOW = 3.9
TEMPERATURE_HIGH = 39
HEART_RATE_HIGH = 100


@dataclass(frozen=True, slots=True)
class Vitals:
    """Measurements on the letter; None means not measured.

    mmHg, /min, ℃, /min, %, mmol/L. The names are the keys of :data:`app.care.limits.LIMITS`.
    """

    sbp: int | None = None
    dbp: int | None = None
    heart_rate: int | None = None
    temperature: float | None = None
    respiration: int | None = None
    spo2: int | None = None
    glucose: float | None = None

    def to_dict(self) -> dict[str, float]:
        """Only what was measured."""
        return {
            field.name: value
            for field in fields(self)
            if (value := getattr(self, field.name)) is not None
        }

    @classmethod
    def from_dict(cls, stored: object) -> Vitals:
        """Vitals of a stored letter; keys of a newer program are left out."""
        if not isinstance(stored, dict):
            return cls()
        names = [field.name for field in fields(cls)]
        return cls(**{name: stored[name] for name in names if stored.get(name) is not None})

    def problems(self) -> dict[str, str]:
        """Values beyond the hard limits: field → sentence."""
        found = {}
        for name, value in self.to_dict().items():
            check = limits.check(name, value)
            if check.verdict is limits.Verdict.BLOCK:
                found[name] = check.message
        if "sbp" not in found and "dbp" not in found:
            pair = limits.check_pressure(self.sbp, self.dbp)
            if pair.verdict is limits.Verdict.BLOCK:
                found["sbp"] = pair.message
        return found


@dataclass(frozen=True, slots=True)
class Suggestion:
    """The urgency that the findings speak for; ``reasons`` are plain sentences for the screen and
    ``critical`` says whether ``critical_signs`` belongs among the letter's reasons."""

    urgency: Urgency
    reasons: tuple[str, ...] = ()

    @property
    def critical(self) -> bool:
        return self.urgency is Urgency.EMERGENCY


def urgent_numbers(vitals: Vitals, *, diabetic: bool = False) -> tuple[str, ...]:
    """Sentences for every measurement at an urgent limit.

    High pressure ≥ 180 or ≥ 110; systolic < 90; SpO₂ < 90 %; glucose ≥ 16.7 or ≤ 3.9 whoever is
    measured; for a person with diabetes also heart rate > 100 and temperature > 39 ℃ (§5.3).
    """
    found = []
    sbp, dbp = vitals.sbp, vitals.dbp
    if sbp is not None and sbp >= SBP_HIGH:
        found.append(tr("Systolic {value} ≥ {limit} mmHg").format(value=sbp, limit=SBP_HIGH))
    if dbp is not None and dbp >= DBP_HIGH:
        found.append(tr("Diastolic {value} ≥ {limit} mmHg").format(value=dbp, limit=DBP_HIGH))
    if sbp is not None and sbp < SBP_LOW:
        found.append(tr("Systolic {value} < {limit} mmHg").format(value=sbp, limit=SBP_LOW))
    if vitals.spo2 is not None and vitals.spo2 < SPO2_LOW:
        found.append(
            tr("Oxygen saturation {value} < {limit} %").format(value=vitals.spo2, limit=SPO2_LOW)
        )
    glucose = vitals.glucose
    if glucose is not None and glucose >= GLUCOSE_HIGH:
        found.append(
            tr("Glucose {value} ≥ {limit} mmol/L").format(value=glucose, limit=GLUCOSE_HIGH)
        )
    if glucose is not None and glucose <= GLUCOSE_LOW:
        found.append(
            tr("Glucose {value} ≤ {limit} mmol/L").format(value=glucose, limit=GLUCOSE_LOW)
        )
    if diabetic and vitals.heart_rate is not None and vitals.heart_rate > HEART_RATE_HIGH:
        found.append(
            tr("Heart rate {value} > {limit} in diabetes").format(
                value=vitals.heart_rate, limit=HEART_RATE_HIGH
            )
        )
    if diabetic and vitals.temperature is not None and vitals.temperature > TEMPERATURE_HIGH:
        found.append(
            tr("Temperature {value} > {limit} ℃ in diabetes").format(
                value=vitals.temperature, limit=TEMPERATURE_HIGH
            )
        )
    return tuple(found)


def suggest_urgency(
    vitals: Vitals, red_flags: Collection[str] = (), *, diabetic: bool = False
) -> Suggestion:
    """Emergency when a red flag is ticked or a number is at an urgent limit, routine otherwise.

    ``red_flags`` are codes of the list ``referral_red_flag``; any of them is enough by itself.
    """
    numbers = urgent_numbers(vitals, diabetic=diabetic)
    if red_flags or numbers:
        return Suggestion(Urgency.EMERGENCY, numbers)
    return Suggestion(Urgency.ROUTINE)
