"""How a question is laid out and painted: words, answers, what is wrong with them."""

from __future__ import annotations

from dataclasses import dataclass

from PySide6.QtCore import QPoint, QRect, QRectF, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPen

from app.i18n import tr
from app.ui import theme

# Answers longer than this stand one below the other.
_SHORT = 14
_WORDS_BESIDE = 400
_KEY_ROOM = 22
_MUCH = 10_000
_LEFT = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_WRAPPED = int(Qt.AlignmentFlag.AlignLeft) | int(Qt.TextFlag.TextWordWrap)


@dataclass(frozen=True, slots=True)
class Answer:
    """One answer: its digit, its words, and its score where the digit does not tell it."""

    code: str
    text: str
    note: str


@dataclass(frozen=True, slots=True)
class Look:
    """What a question looks like now."""

    chosen: frozenset[str]
    cursor: int
    focused: bool
    open: bool
    message: str


class QuestionPainter:
    """Places and paints one question. ``stacked``: its answers stand one below the other."""

    def __init__(self, words: str, help: str, required: bool, answers: list[Answer]) -> None:
        self.words = words
        self.help = help
        self.required = required
        self.answers = answers
        self.codes = [each.code for each in answers]
        self.stacked = any(len(each.text) > _SHORT for each in answers)
        self.last = ""
        self.places: list[QRect] = [QRect()] * len(answers)
        self._body = QFontMetrics(theme.font())
        self._bold = QFontMetrics(theme.font(semibold=True))
        self._small = QFontMetrics(theme.font(theme.SECONDARY_POINTS))
        self._caption = self._hint = self._message = self._blank = QRect()

    # -- room ----------------------------------------------------------------------------------

    def place(self, width: int, look: Look) -> int:
        """Give everything its place in this width; the height it needs."""
        if self.stacked:
            caption = self._place_caption(width, beside=True)
            bottom = self._place_stack(caption + theme.GAP_TIGHT, width, look)
        else:
            room = min(_WORDS_BESIDE, width // 2)
            caption = self._place_caption(room, beside=False)
            left = room + theme.GAP_FIELD
            bottom = max(self._place_flow(left, width - left), caption)
        self._message = QRect()
        if look.message:
            height = self._height(self._small, look.message, width)
            self._message = QRect(0, bottom + theme.GAP_TIGHT, width, height)
            bottom = self._message.bottom() + 1
        return bottom

    def _place_caption(self, width: int, *, beside: bool) -> int:
        words = self.words + (" *" if self.required else "")
        height = max(self._height(self._body, words, width), self._body.height())
        self._caption = QRect(0, 0, width, height)
        self._hint = QRect()
        hint = self._hint_text()
        if not hint:
            if not beside:
                self._caption.setHeight(max(height, theme.TARGET_MINIMUM))
            return self._caption.height()
        used = self._body.horizontalAdvance(words) + theme.GAP_FIELD
        if beside and used + self._small.horizontalAdvance(hint) <= width:
            self._hint = QRect(used, 0, width - used, height)
            return height
        self._hint = QRect(0, height, width, self._height(self._small, hint, width))
        return height + self._hint.height()

    def _hint_text(self) -> str:
        last = tr("last: {value}").format(value=self.last) if self.last else ""
        return "  ".join(part for part in (self.help, last) if part)

    def _height(self, metrics: QFontMetrics, text: str, width: int) -> int:
        return metrics.boundingRect(QRect(0, 0, width, _MUCH), _WRAPPED, text).height()

    def _place_stack(self, top: int, width: int, look: Look) -> int:
        shown = set(self.codes) if look.open else set(look.chosen)
        self._blank = QRect() if shown else QRect(0, top, width, theme.TARGET_MINIMUM)
        bottom = top if shown else self._blank.bottom() + 1
        places = []
        for each in self.answers:
            if each.code not in shown:
                places.append(QRect())
                continue
            room = width - self._text_left() - self._note_room(each) - theme.GAP_INSIDE
            height = self._height(self._bold, each.text, room) + theme.GAP_INSIDE
            places.append(QRect(0, top, width, max(height, theme.TARGET_MINIMUM)))
            bottom = places[-1].bottom() + 1
            top = bottom + theme.GAP_TIGHT
        self.places = places
        return bottom

    def _place_flow(self, left: int, width: int) -> int:
        self._blank = QRect()
        places = []
        x = top = 0
        for each in self.answers:
            wide = (
                self._text_left()
                + self._bold.horizontalAdvance(each.text)
                + self._note_room(each)
                + theme.GAP_FIELD
            )
            if x and x + wide > width:
                x, top = 0, top + theme.TARGET_MINIMUM + theme.GAP_TIGHT
            places.append(QRect(left + x, top, wide, theme.TARGET_MINIMUM))
            x += wide + theme.GAP_TIGHT
        self.places = places
        return top + theme.TARGET_MINIMUM

    def _text_left(self) -> int:
        return theme.GAP_INSIDE + _KEY_ROOM

    def _note_room(self, answer: Answer) -> int:
        return self._small.horizontalAdvance(answer.note) + theme.GAP_INSIDE if answer.note else 0

    def code_at(self, point: QPoint) -> str:
        """The code of the answer at a point, empty where there is none."""
        found = zip(self.codes, self.places, strict=True)
        return next((code for code, place in found if place.contains(point)), "")

    # -- painting ------------------------------------------------------------------------------

    def paint(self, painter: QPainter, look: Look) -> None:
        """Everything, as ``place`` has laid it out."""
        self._paint_caption(painter)
        wrong = bool(look.message)
        if self._blank.height():
            self._frame(painter, self._blank, "danger" if wrong else "line_strong", dashed=True)
            painter.setPen(theme.colour("text_hint"))
            painter.setFont(theme.font(theme.SECONDARY_POINTS))
            inside = self._blank.adjusted(theme.GAP_INSIDE, 0, 0, 0)
            painter.drawText(inside, _LEFT, tr("not answered"))
        for at, (answer, place) in enumerate(zip(self.answers, self.places, strict=True)):
            if place.height():
                here = look.focused and at == look.cursor
                self._paint_answer(painter, answer, place, answer.code in look.chosen, here, wrong)
        if wrong:
            painter.setPen(theme.colour("danger"))
            painter.setFont(theme.font(theme.SECONDARY_POINTS))
            painter.drawText(self._message, _WRAPPED, look.message)

    def _paint_caption(self, painter: QPainter) -> None:
        painter.setFont(theme.font())
        painter.setPen(theme.colour("text"))
        one_line = self._caption.height() <= theme.TARGET_MINIMUM
        how = int(_LEFT) if one_line else _WRAPPED
        painter.drawText(self._caption, how, self.words)
        if self.required and one_line:
            star = self._caption.adjusted(self._body.horizontalAdvance(self.words + " "), 0, 0, 0)
            painter.setPen(theme.colour("danger"))
            painter.drawText(star, how, "*")
        if self._hint.height():
            painter.setFont(theme.font(theme.SECONDARY_POINTS))
            painter.setPen(theme.colour("text_hint"))
            same_line = self._hint.top() == 0
            painter.drawText(self._hint, int(_LEFT) if same_line else _WRAPPED, self._hint_text())

    def _frame(
        self, painter: QPainter, place: QRect, line: str, *, dashed: bool = False, width: int = 1
    ) -> None:
        style = Qt.PenStyle.DashLine if dashed else Qt.PenStyle.SolidLine
        painter.setPen(QPen(theme.colour(line), width, style))
        frame = QRectF(place).adjusted(1, 1, -1, -1)
        painter.drawRoundedRect(frame, theme.RADIUS_SMALL, theme.RADIUS_SMALL)

    def _paint_answer(
        self, painter: QPainter, answer: Answer, place: QRect, on: bool, here: bool, wrong: bool
    ) -> None:
        painter.setBrush(theme.colour("accent_soft" if on else "surface"))
        line = "accent" if on or here else "danger" if wrong else "line_strong"
        self._frame(painter, place, line, width=2 if here else 1)
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.setFont(theme.font(semibold=True, tabular=True))
        painter.setPen(theme.colour("accent_text" if on else "text_hint"))
        painter.drawText(place.adjusted(theme.GAP_INSIDE, 0, 0, 0), _LEFT, answer.code)
        painter.setFont(theme.font(semibold=on))
        painter.setPen(theme.colour("accent_text" if on else "text"))
        text = place.adjusted(self._text_left(), 0, -self._note_room(answer) - theme.GAP_INSIDE, 0)
        painter.drawText(text, int(_LEFT) | int(Qt.TextFlag.TextWordWrap), answer.text)
        if answer.note:
            painter.setFont(theme.font(theme.SECONDARY_POINTS, tabular=True))
            painter.setPen(theme.colour("accent_text" if on else "text_hint"))
            right = place.adjusted(0, 0, -theme.GAP_INSIDE, 0)
            end = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
            painter.drawText(right, end, answer.note)
