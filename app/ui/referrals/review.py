"""The approval inside the own house: its moves with their dialogs."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QWidget

from app.care import referral_review
from app.care.referral import Written
from app.care.referral_moves import Reason
from app.care.referral_states import State
from app.care.referral_view import MoveOption, ReferralView
from app.i18n import tr
from app.models.actor import Actor
from app.models.store import Store
from app.ui.referrals.dialogs import FormDialog, ReasonDialog

#: States in which the letter has not left its own house.
IN_HOUSE = frozenset({State.DRAFT, State.INTERNAL_REVIEW})

Work = Callable[[], Written]


def approving(store: Store, actor: Actor, view: ReferralView) -> Work:
    """The work of the button "Approve"."""
    return lambda: referral_review.approve(store, actor, view.referral_id)


def review_dialog(
    option: MoveOption, view: ReferralView, store: Store, actor: Actor, parent: QWidget
) -> tuple[FormDialog, Callable[[], Work]]:
    """The dialog of sending back or throwing away, and what gives the work from what is typed."""
    if option.target is State.DELETED:
        sure = FormDialog(tr("Throw the letter away"), tr("Throw away"), parent, danger=True)
        sure.say(tr("The letter was never sent. Its history stays in the record."))

        def gone() -> Work:
            return lambda: referral_review.delete(store, actor, view.referral_id)

        return sure, gone
    dialog = ReasonDialog(
        tr("Send back to the writer"),
        tr("The writer reads your words, mends the letter and submits it again."),
        tr("Send back"),
        None,
        parent,
    )
    dialog.text.set_required(True)

    def back() -> Work:
        reason: Reason = dialog.reason()
        return lambda: referral_review.send_back(store, actor, view.referral_id, reason.text)

    return dialog, back
