"""The follow-up form: one page, paper order, two columns, the judgement live at its foot."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QApplication, QBoxLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.care.follow_up import FollowUpResult
from app.care.follow_up_form import FollowUpInput
from app.care.follow_up_history import FollowUpContext
from app.care.follow_up_judgement import judge_visit
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.chronic import form_values
from app.ui.chronic.arrangement import Arrangement
from app.ui.chronic.controller import FollowUpController
from app.ui.chronic.field_kinds import column
from app.ui.chronic.form_fields import FollowUpFields
from app.ui.chronic.head import WORDS_IN_HEAD, about_words, marks_of
from app.ui.chronic.keys import AnswerAndGo, TickedOnlyOnPurpose, form_keys, next_missing, on_key
from app.ui.chronic.live_strip import LiveStrip
from app.ui.chronic.mark_row import MarkRow, shortened
from app.ui.chronic.outcome_dialog import OutcomeDialog
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, DangerButton, PrimaryButton
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.forms import FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.reading import show_to_be_read

FORM = "follow_up"


class FollowUpPage(Page):
    """``saved(FollowUpResult)`` after the record is on the disk; ``left()`` back to the list;
    ``outcome_decided(ManagedDisease)``: the management goes on, is lost or ended."""

    saved = Signal(object)
    left = Signal()
    voided = Signal()
    outcome_decided = Signal(object)

    def __init__(
        self, context: UiContext, controller: FollowUpController, parent: QWidget | None = None
    ) -> None:
        super().__init__(tr("Follow-up"), scroll=True, parent=parent)
        self._context = context
        self._controller = controller
        self._known: FollowUpContext | None = None
        self._correcting = ""
        self._keeper: DraftKeeper | None = None
        self._saving = False
        self.fields = FollowUpFields(
            context.clock.today(), context.may("doctor", "specialist"), self
        )
        self.marks = MarkRow()
        self.add_action(self.marks)
        self._arrangement = Arrangement(self.fields)
        columns = QBoxLayout(QBoxLayout.Direction.LeftToRight)
        columns.setSpacing(theme.GAP_CARD)
        self._columns = columns
        for cards in (self.fields.left_cards, self.fields.right_cards):
            side = QVBoxLayout()
            side.setSpacing(theme.GAP_FIELD)
            column(cards, side)
            columns.addLayout(side, 1)
        self.body.addLayout(columns)
        self.live = LiveStrip(self.refer_now)
        foot = QHBoxLayout()
        foot.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, theme.GAP_INSIDE)
        foot.addWidget(self.live)
        whole = self.layout()
        assert isinstance(whole, QVBoxLayout)
        whole.insertLayout(whole.count() - 2, foot)
        self.save_button = PrimaryButton(tr("Save"), self.save, icon_name="save-line")
        self.void_button = DangerButton(
            tr("Void this visit"), self.void, icon_name="delete-bin-line"
        )
        self.outcome_button = Button(
            tr("Outcome"),
            self.open_outcome,
            icon_name="user-unfollow-line",
            tip=tr("Lost for now, ended or taken up again (Ctrl+E)"),
        )
        self.outcome_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.next_button = Button(
            tr("Next required (F2)"), self.to_next_missing, icon_name="arrow-down-circle-line"
        )
        self.next_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.leave_button = Button(
            tr("Back to the list"), self.leave, tip=tr("Back, the draft is kept (Esc)")
        )
        self.add_footer(self.void_button, self.outcome_button, self.leave_button)
        self.add_footer(self.next_button, self.save_button)
        self.void_button.hide()
        buttons = (self.next_button, self.save_button, self.void_button)
        self._typing_only = (self.live, self.fields.reason, *buttons)
        self._navigator = FormNavigator(self, last=self.save_button)
        self._answers = AnswerAndGo(self, self.fields.single_choices())
        self._ticks = TickedOnlyOnPurpose(self.fields.danger_signs, self.fields.sbp)
        for keys, act in (
            ("Esc", self.leave),
            ("F2", self.to_next_missing),
            ("F4", self._open_danger_signs),
            ("F6", self.copy_drugs),
            ("F7", self.copy_habits),
            ("F8", self.copy_last),
            ("F9", self.refer_now),
            ("Ctrl+J", self._open_override),
            ("Ctrl+E", self.open_outcome),
        ):
            on_key(self, keys, act, form_keys().get(keys, ""))
        self.fields.changed.connect(self._arrange)
        self.fields.danger_button.clicked.connect(self._open_danger_signs)
        self.fields.override_button.clicked.connect(self._open_override)
        self.fields.habits_button.clicked.connect(self.copy_habits)
        self.fields.drugs_button.clicked.connect(self.copy_drugs)

    # -- opening --------------------------------------------------------------------------------

    def begin(self, known: FollowUpContext, diseases: tuple[str, ...]) -> None:
        """A new visit of a resident for these diseases; a kept draft comes back."""
        self._start(known, correcting="")
        self._known = None
        self.fields.visit_date.set_value(self._context.clock.today())
        self.fields.parts.set_value(diseases)
        self._keeper = DraftKeeper(
            self._context, FORM, self.fields, subject_id=known.resident_id, parent=self
        )
        self._keeper.saved.connect(lambda: self.set_note(tr("Draft kept")))
        self._keeper.failed.connect(lambda text: self.strip.say(text))
        kept = self._keeper.restore(drop_blank=True)
        self._known = known
        if kept is not None:
            self.strip.say(
                tr("This is your unfinished text of last time."),
                "attention",
                action=tr("Begin anew"),
                pressed=self._begin_anew,
            )
        self._arrange()
        # What the program filled in by itself is no draft of anybody.
        self._keeper.start(known.resident_id)
        self.fields.touched = kept is not None
        self._to_first()

    def correct(
        self, known: FollowUpContext, follow_up_id: str, form: FollowUpInput, why_read: str = ""
    ) -> None:
        """A saved visit, to correct it and say why; with ``why_read`` only to be read."""
        known = replace(known, last=None) if why_read else known  # nothing of others beside it
        self._start(known, correcting=follow_up_id)
        self.fields.reason.show()
        self.void_button.show()
        self.outcome_button.hide()
        self._arrangement.override = any(part.override for part in form.parts)
        self._arrangement.danger_signs = bool(form.danger_signs)
        # Hidden fields take no value, so the right ones are shown first.
        self.fields.parts.set_value([part.disease for part in form.parts])
        self._arrange()
        form_values.show(self.fields, form)
        self._arrange()
        self._to_first()
        if why_read:
            self._known, self._correcting = None, ""
            self._show_head(known)
            show_to_be_read(self, why_read, *self._typing_only)

    def _start(self, known: FollowUpContext, *, correcting: str) -> None:
        self._known = None
        self._correcting = correcting
        self._saving = False
        self._arrangement.reset()
        if self._keeper is not None:
            self._keeper.save_now()
            self._keeper.deleteLater()
            self._keeper = None
        self.strip.clear()
        self.set_note("")
        show_to_be_read(self, "", *self._typing_only)
        self.save_button.setEnabled(True)
        self.void_button.hide()
        self.outcome_button.show()
        self.fields.reason.hide()
        self.fields.clear()
        self.fields.copd_before = {}
        self.fields.set_limits(known.limits)
        form_values.show_last(self.fields, known.last)
        self._show_head(known)
        self._known = known

    def _begin_anew(self) -> None:
        assert self._keeper is not None
        assert self._known is not None
        chosen = self.fields.parts.value()
        self._keeper.discard()
        self._keeper = None
        self.begin(self._known, chosen)

    def _to_first(self) -> None:
        assert self.scroll_area is not None
        self.scroll_area.verticalScrollBar().setValue(0)
        self.fields.mode.setFocus()
        QTimer.singleShot(0, self.fields.mode, self.fields.mode.setFocus)

    def _show_head(self, known: FollowUpContext) -> None:
        self.set_title(
            shortened(known.name, WORDS_IN_HEAD), about_words(known, bool(self._correcting))
        )
        self.marks.set_marks(marks_of(known))

    # -- while typing ---------------------------------------------------------------------------

    def read(self) -> FollowUpInput:
        """The form as typed."""
        assert self._known is not None
        return form_values.read(self.fields, self._known.resident_id)

    def _arrange(self) -> None:
        """Show what belongs to this visit, then judge it."""
        if self._known is None:
            return
        self._arrangement.apply(
            self._known.managed,
            correcting=bool(self._correcting),
            copd_parts=self._known.copd_items,
        )
        self._judge()

    def _judge(self) -> None:
        assert self._known is not None
        form = self.read()
        judgements = judge_visit(form, self._known.background)
        due: dict[str, date] = dict(self._known.due)
        self.live.show_judgements(judgements, due)
        refer = any(judgement.refer for judgement in judgements)
        for field in (self.fields.referral_reason, self.fields.referral_to):
            field.setVisible(refer)
        for judgement in judgements:
            field = self.fields[f"{judgement.disease}.next_visit"]
            last = "" if judgement.latest is None else judgement.latest.isoformat()
            field.line.setPlaceholderText(last)
            field.setEnabled(judgement.latest is not None)
        asked = any(judgement.proposal.questions for judgement in judgements)
        if asked and not self._arrangement.danger_signs:
            self._arrangement.danger_signs = True
            self.fields.danger_signs.show()

    def _open_danger_signs(self) -> None:
        self._arrangement.danger_signs = True
        self._arrange()
        self.fields.danger_signs.setFocus()

    def _open_override(self) -> None:
        self._arrangement.override = not self._arrangement.override
        if not self._arrangement.override:
            for fields in self.fields.overrides.values():
                for field in fields:
                    field.clear()
        self._arrange()
        if self._arrangement.override:
            # They stand far below: the keyboard goes there, and the page with it.
            opened = (field for row in self.fields.overrides.values() for field in row)
            first = next((field for field in opened if field.isVisibleTo(self)), None)
            if first is not None:
                first.setFocus(Qt.FocusReason.TabFocusReason)

    def copy_habits(self) -> None:
        """F7: habits as last visit."""
        if self._known is not None and self._known.last is not None:
            form_values.copy_habits(self.fields, self._known.last)

    def copy_drugs(self) -> None:
        """F6: drugs as last visit."""
        if self._known is not None and self._known.last is not None:
            form_values.copy_drugs(self.fields, self._known.last)

    def copy_last(self) -> None:
        """F8: drugs and habits as last visit; never a measurement."""
        self.copy_drugs()
        self.copy_habits()

    def to_next_missing(self) -> None:
        """F2: the next required field that is still blank, else the save button."""
        field = next_missing(self.fields, QApplication.focusWidget())
        (field or self.save_button).setFocus(Qt.FocusReason.TabFocusReason)

    def resizeEvent(self, event: QResizeEvent) -> None:
        """On a narrow or enlarged screen the two columns stand one below the other."""
        super().resizeEvent(event)
        wide = event.size().width() >= theme.TWO_COLUMNS_FROM
        way = QBoxLayout.Direction
        self._columns.setDirection(way.LeftToRight if wide else way.TopToBottom)

    # -- saving ---------------------------------------------------------------------------------

    def save(self) -> None:
        """Ctrl+S: check, save, go back to the list."""
        if self._saving or self._known is None or not self.fields.check():
            return
        self._write(self._on_saved)

    def refer_now(self) -> None:
        """Save and open the referral; an unfinished form does not hold an emergency up."""
        if self._saving or self._known is None:
            return
        if self.fields.problems():
            self._refer_unsaved()
            return
        self._write(self._on_saved_to_refer, self._on_refused_to_refer)

    def _refer_unsaved(self) -> None:
        """The letter goes first; the visit stays a draft to be finished later."""
        if self._keeper is not None:
            self._keeper.save_now()
        self._controller.letter_from_form(self.read(), failed=self._on_failed)

    def _on_refused_to_refer(self, error: Exception) -> None:
        self._on_failed(error)
        if isinstance(error, InputError):
            self._refer_unsaved()

    def void(self) -> None:
        """Take the visit back that is being corrected."""
        if self.fields.reason.is_blank():
            self.fields.reason.show_problem(tr("Write why the visit is changed."))
            self.fields.reason.setFocus()
            return
        self._controller.void(
            self._correcting,
            str(self.fields.reason.value()),
            done=lambda _: self.voided.emit(),
            failed=self._on_failed,
        )

    def _write(
        self,
        done: Callable[[FollowUpResult], None],
        failed: Callable[[Exception], None] | None = None,
    ) -> None:
        self._saving = True
        self.save_button.setEnabled(False)
        self.strip.clear()
        reason = str(self.fields.reason.value() or "")
        self._controller.save(
            self.read(),
            self._correcting,
            reason,
            done=done,
            failed=failed or self._on_failed,
        )

    def _on_saved(self, result: FollowUpResult) -> None:
        self._forget()
        self.saved.emit(result)

    def _on_saved_to_refer(self, result: FollowUpResult) -> None:
        self._on_saved(result)
        self._controller.to_letter(result, failed=self._on_failed)

    def _forget(self) -> None:
        self._saving = False
        if self._keeper is not None:
            self._keeper.discard()
            self._keeper = None
        self._known = None

    def _on_failed(self, error: Exception) -> None:
        self._saving = False
        self.save_button.setEnabled(True)
        problems: dict[str, str] | None = getattr(error, "problems", None)
        if problems:
            self.strip.say_problems(self.fields.show_problems(problems))
        else:
            self.strip.say_error(error)

    def leave(self) -> None:
        """Esc: back to the list, the draft is kept."""
        self.keep_draft()
        self.left.emit()

    def open_outcome(self) -> None:
        """Ctrl+E: whether the management goes on; a decision leads back to the list."""
        if self._known is None or self._correcting:
            return
        dialog = OutcomeDialog(self._context, self._known.resident_id, self._known.name, self)
        dialog.decided.connect(lambda line: self.outcome_decided.emit(line))
        dialog.open()

    def keep_draft(self) -> None:
        """Another room comes to the front."""
        if self._keeper is not None and self.fields.touched and self._known is not None:
            self._keeper.save_now()
