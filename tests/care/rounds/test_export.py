"""The list as an Excel file, as it is opened there."""

from __future__ import annotations

from pathlib import Path

import pytest
from openpyxl import load_workbook
from sqlalchemy import select

from app.care.rounds.export import export_people
from app.care.rounds.work import WorkFilter
from app.errors import InputError
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.store import Store
from tests.care.rounds.people import village


def test_the_list_in_its_order_masked_and_noted(store: Store, actor: Actor, tmp_path: Path) -> None:
    ids = village(store, actor)
    wanted = WorkFilter("month", village="光荣村", order="place")
    path = tmp_path / "名单.xlsx"
    assert export_people(store, actor, wanted, path, "光荣村").rows == 5
    page = load_workbook(path).active
    rows = [[cell.value for cell in row] for row in page.iter_rows()]
    assert rows[0][0] == "走访名单 光荣村"
    head = rows[1]
    assert head[:4] == ["序号", "姓名", "性别", "年龄"]
    first = dict(zip(head, rows[2], strict=True))
    assert (first["姓名"], first["分组"], first["电话"]) == ("周五", "1组", "138****1234")
    assert first["证件号码"] == "341524********423X"
    assert first["应办事项"] == "高血压随访 2026-03-01"
    assert first["逾期天数"] == 1
    with store.read() as session:
        (note,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "export"))
        assert note.kind == "visit_list"
        assert note.detail == {"rows": 5, "scope": "month", "kind": "", "whole_ids": False}
    # Some of them, with whole numbers.
    export_people(store, actor, wanted, path, "光荣村", whole_ids=True, only=(ids[1], ids[3]))
    page = load_workbook(path).active
    found = [[cell.value for cell in row] for row in page.iter_rows(min_row=3, max_row=4)]
    assert [row[1] for row in found] == ["李四", "钱二"]
    assert found[0][head.index("证件号码")] == "34152419650601323X"
    assert found[0][head.index("电话")] == "13800001234"


def test_an_empty_list_makes_no_file(store: Store, actor: Actor, tmp_path: Path) -> None:
    path = tmp_path / "名单.xlsx"
    with pytest.raises(InputError, match="没有人"):
        export_people(store, actor, WorkFilter(), path, "")
    assert not path.exists()
