"""What stands above the follow-up form: who it is, what to mind, which diseases it begins with."""

from __future__ import annotations

from datetime import date
from typing import Any

from app.care.follow_up_form import DISEASES
from app.care.follow_up_history import FollowUpContext
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.mark_row import shortened
from app.ui.chronic.treatment_fields import HYPERTENSION

WORDS_IN_HEAD = 12


def about_words(known: FollowUpContext, correcting: bool) -> str:
    """``随访 · 女 · 70 岁 · 光明村 · 上次随访 2025-12-07``."""
    about = [
        tr("Correct a follow-up") if correcting else tr("Follow-up"),
        codes.label("sex", known.sex),
        tr("{age} years").format(age=known.age),
        shortened(known.village, WORDS_IN_HEAD),
    ]
    if known.last is not None:
        about.append(tr("last visit {date}").format(date=known.last.visit_date))
    return " · ".join(each for each in about if each)


def marks_of(known: FollowUpContext) -> list[tuple[str, theme.Tone]]:
    """Allergies in red, alerts, diagnoses."""
    allergic = tr("Allergic: {drugs}").format(drugs=tr(", ").join(known.allergies))
    marks: list[tuple[str, theme.Tone]] = [(allergic, "danger")] if known.allergies else []
    marks.extend((text, "attention") for text in known.alerts)
    marks.extend((text, "neutral") for text in known.conditions)
    return marks


def chosen_diseases(known: FollowUpContext, wanted: str, today: date) -> tuple[str, ...]:
    """Which diseases a new visit begins with: the one asked for and all that are due within two
    weeks; where none is due, all that are managed; else what is known."""
    soon = {disease for disease, day in known.due.items() if (day - today).days <= 14}
    chosen: list[Any] = [d for d in DISEASES if d == wanted or d in soon]
    return tuple(chosen) or known.managed or known.known or (HYPERTENSION,)
