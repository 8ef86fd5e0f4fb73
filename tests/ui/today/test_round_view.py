"""Today by village and by doctor: filters, counts, marked people, Excel, the way to the work."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from openpyxl import load_workbook
from PySide6.QtCore import QItemSelectionModel
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care.paper.log import note_print
from app.care.paper.rounds import RoundRequest, prepare_round
from app.care.paper.settings import PrintSettings, save_print_settings
from app.care.rounds.work import WorkFilter, first_people
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.resident import Resident
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.today import round_view
from app.ui.today.round_view import RoundView
from app.ui.today.view import TodayRoom
from app.ui.widgets import save_file
from tests.care.rounds.people import due, village, villager
from tests.ui.checks import check_fits, check_names


@pytest.fixture
def people(store: Store, actor: Actor) -> list[str]:
    """Five of one village, the first two with a doctor; one of another without a phone."""
    ids = village(store, actor)
    other = villager(store, actor, "吴六", village="白马村", phone=None)
    due(store, actor, other, "plan_review", 3)
    due(store, actor, other, "follow_up:hypertension", 20)
    with store.write(actor) as session:
        for each in ids[:2]:
            row = session.get(Resident, each)
            assert row is not None
            row.responsible_doctor_id = actor.staff_id
    return [*ids, other]


@pytest.fixture
def room(people: list[str], context: UiContext, shown: Any) -> TodayRoom:
    made: TodayRoom = shown(TodayRoom(context))
    made.views.setCurrentIndex(1)
    return made


def _names(view: RoundView) -> list[str]:
    return [view.model.row(at).name for at in range(view.model.rowCount())]


def _choose(combo: Any, words: str) -> None:
    combo.setCurrentIndex(combo.findText(words))


def test_the_counts_and_the_filters(room: TodayRoom) -> None:
    view = room.lists.view
    tabs = [view.scopes.tabText(at) for at in range(view.scopes.count())]
    assert tabs == ["逾期 5", "今日及逾期 5", "7天内 6", "30天内 6", "联系不上 1"]
    _choose(view.kind, "康复计划评估")
    assert _names(view) == ["吴六"]
    assert view.scopes.tabText(2) == "7天内 1"
    _choose(view.kind, "全部事项")
    _choose(view.other, "王建国")
    assert _names(view) == ["赵一", "钱二"]
    assert view.title() == "王建国"
    _choose(view.other, "全部医生")
    assert view.title() == "全部村"
    view.scopes.setCurrentIndex(4)
    assert _names(view) == ["吴六"]
    check_names(room)
    check_fits(room)


def test_what_did_not_change_is_not_asked_for_again(
    room: TodayRoom, people: list[str], store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = room.lists.view
    asked: list[WorkFilter] = []

    def first(*asks: Any) -> Any:
        asked.append(asks[2])
        return first_people(*asks)

    monkeypatch.setattr(round_view, "first_people", first)
    for at in (0, 1):
        room.views.setCurrentIndex(at)
    assert asked == []
    assert len(_names(view)) == 6
    # Recorded while the whole list stands in front.
    room.views.setCurrentIndex(0)
    due(store, actor, villager(store, actor, "郑七"), "plan_review", 0)
    room._context.tell_changed("resident")
    room.views.setCurrentIndex(1)
    assert len(_names(view)) == 7
    # Recorded while these lists do.
    due(store, actor, villager(store, actor, "王八"), "plan_review", 0)
    room._context.tell_changed("resident")
    assert len(_names(view)) == 8
    # Another grouping is another question, and so is the way back.
    asked.clear()
    room.views.setCurrentIndex(2)
    room.views.setCurrentIndex(1)
    assert len(asked) == 2


def test_by_house_inside_a_village_only(room: TodayRoom) -> None:
    view = room.lists.view
    assert not view.order.isEnabled()
    view.groups.choose(1)
    assert view.order.isEnabled()
    _choose(view.order, "按组和住址")
    assert _names(view) == ["周五", "李四", "孙三", "钱二", "赵一"]


def test_by_doctor(room: TodayRoom) -> None:
    room.views.setCurrentIndex(2)
    view = room.lists.view
    labels = [view.groups_model.row(at).label for at in range(view.groups_model.rowCount())]
    assert labels == ["全部", "王建国", "未定医生"]
    view.groups.choose(2)
    assert len(_names(view)) == 4
    _choose(view.other, "白马村")
    assert _names(view) == ["吴六"]
    assert view.title() == "未定医生 白马村"
    # Back to all: the three columns as they were.
    room.views.setCurrentIndex(0)
    assert room.today.list.isVisible()


def test_enter_opens_the_work(room: TodayRoom, context: UiContext, people: list[str]) -> None:
    gone: list[Any] = []
    context.navigated.connect(lambda where, with_: gone.append((where, with_)))
    view = room.lists.view
    view.table.opened.emit(view.model.row(0))
    assert gone == [("chronic", {"resident_id": people[0], "disease": "hypertension"})]


def test_the_marked_people_to_excel(
    room: TodayRoom,
    store: Store,
    context: UiContext,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    save_print_settings(store, context.actor, PrintSettings(whole_ids=True))
    view = room.lists.view
    view.groups.choose(1)
    for at in (1, 3):
        view.table.selectionModel().select(
            view.model.index(at, 0),
            QItemSelectionModel.SelectionFlag.Select | QItemSelectionModel.SelectionFlag.Rows,
        )
    view.table.selectionModel().select(
        view.model.index(0, 0),
        QItemSelectionModel.SelectionFlag.Deselect | QItemSelectionModel.SelectionFlag.Rows,
    )
    assert view.note.text() == "共5人，选中2人"
    path = tmp_path / "走访.xlsx"
    asked: list[str] = []

    def choose(parent: object, title: str, suggested: str) -> str:
        asked.append(Path(suggested).name)
        return str(path)

    monkeypatch.setattr(save_file, "choose_file", choose)
    said: list[str] = []
    context.notified.connect(lambda words, tone: said.append(words))
    view.excel_button.click()
    dialog = room.lists.printer.dialog
    assert dialog is not None
    assert dialog.paper == "excel"
    # Whole numbers are asked for anew each time.
    assert not dialog.settings.whole_ids
    dialog.go.click()
    assert asked == ["走访名单_光荣村_20260302.xlsx"]
    assert "2人" in said[-1]
    page = load_workbook(path).active
    assert [page.cell(row, 2).value for row in (3, 4)] == ["钱二", "李四"]
    with store.read() as session:
        assert session.scalars(select(AuditEvent).where(AuditEvent.action == "export")).one()


def test_blank_forms_need_nobody(context: UiContext, store: Store, shown: Any) -> None:
    room: TodayRoom = shown(TodayRoom(context))
    room.views.setCurrentIndex(1)
    view = room.lists.view
    assert view.empty.isVisible()
    view.print_button.click()
    dialog = room.lists.printer.dialog
    assert dialog is not None
    assert not dialog.go.isEnabled()
    dialog.paper_field.set_value("checks")
    dialog.blank_field.set_value(True)
    assert dialog.go.isEnabled()
    assert dialog.whole_ids.isHidden()
    dialog.go.click()
    preview = room.lists.printer.preview
    assert preview is not None
    assert preview.document.about.persons == 0
    preview.reject()


def test_check_sheets_are_entered_on_their_own_page(
    room: TodayRoom, store: Store, actor: Actor, context: UiContext, people: list[str], qtbot: QtBot
) -> None:
    document = prepare_round(store, actor, RoundRequest("checks", tuple(people[:2]), "光荣村"))
    note_print(store, actor, document, "paper", 6)
    gone: list[Any] = []
    context.navigated.connect(lambda where, with_: gone.append((where, with_)))
    room.lists.view.pile_button.click()
    page = room.pile.page
    assert page.day.isHidden()
    page.enter_button.click()
    assert gone == [("check_ups", {"resident_id": people[0]})]
    # Back in the room the pile is still there.
    room.open()
    assert page.isVisible()
    page.back_button.click()
    assert room.lists.view.isVisible()
