"""The rules of the house: floors, file lengths, translations, leftovers."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tools import translations

ROOT = Path(__file__).resolve().parent.parent
APP = ROOT / "app"


def test_floors_import_only_downward() -> None:
    run = subprocess.run(
        [str(Path(sys.executable).parent / "lint-imports"), "--no-cache"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stdout


def test_a_run_says_what_it_left_out() -> None:
    """Groups that need PostgreSQL, a mount or another server are named where they are skipped."""
    options = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "-ra" in options["tool"]["pytest"]["ini_options"]["addopts"].split()
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    assert not re.search(r"pytest.* (-r[^a]|--no-summary|-qq)", makefile)


@pytest.mark.parametrize(
    ("pattern", "folder_allowed"),
    [(r"^\s*(import|from) (PySide6|pyqtgraph|qtawesome)", "ui")],
)
def test_no_qt_outside_the_screen(pattern: str, folder_allowed: str) -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in APP.rglob("*.py")
        if path.relative_to(APP).parts[0] != folder_allowed
        and re.search(pattern, path.read_text(encoding="utf-8"), re.MULTILINE)
    ]
    assert wrong == []


def test_no_sqlalchemy_on_the_screen() -> None:
    wrong = [
        str(path.relative_to(ROOT))
        for path in (APP / "ui").rglob("*.py")
        if re.search(
            r"^\s*(import|from) (sqlalchemy|sqlcipher3|alembic)",
            path.read_text(encoding="utf-8"),
            re.MULTILINE,
        )
    ]
    assert wrong == []


def test_no_file_is_too_long_to_know() -> None:
    long = {
        str(path.relative_to(ROOT)): lines
        for path in APP.rglob("*.py")
        if "versions" not in path.parts
        and (lines := len(path.read_text(encoding="utf-8").splitlines())) > 400
    }
    assert long == {}


def test_every_visible_string_is_translated() -> None:
    assert translations.missing() == []
    _, twice = translations.merged()
    assert twice == []


def test_no_translation_is_left_over() -> None:
    assert translations.unused() == []


def test_the_compiled_catalogue_is_up_to_date() -> None:
    compiled = (translations.FOLDER / "zh_CN.mo").read_bytes()
    assert compiled == translations.compiled(), "run: python -m tools.translations compile"


def test_placeholders_survive_translation() -> None:
    catalogue, _ = translations.merged()
    wrong = [
        entry.msgid
        for entry in catalogue
        if sorted(re.findall(r"{\w*[^}]*}", entry.msgid))
        != sorted(re.findall(r"{\w*[^}]*}", entry.msgstr))
    ]
    assert wrong == []


def test_code_lists_are_whole() -> None:
    import csv

    problems = []
    for path in sorted((ROOT / "resources" / "codes").glob("*.csv")):
        with path.open(encoding="utf-8-sig", newline="") as file:
            rows = list(csv.DictReader(file))
        codes = [row["code"] for row in rows]
        if len(codes) != len(set(codes)):
            problems.append(f"{path.name}: a code stands twice")
        if not all(row["zh"].strip() and row["en"].strip() for row in rows):
            problems.append(f"{path.name}: a text is missing")
    assert problems == []
