"""The words of the roster pages."""

from __future__ import annotations

from app.care.roster.preview import ASK, ERROR, KNOWN, READY
from app.care.roster.progress import CHECKING, KEEPING, READING, SAVING
from app.i18n import tr
from app.ui.theme import Tone

VERDICT_ICONS: dict[str, str] = {
    READY: "checkbox-circle-line",
    ASK: "question-line",
    KNOWN: "user-follow-line",
    ERROR: "close-circle-line",
}
VERDICT_TONES: dict[str, Tone] = {
    READY: "accent",
    ASK: "attention",
    KNOWN: "neutral",
    ERROR: "danger",
}


def verdict_words(verdict: str) -> str:
    """What becomes of a row."""
    return {
        READY: tr("Can be imported"),
        ASK: tr("Look first"),
        KNOWN: tr("Registered already"),
        ERROR: tr("Cannot be imported"),
    }[verdict]


def stage_words(stage: str, done: int, of: int) -> str:
    """How far the work is."""
    if stage == READING:
        return tr("The file is being read…")
    if stage == KEEPING:
        return tr("A backup is being made first…")
    words = {
        CHECKING: tr("The rows are being checked: {done} of {of}"),
        SAVING: tr("The records are being saved: {done} of {of}"),
    }[stage]
    return words.format(done=done, of=of)
