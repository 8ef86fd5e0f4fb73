"""All that the page of a letter shows at its beginning, read at once, off the screen's thread."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.care.referral_drafts import DRAFT_FORM, letter_from_dict
from app.care.referral_letter import LetterInput
from app.care.referral_lists import (
    Receiver,
    ReferralLine,
    list_referrals,
    load_limits,
    receivers,
)
from app.care.referral_record import LetterStart, begin_letter
from app.models.actor import Actor
from app.models.drafts import load_draft
from app.models.store import Store

#: Name of the form under which the unfinished changes of a letter that came back are kept.
AMEND_FORM = "referral_amend"


@dataclass(frozen=True, slots=True)
class LetterPage:
    """What a letter begins with: the record, what its writer left unfinished (``kept``: the data of
    the draft, and ``draft``, the letter in it), who may get it, whether the own head reads it
    first, and a referral of the person that is under way."""

    start: LetterStart
    receivers: tuple[Receiver, ...]
    review: bool
    kept: Mapping[str, Any] | None = None
    draft: LetterInput | None = None
    under_way: ReferralLine | None = None


def new_letter_page(
    store: Store, actor: Actor, resident_id: str, prefill: object = None
) -> LetterPage:
    """The page of a new letter. What is just handed over (``prefill``) is newer than an old draft.
    Raises NotFound."""
    start = begin_letter(store, actor, resident_id, prefill)
    saved = None if prefill else load_draft(store, actor, DRAFT_FORM, resident_id)
    lines = list_referrals(store, actor, resident_id=resident_id, limit=1)
    return LetterPage(
        start,
        receivers(store, actor),
        load_limits(store).internal_review,
        None if saved is None else saved.data,
        None if saved is None else letter_from_dict(saved.data.get("extra") or {}),
        lines[0] if lines else None,
    )


def amended_letter_page(
    store: Store, actor: Actor, resident_id: str, referral_id: str
) -> LetterPage:
    """The page of a letter that is mended or completed. Raises NotFound."""
    saved = load_draft(store, actor, AMEND_FORM, referral_id)
    return LetterPage(
        begin_letter(store, actor, resident_id),
        receivers(store, actor),
        load_limits(store).internal_review,
        None if saved is None else saved.data,
    )
