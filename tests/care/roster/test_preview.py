"""Looking at a roster: each pitfall at the row that has it, and nothing kept."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from app.care.basic_form import Answer, BasicForm, Contact, Disease
from app.care.clinical_settings import load_clinical_settings, save_clinical_settings
from app.care.residents import register
from app.care.roster.preview import (
    ASK,
    ERROR,
    KNOWN,
    READY,
    Preview,
    PreviewRow,
    check_roster,
    open_roster,
)
from app.errors import InputError, NotAllowed
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store
from tests.care.roster.files import FEMALE, LEAP, MALE, OTHER, csv_file, person, workbook

Look = Callable[..., Preview]


@pytest.fixture
def look(store: Store, actor: Actor, tmp_path: Path) -> Look:
    """``look([row, …])`` writes a workbook of these rows and checks it."""

    def look(
        rows: Sequence[Sequence[Any]], merge: Sequence[str] = (), without_id: str = ""
    ) -> Preview:
        source = open_roster(store, actor, workbook(tmp_path / "名单.xlsx", rows, merge=merge))
        return check_roster(store, actor, source, source.columns, without_id=without_id)

    return look


def _one(look: Look, row: Sequence[Any], **how: Any) -> PreviewRow:
    return look([row], **how).rows[0]


def _known(store: Store, actor: Actor) -> str:
    form = BasicForm(
        name="张三",
        id_no=MALE,
        residency="1",
        ethnicity="01",
        village="白塔村",
        phone="13812345678",
        contacts=(Contact("李四", "13812345679"),),
        drug_allergy=(Answer("1"),),
        past_disease=(Disease("1"),),
    )
    return register(store, actor, form).resident_id


def test_a_whole_row(look: Look, actor: Actor) -> None:
    row = _one(
        look,
        person(
            1, "张 三", f"'{MALE} ", "男", "1950.01.01", 联系电话=13812345678, 乡镇="白塔畈镇",
            村="白塔村", 组=3, 详细住址="3 组 12 号", 联系人="李四", 联系人电话="0564-7356120",
            人群类型="高血压、低保", 签约医生="王建国", 备注="腿脚不便",
        ),
    )  # fmt: skip
    assert (row.verdict, row.number, row.name, row.id_masked) == (
        READY,
        2,
        "张三",
        "341599********0018",
    )
    form = row.form
    assert form is not None
    assert (form.id_no, form.sex, form.birth_date) == (MALE, "1", date(1950, 1, 1))
    assert (form.phone, form.township, form.village) == ("13812345678", "白塔畈镇", "白塔村")
    assert (form.village_group, form.address) == ("3", "3 组 12 号")
    assert form.contacts == (Contact("李四", "0564-7356120"),)
    assert [flag.code for flag in form.population_flags] == ["hypertension", "low_income"]
    assert (form.responsible_doctor_id, form.note) == (actor.staff_id, "腿脚不便")


def test_what_a_roster_does_not_say_stays_unasked(look: Look) -> None:
    form = _one(look, person(1, "张三", MALE)).form
    assert form is not None
    assert (form.drug_allergy, form.past_disease, form.consents) == ((), (), ())
    assert (form.residency, form.ethnicity, form.phone) == ("", "", "")


def test_nothing_is_kept_by_looking(look: Look, store: Store) -> None:
    look([person(1, "张三", MALE)])
    with store.read() as session:
        assert session.query(Resident).count() == 0
        assert session.query(Outbox).count() == 0


def test_sex_and_birth_come_from_the_number(look: Look) -> None:
    rows = look([person(1, "张三", LEAP), person(2, "李四", FEMALE)]).rows
    assert [(row.sex, row.birth_date) for row in rows] == [
        ("2", date(1948, 2, 29)),
        ("2", date(1938, 9, 30)),
    ]


PITFALLS = [
    (person(1, "张三", 341599195001010018), ERROR, "文本"),
    (person(1, "张三", "341599195001010019"), ERROR, "校验位"),
    (person(1, "张三", None, "男", "1950-01-01"), ERROR, "临时档案"),
    (person(1, None, MALE), ERROR, "姓名"),
    (person(1, "张3", MALE), ERROR, "姓名"),
    (person(1, "#N/A", MALE), ERROR, "#N/A"),
    (person(1, "张三", MALE, "男", "农历正月初一"), ERROR, "日期"),
    (person(1, "张三", MALE, "女"), ASK, "性别"),
    (person(1, "张三", MALE, "男", "1950-01-02"), ASK, "1950-01-01"),
    (person(1, "张三", MALE, "男", 1950.02), ASK, "1950-01-01"),
    (person(1, "张三", MALE, 联系电话="1381234567"), ASK, "11 位"),
    (person(1, "张三", MALE, 联系人="李4"), ASK, "联系人"),
    (person(1, "张三", MALE, 村="村" * 51), ASK, "50"),
    (person(1, "张三", MALE, "男", 1950.1), READY, ""),
    (person(1, "张三", MALE, "男", 18264), READY, ""),
    (person(1, "张三", "341599500101001"), READY, "15 位"),
    (person(1, "张三", MALE, 签约医生="无名氏"), READY, "备注"),
    (person(1, "张三", MALE, 人群类型="高血压 百岁老人"), READY, "备注"),
    (person(1, "张三", MALE, 联系电话="13812345678/13912345678"), READY, "备注"),
]


def test_each_pitfall_at_its_row(look: Look) -> None:
    for row, verdict, words in PITFALLS:
        found = _one(look, row)
        assert found.verdict == verdict, row
        assert words in " ".join(found.messages), row
        assert (found.form is None) == (verdict == ERROR)


def test_what_is_not_understood_is_kept_in_the_remarks(look: Look) -> None:
    form = _one(
        look,
        person(
            1, "张三", MALE, 签约医生="无名氏", 人群类型="百岁老人", 联系电话="13812345678/82345678"
        ),
    ).form
    assert form is not None
    assert form.note == "电话 82345678；人群类型 百岁老人；签约医生 无名氏"


def test_totals_and_signatures_are_nobody(look: Look) -> None:
    rows = look(
        [person(1, "张三", MALE), ["合计", "1人"], ["填表人：王", None, None, None], ["注：见附表"]]
    ).rows
    assert [row.verdict for row in rows] == [READY, ERROR, ERROR, ERROR]
    assert all("不是人员" in row.messages[0] for row in rows[1:])


def test_the_same_person_twice_in_the_file(look: Look) -> None:
    rows = look(
        [
            person(1, "张三", MALE),
            person(2, "张三", f" {MALE.lower()}"),
            person(3, "王五", OTHER, 联系电话="13812345678"),
            person(4, "王五", LEAP, 联系电话="138 1234 5678"),
        ]
    ).rows
    assert [row.verdict for row in rows] == [READY, ERROR, READY, ASK]
    assert "第 2 行" in rows[1].messages[0]
    assert "第 4 行" in rows[3].messages[0]


def test_the_same_health_record_number_twice(store: Store, actor: Actor, tmp_path: Path) -> None:
    number = "34159910010100001"
    path = workbook(
        tmp_path / "a.xlsx",
        [["姓名", "身份证号", "档案号"], ["张三", MALE, number], ["李四", FEMALE, number]],
        headings=None,
    )
    source = open_roster(store, actor, path)
    rows = check_roster(store, actor, source, source.columns).rows
    assert [row.verdict for row in rows] == [READY, ASK]
    assert [row.form.record_no for row in rows if row.form] == [number, ""]


def test_a_registered_number_is_left_as_it_is(look: Look, store: Store, actor: Actor) -> None:
    _known(store, actor)
    row = _one(look, person(1, "张三丰", MALE))
    assert (row.verdict, row.form) == (KNOWN, None)
    assert "保持不变" in row.messages[0]


def test_a_closed_record_blocks_too_and_says_so(look: Look, store: Store, actor: Actor) -> None:
    known = _known(store, actor)
    with store.write(actor) as session:
        session.get_one(Resident, known).record_status = "moved_away"
    row = _one(look, person(1, "张三", MALE))
    assert row.verdict == KNOWN
    assert "迁出" in row.messages[0]


@pytest.mark.parametrize(
    "row",
    [
        person(1, "张三", "341599195001010034"),
        person(1, "张三", OTHER, 联系电话="13812345678"),
    ],
)
def test_somebody_alike_is_asked_about(
    look: Look, store: Store, actor: Actor, row: list[Any]
) -> None:
    _known(store, actor)
    found = _one(look, row)
    assert found.verdict == ASK
    assert "341599********0018" in found.messages[0]
    assert "白塔村" in found.messages[0]


def test_nobody_alike_needs_no_question(look: Look, store: Store, actor: Actor) -> None:
    _known(store, actor)
    assert _one(look, person(1, "张三", OTHER)).verdict == READY
    assert _one(look, person(1, "张四", OTHER, 联系电话="13812345678")).verdict == READY


def test_rows_without_a_number_may_become_temporary(look: Look) -> None:
    row = person(1, "张三", None, "男", "1950-01-01")
    found = _one(look, row, without_id="not_brought")
    assert found.verdict == READY
    assert found.form is not None
    assert (found.form.id_type, found.form.no_id_reason, found.form.temporary) == (
        "none",
        "not_brought",
        True,
    )


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (person(1, "张三", None, "男", "1950.1"), "年月"),
        (person(1, "张三", None, None, "1950-01-01"), "性别"),
        (person(1, "张三", None, "男"), "出生日期"),
        (person(1, "张三", "34159919500101001", "男", "1950-01-01"), "18"),
    ],
)
def test_a_temporary_record_needs_what_it_needs(look: Look, row: list[Any], words: str) -> None:
    found = _one(look, row, without_id="not_brought")
    assert found.verdict == ERROR
    assert words in " ".join(found.messages)


def test_a_merged_village_counts_for_all_its_rows(look: Look) -> None:
    rows = [
        person(1, "张三", MALE, 村="白塔村"),
        person(2, "李四", FEMALE),
        person(3, "王五", LEAP),
        person(4, "赵六", OTHER),
    ]
    found = look(rows, merge=["H2:H4"]).rows
    assert [row.village for row in found] == ["白塔村", "白塔村", "白塔村", ""]


def test_a_merged_name_is_nobodys(look: Look) -> None:
    rows = [person(1, "张三", MALE), person(2, None, FEMALE)]
    found = look(rows, merge=["B2:B3"]).rows
    assert [row.verdict for row in found] == [READY, ERROR]
    assert "合并" in " ".join(found[1].messages)


def test_other_papers(store: Store, actor: Actor, tmp_path: Path) -> None:
    path = workbook(
        tmp_path / "a.xlsx",
        [
            ["姓名", "证件类型", "证件号码", "性别", "出生日期"],
            ["李约翰", "护照", "e12345678", "男", "1950-01-01"],
            ["张三", "居民身份证", MALE, None, None],
        ],
        headings=None,
    )
    source = open_roster(store, actor, path)
    rows = check_roster(store, actor, source, source.columns).rows
    assert [row.verdict for row in rows] == [READY, READY]
    assert [(row.form.id_type, row.form.id_no) for row in rows if row.form] == [
        ("other", "E12345678"),
        ("id_card", MALE),
    ]


def test_a_gb18030_csv_is_the_same(store: Store, actor: Actor, tmp_path: Path) -> None:
    path = csv_file(tmp_path / "a.csv", [person(1, "张三", MALE, "男", 18264)], "gb18030")
    source = open_roster(store, actor, path)
    row = check_roster(store, actor, source, source.columns).rows[0]
    assert (row.verdict, row.birth_date) == (READY, date(1950, 1, 1))


def test_the_sheet_with_headings_is_chosen(store: Store, actor: Actor, tmp_path: Path) -> None:
    import openpyxl

    book = openpyxl.Workbook()
    assert book.active is not None
    book.active.append(["说明"])
    book.create_sheet("名单").append(["姓名", "身份证号"])
    book["名单"].append(["张三", MALE])
    book.save(tmp_path / "a.xlsx")
    source = open_roster(store, actor, tmp_path / "a.xlsx")
    assert (source.sheet.name, source.columns) == ("名单", {0: "name", 1: "id_no"})
    assert source.samples(1) == (MALE,)


@pytest.mark.parametrize(
    "columns", [{}, {0: "id_no"}, {0: "name"}, {0: "name", 1: "id_no", 2: "name"}]
)
def test_columns_that_are_not_enough(
    store: Store, actor: Actor, tmp_path: Path, columns: dict[int, str]
) -> None:
    path = workbook(tmp_path / "a.xlsx", [["甲", "乙", "丙"], ["张三", MALE, ""]], headings=None)
    source = open_roster(store, actor, path, heading_rows=(1, 1))
    with pytest.raises(InputError) as refused:
        check_roster(store, actor, source, columns)
    assert "columns" in refused.value.problems


def test_only_who_may_register_may_import(store: Store, actor: Actor, tmp_path: Path) -> None:
    reader = Actor(actor.staff_id, actor.organisation_id, "看", frozenset({"office_clerk"}))
    with pytest.raises(NotAllowed):
        open_roster(store, reader, workbook(tmp_path / "a.xlsx", [person(1, "张三", MALE)]))


@pytest.mark.parametrize(
    ("written", "kept"),
    [
        ("城镇职工医保", [("1", "")]),
        ("1", [("1", "")]),
        ("城镇居民基本医疗保险", [("2", "")]),
        ("新农合", [("3", "")]),
        ("城乡居民医保", [("3", "")]),
        ("城乡居民基本医疗保险、长护险", [("3", ""), ("8", "长护险")]),
        ("长期护理保险", [("8", "长护险")]),
        ("自费", [("7", "")]),
        ("惠民保", [("8", "惠民保")]),
        ("", []),
    ],
)
def test_who_pays_in_the_words_of_today(
    store: Store, actor: Actor, tmp_path: Path, written: str, kept: list[tuple[str, str]]
) -> None:
    form, notes = _paid(store, actor, tmp_path, written)
    assert [(each.code, each.text) for each in form.payment] == kept
    assert any("其他" in note for note in notes) is (written == "惠民保")


def test_the_merged_insurance_is_kept_as_the_county_says(
    store: Store, actor: Actor, tmp_path: Path
) -> None:
    settings = replace(load_clinical_settings(store), merged_insurance="2")
    save_clinical_settings(store, actor, settings, "按城镇居民登记")
    form, _ = _paid(store, actor, tmp_path, "城乡居民医保")
    assert [each.code for each in form.payment] == ["2"]


def _paid(
    store: Store, actor: Actor, tmp_path: Path, written: str
) -> tuple[BasicForm, Sequence[str]]:
    """The form of one row whose column of the insurance says this."""
    file = tmp_path / "医保.csv"
    file.write_text(f"姓名,身份证号,医保类型\n张三,{MALE},{written}\n", "utf-8-sig")
    source = open_roster(store, actor, file)
    assert "payment" in source.columns.values()
    (row,) = check_roster(store, actor, source, source.columns).rows
    assert row.form is not None
    return row.form, row.messages
