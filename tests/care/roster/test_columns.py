"""Headings: known by many words, over several rows, merged, remembered when corrected."""

from __future__ import annotations

from pathlib import Path

import pytest

from app.care.roster import columns
from app.care.roster.columns import FIELDS, TEMPLATE, find_headings, matched, normal, signature
from app.care.roster.table_file import open_table
from app.care.roster.template import write_template
from app.models.actor import Actor
from app.models.store import Store
from tests.care.roster.files import HEADINGS, MALE, person, workbook


def test_every_usual_heading_is_one_field() -> None:
    words = [normal(word) for field in FIELDS for word in field.synonyms]
    assert len(words) == len(set(words))
    assert all(word == normal(word) for field in FIELDS for word in field.synonyms)


def test_the_columns_of_the_county_are_known(tmp_path: Path) -> None:
    assert matched(HEADINGS) == dict(enumerate(TEMPLATE))
    sheet = open_table(write_template(tmp_path / "空表.xlsx")).read()
    found = find_headings(sheet)
    assert (found.first_row, found.texts) == (1, HEADINGS)


@pytest.mark.parametrize(
    ("heading", "field"),
    [
        ("姓 名", "name"),
        ("*姓名", "name"),
        ("身份证号码（必填）", "id_no"),
        ("公民身份号码", "id_no"),
        ("联系电话(11位)", "phone"),
        ("联系人（电话）", "contact_phone"),
        ("联系人/电话", "contact_phone"),
        ("基本信息/姓名", "name"),
        ("出生日期（格式如1950-01-01）", "birth_date"),
        ("Name", "name"),
        ("血型", None),
    ],
)
def test_headings_and_their_fields(heading: str, field: str | None) -> None:
    assert matched([heading]).get(0) == field


def test_a_field_goes_to_its_first_column() -> None:
    assert matched(["姓名", "居民姓名"]) == {0: "name"}


def test_headings_below_a_title_and_in_two_rows(tmp_path: Path) -> None:
    rows = [
        ["白塔村 65 岁以上老年人花名册", None, None, None, None],
        [None] * 5,
        ["序号", "基本信息", None, "联系人", None],
        [None, "姓名", "身份证号", "姓名", "电话"],
        [1, "张三", MALE, "李四", "13812345678"],
    ]
    path = workbook(
        tmp_path / "a.xlsx", rows, headings=None, merge=["A1:E1", "A3:A4", "B3:C3", "D3:E3"]
    )
    found = find_headings(open_table(path).read())
    assert (found.first_row, found.last_row) == (3, 4)
    assert matched(found.texts) == {
        0: "serial",
        1: "name",
        2: "id_no",
        3: "contact_name",
        4: "contact_phone",
    }


def test_a_sheet_without_headings(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", [person(1, "张三", MALE)], headings=None)
    assert find_headings(open_table(path).read()).last_row == 0


def test_what_a_person_said_is_remembered_for_the_same_headings(store: Store, actor: Actor) -> None:
    texts = ("甲", "乙", "丙")
    with store.write(actor) as session:
        assert columns.remembered(session, texts) is None
        columns.remember(session, texts, {0: "name", 2: "id_no"})
    with store.read() as session:
        assert columns.remembered(session, texts) == {0: "name", 2: "id_no"}
        assert columns.remembered(session, ("甲", "乙")) is None
    assert "甲" not in signature(texts)


def test_the_oldest_memories_make_room(
    store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(columns, "_MOST_REMEMBERED", 2)
    with store.write(actor) as session:
        for text in ("一", "二", "三"):
            columns.remember(session, (text,), {0: "name"})
    with store.read() as session:
        assert [columns.remembered(session, (t,)) is not None for t in "一二三"] == [
            False,
            True,
            True,
        ]
