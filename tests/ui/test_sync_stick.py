"""The USB stick through the widgets: out, over the hospital's table, back in; wrong files too."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.i18n import set_language
from app.models.outbox import Outbox, delivery_state
from app.models.resident import Resident
from app.server.courier_seed import make_seed
from app.sync import courier
from app.ui.context import UiContext
from app.ui.sync.stick import StickPage
from app.ui.sync.stick_words import handed_words
from app.ui.sync.view import SyncRoom
from app.ui.tasks import SynchronousRunner
from tests.conftest import LEAD_ID, TOWNSHIP_ID
from tests.sync.conftest import server
from tests.sync.courier.conftest import hospital, lead, make_pc, township
from tests.sync.courier.hospital import PC, Hospital
from tests.sync.courier.test_hand_in import join
from tests.sync.making import a_resident, save
from tests.ui.checks import check_page

__all__ = ["hospital", "join", "lead", "make_pc", "server", "township"]


def _page(pc: PC, shown: Callable[..., Any]) -> StickPage:
    room = shown(SyncRoom(UiContext(pc.store, pc.actor, SynchronousRunner())))
    room.open(stick=True)
    for _ in range(5):
        QApplication.processEvents()
    check_page(room)
    return room.stick


def _type(field: Any, path: Path) -> None:
    field.set_value(str(path))


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_day_goes_out_and_its_reply_comes_back(
    qtbot, shown, township: PC, hospital: Hospital, language: str
) -> None:
    set_language(language)
    try:
        resident = a_resident()
        save(township.store, township.actor, resident)
        page = _page(township, shown)
        _type(page.folder, township.drive)
        assert re.search(r"\d (KB|MB|GB)", page._room.text())
        # By keyboard alone: Enter after the folder comes to the button, once more presses it.
        page.folder.setFocus()
        for _ in range(2):
            qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        (written,) = township.drive.glob("*.courier")
        assert written.name in page.strip.text()
        check_page(page)
        with township.store.read() as session:
            # On the stick is not held.
            assert delivery_state(session, "resident", resident.id).state == "waiting"

        reply = township.drive / "reply.courier"
        hospital.take_in(written, reply)
        _type(page.reply, reply)
        page.reply.setFocus()
        for _ in range(2):
            qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)
        with township.store.read() as session:
            assert session.query(Outbox).count() == 0
            assert delivery_state(session, "resident", resident.id).state == "held"
        assert page.strip.text()
        check_page(page)
    finally:
        set_language("zh_CN")


def test_a_wrong_file_changes_nothing_and_says_why(
    qtbot, shown, township: PC, hospital: Hospital
) -> None:
    save(township.store, township.actor, a_resident())
    page = _page(township, shown)
    page.take_in()
    assert page.reply.message()
    wrong = township.drive / "letter.courier"
    wrong.write_text("not a courier file")
    _type(page.reply, wrong)
    page.import_button.click()
    assert page.strip.text()
    out = township.export("mine.courier")
    _type(page.reply, out)
    page.import_button.click()
    assert page.strip.text()
    with township.store.read() as session:
        assert session.query(Outbox).count() == 1
    check_page(page)


def test_without_a_stick_the_page_asks_for_one(qtbot, shown, township: PC, tmp_path: Path) -> None:
    page = _page(township, shown)
    _type(page.folder, tmp_path / "gone")
    qtbot.keyClick(page.export_button, Qt.Key.Key_Return)
    assert page.folder.message()
    page.folder._choose = lambda present: str(township.drive)
    page.folder.choose_button.click()
    assert page.folder.path() == township.drive
    assert re.search(r"\d (KB|MB|GB)", page._room.text())
    qtbot.keyClick(page, Qt.Key.Key_Escape)
    assert not page.isVisible()


def test_a_stick_without_room_says_so(shown, township: PC, monkeypatch) -> None:
    monkeypatch.setattr(courier, "room", lambda store, folder: courier.Room(5_000_000, 1_000_000))
    page = _page(township, shown)
    _type(page.folder, township.drive)
    assert "5.0" in page._room.text()
    assert "1.0" in page._room.text()


def test_a_pc_that_has_not_joined_says_why_it_cannot(shown, make_pc) -> None:
    page = _page(make_pc(join=False), shown)
    assert not page.export_button.isEnabled()
    assert page._standing.text()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_lead_hospital_hands_in_a_townships_file(
    qtbot, shown, join: Callable[[str], PC], language: str
) -> None:
    """The real file over the real server, and its reply back to the township."""
    set_language(language)
    try:
        office, desk = join(TOWNSHIP_ID), join(LEAD_ID)
        page = _page(desk, shown)
        assert page.lead
        resident = a_resident()
        save(office.store, office.actor, resident)
        written = office.export()
        _type(page.incoming, written)
        page.hand_in_button.setFocus()
        qtbot.keyClick(page.hand_in_button, Qt.Key.Key_Return)
        reply = written.with_name("out-reply.courier")
        assert reply.name in page.strip.text()
        assert office.take_in(reply).confirmed == 1
        with office.store.read() as session:
            assert delivery_state(session, "resident", resident.id).state == "held"
        check_page(page)
    finally:
        set_language("zh_CN")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_the_way_of_a_new_pc(
    qtbot, shown, make_pc, township: PC, hospital: Hospital, language: str
) -> None:
    """The request goes to the hospital, its seed file fills the PC."""
    set_language(language)
    try:
        resident = a_resident()
        save(township.store, township.actor, resident)
        township.round(hospital)
        pc = make_pc(join=False)
        page = _page(pc, shown)
        page.seed_button.click()
        dialog = page.dialog
        assert dialog is not None
        qtbot.waitUntil(dialog.isActiveWindow)
        _type(dialog.folder, pc.drive)
        dialog.request_button.click()
        (request,) = pc.drive.iterdir()
        assert request.name in dialog._mine.text()
        check_page(dialog)
        seed = pc.drive / "seed.courier"
        made = make_seed(hospital.database, TOWNSHIP_ID, request, seed, "")
        _type(dialog.seed, seed)
        # The number comes by telephone: one read from the file would prove the file by itself.
        assert courier.read_seed(pc.store, seed).organisation in dialog._about.text()
        assert made.fingerprint not in dialog._about.text()

        def here() -> bool:
            with pc.store.read() as session:
                return session.get(Resident, resident.id) is not None

        qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        assert not here()
        dialog.number.set_value(made.fingerprint)
        qtbot.keyClick(dialog, Qt.Key.Key_S, Qt.KeyboardModifier.ControlModifier)
        assert here()
        assert dialog.strip.text()
        check_page(dialog)
        dialog.reject()
    finally:
        set_language("zh_CN")


def test_what_was_held_back_or_differs_is_not_called_taken() -> None:
    tone, text = handed_words(courier.HandedIn("卫生院", 3, 10, 1, 2, 4, False, 100), "r.courier")
    assert tone == "attention"
    assert "接收 10 条，未接收 7 条" in text
