"""Bringing in a roster through the widgets: the whole job, stopping, taking back, looks."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog
from pytestqt.qtbot import QtBot

from app import i18n
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.roster import RosterImport
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.residents.view import ResidentsRoom
from app.ui.roster import export_dialog, history_step
from app.ui.roster.page import COLUMNS, DONE, FILE, HISTORY, ROWS, RosterPage
from app.ui.tasks import TaskRunner
from app.ui.widgets import save_file
from tests.care.roster.files import FEMALE, LEAP, MALE, OTHER, workbook
from tests.ui.checks import check_page, show_page

ROWS_OF_FILE = [
    ["白塔村老年人花名册"],
    ["谁", "公民身份号码", "性别", "出生日期", "手机", "村"],
    ["张三", MALE, "男", 18264, 13812345678, "白塔村"],
    ["李四", f"'{FEMALE}", "女", "1938.09", None, None],
    ["王五", LEAP, "男", None, None, "龙井村"],
    ["赵六", 341599194708150010, "男", None, None, "龙井村"],
]


@pytest.fixture
def roster(tmp_path: Path) -> Path:
    return workbook(tmp_path / "白塔村.xlsx", ROWS_OF_FILE, headings=None, merge=["A1:F1", "F3:F4"])


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> ResidentsRoom:
    made = ResidentsRoom(context)
    show_page(qtbot, made)
    made.open()
    return made


@pytest.fixture
def saving_to(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Callable[[str], Path]:
    """The system's dialog answers with this place from now on."""

    def answer(name: str) -> Path:
        monkeypatch.setattr(save_file, "choose_file", lambda *_: str(tmp_path / name))
        return tmp_path / name

    return answer


def _residents(store: Store) -> dict[str, Resident]:
    with store.read() as session:
        found = {row.name: row for row in session.query(Resident)}
        session.expunge_all()
        return found


def _click(qtbot: QtBot, button: Any) -> None:
    assert button.isEnabled()
    qtbot.mouseClick(button, Qt.MouseButton.LeftButton)


def _read(qtbot: QtBot, page: RosterPage, path: Path) -> None:
    page.file.path.set_value(str(path))
    _click(qtbot, page.next_button)


def test_the_whole_job(
    qtbot: QtBot,
    room: ResidentsRoom,
    store: Store,
    roster: Path,
    saving_to: Callable[[str], Path],
) -> None:
    _click(qtbot, room.list.roster_button)
    page = room.roster
    assert page.isVisible()
    template = saving_to("空表.xlsx")
    _click(qtbot, page.file.template_button)
    assert openpyxl.load_workbook(template).worksheets[0]["D1"].value == "身份证号"
    # Typed and Enter, as in every other line.
    page.file.path.line.setText(str(roster))
    qtbot.keyClick(page.file.path.line, Qt.Key.Key_Return)
    # One heading is not known by itself: the person says what it is, with the keyboard.
    assert page.step == COLUMNS
    assert page.columns.columns == {1: "id_no", 2: "sex", 3: "birth_date", 4: "phone", 5: "village"}
    _click(qtbot, page.next_button)
    assert "姓名" in page.strip.text()
    page.columns.table.choose(0)
    page.columns.meaning.combo.setFocus()
    page.columns.meaning.combo.setCurrentText("姓名")
    assert page.columns.columns[0] == "name"
    qtbot.keyClick(page, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    # What has to be looked at comes first.
    assert page.step == ROWS
    assert [page.rows.filters[v].text().split()[-1] for v in ("", "ready", "ask", "error")] == [
        "4",
        "2",
        "1",
        "1",
    ]
    assert page.rows.model.row(0).name == "王五"
    assert "性别" in page.rows.why
    qtbot.keyClick(page.rows.table, Qt.Key.Key_Space)
    assert page.next_button.text() == "导入 3 人"
    _click(qtbot, page.rows.filters["error"])
    assert "文本" in page.rows.why
    qtbot.keyClick(page.rows.table, Qt.Key.Key_Space)
    assert page.next_button.text() == "导入 3 人"
    _click(qtbot, page.next_button)
    # Saved, queued, in the list.
    assert page.step == DONE
    rows = _residents(store)
    assert set(rows) == {"张三", "李四", "王五"}
    assert (rows["李四"].id_no, rows["李四"].village) == (FEMALE, "白塔村")
    assert rows["王五"].sex == "2"
    with store.read() as session:
        assert session.query(Outbox).filter_by(kind="resident", state="waiting").count() == 3
    left_out = saving_to("未导入.xlsx")
    _click(qtbot, page.done.export_button)
    sheet = openpyxl.load_workbook(left_out).worksheets[0]
    assert [sheet.cell(2, at).value for at in (1, 3)] == [6, "赵六"]
    assert "文本" in sheet["B2"].value
    _click(qtbot, page.next_button)
    assert room.list.isVisible()
    assert room.list.model.rowCount() == 3
    # The same headings are known from now on.
    _click(qtbot, room.list.roster_button)
    assert page.step == FILE
    _read(qtbot, page, roster)
    assert page.columns.columns[0] == "name"
    _click(qtbot, page.next_button)
    assert "以前导入过" in page.strip.text()
    assert not page.next_button.isEnabled()


def _import(qtbot: QtBot, room: ResidentsRoom, path: Path) -> RosterPage:
    room.show_roster()
    page = room.roster
    _read(qtbot, page, path)
    page.columns.table.choose(0)
    page.columns.meaning.set_value("name")
    _click(qtbot, page.next_button)
    _click(qtbot, page.next_button)
    assert page.step == DONE
    return page


def test_a_whole_import_is_taken_back(
    qtbot: QtBot,
    room: ResidentsRoom,
    store: Store,
    actor: Actor,
    roster: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    page = _import(qtbot, room, roster)
    with store.write(actor) as session:
        session.query(Resident).filter_by(name="李四").one().note = "变更"
    asked: list[history_step.UndoDialog] = []

    def accept(dialog: history_step.UndoDialog) -> int:
        asked.append(dialog)
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(history_step.UndoDialog, "exec", accept)
    _click(qtbot, page.done.history_button)
    assert page.step == HISTORY
    assert page.history.model.row(0).file_name == "白塔村.xlsx"
    _click(qtbot, page.history.undo_button)
    model = asked[0].kept.model()
    assert [model.row(at).name for at in range(model.rowCount())] == ["李四"]
    rows = _residents(store)
    assert {name: row.record_status for name, row in rows.items()} == {
        "张三": "cancelled",
        "李四": "active",
    }
    assert "1" in page.strip.text()
    assert not page.history.undo_button.isEnabled()
    assert "王建国" in page.history.model.columns[-1].text(page.history.model.row(0))


def test_a_refused_file_says_what_to_do_beside_the_field(
    qtbot: QtBot, room: ResidentsRoom, tmp_path: Path
) -> None:
    room.show_roster()
    page = room.roster
    _click(qtbot, page.next_button)
    assert page.file.path.message()
    (tmp_path / "旧.xls").write_bytes(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)
    _read(qtbot, page, tmp_path / "旧.xls")
    assert page.step == FILE
    assert "*.xlsx" in page.file.path.message()


def test_other_heading_rows_are_read_again(
    qtbot: QtBot, room: ResidentsRoom, tmp_path: Path
) -> None:
    rows = [["甲", "乙"], ["名", "号"], ["张三", MALE]]
    room.show_roster()
    page = room.roster
    _read(qtbot, page, workbook(tmp_path / "a.xlsx", rows, headings=None))
    assert page.columns.model.rowCount() == 2
    page.columns.first.set_value(2)
    page.columns.last.set_value(2)
    _click(qtbot, page.columns.again_button)
    assert [page.columns.model.row(at).heading for at in (0, 1)] == ["名", "号"]
    assert page.columns.model.row(0).samples == "张三"
    page.columns.first.set_value(0)
    _click(qtbot, page.columns.again_button)
    assert page.columns.model.row(0).samples == "甲、名、张三"


def test_escape_goes_back_step_by_step(qtbot: QtBot, room: ResidentsRoom, roster: Path) -> None:
    room.show_roster()
    page = room.roster
    _read(qtbot, page, roster)
    assert page.step == COLUMNS
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert page.step == FILE
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert room.list.isVisible()


def test_stopping_leaves_nothing_and_the_page_as_it_was(
    qtbot: QtBot, store: Store, actor: Actor, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.care.roster import importing

    runner = TaskRunner()
    page = RosterPage(UiContext(store, actor, runner))
    show_page(qtbot, page)
    rows = [["姓名", "身份证号"], ["张三", MALE], ["李四", FEMALE], ["王五", OTHER]]
    _read(qtbot, page, workbook(tmp_path / "a.xlsx", rows, headings=None))
    qtbot.waitUntil(lambda: page.step == COLUMNS)
    _click(qtbot, page.next_button)
    qtbot.waitUntil(lambda: page.step == ROWS)
    # The person presses Stop while the backup is made.
    real = importing.before_import

    def slow(of: Store) -> Any:
        page.controller.stop()
        return real(of)

    monkeypatch.setattr(importing, "before_import", slow)
    _click(qtbot, page.next_button)
    assert not page.next_button.isEnabled()
    assert page.cancel_button.isVisible()
    qtbot.waitUntil(lambda: not page.controller.busy)
    assert page.step == ROWS
    assert page.next_button.text() == "导入 3 人"
    assert page.cancel_button.isHidden()
    assert _residents(store) == {}
    with store.read() as session:
        assert session.query(RosterImport).count() == 0
    monkeypatch.setattr(importing, "before_import", real)
    _click(qtbot, page.next_button)
    qtbot.waitUntil(lambda: page.step == DONE)
    assert set(_residents(store)) == {"张三", "李四", "王五"}
    runner.wait()


@pytest.mark.parametrize(("chosen", "number"), [("1", "341599********0018"), ("2", MALE)])
def test_the_list_goes_out_to_excel(
    qtbot: QtBot,
    room: ResidentsRoom,
    store: Store,
    roster: Path,
    saving_to: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
    chosen: str,
    number: str,
) -> None:
    _import(qtbot, room, roster)
    room.show_list()
    target = saving_to("居民.xlsx")

    def choose(dialog: export_dialog.ExportDialog) -> int:
        dialog.save_button.click()
        assert dialog.numbers.message()  # nothing is chosen for the person
        dialog.show()
        qtbot.keyClicks(dialog.numbers.options, chosen)
        dialog.save_button.click()
        return dialog.result()

    monkeypatch.setattr(export_dialog.ExportDialog, "exec", choose)
    _click(qtbot, room.list.export_button)
    sheet = openpyxl.load_workbook(target).worksheets[0]
    found = {sheet.cell(at, 2).value: sheet.cell(at, 5).value for at in (2, 3)}
    assert found["张三"] == number
    assert "2" in room.list.strip.text()
    with store.read() as session:
        event = session.query(AuditEvent).filter_by(kind="resident_list").one()
        assert event.detail == {"rows": 2, "scope": "active", "whole": chosen == "2"}


def test_only_who_was_found_goes_out(
    qtbot: QtBot,
    room: ResidentsRoom,
    roster: Path,
    saving_to: Callable[[str], Path],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _import(qtbot, room, roster)
    room.show_list()
    room.list.begin("zs")
    target = saving_to("居民.xlsx")

    def choose(dialog: export_dialog.ExportDialog) -> int:
        dialog.numbers.set_value("masked")
        return QDialog.DialogCode.Accepted

    monkeypatch.setattr(export_dialog.ExportDialog, "exec", choose)
    _click(qtbot, room.list.export_button)
    sheet = openpyxl.load_workbook(target).worksheets[0]
    assert [sheet.cell(at, 2).value for at in range(1, sheet.max_row + 1)] == ["姓名", "张三"]


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_nothing_is_cut_off(
    qtbot: QtBot, qapp: QApplication, context: UiContext, roster: Path, language: str
) -> None:
    i18n.set_language(language)
    room = ResidentsRoom(context)
    show_page(qtbot, room)
    room.show_roster()
    page = room.roster
    check_page(page)
    _read(qtbot, page, roster)
    page.columns.table.choose(0)
    page.columns.meaning.set_value("name")
    qapp.processEvents()
    check_page(page)
    _click(qtbot, page.next_button)
    qapp.processEvents()
    check_page(page)
    _click(qtbot, page.next_button)
    qapp.processEvents()
    check_page(page)
    page.show_history()
    qapp.processEvents()
    check_page(page)


def test_a_csv_of_an_old_program_is_imported(
    qtbot: QtBot, room: ResidentsRoom, store: Store, tmp_path: Path
) -> None:
    """GB18030, as Excel and the old programs write it: names beyond GB2312 come out whole."""
    lines = [
        "姓名,性别,身份证号,联系电话,村",
        f"单䶮,男,{MALE},13812345678,白塔村",
        f"李四,女,{FEMALE},,白塔村",
    ]
    file = tmp_path / "名单.csv"
    file.write_bytes("\r\n".join(lines).encode("gb18030"))
    room.show_roster()
    page = room.roster
    _read(qtbot, page, file)
    assert page.step == COLUMNS
    assert set(page.columns.columns.values()) == {"name", "sex", "id_no", "phone", "village"}
    _click(qtbot, page.next_button)
    assert page.step == ROWS
    assert page.rows.filters["ready"].text().split()[-1] == "2"
    _click(qtbot, page.next_button)
    assert page.step == DONE
    rows = _residents(store)
    assert set(rows) == {"单䶮", "李四"}
    assert (rows["单䶮"].id_no, rows["单䶮"].phone) == (MALE, "13812345678")
    with store.read() as session:
        assert session.query(Outbox).filter_by(kind="resident", state="waiting").count() == 2
