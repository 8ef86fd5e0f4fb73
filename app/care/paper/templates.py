"""Print templates: ``resources/print/*.html``, filled in with Jinja2.

Jinja2 is loaded when the first document is made, never at the start of the program. Everything
put in is escaped; a value that a template asks for and does not get is a defect.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from app.care.paper.document import Form
from app.care.paper.markup import forms_of
from app.i18n import language, tr
from app.models import codes
from app.paths import resources

if TYPE_CHECKING:
    from jinja2 import Environment
    from markupsafe import Markup


def fill(template: str, **values: Any) -> tuple[Form, ...]:
    """The forms of a template ``resources/print/<template>.html`` with these values.

    Templates know ``tr``, ``label(code_list, code)``, ``boxes(code_list)`` (a box to tick before
    each entry), ``line(n)`` (a line to write on, n letters wide), ``share(chinese, english)``; the
    filter ``lines`` keeps the line breaks of a text.
    """
    return forms_of(_environment().get_template(f"{template}.html").render(**values))


def boxes(code_list: str, *, numbered: bool = True) -> str:
    """``□1 无症状  □2 头痛头晕``: every entry of a code list to tick; codes as on the form."""
    entries = codes.entries(code_list)
    digits = numbered and all(entry.code.isdigit() for entry in entries)
    # A blank that does not break keeps the box with its word.
    return "  ".join(
        f"□{entry.code + ' ' if digits else ''}{entry.label}".replace(" ", "\u00a0")
        for entry in entries
    )


def line(letters: int = 6) -> str:
    """A line to write on."""
    return "_" * letters


def share(chinese: float, english: float) -> float:
    """The share of the width that a cell takes in the language of the print."""
    return chinese if language() == "zh_CN" else english


def _lines(text: str) -> Markup:
    from markupsafe import Markup, escape

    return Markup("<br>").join(escape(line) for line in text.split("\n"))


@cache
def _environment() -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(resources() / "print", encoding="utf-8"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    made.filters["lines"] = _lines
    made.globals.update(tr=tr, label=codes.label, boxes=boxes, line=line, share=share)
    return made
