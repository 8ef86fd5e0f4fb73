"""The room of assessments: a resident's scales, and the form of one of them."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.assessments.form import AssessmentInput
from app.care.assessments.history import AssessmentsOf
from app.care.assessments.record import AssessmentSaved
from app.care.assessments.results import level_text
from app.care.referral_prefill import ReferralPrefill
from app.i18n import tr
from app.ui.assessments.controller import AssessmentsController
from app.ui.assessments.form_page import AssessmentPage
from app.ui.assessments.overview_page import OverviewPage
from app.ui.context import UiContext
from app.ui.widgets.cards import EmptyState

_KINDS = frozenset({"assessment", "resident"})


class AssessmentsRoom(QWidget):
    """``open(resident_id=…)`` the scales of a resident, with ``scale=…`` a new assessment;
    ``open(assessment_id=…)`` a saved one, to look at or correct it."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = AssessmentsController(context, self)
        self._stack = QStackedLayout(self)
        self.overview = OverviewPage(context, self._controller)
        # Before anybody was chosen there is nothing else to show.
        self.nobody = EmptyState(
            tr("No resident is chosen."),
            tr("Find one with F3 and choose Assess: the scales and their results appear here."),
            "survey-line",
        )
        self._stack.addWidget(self.nobody)
        self._stack.addWidget(self.overview)
        self.form_page: AssessmentPage | None = None
        self._resident_id = ""
        self.overview.wanted.connect(self._new)
        self.overview.record_wanted.connect(lambda each: self.open(assessment_id=each))
        self.overview.refer_wanted.connect(self._refer)
        self.overview.left.connect(self._to_resident)
        context.records_changed.connect(self._on_changed)

    # -- the contract of a room -----------------------------------------------------------------

    def open(
        self, resident_id: str = "", scale: str = "", assessment_id: str = "", **where: Any
    ) -> None:
        """See the class."""
        self.leave()
        if assessment_id:
            self._controller.load(
                assessment_id,
                done=lambda found: self._correct(assessment_id, *found),
                failed=self._not_opened,
            )
        elif resident_id:
            self._resident_id = resident_id
            self._controller.open(
                resident_id,
                done=lambda known: self._show(known, scale),
                failed=self._not_opened,
            )
        elif not self._resident_id:
            self._context.navigate("residents")

    def refresh(self) -> None:
        """The room comes to the front."""
        if self._resident_id and self._stack.currentWidget() is self.overview:
            self._reload("")

    def leave(self) -> None:
        """Another room comes to the front: what was typed is kept."""
        if self.form_page is not None:
            self.form_page.keep_draft()

    # -- inner ----------------------------------------------------------------------------------

    def _show(self, known: AssessmentsOf, scale: str) -> None:
        self._to_overview(known, scale)
        if scale and not known.closed:
            self._new(scale)

    def _to_overview(self, known: AssessmentsOf, scale: str) -> None:
        if known.resident_id != self._resident_id:
            return
        self.overview.strip.clear()
        self.overview.show_resident(known, scale)
        self._front(None)
        self.overview.keyboard_to_table()

    def _new(self, scale: str) -> None:
        known = self.overview.known
        if known is not None:
            self._front(AssessmentPage(self._context, self._controller, known, scale))

    def _correct(
        self, assessment_id: str, typed: AssessmentInput, known: AssessmentsOf, why_read: str
    ) -> None:
        self._resident_id = known.resident_id
        self.overview.show_resident(known, typed.scale)
        page = AssessmentPage(
            self._context, self._controller, known, typed.scale, typed, assessment_id
        )
        self._front(page)
        if why_read:
            page.only_read(why_read)

    def _front(self, page: AssessmentPage | None) -> None:
        """Put a form in front, or the scales; the form before is no longer needed."""
        old, self.form_page = self.form_page, page
        if page is not None:
            page.saved.connect(lambda result, at=page: self._on_saved(at, result))
            page.voided.connect(lambda at=page: self._on_voided(at))
            page.left.connect(lambda at=page: self._reload(at.form.scale))
            self._stack.addWidget(page)
            self._stack.setCurrentWidget(page)
            page.to_first()
        else:
            self._stack.setCurrentWidget(self.overview)
        if old is not None:
            self._stack.removeWidget(old)
            old.deleteLater()

    def _reload(self, scale: str) -> None:
        self._controller.open(
            self._resident_id,
            done=lambda known: self._to_overview(known, scale),
            failed=self._not_opened,
        )

    def _to_resident(self) -> None:
        self._context.navigate("residents", resident_id=self._resident_id)

    def _not_opened(self, error: Exception) -> None:
        self._front(None)
        self.overview.strip.say_error(error)

    def _on_saved(self, page: AssessmentPage, result: AssessmentSaved) -> None:
        self._reload(page.form.scale)
        level = level_text(page.form.scale, result.outcome.level)
        said = tr("Saved: {level}.").format(level=level) if level else tr("Saved.")
        if result.reassess_on is not None:
            said += " " + tr("Again by {date}.").format(date=result.reassess_on)
        self._context.notify(said)

    def _refer(self, assessment_id: str) -> None:
        self._controller.prefill(
            assessment_id, done=self._to_letter, failed=self.overview.strip.say_error
        )

    def _to_letter(self, prefill: ReferralPrefill) -> None:
        self._context.navigate("referrals", resident_id=prefill.resident_id, prefill=prefill)

    def _on_voided(self, page: AssessmentPage) -> None:
        self._reload(page.form.scale)
        self._context.notify(tr("The assessment was taken back. It is kept, marked as an error."))

    def _on_changed(self, kinds: set[str]) -> None:
        if (
            kinds & _KINDS
            and self.isVisible()
            and self._resident_id
            and self._stack.currentWidget() is self.overview
        ):
            self._reload("")
