"""The reports room: the number, the people behind it, the person, and the Excel file."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.care.follow_up import record_follow_up
from app.care.outreach.training import Attendee, TrainingInput, record_training
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.reports.view import ReportsRoom
from app.ui.tasks import TaskRunner
from app.ui.widgets import save_file
from tests.care.follow_up_samples import a_visit, managed_resident
from tests.conftest import LEAD_ID, TOWNSHIP_ID


@pytest.fixture
def room(qtbot: QtBot, store: Store, actor: Actor) -> Iterator[ReportsRoom]:
    tasks = TaskRunner()
    made = ReportsRoom(UiContext(store, actor, tasks))
    qtbot.addWidget(made)
    made.resize(1206, 684)
    made.show()
    qtbot.waitExposed(made)
    yield made
    tasks.wait()


def _choose(room: ReportsRoom, qtbot: QtBot, code: str) -> None:
    page = room.overview
    qtbot.waitUntil(lambda: page.model.rowCount() > 0)
    codes = [page.model.row(at).indicator.code for at in range(page.model.rowCount())]  # type: ignore[union-attr]
    page.table.choose(codes.index(code))


def test_from_the_number_to_the_person(
    qtbot: QtBot,
    room: ReportsRoom,
    store: Store,
    actor: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    good = managed_resident(store, actor, "hypertension", name="甲好", village="光明村")
    high = managed_resident(store, actor, "hypertension", name="乙高", village="光明村")
    managed_resident(store, actor, "hypertension", name="丙无", village="东山村")
    record_follow_up(store, actor, a_visit(good))
    record_follow_up(store, actor, a_visit(high, sbp=168))
    room.open()
    _choose(room, qtbot, "H3")
    row = room.overview.table.current()
    assert (row.counted.done, row.counted.of) == (1, 3)
    groups = room.overview.group_model
    qtbot.waitUntil(lambda: groups.rowCount() == 2)
    assert [(groups.row(at).name, groups.row(at).counted.rate) for at in range(2)] == [  # type: ignore[union-attr]
        ("东山村", 0),
        ("光明村", 50),
    ]
    qtbot.waitUntil(lambda: bool(room.overview.plot.canvas.series))

    # Enter on the village: who is missing there.
    room.overview.groups.choose(1)
    qtbot.keyClick(room.overview.groups, Qt.Key.Key_Return)
    page = room.people
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    assert page.table.current().name == "乙高"
    gone: list[dict[str, str]] = []
    page._context.navigated.connect(lambda name, where: gone.append(where))
    qtbot.keyClick(page.table, Qt.Key.Key_Return)
    assert gone == [{"resident_id": high}]

    # Esc goes back; Enter on the indicator: everybody who is missing.
    qtbot.keyClick(page.table, Qt.Key.Key_Escape)
    qtbot.waitUntil(lambda: room.overview.isVisible())
    _choose(room, qtbot, "H3")
    qtbot.keyClick(room.overview.table, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: page.model.rowCount() == 2)
    page.which.setCurrentIndex(1)
    qtbot.waitUntil(lambda: page.model.rowCount() == 1)
    assert page.table.current().resident_id == good

    target = tmp_path / "名单.xlsx"
    monkeypatch.setattr(save_file, "choose_file", lambda *_: str(target))
    page.export_button.click()
    qtbot.waitUntil(target.exists)
    page._context.tasks.wait()
    sheet = load_workbook(target).worksheets[0]
    assert "甲好" in {cell.value for row in sheet.iter_rows() for cell in row}
    with store.read() as session:
        noted = session.query(AuditEvent).filter_by(action="export").one()
        assert noted.detail["code"] == "H3"
        assert "甲" not in str(noted.detail)


def test_the_whole_report_as_a_workbook(
    qtbot: QtBot,
    room: ReportsRoom,
    store: Store,
    actor: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    managed_resident(store, actor, "hypertension", village="光明村")
    room.open()
    _choose(room, qtbot, "C1")
    target = tmp_path / "指标.xlsx"
    monkeypatch.setattr(save_file, "choose_file", lambda *_: str(target))
    room.overview.export_button.click()
    qtbot.waitUntil(target.exists)
    room.overview._context.tasks.wait()
    book = load_workbook(target)
    assert len(book.sheetnames) == 4
    first = [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]
    assert any(row[0] == "H3" and row[2:6] == [0, 1, 0, "%"] for row in first)


def test_hours_are_no_percent_by_group_either(
    qtbot: QtBot,
    make_store: Callable[..., tuple[Store, Actor]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Training hours for each member: 2.5 h for two members are 1.3 h, in every list of them."""
    store, actor = make_store(LEAD_ID)
    day = store.clock.today()
    record_training(
        store,
        actor,
        TrainingInput("卒中康复", "lecture", day, None, 2.5, "李建华", "会议室",
                      (Attendee(TOWNSHIP_ID, "王建国"),)),
    )  # fmt: skip
    tasks = TaskRunner()
    room = ReportsRoom(UiContext(store, actor, tasks))
    qtbot.addWidget(room)
    room.show()
    room.open()
    _choose(room, qtbot, "O3")
    members = room.overview.table.current().counted.of
    wanted = f"{2.5 / members:.1f} 小时"
    overview, groups = room.overview, room.overview.group_model
    qtbot.waitUntil(lambda: groups.rowCount() == 1)
    rates = [model.columns[at].text for model, at in ((overview.model, 4), (groups, 3))]
    assert [rate(row) for rate, row in zip(rates, (overview.table.current(), groups.row(0)),
                                           strict=True)] == [wanted, wanted]  # fmt: skip
    assert [model.columns[at].title for model, at in ((overview.model, 4), (groups, 3))] == [
        "比率",
        "比率",
    ]
    qtbot.waitUntil(lambda: bool(overview.plot.canvas.series))
    assert "小时" in overview.plot.accessibleDescription()
    target = tmp_path / "指标.xlsx"
    monkeypatch.setattr(save_file, "choose_file", lambda *_: str(target))
    overview.export_button.click()
    qtbot.waitUntil(target.exists)
    tasks.wait()
    first, by_village = load_workbook(target).worksheets[:2]
    rows = [[cell.value for cell in row] for row in first.iter_rows()]
    (row,) = [row for row in rows if row[0] == "O3"]
    assert row[4:6] == [round(2.5 / members, 1), "小时"]
    heads, values = ([cell.value for cell in line] for line in list(by_village.iter_rows())[-2:])
    assert values[heads.index("O3 小时")] == round(2.5 / members, 1)


def test_two_days_that_make_no_period_are_said(qtbot: QtBot, room: ReportsRoom) -> None:
    room.open()
    _choose(room, qtbot, "C1")
    bar = room.overview.bar
    bar.part.setCurrentIndex(bar.part.findData("days"))
    bar.first.line.setText("2026-03-02")
    bar.last.line.setText("2026-03-01")
    bar.last.left.emit()
    assert room.overview.strip.isVisible()
    bar.last.line.setText("2026-03-31")
    bar.last.left.emit()
    assert not room.overview.strip.isVisible()
    report = room.overview.report
    assert report is not None
    qtbot.waitUntil(lambda: room.overview.report is not report)
