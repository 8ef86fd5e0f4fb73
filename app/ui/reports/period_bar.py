"""Which span a report counts: a year and a part of it, or two days."""

from __future__ import annotations

from datetime import date

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QWidget

from app.care.indicators.period import Period, month_of, quarter_of, year_of
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.widgets.values import DateField

_YEARS_BACK = 6
_DAYS = "days"


class PeriodBar(QWidget):
    """``changed``: another period was chosen; ``period`` is None while two days make none."""

    changed = Signal()

    def __init__(self, today: date, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_INSIDE)
        self.year = QComboBox()
        self.year.setAccessibleName(tr("Year"))
        for year in range(today.year, today.year - _YEARS_BACK, -1):
            self.year.addItem(tr("{year}").format(year=year), year)
        self.part = QComboBox()
        self.part.setAccessibleName(tr("Part of the year"))
        self.part.addItem(tr("Whole year"), "year")
        for number in range(1, 5):
            self.part.addItem(tr("Quarter {number}").format(number=number), f"q{number}")
        for month in range(1, 13):
            self.part.addItem(tr("Month {number}").format(number=month), f"m{month}")
        self.part.addItem(tr("Other days"), _DAYS)
        self.first = DateField("start", tr("From"), today=today, label_width=theme.LABEL_SECOND)
        self.last = DateField("end", tr("To"), today=today, label_width=theme.LABEL_SECOND)
        for widget in (self.year, self.part, self.first, self.last):
            row.addWidget(widget)
        self.first.set_value(date(today.year, 1, 1))
        self.last.set_value(today)
        self._show_days()
        self.year.currentIndexChanged.connect(lambda _: self.changed.emit())
        self.part.currentIndexChanged.connect(self._part_changed)
        self.first.left.connect(self.changed)
        self.last.left.connect(self.changed)

    @property
    def period(self) -> Period | None:
        part = str(self.part.currentData())
        year = int(self.year.currentData())
        if part == _DAYS:
            first, last = self.first.value(), self.last.value()
            if first is None or last is None:
                return None
            try:
                return Period(first, last)
            except InputError:
                return None
        if part == "year":
            return year_of(year)
        number = int(part[1:])
        return quarter_of(year, number) if part[0] == "q" else month_of(year, number)

    def _part_changed(self) -> None:
        self._show_days()
        self.changed.emit()

    def _show_days(self) -> None:
        days = self.part.currentData() == _DAYS
        self.first.setVisible(days)
        self.last.setVisible(days)
        self.year.setVisible(not days)
