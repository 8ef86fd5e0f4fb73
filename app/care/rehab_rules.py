"""Rules of a rehabilitation session: when to hold, when to stop, how hard to work.

Source: domain reference §7.2 "Defaults", rule version ``LOCAL-2025`` — a local convention of
the consortium, not a national standard. **The clinical lead must approve the numbers before
use**; they are therefore a settings object (:class:`RehabThresholds`) with a version, and the
version is stored with every check-in.

Units: pressure mmHg, heart rate /min, oxygen saturation %, temperature ℃, glucose mmol/L,
pain NRS 0–10, exertion Borg 6–20 (or 0–10 where the scale says so). Everything here is pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from datetime import date, timedelta
from typing import Any, Literal

__all__ = [
    "BORG_6_20",
    "BORG_CR10",
    "DEFAULT_THRESHOLDS",
    "Band",
    "Effort",
    "Finding",
    "RehabThresholds",
    "Vitals",
    "borg_band",
    "effort",
    "hold_reasons",
    "must_pause",
    "next_session_on",
    "screening_gaps",
    "stop_reasons",
]

BORG_6_20 = "6-20"
BORG_CR10 = "0-10"

PRE_SYMPTOMS = ("chest_pain", "dyspnoea", "neuro", "hypotension", "dvt", "fracture")
"""Codes of list ``rehab_pre_symptom``: each of them alone holds the session."""

STOP_SYMPTOMS = frozenset(
    {
        "chest_pain",
        "dyspnoea",
        "dizziness",
        "pallor",
        "cold_sweat",
        "confusion",
        "fall",
        # Not in the list of §7.2, but nobody trains on through a hypoglycaemia.
        "hypoglycaemia",
    }
)
"""Codes of list ``rehab_adverse`` that end a session whatever the measurements say."""

LOW_PRESSURE_SYMPTOMS = frozenset(
    {"dizziness", "pallor", "cold_sweat", "confusion", "chest_pain", "dyspnoea", "palpitations"}
)
"""Adverse events that make a fall of the systolic pressure a reason to stop."""


@dataclass(frozen=True, slots=True)
class RehabThresholds:
    """The numbers of §7.2. The clinical lead must approve them before use.

    ``*_from`` limits hold at the number itself (≥ or ≤), ``*_above`` and ``*_below`` only
    beyond it. A county that changes a number must give the set another ``version``.
    """

    version: str = "LOCAL-2025"
    approved_by: str = ""  # the clinical lead's name; empty = defaults not yet approved
    hold_sbp_from: int = 180
    hold_dbp_from: int = 110
    hold_sbp_below: int = 90
    hold_heart_rate_below: int = 50
    hold_heart_rate_above: int = 110
    hold_spo2_below: int = 90
    hold_spo2_copd_below: int = 88
    hold_temperature_from: float = 37.5
    hold_glucose_low_from: float = 3.9
    hold_glucose_high_from: float = 16.7
    hold_glucose_on_drugs_below: float = 5.0
    hold_pain_from: int = 7
    stop_spo2_drop_from: int = 4
    stop_spo2_below: int = 88
    stop_heart_rate_rise_above: int = 30
    stop_sbp_rise_above: int = 40
    stop_sbp_from: int = 200
    stop_sbp_fall_above: int = 20
    stop_borg_above: int = 16
    stop_pain_rise_from: int = 3
    borg_frail_low: int = 11
    borg_frail_high: int = 13
    borg_cardiac_low: int = 12
    borg_cardiac_high: int = 16
    # The reference gives no 0–10 numbers; these pair the verbal anchors of the two scales
    # (11–13 light to somewhat hard = 2–4; 17 very hard = 7).
    stop_cr10_from: int = 7
    cr10_low: int = 2
    cr10_high: int = 4
    recovery_minutes: int = 10
    stops_before_pause: int = 2

    def to_dict(self) -> dict[str, Any]:
        """Plain values for the settings table."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> RehabThresholds:
        """From the settings table; numbers that a version does not know are left out."""
        known = {field.name for field in fields(cls)}
        return cls(**{name: value for name, value in values.items() if name in known})


DEFAULT_THRESHOLDS = RehabThresholds()


@dataclass(frozen=True, slots=True)
class Vitals:
    """Measurements before or after a session; None = not there."""

    sbp: int | None = None
    dbp: int | None = None
    heart_rate: int | None = None
    spo2: int | None = None
    temperature: float | None = None
    pain: int | None = None
    glucose: float | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """One reason to hold or stop: its code, what was found, the limit it met.

    ``code`` is of list ``rehab_hold_reason`` or ``rehab_stop_reason``; ``value`` is the
    measurement or the change, None for a symptom; ``sign`` relates value to limit.
    """

    code: str
    value: float | None = None
    sign: str = ""
    limit: float | None = None

    def to_dict(self) -> dict[str, Any]:
        """The form in which a check-in keeps it."""
        if self.value is None:
            return {"code": self.code}
        return {"code": self.code, "value": self.value, "sign": self.sign, "limit": self.limit}

    @classmethod
    def from_dict(cls, values: Mapping[str, Any]) -> Finding:
        return cls(
            str(values["code"]),
            values.get("value"),
            str(values.get("sign", "")),
            values.get("limit"),
        )


def _at_least(code: str, value: float | None, limit: float) -> Finding | None:
    return Finding(code, value, "≥", limit) if value is not None and value >= limit else None


def _at_most(code: str, value: float | None, limit: float) -> Finding | None:
    return Finding(code, value, "≤", limit) if value is not None and value <= limit else None


def _above(code: str, value: float | None, limit: float) -> Finding | None:
    return Finding(code, value, ">", limit) if value is not None and value > limit else None


def _below(code: str, value: float | None, limit: float) -> Finding | None:
    return Finding(code, value, "<", limit) if value is not None and value < limit else None


def hold_reasons(
    pre: Vitals,
    symptoms: Collection[str] = (),
    *,
    copd: bool = False,
    glucose_drugs: bool = False,
    thresholds: RehabThresholds = DEFAULT_THRESHOLDS,
) -> tuple[Finding, ...]:
    """Why the session must not begin, most dangerous first; empty = pass.

    ``symptoms``: codes of ``rehab_pre_symptom``. ``copd``: known COPD lowers the oxygen limit
    from 90 to 88 %. ``glucose_drugs``: on insulin or a sulfonylurea raises the lower glucose
    limit (< 5.0 beside ≤ 3.9 for anyone). Judges only what is there:
    :func:`screening_gaps` says what is missing.
    Source: §7.2 "Hold before", LOCAL-2025; the clinical lead must approve it.
    """
    t = thresholds
    spo2_limit = t.hold_spo2_copd_below if copd else t.hold_spo2_below
    glucose_low = _at_most("glucose_low", pre.glucose, t.hold_glucose_low_from)
    if glucose_low is None and glucose_drugs:
        glucose_low = _below("glucose_low", pre.glucose, t.hold_glucose_on_drugs_below)
    found = [Finding(code) for code in PRE_SYMPTOMS if code in symptoms]
    measured = (
        _at_least("sbp_high", pre.sbp, t.hold_sbp_from),
        _at_least("dbp_high", pre.dbp, t.hold_dbp_from),
        _below("sbp_low", pre.sbp, t.hold_sbp_below),
        _below("hr_low", pre.heart_rate, t.hold_heart_rate_below),
        _above("hr_high", pre.heart_rate, t.hold_heart_rate_above),
        _below("spo2_low", pre.spo2, spo2_limit),
        glucose_low,
        _at_least("glucose_high", pre.glucose, t.hold_glucose_high_from),
        _at_least("temp_high", pre.temperature, t.hold_temperature_from),
        _at_least("pain_high", pre.pain, t.hold_pain_from),
    )
    return (*found, *(finding for finding in measured if finding is not None))


def screening_gaps(
    pre: Vitals, absent: Collection[str] = (), *, glucose_drugs: bool = False
) -> tuple[str, ...]:
    """What the screen still needs before a session may begin: names of :class:`Vitals` fields.

    Pressure, heart rate and pain are required, glucose too on insulin or a sulfonylurea
    (§7.2 ✱). ``absent`` names fields marked refused or unmeasurable. Pain alone may be so
    marked (a person with dementia cannot rate it); without the others nobody can be screened.
    """
    required = ["sbp", "dbp", "heart_rate", "pain"] + (["glucose"] if glucose_drugs else [])
    return tuple(
        name
        for name in required
        if getattr(pre, name) is None and not (name == "pain" and name in absent)
    )


def stop_reasons(
    pre: Vitals,
    post: Vitals,
    adverse: Collection[str] = (),
    *,
    borg: int | None = None,
    borg_scale: str = BORG_6_20,
    heart_rate_ceiling: int | None = None,
    recovered: bool | None = None,
    thresholds: RehabThresholds = DEFAULT_THRESHOLDS,
) -> tuple[Finding, ...]:
    """Why the session must end, or should have ended; empty = none of the criteria is met.

    ``adverse``: codes of ``rehab_adverse``. ``heart_rate_ceiling``: of the plan. ``recovered``:
    False = not back near the resting values within 10 minutes. A rise or fall is judged only
    where both readings are there.
    Source: §7.2 "Stop during" and "After", LOCAL-2025; the clinical lead must approve it.
    """
    t = thresholds

    def change(before: int | None, after: int | None) -> int | None:
        return None if before is None or after is None else after - before

    sbp_change = change(pre.sbp, post.sbp)
    spo2_change = change(pre.spo2, post.spo2)
    found = [Finding(code) for code in _in_list_order(adverse) if code in STOP_SYMPTOMS]
    if sbp_change is not None and not LOW_PRESSURE_SYMPTOMS.isdisjoint(adverse):
        fall = _above("sbp_fall", -sbp_change, t.stop_sbp_fall_above)
    else:
        fall = None
    if borg_scale == BORG_CR10:
        exertion = _at_least("borg_high", borg, t.stop_cr10_from)
    else:
        exertion = _above("borg_high", borg, t.stop_borg_above)
    measured = (
        _below("spo2_low", post.spo2, t.stop_spo2_below),
        _at_least(
            "spo2_drop", None if spo2_change is None else -spo2_change, t.stop_spo2_drop_from
        ),
        _at_least("sbp_high", post.sbp, t.stop_sbp_from),
        _above("sbp_rise", sbp_change, t.stop_sbp_rise_above),
        fall,
        _above("hr_rise", change(pre.heart_rate, post.heart_rate), t.stop_heart_rate_rise_above),
        None
        if heart_rate_ceiling is None
        else _above("hr_ceiling", post.heart_rate, heart_rate_ceiling),
        exertion,
        _at_least("pain_rise", change(pre.pain, post.pain), t.stop_pain_rise_from),
        Finding("not_recovered") if recovered is False else None,
    )
    return (*found, *(finding for finding in measured if finding is not None))


def _in_list_order(adverse: Collection[str]) -> list[str]:
    order = (
        "fall",
        "chest_pain",
        "confusion",
        "dyspnoea",
        "hypoglycaemia",
        "dizziness",
        "pallor",
        "cold_sweat",
    )
    return [code for code in order if code in adverse]


@dataclass(frozen=True, slots=True)
class Band:
    """The planned exertion, both ends included."""

    low: int
    high: int

    def __str__(self) -> str:
        return f"{self.low}–{self.high}"


Effort = Literal["easy", "planned", "hard"]


def borg_band(
    program: str = "frail",
    scale: str = BORG_6_20,
    thresholds: RehabThresholds = DEFAULT_THRESHOLDS,
) -> Band:
    """The exertion to aim at: Borg 11–13 for frail elders, 12–16 in supervised cardiac rehab.

    ``program``: code of ``rehab_program``. Source: §7.2 "Intensity", LOCAL-2025.
    """
    if scale == BORG_CR10:
        return Band(thresholds.cr10_low, thresholds.cr10_high)
    if program == "cardiac":
        return Band(thresholds.borg_cardiac_low, thresholds.borg_cardiac_high)
    return Band(thresholds.borg_frail_low, thresholds.borg_frail_high)


def effort(borg: int, band: Band) -> Effort:
    """Whether a session was easier or harder than planned. Advice for the next one, no stop."""
    if borg < band.low:
        return "easy"
    return "hard" if borg > band.high else "planned"


def must_pause(stopped: Sequence[bool], thresholds: RehabThresholds = DEFAULT_THRESHOLDS) -> bool:
    """Whether the plan must be paused and its prescriber told.

    ``stopped``: for each session that took place, newest first, whether a stop criterion was
    met. Held and refused sessions are none and do not break a run. Two running pause the plan.
    Source: §7.2 "After", LOCAL-2025.
    """
    run = thresholds.stops_before_pause
    return run > 0 and len(stopped) >= run and all(stopped[:run])


def next_session_on(last: date, per_week: int | None) -> date:
    """The day the next session is due: 7 ÷ sessions a week, rounded down, at least one day.

    ``per_week`` 1–7 or more; None counts as daily, so that nobody is forgotten.
    """
    if per_week is None or per_week < 1:
        return last + timedelta(days=1)
    return last + timedelta(days=max(1, 7 // per_week))
