"""The writer of lists: texts stay texts, whole file or none, every list is noted."""

from __future__ import annotations

import io
import tempfile
import zipfile
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.care import spreadsheet
from app.care.spreadsheet import Sheet, SheetColumn, export, suggested_name, workbook_bytes
from app.errors import DiskFull, InputError
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.store import Store

ID = "341599195001010018"
COLUMNS = (SheetColumn("姓名"), SheetColumn("身份证号", 22))


def _read(data: bytes, sheet: int = 0) -> list[list[Any]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.worksheets[sheet].iter_rows()]


def test_an_id_number_keeps_its_digits_as_text() -> None:
    data, rows = workbook_bytes([Sheet("名单", COLUMNS, [("张三", ID)])])
    cell = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["B2"]
    assert (cell.value, cell.data_type, cell.number_format) == (ID, "s", "@")
    assert rows == 1


@pytest.mark.parametrize("text", ["=1+1", "+86", "-5", "@SUM(A1)", '=HYPERLINK("http://x")'])
def test_a_text_like_a_formula_is_none(text: str) -> None:
    data, _ = workbook_bytes([Sheet("名单", COLUMNS, [(text, "")])])
    cell = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["A2"]
    assert (cell.value, cell.data_type, cell.quotePrefix) == (text, "s", True)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")


def test_an_address_of_the_web_is_no_link() -> None:
    data, _ = workbook_bytes([Sheet("名单", COLUMNS, [("http://example.org", "")])])
    assert openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["A2"].hyperlink is None


def test_numbers_days_and_instants_are_what_they_are() -> None:
    columns = tuple(SheetColumn(str(at)) for at in range(6))
    rows = [
        (
            3,
            Decimal("6.5"),
            date(2026, 3, 2),
            datetime(2026, 3, 2, 1, 30, tzinfo=UTC),
            True,
            date(1899, 5, 1),
        )
    ]
    data, _ = workbook_bytes([Sheet("数", columns, rows)])
    assert _read(data)[1] == [
        3,
        6.5,
        datetime(2026, 3, 2),  # noqa: DTZ001 — Excel knows no zones
        datetime(2026, 3, 2, 9, 30),  # noqa: DTZ001
        "是",
        "1899-05-01",
    ]


def test_a_title_stands_above_and_notes_under_the_table() -> None:
    sheet = Sheet("名单", COLUMNS, [("张三", ID)], title="白塔村名单", notes=("共1人",))
    rows = _read(workbook_bytes([sheet])[0])
    assert [row[0] for row in rows] == ["白塔村名单", "姓名", "张三", "共1人"]


def test_sheets_of_one_name_and_forbidden_signs() -> None:
    sheets = [Sheet("白塔/村", COLUMNS, []), Sheet("白塔 村", COLUMNS, []), Sheet("", COLUMNS, [])]
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(sheets)[0]))
    assert book.sheetnames == ["白塔 村", "白塔 村 2", "Sheet"]


def test_signs_that_no_sheet_can_hold_are_left_out() -> None:
    data, _ = workbook_bytes([Sheet("名单", COLUMNS, [("张\x00三\x1f\ud800", "x" * 40_000)])])
    row = _read(data)[1]
    assert row[0] == "张三"
    assert len(row[1]) == 32_767


def test_a_name_for_a_file_holds_no_forbidden_sign() -> None:
    assert suggested_name("随访名单", "白塔/村 <3>", "") == "随访名单_白塔-村-3.xlsx"
    assert suggested_name("名单", "\u202egpj.exe") == "名单_gpj.exe.xlsx"


def test_a_list_taken_out_is_noted_without_an_identity(
    store: Store, actor: Actor, tmp_path: Path
) -> None:
    target = tmp_path / "名单.xlsx"
    done = export(
        store, actor, target, "resident_list", [Sheet("名单", COLUMNS, [("张三", ID)])], {"v": 1}
    )
    assert (done.path, done.rows) == (target, 1)
    assert _read(target.read_bytes())[1] == ["张三", ID]
    with store.read() as session:
        event = session.query(AuditEvent).filter_by(action="export").one()
        assert (event.kind, event.staff_id, event.detail) == (
            "resident_list",
            actor.staff_id,
            {"rows": 1, "v": 1},
        )


def test_the_suffix_is_added(store: Store, actor: Actor, tmp_path: Path) -> None:
    assert export(store, actor, tmp_path / "a.b", "x", [Sheet("s", COLUMNS, [])]).path == (
        tmp_path / "a.b.xlsx"
    )


def test_nothing_readable_lies_among_the_temporary_files(
    store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise AssertionError("a temporary file was made")

    for name in ("mkstemp", "TemporaryFile", "NamedTemporaryFile", "mkdtemp"):
        monkeypatch.setattr(tempfile, name, refuse)
    folder = tmp_path / "out"
    folder.mkdir()
    export(store, actor, folder / "a.xlsx", "x", [Sheet("s", COLUMNS, [("张三", ID)])])
    assert [each.name for each in folder.iterdir()] == ["a.xlsx"]


def test_a_full_disk_leaves_no_file(
    store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    folder = tmp_path / "out"
    folder.mkdir()
    monkeypatch.setattr(spreadsheet, "sync_to_disk", full)
    with pytest.raises(DiskFull):
        export(store, actor, folder / "a.xlsx", "x", [Sheet("s", COLUMNS, [])])
    assert list(folder.iterdir()) == []


def test_a_file_that_is_open_elsewhere_stays_as_it_is(
    store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def locked(*_: object) -> None:
        raise PermissionError(13, "in use")

    folder = tmp_path / "out"
    folder.mkdir()
    (folder / "a.xlsx").write_bytes(b"old")
    monkeypatch.setattr(spreadsheet.os, "replace", locked)
    with pytest.raises(InputError) as refused:
        export(store, actor, folder / "a.xlsx", "x", [Sheet("s", COLUMNS, [])])
    assert "path" in refused.value.problems
    assert [(each.name, each.read_bytes()) for each in folder.iterdir()] == [("a.xlsx", b"old")]


def test_a_folder_that_is_gone(store: Store, actor: Actor, tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        export(store, actor, tmp_path / "gone" / "a.xlsx", "x", [Sheet("s", COLUMNS, [])])
    assert "path" in refused.value.problems
