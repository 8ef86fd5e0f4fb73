"""The strip and the dialogs of files: nothing cut, in both languages, with the longest words."""

from __future__ import annotations

import pytest
from pytestqt.qtbot import QtBot

from app.care.attachments import files
from app.i18n import set_language
from app.models.attachment import Attachment
from tests.referral_rooms import House
from tests.ui.attachments.making import drawn, saved
from tests.ui.attachments.test_files_card import attach, bring_files, card_of, sent
from tests.ui.checks import check_page


@pytest.mark.parametrize("spoken", ["zh_CN", "en"])
def test_strip_and_dialogs_fit(township: House, desk: House, qtbot: QtBot, spoken: str) -> None:
    set_language(spoken)
    referral_id = sent(township)
    for number in range(6):
        attach(township, drawn(400 + number, 300), title=f"{number} " + "很长的说明" * 15)
    ids = files.list_files(township.store, "referral", referral_id)
    card = card_of(township)
    card.add([drawn(300, 200), drawn(200, 300)])
    check_page(card.dialog)
    card.dialog.done_button.click()  # type: ignore[union-attr]
    check_page(card.dialog)
    card.dialog.reject()  # type: ignore[union-attr]
    card.ask_to_take_back()
    check_page(card.dialog)
    card.dialog.reject()  # type: ignore[union-attr]
    bring_files(township, desk, parts=3)
    with desk.store.apply_remote() as session:
        row = session.get(Attachment, ids[0].attachment_id)
        assert row is not None
        row.part_ids, row.thumbnail = [], None
    desk.room.open(referral_id=referral_id)
    qtbot.waitUntil(lambda: card_of(desk).strip.height() > 290)
    for house in (township, desk):
        view = house.room.detail
        qtbot.waitUntil(lambda view=view: view._scroll.horizontalScrollBar().maximum() == 0)
        check_page(card_of(house))
    assert not card_of(desk).files[0].view.sound
    assert saved(card_of(desk).grab().toImage(), "PNG")
