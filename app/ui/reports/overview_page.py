"""The indicators of a period: the list, and of the chosen one its words, course and groups."""

from __future__ import annotations

from datetime import date
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QComboBox, QHBoxLayout, QStackedWidget, QWidget

from app.care.clinical_settings import load_clinical_settings
from app.care.indicators.catalogue import BY_CODE
from app.care.indicators.period import Period
from app.care.indicators.report import Group, Grouping, Report, course, indicator_report
from app.care.indicators.sheets import GROUPINGS, export_report, group_name
from app.care.indicators.targets import targets
from app.care.spreadsheet import suggested_name
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.reports.model import (
    GroupRow,
    IndicatorRow,
    figure,
    group_columns,
    indicator_columns,
    rate_words,
)
from app.ui.reports.period_bar import PeriodBar
from app.ui.widgets import save_file
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, EmptyState, label
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import PagedModel, RecordTable
from app.ui.widgets.trends import Series, TrendPlot


class OverviewPage(Page):
    """``list_wanted(report, code, grouping, key, which)``: the people behind a number.

    ``which``: "missing" or "done"; an empty ``grouping`` means everybody.
    """

    list_wanted = Signal(object, str, str, object, str)

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(tr("Reports"), parent=parent)
        self._context = context
        self.report: Report | None = None
        self._asked = 0
        self._grouped: dict[tuple[str, str], tuple[Group, ...]] = {}
        self.bar = PeriodBar(context.clock.today(), self)
        self.add_action(self.bar)
        self.export_button = Button(
            tr("To Excel…"), self._export, icon_name="file-excel-2-line", shortcut="Ctrl+E"
        )
        self.add_action(self.export_button)
        self.model: PagedModel[IndicatorRow] = PagedModel(indicator_columns())
        self.table = RecordTable(self.model, tr("Indicators"))
        self.group_model: PagedModel[GroupRow] = PagedModel(group_columns())
        self.groups = RecordTable(self.group_model, tr("The indicator by group"), plain=True)
        self.grouping = QComboBox()
        self.grouping.setAccessibleName(tr("Grouped by"))
        for key, words in GROUPINGS:
            self.grouping.addItem(tr(words), key)
        self.side = Card(" ")
        self.side.setFixedWidth(theme.LIST_WIDTH)
        self.side.add_action(self.grouping)
        self.words = label("", "secondary", wrap=True)
        self.plot = TrendPlot(tr("Course"), "%", tr("No rate in this period yet."))
        self.side.body.addWidget(self.words)
        self.side.body.addWidget(self.plot)
        self.side.body.addWidget(self.groups, 1)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(self.table, 1)
        row.addWidget(self.side)
        self.whole = QStackedWidget(self)
        figures = QWidget(self.whole)
        row.setContentsMargins(0, 0, 0, 0)
        figures.setLayout(row)
        self.nobody = EmptyState(
            tr("There is nobody to count yet."),
            tr(
                "The indicators of contracts, health checks and chronic care appear here once "
                "residents are registered. Register one under Residents, or import a roster."
            ),
            "bar-chart-2-line",
        )
        self.whole.addWidget(figures)
        self.whole.addWidget(self.nobody)
        self.body.addWidget(self.whole, 1)
        self.done_button = Button(tr("Who is counted"), lambda: self._list("done"))
        self.missing_button = PrimaryButton(
            tr("Who is missing"), lambda: self._list("missing"), icon_name="team-line", shortcut=""
        )
        self.add_footer(self.done_button, self.missing_button)
        self.set_note(tr("Enter shows the people behind the chosen number."))
        self.table.chosen.connect(self._show_one)
        self.table.opened.connect(lambda _: self._list(self._usual()))
        self.groups.opened.connect(self._list_of_group)
        self.grouping.currentIndexChanged.connect(lambda _: self._show_groups())
        self.bar.changed.connect(self.reload)

    def reload(self) -> None:
        """Count anew; an answer to an older question is dropped."""
        period = self.bar.period
        if period is None:
            self.strip.say(
                tr("These two days make no period. Choose a first day before the last."),
                "attention",
            )
            return
        self.strip.clear()
        self._asked += 1
        asked = self._asked
        self.set_title(tr("Reports"), tr("{period} — counting…").format(period=period.label))
        c = self._context
        c.tasks.run(
            _counted,
            c.store,
            c.actor,
            period,
            done=lambda found: self._arrived(asked, *found),
            failed=self.strip.say_error,
            owner=self,
        )

    # -- inner ----------------------------------------------------------------------------------

    def _arrived(self, asked: int, report: Report, wanted: dict[str, float]) -> None:
        if asked != self._asked:
            return
        self.report = report
        self._grouped = {}
        self.set_title(tr("Reports"), report.period.label)
        # Members of a consortium are there before anything is counted of them.
        anybody = any(
            one.numerator or (one.denominator and not BY_CODE[code].ratio)
            for code, one in report.counted.items()
        )
        self.whole.setCurrentIndex(0 if anybody else 1)
        for button in (self.done_button, self.missing_button, self.export_button):
            button.setEnabled(anybody)
        at = max(self.table.currentIndex().row(), 0)
        self.model.set_rows(
            [
                IndicatorRow(BY_CODE[code], one, wanted.get(code))
                for code, one in report.counted.items()
            ]
        )
        self.table.choose(at)

    def _row(self) -> IndicatorRow | None:
        row = self.table.current()
        return row if isinstance(row, IndicatorRow) else None

    def _show_one(self, row: IndicatorRow) -> None:
        indicator, one = row.indicator, row.counted
        self.side.set_title(f"{indicator.code} {indicator.name}")
        lines = [
            tr("Counted: {what}").format(what=tr(indicator.counted)),
            tr("Among: {what}").format(what=tr(indicator.among)),
        ]
        if not one.known:
            lines.append(tr("The county's prevalence is not set (Settings, clinical settings)."))
        self.words.setText("\n".join(lines))
        said = tr("{done} of {of}, {rate}").format(
            done=figure(one.done), of=figure(one.of), rate=rate_words(one)
        )
        self.side.setAccessibleName(f"{indicator.name}: {said}")
        self.missing_button.setEnabled(not indicator.estimated and bool(one.denominator))
        self._show_groups()
        self.plot.set_unit(indicator.unit_name)
        self._show_course(indicator.code)

    def _show_groups(self) -> None:
        """Put together in the background once for each indicator and way of grouping, then kept."""
        report, row = self.report, self._row()
        if report is None or row is None:
            return
        by: Grouping = self.grouping.currentData()
        code = row.indicator.code
        known = self._grouped.get((by, code))
        if known is not None:
            self._fill_groups(by, code, known)
            return
        asked = self._asked

        def arrived(groups: tuple[Group, ...]) -> None:
            if asked == self._asked:
                self._grouped[by, code] = groups
                self._fill_groups(by, code, groups)

        self.group_model.set_rows(())
        self._context.tasks.run(
            report.groups, by, code, done=arrived, failed=self.strip.say_error, owner=self
        )

    def _fill_groups(self, by: Grouping, code: str, groups: tuple[Group, ...]) -> None:
        """Unless another indicator or way of grouping was chosen meanwhile."""
        row = self._row()
        if row is None or row.indicator.code != code or self.grouping.currentData() != by:
            return
        self.group_model.set_rows(
            [
                GroupRow(group.key, group_name(by, group), group.counted[code])
                for group in groups
                if group.counted[code].of or group.counted[code].done
            ]
        )

    def _show_course(self, code: str) -> None:
        report, asked = self.report, self._asked
        if report is None:
            return
        self.plot.set_data([])
        c = self._context

        def arrived(points: tuple[tuple[Period, float | None], ...]) -> None:
            row = self._row()
            if asked == self._asked and row is not None and row.indicator.code == code:
                today = c.clock.today()
                shown = _points(points, today)
                target = [] if row.target is None else [row.target]
                self.plot.set_data([Series(tr("Rate"), shown)], limits=target)

        c.tasks.run(
            course,
            c.store,
            c.actor,
            report,
            code,
            done=arrived,
            failed=self.strip.say_error,
            owner=self,
        )

    def _usual(self) -> str:
        row = self._row()
        if row is None:
            return "missing"
        return "done" if row.indicator.estimated or row.indicator.ratio else "missing"

    def _list(self, which: str) -> None:
        row = self._row()
        if row is not None and self.report is not None:
            self.list_wanted.emit(self.report, row.indicator.code, "", None, which)

    def _list_of_group(self, group: GroupRow) -> None:
        row = self._row()
        if row is not None and self.report is not None:
            by = str(self.grouping.currentData())
            self.list_wanted.emit(self.report, row.indicator.code, by, group, self._usual())

    def _export(self) -> None:
        if self.report is None:
            return
        name = suggested_name(tr("Indicators"), self.report.period.label)
        path = save_file.ask_where_to_save(self, name)
        if path is None:
            return
        c = self._context
        c.tasks.run(
            export_report,
            c.store,
            c.actor,
            path,
            self.report,
            done=lambda _: c.notify(tr("The indicators were saved as an Excel file.")),
            failed=self.strip.say_error,
            owner=self,
        )

    def to_list(self) -> None:
        self.table.setFocus(Qt.FocusReason.OtherFocusReason)


def _counted(store: Any, actor: Any, period: Period) -> tuple[Report, dict[str, float]]:
    return indicator_report(store, actor, period), targets(load_clinical_settings(store))


def _points(
    points: tuple[tuple[Period, float | None], ...], today: date
) -> list[tuple[date, float]]:
    """The end of each part that has begun, with its rate."""
    return [
        (min(part.end, today), rate)
        for part, rate in points
        if rate is not None and part.start <= today
    ]
