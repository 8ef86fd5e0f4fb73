"""The calendar of expert visits: the month, at the right the chosen day with its next steps."""

from __future__ import annotations

from datetime import date, timedelta
from functools import partial

from PySide6.QtWidgets import QComboBox, QHBoxLayout, QVBoxLayout, QWidget

from app.care.outreach.poster import month_poster
from app.care.outreach.visit_lists import VisitView, load_visit, visits_of_month
from app.care.outreach.visits import (
    Host,
    cancel_visit,
    change_visit,
    countersign,
    finish_visit,
    hosts,
    plan_visit,
)
from app.care.paper.document import PrintDocument
from app.care.referral_lists import is_lead_hospital
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.outreach.consultation_dialogs import WhyDialog
from app.ui.outreach.controller import OutreachController
from app.ui.outreach.drafts import keep_draft
from app.ui.outreach.month_grid import MonthGrid
from app.ui.outreach.visit_dialogs import CountersignDialog, PlanDialog, ResultDialog
from app.ui.outreach.visit_files import show_visit_files
from app.ui.outreach.words import STATUS_TONE, result_words
from app.ui.printing.preview import PrintPreview, preview
from app.ui.referrals.words import breakable, when
from app.ui.widgets.buttons import Button, PrimaryButton, QuietButton
from app.ui.widgets.cards import Card, Chip, label
from app.ui.widgets.delivery import DeliveryMark
from app.ui.widgets.pages import Page
from app.ui.widgets.two_lines import TwoLineList, TwoLines

KINDS = ("expert_visit", "shared_note")


class CalendarPage(Page):
    """One month of visits; the lead hospital plans, a member looks and countersigns."""

    def __init__(self, controller: OutreachController) -> None:
        super().__init__(" ")
        self._controller = controller
        self._context = controller.context
        self._lead = is_lead_hospital(self._context.store)
        today = self._context.store.clock.today()
        self.year, self.month = today.year, today.month
        self._day = today
        self._wanted = ""
        self._asked = 0
        self._hosts: tuple[Host, ...] = ()
        self.preview: PrintPreview | None = None
        self.before = QuietButton(
            "", lambda: self._turn(-1), icon_name="arrow-left-s-line", shortcut="PgUp",
            tip=tr("Month before"),
        )  # fmt: skip
        self.after = QuietButton(
            "", lambda: self._turn(1), icon_name="arrow-right-s-line", shortcut="PgDown",
            tip=tr("Next month"),
        )  # fmt: skip
        for button, name in ((self.before, tr("Month before")), (self.after, tr("Next month"))):
            button.setAccessibleName(name)
        self.today_button = QuietButton(tr("This month"), lambda: self.go_to(today))
        self.host = QComboBox()
        self.host.setAccessibleName(tr("Member"))
        self.host.setMinimumContentsLength(14)
        self.host.currentIndexChanged.connect(lambda _: self.reload())
        self.host.setVisible(self._lead)
        self.poster_button = Button(
            tr("Poster…"), self.make_poster, icon_name="printer-line", shortcut="Ctrl+P"
        )
        for widget in (self.before, self.today_button, self.after, self.host, self.poster_button):
            self.add_action(widget)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        self.grid = MonthGrid(today)
        self.grid.chosen.connect(self._day_chosen)
        self.grid.opened.connect(self._day_opened)
        row.addWidget(self.grid, 1)
        row.addWidget(self._build_side())
        self.body.addLayout(row, 1)
        self.plan_button = PrimaryButton(
            tr("Plan a visit"), self.begin, icon_name="add-line", shortcut="",
            tip=tr("{what} ({keys})").format(what=tr("Plan a visit"), keys="Ctrl+N"),
        )  # fmt: skip
        self.plan_button.setVisible(self._lead)
        if self._lead:
            self.add_footer(self.plan_button)
            self.set_note(tr("Arrow keys move from day to day, Enter plans a visit on the day."))
        else:
            self.set_note(tr("The lead hospital plans; visits that were held wait for your word."))

    def _build_side(self) -> QWidget:
        side = QWidget()
        side.setFixedWidth(theme.SIDE_WIDTH)
        column = QVBoxLayout(side)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_FIELD)
        self.day_card = Card(" ")
        self.list = TwoLineList(tr("Visits of the day"), _describe)
        self.list.setMaximumHeight(theme.ROW_HEIGHT_TWO * 3)
        self.list.setMinimumHeight(theme.ROW_HEIGHT_TWO)
        self.list.opened.connect(self._show_visit)
        self.list.selectionModel().currentChanged.connect(lambda *_: self._row_chosen())
        self.nothing = label("", "secondary", wrap=True)
        self.day_card.body.addWidget(self.list)
        self.day_card.body.addWidget(self.nothing)
        column.addWidget(self.day_card)
        self.card = Card(" ")
        self.state = Chip()
        self.card.add_action(self.state)
        self.what = label("", wrap=True)
        self.result = label("", wrap=True)
        self.signed = label("", "secondary", wrap=True)
        self.delivery = DeliveryMark()
        for widget in (self.what, self.result, self.signed, self.delivery):
            self.card.body.addWidget(widget)
        buttons = QHBoxLayout()
        buttons.setSpacing(theme.GAP_INSIDE)
        self.finish_button = Button(tr("Held…"), self._finish, icon_name="checkbox-circle-line")
        self.change_button = Button(tr("Change…"), self._change, icon_name="edit-line")
        self.cancel_button = Button(tr("Call off…"), self._cancel, icon_name="close-line")
        self.sign_button = PrimaryButton(
            tr("Countersign…"), self._countersign, icon_name="quill-pen-line", shortcut=""
        )
        self.files_button = QuietButton(tr("Files…"), self.show_files, icon_name="attachment-line")
        self.card.add_action(self.files_button)
        for button in (
            self.finish_button,
            self.change_button,
            self.cancel_button,
            self.sign_button,
        ):
            buttons.addWidget(button)
        buttons.addStretch(1)
        self.card.body.addLayout(buttons)
        self.card.body.addStretch(1)
        column.addWidget(self.card, 1)
        self.card.hide()
        column.addStretch(0)
        self.view: VisitView | None = None
        return side

    # -- what is shown --------------------------------------------------------------------------

    def go_to(self, day: date) -> None:
        """Show the month of a day with the cursor on it."""
        self.year, self.month, self._day = day.year, day.month, day
        self.reload()

    def show_visit(self, visit_id: str) -> None:
        """Show a visit in its month."""

        def found(view: VisitView) -> None:
            assert view.plan.visit_on is not None
            self._wanted = visit_id
            self.go_to(view.plan.visit_on)

        self._controller.read(load_visit, visit_id, done=found, failed=self.strip.say_error)

    def reload(self) -> None:
        """Ask for the month anew."""
        self._asked += 1
        asked = self._asked
        if self._lead and not self._hosts:
            self._controller.read(hosts, done=self._offer, failed=self.strip.say_error)
        chosen = str(self.host.currentData() or "")

        def arrived(visits: tuple[VisitView, ...]) -> None:
            if asked == self._asked:
                self._show_month(visits)

        self._controller.read(
            visits_of_month, self.year, self.month, chosen,
            done=arrived, failed=self.strip.say_error,
        )  # fmt: skip

    def _offer(self, found: tuple[Host, ...]) -> None:
        self._hosts = found
        blocked = self.host.blockSignals(True)
        self.host.clear()
        self.host.addItem(tr("All members"), "")
        for host in found:
            self.host.addItem(host.name, host.id)
        self.host.blockSignals(blocked)

    def _show_month(self, visits: tuple[VisitView, ...]) -> None:
        held = sum(visit.status == "done" for visit in visits)
        self.set_title(
            tr("{year}-{month}").format(year=self.year, month=f"{self.month:02d}"),
            tr("{count} visits, {held} held").format(count=len(visits), held=held),
        )
        self.grid.month_model.set_month(self.year, self.month, visits)
        if self._wanted == "" and self.view is not None:
            self._wanted = self.view.visit_id
        first = date(self.year, self.month, 1)
        day = self._day if (self._day.year, self._day.month) == (self.year, self.month) else first
        self.grid.choose(day)

    def _turn(self, step: int) -> None:
        first = date(self.year, self.month, 1)
        day = first - timedelta(days=1) if step < 0 else first + timedelta(days=31)
        self.view = None
        self.go_to(day.replace(day=1))

    def _day_chosen(self, day: date) -> None:
        self._day = day
        visits = self.grid.month_model.visits_of(day)
        self.day_card.set_title(day.isoformat())
        self.list.selectionModel().blockSignals(True)
        self.list.rows.set_rows(visits)
        self.list.selectionModel().blockSignals(False)
        self.list.setVisible(bool(visits))
        self.nothing.setText(tr("No expert comes on this day."))
        self.nothing.setVisible(not visits)
        at = next((n for n, v in enumerate(visits) if v.visit_id == self._wanted), 0)
        self._wanted = ""
        if visits:
            self.list.choose(at)
            self._show_visit(visits[at])
        else:
            self.view = None
            self.card.hide()

    def _day_opened(self, day: date) -> None:
        if self.grid.month_model.visits_of(day):
            self.list.setFocus()
        elif self._lead:
            self.begin()

    def _row_chosen(self) -> None:
        visit = self.list.current()
        if visit is not None:
            self._show_visit(visit)

    def _show_visit(self, view: VisitView) -> None:
        self.view = view
        plan = view.plan
        today = self._context.store.clock.today()
        self.card.set_title(" ".join(p for p in (plan.expert_name, plan.expert_title) if p))
        self.state.set(
            codes.label("expert_visit_status", view.status), STATUS_TONE.get(view.status, "neutral")
        )
        lines = [
            f"{plan.starts_at}–{plan.ends_at}  ·  {plan.department}",
            view.host_name if view.own else view.lead_name,
            tr("Place: {place}").format(place=plan.place) if plan.place else "",
            tr("Topics: {topics}").format(topics=plan.topics) if plan.topics else "",
            tr("{count} places").format(count=plan.quota) if plan.quota else "",
        ]
        self.what.setText(breakable("\n".join(line for line in lines if line)))
        self.result.setText(breakable(result_words(view)))
        self.result.setVisible(bool(self.result.text()))
        signed = view.countersign
        if signed is not None:
            words = tr("Countersigned: {name}, {time}").format(
                name=signed.name, time=when(signed.at, today)
            )
            self.signed.setText("\n".join(p for p in (words, signed.text) if p))
        else:
            self.signed.setText(
                tr("The host had countersigned; the visit was moved after. The host signs again.")
                if view.moved_after
                else tr("Not countersigned by the host yet.")
            )
        self.signed.setVisible(view.status != "cancelled")
        self.delivery.setVisible(view.own)
        self.delivery.set_delivery(view.delivery, today)
        self.finish_button.setVisible(view.may_finish)
        self.change_button.setVisible(view.may_change)
        self.cancel_button.setVisible(view.may_change)
        self.sign_button.setVisible(view.may_countersign)
        self.card.show()

    def take_focus(self) -> None:
        """The keys are for the month."""
        self.grid.setFocus()

    # -- steps ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Plan a visit on the chosen day."""
        if not self._lead:
            return
        c = self._context
        dialog = PlanDialog(self._hosts, self._day, c.store.clock.today(), self.window())
        chosen = str(self.host.currentData() or "")
        if chosen:
            dialog.fields["host_organisation_id"].set_value(chosen)
        said = tr("Planned. The member sees it after the next synchronisation.")
        self._controller.ask(dialog, KINDS, lambda: (plan_visit, dialog.plan()), said)

    def _change(self) -> None:
        view = self.view
        if view is None or view.plan.visit_on is None:
            return
        today = self._context.store.clock.today()
        dialog = PlanDialog(self._hosts, view.plan.visit_on, today, self.window(), view)
        self._controller.ask(
            dialog,
            KINDS,
            lambda: (change_visit, view.visit_id, view.change_id, dialog.plan()),
            tr("Changed. The member sees it after the next synchronisation."),
        )

    def _finish(self) -> None:
        view = self.view
        if view is None:
            return
        dialog = ResultDialog(view, self.window())
        keep_draft(self._controller, dialog, "expert_visit_result", view.visit_id)
        self._controller.ask(
            dialog,
            KINDS,
            lambda: (finish_visit, view.visit_id, view.change_id, dialog.said()),
            tr("Saved. The host is asked to countersign."),
        )

    def _cancel(self) -> None:
        view = self.view
        if view is None:
            return
        dialog = WhyDialog(tr("Call the visit off"), tr("Call off"), self.window())
        self._controller.ask(
            dialog,
            KINDS,
            lambda: (cancel_visit, view.visit_id, view.change_id, dialog.words()),
            tr("Called off. The member sees it after the next synchronisation."),
        )

    def _countersign(self) -> None:
        view = self.view
        if view is None:
            return
        dialog = CountersignDialog(view, self.window())
        self._controller.ask(
            dialog,
            KINDS,
            lambda: (partial(countersign, seen=view.plan), view.visit_id, dialog.words()),
            tr("Countersigned."),
        )

    def show_files(self) -> None:
        """Photos and hand-outs of the visit that is looked at."""
        if self.view is not None:
            self.files = show_visit_files(self._context, self.view, self.window())

    def make_poster(self) -> None:
        """The poster of the chosen member (a member's own) for this month."""
        host_id = str(self.host.currentData() or "") if self._lead else ""
        if self._lead and not host_id:
            # The poster hangs in one house: that of the visit that is looked at, else choose.
            if self.view is None:
                self.strip.say(tr("Choose the member whose poster it is, above."), "attention")
                self.host.setFocus()
                return
            host_id = self.view.plan.host_organisation_id
        self.strip.clear()
        self._controller.read(
            month_poster,
            host_id or self._context.actor.organisation_id,
            self.year,
            self.month,
            done=self._show_poster,
            failed=self.strip.say_error,
        )

    def _show_poster(self, document: PrintDocument) -> None:
        self.preview = preview(self._context, document, self.window())


def _describe(view: VisitView) -> TwoLines:
    plan = view.plan
    return TwoLines(
        title=f"{plan.starts_at} {plan.expert_name}",
        beside=plan.department,
        lower=view.host_name,
        lower_right=codes.label("expert_visit_status", view.status),
        right_tone=STATUS_TONE.get(view.status, "neutral"),
    )
