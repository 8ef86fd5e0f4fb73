"""Checks of what is typed, shared by the forms of this package."""

from __future__ import annotations

from app.i18n import tr
from app.models import codes

LONG = 2000
SHORT = 100


def too_long(text: str, limit: int = LONG) -> str | None:
    """The sentence for a text that is too long."""
    if len(text) <= limit:
        return None
    return tr("This text is longer than {limit} characters. Shorten it.").format(limit=limit)


def missing(text: str, sentence: str, limit: int = LONG) -> str | None:
    """The sentence for a text that is required and empty, or too long."""
    return too_long(text, limit) if text else sentence


def unknown(list_name: str, code: str, sentence: str) -> str | None:
    """The sentence where a code is not of the list."""
    return None if codes.is_known(list_name, code) else sentence


def kept(problems: dict[str, str | None]) -> dict[str, str]:
    """Only the fields that have a sentence."""
    return {key: sentence for key, sentence in problems.items() if sentence}
