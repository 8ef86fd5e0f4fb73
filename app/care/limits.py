"""Input limits of measurements: what a form refuses, and what it asks a person to confirm.

Source: domain reference §0 "Input limits" (local convention, default). *Hard* limits stop
the save; outside the *soft* limits the person is asked once whether the value is right.
Limits are about typing errors, never about health: an urgent value is judged by the rules
of the disease. Both ends of a range belong to the range.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum
from types import MappingProxyType

from app.i18n import N_, tr


@dataclass(frozen=True, slots=True)
class Range:
    """What is accepted (hard) and what is accepted without a question (soft, None: no limit)."""

    hard_low: float
    hard_high: float
    soft_low: float | None = None
    soft_high: float | None = None

    def problem(self) -> str | None:
        """Why these four numbers are no range; None when they are one."""
        numbers = (self.hard_low, self.hard_high, self.soft_low, self.soft_high)
        for number, needed in zip(numbers, (True, True, False, False), strict=True):
            wrong_kind = isinstance(number, bool) or not isinstance(number, int | float)
            if wrong_kind and (needed or number is not None):
                return tr("The two outer limits are required.")
        low = self.hard_low if self.soft_low is None else self.soft_low
        high = self.hard_high if self.soft_high is None else self.soft_high
        if not 0 <= self.hard_low <= low < high <= self.hard_high <= 10_000:
            return tr("The limits must rise from the left to the right.")
        return None

    def text(self, decimals: int) -> str:
        """``50–300 (80–200)``: hard limits, soft ones in brackets."""
        words = f"{shown(self.hard_low, decimals)}–{shown(self.hard_high, decimals)}"
        if self.soft_low is None and self.soft_high is None:
            return words
        low, high = (
            "" if soft is None else shown(soft, decimals)
            for soft in (self.soft_low, self.soft_high)
        )
        return f"{words} ({low}–{high})"


@dataclass(frozen=True, slots=True)
class Limit:
    """The accepted range of one kind of measurement, in ``unit``, with ``decimals`` places."""

    name: str
    unit: str
    hard_low: float
    hard_high: float
    soft_low: float | None = None
    soft_high: float | None = None
    decimals: int = 0

    def label(self) -> str:
        """The measurement's name in the language of the screen."""
        return tr(self.name)

    @property
    def range(self) -> Range:
        return Range(self.hard_low, self.hard_high, self.soft_low, self.soft_high)

    def within(self, other: Range) -> Limit:
        """The same measurement with other limits."""
        return Limit(
            self.name,
            self.unit,
            other.hard_low,
            other.hard_high,
            other.soft_low,
            other.soft_high,
            self.decimals,
        )


class Verdict(Enum):
    FINE = "fine"
    CONFIRM = "confirm"
    BLOCK = "block"


@dataclass(frozen=True, slots=True)
class Check:
    """The verdict on one value and the sentence to show beside the field (empty when fine)."""

    verdict: Verdict
    message: str = ""


FINE = Check(Verdict.FINE)

LIMITS: Mapping[str, Limit] = MappingProxyType(
    {
        "sbp": Limit(N_("Systolic pressure"), "mmHg", 50, 300, 80, 200),
        "dbp": Limit(N_("Diastolic pressure"), "mmHg", 20, 200, 45, 120),
        "heart_rate": Limit(N_("Heart rate"), "/min", 20, 250, 50, 110),
        "temperature": Limit(N_("Body temperature"), "℃", 30, 43, 35, 38, 1),
        "respiration": Limit(N_("Respiration"), "/min", 4, 70),
        "spo2": Limit(N_("Oxygen saturation"), "%", 40, 100, 90, None),
        "weight": Limit(N_("Weight"), "kg", 20, 250, decimals=1),
        "height": Limit(N_("Height"), "cm", 80, 220, decimals=1),
        "waist": Limit(N_("Waist"), "cm", 40, 180, decimals=1),
        "glucose": Limit(N_("Blood glucose"), "mmol/L", 0.5, 45, 3.9, 16.7, 1),
        "hba1c": Limit(N_("HbA1c"), "%", 3, 20, decimals=1),
    }
)


def check(kind: str, value: float, limits: Mapping[str, Limit] = LIMITS) -> Check:
    """Judge ``value`` against the limits of ``kind`` (a key of ``LIMITS``, KeyError if unknown).

    ``limits``: those that the organisation has set; else the defaults.
    """
    limit = limits[kind]
    if not limit.hard_low <= value <= limit.hard_high:
        return Check(
            Verdict.BLOCK,
            tr(
                "{name} {value} {unit} cannot be right: {low} to {high} is accepted. Type it again."
            ).format(
                name=limit.label(),
                value=shown(value, limit.decimals),
                unit=limit.unit,
                low=shown(limit.hard_low, limit.decimals),
                high=shown(limit.hard_high, limit.decimals),
            ),
        )
    if round(value, limit.decimals) != value:
        return Check(
            Verdict.BLOCK,
            tr("{name}: whole numbers only. Type it again.").format(name=limit.label())
            if limit.decimals == 0
            else tr("{name}: at most one decimal. Type it again.").format(name=limit.label()),
        )
    low_side = limit.soft_low is not None and value < limit.soft_low
    high_side = limit.soft_high is not None and value > limit.soft_high
    if low_side or high_side:
        return Check(
            Verdict.CONFIRM,
            tr("{name} {value} {unit} is unusual. Is it right?").format(
                name=limit.label(), value=shown(value, limit.decimals), unit=limit.unit
            ),
        )
    return FINE


def check_pressure(sbp: float | None, dbp: float | None) -> Check:
    """The two numbers of a blood pressure belong together: both or none, systolic higher."""
    if (sbp is None) != (dbp is None):
        return Check(Verdict.BLOCK, tr("Blood pressure needs both numbers. Type the missing one."))
    if sbp is not None and dbp is not None and sbp <= dbp:
        return Check(
            Verdict.BLOCK,
            tr("Systolic {sbp} must be above diastolic {dbp}. Type them again.").format(
                sbp=shown(sbp, 0), dbp=shown(dbp, 0)
            ),
        )
    return FINE


def body_mass_index(weight_kg: float | None, height_cm: float | None) -> float | None:
    """BMI in kg/m², one decimal; None while either number is missing or not positive."""
    if not weight_kg or not height_cm or weight_kg <= 0 or height_cm <= 0:
        return None
    return round(weight_kg / (height_cm / 100) ** 2, 1)


def shown(value: float, decimals: int) -> str:
    """A measurement as it is written: ``152``, ``6.9``."""
    if decimals == 0 and value == int(value):
        return str(int(value))
    return f"{value:.{decimals}f}" if round(value, decimals) == value else f"{value:g}"
