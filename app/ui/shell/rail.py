"""The left column: the rooms with what waits in each."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeySequence, QPainter, QPaintEvent, QShortcut
from PySide6.QtWidgets import QButtonGroup, QFrame, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.i18n import language, tr
from app.ui import theme
from app.ui.icons import icon
from app.ui.shell.rooms import ROOMS, RoomPlace
from app.ui.style import dress
from app.ui.widgets.cards import IconLabel, label


class _RoomButton(QPushButton):
    """A room's line: icon, title, and at the right the count of what waits for a person."""

    def __init__(self, place: RoomPlace, number: int) -> None:
        super().__init__(tr(place.title).replace("&", "&&"))
        self.place = place
        self._count = 0
        self._urgent = False
        self.setCheckable(True)
        self.setIconSize(QSize(theme.ICON_LARGE, theme.ICON_LARGE))
        dress(self, kind="room")
        keys = QKeySequence(f"Alt+{number}")
        shortcut = QShortcut(keys, self)
        shortcut.activated.connect(self.click)
        native = keys.toString(QKeySequence.SequenceFormat.NativeText)
        self.setToolTip(tr("{what} ({keys})").format(what=tr(place.title), keys=native))
        self.toggled.connect(self._paint_icon)
        self._paint_icon()
        self.show_count(0)

    def show_count(self, count: int, *, urgent: bool = False) -> None:
        self._count, self._urgent = count, urgent
        name = tr(self.place.title)
        if count:
            name = tr("{room}, {count} waiting").format(room=name, count=count)
        self.setAccessibleName(name)
        self.update()

    @property
    def count(self) -> int:
        return self._count

    def _paint_icon(self) -> None:
        colour = "accent_text" if self.isChecked() else "text_secondary"
        self.setIcon(icon(self.place.icon, colour, theme.ICON_LARGE))

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self._count:
            return
        painter = QPainter(self)
        painter.setFont(theme.font(theme.SECONDARY_POINTS, semibold=True, tabular=True))
        tone = "danger" if self._urgent else "accent_text" if self.isChecked() else "text_secondary"
        painter.setPen(theme.colour(tone))
        shown = str(self._count) if self._count < 1000 else "999+"
        if self._urgent:
            shown = f"● {shown}"
        room = self.rect().adjusted(0, 0, -theme.GAP_FIELD, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, shown)
        painter.end()


class Rail(QFrame):
    """All rooms, one chosen. ``chosen`` carries the room's name."""

    chosen = Signal(str)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="rail")
        self.setFixedWidth(theme.RAIL_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, theme.GAP_INSIDE)
        column.setSpacing(2)
        brand = QHBoxLayout()
        brand.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_INSIDE, 0)
        brand.setSpacing(theme.GAP_INSIDE)
        # The English name is longer than its place at the size of a title.
        name = label(tr("Township Care"), "brand" if language() == "zh_CN" else "strong")
        brand.addWidget(IconLabel("hand-heart-line", "accent", theme.ICON_BRAND))
        brand.addWidget(name, 1)
        top = QWidget()
        top.setLayout(brand)
        top.setFixedHeight(theme.TOP_HEIGHT)
        column.addWidget(top)
        self._group = QButtonGroup(self)
        self._buttons: dict[str, _RoomButton] = {}
        self._under = {place.name: place.under for place in ROOMS if place.under}
        for number, place in enumerate((each for each in ROOMS if not each.under), start=1):
            button = _RoomButton(place, number)
            button.clicked.connect(lambda _=False, room=place.name: self.chosen.emit(room))
            self._group.addButton(button)
            self._buttons[place.name] = button
            column.addWidget(button)
        column.addStretch(1)

    def mark(self, room: str) -> None:
        """Show which room is in front."""
        self.button(room).setChecked(True)
        # One stop of the Tab key, at the room in front; the arrows go on from there.
        for name, button in self._buttons.items():
            front = name == self._under.get(room, room)
            button.setFocusPolicy(
                Qt.FocusPolicy.StrongFocus if front else Qt.FocusPolicy.ClickFocus
            )

    def show_counts(self, counts: dict[str, int], emergencies: int) -> None:
        for name, button in self._buttons.items():
            urgent = name == "referrals" and emergencies > 0
            button.show_count(counts.get(name, 0), urgent=urgent)

    def button(self, room: str) -> _RoomButton:
        """The line of a room, or of the one that it stands under."""
        return self._buttons[self._under.get(room, room)]
