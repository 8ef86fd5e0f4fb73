"""One form for hypertension, diabetes and COPD; management outcome; keys and seconds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.care.clinical_settings import DEFAULTS, save_clinical_settings
from app.care.follow_up import record_follow_up
from app.care.follow_up_form import DiseasePart
from app.care.limits import Range
from app.care.management.outcome import managed_diseases
from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui import theme
from app.ui.chronic.form_page import FollowUpPage
from app.ui.chronic.outcome_dialog import OutcomeDialog
from app.ui.chronic.view import ChronicRoom
from app.ui.context import UiContext
from tests.care.follow_up_samples import (
    AMLODIPINE,
    DIABETES,
    HYPERTENSION,
    TODAY,
    a_diabetes_visit,
    a_visit,
    managed_resident,
)
from tests.ui.checks import check_page
from tests.ui.chronic.klm import seconds

COPD = DiseasePart("copd", symptoms=("1",))
ENTER, F2, DOWN = Qt.Key.Key_Return, Qt.Key.Key_F2, Qt.Key.Key_Down
PAGE = (
    theme.SCREEN_WIDTH - theme.RAIL_WIDTH,
    theme.SCREEN_HEIGHT - theme.TOP_HEIGHT - theme.BAR_HEIGHT,
)


@pytest.fixture
def add_resident(store: Store, actor: Actor) -> Callable[..., str]:
    return partial(managed_resident, store, actor)


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> ChronicRoom:
    made = ChronicRoom(context)
    qtbot.addWidget(made)
    made.resize(*PAGE)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


class Keys:
    """Presses keys where the focus is and counts them, a held Ctrl too."""

    def __init__(self, qtbot: QtBot) -> None:
        self._qtbot = qtbot
        self.count = 0

    def __call__(self, *keys: str | Qt.Key, ctrl: bool = False) -> None:
        held = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        for each in keys:
            for key in each if isinstance(each, str) else (each,):
                self.count += 2 if ctrl else 1
                widget = QApplication.focusWidget()
                assert widget is not None
                self._qtbot.keyClick(widget, key, held)
                QApplication.processEvents()


@pytest.fixture
def keys(qtbot: QtBot) -> Keys:
    return Keys(qtbot)


def open_form(room: ChronicRoom, resident_id: str) -> FollowUpPage:
    room.open(resident_id=resident_id)
    QApplication.processEvents()
    return room.form_page


def newest(store: Store) -> dict[str, Any]:
    with store.read() as session:
        row = session.scalars(select(FollowUp).order_by(FollowUp.id.desc())).first()
        assert row is not None
        parts = {part.disease: part.control_class for part in row.diseases}
        columns = ("sbp", "fpg", "spo2", "respiration", "mmrc", "cat", "copd_control", "copd")
        values = {name: getattr(row, name) for name in columns}
        drugs = [line["name"] for line in row.drugs]
        return {**values, "parts": parts, "drugs": drugs, "smoking": row.smoking}


def test_three_vitals_and_unchanged_drugs_within_thirteen_seconds(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: Callable[..., str], keys: Keys
) -> None:
    add_resident("hypertension", name="早已逾期")
    known = add_resident("hypertension", name="钱桂英")
    before = a_visit(known, visit_date=TODAY - timedelta(days=85), drugs=(AMLODIPINE,), smoking=5)
    record_follow_up(store, actor, before)
    room.open()
    keys(DOWN, ENTER)  # thought: who is it
    keys("1", "1", ENTER)  # clinic, no symptom
    keys("138", ENTER, "84", ENTER, "72")  # thought: read the cuff
    keys(F2, "1", "1")  # thought: takes the drugs, no reaction
    keys(Qt.Key.Key_F8)  # thought: the same as last time
    keys("s", ctrl=True)
    kept = newest(store)
    assert (kept["sbp"], kept["drugs"], kept["smoking"]) == (138, ["苯磺酸氨氯地平"], 5)
    assert kept["parts"] == {"hypertension": "1"}
    # 22 keys, one of them Ctrl: 6.2 s, and four thoughts: 5.4 s.
    assert keys.count <= 22, keys.count
    assert seconds(keys.count, 4) <= 13
    with store.read() as session:
        assert "follow_up" in session.scalars(select(Outbox.kind)).all()


def test_shared_measurements_once_and_each_disease_by_its_own_rule(
    room: ChronicRoom, store: Store, add_resident: Callable[..., str], keys: Keys
) -> None:
    page = open_form(room, add_resident("hypertension", "type2_diabetes", "copd"))
    assert page.fields.parts.value() == ("hypertension", "type2_diabetes", "copd")
    check_page(page)
    keys("1", "1", ENTER, "1", ENTER, "1", ENTER)
    keys("152", ENTER, "84", ENTER, "76")
    keys(F2, "1")  # foot pulses
    keys(F2, "1")  # COPD: stable
    assert page.fields.respiration.line.hasFocus()
    keys("20", ENTER, "94", ENTER)
    keys(F2, "6.8")
    keys(F2, "1", "1", "1")  # adherence, reaction, hypoglycaemia
    page.fields["fev1"].set_value(1.42)
    page.fields["fvc"].set_value(2.31)
    assert page.fields.ratio.text() == "FEV1/FVC 61.5%"
    page.fields.mmrc.set_value("2")
    page.fields.cat.set_value(14)
    page.fields.items["vaccines"].set_value(("2", "3"))
    said = page.live.text()
    assert "高血压: 收缩压 152 ≥ 150 → 控制不满意" in said
    assert "2型糖尿病: 空腹血糖 6.8 < 7.0 → 控制满意" in said
    assert "慢阻肺: 医生判断稳定 → 控制满意" in said
    assert "2025 指南目标（仅供参考）" in said
    keys("s", ctrl=True)
    kept = newest(store)
    assert kept["parts"] == {"hypertension": "2", "type2_diabetes": "1", "copd": "1"}
    assert (kept["sbp"], kept["fpg"], kept["spo2"], kept["respiration"]) == (152, 6.8, 94, 20)
    assert (kept["mmrc"], kept["cat"], kept["copd_control"]) == ("2", 14, "1")
    assert kept["copd"] == {"form": "LOCAL-2025", "vaccines": ["2", "3"]}
    assert seconds(keys.count, 8) <= 24, keys.count  # three diseases, eight measurements


def test_copd_shows_only_with_the_disease_and_what_the_organisation_wants(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: Callable[..., str]
) -> None:
    page = open_form(room, add_resident("hypertension"))
    assert not page.fields.copd_card.isVisible()
    page.fields.parts.set_value(("hypertension", "copd"))
    assert page.fields.copd_card.isVisible()
    page.fields.parts.set_value(("hypertension",))
    assert not page.fields.copd_card.isVisible()
    fewer = replace(DEFAULTS, copd_items=("lung",), limit_spo2=Range(60, 100, 92, None))
    save_clinical_settings(store, actor, fewer, "少填")
    page = open_form(room, add_resident("copd"))
    assert page.fields["fev1"].isVisible()
    assert not page.fields.cat.isVisible()
    assert not any(field.isVisible() for field in page.fields.items.values())
    # The organisation's input limits hold at once.
    page.fields.spo2.set_value(59)
    assert page.fields.spo2.problem()
    page.fields.spo2.restore("91")
    assert page.fields.spo2.needs_confirmation()
    assert not page.fields.sbp.required


def test_a_corrected_visit_keeps_answers_that_are_no_longer_asked(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: Callable[..., str]
) -> None:
    resident_id = add_resident("copd")
    visit = a_visit(
        resident_id,
        parts=(COPD,),
        copd_control="1",
        cat=12,
        copd={"cyanosis": "2", "an_older_item": "x"},
    )
    saved = record_follow_up(store, actor, visit)
    save_clinical_settings(store, actor, replace(DEFAULTS, copd_items=()), "少填")
    room.open(follow_up_id=saved.follow_up_id)
    page = room.form_page
    page.fields.control.set_value("2")
    page.fields.reason.set_value("填错")
    page.save()
    kept = newest(store)
    assert (kept["copd_control"], kept["cat"]) == ("2", 12)
    assert kept["copd"] == {"form": "LOCAL-2025", "cyanosis": "2", "an_older_item": "x"}


def test_as_last_visit_copies_no_measurement_and_no_finding(
    room: ChronicRoom, store: Store, actor: Actor, add_resident: Callable[..., str], keys: Keys
) -> None:
    resident_id = add_resident("hypertension", "type2_diabetes", "copd")
    before = a_diabetes_visit(
        resident_id,
        parts=(HYPERTENSION, DIABETES, COPD),
        visit_date=TODAY - timedelta(days=80),
        copd_control="1",
        respiration=20,
        spo2=95,
        cat=12,
        mmrc="2",
        fev1=1.4,
        fvc=2.3,
        copd={"vaccines": ("2",), "oxygen_hours": 15.0},
        smoking=10,
        weight=66.5,
        drugs=(AMLODIPINE,),
        insulin="甘精 12 单位",
    )
    record_follow_up(store, actor, before)
    page = open_form(room, resident_id)
    keys(Qt.Key.Key_F8)
    copied = {field.key for field in page.fields if not field.is_blank()}
    assert copied == {"visit_date", "parts", "smoking", "drugs", "insulin"}


def test_management_is_ended_with_a_reason_and_leaves_the_list(
    room: ChronicRoom,
    store: Store,
    actor: Actor,
    add_resident: Callable[..., str],
    keys: Keys,
    qtbot: QtBot,
) -> None:
    resident_id = add_resident("hypertension", name="钱桂英")
    room.open()
    room.refresh()
    assert room.due_page.model.rowCount() == 1
    keys(ENTER)
    keys("e", ctrl=True)
    dialog = next(box for box in room.findChildren(OutcomeDialog) if box.isVisible())
    qtbot.waitUntil(dialog.isActiveWindow)
    check_page(dialog)
    assert "2025-01-05 起在管" in dialog.standing.text()
    dialog.outcome.setFocus()
    keys("9")
    assert dialog.reason.isVisible()
    dialog.save()
    assert dialog.reason.message()
    keys("2")
    dialog.save()
    (line,) = managed_diseases(store, actor, resident_id)
    assert (line.managed, line.outcome, line.reason) == (False, "9", "2")
    assert room.due_page.isVisible()
    assert room.due_page.model.rowCount() == 0
    # Taken up again on the same page.
    page = open_form(room, resident_id)
    page.open_outcome()
    dialog = next(box for box in room.findChildren(OutcomeDialog) if box.isVisible())
    assert "终止管理，迁出" in dialog.standing.text()
    dialog.outcome.set_value("1")
    dialog.save()
    assert room.due_page.model.rowCount() == 1
