"""All fields of the health check: built block by block, read and shown as one."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QWidget

from app.care.health_check.definition import FormDefinition, SectionDefinition
from app.care.health_check.form import HealthCheckInput, derived
from app.care.health_check.history import CheckContext, LastCheck
from app.i18n import tr
from app.ui import theme
from app.ui.health_check.fields import DerivedField, FindingField, ScaleField, last_words
from app.ui.health_check.rows_field import RowsField
from app.ui.health_check.sections import AbsentMark, GroupRow, SectionCard, shown_rows
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.forms import FormFields
from app.ui.widgets.values import DateField


class CheckFields(FormFields):
    """The fields of one version of the form. ``build`` makes the next block; ``whole`` when the
    last one is there."""

    marked = Signal()

    def __init__(
        self, form: FormDefinition, today: date, assess: Callable[[str], object], parent: QWidget
    ) -> None:
        super().__init__(parent)
        self.form = form
        self._today = today
        self._assess = assess
        self._sex = ""
        self.cards: dict[str, SectionCard] = {}
        self.rows: dict[str, GroupRow] = {}
        self._row_of: dict[str, GroupRow] = {}
        self.check_date = self.add(
            DateField(
                "check_date",
                tr("Date of the check"),
                required=True,
                latest=today,
                today=today,
                label_width=theme.LABEL_SHORT,
            )
        )
        self.reason = self.add(TextField("reason", tr("Why it is changed"), limit=200))
        self._depending = tuple(each for each in form.fields() if each.when is not None)
        self.changed.connect(self._follow)

    # -- building -----------------------------------------------------------------------------

    @property
    def whole(self) -> bool:
        """Whether all blocks are built."""
        return len(self.cards) == len(self.form.sections)

    def build(self) -> SectionCard:
        """The next block, in paper order."""
        section: SectionDefinition = self.form.sections[len(self.cards)]
        card = SectionCard(section, self._today, self._assess)
        self.cards[section.key] = card
        self.rows.update(card.rows)
        for row in card.rows.values():
            self._row_of.update(dict.fromkeys(row.fields, row))
            if row.mark is not None:
                row.mark.changed.connect(lambda made=row: self._mark_changed(made))
        for field in card.fields():
            self.add(field)
            field.changed.connect(lambda made=field: self._unmark(made))
        return card

    def marks(self) -> dict[str, str]:
        """Rows that are marked not done, refused or unable."""
        return {
            key: row.mark.code
            for key, row in self.rows.items()
            if row.mark is not None and row.mark.code and not row.holder.isHidden()
        }

    def problems(self) -> dict[str, str]:
        """As for every form; a row marked as not done needs no answer."""
        marked = self.marks()
        return {
            key: text
            for key, text in super().problems().items()
            if not (
                key in self._row_of
                and self._row_of[key].group.key in marked
                and self[key].is_blank()
            )
        }

    def set_marks(self, marks: Mapping[str, str]) -> None:
        """Show kept marks."""
        for key, row in self.rows.items():
            if row.mark is not None:
                row.mark.set_code(str(marks.get(key, "")))

    def mark_at(self, widget: QWidget | None) -> AbsentMark | None:
        """The mark of the row in which a control stands."""
        for row in self.rows.values():
            if widget is not None and row.mark is not None and row.holder.isAncestorOf(widget):
                return row.mark
        return None

    def mark_open_tests(self, code: str) -> int:
        """Mark all rows of the tests that are neither answered nor marked; how many they were."""
        found = 0
        for row in self.cards["tests"].rows.values():
            blank = all(field.is_blank() for field in row.fields.values())
            if row.mark is not None and not row.holder.isHidden() and blank and not row.mark.code:
                row.mark.set_code(code)
                found += 1
        if found:
            self.marked.emit()
        return found

    # -- reading and showing ------------------------------------------------------------------

    def answers(self) -> dict[str, Any]:
        """Everything typed, by field of the form; hidden fields say nothing."""
        found: dict[str, Any] = {}
        for key, field in self.each_answer():
            if field.isHidden():
                continue
            value = field.value()
            if value not in (None, "", ()):
                found[key] = value
            if isinstance(field, FindingField) and field.words_value():
                found[self.form.by_key[key].text_key] = field.words_value()
        return found

    def each_answer(self) -> list[tuple[str, Field]]:
        """Key and field of everything that stands in the blocks."""
        return [(each.key, each) for each in self if each.key in self.form.by_key]

    def read(self, resident_id: str) -> HealthCheckInput:
        """The form as typed."""
        return HealthCheckInput(
            resident_id=resident_id,
            check_date=self.check_date.value(),
            form_version=self.form.version,
            answers=self.answers(),
            not_measured=self.marks(),
        )

    def show(self, form: HealthCheckInput) -> None:
        """Put a kept check into the fields, to go on with it."""
        self._quiet = True
        self.check_date.set_value(form.check_date)
        for key, field in self.each_answer():
            if isinstance(field, FindingField):
                made_of = self.form.by_key[key]
                field.words.setText(str(form.answers.get(made_of.text_key) or ""))
            field.set_value(form.answers.get(key))
        self._quiet = False
        self.set_marks(form.not_measured)
        self._follow()

    def restore(self, raw: Mapping[str, Any]) -> None:
        """Put a draft back, then show what it asks for: once, not for every field."""
        self._quiet = True
        super().restore(raw)
        self._quiet = False
        self._follow()

    def show_beside(self, known: CheckContext) -> None:
        """Who it is: rows of the other sex go, last year's values stand in grey."""
        self._sex = known.sex
        shown_rows(self.rows, known.sex)
        for key, field in self.each_answer():
            made_of = self.form.by_key[key]
            if isinstance(field, ScaleField):
                result = known.scales.get(key)
                old = result is not None and result.assessed_on.year != self._today.year
                field.show_result(result.text if result is not None else "", old=old)
            elif isinstance(field, RowsField):
                field.set_last(_rows_words(known.last, key))
            elif isinstance(field, Field):
                field.set_last(last_words(made_of, known.last.answers) if known.last else "")
            if made_of.required_in:
                wanted = made_of.required_in in known.person.diseases
                self._row_of[key].set_required(key, wanted)
        self._follow()

    def show_flags(self, flags: Mapping[str, tuple[str, str]]) -> None:
        """Marks below the fields: field → (words, level)."""
        for key, row in self._row_of.items():
            text, level = flags.get(key, ("", ""))
            row.show_flag(key, text, level)

    # -- inner --------------------------------------------------------------------------------

    def _follow(self) -> None:
        """Show what the answers ask for, and what follows from them by calculation."""
        answers: dict[str, Any] = {}
        for key, field in self.each_answer():
            if not isinstance(field, DerivedField | ScaleField):
                answers[key] = field.value()
        for made_of in self._depending:
            if made_of.key not in self:
                continue
            row = self._row_of[made_of.key]
            other_sex = bool(row.group.sex) and row.group.sex != self._sex
            wanted = not other_sex and made_of.shown(answers)
            field = self[made_of.key]
            if field.isHidden() == wanted:
                field.setVisible(wanted)
                if len(row.group.fields) == 1:
                    row.holder.setVisible(wanted)
        numbers = derived(answers)
        for key in ("bmi", "alcohol"):
            if key in self:
                field = self[key]
                assert isinstance(field, DerivedField)
                field.show_number(numbers.get(key))

    def _mark_changed(self, row: GroupRow) -> None:
        if row.mark is not None and row.mark.code:
            for field in row.fields.values():
                if not field.is_blank():
                    field.clear()
        self.touched = True
        self.marked.emit()

    def _unmark(self, field: Field) -> None:
        """A value takes the mark of its row away."""
        row = self._row_of.get(field.key)
        if row is not None and row.mark is not None and row.mark.code and not field.is_blank():
            row.mark.set_code("")


def _rows_words(last: LastCheck | None, key: str) -> str:
    rows = () if last is None else last.answers.get(key) or ()
    return tr("; ").join(
        " ".join(str(each) for each in row.values()) for row in rows if isinstance(row, dict)
    )
