"""Files of rosters for the tests: made with the libraries that offices use, or by hand."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import openpyxl

HEADINGS = (
    "序号", "姓名", "性别", "身份证号", "出生日期", "联系电话", "乡镇", "村", "组", "详细住址",
    "联系人", "联系人电话", "人群类型", "签约医生", "备注",
)  # fmt: skip

MALE, LEAP, FEMALE, OTHER = (
    "341599195001010018",
    "341599194802290027",
    "34159919380930022X",
    "34159919470815001X",
)
"""Valid numbers of nobody (unassigned region), from the domain rules §2.1."""


def person(
    number: int, name: str, id_no: Any, sex: str = "", birth: Any = None, **more: Any
) -> list[Any]:
    """A row in the order of ``HEADINGS``."""
    values = {
        "序号": number,
        "姓名": name,
        "性别": sex,
        "身份证号": id_no,
        "出生日期": birth,
        **more,
    }
    return [values.get(heading) for heading in HEADINGS]


def workbook(
    path: Path,
    rows: Iterable[Sequence[Any]],
    *,
    merge: Iterable[str] = (),
    headings: Sequence[Any] | None = HEADINGS,
    formats: dict[str, str] | None = None,
) -> Path:
    """An ``.xlsx`` as Excel would save it. ``headings`` None: the rows hold them."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    if headings is not None:
        sheet.append(list(headings))
    for row in rows:
        sheet.append(list(row))
    for area in merge:
        sheet.merge_cells(area)
    for cell, number_format in (formats or {}).items():
        sheet[cell].number_format = number_format
    book.save(path)
    return path


def csv_file(path: Path, rows: Iterable[Sequence[Any]], encoding: str, comma: str = ",") -> Path:
    lines = [comma.join("" if v is None else str(v) for v in row) for row in [HEADINGS, *rows]]
    path.write_bytes("\r\n".join([*lines, ""]).encode(encoding))
    return path


def changed_parts(source: Path, changes: dict[str, bytes | None], target: Path) -> Path:
    """A copy of a workbook with other parts; None takes a part out."""
    with zipfile.ZipFile(source) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, data in {**parts, **changes}.items():
            if data is not None:
                archive.writestr(name, data)
    target.write_bytes(made.getvalue())
    return target
