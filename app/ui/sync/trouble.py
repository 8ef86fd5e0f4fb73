"""Records that need a person: changed in two places, refused, or kept only here; their actions.

Enter does what comes first: decide a conflict, correct a refused record. The other ways out stand
as buttons under the list and apply to the chosen line.
"""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.deliveries import Trouble, keep_here, send_again, troubles
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.referrals.dialogs import FormDialog
from app.ui.sync.places import where_to_correct
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.delivery import moment
from app.ui.widgets.fields import TextArea
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.tables import Column, PagedModel, RecordTable

_WHAT_WIDTH = 180
_TIME_WIDTH = 92
_TONES: dict[str, theme.Tone] = {
    "conflict": "danger",
    "crossed": "danger",
    "rejected": "danger",
    "kept": "attention",
}
_ICONS = {
    "conflict": "git-merge-line",
    "crossed": "git-merge-line",
    "rejected": "error-warning-line",
    "kept": "computer-line",
}


class TroubleList(QWidget):
    """The list, the whole reason of the chosen line, and its actions.

    ``counted(int)``: how many lines there are. ``decide(str)``: the conflict to show on the desk.
    ``acted``: something was sent again or kept.
    """

    counted = Signal(int)
    decide = Signal(str)
    acted = Signal()

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        self._wanted = ""
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_INSIDE)
        self.model: PagedModel[Trouble] = PagedModel(
            [
                Column(
                    tr("What"),
                    lambda row: what_words(row.what),
                    _WHAT_WIDTH,
                    tone=lambda row: _TONES[row.what],
                    icon_name=lambda row: _ICONS[row.what],
                ),
                Column(tr("Record"), lambda row: row.title, theme.NAME_WIDTH, strong=True),
                Column(tr("Reason"), _reason),
                Column(tr("When"), self._when, _TIME_WIDTH),
            ],
            parent=self,
        )
        self.table = RecordTable(self.model, tr("Records that need a person"), plain=True)
        self.table.opened.connect(self.open_row)
        self.table.chosen.connect(self._chose)
        self._empty = EmptyState(
            tr("Nothing needs a person"),
            tr(
                "A record that the county hospital refuses, or that two people changed at once, "
                "appears here with what can be done."
            ),
            icon_name="checkbox-circle-line",
        )
        whole.addWidget(self.table, 1)
        whole.addWidget(self._empty, 1)
        self._reason = label("", "secondary", wrap=True)
        whole.addWidget(self._reason)
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.decide_button = Button(tr("Decide…"), self._decide, icon_name="git-merge-line")
        self.correct_button = Button(tr("Correct…"), self._correct, icon_name="edit-line")
        self.again_button = Button(tr("Send again"), self._again, icon_name="upload-cloud-2-line")
        self.keep_button = Button(tr("Keep only here…"), self._keep, icon_name="computer-line")
        self._buttons = (
            self.decide_button,
            self.correct_button,
            self.again_button,
            self.keep_button,
        )
        for button in self._buttons:
            row.addWidget(button)
        row.addStretch(1)
        whole.addLayout(row)
        self.dialog: FormDialog | None = None
        self._show(())

    # -- content --------------------------------------------------------------------------------

    def reload(self, wanted: str = "") -> None:
        """Read the list anew; ``wanted``: the record to point at (a conflict opens on the desk)."""
        self._wanted = wanted or self._wanted
        self._context.tasks.run(
            troubles,
            self._context.store,
            done=self._show,
            failed=self.strip.say_error,
            owner=self,
        )

    def _show(self, found: tuple[Trouble, ...]) -> None:
        before = self.table.current()
        had_focus = any(each.hasFocus() for each in (self.table, *self._buttons))
        self.model.set_rows(found)
        self.table.setVisible(bool(found))
        self._empty.setVisible(not found)
        ids = [each.record_id for each in found]
        kept = before.record_id if before is not None else ""
        wanted, self._wanted = self._wanted, ""
        place = next((ids.index(each) for each in (wanted, kept) if each in ids), 0)
        if found:
            self.table.choose(place)
        self._chose(found[place] if found else None)
        self.counted.emit(len(found))
        if wanted in ids:
            self.table.setFocus()
            if found[place].what == "conflict":
                self.decide.emit(found[place].conflict_id)
        elif had_focus and found:
            self.table.setFocus()

    def _chose(self, row: Trouble | None) -> None:
        what = "" if row is None else row.what
        self.decide_button.setVisible(what == "conflict")
        self.correct_button.setVisible(what in ("rejected", "kept", "crossed"))
        self.correct_button.setText(tr("Read it…") if what == "crossed" else tr("Correct…"))
        self.correct_button.setAccessibleName(self.correct_button.text())
        self.again_button.setVisible(what in ("rejected", "kept"))
        self.keep_button.setVisible(what == "rejected")
        self._reason.setText("" if row is None else _whole_reason(row))
        self._reason.setVisible(row is not None)

    def _when(self, row: Trouble) -> str:
        return "" if row.at is None else moment(row.at, self._context.clock.today())

    # -- actions --------------------------------------------------------------------------------

    def open_row(self, row: Trouble) -> None:
        """What comes first for a line: the desk, or the record's own form."""
        if row.what == "conflict":
            self.decide.emit(row.conflict_id)
            return
        room, arguments = where_to_correct(row)
        if room:
            self._context.navigate(room, **arguments)

    def _decide(self) -> None:
        if (row := self.table.current()) is not None:
            self.decide.emit(row.conflict_id)

    def _correct(self) -> None:
        if (row := self.table.current()) is not None:
            self.open_row(row)

    def _again(self) -> None:
        if (row := self.table.current()) is not None:
            self._act(send_again, row, tr("Queued again. It is sent with the next try."))

    def _keep(self) -> None:
        row = self.table.current()
        if row is None:
            return
        dialog = FormDialog(tr("Keep only on this PC"), tr("Keep only here"), self)
        dialog.body.addWidget(
            label(
                tr(
                    "{record} is then not sent and is never counted as held by the county "
                    "hospital. It can be sent again at any time."
                ).format(record=row.title),
                "secondary",
                wrap=True,
            )
        )
        reason = TextArea("reason", tr("Reason"), lines=2, limit=300, required=True)
        dialog.fields.add(reason)
        dialog.body.addWidget(reason)
        dialog.on_finish = lambda: self._keep_it(dialog, row, str(reason.value() or ""))
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = dialog
        dialog.open()
        reason.setFocus()

    def _keep_it(self, dialog: FormDialog, row: Trouble, reason: str) -> None:
        dialog.accept()
        self._act(keep_here, row, tr("Kept only on this PC, with the reason."), reason)

    def _act(self, work: Any, row: Trouble, said: str, *more: Any) -> None:
        context = self._context
        self.strip.clear()

        def done(_: object) -> None:
            context.notify(said)
            self.reload()
            self.acted.emit()
            context.tell_changed(row.kind)

        def failed(error: Exception) -> None:
            self.strip.say_error(error)
            self.reload()

        context.tasks.run(
            work,
            context.store,
            context.actor,
            row.kind,
            row.record_id,
            *more,
            done=done,
            failed=failed,
            owner=self,
        )


def what_words(what: str) -> str:
    """What is the matter with a record, in a few words."""
    return {
        "conflict": tr("Changed twice: decide"),
        "crossed": tr("Came too late: read"),
        "rejected": tr("Refused"),
        "kept": tr("Kept only here"),
    }.get(what, what)


def _reason(row: Trouble) -> str:
    if row.what == "conflict":
        return tr("Both changed: {fields}").format(fields=row.reason)
    if row.what == "crossed":
        return tr("The other side moved this referral first.")
    return row.reason


def _whole_reason(row: Trouble) -> str:
    if row.what == "kept" and row.by:
        return tr("{reason} ({name})").format(reason=row.reason, name=row.by)
    return _reason(row)
