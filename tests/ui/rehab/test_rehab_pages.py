"""The plan editor, the sessions of a resident, the room's ways in and out."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot

from app import i18n
from app.care.check_in import save_check_in
from app.care.check_in_history import history
from app.care.rehab_plan import plans_of, revise_plan
from app.care.rehab_rules import Vitals
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.drafts import count_drafts
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.rehab.plan_page import PlanPage
from app.ui.rehab.view import RehabRoom
from tests.care.rehab_ward import AFTER, add_plan, add_resident, done, plan_input
from tests.ui.checks import PAGE, check_clipping, check_fits, check_names, check_targets


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> RehabRoom:
    made = RehabRoom(context)
    qtbot.addWidget(made)
    made.resize(*PAGE)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def focus() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def keys(qtbot: QtBot, text: str) -> None:
    named = {"\n": Qt.Key.Key_Return, "\t": Qt.Key.Key_Tab}
    for char in text:
        if char in named:
            qtbot.keyClick(focus(), named[char])
        else:
            qtbot.keyClicks(focus(), char)


def write(page: PlanPage) -> None:
    """The words of a plan."""
    for key, value in (
        ("diagnosis", "脑梗死恢复期"), ("goal_short", "独立坐站"), ("precautions", "防跌倒"),
    ):  # fmt: skip
        page.form[key].set_value(value)


def test_a_plan_is_written_and_begun(
    room: RehabRoom, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    resident_id = add_resident(store, actor, 0)
    room.open(resident_id=resident_id, page="plan")
    page = room.plan
    assert page.form["prescriber_name"].value() == actor.name
    assert page.form["starts_on"].value() == store.clock.today()
    assert page.status.text() == "新计划"
    write(page)
    page.editor.finder.setFocus()
    keys(qtbot, "zzzy\n")  # 坐站转移 by its initials
    assert [item.exercise for item in page.items.items] == ["sit_to_stand"]
    qtbot.waitUntil(page.editor.table.hasFocus)
    # The offscreen screen does not make the window active again when the list closes.
    with qtbot.waitActive(room):
        room.activateWindow()
    page.editor.table.setFocus()
    keys(qtbot, "5\n3\n10\n")
    qtbot.keyClick(page.editor.table, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    (plan,) = plans_of(store, resident_id)
    assert plan.status == "active"
    assert (plan.items[0].per_week, plan.items[0].sets, plan.items[0].reps) == (5, 3, 10)
    assert plan.review_on == plan.starts_on + timedelta(days=14)
    assert plan.prescriber_id == actor.staff_id
    assert room.ward.isVisible()  # and back to the ward, where the resident now has a row
    assert room.ward.model.rows[0].mode == "open"
    assert count_drafts(store, actor) == 0


def test_a_save_takes_the_figure_that_is_being_typed(
    room: RehabRoom, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    resident_id = add_resident(store, actor, 0)
    room.open(resident_id=resident_id, page="plan")
    page = room.plan
    write(page)
    page.editor.add("walking")
    qtbot.waitUntil(page.editor.table.hasFocus)
    keys(qtbot, "5\n\n\n15")
    assert focus() is not page.editor.table
    qtbot.keyClick(focus(), Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
    (plan,) = plans_of(store, resident_id)
    assert (plan.items[0].per_week, plan.items[0].minutes) == (5, 15)


def test_what_a_plan_lacks_is_said_where_it_lacks(
    room: RehabRoom, store: Store, actor: Actor
) -> None:
    resident_id = add_resident(store, actor, 0)
    room.show_plan(resident_id)
    room.plan.save_button.click()
    assert room.plan.form["diagnosis"].message()
    write(room.plan)
    room.plan.save_button.click()
    assert "至少要有一项训练" in room.plan.strip.text()
    room.plan.editor.add("walking")
    room.plan.save_button.click()
    assert "步行训练：" in room.plan.strip.text() or "步行训练:" in room.plan.strip.text()
    assert plans_of(store, resident_id) == ()


def test_a_plan_kept_as_draft_goes_on_later(
    room: RehabRoom, store: Store, actor: Actor, context: UiContext, qtbot: QtBot
) -> None:
    resident_id = add_resident(store, actor, 0)
    room.show_plan(resident_id)
    room.plan.form["diagnosis"].set_value("股骨颈骨折术后")
    room.plan.editor.add("ankle_pump")
    room.leave()
    again = RehabRoom(context)
    qtbot.addWidget(again)
    again.show_plan(resident_id)
    assert again.plan.form["diagnosis"].value() == "股骨颈骨折术后"
    assert [item.exercise for item in again.plan.items.items] == ["ankle_pump"]


def test_a_plan_that_was_only_looked_at_keeps_no_draft(
    room: RehabRoom, store: Store, actor: Actor
) -> None:
    begun, none = add_resident(store, actor, 0), add_resident(store, actor, 1)
    add_plan(store, actor, begun)
    for resident_id in (begun, none):
        room.show_plan(resident_id)
        # Filling the page changes its fields, too: its moment of waiting is over.
        room.plan._keeper.save_now()
    room.leave()
    assert count_drafts(store, actor) == 0


def test_the_life_of_a_plan_by_buttons(room: RehabRoom, store: Store, actor: Actor) -> None:
    resident_id = add_resident(store, actor, 0)
    add_plan(store, actor, resident_id)
    room.show_plan(resident_id)
    page = room.plan

    def status() -> str:
        return plans_of(store, resident_id)[0].status

    assert page.pause_button.isVisible()
    assert not page.resume_button.isVisible()
    page._move("pause", "condition")
    assert status() == "paused"
    assert "病情变化" in page.status.text()
    page.resume_button.click()
    assert status() == "active"
    page.review_button.click()
    assert plans_of(store, resident_id)[0].review_on == store.clock.today() + timedelta(days=28)
    page.complete_button.click()
    assert status() == "completed"


def test_somebody_elses_change_is_not_overwritten(
    room: RehabRoom, store: Store, actor: Actor
) -> None:
    resident_id = add_resident(store, actor, 0)
    plan = add_plan(store, actor, resident_id)
    room.show_plan(resident_id)
    revise_plan(
        store, actor, plan.id, plan_input(resident_id, store, goal_short="他人的"), plan.change_id
    )
    room.plan.form["goal_short"].set_value("我的")
    room.plan.save_button.click()
    assert "未覆盖" in room.plan.strip.text()
    assert plans_of(store, resident_id)[0].goal_short == "他人的"


def test_an_exercise_line_is_removed_with_delete(
    room: RehabRoom, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    resident_id = add_resident(store, actor, 0)
    add_plan(store, actor, resident_id)
    room.show_plan(resident_id)
    table = room.plan.editor.table
    table.setFocus()
    table.setCurrentIndex(room.plan.items.index(1, 1))
    qtbot.keyClick(table, Qt.Key.Key_Delete)
    assert [item.exercise for item in room.plan.items.items] == ["sit_to_stand", "walking"]


def test_figures_of_an_exercise_take_digits_only(
    room: RehabRoom, store: Store, actor: Actor
) -> None:
    model = room.plan.items
    model.add("walking")
    where = model.index(0, 1)
    assert not model.setData(where, "x")
    assert model.setData(where, "５")
    assert model.items[0].per_week == 5


def test_the_sessions_of_a_resident(
    room: RehabRoom, store: Store, actor: Actor, clock: FixedClock
) -> None:
    resident_id = add_resident(store, actor, 0)
    plan = add_plan(store, actor, resident_id)
    save_check_in(store, actor, done(store, plan))
    clock.advance(days=1)
    save_check_in(store, actor, done(store, plan, borg=17, action="stop"))
    clock.advance(days=1)
    save_check_in(
        store, actor,
        done(store, plan, pre=Vitals(190, 95, 70, pain=0), post=Vitals(), borg=None,
             completion=None, ended_at=None),
    )  # fmt: skip
    room.open(resident_id=resident_id, page="sessions")
    model = room.history.model

    def cell(row: int, column: int) -> str:
        return str(model.index(row, column).data())

    assert model.rowCount() == 3
    assert cell(0, 5) == "暂不训练"
    assert "190 ≥ 180" in cell(0, 6)
    assert "17 > 16" in cell(1, 6)
    assert "停止训练" in cell(1, 6)
    assert cell(2, 1) == "1"
    assert cell(2, 4).startswith(f"{AFTER.sbp}/{AFTER.dbp}")
    assert "待上传" in cell(2, 8)
    room.history.table.choose(1)
    room.history.void(history(store, resident_id)[1].id, "录错人")
    assert cell(1, 5) == "已作废"


def test_escape_leads_back_to_the_ward(
    room: RehabRoom, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    resident_id = add_resident(store, actor, 0)
    add_plan(store, actor, resident_id)
    room.open()
    qtbot.keyClick(room.ward.table, Qt.Key.Key_F7)
    assert room.history.isVisible()
    qtbot.keyClick(room.history.table, Qt.Key.Key_Escape)
    assert room.ward.isVisible()
    qtbot.keyClick(room.ward.table, Qt.Key.Key_F6)
    assert room.plan.isVisible()
    qtbot.keyClick(room.plan, Qt.Key.Key_Escape)
    assert room.ward.isVisible()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize("page", ["ward", "history", "plan"])
def test_pages_fit_are_named_and_nothing_is_cut(
    context: UiContext, store: Store, actor: Actor, qtbot: QtBot, language: str, page: str
) -> None:
    resident_id = add_resident(store, actor, 0)
    plan = add_plan(store, actor, resident_id, precautions="很长的注意事项" * 30)
    save_check_in(store, actor, done(store, plan))
    i18n.set_language(language)
    made = RehabRoom(context)
    qtbot.addWidget(made)
    made.resize(*PAGE)
    made.show()
    made.show_ward()
    if page == "history":
        made.show_history(resident_id)
    elif page == "plan":
        made.show_plan(resident_id)
    shown = getattr(made, page)
    for _ in range(5):  # layouts inside layouts settle one pass each
        QApplication.processEvents()
    check_names(shown)
    check_fits(shown)
    check_clipping(shown)
    check_targets(shown)
