"""What is typed in a dialog outlives the dialog: Esc, a crash or a power cut loses none of it."""

from __future__ import annotations

from PySide6.QtWidgets import QHBoxLayout
from shiboken6 import isValid

from app.i18n import tr
from app.ui import theme
from app.ui.contracts.row_editor import RowEditor
from app.ui.outreach.controller import OutreachController
from app.ui.referrals.dialogs import FormDialog
from app.ui.widgets.buttons import QuietButton
from app.ui.widgets.cards import label
from app.ui.widgets.drafts import DraftKeeper


def keep_draft(
    controller: OutreachController,
    dialog: FormDialog,
    form: str,
    subject_id: str = "",
    *,
    lines: RowEditor | None = None,
) -> None:
    """Put the person's draft into the dialog, and keep it until the dialog is finished or the
    draft is thrown away. ``lines``: taken in beside the fields. Called before the dialog opens.
    """
    # Of the room, because the last writing ends after the dialog is gone.
    keeper = DraftKeeper(
        controller.context,
        form,
        dialog.fields,
        subject_id=subject_id,
        extra=None if lines is None else lines.raw,
        parent=controller,
    )

    def touch() -> None:
        dialog.fields.touched = True
        keeper.note()

    def failed(sentence: str) -> None:
        if isValid(dialog):
            dialog.strip.say(sentence)
        else:
            controller.context.notify(sentence, "danger")

    def leave() -> None:
        if dialog.fields.touched:
            keeper.save_now()

    def throw_away() -> None:
        keeper.discard()
        dialog.fields.touched = False
        dialog.reject()

    keeper.failed.connect(failed)
    kept = keeper.restore()
    if kept is not None:
        if lines is not None and isinstance(kept.get("extra"), dict):
            lines.restore(kept["extra"])
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addWidget(label(tr("What you had begun was opened again."), "hint"), 1)
        row.addWidget(QuietButton(tr("Throw the draft away"), throw_away))
        dialog.body.insertLayout(0, row)
    if lines is not None:
        lines.changed.connect(touch)
        lines.form.changed.connect(touch)
    for field in dialog.fields:
        field.clear_problem()
    dialog.fields.touched = False
    dialog.accepted.connect(keeper.discard)
    dialog.rejected.connect(leave)
