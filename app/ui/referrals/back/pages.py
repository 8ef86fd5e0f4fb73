"""The page of a visit in the room's stack: at most one visit is written at a time."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject
from PySide6.QtWidgets import QStackedWidget

from app.care.referral_back.visit import VisitStart, begin_visit, return_of
from app.errors import InputError
from app.i18n import tr
from app.ui.context import UiContext
from app.ui.referrals.back.visit_form import VisitForm


class VisitPages(QObject):
    """Opens the form of a visit from a referral, or from a line of Today."""

    def __init__(
        self,
        context: UiContext,
        pages: QStackedWidget,
        saved: Callable[[str], None],
        left: Callable[[], None],
        failed: Callable[[Exception], None],
    ) -> None:
        super().__init__(pages)
        self._context, self._pages = context, pages
        self._saved, self._left, self._failed = saved, left, failed
        self.form: VisitForm | None = None

    def write(self, referral_id: str) -> None:
        """The form of a visit after this referral."""
        context = self._context
        context.tasks.run(
            begin_visit, context.store, context.actor, referral_id,
            done=self._show, failed=self._failed, owner=self,
        )  # fmt: skip

    def write_for(self, resident_id: str) -> None:
        """The form of a visit of a resident who came back; without a return the list is shown."""
        context = self._context

        def look() -> VisitStart | None:
            referral_id = return_of(context.store, context.actor, resident_id)
            if not referral_id:
                return None
            try:
                return begin_visit(context.store, context.actor, referral_id)
            except InputError:
                return None  # closed meanwhile

        def done(start: VisitStart | None) -> None:
            if start is None:
                context.notify(tr("Nothing is due any more after this return."), "attention")
                self._left()
            else:
                self._show(start)

        context.tasks.run(look, done=done, failed=self._failed, owner=self)

    def keep_draft(self) -> None:
        """Another page or room comes to the front."""
        if self.form is not None and self._pages.currentWidget() is self.form:
            self.form.keep_draft()

    def _show(self, start: VisitStart) -> None:
        if self.form is not None:
            self.keep_draft()
            self._pages.removeWidget(self.form)
            self.form.deleteLater()
        self.form = VisitForm(self._context, start, self._saved, self._left)
        self._pages.addWidget(self.form)
        self._pages.setCurrentWidget(self.form)
        self.form.setFocus()
