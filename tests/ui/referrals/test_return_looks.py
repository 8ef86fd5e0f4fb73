"""Forms, dialogs and cards of an answer: names, targets, nothing cut; both languages."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from pytestqt.qtbot import QtBot

from app.care import referral
from app.care.referral_desk import Booking, accept
from app.care.referral_return.answer import hand_back, write_reply
from app.care.referral_return.down import refer_down
from app.care.referral_return.inputs import Admission, DownInput
from app.care.referral_return.stay import admit, arrive
from app.care.referral_return.steps import DeskStep
from app.i18n import set_language
from app.ui.context import UiContext
from app.ui.referrals.returns.desk import ON_A_PAGE
from app.ui.referrals.view import ReferralsRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.referral_returns import plan_for, reply_for, summary_for
from tests.referral_support import add_resident, carry, letter_for
from tests.ui.checks import show_page
from tests.ui.referrals.test_referral_looks import check

TODAY = NOW.date()


@pytest.fixture(params=["zh_CN", "en"])
def desk_room(
    request: pytest.FixtureRequest, make_store: Callable, dressed: object, qtbot: QtBot
) -> Iterator[tuple[ReferralsRoom, dict[str, str]]]:
    """The hospital's room with a referral at each stage of its answer."""
    set_language(request.param)
    township, desk = make_store(TOWNSHIP_ID), make_store(LEAD_ID)
    ids: dict[str, str] = {}
    for stage in ("sent", "accepted", "arrived", "in_care", "replied", "handed_back"):
        letter = letter_for(add_resident(*township), urgency="priority")
        ids[stage] = referral.send(*township, letter).referral_id
    carry(township[0], desk[0])
    for stage, referral_id in ids.items():
        if stage != "sent":
            accept(*desk, referral_id, Booking("心血管内科", "李主任", scheduled_at=NOW))
    for stage in ("arrived", "replied", "handed_back"):
        arrive(*desk, ids[stage])
    admit(*desk, ids["in_care"], Admission(department="心内科", bed="3", inpatient_no="ZY7"))
    write_reply(*desk, ids["replied"], reply_for())
    hand_back(*desk, ids["handed_back"], summary_for(), plan_for(TODAY))
    down = DownInput(add_resident(*desk), TOWNSHIP_ID, consent="given")
    ids["down"] = refer_down(*desk, down, summary_for(), plan_for(TODAY)).referral_id
    room = ReferralsRoom(UiContext(*desk, SynchronousRunner()))
    show_page(qtbot, room)
    yield room, ids
    room.leave()


def test_every_stage_with_its_dialogs(desk_room: tuple[ReferralsRoom, dict[str, str]]) -> None:
    room, ids = desk_room
    for referral_id in ids.values():
        room.open(referral_id=referral_id)
        check(room)
        for step in room.controller.steps():
            if step not in ON_A_PAGE:
                room.controller.take_step(step)
                dialog = room.controller.dialog
                assert dialog is not None
                check(dialog)
                dialog.reject()


@pytest.mark.parametrize(
    ("stage", "step"),
    [
        ("arrived", DeskStep.REPLY),
        ("replied", DeskStep.HAND_BACK),
        ("replied", DeskStep.ELSEWHERE),
        ("handed_back", DeskStep.AMEND),
    ],
)
def test_every_form_empty_filled_and_with_problems(
    desk_room: tuple[ReferralsRoom, dict[str, str]], stage: str, step: DeskStep
) -> None:
    room, ids = desk_room
    room.open(referral_id=ids[stage])
    room.controller.take_step(step)
    form = room.answers.form
    assert form is not None
    check(room)
    line = form.plan_card.add_step()
    line.kind.set_value("other")
    form.fields["diagnosis"].set_value(None)
    form.send_button.click()
    check(room)
    form.fields["diagnosis"].set_value("高血压")
    form.fields["visit_kind"].set_value("inpatient")
    form.rehab_card.editor.add("walking")
    form.send_button.click()
    check(room)
