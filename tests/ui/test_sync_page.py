"""The sync bar and page: every phase in words that are never better than the truth."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import datetime, timedelta

import pytest
from PySide6.QtCore import Qt
from PySide6.QtWidgets import QApplication

from app.clock import FixedClock
from app.i18n import set_language
from app.sync.day_check import Cancelled
from app.sync.facade import DayCheck, RejectedRecord, SyncEvent, SyncStatus, Try
from app.sync.pull import Progress
from app.ui.context import UiContext
from app.ui.shell.frame import Frame
from app.ui.sync.bridge import SyncBridge
from app.ui.sync.view import SyncRoom
from app.ui.sync.words import ago, bar_text, day_line
from app.ui.tasks import TaskRunner
from tests.conftest import NOW
from tests.ui.checks import SCREEN, check_page

PHASES = ("off", "idle", "syncing", "first_load", "offline", "refused", "not_enrolled")


class ServiceStub:
    """Stands for the courier: the screen's side of its contract, nothing behind it."""

    def __init__(self, status: SyncStatus) -> None:
        self.present = status
        self.callbacks = []
        self.asked = 0
        self.day_check_seen = 0

    def status(self) -> SyncStatus:
        return self.present

    def refresh(self) -> SyncStatus:
        return self.present

    def sync_now(self) -> None:
        self.asked += 1

    def subscribe(self, callback):
        self.callbacks.append(callback)
        return lambda: self.callbacks.remove(callback)

    def tell(self, status: SyncStatus, changed=None) -> None:
        """As the courier does: on a thread of its own."""
        self.present = status
        event = SyncEvent(status, changed or {})

        def call() -> None:
            for callback in list(self.callbacks):
                callback(event)

        thread = threading.Thread(target=call)
        thread.start()
        thread.join()


def full(now: datetime, phase: str = "offline") -> SyncStatus:
    return SyncStatus(
        phase=phase,
        waiting=17,
        waiting_emergency=1,
        waiting_by_lane={"emergency": 1, "referral": 3, "rest": 15},
        unknown=2,
        rejected=1,
        oldest_waiting_at=now - timedelta(hours=2),
        last_success_at=now - timedelta(hours=3),
        next_try_at=now + timedelta(minutes=4),
        reason="网络不通",
        bytes_up=18211,
        bytes_down=9120,
        history=tuple(
            Try(
                now - timedelta(minutes=20 * n),
                now - timedelta(minutes=20 * n) + timedelta(seconds=3),
                n,
                n,
                ("offline", "done", "partial", "refused", "failed")[n % 5],
                "",
            )
            for n in range(40)
        ),
        rejected_records=(
            RejectedRecord(
                "follow_up", "f1", "张桂兰的随访", "收缩压缺失。请补充后再保存。", now, "r1"
            ),
        ),
    )


def said(status: SyncStatus | None, clock: FixedClock) -> str:
    return bar_text(status, clock.now(), clock.today()).text


def test_the_bar_in_full(clock: FixedClock):
    text = said(full(clock.now()), clock)
    for part in (
        "离线",
        "待上传 17（急 1）",
        "未得到答复 2",
        "需人工处理 1",
        "最早 2 小时前",
        "上次成功 06:30",
        "下次 09:34 (网络不通)",
    ):
        assert part in text, text


@pytest.mark.parametrize("phase", PHASES)
def test_every_phase_has_its_words_and_none_claims_what_is_not(clock: FixedClock, phase: str):
    status = full(clock.now(), phase)
    shown = bar_text(status, clock.now(), clock.today())
    assert shown.text
    assert "nothing" not in shown.text
    assert "待上传 17" in shown.text
    assert shown.tone != "confirmed"
    assert day_line(status)[0] != "confirmed"


@pytest.mark.parametrize(
    ("change", "confirmed"),
    [
        ({}, True),
        ({"waiting": 1}, False),
        ({"unknown": 1}, False),
        ({"rejected": 1}, False),
        ({"conflicts": 1}, False),
        ({"kept": 1}, False),
    ],
)
def test_green_only_when_the_other_side_holds_everything(clock: FixedClock, change, confirmed):
    status = SyncStatus(phase="idle", last_success_at=clock.now(), **change)
    assert (bar_text(status, clock.now(), clock.today()).tone == "confirmed") is confirmed
    assert (day_line(status)[0] == "confirmed") is confirmed


def test_never_succeeded_is_said(clock: FixedClock):
    assert "尚未成功过" in said(SyncStatus(phase="offline"), clock)
    assert day_line(SyncStatus(phase="idle"))[0] == "neutral"
    assert "未开启" in said(None, clock)


@pytest.mark.parametrize(
    ("passed", "words"),
    [
        (timedelta(seconds=59), "刚刚"),
        (timedelta(seconds=60), "1 分钟前"),
        (timedelta(minutes=59, seconds=59), "59 分钟前"),
        (timedelta(hours=1), "1 小时前"),
        (timedelta(hours=47, minutes=59), "47 小时前"),
        (timedelta(hours=48), "2 天前"),
        (timedelta(days=-3650), "刚刚"),
    ],
)
def test_ages(clock: FixedClock, passed: timedelta, words: str):
    assert ago(clock.now() - passed, clock.now()) == words


def test_news_of_the_sync_thread_reaches_the_page_and_the_bar(
    qtbot, shown, store, actor, runner, clock
):
    service = ServiceStub(SyncStatus(phase="idle", last_success_at=clock.now()))
    context = UiContext(store, actor, runner, service)
    bridge = SyncBridge(service)
    frame = shown(Frame(context, "白塔畈镇中心卫生院", bridge), SCREEN)
    room = frame.go("sync")
    check_page(frame)
    changed = []
    context.records_changed.connect(changed.append)
    service.tell(full(clock.now()), {"referral_task": frozenset({"t1"})})
    qtbot.waitUntil(lambda: "待上传 17" in frame.bar.text())
    qtbot.waitUntil(lambda: room.page.history.rowCount() == 40)
    assert changed == [{"referral_task"}]
    check_page(frame)
    bridge.close()
    service.tell(SyncStatus(phase="idle"))
    frame.close_frame()


def test_a_burst_redraws_the_bar_once_a_round(qtbot, clock):
    service = ServiceStub(SyncStatus())
    bridge = SyncBridge(service)
    heard, kinds = [], []
    bridge.status_changed.connect(heard.append)
    bridge.records_changed.connect(kinds.append)
    for number in range(200):
        service.tell(SyncStatus(waiting=number), {f"kind{number % 2}": frozenset({"x"})})
    qtbot.waitUntil(lambda: bool(heard) and heard[-1].waiting == 199)
    assert len(heard) == 1
    assert kinds == [{"kind0", "kind1"}]
    bridge.close()


def test_a_save_here_is_counted_at_once_while_the_link_is_down(
    qtbot, shown, store, actor, runner, clock
):
    service = ServiceStub(SyncStatus(phase="offline"))
    context = UiContext(store, actor, runner, service)
    bridge = SyncBridge(service)
    frame = shown(Frame(context, "院", bridge), SCREEN)
    service.present = SyncStatus(phase="offline", waiting=1)
    context.tell_changed("resident")
    assert "待上传 1" in frame.bar.text()
    frame.close_frame()
    bridge.close()


@pytest.mark.parametrize("phase", PHASES)
def test_the_page_in_every_phase(qtbot, shown, store, actor, runner, clock, phase):
    service = ServiceStub(full(clock.now(), phase))
    context = UiContext(store, actor, runner, service)
    context.sync_bridge = SyncBridge(service, context)
    room = shown(SyncRoom(context))
    check_page(room)
    can = phase in ("idle", "offline", "refused")
    assert room.page.now_button.isEnabled() is can
    assert room.page.connect_button.isVisible() is (phase in ("not_enrolled", "refused"))
    if can:
        room.open()
        qtbot.keyClick(room, Qt.Key.Key_R, Qt.KeyboardModifier.ControlModifier)
        assert service.asked == 1


def test_the_page_without_a_sync(shown, context):
    room = shown(SyncRoom(context))
    check_page(room)
    assert not room.page.now_button.isEnabled()
    assert "只保存在本机" in room.page.day.text()


# -- the end-of-day check -------------------------------------------------------------------


GREEN = DayCheck(NOW, held=1234, digest_here="a", digest_there="a")


@pytest.mark.parametrize("language", ["zh_CN", "en"])
@pytest.mark.parametrize(
    ("result", "tone", "words"),
    [
        (GREEN, "confirmed", ("1234", "1234")),
        (replace(GREEN, waiting=3, rejected=2, kept=1), "attention", ("3", "2")),
        (replace(GREEN, missing=4, older=1, unread=2, digest_there="b"), "attention", ("5", "2")),
        (DayCheck(NOW, reached=False, reason="网络不通", waiting=7), "attention", ("7", "7")),
    ],
)
def test_the_day_in_one_big_line(
    qtbot, shown, store, actor, runner, clock, language, result, tone, words
):
    set_language(language)
    try:
        service = ServiceStub(
            SyncStatus(phase="idle", last_success_at=clock.now(), waiting=result.waiting)
        )
        service.day_check = lambda: result
        context = UiContext(store, actor, runner, service)
        context.sync_bridge = SyncBridge(service, context)
        room = shown(SyncRoom(context))
        # As on a real thread: news of the courier comes while the check is under way.
        service.day_check = lambda: (room.show_status(service.present), result)[1]
        qtbot.keyClick(room, Qt.Key.Key_E, Qt.KeyboardModifier.ControlModifier)
        day = room.page.day
        assert day.property("tone") == tone
        assert all(word in day.text() for word in words)
        assert day.note()
        QApplication.processEvents()
        check_page(room)
        assert day.check_button.hasFocus()
        assert day.check_button.isEnabled()
    finally:
        set_language("zh_CN")


def test_old_good_news_is_not_shown_as_news(qtbot, shown, store, actor, runner, clock):
    service = ServiceStub(SyncStatus(phase="idle", last_success_at=clock.now()))
    service.day_check = lambda: GREEN
    context = UiContext(store, actor, runner, service)
    context.sync_bridge = SyncBridge(service, context)
    room = shown(SyncRoom(context))
    room.page.day.start()
    assert "核对 1234 条" in room.page.day.text()
    room.show_status(SyncStatus(phase="idle", last_success_at=clock.now(), waiting=1))
    assert "1234" not in room.page.day.text()
    assert room.page.day.property("tone") == "attention"


def test_a_check_that_reached_nobody_is_never_called_the_last_check(
    qtbot, shown, store, actor, runner, clock
):
    service = ServiceStub(SyncStatus(phase="idle", last_success_at=clock.now(), waiting=7))
    service.day_check = lambda: DayCheck(NOW, reached=False, reason="网络不通", waiting=7)
    context = UiContext(store, actor, runner, service)
    context.sync_bridge = SyncBridge(service, context)
    room = shown(SyncRoom(context))
    room.page.day.start()
    room.show_status(SyncStatus(phase="idle", last_success_at=clock.now(), waiting=7))
    assert "没有连上" in room.page.day.note()
    assert "上次下班核对" not in room.page.day.note()


@pytest.mark.parametrize("hours", [-9000, 9000])
def test_what_was_sent_after_the_check_ends_its_news_whatever_the_clock_says(
    qtbot, shown, store, actor, runner, clock, hours
):
    def status(*history: Try) -> SyncStatus:
        return SyncStatus(phase="idle", last_success_at=clock.now(), history=history)

    def sent(number: int) -> Try:
        at = clock.now() + timedelta(hours=hours)
        return Try(at, at, 1, 0, "done", "", id=number)

    service = ServiceStub(status(sent(7)))
    service.day_check = lambda: replace(GREEN, last_try=7)
    context = UiContext(store, actor, runner, service)
    context.sync_bridge = SyncBridge(service, context)
    room = shown(SyncRoom(context))
    room.page.day.start()
    room.show_status(status(sent(7)))
    assert "核对 1234 条" in room.page.day.text(), "sent before it"
    room.show_status(status(sent(8), sent(7)))
    assert "1234" not in room.page.day.text(), "never compared"


def test_the_check_shows_how_far_it_is_and_can_be_stopped(qtbot, shown, store, actor, clock):
    service = ServiceStub(SyncStatus(phase="idle", last_success_at=clock.now()))
    stop = threading.Event()
    service.cancel_day_check = stop.set

    def check() -> DayCheck:
        service.day_check_seen = 4321
        assert stop.wait(20)
        raise Cancelled

    service.day_check = check
    tasks = TaskRunner()
    context = UiContext(store, actor, tasks, service)
    context.sync_bridge = SyncBridge(service, context)
    room = shown(SyncRoom(context))
    day = room.page.day
    day.check_button.click()
    qtbot.waitUntil(lambda: "4321" in day.note())
    check_page(room)
    assert day.cancel_button.hasFocus()
    qtbot.keyClick(day.cancel_button, Qt.Key.Key_Return)
    qtbot.waitUntil(lambda: "没有改动" in day.note())
    assert day.check_button.isEnabled()
    assert tasks.wait()


@pytest.mark.parametrize("language", ["zh_CN", "en"])
def test_a_first_load_tells_how_far_it_is_and_no_more(shown, store, actor, runner, clock, language):
    set_language(language)
    try:
        status = SyncStatus(phase="first_load", progress=Progress(12_345, 4, 11))
        service = ServiceStub(status)
        context = UiContext(store, actor, runner, service)
        context.sync_bridge = SyncBridge(service, context)
        room = shown(SyncRoom(context))
        check_page(room)
        assert "12345" in room.page.day.text()
        assert "11" in room.page.day.text()
        assert not room.page.now_button.isEnabled()
        assert "12345" in said(status, clock)
    finally:
        set_language("zh_CN")


def test_the_day_line_counts_everything_that_is_not_held_and_names_what_is_undecided() -> None:
    status = SyncStatus(phase="idle", rejected=1, kept=1, conflicts=2)
    assert day_line(status) == (
        "danger",
        "还有 2 条记录未得到县级医院确认；2 条记录在两处被修改，需要人工核定",
    )
