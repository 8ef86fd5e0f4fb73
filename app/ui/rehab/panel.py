"""What stands around the grid: the chosen resident's panel, the bar of progress, the times."""

from __future__ import annotations

from collections.abc import Callable
from datetime import time

from PySide6.QtCore import QRect, QSize, Qt, Signal
from PySide6.QtGui import QColor, QFocusEvent, QPainter, QPaintEvent
from PySide6.QtWidgets import (
    QFrame,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from app.care.check_in_history import CheckInView
from app.clock import clinic_date
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.icons import tone_colour
from app.ui.rehab import cells
from app.ui.rehab.model import Counts, WardModel
from app.ui.rehab.row import GridRow
from app.ui.rehab.texts import plan_lines
from app.ui.style import dress
from app.ui.tips import plain_tip
from app.ui.widgets.buttons import QuietButton
from app.ui.widgets.cards import IconLabel, label


class OneLine(QWidget):
    """A line of text that is shortened with … where it does not fit; the tip has all of it."""

    def __init__(self, *, small: bool = False, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._text = ""
        self._tone: theme.Tone | None = None
        self._small = small
        self.setFont(theme.font(theme.SECONDARY_POINTS if small else theme.BODY_POINTS))
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)

    def say(self, text: str, tone: theme.Tone | None = None) -> None:
        """Show a text; a neutral tone, or none, is plain."""
        self._text = text
        self._tone = None if tone == "neutral" else tone
        self.setToolTip(plain_tip(text))
        self.setAccessibleName(text)
        self.update()

    def text(self) -> str:
        return self._text

    def sizeHint(self) -> QSize:
        return QSize(theme.LABEL_WIDTH, self.fontMetrics().height())

    def minimumSizeHint(self) -> QSize:
        return self.sizeHint()

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        plain = theme.colour("text_secondary" if self._small else "text")
        painter.setPen(QColor(theme.tone_colours(self._tone)[0]) if self._tone else plain)
        painter.setFont(self.font())
        shown = painter.fontMetrics().elidedText(
            self._text, Qt.TextElideMode.ElideRight, self.width()
        )
        painter.drawText(self.rect(), Qt.AlignmentFlag.AlignVCenter, shown)


class ResidentPanel(QFrame):
    """The resident of the cursor's row: who, the plan's precautions, the last session, the verdict.

    The last line says what the rules say, or, while they are silent, the keys of the cell.
    """

    def __init__(
        self,
        details: Callable[[], object],
        plan: Callable[[], object],
        history: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        dress(self, kind="card")
        grid = QGridLayout(self)
        grid.setContentsMargins(
            theme.GAP_CARD, theme.GAP_INSIDE, theme.GAP_INSIDE, theme.GAP_INSIDE
        )
        grid.setHorizontalSpacing(theme.GAP_INSIDE)
        grid.setVerticalSpacing(theme.GAP_TIGHT)
        self.who = label("", "strong")
        self.conditions = OneLine(small=True)
        self.precautions = OneLine()
        self.plan = OneLine(small=True)
        self.last = OneLine(small=True)
        self.verdict = OneLine()
        self._verdict_icon = IconLabel()
        first = QHBoxLayout()
        first.setSpacing(theme.GAP_FIELD)
        first.addWidget(self.who)
        first.addWidget(self.conditions, 1)
        grid.addLayout(first, 0, 0, 1, 2)
        self._warning = IconLabel("alert-line", "attention")
        grid.addWidget(self._warning, 1, 0)
        grid.addWidget(self.precautions, 1, 1)
        walk, past = IconLabel("walk-line"), IconLabel("history-line")
        grid.addWidget(walk, 2, 0)
        grid.addWidget(self.plan, 2, 1)
        grid.addWidget(past, 3, 0)
        grid.addWidget(self.last, 3, 1)
        grid.addWidget(self._verdict_icon, 4, 0)
        self._marks = (self._warning, walk, past, self._verdict_icon)
        grid.addWidget(self.verdict, 4, 1)
        grid.setColumnStretch(1, 1)
        buttons = QVBoxLayout()
        buttons.setSpacing(0)
        self.details_button = QuietButton(
            tr("Details F4"), details, icon_name="list-check", shortcut="F4",
            tip=tr("Times, exercises, notes of this session"),
        )  # fmt: skip
        self.plan_button = QuietButton(
            tr("Plan F6"), plan, icon_name="file-list-3-line", shortcut="F6",
            tip=tr("The rehab plan of this resident"),
        )  # fmt: skip
        self.history_button = QuietButton(
            tr("History F7"), history, icon_name="history-line", shortcut="F7",
            tip=tr("All sessions of this resident"),
        )  # fmt: skip
        for button in (self.details_button, self.plan_button, self.history_button):
            button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
            buttons.addWidget(button)
        buttons.addStretch(1)
        grid.addLayout(buttons, 0, 2, 5, 1)

    def show_row(self, model: WardModel, at: int, column: int) -> None:
        """Show the row of the cursor; (-1, -1) empties the panel."""
        row = model.rows[at] if 0 <= at < len(model.rows) else None
        for button in (self.plan_button, self.history_button):
            button.setEnabled(row is not None)
        self.details_button.setEnabled(row is not None and row.mode == "open")
        for mark in self._marks:
            mark.setVisible(row is not None)
        if row is None:
            for line in (self.conditions, self.precautions, self.plan, self.last, self.verdict):
                line.say("")
            self.who.setText("")
            return
        self._show_who(row)
        self._show_plan(row)
        self.last.say(
            tr("No earlier session") if row.ward.last is None else last_words(row.ward.last)
        )
        state = model.state(row)
        if state.sentence and (state.tone != "neutral" or row.mode != "open"):
            self._verdict_icon.set_icon(state.icon, tone_colour(state.tone))
            self.verdict.say(state.sentence, state.tone)
        else:
            self._verdict_icon.set_icon("keyboard-line")
            keys = cells.legend(cells.COLUMNS[column], model.code_list(at, column))
            self.verdict.say(keys or state.sentence)
        self.setAccessibleDescription(self.verdict.text())

    def _show_who(self, row: GridRow) -> None:
        ward = row.ward
        sex = codes.label("sex", ward.sex)
        self.who.setText(
            tr("{place}  {name}  {sex}  {age} years").format(
                place=ward.place or tr("home"), name=ward.name, sex=sex, age=ward.age
            )
        )
        words = list(ward.conditions)
        if ward.facts.glucose_drugs:
            words.append(tr("on insulin or a sulfonylurea: glucose needed"))
        self.conditions.say(" · ".join(words))

    def _show_plan(self, row: GridRow) -> None:
        plan = row.ward.plan
        if plan is None:
            self.precautions.say(tr("No rehab plan under way"))
            self.plan.say("")
            return
        self.precautions.say(
            tr("Mind: {precautions}").format(precautions=plan.precautions), "attention"
        )
        parts = [" · ".join(plan_lines(row)), f"Borg {row.ward.facts.band}"]
        if plan.heart_rate_ceiling:
            parts.append(tr("heart rate ≤ {limit}").format(limit=plan.heart_rate_ceiling))
        parts.append(tr("Goal: {goal}").format(goal=plan.goal_short))
        self.plan.say("  |  ".join(parts))


def last_words(view: CheckInView) -> str:
    """The last session's values in one line."""
    before, after = view.pre, view.post

    def pressure(sbp: int | None, dbp: int | None) -> str:
        return f"{'–' if sbp is None else sbp}/{'–' if dbp is None else dbp}"

    def rest(rate: int | None, spo2: int | None, pain: int | None) -> str:
        parts = [
            tr("HR {value}").format(value="–" if rate is None else rate),
            f"SpO₂ {'–' if spo2 is None else spo2}%",
            f"NRS {'–' if pain is None else pain}",
        ]
        return " · ".join(parts)

    return tr("Last, {day}: before {before}  Borg {borg}  after {after}  {done}").format(
        day=f"{clinic_date(view.started_at):%m-%d}",
        before=f"{pressure(before.sbp, before.dbp)} · "
        f"{rest(before.heart_rate, before.spo2, before.pain)}",
        borg="–" if view.borg is None else view.borg,
        after=f"{pressure(after.sbp, after.dbp)} · "
        f"{rest(after.heart_rate, after.spo2, after.pain)}",
        done=cells.completion_text(view.completion, view.completion_percent),
    )


class WardProgress(QWidget):
    """The bar of done, ready, held and left; numbers in words beside it."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._counts = Counts()
        self.setFixedHeight(theme.ICON_LARGE)
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)

    def show_counts(self, counts: Counts) -> None:
        self._counts = counts
        self.setAccessibleName(self.words())
        self.update()

    def parts(self) -> list[tuple[str, int, str]]:
        """Word, number and colour of each part, in the order of the bar."""
        c = self._counts
        return [
            (tr("saved"), c.done, "confirmed"),
            (tr("on hold"), c.held, "danger"),
            (tr("ready"), c.ready, "accent"),
            (tr("begun"), c.started, "attention"),
            (tr("to do"), c.left, "line_strong"),
            (tr("no plan"), c.no_plan, "line"),
        ]

    def words(self) -> str:
        """The whole bar in words."""
        return "  ".join(
            f"{word} {number}" for word, number, _ in self.parts() if number or word == tr("to do")
        )

    def paintEvent(self, event: QPaintEvent) -> None:
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        bar = QRect(
            0, (self.height() - theme.GAP_INSIDE) // 2, self.width() * 2 // 5, theme.GAP_INSIDE
        )
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(bar, theme.RADIUS_SMALL, theme.RADIUS_SMALL)
        at = float(bar.left())
        total = max(self._counts.total, 1)
        painter.setClipRect(bar)
        for _, number, shade in self.parts():
            width = bar.width() * number / total
            painter.fillRect(int(at), bar.top(), int(at + width) - int(at), bar.height(),
                             theme.colour(shade))  # fmt: skip
            at += width
        painter.setClipping(False)
        self._paint_words(painter, bar.right() + theme.GAP_CARD)

    def _paint_words(self, painter: QPainter, left: int) -> None:
        painter.setFont(theme.font(theme.SECONDARY_POINTS, tabular=True))
        metrics = painter.fontMetrics()
        for word, number, shade in self.parts():
            if not number and word != tr("to do"):
                continue
            dot = QRect(left, self.height() // 2 - 4, theme.GAP_INSIDE, theme.GAP_INSIDE)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour(shade))
            painter.drawEllipse(dot)
            left = dot.right() + theme.GAP_TIGHT + 2
            text = f"{word} {number}"
            painter.setPen(theme.colour("text_secondary"))
            place = QRect(left, 0, metrics.horizontalAdvance(text) + 2, self.height())
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, text)
            left = place.right() + theme.GAP_CARD


class TimeEdit(QLineEdit):
    """A time of the day: ``0930``, ``9:30``. ``entered`` when it was left with a readable time."""

    entered = Signal()

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        self.setPlaceholderText("--:--")
        self.setFixedWidth(theme.NUMBER_WIDTH - theme.GAP_CARD)
        self.setFont(theme.font(tabular=True))
        self.setInputMethodHints(Qt.InputMethodHint.ImhPreferNumbers)
        self.textEdited.connect(self._typed)
        self.returnPressed.connect(self.tidy)

    def value(self) -> time | None:
        try:
            return cells.read_time(self.text())
        except cells.Unreadable:
            return None

    def set_value(self, at: time | None) -> None:
        self.setText("" if at is None else f"{at:%H:%M}")
        dress(self, state="")

    def _typed(self, text: str) -> None:
        dress(self, state="")
        if len(cells.clean(text)) >= 4 and self.value() is not None:
            self.tidy()

    def tidy(self) -> None:
        """Show the time in its usual form, or mark what cannot be read."""
        at = self.value()
        if at is not None:
            self.set_value(at)
        elif self.text().strip():
            dress(self, state="danger")
            self.setToolTip(tr("Type a time like 0930 or 9:30."))
        self.entered.emit()

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        self.tidy()
