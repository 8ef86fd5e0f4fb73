"""The mark of a correction that counts nowhere because another one of the same record does.

The mark is derived (``app.care.rivals``) and stays on this PC: the row is kept as entered in
error, so that whatever counts, lists or prefills passes it over, and says in its reason what it
really is. What leaves the table as a record bears no mark. Of several people who chose the same,
one entry counts; the mark of the others says that nobody is asked about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

# The first sign is one that nobody types; what arrives with it loses it (``arrived``).
_SIGN = "\x1f"
_MARK = f"{_SIGN}rival:"
#: What the reasons of marked rows begin with, for SQL.
MARKED = f"{_MARK}%"
_ECHO = "/echo"
_ERROR = "entered_in_error"


def mark(status: str, reason: str | None, *, echo: bool = False) -> tuple[str, str]:
    """Status and reason of a marked row; ``echo``: somebody else chose the same."""
    return _ERROR, f"{_MARK}{status}{_ECHO if echo else ''}:{reason or ''}"


def is_marked(reason: str | None) -> bool:
    """Whether a row's reason says that it is marked."""
    return reason is not None and reason.startswith(_MARK)


def is_echo(reason: str | None) -> bool:
    """Whether a row is marked as the same choice as one that counts."""
    return is_marked(reason) and (reason or "").partition(":")[2].partition(":")[0].endswith(_ECHO)


def unmarked(status: str, reason: str | None) -> tuple[str, str | None]:
    """Status and reason as the author left them."""
    if reason is None or not reason.startswith(_MARK):
        return status, reason
    own, colon, text = reason.removeprefix(_MARK).partition(":")
    # One that this program did not write says nothing.
    return (own.removesuffix(_ECHO), text or None) if colon else (status, reason)


def arrived(record: Mapping[str, Any]) -> Mapping[str, Any]:
    """A record of somebody else, who cannot mark a row of this PC."""
    reason = record.get("status_reason")
    if isinstance(reason, str) and reason.startswith(_SIGN):
        return {**record, "status_reason": reason.lstrip(_SIGN)}
    return record


def without_mark(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it travels."""
    reason = record.get("status_reason")
    if reason is not None and reason.startswith(_MARK):
        record["status"], record["status_reason"] = unmarked(record["status"], reason)
    return record
