"""Texts of the grid's cells: the plan in short, a saved row, and which cells a rule marks."""

from __future__ import annotations

from typing import Any

from app.care.rehab_words import hold_line, stop_line
from app.i18n import language, tr
from app.models import codes
from app.ui.rehab import cells
from app.ui.rehab.row import GridRow

PLAN_JOINT = " · "

_HOLD_COLUMNS = {
    "sbp_high": "pre_bp", "sbp_low": "pre_bp", "dbp_high": "pre_bp", "hr_low": "pre_hr",
    "hr_high": "pre_hr", "spo2_low": "pre_spo2", "temp_high": "pre_temperature",
    "glucose_low": "pre_glucose", "glucose_high": "pre_glucose", "pain_high": "pre_pain",
}  # fmt: skip
_STOP_COLUMNS = {
    "spo2_drop": "post_spo2", "spo2_low": "post_spo2", "hr_rise": "post_hr",
    "hr_ceiling": "post_hr", "sbp_rise": "post_bp", "sbp_high": "post_bp",
    "sbp_fall": "post_bp", "borg_high": "borg", "pain_rise": "post_pain",
}  # fmt: skip


def rule_columns(row: GridRow) -> set[str]:
    """The columns whose values made a rule speak."""
    held = {_HOLD_COLUMNS.get(f.code, "pre_symptoms") for f in row.judged.holds}
    stopped = {_STOP_COLUMNS.get(f.code, "event") for f in row.judged.stops}
    return held | stopped


def plan_short(row: GridRow) -> str:
    """The plan's exercises as short words: ``坐站 3×10 · 踝泵 2×20``."""
    return PLAN_JOINT.join(
        f"{_short(item.exercise)} {item.planned}".strip() for item in row.ward.planned_items()
    )


def plan_lines(row: GridRow) -> list[str]:
    """The plan's exercises, one a line, in full."""
    return [
        f"{codes.label('rehab_exercise', item.exercise)} {item.planned}".strip()
        for item in row.ward.planned_items()
    ]


def _short(exercise: str) -> str:
    found = codes.entry("rehab_exercise", exercise)
    if found is None:
        return exercise
    return found.extra["short_en" if language() == "en" else "short_zh"]


def saved_text(row: GridRow, column: cells.GridColumn) -> str:
    """A cell of a saved row."""
    view = row.saved
    assert view is not None
    if column.kind in ("number", "pressure"):
        values: dict[str, Any] = {"borg": view.borg}
        for name in column.fields:
            group, _, field = name.partition("_")
            if group in ("pre", "post"):
                values[name] = getattr(view.pre if group == "pre" else view.post, field)
        return cells.shown(column, values, dict(view.not_measured))
    if column.key == "completion":
        if view.outcome == "held":
            return tr("On hold")
        return cells.completion_text(view.completion, view.completion_percent)
    if column.key == "event":
        if view.outcome == "skipped":
            return codes.label("rehab_not_done_reason", view.reason_not_done)
        if view.outcome == "held":
            return hold_line(view.holds)
        words = [codes.label("rehab_adverse", code) for code in view.adverse]
        return tr(", ").join(words) or stop_line(view.stops)
    if column.key == "pre_symptoms":
        return "、".join(codes.label("rehab_pre_symptom", code) for code in view.pre_symptoms)
    if column.key == "action":
        return codes.label("rehab_action", view.action)
    return ""
