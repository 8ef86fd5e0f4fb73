"""The ways from a referral to a consultation about it and to guidance that belongs to it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QWidget

from app.care.referral_states import Side
from app.care.referral_view import ReferralView
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.buttons import QuietButton


class OutreachWays(QWidget):
    """Two small buttons; ``view`` gives the referral that is looked at."""

    def __init__(self, context: UiContext, view: Callable[[], ReferralView | None]) -> None:
        super().__init__()
        self._context, self._view = context, view
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_TIGHT)
        self.consult_button = QuietButton(
            tr("Consultation"), self._consult, icon_name="question-answer-line"
        )
        self.guide_button = QuietButton(tr("Guidance"), self._guide, icon_name="walk-line")
        row.addWidget(self.consult_button)
        row.addWidget(self.guide_button)

    def _consult(self) -> None:
        view = self._view()
        if view is not None:
            self._context.navigate(
                "outreach",
                resident_id=view.patient.resident_id,
                referral_id=view.referral_id,
                to=view.letter.to_organisation_id if view.side is Side.SENDER else "",
            )

    def _guide(self) -> None:
        view = self._view()
        if view is not None:
            self._context.navigate(
                "outreach", page="guidance", guidance_for=view.patient.resident_id
            )
