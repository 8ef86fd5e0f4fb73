"""The Residents room, driven by keyboard on a real store."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QInputMethodEvent
from PySide6.QtWidgets import QApplication, QWidget
from pytestqt.qtbot import QtBot
from sqlalchemy import func, select

from app.care import residents
from app.care.basic_form import Answer, BasicForm, Disease, Event, LunarBirthday
from app.care.clinical_settings import DEFAULTS, save_clinical_settings
from app.care.residences import list_stays
from app.models import codes
from app.models.actor import Actor
from app.models.local import AuditEvent, Draft
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.store import Store
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.suspects import SuspectsDialog
from app.ui.residents.view import ResidentsRoom
from app.ui.tasks import SynchronousRunner
from app.ui.widgets.choices import ListField, numbered
from tests.care.test_basic_form import WHOLE
from tests.care.test_resident_page import FORM, check_in, referral, visit

NUMBER = "34159919470815001X"


@pytest.fixture
def context(store: Store, actor: Actor, qapp: QApplication) -> UiContext:
    theme.apply(qapp)
    return UiContext(store, actor, SynchronousRunner())


@pytest.fixture
def room(context: UiContext, qtbot: QtBot) -> ResidentsRoom:
    made = ResidentsRoom(context)
    qtbot.addWidget(made)
    made.resize(theme.SCREEN_WIDTH - theme.RAIL_WIDTH, theme.SCREEN_HEIGHT - theme.TOP_HEIGHT)
    made.show()
    made.activateWindow()
    qtbot.waitActive(made)
    made.open()
    return made


def focused() -> QWidget:
    widget = QApplication.focusWidget()
    assert widget is not None
    return widget


def type_text(qtbot: QtBot, text: str) -> None:
    """Keys for Latin letters and digits, the input method for all else."""
    if text.isascii():
        qtbot.keyClicks(focused(), text)
    else:
        event = QInputMethodEvent()
        event.setCommitString(text)
        QApplication.sendEvent(focused(), event)


def press(qtbot: QtBot, key: Qt.Key, *, ctrl: bool = False, shift: bool = False) -> None:
    modifiers = Qt.KeyboardModifier.NoModifier
    if ctrl:
        modifiers |= Qt.KeyboardModifier.ControlModifier
    if shift:
        modifiers |= Qt.KeyboardModifier.ShiftModifier
    qtbot.keyClick(focused(), key, modifiers)


def enter(qtbot: QtBot) -> None:
    press(qtbot, Qt.Key.Key_Return)


def until(qtbot: QtBot, condition: Callable[[], bool]) -> None:
    qtbot.waitUntil(condition, timeout=5000)


def look_for(qtbot: QtBot, room: ResidentsRoom, text: str) -> list[str]:
    """Type into the find line and read the table."""
    room.list.find_line.setFocus()
    room.list.find_line.clear()
    type_text(qtbot, text)
    room.list._load()
    model = room.list.model
    return [model.row(at).name for at in range(model.rowCount())]


def count(store: Store) -> int:
    with store.read() as session:
        return session.scalar(select(func.count()).select_from(Resident)) or 0


def test_the_whole_job_by_keyboard(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    """Find → not found → new → scan the card → save → page → found again in every way."""
    assert focused() is room.list.find_line
    type_text(qtbot, "单国华")
    until(qtbot, lambda: room.list.empty.isVisible())
    enter(qtbot)
    form = room.form
    until(qtbot, lambda: focused() is form.number.line)
    assert form.fields["name"].value() == "单国华"
    type_text(qtbot, NUMBER)  # a card reader types and presses Enter
    enter(qtbot)
    assert focused() is form.fields["name"].editor
    assert form.fields["sex"].value() == "1"
    assert form.fields["birth_date"].value() == date(1947, 8, 15)
    assert not form.fields["sex"].isEnabled()
    enter(qtbot)
    assert focused() is form.fields["phone"].editor
    type_text(qtbot, "138 1234 5678")
    enter(qtbot)
    assert focused() is form.fields["residency"].editor
    enter(qtbot)
    assert focused() is form.fields["ethnicity"].editor
    enter(qtbot)
    type_text(qtbot, "单小华")
    enter(qtbot)
    type_text(qtbot, "13912345678")
    enter(qtbot)
    enter(qtbot)
    assert focused() is form.fields["drug_allergy"].editor
    press(qtbot, Qt.Key.Key_1)
    enter(qtbot)
    assert focused() is form.fields["past_disease"].editor
    press(qtbot, Qt.Key.Key_2)
    enter(qtbot)
    type_text(qtbot, "2015.3")
    enter(qtbot)
    enter(qtbot)
    assert focused() is form.fields["township"].editor
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, lambda: room.page.isVisible())
    assert count(store) == 1
    head = room.page.head
    assert head.name.text() == "单国华"
    assert "78" in head.about.text()
    assert head.number.text() == "341599********001X"
    assert "高血压" in head.chips.texts()
    assert room.page.model.rowCount() == 1
    until(qtbot, lambda: focused() is head.follow_up_button)
    press(qtbot, Qt.Key.Key_Escape)
    until(qtbot, lambda: focused() is room.list.find_line)
    for typed in (
        "sgh",
        "dgh",
        "shanguohua",
        "guohua",
        "国华",
        "单",
        "01x",
        "001X",
        "5678",
        "００１Ｘ",
    ):
        assert look_for(qtbot, room, typed) == ["单国华"], typed
    enter(qtbot)
    until(qtbot, lambda: room.page.isVisible())
    kept = residents.load_form(store, actor, room.page.resident_id).form
    assert kept.past_disease == (Disease("2", "2015-03"),)
    assert kept.contacts[0].phone == "13912345678"
    assert kept.phone == "13812345678"


def test_what_is_missing_is_said_and_nothing_is_saved(
    qtbot: QtBot, room: ResidentsRoom, store: Store
) -> None:
    press(qtbot, Qt.Key.Key_N, ctrl=True)
    form = room.form
    until(qtbot, lambda: focused() is form.number.line)
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, form.strip.isVisible)
    assert "证件号码" in form.strip.text()
    for key in ("id_no", "name", "sex", "birth_date", "contacts", "drug_allergy", "past_disease"):
        assert form.fields[key].message(), key
    assert focused() is form.number.line
    assert count(store) == 0
    assert form.isVisible()


@pytest.mark.parametrize(
    ("key", "typed", "part"),
    [
        ("id_no", "341599194708150010", "校验位"),
        ("id_no", "341599194902290016", "不存在"),
        ("id_no", "341599500101001", "15 位"),
        ("id_no", "123", "18 位"),
        ("name", "王" * 200, "50"),
        ("name", "张三😀", "表情"),
        ("phone", "1381234567", "11 位"),
        ("birth_date", "2025-2-30", "没有这一天"),
        ("birth_date", "2090-1-1", "2026-03-02"),
        ("birth_date", "abc", "日期"),
    ],
)
def test_bad_input_is_said_on_leaving_the_field(
    qtbot: QtBot, room: ResidentsRoom, store: Store, key: str, typed: str, part: str
) -> None:
    room.open(new=True)
    form = room.form
    field = form.fields[key]
    field.editor.setFocus()
    type_text(qtbot, typed)
    enter(qtbot)
    assert part in field.message()
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, form.strip.isVisible)
    assert part in field.message()
    assert count(store) == 0


def test_full_width_digits_are_read(qtbot: QtBot, room: ResidentsRoom) -> None:
    room.open(new=True)
    form = room.form
    form.number.line.setFocus()
    type_text(qtbot, "３４１５９９１９４７０８１５００１ｘ")
    assert form.fields["birth_date"].value() == date(1947, 8, 15)
    form.number.line.selectAll()
    press(qtbot, Qt.Key.Key_Delete)
    assert form.fields["birth_date"].value() is None
    assert form.fields["birth_date"].isEnabled()
    form.fields["birth_date"].editor.setFocus()
    type_text(qtbot, "１９４７。８。１５")
    enter(qtbot)
    assert form.fields["birth_date"].value() == date(1947, 8, 15)


def test_a_card_read_into_the_name_goes_where_it_belongs(qtbot: QtBot, room: ResidentsRoom) -> None:
    room.open(new=True)
    form = room.form
    form.fields["name"].editor.setFocus()
    type_text(qtbot, NUMBER)
    enter(qtbot)
    assert form.number.text() == NUMBER
    assert form.fields["name"].is_blank()
    until(qtbot, lambda: focused() is form.fields["name"].editor)


def test_the_same_card_opens_the_record_that_is_there(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    first = residents.register(store, actor, FORM).resident_id
    room.open(new=True)
    room.form.number.line.setFocus()
    type_text(qtbot, NUMBER)
    assert "单国华" in room.form.strip.text()
    assert NUMBER not in room.form.strip.text()
    button = room.form.strip.action_button
    assert button is not None
    button.setFocus()
    enter(qtbot)
    until(qtbot, lambda: room.page.isVisible())
    assert room.page.resident_id == first
    assert count(store) == 1


def fill_without_card(room: ResidentsRoom) -> None:
    room.open(new=True)
    form = BasicForm(
        name="单国华",
        sex="1",
        birth_date=date(1947, 8, 15),
        id_type="none",
        no_id_reason="not_brought",
    )
    room.form.fields.show(form)


def test_a_suspect_is_asked_about_once(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    first = residents.register(store, actor, FORM).resident_id
    fill_without_card(room)
    assert not room.form.number.isVisible()
    room.form.fields["name"].editor.setFocus()
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, lambda: room.form.findChild(SuspectsDialog) is not None)
    dialog = room.form.findChild(SuspectsDialog)
    assert dialog is not None
    assert dialog.isVisible()
    assert count(store) == 1
    dialog.different_button.setFocus()
    qtbot.keyClick(dialog.different_button, Qt.Key.Key_Space)
    until(qtbot, lambda: room.page.isVisible())
    assert count(store) == 2
    texts = room.page.head.chips.texts()
    assert "临时档案（无证件）" in texts
    # A person has said that they are two people.
    assert "可能重复建档" not in texts
    # Correcting something else asks nothing again.
    room.page.head.edit_button.click()
    room.form.fields["village"].set_value("大湾村")
    room.form.save_button.click()
    assert room.page.isVisible()
    assert first != room.page.resident_id


def test_the_suspect_is_the_same_person(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    first = residents.register(store, actor, FORM).resident_id
    fill_without_card(room)
    room.form.save_button.click()
    dialog = room.form.findChild(SuspectsDialog)
    assert dialog is not None
    qtbot.keyClick(dialog.table, Qt.Key.Key_Return)
    assert room.page.resident_id == first
    assert count(store) == 1


def test_the_whole_form_is_shown_and_kept(room: ResidentsRoom, store: Store, actor: Actor) -> None:
    saved = residents.register(store, actor, WHOLE).resident_id
    kept = residents.load_form(store, actor, saved)
    room.show_edit(saved)
    assert room.form.fields.form() == kept.form
    room.form.save_button.click()
    again = residents.load_form(store, actor, saved)
    assert again == kept
    # The draft's way through JSON loses nothing either.
    raw = room.form.fields.raw()
    room.form.fields.clear()
    assert room.form.fields.form().name == ""
    room.form.fields.restore(raw)
    assert room.form.fields.form() == kept.form


def test_none_shuts_out_the_others(qtbot: QtBot, room: ResidentsRoom) -> None:
    room.open(new=True)
    field = room.form.fields["past_disease"]
    field.editor.setFocus()
    for key in (Qt.Key.Key_2, Qt.Key.Key_3):
        press(qtbot, key)
    assert [each.code for each in field.value()] == ["2", "3"]
    press(qtbot, Qt.Key.Key_1)
    assert [each.code for each in field.value()] == ["1"]
    press(qtbot, Qt.Key.Key_7)
    assert [each.code for each in field.value()] == ["7"]


def test_lines_inside_a_field_tell_their_problem(
    qtbot: QtBot, room: ResidentsRoom, store: Store
) -> None:
    room.open(new=True)
    form = room.form
    form.fields.show(
        replace(
            FORM,
            sex="1",
            birth_date=date(1947, 8, 15),
            past_disease=(Disease("1"),),
            drug_allergy=(Answer("5"),),
            surgeries=(Event("2", "阑尾", "2030"),),
        )
    )
    form.fields["contacts"].rows[0].phone.setText("12")
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, form.strip.isVisible)
    assert "电话" in form.fields["contacts"].message()
    assert form.fields["drug_allergy"].message()
    assert form.fields["surgeries"].message()
    assert count(store) == 0


def test_a_draft_outlives_the_room(
    qtbot: QtBot, room: ResidentsRoom, context: UiContext, store: Store
) -> None:
    room.open(new=True)
    room.form.fields["name"].editor.setFocus()
    type_text(qtbot, "李秀英")
    room.form.fields["surgeries"].editor.setFocus()
    press(qtbot, Qt.Key.Key_2)
    room.leave()
    other = ResidentsRoom(context)
    qtbot.addWidget(other)
    other.open(new=True)
    assert other.form.fields["name"].value() == "李秀英"
    assert other.form.strip.text()
    button = other.form.strip.action_button
    assert button is not None
    button.click()
    assert other.form.fields["name"].value() is None
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Draft)) == 0


def test_opening_a_form_alone_keeps_no_draft(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    saved = residents.register(store, actor, WHOLE).resident_id
    room.open(resident_id=saved)
    room.show_edit(saved)
    until(qtbot, lambda: focused() is room.form.number.line)
    press(qtbot, Qt.Key.Key_Escape)
    assert room.page.isVisible()
    with store.read() as session:
        assert session.scalar(select(func.count()).select_from(Draft)) == 0


def test_the_page_shows_alerts_and_opens_the_work(
    qtbot: QtBot, room: ResidentsRoom, context: UiContext, store: Store, actor: Actor
) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    made = visit(store, actor, saved, date(2026, 3, 1), 190, 112, urgent=True, fpg=8.0)
    letter = referral(store, actor, saved, "emergency", "accepted")
    room.open(resident_id=saved)
    texts = room.page.head.chips.texts()
    assert texts[0].startswith("过敏：青霉素、头孢")
    assert texts[1] == "紧急转诊：已受理"
    assert texts[2] == "2026-03-01 测值危急"
    assert room.page.pressure.accessibleDescription().startswith("收缩压 190")
    assert "空腹 8" in room.page.glucose.accessibleDescription()
    went: list[tuple[str, object]] = []
    context.navigated.connect(lambda place, where: went.append((place, where)))
    for key in (Qt.Key.Key_1, Qt.Key.Key_2, Qt.Key.Key_3):
        before = len(went)
        press(qtbot, key, ctrl=True)
        until(qtbot, lambda many=before: len(went) > many)
    assert went == [(name, {"resident_id": saved}) for name in ("chronic", "rehab", "referrals")]
    went.clear()
    room.page.timeline.setFocus()
    for row in range(room.page.model.rowCount()):
        room.page.timeline.setCurrentIndex(room.page.model.index(row, 0))
        if room.page.model.row(row).kind != "resident":
            enter(qtbot)
    assert ("referrals", {"referral_id": letter}) in went
    # A past visit opens itself, not a new form.
    assert ("chronic", {"follow_up_id": made}) in went


def test_the_number_is_revealed_on_request_and_noted(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    room.open(resident_id=saved)
    head = room.page.head
    assert NUMBER not in head.number.text()
    head.reveal_button.setFocus()
    press(qtbot, Qt.Key.Key_Space)
    assert head.number.text() == NUMBER
    with store.read() as session:
        actions = session.scalars(
            select(AuditEvent.action).where(AuditEvent.record_id == saved)
        ).all()
    assert actions.count("reveal") == 1
    press(qtbot, Qt.Key.Key_Space)
    assert NUMBER not in head.number.text()
    head.reveal_button.click()
    room.page.refresh()
    assert NUMBER not in head.number.text()


def test_the_timeline_is_paged(
    room: ResidentsRoom, store: Store, actor: Actor, clock: object
) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    for day in range(1, 29):
        for month in (1, 2):
            visit(store, actor, saved, date(2026, month, day), 130 + day, 80)
    for hour in range(10):
        check_in(store, actor, saved, store.clock.now().replace(hour=hour))
    room.open(resident_id=saved)
    model = room.page.model
    assert model.rowCount() == 56 + 10 + 1 + 1
    last = model.row(model.rowCount() - 1)
    assert last.day == date(2026, 1, 1)
    assert [model.row(at).record_id for at in range(model.rowCount())] == [
        entry.record_id for entry in room._controller.more(saved, 0, 100)
    ]


def test_a_bed_and_a_diagnosis_from_the_page(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    room.open(resident_id=saved)
    room.page.head.bed_button.click()
    dialog = room.page.dialog
    assert dialog is not None
    dialog.action_button.click()
    assert dialog.fields["bed"].message()
    dialog.fields["bed"].set_value("12")
    dialog.action_button.click()
    assert not dialog.isVisible()
    until(qtbot, lambda: any("12" in text for text in room.page.head.chips.texts()))
    assert list_stays(store, actor, saved)[0].bed == "12"
    room.page.head.bed_button.click()
    leaving = room.page.dialog
    assert leaving is not None
    leaving.fields["reason"].set_value("home")
    leaving.action_button.click()
    assert list_stays(store, actor, saved)[0].discharge_date == date(2026, 3, 2)
    until(qtbot, lambda: not any("12" in text for text in room.page.head.chips.texts()))
    room.page.head.diagnoses_button.click()
    diagnoses = room.page.dialog
    assert diagnoses is not None
    diagnoses.display.set_value("痛风性关节炎")
    diagnoses.action_button.click()
    assert diagnoses.model.rowCount() == 1
    until(qtbot, lambda: "痛风性关节炎" in room.page.head.chips.texts())
    diagnoses.table.choose(0)
    diagnoses.resolve_button.click()
    until(qtbot, lambda: "痛风性关节炎" not in room.page.head.chips.texts())


def test_the_record_is_closed_from_the_page(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    room.open(resident_id=saved)
    room.page._status()
    dialog = room.page.dialog
    assert dialog is not None
    dialog.fields["record_status"].set_value("moved_away")
    dialog.action_button.click()
    until(qtbot, lambda: "迁出 2026-03-02" in room.page.head.chips.texts())
    room.show_list()
    room.list.scopes["ended"].click()
    assert room.list.model.rowCount() == 1
    room.list.scopes["active"].click()
    assert room.list.model.rowCount() == 0
    assert room.list.empty.isVisible()


def test_an_unknown_resident_is_a_sentence(room: ResidentsRoom) -> None:
    room.open(resident_id="0" * 36)
    assert "没有这位居民" in room.page.strip.text()


def test_arrows_choose_and_enter_opens(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    residents.register(store, actor, FORM)
    other = residents.register(
        store, actor, replace(FORM, name="单国强", id_no="341599195001010018", phone="")
    ).resident_id
    assert look_for(qtbot, room, "单国") == ["单国华", "单国强"]
    press(qtbot, Qt.Key.Key_Down)
    assert focused() is room.list.find_line
    enter(qtbot)
    assert room.page.resident_id == other
    press(qtbot, Qt.Key.Key_Escape)
    assert room.list.isVisible()


def test_enter_opens_the_chosen_row_of_the_whole_list(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    room.open()
    until(qtbot, lambda: room.list.model.rowCount() == 1 and room.list.isVisible())
    enter(qtbot)
    assert room.list.isVisible()
    press(qtbot, Qt.Key.Key_Down)
    assert focused() is room.list.find_line
    enter(qtbot)
    assert room.page.resident_id == saved


def test_a_gap_named_by_a_save_stays_named_where_the_cursor_was(
    qtbot: QtBot, room: ResidentsRoom
) -> None:
    press(qtbot, Qt.Key.Key_N, ctrl=True)
    form = room.form
    until(qtbot, lambda: focused() is form.number.line)
    enter(qtbot)
    assert focused() is form.fields["name"].editor
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, lambda: focused() is form.number.line)
    assert form.fields["name"].message()
    assert form.fields["name"].label in form.strip.text()
    # Whoever fills a gap sees it go, and with the last one the sentence.
    form.fields["name"].editor.setFocus()
    type_text(qtbot, "单国华")
    assert form.fields["name"].label not in form.strip.text()
    form.number.line.setFocus()
    type_text(qtbot, NUMBER)
    contact = form.fields["contacts"].rows[0]
    for line, text in ((contact.name, "单小华"), (contact.phone, "13912345678")):
        line.setFocus()
        type_text(qtbot, text)
    assert form.strip.isVisible()
    for key in ("drug_allergy", "past_disease"):
        form.fields[key].editor.setFocus()
        press(qtbot, Qt.Key.Key_1)
    assert not form.strip.isVisible()


def test_the_form_takes_a_lunar_birthday(room: ResidentsRoom) -> None:
    room.open(new=True)
    fields = room.form.fields
    fields["lunar.month"].set_value("11")
    assert fields.form().lunar_birthday is None
    fields["lunar.day"].set_value("13")
    fields["lunar.leap"].set_value("leap")
    assert fields.form().lunar_birthday == LunarBirthday(11, 13, True)


def test_drop_down_lists_take_the_digits_of_their_codes(qtbot: QtBot, room: ResidentsRoom) -> None:
    room.open(new=True)
    relation = room.form.fields["contacts"].rows[0].relation
    relation.setFocus()
    qtbot.keyClicks(relation, "10")
    assert (relation.currentData(), relation.currentText()) == ("10", "10 配偶")
    mmrc = ListField("mmrc", "mMRC", [(each.code, each.label) for each in codes.entries("mmrc")])
    qtbot.addWidget(mmrc)
    for digit in "02431":
        # Far apart, as a person types into one field after the other.
        mmrc.combo.setCurrentIndex(0)
        qtbot.keyClicks(mmrc.combo, digit)
        assert mmrc.value() == digit
        mmrc.combo.view().keyboardSearch("")
    teams = [("a", "一队"), ("b", "二队")]
    assert numbered(teams) == ["一队", "二队"]


def test_the_form_names_the_residents_insurance_of_today(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    room.open(new=True)
    options = room.form.fields["payment"].options
    assert "城乡居民医保" in options.button("3").text()
    assert "城乡居民医保" not in options.button("2").text()
    save_clinical_settings(store, actor, replace(DEFAULTS, merged_insurance="2"), "本县规定")
    room.open(new=True)
    assert "城乡居民医保" in options.button("2").text()
    assert "城乡居民医保" not in options.button("3").text()


def test_a_guardian_is_written_down_and_stands_in_the_record(
    qtbot: QtBot, room: ResidentsRoom, store: Store, actor: Actor
) -> None:
    saved = residents.register(store, actor, FORM).resident_id
    with store.write(actor) as session:
        session.query(Outbox).delete()
    room.open(resident_id=saved)
    press(qtbot, Qt.Key.Key_E, ctrl=True)
    form = room.form
    until(qtbot, lambda: form.isVisible())
    name = form.fields["guardian.name"]
    name.setFocus()
    type_text(qtbot, "单小华")
    enter(qtbot)
    relation = form.fields["guardian.relation"]
    assert isinstance(relation, ListField)
    relation.combo.setFocus()
    qtbot.keyClicks(relation.combo, "20")
    form.fields["guardian.phone"].setFocus()
    type_text(qtbot, "13912345678")
    press(qtbot, Qt.Key.Key_S, ctrl=True)
    until(qtbot, lambda: room.page.isVisible())
    kept = residents.load_form(store, actor, saved).form.guardian
    assert (kept.name, kept.relation, kept.phone) == ("单小华", "20", "13912345678")
    with store.read() as session:
        assert session.scalars(select(Outbox.record_id)).all() == [saved]
    press(qtbot, Qt.Key.Key_E, ctrl=True)
    until(qtbot, lambda: form.isVisible())
    assert form.fields["guardian.name"].value() == "单小华"
