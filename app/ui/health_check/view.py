"""The check-up room: the list of the year, and the page of one check."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QTimer
from PySide6.QtWidgets import QStackedLayout, QWidget

from app.care.health_check.definition import version_for
from app.care.health_check.history import CheckContext, KeptCheck
from app.care.health_check.record import HealthCheckResult
from app.i18n import tr
from app.models.drafts import load_draft
from app.ui.context import UiContext
from app.ui.health_check.controller import CheckController
from app.ui.health_check.lab_dialog import LabRangesDialog
from app.ui.health_check.page import FORM, HealthCheckPage
from app.ui.health_check.year_page import YearPage

_IDLE_MS = 300
_BETWEEN_MS = 20
_KINDS = frozenset({"health_check", "resident", "condition", "assessment"})


class CheckUpRoom(QWidget):
    """``open()`` shows the list; ``open(resident_id=…)`` the page of a resident's check;
    ``open(health_check_id=…)`` a saved check."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._controller = CheckController(context, self)
        # The frame refreshes a room and opens it then: the list is read once for both.
        self._fresh = False
        self._stack = QStackedLayout(self)
        self.year_page = YearPage(context)
        self._stack.addWidget(self.year_page)
        self._pages: dict[str, HealthCheckPage] = {}
        self._dialog: LabRangesDialog | None = None
        self.year_page.wanted.connect(self._open_line)
        self.year_page.ranges_wanted.connect(self._open_ranges)
        context.records_changed.connect(self._on_changed)
        self._ahead = QTimer(self)
        self._ahead.setSingleShot(True)
        self._ahead.timeout.connect(self._build_ahead)

    def page(self, version: str) -> HealthCheckPage:
        """The page of a version of the form, made when it is first needed."""
        if version not in self._pages:
            made = HealthCheckPage(self._context, self._controller, version)
            made.saved.connect(self._on_saved)
            made.left.connect(self.show_list)
            made.voided.connect(self._on_voided)
            self._pages[version] = made
            self._stack.addWidget(made)
        return self._pages[version]

    @property
    def front(self) -> HealthCheckPage | None:
        """The page of a check in front, if it is one."""
        current = self._stack.currentWidget()
        return current if isinstance(current, HealthCheckPage) else None

    @property
    def dialog(self) -> LabRangesDialog | None:
        """The laboratory's ranges, once opened."""
        return self._dialog

    # -- the contract of a room ---------------------------------------------------------------

    def open(self, resident_id: str = "", health_check_id: str = "", **where: Any) -> None:
        """See the class."""
        if health_check_id:
            self._controller.open_kept(
                health_check_id,
                done=lambda found: self._go_on(*found),
                failed=self._not_opened,
            )
        elif resident_id:
            self._controller.open(resident_id, done=self._begin, failed=self._not_opened)
        elif self.front is None:
            if not self._fresh:
                self.year_page.reload()
            self._fresh = False
            self.year_page.to_list()
        self._ahead.start(_IDLE_MS)

    def refresh(self) -> None:
        """The room comes to the front."""
        if self.front is None:
            self.year_page.reload()
            self._fresh = True

    def leave(self) -> None:
        """Another room comes to the front: what was typed is kept."""
        if self.front is not None:
            self.front.keep_draft()

    # -- inner --------------------------------------------------------------------------------

    def show_list(self) -> None:
        """Back to the list, fresh."""
        self._stack.setCurrentWidget(self.year_page)
        self.year_page.reload()
        self.year_page.to_list()

    def _build_ahead(self) -> None:
        """Build the page block by block while the list is read, so that it opens at once."""
        if self.page(version_for(self._context.clock.today())).build_next():
            self._ahead.start(_BETWEEN_MS)

    def _open_line(self, resident_id: str, health_check_id: str) -> None:
        self.year_page.strip.clear()
        self.year_page.second_strip.clear()
        if health_check_id:
            self.open(health_check_id=health_check_id)
        else:
            self.open(resident_id=resident_id)

    def _begin(self, known: CheckContext) -> None:
        c = self._context
        drafted = load_draft(c.store, c.actor, FORM, known.resident_id) is not None
        if known.this_year and not known.this_year_concluded and not drafted:
            self.open(health_check_id=known.this_year)
            return
        page = self.page(known.form_version)
        self._stack.setCurrentWidget(page)
        page.begin(known)
        if known.this_year and not drafted:
            page.strip.say(
                tr("This resident already had a health check this year."),
                "attention",
                action=tr("Open that check"),
                pressed=lambda: self.open(health_check_id=known.this_year),
            )

    def _go_on(self, kept: KeptCheck, why_read: str) -> None:
        page = self.page(kept.context.form_version)
        self._stack.setCurrentWidget(page)
        page.go_on(kept, why_read)

    def _not_opened(self, error: Exception) -> None:
        self._stack.setCurrentWidget(self.year_page)
        self.year_page.reload()
        self.year_page.strip.say_error(error)

    def _on_saved(self, result: HealthCheckResult) -> None:
        self.show_list()
        urgent = [each.text for each in result.findings if each.level == "urgent"]
        page = self.year_page
        page.strip.clear()
        page.second_strip.clear()
        if result.prefill is not None:
            prefill = result.prefill
            page.strip.say(
                tr("Saved. The doctor advises referral."),
                "attention",
                action=tr("Write a referral"),
                pressed=lambda: self._controller.to_referral(prefill),
            )
        elif urgent:
            page.strip.say(
                tr("Saved. Urgent values: {values}").format(values=tr("; ").join(urgent)), "danger"
            )
        if result.enrol:
            page.second_strip.say(
                tr("The doctor advises management of a chronic disease."),
                "attention",
                action=tr("Begin management"),
                pressed=lambda: self._context.navigate("chronic", resident_id=result.resident_id),
            )
        if result.open_tests:
            words = tr("Saved. Free tests still blank: {tests}").format(
                tests=tr(", ").join(result.open_tests)
            )
            self._context.notify(words, "attention")
        elif not result.concluded:
            self._context.notify(tr("Saved. The doctor's conclusion is still missing."))
        else:
            self._context.notify(tr("Saved."))

    def _on_voided(self) -> None:
        self.show_list()
        self._context.notify(tr("The check was taken back. It is kept, marked as an error."))

    def _open_ranges(self) -> None:
        if self._dialog is not None:
            self._dialog.deleteLater()
        self._dialog = LabRangesDialog(self._context, self)
        self._dialog.open()

    def _on_changed(self, kinds: set[str]) -> None:
        if kinds & _KINDS and self.isVisible() and self.front is None:
            self.year_page.reload()
