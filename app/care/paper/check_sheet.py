"""The rows of the annual check sheet, from the definition of the form itself.

What the definition asks is printed in its order: numbers as lines to write on with their unit,
choices as boxes to tick with the codes of the form. Nothing is filled in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from app.care.health_check.definition import FieldDefinition, FormDefinition, GroupDefinition
from app.care.paper.templates import boxes, line
from app.i18n import tr

WIDTH = 30.0
_LABEL = 3.6
_SHORT = 17
"""Words of a row up to this many letters stand two or three in a line."""


@dataclass(frozen=True, slots=True)
class Words:
    """A cell: its words, its share of the width, and whether it is a heading."""

    text: str
    share: float
    label: bool = False


@dataclass(frozen=True, slots=True)
class SheetRow:
    """A line of the sheet. ``height`` in mm leaves room for handwriting."""

    cells: tuple[Words, ...]
    height: float = 6.5


def blocks_of(form: FormDefinition, sex: str = "") -> list[tuple[str, list[SheetRow]]]:
    """The blocks of the sheet for a person of this sex (empty: a blank form for everybody)."""
    return [
        (section.label, list(_rows([g for g in section.groups if not sex or g.sex in ("", sex)])))
        for section in form.sections
    ]


def _rows(groups: list[GroupDefinition]) -> Iterator[SheetRow]:
    waiting: list[tuple[str, str]] = []
    for group in groups:
        words = _words_of(group)
        if not words:
            continue
        if len(words) <= _SHORT and not _tall(group):
            waiting.append((group.label, words))
            if len(waiting) == 3:
                yield _line(waiting)
                waiting = []
            continue
        if waiting:
            yield _line(waiting)
            waiting = []
        yield SheetRow(
            (Words(group.label, _LABEL, True), Words(words, WIDTH - _LABEL)),
            6.5 if not _tall(group) else 5.5 * _tall(group),
        )
    if waiting:
        yield _line(waiting)


def _line(pairs: list[tuple[str, str]]) -> SheetRow:
    room = WIDTH / len(pairs) - _LABEL
    cells: list[Words] = []
    for label, words in pairs:
        cells += [Words(label, _LABEL, True), Words(words, room)]
    return SheetRow(tuple(cells))


def _tall(group: GroupDefinition) -> int:
    """How many lines of handwriting a row of tables or free lines leaves room for."""
    return max((3 if each.kind in ("rows", "lines") else 0 for each in group.fields), default=0)


def _words_of(group: GroupDefinition) -> str:
    alone = len(group.fields) == 1
    parts = [_field(each, alone=alone) for each in group.fields]
    return "  ".join(part for part in parts if part)


def _field(field: FieldDefinition, *, alone: bool) -> str:
    name = "" if alone else f"{field.label} "
    match field.kind:
        case "derived":
            return ""
        case "choice" | "several":
            more = f" {line(6)}" if field.words_for else ""
            return f"{name}{boxes(field.code_list)}{more}"
        case "rows" | "lines":
            return "  ".join(f"{each.label}" for each in field.members) or name or " "
        case "number" | "assessment":
            unit = tr("points") if field.kind == "assessment" else field.unit
            return f"{name}{line(5)} {unit}".rstrip()
        case _:
            return f"{name}{line(10)}"
