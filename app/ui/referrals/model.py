"""The list of referrals by state: headings and lines in one Qt model, painted without widgets."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QSize,
    Qt,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.care.referral_drafts import DraftLine
from app.care.referral_lists import ReferralLine
from app.care.referral_states import Side, State, Urgency
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.icons import character, icon_font, tone_colour
from app.ui.referrals.words import (
    SERVICE_ICON,
    SERVICE_MARK,
    SERVICE_TONE,
    STATE_ICON,
    URGENCY_ICON,
    URGENCY_TONE,
    service_words,
    state_word,
    waiting_words,
    who,
)
from app.ui.tips import plain_tip
from app.ui.widgets.delivery import delivery_mark, moment

AnyIndex = QModelIndex | QPersistentModelIndex

ITEM_ROLE = Qt.ItemDataRole.UserRole


@dataclass(frozen=True, slots=True)
class Heading:
    """A state and how many referrals are in it."""

    state: State
    count: int


Item = Heading | ReferralLine | DraftLine


def grouped(
    lines: Iterable[ReferralLine],
    order: Sequence[State],
    drafts: Sequence[DraftLine] = (),
    counts: dict[State, int] | None = None,
) -> list[Item]:
    """The lines under headings in the order of ``order``; drafts first. ``counts`` are the totals
    where not all lines are at hand."""
    items: list[Item] = []
    by_state: dict[State, list[ReferralLine]] = {}
    for line in lines:
        by_state.setdefault(line.state, []).append(line)
    # What the own house's review sent back waits for its writer as an unfinished letter does.
    sent_back = by_state.pop(State.DRAFT, [])
    if sent_back or drafts:
        items.append(Heading(State.DRAFT, len(sent_back) + len(drafts)))
        items.extend((*sent_back, *drafts))
    for state in order:
        if found := by_state.get(state):
            items.append(Heading(state, (counts or {}).get(state, len(found))))
            items.extend(found)
    return items


class ReferralList(QAbstractListModel):
    """Rows are headings (not selectable), letters and drafts; ``item(row)`` gives the object."""

    def __init__(self, today: date, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._items: list[Item] = []
        self.today = today

    def set_items(self, items: Sequence[Item], today: date) -> None:
        self.beginResetModel()
        self._items = list(items)
        self.today = today
        self.endResetModel()

    def item(self, row: int) -> Item | None:
        return self._items[row] if 0 <= row < len(self._items) else None

    def row_of(self, referral_id: str) -> int:
        """The row of a referral, or -1."""
        for row, item in enumerate(self._items):
            if isinstance(item, ReferralLine) and item.referral_id == referral_id:
                return row
        return -1

    def first_line(self) -> int:
        """The first row that can be chosen, or -1."""
        return next((r for r, i in enumerate(self._items) if isinstance(i, ReferralLine)), -1)

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self._items)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        if isinstance(self.item(index.row()), Heading):
            return Qt.ItemFlag.NoItemFlags
        return Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        item = self.item(index.row())
        if item is None:
            return None
        if role == ITEM_ROLE:
            return item
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return _spoken(item, self.today)
        if role == Qt.ItemDataRole.ToolTipRole and isinstance(item, ReferralLine):
            return plain_tip(_tip(item, self.today))
        return None


def _spoken(item: Item, today: date) -> str:
    """The whole line in words, for searching by typing and for screen readers."""
    if isinstance(item, Heading):
        return f"{state_word(item.state)} {item.count}"
    if isinstance(item, DraftLine):
        return f"{item.resident_name} {who(item.sex, item.age)} {state_word(State.DRAFT)}"
    return " ".join(
        part
        for part in (
            item.resident_name,
            who(item.sex, item.age),
            codes.label("referral_urgency", item.urgency),
            state_word(item.state),
            waiting_words(item.waiting, today)[0],
            other_house(item),
            item.department if item.side is Side.RECEIVER else "",
            *(service_words(*service) for service in item.services),
        )
        if part
    )


def _tip(line: ReferralLine, today: date) -> str:
    """What the line has no room for: the whole name, the priorities in words, where it is."""
    parts = (
        line.resident_name,
        *(service_words(*service) for service in line.services),
        delivery_mark(line.delivery, today).text,
    )
    return "\n".join(parts)


def other_house(line: ReferralLine) -> str:
    """The organisation at the other end."""
    return line.to_name if line.side is Side.SENDER else line.from_name


class ReferralDelegate(QStyledItemDelegate):
    """Two lines a referral: who and how long it waits; what, from where, and the priorities."""

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex) -> QSize:
        heading = isinstance(index.data(ITEM_ROLE), Heading)
        height = theme.ROW_HEIGHT if heading else theme.ROW_HEIGHT_TWO + theme.GAP_INSIDE
        return QSize(theme.LABEL_WIDTH, height)

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        item = index.data(ITEM_ROLE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.TextAntialiasing)
        if isinstance(item, Heading):
            self._heading(painter, option.rect, item)
        else:
            if option.state & QStyle.StateFlag.State_Selected:
                painter.fillRect(option.rect, theme.colour("accent_soft"))
            elif option.state & QStyle.StateFlag.State_MouseOver:
                painter.fillRect(option.rect, theme.colour("hover"))
            painter.setPen(theme.colour("line"))
            painter.drawLine(option.rect.bottomLeft(), option.rect.bottomRight())
            room = option.rect.adjusted(theme.GAP_FIELD, 6, -theme.GAP_FIELD, -7)
            upper = QRect(room.left(), room.top(), room.width(), room.height() // 2)
            lower = upper.translated(0, room.height() // 2)
            if isinstance(item, DraftLine):
                self._draft(painter, upper, lower, item, index.model().today)
            elif isinstance(item, ReferralLine):
                self._urgency_bar(painter, option.rect, item.urgency)
                self._line(painter, upper, lower, item, index.model().today)
        painter.restore()

    def _heading(self, painter: QPainter, rect: QRect, heading: Heading) -> None:
        painter.fillRect(rect, theme.colour("surface_alt"))
        painter.setPen(theme.colour("line"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        room = rect.adjusted(theme.GAP_FIELD, 0, -theme.GAP_FIELD, 0)
        name = STATE_ICON.get(heading.state, "draft-line")
        used = self._icon(painter, room, name, "text_secondary")
        painter.setFont(theme.font(theme.SECONDARY_POINTS, semibold=True))
        painter.setPen(theme.colour("text_secondary"))
        room = room.adjusted(used, 0, 0, 0)
        painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, state_word(heading.state))
        painter.drawText(
            room,
            Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight,
            str(heading.count),
        )

    def _urgency_bar(self, painter: QPainter, rect: QRect, urgency: Urgency) -> None:
        if urgency is not Urgency.ROUTINE:
            bar = QRect(rect.left(), rect.top(), theme.GAP_TIGHT, rect.height() - 1)
            painter.fillRect(bar, theme.colour(tone_colour(URGENCY_TONE[urgency])))

    def _line(
        self, painter: QPainter, upper: QRect, lower: QRect, line: ReferralLine, today: date
    ) -> None:
        text, tone = waiting_words(line.waiting, today)
        right = self._right(painter, upper, text, tone, "timer-line" if line.waiting.limit else "")
        left = upper
        if line.urgency is not Urgency.ROUTINE:
            colour = tone_colour(URGENCY_TONE[line.urgency])
            used = self._icon(painter, upper, URGENCY_ICON[line.urgency], colour)
            left = upper.adjusted(used, 0, 0, 0)
        self._who(painter, left.adjusted(0, 0, -right, 0), line.resident_name, line.sex, line.age)
        marks = self._marks(painter, lower, line, today)
        # Until it is accepted, whom it is for tells the desk's people which letters are theirs.
        asked = line.side is Side.RECEIVER and line.state is State.SENT
        department = line.department if asked else ""
        parts = (department, other_house(line), line.impression.replace("\n", " "))
        about = "  ·  ".join(part for part in parts if part)
        self._elided(painter, lower.adjusted(0, 0, -marks, 0), about, "text_secondary")

    def _draft(
        self, painter: QPainter, upper: QRect, lower: QRect, draft: DraftLine, today: date
    ) -> None:
        right = self._right(painter, upper, moment(draft.updated_at, today), "neutral", "")
        self._who(
            painter, upper.adjusted(0, 0, -right, 0), draft.resident_name, draft.sex, draft.age
        )
        words = draft.impression.replace("\n", " ") or tr("nothing written yet")
        self._elided(painter, lower, words, "text_secondary")

    def _who(self, painter: QPainter, rect: QRect, name: str, sex: str, age: int | None) -> None:
        painter.setFont(theme.font(semibold=True))
        painter.setPen(theme.colour("text"))
        metrics = painter.fontMetrics()
        # The name has the room: it gives way only to the end of the line.
        shown = metrics.elidedText(name, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, shown)
        left = rect.adjusted(metrics.horizontalAdvance(shown) + theme.GAP_INSIDE, 0, 0, 0)
        if left.width() > 0:
            self._elided(painter, left, who(sex, age), "text_secondary")

    def _right(
        self, painter: QPainter, rect: QRect, text: str, tone: theme.Tone, icon_name: str
    ) -> int:
        """Text at the right end; the width it takes."""
        painter.setFont(theme.font(theme.SECONDARY_POINTS, tabular=True))
        colour = tone_colour(tone)
        painter.setPen(theme.colour(colour))
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignRight, text)
        used = painter.fontMetrics().horizontalAdvance(text) + theme.GAP_INSIDE
        if icon_name:
            spot = rect.adjusted(rect.width() - used - theme.ICON + 2, 0, 0, 0)
            used += self._icon(painter, spot, icon_name, colour)
        return used

    def _marks(self, painter: QPainter, rect: QRect, line: ReferralLine, today: date) -> int:
        """Icons of the priorities in the colour of their answers, and where the record is."""
        used = 0
        mark = delivery_mark(line.delivery, today)
        icons: list[tuple[str, str, int]] = []
        for name, state in line.services:
            if name in SERVICE_ICON:
                colour = tone_colour(SERVICE_TONE[state])
                icons.append((SERVICE_ICON[name], colour, theme.ICON))
                icons.append((SERVICE_MARK[state], colour, theme.ICON_SMALL))
        if line.side is Side.SENDER or line.delivery.state != "local":
            icons.append((mark.icon, tone_colour(mark.tone), theme.ICON))
        for name, colour, size in reversed(icons):
            spot = QRect(rect.right() - used - size, rect.top(), size, rect.height())
            self._icon(painter, spot, name, colour, size)
            # A mark stands close to what it is about.
            used += size + (0 if size == theme.ICON_SMALL else theme.GAP_TIGHT)
        return used + theme.GAP_INSIDE

    def _elided(self, painter: QPainter, rect: QRect, text: str, colour: str) -> None:
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        painter.setPen(theme.colour(colour))
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, rect.width())
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, shown)

    def _icon(
        self, painter: QPainter, rect: QRect, name: str, colour: str, size: int = theme.ICON
    ) -> int:
        """An icon at the left end of the rectangle; the width it takes."""
        painter.setFont(icon_font(size))
        painter.setPen(theme.colour(colour))
        painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter, character(name))
        return size + theme.GAP_TIGHT + 2
