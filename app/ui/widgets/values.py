"""Fields of dates and numbers: lenient in what they read, exact in what they give."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from PySide6.QtCore import QDate, QPoint, Qt, Signal
from PySide6.QtGui import QAction
from PySide6.QtWidgets import QCalendarWidget, QFrame, QLineEdit, QVBoxLayout, QWidget

from app.care.parsing import NearestYear, ParseError, parse_date, parse_decimal
from app.clock import SYSTEM_CLOCK
from app.i18n import tr
from app.ui import theme
from app.ui.icons import icon
from app.ui.style import dress
from app.ui.widgets.fields import _LineField


class DateField(_LineField):
    """A day. Reads ``20250105``, ``2025.1.5``, ``2025-1-5``, ``1-5``, ``0105``, ``今天``,
    full-width digits.

    ``value()`` is a ``date`` or None; on leaving, the field shows it as ``2025-01-05``.
    ``nearest``: the year that ``1-5`` means — the last one ("past", visits) or the next ("future").
    ``earliest``/``latest`` block. Alt+Down or the icon opens a calendar.
    """

    def __init__(
        self,
        key: str,
        label: str,
        *,
        nearest: NearestYear = "past",
        earliest: date | None = None,
        latest: date | None = None,
        today: date | None = None,
        **common: Any,
    ) -> None:
        super().__init__(key, label, **common)
        self._nearest: NearestYear = nearest
        self.earliest = earliest
        self.latest = latest
        self._today = today
        self._popup: _CalendarPopup | None = None
        self._build_line(width=theme.DATE_WIDTH)
        self.line.setToolTip(tr("Type 20250105, 2025.1.5 or 1-5. Alt+Down opens the calendar."))
        self._pick = QAction(icon("calendar-line"), tr("Open the calendar"), self)
        self._pick.triggered.connect(self.open_calendar)
        self._pick.setShortcut("Alt+Down")
        self._pick.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        self.line.addAction(self._pick, QLineEdit.ActionPosition.TrailingPosition)

    def today(self) -> date:
        return self._today or SYSTEM_CLOCK.today()

    def set_today(self, today: date) -> None:
        """Another day has begun since the field was made."""
        self._today = today

    def value(self) -> date | None:
        try:
            return parse_date(self.line.text(), self.today(), self._nearest)
        except ParseError:
            return None

    def set_value(self, value: Any) -> None:
        self.line.setText(value.isoformat() if isinstance(value, date) else (value or ""))
        self.changed.emit()

    def is_blank(self) -> bool:
        return not self.line.text().strip()

    def problem(self) -> str | None:
        if self.is_blank():
            return super().problem()
        try:
            day = parse_date(self.line.text(), self.today(), self._nearest)
        except ParseError as error:
            return error.message
        if self.earliest is not None and day < self.earliest:
            return tr("The day cannot be before {day}.").format(day=self.earliest.isoformat())
        if self.latest is not None and day > self.latest:
            return tr("The day cannot be after {day}.").format(day=self.latest.isoformat())
        return None

    def _tidy(self) -> None:
        day = self.value()
        if day is not None and self.line.text() != day.isoformat():
            self.line.setText(day.isoformat())
        super()._tidy()

    def open_calendar(self) -> None:
        """A calendar below the field; the day clicked (or Enter) is taken, Esc closes it."""
        if self._popup is None:
            self._popup = _CalendarPopup(self)
            self._popup.taken.connect(self._take)
        self._popup.offer(self.value() or self.today(), self.line)

    def _take(self, day: date) -> None:
        self.set_value(day)
        self.clear_problem()
        self.line.setFocus()


class _CalendarPopup(QFrame):
    """A calendar in a window of its own that closes when it is left."""

    taken = Signal(object)

    def __init__(self, parent: QWidget) -> None:
        super().__init__(parent, Qt.WindowType.Popup)
        dress(self, kind="popup")
        self.calendar = QCalendarWidget()
        self.calendar.setVerticalHeaderFormat(QCalendarWidget.VerticalHeaderFormat.NoVerticalHeader)
        self.calendar.setFirstDayOfWeek(Qt.DayOfWeek.Monday)
        self.calendar.activated.connect(self._on_day)
        self.calendar.clicked.connect(self._on_day)
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 1, 1, 1)
        column.addWidget(self.calendar)

    def offer(self, shown: date, below: QWidget) -> None:
        self.calendar.setSelectedDate(QDate(shown.year, shown.month, shown.day))
        self.adjustSize()
        self.move(below.mapToGlobal(QPoint(0, below.height())))
        self.show()
        self.calendar.setFocus()

    def _on_day(self, day: QDate) -> None:
        if self.isVisible():
            self.hide()
            self.taken.emit(date(day.year(), day.month(), day.day()))


class NumberField(_LineField):
    """A number with its unit, measured on a patient or counted, set, paid…

    Full-width digits and ``。`` are read. Outside ``hard`` (inclusive limits) the value is
    blocked; outside ``soft`` it is marked, and a second Enter — or saving after it was marked —
    confirms it. ``value()`` is an ``int`` when ``decimals`` is 0, else a ``float``; None when
    blank or unreadable. ``measured``: what cannot be is measured again (else it is only typed
    again); by default what has ``soft`` limits.
    """

    def __init__(
        self,
        key: str,
        label: str,
        *,
        unit: str = "",
        decimals: int = 0,
        hard: tuple[float, float] | None = None,
        soft: tuple[float, float] | None = None,
        measured: bool | None = None,
        last: str = "",
        width: int = theme.NUMBER_WIDTH,
        **common: Any,
    ) -> None:
        super().__init__(key, label, **common)
        self._decimals = decimals
        self.hard = hard
        self.soft = soft
        self._measured = soft is not None if measured is None else measured
        self._confirmed: Decimal | None = None
        self._build_line(width=width)
        self.line.setFont(theme.font(tabular=True))
        self.line.setInputMethodHints(Qt.InputMethodHint.ImhPreferNumbers)
        self.set_unit(unit)
        self.set_last(last)

    def _number(self) -> Decimal | None:
        try:
            return parse_decimal(self.line.text())
        except ParseError:
            return None

    def value(self) -> int | float | None:
        number = self._number()
        if number is None or self._too_fine(number):
            return None
        return int(number) if self._decimals == 0 else float(number)

    def set_value(self, value: Any) -> None:
        self.line.setText("" if value is None else _shown(Decimal(str(value))))
        self._confirmed = None if value is None else Decimal(str(value))
        self.changed.emit()

    def is_blank(self) -> bool:
        return not self.line.text().strip()

    def problem(self) -> str | None:
        if self.is_blank():
            return super().problem()
        try:
            number = parse_decimal(self.line.text())
        except ParseError as error:
            return error.message
        if self._too_fine(number):
            if self._decimals == 0:
                return tr("Type a whole number.")
            return tr("At most {count} decimals.").format(count=self._decimals)
        if self.hard is not None and not self.hard[0] <= number <= self.hard[1]:
            words = (
                tr("Not possible: only {low} to {high} can be saved. Measure again.")
                if self._measured
                else tr("Only {low} to {high} can be saved.")
            )
            return words.format(
                low=_shown(Decimal(str(self.hard[0]))), high=_shown(Decimal(str(self.hard[1])))
            )
        return None

    def is_unusual(self) -> bool:
        """Outside the soft limits, confirmed or not."""
        number = self._number()
        if number is None or self.soft is None or self.problem():
            return False
        return not self.soft[0] <= number <= self.soft[1]

    def needs_confirmation(self) -> bool:
        return self.is_unusual() and self._confirmed != self._number()

    def confirm(self) -> None:
        """The person says that the unusual value is right."""
        self._confirmed = self._number()
        if self.is_unusual():
            self.show_problem(tr("Unusual, confirmed."), "attention")

    def take_enter(self) -> bool:
        if not self.needs_confirmation():
            return False
        if self.message():
            self.confirm()
            return False
        self._ask()
        return True

    def _ask(self) -> None:
        assert self.soft is not None
        text = tr("Unusual (usually {low} to {high}). Press Enter if it is right.")
        self.show_problem(
            text.format(
                low=_shown(Decimal(str(self.soft[0]))), high=_shown(Decimal(str(self.soft[1])))
            ),
            "attention",
        )

    def _too_fine(self, number: Decimal) -> bool:
        exponent = number.normalize().as_tuple().exponent
        return isinstance(exponent, int) and -exponent > self._decimals

    def _tidy(self) -> None:
        number = self._number()
        if number is not None and not self._too_fine(number):
            clean = _shown(number)
            if clean != self.line.text():
                self.line.setText(clean)
        super()._tidy()
        if not self.problem() and self.needs_confirmation():
            self._ask()


def _shown(number: Decimal) -> str:
    """Plain digits without exponent and without idle zeros at the end."""
    text = f"{number:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
