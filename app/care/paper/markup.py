"""From the HTML of a print template to the rows that are printed.

A small part of HTML, enough for forms and letters: ``section`` (one form), ``h1``, ``h2``, ``p``,
``table``, ``thead``, ``tr`` (``h``: least height in mm), ``td`` (``w``: share of the width),
``b``, ``u``, ``br``, ``hr`` (cut here). Classes: ``center``, ``right``, ``label`` (shaded),
``small``, ``large``, ``big``, ``huge``, ``b``; ``line`` (a blank with a line below), ``fill``
(words that fill in the form), on a row or paragraph ``keep`` (with the next one) and ``flow`` (may
go on on the next page); ``plain`` on a table: no lines. Anything else is a defect of the template
and is refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html.parser import HTMLParser

from app.care.paper.document import BODY_PT, Align, Cell, Form, Row, Run
from app.errors import Defect

SMALL_PT = 8.0
LARGE_PT = 12.0
BIG_PT = 15.0
HUGE_PT = 22.0
TITLE_PT = 14.0
SECTION_PT = 11.0

_SIZES = {"small": SMALL_PT, "large": LARGE_PT, "big": BIG_PT, "huge": HUGE_PT}
_BLOCKS = {"h1", "h2", "p", "td"}
_KNOWN = _BLOCKS | {"section", "table", "thead", "tbody", "tr", "b", "u", "br", "hr"}
_VOID = {"br", "hr"}
_SPACE = re.compile(r"[ \t\r\n]+")


@dataclass(slots=True)
class _Style:
    bold: bool = False
    underlined: bool = False
    points: float = BODY_PT


@dataclass(slots=True)
class _Open:
    """A cell that is being read."""

    share: float
    align: Align
    shaded: bool
    lined: bool
    filled: bool
    styles: list[_Style]
    runs: list[Run] = field(default_factory=list)


def forms_of(html: str) -> tuple[Form, ...]:
    """Every ``section`` as a form. Raises Defect for what is not part of the small language."""
    reader = _Reader()
    reader.feed(html)
    reader.close()
    return reader.finish()


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.forms: list[Form] = []
        self._rows: list[Row] = []
        self._cells: list[Cell] = []
        self._cell: _Open | None = None
        self._open: list[str] = []
        self._height = 0.0
        self._plain = False
        self._heading = False
        self._row_classes: set[str] = set()

    # -- tags -----------------------------------------------------------------------------------

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        classes = set(values.get("class", "").split())
        if tag not in _KNOWN:
            raise Defect(f"print template: <{tag}> is not known")
        if tag not in _VOID:
            self._open.append(tag)
        match tag:
            case "table":
                self._plain = "plain" in classes
            case "thead":
                self._heading = True
            case "tr":
                self._cells = []
                self._height = float(values.get("h", "0"))
                self._row_classes = classes
            case "hr":
                self._rows.append(Row(cut=True))
            case "br":
                self._add("\n")
            case "b" | "u":
                style = self._style()
                self._push(
                    _Style(style.bold or tag == "b", style.underlined or tag == "u", style.points)
                )
            case "h1" | "h2" | "p" | "td":
                self._begin(tag, classes, float(values.get("w", "1")), values)

    def handle_endtag(self, tag: str) -> None:
        if tag in _VOID:
            return
        if not self._open or self._open.pop() != tag:
            raise Defect(f"print template: </{tag}> closes nothing")
        match tag:
            case "b" | "u":
                assert self._cell is not None
                self._cell.styles.pop()
            case "td":
                self._cells.append(self._end())
            case "tr":
                self._rows.append(self._row(tuple(self._cells), not self._plain, self._heading))
            case "h1" | "h2" | "p":
                self._rows.append(self._row((self._end(),)))
            case "thead":
                self._heading = False
            case "section":
                self.forms.append(Form(tuple(self._rows)))
                self._rows = []

    def handle_data(self, data: str) -> None:
        if self._cell is None:
            if data.strip():
                raise Defect("print template: words outside of a paragraph or cell")
            return
        self._add(_SPACE.sub(" ", data))

    def finish(self) -> tuple[Form, ...]:
        if self._open or self._rows:
            raise Defect("print template: something is left open")
        return tuple(self.forms)

    # -- cells ----------------------------------------------------------------------------------

    def _begin(self, tag: str, classes: set[str], share: float, values: dict[str, str]) -> None:
        points = {"h1": TITLE_PT, "h2": SECTION_PT}.get(tag, BODY_PT)
        for name, size in _SIZES.items():
            if name in classes:
                points = size
        align: Align = "left"
        if "center" in classes or tag == "h1":
            align = "center"
        elif "right" in classes:
            align = "right"
        if tag != "td":
            self._height = float(values.get("h", "0"))
            self._row_classes = classes
        bold = tag in ("h1", "h2") or "b" in classes
        self._cell = _Open(
            share,
            align,
            "label" in classes,
            "line" in classes,
            "fill" in classes,
            [_Style(bold, False, points)],
        )

    def _end(self) -> Cell:
        assert self._cell is not None
        cell = self._cell
        self._cell = None
        return Cell(
            tuple(_trimmed(cell.runs)), cell.share, cell.align, cell.shaded, cell.lined, cell.filled
        )

    def _row(self, cells: tuple[Cell, ...], ruled: bool = False, heading: bool = False) -> Row:
        return Row(
            cells,
            self._height,
            ruled,
            heading=heading,
            keep="keep" in self._row_classes,
            flows="flow" in self._row_classes,
        )

    def _style(self) -> _Style:
        if self._cell is None:
            raise Defect("print template: words outside of a paragraph or cell")
        return self._cell.styles[-1]

    def _push(self, style: _Style) -> None:
        assert self._cell is not None
        self._cell.styles.append(style)

    def _add(self, text: str) -> None:
        style = self._style()
        assert self._cell is not None
        self._cell.runs.append(Run(text, style.bold, style.underlined, style.points))


def _trimmed(runs: list[Run]) -> list[Run]:
    """Without the blanks that only the layout of the template put at the ends of lines."""
    whole = "".join(run.text for run in runs)
    kept: list[Run] = []
    before = "\n"
    at = 0
    for run in runs:
        text = []
        for char in run.text:
            at += 1
            following = whole[at : at + 1]
            if char == " " and (before in " \n" or following in ("", "\n")):
                continue
            text.append(char)
            before = char
        if text:
            kept.append(Run("".join(text), run.bold, run.underlined, run.points))
    while kept and not kept[-1].text.strip(" "):
        kept.pop()
    return kept
