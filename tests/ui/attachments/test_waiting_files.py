"""Files chosen while a letter or reply is being written: kept with its draft, attached after it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from pytestqt.qtbot import QtBot

from app.care import referral
from app.care.attachments import attaching
from app.care.attachments.files import list_files
from app.care.attachments.waiting import LEFT, kept_files
from app.care.referral_desk import Booking, accept
from app.care.referral_drafts import DRAFT_FORM, list_drafts
from app.care.referral_return.returns import load_returns
from app.care.referral_return.stay import arrive
from app.care.referral_return.steps import DeskStep
from app.errors import DiskFull
from app.models.drafts import count_drafts
from app.ui.attachments.dialogs import AddDialog
from app.ui.attachments.waiting import WaitingFiles
from app.ui.attachments.words import progress
from tests.conftest import NOW
from tests.referral_rooms import House, Keys, bring
from tests.referral_support import add_resident, carry, letter_for
from tests.ui.attachments.making import PDF, drawn, photo
from tests.ui.checks import check_page


def add(card: WaitingFiles, *sources: object, category: str = "ecg", title: str = "") -> None:
    card.add(sources)  # type: ignore[arg-type]
    assert isinstance(card.dialog, AddDialog)
    card.dialog.category.set_value(category)
    card.dialog.title.set_value(title or None)
    card.dialog.done_button.click()


def titles(card: WaitingFiles) -> list[str]:
    return [each.view.title for each in card.files]


def written(house: House, resident_id: str) -> None:
    """All that a routine letter needs."""
    house.room.form.parts.show_letter(letter_for(resident_id))


def test_a_photo_goes_along_with_the_letter_that_is_being_written(
    township: House, keys: Keys, qtbot: QtBot, tmp_path: Path
) -> None:
    """Add beside the fields, look, leave, come back, send: letter first, then the files."""
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    assert not card.strip.isVisible()
    path = tmp_path / "ecg.pdf"
    path.write_bytes(PDF)
    add(card, path, title="心电图")
    (tmp_path / "x.jpg").write_bytes(photo(600, 400))
    add(card, tmp_path / "x.jpg", category="imaging", title="胸片")
    assert titles(card) == ["心电图", "胸片"]
    assert progress(card.files[0].view)[0] == "随单发送"
    assert card.files[1].picture is not None, "a small picture shows which it is"
    check_page(card)
    card.strip.setCurrentRow(1)
    card.open_file()
    viewer = card.viewer
    assert viewer is not None
    bring(viewer, qtbot)
    assert viewer.pages.currentWidget() is viewer.picture
    assert not viewer.save.isVisible()
    viewer.step(-1)
    assert viewer.pages.currentWidget() is viewer.words
    viewer.reject()
    assert list_files(township.store, "referral", "") == ()

    township.room.form.go()
    assert len(list_drafts(township.store, township.actor)) == 1
    assert count_drafts(township.store, township.actor) == 1, "files are no unfinished forms"
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    assert titles(card) == ["心电图", "胸片"]
    add(card, drawn(50, 50), title="多余")
    card.strip.setFocus()
    card.strip.setCurrentRow(2)
    qtbot.keyClick(card.strip, Qt.Key.Key_Delete)
    assert titles(card) == ["心电图", "胸片"]

    written(township, resident_id)
    township.room.form.send_button.click()
    view = township.room.controller.view
    assert view is not None
    attached = list_files(township.store, "referral", view.referral_id)
    assert [each.title for each in attached] == ["心电图", "胸片"]
    assert [each.view.title for each in township.room.files.files] == ["心电图", "胸片"]
    assert any(said.startswith("已添加 2 个附件") for said in township.said)
    assert kept_files(township.store, township.actor, DRAFT_FORM, resident_id) == []
    township.room.open(resident_id=resident_id)
    assert township.room.form.files.files == [], "the next letter begins without"


def test_thrown_away_with_the_draft(township: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    form = township.room.form
    add(form.files, drawn(50, 50))
    form.discard_button.click()
    assert kept_files(township.store, township.actor, DRAFT_FORM, resident_id) == []
    township.room.open(resident_id=resident_id)
    assert township.room.form.files.files == []


def test_one_patients_files_do_not_come_up_with_anothers_letter(township: House) -> None:
    first = add_resident(township.store, township.actor)
    other = add_resident(township.store, township.actor, "李四海", id_no=None, record_no=None)
    township.room.open(resident_id=first)
    add(township.room.form.files, drawn(50, 50), title="第一人")
    township.room.open(resident_id=other)
    assert township.room.form.files.files == []
    township.room.open(resident_id=first)
    assert titles(township.room.form.files) == ["第一人"]


def test_a_letter_is_sent_where_its_files_cannot_be_attached(
    township: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The letter never waits; what was not attached is said with what to do."""
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    add(township.room.form.files, drawn(50, 50), title="心电图")

    def full(*_: object, **__: object) -> None:
        raise DiskFull("磁盘已满")

    monkeypatch.setattr(attaching, "attach", full)
    written(township, resident_id)
    township.room.form.send_button.click()
    view = township.room.controller.view
    assert view is not None
    assert view.state == "sent"
    assert list_files(township.store, "referral", view.referral_id) == ()
    assert any("1 个附件没有添加" in said and "磁盘已满" in said for said in township.said)

    # They stay until a person removes them or they are attached, and go with no other letter.
    monkeypatch.undo()
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    assert card.files == []
    assert "没有添加成功：心电图。不会随本单发送" in card.notice.text()
    add(card, drawn(60, 60), category="imaging", title="胸片")
    township.room.form.go()
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    assert titles(card) == ["胸片"], "the draft is opened again with its own file only"
    written(township, resident_id)
    township.room.form.send_button.click()
    sent = township.room.controller.view.referral_id
    attached = list_files(township.store, "referral", sent)
    assert [each.title for each in attached] == ["胸片"]

    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    assert card.files == []
    card.notice.action_button.click()
    assert titles(card) == ["心电图"]
    assert card.notice.text() == ""
    township.room.form.go()
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    assert titles(card) == ["心电图"], "it belongs to this draft now"
    card.strip.setCurrentRow(0)
    card.ask_to_take_back()
    for form in (DRAFT_FORM, DRAFT_FORM + LEFT):
        assert kept_files(township.store, township.actor, form, resident_id) == []


def test_the_program_ends_before_all_files_are_attached(
    township: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was attached is not kept a second time, the others are not lost; no other letter takes
    files that are still on their way."""
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    add(card, drawn(50, 50), title="一")
    add(card, drawn(60, 60), title="二")
    whole, count = attaching.attach, []

    def ends(*arguments: Any, **named: Any) -> Any:
        count.append(1)
        if len(count) == 2:
            card.begin(DRAFT_FORM, resident_id, go_on=False)
            assert card.files == [], "on its way to the letter that was saved"
            raise DiskFull("磁盘已满")
        return whole(*arguments, **named)

    monkeypatch.setattr(attaching, "attach", ends)
    written(township, resident_id)
    township.room.form.send_button.click()
    kept = kept_files(township.store, township.actor, DRAFT_FORM + LEFT, resident_id)
    assert [each.file.title for each in kept] == ["二"]
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    assert card.files == []
    assert "二" in card.notice.text()


def test_no_more_than_a_letter_takes(township: House, monkeypatch: pytest.MonkeyPatch) -> None:
    resident_id = add_resident(township.store, township.actor)
    township.room.open(resident_id=resident_id)
    card = township.room.form.files
    monkeypatch.setattr(attaching, "MOST_FILES", 2)
    add(card, drawn(50, 50), drawn(60, 60))
    add(card, drawn(70, 70))
    assert "最多带 2 个附件" in card.dialog.strip.text()  # type: ignore[union-attr]
    card.dialog.reject()  # type: ignore[union-attr]
    assert len(card.files) == 2


def test_files_of_a_reply_go_with_the_reply(township: House, desk: House) -> None:
    resident_id = add_resident(township.store, township.actor)
    referral_id = referral.send(township.store, township.actor, letter_for(resident_id)).referral_id
    carry(township.store, desk.store)
    accept(desk.store, desk.actor, referral_id, Booking("心内科", "李主任", "13900000001", NOW))
    arrive(desk.store, desk.actor, referral_id)
    desk.room.open(referral_id=referral_id)
    desk.room.write_answer(DeskStep.REPLY)
    form = desk.room.answers.form
    assert form is not None
    add(form.files, drawn(300, 200), category="imaging", title="冠脉造影")
    for key in ("diagnosis", "exam_results", "treatment_given", "next_plan", "rehab_advice"):
        form.fields[key].set_value("已写")
    form.send_button.click()
    assert not (said := {f.key: f.message() for f in form.fields if f.message()}), said
    reply = load_returns(desk.store, desk.actor, referral_id).reply
    assert reply is not None, form.strip.text()
    attached = list_files(desk.store, "referral_reply", reply.id)
    assert [each.title for each in attached] == ["冠脉造影"]
    assert [each.view.title for each in desk.room.files.files] == ["冠脉造影"]
