"""One form for every scale: built from its questionnaire, judged while it is typed."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import Qt, QTimer, Signal
from PySide6.QtWidgets import QApplication, QVBoxLayout, QWidget

from app.care.assessments import words
from app.care.assessments.conventions import next_assessment
from app.care.assessments.form import ANSWER, ASKING, TWO_ASSESSORS, AssessmentInput, judged
from app.care.assessments.history import DRAFT_FORM, AssessmentsOf
from app.care.assessments.levels import LEVEL_LISTS
from app.care.assessments.questionnaire import MULTIPLE, questionnaire
from app.care.assessments.record import AssessmentSaved
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.assessments.controller import AssessmentsController
from app.ui.assessments.question_field import QuestionField, field_of
from app.ui.assessments.score_strip import ScoreStrip
from app.ui.chronic.field_kinds import TickField, entries_of
from app.ui.chronic.keys import next_missing, on_key
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, DangerButton, PrimaryButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.forms import FormFields, FormNavigator, tab_order
from app.ui.widgets.pages import Page
from app.ui.widgets.reading import show_to_be_read
from app.ui.widgets.values import DateField


class AssessmentPage(Page):
    """A new assessment, or with ``assessment_id`` a saved one to look at or correct.

    ``saved(AssessmentSaved)`` after the record is on the disk; ``voided``; ``left`` back.
    """

    saved = Signal(object)
    voided = Signal()
    left = Signal()

    def __init__(
        self,
        context: UiContext,
        controller: AssessmentsController,
        known: AssessmentsOf,
        scale: str,
        typed: AssessmentInput | None = None,
        assessment_id: str = "",
    ) -> None:
        super().__init__(tr("Assessment"), scroll=True)
        self._context = context
        self._controller = controller
        self._known = known
        self._correcting = assessment_id
        self._saving = False
        self._ready = False
        self._keeper: DraftKeeper | None = None
        self.form = questionnaire(scale, typed.version if typed is not None else "")
        self.fields = FormFields(self)
        self._show_head()
        self._build()
        self.live = ScoreStrip()
        whole = self.layout()
        assert isinstance(whole, QVBoxLayout)
        holder = QVBoxLayout()
        holder.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_CARD, theme.GAP_INSIDE)
        holder.addWidget(self.live)
        whole.insertLayout(whole.count() - 2, holder)
        self._build_footer()
        self._navigator = FormNavigator(self, last=self.save_button)
        on_key(self, "Esc", self.leave)
        on_key(self, "F2", self.to_next_missing, tr("Next required field that is blank"))
        self.fields.changed.connect(self._judge)
        QApplication.instance().focusChanged.connect(self._keep_in_sight)  # type: ignore[union-attr]
        if typed is None:
            self._begin()
        else:
            self._show_typed(typed)
        self._ready = True
        self._judge()

    # -- building -------------------------------------------------------------------------------

    def _show_head(self) -> None:
        known = self._known
        about = (
            str(self.form.title),
            tr("{sex} {age}").format(sex=codes.label("sex", known.sex), age=known.age),
            known.village,
        )
        self.set_title(known.name, " · ".join(part for part in about if part))

    def _build(self) -> None:
        today = self._context.clock.today()
        card = Card(tr("About this assessment"))
        self.assessed_on = self._add(
            card, DateField("assessed_on", tr("Date"), required=True, latest=today, today=today)
        )
        self.second_assessor = TextField("second_assessor", tr("Second assessor"), limit=40)
        self.informant = TextField("informant", tr("Informant"), limit=40)
        self.relation = ListField("informant_relation", tr("Relation"), entries_of("relation"))
        if self.form.scale in TWO_ASSESSORS:
            self.second_assessor.set_required(True)
            for field in (self.second_assessor, self.informant, self.relation):
                self._add(card, field)
        self.body.addWidget(card)
        if str(self.form.description):
            self.body.addWidget(label(str(self.form.description), "secondary"))
        self._build_questions()
        self._build_end()
        self.body.addStretch(1)

    def _build_questions(self) -> None:
        cards: dict[str, Card] = {}
        for question in self.form.questions:
            group = question.group
            if group not in cards:
                title = str(self.form.groups[group]) if group else str(self.form.title)
                cards[group] = Card(title)
                self.body.addWidget(cards[group])
            field = self._add(cards[group], field_of(ANSWER + question.link_id, question))
            if isinstance(field, QuestionField):
                field.answered.connect(lambda at=field: self._go_on(at))

    def _build_end(self) -> None:
        today = self._context.clock.today()
        card = Card(tr("Conclusion"))
        if self.form.scale in ASKING:
            self._build_decision()
        self.reassess_on = self._add(
            card,
            DateField("reassess_on", tr("Next assessment"), nearest="future", today=today),
        )
        self.confirmed = self._add(
            card, TickField("confirmed", "", tr("Resident or informant has confirmed"))
        )
        self.remark = self._add(card, TextField("remark", tr("Remark"), limit=500))
        self.correction_reason = self._add(
            card,
            TextField("correction_reason", tr("Reason of the change"), required=True, limit=200),
        )
        self.correction_reason.setVisible(bool(self._correcting))
        self.body.addWidget(card)

    def _build_decision(self) -> None:
        self.decision = Card(tr("Decision of a person"))
        entries = entries_of(LEVEL_LISTS[self.form.scale])
        self._add(self.decision, ChoiceField("chosen_level", tr("Result"), entries, required=True))
        self._add(
            self.decision,
            TextField("level_reason", tr("Who decided and why"), required=True, limit=200),
        )
        self.body.addWidget(self.decision)
        self.decision.hide()

    def _add(self, card: Card, field: Any) -> Any:
        card.body.addWidget(field)
        return self.fields.add(field)

    def _build_footer(self) -> None:
        self.save_button = PrimaryButton(tr("Save"), self.save, icon_name="save-line")
        self.void_button = DangerButton(
            tr("Void this assessment"), self.void, icon_name="delete-bin-line"
        )
        self.next_button = Button(
            tr("Next required (F2)"), self.to_next_missing, icon_name="arrow-down-circle-line"
        )
        self.next_button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.leave_button = Button(
            tr("Back to the scales"), self.leave, tip=tr("Back, the draft is kept (Esc)")
        )
        self.add_footer(self.void_button, self.leave_button, self.next_button, self.save_button)
        self.void_button.setVisible(bool(self._correcting))

    # -- opening --------------------------------------------------------------------------------

    def _begin(self) -> None:
        """A new assessment; a kept draft comes back."""
        self.assessed_on.set_value(self._context.clock.today())
        if ANSWER + "education" in self.fields and self._known.education:
            # From the resident record: no measurement.
            self.fields[ANSWER + "education"].set_value(self._known.education)
        keeper = DraftKeeper(
            self._context,
            DRAFT_FORM + self.form.scale,
            self.fields,
            subject_id=self._known.resident_id,
            parent=self,
        )
        keeper.saved.connect(lambda: self.set_note(tr("Draft kept")))
        keeper.failed.connect(lambda text: self.strip.say(text))
        self._keeper = keeper
        kept = keeper.restore(drop_blank=True)
        if kept is not None:
            self.strip.say(
                tr("This is your unfinished text of last time."),
                "attention",
                action=tr("Begin anew"),
                pressed=self._begin_anew,
            )
        keeper.start(self._known.resident_id)
        self.fields.touched = kept is not None

    def _begin_anew(self) -> None:
        assert self._keeper is not None
        self._keeper.discard()
        self._keeper.deleteLater()
        self._keeper = None
        self.fields.clear()
        self.strip.clear()
        self._begin()
        self.to_first()

    def _show_typed(self, typed: AssessmentInput) -> None:
        for key in (
            *("assessed_on", "second_assessor", "informant", "informant_relation"),
            *("reassess_on", "confirmed", "remark", "chosen_level", "level_reason"),
        ):
            if key in self.fields:
                self.fields[key].set_value(getattr(typed, key) or None)
        for link_id, answer in typed.answers.items():
            if ANSWER + link_id in self.fields:
                self.fields[ANSWER + link_id].set_value(answer)

    def only_read(self, why: str) -> None:
        """A saved assessment that this house cannot correct."""
        self._ready = False
        self._correcting = ""
        typing_only = (self.live, self.next_button, self.save_button, self.void_button)
        show_to_be_read(self, why, self.correction_reason, *typing_only)

    def to_first(self) -> None:
        """The keyboard to the first question that is not answered."""
        questions = [each for each in self.fields if each.key.startswith(ANSWER)]
        field = next((each for each in questions if each.is_blank()), questions[0])
        field.setFocus(Qt.FocusReason.TabFocusReason)

    # -- while typing ---------------------------------------------------------------------------

    def read(self) -> AssessmentInput:
        """The form as typed."""
        value = {each.key: each.value() for each in self.fields}
        several = {each.link_id for each in self.form.questions if each.kind == MULTIPLE}
        answers = {
            key.removeprefix(ANSWER): list(answer)
            if key.removeprefix(ANSWER) in several
            else answer
            for key, answer in value.items()
            if key.startswith(ANSWER) and answer is not None
        }
        return AssessmentInput(
            resident_id=self._known.resident_id,
            scale=self.form.scale,
            assessed_on=value["assessed_on"],
            answers=answers,
            version=self.form.version,
            second_assessor=value.get("second_assessor") or "",
            informant=value.get("informant") or "",
            informant_relation=value.get("informant_relation") or "",
            confirmed=bool(value["confirmed"]),
            reassess_on=value["reassess_on"],
            remark=value["remark"] or "",
            chosen_level=value.get("chosen_level") or "",
            level_reason=value.get("level_reason") or "",
        )

    def _judge(self) -> None:
        if not self._ready:
            return
        typed, known = self.read(), self._known
        found = judged(typed, known.cut_offs)
        if self.form.scale in ASKING:
            self.decision.setVisible(found.ask)
            for key in ("chosen_level", "level_reason"):
                self.fields[key].setVisible(found.ask)
        day = typed.assessed_on or self._context.clock.today()
        due = typed.reassess_on or next_assessment(self.form.scale, day, found, known.intervals)
        before = known.line(self.form.scale).latest
        past = ""
        if before is not None and not self._correcting:
            past = tr("Last time, {date}: {result}").format(
                date=before.assessed_on, result=words.short(before)
            )
        self.live.show_outcome(
            self.form,
            found,
            words.reason(self.form, found, typed.answers, known.cut_offs),
            tr("again by {date}").format(date=due) if due is not None and found.complete else "",
            past,
        )

    def _go_on(self, field: QuestionField) -> None:
        """A digit answered: at once to the next question, so that no key is lost."""
        order = tab_order(self)
        if field in order and field.hasFocus():
            position = order.index(field) + 1
            if position < len(order):
                order[position].setFocus(Qt.FocusReason.TabFocusReason)

    def to_next_missing(self) -> None:
        """F2: the next required field that is still blank, else the save button."""
        field: Field | None = next_missing(self.fields, QApplication.focusWidget())
        (field or self.save_button).setFocus(Qt.FocusReason.TabFocusReason)

    def _keep_in_sight(self, _old: QWidget | None, new: QWidget | None) -> None:
        if new is not None and self.scroll_area is not None and self.scroll_area.isAncestorOf(new):
            # After the answers of the question have unfolded.
            QTimer.singleShot(0, new, lambda: self._scroll_to(new))

    def _scroll_to(self, widget: QWidget) -> None:
        if self.scroll_area is not None and self.scroll_area.isAncestorOf(widget):
            content = self.scroll_area.widget().layout()
            content.activate()
            self.scroll_area.ensureWidgetVisible(widget, 0, theme.GAP_SECTION * 2)

    # -- saving ---------------------------------------------------------------------------------

    def save(self) -> None:
        """Ctrl+S: check, save, go back."""
        if self._saving or not self._ready or not self.fields.check():
            return
        self._saving = True
        self.save_button.setEnabled(False)
        self.strip.clear()
        self._controller.save(
            self.read(),
            self._correcting,
            str(self.correction_reason.value() or ""),
            done=self._on_saved,
            failed=self._on_failed,
        )

    def void(self) -> None:
        """Take the assessment back that is open."""
        if self.correction_reason.is_blank():
            self.correction_reason.show_problem(tr("Write why the assessment is changed."))
            self.correction_reason.setFocus()
            return
        self._controller.void(
            self._correcting,
            str(self.correction_reason.value()),
            done=lambda _: self.voided.emit(),
            failed=self._on_failed,
        )

    def keep_draft(self) -> None:
        """Another page comes to the front."""
        if self._keeper is not None and self.fields.touched:
            self._keeper.save_now()

    def leave(self) -> None:
        """Esc: back; what was typed stays as a draft."""
        self.keep_draft()
        self.left.emit()

    def _on_saved(self, result: AssessmentSaved) -> None:
        if self._keeper is not None:
            self._keeper.discard()
            self._keeper = None
        self.saved.emit(result)

    def _on_failed(self, error: Exception) -> None:
        self._saving = False
        self.save_button.setEnabled(True)
        problems: dict[str, str] | None = getattr(error, "problems", None)
        if problems:
            self.strip.say_problems(self.fields.show_problems(problems))
        else:
            self.strip.say_error(error)
