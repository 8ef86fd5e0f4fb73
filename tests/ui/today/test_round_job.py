"""A village round, whole: list on the screen → paper → filled-in slips typed in → queued."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest
from PySide6.QtCore import QEvent, Qt
from PySide6.QtWidgets import QApplication
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app.models.actor import Actor
from app.models.chronic import FollowUp
from app.models.local import AuditEvent
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.printing.preview import PrintPreview
from app.ui.today.view import TodayRoom
from tests.care.rounds.people import NAMES, village, villager
from tests.ui.checks import check_fits, check_names

READINGS = ((128, 76), (152, 92), (186, 100), (134, 80), (140, 82))


def _keys(qtbot: QtBot, text: str) -> None:
    for char in text:
        qtbot.keyClick(QApplication.focusWidget(), char)


def _enter(qtbot: QtBot) -> None:
    qtbot.keyClick(QApplication.focusWidget(), Qt.Key.Key_Return)


@pytest.fixture
def room(context: UiContext, shown: Any) -> TodayRoom:
    made: TodayRoom = shown(TodayRoom(context))
    return made


def test_list_paper_pile_five_visits_queued(
    store: Store,
    actor: Actor,
    context: UiContext,
    room: TodayRoom,
    qtbot: QtBot,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    village(store, actor)
    villager(store, actor, "吴六", village="白马村")
    with store.write(actor) as session:
        session.query(Outbox).delete()

    # The people of one village.
    room.views.setCurrentIndex(1)
    view = room.lists.view
    labels = [view.groups_model.row(at).label for at in range(view.groups_model.rowCount())]
    assert labels == ["全部", "光荣村", "白马村"]
    view.groups.choose(1)
    assert [view.model.row(at).name for at in range(view.model.rowCount())] == list(NAMES)
    check_names(room)
    check_fits(room)

    # The slips on paper (a PDF), which is noted in the log.
    view.print_button.click()
    dialog = room.lists.printer.dialog
    assert dialog is not None
    dialog.paper_field.set_value("slips")
    pdf = tmp_path / "slips.pdf"
    monkeypatch.setattr(PrintPreview, "choose_file", lambda self: pdf)
    dialog.go.click()
    shown = room.lists.printer.preview
    assert shown is not None
    assert len(shown.pages) == 3
    shown.pdf_button.click()
    assert pdf.read_bytes().startswith(b"%PDF")
    with store.read() as session:
        (note,) = session.scalars(select(AuditEvent).where(AuditEvent.action == "print"))
        assert note.detail == {"way": "pdf", "pages": 3, "persons": 5, "whole_ids": False}

    # The system gives the focus back to the window when the preview has gone.
    QApplication.sendPostedEvents(None, QEvent.Type.DeferredDelete)
    room.activateWindow()
    qtbot.waitUntil(room.isActiveWindow)

    # The filled-in slips, in paper order; the day of the visits is said once.
    view.pile_button.click()
    page = room.pile.page
    assert [slip.number for slip in page.model._pages[0]] == [f"1-0{at}" for at in range(1, 6)]
    assert QApplication.focusWidget() is page.day.line
    _keys(qtbot, "20260227")
    page.mode.set_value("2")
    page.day.left.emit()
    page.enter_button.click()
    for sbp, dbp in READINGS:
        form = room.pile.form
        assert form.fields.visit_date.value() == date(2026, 2, 27)
        assert form.fields.sbp.is_blank()
        assert form.fields.dbp.is_blank()
        qtbot.waitUntil(form.fields["hypertension.symptoms"].options.hasFocus)
        _keys(qtbot, "1")
        qtbot.keyClick(form, Qt.Key.Key_F2)
        _keys(qtbot, str(sbp))
        _enter(qtbot)
        _keys(qtbot, str(dbp))
        qtbot.keyClick(form, Qt.Key.Key_F2)
        _keys(qtbot, "1")
        _keys(qtbot, "1")
        if sbp == 186:
            assert "紧急" in form.live.text() or not form.live.now_button.isHidden()
        form.save_button.click()

    # Seen in the list, queued, with the day of the visit apart from the day of the entry.
    assert page.isVisible()
    assert [row.state for row in page.pile.slips] == ["entered"] * 5
    with store.read() as session:
        visits = session.scalars(select(FollowUp).order_by(FollowUp.id)).all()
        assert [(visit.sbp, visit.dbp) for visit in visits] == list(READINGS)
        assert {visit.visit_date for visit in visits} == {date(2026, 2, 27)}
        assert {visit.created_at for visit in visits} == {store.clock.now()}
        assert {visit.mode for visit in visits} == {"2"}
        queued = session.scalars(select(Outbox.kind).where(Outbox.kind == "follow_up")).all()
        assert len(queued) == 5


def test_an_urgent_slip_offers_the_referral_while_the_next_is_open(
    store: Store, actor: Actor, context: UiContext, room: TodayRoom, qtbot: QtBot
) -> None:
    from app.care.paper.log import note_print
    from app.care.paper.pile import say_day
    from app.care.paper.rounds import RoundRequest, prepare_round

    ids = village(store, actor)
    document = prepare_round(store, actor, RoundRequest("slips", tuple(ids), "光荣村"))
    note_print(store, actor, document, "paper", 3)
    say_day(store, actor, document.about.record_id, date(2026, 3, 1), "2")
    room.to_pile()
    page = room.pile.page
    # The printed number finds the person at once.
    page.number.line.setText("１－３")
    qtbot.keyClick(page.number.line, Qt.Key.Key_Return)
    form = room.pile.form
    assert form._title.text().startswith("1-03  孙三")
    qtbot.waitUntil(form.fields["hypertension.symptoms"].options.hasFocus)
    form.fields["hypertension.symptoms"].set_value(["1"])
    form.fields.sbp.set_value(190)

    # Something is missing: the slip stays open and nothing is saved.
    form.save_button.click()
    assert form.isVisible()
    assert form.fields.dbp.message()
    with store.read() as session:
        assert session.scalars(select(FollowUp)).all() == []

    form.fields.dbp.set_value(100)
    form.fields["adherence"].set_value("1")
    form.fields["adverse_reaction"].set_value("1")
    form.save_button.click()
    # The next slip of the paper order is open, the danger of the last one still in sight.
    assert form._title.text().startswith("1-04  李四")
    assert "1-03 孙三" in form.strip.text()
    assert form.strip.action_button is not None
    gone: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda where, with_: gone.append((where, with_)))
    form.strip.action_button.click()
    assert gone[0][0] == "referrals"
    assert gone[0][1]["resident_id"] == ids[2]


def test_a_slip_without_a_visit_is_set_aside_and_the_pile_closed(
    store: Store, actor: Actor, room: TodayRoom
) -> None:
    from app.care.paper.log import note_print
    from app.care.paper.pile import set_slip_aside
    from app.care.paper.rounds import RoundRequest, prepare_round

    ids = village(store, actor)
    document = prepare_round(store, actor, RoundRequest("list", tuple(ids[:2]), "光荣村"))
    note_print(store, actor, document, "paper", 1)
    room.to_pile()
    page = room.pile.page
    first = page.table.current()
    page.reasons(first).actions()[0].trigger()
    assert page.pile.slips[0].aside == "家中无人"
    assert page.table.current().position == 2
    page.close_button.click()
    assert "还有1张" in page.strip.text()
    set_slip_aside(store, actor, page.pile.slips[1].slip_id, "拒绝")
    page.begin(page.pile.round_id)
    page.close_button.click()
    assert page.pile is None
    assert page.empty.isVisible()
