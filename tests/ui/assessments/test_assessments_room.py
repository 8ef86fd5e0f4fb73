"""The assessments of a resident, driven by the keyboard on a real store."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from PySide6.QtCore import QPoint, Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care.assessments.history import DRAFT_FORM
from app.care.assessments.questionnaire import CURRENT
from app.care.assessments.record import record_assessment
from app.care.assessments.results import latest
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.drafts import load_draft
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.assessments.form_page import AssessmentPage
from app.ui.assessments.question_field import QuestionField
from app.ui.assessments.view import AssessmentsRoom
from app.ui.context import UiContext
from tests.care.assessments.samples import best
from tests.care.assessments.test_record import TODAY, add_resident, typed
from tests.ui.checks import check_page, type_text

ENTER, F2, ESC, DELETE = Qt.Key.Key_Return, Qt.Key.Key_F2, Qt.Key.Key_Escape, Qt.Key.Key_Delete
CTRL = Qt.KeyboardModifier.ControlModifier


@pytest.fixture
def resident(store: Store, actor: Actor) -> str:
    return add_resident(store, actor, village="光明村", education="8")


@pytest.fixture
def room(context: UiContext, shown: Callable[..., Any], qtbot: QtBot) -> AssessmentsRoom:
    made = AssessmentsRoom(context)
    with qtbot.waitActive(made):
        shown(made)
        made.activateWindow()
    return made


@pytest.fixture
def press(qtbot: QtBot) -> Callable[..., None]:
    def keys(*each: str | Qt.Key, ctrl: bool = False) -> None:
        for one in each:
            for key in one if isinstance(one, str) else (one,):
                held = CTRL if ctrl else Qt.KeyboardModifier.NoModifier
                qtbot.keyClick(focused(), key, held)
                QApplication.processEvents()

    return keys


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def page_of(room: AssessmentsRoom) -> AssessmentPage:
    QApplication.processEvents()
    assert room.form_page is not None
    return room.form_page


def field_with_focus() -> str:
    return getattr(focused(), "key", "")


def saved(store: Store) -> list[Assessment]:
    with store.read() as session:
        rows = list(session.scalars(select(Assessment).order_by(Assessment.id)))
        session.expunge_all()
        return rows


def test_a_self_care_assessment_from_the_list_to_the_outbox(
    room: AssessmentsRoom, store: Store, resident: str, press: Callable[..., None]
) -> None:
    room.open(resident_id=resident)
    QApplication.processEvents()
    assert room.overview.scale == "self_care"
    press(ENTER)
    page = page_of(room)
    assert field_with_focus() == "answer.eating"
    press("1")
    assert field_with_focus() == "answer.grooming"
    press("2", "3", "2")
    assert "已答 4/5" in page.live.text()
    assert "5 分" in page.live.text()
    assert "未答：活动" in page.live.text()
    press("3")
    assert "10 分（9–18）→ 中度依赖" in page.live.text()
    assert "2027-03-02 前再评" in page.live.text()
    press("s", ctrl=True)
    (row,) = saved(store)
    assert (row.scale, row.total, row.level) == ("self_care", 10, "3")
    assert row.answers == {
        "eating": "1",
        "grooming": "2",
        "dressing": "3",
        "toileting": "2",
        "mobility": "3",
    }
    with store.read() as session:
        kinds = session.scalars(select(Outbox.kind).where(Outbox.record_id == row.id)).all()
        assert list(kinds) == ["assessment"]
    # Back in the list with the result, its history and the draft gone.
    assert room.form_page is None
    line = room.overview.known.line("self_care")  # type: ignore[union-attr]
    assert line.latest is not None
    assert (line.latest.total, line.due_on, line.draft) == (10, date(2027, 3, 2), False)
    assert room.overview.lines.rowCount() == 1
    assert room.overview.plot.canvas.series[0].points == [(TODAY, 10)]


def test_an_unfinished_one_is_a_draft_and_comes_back(
    room: AssessmentsRoom,
    store: Store,
    actor: Actor,
    resident: str,
    press: Callable[..., None],
) -> None:
    room.open(resident_id=resident, scale="barthel")
    page = page_of(room)
    press("1", "2")
    press("s", ctrl=True)
    assert saved(store) == []
    assert page.fields["answer.grooming"].message()
    assert field_with_focus() == "answer.grooming"
    press(ESC)
    assert load_draft(store, actor, DRAFT_FORM + "barthel", resident) is not None
    assert room.overview.known.line("barthel").draft  # type: ignore[union-attr]
    room.open(resident_id=resident, scale="barthel")
    page = page_of(room)
    assert page.fields["answer.feeding"].value() == "1"
    assert field_with_focus() == "answer.grooming"
    press(F2)
    assert field_with_focus() == "answer.dressing"
    assert page.strip.action_button is not None
    page.strip.action_button.click()
    assert page.fields["answer.feeding"].value() is None
    assert load_draft(store, actor, DRAFT_FORM + "barthel", resident) is None


def test_the_33_questions_by_digits_alone(
    room: AssessmentsRoom, store: Store, resident: str, press: Callable[..., None]
) -> None:
    room.open(resident_id=resident, scale="tcm33")
    page = page_of(room)
    press("5", "1" * 32)
    assert "平和质 25 分：是" in page.live.text()
    press("s", ctrl=True)
    (row,) = saved(store)
    assert (row.level, len(row.details["results"]), len(row.answers)) == ("pinghe", 9, 33)


def test_both_levels_of_ability_and_why_are_said_live(
    room: AssessmentsRoom, store: Store, actor: Actor, resident: str, press: Callable[..., None]
) -> None:
    room.open(resident_id=resident, scale="ability_2022")
    page = page_of(room)
    for link_id, code in best("ability_2022").items():
        page.fields[f"answer.{link_id}"].set_value(code)
    assert "90 分（90）→ 能力完好" in page.live.text()
    page.fields["answer.dementia"].set_value("2")
    assert "痴呆：上调一级 → 轻度失能" in page.live.text()
    press("s", ctrl=True)
    assert page.fields["second_assessor"].message()
    assert saved(store) == []
    type_text(page.second_assessor.line, "赵护士")
    press("s", ctrl=True)
    (row,) = saved(store)
    assert (row.preliminary_level, row.level, row.second_assessor) == ("0", "1", "赵护士")
    assert "初步等级 能力完好，最终等级 轻度失能（痴呆）" in room.overview.detail.text()


def test_where_the_old_rules_leave_a_gap_a_person_decides(
    room: AssessmentsRoom, store: Store, resident: str, press: Callable[..., None]
) -> None:
    room.open(resident_id=resident, scale="ability_2013")
    page = page_of(room)
    for link_id, answer in best("ability_2013").items():
        page.fields[f"answer.{link_id}"].set_value(answer)
    assert not page.decision.isVisible()
    page.fields["answer.adl"].set_value(50)
    assert page.decision.isVisible()
    assert "由评估员商定" in page.live.text()
    page.second_assessor.set_value("赵护士")
    press("s", ctrl=True)
    assert page.fields["chosen_level"].message()
    page.fields["chosen_level"].set_value("1")
    page.fields["level_reason"].set_value("两位评估员商定")
    press("s", ctrl=True)
    (row,) = saved(store)
    assert (row.level, row.level_reason) == ("1", "两位评估员商定")


def test_a_saved_one_is_corrected_and_voided_with_a_reason(
    room: AssessmentsRoom,
    store: Store,
    actor: Actor,
    resident: str,
    press: Callable[..., None],
    qtbot: QtBot,
) -> None:
    first = record_assessment(store, actor, typed(resident, "morse", 45))
    room.open(assessment_id=first.assessment_id)
    page = page_of(room)
    page.fields["answer.history"].setFocus()
    press("1")
    press("s", ctrl=True)
    assert page.correction_reason.message()
    page.correction_reason.set_value("跌倒史问错")
    press("s", ctrl=True)
    old, new = sorted(saved(store), key=lambda row: row.supersedes_id is not None)
    assert (old.status, new.status, new.supersedes_id) == ("entered_in_error", "amended", old.id)
    room.open(assessment_id=new.id)
    page = page_of(room)
    page.correction_reason.set_value("录错人")
    qtbot.mouseClick(page.void_button, Qt.MouseButton.LeftButton)
    with store.read() as session:
        assert latest(session, resident, "morse") is None
    assert room.overview.lines.rowCount() == 0


def test_the_education_of_the_record_is_offered_but_no_score(
    room: AssessmentsRoom, resident: str
) -> None:
    room.open(resident_id=resident, scale="mmse")
    page = page_of(room)
    assert page.fields["answer.education"].value() == "2"
    assert page.fields["answer.total"].is_blank()
    page.fields["answer.total"].set_value(20)
    assert "认知功能受损" in page.live.text()
    assert "小学界值 20" in page.live.text()


def test_no_answer_is_filled_in_by_the_program(room: AssessmentsRoom, resident: str) -> None:
    for scale in CURRENT:
        room.open(resident_id=resident, scale=scale)
        page = page_of(room)
        filled = [
            field.key
            for field in page.fields
            if field.key.startswith("answer.") and not field.is_blank()
        ]
        assert filled == (["answer.education"] if scale == "mmse" else [])


def test_an_answer_is_taken_back_and_several_stay_together(
    room: AssessmentsRoom, resident: str, press: Callable[..., None], qtbot: QtBot
) -> None:
    room.open(resident_id=resident, scale="ability_2022")
    page = page_of(room)
    living = page.fields["answer.living"]
    living.setFocus()
    press("2", "3")
    assert living.value() == ["2", "3"]
    press("2")
    assert living.value() == ["3"]
    eating = page.fields["answer.eating"]
    assert isinstance(eating, QuestionField)
    eating.setFocus()
    QApplication.processEvents()
    at: QPoint = eating.place_of("2").center()
    qtbot.mouseClick(eating, Qt.MouseButton.LeftButton, pos=at)
    assert eating.value() == "2"
    press(DELETE)
    assert eating.value() is None
    press("9")
    assert eating.value() is None
    press(Qt.Key.Key_Down, Qt.Key.Key_Space)
    assert eating.value() is not None


def test_the_history_is_plotted_and_opens(
    room: AssessmentsRoom, store: Store, actor: Actor, resident: str
) -> None:
    for back, total in ((200, 35), (120, 50), (40, 60)):
        day = TODAY - timedelta(days=back)
        record_assessment(store, actor, typed(resident, "barthel", total, assessed_on=day))
    room.open(resident_id=resident)
    room.overview.table.choose(list(CURRENT).index("barthel"))
    QApplication.processEvents()
    (line,) = room.overview.plot.canvas.series
    assert [value for _, value in line.points] == [35, 50, 60]
    assert room.overview.lines.rowCount() == 3
    room.overview.open_button.click()
    page = page_of(room)
    assert page.read().answers == typed(resident, "barthel", 60).answers


def test_the_paper_of_a_scale_blank_and_with_the_name(
    room: AssessmentsRoom, resident: str, qtbot: QtBot
) -> None:
    room.open(resident_id=resident)
    room.overview.table.choose(list(CURRENT).index("tcm33"))
    for action, persons in ((room.overview.print_named, 1), (room.overview.print_blank, 0)):
        action.trigger()
        qtbot.waitUntil(lambda: room.overview.preview is not None)
        window = room.overview.preview
        assert window is not None
        assert window.document.about.persons == persons
        assert len(window.pages) >= 1
        assert ("张桂兰" in window.document.text) is bool(persons)
        window.close()
        room.overview.preview = None


def test_esc_goes_back_to_the_resident(
    room: AssessmentsRoom, context: UiContext, resident: str, press: Callable[..., None]
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda place, where: seen.append((place, where)))
    room.open(resident_id=resident, scale="nrs_pain")
    page_of(room)
    press(ESC)
    press(ESC)
    assert seen == [("residents", {"resident_id": resident})]


def test_a_closed_record_is_not_assessed(room: AssessmentsRoom, store: Store, actor: Actor) -> None:
    gone = add_resident(store, actor, record_status="deceased")
    room.open(resident_id=gone, scale="barthel")
    QApplication.processEvents()
    assert room.form_page is None
    assert not room.overview.start_button.isEnabled()


@pytest.mark.parametrize("scale", ["", "self_care", "ability_2022", "tcm33", "nrs_pain"])
def test_the_pages_are_fit_to_be_used(room: AssessmentsRoom, resident: str, scale: str) -> None:
    room.open(resident_id=resident, scale=scale)
    QApplication.processEvents()
    check_page(room)


def test_a_result_opens_a_letter_that_tells_it(
    room: AssessmentsRoom, store: Store, actor: Actor, resident: str, context: UiContext
) -> None:
    went: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda place, where: went.append((place, where)))
    record_assessment(store, actor, typed(resident, "morse"))
    room.open(resident_id=resident)
    QApplication.processEvents()
    assert not room.overview.refer_button.isEnabled()
    result = record_assessment(store, actor, typed(resident, "self_care"))
    room.open(resident_id=resident)
    QApplication.processEvents()
    room.overview.refer_button.click()
    ((place, where),) = went
    assert (place, where["resident_id"]) == ("referrals", resident)
    letter = where["prefill"]
    assert (letter.source_kind, letter.source_id) == ("assessment", result.assessment_id)
    assert "生活自理能力" in letter.present_history
    assert "可自理" in letter.impression
    assert "Morse" in letter.last_results
    assert "生活自理能力" not in letter.last_results
