"""The mark of a correction that counts nowhere because another one of the same record does.

The mark is derived (``app.care.rivals``) and stays on this PC: the row is kept as entered in
error, so that whatever counts, lists or prefills passes it over, and says in its reason what it
really is. What leaves the table as a record bears no mark.
"""

from __future__ import annotations

from typing import Any

_MARK = "rival:"
#: What the reasons of marked rows begin with, for SQL.
MARKED = f"{_MARK}%"
_ERROR = "entered_in_error"


def mark(status: str, reason: str | None) -> tuple[str, str]:
    """Status and reason of a marked row."""
    return _ERROR, f"{_MARK}{status}:{reason or ''}"


def is_marked(reason: str | None) -> bool:
    """Whether a row's reason says that it is marked."""
    return reason is not None and reason.startswith(_MARK)


def unmarked(status: str, reason: str | None) -> tuple[str, str | None]:
    """Status and reason as the author left them."""
    if reason is None or not reason.startswith(_MARK):
        return status, reason
    _, own, text = reason.split(":", 2)
    return own, text or None


def without_mark(record: dict[str, Any]) -> dict[str, Any]:
    """The record as it travels."""
    reason = record.get("status_reason")
    if reason is not None and reason.startswith(_MARK):
        record["status"], record["status_reason"] = unmarked(record["status"], reason)
    return record
