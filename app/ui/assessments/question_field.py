"""A question of a scale as one painted form field: its words, its answers, one stop of Tab.

A digit chooses and goes on (the code of every option is one digit); arrows move, Space chooses,
Delete takes the answer back. Long answers are shown while the question has the keyboard; before
and after only the chosen one is, so that the whole paper can be looked over. Painted, because a
form of fifty questions made of labels and buttons takes half a second to open.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import (
    QFocusEvent,
    QKeyEvent,
    QMouseEvent,
    QPainter,
    QPaintEvent,
    QResizeEvent,
)
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.care.assessments.questionnaire import MULTIPLE, NUMBER, Question
from app.care.assessments.words import points
from app.care.parsing import half_width
from app.i18n import tr
from app.ui import theme
from app.ui.assessments.question_paint import Answer, Look, QuestionPainter
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.values import NumberField


class QuestionField(Field):
    """One choice. ``value()``: the code, with several answers a list of codes, None for blank.

    ``answered``: a digit chose; the next question may come.
    """

    answered = Signal()

    def __init__(self, key: str, question: Question) -> None:
        # Not the labels and layouts of other fields: all of it is painted here.
        QWidget.__init__(self)
        self.key = key
        self.required = question.required
        self._several = question.kind == MULTIPLE
        self._codes: list[str] = []
        self._cursor = 0
        self._message_text = ""
        self._paper = QuestionPainter(
            str(question.words),
            str(question.help),
            question.required,
            [
                Answer(each.code, str(each.words), _note(each.code, each.weight))
                for each in question.options
            ],
        )
        self.set_label(str(question.words))
        self.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.setCursor(Qt.CursorShape.PointingHandCursor)
        self.setToolTip("")

    # -- what every field can -----------------------------------------------------------------

    @property
    def editor(self) -> QWidget:
        return self

    def set_label(self, label: str) -> None:
        self.label = label
        self.setAccessibleName(label)

    def set_required(self, required: bool) -> None:
        self.required = required

    def set_unit(self, unit: str) -> None:
        """A choice has no unit."""

    def set_last(self, text: str) -> None:
        """Last time's answer, in grey at the end of the question."""
        self._paper.last = text
        self._fit()

    def value(self) -> Any:
        codes = self.codes()
        return (codes or None) if self._several else (codes[0] if codes else None)

    def set_value(self, value: Any) -> None:
        codes = [] if value is None else [value] if isinstance(value, str) else list(value)
        self._show(codes)
        self._edited()

    def raw(self) -> Any:
        return self.codes()

    def restore(self, raw: Any) -> None:
        self.set_value(raw or [])

    def show_problem(self, message: str, tone: theme.Tone = "danger") -> None:
        self._message_text = message
        self._fit()

    def clear_problem(self) -> None:
        if self._message_text:
            self._message_text = ""
            self._fit()

    def message(self) -> str:
        return self._message_text

    # -- what is chosen -----------------------------------------------------------------------

    def codes(self) -> list[str]:
        """What is chosen, in the order of the paper."""
        return [each.code for each in self._paper.answers if each.code in self._codes]

    def choose(self, code: str, *, toggle: bool = False) -> None:
        """A person chose an answer; chosen again by the mouse or Space it is taken back."""
        self._cursor = self._paper.codes.index(code)
        if code in self._codes:
            if not (toggle or self._several):
                return
            self._show([each for each in self._codes if each != code])
        elif self._several:
            self._show([*self._codes, code])
        else:
            self._show([code])
        self._edited()

    def _show(self, codes: list[str]) -> None:
        self._codes = [code for code in codes if code in self._paper.codes]
        chosen = [each.text for each in self._paper.answers if each.code in self._codes]
        self.setAccessibleDescription(tr(", ").join(chosen))
        self._fit()

    # -- keys and mouse -----------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key, text = event.key(), half_width(event.text())
        if text and text in self._paper.codes:
            self.choose(text)
            if not self._several:
                self.answered.emit()
        elif key in (Qt.Key.Key_Down, Qt.Key.Key_Right):
            self._move(1)
        elif key in (Qt.Key.Key_Up, Qt.Key.Key_Left):
            self._move(-1)
        elif key == Qt.Key.Key_Space:
            self.choose(self._paper.codes[self._cursor], toggle=True)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace) and self._codes:
            self._show([])
            self._edited()
        else:
            super().keyPressEvent(event)

    def _move(self, by: int) -> None:
        self._cursor = (self._cursor + by) % len(self._paper.answers)
        self.update()

    def mousePressEvent(self, event: QMouseEvent) -> None:
        # Where the answers stood when the mouse came down, before they unfold.
        code = self._paper.code_at(event.position().toPoint()) if self._open() else ""
        self.setFocus(Qt.FocusReason.MouseFocusReason)
        if code:
            self.choose(code, toggle=True)

    def focusInEvent(self, event: QFocusEvent) -> None:
        super().focusInEvent(event)
        chosen = self.codes()
        if chosen:
            self._cursor = self._paper.codes.index(chosen[0])
        self._fit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self._fit()
        self.left.emit()

    # -- room and painting --------------------------------------------------------------------

    def _open(self) -> bool:
        return self.hasFocus() or not self._paper.stacked

    def _look(self) -> Look:
        return Look(
            frozenset(self._codes), self._cursor, self.hasFocus(), self._open(), self._message_text
        )

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        self._fit()

    def sizeHint(self) -> QSize:
        return QSize(theme.FORM_WIDTH, self.minimumHeight())

    def minimumSizeHint(self) -> QSize:
        return QSize(theme.FORM_WIDTH, self.minimumHeight())

    def _fit(self) -> None:
        height = self._paper.place(self.width(), self._look())
        if self.minimumHeight() != height or self.maximumHeight() != height:
            self.setFixedHeight(height)
        self.update()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        self._paper.paint(painter, self._look())

    def place_of(self, code: str) -> QRect:
        """Where an answer is shown, for the mouse."""
        return self._paper.places[self._paper.codes.index(code)]


def _note(code: str, weight: float | None) -> str:
    """The score of an answer where its digit does not tell it."""
    return (
        ""
        if weight is None or points(weight) == code
        else tr("{points} points").format(points=points(weight))
    )


def field_of(key: str, question: Question) -> Field:
    """The field of a question of any kind."""
    if question.options:
        return QuestionField(key, question)
    common: dict[str, Any] = {"required": question.required, "label_width": theme.LABEL_WIDE}
    if question.kind == NUMBER:
        high = question.high if question.high is not None else 10_000
        return NumberField(
            key,
            str(question.words),
            hard=(question.low or 0, high),
            unit=str(question.help),
            **common,
        )
    return TextField(key, str(question.words), limit=500, **common)
