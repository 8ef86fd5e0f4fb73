"""Short words of a row's state for the grid, and its long sentence for the panel below."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from app.care.rehab_words import hold_advice, hold_line, stop_advice, stop_line
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.rehab import cells
from app.ui.rehab.row import GridRow
from app.ui.widgets.delivery import delivery_mark, moment


@dataclass(frozen=True, slots=True)
class State:
    """How a row stands: icon, tone, a short word for the cell, a sentence for the panel."""

    icon: str
    tone: theme.Tone
    word: str
    sentence: str = ""


def state_of(row: GridRow, today: date) -> State:
    """The state of a row; colour is never its only sign."""
    if row.saved is not None:
        return _saved_state(row, today)
    if row.mode == "no_plan":
        return State("file-unknow-line", "neutral", tr("No plan"), row.pause_text())
    if row.mode == "paused":
        return State("pause-circle-line", "attention", tr("Plan paused"), row.pause_text())
    if row.mode == "saving":
        return State("loader-4-line", "neutral", tr("Saving…"))
    judged = row.judged
    if judged.holds:
        text = f"{hold_line(judged.holds)} · {hold_advice(judged.holds)}"
        return State("forbid-2-line", "danger", tr("On hold"), text)
    if judged.stops:
        text = f"{stop_line(judged.stops)} · {stop_advice(judged.stops)}"
        return State("alarm-warning-line", "danger", tr("Stop training"), text)
    if not row.touched:
        return State("", "neutral", "")
    return _open_state(row)


def _open_state(row: GridRow) -> State:
    problems = row.problems()
    wrong = row.wrong() & set(problems)
    if wrong:
        text = " ".join(problems[key] for key in problems if key in wrong)
        return State("error-warning-line", "danger", tr("Wrong value"), text)
    if problems:
        return State(
            "edit-line",
            "neutral",
            tr("{count} missing").format(count=len(problems)),
            tr("Still missing: {what}").format(what=missing_words(problems)),
        )
    if row.judged.questions and not row.asked:
        return State(
            "question-line",
            "attention",
            tr("Unusual"),
            " ".join(row.judged.questions.values()),
        )
    if row.judged.state == "skipped":
        reason = codes.label("rehab_not_done_reason", row.values.get("reason_not_done"))
        return State("close-circle-line", "neutral", tr("Session not done"), reason)
    return State("check-line", "accent", tr("Ready"), effort_words(row))


def missing_words(problems: dict[str, str]) -> str:
    """The columns that are still missing, by their names."""
    names = []
    for key in problems:
        if key == "time":
            names.append(tr("time"))
        elif key == "details":
            names.append(tr("details"))
        else:
            column = cells.COLUMNS[cells.INDEX[key]]
            group = f"{tr(column.group)} " if column.group else ""
            names.append(f"{group}{tr(column.title)}")
    return tr(", ").join(names)


def effort_words(row: GridRow) -> str:
    """Advice for the next session where this one was easier or harder than planned."""
    band = row.ward.facts.band
    if row.judged.effort == "hard":
        return tr("Harder than planned (Borg {band}): do less next time.").format(band=band)
    if row.judged.effort == "easy":
        return tr("Easier than planned (Borg {band}): more is possible next time.").format(
            band=band
        )
    return ""


def _saved_state(row: GridRow, today: date) -> State:
    assert row.saved is not None
    delivery = row.saved.delivery
    mark = delivery_mark(delivery, today)
    if delivery.state == "held" and delivery.held_at is not None:
        word = tr("Held by county {time}").format(time=moment(delivery.held_at, today))
    else:
        word = {
            "waiting": tr("Saved, waiting"),
            "unknown": tr("No answer yet"),
            "rejected": tr("Sent back"),
            "conflict": tr("To decide"),
            "kept": tr("Only here"),
        }.get(delivery.state, tr("Saved"))
    parts = [mark.text]
    if row.saved.holds:
        parts.append(hold_line(row.saved.holds))
    if row.saved.stops:
        parts.append(stop_line(row.saved.stops))
    if delivery.reason:
        parts.append(delivery.reason)
    return State(mark.icon, mark.tone, word, " · ".join(parts))
