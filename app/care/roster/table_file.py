"""The file of a roster: an Excel workbook (.xlsx) or a CSV, looked at with care, then read.

What a file is, its content says, not its name. A workbook is a ZIP archive from anywhere: its
sizes are looked at before anything is unpacked, macros are refused and never run, outside links
are not followed, and no temporary file is made. Rows are read one after the other.
"""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any

from app.care.roster.progress import Stopped
from app.errors import InputError
from app.i18n import tr
from app.models.faults import environment_faults

__all__ = ["MOST_COLUMNS", "MOST_ROWS", "Raw", "RawRow", "RawSheet", "TableFile", "open_table"]

Raw = str | int | float | bool | date | datetime | time | None
"""What a cell holds, as the file gives it."""

MOST_ROWS = 50_000
MOST_COLUMNS = 80

_MEGABYTE = 1024 * 1024
_MOST_BYTES = 40 * _MEGABYTE
# What a workbook may take unpacked. A roster of 50,000 rows takes some 60 MB.
_MOST_UNPACKED = 300 * _MEGABYTE
_MOST_STRINGS = 80 * _MEGABYTE
_MOST_OTHER_PART = 25 * _MEGABYTE
_MOST_PARTS = 3000
# A large part that shrinks more than this holds one sign over and over, not people.
_MOST_SHRUNK = 200
# In the encodings that XML may come in.
_DECLARATIONS = tuple("<!DOCTYPE".encode(each) for each in ("ascii", "utf-16-le", "utf-16-be"))
# Rows that are looked at, empty ones too: a sheet may begin at row 900,000.
_MOST_LOOKED_AT = 200_000
# Empty rows in a row after which nothing more is expected.
_EMPTY_RUN = 5_000
_CSV_CELL_LIMIT = 100_000
_DECLARED_WITHIN = 65_536

_MERGED = re.compile(rb"<(?:\w+:)?mergeCell\s[^>]*?ref=\"([A-Z]{1,3})(\d+):([A-Z]{1,3})(\d+)\"")
_TAIL = 4 * _MEGABYTE


@dataclass(frozen=True, slots=True)
class RawRow:
    """A row that is not empty; ``number`` is the one that Excel shows at its left."""

    number: int
    values: tuple[Raw, ...]


@dataclass(frozen=True, slots=True)
class Merged:
    """Merged cells: rows and columns from 1, both ends included."""

    first_row: int
    first_column: int
    last_row: int
    last_column: int


@dataclass(frozen=True, slots=True)
class RawSheet:
    """The rows of a sheet. ``from_1904``: its serial dates count from 1904 (old Macintosh)."""

    name: str
    rows: tuple[RawRow, ...]
    merged: tuple[Merged, ...] = ()
    from_1904: bool = False


@dataclass(frozen=True, slots=True)
class TableFile:
    """A file that was looked at: ``read(name)`` gives a sheet. ``digest``: SHA-256 in hex."""

    name: str
    kind: str  # xlsx, csv
    sheets: tuple[str, ...]
    digest: str
    encoding: str
    _data: bytes

    def read(self, sheet: str = "", stopping: Callable[[], bool] = lambda: False) -> RawSheet:
        """All rows of a sheet (the first one where none is named). Raises InputError, Stopped."""
        if self.kind == "csv":
            rows = tuple(_limited(_csv_rows(self._data, self.encoding), stopping))
            return RawSheet(self.sheets[0], rows)
        return _read_workbook(self._data, sheet or self.sheets[0], stopping)


def open_table(path: Path) -> TableFile:
    """Look at a file and say what it is.

    Raises InputError with a sentence that says what to do for everything that is no ``.xlsx`` and
    no CSV in UTF-8, UTF-16 or GB18030: the old ``.xls``, a file with a password, with macros,
    cut short, empty, or blown up.
    """
    try:
        with environment_faults(path.parent):
            if path.stat().st_size > _MOST_BYTES:
                raise _too_big()
            data = path.read_bytes()
    except (FileNotFoundError, IsADirectoryError, PermissionError):
        raise InputError(
            {"path": tr("This file cannot be read. Close it in Excel, or choose it again.")}
        ) from None
    if not data.strip(b"\0 \t\r\n"):
        raise InputError({"path": tr("The file is empty. Nothing was imported.")})
    digest = hashlib.sha256(data).hexdigest()
    if data.startswith(b"PK"):
        return TableFile(path.name, "xlsx", _look_into_workbook(data), digest, "", data)
    _refuse_other_kinds(data)
    encoding = _encoding(data)
    return TableFile(path.name, "csv", (path.stem,), digest, encoding, data)


# -- what it is -----------------------------------------------------------------------------


def _refuse_other_kinds(data: bytes) -> None:
    head = data[:4096].lstrip(codecs.BOM_UTF8).lstrip().lower()
    if data.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        if "EncryptedPackage".encode("utf-16-le") in data:
            raise InputError(
                {
                    "path": tr(
                        "The workbook is protected by a password, so it cannot be read. Open it "
                        "in Excel or WPS, remove the password, save it, then choose it again."
                    )
                }
            )
        raise _old_excel()
    if head.startswith((b"<html", b"<!doctype html", b"<table", b"<?xml", b"<meta")):
        # Many systems give out a web page and call it .xls.
        raise _old_excel()
    if head.startswith((b"%pdf", b"\x89png", b"\xff\xd8\xff", b"{\\rtf")):
        raise _no_table()


def _look_into_workbook(data: bytes) -> tuple[str, ...]:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            parts = archive.infolist()
            _check_parts(parts)
            _refuse_declarations(archive, parts)
            names = {part.filename for part in parts}
            if "[Content_Types].xml" not in names or "xl/workbook.xml" not in names:
                raise _no_table() if "xl/workbook.bin" not in names else _old_excel()
            types = archive.read("[Content_Types].xml")
            if b"macroEnabled" in types or any(n.lower().endswith("vbaproject.bin") for n in names):
                raise InputError(
                    {
                        "path": tr(
                            "The workbook holds macros (small programs). They are never run "
                            "here. Save it in Excel or WPS as “Excel workbook (*.xlsx)”, then "
                            "choose that file."
                        )
                    }
                )
        book = _load(data)
        names_of_sheets = tuple(sheet.title for sheet in book.worksheets)
        book.close()
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged() from error
    if not names_of_sheets:
        raise InputError({"path": tr("The workbook has no sheet with rows.")})
    return names_of_sheets


def _check_parts(parts: list[zipfile.ZipInfo]) -> None:
    """The sizes that the archive tells; no more than that is ever unpacked of a part."""
    if len(parts) > _MOST_PARTS or sum(part.file_size for part in parts) > _MOST_UNPACKED:
        raise _too_big()
    for part in parts:
        name = part.filename.lower()
        if part.flag_bits & 1:
            raise _damaged()
        if part.file_size > max(_MOST_OTHER_PART, _MOST_SHRUNK * part.compress_size):
            raise _too_big()
        if name.endswith("sharedstrings.xml"):
            if part.file_size > _MOST_STRINGS:
                raise _too_big()
        elif part.file_size > _MOST_OTHER_PART and not name.startswith(
            ("xl/worksheets/", "xl/media/")
        ):
            raise _too_big()


def _refuse_declarations(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> None:
    """No program writes a document type into a workbook; with one, a part can grow while read."""
    for part in parts:
        if part.filename.lower().endswith((".xml", ".rels")):
            with archive.open(part) as stream:
                head = stream.read(_DECLARED_WITHIN)
                if any(declaration in head for declaration in _DECLARATIONS):
                    raise _damaged()


def _encoding(data: bytes) -> str:
    if data.startswith(codecs.BOM_UTF8):
        found = "utf-8-sig"
    elif data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        found = "utf-16"
    else:
        found = "utf-8"
        try:
            data.decode(found)
        except UnicodeDecodeError:
            found = "gb18030"
    try:
        text = data.decode(found)
    except UnicodeDecodeError:
        raise _no_table() from None
    if "\0" in text:
        raise _no_table()
    return found


# -- reading --------------------------------------------------------------------------------


def _csv_rows(data: bytes, encoding: str) -> Iterator[tuple[Raw, ...]]:
    text = data.decode(encoding)
    first = text[: text.find("\n") if "\n" in text else len(text)]
    delimiter = max(",\t;，", key=first.count)
    csv.field_size_limit(_CSV_CELL_LIMIT)
    try:
        for values in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            # Some programs write ="…" so that Excel keeps all digits.
            yield tuple(
                cell[2:-1] if cell.startswith('="') and cell.endswith('"') else cell
                for cell in values[:MOST_COLUMNS]
            )
    except csv.Error as error:
        raise _damaged() from error


def _read_workbook(data: bytes, name: str, stopping: Callable[[], bool]) -> RawSheet:
    try:
        book = _load(data)
        sheet = next((each for each in book.worksheets if each.title == name), None)
        if sheet is None:
            raise InputError({"sheet": tr("The workbook has no sheet of this name.")})
        # What a sheet says of its own size is often wrong.
        sheet.reset_dimensions()
        rows = tuple(_limited(sheet.iter_rows(max_col=MOST_COLUMNS, values_only=True), stopping))
        merged = _merged(data, sheet._worksheet_path)
        return RawSheet(name, rows, merged, book.epoch.year == 1904)
    except (zipfile.BadZipFile, EOFError, NotImplementedError, RuntimeError) as error:
        raise _damaged() from error
    except (SyntaxError, KeyError, ValueError, TypeError, IndexError, AttributeError) as error:
        # Half a part, or one that says what no program writes (SyntaxError: broken XML).
        raise _damaged() from error


def _load(data: bytes) -> Any:
    import warnings

    from openpyxl import load_workbook
    from openpyxl.utils.exceptions import InvalidFileException

    try:
        with warnings.catch_warnings():
            # It says which parts of a workbook it leaves out (drop-down lists, pictures).
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(data), read_only=True, data_only=True, keep_links=False)
    except (InvalidFileException, SyntaxError, KeyError, ValueError, TypeError) as error:
        raise _damaged() from error
    except (IndexError, AttributeError, EOFError, OSError) as error:
        raise _damaged() from error


def _limited(rows: Iterator[tuple[Raw, ...]], stopping: Callable[[], bool]) -> Iterator[RawRow]:
    count = run = 0
    for number, values in enumerate(rows, 1):
        if number > _MOST_LOOKED_AT:
            raise _too_many_rows()
        if any(value is not None and value != "" for value in values):
            run = 0
            count += 1
            if count > MOST_ROWS:
                raise _too_many_rows()
            yield RawRow(number, _without_end(values))
        else:
            run += 1
            if count and run > _EMPTY_RUN:
                return
        if number % 500 == 0 and stopping():
            raise Stopped


def _without_end(values: tuple[Raw, ...]) -> tuple[Raw, ...]:
    last = len(values)
    while last and values[last - 1] in (None, ""):
        last -= 1
    return values[:last]


def _merged(data: bytes, part: str) -> tuple[Merged, ...]:
    """Merged cells stand behind the rows, near the end of the sheet's part."""
    kept = b""
    with zipfile.ZipFile(io.BytesIO(data)) as archive, archive.open(part) as stream:
        while block := stream.read(_MEGABYTE):
            kept = (kept + block)[-_TAIL:]
    found = (
        Merged(int(row), _column(first), int(last_row), _column(last))
        for first, row, last, last_row in _MERGED.findall(kept)
    )
    return tuple(each for each in found if each.first_row <= each.last_row)


def _column(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


# -- sentences ------------------------------------------------------------------------------


def _old_excel() -> InputError:
    return InputError(
        {
            "path": tr(
                "This is the old Excel format (.xls), a web page called .xls, or a binary "
                "workbook; it cannot be read here. Open it in Excel or WPS, choose Save As, take "
                "“Excel workbook (*.xlsx)”, then choose the new file."
            )
        }
    )


def _no_table() -> InputError:
    return InputError(
        {"path": tr("This is no Excel workbook (.xlsx) and no CSV table. Choose another file.")}
    )


def _damaged() -> InputError:
    return InputError(
        {
            "path": tr(
                "The file is damaged or was cut short, so nothing of it was taken. Open it in "
                "Excel or WPS and save it again, or ask for the file once more."
            )
        }
    )


def _too_big() -> InputError:
    return InputError(
        {
            "path": tr(
                "The file is much larger than a roster can be. Copy the rows of the people into a "
                "new workbook, without pictures, and choose that."
            )
        }
    )


def _too_many_rows() -> InputError:
    return InputError(
        {
            "path": tr(
                "The sheet has more than {count} rows. Split it, for example by village, and "
                "import one after the other."
            ).format(count=MOST_ROWS)
        }
    )
