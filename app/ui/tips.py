"""Tips show their text as it is: what came from a record or a server is never markup."""

from __future__ import annotations

from html import escape


def plain_tip(text: str) -> str:
    """The text for a tip. Qt would read it as rich text where it looks like HTML."""
    if "<" not in text:
        return text
    return f'<p style="white-space:pre-wrap">{escape(text)}</p>'
