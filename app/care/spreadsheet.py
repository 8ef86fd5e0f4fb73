"""Lists to Excel: one writer for all of them, safe to open and noted in the audit trail.

Every text is written as text: an ID number keeps its digits, and a text that begins like a
formula is none. The workbook is put together in memory and written beside its target, then
renamed: nothing of it ever lies in the system's folder for temporary files.
"""

from __future__ import annotations

import io
import os
import re
import secrets
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.clock import clinic_time
from app.errors import InputError
from app.i18n import tr
from app.models.actor import Actor
from app.models.audit import record_access
from app.models.faults import environment_faults
from app.models.store import Store, sync_to_disk

__all__ = [
    "Cell",
    "Exported",
    "Sheet",
    "SheetColumn",
    "export",
    "suggested_name",
    "workbook_bytes",
    "write_file",
]

Cell = str | int | float | Decimal | bool | date | datetime | None
"""What a cell may hold; a ``str`` is always written as text, an instant at the clinic's clock."""

SUFFIX = ".xlsx"

# What Excel takes: signs in a cell, signs in the name of a sheet, rows of a sheet.
_CELL_LIMIT = 32_767
_NAME_LIMIT = 31
_ROW_LIMIT = 1_048_576
_NAME_SIGNS = re.compile(r"[\[\]:*?/\\]")
# Also the signs that turn the direction of writing: they would show another ending.
_FILE_SIGNS = re.compile(r'[<>:"/\\|?*\s\u200e\u200f\u202a-\u202e\u2066-\u2069]+')
# A text with such a beginning would be a formula if it were typed into Excel, or went through CSV.
_FORMULA_BEGINNINGS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class SheetColumn:
    """A column: its heading and its width in characters."""

    title: str
    width: int = 12


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet: a bold title over the table, the table, plain lines under it."""

    name: str
    columns: tuple[SheetColumn, ...]
    rows: Iterable[Sequence[Cell]]
    title: str = ""
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Exported:
    """The file that was written and how many rows it has (headings not counted)."""

    path: Path
    rows: int


def export(
    store: Store,
    actor: Actor,
    path: Path,
    what: str,
    sheets: Sequence[Sheet],
    detail: Mapping[str, Any] | None = None,
) -> Exported:
    """Write a list to an Excel file and note who took out how many rows of what.

    ``what`` names the list in the audit trail (``resident_list``, ``visit_list``, …); ``detail``
    holds counts and settings, never an identity. The note is kept before the file gets its name,
    so no list leaves unnoticed. Raises InputError ``path`` where the file cannot be replaced
    (open in Excel, folder gone), DiskFull and the other faults of a disk: then there is no file.
    """
    target = path if path.suffix.lower() == SUFFIX else path.with_name(path.name + SUFFIX)
    data, rows = workbook_bytes(sheets)

    def note() -> None:
        if not store.read_only:  # a damaged store can still be taken out, to save what it holds
            record_access(store, actor, "export", what, "", {"rows": rows, **(detail or {})})

    write_file(target, data, before_naming=note)
    return Exported(target, rows)


def write_file(target: Path, data: bytes, before_naming: Callable[[], None] | None = None) -> None:
    """Write a file whole or not at all, beside its place and then renamed.

    ``before_naming`` is called when all is on the disk. Raises InputError ``path`` and StoreFault.
    """
    if not target.parent.is_dir():
        raise InputError(
            {"path": tr("This folder is not there any more. Choose another place for the file.")}
        )
    partial = target.with_name(f".{target.stem[:40]}-{secrets.token_hex(4)}.part")
    try:
        with environment_faults(target.parent):
            partial.write_bytes(data)
            sync_to_disk(partial)
        if before_naming is not None:
            before_naming()
        try:
            os.replace(partial, target)
        except PermissionError:
            raise InputError(
                {
                    "path": tr(
                        "The file is open in another program (Excel or WPS), so it was not "
                        "replaced. Close it there, or choose another name."
                    )
                }
            ) from None
        except IsADirectoryError:
            raise InputError(
                {"path": tr("There is a folder of this name. Choose another name.")}
            ) from None
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise


def suggested_name(*parts: str) -> str:
    """A file name made of words, without the signs that Windows forbids: ``名单_白塔村.xlsx``."""
    words = [_FILE_SIGNS.sub("-", _clean(part)).strip("-. ") for part in parts]
    return "_".join(word for word in words if word)[:100] + SUFFIX


def workbook_bytes(sheets: Sequence[Sheet]) -> tuple[bytes, int]:
    """The whole workbook, and how many rows it has under the headings."""
    import xlsxwriter

    target = io.BytesIO()
    # in_memory: without it the sheets would lie readable in the folder for temporary files.
    book = xlsxwriter.Workbook(
        target,
        {
            "in_memory": True,
            "strings_to_formulas": False,
            "strings_to_numbers": False,
            "strings_to_urls": False,
        },
    )
    total = 0
    names: set[str] = set()
    with book:
        looks = _Looks(book)
        for sheet in sheets:
            total += _write_sheet(book, looks, sheet, names)
    return target.getvalue(), total


class _Looks:
    """The formats of a workbook."""

    def __init__(self, book: Any) -> None:
        edge = {"border": 1, "border_color": "#BFBFBF", "valign": "vcenter"}
        text = {**edge, "num_format": "@"}
        self.title = book.add_format({"bold": True, "font_size": 14, "valign": "vcenter"})
        self.heading = book.add_format(
            {**edge, "bold": True, "bg_color": "#E7EFEE", "text_wrap": True, "align": "center"}
        )
        self.text = book.add_format({**text, "text_wrap": True})
        # Excel shows such a text as it is, also after somebody went into the cell and out again.
        self.quoted = book.add_format({**text, "text_wrap": True, "quote_prefix": True})
        self.number = book.add_format(edge)
        self.day = book.add_format({**edge, "num_format": "yyyy-mm-dd", "align": "center"})
        self.moment = book.add_format({**edge, "num_format": "yyyy-mm-dd hh:mm"})
        self.note = book.add_format({"num_format": "@", "font_color": "#595959"})


def _write_sheet(book: Any, looks: _Looks, sheet: Sheet, names: set[str]) -> int:
    page = book.add_worksheet(_sheet_name(sheet.name, names))
    last = max(len(sheet.columns) - 1, 0)
    row = 0
    if sheet.title:
        page.set_row(0, 26)
        page.write_string(0, 0, _clean(sheet.title), looks.title)
        row = 1
    for at, column in enumerate(sheet.columns):
        page.set_column(at, at, column.width, looks.text)
        page.write_string(row, at, _clean(column.title), looks.heading)
    page.freeze_panes(row + 1, 0)
    page.repeat_rows(row)
    page.set_landscape()
    page.set_paper(9)  # A4
    page.fit_to_pages(1, 0)
    headings = row
    for values in sheet.rows:
        row += 1
        if row >= _ROW_LIMIT:
            raise InputError(
                tr(
                    "The list has more rows than an Excel sheet can hold. Nothing was written. "
                    "Choose a shorter period or one village."
                )
            )
        for at, value in enumerate(values):
            _write_cell(page, row, at, value, looks)
    count = row - headings
    if count and sheet.columns:
        page.autofilter(headings, 0, row, last)
    for line in sheet.notes:
        row += 1
        page.write_string(row, 0, _clean(line), looks.note)
    return count


def _write_cell(page: Any, row: int, at: int, value: Cell, looks: _Looks) -> None:
    if value is None or value == "":
        page.write_blank(row, at, None, looks.text)
    elif isinstance(value, str):
        text = _clean(value)
        quoted = text.startswith(_FORMULA_BEGINNINGS)
        page.write_string(row, at, text, looks.quoted if quoted else looks.text)
    elif isinstance(value, bool):
        page.write_string(row, at, tr("Yes") if value else tr("No"), looks.text)
    elif isinstance(value, datetime):
        local = clinic_time(value) if value.tzinfo else value
        page.write_datetime(row, at, local.replace(tzinfo=None), looks.moment)
    elif isinstance(value, date):
        if value.year < 1900:  # Excel knows no day before its own calendar
            page.write_string(row, at, value.isoformat(), looks.text)
        else:
            page.write_datetime(row, at, value, looks.day)
    else:
        page.write_number(row, at, float(value), looks.number)


def _clean(text: str) -> str:
    """A text without signs that a sheet cannot hold, cut to what a cell can hold."""
    if not text.isprintable():
        text = "".join(
            sign
            for sign in text
            if sign in "\n" or unicodedata.category(sign) not in ("Cc", "Cs", "Cn")
        )
    return text[:_CELL_LIMIT]


def _sheet_name(name: str, taken: set[str]) -> str:
    wanted = _NAME_SIGNS.sub(" ", _clean(name)).strip(" '")[:_NAME_LIMIT] or "Sheet"
    found, number = wanted, 1
    while found.casefold() in taken:
        number += 1
        found = f"{wanted[: _NAME_LIMIT - len(str(number)) - 1]} {number}"
    taken.add(found.casefold())
    return found
