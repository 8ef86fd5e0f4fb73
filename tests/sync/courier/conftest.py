"""A hospital's data folder, and PCs that reach it by USB stick only."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from app.models.actor import Actor
from app.models.store import Store
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.sync.courier.hospital import PC, Hospital

__all__ = ["hospital", "lead", "make_pc", "township"]


@pytest.fixture
def hospital(tmp_path: Path) -> Iterator[Hospital]:
    """The lead hospital's data folder; no server runs on it."""
    made = Hospital(tmp_path / "hospital")
    yield made
    made.close()


@pytest.fixture
def make_pc(
    make_store: Callable[..., tuple[Store, Actor]], hospital: Hospital, tmp_path: Path
) -> Callable[..., PC]:
    """``make_pc(ORG_ID)``: a PC that has joined the hospital, and its stick."""
    made: list[PC] = []

    def make(organisation_id: str = TOWNSHIP_ID, *, join: bool = True) -> PC:
        store, actor = make_store(organisation_id)
        drive = tmp_path / f"stick-{len(made)}"
        drive.mkdir()
        pc = PC(store, actor, drive)
        if join:
            pc.device = hospital.admit(store)
        made.append(pc)
        return pc

    return make


@pytest.fixture
def township(make_pc: Callable[..., PC]) -> PC:
    """A township health centre's PC."""
    return make_pc(TOWNSHIP_ID)


@pytest.fixture
def lead(make_pc: Callable[..., PC]) -> PC:
    """A PC of the lead hospital."""
    return make_pc(LEAD_ID)
