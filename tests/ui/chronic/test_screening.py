"""Blood-pressure screening through the widgets, on a real store."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care.referral_prefill import ReferralPrefill
from app.care.screening.lists import count_unmeasured
from app.care.screening.record import ScreeningInput, record_screening
from app.models.actor import Actor
from app.models.outbox import Outbox
from app.models.resident import Condition
from app.models.screening import BpScreening
from app.models.store import Store
from app.ui.chronic import screening_page
from app.ui.chronic.screening_dialog import DecisionDialog, ScreeningDialog
from app.ui.chronic.view import ChronicRoom
from app.ui.context import UiContext
from app.ui.tasks import SynchronousRunner
from tests.care.follow_up_samples import managed_resident
from tests.care.screening.test_record import measure
from tests.ui.checks import check_page
from tests.ui.chronic.test_combined_form import PAGE, Keys

ENTER = Qt.Key.Key_Return


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> ChronicRoom:
    return opened(context, qtbot)


def opened(context: UiContext, qtbot: QtBot) -> ChronicRoom:
    made = ChronicRoom(context)
    qtbot.addWidget(made)
    made.resize(*PAGE)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


@pytest.fixture
def keys(qtbot: QtBot) -> Keys:
    return Keys(qtbot)


def dialog(room: ChronicRoom, kind: type[Any], qtbot: QtBot) -> Any:
    QApplication.processEvents()
    box = next(each for each in room.findChildren(kind) if each.isVisible())
    qtbot.waitUntil(box.isActiveWindow)
    return box


def test_lists_that_did_not_change_are_not_counted_again(
    room: ChronicRoom, store: Store, actor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    managed_resident(store, actor, name="周秀英", village="胜利村")
    counted: list[str] = []

    def count(*asks: Any) -> int:
        counted.append(asks[2])
        return count_unmeasured(*asks)

    monkeypatch.setattr(screening_page, "count_unmeasured", count)
    room.open(page="screening")
    page = room.screening_page
    assert (len(counted), page.scopes.tabText(0)) == (1, "今年未测 1")
    room.show_list()
    room.open(page="screening")
    room.refresh()
    assert len(counted) == 1
    # Recorded while the list of follow-ups stands in front.
    room.show_list()
    second = managed_resident(store, actor, name="吴玉兰", village="胜利村")
    room._context.tell_changed("resident")
    room.open(page="screening")
    assert page.scopes.tabText(0) == "今年未测 2"
    # Recorded while these lists do.
    measure(store, actor, second, 118, 76)
    room._context.tell_changed("bp_screening")
    assert page.scopes.tabText(0) == "今年未测 1"


def test_from_the_list_to_a_saved_measurement_by_keyboard(
    room: ChronicRoom, store: Store, actor: Actor, keys: Keys, qtbot: QtBot
) -> None:
    resident_id = managed_resident(store, actor, name="周秀英", sex="2", village="胜利村")
    room.open()
    keys("b", ctrl=True)
    page = room.screening_page
    assert page.isVisible()
    check_page(page)
    assert page.scopes.tabText(0) == "今年未测 1"
    keys(ENTER)
    box = dialog(room, ScreeningDialog, qtbot)
    check_page(box)
    assert box.sbp.line.hasFocus()
    for field in box.fields:
        assert field.is_blank() or field.key == "measured_on", field.key
    keys("146", ENTER, "88", ENTER, "1")
    assert "第 1 个不同日" in box.said.text()
    assert box.result.text() == "偏高，须另日复测"
    check_page(box)
    keys("s", ctrl=True)
    with store.read() as session:
        (row,) = session.scalars(select(BpScreening))
        assert (row.resident_id, row.sbp, row.dbp, row.result) == (resident_id, 146, 88, "3")
        assert "bp_screening" in session.scalars(select(Outbox.kind)).all()
    assert page.scopes.tabText(0) == "今年未测 0"
    assert page.scopes.tabText(1) == "待复测或确诊 1"
    assert page.empty.isVisible()
    page.scopes.setCurrentIndex(1)
    waiting = page.waiting.row(0)
    assert waiting is not None
    assert (waiting.name, waiting.last_pressure) == ("周秀英", (146, 88))


def test_a_pressure_passed_over_asks_why(
    room: ChronicRoom, store: Store, actor: Actor, keys: Keys, qtbot: QtBot
) -> None:
    resident_id = managed_resident(store, actor)
    room.open(page="screening", resident_id=resident_id)
    box = dialog(room, ScreeningDialog, qtbot)
    box.save()
    assert box.sbp.message()
    keys(ENTER, ENTER)
    assert box.why_not.isVisible()
    box.why_not.set_value("2")
    box.save()
    with store.read() as session:
        (row,) = session.scalars(select(BpScreening))
        assert (row.sbp, row.not_measured, row.result) == (None, "2", None)
    # Still to be measured this year.
    assert room.screening_page.scopes.tabText(0) == "今年未测 1"


def test_an_urgent_value_leads_to_the_letter(
    room: ChronicRoom, context: UiContext, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    seen: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda place, where: seen.append((place, where)))
    room.open(page="screening", resident_id=managed_resident(store, actor))
    box = dialog(room, ScreeningDialog, qtbot)
    box.sbp.set_value(186)
    box.dbp.set_value(96)
    assert box.result.property("tone") == "danger"
    box.save()
    strip = room.screening_page.strip
    assert "立即转诊" in strip.text()
    assert strip.action_button is not None
    strip.action_button.click()
    ((place, where),) = seen
    assert place == "referrals"
    letter = where["prefill"]
    assert isinstance(letter, ReferralPrefill)
    assert (letter.urgency, letter.vitals.sbp) == ("emergency", 186)


def test_three_raised_days_are_confirmed_by_a_doctor(
    room: ChronicRoom, context: UiContext, store: Store, actor: Actor, keys: Keys, qtbot: QtBot
) -> None:
    resident_id = managed_resident(store, actor, name="吴长山", birth_date=date(1975, 5, 2))
    for ago in (14, 7, 0):
        measure(store, actor, resident_id, 150, 88, ago=ago)
    room.open(page="screening")
    page = room.screening_page
    page.scopes.setCurrentIndex(1)
    page.to_list()
    check_page(page)
    keys(ENTER)
    box = dialog(room, DecisionDialog, qtbot)
    check_page(box)
    assert "偏高 3 天" in box.about.text()
    box.outcome.set_value("3")
    box.save()
    assert box.reason.message()
    box.outcome.set_value("1")
    box.save()
    assert page.scopes.tabText(1) == "待复测或确诊 0"
    with store.read() as session:
        (condition,) = session.scalars(select(Condition))
        assert (condition.disease, condition.managed) == ("hypertension", True)
    page.left.emit()
    assert room.due_page.isVisible()
    assert room.due_page.model.rowCount() == 1
    # A nurse measures but does not decide.
    other = managed_resident(store, actor, name="孙玉珍")
    for ago in (14, 7, 0):
        measure(store, actor, other, 150, 88, ago=ago)
    nurse = UiContext(store, replace(actor, roles=frozenset({"nurse"})), SynchronousRunner())
    hers = opened(nurse, qtbot)
    hers.open(page="screening")
    hers.screening_page.scopes.setCurrentIndex(1)
    hers.screening_page.measure_button.click()
    assert "须由医生" in hers.screening_page.strip.text()


def test_known_hypertension_is_sent_to_follow_up(
    room: ChronicRoom, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    room.open(page="screening", resident_id=managed_resident(store, actor, "hypertension"))
    box = dialog(room, ScreeningDialog, qtbot)
    assert "请改做随访" in box.strip.text()
    assert not box.save_button.isEnabled()


def test_filter_by_village_and_a_half_yearly_line(
    room: ChronicRoom, store: Store, actor: Actor
) -> None:
    managed_resident(store, actor, village="胜利村")
    risky = managed_resident(store, actor)
    day = date(2025, 9, 10)
    typed = ScreeningInput(resident_id=risky, measured_on=day, sbp=118, dbp=76)
    record_screening(store, actor, typed)
    room.open(page="screening")
    page = room.screening_page
    page.village.setCurrentIndex(page.village.findData("胜利村"))
    assert page.scopes.tabText(0) == "今年未测 1"
    assert page.scopes.tabText(1) == "待复测或确诊 0"
    page.village.setCurrentIndex(0)
    assert page.scopes.tabText(0) == "今年未测 2"
    assert page.scopes.tabText(1) == "待复测或确诊 1"
    assert page.waiting.index(0, 3).data() == "高危，半年复测"
    assert page.waiting.index(0, 6).data() == "2026-03-10"


def test_what_is_overdue_says_so_in_words(room: ChronicRoom, store: Store, actor: Actor) -> None:
    risky = managed_resident(store, actor)
    typed = ScreeningInput(resident_id=risky, measured_on=date(2025, 8, 20), sbp=118, dbp=76)
    record_screening(store, actor, typed)
    room.open(page="screening")
    due = room.screening_page.waiting.index(0, 6)
    assert due.data() == "2026-02-20 逾期 10 天"
    assert due.data(Qt.ItemDataRole.DecorationRole) is not None, "no icon beside the colour"
    check_page(room.screening_page)
