"""Figures of a benchmark: each beside its floor, measured in the same run.

Absolute numbers of one machine drift by a factor of two from hour to hour; the ratio to the
floor says more. Nothing here is a test.
"""

from __future__ import annotations

import os
import statistics
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Figure:
    """One line: what, ours, the floor of the same run, the goal of the budget."""

    what: str
    ours: float
    unit: str
    floor: float | None = None
    goal: str = ""
    spread: tuple[float, float] | None = None

    def line(self) -> str:
        spread = f"{self.spread[0]:.4g}–{self.spread[1]:.4g}" if self.spread else ""
        floor = f"{self.floor:.4g}" if self.floor is not None else "–"
        ratio = f"{self.ours / self.floor:.1f}×" if self.floor else "–"
        return (
            f"{self.what:<58} {self.ours:>9.4g} {self.unit:<8} {spread:>15} "
            f"{floor:>9} {ratio:>7}  {self.goal}"
        )


def head() -> str:
    return f"{'what':<58} {'ours':>9} {'unit':<8} {'min–max':>15} {'floor':>9} {'ratio':>7}  goal"


def milliseconds(action: Callable[[int], object], times: int, warm: int = 20) -> list[float]:
    """Sorted times of an action, after some unmeasured ones."""
    for number in range(warm):
        action(-1 - number)
    taken = []
    for number in range(times):
        start = time.perf_counter()
        action(number)
        taken.append((time.perf_counter() - start) * 1000)
    return sorted(taken)


def installed(folder: Path) -> dict[str, str]:
    """The environment of a program that is installed: its byte code is kept from start to start."""
    kept = {k: v for k, v in os.environ.items() if k != "PYTHONDONTWRITEBYTECODE"}
    return {**kept, "PYTHONPYCACHEPREFIX": str(folder / "bytecode")}


def percentile(taken: list[float], share: float) -> float:
    return taken[min(len(taken) - 1, int(len(taken) * share))]


def pair(
    what: str, taken: list[float], floor: list[float] | None, goal50: str, goal99: str
) -> list[Figure]:
    """p50 and p99 of an action beside those of its floor."""
    return [
        Figure(
            f"{what}, p50",
            statistics.median(taken),
            "ms",
            statistics.median(floor) if floor else None,
            goal50,
            (taken[0], taken[-1]),
        ),
        Figure(
            f"{what}, p99",
            percentile(taken, 0.99),
            "ms",
            percentile(floor, 0.99) if floor else None,
            goal99,
        ),
    ]
