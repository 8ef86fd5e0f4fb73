"""An installed program of version 1.0.0 and a data folder that it works on."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from app.models.actor import Actor
from app.models.store import Store
from tests.sync.making import a_resident, save
from tests.update.making import a_package, program_folder


@dataclass(frozen=True)
class Installed:
    """``root``: the program's folder, ``data``: a closed store with one unsent resident."""

    root: Path
    data: Path
    log: Path

    def version(self, version: str, behaviour: str = "") -> Path:
        """A version beside it, as an update leaves it there."""
        return program_folder(self.root / "versions" / version, version, behaviour)

    def package(self, version: str, behaviour: str = "") -> Path:
        """An update file with a whole program."""
        place = self.root.parent
        folder = program_folder(place / f"made-{version}", version, behaviour)
        return a_package(place / f"TownshipCare-{version}.tcupdate", version, folder)


@pytest.fixture
def installed(store: Store, actor: Actor, tmp_path: Path) -> Installed:
    save(store, actor, a_resident(name="先来"))
    store.close()
    root = program_folder(tmp_path / "program", "1.0.0")
    return Installed(root, store.folder, tmp_path / "log.txt")
