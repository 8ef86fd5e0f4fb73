"""Whole jobs at the front door: set-up, sign in, Today, switch, lock, find, crash, second run."""

from __future__ import annotations

import subprocess
import sys
from datetime import date, timedelta
from pathlib import Path

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication, QDialog

from app.care.accounts import NewAccount, create_account
from app.errors import DiskFull
from app.i18n import tr
from app.models import keyring
from app.models.local import DueItem
from app.models.resident import Resident
from app.models.store import Store
from app.ui import preferences
from app.ui.faults import LOG_FILE, FaultDesk
from app.ui.preferences import Preferences
from app.ui.shell.rooms import ROOMS
from app.ui.shell.window import MainWindow
from app.ui.sign_in.setup import SetUpPage
from app.ui.sign_in.view import SignInPage
from app.ui.single_instance import SingleInstance
from app.ui.tasks import SynchronousRunner, TaskRunner
from tests.conftest import PASSWORD
from tests.ui.checks import check_page, labels, type_text

ENTER = Qt.Key.Key_Return


@pytest.fixture
def open_window(qtbot):
    """``open_window(folder)``: the program's window on a data folder, work done at once."""
    opened: list[MainWindow] = []

    def build(folder: Path, tasks=None, **likes) -> MainWindow:
        window = MainWindow(folder, Preferences(**likes), tasks or SynchronousRunner())
        opened.append(window)
        window.show()
        qtbot.waitExposed(window)
        QApplication.processEvents()
        return window

    yield build
    for window in opened:
        window.shut()
        window.close()
        window.deleteLater()


@pytest.fixture
def ready(store: Store, actor, open_window):
    """A window at the sign-in page of a township health centre with two accounts."""
    create_account(store, actor, NewAccount("李敏", "limin", ("nurse",), "nurse-1", "nurse-1"))
    folder = store.folder
    store.close()
    return open_window(folder)


def sign_in(qtbot, window: MainWindow, password: str = PASSWORD, tile: int = 0) -> None:
    gate = window.gate
    assert isinstance(gate, SignInPage)
    if tile:
        qtbot.mouseClick(gate.tiles[tile], Qt.MouseButton.LeftButton)
    qtbot.waitUntil(lambda: gate.password.hasFocus())
    type_text(gate.password, password)
    qtbot.keyClick(gate.password, ENTER)


def test_first_set_up_by_keyboard_to_today(qtbot, open_window, empty_folder):
    window = open_window(empty_folder)
    gate = window.gate
    assert isinstance(gate, SetUpPage)
    check_page(gate)
    qtbot.waitUntil(lambda: gate.organisation.combo.hasFocus())
    wanted = [
        at
        for at in range(gate.organisation.combo.count())
        if "白塔畈镇中心卫生院" in gate.organisation.combo.itemText(at)
    ]
    while gate.organisation.combo.currentIndex() < wanted[0]:
        qtbot.keyClick(gate.organisation.combo, Qt.Key.Key_Down)
    qtbot.keyClick(gate.organisation.combo, ENTER)
    assert gate.name.line.hasFocus()
    check_page(gate)
    for field, text in (
        (gate.name, "王建国"),
        (gate.login, "wang"),
        (gate.password, "secret1"),
        (gate.again, "secret2"),
    ):
        type_text(field.line, text)
        qtbot.keyClick(field.line, ENTER)
    assert "不一致" in gate.again.message()
    assert list(empty_folder.iterdir()) == []
    gate.again.line.setText("secret1")
    gate.again.setFocus()
    qtbot.keyClick(gate.again.line, ENTER)
    confirmation = gate._recovery.confirmation
    assert confirmation.line.hasFocus()
    check_page(gate)
    assert "打印" in gate._recovery.print_button.text()
    key = gate._prepared.recovery_key
    assert all(group in gate._recovery.page() for group in key.split("-"))
    type_text(confirmation.line, "WRONG")
    qtbot.keyClick(confirmation.line, ENTER)
    assert confirmation.message()
    assert list(empty_folder.iterdir()) == [], "nothing is written before the key is confirmed"
    confirmation.clear()
    type_text(confirmation.line, key.rsplit("-", 1)[-1].lower())
    qtbot.keyClick(confirmation.line, ENTER)
    assert window.frame is not None
    assert window.frame.here == "today"
    assert keyring.exists(empty_folder)
    assert key not in "".join(
        path.read_text(encoding="utf-8", errors="ignore") for path in empty_folder.iterdir()
    )


def test_an_organisation_that_is_not_listed_is_typed(qtbot, open_window, empty_folder):
    window = open_window(empty_folder)
    gate = window.gate
    assert gate.typed.isHidden()
    gate.organisation.set_value("typed")
    assert not gate.typed.isHidden()
    qtbot.mouseClick(gate.next, Qt.MouseButton.LeftButton)
    assert gate.typed.message()
    assert gate.kind.message()
    check_page(gate)
    gate.typed.set_value("新建卫生院")
    gate.kind.setFocus()
    qtbot.keyClicks(gate.kind.options, "2")
    assert gate.kind.value() == "TOWNSHIP_CENTER"
    qtbot.keyClick(gate.kind.options, ENTER)
    assert gate.name.line.hasFocus()


def test_sign_in_by_keyboard_opens_today(qtbot, ready):
    check_page(ready.gate)
    assert [tile.account.label for tile in ready.gate.tiles] == ["王医生", "李敏"]
    sign_in(qtbot, ready)
    assert ready.frame is not None
    assert ready.frame.here == "today"
    assert "王" not in ready.windowTitle()
    check_page(ready.frame)


def test_a_wrong_password_changes_nothing_and_the_cursor_stays(qtbot, ready):
    sign_in(qtbot, ready, "not-the-one")
    assert ready.frame is None
    assert "密码" in ready.gate.strip.text()
    assert ready.gate.password.hasFocus()
    assert ready.gate.password.selectedText()
    sign_in(qtbot, ready)
    assert ready.frame is not None


def test_an_empty_password_is_asked_for(qtbot, ready):
    qtbot.waitUntil(lambda: ready.gate.password.hasFocus())
    qtbot.keyClick(ready.gate.password, ENTER)
    assert ready.gate.strip.text() == tr("Type the password.")


def test_sign_in_works_on_a_real_thread(qtbot, store, open_window):
    folder = store.folder
    store.close()
    window = open_window(folder, TaskRunner())
    with qtbot.waitSignal(window.entered, timeout=10_000):
        sign_in(qtbot, window)
    qtbot.waitUntil(lambda: not window.frame.room("today")._loading)


def test_the_lock_hides_everything_and_gives_the_same_page_back(qtbot, ready):
    sign_in(qtbot, ready)
    frame = ready.frame
    frame.go("settings")
    qtbot.keyClick(ready, Qt.Key.Key_L, Qt.KeyboardModifier.ControlModifier)
    assert isinstance(ready.gate, SignInPage)
    assert not frame.isVisible()
    assert ready.gate.login() == "wang"
    assert ready.store is not None, "the sync goes on behind the lock"
    sign_in(qtbot, ready, "wrong-one")
    assert ready.centralWidget() is ready.gate
    sign_in(qtbot, ready)
    assert ready.frame is frame
    assert frame.isVisible()
    assert frame.here == "settings"


def test_another_person_gets_a_frame_of_her_own(qtbot, ready):
    sign_in(qtbot, ready)
    first = ready.frame
    first.top.switch_action.trigger()
    sign_in(qtbot, ready, "nurse-1", tile=1)
    assert ready.frame is not first
    assert ready.frame.here == "today"
    assert ready.frame.context.actor.name == "李敏"
    assert ready.frame.top.user.text() == "李敏"
    settings = ready.frame.go("settings")
    assert "staff" not in settings.buttons, "a nurse does not see the accounts"
    assert "password" in settings.buttons


def test_the_idle_lock_by_a_monotonic_clock(qtbot, ready):
    sign_in(qtbot, ready)
    ready.idle.check()
    assert ready.gate is None
    ready.idle._limit_ms = 0
    ready.idle.check()
    assert isinstance(ready.gate, SignInPage)
    assert not ready.idle.watching
    assert "锁" in ready.gate.prompt.text()


def test_a_key_press_keeps_the_screen_open(qtbot, ready):
    sign_in(qtbot, ready)
    qtbot.waitUntil(lambda: ready.idle.quiet_ms() >= 20)
    quiet = ready.idle.quiet_ms()
    qtbot.keyClick(ready.frame.top.finder, Qt.Key.Key_A)
    assert ready.idle.quiet_ms() < quiet


def test_the_recovery_key_lets_somebody_in_again(qtbot, ready, store_templates):
    from tests.conftest import TOWNSHIP_ID

    key = store_templates(TOWNSHIP_ID).recovery_key
    ready.gate.forgotten.click()
    dialog = ready.findChild(QDialog, "recovery")
    check_page(dialog)
    dialog.key.line.setText(key[:-1])
    dialog.password.line.setText("secret1")
    dialog.again.line.setText("secret1")
    dialog.save.click()
    assert dialog.key.message()
    dialog.key.line.setText(key)
    dialog.save.click()
    assert "新密码" in ready.gate.strip.text()
    sign_in(qtbot, ready, "secret1")
    assert ready.frame is not None


def test_find_anyone_by_initials_and_open(qtbot, ready, clock):
    sign_in(qtbot, ready)
    context = ready.frame.context
    with context.store.write(context.actor) as session:
        session.add(Resident(name="张桂兰", sex="2", birth_date=date(1950, 1, 1), village="光荣村"))
        session.add(Resident(name="张贵良", sex="1", birth_date=date(1951, 1, 1)))
    went = []
    ready.frame.go = lambda room, **where: went.append((room, where))
    finder = ready.frame.top.finder
    qtbot.keyClick(ready, Qt.Key.Key_F3)
    assert finder.hasFocus()
    qtbot.keyClicks(finder, "zgl")
    qtbot.waitUntil(lambda: finder.found == 2)
    qtbot.keyClick(finder, Qt.Key.Key_Down)
    qtbot.keyClick(finder, ENTER)
    assert not finder.showing
    assert went[0][0] == "residents"
    qtbot.keyClick(ready, Qt.Key.Key_K, Qt.KeyboardModifier.ControlModifier)
    type_text(finder, "张桂")
    qtbot.keyClick(finder, ENTER)
    assert len(went) == 2, "Enter at once opens the only answer"
    type_text(finder, "无此人")
    qtbot.waitUntil(lambda: finder.showing)
    assert finder.found == 0
    qtbot.keyClick(finder, Qt.Key.Key_Escape)
    assert not finder.showing
    assert finder.text() == ""


def test_today_shows_due_work_and_enter_opens_it(qtbot, ready):
    sign_in(qtbot, ready)
    context = ready.frame.context
    today = context.clock.today()
    with context.store.write(context.actor) as session:
        row = Resident(name="张桂兰", sex="2", birth_date=date(1950, 1, 1), village="光荣村")
        session.add(row)
        session.flush()
        resident = row.id
        for kind, days in (("follow_up:hypertension", -2), ("check_in", 3)):
            session.add(
                DueItem(
                    organisation_id=context.store.organisation_id,
                    resident_id=resident,
                    kind=kind,
                    due_on=today + timedelta(days=days),
                )
            )
    context.tell_changed("resident")
    room = ready.frame.room("today")
    assert room.today.list.rows.rowCount() == 1
    assert room.week.list.rows.rowCount() == 1
    assert room.today.count.text() == "共 1"
    qtbot.waitUntil(lambda: ready.frame.rail.button("today").count == 1)
    went = []
    ready.frame.go = lambda name, **where: went.append((name, where))
    room.today.list.setFocus()
    qtbot.keyClick(room.today.list, ENTER)
    assert went == [("chronic", {"resident_id": resident, "disease": "hypertension"})]
    qtbot.keyClick(room.today.list, Qt.Key.Key_Right)
    assert room.week.list.hasFocus()
    check_page(ready.frame)


def test_alt_numbers_go_to_the_rooms(qtbot, ready):
    sign_in(qtbot, ready)
    numbers = {place.name: at for at, place in enumerate(ROOMS, start=1)}
    for room in ("settings", "sync", "today"):
        key = getattr(Qt.Key, f"Key_{numbers[room]}")
        qtbot.keyClick(ready, key, Qt.KeyboardModifier.AltModifier)
        assert ready.frame.here == room
        assert ready.frame.rail.button(room).isChecked()


def test_f1_lists_the_keys(qtbot, ready):
    sign_in(qtbot, ready)
    ready.frame.go("settings")
    qtbot.keyClick(ready, Qt.Key.Key_F1)
    dialog = ready.findChild(QDialog, "keys")
    check_page(dialog)
    dialog.close()


def test_a_notice_comes_and_never_takes_the_focus(qtbot, ready):
    sign_in(qtbot, ready)
    ready.frame.top.finder.setFocus()
    ready.frame.context.notify("已保存。")
    assert ready.frame.notice.isVisible()
    assert ready.frame.notice.text() == "已保存。"
    assert ready.frame.top.finder.hasFocus()


def test_the_whole_frame_in_english_fits_too(qtbot, store, open_window):
    from app import i18n

    folder = store.folder
    store.close()
    i18n.set_language("en")
    window = open_window(folder, language="en")
    check_page(window.gate)
    sign_in(qtbot, window)
    for room in ("today", "sync", "settings"):
        window.frame.go(room)
        QApplication.processEvents()
        check_page(window.frame)
    assert labels(window.frame)[0].startswith("Settings")


def test_high_contrast_and_language_take_effect_at_once(qtbot, ready):
    from app.i18n import set_language
    from app.ui import qt_words, theme

    sign_in(qtbot, ready)
    room = ready.frame.go("settings")
    room.go("pc")
    section = room.section("pc")
    check_page(ready.frame)
    section.language.set_value("en")
    section.contrast.set_value("high")
    section.idle.set_value("5")
    section.save.click()
    try:
        kept = preferences.load(ready.folder)
        assert kept == Preferences(language="en", high_contrast=True, idle_minutes=5)
        assert theme.colours() is theme.CONTRAST
        assert ready.frame.here == "settings"
        assert ready.frame.room("settings").page._title.text() == "Settings"
        assert QApplication.translate("QPlatformTheme", "Cancel") == "Cancel"
        check_page(ready.frame)
    finally:
        theme.apply(QApplication.instance())
        set_language("zh_CN")
        qt_words.speak()


def test_damaged_accounts_are_a_plain_sentence(qtbot, open_window, empty_folder):
    (empty_folder / keyring.ACCOUNTS_FILE).write_text("{ not json", encoding="utf-8")
    window = open_window(empty_folder)
    assert "备份" in window.gate._text.text()


def test_preferences_that_make_no_sense_are_passed_over(empty_folder):
    path = empty_folder / preferences.PREFERENCES_FILE
    for text in ("", "[]", '{"language": "tlh", "idle_minutes": -3, "high_contrast": 7}', "\x00"):
        path.write_text(text, encoding="utf-8")
        assert preferences.load(empty_folder) == Preferences()


# -- one instance, and errors that nobody expected ------------------------------------------


_SECOND = """
import sys
from pathlib import Path
from app.ui.application import run
sys.exit(run(Path(sys.argv[1])))
"""


def test_a_second_run_on_the_same_folder_says_so_and_ends(qapp, empty_folder):
    first = SingleInstance(empty_folder)
    assert first.take()
    done = subprocess.run(
        [sys.executable, "-c", _SECOND, str(empty_folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.returncode == 3, done.stderr
    assert "已经在本机运行" in done.stderr
    first.release()
    again = SingleInstance(empty_folder)
    assert again.take()
    again.release()


def test_the_lock_of_a_dead_process_is_taken_over(qapp, empty_folder):
    code = (
        "import os,sys;from pathlib import Path;"
        "from app.ui.single_instance import SingleInstance;"
        "mine=SingleInstance(Path(sys.argv[1]));assert mine.take();os._exit(9)"
    )
    root = Path(__file__).resolve().parents[2]
    subprocess.run(
        [sys.executable, "-c", code, str(empty_folder)], timeout=60, check=False, cwd=root
    )
    assert (empty_folder / "running.lock").exists()
    mine = SingleInstance(empty_folder)
    assert mine.take()
    mine.release()


def test_an_unexpected_error_is_a_plain_sentence_and_a_log_without_text(qtbot, empty_folder):
    desk = FaultDesk(empty_folder)
    try:
        raise ValueError("张桂兰 341524195001011234")
    except ValueError as error:
        desk._hook(ValueError, error, error.__traceback__)
    box = desk.dialog()
    assert box is not None
    assert "安全" in box.informativeText()
    assert "Traceback" not in box.text() + box.informativeText()
    log = (empty_folder / LOG_FILE).read_text(encoding="utf-8")
    assert "ValueError" in log
    assert "test_shell.py" in log
    assert "张桂兰" not in log
    assert "3415" not in log
    box.accept()
    assert desk.dialog() is None


def test_a_fault_of_the_machine_is_said_in_its_own_words_and_not_logged(qtbot, empty_folder):
    desk = FaultDesk(empty_folder)
    desk._hook(DiskFull, DiskFull("磁盘已满。"), None)
    assert desk.dialog().text() == "磁盘已满。"
    desk._hook(DiskFull, DiskFull("又一次。"), None)
    assert desk.dialog().text() == "磁盘已满。", "one dialog at a time"
    desk.dialog().accept()
    assert not (empty_folder / LOG_FILE).exists()


def test_an_error_of_another_thread_reaches_the_dialog(qtbot, empty_folder):
    import threading

    desk = FaultDesk(empty_folder)
    before = threading.excepthook
    threading.excepthook = desk._thread_hook
    try:
        thread = threading.Thread(target=lambda: 1 / 0)
        thread.start()
        thread.join()
        qtbot.waitUntil(lambda: desk.dialog() is not None)
    finally:
        threading.excepthook = before
    desk.dialog().accept()


def test_before_the_first_window_no_heavy_library_is_loaded(store, tmp_path):
    folder = store.folder
    store.close()
    code = """
import enum
import sys
from pathlib import Path
made = set()
create = enum.EnumMeta._create_
def note(cls, name, *rest, **named):
    made.add(name)
    return create(cls, name, *rest, **named)
enum.EnumMeta._create_ = note
from PySide6.QtWidgets import QApplication
from app.ui import application, preferences, theme
app = QApplication(["x", "-style", "fusion"])
app.setProperty("fusion", True)
theme.apply(app)
window = application.MainWindow(Path(sys.argv[1]), preferences.Preferences())
window.show()
app.processEvents()
heavy = {"sqlalchemy", "alembic", "requests", "pyqtgraph", "numpy", "cryptography", "argon2",
         "qtawesome", "pypinyin", "sqlcipher3"}
print(sorted(heavy & set(sys.modules)), "AlignmentFlag" in made)
"""
    done = subprocess.run(
        [sys.executable, "-c", code, str(folder)],
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    # The second: no use of the namespace ``Qt``, whose hundred enumerations cost 20 ms.
    assert done.stdout.strip() == "[] False"
