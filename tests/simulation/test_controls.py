"""Negative controls: a promise is broken on purpose, and the simulator must notice."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.breaking import CONTROLS
from tests.simulation.checks import PromiseBroken
from tests.simulation.county import build, scratch
from tests.simulation.steps import Begun, begun, failure, program

#: So many seeds may pass before the break is seen.
MOST_SEEDS = 12
LENGTH = 30


@pytest.fixture(scope="module")
def start() -> Iterator[Begun]:
    with scratch() as folder:
        yield begun(build(folder / "county"), folder / "begun")


@pytest.mark.parametrize("name", sorted(CONTROLS))
def test_the_break_is_caught(name: str, start: Begun, tmp_path: Path) -> None:
    control = CONTROLS[name]
    for seed in range(MOST_SEEDS):
        steps = program(seed, control.weights, LENGTH, pcs=2)
        with control.breaks():
            error = failure(start, tmp_path / str(seed), steps)
        if error is None:
            continue
        assert isinstance(error, PromiseBroken), f"seed {seed}: {error!r}"
        assert error.promise in control.caught_as, f"seed {seed}: {error}"
        return
    pytest.fail(f"{MOST_SEEDS} seeds did not show it")
