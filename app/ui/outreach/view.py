"""The outreach room: consultations, expert visits, guidance and joint rounds, training."""

from __future__ import annotations

from functools import cached_property
from typing import Any, TypeVar

from PySide6.QtCore import QTimer
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFrame, QHBoxLayout, QStackedWidget, QTabBar, QVBoxLayout, QWidget

from app.care.outreach.consultation_lists import Box
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.outreach.ask_form import AskForm
from app.ui.outreach.calendar_page import CalendarPage
from app.ui.outreach.consultations_page import ConsultationsPage
from app.ui.outreach.controller import OutreachController
from app.ui.outreach.guidance_page import GuidancePage
from app.ui.outreach.training_page import TrainingPage
from app.ui.referrals.dialogs import PersonDialog
from app.ui.style import dress
from app.ui.widgets.buttons import QuietButton

_KINDS = frozenset(
    {
        *("consultation", "shared_note", "expert_visit", "referral_visit", "training"),
        *("resident", "organisation"),
    }
)
#: Waiting times move on while the page is looked at.
_TICK_MS = 30_000

CONSULTATIONS, VISITS = "consultations", "visits"
GUIDANCE, TRAINING = "guidance", "training"
_PAGES = (CONSULTATIONS, VISITS, GUIDANCE, TRAINING)
Page = TypeVar("Page", bound=QWidget)


class OutreachRoom(QWidget):
    """``open(page=…)``: consultations, visits, guidance, training; ``consultation_id`` shows one,
    ``visit_id`` a visit in its month, ``resident_id`` (with ``referral_id``) asks a question,
    ``guidance_for`` (a resident's id) notes guidance, ``guidance_id`` shows a visit of it."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.controller = OutreachController(context, self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(0)
        head = QFrame()
        dress(head, kind="panel")
        row = QHBoxLayout(head)
        row.setContentsMargins(theme.GAP_FIELD, theme.GAP_TIGHT, theme.GAP_CARD, 0)
        self.back_button = QuietButton(
            tr("Referrals"), lambda: context.navigate("referrals"), icon_name="arrow-left-line"
        )
        row.addWidget(self.back_button)
        self.tabs = QTabBar()
        self.tabs.setDrawBase(False)
        self.tabs.setExpanding(False)
        self.tabs.setAccessibleName(tr("Pages of outreach"))
        row.addWidget(self.tabs)
        row.addStretch(1)
        whole.addWidget(head)
        self.stack = QStackedWidget()
        whole.addWidget(self.stack, 1)
        for words in (
            tr("Consultations"),
            tr("Expert visits"),
            tr("Guidance and joint rounds"),
            tr("Training"),
        ):
            self.tabs.addTab(words)
        self.form: AskForm | None = None
        self.dialog: PersonDialog | None = None
        self.tabs.currentChanged.connect(self._turned)
        self.tabs.tabBarClicked.connect(self._clicked)
        QShortcut(QKeySequence("Ctrl+N"), self).activated.connect(self._new)
        context.records_changed.connect(self._records_changed)
        self._tick = QTimer(self)
        self._tick.setInterval(_TICK_MS)
        self._tick.timeout.connect(self._on_tick)

    # -- the pages, each built when it is first wanted ------------------------------------------

    @cached_property
    def consultations(self) -> ConsultationsPage:
        return self._built(ConsultationsPage(self.controller, self.ask_for_person))

    @cached_property
    def calendar(self) -> CalendarPage:
        return self._built(CalendarPage(self.controller))

    @cached_property
    def guidance(self) -> GuidancePage:
        return self._built(GuidancePage(self.controller))

    @cached_property
    def training(self) -> TrainingPage:
        return self._built(TrainingPage(self.controller))

    def _built(self, page: Page) -> Page:
        self.stack.addWidget(page)
        return page

    def _page(self, name: str) -> QWidget:
        pages = {VISITS: "calendar", GUIDANCE: "guidance", TRAINING: "training"}
        page: QWidget = getattr(self, pages.get(name, "consultations"))
        return page

    def _stands(self, name: str) -> bool:
        """Whether a page is in front; one that is not built yet is not."""
        return name in self.__dict__ and self.stack.currentWidget() is self.__dict__[name]

    # -- the room's contract --------------------------------------------------------------------

    def open(self, **where: Any) -> None:
        """See the class."""
        self._tick.start()
        if resident_id := where.get("resident_id"):
            self.ask(
                str(resident_id), str(where.get("referral_id") or ""), str(where.get("to") or "")
            )
            return
        if consultation_id := where.get("consultation_id"):
            self._to_page(CONSULTATIONS)
            self.consultations.box = Box(where.get("box", self.consultations.box))
            self.consultations.show_one(str(consultation_id))
            self.consultations.reload()
            self.consultations.take_focus()
            return
        self._to_page(str(where.get("page") or self._front()))
        self._take_focus()
        if guided := where.get("guidance_for"):
            self.guidance.write(str(guided))
        if guidance_id := where.get("guidance_id"):
            self.guidance.show_one(str(guidance_id))
        if visit_id := where.get("visit_id"):
            self.calendar.show_visit(str(visit_id))

    def refresh(self) -> None:
        """The room comes to the front again."""
        self._tick.start()

    def leave(self) -> None:
        self._tick.stop()
        if self.form is not None and self.stack.currentWidget() is self.form:
            self.form.keep_draft()

    # -- pages ----------------------------------------------------------------------------------

    def _front(self) -> str:
        return _PAGES[max(self.tabs.currentIndex(), 0)]

    def _to_page(self, name: str) -> None:
        blocked = self.tabs.blockSignals(True)
        self.tabs.setCurrentIndex(_PAGES.index(name) if name in _PAGES else 0)
        self.tabs.blockSignals(blocked)
        self.stack.setCurrentWidget(self._page(name))
        self._reload()

    def _take_focus(self) -> None:
        """Who comes in goes on with the page, not with the way back."""
        page = self.stack.currentWidget()
        if page is not self.form:
            page.take_focus()  # type: ignore[union-attr]

    def _turned(self, at: int) -> None:
        if self.form is not None:
            self.form.keep_draft()
        self._to_page(_PAGES[at])

    def _clicked(self, at: int) -> None:
        # The form stands over the page of its own tab: a click there leads back.
        if at == self.tabs.currentIndex() and self.stack.currentWidget() is self.form:
            self._turned(at)

    def _reload(self) -> None:
        page = self.stack.currentWidget()
        if page is not self.form:
            page.reload()  # type: ignore[union-attr]

    def _new(self) -> None:
        page = self.stack.currentWidget()
        if self._stands("consultations"):
            self.ask_for_person()
        elif page is not self.form:
            page.begin()  # type: ignore[union-attr]

    # -- asking ---------------------------------------------------------------------------------

    def ask_for_person(self) -> None:
        """Whom is the question about?"""
        dialog = PersonDialog(self._context, self, tr("Whom is the question about?"))
        dialog.accepted.connect(lambda: self.ask(dialog.resident_id))
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def ask(self, resident_id: str, referral_id: str = "", to: str = "") -> None:
        """The form of a new question."""
        if self.form is not None:
            self.form.keep_draft()
            self.stack.removeWidget(self.form)
            self.form.deleteLater()
        self.form = AskForm(self.controller, self._asked, self._form_left)
        self.stack.addWidget(self.form)
        self.stack.setCurrentWidget(self.form)
        self.tabs.blockSignals(True)
        self.tabs.setCurrentIndex(0)
        self.tabs.blockSignals(False)
        self.form.begin(resident_id, referral_id, to)

    def _asked(self, consultation_id: str) -> None:
        self.consultations.box = Box.ASKED
        self.consultations.show_one(consultation_id)
        self._to_page(CONSULTATIONS)
        self._take_focus()

    def _form_left(self) -> None:
        self._to_page(CONSULTATIONS)
        self._take_focus()

    # -- news -----------------------------------------------------------------------------------

    def _records_changed(self, kinds: set[str]) -> None:
        if kinds & _KINDS and self.isVisible():
            self._reload()

    def _on_tick(self) -> None:
        if self.isVisible() and self._stands("consultations"):
            self.consultations.reload()
