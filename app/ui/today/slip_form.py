"""The follow-up form for one slip of a pile: the same form, its rules and its warnings, with the
day and the way of the visit already said for the whole pile."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from PySide6.QtCore import QTimer, Signal
from PySide6.QtWidgets import QLineEdit, QWidget

from app.care.follow_up import FollowUpResult
from app.care.follow_up_form import FollowUpInput
from app.care.follow_up_history import FollowUpContext
from app.care.paper.pile import SlipLine, record_slip
from app.i18n import tr
from app.ui import theme
from app.ui.chronic.controller import Failed, FollowUpController
from app.ui.chronic.form_page import FollowUpPage
from app.ui.chronic.keys import on_key
from app.ui.context import UiContext


def printed_words(slip: SlipLine) -> str:
    """Of a slip whose record was merged after the printing: under which record it is entered."""
    return tr(
        "printed for {name}, whose records were merged; entered under the one that goes on"
    ).format(name=slip.printed_as)


class SlipController(FollowUpController):
    """Saves a visit together with the mark on its slip."""

    slip_id = ""

    def save(
        self,
        form: FollowUpInput,
        correcting: str,
        reason: str,
        *,
        done: Callable[[FollowUpResult], None],
        failed: Failed,
    ) -> None:
        c, slip_id = self._context, self.slip_id
        self._run(
            lambda: record_slip(c.store, c.actor, slip_id, form),
            ("follow_up", "condition"),
            done,
            failed,
        )


class SlipForm(FollowUpPage):
    """``number_wanted(text)``: a printed number was typed, another slip is to be opened."""

    number_wanted = Signal(str)

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        self._slips = SlipController(context)
        super().__init__(context, self._slips, parent)
        self._slips.setParent(self)
        self._slip: SlipLine | None = None
        self._progress = ""
        self._day: date | None = None
        self._mode = ""
        self.number = QLineEdit()
        self.number.setPlaceholderText(tr("Slip no. (Ctrl+G)"))
        self.number.setAccessibleName(tr("Number on the slip"))
        self.number.setFixedWidth(theme.NUMBER_WIDTH + theme.GAP_SECTION)
        self.number.returnPressed.connect(lambda: self.number_wanted.emit(self.number.text()))
        self.add_action(self.number)
        self.leave_button.setText(tr("Back to the slips"))
        self.leave_button.setAccessibleName(tr("Back to the slips"))
        # F8 copies the last visit, as on every form of a visit.
        on_key(self, "Ctrl+G", self._to_number, tr("Number on the slip"))

    def begin_slip(
        self,
        known: FollowUpContext,
        slip: SlipLine,
        diseases: tuple[str, ...],
        day: date | None,
        mode: str,
        progress: str,
    ) -> None:
        """Open the form for a slip. Only the day and the way of the visit are filled in."""
        self._slip, self._progress = slip, progress
        self._day, self._mode = day, mode
        self._slips.slip_id = slip.slip_id
        self.begin(known, diseases)
        self._say_pile()
        self.number.clear()

    def _begin_anew(self) -> None:
        super()._begin_anew()
        self._say_pile()

    def _say_pile(self) -> None:
        """The day and the way of the pile, unless a draft has brought its own back."""
        if not self.fields.touched:
            if self._day is not None:
                self.fields.visit_date.set_value(self._day)
            if self._mode:
                self.fields.mode.set_value(self._mode)
            assert self._keeper is not None
            assert self._known is not None
            # What the program filled in by itself is no draft of anybody.
            self._keeper.start(self._known.resident_id)
            self.fields.touched = False
        QTimer.singleShot(0, self, self._to_answers)

    def _to_answers(self) -> None:
        """To the first thing that the slip has to say."""
        if self._known is not None:
            self.setFocus()
            self.to_next_missing()

    def _show_head(self, known: FollowUpContext) -> None:
        super()._show_head(known)
        if self._slip is not None:
            about = self._subtitle.text()
            if self._slip.printed_as:
                about = f"{printed_words(self._slip)} · {about}"
            self.set_title(
                f"{self._slip.number}  {self._title.text()}", f"{self._progress} · {about}"
            )

    def _to_number(self) -> None:
        self.number.setFocus()
        self.number.selectAll()
