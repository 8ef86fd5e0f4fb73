"""The strip under the form: how much is answered, what it comes to, and why, while one types."""

from __future__ import annotations

from typing import cast

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from app.care.assessments import words
from app.care.assessments.outcome import Outcome
from app.care.assessments.questionnaire import Questionnaire
from app.care.assessments.results import level_text
from app.i18n import tr
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.cards import Chip, label


class ScoreStrip(QFrame):
    """Counts and score left, the reason in words beside, the next date right."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="strip", tone="neutral")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_CARD, theme.GAP_INSIDE, theme.GAP_CARD, theme.GAP_INSIDE)
        row.setSpacing(theme.GAP_CARD)
        self.score = label("", "figure")
        self.progress = label("", "secondary")
        left = QVBoxLayout()
        left.setSpacing(0)
        left.addWidget(self.score)
        left.addWidget(self.progress)
        row.addLayout(left)
        self.chip = Chip()
        row.addWidget(self.chip, 0, Qt.AlignmentFlag.AlignVCenter)
        self.reason = label("", wrap=True)
        row.addWidget(self.reason, 1)
        self.due = label("", "strong")
        row.addWidget(self.due)

    def show_outcome(
        self, form: Questionnaire, found: Outcome, reason: str, due: str, past: str = ""
    ) -> None:
        """Say what holds now; ``past``: the newest result before, in words."""
        scored = any(each.scored for each in form.questions)
        adds_up = scored and form.scale not in ("tcm33", "ability_2013")
        total = found.total if found.total is not None else found.sum if adds_up else None
        shown = total is not None and (found.answered > 0)
        self.score.setText(
            tr("{points} points").format(points=words.points(total or 0)) if shown else "—"
        )
        self.progress.setText(
            tr("{done} of {all} answered").format(done=found.answered, all=found.required)
        )
        tone = cast(
            theme.Tone, words.tone(form.scale, found.level) if found.complete else "neutral"
        )
        text = level_text(form.scale, found.level)
        if found.complete and not text:
            text = tr("none stands out")
        self.chip.set(text or tr("not finished"), tone)
        self.reason.setText(reason if not past else f"{reason}\n{past}")
        self.due.setText(due)
        self.due.setVisible(bool(due))
        dress(self, tone=tone)
        layout = self.layout()
        if layout is not None:
            layout.activate()  # a longer word takes its room at once
        self.setAccessibleName(self.text())

    def text(self) -> str:
        """Everything that the strip says."""
        parts = (self.score.text(), self.chip.accessibleName(), self.reason.text(), self.due.text())
        return "; ".join(part for part in (self.progress.text(), *parts) if part)
