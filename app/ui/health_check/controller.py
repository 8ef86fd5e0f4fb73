"""What the check-up room asks of the use-cases, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import QObject

from app.care.health_check.form import HealthCheckInput
from app.care.health_check.history import CheckContext, KeptCheck, open_check, open_kept_check
from app.care.health_check.record import (
    HealthCheckResult,
    record_health_check,
    revise_health_check,
    void_health_check,
)
from app.care.read_only import why_read_only
from app.care.referral_prefill import ReferralPrefill
from app.ui.context import UiContext

Failed = Callable[[Exception], None]


class CheckController(QObject):
    """Runs the use-cases and tells the other rooms what changed."""

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context

    def open(
        self, resident_id: str, *, done: Callable[[CheckContext], None], failed: Failed
    ) -> None:
        """What the page of a resident shows."""
        c = self._context
        c.tasks.run(open_check, c.store, c.actor, resident_id, done=done, failed=failed, owner=self)

    def open_kept(
        self,
        health_check_id: str,
        *,
        done: Callable[[tuple[KeptCheck, str]], None],
        failed: Failed,
    ) -> None:
        """A saved check with what the page shows beside it, and why it can only be read."""
        c = self._context

        def work() -> tuple[KeptCheck, str]:
            kept = open_kept_check(c.store, c.actor, health_check_id)
            return kept, why_read_only(c.store, c.actor, "health_check", health_check_id)

        c.tasks.run(work, done=done, failed=failed, owner=self)

    def save(
        self,
        form: HealthCheckInput,
        kept_id: str,
        reason: str,
        *,
        done: Callable[[HealthCheckResult], None],
        failed: Failed,
    ) -> None:
        """Record a check, or put a new version in the place of the kept one."""
        c = self._context

        def work() -> HealthCheckResult:
            if kept_id:
                return revise_health_check(c.store, c.actor, kept_id, form, reason)
            return record_health_check(c.store, c.actor, form)

        self._run(work, done, failed)

    def void(
        self, health_check_id: str, reason: str, *, done: Callable[[Any], None], failed: Failed
    ) -> None:
        """Take a check back."""
        c = self._context
        self._run(
            lambda: void_health_check(c.store, c.actor, health_check_id, reason), done, failed
        )

    def to_referral(self, prefill: ReferralPrefill) -> None:
        """To the letter, filled from the record."""
        self._context.navigate("referrals", resident_id=prefill.resident_id, prefill=prefill)

    def _run(self, work: Callable[[], Any], done: Callable[[Any], None], failed: Failed) -> None:
        def finished(result: Any) -> None:
            self._context.tell_changed("health_check")
            done(result)

        self._context.tasks.run(work, done=finished, failed=failed, owner=self)
