"""The chronic-care room: the list of who is due, and the follow-up form."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.follow_up import FollowUpResult
from app.care.follow_up_form import FollowUpInput
from app.care.follow_up_history import FollowUpContext
from app.care.management.outcome import ManagedDisease
from app.i18n import tr
from app.models import codes
from app.ui.chronic.controller import FollowUpController
from app.ui.chronic.due_page import DuePage
from app.ui.chronic.form_page import FollowUpPage
from app.ui.chronic.head import chosen_diseases
from app.ui.chronic.screening_page import ScreeningPage
from app.ui.context import UiContext

_IDLE_MS = 400
_KINDS = frozenset({"follow_up", "condition", "resident", "bp_screening"})


class ChronicRoom(QWidget):
    """``open()`` shows the list; ``open(resident_id=…, disease=…)`` the form of a new visit;
    ``open(follow_up_id=…)`` a saved visit, to correct it; ``open(page="screening")`` the lists of
    blood-pressure screening, with ``resident_id`` the small form of one resident."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = FollowUpController(context, self)
        # The frame refreshes a room and opens it then: the list is read once for both.
        self._fresh = False
        self._stack = QStackedLayout(self)
        self.due_page = DuePage(context)
        self._stack.addWidget(self.due_page)
        self._form_page: FollowUpPage | None = None
        self._screening_page: ScreeningPage | None = None
        self.due_page.screening_wanted.connect(self.show_screening)
        self.due_page.wanted.connect(self._open_from_list)
        self.due_page.visit_wanted.connect(lambda each: self.open(follow_up_id=each))
        context.records_changed.connect(self._on_changed)

    @property
    def form_page(self) -> FollowUpPage:
        """The form, built when it is first needed."""
        if self._form_page is None:
            page = FollowUpPage(self._context, self._controller)
            page.saved.connect(self._on_saved)
            page.left.connect(self.show_list)
            page.voided.connect(self._on_voided)
            page.outcome_decided.connect(self._on_outcome)
            self._form_page = page
            self._stack.addWidget(page)
        return self._form_page

    @property
    def screening_page(self) -> ScreeningPage:
        """The lists of screening, built when they are first needed."""
        if self._screening_page is None:
            page = ScreeningPage(self._context)
            page.left.connect(self.show_list)
            self._screening_page = page
            self._stack.addWidget(page)
        return self._screening_page

    # -- the contract of a room -----------------------------------------------------------------

    def open(
        self, resident_id: str = "", disease: str = "", follow_up_id: str = "", **where: Any
    ) -> None:
        """See the class."""
        if where.get("page") == "screening":
            self.show_screening()
            if resident_id:
                self.screening_page.measure(resident_id)
        elif follow_up_id:
            self._controller.open_visit(
                follow_up_id,
                done=lambda found: self._correct(follow_up_id, *found),
                failed=self._not_opened,
            )
        elif resident_id:
            self._controller.open(
                resident_id,
                done=lambda known: self._begin(known, disease),
                failed=self._not_opened,
            )
        elif self._stack.currentWidget() is self.due_page:
            if not self._fresh:
                self.due_page.reload()
            self._fresh = False
            self.due_page.to_list()
            # Built while the list is being read, so that the first form opens at once.
            QTimer.singleShot(_IDLE_MS, self, lambda: self.form_page)

    def refresh(self) -> None:
        """The room comes to the front."""
        if self._stack.currentWidget() is self.due_page:
            self.due_page.reload()
            self._fresh = True
        elif self._stack.currentWidget() is self._screening_page:
            self.screening_page.refresh()

    def leave(self) -> None:
        """Another room comes to the front: what was typed is kept."""
        if self._form_page is not None and self._stack.currentWidget() is self._form_page:
            self._form_page.keep_draft()

    # -- inner ----------------------------------------------------------------------------------

    def show_list(self) -> None:
        """Back to the list, fresh."""
        self._stack.setCurrentWidget(self.due_page)
        self.due_page.reload()
        self.due_page.to_list()

    def show_screening(self) -> None:
        """The lists of blood-pressure screening as they are now."""
        self._stack.setCurrentWidget(self.screening_page)
        self.screening_page.refresh()
        self.screening_page.to_list()

    def _open_from_list(self, resident_id: str, disease: str) -> None:
        self.due_page.strip.clear()
        self.open(resident_id=resident_id, disease=disease)

    def _begin(self, known: FollowUpContext, disease: str) -> None:
        page = self.form_page
        self._stack.setCurrentWidget(page)
        page.begin(known, chosen_diseases(known, disease, self._context.clock.today()))

    def _correct(
        self, follow_up_id: str, known: FollowUpContext, form: FollowUpInput, why_read: str
    ) -> None:
        page = self.form_page
        self._stack.setCurrentWidget(page)
        page.correct(known, follow_up_id, form, why_read)

    def _not_opened(self, error: Exception) -> None:
        self._stack.setCurrentWidget(self.due_page)
        self.due_page.strip.say_error(error)

    def _on_saved(self, result: FollowUpResult) -> None:
        self.show_list()
        if result.prefill is not None:
            gravest = max(
                (judgement for judgement in result.judgements if judgement.refer),
                key=lambda judgement: judgement.next_step or "",
            )
            reason = gravest.proposal.reason
            prefill = result.prefill
            self.due_page.strip.say(
                tr("Saved. {reason}").format(reason=reason),
                "danger" if result.urgent else "attention",
                action=tr("Refer now") if result.urgent else tr("Write a referral"),
                pressed=lambda: self._controller.to_referral(prefill),
            )
            return
        self.due_page.strip.clear()
        if result.next_visit is not None:
            words = tr("Saved. Next visit by {date}.").format(date=result.next_visit)
        else:
            words = tr("Saved. The next date stays as it was.")
        self._context.notify(words)

    def _on_voided(self) -> None:
        self.show_list()
        self._context.notify(tr("The visit was taken back. It is kept, marked as an error."))

    def _on_outcome(self, line: ManagedDisease) -> None:
        self.form_page.leave()
        self._context.notify(
            tr("{disease}: {outcome}.").format(
                disease=codes.label("chronic_disease", line.disease),
                outcome=codes.label("management_outcome", line.outcome),
            )
        )

    def _on_changed(self, kinds: set[str]) -> None:
        if not kinds & _KINDS:
            return
        if self.isVisible():
            if self._stack.currentWidget() is self._screening_page:
                self.screening_page.reload()
            else:
                self.refresh()
