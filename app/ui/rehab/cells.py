"""The columns of the ward grid, and how what is typed in a cell is read. No widgets here.

Typing is made for one hand on the number pad: a pressure is ``13278`` or ``132/78``, a
temperature ``365``; ``/`` ``*`` ``-`` alone mean not done, refused, could not be measured. As
soon as no further digit can belong to a value the cell is *complete* and the grid moves on.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import time
from typing import Any, Literal

from app.care.parsing import half_width
from app.i18n import N_, tr
from app.models import codes

Kind = Literal["info", "number", "pressure", "choice", "choices", "percent"]
Values = dict[str, Any]


class Unreadable(ValueError):
    """The text is no value of its cell; the message says what to type."""


@dataclass(frozen=True, slots=True)
class GridColumn:
    """One column. ``fields``: the record's fields that the cell holds.

    ``quick``: the cursor comes here by itself when the cell before it is complete; the others
    are reached with Tab and the arrow keys. ``width`` None takes what is left.
    """

    key: str
    title: str
    group: str
    width: int | None
    kind: Kind
    fields: tuple[str, ...] = ()
    code_list: str = ""
    quick: bool = False
    tip: str = ""


BEFORE, AFTER = N_("Before training"), N_("After training")

COLUMNS: tuple[GridColumn, ...] = (
    GridColumn("bed", N_("Bed"), "", 54, "info"),
    GridColumn("name", N_("Name"), "", 64, "info"),
    GridColumn("plan", N_("Plan"), "", 104, "info"),
    GridColumn(
        "pre_bp",
        N_("BP"),
        BEFORE,
        66,
        "pressure",
        ("pre_sbp", "pre_dbp"),
        "",
        True,
        N_("Blood pressure mmHg: 13278 or 132/78"),
    ),
    GridColumn(
        "pre_hr",
        N_("HR"),
        BEFORE,
        44,
        "number",
        ("pre_heart_rate",),
        "",
        True,
        N_("Heart rate /min"),
    ),
    GridColumn(
        "pre_spo2",
        N_("SpO₂"),
        BEFORE,
        46,
        "number",
        ("pre_spo2",),
        "",
        True,
        N_("Oxygen saturation %"),
    ),
    GridColumn(
        "pre_pain", N_("Pain"), BEFORE, 42, "number", ("pre_pain",), "", True, N_("Pain NRS 0–10")
    ),
    GridColumn(
        "pre_glucose",
        N_("Gluc."),
        BEFORE,
        46,
        "number",
        ("pre_glucose",),
        "",
        False,
        N_("Glucose mmol/L: 7.8"),
    ),
    GridColumn(
        "pre_temperature",
        N_("T °C"),
        BEFORE,
        44,
        "number",
        ("pre_temperature",),
        "",
        False,
        N_("Temperature ℃: 365 or 36.5"),
    ),
    GridColumn(
        "pre_symptoms",
        N_("Sympt."),
        BEFORE,
        60,
        "choices",
        ("pre_symptoms",),
        "rehab_pre_symptom",
    ),
    GridColumn(
        "borg", N_("Borg"), "", 46, "number", ("borg",), "", True, N_("Exertion, Borg 6–20")
    ),
    GridColumn(
        "post_bp",
        N_("BP"),
        AFTER,
        66,
        "pressure",
        ("post_sbp", "post_dbp"),
        "",
        True,
        N_("Blood pressure mmHg: 13278 or 132/78"),
    ),
    GridColumn(
        "post_hr",
        N_("HR"),
        AFTER,
        44,
        "number",
        ("post_heart_rate",),
        "",
        True,
        N_("Heart rate /min"),
    ),
    GridColumn(
        "post_spo2",
        N_("SpO₂"),
        AFTER,
        46,
        "number",
        ("post_spo2",),
        "",
        True,
        N_("Oxygen saturation %"),
    ),
    GridColumn(
        "post_pain", N_("Pain"), AFTER, 42, "number", ("post_pain",), "", True, N_("Pain NRS 0–10")
    ),
    GridColumn(
        "completion",
        N_("How far"),
        "",
        76,
        "choice",
        ("completion", "completion_percent"),
        "rehab_completion",
        True,
    ),
    GridColumn("event", N_("Event, why"), "", 86, "choices", ("adverse",), "rehab_adverse"),
    GridColumn("action", N_("Action"), "", 70, "choice", ("action",), "rehab_action"),
    GridColumn("state", N_("State"), "", None, "info"),
)
INDEX = {column.key: at for at, column in enumerate(COLUMNS)}
FIELD_COLUMN = {name: column.key for column in COLUMNS for name in column.fields} | {
    "reason_not_done": "event",
    "adverse_text": "event",
}
"""In which column a field of the record is typed; times and items have their own places."""

FIRST, LAST = INDEX["pre_bp"], INDEX["action"]

NOT_MEASURED_KEYS = {"/": "1", "*": "2", "-": "3"}
"""Typed alone in a measurement: code of list ``not_measured``."""

CHOICE_KEYS = "1234567890-+"
"""The keys of a choice cell, in list order; all of them are on the number pad."""


def clean(text: str) -> str:
    """What was typed, in half-width, with the marks of a Chinese input method made plain."""
    plain = half_width(text).strip().replace("。", ".").replace("、", "/").replace("·", "/")
    return plain.replace("×", "*").replace("—", "-").replace("－", "-")


def read(column: GridColumn, text: str) -> tuple[Values, dict[str, str]]:
    """The values typed into a cell, and its not-measured codes by field.

    An empty text clears the fields. Raises Unreadable; ranges are judged elsewhere.
    """
    typed = clean(text)
    blank: Values = dict.fromkeys(column.fields)
    if not typed:
        return blank, {}
    if typed in NOT_MEASURED_KEYS:
        return blank, dict.fromkeys(column.fields, NOT_MEASURED_KEYS[typed])
    if column.kind == "pressure":
        return dict(zip(column.fields, read_pressure(typed), strict=True)), {}
    (field,) = column.fields
    return {field: _READERS.get(column.key, _whole)(typed)}, {}


def read_pressure(typed: str) -> tuple[int, int]:
    """``132/78``, ``132 78``, ``132.78``, ``13278``, ``9860`` → systolic, diastolic.

    Without a mark the systolic has three digits if it begins with 1, 2 or 3, else two.
    """
    if parts := re.fullmatch(r"(\d{2,3})\s*[/.\-+* ]\s*(\d{2,3})", typed, re.ASCII):
        return int(parts[1]), int(parts[2])
    if re.fullmatch(r"\d{4,6}", typed, re.ASCII):
        split = 3 if typed[0] in "123" else 2
        if 2 <= len(typed) - split <= 3:
            return int(typed[:split]), int(typed[split:])
    raise Unreadable(tr("Type a pressure like 13278 or 132/78."))


def _whole(typed: str) -> int:
    if re.fullmatch(r"\d{1,3}", typed, re.ASCII):
        return int(typed)
    raise Unreadable(tr("Type a whole number."))


def _one_decimal(typed: str) -> float:
    if re.fullmatch(r"\d{1,2}(\.\d?)?", typed, re.ASCII):
        return float(typed)
    raise Unreadable(tr("Type a number like 7.8, with at most one decimal."))


def _temperature(typed: str) -> float:
    # Nobody is 365 degrees warm: three digits are tenths.
    if re.fullmatch(r"[34]\d\d", typed, re.ASCII):
        return int(typed) / 10
    return _one_decimal(typed)


_READERS: dict[str, Callable[[str], Any]] = {
    "pre_glucose": _one_decimal,
    "pre_temperature": _temperature,
}

_COMPLETE = {
    # A pressure: two or three digits, then two, or three where the diastolic begins with 1.
    "pressure": r"(?:[123]\d\d|[4-9]\d)[/.\-+* ]?(?:[2-9]\d|1\d\d)",
    "hr": r"[3-9]\d|[12]\d\d",
    "spo2": r"[4-9]\d|100",
    "pain": r"[02-9]|10",
    "borg": r"[6-9]|1\d|20",
    "glucose": r"\d{1,2}\.\d",
    "temperature": r"[34]\d\d|[34]\d\.\d",
    "completion": r"[1-9]\d",
}


def is_complete(column: GridColumn, text: str) -> bool:
    """Whether no further key can belong to the value, so that the cursor may move on."""
    typed = clean(text)
    if typed in NOT_MEASURED_KEYS:
        return True
    if column.kind == "pressure":
        pattern = _COMPLETE["pressure"]
    else:
        pattern = _COMPLETE.get(column.key.removeprefix("pre_").removeprefix("post_"), "")
    return bool(pattern) and re.fullmatch(pattern, typed, re.ASCII) is not None


def shown(column: GridColumn, values: Values, not_measured: dict[str, str]) -> str:
    """A cell as it is shown; choices in words, a value not measured in its word."""
    if column.kind in ("number", "pressure"):
        marks = [not_measured[name] for name in column.fields if name in not_measured]
        if marks:
            return codes.label("not_measured", marks[0])
        parts = [values.get(name) for name in column.fields]
        if all(part is None for part in parts):
            return ""
        return "/".join("?" if part is None else number(part) for part in parts)
    if column.kind == "choices":
        chosen = values.get(column.fields[0]) or ()
        return "、".join(codes.label(column.code_list, code) for code in chosen)
    if column.key == "completion":
        return completion_text(values.get("completion"), values.get("completion_percent"))
    if column.kind == "choice":
        return codes.label(column.code_list, values.get(column.fields[0]))
    return ""


def completion_text(completion: str | None, percent: int | None) -> str:
    """``完成``, ``部分 60%``, ``未做``; a part whose percent is still missing says ``部分 ?%``."""
    words = codes.label("rehab_completion", completion)
    if completion != "partial":
        return words
    return f"{words} {'?' if percent is None else percent}%"


def read_time(text: str) -> time | None:
    """A time of the day as typed: ``900``, ``0900``, ``9:00``, ``9.00``, ``9点``; None when blank.

    Raises Unreadable for anything else.
    """
    typed = clean(text).replace("点", ":").replace("：", ":").rstrip(":分")
    if not typed:
        return None
    found = re.fullmatch(r"(\d{1,2})(?:[:.](\d{2}))?|(\d{1,2})(\d{2})", typed, re.ASCII)
    if found:
        hour = int(found[1] or found[3])
        minute = int(found[2] or found[4] or 0)
        if hour < 24 and minute < 60:
            return time(hour, minute)
    raise Unreadable(tr("Type a time like 0930 or 9:30."))


def number(value: float) -> str:
    return f"{value:.1f}" if isinstance(value, float) else str(value)


def choice_of_key(code_list: str, key: str) -> str | None:
    """The code that a key chooses in a choice cell."""
    at = CHOICE_KEYS.find(key) if len(key) == 1 else -1
    entries = codes.entries(code_list)
    return entries[at].code if 0 <= at < len(entries) else None


def legend(column: GridColumn, code_list: str) -> str:
    """The keys of a cell in one line: ``1 完成   2 部分   3 未做``."""
    if code_list:
        return "   ".join(
            f"{key} {entry.label}"
            for key, entry in zip(CHOICE_KEYS, codes.entries(code_list), strict=False)
        )
    if column.kind in ("number", "pressure"):
        marks = "   ".join(
            f"{key} {codes.label('not_measured', code)}" for key, code in NOT_MEASURED_KEYS.items()
        )
        return f"{tr(column.tip)}      {marks}"
    return ""
