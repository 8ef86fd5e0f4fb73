"""Correcting and taking back a record that is only ever added: what all such kinds share.

Nothing is deleted or written over: the old row is marked as entered in error, with the reason,
and a correction is a row of its own that names the one it replaces.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from app.care.parsing import clean_text
from app.errors import InputError, NotAllowed, NotFound
from app.i18n import tr
from app.models.actor import Actor
from app.models.rivals import is_echo, is_marked

__all__ = ["ENTERED_IN_ERROR", "CorrectionWords", "standing", "take_back"]

ENTERED_IN_ERROR = "entered_in_error"
_REASON_LIMIT = 500

Row = TypeVar("Row", bound=Any)


@dataclass(frozen=True, slots=True)
class CorrectionWords:
    """The sentences of one kind, as source words (``N_``).

    ``absent``: not on this PC; ``foreign``: another organisation's; ``replaced``: taken back or
    replaced before; ``why``: the reason is missing, said at the field ``reason_field``.
    """

    absent: str
    foreign: str
    replaced: str
    why: str
    reason_field: str = "reason"


def standing(
    session: Session, actor: Actor, model: type[Row], record_id: str, words: CorrectionWords
) -> Row:
    """The row that is to be corrected or taken back.

    Raises ``NotFound``; ``NotAllowed`` for a record of another organisation; ``InputError`` where
    it was taken back or replaced already.
    """
    row: Any = session.get(model, record_id)
    if row is None:
        raise NotFound(tr(words.absent))
    if row.organisation_id != actor.organisation_id:
        raise NotAllowed(tr(words.foreign))
    if is_echo(row.status_reason):
        raise InputError(
            tr(
                "Two people chose the same correction of this record, and the other entry counts. "
                "Nothing was changed. Open that one in the resident's history."
            )
        )
    if is_marked(row.status_reason):
        raise InputError(
            tr(
                "There are two corrections of this record, and a person has to choose. Nothing "
                "was changed. Decide at the conflict desk of the Sync room."
            )
        )
    if row.status == ENTERED_IN_ERROR:
        raise InputError(tr(words.replaced))
    found: Row = row
    return found


def take_back(row: Any, reason: str, words: CorrectionWords) -> None:
    """Mark a standing row as entered in error. Raises ``InputError`` without a reason."""
    text = clean_text(reason)
    if not text:
        raise InputError({words.reason_field: tr(words.why)})
    row.status = ENTERED_IN_ERROR
    row.status_reason = text[:_REASON_LIMIT]
