"""Every promise G1–G20 is listed in docs/sync.md with tests that exist and bear its number."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from tests.simulation.breaking import CONTROLS

ROOT = Path(__file__).resolve().parents[2]
_ROW = re.compile(r"^\| G(\d+) (●)? ?\| (.+) \| (.+) \|$", re.MULTILINE)
_TEST = re.compile(r"`([\w./]+\.py)::(\w+)`")


def _rows() -> dict[int, list[tuple[str, str]]]:
    text = (ROOT / "docs" / "sync.md").read_text(encoding="utf-8")
    return {int(number): _TEST.findall(proof) for number, _, _, proof in _ROW.findall(text)}


def _tests_in(path: Path) -> set[str]:
    tree = ast.parse(path.read_text(encoding="utf-8"))
    return {
        node.name
        for node in ast.walk(tree)
        if isinstance(node, ast.FunctionDef) and node.name.startswith("test_")
    }


def test_all_twenty_promises_are_listed() -> None:
    assert sorted(_rows()) == list(range(1, 21))


@pytest.mark.parametrize("number", range(1, 21))
def test_the_tests_of_a_promise_exist_and_bear_its_number(number: int) -> None:
    named = _rows()[number]
    assert named
    for file, test in named:
        assert test in _tests_in(ROOT / file), f"{file}::{test}"
        assert f"g{number:02d}_" in test, test


def test_every_promise_is_broken_on_purpose_somewhere() -> None:
    broken = set().union(*(control.caught_as | control.also for control in CONTROLS.values()))
    beside = _tests_in(ROOT / "tests" / "faults" / "test_controls.py")
    broken |= {int(found[1]) for test in beside if (found := re.match(r"test_g(\d\d)_", test))}
    assert broken == set(range(1, 21))
