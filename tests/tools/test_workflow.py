"""The workflow for Windows names only what there is, and signs only where there is a key."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
_TEXT = (ROOT / ".github" / "workflows" / "windows.yml").read_text(encoding="utf-8")


def _steps() -> list[dict[str, Any]]:
    job = yaml.safe_load(_TEXT)["jobs"]["build"]
    assert job["runs-on"] == "windows-latest"
    steps: list[dict[str, Any]] = job["steps"]
    return steps


def test_every_module_and_file_that_it_names_is_there() -> None:
    for module in set(re.findall(r"python -m ((?:app|tools)[\w.]*)", _TEXT)):
        assert importlib.util.find_spec(module) is not None, module
    for path in ("build.spec", "windows/installer.nsi"):
        assert path in _TEXT
        assert (ROOT / path).is_file()
    for path in set(re.findall(r"tests/[\w./]+", _TEXT)) - {"tests/faults,"}:
        assert (ROOT / path.rstrip(".,")).exists(), path


def test_it_signs_where_a_certificate_is_present_and_only_there() -> None:
    signing = [step for step in _steps() if "signtool" in str(step.get("run", "")).lower()]
    assert len(signing) == 3
    assert all(step["if"] == "env.HAS_CERTIFICATE == 'true'" for step in signing)
    names = [str(step.get("name", step.get("uses"))) for step in _steps()]
    # What is signed is what is packed; what is packed was started.
    order = ["Tests", "Frozen program", "Sign the program", "Start the frozen program and check it"]
    order += ["Installer", "Sign the installer", "Install, start, uninstall"]
    assert [name for name in names if name in order] == order


def test_no_secret_is_written_into_a_command() -> None:
    for step in _steps():
        assert "secrets." not in str(step.get("run", "")), step.get("name")
