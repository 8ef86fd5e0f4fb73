"""The ward's check-in by keyboard, on a real store."""

from __future__ import annotations

import json
import time as clock_time
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from PySide6.QtCore import QModelIndex, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from app.care.check_in import save_check_in
from app.care.check_in_history import history
from app.care.rehab_plan import pause_plan, plans_of
from app.care.rehab_rules import Vitals
from app.care.rehab_ward import load_ward
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.drafts import count_drafts
from app.models.outbox import Outbox, Receipt
from app.models.rehab import CheckIn
from app.models.resident import Resident
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.rehab import cells
from app.ui.rehab.cells import INDEX
from app.ui.rehab.model import WardModel
from app.ui.rehab.row_dialog import RowDialog
from app.ui.rehab.view import RehabRoom
from app.ui.tasks import SynchronousRunner, TaskRunner
from tests.care.rehab_ward import add_condition, add_plan, add_resident, add_ward, done

KEYS = {"\t": Qt.Key.Key_Tab, "\n": Qt.Key.Key_Return}
PLAIN = Qt.KeyboardModifier(0)
Ctrl = Qt.KeyboardModifier.ControlModifier


class Desk:
    """The room on the screen and somebody typing."""

    def __init__(self, context: UiContext, qtbot: QtBot) -> None:
        self.context, self.bot = context, qtbot
        self.room = RehabRoom(context)
        qtbot.addWidget(self.room)
        self.room.resize(
            theme.SCREEN_WIDTH - theme.RAIL_WIDTH,
            theme.SCREEN_HEIGHT - theme.TOP_HEIGHT - theme.BAR_HEIGHT,
        )
        with qtbot.waitActive(self.room):
            self.room.show()
            self.room.activateWindow()
        self.room.open()
        self.page = self.room.ward
        self.table = self.page.table
        self.model = self.page.model
        self.told: list[str] = []
        context.notified.connect(lambda text, tone: self.told.append(text))

    def focus(self) -> QWidget:
        widget = QApplication.focusWidget()
        assert widget is not None
        return widget

    def type(self, text: str) -> None:
        """One key after the other, to whatever has the focus then."""
        for char in text:
            if char in KEYS:
                self.bot.keyClick(self.focus(), KEYS[char])
            else:
                self.bot.keyClicks(self.focus(), char)

    def press(self, key: Qt.Key, modifier: Qt.KeyboardModifier = PLAIN) -> None:
        self.bot.keyClick(self.focus(), key, modifier)

    def times(self, start: str = "0900", end: str = "0940") -> None:
        self.page.start.setFocus()
        self.type(start + "\n" + end + "\n")

    def at(self) -> tuple[int, str]:
        row, column = self.table.place()
        return row, cells.COLUMNS[column].key

    def go(self, row: int, key: str) -> None:
        self.table.setFocus()
        self.table.go(row, INDEX[key])

    def cell(self, row: int, key: str) -> str:
        return str(self.model.index(row, INDEX[key]).data())

    def whole(self, row: int) -> None:
        """A calm row without its completion; the values differ from row to row."""
        self.go(row, "pre_bp")
        self.type(f"1{20 + row}{70 + row % 10}{70 + row % 20}97012")
        self.type(f"1{30 + row}{72 + row % 10}{84 + row % 20}962")


@pytest.fixture
def ward24(store: Store, actor: Actor, context: UiContext, qtbot: QtBot) -> Desk:
    add_ward(store, actor, 24)
    return Desk(context, qtbot)


@pytest.fixture
def ward3(store: Store, actor: Actor, context: UiContext, qtbot: QtBot) -> Desk:
    add_ward(store, actor, 3)
    return Desk(context, qtbot)


def kept(store: Store) -> dict[str, CheckIn]:
    with store.read() as session:
        rows = session.scalars(select(CheckIn)).all()
        session.expunge_all()
        return {row.resident_id: row for row in rows}


def test_a_whole_ward_by_keyboard(ward24: Desk, store: Store, actor: Actor) -> None:
    desk = ward24
    assert desk.at() == (0, "pre_bp")
    assert desk.page.progress.words() == "待做 24"
    desk.times()
    assert desk.focus() is desk.table
    for row in range(24):
        if row == 4:  # held: the pressure is too high
            desk.go(row, "pre_bp")
            desk.type("18496")
            assert desk.at() == (4, "pre_hr")
            assert desk.cell(4, "borg") == "收缩压过高 184 ≥ 180"
            assert "184 ≥ 180" in desk.page.strip.text()
            assert "暂不训练" in desk.page.strip.text()
            desk.type("88952")
            assert desk.at() == (5, "pre_bp")  # nothing of a session can be typed
        elif row == 7:  # stopped: heart rate and oxygen
            desk.go(row, "pre_bp")
            desk.type("13476719721216884112923")
            assert "停止训练" in desk.page.strip.text()
            assert "心率升幅过大 41 > 30" in desk.page.strip.text()
        elif row == 9:  # refused
            desk.go(row, "completion")
            desk.type("3")
            assert desk.at() == (9, "event")
            desk.type("1")
        else:
            desk.whole(row)
    assert kept(store) == {}
    desk.press(Qt.Key.Key_F8)
    assert desk.cell(0, "completion") == "完成"
    assert desk.cell(7, "completion") == ""  # a stopped row is an exception
    assert desk.at() == (7, "completion")
    assert "1 行未填完" in desk.page.strip.text()
    desk.type("2")
    desk.type("60")
    assert desk.cell(7, "completion") == "部分 60%"
    assert desk.at() == (7, "action")
    desk.type("3")
    assert desk.page.save_button.text() == "保存 24 行"
    assert count_drafts(store, actor) <= 1
    desk.press(Qt.Key.Key_S, Ctrl)

    rows = kept(store)
    assert len(rows) == 24
    by_row = [rows[row.ward.resident_id] for row in desk.model.rows]
    assert [r.screen for r in by_row].count("hold") == 1
    assert by_row[4].hold_reasons == [{"code": "sbp_high", "value": 184, "sign": "≥", "limit": 180}]
    assert (by_row[7].completion, by_row[7].completion_percent) == ("partial", 60)
    assert [f["code"] for f in by_row[7].stop_reasons] == ["spo2_drop", "hr_rise"]
    assert by_row[7].action == "doctor"
    assert (by_row[9].completion, by_row[9].reason_not_done) == ("not_done", "refused")
    assert (by_row[0].pre_sbp, by_row[0].pre_dbp, by_row[0].post_pain) == (120, 70, 2)
    assert all(row.performer_id == actor.staff_id for row in by_row)
    assert f"{by_row[0].started_at:%H:%M}" == "01:00"  # 09:00 at the clinic
    assert desk.told == ["已保存 24 行：训练 22，暂不训练 1，未做 1。"]
    assert {desk.cell(row, "state") for row in range(24)} == {"已存待传"}
    assert count_drafts(store, actor) == 0
    assert desk.page.strip.text() == ""


def test_marks_follow_what_the_county_hospital_says(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times()
    desk.whole(0)
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert desk.cell(0, "state") == "已存待传"
    with store.apply_remote() as session:
        waiting = session.scalars(select(Outbox).where(Outbox.kind == "check_in")).one()
        session.add(
            Receipt(
                kind="check_in", record_id=waiting.record_id, change_id=waiting.change_id,
                server_time=store.clock.now(), received_at=store.clock.now(),
            )
        )  # fmt: skip
        session.delete(waiting)
    desk.page.controller.refresh_marks()
    assert desk.cell(0, "state") == "县院已收 09:30"


def test_enter_moves_down_and_on_to_the_next_column(ward3: Desk) -> None:
    desk = ward3
    desk.go(0, "pre_hr")
    desk.type("72")
    assert desk.at() == (0, "pre_spo2")  # complete: to the right by itself
    desk.go(0, "pre_pain")
    desk.type("1\n")
    assert desk.at() == (1, "pre_pain")
    desk.type("\n\n")
    assert desk.at() == (0, "borg")
    assert [desk.cell(row, "pre_pain") for row in range(3)] == ["1", "", ""]
    desk.press(Qt.Key.Key_Down)
    desk.press(Qt.Key.Key_Right)
    assert desk.at() == (1, "post_bp")
    desk.press(Qt.Key.Key_Home)
    assert desk.at() == (1, "pre_bp")
    desk.press(Qt.Key.Key_End)
    assert desk.at() == (1, "action")
    desk.press(Qt.Key.Key_Backtab, Qt.KeyboardModifier.ShiftModifier)
    assert desk.at() == (1, "event")


def test_arrows_leave_an_open_cell(ward3: Desk) -> None:
    desk = ward3
    desk.go(0, "pre_hr")
    desk.type("10")
    desk.press(Qt.Key.Key_Down)
    assert desk.at() == (1, "pre_hr")
    assert desk.cell(0, "pre_hr") == "10"
    desk.type("1")
    desk.press(Qt.Key.Key_Right)
    assert desk.at() == (1, "pre_spo2")


def test_insulin_brings_the_cursor_to_glucose(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    (resident_id,) = add_ward(store, actor, 1)
    from app.models.chronic import FollowUp

    with store.write(actor) as session:
        session.add(
            FollowUp(resident_id=resident_id, visit_date=store.clock.today(), mode="1",
                     doctor_name="王", drugs=[{"name": "甘精胰岛素"}])
        )  # fmt: skip
    desk = Desk(context, qtbot)
    desk.times()
    desk.go(0, "pre_bp")
    desk.type("1327872970")
    assert desk.at() == (0, "pre_glucose")
    assert "须测血糖" in desk.page.panel.conditions.text()
    desk.type("4.9")
    assert desk.cell(0, "borg") == "血糖过低 4.9 < 5"
    assert "糖 15 克" in desk.page.panel.verdict.text()


def test_a_corrected_value_takes_the_warning_back(ward3: Desk) -> None:
    desk = ward3
    desk.go(0, "pre_bp")
    desk.type("18496")
    assert desk.model.span(desk.model.rows[0]) is not None
    assert desk.table.columnSpan(0, INDEX["borg"]) > 1
    desk.go(0, "pre_bp")
    desk.type("14896")
    assert desk.table.columnSpan(0, INDEX["borg"]) == 1
    assert not desk.model.rows[0].held


def test_the_panel_tells_who_and_what_to_mind(ward3: Desk) -> None:
    panel = ward3.page.panel
    assert "201-1" in panel.who.text()
    assert "防跌倒" in panel.precautions.text()
    assert "坐站转移 3×10" in panel.plan.text()
    assert panel.last.text() == "尚无以前的记录"
    assert "13278" in panel.verdict.text()
    ward3.go(0, "completion")
    assert "1 完成" in panel.verdict.text()


def test_last_values_stand_beside_never_in_the_grid(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot, clock: FixedClock
) -> None:
    (resident_id,) = add_ward(store, actor, 1)
    (plan,) = plans_of(store, resident_id)
    save_check_in(store, actor, done(store, plan))
    clock.advance(days=1)
    desk = Desk(context, qtbot)
    assert "132/78" in desk.page.panel.last.text()
    assert all(desk.cell(0, key) == "" for key in INDEX if key not in ("bed", "name", "plan"))


def test_unreadable_text_stays_is_marked_and_blocks_only_its_row(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times()
    desk.whole(0)
    desk.type("1")
    desk.go(1, "pre_hr")
    desk.type("7x\n")
    assert desk.cell(1, "pre_hr") == "7x"
    assert desk.cell(1, "state") == "数值有误"
    desk.press(Qt.Key.Key_S, Ctrl)
    assert len(kept(store)) == 1
    assert "1 行未填完" in desk.page.strip.text()
    assert desk.cell(1, "pre_hr") == "7x"


def test_unusual_values_are_asked_for_once(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times()
    desk.go(0, "pre_bp")
    desk.type("13278729701212244")  # diastolic 44 after the session
    desk.type("88962")
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert kept(store) == {}
    assert "数值少见" in desk.page.strip.text()
    assert desk.at() == (0, "post_bp")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert len(kept(store)) == 1


def test_without_times_nothing_is_saved(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.whole(0)
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert kept(store) == {}
    assert desk.focus() is desk.page.start
    desk.type("0900\n0940\n")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert len(kept(store)) == 1


def test_impossible_times_are_refused(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times("1000", "0900")
    desk.whole(0)
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert kept(store) == {}
    assert "结束时间须晚于开始时间" in desk.page.strip.text()


def test_events_are_ticked_with_digits(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times()
    desk.whole(0)
    desk.go(0, "event")
    desk.type("38")
    assert desk.cell(0, "event") == "头晕、皮肤损伤"
    desk.type("8")
    assert desk.cell(0, "event") == "头晕"
    assert "头晕" in desk.page.strip.text()
    desk.press(Qt.Key.Key_F8)
    assert desk.cell(0, "completion") == ""  # with an event a person decides
    desk.go(0, "completion")
    desk.type("1")
    assert desk.at() == (0, "action")
    desk.type("2")
    desk.press(Qt.Key.Key_S, Ctrl)
    (row,) = kept(store).values()
    assert (row.adverse, row.action) == (["dizziness"], "stop")


def test_marks_of_not_measured(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times()
    desk.go(0, "pre_bp")
    desk.type("1327872/-121408288/2")
    assert desk.cell(0, "pre_spo2") == "未查"
    assert desk.cell(0, "pre_pain") == "无法测"
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    (row,) = kept(store).values()
    assert row.not_measured == {"pre_spo2": "1", "pre_pain": "3", "post_spo2": "1"}


def test_delete_empties_a_cell_and_a_row(ward3: Desk) -> None:
    desk = ward3
    desk.whole(0)
    desk.go(0, "pre_hr")
    desk.press(Qt.Key.Key_Delete)
    assert desk.cell(0, "pre_hr") == ""
    assert desk.cell(0, "pre_bp") == "120/70"
    desk.press(Qt.Key.Key_Delete, Ctrl)
    assert not desk.model.rows[0].touched


def test_a_crash_loses_nothing_typed(
    ward3: Desk, store: Store, context: UiContext, qtbot: QtBot
) -> None:
    desk = ward3
    desk.times()
    desk.whole(0)
    desk.go(1, "pre_hr")
    desk.type("7x\n")
    desk.room.leave()
    again = Desk(context, qtbot)
    assert again.page.start.text() == "09:00"
    assert again.cell(0, "pre_bp") == "120/70"
    assert again.cell(1, "pre_hr") == "7x"
    again.go(0, "completion")
    again.type("1")
    again.press(Qt.Key.Key_S, Ctrl)
    assert len(kept(store)) == 1


def test_a_draft_of_a_saved_row_is_not_shown_again(
    ward3: Desk, store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    # The program died after the commit and before the draft was forgotten.
    desk = ward3
    desk.times()
    desk.whole(0)
    desk.type("1")
    desk.room.leave()
    save_check_in(store, actor, desk.model.rows[0].to_input())
    again = Desk(context, qtbot)
    assert again.model.rows[0].mode == "saved"
    again.press(Qt.Key.Key_S, Ctrl)
    assert len(kept(store)) == 1


def test_another_round_makes_saved_rows_empty_again(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times()
    desk.whole(0)
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    desk.press(Qt.Key.Key_N, Ctrl)
    assert desk.cell(0, "pre_bp") == ""
    assert desk.page.start.text() == ""
    desk.times("1500", "1540")
    desk.whole(0)
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    resident_id = desk.model.rows[0].ward.resident_id
    assert [view.session_no for view in history(store, resident_id)] == [2, 1]


def test_paused_and_missing_plans_say_what_to_do(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    (paused,) = add_ward(store, actor, 1)
    (plan,) = plans_of(store, paused)
    pause_plan(store, actor, plan.id, "condition")
    add_resident(store, actor, 5, room="202", bed="1")
    desk = Desk(context, qtbot)
    assert "计划已暂停：病情变化" in desk.cell(0, "pre_bp")
    assert "没有执行中的康复计划" in desk.cell(1, "pre_bp")
    desk.go(1, "pre_bp")
    desk.type("13278")
    assert not desk.model.rows[1].touched
    desk.type("\n")
    assert desk.room.plan.isVisible()


def test_the_cells_of_a_row_are_there_once_its_plan_is_made(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    add_ward(store, actor, 1)
    resident_id = add_resident(store, actor, 5, room="202", bed="1")
    desk = Desk(context, qtbot)
    assert desk.table.columnSpan(1, cells.FIRST) > 1
    add_plan(store, actor, resident_id)
    desk.page.controller.reload()
    assert desk.model.rows[1].mode == "open"
    assert {desk.table.columnSpan(1, at) for at in range(cells.FIRST, cells.LAST + 1)} == {1}
    (plan,) = plans_of(store, resident_id)
    pause_plan(store, actor, plan.id, "condition")
    desk.page.controller.reload()
    assert desk.table.columnSpan(1, cells.FIRST) > 1


def test_two_stops_running_are_told_at_once(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    (resident_id,) = add_ward(store, actor, 1)
    (plan,) = plans_of(store, resident_id)
    save_check_in(
        store, actor,
        done(store, plan, borg=17, action="stop",
             started_at=store.clock.now() - timedelta(days=1, hours=1),
             ended_at=store.clock.now() - timedelta(days=1)),
    )  # fmt: skip
    desk = Desk(context, qtbot)
    desk.times()
    desk.go(0, "pre_bp")
    desk.type("13278729701714082" + "88962")
    desk.type("1")
    desk.type("2")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert "连续两次触发停止标准" in desk.page.strip.text()
    assert plans_of(store, resident_id)[0].status == "paused"


def test_refer_now_opens_a_referral_of_that_resident(ward3: Desk, context: UiContext) -> None:
    went: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda room, where: went.append((room, where)))
    ward3.go(0, "pre_symptoms")
    ward3.type("1")
    assert "立即叫医生" in ward3.page.strip.text()
    button = ward3.page.strip.action_button
    assert button is not None
    button.click()
    row = ward3.model.rows[0]
    ((room, where),) = went
    assert (room, where["resident_id"]) == ("referrals", row.ward.resident_id)
    letter = where["prefill"]
    assert (letter.urgency, letter.reason_codes) == ("emergency", ("critical_signs",))
    assert letter.red_flags == ("chest_back_pain",)
    assert "新发胸痛" in letter.present_history
    assert (letter.source_kind, letter.source_id) == ("check_in", row.id)


def test_a_plan_paused_meanwhile_saves_nothing(ward3: Desk, store: Store, actor: Actor) -> None:
    desk = ward3
    desk.times()
    for row in (0, 1):
        desk.whole(row)
        desk.type("1")
    (plan,) = plans_of(store, desk.model.rows[1].ward.resident_id)
    pause_plan(store, actor, plan.id, "condition")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert kept(store) == {}
    assert "计划已暂停" in desk.page.strip.text()
    assert desk.cell(0, "pre_bp") == "120/70"
    desk.press(Qt.Key.Key_S, Ctrl)
    assert len(kept(store)) == 1


def test_details_of_a_row(ward3: Desk, store: Store, qtbot: QtBot) -> None:
    desk = ward3
    desk.times()
    desk.whole(0)
    desk.press(Qt.Key.Key_F4)
    dialog = desk.page.findChild(RowDialog)
    assert dialog is not None
    dialog.form["start"].set_value("0915")
    dialog.form["end"].set_value("9:50")
    dialog.form["place"].set_value("gym")
    dialog.form["minutes.walking"].set_value(12)
    dialog.form["done.walking"].set_value("1")
    dialog.form["pre_note"].set_value("家属在场")
    dialog.form["resident_confirmed"].set_value("1")
    dialog.ok.click()
    desk.go(0, "completion")
    desk.type("240")
    desk.press(Qt.Key.Key_S, Ctrl)
    (row,) = kept(store).values()
    assert f"{row.started_at:%H:%M}" == "01:15"
    assert (row.place, row.pre_note, row.resident_confirmed) == ("gym", "家属在场", True)
    assert [(i["exercise"], i["done"], i["minutes"]) for i in row.items] == [
        ("sit_to_stand", False, None), ("ankle_pump", False, None), ("walking", True, 12),
    ]  # fmt: skip


def test_a_wrong_time_keeps_the_dialog_open(ward3: Desk) -> None:
    ward3.press(Qt.Key.Key_F4)
    dialog = ward3.page.findChild(RowDialog)
    assert dialog is not None
    dialog.form["start"].set_value("25:00")
    dialog.ok.click()
    assert dialog.isVisible()
    assert dialog.form["start"].message()
    dialog.reject()


def test_an_empty_ward_says_how_to_begin(context: UiContext, qtbot: QtBot) -> None:
    desk = Desk(context, qtbot)
    assert desk.page._empty.isVisible()
    desk.press(Qt.Key.Key_S, Ctrl)
    assert desk.page.strip.text() == "还没有可保存的内容。"


def test_buildings_keep_each_others_drafts(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    for number, building in enumerate(("东楼", "西楼")):
        resident_id = add_resident(store, actor, number, building=building)
        add_plan(store, actor, resident_id)
    desk = Desk(context, qtbot)
    names = [desk.page.building.itemText(i) for i in range(desk.page.building.count())]
    assert names == ["全部", "东楼", "西楼"]
    desk.go(0, "pre_hr")
    desk.type("77")
    desk.page.building.setCurrentText("西楼")
    desk.page._choose_building()
    assert len(desk.model.rows) == 1
    desk.page.building.setCurrentText("全部")
    desk.page._choose_building()
    assert [desk.cell(row, "pre_hr") for row in (0, 1)] == ["77", ""]


def test_another_day_has_another_draft(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.go(0, "pre_hr")
    desk.type("77")
    yesterday = store.clock.today() - timedelta(days=1)
    desk.page.controller.load(yesterday)
    assert desk.cell(0, "pre_hr") == ""
    desk.page.controller.load(store.clock.today())
    assert desk.cell(0, "pre_hr") == "77"


def test_the_machine_fails_and_nothing_is_lost(
    ward3: Desk, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    from app.errors import DiskFull
    from app.ui.rehab import controller

    def full(*_: object) -> None:
        raise DiskFull("磁盘已满，未保存。请清理磁盘。")

    desk = ward3
    desk.times()
    desk.whole(0)
    desk.type("1")
    with monkeypatch.context() as patched:
        patched.setattr(controller, "save_check_ins", full)
        desk.press(Qt.Key.Key_S, Ctrl)
    assert "磁盘已满" in desk.page.strip.text()
    assert desk.cell(0, "pre_bp") == "120/70"
    desk.press(Qt.Key.Key_S, Ctrl)
    assert len(kept(store)) == 1


def test_a_nurse_without_the_role_is_told(
    store: Store, actor: Actor, qapp: QApplication, qtbot: QtBot
) -> None:
    theme.apply(qapp)
    add_ward(store, actor, 1)
    clerk = replace(actor, roles=frozenset({"administrator"}))
    desk = Desk(UiContext(store, clerk, SynchronousRunner()), qtbot)
    desk.times()
    desk.whole(0)
    desk.type("1")
    desk.press(Qt.Key.Key_S, Ctrl)
    assert "岗位" in desk.page.strip.text()
    assert kept(store) == {}


def test_the_draft_is_plain_data(ward3: Desk) -> None:
    desk = ward3
    desk.whole(0)
    desk.go(0, "event")
    desk.type("3")
    raw = json.loads(json.dumps(desk.model.raw()))
    row = desk.model.rows[0]
    before = row.to_input()
    row.restore(raw[row.ward.resident_id])
    assert row.to_input() == before


def test_three_hundred_rows_stay_responsive(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    (resident_id,) = add_ward(store, actor, 1)
    add_condition(store, actor, resident_id, "I10.x00", "高血压")
    ward = load_ward(store, actor)
    many = replace(
        ward,
        rows=tuple(replace(ward.rows[0], resident_id=f"r{n}", bed=str(n)) for n in range(300)),
    )
    model = WardModel()
    desk = Desk(context, qtbot)
    begun = clock_time.perf_counter()
    model.set_ward(many)
    for at in range(300):
        for key, text in (("pre_bp", "132/78"), ("pre_hr", "72"), ("borg", "12")):
            model.type_text(at, INDEX[key], text)
    typed = clock_time.perf_counter() - begun
    changed: list[tuple[int, int]] = []
    model.dataChanged.connect(lambda first, last, roles: changed.append((first.row(), last.row())))
    model.type_text(150, INDEX["post_hr"], "88")
    assert changed == [(150, 150)]  # one row is painted again, not the ward
    assert model.counts().started == 300
    assert model.rowCount(QModelIndex()) == 300
    # 900 cells judged: far below what a hand can type, even on a slow machine.
    assert typed < 20
    # No widget stands for a row: the view paints them.
    desk.model.set_ward(many)
    assert len(desk.table.viewport().findChildren(QWidget)) == 0
    desk.go(299, "pre_bp")
    desk.type("13278")
    assert desk.at() == (299, "pre_hr")


def test_held_by_symptoms_without_any_number(ward3: Desk, store: Store) -> None:
    desk = ward3
    desk.times()
    desk.go(0, "pre_symptoms")
    desk.type("3")
    desk.press(Qt.Key.Key_S, Ctrl)
    (row,) = kept(store).values()
    assert row.screen == "hold"
    assert row.pre_symptoms == ["neuro"]
    assert row.pre_sbp is None


def test_no_name_in_window_titles(ward3: Desk) -> None:
    name = ward3.model.rows[0].ward.name
    ward3.press(Qt.Key.Key_F4)
    dialog = ward3.page.findChild(RowDialog)
    assert dialog is not None
    assert name not in dialog.windowTitle()
    assert name not in ward3.room.windowTitle()
    dialog.reject()


def test_nothing_is_prefilled(ward3: Desk, store: Store) -> None:
    assert all(row.to_input().pre == Vitals() for row in ward3.model.rows)
    ward3.press(Qt.Key.Key_F8)
    assert all(not row.touched for row in ward3.model.rows)
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(CheckIn)) == 0


def test_with_work_in_the_background_a_late_reading_changes_nothing(
    store: Store, actor: Actor, qapp: QApplication, qtbot: QtBot
) -> None:
    add_ward(store, actor, 3)
    runner = TaskRunner()
    desk = Desk(UiContext(store, actor, runner), qtbot)
    qtbot.waitUntil(lambda: len(desk.model.rows) == 3)
    desk.times()
    for row in range(3):
        desk.whole(row)
        desk.type("1")
    desk.page.controller.reload()  # begun before the save, may end after it
    desk.press(Qt.Key.Key_S, Ctrl)
    assert desk.page.controller.busy
    assert not desk.model.can_edit(0, INDEX["pre_bp"])
    desk.page.controller.load(store.clock.today() - timedelta(days=1))
    qtbot.waitUntil(lambda: len(kept(store)) == 3)
    qtbot.waitUntil(lambda: desk.page.controller.day < store.clock.today())
    desk.page.controller.load(store.clock.today())
    qtbot.waitUntil(lambda: [row.mode for row in desk.model.rows] == ["saved"] * 3)
    assert runner.wait()


def test_news_of_the_sync_takes_neither_the_cursor_nor_the_open_cell(
    ward3: Desk, store: Store, actor: Actor
) -> None:
    desk = ward3
    desk.times()
    desk.go(1, "pre_bp")
    desk.type("13")  # the cell is open, half typed
    desk.context.tell_changed("check_in")
    assert desk.at() == (1, "pre_bp")
    desk.type("678")
    desk.type("\n" if desk.at() == (1, "pre_bp") else "")
    assert desk.cell(1, "pre_bp") == "136/78"


def test_a_new_resident_in_the_ward_keeps_what_is_typed_and_where(
    ward3: Desk, store: Store, actor: Actor
) -> None:
    desk = ward3
    desk.times()
    desk.go(1, "pre_bp")
    desk.type("13678")
    who = desk.model.rows[1].ward.resident_id
    at = desk.at()
    newcomer = add_resident(store, actor, 99, room="101")
    add_plan(store, actor, newcomer)
    desk.context.tell_changed("resident", "rehab_plan")
    row = next(i for i, r in enumerate(desk.model.rows) if r.ward.resident_id == who)
    assert len(desk.model.rows) == 4
    assert desk.cell(row, "pre_bp") == "136/78"
    assert desk.at() == (row, at[1])


def test_opened_for_a_resident_the_cursor_stands_in_his_row(
    context: UiContext, qtbot: QtBot, store: Store, actor: Actor
) -> None:
    add_ward(store, actor, 3)
    desk = Desk(context, qtbot)
    wanted = desk.model.rows[2].ward.resident_id
    desk.room.open(resident_id=wanted)
    assert desk.table.place() == (2, cells.FIRST)
    assert desk.table.hasFocus()


def test_opened_for_somebody_outside_the_ward_the_way_to_a_plan_is_shown(
    context: UiContext, qtbot: QtBot, store: Store, actor: Actor
) -> None:
    add_ward(store, actor, 2)
    with store.write(actor) as session:
        outside = Resident(name="郑外", sex="1", birth_date=store.clock.today())
        session.add(outside)
        session.flush()
        resident_id = outside.id
    desk = Desk(context, qtbot)
    desk.room.open(resident_id=resident_id)
    page = desk.room.history
    qtbot.waitUntil(page.isVisible)
    assert page.empty.isVisible()
    focused = QApplication.focusWidget()
    assert focused is not None
    assert focused.accessibleName() == "计划 F6"
    qtbot.keyClick(focused, Qt.Key.Key_Space)
    assert desk.room.plan.isVisible()
