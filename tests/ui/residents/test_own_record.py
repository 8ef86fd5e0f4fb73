"""A care institution and a patient whom a referral brought: its own record, and a bed under it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care import residents
from app.care.residences import Admission, admit, discharge, list_stays
from app.errors import NotAllowed
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.records import put
from app.models.resident import Resident
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.view import ResidentsRoom
from app.ui.tasks import SynchronousRunner
from tests.care.test_resident_page import FORM
from tests.conftest import CARE_HOME_ID, TOWNSHIP_ID
from tests.fhir.samples import sample
from tests.ui.residents.test_residents_room import NUMBER, press, room, type_text, until

__all__ = ["room"]

THEIRS = sample("resident")["id"]


@pytest.fixture
def home(make_store: Callable[..., tuple[Store, Actor]]) -> tuple[Store, Actor]:
    """A care institution's store with a patient of the township health centre."""
    store, actor = make_store(CARE_HOME_ID)
    with store.apply_remote() as session:
        row = sample("resident") | {
            "organisation_id": TOWNSHIP_ID, "name": "单国华", "sex": "1",
            "birth_date": "1947-08-15", "id_type": "id_card", "id_no": NUMBER,
            "record_no": "34152410010100007", "record_status": "active", "residences": [],
            "merged_into_id": None, "status_before_merge": None,
        }  # fmt: skip
        put(session, "resident", [row])
    return store, actor


@pytest.fixture
def context(home: tuple[Store, Actor], qapp: QApplication) -> UiContext:
    theme.apply(qapp)
    return UiContext(*home, SynchronousRunner())


def queued(store: Store) -> set[str]:
    with store.read() as session:
        return set(session.scalars(select(Outbox.record_id).where(Outbox.kind == "resident")))


def test_from_their_record_to_an_own_one_and_into_a_bed(
    qtbot: QtBot, room: ResidentsRoom, home: tuple[Store, Actor]
) -> None:
    store, actor = home
    room.open(resident_id=THEIRS)
    page, head = room.page, room.page.head
    assert any("的档案" in text for text in head.chips.texts())
    qtbot.keyClick(head.bed_button, Qt.Key.Key_Space)
    assert page.dialog is None
    make = page.strip.action_button
    assert make is not None
    qtbot.keyClick(make, Qt.Key.Key_Space)
    form = room.form
    assert form.isVisible()
    # What they wrote stands there to be looked through; the number of their record does not.
    assert (form.fields["name"].value(), form.number.text()) == ("单国华", NUMBER)
    assert "其他机构" in form.strip.text()
    assert form.fields.form().record_no == ""
    form.fields["name"].editor.setFocus()
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, lambda: page.isVisible() and page.resident_id != THEIRS)
    own = page.resident_id
    assert not any("可能重复" in text for text in head.chips.texts())
    assert any("也有档案" in text for text in head.chips.texts())
    qtbot.keyClick(head.bed_button, Qt.Key.Key_Space)
    dialog = page.dialog
    assert dialog is not None
    dialog.fields["bed"].set_value("12")
    qtbot.keyClick(dialog.action_button, Qt.Key.Key_Space)
    until(qtbot, lambda: any("12" in text for text in head.chips.texts()))
    (stay,) = list_stays(store, actor, own)
    assert (stay.bed, stay.discharge_date) == ("12", None)
    # Only the own record leaves: the county hospital has nothing to refuse.
    assert queued(store) == {own}
    # From theirs the way leads to it, and nothing is made twice.
    room.open(resident_id=THEIRS)
    assert "本机构档案" in head.chips.texts()
    qtbot.keyClick(head.bed_button, Qt.Key.Key_Space)
    assert page.strip.action_button is not None
    qtbot.keyClick(page.strip.action_button, Qt.Key.Key_Space)
    assert page.resident_id == own
    qtbot.keyClick(head.bed_button, Qt.Key.Key_Space)
    leaving = page.dialog
    leaving.fields["reason"].set_value("home")
    qtbot.keyClick(leaving.action_button, Qt.Key.Key_Space)
    (stay,) = list_stays(store, actor, own)
    assert stay.discharge_date is not None
    assert queued(store) == {own}


def test_the_card_says_that_another_organisation_has_a_record(
    qtbot: QtBot, room: ResidentsRoom, home: tuple[Store, Actor]
) -> None:
    room.open(new=True)
    room.form.number.line.setFocus()
    type_text(qtbot, NUMBER)
    assert "也有此人的档案" in room.form.strip.text()
    assert NUMBER not in room.form.strip.text()


def test_their_record_takes_no_stay_and_an_own_one_blocks_as_ever(
    home: tuple[Store, Actor],
) -> None:
    store, actor = home
    with pytest.raises(NotAllowed):
        admit(store, actor, THEIRS, Admission("12", date(2026, 3, 1)))
    with pytest.raises(NotAllowed):
        discharge(store, actor, THEIRS, date(2026, 3, 1), "home")
    assert queued(store) == set()
    own = residents.register(store, actor, FORM).resident_id
    with pytest.raises(residents.SameIdentity) as caught:
        residents.register(store, actor, FORM)
    assert caught.value.existing.id == own
    with store.read() as session:
        row = session.get_one(Resident, own)
        assert residents.similar_residents(session, row, store.clock.today()) == ()
