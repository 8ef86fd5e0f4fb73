"""How the outreach room behaves: keys, late answers, one look noted once, whole names."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from shiboken6 import isValid

from app.care.outreach.consultation_lists import Box, open_consultation
from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import ask, cancel
from app.care.outreach.visit_lists import VisitView
from app.care.outreach.visits import VisitInput, VisitResult, plan_visit
from app.care.work_list import today_work
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.local import AuditEvent
from app.models.outbox import Delivery
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.outreach.month_grid import day_lines
from app.ui.outreach.view import OutreachRoom
from tests.conftest import TOWNSHIP_ID
from tests.held_runner import HeldRunner
from tests.outreach_support import question_about, visit_at
from tests.referral_support import add_resident
from tests.ui.checks import show_page
from tests.ui.outreach.conftest import TODAY, House, front


def test_the_keys_are_for_the_page_that_was_opened(
    township: House, lead: House, qtbot: QtBot
) -> None:
    resident = add_resident(township.store, township.actor)
    ask(township.store, township.actor, question_about(resident))
    lead.news_from(township)
    front(lead, qtbot)
    room = lead.room
    for page, widget in (
        ("consultations", room.consultations.list),
        ("visits", room.calendar.grid),
        ("guidance", room.guidance.new_button),
        ("training", room.training.new_button),
    ):
        room.back_button.setFocus()
        room.open(page=page)
        assert room.focusWidget() is widget, page
    # An empty list keeps no keys: the first question can be asked.
    room.open(page="consultations")
    room.consultations.filters[Box.OVER].click()
    room.open(page="consultations")
    assert room.focusWidget() is room.consultations.new_button


def test_an_answer_that_comes_late_shows_nothing_of_another_person(
    make_store: Callable[..., tuple[Store, Actor]], qtbot: QtBot
) -> None:
    store, actor = make_store(TOWNSHIP_ID)
    names = ("甲", "乙")
    ids = [ask(store, actor, question_about(add_resident(store, actor, name=n))) for n in names]
    tasks = HeldRunner(open_consultation)
    room = OutreachRoom(UiContext(store, actor, tasks))
    show_page(qtbot, room)
    page = room.consultations
    room.open()
    page.show_one(ids[1])
    page.show_one(ids[0])
    tasks.let_go()
    assert page.detail.view is not None
    assert page.detail.view.line.consultation_id == ids[0]
    # Nor does one that was asked for in a list that was left.
    page.show_one(ids[1])
    page.choose(Box.OVER)
    tasks.let_go()
    assert page.detail.view is None
    assert page.right.currentWidget() is page.nothing


def test_one_look_is_noted_once(
    make_store: Callable[..., tuple[Store, Actor]], qtbot: QtBot
) -> None:
    store, actor = make_store(TOWNSHIP_ID)
    id_ = ask(store, actor, question_about(add_resident(store, actor)))
    tasks = HeldRunner(open_consultation)
    room = OutreachRoom(UiContext(store, actor, tasks))
    show_page(qtbot, room)
    room.open()
    page = room.consultations
    page.list.opened.emit(page.list.rows.row(0))
    page.reload()
    tasks.let_go()
    page.list.opened.emit(page.list.rows.row(0))
    tasks.let_go()
    with store.read() as session:
        looks = session.query(AuditEvent).filter_by(action="read", kind="consultation").all()
        assert [look.record_id for look in looks] == [id_]


def test_a_dialog_that_was_left_while_it_saved_is_not_missed(
    make_store: Callable[..., tuple[Store, Actor]], qtbot: QtBot
) -> None:
    store, actor = make_store(TOWNSHIP_ID)
    id_ = ask(store, actor, question_about(add_resident(store, actor)))
    tasks = HeldRunner(cancel)
    context = UiContext(store, actor, tasks)
    said: list[tuple[str, str]] = []
    context.notified.connect(lambda text, tone: said.append((text, tone)))
    room = OutreachRoom(context)
    show_page(qtbot, room)
    room.open()

    def leave_while_saving() -> None:
        room.consultations.take(Move.CANCELLED)
        dialog = room.controller.dialog
        assert dialog is not None
        assert dialog.cancel.text() == "返回"
        dialog.fields["reason"].set_value("已好转")
        dialog.done_button.click()
        dialog.reject()
        QApplication.sendPostedEvents(dialog, QEvent.Type.DeferredDelete)
        assert not isValid(dialog)

    leave_while_saving()
    # Somebody else was quicker: the use-case refuses, and no dialog is left to say it in.
    cancel(store, actor, id_, "先撤销")
    tasks.let_go()
    ((words, tone),) = said
    assert "撤销" in words
    assert tone == "danger"
    other = ask(store, actor, question_about(add_resident(store, actor, name="乙")))
    room.consultations.show_one(other)
    leave_while_saving()
    tasks.let_go()
    assert said[-1][1] == "confirmed"


def _visit(name: str, department: str) -> VisitView:
    plan = VisitInput(expert_name=name, department=department)
    return VisitView(
        visit_id=name, change_id="", plan=plan, result=VisitResult(), status="planned",
        cancel_reason="", host_name="", lead_name="", own=True, countersign=None,
        moved_after=False, delivery=Delivery("waiting", None), may_change=False,
        may_finish=False, may_countersign=False,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("room", "shown"),
    [
        # Two lines to spare: what does not fit on one line stands below each other.
        (4, ["周敏 骨科", "欧阳建国", "神经内科与康复医学科"]),
        (3, ["周敏 骨科", "欧阳建国", "神经内科与康复医学科"]),
        # None to spare: the expert alone, never half a name.
        (2, ["周敏 骨科", "欧阳建国"]),
        # Not even a line each: the last line counts the rest.
        (1, []),
    ],
)
def test_a_day_shows_whole_names_as_far_as_there_is_room(room: int, shown: list[str]) -> None:
    visits = [_visit("周敏", "骨科"), _visit("欧阳建国", "神经内科与康复医学科")]
    lines = day_lines(visits, room, lambda words: len(words) <= 8)
    assert [words for _, words in lines] == shown


def test_the_whole_names_of_a_day_are_said_under_the_mouse(lead: House) -> None:
    plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY, expert_name="欧阳建国华"))
    lead.room.open(page="visits")
    model = lead.room.calendar.grid.month_model
    tip = Qt.ItemDataRole.ToolTipRole
    assert "欧阳建国华" in model.data(model.index_of(TODAY), tip)
    assert model.data(model.index_of(TODAY + timedelta(days=1)), tip) is None


def test_a_line_of_today_leads_to_its_work(township: House, lead: House, clock: FixedClock) -> None:
    resident = add_resident(township.store, township.actor)
    first = ask(township.store, township.actor, question_about(resident))
    ask(township.store, township.actor, question_about(resident, question="能否停药？"))
    visit = plan_visit(lead.store, lead.actor, visit_at(TOWNSHIP_ID, TODAY))
    lead.news_from(township)
    township.news_from(lead)
    items = [i for i in today_work(lead.store, lead.actor).today if i.kind == "consultation"]
    for item in items:
        lead.room.open(**dict(item.arguments))
        view = lead.room.consultations.detail.view
        assert view is not None
        assert view.line.consultation_id == dict(item.arguments)["consultation_id"]
    assert first in {dict(item.arguments)["consultation_id"] for item in items}
    (item,) = [i for i in today_work(township.store, township.actor).today if i.room == "outreach"]
    township.room.open(**dict(item.arguments))
    assert township.room.calendar.view is not None
    assert township.room.calendar.view.visit_id == visit
    assert township.room.calendar.sign_button.isVisible()


def test_another_house_s_patient_is_asked_about_at_that_house_alone(
    township: House, lead: House
) -> None:
    resident = add_resident(township.store, township.actor)
    lead.news_from(township)
    lead.room.open(resident_id=resident)
    form = lead.room.form
    assert form is not None
    assert list(form.receivers) == [TOWNSHIP_ID]
    assert form.fields["to_organisation_id"].value() == TOWNSHIP_ID
