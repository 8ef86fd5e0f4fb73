"""A base class that keeps something under the name of a page's method hides that method, and two
classes that keep their own things under one name take them from each other.

Nothing says so before somebody presses the button (``app/ui`` is outside the type check), so the
names are compared here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

UI = Path(__file__).parents[2] / "app" / "ui"


class Shape(NamedTuple):
    bases: tuple[str, ...]
    kept: frozenset[str]
    methods: frozenset[str]


def shapes(sources: list[str]) -> dict[str, Shape]:
    found = {}
    for source in sources:
        for node in ast.parse(source).body:
            if isinstance(node, ast.ClassDef):
                kept = {
                    each.attr
                    for each in ast.walk(node)
                    if isinstance(each, ast.Attribute)
                    and isinstance(each.ctx, ast.Store)
                    and isinstance(each.value, ast.Name)
                    and each.value.id == "self"
                }
                methods = {each.name for each in node.body if isinstance(each, ast.FunctionDef)}
                bases = tuple(each.id for each in node.bases if isinstance(each, ast.Name))
                found[node.name] = Shape(bases, frozenset(kept), frozenset(methods))
    return found


#: What a class sets for its base on purpose.
MEANT = {"CheckFields._quiet (FormFields)", "GuidancePage._wanted (RecordsPage)"}


def above(name: str, known: dict[str, Shape]) -> Iterator[str]:
    for base in known[name].bases:
        if base in known:
            yield base
            yield from above(base, known)


def kept_twice(known: dict[str, Shape]) -> set[str]:
    return {
        f"{name}.{each} ({base})"
        for name, shape in known.items()
        for base in above(name, known)
        for each in shape.kept & known[base].kept
        if each.startswith("_")
    }


def hidden(known: dict[str, Shape]) -> list[str]:
    return [
        f"{name}.{each} ({base})"
        for name, shape in known.items()
        for base in above(name, known)
        for each in sorted((shape.methods & known[base].kept) | (shape.kept & known[base].methods))
    ]


def test_no_class_keeps_its_own_under_the_private_name_of_its_base() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted(UI.rglob("*.py"))]
    assert kept_twice(shapes(sources)) == MEANT
    base = "class A:\n    def __init__(self):\n        self._grid = 1\n"
    assert kept_twice(shapes([base, base.replace("class A", "class B(A)")])) == {"B._grid (A)"}


def test_no_method_is_hidden_by_what_a_base_class_keeps() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted(UI.rglob("*.py"))]
    assert hidden(shapes(sources)) == []


def test_a_hidden_method_is_found() -> None:
    base = "class Page:\n    def __init__(self):\n        self._note = 1\n"
    page = "class Detail(Page):\n    def _note(self):\n        pass\n"
    assert hidden(shapes([base, page])) == ["Detail._note (Page)"]
