"""Referrals whose time is over are closed behind the screen, and the house that keeps a patient's
record is told how far a letter to a third house got, in the name of whoever works here."""

from __future__ import annotations

from PySide6.QtCore import QObject

from app.ui.context import UiContext


def close_behind(context: UiContext, owner: QObject) -> None:
    """Look once, in the background, when what now comes to the screen was painted; the screen is
    told only when something was written."""

    def work() -> int:
        # Not needed before the first look.
        from app.care.referral_back.closing import close_finished
        from app.care.referral_return.onward import tell_keepers

        told = tell_keepers(context.store, context.actor)
        return told + close_finished(context.store, context.actor)

    def done(written: int) -> None:
        if written:
            context.tell_changed("referral_task", "referral_event")

    def begin() -> None:
        if not context.closed:
            context.tasks.run(work, done=done, owner=owner)

    context.tasks.start_painted(begin, owner)
