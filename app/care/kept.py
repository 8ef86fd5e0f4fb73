"""What a column of lists and dicts holds, read without trusting its make.

The wire looks at a record's columns, not at what stands inside its lists: a newer program, or a
server that is not ours, may put anything there. One item of another make is passed over; the
rest of the record is shown.
"""

from __future__ import annotations

from collections.abc import Mapping
from math import isfinite
from typing import Any

__all__ = ["items", "members", "number", "rows", "texts"]


def items(value: Any) -> list[Any]:
    """The items of a list; none where it is no list."""
    return list(value) if isinstance(value, list | tuple) else []


def rows(value: Any) -> list[Mapping[str, Any]]:
    """The rows (dicts) of a list."""
    return [each for each in items(value) if isinstance(each, Mapping)]


def texts(value: Any) -> list[str]:
    """The texts of a list."""
    return [each for each in items(value) if isinstance(each, str)]


def members(value: Any) -> Mapping[str, Any]:
    """The members of a dict; none where it is no dict."""
    return value if isinstance(value, Mapping) else {}


def number(value: Any) -> float:
    """A number, also one that was kept as digits; 0 for anything else."""
    if isinstance(value, str) and value.isdecimal():
        return float(value[:9])
    if isinstance(value, bool) or not isinstance(value, int | float) or not isfinite(value):
        return 0.0
    return float(value)
