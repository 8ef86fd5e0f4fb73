"""A resident's page: the head stays, below it the timeline left and the trends right."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent, QKeySequence, QShortcut
from PySide6.QtWidgets import QAbstractItemView, QHBoxLayout, QListView, QVBoxLayout, QWidget

from app.care.resident_page import Alert, Summary
from app.care.resident_record.elsewhere import Beside
from app.care.timeline import TimelineEntry
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.residents.compare import CompareDialog, MergedDialog
from app.ui.residents.conditions_dialog import ConditionsDialog
from app.ui.residents.consents_dialog import ConsentsDialog
from app.ui.residents.controller import PageData, ResidentsController
from app.ui.residents.header import ResidentHeader
from app.ui.residents.model import TimelineDelegate, timeline_model
from app.ui.residents.stay_dialogs import AdmitDialog, DischargeDialog, StatusDialog
from app.ui.style import dress
from app.ui.widgets.cards import Card, label
from app.ui.widgets.pages import Page
from app.ui.widgets.trends import Series, TrendPlot

_KINDS = frozenset(
    {
        "resident",
        "assessment",
        "condition",
        "consent",
        "follow_up",
        "bp_screening",
        "health_check",
        "rehab_plan",
        "contract",
        "contract_service",
        "check_in",
        "referral",
        "referral_service",
        "referral_task",
        "referral_event",
    }
)


def alerts_beside(found: Beside) -> tuple[Alert, ...]:
    """Whose record it is, where it is not ours, and where the person has others."""
    alerts = []
    if found.foreign:
        owner = found.owner or tr("another organisation")
        alerts.append(Alert("foreign", tr("Record of {owner}").format(owner=owner), "attention"))
    for each in found.elsewhere:
        text = (
            tr("Our own record")
            if each.resident_id == found.own_id
            else tr("Also at {owner}").format(owner=each.organisation or tr("another organisation"))
        )
        alerts.append(Alert("elsewhere", text, "attention", each.resident_id))
    return tuple(alerts)


class TimelineView(QListView):
    """The timeline; Enter or a double click opens the work an entry speaks of."""

    opened = Signal(object)

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="plain")
        self.setAccessibleName(tr("Timeline"))
        self.setUniformItemSizes(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.doubleClicked.connect(self._open)

    def _open(self, index: QModelIndex) -> None:
        entry = self.model().row(index.row()) if index.isValid() else None
        if entry is not None:
            self.opened.emit(entry)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open(self.currentIndex())
            return
        super().keyPressEvent(event)


class ResidentPage(Page):
    """``edit(id)`` asks for the form, ``card(id)`` for the form of a temporary record whose card
    is there, ``own(id)`` for an own record beside another organisation's, ``left`` goes back to
    the list, ``wanted(id)`` elsewhere."""

    edit = Signal(str)
    card = Signal(str)
    own = Signal(str)
    left = Signal()
    wanted = Signal(str)

    def __init__(
        self, context: UiContext, controller: ResidentsController, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent=parent)
        self._context = context
        self._controller = controller
        self._id = ""
        self._opening = False
        self._summary: Summary | None = None
        self._beside = Beside()
        self._dialog: QWidget | None = None
        self.body.setSpacing(theme.GAP_FIELD)
        self.head = ResidentHeader(context.clock)
        self.body.addWidget(self.head)
        self._connect_head()
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        self._timeline_card = Card(tr("Timeline"))
        self._total = label("", "hint")
        self._timeline_card.header.addWidget(self._total)
        self.timeline = TimelineView()
        self.model = timeline_model(lambda offset, limit: (), self)
        self.timeline.setModel(self.model)
        self.timeline.setItemDelegate(TimelineDelegate(context.clock, self.timeline))
        self.timeline.opened.connect(self._open_entry)
        self._timeline_card.body.addWidget(self.timeline, 1)
        row.addWidget(self._timeline_card, 7)
        trends = Card()
        column = QVBoxLayout()
        column.setSpacing(theme.GAP_CARD)
        self.pressure = TrendPlot(tr("Blood pressure"), "mmHg")
        self.glucose = TrendPlot(tr("Glucose"), "mmol/L")
        self._pressure_target = label("", "hint")
        self._glucose_target = label("", "hint")
        self._weight = label("", "hint", wrap=True)
        for plot, target in (
            (self.pressure, self._pressure_target),
            (self.glucose, self._glucose_target),
        ):
            column.addWidget(plot, 1)
            column.addWidget(target)
        self.barthel = TrendPlot(tr("Barthel index"), tr("points"))
        column.addWidget(self.barthel, 1)
        self.barthel.hide()
        column.addWidget(self._weight)
        trends.body.addLayout(column, 1)
        row.addWidget(trends, 5)
        self.body.addLayout(row, 1)
        self._more_soon = QTimer(self)
        self._more_soon.setSingleShot(True)
        self._more_soon.setInterval(0)
        self._more_soon.timeout.connect(self.refresh)
        escape = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        escape.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        escape.activated.connect(self.left)
        context.records_changed.connect(self._records_changed)

    def _connect_head(self) -> None:
        head = self.head
        head.reveal.connect(self._reveal)
        head.follow_up.connect(lambda: self._go("chronic"))
        head.check_in.connect(lambda: self._go("rehab"))
        head.refer.connect(lambda: self._go("referrals"))
        head.consult.connect(lambda: self._go("outreach"))
        head.assess.connect(lambda: self._go("assessments"))
        head.health_check.connect(lambda: self._go("check_ups"))
        head.contract.connect(lambda: self._go("contracts"))
        head.edit.connect(lambda: self.edit.emit(self._id))
        head.diagnoses.connect(self._diagnoses)
        head.bed.connect(self._bed)
        head.status.connect(self._status)
        head.consents.connect(self._consents)
        head.merged.connect(self._merged)
        head.alert.connect(self._alert)

    @property
    def resident_id(self) -> str:
        """Whose page it is."""
        return self._id

    def show_resident(self, resident_id: str) -> None:
        """Load and show somebody's page."""
        if resident_id != self._id:
            self._summary = None
            self.head.setEnabled(False)
            self.model.set_rows(())
        self._id = resident_id
        self._opening = True
        if self.isVisible():
            # Until it is loaded: what was in front is gone, and keys must go somewhere.
            self.timeline.setFocus()
        self.strip.clear()
        self._controller.page(resident_id, self._loaded, self._failed)

    def refresh(self) -> None:
        """Load anew, e.g. after a save elsewhere or new receipts."""
        if self._id:
            self._controller.page(self._id, self._loaded, self._failed, opened=False)

    def _loaded(self, data: PageData) -> None:
        if data.summary.id != self._id:
            return
        self._summary = data.summary
        self.head.setEnabled(True)
        self._beside = data.beside
        self.head.show_summary(data.summary, data.contract, alerts_beside(data.beside))
        resident_id, first = self._id, data.first
        at = self.timeline.currentIndex().row()

        def load(offset: int, limit: int) -> tuple[TimelineEntry, ...]:
            if offset == 0 and limit <= len(first):
                return first[:limit]
            return self._controller.more(resident_id, offset, limit)

        self.model.set_source(load, lambda: data.entries)
        if data.summary.survivor_id:
            survivor = data.summary.survivor_id
            self.strip.say(
                tr("This record was merged; all of it is shown under the one that goes on."),
                "attention",
                action=tr("Open that record"),
                pressed=lambda: self.wanted.emit(survivor),
            )
        self._total.setText(tr("{count} entries").format(count=data.entries))
        if 0 <= at < data.entries:
            self.timeline.setCurrentIndex(self.model.index(at, 0))
        self._show_trends(data)
        # Only when somebody was opened: a refresh takes the keyboard from nobody.
        if self._opening and self.isVisible():
            self.head.follow_up_button.setFocus()
        self._opening = False

    def _show_trends(self, data: PageData) -> None:
        found = data.trends
        high, low = found.bp_target
        self.pressure.set_data(
            [Series(tr("systolic"), found.systolic), Series(tr("diastolic"), found.diastolic)],
            # Two limits, not a band: 95 diastolic lies between them and is too high all the same.
            limits=[high, low],
        )
        self.glucose.set_data(
            [
                Series(tr("fasting"), found.fasting),
                Series(tr("after meal"), found.after_meal),
                Series(tr("random"), found.random),
            ],
            [found.glucose_target],
        )
        self._pressure_target.setText(
            tr("Target: systolic under {high}, diastolic under {low} (broken lines)").format(
                high=high, low=low
            )
        )
        self._glucose_target.setText(
            tr("Target: fasting {low} to under {high} (shaded)").format(
                low=f"{found.glucose_target[0]:g}", high=f"{found.glucose_target[1]:g}"
            )
        )
        self._pressure_target.setVisible(bool(found.systolic))
        self._glucose_target.setVisible(bool(found.fasting or found.after_meal or found.random))
        self._weight.setText(
            tr("Weight: {values}").format(
                values=tr(", ").join(
                    f"{day.isoformat()} {value:g} kg" for day, value in found.weight[-3:][::-1]
                )
            )
        )
        self._weight.setVisible(bool(found.weight))
        self.barthel.set_data([Series(tr("Barthel index"), data.barthel)])
        self.barthel.setVisible(bool(data.barthel))

    def _failed(self, error: Exception) -> None:
        self.strip.say_error(error)

    def _records_changed(self, kinds: set[str]) -> None:
        if self.isVisible() and kinds & _KINDS:
            # Several saves in a row are one refresh.
            self._more_soon.start()

    # -- actions ------------------------------------------------------------------------------

    def _go(self, room: str) -> None:
        self._context.navigate(room, resident_id=self._id)

    def _reveal(self) -> None:
        self._controller.reveal(self._id, self.head.show_identity, self._failed)

    def _open_entry(self, entry: TimelineEntry) -> None:
        match entry.kind:
            case "follow_up":
                self._context.navigate("chronic", follow_up_id=entry.record_id)
            case "bp_screening":
                self._context.navigate("chronic", page="screening")
            case "health_check":
                self._context.navigate("check_ups", health_check_id=entry.record_id)
            case "assessment":
                self._context.navigate("assessments", assessment_id=entry.record_id)
            case "check_in" | "rehab_plan":
                self._context.navigate("rehab", resident_id=self._id, page="sessions")
            case "referral" | "referral_event":
                self._context.navigate("referrals", referral_id=entry.subject_id)
            case "consultation":
                self._context.navigate("outreach", consultation_id=entry.record_id)
            case "referral_visit" if entry.subject_id != entry.record_id:
                self._context.navigate("referrals", referral_id=entry.subject_id)
            case "referral_visit":
                self._context.navigate("outreach", page="guidance", guidance_id=entry.record_id)
            case "contract" | "contract_service":
                self._context.navigate("contracts", contract_id=entry.subject_id)
            case "consent":
                self._consents()
            case "condition":
                self._diagnoses()
            case "conflict":
                self._context.navigate("sync", conflict_id=entry.record_id)
            case "resident":
                self.edit.emit(self._id)

    def _alert(self, alert: Alert) -> None:
        match alert.kind:
            case "emergency" | "referral":
                self._context.navigate("referrals", referral_id=alert.record_id)
            case "overdue" | "urgent_visit":
                self._go("chronic")
            case "duplicate":
                if self._summary is not None and self._summary.duplicates:
                    self._compare(self._summary.duplicates[0].id)
            case "elsewhere":
                self.wanted.emit(alert.record_id)
            case "foreign":
                self._ask_for_own()
            case "temporary":
                self.card.emit(self._id)
            case "allergy_unknown":
                self.edit.emit(self._id)
            case "merged":
                self._merged()
            case "closed":
                self._status()

    def _diagnoses(self) -> None:
        if self._summary is not None:
            dialog = ConditionsDialog(self._context, self._controller, self._id, self)
            self._open(dialog)

    def _bed(self) -> None:
        if self._summary is None:
            return
        if self._beside.foreign:
            # A stay is written into the own organisation's record.
            self._ask_for_own()
        elif self._summary.stay_id:
            self._open(DischargeDialog(self._context, self._controller, self._summary, self))
        else:
            self._open(AdmitDialog(self._context, self._controller, self._summary, self))

    def _ask_for_own(self) -> None:
        """The way from another organisation's record to the own one."""
        resident_id, own = self._id, self._beside.own_id
        self.strip.say(
            tr("This is the record of {owner}; only they write into it.").format(
                owner=self._beside.owner or tr("another organisation")
            ),
            "attention",
            action=tr("Open our own record") if own else tr("Make our own record"),
            pressed=lambda: self.wanted.emit(own) if own else self.own.emit(resident_id),
        )

    def _consents(self) -> None:
        if self._summary is not None:
            self._open(ConsentsDialog(self._context, self._controller, self._summary, self))

    def _compare(self, other_id: str) -> None:
        dialog = CompareDialog(self._context, self._controller, self._id, other_id, self)
        dialog.merged.connect(self.wanted)
        dialog.distinct.connect(self.refresh)
        self._open(dialog)

    def _merged(self) -> None:
        if self._summary is not None and self._summary.merged:
            dialog = MergedDialog(self._context, self._controller, self._summary.merged, self)
            dialog.undone.connect(self.refresh)
            self._open(dialog)

    def _status(self) -> None:
        if self._summary is not None:
            self._open(StatusDialog(self._context, self._controller, self._summary, self))

    def _open(self, dialog: QWidget) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
        self._dialog = dialog
        dialog.open()  # type: ignore[attr-defined]

    @property
    def dialog(self) -> QWidget | None:
        """The small dialog that is open or was last."""
        return self._dialog
