"""Referrals whose time is over are closed behind the screen, in the name of whoever works here."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.ui.context import UiContext


def close_behind(context: UiContext, owner: QObject) -> None:
    """Look once, in the background; the screen is told only when something was closed."""

    def work() -> int:
        # Not needed before the first look.
        from app.care.referral_back.closing import close_finished

        return close_finished(context.store, context.actor)

    def done(closed: int) -> None:
        if closed:
            context.tell_changed("referral_task", "referral_event")

    context.tasks.run(work, done=done, owner=owner)
