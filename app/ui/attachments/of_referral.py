"""Which files the page of a referral shows: those of the letter and of the replies."""

from __future__ import annotations

from app.care.referral_return.returns import Returns
from app.care.referral_states import FINAL, MOVERS
from app.care.referral_view import ReferralView
from app.i18n import tr
from app.models.actor import Actor
from app.ui.attachments.card import FilesCard, Subject


def show_referral_files(
    card: FilesCard, view: ReferralView, returns: Returns, actor: Actor
) -> None:
    """Files of both sides; new ones go to the own house's reply, before there is one to the
    letter."""
    letter = Subject("referral", view.referral_id)
    replies = {
        reply.id: Subject("referral_reply", reply.id, tr("Reply")) for reply in returns.replies
    }
    add_to: Subject | None = letter
    if returns.reply is not None and returns.reply.own:
        add_to = replies[returns.reply.id]
    if view.state in FINAL or not actor.has_role(*MOVERS):
        add_to = None
    card.show_records((letter, *reversed(replies.values())), add_to)
