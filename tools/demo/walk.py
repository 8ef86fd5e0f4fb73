"""The main job, walked through the real widgets of two programs and one server process.

A township works a morning without a link; then the lead hospital's server comes up, the
background sync sends by itself, the referral desk accepts, and the township sees it. Every
step is checked; a wrong one ends the walk with a sentence. The demonstration and the test of
the main job share it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication
from shiboken6 import isValid

from app.clock import SYSTEM_CLOCK, clinic_time
from tools.demo import care_walk
from tools.demo.county import PASSWORD, County, served
from tools.demo.hands import Hands, expect, wait

NAME = "单国华"
ID_NUMBER = "34159919470815001X"
CTRL = Qt.KeyboardModifier.ControlModifier


@dataclass
class Walk:
    """What the steps hand on to each other."""

    county: County
    address: str
    pictures: Path
    say: Callable[[str], None]
    done: list[str] = field(default_factory=list)
    resident_id: str = ""
    referral_no: str = ""

    def step(self, text: str) -> None:
        self.done.append(text)
        self.say(f"✓ {text}")


def walk(
    county: County, address: str, pictures: Path, say: Callable[[str], None] = print
) -> list[str]:
    """Walk the main job; gives the steps passed. Raises ``StepFailed`` at the first wrong one."""
    state = Walk(county, address, pictures, say)
    township = Hands(county.township, pictures)
    hospital: Hands | None = None
    try:
        _sign_in_offline(state, township)
        _register(state, township)
        _find(state, township)
        _follow_up(state, township)
        _urgent_follow_up(state, township)
        _elder_health(state, township)
        _ward(state, township)
        _what_waits(state, township)
        with served(county, int(address.rsplit(":", 1)[1])):
            _sent_by_itself(state, township)
            hospital = Hands(county.lead, pictures)
            _accept(state, hospital)
            _answer_arrives(state, township)
        _english(state, township)
    except Exception:
        for hands in (township, hospital):
            if hands is not None:
                hands.picture(f"failed-{hands.window.folder.name}")
        raise
    finally:
        for hands in (township, hospital):
            if hands is not None:
                hands.close()
    return state.done


def _sign_in_offline(state: Walk, hands: Hands) -> None:
    hands.picture("01-sign-in")
    hands.sign_in("sample", PASSWORD)
    today = _room(hands, "today")
    wait(
        lambda: any(c.list.rows.rowCount() for c in (today.now, today.today, today.week)),
        "the day's work",
    )
    wait(lambda: "离线" in hands.bar(), "the bar to say that there is no link")
    hands.picture("02-today")
    state.step("the doctor signed in without a network; Today lists the work")


def _register(state: Walk, hands: Hands) -> None:
    room: Any = hands.room("residents")
    wait(lambda: QApplication.focusWidget() is room.list.find_line, "the find line")
    hands.text(NAME)
    wait(lambda: room.list.empty.isVisible(), "nobody of this name")
    hands.enter()
    form = room.form
    wait(lambda: QApplication.focusWidget() is form.number.line, "the new record")
    hands.text("341599194708150010")
    hands.enter()
    expect(form.fields["id_no"].message(), "a wrong check digit must be said")
    while QApplication.focusWidget() is not form.number.line:
        hands.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    hands.key(Qt.Key.Key_A, CTRL)
    hands.text(ID_NUMBER)
    hands.enter()
    expect(form.fields["sex"].value() == "1", "the sex comes from the number")
    expect(str(form.fields["birth_date"].value()) == "1947-08-15", "so does the birth date")
    hands.fill(form.fields["phone"].editor, "13812345678")
    hands.to(form.fields["ethnicity"].editor)
    hands.enter()
    hands.text("单小华")
    hands.enter()
    hands.text("13912345678")
    hands.fill(form.fields["drug_allergy"].editor, "2")
    hands.fill(form.fields["past_disease"].editor, "2")
    hands.picture("03-new-resident")
    hands.save()
    wait(lambda: room.page.isVisible(), "the resident's page")
    wait(lambda: room.page.head.name.text() == NAME, "the new resident's name on it")
    state.resident_id = room.page.resident_id
    expect("青霉素" in "".join(room.page.head.chips.texts()), "the allergy stands in the header")
    state.step("a new elder was registered from the ID number; a wrong number was refused")


def _find(state: Walk, hands: Hands) -> None:
    hands.room("today")
    finder = hands.frame.top.finder
    for text in ("sgh", "shanguohua", "国华", "001X", "5678"):
        hands.key(Qt.Key.Key_F3)
        wait(lambda: QApplication.focusWidget() is finder, "the find box")
        hands.text(text)
        wait(lambda: finder.showing and finder.found, f"somebody found by {text}")
        if text == "sgh":
            hands.picture("04-find")
    hands.key(Qt.Key.Key_Escape)
    hands.key(Qt.Key.Key_F3)
    hands.text(ID_NUMBER[-6:])
    hands.enter()
    wait(lambda: hands.frame.here == "residents", "the resident's page")
    room = _room(hands, "residents")
    wait(lambda: room.page.isVisible() and room.page.head.name.text() == NAME, "the right person")
    state.step("found by initials, pinyin, part of the name, ID tail and phone tail")


def _follow_up(state: Walk, hands: Hands) -> None:
    """A hypertension and diabetes follow-up of somebody known, who has just come in."""
    room: Any = hands.room("chronic")
    due = room.due_page
    wait(lambda: due.model.rowCount() > 0 and due.model.row(0) is not None, "due follow-ups")
    hands.key(Qt.Key.Key_F3)
    hands.text(_somebody_with_both(hands))
    hands.enter()
    residents = _room(hands, "residents")
    wait(
        lambda: QApplication.focusWidget() is residents.page.head.follow_up_button,
        "the resident's page",
    )
    hands.enter()
    page = room.form_page
    wait(lambda: page.isVisible(), "the follow-up form")
    fields = page.fields
    wait(lambda: QApplication.focusWidget() is not None, "the keyboard")
    hands.text("1")
    _answer(hands, fields["hypertension.symptoms"], "1")
    _answer(hands, fields["type2_diabetes.symptoms"], "1")
    _answer(hands, fields["sbp"], "138")
    _answer(hands, fields["dbp"], "84")
    _answer(hands, fields["heart_rate"], "72")
    _answer(hands, fields["fpg"], "7.4")
    hands.picture("05-follow-up")
    expect("控制满意" in page.live.text(), "the pressure is classified while it is typed")
    expect("控制不满意" in page.live.text(), "so is the glucose")
    # COPD joins in: one more disease on the same form, what both share is typed once.
    while QApplication.focusWidget() is not fields["parts"].editor:
        hands.key(Qt.Key.Key_Return, Qt.KeyboardModifier.ShiftModifier)
    hands.key(Qt.Key.Key_Left)  # back round the corner: the last one
    hands.key(Qt.Key.Key_Space)
    _answer(hands, fields["copd.symptoms"], "1")
    _answer(hands, fields["copd_control"], "1")
    expect(page.live.text().count("下次") == 3, "each disease has its own next date")
    for key in ("dorsalis_pedis", "hypoglycaemia", "adherence", "adverse_reaction"):
        _answer(hands, fields[key], "1")
    hands.key(Qt.Key.Key_F6)
    hands.save()
    wait(lambda: due.isVisible(), "the list again")
    wait(
        lambda: (
            (line := due.recorded_model.row(0)) is not None and line.delivery.state == "waiting"
        ),
        "the visit in the list, waiting to be sent",
    )
    state.step("one form for hypertension, diabetes and COPD; each has its class and next date")


def _somebody_with_both(hands: Hands) -> str:
    """The ID number of a sample elder whose two diseases are served by one visit."""
    from app.models.local import DueItem
    from app.models.resident import Resident

    store = hands.window.store
    assert store is not None
    soon = SYSTEM_CLOCK.today() + timedelta(days=14)
    dates: dict[str, list[bool]] = {}
    with store.read() as session:
        for item in session.query(DueItem).filter(DueItem.kind.like("follow_up:%")):
            dates.setdefault(item.resident_id, []).append(item.due_on <= soon)
        chosen = next(who for who, due in dates.items() if len(due) == 2 and due[0] == due[1])
        resident = session.get(Resident, chosen)
        assert resident is not None
        assert resident.id_no is not None
        return resident.id_no


def _urgent_follow_up(state: Walk, hands: Hands) -> None:
    """The new elder's pressure is an emergency: the referral opens with the letter begun."""
    hands.key(Qt.Key.Key_F3)
    hands.text("sgh")
    finder = hands.frame.top.finder
    wait(lambda: finder.showing and finder.found, "the resident")
    hands.enter()
    residents = _room(hands, "residents")
    wait(lambda: residents.page.isVisible(), "the resident's page")
    wait(
        lambda: QApplication.focusWidget() is residents.page.head.follow_up_button,
        "the first button",
    )
    hands.enter()
    room = _room(hands, "chronic")
    page = room.form_page
    wait(lambda: hands.frame.here == "chronic" and page.isVisible(), "the follow-up form")
    fields = page.fields
    hands.text("1")
    _answer(hands, fields["hypertension.symptoms"], "2")
    _answer(hands, fields["sbp"], "192")
    _answer(hands, fields["dbp"], "112")
    expect(page.live.now_button.isVisible(), "an urgent value says: refer now")
    expect("192 ≥ 180" in page.live.text(), "and why")
    for key in ("adherence", "adverse_reaction"):
        _answer(hands, fields[key], "1")
    hands.picture("06-urgent")
    hands.key(Qt.Key.Key_F9)
    wait(lambda: hands.frame.here == "referrals", "the referral")
    referrals = _room(hands, "referrals")
    wait(lambda: referrals.form is not None and referrals.form.parts.isVisible(), "the letter")
    parts = referrals.form.parts
    expect(parts.urgency.value() == "emergency", "the letter is an emergency")
    expect(parts.fields["sbp"].value() == 192, "filled from the visit")
    expect("120" in referrals.form.emergency.text(), "120 and the green channel are shown")
    hands.fill(parts.fields["to_department"].editor, "心血管内科")
    hands.fill(parts.wishes[0].request.editor, "心血管内科专家门诊")
    hands.to(parts.wishes[2].asked.editor)
    hands.key(Qt.Key.Key_Space)
    hands.picture("07-letter")
    hands.save()
    wait(lambda: referrals.pages.currentWidget() is referrals.desk, "the letter to be sent")
    wait(lambda: referrals.controller.view is not None, "the letter in the list")
    state.referral_no = referrals.controller.view.referral_no
    hands.picture("08-referral-waiting")
    state.step("192/112 said refer now; the emergency letter was filled from the record and saved")


def _elder_health(state: Walk, hands: Hands) -> None:
    """What a township does for everybody of 65 and over."""
    care_walk.contract(hands, state.resident_id)
    state.step("the elder was signed up with a team; the agreement counts its services")
    care_walk.annual_check(hands, state.resident_id)
    state.step("the annual check was typed in paper order; 156/92 was marked")
    care_walk.scale(hands, state.resident_id)
    state.step("self-care was assessed with a digit a question")
    care_walk.indicators(hands)
    state.step("the year's indicators, and who is behind a number")


def _ward(state: Walk, hands: Hands) -> None:
    """The nurse takes over the PC and logs a ward."""
    hands.key(Qt.Key.Key_L, CTRL)
    wait(lambda: hands.window.gate is not None, "the lock")
    hands.sign_in("nurse", PASSWORD)
    room: Any = hands.room("rehab")
    page = room.ward
    wait(lambda: len(page.model.rows) >= 24, "the ward")
    begun, ended = _session_times()
    page.start.setFocus(Qt.FocusReason.TabFocusReason)
    for moment in (begun, ended):
        hands.key(Qt.Key.Key_A, CTRL)
        hands.text(moment)
        hands.enter()
    _type_ward(hands, page)
    hands.picture("09-ward")
    hands.key(Qt.Key.Key_F8)
    go_to(page, 6, "completion")
    hands.text("260")
    go_to(page, 6, "action")
    hands.text("3")
    hands.save()
    wait(lambda: "已存" in _state_of(page, 0), "the ward's rows to be saved")
    hands.picture("10-ward-saved")
    state.step("the nurse logged the ward in one grid: one held, one stopped, one refused")


def _session_times() -> tuple[str, str]:
    """Half an hour that is over, on this day at the clinic, as it is typed."""
    now = clinic_time(SYSTEM_CLOCK.now())
    ended = now - timedelta(minutes=min(10, now.hour * 60 + now.minute))
    begun = ended - timedelta(minutes=min(30, ended.hour * 60 + ended.minute))
    return f"{begun:%H%M}", f"{ended:%H%M}"


def _type_ward(hands: Hands, page: Any) -> None:
    for row in range(8):
        if row == 2:
            go_to(page, row, "pre_bp")
            hands.text("18496")
            expect("184 ≥ 180" in page.strip.text(), "a held resident's row says why")
        elif row == 4:
            go_to(page, row, "completion")
            hands.text("31")
        elif row == 6:
            go_to(page, row, "pre_bp")
            hands.text("13476719721216884112923")
            expect("停止训练" in page.strip.text(), "a stop criterion warns at once")
        else:
            go_to(page, row, "pre_bp")
            hands.text(f"1{20 + row}{70 + row}{70 + row}97012")
            hands.text(f"1{30 + row}{72 + row}{84 + row}962")


def go_to(page: Any, row: int, key: str) -> None:
    """A click on a cell of the ward."""
    from app.ui.rehab.cells import INDEX

    page.table.setFocus()
    page.table.go(row, INDEX[key])


def _state_of(page: Any, row: int) -> str:
    from app.ui.rehab.cells import INDEX

    return str(page.model.index(row, INDEX["state"]).data())


def _what_waits(state: Walk, hands: Hands) -> None:
    wait(lambda: "待上传" in hands.bar() and "急" in hands.bar(), "the bar to count what waits")
    hands.room("sync")
    hands.picture("11-waiting")
    state.step(f"all of it is saved without a network: {hands.bar()}")


def _sent_by_itself(state: Walk, hands: Hands) -> None:
    """Nobody presses anything: the background sync finds the server."""
    wait(lambda: _settled(hands), "the background sync to send all", 360)
    status = _status(hands)
    expect(status.rejected == 0, "nothing refused")
    hands.picture("12-sent")
    _emergency_went_first(hands)
    hands.key(Qt.Key.Key_F3)
    hands.text(ID_NUMBER[-6:])
    hands.enter()
    room = _room(hands, "residents")
    wait(lambda: hands.frame.here == "residents" and room.page.isVisible(), "the resident")
    wait(lambda: _held(room), "the receipt marks on the timeline")
    hands.picture("13-held")
    state.step("the server came up; everything was sent by itself, the emergency first")


def _emergency_went_first(hands: Hands) -> None:
    """By the server's own times: no routine record before the emergency letter."""
    from app.models.outbox import Receipt

    store = hands.window.store
    assert store is not None
    with store.read() as session:
        letter = max(r.server_time for r in session.query(Receipt).filter_by(kind="referral"))
        ward = [r.server_time for r in session.query(Receipt).filter_by(kind="check_in")]
    expect(letter <= max(ward), "the emergency letter reached the server before the ward's rows")


def _accept(state: Walk, hands: Hands) -> None:
    hands.front()
    hands.sign_in("sample", PASSWORD)
    room: Any = hands.room("referrals")
    wait(lambda: NAME in " ".join(_lines(room)), "the referral at the lead hospital", 360)
    room.list.setFocus()
    at = next(i for i, line in enumerate(_lines(room)) if NAME in line)
    room.list.setCurrentIndex(room.model.index(at, 0))
    wait(
        lambda: (
            room.controller.view is not None
            and room.controller.view.referral_no == state.referral_no
        ),
        "the letter on the screen",
    )
    wait(hands.frame.alarm.isHidden, "the alarm of a letter that is looked at over")
    hands.picture("14-desk")
    hands.key(Qt.Key.Key_Return, CTRL)
    wait(lambda: room.controller.dialog is not None, "the booking to open")
    dialog = room.controller.dialog
    dialog.activateWindow()
    wait(lambda: QApplication.activeWindow() is dialog, "the booking")
    booking = dialog.booking_fields
    for editor, text in (
        (booking.department.editor, "心血管内科"),
        (booking.doctor.editor, "周主任"),
        (booking.moment.day.editor, _tomorrow()),
        (booking.moment.time.editor, "9:30"),
        (booking.ward.editor, "心内一病区"),
        (booking.bed.editor, "12"),
    ):
        hands.to(editor)
        hands.key(Qt.Key.Key_A, CTRL)
        hands.text(text)
    dialog.grab().save(str(state.pictures / "15-accept.png"))
    hands.save()
    wait(lambda: not isValid(dialog) or not dialog.isVisible(), "the booking to be saved")
    wait(lambda: room.controller.view.state == "accepted", "the referral to be accepted")
    hands.picture("16-accepted")
    wait(lambda: _settled(hands), "the acceptance to be sent", 360)
    state.step("the lead hospital accepted with department, doctor, time and bed")


def _answer_arrives(state: Walk, hands: Hands) -> None:
    hands.front()
    room: Any = hands.room("referrals")
    wait(lambda: len(_lines(room)) > 0, "the township's referrals")

    def seen() -> bool:
        view = room.controller.view
        return view is not None and view.state == "accepted" and view.booking.bed == "12"

    at = next(i for i, line in enumerate(_lines(room)) if NAME in line)
    room.list.setCurrentIndex(room.model.index(at, 0))
    wait(seen, "the acceptance at the township", 360)
    expect(room.controller.view.booking.doctor == "周主任", "with the doctor's name")
    hands.picture("17-township-sees")
    hands.room("sync")
    hands.picture("18-sync")
    state.step("the township sees the acceptance after its next sync")


def _english(state: Walk, hands: Hands) -> None:
    from dataclasses import replace

    from app.ui import preferences

    chosen = preferences.load(hands.window.folder)
    hands.frame.context.preferences_changed.emit(replace(chosen, language="en"))
    hands.room("today")
    hands.picture("19-english")
    expect(not any("一" <= sign <= "鿿" for sign in hands.bar()), "English by choice")
    hands.frame.context.preferences_changed.emit(chosen)
    state.step("the same program in English, by choice")


def _answer(hands: Hands, field: Any, text: str) -> None:
    """Go to a field by Enter and type its answer."""
    hands.to(field.editor)
    hands.text(text)


def _room(hands: Hands, name: str) -> Any:
    wait(lambda: hands.frame.room(name) is not None, f"the room {name}")
    return hands.frame.room(name)


def _lines(room: Any) -> list[str]:
    model = room.model
    return [str(model.data(model.index(row, 0))) for row in range(model.rowCount())]


def _held(room: Any) -> bool:
    """Whether every line of the resident's timeline has the county hospital's receipt."""
    model = room.page.model
    lines = [model.row(row) for row in range(model.rowCount())]
    return bool(lines) and all(
        line is not None and line.delivery is not None and line.delivery.state == "held"
        for line in lines
    )


def _status(hands: Hands) -> Any:
    sync = hands.frame.context.sync
    assert sync is not None
    return sync.status()


def _settled(hands: Hands) -> bool:
    """Nothing waits, and nothing that was sent is without its answer."""
    status = _status(hands)
    return bool(status.waiting == 0 and status.unknown == 0)


def _tomorrow() -> str:
    return f"{SYSTEM_CLOCK.today() + timedelta(days=1):%Y%m%d}"
