"""Today for a full waiting room: what is due today is not drowned by what was never done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from app.models.actor import Actor
from app.models.store import Store
from app.ui.context import UiContext
from app.ui.today.view import TodayRoom
from tests.care.rounds.people import due, villager
from tests.ui.checks import check_fits, check_names, check_page


@pytest.fixture
def room(store: Store, actor: Actor, context: UiContext, shown: Any) -> TodayRoom:
    """Thirty who were never examined, three with chronic work, one renewal."""
    for at in range(30):
        who = villager(store, actor, f"未检{at}")
        due(store, actor, who, "follow_up:hypertension", 60)
        due(store, actor, who, "health_check", -1422)
    for name, day in (("赵一", -2), ("钱二", 0), ("孙三", 4)):
        due(store, actor, villager(store, actor, name), "follow_up:hypertension", day)
    who = villager(store, actor, "李四")
    due(store, actor, who, "follow_up:hypertension", 60)
    due(store, actor, who, "contract_renewal", -400)
    made: TodayRoom = shown(TodayRoom(context))
    return made


def names(column: Any) -> list[str]:
    return [column.list.rows.row(at).name for at in range(column.list.rows.rowCount())]


def choose(room: TodayRoom, words: str) -> None:
    tabs = room.families
    at = next(at for at in range(tabs.count()) if tabs.tabText(at).startswith(words))
    tabs.setCurrentIndex(at)


def test_the_work_of_the_day_comes_first(room: TodayRoom) -> None:
    assert names(room.today) == ["赵一", "钱二"]
    assert names(room.week) == ["孙三"]
    assert (room.today.late.text(), room.today.count.text()) == ("逾期 1", "共 2")
    tabs = [room.families.tabText(at) for at in range(room.families.count())]
    assert tabs == [
        "今日工作",
        "随访 2",
        "康复 0",
        "接回 0",
        "血压复测 0",
        "评估 0",
        "失访待联系 0",
        "签约续约 1",
        "今年未体检 30",
    ]
    check_page(room)
    check_fits(room)
    check_names(room)


def test_each_kind_by_its_filter_and_enter_opens_the_work(
    room: TodayRoom, context: UiContext, store: Store, actor: Actor
) -> None:
    choose(room, "今年未体检")
    assert len(names(room.today)) == 30
    assert room.week._title.text() == "今年内"
    opened: list[tuple[str, dict[str, Any]]] = []
    context.navigated.connect(lambda where, arguments: opened.append((where, arguments)))
    room.today.list.opened.emit(room.today.list.rows.row(0))
    assert opened[-1][0] == "check_ups"
    choose(room, "签约")
    assert names(room.today) == ["李四"]
    assert room.week._title.text() == "未来 7 天"
    choose(room, "今日工作")
    assert names(room.today) == ["赵一", "钱二"]


def test_a_yearly_check_says_when_the_last_one_was(room: TodayRoom) -> None:
    from app.ui.today.view import say

    choose(room, "今年未体检")
    assert say(room.today.list.rows.row(0)).lower_right == "从未体检"


def test_an_emergency_referral_has_one_name() -> None:
    """The trade's word for the urgency (domain reference §6.1) in every part of the program."""
    translations = Path(__file__).parents[3] / "resources" / "translations"
    words = [path.read_text(encoding="utf-8") for path in translations.glob("*.po")]
    assert words
    assert not any("急诊转诊" in text for text in words)
