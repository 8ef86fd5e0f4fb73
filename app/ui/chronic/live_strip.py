"""The strip under the form: what the visit comes to so far, in words, while it is typed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QGridLayout, QHBoxLayout, QVBoxLayout, QWidget

from app.care.follow_up_judgement import Judgement
from app.care.visit_rules import VisitClass
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.buttons import AlarmButton, Button
from app.ui.widgets.cards import Chip, IconLabel, label

_CLASS_TONES: dict[VisitClass, theme.Tone] = {
    VisitClass.CONTROLLED: "accent",
    VisitClass.UNCONTROLLED: "attention",
    VisitClass.REACTION: "attention",
    VisitClass.COMPLICATION: "danger",
}


class LiveStrip(QFrame):
    """One line a disease: its class, the reason in words, the next date. Red when urgent, with
    the one button that the moment asks for."""

    def __init__(self, refer_now: Callable[[], object], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        dress(self, kind="strip", tone="neutral")
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_CARD, theme.GAP_INSIDE, theme.GAP_FIELD, theme.GAP_INSIDE)
        row.setSpacing(theme.GAP_FIELD)
        self._icon = IconLabel("error-warning-line", "danger", theme.ICON_LARGE)
        self._icon.hide()
        row.addWidget(self._icon, 0, Qt.AlignmentFlag.AlignVCenter)
        column = QVBoxLayout()
        column.setSpacing(theme.GAP_TIGHT)
        self._hint = label(tr("The class and the next date appear here while you type."), "hint")
        column.addWidget(self._hint)
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_FIELD)
        self._grid.setVerticalSpacing(theme.GAP_TIGHT)
        self._grid.setColumnStretch(2, 1)
        column.addLayout(self._grid)
        self._questions = label("", "", wrap=True, tone="attention")
        self._questions.hide()
        column.addWidget(self._questions)
        # What is only for information never has the colour of a question.
        self._notes = label("", "hint", wrap=True)
        self._notes.hide()
        column.addWidget(self._notes)
        row.addLayout(column, 1)
        self.now_button = AlarmButton(
            tr("Refer now"), refer_now, icon_name="alarm-warning-line", tip=tr("Refer now (F9)")
        )
        self.refer_button = Button(
            tr("Write a referral"),
            refer_now,
            icon_name="arrow-right-up-line",
            tip=tr("Write a referral (F9)"),
        )
        for button in (self.now_button, self.refer_button):
            row.addWidget(button, 0, Qt.AlignmentFlag.AlignVCenter)
            button.hide()
        self._lines: list[QWidget] = []

    def show_judgements(self, judgements: Sequence[Judgement], due: dict[str, date]) -> None:
        """Say what holds now; ``due`` are the dates that stay where nothing was classified."""
        for line in self._lines:
            self._grid.removeWidget(line)
            line.hide()
            line.deleteLater()
        self._lines = []
        told = [judgement for judgement in judgements if _has_something(judgement)]
        self._hint.setVisible(not told)
        for at, judgement in enumerate(told):
            self._add_line(at, judgement, due.get(judgement.disease))
        urgent = any(judgement.proposal.urgent for judgement in told)
        refer = any(judgement.refer for judgement in told)
        dress(self, tone="danger" if urgent else "attention" if refer else "neutral")
        self._icon.setVisible(urgent)
        self.now_button.setVisible(urgent)
        self.refer_button.setVisible(refer and not urgent)
        for line, texts in (
            (self._questions, [j.proposal.questions for j in told]),
            (self._notes, [j.proposal.notes for j in told]),
        ):
            said = dict.fromkeys(text for each in texts for text in each)
            line.setText("  ".join(said))
            line.setVisible(bool(said))
        self.setAccessibleName(self.text())

    def text(self) -> str:
        """Everything that the strip says, for a screen reader and for tests."""
        parts = [line.property("said") for line in self._lines if line.property("said")]
        for line in (self._questions, self._notes):
            if not line.isHidden():
                parts.append(line.text())
        return "; ".join(parts)

    def _add_line(self, at: int, judgement: Judgement, due: date | None) -> None:
        name = label(codes.label("chronic_disease", judgement.disease), "strong")
        said = judgement.proposal.reason
        if judgement.override is not None:
            said = tr("{reason} (changed by the doctor: {step})").format(
                reason=said, step=codes.label("next_step", judgement.next_step)
            )
        reason = label(said, wrap=True)
        if judgement.proposal.urgent:
            dress(reason, kind="strong", tone="danger")
        chip = Chip()
        if judgement.visit_class is None:
            chip.set(tr("not classified"), "neutral")
        else:
            chip.set(
                codes.label("visit_class", judgement.visit_class),
                _CLASS_TONES[judgement.visit_class],
            )
        if judgement.next_visit is not None:
            words = tr("next by {date}").format(date=judgement.next_visit)
        elif due is not None:
            words = tr("stays due on {date}").format(date=due)
        else:
            words = tr("date unchanged")
        day = label(words, "strong")
        for column, widget in enumerate((name, chip, reason, day)):
            self._grid.addWidget(widget, at, column, Qt.AlignmentFlag.AlignVCenter)
            widget.setProperty("said", "")
            self._lines.append(widget)
        reason.setProperty("said", f"{name.text()}: {said} {words}")


def _has_something(judgement: Judgement) -> bool:
    """Whether anything was typed that the rule can speak about."""
    proposal = judgement.proposal
    return bool(
        judgement.next_step is not None
        or proposal.questions
        or proposal.notes
        or judgement.override is not None
    )
