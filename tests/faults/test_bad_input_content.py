"""Hostile content that comes from the server: shown as the text it is, never as markup.

A record of another program may hold anything in its texts: HTML, texts without end, signs that
turn the direction of writing, quotes and wildcards of databases.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from PySide6.QtCore import QAbstractListModel, QModelIndex, Qt
from PySide6.QtGui import Qt as GuiQt
from PySide6.QtWidgets import QAbstractItemView, QApplication, QLabel, QWidget

from app.care import residents
from app.models.drafts import load_draft, save_draft
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.faults import _dialog
from app.ui.referrals.paper import Sheet
from app.ui.shell.rooms import ROOMS
from app.ui.tasks import SynchronousRunner
from app.ui.tips import plain_tip
from app.ui.widgets.delivery import DeliveryMark
from tests.conftest import LEAD_ID
from tests.sync.conftest import Clinic
from tests.sync.making import a_letter, a_plan, a_resident, check_ins, save
from tests.ui.checks import show_page

HTML = "<img src='file:///etc/passwd'><b>粗</b><script>alert(1)</script>"
TOP = QModelIndex()
CONTENTS = {
    "html": HTML,
    "half html": "<table><tr><td>" + "</body>",
    "entities": "&lt;b&gt;&amp;&nbsp;",
    "direction": "\u202e张三\u2066\u200f‫مريض",
    "long": "很长" * 2000,
    "signs": "%_'\"\\;--{}{name}%s",
    "emoji": "👵🏽👨‍👩‍👧",
}


def _hospital_with(
    township: Clinic, make_clinic: Callable[..., Clinic], content: str
) -> tuple[Clinic, str, str]:
    """A lead hospital that has fetched a referral whose every text is ``content``."""
    resident = a_resident(name=content[:200] or "x", village=content, address=content)
    plan = a_plan(resident, township.actor, diagnosis=content, precautions=content)
    letter, *rest = a_letter(resident, township.actor, urgency="emergency")
    for name in (
        "impression", "present_history", "past_history", "treatment_given", "reason_text",
        "to_department", "allergies", "from_doctor_name", "attention_points", "last_results",
    ):  # fmt: skip
        if hasattr(letter, name):
            setattr(letter, name, content)
    save(township.store, township.actor, resident, plan, *check_ins(plan, township.actor, 1))
    save(township.store, township.actor, letter, *rest)
    assert township.sync().outcome == "done"
    hospital = make_clinic(LEAD_ID)
    assert hospital.sync().outcome == "done"
    return hospital, resident.id, letter.id


def _unsafe(root: QWidget) -> list[str]:
    """Widgets below ``root`` that would read a record's text as rich text."""
    found: list[str] = []
    for each in (root, *root.findChildren(QWidget)):
        if _harmful(each.toolTip()):
            found.append(f"tip of {type(each).__name__}")
        if isinstance(each, QLabel) and each.textFormat() != Qt.TextFormat.PlainText:
            rich = each.textFormat() == Qt.TextFormat.RichText or GuiQt.mightBeRichText(each.text())
            if rich and _harmful(each.text()):
                found.append(f"label {each.text()[:80]!r}")
        if isinstance(each, QAbstractItemView) and each.model() is not None:
            model = each.model()
            for row in range(min(model.rowCount(TOP), 20)):
                columns = 1 if isinstance(model, QAbstractListModel) else model.columnCount(TOP)
                for column in range(columns):
                    tip = model.index(row, column).data(Qt.ItemDataRole.ToolTipRole)
                    if isinstance(tip, str) and _harmful(tip):
                        found.append(f"tip of a cell in {type(each).__name__}")
    return found


def _harmful(text: str) -> bool:
    return GuiQt.mightBeRichText(text) and any(
        mark in text for mark in ("<img", "<script", "<b>粗", "</body")
    )


def _visit(context: UiContext, qtbot: Any, **where: dict[str, Any]) -> list[QWidget]:
    shown = []
    for place in ROOMS:
        room = place.build(context)
        show_page(qtbot, room)
        if hasattr(room, "open"):
            room.open(**where.get(place.name, {}))
        for _ in range(3):
            QApplication.processEvents()
        shown.append(room)
    return shown


@pytest.mark.parametrize("name", CONTENTS)
def test_every_room_shows_what_was_pulled_as_text(
    qtbot, township: Clinic, make_clinic: Callable[..., Clinic], name: str
) -> None:
    hospital, resident_id, referral_id = _hospital_with(township, make_clinic, CONTENTS[name])
    for clinic in (hospital, township):
        context = UiContext(clinic.store, clinic.actor, SynchronousRunner())
        rooms = _visit(
            context,
            qtbot,
            residents={"resident_id": resident_id},
            referrals={"referral_id": referral_id},
        )
        assert [line for room in rooms for line in _unsafe(room)] == []
        if name == "html":
            sheets = [each for room in rooms for each in room.findChildren(Sheet) if each.text()]
            assert any("&lt;img" in sheet.text() for sheet in sheets), "the paper shows the text"


def test_reasons_of_the_server_and_errors_are_no_markup(qtbot) -> None:
    from app.errors import InputError
    from app.models.outbox import Delivery

    mark = DeliveryMark()
    qtbot.addWidget(mark)
    from datetime import date

    mark.set_delivery(Delivery("rejected", None, HTML), date(2026, 3, 2))
    assert _unsafe(mark) == []
    assert "&lt;img" in mark.toolTip()
    box = _dialog(InputError(HTML), None, None)
    qtbot.addWidget(box)
    assert box.textFormat() == Qt.TextFormat.PlainText
    assert plain_tip("血压 120/80 & 正常") == "血压 120/80 & 正常"


@pytest.mark.parametrize(
    "typed",
    [
        "%", "_", "%%%", "'", "''", "\"", "\\", "' OR 1=1 --", "'; DROP TABLE resident; --", "*",
        "?", "[a-z]", "~", "~~~", ":", "\x00", "\u202e", "𠮷", "👵", "a" * 5000, "（）", "\ud800",
    ],
)  # fmt: skip
def test_signs_of_databases_find_nobody_and_harm_nothing(store: Store, actor, typed: str) -> None:
    save(store, actor, a_resident())
    assert residents.find(store, actor, typed) == ()
    assert len(residents.find(store, actor, "zdy")) == 1


def test_a_wildcard_in_a_name_is_only_a_sign(store: Store, actor) -> None:
    save(store, actor, a_resident(name="王_二"), a_resident(name="王大二"))
    assert [each.name for each in residents.find(store, actor, "王_")] == ["王_二"]


def test_half_a_character_is_kept_in_a_draft(store: Store, actor) -> None:
    save_draft(store, actor, "trial", "", {"fields": {"note": "半\ud83d"}})
    kept = load_draft(store, actor, "trial", "")
    assert kept is not None
    assert kept.data == {"fields": {"note": "半\ud83d"}}
