"""An own reply after a down-referral, a second return, an amended plan, and the first mistake."""

from __future__ import annotations

from datetime import timedelta

import pytest
from PySide6.QtCore import QPoint, QRect
from PySide6.QtWidgets import QApplication, QLabel, QWidget
from pytestqt.qtbot import QtBot

from app.care import referral
from app.care.referral_back.visit import VisitInput, begin_visit, record_visit
from app.care.referral_desk import Booking, accept
from app.care.referral_moves import Reason
from app.care.referral_return.answer import write_reply
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import REPLY_PARTS, DownInput
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_states import State
from app.ui.referrals.returns.form import ReturnForm
from tests.conftest import NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, reply_for, summary_for
from tests.referral_rooms import House, front
from tests.referral_support import add_resident
from tests.ui.referrals import test_back
from tests.ui.referrals.test_back import taken_back
from tests.ui.referrals.test_returns import arrived, fill_hand_over, form_of

TODAY = NOW.date()


def come_down(township: House, desk: House) -> str:
    """A patient whom the hospital referred down and who has arrived."""
    down = DownInput(add_resident(desk.store, desk.actor), TOWNSHIP_ID, consent="given")
    referral_id = refer_down(
        desk.store, desk.actor, down, summary_for(), plan_for(TODAY)
    ).referral_id
    township.news_from(desk)
    booking = Booking("住院部", "王医生", scheduled_at=NOW)
    accept(township.store, township.actor, referral_id, booking)
    arrive(township.store, township.actor, referral_id)
    return referral_id


def words_of(page: QWidget) -> str:
    return "\n".join(each.text() for each in page.findChildren(QLabel) if not each.isHidden())


def test_an_own_reply_says_nothing_in_the_other_houses_words(
    township: House, desk: House, qtbot: QtBot
) -> None:
    referral_id = come_down(township, desk)
    front(township, qtbot)
    township.room.open(referral_id=referral_id)
    township.press("写回转单…")
    form = form_of(township)
    for name in (*REPLY_PARTS, "drugs", "inpatient_no"):
        assert form.fields[name].is_blank(), name
    assert form.plan_card is None
    assert "县人民医院的后续方案继续执行" in words_of(form)
    form.reply_card.show_reply(reply_for(diagnosis="高血压 2 级"))
    form.going_on.show_reply(reply_for())
    form.send_button.click()
    assert township.room.controller.view.state is State.REPLIED
    # The work goes on, and the first visit can still be written.
    assert len(begin_visit(township.store, township.actor, referral_id).steps) == 3
    assert "前完成" in township.room.detail.returns.awaited.text()
    township.press("记录随访…")
    visit = test_back.form_of(township)
    visit.fields["mode"].set_value("ward")
    visit.fields["findings"].set_value("步行稳，血压平稳。")
    visit.save_button.click()
    assert township.room.detail.returns.awaited.isHidden()
    township.press("更正回转单…")
    again = form_of(township)
    assert again.fields["diagnosis"].value() == "高血压 2 级"
    assert again.plan_card is None


def in_hospital_again(township: House, desk: House, referral_id: str) -> None:
    """Everything done at home, closed, then opened again by the hospital."""
    store, actor = township.store, township.actor
    steps = tuple(step.id for step in begin_visit(store, actor, referral_id).steps)
    record_visit(store, actor, referral_id, VisitInput("home", TODAY, "平稳", done_steps=steps))
    referral.advance(store, actor, referral_id, State.CLOSED, Reason("completed"))
    desk.news_from(township)
    again = Reason("other", "症状反复")
    referral.advance(desk.store, desk.actor, referral_id, State.IN_CARE, again)


def test_a_second_return_is_work_from_the_beginning(
    township: House, desk: House, qtbot: QtBot
) -> None:
    referral_id = taken_back(township, desk)
    in_hospital_again(township, desk, referral_id)
    front(desk, qtbot)
    desk.room.open(referral_id=referral_id)
    desk.press("转回基层…")
    form = form_of(desk)
    assert form.plan_card is not None
    assert form.plan_card.lines()[0].what.value() == "步行训练"
    form.send_button.click()
    assert desk.room.controller.view.state is State.HANDED_BACK
    assert "✓" not in desk.room.detail.returns.plan.text()
    township.news_from(desk)
    township.room.open(referral_id=referral_id)
    township.press("患者已接回")
    cards = township.room.detail.returns
    assert "✓" not in cards.plan.text()
    assert cards.awaited.text().endswith("2026-03-09 前完成。")
    township.press("记录随访…")
    visit = test_back.form_of(township)
    assert visit.correct_button.isHidden()
    assert len(visit.start.steps) == 3
    visit.fields["mode"].set_value("home")
    visit.fields["findings"].set_value("再次接回，平稳。")
    visit.fields["done_steps"].set_value((visit.start.steps[0].id,))
    visit.save_button.click()
    assert cards.plan.text().count("✓") == 1
    assert cards.awaited.isHidden()


def test_an_amended_plan_keeps_what_was_done(township: House, desk: House, qtbot: QtBot) -> None:
    referral_id = taken_back(township, desk)
    done = VisitInput("home", TODAY, "平稳", done_steps=("1",))
    record_visit(township.store, township.actor, referral_id, done)
    desk.news_from(township)
    front(desk, qtbot)
    desk.room.open(referral_id=referral_id)
    desk.press("更正回转单…")
    form = form_of(desk)
    card = form.plan_card
    assert card is not None
    card.lines()[2].due.line.setText("2026-04-08")
    card._remove(card.lines()[1])
    added = card.add_step()
    added.kind.set_value("exam")
    added.due.line.setText("3-4")
    form.go()
    desk.press("更正回转单…")  # and comes back from its draft
    form = form_of(desk)
    form.send_button.click()
    plan = load_returns(desk.store, desk.actor, referral_id).plan
    assert plan is not None
    found = [(step.kind, step.id in {"1", "2", "3"}) for step in plan.input.steps]
    assert found == [("exam", False), ("rehab", True), ("review", True)]
    assert desk.room.detail.returns.plan.text().count("✓") == 1


def in_sight(form: ReturnForm, field: QWidget) -> bool:
    """All of the field with the sentence under it."""
    area = form.scroll_area
    assert area is not None
    port = area.viewport()
    return port.rect().contains(QRect(field.mapTo(port, QPoint(0, 0)), field.size()))


@pytest.mark.parametrize(
    ("empty", "first"),
    [
        # Left column and right: whichever stands higher on the page.
        (("next_plan", "reason_codes"), "reason_codes"),
        (("diagnosis", "phase"), "phase"),
        (("exam_results", "checklist.next_review_set"), "exam_results"),
    ],
)
def test_the_first_mistake_of_the_page_has_the_keyboard(
    township: House, desk: House, qtbot: QtBot, empty: tuple[str, ...], first: str
) -> None:
    referral_id = arrived(township, desk)
    write_reply(desk.store, desk.actor, referral_id, reply_for())
    front(desk, qtbot)
    desk.press("转回基层…")
    form = form_of(desk)
    fill_hand_over(form)
    for name in empty:
        form.fields[name].set_value(() if name == "reason_codes" else None)
    form.send_button.setFocus()
    form.send_button.click()
    QApplication.processEvents()
    focused = QApplication.focusWidget()
    assert focused is not None
    assert form.fields[first].isAncestorOf(focused)
    assert in_sight(form, form.fields[first])


def test_a_mistake_at_the_end_stays_in_sight_beside_the_strip(
    township: House, desk: House, qtbot: QtBot
) -> None:
    """The strip takes room from below, where the first mistake stands."""
    referral_id = arrived(township, desk)
    write_reply(desk.store, desk.actor, referral_id, reply_for())
    front(desk, qtbot)
    desk.press("转回基层…")
    form = form_of(desk)
    fill_hand_over(form)
    assert form.plan_card is not None
    assert form.rehab_card is not None
    line = form.plan_card.lines()[0]
    line.kind.set_value("rehab")
    line.due.set_value(TODAY + timedelta(days=3))
    form.rehab_card.editor.add("walking")  # how much is not said: only the strip can tell it
    QApplication.processEvents()
    form.fields["diagnosis"].setFocus()  # Ctrl+S from the top of the page
    QApplication.processEvents()
    form.send_button.click()
    QApplication.processEvents()
    assert not form.strip.isHidden()
    assert form.fields["plan.goal_short"].isAncestorOf(QApplication.focusWidget() or form)
    assert in_sight(form, form.fields["plan.goal_short"])


def test_a_plan_without_a_step_leads_to_its_button(
    township: House, desk: House, qtbot: QtBot
) -> None:
    referral_id = arrived(township, desk)
    write_reply(desk.store, desk.actor, referral_id, reply_for())
    front(desk, qtbot)
    desk.press("转回基层…")
    form = form_of(desk)
    fill_hand_over(form)
    assert form.plan_card is not None
    form.send_button.setFocus()
    form.send_button.click()
    QApplication.processEvents()
    assert QApplication.focusWidget() is form.plan_card.add_button
    assert in_sight(form, form.plan_card.problem)
