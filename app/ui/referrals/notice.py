"""The strip above a referral: what it lacks or waits for, why it ended, and what follows it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtWidgets import QWidget

from app.care.referral_states import FINAL, Side, State
from app.care.referral_view import ReferralView
from app.i18n import tr
from app.ui import theme
from app.ui.referrals.history import reason_words, sent_on, sent_on_words
from app.ui.referrals.review import IN_HOUSE
from app.ui.referrals.words import state_word, when
from app.ui.widgets.strips import ErrorStrip


class Notice(ErrorStrip):
    """``complete`` opens the emergency letter, ``follow`` begins a new letter in the place of this
    one, ``show_other(id)`` goes to the letter that was written in its place."""

    def __init__(
        self,
        complete: Callable[[], None],
        follow: Callable[[], None],
        show_other: Callable[[str], None],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self._complete, self._follow, self._show_other = complete, follow, show_other

    def show_view(self, view: ReferralView, today: date, *, may_follow: bool) -> None:
        """Say what there is to say of the referral; hidden where that is nothing."""
        if view.state in IN_HOUSE and view.after is not None:
            follower = view.after
            self.say(
                tr("No. {number} went in its place; this one need not be approved.").format(
                    number=follower.referral_no
                ),
                "attention",
                action=tr("Go to No. {number}").format(number=follower.referral_no),
                pressed=lambda: self._show_other(follower.referral_id),
                closable=False,
            )
        elif view.state in IN_HOUSE and view.side is Side.SENDER:
            self.say(
                _in_house_words(view),
                "attention",
                action=tr("Emergency: write it now") if may_follow else "",
                pressed=self._follow,
                closable=False,
            )
        elif view.to_complete and view.complete_by is not None:
            self.say(
                tr("The emergency letter still lacks {count} parts; complete it by {time}.").format(
                    count=len(view.to_complete), time=when(view.complete_by, today)
                ),
                "attention",
                action=tr("Complete the letter"),
                pressed=self._complete,
                closable=False,
            )
        elif view.reason_code or view.reason_text or view.after is not None or sent_on(view):
            self._say_reason(view)
        else:
            self.clear()

    def _say_reason(self, view: ReferralView) -> None:
        tone: theme.Tone = "danger" if view.state in FINAL else "attention"
        words = "  ·  ".join(part for part in (reason_words(view), view.reason_text) if part)
        # A reply has no reason of its own: this is why the writer cannot take the patient back.
        declined = view.state is State.REPLIED and bool(view.reason_code)
        said = _reason(tr("Cannot take back") if declined else state_word(view.state), words)
        follower = view.after
        if (event := sent_on(view)) is not None:
            onward = sent_on_words(event)
            said, tone = (f"{said}  ·  {onward}" if words else onward), "attention"
        if follower is None:
            self.say(said, tone, closable=False)
            return
        self.say(
            said,
            tone,
            action=tr("Go to No. {number}").format(number=follower.referral_no),
            pressed=lambda: self._show_other(follower.referral_id),
            closable=False,
        )


def _reason(state: str, words: str) -> str:
    return tr("{state}: {reason}").format(state=state, reason=words) if words else state


def _in_house_words(view: ReferralView) -> str:
    if view.state is State.INTERNAL_REVIEW:
        return tr(
            "Waits for the approval of your head; {receiver} does not see it yet. "
            "Has it become an emergency? Then it needs no approval."
        ).format(receiver=view.to_name)
    if view.reason_text:
        return tr("Your head sent it back: {words}").format(words=view.reason_text)
    return tr("Not submitted again yet.")
