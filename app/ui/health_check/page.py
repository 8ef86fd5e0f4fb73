"""The health check: one page in paper order, marked values live, the conclusion at its foot."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QHBoxLayout, QVBoxLayout, QWidget

from app.care.health_check.definition import definition
from app.care.health_check.findings import Finding, findings_of, proposed_lines
from app.care.health_check.form import ABNORMAL, open_free_tests
from app.care.health_check.history import CheckContext, KeptCheck
from app.care.health_check.record import HealthCheckResult
from app.care.health_check.scales import of_this_year
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.keys import AnswerAndGo, next_missing, on_key
from app.ui.chronic.mark_row import MarkRow, shortened
from app.ui.context import UiContext
from app.ui.health_check.controller import CheckController
from app.ui.health_check.fields import FindingField
from app.ui.health_check.form_fields import CheckFields
from app.ui.health_check.proposals import Proposals
from app.ui.health_check.rows_field import LinesField, RowsField
from app.ui.widgets.buttons import Button, DangerButton, LinkButton, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.forms import FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.reading import show_to_be_read

FORM = "health_check"
NOT_DONE = "1"
_WORDS_IN_HEAD = 12
_JUDGE_MS = 120


class HealthCheckPage(Page):
    """One version of the form. ``saved(HealthCheckResult)``, ``left()``, ``voided()``."""

    saved = Signal(object)
    left = Signal()
    voided = Signal()

    def __init__(
        self,
        context: UiContext,
        controller: CheckController,
        version: str,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(tr("Health check"), scroll=True, parent=parent)
        self.version = version
        self._context = context
        self._controller = controller
        self._known: CheckContext | None = None
        self._kept = ""
        self._concluded = False
        self._keeper: DraftKeeper | None = None
        self._saving = False
        self._findings: tuple[Finding, ...] = ()
        self._may_judge = context.may("doctor", "specialist")
        self.fields = CheckFields(definition(version), context.clock.today(), self._assess, self)
        self.marks = MarkRow()
        self.add_action(self.marks)
        self._links = QHBoxLayout()
        self._links.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, theme.GAP_INSIDE)
        self._links.setSpacing(theme.GAP_TIGHT)
        whole = self.layout()
        assert isinstance(whole, QVBoxLayout)
        whole.insertLayout(1, self._links)
        head = QHBoxLayout()
        head.setSpacing(theme.GAP_CARD)
        head.addWidget(self.fields.check_date)
        head.addWidget(self.fields.reason, 1)
        head.addStretch(1)
        self.body.addLayout(head)
        self.proposals = Proposals(self._may_judge)
        self.proposals.taken.connect(self._take)
        self._summary = label("", "secondary")
        self.save_button = PrimaryButton(tr("Save"), self.save, icon_name="save-line")
        self.void_button = DangerButton(
            tr("Void this check"), self.void, icon_name="delete-bin-line"
        )
        self.rest_button = Button(
            tr("Mark other tests as not done"), self.mark_rest, icon_name="subtract-line"
        )
        self.rest_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.leave_button = Button(
            tr("Back to the list"), self.leave, tip=tr("Back, the draft is kept (Esc)")
        )
        self.add_footer(self._summary, self.void_button, self.leave_button, self.save_button)
        self._navigator = FormNavigator(self, last=self.save_button)
        self._answers: list[AnswerAndGo] = []
        for keys, act, what in (
            ("Esc", self.leave, ""),
            ("F2", self.to_next_missing, tr("Next required field that is blank")),
            ("F6", self.copy_drugs, tr("Drugs as at the last check")),
            ("F8", self._mark_here, tr("Not done, refused, unable: the line of the cursor")),
            ("F9", self.proposals.take_all, tr("Take every line for the conclusion")),
            ("PgDown", lambda: self._turn(1), tr("Next part of the form")),
            ("PgUp", lambda: self._turn(-1), tr("Part of the form before")),
        ):
            on_key(self, keys, act, what)
        self._judge_soon = QTimer(self)
        self._judge_soon.setSingleShot(True)
        self._judge_soon.setInterval(_JUDGE_MS)
        self._judge_soon.timeout.connect(self._judge)
        self.fields.changed.connect(self._judge_soon.start)
        self.fields.marked.connect(self._on_marked)

    # -- building -----------------------------------------------------------------------------

    def build_next(self) -> bool:
        """Build one more block; False when all are there. The page builds the rest by itself
        when it is opened."""
        if self.fields.whole:
            return False
        card = self.fields.build()
        self.body.addWidget(card)
        link = LinkButton(card.section.label, lambda: self.to_section(card.section.key))
        link.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self._links.addWidget(link)
        single = [
            field
            for field in card.fields()
            if isinstance(field, FindingField)
            and self.fields.form.by_key[field.key].kind == "choice"
        ]
        self._answers.append(AnswerAndGo(self, single))
        if card.section.key == "tests":
            card.add_action(self.rest_button)
        if card.section.judged:
            card.body.insertWidget(0, self.proposals)
            if not self._may_judge:
                for field in card.fields():
                    field.setEnabled(False)
                card.add_action(label(tr("The doctor concludes"), "hint"))
        if self.fields.whole:
            self._links.addStretch(1)
            self.body.addStretch(1)
        return True

    def build_whole(self) -> None:
        """All blocks that are still missing."""
        while self.build_next():
            pass

    # -- opening ------------------------------------------------------------------------------

    def begin(self, known: CheckContext) -> None:
        """A new check of a resident; a kept draft comes back."""
        self._start(known, kept="", concluded=False)
        self.fields.check_date.set_value(self._context.clock.today())
        self._keeper = DraftKeeper(
            self._context,
            FORM,
            self.fields,
            subject_id=known.resident_id,
            extra=lambda: {"marks": self.fields.marks()},
            parent=self,
        )
        self._keeper.saved.connect(lambda: self.set_note(tr("Draft kept")))
        self._keeper.failed.connect(lambda text: self.strip.say(text))
        draft = self._keeper.restore(drop_blank=True)
        if draft is not None:
            extra = draft.get("extra")
            self.fields.set_marks(extra.get("marks", {}) if isinstance(extra, dict) else {})
            self.strip.say(
                tr("This is your unfinished text of last time."),
                "attention",
                action=tr("Begin anew"),
                pressed=self._begin_anew,
            )
        self._keeper.start(known.resident_id)
        self.fields.touched = draft is not None
        self._judge()
        self._to_first()

    def go_on(self, kept: KeptCheck, why_read: str = "") -> None:
        """A saved check: results that came later, the conclusion, or a correction. With
        ``why_read`` it is only read."""
        self._start(kept.context, kept=kept.id, concluded=kept.concluded)
        self.fields.show(kept.form)
        self.fields.reason.set_required(kept.concluded)
        self.fields.reason.setVisible(kept.concluded)
        self.void_button.show()
        self.fields.touched = False
        if why_read:
            self._known = None
            self.proposals.show_lines(())
            self.fields.reason.hide()
            self.void_button.hide()
            show_to_be_read(self, why_read, self._summary, self.save_button)
            return
        self._judge()
        self._to_first()

    def _start(self, known: CheckContext, *, kept: str, concluded: bool) -> None:
        self.build_whole()
        if self._keeper is not None:
            self.keep_draft()
            self._keeper.deleteLater()
            self._keeper = None
        self._known = None
        self._kept = kept
        self._concluded = concluded
        self._saving = False
        self.strip.clear()
        self.set_note("")
        show_to_be_read(self, "", self._summary, self.save_button)
        self.save_button.setEnabled(True)
        self.void_button.hide()
        self.fields.clear()
        self.fields.set_marks({})
        self.fields.reason.set_required(False)
        self.fields.reason.hide()
        self.fields.show_beside(known)
        self._show_head(known)
        self._known = known

    def _begin_anew(self) -> None:
        assert self._keeper is not None
        assert self._known is not None
        self._keeper.discard()
        self._keeper = None
        self.begin(self._known)

    def _to_first(self) -> None:
        assert self.scroll_area is not None
        self.scroll_area.verticalScrollBar().setValue(0)
        first = self.fields["symptoms"]
        first.setFocus()
        QTimer.singleShot(0, first, first.setFocus)

    def _show_head(self, known: CheckContext) -> None:
        about = [
            self.fields.form.label,
            codes.label("sex", known.sex),
            tr("{age} years").format(age=known.age),
            shortened(known.village, _WORDS_IN_HEAD),
        ]
        if known.last is not None:
            about.append(tr("last check {date}").format(date=known.last.check_date))
        self.set_title(
            shortened(known.name, _WORDS_IN_HEAD), " · ".join(each for each in about if each)
        )
        allergic = tr("Allergic: {drugs}").format(drugs=tr(", ").join(known.allergies))
        marks: list[tuple[str, theme.Tone]] = [(allergic, "danger")] if known.allergies else []
        marks.extend((text, "neutral") for text in known.conditions)
        self.marks.set_marks(marks)

    # -- while typing -------------------------------------------------------------------------

    def _judge(self) -> None:
        """Mark what is abnormal and propose lines; nothing is concluded."""
        known = self._known
        if known is None:
            return
        form, answers = self.fields.form, self.fields.answers()
        day = self.fields.check_date.value() or self._context.clock.today()
        scales = of_this_year(dict(known.scales), day)
        levels = {key: (each.level, each.text) for key, each in scales.items()}
        self._findings = findings_of(form, answers, known.person, known.lab_ranges, levels)
        self.fields.show_flags({each.field: (each.short, each.level) for each in self._findings})
        self.proposals.show_lines(proposed_lines(form, self._findings))
        left = open_free_tests(form, answers, self.fields.marks(), known.person, day)
        parts = []
        if self._findings:
            parts.append(tr("{count} marked").format(count=len(self._findings)))
        if left:
            parts.append(tr("free tests still blank: {count}").format(count=len(left)))
        self._summary.setText(" · ".join(parts))
        self._summary.setToolTip(tr(", ").join(group.label for group in left))

    def _take(self, text: str) -> None:
        lines, conclusion = self.fields["abnormal"], self.fields["conclusion"]
        assert isinstance(lines, LinesField)
        conclusion.set_value(ABNORMAL)
        lines.add_line(text)

    def _mark_here(self) -> None:
        mark = self.fields.mark_at(QApplication.focusWidget())
        if mark is not None:
            mark.step()

    def _on_marked(self) -> None:
        if self._keeper is not None:
            self._keeper.note()
        self._judge_soon.start()

    def mark_rest(self) -> None:
        """All tests that are still blank: not done. A person says so, row by row to be undone."""
        count = self.fields.mark_open_tests(NOT_DONE)
        self._context.notify(tr("{count} tests marked as not done.").format(count=count))

    def copy_drugs(self) -> None:
        """F6: the drugs of the last check."""
        field = self.fields["drugs"]
        last = None if self._known is None else self._known.last
        if isinstance(field, RowsField) and last is not None and field.is_blank():
            field.set_value(last.answers.get("drugs"))

    def _assess(self, scale: str) -> None:
        if self._known is not None:
            self.keep_draft()
            self._context.navigate("assessments", resident_id=self._known.resident_id, scale=scale)

    def to_section(self, key: str) -> None:
        """Scroll to a block and put the keyboard into its first field."""
        assert self.scroll_area is not None
        card = self.fields.cards[key]
        self.scroll_area.verticalScrollBar().setValue(card.y())
        first = next((each for each in card.fields() if each.isVisible()), None)
        if first is not None:
            first.setFocus(Qt.FocusReason.TabFocusReason)

    def _turn(self, step: int) -> None:
        keys = list(self.fields.cards)
        focused = QApplication.focusWidget()
        here = next(
            (
                at
                for at, key in enumerate(keys)
                if focused is not None and self.fields.cards[key].isAncestorOf(focused)
            ),
            0,
        )
        self.to_section(keys[min(max(here + step, 0), len(keys) - 1)])

    def to_next_missing(self) -> None:
        """F2: the next required field that is still blank, else the save button."""
        field = next_missing(self.fields, QApplication.focusWidget())
        (field or self.save_button).setFocus(Qt.FocusReason.TabFocusReason)

    # -- saving -------------------------------------------------------------------------------

    def save(self) -> None:
        """Ctrl+S: check, save, go back to the list."""
        if self._saving or self._known is None or not self.fields.check():
            return
        self._saving = True
        self.save_button.setEnabled(False)
        self.strip.clear()
        reason = "" if self.fields.reason.isHidden() else str(self.fields.reason.value() or "")
        self._controller.save(
            self.fields.read(self._known.resident_id),
            self._kept,
            reason,
            done=self._on_saved,
            failed=self._on_failed,
        )

    def void(self) -> None:
        """Take the check back that is open."""
        self.fields.reason.show()
        if self.fields.reason.is_blank():
            self.fields.reason.show_problem(tr("Write why the check is taken back."))
            self.fields.reason.setFocus()
            return
        self._controller.void(
            self._kept,
            str(self.fields.reason.value()),
            done=lambda _: self.voided.emit(),
            failed=self._on_failed,
        )

    def _on_saved(self, result: HealthCheckResult) -> None:
        self._saving = False
        if self._keeper is not None:
            self._keeper.discard()
            self._keeper = None
        self._known = None
        self.saved.emit(result)

    def _on_failed(self, error: Exception) -> None:
        self._saving = False
        self.save_button.setEnabled(True)
        problems: dict[str, Any] | None = getattr(error, "problems", None)
        if problems:
            self.strip.say_problems(self.fields.show_problems(problems))
        else:
            self.strip.say_error(error)

    def leave(self) -> None:
        """Back; what was typed stays as a draft."""
        self.keep_draft()
        self.left.emit()

    def keep_draft(self) -> None:
        """Write the draft now if something was typed."""
        if self._keeper is not None and self.fields.touched:
            self._keeper.save_now()
