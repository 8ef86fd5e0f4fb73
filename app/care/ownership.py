"""Whose record it is: only the organisation that wrote one may change it.

A referral brings other organisations' patients into this store. Whatever were changed in them
here would be refused by the county hospital for ever, and this PC alone would show it.
"""

from __future__ import annotations

from typing import Any

from app.errors import NotAllowed
from app.i18n import tr
from app.models.actor import Actor

__all__ = ["is_own", "require_own"]


def is_own(actor: Actor, row: Any) -> bool:
    """Whether the actor's organisation wrote the record. ``row``: of any kind that travels."""
    return bool(row.organisation_id == actor.organisation_id)


def require_own(actor: Actor, row: Any) -> None:
    """Raises NotAllowed for the record of another organisation."""
    if not is_own(actor, row):
        raise NotAllowed(
            tr(
                "This record belongs to another organisation. Nothing was changed here. "
                "Ask that organisation to change it, or note it in the referral."
            )
        )
