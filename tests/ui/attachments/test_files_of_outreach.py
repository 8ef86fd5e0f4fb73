"""Files of a consultation and of an expert visit: the same card, in their own rooms."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from pytestqt.qtbot import QtBot

from app.care.attachments import attaching
from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import ask, cancel
from app.care.outreach.visit_lists import load_visit
from app.care.outreach.visits import cancel_visit, plan_visit
from app.errors import InputError
from app.i18n import set_language
from app.models.actor import Actor
from app.models.store import Store
from app.ui.attachments.card import FilesCard
from app.ui.attachments.dialogs import AddDialog
from app.ui.context import UiContext
from app.ui.outreach.view import OutreachRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, NOW, TOWNSHIP_ID
from tests.outreach_support import carry_outreach, question_about, visit_at
from tests.referral_support import add_resident
from tests.ui.attachments.making import PDF, drawn
from tests.ui.attachments.test_files_card import carry_files
from tests.ui.checks import check_page, show_page

House = tuple[Store, Actor]


@pytest.fixture
def township(make_store: Callable[..., House]) -> House:
    return make_store(TOWNSHIP_ID)


@pytest.fixture
def lead(make_store: Callable[..., House]) -> House:
    return make_store(LEAD_ID)


def room_of(house: House, qtbot: QtBot) -> OutreachRoom:
    room = OutreachRoom(UiContext(*house, SynchronousRunner()))
    show_page(qtbot, room)
    return room


def attach(card: FilesCard, *sources: object, category: str = "ecg") -> None:
    card.add(sources)  # type: ignore[arg-type]
    dialog = card.dialog
    assert isinstance(dialog, AddDialog)
    dialog.category.set_value(category)
    dialog.done_button.click()


@pytest.mark.parametrize("spoken", ["zh_CN", "en"])
def test_a_question_with_an_ecg_and_an_answer_with_a_picture(
    township: House, lead: House, qtbot: QtBot, tmp_path: Path, spoken: str
) -> None:
    set_language(spoken)
    (tmp_path / "ecg.pdf").write_bytes(PDF)
    asked = ask(*township, question_about(add_resident(*township)))
    here = room_of(township, qtbot)
    here.open(consultation_id=asked)
    card = here.consultations.files
    attach(card, tmp_path / "ecg.pdf")
    assert [each.view.category for each in card.files] == ["ecg"]
    qtbot.waitUntil(lambda: card.strip.height() > 140)
    check_page(card)

    carry_outreach(township[0], lead[0])
    carry_files(township[0], lead[0])
    there = room_of(lead, qtbot)
    there.open(consultation_id=asked)
    card = there.consultations.files
    assert [(each.view.own, each.view.complete) for each in card.files] == [(False, True)]
    attach(card, drawn(600, 400), category="imaging")
    assert [each.view.own for each in card.files] == [False, True]
    carry_files(lead[0], township[0])
    here.open(consultation_id=asked)
    assert len(here.consultations.files.files) == 2
    cancel(*township, asked, "患者已自行前往县医院")
    here.open(consultation_id=asked)
    view = here.consultations.detail.view
    assert view is not None
    assert view.line.state is Move.CANCELLED
    assert not here.consultations.files.add_button.isVisible()
    assert len(here.consultations.files.files) == 2


@pytest.mark.parametrize("spoken", ["zh_CN", "en"])
def test_photos_of_an_expert_visit(township: House, lead: House, qtbot: QtBot, spoken: str) -> None:
    set_language(spoken)
    day = NOW.date() + timedelta(days=1)
    visit = plan_visit(*lead, visit_at(TOWNSHIP_ID, day))
    hospital = room_of(lead, qtbot)
    page = hospital.calendar
    page.show_visit(visit)
    check_page(page.card)
    page.files_button.click()
    dialog = page.files
    assert dialog.nothing.isHidden()
    attach(dialog.files, drawn(800, 600), category="visit_photo")
    assert len(dialog.files.files) == 1
    qtbot.waitUntil(lambda: dialog.files.strip.height() > 140)
    check_page(dialog)
    dialog.close_button.click()

    carry_outreach(lead[0], township[0])
    carry_files(lead[0], township[0])
    here = room_of(township, qtbot)
    page = here.calendar
    page.show_visit(visit)
    page.files_button.click()
    assert [each.view.category for each in page.files.files.files] == ["visit_photo"]
    page.files.close_button.click()

    kept = load_visit(*lead, visit)
    cancel_visit(*lead, visit, kept.change_id, "专家临时会议")
    with pytest.raises(InputError):
        attaching.attach_to_expert_visit(
            *lead, visit, attaching.NewFile("照片", "visit_photo", PDF)
        )
