"""The moments of our own writes: what need not be fetched back.

A transaction's records get one unbroken stretch of the server's time, so between the first
and last of a stretch nobody else has written. A look for news then asks only for what lies
between the stretches, and not for thousands of records that this PC has just sent.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from app.sync.queue import Confirmed
from app.sync.state import instant

TICK = timedelta(microseconds=1)
#: With more stretches than this, ids and versions are cheaper.
_MOST = 300


@dataclass(frozen=True, slots=True)
class Span:
    """From ``first`` to ``last`` (both included), in the server's time."""

    first: datetime
    last: datetime


@dataclass(slots=True)
class OwnWrites:
    """The stretches of each resource type. A type in ``blurred`` was written at times unknown."""

    of_type: dict[str, list[Span]] = field(default_factory=dict)
    blurred: set[str] = field(default_factory=set)

    def note(self, held: Iterable[Confirmed], times: Iterable[str | None]) -> None:
        """Note one answered bundle: what it holds, and the times of all its entries."""
        stretches = _stretches(times)
        of_type: dict[str, set[datetime]] = {}
        for one in held:
            at = instant(one.last_updated)
            if at is None or stretches is None:
                self.blurred.add(one.resource_type)
            else:
                of_type.setdefault(one.resource_type, set()).add(at)
        for type_, moments in of_type.items():
            found = [s for s in stretches or () if any(s.first <= m <= s.last for m in moments)]
            spans = self.of_type.setdefault(type_, [])
            spans += found
            if len(spans) > _MOST:
                self.blurred.add(type_)

    def add(self, other: OwnWrites) -> None:
        """Take over what another run has written."""
        for type_, spans in other.of_type.items():
            self.of_type.setdefault(type_, []).extend(spans)
        self.blurred |= other.blurred

    def clear(self) -> None:
        self.of_type.clear()
        self.blurred.clear()

    def written(self, type_: str) -> bool:
        """Whether records of this type were written."""
        return type_ in self.blurred or bool(self.of_type.get(type_))

    def gaps(self, type_: str, cursor: datetime) -> tuple[list[Span], datetime] | None:
        """What lies between the stretches after ``cursor``, and the end of the last of them.

        None where the times are not known well enough.
        """
        spans = sorted(self.of_type.get(type_, ()), key=lambda span: span.first)
        if type_ in self.blurred or not spans or len(spans) > _MOST:
            return None
        gaps: list[Span] = []
        for span in spans:
            if span.last <= cursor:
                continue
            if span.first > cursor + TICK:
                gaps.append(Span(cursor + TICK, span.first - TICK))
            cursor = span.last
        return gaps, cursor


def _stretches(times: Iterable[str | None]) -> list[Span] | None:
    moments: list[datetime] = []
    for text in times:
        at = instant(text)
        if at is None:
            return None
        moments.append(at)
    moments.sort()
    found: list[Span] = []
    for at in moments:
        if found and at - found[-1].last <= TICK:
            found[-1] = Span(found[-1].first, at)
        else:
            found.append(Span(at, at))
    return found
