"""What every page must fulfil; the tests of each room call these with their page on the screen.

The page must be shown (``widget.show()``) at the size in question before it is checked.
"""

from __future__ import annotations

from PySide6.QtCore import QEvent, Qt
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import (
    QAbstractButton,
    QAbstractScrollArea,
    QApplication,
    QComboBox,
    QLabel,
    QLineEdit,
    QScrollArea,
    QWidget,
)

from app.ui import theme
from app.ui.widgets.forms import tab_order

SCREEN = (theme.SCREEN_WIDTH, theme.SCREEN_HEIGHT)
# The room's part of the window: without the rail, the top line and the sync bar.
PAGE = (
    theme.SCREEN_WIDTH - theme.RAIL_WIDTH,
    theme.SCREEN_HEIGHT - theme.TOP_HEIGHT - theme.BAR_HEIGHT,
)


def show_page(qtbot, widget: QWidget, size: tuple[int, int] = PAGE) -> None:
    """Put a page on the screen at its size in the smallest clinic window."""
    qtbot.addWidget(widget)
    widget.resize(*size)
    widget.show()
    qtbot.waitExposed(widget)
    QApplication.processEvents()


def type_text(widget: QWidget, text: str) -> None:
    """Type any text, Chinese and full-width too (``QTest.keyClicks`` aborts on those)."""
    for char in text:
        for kind in (QEvent.Type.KeyPress, QEvent.Type.KeyRelease):
            event = QKeyEvent(kind, 0, Qt.KeyboardModifier.NoModifier, char)
            QApplication.sendEvent(widget, event)


def visible(root: QWidget, kind: type[QWidget] = QWidget) -> list[QWidget]:
    """The visible widgets of a kind below ``root``."""
    return [each for each in root.findChildren(kind) if each.isVisible()]


def check_names(root: QWidget) -> None:
    """Every control at which the Tab key stops says what it is."""
    nameless = [
        f"{type(each).__name__} {each.objectName()!r} in {type(each.parentWidget()).__name__}"
        for each in tab_order(root)
        if not _name(each)
    ]
    assert not nameless, f"controls without a name: {nameless}"


def _name(widget: QWidget) -> str:
    if widget.accessibleName().strip():
        return widget.accessibleName()
    if isinstance(widget, QAbstractButton):
        return widget.text()
    # The inner editor of a combo or spin box speaks with its owner's name.
    owner = widget.parentWidget()
    if isinstance(owner, QComboBox):
        return owner.accessibleName()
    return ""


def check_fits(root: QWidget, width: int | None = None) -> None:
    """Nothing needs more width than there is: no page scrolls sideways."""
    limit = width if width is not None else root.width()
    needed = root.minimumSizeHint().width()
    assert needed <= limit, f"{type(root).__name__} needs {needed} px, there are {limit}"
    for area in visible(root, QAbstractScrollArea):
        bar = area.horizontalScrollBar()
        sideways = bar.maximum() > bar.minimum()
        assert not sideways, f"{type(area).__name__} {area.accessibleName()!r} scrolls sideways"
        if isinstance(area, QScrollArea) and area.widget() is not None:
            inner, room = area.widget().minimumSizeHint().width(), area.viewport().width()
            assert inner <= room, f"the content of {type(area).__name__} is cut: {inner} > {room}"


def check_clipping(root: QWidget) -> None:
    """No word is cut: every label and button is at least as large as its text needs."""
    cut = []
    for each in visible(root):
        if isinstance(each, QLabel) and each.text() and each.accessibleName() != " ":
            wanted = each.sizeHint().width() if not each.wordWrap() else 0
            height = each.heightForWidth(each.width()) if each.wordWrap() else 0
            if each.width() < wanted or each.height() < height:
                cut.append(f"label {each.text()!r}: {each.width()}x{each.height()} of {wanted}")
        elif isinstance(each.parentWidget(), QLineEdit):
            continue  # the icon inside a field: its word is only spoken
        elif isinstance(each, QAbstractButton) and each.text():
            text = each.fontMetrics().size(Qt.TextFlag.TextShowMnemonic, each.text())
            if each.width() < text.width() or each.height() < text.height():
                cut.append(f"button {each.text()!r}: {each.width()} of {text.width()}")
        elif (
            isinstance(each, QLineEdit)
            and each.isReadOnly()
            and each.width() < each.fontMetrics().horizontalAdvance(each.text())
        ):
            cut.append(f"read-only text {each.accessibleName()!r}")
    assert not cut, f"cut texts: {cut}"


def check_targets(root: QWidget) -> None:
    """Nothing that is clicked is smaller than the least target."""
    small = [
        f"{each.accessibleName() or each.text()!r}: {each.height()}"
        for each in visible(root, QAbstractButton)
        if each.height() < theme.TARGET_MINIMUM
        and type(each).__name__ not in ("QToolButton", "QLineEditIconButton")
    ]
    assert not small, f"targets under {theme.TARGET_MINIMUM} px: {small}"


def check_page(root: QWidget, width: int | None = None) -> None:
    """All of it."""
    check_names(root)
    check_fits(root, width)
    check_clipping(root)
    check_targets(root)


def labels(root: QWidget) -> list[str]:
    """The names of the Tab stops in their order: compare with the order of the paper form."""
    return [_name(each) for each in tab_order(root)]
