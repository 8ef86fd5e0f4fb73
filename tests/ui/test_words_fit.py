"""Words of fields that fit their meaning and their place."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtCore import Qt
from PySide6.QtGui import QFontMetrics, QImage
from PySide6.QtWidgets import QApplication, QHeaderView, QPushButton
from pytestqt.qtbot import QtBot

from app.care.outreach.waiting import WaitingHere
from app.i18n import set_language, tr
from app.ui import theme
from app.ui.chronic.model import due_columns
from app.ui.context import UiContext
from app.ui.contracts.model import contract_columns, resident_columns
from app.ui.outreach.links import OutreachLinks
from app.ui.rehab.cells import COLUMNS
from app.ui.rehab.plan_items import ItemsModel, PlanItems
from app.ui.shell import sync_bar
from app.ui.shell.sync_bar import SyncBar
from app.ui.sync.words import BarText
from app.ui.widgets.buttons import Button
from app.ui.widgets.choices import ListField
from app.ui.widgets.pages import Page
from app.ui.widgets.values import NumberField
from tests.conftest import NOW

LONG = "金寨县古碑镇花石乡中心卫生院医养结合服务站"


@pytest.mark.parametrize(
    ("limits", "again"),
    [({"soft": (80, 200)}, True), ({"measured": True}, True), ({}, False)],
)
def test_only_what_is_measured_is_to_be_measured_again(
    qtbot: QtBot, limits: dict[str, object], again: bool
) -> None:
    """Minutes, places, prices and settings cannot be measured again."""
    field = NumberField("n", "数", hard=(50, 300), **limits)
    qtbot.addWidget(field)
    field.line.setText("301")
    problem = field.problem()
    assert problem is not None
    assert "50 到 300" in problem
    assert ("重新测量" in problem) is again


def test_a_long_choice_ends_in_an_ellipsis_and_is_whole_in_the_tip(qtbot: QtBot) -> None:
    field = ListField("to", "机构", [("a", LONG), ("b", "县医院")])
    qtbot.addWidget(field)
    field.resize(260, 60)
    field.show()
    field.set_value("a")
    combo = field.combo
    shown = combo.shown_text()
    assert shown.endswith("…")
    assert LONG.startswith(shown[:-1])
    assert combo.toolTip() == LONG
    combo.showPopup()
    assert combo.view().width() >= combo.view().sizeHintForColumn(0)
    combo.hidePopup()
    field.set_value("b")
    assert combo.shown_text() == "县医院"


def painted(items: PlanItems) -> int:
    """Points of the table's inside that are not of its ground."""
    image = items.table.viewport().grab().toImage().convertToFormat(QImage.Format.Format_RGB32)
    ground = image.pixel(1, image.height() - 2)
    return sum(
        image.pixel(x, y) != ground for x in range(image.width()) for y in range(image.height())
    )


def test_a_plan_without_exercises_says_how_the_first_comes(qtbot: QtBot) -> None:
    items = PlanItems(ItemsModel())
    qtbot.addWidget(items)
    items.resize(900, 200)
    items.show()
    assert painted(items) > 500, "an empty table says nothing"


def test_a_note_has_its_room_at_once(qtbot: QtBot) -> None:
    page = Page("页")
    page.add_footer(Button("保存"))
    page.set_note("草")
    qtbot.addWidget(page)
    page.resize(600, 300)
    page.show()
    qtbot.waitExposed(page)
    page.set_note("草稿已保存在本机，可以放心离开。")
    note = page._note
    assert note.width() >= note.sizeHint().width()


@pytest.mark.parametrize("spoken", ["zh_CN", "en"])
def test_the_heads_of_the_wards_grid_fit_their_columns(qapp: QApplication, spoken: str) -> None:
    set_language(spoken)
    metrics = QFontMetrics(theme.font(theme.SECONDARY_POINTS))
    cut = [
        tr(column.title)
        for column in COLUMNS
        if column.width is not None
        and metrics.horizontalAdvance(tr(column.title)) > column.width - theme.GAP_INSIDE
    ]
    assert cut == []


def test_the_line_of_the_sync_bar_ends_in_an_ellipsis_and_is_told_whole(qtbot: QtBot) -> None:
    bar = SyncBar()
    qtbot.addWidget(bar)
    said = BarText(
        "wifi-off-line", "danger", "Rejected by the county hospital & waiting for a person · " * 5
    )
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sync_bar, "bar_text", lambda *_: said)
        bar.show_status(None, NOW, NOW.date())
    bar.show_drafts(3)
    bar.resize(600, theme.BAR_HEIGHT)
    bar.show()
    button = bar.findChild(QPushButton)
    assert button is not None
    assert button.text().endswith("…")
    drawn = QFontMetrics(button.font()).horizontalAdvance(button.text().replace("&&", "&"))
    assert drawn < button.width() - button.iconSize().width() - 2 * theme.GAP_FIELD
    assert bar.text() == said.text
    assert button.accessibleName() == said.text
    bar.resize(4000, theme.BAR_HEIGHT)
    assert button.text() == said.text.replace("&", "&&")


@pytest.fixture
def english() -> Iterator[None]:
    set_language("en")
    yield
    set_language("zh_CN")


@pytest.mark.usefixtures("english")
def test_the_titles_of_lists_are_whole_in_english(qtbot: QtBot) -> None:
    columns = [*due_columns(NOW.date), *contract_columns(), *resident_columns()]
    header = QHeaderView(Qt.Orientation.Horizontal)
    qtbot.addWidget(header)
    header.ensurePolished()
    cut = [
        column.title
        for column in columns
        if column.width is not None
        and header.fontMetrics().horizontalAdvance(column.title) + 2 * theme.GAP_FIELD
        > column.width
    ]
    assert cut == []


@pytest.mark.usefixtures("english")
def test_the_ways_to_outreach_are_whole_beside_the_list(context: UiContext, qtbot: QtBot) -> None:
    """Of the width of the list of referrals, with counts beside their words."""
    links = OutreachLinks(context)
    qtbot.addWidget(links)
    links._show(WaitingHere(questions=9, urgent=1, answers=0, visits=3))
    assert links.minimumSizeHint().width() <= theme.LIST_WIDTH
