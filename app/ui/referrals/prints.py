"""Printing of a referral: which papers there are, then the preview of the one that was chosen."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from PySide6.QtCore import QPoint
from PySide6.QtWidgets import QMenu, QWidget

from app.i18n import tr
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button

if TYPE_CHECKING:
    from app.care.paper.document import Sheets
    from app.care.paper.referral_papers import Paper
    from app.ui.printing.preview import PrintPreview
    from app.ui.referrals.controller import ReferralsController


def print_button(wanted: Callable[[QWidget], object]) -> Button:
    """The button that asks for the papers; ``wanted`` gets it, to open the menu over it."""
    button = Button(
        tr("Print…"),
        icon_name="printer-line",
        shortcut="Ctrl+P",
        tip=tr("Transfer-out form, return form, consent, plan for the family"),
    )
    button.clicked.connect(lambda: wanted(button))
    return button


class ReferralPrinter:
    """Opens the menu of the papers and the preview. ``preview`` is the last one opened."""

    def __init__(
        self,
        context: UiContext,
        controller: ReferralsController,
        failed: Callable[[Exception], object],
    ) -> None:
        self._context, self._controller, self._failed = context, controller, failed
        self.menu: QMenu | None = None
        self.preview: PrintPreview | None = None

    def ask(self, button: QWidget) -> None:
        """Offer the papers that the shown referral has at present."""
        # Loaded only when something is printed.
        from app.care.paper.referral_papers import paper_words, papers_of

        view = self._controller.view
        if view is None:
            return
        menu = QMenu(button)
        menu.setAccessibleName(tr("Print…"))
        for paper in papers_of(view, self._controller.returns):
            action = menu.addAction(paper_words(paper))
            action.triggered.connect(lambda _=False, p=paper: self.open(p, button.window()))
        menu.aboutToHide.connect(menu.deleteLater)
        self.menu = menu
        menu.popup(button.mapToGlobal(QPoint(0, -menu.sizeHint().height())))

    def open(self, paper: Paper, window: QWidget) -> None:
        """Read what the paper says and show it as it will be printed."""
        from app.care.paper.referral_papers import load_papers, sheets
        from app.ui.printing.preview import preview

        context, view = self._context, self._controller.view
        if view is None:
            return

        def make() -> Sheets:
            made = sheets(load_papers(context.store, context.actor, view.referral_id), paper)
            # The template engine is loaded here, not under the person's hands.
            made.make("A4", False)
            return made

        def show(made: Sheets) -> None:
            self.preview = preview(context, made, window)

        context.tasks.run(make, done=show, failed=self._failed, owner=self._controller)
