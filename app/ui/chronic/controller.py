"""What the chronic-care room asks of the use-cases, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.care.follow_up import (
    FollowUpResult,
    correct_follow_up,
    letter_from_form,
    letter_from_visit,
    load_visit,
    record_follow_up,
    void_follow_up,
)
from app.care.follow_up_form import FollowUpInput
from app.care.follow_up_history import FollowUpContext, open_form
from app.care.read_only import why_read_only
from app.care.referral_prefill import ReferralPrefill
from app.i18n import tr
from app.ui.context import UiContext

Failed = Callable[[Exception], None]


class FollowUpController(QObject):
    """Runs the use-cases and tells the other rooms what changed."""

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context

    def open(
        self, resident_id: str, *, done: Callable[[FollowUpContext], None], failed: Failed
    ) -> None:
        """What the form of a resident shows."""
        c = self._context
        c.tasks.run(open_form, c.store, c.actor, resident_id, done=done, failed=failed, owner=self)

    def open_visit(
        self,
        follow_up_id: str,
        *,
        done: Callable[[tuple[FollowUpContext, FollowUpInput, str]], None],
        failed: Failed,
    ) -> None:
        """A saved visit, what the form shows beside it, and why it can only be read."""
        c = self._context

        def load() -> tuple[FollowUpContext, FollowUpInput, str]:
            form = load_visit(c.store, c.actor, follow_up_id)
            why = why_read_only(c.store, c.actor, "follow_up", follow_up_id)
            return open_form(c.store, c.actor, form.resident_id), form, why

        c.tasks.run(load, done=done, failed=failed, owner=self)

    def save(
        self,
        form: FollowUpInput,
        correcting: str,
        reason: str,
        *,
        done: Callable[[FollowUpResult], None],
        failed: Failed,
    ) -> None:
        """Record a visit, or put a new version in the place of the one being corrected."""
        c = self._context

        def work() -> FollowUpResult:
            if correcting:
                return correct_follow_up(c.store, c.actor, correcting, form, reason)
            return record_follow_up(c.store, c.actor, form)

        self._run(work, ("follow_up", "condition"), done, failed)

    def void(
        self, follow_up_id: str, reason: str, *, done: Callable[[Any], None], failed: Failed
    ) -> None:
        """Take a visit back."""
        c = self._context
        self._run(
            lambda: void_follow_up(c.store, c.actor, follow_up_id, reason),
            ("follow_up",),
            done,
            failed,
        )

    def letter_from_form(self, form: FollowUpInput, *, failed: Failed) -> None:
        """Open the referral from a form that is not finished; its draft is kept."""
        c = self._context

        def go(prefill: ReferralPrefill) -> None:
            c.notify(
                tr("The follow-up is not finished. Its draft is kept; finish it afterwards."),
                "attention",
            )
            self.to_referral(prefill)

        c.tasks.run(letter_from_form, c.store, c.actor, form, done=go, failed=failed, owner=self)

    def letter_from_visit(self, follow_up_id: str, *, failed: Failed) -> None:
        """Open the referral from a visit saved before."""
        c = self._context
        c.tasks.run(
            letter_from_visit,
            c.store,
            c.actor,
            follow_up_id,
            done=self.to_referral,
            failed=failed,
            owner=self,
        )

    def to_letter(self, result: FollowUpResult, *, failed: Failed) -> None:
        """Open the referral of a visit just saved, also where the doctor alone wants one."""
        if result.prefill is not None:
            self.to_referral(result.prefill)
        else:
            self.letter_from_visit(result.follow_up_id, failed=failed)

    def to_referral(self, prefill: ReferralPrefill) -> None:
        """To the letter, filled from the record."""
        self._context.navigate("referrals", resident_id=prefill.resident_id, prefill=prefill)

    def _run(
        self,
        work: Callable[[], Any],
        kinds: tuple[str, ...],
        done: Callable[[Any], None],
        failed: Failed,
    ) -> None:
        def finished(result: Any) -> None:
            self._context.tell_changed(*kinds)
            done(result)

        self._context.tasks.run(work, done=finished, failed=failed, owner=self)
