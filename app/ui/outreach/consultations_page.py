"""Consultations: left the lists with their waiting time, right the one that is read."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

from PySide6.QtWidgets import QFrame, QHBoxLayout, QPushButton, QStackedWidget, QVBoxLayout, QWidget

from app.care.outreach.consultation_lists import (
    Box,
    BoxCounts,
    ConsultationLine,
    ConsultationView,
    box_counts,
    list_consultations,
    load_consultation,
    open_consultation,
)
from app.care.outreach.consultation_state import Move
from app.care.outreach.consultations import answer, cancel, conclude, decline, take_on
from app.care.outreach.notes import WORKERS_ROLES
from app.care.referral_lists import is_lead_hospital
from app.errors import NotFound
from app.i18n import tr
from app.ui import theme
from app.ui.attachments.card import FilesCard, Subject
from app.ui.outreach.consultation_detail import ConsultationDetail
from app.ui.outreach.consultation_dialogs import AnswerDialog, CallDialog, OutcomeDialog, WhyDialog
from app.ui.outreach.controller import OutreachController
from app.ui.outreach.drafts import keep_draft
from app.ui.outreach.words import headline, state_word
from app.ui.referrals.words import waiting_words, when, who
from app.ui.style import dress
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import EmptyState, label
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.two_lines import TwoLineList, TwoLines

KINDS = ("consultation", "shared_note")


class ConsultationsPage(QWidget):
    """``begin()`` is called for a new question (Ctrl+N)."""

    def __init__(self, controller: OutreachController, begin: Callable[[], object]) -> None:
        super().__init__()
        self._controller = controller
        self._context = controller.context
        # The lead hospital is asked, a member asks.
        self.box = Box.RECEIVED if is_lead_hospital(self._context.store) else Box.ASKED
        self._wanted = ""
        self._asked = 0
        self._loads = 0
        self._opening = ""
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self._build_left(begin))
        self.detail = ConsultationDetail(
            self.take,
            lambda resident_id: self._context.navigate("residents", resident_id=resident_id),
            lambda referral_id: self._context.navigate("referrals", referral_id=referral_id),
        )
        self.files = FilesCard(self._context, self.detail)
        self.detail.take_files(self.files)
        self.nothing = EmptyState(
            tr("Choose a consultation at the left."),
            tr("Here you read the question and take the next step."),
            "question-answer-line",
        )
        self.right = QStackedWidget()
        self.right.addWidget(self.nothing)
        self.right.addWidget(self.detail)
        row.addWidget(self.right, 1)

    def _build_left(self, begin: Callable[[], object]) -> QWidget:
        panel = QFrame()
        dress(panel, kind="panel")
        panel.setFixedWidth(theme.LIST_WIDTH)
        column = QVBoxLayout(panel)
        column.setContentsMargins(0, theme.GAP_FIELD, 0, 0)
        column.setSpacing(theme.GAP_INSIDE)
        head = QHBoxLayout()
        head.setContentsMargins(theme.GAP_FIELD, 0, theme.GAP_FIELD, 0)
        head.addWidget(label(tr("Consultations"), "section"))
        head.addStretch(1)
        self.new_button = PrimaryButton(
            tr("Ask"), begin, icon_name="add-line", shortcut="", tip=tr("Ask (Ctrl+N)")
        )
        head.addWidget(self.new_button)
        column.addLayout(head)
        filters = QHBoxLayout()
        filters.setContentsMargins(theme.GAP_FIELD, 0, theme.GAP_FIELD, 0)
        filters.setSpacing(theme.GAP_TIGHT)
        self.filters: dict[Box, QPushButton] = {}
        for box in Box:
            button = Button("", partial(self.choose, box))
            button.setCheckable(True)
            dress(button, kind="option")
            self.filters[box] = button
            filters.addWidget(button)
        filters.addStretch(1)
        column.addLayout(filters)
        self.list = TwoLineList(tr("Consultations"), self._describe)
        self.list.opened.connect(lambda line: self.show_one(line.consultation_id))
        self.list.selectionModel().currentChanged.connect(self._current_changed)
        self.empty = EmptyState("", "", "question-answer-line")
        self.lists = QStackedWidget()
        self.lists.addWidget(self.list)
        self.lists.addWidget(self.empty)
        column.addWidget(self.lists, 1)
        self.strip = ErrorStrip()
        column.addWidget(self.strip)
        return panel

    # -- the list -------------------------------------------------------------------------------

    def choose(self, box: Box) -> None:
        """Show another list."""
        self.box = box
        self._wanted = self._opening = ""
        # What is still on its way is of the list that was left.
        self._loads += 1
        self.detail.view = None
        self.reload()

    def reload(self) -> None:
        """Ask for the list, the counts and the one that is shown anew."""
        self._asked += 1
        asked = self._asked

        def arrived(lines: tuple[ConsultationLine, ...]) -> None:
            if asked == self._asked:
                self._show_list(lines)

        oops = self.strip.say_error
        self._controller.read(list_consultations, self.box, done=arrived, failed=oops)
        self._controller.read(box_counts, done=self._show_counts, failed=oops)

    def _show_counts(self, counts: BoxCounts) -> None:
        said = {
            Box.RECEIVED: tr("Received {count}").format(count=counts.received),
            Box.ASKED: tr("Asked {count}").format(count=counts.asked),
            Box.OVER: tr("Over"),
        }
        for box, button in self.filters.items():
            button.setText(said[box])
            button.setChecked(box is self.box)

    def _show_list(self, lines: tuple[ConsultationLine, ...]) -> None:
        shown = self.detail.view
        keep = self._wanted or (shown.line.consultation_id if shown is not None else "")
        self._wanted = ""
        self.list.selectionModel().blockSignals(True)
        self.list.rows.set_rows(lines)
        at = next((n for n, line in enumerate(lines) if line.consultation_id == keep), -1)
        if at >= 0 or (lines and not keep):
            self.list.choose(max(at, 0))
        self.list.selectionModel().blockSignals(False)
        self.list.viewport().update()
        self.lists.setCurrentWidget(self.list if lines else self.empty)
        if not lines and self.list.hasFocus():
            self.new_button.setFocus()
        self.empty.set_text(*_nothing(self.box))
        if keep:
            self._load(keep, load_consultation)
        elif lines:
            self.show_one(lines[0].consultation_id)
        else:
            self.right.setCurrentWidget(self.nothing)

    def _current_changed(self) -> None:
        line = self.list.current()
        view = self.detail.view
        if line is not None and (view is None or view.line.consultation_id != line.consultation_id):
            self.show_one(line.consultation_id)

    def _describe(self, line: ConsultationLine) -> TwoLines:
        today = self._context.store.clock.today()
        wait, tone = waiting_words(line.waiting, today)
        over = line.waiting.limit is None
        return TwoLines(
            title=line.resident_name,
            beside=who(line.sex, line.age),
            right=when(line.asked_at, today),
            lower=f"{headline(line)}  ·  {line.other_name}",
            lower_right=state_word(line.state) if over else wait,
            lower_tone="danger" if line.urgent and not over else "neutral",
            right_tone=tone,
            icon_name="alarm-warning-line" if line.urgent else "question-answer-line",
        )

    # -- one ------------------------------------------------------------------------------------

    def show_one(self, consultation_id: str) -> None:
        """Bring one to the right side; the look is noted, once."""
        shown = self.detail.view
        if consultation_id == self._opening or (
            shown is not None and shown.line.consultation_id == consultation_id
        ):
            return
        self._wanted = self._opening = consultation_id
        self._load(consultation_id, open_consultation)

    def _load(self, consultation_id: str, work: Callable[..., ConsultationView]) -> None:
        """Only the answer to what was asked for last is shown."""
        self._loads += 1
        load = self._loads

        def arrived(view: ConsultationView) -> None:
            if load == self._loads:
                self._opening = ""
                self._show(view)

        def failed(error: Exception) -> None:
            if load == self._loads:
                self._opening = ""
                self._failed(error)

        self._controller.read(work, consultation_id, done=arrived, failed=failed)

    def take_focus(self) -> None:
        """The keys are for the list, or for a first question."""
        (self.list if self.lists.currentWidget() is self.list else self.new_button).setFocus()

    def _show(self, view: ConsultationView) -> None:
        self.detail.show_view(view, self._context.store.clock.today())
        subject = Subject("consultation", view.line.consultation_id)
        ended = view.line.state in (Move.DECLINED, Move.CANCELLED)
        may_add = not ended and self._context.may(*WORKERS_ROLES)
        self.files.show_records((subject,), subject if may_add else None)
        self.right.setCurrentWidget(self.detail)

    def _failed(self, error: Exception) -> None:
        if isinstance(error, NotFound):
            self.detail.view = None
            self.right.setCurrentWidget(self.nothing)
        self.strip.say_error(error)

    def take(self, move: Move) -> None:
        """A step's button."""
        view = self.detail.view
        if view is None:
            return
        id_, c, owner = view.line.consultation_id, self._context, self.window()
        match move:
            case Move.ACCEPTED if view.line.urgent:
                call = CallDialog(view, c.store.clock.now(), owner)
                said = tr("Taken on. The asker sees it after the next synchronisation.")
                self._controller.ask(call, KINDS, lambda: (take_on, id_, call.at()), said)
            case Move.ACCEPTED:
                self._controller.write(
                    KINDS,
                    take_on,
                    id_,
                    done=lambda _: c.notify(
                        tr("Taken on. The asker sees it after the next synchronisation.")
                    ),
                    failed=self.detail.strip.say_error,
                )
            case Move.ANSWERED:
                given = AnswerDialog(view, c.actor.name, owner)
                keep_draft(self._controller, given, "consultation_answer", id_)
                said = tr("The opinion is on its way to the asker.")
                self._controller.ask(given, KINDS, lambda: (answer, id_, given.answer()), said)
            case Move.DECLINED:
                no = WhyDialog(
                    tr("Decline the consultation"),
                    tr("Decline"),
                    owner,
                    hint=tr("Say what the asker can do instead."),
                )
                said = tr("Declined. The asker sees the reason.")
                self._controller.ask(no, KINDS, lambda: (decline, id_, no.words()), said)
            case Move.CANCELLED:
                off = WhyDialog(tr("Withdraw the question"), tr("Withdraw"), owner)
                said = tr("The question is withdrawn.")
                self._controller.ask(off, KINDS, lambda: (cancel, id_, off.words()), said)
            case Move.CONCLUDED:
                end = OutcomeDialog(owner)
                keep_draft(self._controller, end, "consultation_outcome", id_)
                said = tr("The consultation is concluded.")
                self._controller.ask(end, KINDS, lambda: (conclude, id_, end.said()), said)
            case _:
                pass


def _nothing(box: Box) -> tuple[str, str]:
    return {
        Box.RECEIVED: (
            tr("No question waits for an answer."),
            tr("Questions of the other organisations appear here after a synchronisation."),
        ),
        Box.ASKED: (
            tr("No question is under way."),
            tr("Ctrl+N asks the first; or press Consultation on a resident's page."),
        ),
        Box.OVER: (
            tr("No consultation is over yet."),
            tr("Answered and concluded, declined and withdrawn ones come here."),
        ),
    }[box]
