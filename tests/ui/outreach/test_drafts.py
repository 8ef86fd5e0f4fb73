"""What is typed in a dialog of the room is there again after Esc, and gone once it is saved."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QPushButton
from pytestqt.qtbot import QtBot

from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import AnswerInput, answer, ask
from app.care.outreach.visits import plan_visit
from app.models.actor import Actor
from app.models.drafts import list_drafts
from app.models.store import Store
from app.ui.outreach.view import OutreachRoom
from app.ui.referrals.dialogs import FormDialog
from tests.conftest import CARE_HOME_ID, LEAD_ID, NOW, TOWNSHIP_ID
from tests.outreach_support import carry_outreach, question_about, visit_at
from tests.referral_support import add_resident
from tests.ui.outreach.test_guidance_and_training import a_room

MakeStore = Callable[..., tuple[Store, Actor]]
TODAY = NOW.date()


def dialog_of(room: OutreachRoom) -> FormDialog:
    dialog = room.controller.dialog
    assert dialog is not None
    return dialog


def forms(room: OutreachRoom) -> list[str]:
    context = room._context
    return [draft.form for draft in list_drafts(context.store, context.actor)]


def asked(township: OutreachRoom, lead: OutreachRoom) -> str:
    """A question that the hospital has read."""
    here, there = township._context, lead._context
    resident = add_resident(here.store, here.actor)
    id_ = ask(here.store, here.actor, question_about(resident))
    carry_outreach(here.store, there.store)
    return id_


def guidance(make_store: MakeStore, qtbot: QtBot) -> tuple[OutreachRoom, Callable[[], object]]:
    room = a_room(make_store, qtbot, TOWNSHIP_ID)
    resident = add_resident(room._context.store, room._context.actor)
    room.open(page="guidance")
    return room, lambda: room.guidance.write(resident)


def opinion(make_store: MakeStore, qtbot: QtBot) -> tuple[OutreachRoom, Callable[[], object]]:
    lead = a_room(make_store, qtbot, LEAD_ID)
    id_ = asked(a_room(make_store, qtbot, TOWNSHIP_ID), lead)
    lead.open(consultation_id=id_, box="received")
    return lead, lambda: lead.consultations.detail.buttons[Move.ANSWERED].click()


def outcome(make_store: MakeStore, qtbot: QtBot) -> tuple[OutreachRoom, Callable[[], object]]:
    township, lead = a_room(make_store, qtbot, TOWNSHIP_ID), a_room(make_store, qtbot, LEAD_ID)
    id_ = asked(township, lead)
    answer(lead._context.store, lead._context.actor, id_, AnswerInput("继续观察", "李建华", ""))
    carry_outreach(lead._context.store, township._context.store)
    township.open(consultation_id=id_)
    return township, lambda: township.consultations.detail.buttons[Move.CONCLUDED].click()


def result(make_store: MakeStore, qtbot: QtBot) -> tuple[OutreachRoom, Callable[[], object]]:
    room = a_room(make_store, qtbot, LEAD_ID)
    id_ = plan_visit(room._context.store, room._context.actor, visit_at(TOWNSHIP_ID, TODAY))
    room.open(page="calendar", visit_id=id_)
    return room, room.calendar.finish_button.click


@pytest.mark.parametrize(
    ("begin", "typed", "rest"),
    [
        (
            guidance,
            {"purpose": "joint_round", "findings": "步态稳，皮肤完整。", "mode": "ward"},
            {"to": CARE_HOME_ID, "guide_name": "陈护士", "plan_changes": "无"},
        ),
        (opinion, {"opinion": "加用缬沙坦 80 mg，两周后复查。"}, {}),
        (outcome, {"outcome": "已加用，血压达标。"}, {"adopted": "yes"}),
        (result, {"clinic_count": 18, "summary": "门诊为主，带教两人。"}, {}),
    ],
)
def test_a_dialog_that_was_left_is_there_again(
    make_store: MakeStore,
    qtbot: QtBot,
    begin: Callable[..., tuple[OutreachRoom, Callable[[], object]]],
    typed: dict[str, object],
    rest: dict[str, object],
) -> None:
    room, again = begin(make_store, qtbot)
    again()
    qtbot.keyClick(dialog_of(room), Qt.Key.Key_Escape)
    assert forms(room) == []  # nothing was typed
    again()
    dialog = dialog_of(room)
    for key, value in typed.items():
        dialog.fields[key].set_value(value)
    qtbot.keyClick(dialog, Qt.Key.Key_Escape)
    assert len(forms(room)) == 1
    again()
    dialog = dialog_of(room)
    assert {key: dialog.fields[key].value() for key in typed} == typed
    assert not any(field.message() for field in dialog.fields)
    for key, value in rest.items():
        dialog.fields[key].set_value(value)
    dialog.done_button.click()
    said = {f.key: f.message() for f in dialog.fields if f.message()}
    assert forms(room) == [], (said, dialog.strip.text())


def test_a_training_comes_back_with_who_took_part(make_store: MakeStore, qtbot: QtBot) -> None:
    room = a_room(make_store, qtbot, LEAD_ID)
    room.open(page="training")
    room.training.begin()
    dialog = dialog_of(room)
    dialog.fields["title"].set_value("卒中后康复训练")
    people = dialog.people  # type: ignore[attr-defined]
    for name in ("王建国", "陈护士", "李敏"):
        people.form["organisation_id"].set_value(TOWNSHIP_ID)
        people.form["name"].set_value(name)
        if name != "李敏":  # the third is typed and not taken in
            people.take()
    dialog.reject()
    room.training.begin()
    dialog = dialog_of(room)
    people = dialog.people  # type: ignore[attr-defined]
    assert dialog.fields["title"].value() == "卒中后康复训练"
    assert [row.name for row in people.rows] == ["王建国", "陈护士"]
    assert people.form["name"].value() == "李敏"
    # A line that was brought up to be changed is still that line.
    people.form.clear()
    people.bring(0)
    people.form["name"].set_value("王建军")
    dialog.reject()
    room.training.begin()
    people = dialog_of(room).people  # type: ignore[attr-defined]
    people.take()
    assert [row.name for row in people.rows] == ["王建军", "陈护士"]
    assert forms(room) == ["training"]


def test_a_draft_is_thrown_away(make_store: MakeStore, qtbot: QtBot) -> None:
    room, again = guidance(make_store, qtbot)
    again()
    dialog_of(room).fields["findings"].set_value("写错了人")
    dialog_of(room).reject()
    again()
    dialog = dialog_of(room)
    throw = next(b for b in dialog.findChildren(QPushButton) if b.text() == "删除草稿")
    throw.click()
    assert not dialog.isVisible()
    assert forms(room) == []
    again()
    assert dialog_of(room).fields["findings"].is_blank()
