"""The way of a referral as a line of steps: done, now, to come; with the time of each done step."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime

from PySide6.QtCore import QPoint, QRect, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.care.referral_states import State
from app.i18n import tr
from app.ui import theme
from app.ui.icons import character, icon_font
from app.ui.referrals.words import state_word
from app.ui.widgets.delivery import moment

_WAY = (
    State.SENT,
    State.ACCEPTED,
    State.ARRIVED,
    State.IN_CARE,
    State.REPLIED,
    State.RECEIVED_BACK,
    State.CLOSED,
)
# States that stand in the place of a step of the way.
_IN_PLACE_OF = {
    State.DRAFT: State.SENT,
    State.INTERNAL_REVIEW: State.SENT,
    State.RETURNED: State.SENT,
    State.HANDED_BACK: State.RECEIVED_BACK,
}
_ENDED = {State.REJECTED, State.CANCELLED, State.NO_SHOW, State.EXPIRED, State.DELETED}

_DOT = 18


class StateLine(QWidget):
    """Painted; says itself to a screen reader as one sentence."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._steps: list[tuple[str, str, str]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def sizeHint(self) -> QSize:
        return QSize(theme.FORM_WIDTH, theme.ROW_HEIGHT_TWO + theme.GAP_FIELD)

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.FINDER_WIDTH, self.sizeHint().height())

    def steps(self) -> list[tuple[str, str, str]]:
        """``(word, "done" | "now" | "ended" | "next", time)`` of each step shown."""
        return list(self._steps)

    def show_state(self, state: State, entered: Mapping[State, datetime], today: date) -> None:
        """``entered``: when each state was entered the last time."""

        def at(step: State) -> str:
            return moment(entered[step], today) if step in entered else ""

        steps = []
        if state in _ENDED:
            steps = [(_step_word(s), "done", at(s)) for s in _WAY if s in entered]
            if not steps:
                steps = [(_step_word(State.SENT), "done", "")]
            steps.append((state_word(state), "ended", at(state)))
        else:
            place = _WAY.index(_IN_PLACE_OF.get(state, state))
            for position, step in enumerate(_WAY):
                if position < place:
                    # A step that was left out (no admission) stays empty, never ticked.
                    passed = "done" if step in entered else "next"
                    steps.append((_step_word(step), passed, at(step)))
                elif position == place:
                    steps.append((state_word(state), "now", at(state)))
                else:
                    steps.append((_step_word(step), "next", ""))
        self._steps = steps
        words = {"done": tr("done"), "now": tr("now"), "ended": tr("ended"), "next": tr("to come")}
        self.setAccessibleName(
            "; ".join(f"{word} {words[kind]} {time}".strip() for word, kind, time in steps)
        )
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        if not self._steps:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        width = self.width() / len(self._steps)
        middle = theme.GAP_INSIDE + _DOT // 2
        for position, (word, kind, time) in enumerate(self._steps):
            centre = QPoint(round(width * (position + 0.5)), middle)
            if position:
                done = kind in ("done", "now", "ended")
                painter.setPen(QPen(theme.colour("accent" if done else "line_strong"), 2))
                left = round(width * (position - 0.5)) + _DOT // 2 + theme.GAP_TIGHT
                painter.drawLine(left, middle, centre.x() - _DOT // 2 - theme.GAP_TIGHT, middle)
            self._dot(painter, centre, kind)
            cell = QRect(round(width * position), middle + _DOT // 2 + 4, round(width), 18)
            painter.setFont(theme.font(theme.SECONDARY_POINTS, semibold=kind in ("now", "ended")))
            # A long word leans over its neighbours' room, never over the edge.
            cell.setWidth(max(cell.width(), painter.fontMetrics().horizontalAdvance(word) + 4))
            cell.moveCenter(QPoint(centre.x(), cell.center().y()))
            cell.moveLeft(max(min(cell.left(), self.width() - cell.width()), 0))
            painter.setPen(theme.colour(_WORD_COLOUR[kind]))
            painter.drawText(cell, Qt.AlignmentFlag.AlignCenter, word)
            painter.setFont(theme.font(theme.SECONDARY_POINTS, tabular=True))
            painter.setPen(theme.colour("text_hint"))
            painter.drawText(cell.translated(0, 17), Qt.AlignmentFlag.AlignCenter, time)
        painter.end()

    def _dot(self, painter: QPainter, centre: QPoint, kind: str) -> None:
        fill = {"done": "accent_soft", "now": "accent", "ended": "danger", "next": "surface"}[kind]
        edge = {"done": "accent", "now": "accent", "ended": "danger", "next": "line_strong"}[kind]
        painter.setBrush(theme.colour(fill))
        painter.setPen(QPen(theme.colour(edge), 2))
        box = QRect(0, 0, _DOT, _DOT)
        box.moveCenter(centre)
        painter.drawEllipse(box)
        sign = {"done": "check-line", "ended": "close-line"}.get(kind)
        if sign:
            painter.setFont(icon_font(theme.GAP_FIELD))
            painter.setPen(theme.colour("accent" if kind == "done" else "on_accent"))
            painter.drawText(box, Qt.AlignmentFlag.AlignCenter, character(sign))


def _step_word(step: State) -> str:
    """A step that is done or to come; the present one is told by its state."""
    return tr("Letter sent") if step is State.SENT else state_word(step)


_WORD_COLOUR = {
    "done": "text_secondary",
    "now": "accent_text",
    "ended": "danger",
    "next": "text_hint",
}
