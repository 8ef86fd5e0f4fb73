"""A base class that keeps something under the name of a page's method hides that method.

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


def hidden(known: dict[str, Shape]) -> list[str]:
    def above(name: str) -> Iterator[str]:
        for base in known[name].bases:
            if base in known:
                yield base
                yield from above(base)

    return [
        f"{name}.{each} ({base})"
        for name, shape in known.items()
        for base in above(name)
        for each in sorted((shape.methods & known[base].kept) | (shape.kept & known[base].methods))
    ]


def test_no_method_is_hidden_by_what_a_base_class_keeps() -> None:
    sources = [path.read_text(encoding="utf-8") for path in sorted(UI.rglob("*.py"))]
    assert hidden(shapes(sources)) == []


def test_a_hidden_method_is_found() -> None:
    base = "class Page:\n    def __init__(self):\n        self._note = 1\n"
    page = "class Detail(Page):\n    def _note(self):\n        pass\n"
    assert hidden(shapes([base, page])) == ["Detail._note (Page)"]
