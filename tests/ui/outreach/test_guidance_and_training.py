"""Guidance and training written down through the widgets."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QLabel
from pytestqt.qtbot import QtBot

from app.care.outreach.guidance import GuidanceInput, list_guidance, record_guidance
from app.care.referral import send
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.outreach.of_referral import OutreachWays
from app.ui.outreach.view import OutreachRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import CARE_HOME_ID, LEAD_ID, NOW, TOWNSHIP_ID
from tests.outreach_support import carry_outreach
from tests.referral_support import add_resident, carry, letter_for
from tests.ui.checks import show_page

MakeStore = Callable[..., tuple[Store, Actor]]


def a_room(make_store: MakeStore, qtbot: QtBot, organisation_id: str) -> OutreachRoom:
    store, actor = make_store(organisation_id)
    room = OutreachRoom(UiContext(store, actor, SynchronousRunner()))
    show_page(qtbot, room)
    return room


def fill(room: OutreachRoom, **values: object) -> None:
    dialog = room.controller.dialog
    assert dialog is not None
    for key, value in values.items():
        dialog.fields[key].set_value(value)
    dialog.done_button.click()


def test_guidance_of_a_county_doctor_is_read_at_the_township(
    make_store: MakeStore, qtbot: QtBot
) -> None:
    township = a_room(make_store, qtbot, TOWNSHIP_ID)
    lead = a_room(make_store, qtbot, LEAD_ID)
    here, there = township._context, lead._context
    resident = add_resident(here.store, here.actor)
    send(here.store, here.actor, letter_for(resident))
    carry(here.store, there.store)

    lead.open(page="guidance")
    page = lead.guidance
    assert page.empty.isVisible()
    page.new_button.click()
    assert page.person is not None
    page.person.resident_id = resident
    page.person.accept()
    fill(lead)
    dialog = lead.controller.dialog
    assert dialog is not None
    assert dialog.fields["findings"].message()
    # Who it is about stands in the dialog, not in the window's title.
    assert "徐桂兰" not in dialog.windowTitle()
    assert any("徐桂兰" in each.text() for each in dialog.findChildren(QLabel))
    # The patient is the township's: nobody else could read the visit.
    combo = dialog.fields["to"].combo  # type: ignore[attr-defined]
    assert [combo.itemData(at) for at in range(combo.count())] == [None, TOWNSHIP_ID]
    # The referral is known, and with it the other house and the doctor who writes.
    assert dialog.fields["to"].value() == TOWNSHIP_ID
    assert dialog.fields["guide_name"].value() == there.actor.name
    fill(
        lead, mode="home", local_doctor_name="王建国", findings="步态稳，血压 142/88 mmHg。",
        plan_changes="步行增至 20 分钟。", minutes=40,
    )  # fmt: skip
    assert page.model.rowCount() == 1
    assert "步态稳" in page.words.text()
    with there.store.read() as session:
        queued = sorted(row.kind for row in session.query(Outbox))
    assert queued == ["referral_visit", "shared_note"]

    carry_outreach(there.store, here.store)
    township.open(page="guidance")
    assert "步行增至 20 分钟" in township.guidance.words.text()
    assert township.guidance.void_button.isHidden()
    page.void_button.click()
    fill(lead)
    assert "误登记" in page.words.text()
    assert list_guidance(there.store, there.actor)[0].void


def test_a_joint_round_names_who_came_along(make_store: MakeStore, qtbot: QtBot) -> None:
    room = a_room(make_store, qtbot, TOWNSHIP_ID)
    resident = add_resident(room._context.store, room._context.actor)
    room.open(page="guidance")
    room.guidance.write(resident)
    dialog = room.controller.dialog
    assert dialog is not None
    dialog.fields["purpose"].set_value("joint_round")
    assert dialog.fields["guide_name"].label == "对方参加人员"
    fill(
        room, to=CARE_HOME_ID, mode="ward", guide_name="陈护士", findings="皮肤完整。",
        plan_changes="无",
    )  # fmt: skip
    assert "白塔畈镇医养康中心" in room.guidance.words.text()


def test_a_lecture_with_those_who_came(make_store: MakeStore, qtbot: QtBot) -> None:
    room = a_room(make_store, qtbot, LEAD_ID)
    room.open(page="training")
    page = room.training
    page.new_button.click()
    fill(room, title="卒中后康复训练", type="lecture", hours=2.5, teacher="李建华")
    dialog = room.controller.dialog
    assert "至少填写一名" in dialog.strip.text()  # type: ignore[union-attr]
    people = dialog.people  # type: ignore[union-attr]
    for organisation, name in ((TOWNSHIP_ID, "王建国"), (CARE_HOME_ID, "陈护士")):
        people.form["organisation_id"].set_value(organisation)
        people.form["name"].set_value(name)
        if name == "王建国":
            people.form["after"].set_value(85)
            people.add_button.click()
    # The second was typed and not taken in: it is not lost.
    dialog.done_button.click()  # type: ignore[union-attr]
    row = page.table.current()
    assert [each.name for each in row.given.attendees] == ["王建国", "陈护士"]
    assert "陈护士（白塔畈镇医养康中心）" in page.words.text()
    assert "85" in page.words.text()
    page.void_button.click()
    fill(room)
    assert "误登记" in page.words.text()
    assert page.void_button.isHidden()


def test_a_referral_leads_to_a_consultation_and_to_guidance(
    make_store: MakeStore, qtbot: QtBot
) -> None:
    from app.ui.referrals.view import ReferralsRoom

    store, actor = make_store(TOWNSHIP_ID)
    resident = add_resident(store, actor)
    send(store, actor, letter_for(resident))
    context = UiContext(store, actor, SynchronousRunner())
    outreach, referrals = OutreachRoom(context), ReferralsRoom(context)
    for room in (outreach, referrals):
        show_page(qtbot, room)
    context.navigated.connect(lambda name, where: name == "outreach" and outreach.open(**where))
    referrals.open()
    ways = referrals.detail.findChild(OutreachWays)
    assert ways is not None
    ways.consult_button.click()
    form = outreach.form
    assert form is not None
    assert form.asked().referral_id
    assert form.fields["to_organisation_id"].value() == LEAD_ID
    ways.guide_button.click()
    dialog = outreach.controller.dialog
    assert dialog is not None
    assert dialog.fields["link"].value() == form.asked().referral_id
    dialog.reject()


def test_a_line_of_the_resident_s_page_leads_to_its_visit(
    make_store: MakeStore, qtbot: QtBot
) -> None:
    room = a_room(make_store, qtbot, TOWNSHIP_ID)
    store, actor = room._context.store, room._context.actor
    resident = add_resident(store, actor)
    ids = [
        record_guidance(
            store,
            actor,
            GuidanceInput(
                resident, "joint_round", None, CARE_HOME_ID, "ward", NOW.date(), "李", "王", words,
                "无",
            ),
        )
        for words in ("第一次", "第二次")
    ]  # fmt: skip
    for id_, words in zip(ids, ("第一次", "第二次"), strict=True):
        room.open(page="guidance", guidance_id=id_)
        assert words in room.guidance.words.text()
