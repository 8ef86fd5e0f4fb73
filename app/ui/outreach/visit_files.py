"""Photos and hand-outs of an expert visit, in a window over the calendar."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

from app.care.outreach.notes import HOSTS_ROLES
from app.care.outreach.visit_lists import VisitView
from app.i18n import tr
from app.ui.attachments.card import Subject
from app.ui.attachments.dialog_of_files import FilesDialog
from app.ui.context import UiContext


def show_visit_files(context: UiContext, view: VisitView, parent: QWidget) -> FilesDialog:
    """Open the window; nothing is added to a visit that was called off."""
    dialog = FilesDialog(
        context,
        Subject("expert_visit", view.visit_id),
        f"{view.plan.visit_on}  ·  {view.plan.expert_name}",
        parent,
        wanted=tr("photos of the visit, hand-outs"),
        may_add=view.status != "cancelled" and context.may(*HOSTS_ROLES),
    )
    dialog.finished.connect(dialog.deleteLater)
    dialog.open()
    return dialog
