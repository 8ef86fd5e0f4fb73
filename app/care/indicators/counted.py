"""Whom an indicator counts: each person with what he or she weighs, above and below the line."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property


@dataclass(frozen=True)
class Counted:
    """One indicator over one period: person → number, in the numerator and the denominator.

    A person weighs 1, except where services are counted (how many) and where the denominator is
    an estimate (the prevalence). ``known``: False where a setting that it needs is missing.
    ``factor``: 100 for percent, 1 where the quotient itself is told (hours per member).
    """

    code: str
    numerator: Mapping[str, float]
    denominator: Mapping[str, float]
    known: bool = True
    factor: float = 100

    # Summed once: a table asks for them with each of its cells that is painted.
    @cached_property
    def done(self) -> float:
        return sum(self.numerator.values())

    @cached_property
    def of(self) -> float:
        return sum(self.denominator.values())

    @property
    def rate(self) -> float | None:
        """Percent (or ``factor`` times the quotient); None where there is nothing to divide by."""
        return self.factor * self.done / self.of if self.known and self.of else None

    @property
    def missing(self) -> tuple[str, ...]:
        """Who stands below the line and not, or not wholly, above it, in the order below it."""
        return tuple(
            person
            for person, due in self.denominator.items()
            if self.numerator.get(person, 0) < due
        )


def each(people: Iterable[str], weight: float = 1) -> dict[str, float]:
    """Every one of the people with the same weight, in their order."""
    return dict.fromkeys(people, weight)
