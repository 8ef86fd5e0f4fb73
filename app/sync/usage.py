"""Bytes over the link by clinic day: what a data plan is charged for."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.sync import state

KEY = "bytes"
_DAYS_KEPT = 62

Bytes = tuple[int, int]


class Usage:
    """Collects the bytes of runs until they are written: quiet runs write nothing."""

    def __init__(self) -> None:
        self._up = 0
        self._down = 0

    def add(self, up: int, down: int) -> None:
        """Note the bytes of a run, up and down."""
        self._up += up
        self._down += down

    def save(self, session: Session, today: date) -> None:
        """Add what was noted to the day's total, in the caller's transaction."""
        if not (self._up or self._down):
            return
        days = state.load(session, KEY)
        up, down = _pair(days.get(today.isoformat()))
        days[today.isoformat()] = [up + self._up, down + self._down]
        oldest = (today - timedelta(days=_DAYS_KEPT)).isoformat()
        state.save(session, KEY, {day: used for day, used in days.items() if day >= oldest})
        self._up = self._down = 0


def used(session: Session, today: date) -> tuple[Bytes, Bytes]:
    """Bytes (up, down) of this clinic day and of this calendar month."""
    days = state.load(session, KEY)
    month = today.isoformat()[:7]
    pairs = [_pair(values) for day, values in days.items() if day[:7] == month]
    whole = sum(up for up, _ in pairs), sum(down for _, down in pairs)
    return _pair(days.get(today.isoformat())), whole


def _pair(value: Any) -> Bytes:
    if isinstance(value, list) and len(value) == 2 and all(isinstance(v, int) for v in value):
        return value[0], value[1]
    return 0, 0
