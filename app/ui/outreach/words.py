"""Words and tones that the pages of outreach share."""

from __future__ import annotations

from app.care.outreach.consultation_lists import ConsultationLine
from app.care.outreach.consultation_state import Move
from app.care.outreach.visit_lists import VisitView
from app.i18n import tr
from app.models import codes
from app.ui.theme import Tone

STATE_TONE: dict[str, Tone] = {
    Move.ASKED: "attention",
    Move.ACCEPTED: "accent",
    Move.ANSWERED: "accent",
    Move.DECLINED: "danger",
    Move.CANCELLED: "neutral",
    Move.CONCLUDED: "confirmed",
}
STATUS_TONE: dict[str, Tone] = {"planned": "accent", "done": "confirmed", "cancelled": "neutral"}
MOVE_ICON = {
    "asked": "question-answer-line",
    "accepted": "checkbox-circle-line",
    "answered": "reply-line",
    "declined": "forbid-line",
    "cancelled": "close-line",
    "concluded": "inbox-archive-line",
}


def state_word(state: str) -> str:
    """``申请``, ``受理`` …"""
    return codes.label("note_move", state)


def headline(line: ConsultationLine) -> str:
    """``远程会诊 · 心血管内科``."""
    parts = (codes.label("consultation_kind", line.kind), line.department)
    return "  ·  ".join(part for part in parts if part)


def entries(list_name: str) -> list[tuple[str, str]]:
    """A code list as fields want it."""
    return [(entry.code, entry.label) for entry in codes.entries(list_name)]


def result_words(view: VisitView) -> str:
    """How a visit went, or why it was called off; empty while neither is so."""
    if view.status == "cancelled":
        return tr("Called off: {reason}").format(reason=view.cancel_reason)
    if view.status != "done":
        return ""
    r = view.result
    said = tr(
        "Clinic {clinic}, rounds {rounds}, procedures {procedures}, staff taught {taught}"
    ).format(
        clinic=r.clinic_count or 0,
        rounds=r.ward_round_count or 0,
        procedures=r.procedure_count or 0,
        taught=r.teaching_count or 0,
    )
    return f"{said}\n{r.summary}"
