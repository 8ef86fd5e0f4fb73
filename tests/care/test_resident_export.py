"""The list of residents to Excel: who, with which numbers, noted; and who may."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import openpyxl
import pytest

from app.care.due import refresh_due
from app.care.resident_export import export_residents
from app.care.resident_list import count_residents, list_residents
from app.errors import NotAllowed
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.resident import Resident
from app.models.store import Store
from tests.care.roster.files import FEMALE, MALE


@pytest.fixture
def people(store: Store, actor: Actor) -> dict[str, str]:
    """Two residents here, one of them closed."""
    with store.write(actor) as session:
        rows = [
            Resident(
                name="张三",
                sex="1",
                birth_date=date(1950, 1, 1),
                id_no=MALE,
                phone="13812345678",
                village="白塔村",
                contacts=[{"name": "李四", "phone": "0564-7356120", "relation": "20"}],
                population_flags=[{"code": "low_income", "text": ""}],
            ),
            Resident(
                name="=1+1",
                sex="2",
                birth_date=date(1938, 9, 30),
                id_no=FEMALE,
                record_status="deceased",
            ),
        ]
        session.add_all(rows)
        session.flush()
        return {row.name: row.id for row in rows}


def _rows(path: Path) -> list[dict[str, Any]]:
    sheet = openpyxl.load_workbook(path).worksheets[0]
    head, *rows = ([cell.value for cell in row] for row in sheet.iter_rows())
    return [dict(zip(head, row, strict=True)) for row in rows]


@pytest.mark.parametrize(
    ("whole", "number", "phone", "other"),
    [
        (True, MALE, "13812345678", "0564-7356120"),
        (False, "341599********0018", "138****5678", "**********20"),
    ],
)
def test_whole_or_masked(
    store: Store,
    actor: Actor,
    people: dict[str, str],
    tmp_path: Path,
    whole: bool,
    number: str,
    phone: str,
    other: str,
) -> None:
    done = export_residents(store, actor, tmp_path / "a.xlsx", whole=whole)
    assert done.rows == 1
    (row,) = _rows(done.path)
    assert (row["姓名"], row["年龄"], row["村"]) == ("张三", 76, "白塔村")
    assert (row["身份证号"], row["联系电话"], row["联系人电话"]) == (number, phone, other)
    assert (row["联系人"], row["人群类型"], row["档案状态"]) == ("李四", "低保", "在档")
    with store.read() as session:
        event = session.query(AuditEvent).filter_by(action="export").one()
        assert event.detail == {"rows": 1, "scope": "active", "whole": whole}


def test_a_scope_and_those_found(
    store: Store, actor: Actor, people: dict[str, str], tmp_path: Path
) -> None:
    closed = export_residents(store, actor, tmp_path / "a.xlsx", scope="ended")
    assert [row["姓名"] for row in _rows(closed.path)] == ["=1+1"]
    both = export_residents(store, actor, tmp_path / "b.xlsx", ids=list(people.values()))
    assert {row["姓名"] for row in _rows(both.path)} == {"张三", "=1+1"}


def test_a_population_group_by_the_tags_of_today(
    store: Store, actor: Actor, people: dict[str, str], tmp_path: Path
) -> None:
    with store.write(actor) as session:
        refresh_due(session, store.organisation_id, people.values())
    done = export_residents(store, actor, tmp_path / "a.xlsx", tag="senior")
    (row,) = _rows(done.path)
    assert (row["姓名"], row["人群类型"]) == ("张三", "老年人、低保")
    with store.read() as session:
        event = session.query(AuditEvent).filter_by(action="export").one()
        assert event.detail == {"rows": 1, "scope": "active", "whole": False, "tag": "senior"}
    none = export_residents(store, actor, tmp_path / "b.xlsx", tag="stroke")
    assert none.rows == 0
    listed = list_residents(store, actor, tag="low_income")
    assert [line.name for line in listed] == ["张三"]
    assert count_residents(store, actor, tag="low_income") == 1
    assert count_residents(store, actor, "temporary", "low_income") == 0
    assert count_residents(store, actor, tag="stroke") == 0


def test_who_only_reads_takes_no_list_out(
    store: Store, actor: Actor, people: dict[str, str], tmp_path: Path
) -> None:
    reader = Actor(actor.staff_id, actor.organisation_id, "看", frozenset({"office_clerk"}))
    with pytest.raises(NotAllowed):
        export_residents(store, reader, tmp_path / "a.xlsx")
    assert not (tmp_path / "a.xlsx").exists()
