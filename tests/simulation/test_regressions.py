"""What the simulator has found, as the few steps that showed it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.simulation.county import County, build, scratch
from tests.simulation.steps import Step, run

FOUND: dict[str, tuple[Step, ...]] = {
    "a creation that a proxy repeats after an edit turned the record back": (
        ("register", 0, 0),
        ("sync", 0, 0),
        ("edit_resident", 0, 2),
        ("sync", 0, 0),
        ("replay", 0, 0),
    ),
    "the lead worked on with the old address of a person who was referred to it": (
        ("register", 0, 0),
        ("refer", 0, 0),
        ("sync", 0, 0),
        ("sync", 3, 0),
        ("edit_resident", 0, 1),
        ("sync", 0, 0),
    ),
    "the moves of a task that was met while sending never came from a server put back": (
        ("register", 0, 0),
        ("refer", 0, 0),
        ("sync", 0, 0),
        ("sync", 3, 0),
        ("move", 0, 58),
        ("back_up_server", 2, 29),
        ("sync", 0, 24),
        ("move", 3, 58),
        ("restore_server", 1, 1),
    ),
}


@pytest.fixture(scope="module")
def county() -> Iterator[County]:
    with scratch() as folder:
        yield build(folder / "county")


@pytest.mark.parametrize("name", sorted(FOUND))
def test_what_was_found_stays_mended(name: str, county: County, tmp_path: Path) -> None:
    run(county, tmp_path / "run", FOUND[name])
