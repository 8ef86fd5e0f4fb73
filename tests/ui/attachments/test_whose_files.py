"""A file belongs to the record for which it was chosen, whatever the page shows meanwhile."""

from __future__ import annotations

import pytest

from app.care import referral
from app.care.attachments.files import list_files
from app.errors import DiskFull
from app.models.store import Store
from app.ui.attachments import card as card_module
from app.ui.attachments.pictures import prepare_all
from tests.held_runner import HeldRunner
from tests.referral_rooms import House
from tests.referral_support import add_resident, letter_for
from tests.ui.attachments.making import drawn
from tests.ui.attachments.test_files_card import add_dialog, card_of


@pytest.fixture
def letters(township: House) -> tuple[str, str]:
    """Letters of two patients; the first is on the screen."""
    store, actor = township.store, township.actor
    ids = [
        referral.send(store, actor, letter_for(add_resident(store, actor, **who))).referral_id
        for who in ({}, {"name": "李四海", "id_no": None, "record_no": None})
    ]
    township.room.open(referral_id=ids[0])
    return ids[0], ids[1]


def count(store: Store, referral_id: str) -> int:
    return len(list_files(store, "referral", referral_id))


def test_while_a_photo_is_made_ready_another_patient_is_opened(
    township: House, letters: tuple[str, str]
) -> None:
    runner = HeldRunner(prepare_all)
    township.context.tasks = runner
    card = card_of(township)
    card.add([drawn(300, 200)])
    assert not card.add_button.isEnabled()
    township.room.open(referral_id=letters[1])
    runner.let_go()
    assert card.dialog is None, "the question would stand over another patient's letter"
    assert "没有添加" in card.notice.text()
    assert card.add_button.isEnabled()
    assert [count(township.store, each) for each in letters] == [0, 0]


def test_while_it_is_asked_what_it_shows_another_patient_is_opened(
    township: House, letters: tuple[str, str]
) -> None:
    card_of(township).add([drawn(300, 200)])
    dialog = add_dialog(township)
    township.room.open(referral_id=letters[1])
    dialog.category.set_value("ecg")
    dialog.done_button.click()
    assert [count(township.store, each) for each in letters] == [1, 0]
    assert card_of(township).files == [], "the second patient has none"


def test_the_button_lives_again_after_a_failure(
    township: House, letters: tuple[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    card_of(township).add([drawn(300, 200)])
    dialog = add_dialog(township)
    dialog.category.set_value("ecg")
    kept = card_module.attach_all

    def broken(*_: object) -> None:
        raise DiskFull("磁盘已满")

    monkeypatch.setattr(card_module, "attach_all", broken)
    dialog.done_button.click()
    assert dialog.strip.text() == "磁盘已满"
    assert dialog.done_button.isEnabled()
    monkeypatch.setattr(card_module, "attach_all", kept)
    dialog.done_button.click()
    assert count(township.store, letters[0]) == 1


def test_who_leaves_while_it_is_attached_is_told_all_the_same(
    township: House, letters: tuple[str, str]
) -> None:
    card_of(township).add([drawn(300, 200)])
    dialog = add_dialog(township)
    dialog.category.set_value("ecg")
    runner = HeldRunner(card_module.attach_all)
    township.context.tasks = runner
    dialog.done_button.click()
    dialog.reject()
    runner.let_go()
    assert count(township.store, letters[0]) == 1
    assert len(card_of(township).files) == 1
    assert township.said[-1].startswith("已添加 1 个附件")
