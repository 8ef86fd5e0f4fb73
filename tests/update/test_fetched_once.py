"""What the server has is not fetched once more where it lies beside the program or failed here."""

from __future__ import annotations

import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from app.errors import EnvironmentFault
from app.models.store import Store
from app.sync import updates
from app.update import trial, versions
from tests.update.making import small_folder

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="its programs are shell scripts")


class _Server:
    """Answers with a list of packages, as the server writes it."""

    def __init__(self, *offered: str) -> None:
        self._offered = offered

    def beside(self, path: str) -> Any:
        assert path == "/updates"
        machine = versions.platform_name()
        lines = [
            {
                "name": "package",
                "part": [
                    {"name": "name", "valueString": f"TownshipCare-{one}-{machine}.tcupdate"},
                    {"name": "size", "valueInteger": 57_000_000},
                    {"name": "sha256", "valueString": "0" * 64},
                ],
            }
            for one in self._offered
        ]
        return SimpleNamespace(status=200, fine=True, resource={"parameter": lines})

    def close(self) -> None:
        pass


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = small_folder(tmp_path / "program")
    monkeypatch.setenv(versions.PLACE, str(folder))
    return folder


def _found(store: Store, monkeypatch: pytest.MonkeyPatch, *offered: str) -> str:
    monkeypatch.setattr(updates, "_transport", lambda _: _Server(*offered))
    offer = updates.find_update(store)
    return "" if offer is None else offer.version


def test_one_that_waits_for_the_next_start_is_not_offered_again(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert _found(store, monkeypatch, "9.0.0") == "9.0.0"
    small_folder(root / "versions" / "9.0.0")
    assert _found(store, monkeypatch, "9.0.0", "8.0.0") == ""
    assert _found(store, monkeypatch, "9.0.0", "9.0.1", "8.0.0") == "9.0.1"


def test_one_that_failed_here_is_not_fetched_again_and_what_else_there_is_comes(
    root: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    small_folder(root / "versions" / "9.0.0")
    trial.save(store.folder, trial.Trial(failed=("9.0.0",)))
    with pytest.raises(EnvironmentFault, match=r"9\.0\.0"):
        _found(store, monkeypatch, "9.0.0")
    assert _found(store, monkeypatch, "9.0.0", "9.0.1") == "9.0.1"
    # An older one than that is newer than the version that runs.
    assert _found(store, monkeypatch, "9.0.0", "8.0.0") == "8.0.0"
    # Installed once more from a stick it waits like any other.
    trial.pardon(store.folder, "9.0.0")
    assert _found(store, monkeypatch, "9.0.0", "8.0.0") == ""
