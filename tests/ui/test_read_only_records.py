"""A saved visit, assessment or check that this house cannot correct opens to be read."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QAbstractButton, QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import update

from app.care.assessments.record import correct_assessment, load_assessment, record_assessment
from app.care.follow_up import record_follow_up
from app.care.health_check.record import record_health_check
from app.care.read_only import why_read_only
from app.models.actor import Actor
from app.models.assessment import Assessment
from app.models.chronic import FollowUp
from app.models.health_check import HealthCheck
from app.models.organisation import Organisation
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.assessments.view import AssessmentsRoom
from app.ui.chronic.view import ChronicRoom
from app.ui.context import UiContext
from app.ui.health_check.view import CheckUpRoom
from app.ui.widgets.pages import Page
from tests.care.assessments.samples import best
from tests.care.assessments.test_record import typed
from tests.care.follow_up_samples import a_visit, managed_resident
from tests.care.health_check.samples import a_check
from tests.conftest import LEAD_ID
from tests.ui.checks import check_page, show_page

Opened = Callable[[str], Page]


def _visit(store: Store, actor: Actor, resident_id: str) -> str:
    return record_follow_up(store, actor, a_visit(resident_id, sbp=164, dbp=96)).follow_up_id


def _assessment(store: Store, actor: Actor, resident_id: str) -> str:
    given = typed(resident_id, "barthel", answers=best("barthel"))
    return record_assessment(store, actor, given).assessment_id


def _check(store: Store, actor: Actor, resident_id: str) -> str:
    return record_health_check(store, actor, a_check(resident_id)).health_check_id


_KINDS: dict[str, tuple[type[Any], Callable[[Store, Actor, str], str], Callable[..., QWidget]]] = {
    "follow_up": (FollowUp, _visit, ChronicRoom),
    "assessment": (Assessment, _assessment, AssessmentsRoom),
    "health_check": (HealthCheck, _check, CheckUpRoom),
}


def _page(room: QWidget) -> Page:
    QApplication.processEvents()
    front = room.layout().currentWidget()  # type: ignore[union-attr]
    assert isinstance(front, Page)
    return front


def _buttons(page: Page) -> set[str]:
    return {
        name
        for name in ("save_button", "void_button", "next_button")
        if isinstance(button := getattr(page, name, None), QAbstractButton) and button.isVisible()
    }


def _theirs(store: Store, model: type[Any], record_id: str) -> None:
    """As if the hospital had made the record and sharing had brought it here."""
    with store.apply_remote() as session:
        if session.get(Organisation, LEAD_ID) is None:
            session.add(Organisation(id=LEAD_ID, name="县医院", level="county"))
        session.execute(update(model).values(organisation_id=LEAD_ID).where(model.id == record_id))


@pytest.mark.parametrize("kind", list(_KINDS))
def test_anothers_record_is_only_read(
    store: Store, actor: Actor, context: UiContext, qtbot: QtBot, kind: str
) -> None:
    model, make, build = _KINDS[kind]
    resident_id = managed_resident(store, actor, "hypertension", name="顾大爷")
    record_id = make(store, actor, resident_id)
    own = make(store, actor, managed_resident(store, actor, "hypertension", name="钱大妈"))
    _theirs(store, model, record_id)
    with store.read() as session:
        queued = session.query(Outbox).count()
        house = session.get(Organisation, LEAD_ID)
        assert house is not None
        name = house.short_name or house.name
    room = build(context)
    show_page(qtbot, room)
    room.open(**{f"{kind}_id": record_id})  # type: ignore[attr-defined]
    page = _page(room)
    assert name in page.strip.text()
    assert page.strip.isVisible()
    assert _buttons(page) == set()
    fields: Any = page.fields  # type: ignore[attr-defined]
    assert not any(field.isEnabled() for field in fields)
    before = fields.raw()
    assert any(not field.is_blank() for field in fields)
    assert page.scroll_area is not None
    for key in (Qt.Key.Key_F6, Qt.Key.Key_F7, Qt.Key.Key_F8, Qt.Key.Key_F9, Qt.Key.Key_1):
        qtbot.keyClick(QApplication.focusWidget() or page, key)
    QApplication.processEvents()
    assert fields.raw() == before
    page.save()  # type: ignore[attr-defined]
    top = page.scroll_area.verticalScrollBar().value()
    qtbot.keyClick(page.scroll_area, Qt.Key.Key_PageDown)
    assert page.scroll_area.verticalScrollBar().value() > top
    check_page(page)
    # The next record is one's own again: it can be corrected.
    room.open(**{f"{kind}_id": own})  # type: ignore[attr-defined]
    page = _page(room)
    assert {"save_button", "void_button"} <= _buttons(page)
    assert any(field.isEnabled() for field in page.fields)  # type: ignore[attr-defined]
    assert page.strip.text() == ""
    with store.read() as session:
        assert session.query(Outbox).count() == queued


def test_a_version_that_was_replaced_is_only_read(store: Store, actor: Actor) -> None:
    resident_id = managed_resident(store, actor, "hypertension")
    old = _assessment(store, actor, resident_id)
    assert why_read_only(store, actor, "assessment", old) == ""
    now = load_assessment(store, actor, old)
    new = correct_assessment(store, actor, old, now, "抄错一题").assessment_id
    assert "抄错一题" in why_read_only(store, actor, "assessment", old)
    assert why_read_only(store, actor, "assessment", new) == ""


@pytest.mark.parametrize(
    ("kind", "word"), [("follow_up", "控制不满意"), ("assessment", "100"), ("health_check", "")]
)
def test_what_it_was_judged_as_is_said_as_it_was_kept(
    store: Store, actor: Actor, kind: str, word: str
) -> None:
    model, make, _ = _KINDS[kind]
    record_id = make(store, actor, managed_resident(store, actor, "hypertension"))
    _theirs(store, model, record_id)
    assert word in why_read_only(store, actor, kind, record_id)
