"""The contracts room, driven by keyboard on a real store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import select

from app import i18n
from app.care.contracts.packages import load_packages
from app.care.contracts.teams import load_teams
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.contract import Contract, ContractService
from app.models.drafts import count_drafts, load_draft
from app.models.local import AuditEvent
from app.models.outbox import Outbox
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.contracts.sign_page import FORM
from app.ui.contracts.view import ContractsRoom
from app.ui.widgets import save_file
from app.ui.widgets.fields import Field
from tests.care.contracts.samples import TODAY, add_disease, add_resident, add_team, sign_one
from tests.ui.checks import PAGE, check_page, type_text

ENTER, TAB, DOWN, ESC, DELETE = (
    Qt.Key.Key_Return,
    Qt.Key.Key_Tab,
    Qt.Key.Key_Down,
    Qt.Key.Key_Escape,
    Qt.Key.Key_Delete,
)


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> ContractsRoom:
    made = ContractsRoom(context)
    qtbot.addWidget(made)
    made.resize(*PAGE)
    with qtbot.waitActive(made):
        made.show()
        made.activateWindow()
    return made


def focus() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


@pytest.fixture
def keys(qtbot: QtBot) -> Callable[..., None]:
    def press(*each: str | Qt.Key, ctrl: bool = False) -> None:
        held = Qt.KeyboardModifier.ControlModifier if ctrl else Qt.KeyboardModifier.NoModifier
        for one in each:
            if isinstance(one, str) and not one.isascii():
                type_text(focus(), one)
            elif isinstance(one, str):
                for char in one:
                    qtbot.keyClick(focus(), char, held)
            else:
                qtbot.keyClick(focus(), one, held)
            QApplication.processEvents()

    return press


def in_field(form: Any) -> str:
    """The key of the field that has the focus."""
    found: Field | None = next((f for f in form if f is focus() or f.isAncestorOf(focus())), None)
    return found.key if found is not None else ""


def contracts(store: Store) -> list[Contract]:
    with store.read() as session:
        rows = list(session.scalars(select(Contract).order_by(Contract.id)))
        session.expunge_all()
        return rows


def test_the_whole_job_by_keyboard(
    room: ContractsRoom, store: Store, actor: Actor, keys: Callable[..., None], qtbot: QtBot
) -> None:
    resident_id = add_resident(store, actor)
    add_disease(store, actor, resident_id, "I10", "hypertension")

    # A team first.
    room.show_teams()
    teams = room.teams
    assert in_field(teams.form) == "name"
    keys("光明村团队", ENTER)
    assert in_field(teams.members.form) == "colleague"
    keys(DOWN, ENTER)  # oneself: name and role come along
    assert teams.members.form["role"].value() == "doctor"
    keys(ENTER, ENTER)
    teams.members.add_button.setFocus()
    keys(ENTER)
    assert [each.name for each in teams.members.rows] == [actor.name]
    assert teams.form["leader"].value() == actor.name
    teams.form["villages"].setFocus()
    keys("1")
    keys("s", ctrl=True)
    (team,) = load_teams(store, actor)
    assert (team.name, team.villages) == ("光明村团队", ("光明村",))
    keys(ESC)

    # Then whoever has no contract.
    room.open(scope="unsigned")
    assert room.list.scopes.tabText(4) == "未签约 1"
    assert room.list.people.hasFocus()
    keys(ENTER)
    page = room.form
    assert page.isVisible()
    assert in_field(page.form) == "category"
    keys(ENTER)
    assert in_field(page.form) == "package_ids"
    assert page.form["package_ids"].labels() == ["基础包"]
    keys("2", ENTER)  # the personalised package too
    assert in_field(page.form) == "team_id"
    assert page.form["team_id"].value() == team.id
    keys(ENTER, ENTER)
    assert in_field(page.form) == "signed_on"
    keys(ENTER, ENTER)
    assert in_field(page.form) == "term_years"
    keys("2", ENTER)
    assert "2026-03-02 至 2028-03-01" in page.span.text()
    assert in_field(page.form) == "source"
    keys("2", ENTER)
    assert in_field(page.form) == "read_to_resident"
    keys("1")
    keys("s", ctrl=True)

    (row,) = contracts(store)
    assert (row.status, row.term_years, row.source) == ("1", 2, "home")
    assert (row.read_to_resident, row.signer_name) == (True, "钱桂英")
    assert [each["name"] for each in row.packages] == ["基础包", "个性化包"]
    with store.read() as session:
        assert session.scalar(select(Outbox).where(Outbox.kind == "contract")) is not None
    assert load_draft(store, actor, FORM, resident_id) is None

    # It is shown with its services; one is noted by hand.
    detail = room.detail
    assert detail.isVisible()
    assert detail.state.text() == "有效"
    assert "待上传" in detail.delivery.text()
    rows = {line.service: at for at, line in enumerate(detail.view.services)}
    assert "hypertension_visit" in rows
    detail.services.choose(rows["education"])
    detail.services.setFocus()
    keys(ENTER)
    dialog = detail.dialog
    assert dialog is not None
    qtbot.waitUntil(dialog.isVisible)
    assert dialog.fields["service"].value() == "education"
    dialog.fields["note"].set_value("低盐饮食")
    dialog.action_button.click()
    qtbot.waitUntil(lambda: detail.dialog is None)
    assert [note.note for note in detail.view.notes] == ["低盐饮食"]
    with store.read() as session:
        assert session.scalar(select(ContractService.service)) == "education"

    # And stands in the list, in force.
    with qtbot.waitActive(room):  # the offscreen screen does not do it when a dialog closes
        room.activateWindow()
    detail.services.setFocus()
    keys(ESC)
    room.list.show_scope("in_force")
    assert room.list.model.rowCount() == 1
    listed = room.list.model.row(0)
    assert (listed.name, listed.state, listed.doctor_name) == ("钱桂英", "active", actor.name)


def test_a_village_is_chosen_and_signed_at_once(
    room: ContractsRoom, store: Store, actor: Actor, keys: Callable[..., None], qtbot: QtBot
) -> None:
    add_team(store, actor)
    for name in ("甲一", "乙二", "丙三"):
        add_resident(store, actor, name)
    add_resident(store, actor, "丁四", village="双河村")
    room.open(scope="unsigned")
    room.list.village.setCurrentIndex(room.list.village.findData("光明村"))
    assert room.list.people_model.rowCount() == 3
    room.list.people.setFocus()
    keys("a", ctrl=True)
    assert room.list.open_button.text() == "与 3 人签约"
    keys("n", ctrl=True)
    page = room.form
    assert page.known is not None
    assert len(page.known.people) == 3
    assert not page.form["signer_name"].isVisible()
    page.form["read_to_resident"].set_value("1")
    keys("s", ctrl=True)
    assert {row.signer_name for row in contracts(store)} == {"甲一", "乙二", "丙三"}
    assert room.list.isVisible()
    assert room.list.scopes.tabText(0) == "有效 3"


def test_what_is_missing_is_said_where_it_is_missing(
    room: ContractsRoom, store: Store, actor: Actor
) -> None:
    resident_id = add_resident(store, actor)
    room.open(resident_id=resident_id)
    page = room.form
    assert "还没有团队" in page.strip.text()
    page.save_button.click()
    assert page.form["team_id"].message()
    assert page.form["read_to_resident"].message()
    assert contracts(store) == []


def test_an_unfinished_form_is_kept_as_a_draft(
    room: ContractsRoom, store: Store, actor: Actor, keys: Callable[..., None]
) -> None:
    add_team(store, actor)
    resident_id = add_resident(store, actor)
    room.open(resident_id=resident_id)
    room.form.form["note"].set_value("女儿在外地")
    keys(ESC)
    assert room.list.isVisible()
    room.open(resident_id=resident_id)
    assert room.form.form["note"].value() == "女儿在外地"


def test_a_form_that_was_only_looked_at_keeps_no_draft(
    room: ContractsRoom, store: Store, actor: Actor, keys: Callable[..., None]
) -> None:
    add_team(store, actor)
    first, second = add_resident(store, actor), add_resident(store, actor)
    for resident_id in (first, second):
        room.open(resident_id=resident_id)
        # What is proposed changes the fields, too: its moment of waiting is over.
        room.form._keeper.save_now()
    keys(ESC)
    assert count_drafts(store, actor) == 0
    room.open(resident_id=first)
    room.form.form["note"].set_value("女儿在外地")
    keys(ESC)
    assert count_drafts(store, actor) == 1


def test_a_contract_is_renewed_from_its_page(
    room: ContractsRoom, store: Store, actor: Actor, clock: FixedClock
) -> None:
    resident_id = add_resident(store, actor)
    signed = sign_one(store, actor, resident_id, add_team(store, actor))
    clock.advance(days=350)
    room.open(scope="ending")
    assert room.list.model.row(0).state == "ending"
    room.open(resident_id=resident_id)
    assert room.detail.state.text() == "14 天后到期"
    room.detail.renew_button.click()
    page = room.form
    assert str(page.form["starts_on"].value()) == "2027-03-02"
    assert page.form["package_ids"].labels() == ["基础包"]
    page.form["read_to_resident"].set_value("1")
    page.save_button.click()
    old, new = contracts(store)
    assert (new.status, new.renewed_from_id) == ("3", old.id)
    assert old.id == signed.contract_id
    assert room.detail.view.id == new.id
    assert room.detail.state.text() == "未生效"
    room.detail.open(old.id)
    assert not room.detail.renew_button.isVisible()


def test_a_contract_is_terminated_with_its_reason(
    room: ContractsRoom, store: Store, actor: Actor, qtbot: QtBot
) -> None:
    signed = sign_one(store, actor, add_resident(store, actor), add_team(store, actor))
    room.open(contract_id=signed.contract_id)
    room.detail.terminate_button.click()
    dialog = room.detail.dialog
    assert dialog is not None
    dialog.action_button.click()
    assert dialog.fields["reason"].message()
    dialog.fields["reason"].set_value("99")
    dialog.action_button.click()
    assert dialog.fields["text"].message()
    dialog.fields["text"].set_value("搬到女儿家")
    dialog.action_button.click()
    qtbot.waitUntil(lambda: room.detail.dialog is None)
    (row,) = contracts(store)
    assert (row.status, row.terminated_on, row.termination_text) == ("2", TODAY, "搬到女儿家")
    assert room.detail.state.text() == "已解约"
    assert not room.detail.terminate_button.isVisible()


def test_a_doctor_reviews_what_a_nurse_signed(
    room: ContractsRoom, store: Store, actor: Actor
) -> None:
    nurse = replace(actor, roles=frozenset({"nurse"}))
    signed = sign_one(store, nurse, add_resident(store, actor), add_team(store, actor))
    room.open(scope="pending")
    assert room.list.model.row(0).state == "pending"
    room.open(contract_id=signed.contract_id)
    assert not room.detail.renew_button.isVisible()
    room.detail.approve_button.click()
    assert contracts(store)[0].status == "1"
    assert room.detail.state.text() == "有效"


def test_a_package_gets_a_new_version(
    room: ContractsRoom, store: Store, keys: Callable[..., None], actor: Actor
) -> None:
    room.show_packages()
    page = room.packages
    assert page.form["name"].value() == "基础包"
    at = [each.service for each in page.services.rows].index("education")
    page.services.table.choose(at)
    page.services.table.setFocus()
    keys(ENTER)  # up into the fields
    page.services.form["times"].set_value(6)
    page.services.add_button.click()
    page.services.form["name"].set_value("血压监测")
    page.services.form["times"].set_value(12)
    page.services.form["counts"].set_value("manual")
    page.services.add_button.click()
    page.form["public_health"].set_value(80)
    page.form["personal"].set_value(40)
    assert page.price.text() == "价格：120 元/年"
    keys("s", ctrl=True)
    basic = next(each for each in load_packages(store, actor) if each.code == "basic")
    assert (basic.version, basic.price) == (2, 120.0)
    items = {each.name: each for each in basic.services}
    assert items["健康教育"].times == 6
    assert items["健康教育"].service == "education"
    assert items["血压监测"].times == 12
    page.services.table.choose(len(page.services.rows) - 1)
    page.services.table.setFocus()
    keys(DELETE)
    assert "血压监测" not in [each.name for each in page.services.rows]


def test_the_button_notes_a_service_wherever_the_list_stands(
    room: ContractsRoom, store: Store, actor: Actor, keys: Callable[..., None]
) -> None:
    signed = sign_one(store, actor, add_resident(store, actor), add_team(store, actor))
    room.open(contract_id=signed.contract_id)
    line = room.detail.services.current()
    assert line is not None
    assert not line.manual  # counted by itself: the button asks which one it was
    keys("n", ctrl=True)
    dialog = room.detail.dialog
    assert dialog is not None
    assert dialog.action_button.text() == "登记服务"
    dialog.fields["service"].set_value("education")
    keys("s", ctrl=True)
    with store.read() as session:
        assert session.scalars(select(ContractService.service)).all() == ["education"]


def test_a_list_goes_to_excel_and_is_noted(
    room: ContractsRoom,
    store: Store,
    actor: Actor,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    sign_one(store, actor, add_resident(store, actor), add_team(store, actor))
    target = tmp_path / "签约.xlsx"
    monkeypatch.setattr(save_file, "choose_file", lambda *_: str(target))
    room.open()
    room.list.export_button.click()
    sheet = openpyxl.load_workbook(target).active
    words = [str(cell.value) for line in sheet.iter_rows() for cell in line if cell.value]
    assert {"钱桂英", "光明村", "基础包", "有效"} <= set(words)
    with store.read() as session:
        detail = session.scalar(select(AuditEvent.detail).where(AuditEvent.action == "export"))
    assert detail["rows"] == 1


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_pages_fit_are_named_and_nothing_is_cut(
    context: UiContext, store: Store, actor: Actor, qtbot: QtBot, language: str
) -> None:
    signed = sign_one(store, actor, add_resident(store, actor), add_team(store, actor))
    other = add_resident(store, actor, "欧阳建国")
    i18n.set_language(language)
    room = ContractsRoom(context)
    qtbot.addWidget(room)
    room.resize(*PAGE)
    room.show()
    room.open()

    def settled(page: QWidget) -> QWidget:
        for _ in range(5):  # layouts inside layouts settle one pass each
            QApplication.processEvents()
        return page

    check_page(settled(room.list))
    room.open(scope="unsigned")
    check_page(settled(room.list))
    room.show_contract(signed.contract_id)
    check_page(settled(room.detail))
    room.show_form([other])
    check_page(settled(room.form))
    room.show_teams()
    check_page(settled(room.teams))
    room.show_packages()
    check_page(settled(room.packages))
