"""The ways from the referrals room to the pages of outreach, with what waits behind each."""

from __future__ import annotations

from PySide6.QtGui import QShowEvent
from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.outreach.waiting import WaitingHere, waiting_here
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.buttons import QuietButton

_KINDS = frozenset({"consultation", "shared_note", "expert_visit"})


class OutreachLinks(QWidget):
    """Stands at the head of the referrals' list."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_TIGHT, 0, theme.GAP_TIGHT, 0)
        row.setSpacing(0)
        self.consultations = self._way(tr("Consult"), "consultations", "question-answer-line")
        self.visits = self._way(tr("Experts"), "visits", "calendar-line")
        self.guidance = self._way(tr("Guidance"), "guidance", "walk-line")
        self.training = self._way(tr("Training"), "training", "team-line")
        for button in (self.consultations, self.visits, self.guidance, self.training):
            row.addWidget(button)
        row.addStretch(1)
        context.records_changed.connect(self._records_changed)

    def _way(self, words: str, page: str, icon_name: str) -> QuietButton:
        return QuietButton(
            words, lambda: self._context.navigate("outreach", page=page), icon_name=icon_name
        )

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        self._count()

    def _records_changed(self, kinds: set[str]) -> None:
        if kinds & _KINDS and self.isVisible():
            self._count()

    def _count(self) -> None:
        c = self._context
        c.tasks.run(waiting_here, c.store, c.actor, done=self._show, owner=self)

    def _show(self, found: WaitingHere) -> None:
        self.consultations.setText(_counted(tr("Consult"), found.consultations))
        self.visits.setText(_counted(tr("Experts"), found.visits))


def _counted(words: str, count: int) -> str:
    return f"{words} {count}" if count else words
