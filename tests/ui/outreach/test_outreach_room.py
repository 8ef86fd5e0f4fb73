"""The whole job through the widgets: ask, answer, conclude; plan, hold, countersign, print."""

from __future__ import annotations

from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QTabBar
from pytestqt.qtbot import QtBot

from app.care.attachments.files import list_files
from app.care.outreach.consultation_lists import Box
from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import ask
from app.clock import FixedClock
from app.ui.outreach.links import OutreachLinks
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.outreach_support import question_about
from tests.referral_rooms import Keys
from tests.referral_support import add_resident
from tests.ui.attachments.making import drawn
from tests.ui.attachments.test_waiting_files import add
from tests.ui.checks import check_page, show_page
from tests.ui.outreach.conftest import House, Make, finish, front


def test_a_question_from_the_resident_to_the_concluded_answer(
    township: House, make_house: Make, qtbot: QtBot, clock: FixedClock
) -> None:
    resident = add_resident(township.store, township.actor)
    front(township, qtbot)
    township.room.open(resident_id=resident)
    form = township.room.form
    assert form is not None
    assert form.phone.isHidden()
    keys = Keys(qtbot)
    keys.key(Qt.Key.Key_2)  # urgent
    assert form.phone.isVisible()
    assert "0564-0000120" in form.phone.text()
    keys.to(form.fields["department"].editor)
    keys.text("心血管内科")
    keys.to(form.fields["kind"].options)  # type: ignore[attr-defined]
    keys.key(Qt.Key.Key_4)
    keys.to(form.fields["from_doctor_phone"].editor)
    keys.text("13812345678")
    keys.to(form.fields["sbp"].editor)
    keys.text("172")
    keys.enter()
    keys.text("98")
    keys.to(form.fields["question"].editor)
    keys.text("胸痛 30 分钟，是否立即转运？")
    keys.save()
    said = {f.key: f.message() for f in form.fields if f.message()}
    assert not said, (said, form.strip.text())
    page = township.room.consultations
    assert township.room.stack.currentWidget() is page
    assert (township.names(), page.box) == (["徐桂兰"], Box.ASKED)
    assert township.queued() == ["consultation", "shared_note"]
    assert "0564-0000120" in page.detail.phone.text()
    assert township.moves() == {Move.CANCELLED}

    clock.advance(minutes=4)
    lead = make_house(LEAD_ID)
    lead.news_from(township)
    lead.room.open()
    front(lead, qtbot)
    detail = lead.room.consultations.detail
    assert lead.names() == ["徐桂兰"]
    assert "13812345678" in detail.phone.text()
    assert "4 分钟" in detail.waiting.text()
    assert lead.moves() == {Move.ACCEPTED, Move.ANSWERED, Move.DECLINED}
    detail.buttons[Move.ACCEPTED].click()
    finish(lead, qtbot)
    assert "电话" in lead.course()[0]
    detail.buttons[Move.ANSWERED].click()
    finish(lead, qtbot, opinion="")
    assert lead.room.controller.dialog is not None
    assert lead.room.controller.dialog.fields["opinion"].message()
    finish(lead, qtbot, opinion="立即转运，嚼服阿司匹林 300 mg。", signer="李建华")
    assert lead.room.consultations.detail.view is not None
    assert lead.room.consultations.detail.view.line.state is Move.ANSWERED
    assert "会诊意见已发出" in lead.said[-1]

    assert "10 分钟" not in lead.room.consultations.detail.phone.text()
    township.news_from(lead)
    assert "立即转运" in township.course()[0]
    assert "李建华" in township.course()[0]
    page.detail.buttons[Move.CONCLUDED].click()
    finish(township, qtbot, adopted="yes", outcome="已转运，急诊 PCI。")
    page.filters[Box.OVER].click()
    assert township.names() == ["徐桂兰"]
    assert "已采纳" in township.course()[0]
    lead.news_from(township)
    lead.room.consultations.filters[Box.OVER].click()
    assert "急诊 PCI" in lead.course()[0]


def test_a_question_left_unfinished_is_there_again(township: House, qtbot: QtBot) -> None:
    resident = add_resident(township.store, township.actor)
    front(township, qtbot)
    township.room.open(resident_id=resident)
    assert township.room.form is not None
    township.room.form.fields["question"].restore("是否加药？")
    qtbot.keyClick(township.room.form, Qt.Key.Key_Escape)
    assert township.room.stack.currentWidget() is township.room.consultations
    township.room.open(resident_id=resident)
    assert township.room.form.fields["question"].value() == "是否加药？"
    township.room.form.discard_button.click()
    township.room.open(resident_id=resident)
    assert township.room.form.fields["question"].value() is None


def test_a_photo_goes_with_the_question(township: House, qtbot: QtBot) -> None:
    """Chosen while the question is written, kept with its draft, attached once it is asked."""
    resident = add_resident(township.store, township.actor)
    front(township, qtbot)
    township.room.open(resident_id=resident)
    form = township.room.form
    assert form is not None
    add(form.files, drawn(300, 200), category="other", title="小腿伤口")
    form.go()
    township.room.open(resident_id=resident)
    assert [each.view.title for each in form.files.files] == ["小腿伤口"]
    for key, value in (
        ("urgency", "routine"), ("kind", "remote"), ("department", "外科"),
        ("question", "是否需要清创？"), ("summary", "右小腿伤口 3 周不愈。"),
    ):  # fmt: skip
        form.fields[key].set_value(value)
    form.send_button.click()
    assert not (said := {f.key: f.message() for f in form.fields if f.message()}), said
    view = township.room.consultations.detail.view
    assert view is not None
    attached = list_files(township.store, "consultation", view.line.consultation_id)
    assert [each.title for each in attached] == ["小腿伤口"]
    township.room.open(resident_id=resident)
    assert form.files.files == [], "the next question begins without"


def test_declined_and_withdrawn(township: House, lead: House, qtbot: QtBot) -> None:
    resident = add_resident(township.store, township.actor)
    first = ask(township.store, township.actor, question_about(resident))
    ask(township.store, township.actor, question_about(resident, question="能否停药？"))
    lead.news_from(township)
    lead.room.open(consultation_id=first, box="received")
    front(lead, qtbot)
    lead.room.consultations.detail.buttons[Move.DECLINED].click()
    finish(lead, qtbot, reason="专家外出，请本周四再申请。")
    assert len(lead.names()) == 1
    township.news_from(lead)
    township.room.open()
    front(township, qtbot)
    assert len(township.names()) == 1
    township.room.consultations.detail.buttons[Move.CANCELLED].click()
    finish(township, qtbot, reason="已好转")
    assert township.names() == []
    assert township.room.consultations.empty.isVisible()


def test_an_expert_is_planned_held_and_countersigned(
    township: House, lead: House, qtbot: QtBot, clock: FixedClock, tmp_path
) -> None:
    lead.room.open(page="visits")
    front(lead, qtbot)
    calendar = lead.room.calendar
    calendar.grid.setFocus()
    keys = Keys(qtbot)
    keys.key(Qt.Key.Key_Down)  # from today, 2 March, to the 9th
    keys.key(Qt.Key.Key_Return)
    finish(
        lead, qtbot, host_organisation_id=TOWNSHIP_ID, starts_at="830", ends_at="1130",
        expert_name="李建华", expert_title="主任医师", department="心血管内科", quota=20,
    )  # fmt: skip
    assert calendar.view is not None
    assert calendar.view.plan.visit_on == date(2026, 3, 9)
    assert (calendar.view.plan.starts_at, calendar.card.isVisible()) == ("08:30", True)
    assert lead.queued() == ["expert_visit", "shared_note"]
    calendar.change_button.click()
    finish(lead, qtbot, quota=30)
    assert "限 30 人" in calendar.what.text()
    assert calendar.finish_button.isHidden()

    calendar.poster_button.click()
    assert calendar.preview is not None
    assert "李建华" in calendar.preview.document.text
    assert "不含居民" in calendar.preview.note.text()
    path = tmp_path / "poster.pdf"
    calendar.preview.choose_file = lambda: path
    calendar.preview.pdf_button.click()
    assert path.read_bytes().startswith(b"%PDF-")

    township.news_from(lead)
    township.room.open(page="visits")
    front(township, qtbot)
    here = township.room.calendar
    here.grid.choose(date(2026, 3, 9))
    assert here.view is not None
    assert here.plan_button.isHidden()
    assert here.sign_button.isHidden()

    clock.advance(days=7)
    here.reload()
    here.sign_button.click()
    finish(township, qtbot, remark="准时到达")
    assert "准时到达" in here.signed.text()
    assert here.sign_button.isHidden()
    lead.news_from(township)
    assert "准时到达" in calendar.signed.text()
    calendar.finish_button.click()
    finish(lead, qtbot, clinic_count=18, teaching_count=3, summary="坐诊 18 人。")
    assert "18" in calendar.result.text()
    assert calendar.change_button.isHidden()
    township.news_from(lead)
    assert "坐诊 18 人" in here.result.text()


def test_a_visit_called_off_says_why_at_the_host(
    township: House, lead: House, qtbot: QtBot
) -> None:
    lead.room.open(page="visits")
    front(lead, qtbot)
    lead.room.calendar.plan_button.click()
    finish(
        lead, qtbot, host_organisation_id=TOWNSHIP_ID, starts_at="9", ends_at="11",
        expert_name="周敏", department="康复医学科",
    )  # fmt: skip
    lead.room.calendar.cancel_button.click()
    finish(lead, qtbot, reason="专家临时出诊")
    township.news_from(lead)
    township.room.open(page="visits")
    assert "专家临时出诊" in township.room.calendar.result.text()
    lead.room.calendar.poster_button.click()
    assert "没有" in lead.room.calendar.strip.text()


def laid(house: House) -> None:
    """Check the page once its layout has settled."""
    for _ in range(3):
        QApplication.processEvents()
    check_page(house.room)


@pytest.mark.parametrize("page", ["consultations", "visits", "guidance", "training"])
@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_pages_fit_the_smallest_screen(
    make_house: Make, page: str, language: str, qtbot: QtBot
) -> None:
    from app import i18n

    i18n.set_language(language)
    house = make_house(TOWNSHIP_ID)
    resident = add_resident(house.store, house.actor)
    ask(house.store, house.actor, question_about(resident, question="问" * 400, urgency="urgent"))
    house.room.open(page=page)
    laid(house)
    if page == "consultations":
        house.room.open(resident_id=resident)
        assert house.room.form is not None
        house.room.form.fields["urgency"].set_value("urgent")
        laid(house)


def test_the_referrals_lead_here_with_what_waits(
    township: House, lead: House, qtbot: QtBot
) -> None:
    resident = add_resident(township.store, township.actor)
    ask(township.store, township.actor, question_about(resident))
    lead.news_from(township)
    context = lead.room._context
    went: list[tuple[str, object]] = []
    context.navigated.connect(lambda room, where: went.append((room, where)))
    links = OutreachLinks(context)
    show_page(qtbot, links)
    assert links.consultations.text() == "会诊 1"
    links.consultations.click()
    links.visits.click()
    assert went == [("outreach", {"page": "consultations"}), ("outreach", {"page": "visits"})]


def test_a_click_on_the_own_tab_leads_back_from_the_form(township: House, qtbot: QtBot) -> None:
    resident = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident)
    tabs = township.room.findChild(QTabBar)
    assert tabs is not None
    qtbot.mouseClick(tabs, Qt.MouseButton.LeftButton, pos=tabs.tabRect(0).center())
    assert township.room.stack.currentWidget() is township.room.consultations
