"""The small form of a blood-pressure screening, and what came of a probable hypertension."""

from __future__ import annotations

from abc import abstractmethod

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.age import age_on
from app.care.screening.lists import WaitingRow
from app.care.screening.record import (
    MAX_TEXT,
    REFERRED,
    RULED_OUT,
    ScreeningContext,
    ScreeningInput,
    ScreeningSaved,
    decide_probable,
    judge_screening,
    letter_from_screening,
    open_screening,
    record_screening,
)
from app.care.screening.rule import ASKED_RISKS, Result, ScreeningJudgement
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.chronic.field_kinds import ends_of, entries_of, measured, pair
from app.ui.context import UiContext
from app.ui.style import dress
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip
from app.ui.widgets.values import DateField, NumberField

_TONES: dict[str, str] = {"3": "attention", "4": "attention", "5": "danger"}
_SHOWN = 4


class _Dialog(QDialog, metaclass=AbstractWidget):
    """Title, fields, a strip, one primary button (Ctrl+S)."""

    def __init__(self, context: UiContext, title: str, parent: QWidget) -> None:
        super().__init__(parent)
        self._context = context
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.FORM_WIDTH)
        self.column = QVBoxLayout(self)
        self.column.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        self.column.setSpacing(theme.GAP_FIELD)
        self.title = label(title, "title")
        self.about = label("", "secondary", wrap=True)
        self.column.addWidget(self.title)
        self.column.addWidget(self.about)
        self.fields = FormFields(self)
        self.strip = ErrorStrip()
        self.save_button = PrimaryButton(tr("Save"), self.save, icon_name="save-line")

    def _finish(self) -> None:
        """The lower part, after the fields."""
        self.column.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        row.addWidget(Button(tr("Go back"), self.reject))
        row.addWidget(self.save_button)
        self.column.addLayout(row)
        self._navigator = FormNavigator(self, last=self.save_button)

    @abstractmethod
    def save(self) -> None:
        """Put it down."""

    def _failed(self, error: Exception) -> None:
        self.save_button.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say_error(error)


class ScreeningDialog(_Dialog):
    """A measurement; ``saved(ScreeningSaved)`` once it is on the disk."""

    saved = Signal(object)

    def __init__(self, context: UiContext, resident_id: str, parent: QWidget) -> None:
        super().__init__(context, tr("Blood-pressure screening"), parent)
        self.setObjectName("screening")
        self._known: ScreeningContext | None = None
        today = context.clock.today()
        self.sbp = self.fields.add(measured("sbp", "sbp", tr("Systolic"), required=True))
        self.dbp = self.fields.add(
            measured("dbp", "dbp", tr("Diastolic"), required=True, label_width=theme.LABEL_SECOND)
        )
        self.column.addLayout(pair(self.sbp, self.dbp))
        self.why_not = self._choice("not_measured", tr("Why not"), "not_measured")
        self.why_not.hide()
        self.source = self._choice("bp_source", tr("Measured"), "bp_source")
        self.height_field = self.fields.add(measured("height", "height", tr("Height")))
        self.weight_field = self.fields.add(
            measured("weight", "weight", tr("Weight"), label_width=theme.LABEL_SECOND)
        )
        self.column.addLayout(pair(self.height_field, self.weight_field))
        self.waist = self.fields.add(measured("waist", "waist", tr("Waist")))
        self.column.addWidget(self.waist)
        self.risks = self.fields.add(
            ChoiceField(
                "risks",
                tr("Asked"),
                [entry for entry in entries_of("bp_risk") if entry[0] in ASKED_RISKS],
                multiple=True,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.day = self.fields.add(
            DateField(
                "measured_on",
                tr("Date"),
                required=True,
                latest=today,
                today=today,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.remark = self.fields.add(
            TextField("remark", tr("Remark"), limit=MAX_TEXT, label_width=theme.LABEL_SHORT)
        )
        for field in (self.risks, self.day, self.remark):
            self.column.addWidget(field)
        self.day.set_value(today)
        # Room for what the value comes to is there from the start: nothing jumps while typing.
        self.result = label("", "strong", wrap=True)
        self.said = label("", "secondary", wrap=True)
        for words, lines in ((self.result, 1), (self.said, 2)):
            words.setMinimumHeight(lines * theme.CONTROL_HEIGHT * 3 // 4)
            self.column.addWidget(words)
        self._finish()
        self.fields.changed.connect(self._judge)
        self.dbp.left.connect(self._passed_over)
        context.tasks.run(
            open_screening,
            context.store,
            context.actor,
            resident_id,
            done=self._show,
            failed=self._failed,
            owner=self,
        )

    def _choice(self, key: str, title: str, code_list: str) -> ChoiceField:
        field = ChoiceField(key, title, entries_of(code_list), label_width=theme.LABEL_SHORT)
        self.fields.add(field)
        self.column.addWidget(field)
        return field

    def read(self) -> ScreeningInput:
        """The form as typed."""
        assert self._known is not None
        return ScreeningInput(
            resident_id=self._known.resident_id,
            measured_on=self.day.value(),
            sbp=self.sbp.value(),
            dbp=self.dbp.value(),
            bp_source=self.source.value() or "",
            not_measured="" if self.why_not.isHidden() else self.why_not.value() or "",
            height=self.height_field.value(),
            weight=self.weight_field.value(),
            waist=self.waist.value(),
            risks=self.risks.value(),
            remark=self.remark.value() or "",
        )

    def save(self) -> None:
        """Ctrl+S: check and save."""
        if self._known is None or not self.save_button.isEnabled() or not self.fields.check():
            return
        self.strip.clear()
        self.save_button.setEnabled(False)
        c = self._context
        c.tasks.run(
            record_screening,
            c.store,
            c.actor,
            self.read(),
            done=self._saved,
            failed=self._failed,
            owner=self,
        )

    def _show(self, known: ScreeningContext) -> None:
        self._known = known
        self.title.setText(known.name)
        today = self._context.clock.today()
        about = [
            tr("Blood-pressure screening"),
            codes.label("sex", known.sex),
            tr("{age} years").format(age=age_on(known.birth_date, max(today, known.birth_date))),
            known.village,
        ]
        told = [f"{one.day:%m-%d} {one.sbp}/{one.dbp}" for one in known.earlier[-_SHOWN:]]
        if told:
            about.append(tr("before: {values}").format(values=tr(", ").join(told)))
        self.about.setText(" · ".join(part for part in about if part))
        for key in ("sbp", "dbp", "height", "weight", "waist"):
            field = self.fields[key]
            assert isinstance(field, NumberField)
            field.hard, field.soft = ends_of(known.limits[key])
        if known.hypertension:
            self.strip.say(
                tr("Hypertension stands in this record. Record a follow-up instead."),
                "attention",
                closable=False,
            )
            self.save_button.setEnabled(False)
        self.sbp.setFocus()

    def _judge(self) -> None:
        measured_now = not self.sbp.is_blank() or not self.dbp.is_blank()
        if measured_now:
            self.why_not.hide()
        excused = not self.why_not.isHidden() and self.why_not.value() is not None
        for field in (self.sbp, self.dbp):
            if field.required == excused:
                field.set_required(not excused)
        judgement = None if self._known is None else judge_screening(self.read(), self._known)
        self._tell(judgement)

    def _tell(self, judgement: ScreeningJudgement | None) -> None:
        if judgement is None:
            self.result.setText("")
            self.said.setText("")
            return
        dress(self.result, kind="strong", tone=_TONES.get(judgement.result, ""))
        self.result.setText(codes.label("bp_screening_result", judgement.result))
        self.said.setText(judgement.reason)
        if judgement.risks:
            words = tr(", ").join(codes.label("bp_risk", each) for each in judgement.risks)
            self.said.setText(
                tr("{reason} (risk: {risks})").format(reason=judgement.reason, risks=words)
            )

    def _passed_over(self) -> None:
        if self.sbp.is_blank() and self.dbp.is_blank():
            self.why_not.show()

    def _saved(self, saved: ScreeningSaved) -> None:
        self._context.tell_changed("bp_screening")
        self.saved.emit(saved)
        self.accept()


class DecisionDialog(_Dialog):
    """What came of a probable hypertension; ``decided(outcome)`` once it is saved."""

    decided = Signal(str)
    again = Signal()

    def __init__(self, context: UiContext, row: WaitingRow, parent: QWidget) -> None:
        super().__init__(context, row.name, parent)
        self.setObjectName("decision")
        self._row = row
        self._outcome = ""
        pressure = "—" if row.last_pressure is None else "{}/{}".format(*row.last_pressure)
        self.about.setText(
            tr("{result}: last {pressure} mmHg on {date}, {count} days with raised values").format(
                result=codes.label("bp_screening_result", row.result),
                pressure=pressure,
                date=row.last_on,
                count=row.raised_days,
            )
        )
        self.outcome = self.fields.add(
            ChoiceField(
                "outcome",
                tr("Decision"),
                entries_of("bp_screening_outcome"),
                required=True,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.reason = self.fields.add(
            TextField("reason", tr("Reason"), limit=MAX_TEXT, label_width=theme.LABEL_SHORT)
        )
        for field in (self.outcome, self.reason):
            self.column.addWidget(field)
        self.column.addWidget(
            label(
                tr(
                    "Confirmed: the diagnosis stands in the record and management begins today. "
                    "Referred: the letter opens."
                ),
                "hint",
                wrap=True,
            )
        )
        self.again_button = Button(tr("Measure again"), self._measure_again)
        self.column.addWidget(self.again_button, 0, Qt.AlignmentFlag.AlignLeft)
        self._finish()
        self.outcome.changed.connect(self._arrange)

    def save(self) -> None:
        """Ctrl+S: put the decision down."""
        if not self.save_button.isEnabled() or not self.fields.check():
            return
        self.strip.clear()
        self.save_button.setEnabled(False)
        self._outcome = str(self.outcome.value())
        c = self._context
        c.tasks.run(
            decide_probable,
            c.store,
            c.actor,
            self._row.screening_id,
            self._outcome,
            self.reason.value() or "",
            done=lambda _: self._saved(),
            failed=self._failed,
            owner=self,
        )

    def _arrange(self) -> None:
        needed = self.outcome.value() == RULED_OUT
        if self.reason.required != needed:
            self.reason.set_required(needed)

    def _measure_again(self) -> None:
        self.again.emit()
        self.reject()

    def _saved(self) -> None:
        c = self._context
        c.tell_changed("bp_screening", "condition")
        self.decided.emit(self._outcome)
        if self._outcome == REFERRED:
            prefill = letter_from_screening(c.store, c.actor, self._row.screening_id)
            c.navigate("referrals", resident_id=self._row.resident_id, prefill=prefill)
        self.accept()


def to_decide(row: WaitingRow) -> bool:
    """Whether a waiting line is for the doctor's decision rather than for another measurement."""
    return row.result in (Result.PROBABLE, Result.URGENT)
