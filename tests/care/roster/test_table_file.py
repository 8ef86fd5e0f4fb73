"""Files of every kind: read where they can be, refused with what to do where they cannot."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

import pytest

from app.care.roster import table_file
from app.care.roster.progress import Stopped
from app.care.roster.table_file import open_table
from app.care.roster.template import write_template
from app.errors import InputError
from tests.care.roster.files import HEADINGS, MALE, changed_parts, csv_file, person, workbook

CONTENT_TYPES = "[Content_Types].xml"
SHEET = "xl/worksheets/sheet1.xml"


def _refused(path: Path) -> str:
    with pytest.raises(InputError) as refused:
        open_table(path).read()
    return refused.value.problems["path"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
@pytest.mark.parametrize("comma", [",", "\t", ";"])
def test_a_csv_of_every_usual_kind(tmp_path: Path, encoding: str, comma: str) -> None:
    path = csv_file(tmp_path / "名单.csv", [person(1, "张㐂", MALE)], encoding, comma)
    sheet = open_table(path).read()
    assert sheet.rows[0].values == HEADINGS
    assert sheet.rows[1].values[:4] == ("1", "张㐂", "", MALE)
    assert [row.number for row in sheet.rows] == [1, 2]


def test_a_csv_that_excel_was_tricked_with(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_bytes(f'姓名,身份证号\n"张三","=""{MALE}"""\n李四,\'{MALE}\n'.encode())
    assert [row.values[1] for row in open_table(path).read().rows] == [
        "身份证号",
        MALE,
        f"'{MALE}",
    ]


def test_a_workbook_is_read_as_it_stands(tmp_path: Path) -> None:
    rows = [person(1, "张三", MALE, birth=datetime(1950, 1, 1))]  # noqa: DTZ001
    file = open_table(workbook(tmp_path / "a.xlsx", rows))
    assert file.kind == "xlsx"
    assert file.read().rows[1].values == (1, "张三", None, MALE, datetime(1950, 1, 1))  # noqa: DTZ001


def test_the_name_of_a_file_says_nothing(tmp_path: Path) -> None:
    workbook(tmp_path / "a.xlsx", [person(1, "张三", MALE)])
    disguised = (tmp_path / "a.xlsx").rename(tmp_path / "a.csv")
    assert open_table(disguised).kind == "xlsx"
    plain = csv_file(tmp_path / "b.xlsx", [person(1, "张三", MALE)], "gb18030")
    assert open_table(plain).kind == "csv"


def test_empty_rows_keep_the_numbers_of_excel(tmp_path: Path) -> None:
    rows = [[], person(1, "张三", MALE), [], [], person(2, "李四", MALE)]
    sheet = open_table(workbook(tmp_path / "a.xlsx", rows)).read()
    assert [row.number for row in sheet.rows] == [1, 3, 6]


def test_merged_cells_are_known(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [person(1, "张三", MALE)] * 3, merge=["H2:H4", "A1:B1"])
    merged = open_table(path).read().merged
    assert {(m.first_row, m.first_column, m.last_row, m.last_column) for m in merged} == {
        (2, 8, 4, 8),
        (1, 1, 1, 2),
    }


def test_a_sheet_that_lies_about_its_size(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", [person(n, "张三", MALE) for n in range(5)])
    with zipfile.ZipFile(source) as archive:
        xml = archive.read(SHEET).decode()
    lying = xml.replace('<dimension ref="A1:O6"', '<dimension ref="A1"')
    assert lying != xml
    path = changed_parts(source, {SHEET: lying.encode()}, tmp_path / "b.xlsx")
    assert len(open_table(path).read().rows) == 6


def test_a_sheet_that_claims_a_million_rows_costs_nothing(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", [person(1, "张三", MALE)])
    with zipfile.ZipFile(source) as archive:
        xml = archive.read(SHEET).decode()
    huge = xml.replace('<dimension ref="A1:O2"', '<dimension ref="A1:XFD1048576"').replace(
        "</sheetData>", '<row r="1048576"><c r="XFD1048576"><v>1</v></c></row></sheetData>'
    )
    path = changed_parts(source, {SHEET: huge.encode()}, tmp_path / "b.xlsx")
    rows = open_table(path).read().rows
    assert [row.number for row in rows] == [1, 2]


def test_too_many_rows(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "MOST_ROWS", 20)
    path = workbook(tmp_path / "a.xlsx", [person(n, "张三", MALE) for n in range(20)])
    assert "20" in _refused(path)


def test_reading_ends_when_the_person_wants_so(tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", [person(n, "张三", MALE) for n in range(600)], "utf-8")
    with pytest.raises(Stopped):
        open_table(path).read(stopping=lambda: True)


# -- what is refused ------------------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"", "空"),
        (b"\r\n \t\r\n", "空"),
        (OLE + b"\0" * 2000, ".xls"),
        (OLE + "EncryptedPackage".encode("utf-16-le"), "密码"),
        (b"<html><body><table><tr><td>x</td></tr></table></body></html>", ".xls"),
        (b"<?xml version='1.0'?><Workbook/>", ".xls"),
        (b"%PDF-1.7 ...", "CSV"),
        (b"\x89PNG\r\n\x1a\n\0\0\0", "CSV"),
        (b"\xff\xfe\xff\xfe\x00", "CSV"),
        (b"abc\0def", "CSV"),
        (b"PK\x03\x04 and then nothing", "损坏"),
    ],
)
def test_what_no_roster_is(tmp_path: Path, data: bytes, words: str) -> None:
    (tmp_path / "a.xlsx").write_bytes(data)
    assert words in _refused(tmp_path / "a.xlsx")


def test_a_file_that_is_gone(tmp_path: Path) -> None:
    assert "无法读取" in _refused(tmp_path / "a.xlsx")


def test_a_file_cut_short_at_any_place(tmp_path: Path) -> None:
    whole = workbook(tmp_path / "a.xlsx", [person(1, "张三", MALE)]).read_bytes()
    for length in range(4, len(whole), len(whole) // 23):
        (tmp_path / "cut.xlsx").write_bytes(whole[:length])
        assert "损坏" in _refused(tmp_path / "cut.xlsx")


def test_a_workbook_with_spoilt_parts(tmp_path: Path) -> None:
    source = write_template(tmp_path / "a.xlsx")
    for part in (SHEET, "xl/workbook.xml", "xl/sharedStrings.xml", "xl/styles.xml"):
        with zipfile.ZipFile(source) as archive:
            half = archive.read(part)
        path = changed_parts(source, {part: half[: len(half) // 2]}, tmp_path / "b.xlsx")
        assert "损坏" in _refused(path), part


def test_macros_are_refused_and_not_run(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", [person(1, "张三", MALE)])
    path = changed_parts(source, {"xl/vbaProject.bin": b"macro"}, tmp_path / "b.xlsx")
    assert "宏" in _refused(path)
    with zipfile.ZipFile(source) as archive:
        types = archive.read(CONTENT_TYPES)
    macro = types.replace(
        b"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml",
        b"application/vnd.ms-excel.sheet.macroEnabled.main+xml",
    )
    assert macro != types
    assert "宏" in _refused(changed_parts(source, {CONTENT_TYPES: macro}, tmp_path / "c.xlsx"))


def test_a_binary_workbook(tmp_path: Path) -> None:
    source = workbook(tmp_path / "a.xlsx", [])
    parts = {"xl/workbook.xml": None, "xl/workbook.bin": b"x"}
    assert "*.xlsx" in _refused(changed_parts(source, parts, tmp_path / "b.xlsx"))


def test_another_archive(tmp_path: Path) -> None:
    with zipfile.ZipFile(tmp_path / "a.xlsx", "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
    assert "CSV" in _refused(tmp_path / "a.xlsx")


def test_a_blown_up_archive_is_not_unpacked(tmp_path: Path) -> None:
    source = write_template(tmp_path / "a.xlsx")
    bomb = b" " * (90 * 1024 * 1024)
    path = changed_parts(source, {"xl/sharedStrings.xml": bomb}, tmp_path / "b.xlsx")
    assert path.stat().st_size < 200_000
    assert "过大" in _refused(path)


def test_one_sign_over_and_over_is_no_sheet(tmp_path: Path) -> None:
    source = write_template(tmp_path / "a.xlsx")
    cell = b"<row><c t='inlineStr'><is><t>" + b"A" * (30 * 1024 * 1024) + b"</t></is></c></row>"
    sheet = b"<worksheet><sheetData>" + cell + b"</sheetData></worksheet>"
    path = changed_parts(source, {"xl/worksheets/sheet1.xml": sheet}, tmp_path / "b.xlsx")
    assert path.stat().st_size < 200_000
    assert "过大" in _refused(path)


def test_many_parts_are_too_many(tmp_path: Path) -> None:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for number in range(3001):
            archive.writestr(f"xl/worksheets/{number}.xml", b"")
    (tmp_path / "a.xlsx").write_bytes(made.getvalue())
    assert "过大" in _refused(tmp_path / "a.xlsx")


def test_entities_that_grow_are_not_followed(tmp_path: Path) -> None:
    source = write_template(tmp_path / "a.xlsx")
    grow = ["<!ENTITY a0 'aaaaaaaaaaaaaaaaaaaa'>"]
    grow += [f"<!ENTITY a{n} '{f'&a{n - 1};' * 20}'>" for n in range(1, 9)]
    strings = (
        f"<?xml version='1.0'?><!DOCTYPE sst [{''.join(grow)}]>"
        "<sst xmlns='http://schemas.openxmlformats.org/spreadsheetml/2006/main'>"
        "<si><t>&a8;</t></si></sst>"
    )
    path = changed_parts(source, {"xl/sharedStrings.xml": strings.encode()}, tmp_path / "b.xlsx")
    assert "损坏" in _refused(path)
    wide = strings.replace("'1.0'", "'1.0' encoding='utf-16'").encode("utf-16")
    assert "损坏" in _refused(
        changed_parts(source, {"xl/sharedStrings.xml": wide}, tmp_path / "c.xlsx")
    )


def test_a_file_of_another_size_class(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(table_file, "_MOST_BYTES", 1000)
    assert "过大" in _refused(workbook(tmp_path / "a.xlsx", []))
