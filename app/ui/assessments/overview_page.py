"""The scales of a resident: the newest result of each, what is due, the history of one."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TYPE_CHECKING, cast

from PySide6.QtCore import QModelIndex, Signal
from PySide6.QtWidgets import QHBoxLayout, QMenu

from app.care.assessments import words
from app.care.assessments.history import AssessmentsOf, HistoryLine, ScaleLine
from app.care.assessments.questionnaire import Words, questionnaire
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.assessments.controller import AssessmentsController
from app.ui.assessments.history_words import detail, series, target
from app.ui.chronic.keys import on_key
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.delivery import delivery_mark
from app.ui.widgets.pages import Page
from app.ui.widgets.tables import Column, PagedModel, RecordTable
from app.ui.widgets.trends import TrendPlot

if TYPE_CHECKING:
    from app.care.paper.document import PrintDocument
    from app.ui.printing.preview import PrintPreview


class OverviewPage(Page):
    """``wanted(scale)``: a new assessment; ``record_wanted(id)``: a saved one;
    ``refer_wanted(id)``: a letter from a saved one; ``left``: back."""

    wanted = Signal(str)
    record_wanted = Signal(str)
    refer_wanted = Signal(str)
    left = Signal()

    def __init__(self, context: UiContext, controller: AssessmentsController) -> None:
        super().__init__(tr("Assessments"))
        self._context = context
        self._controller = controller
        self.known: AssessmentsOf | None = None
        today = context.clock.today
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        scales = Card(tr("Scales"))
        self.scales: PagedModel[ScaleLine] = PagedModel(_scale_columns(today), parent=self)
        self.table = RecordTable(self.scales, tr("Scales"), plain=True)
        scales.body.addWidget(self.table, 1)
        row.addWidget(scales, 7)
        self._history_card = Card(" ")
        self.plot_holder = self._history_card.body
        self.plot = TrendPlot(tr("Score"), tr("points"))
        self.plot_holder.addWidget(self.plot, 1)
        self.detail = label("", "secondary", wrap=True)
        self.plot_holder.addWidget(self.detail)
        self.lines: PagedModel[HistoryLine] = PagedModel(_history_columns(today), parent=self)
        self.history = RecordTable(self.lines, tr("Earlier assessments"), plain=True)
        self.plot_holder.addWidget(self.history, 1)
        row.addWidget(self._history_card, 6)
        self.body.addLayout(row, 1)
        self.start_button = PrimaryButton(
            tr("Assess"),
            self._start,
            icon_name="clipboard-line",
            shortcut="Ctrl+N",
            tip=tr("New assessment by the chosen scale"),
        )
        self.open_button = Button(tr("Open the record"), self._open, icon_name="file-list-3-line")
        self.print_button = Button(
            tr("Paper sheet"),
            icon_name="printer-line",
            tip=tr("Print the chosen scale to be filled in by hand"),
        )
        menu = QMenu(self.print_button)
        self.print_named = menu.addAction(tr("With name"), lambda: self._print(named=True))
        self.print_blank = menu.addAction(tr("Blank"), lambda: self._print(named=False))
        self.print_button.setMenu(menu)
        self.preview: PrintPreview | None = None
        self.refer_button = Button(
            tr("Refer"),
            self._refer,
            icon_name="arrow-left-right-line",
            shortcut="Ctrl+3",
            tip=tr("Write a referral from the chosen result"),
        )
        self.leave_button = Button(tr("Back to the resident"), self.left.emit)
        self.add_footer(
            self.leave_button,
            self.print_button,
            self.refer_button,
            self.open_button,
            self.start_button,
        )
        on_key(self, "Esc", self.left.emit)
        self.table.opened.connect(lambda _: self._start())
        self.history.opened.connect(lambda _: self._open())
        self.table.selectionModel().currentRowChanged.connect(self._scale_changed)
        self.history.selectionModel().currentRowChanged.connect(self._line_changed)

    @property
    def scale(self) -> str:
        """The chosen scale, empty when none is."""
        line = self.table.current()
        return line.scale if line is not None else ""

    def show_resident(self, known: AssessmentsOf, scale: str = "") -> None:
        """Show a resident's scales; ``scale`` is chosen, else the one chosen before."""
        wanted = scale or (self.scale if self.known is not None else "")
        self.known = known
        about = (
            tr("Assessments"),
            tr("{sex} {age}").format(sex=codes.label("sex", known.sex), age=known.age),
            known.village,
        )
        self.set_title(known.name, " · ".join(part for part in about if part))
        self.scales.set_rows(known.lines)
        self.start_button.setEnabled(not known.closed)
        order = [line.scale for line in known.lines]
        self.table.choose(order.index(wanted) if wanted in order else 0)
        self._load_history()

    def _start(self) -> None:
        if self.scale and self.start_button.isEnabled():
            self.wanted.emit(self.scale)

    def _open(self) -> None:
        line = self.history.current()
        if line is not None:
            self.record_wanted.emit(line.result.id)

    def _refer(self) -> None:
        line = self.history.current()
        if line is not None:
            self.refer_wanted.emit(line.result.id)

    def _print(self, *, named: bool) -> None:
        """The paper of the chosen scale, for a round or a ward; it holds no answers."""
        if self.known is None or not self.scale:
            return
        # Jinja2 and the painter are wanted only when something is printed.
        from app.care.paper.scale_sheet import blank_scale, scale_for
        from app.ui.printing.preview import preview

        context, scale, resident_id = self._context, self.scale, self.known.resident_id

        def make() -> PrintDocument:
            if not named:
                return blank_scale(scale)
            return scale_for(context.store, context.actor, scale, resident_id)

        def show(document: PrintDocument) -> None:
            self.preview = preview(context, document, self.window())

        context.tasks.run(make, done=show, failed=self.strip.say_error, owner=self)

    def _scale_changed(self, _new: QModelIndex, _old: QModelIndex) -> None:
        self._load_history()

    def _load_history(self) -> None:
        if self.known is None or not self.scale:
            return
        self._history_card.set_title(codes.label("assessment_scale", self.scale))
        self._controller.history(
            self.known.resident_id,
            self.scale,
            done=self._show_history,
            failed=self.strip.say_error,
        )

    def _show_history(self, lines: tuple[HistoryLine, ...]) -> None:
        if self.known is None or (lines and lines[0].result.scale != self.scale):
            return
        self.lines.set_rows(lines)
        self.open_button.setEnabled(bool(lines))
        self.refer_button.setEnabled(bool(lines))
        self.plot.set_data(series(self.scale, lines), target(self.scale, self.known.cut_offs))
        if lines:
            self.history.choose(0)
        self._line_changed(QModelIndex(), QModelIndex())

    def _line_changed(self, _new: QModelIndex, _old: QModelIndex) -> None:
        line = self.history.current()
        self.detail.setText(detail(line.result) if line is not None else "")
        self.detail.setVisible(bool(self.detail.text()))

    def keyboard_to_table(self) -> None:
        """The keyboard to the chooser."""
        self.table.setFocus()


def _title(line: ScaleLine) -> str:
    title: Words = questionnaire(line.scale).title
    return str(title)


def _scale_columns(today: Callable[[], date]) -> list[Column[ScaleLine]]:
    return [
        Column(
            tr("Scale"),
            lambda line: codes.label("assessment_scale", line.scale),
            192,
            strong=True,
            tip=_title,
        ),
        Column(
            tr("Newest result"),
            lambda line: words.short(line.latest) if line.latest is not None else "—",
            None,
            tone=_line_tone,
            icon_name=_line_icon,
        ),
        Column(
            tr("On"),
            lambda line: f"{line.latest.assessed_on}" if line.latest is not None else "",
            100,
        ),
        Column(
            tr("Again"),
            _again,
            116,
            tone=lambda line: "attention" if _is_due(line, today()) or line.draft else None,
            icon_name=lambda line: "time-line" if _is_due(line, today()) else "",
        ),
    ]


def _again(line: ScaleLine) -> str:
    if line.draft:
        return tr("draft")
    return f"{line.due_on}" if line.due_on is not None else ""


def _is_due(line: ScaleLine, today: date) -> bool:
    return line.due_on is not None and line.due_on <= today


def _line_tone(line: ScaleLine) -> theme.Tone | None:
    if line.latest is None:
        return None
    found = words.tone(line.scale, line.latest.level)
    return cast(theme.Tone, found) if found != "neutral" else None


def _line_icon(line: ScaleLine) -> str:
    return "error-warning-line" if _line_tone(line) == "danger" else ""


def _history_columns(today: Callable[[], date]) -> list[Column[HistoryLine]]:
    return [
        Column(tr("Date"), lambda line: f"{line.result.assessed_on}", 100),
        Column(tr("Result"), lambda line: words.short(line.result), None, tone=_history_tone),
        Column(tr("Assessor"), lambda line: line.performer_name, 84),
        Column(
            tr("On its way"),
            lambda line: delivery_mark(line.delivery, today()).text,
            150,
            tone=lambda line: delivery_mark(line.delivery, today()).tone,
            icon_name=lambda line: delivery_mark(line.delivery, today()).icon,
        ),
    ]


def _history_tone(line: HistoryLine) -> theme.Tone | None:
    found = words.tone(line.result.scale, line.result.level)
    return cast(theme.Tone, found) if found != "neutral" else None
