"""A document to be printed: pages, forms, rows, cells and words; no Qt, no device.

Lengths are millimetres, type sizes points. The screen paints it (``app/ui/printing``) with lines
of one thickness; text documents of Qt draw the borders of a table cell by cell, with gaps and
double lines where cells meet.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

PageSize = Literal["A4", "A5"]
Align = Literal["left", "center", "right"]

PAGE_MM: Mapping[PageSize, tuple[float, float]] = {"A4": (210.0, 297.0), "A5": (148.0, 210.0)}
"""Width and height of the upright page."""

BODY_PT = 9.5


@dataclass(frozen=True, slots=True)
class Run:
    """Words in one style. A line break is ``\\n``."""

    text: str
    bold: bool = False
    underlined: bool = False
    points: float = BODY_PT


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell of a row. ``share`` is its part of the width beside the other cells' shares.

    ``lined``: a line below, as a blank of a form has it. ``filled``: words that fill in the form;
    on pre-printed paper they alone are printed.
    """

    runs: tuple[Run, ...] = ()
    share: float = 1.0
    align: Align = "left"
    shaded: bool = False
    lined: bool = False
    filled: bool = False

    @property
    def text(self) -> str:
        return "".join(run.text for run in self.runs)


@dataclass(frozen=True, slots=True)
class Row:
    """A line of cells. ``height``: at least so many mm; it grows with its text.

    ``ruled``: with lines around its cells. ``cut``: a dashed line to tear or cut along.
    ``heading``: repeated at the head of the next page when its table goes on there. ``keep``: on
    the same page as the row after it. ``flows``: its words may go on on the next page.
    """

    cells: tuple[Cell, ...] = ()
    height: float = 0.0
    ruled: bool = False
    cut: bool = False
    heading: bool = False
    keep: bool = False
    flows: bool = False


@dataclass(frozen=True, slots=True)
class Form:
    """One form or chapter: it begins in a new cell or on a new page."""

    rows: tuple[Row, ...]

    @property
    def text(self) -> str:
        """All words, a line a row, cells apart by tabs."""
        return "\n".join("\t".join(cell.text for cell in row.cells) for row in self.rows)


@dataclass(frozen=True, slots=True)
class About:
    """What the audit trail says of a print: no identity, only what and how many.

    ``persons`` 0: a blank form, of which nothing is noted. ``whole_ids``: identity numbers are
    printed whole.
    """

    kind: str
    record_id: str = ""
    persons: int = 0
    whole_ids: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class PrintDocument:
    """``title`` names the print job and the PDF. ``across`` and ``down``: how many forms stand on
    a page, with cutting lines between them; 1 and 0 (the default) let each form flow over as many
    pages as it needs. ``margins``: left, top, right, bottom. ``preprinted``: for paper that has the
    lines and headings already; only what fills them in is printed.
    """

    title: str
    forms: tuple[Form, ...]
    about: About
    page: PageSize = "A4"
    landscape: bool = False
    margins: tuple[float, float, float, float] = (12.0, 12.0, 12.0, 14.0)
    across: int = 1
    down: int = 0
    footer: str = ""
    preprinted: bool = False

    @property
    def size(self) -> tuple[float, float]:
        """Width and height of the page as it is printed."""
        width, height = PAGE_MM[self.page]
        return (height, width) if self.landscape else (width, height)

    @property
    def text(self) -> str:
        return "\n\n".join(form.text for form in self.forms)


@dataclass(frozen=True, slots=True)
class Sheets:
    """A form that can be had on several papers: ``make(page, preprinted)`` gives the document.

    ``form`` is the name under which this PC keeps its paper and shift. ``can_be_preprinted``: there
    is such a form in print shops, with lines and headings.
    """

    form: str
    make: Callable[[PageSize, bool], PrintDocument]
    can_be_preprinted: bool = False
