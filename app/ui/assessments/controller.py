"""What the pages of assessments ask of the use-cases, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.care.assessments.form import AssessmentInput
from app.care.assessments.history import (
    AssessmentsOf,
    HistoryLine,
    assessments_of,
    history_of_scale,
)
from app.care.assessments.record import (
    AssessmentSaved,
    correct_assessment,
    load_assessment,
    record_assessment,
    void_assessment,
)
from app.care.read_only import why_read_only
from app.care.referral_prefill import ReferralPrefill
from app.care.referral_up.assessment import assessment_prefill
from app.ui.context import UiContext

Failed = Callable[[Exception], None]


class AssessmentsController(QObject):
    """Runs the use-cases and tells the other rooms what changed."""

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context

    def open(
        self, resident_id: str, *, done: Callable[[AssessmentsOf], None], failed: Failed
    ) -> None:
        """The chooser of a resident."""
        c = self._context
        c.tasks.run(
            assessments_of, c.store, c.actor, resident_id, done=done, failed=failed, owner=self
        )

    def history(
        self,
        resident_id: str,
        scale: str,
        *,
        done: Callable[[tuple[HistoryLine, ...]], None],
        failed: Failed,
    ) -> None:
        """The history of one scale."""
        c = self._context
        c.tasks.run(
            history_of_scale,
            c.store,
            c.actor,
            resident_id,
            scale,
            done=done,
            failed=failed,
            owner=self,
        )

    def load(
        self,
        assessment_id: str,
        *,
        done: Callable[[tuple[AssessmentInput, AssessmentsOf, str]], None],
        failed: Failed,
    ) -> None:
        """A saved assessment, the chooser of its resident, and why it can only be read."""
        c = self._context

        def work() -> tuple[AssessmentInput, AssessmentsOf, str]:
            typed = load_assessment(c.store, c.actor, assessment_id)
            why = why_read_only(c.store, c.actor, "assessment", assessment_id)
            return typed, assessments_of(c.store, c.actor, typed.resident_id), why

        c.tasks.run(work, done=done, failed=failed, owner=self)

    def prefill(
        self, assessment_id: str, *, done: Callable[[ReferralPrefill], None], failed: Failed
    ) -> None:
        """The beginnings of a referral letter from a saved assessment."""
        c = self._context
        c.tasks.run(
            assessment_prefill, c.store, c.actor, assessment_id, done=done, failed=failed,
            owner=self,
        )  # fmt: skip

    def save(
        self,
        typed: AssessmentInput,
        correcting: str,
        reason: str,
        *,
        done: Callable[[AssessmentSaved], None],
        failed: Failed,
    ) -> None:
        """Record an assessment, or put a new version in the place of the one being corrected."""
        c = self._context

        def work() -> AssessmentSaved:
            if correcting:
                return correct_assessment(c.store, c.actor, correcting, typed, reason)
            return record_assessment(c.store, c.actor, typed)

        self._run(work, done, failed)

    def void(
        self, assessment_id: str, reason: str, *, done: Callable[[Any], None], failed: Failed
    ) -> None:
        """Take an assessment back."""
        c = self._context
        self._run(lambda: void_assessment(c.store, c.actor, assessment_id, reason), done, failed)

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None], failed: Failed) -> None:
        def finished(result: Any) -> None:
            self._context.tell_changed("assessment")
            done(result)

        self._context.tasks.run(work, done=finished, failed=failed, owner=self)
