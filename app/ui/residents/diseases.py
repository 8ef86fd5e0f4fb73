"""Past diseases of the basic form: chosen codes, each with its month and its words."""

from __future__ import annotations

from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.care.basic_form import NONE, Disease
from app.care.parsing import clean_text
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.residents.answers import below, entries, line_edit
from app.ui.style import dress
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField


class DiseasesField(ChoiceField):
    """Past diseases: a choice, and for each chosen one a line with its month and its name.

    ``value()`` is a tuple of ``Disease`` as typed; the use-case reads the months.
    """

    _NAMED = ("6", "12", "13")

    def __init__(self, key: str, label_text: str, **common: Any) -> None:
        super().__init__(
            key,
            label_text,
            entries("past_disease"),
            multiple=True,
            exclusive=(NONE,),
            **common,
        )
        self._rows: dict[str, tuple[QWidget, QLineEdit, QLineEdit]] = {}
        holder = QWidget()
        self._grid = QVBoxLayout(holder)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setSpacing(theme.GAP_TIGHT)
        below(self, holder)
        self.changed.connect(self._sync_rows)

    def chosen(self) -> tuple[str, ...]:
        """The chosen codes in list order."""
        found: tuple[str, ...] = super().value()
        return found

    def value(self) -> tuple[Disease, ...]:
        made = []
        for code in self.chosen():
            month, words = self._texts(code)
            made.append(Disease(code, month, words))
        return tuple(made)

    def set_value(self, value: Any) -> None:
        diseases: tuple[Disease, ...] = tuple(value or ())
        super().set_value([each.code for each in diseases])
        for each in diseases:
            self._fill(each.code, each.confirmed, each.text)

    def is_blank(self) -> bool:
        return not self.chosen()

    def raw(self) -> Any:
        return [[code, *self._texts(code)] for code in self.chosen()]

    def restore(self, raw: Any) -> None:
        kept = [[str(part) for part in row] for row in raw or () if len(row) == 3]
        super().set_value([row[0] for row in kept])
        for code, month, words in kept:
            self._fill(code, month, words)

    def show_part(self, index: int, message: str) -> None:
        """A problem of the month of the disease at a position of ``value()``."""
        code = self.chosen()[index]
        self.show_problem(f"{codes.label('past_disease', code)}: {message}")
        self.options.mark("")
        if code in self._rows:
            dress(self._rows[code][1], state="danger")

    def clear_problem(self) -> None:
        super().clear_problem()
        for _, month, words in getattr(self, "_rows", {}).values():
            dress(month, state="")
            dress(words, state="")

    def row(self, code: str) -> tuple[QLineEdit, QLineEdit]:
        """The lines of month and name of a chosen disease."""
        _, month, words = self._rows[code]
        return month, words

    def _texts(self, code: str) -> tuple[str, str]:
        if code not in self._rows:
            return "", ""
        _, month, words = self._rows[code]
        return month.text().strip(), clean_text(words.text())

    def _fill(self, code: str, confirmed: str, words: str) -> None:
        if code in self._rows:
            self._rows[code][1].setText(confirmed)
            self._rows[code][2].setText(words)

    def _sync_rows(self) -> None:
        wanted = [code for code in self.chosen() if code != NONE]
        for code in [code for code in self._rows if code not in wanted]:
            row, _, _ = self._rows.pop(code)
            self._grid.removeWidget(row)
            row.hide()
            row.deleteLater()
        for position, code in enumerate(wanted):
            if code not in self._rows:
                row = self._new_row(code)
                self._grid.insertWidget(position, row)
                row.show()  # at once: the next Enter must find it
        previous: QWidget = self.options
        for code in wanted:
            _, month, words = self._rows[code]
            QWidget.setTabOrder(previous, month)
            QWidget.setTabOrder(month, words)
            previous = words

    def _new_row(self, code: str) -> QWidget:
        name = codes.label("past_disease", code)
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GAP_INSIDE)
        title = label(name, "secondary")
        title.setFixedWidth(theme.LABEL_WIDTH)
        month = line_edit(tr("confirmed, e.g. 2015.3"), theme.DATE_WIDTH + theme.GAP_SECTION * 2)
        month.setAccessibleName(tr("{disease}: confirmed in").format(disease=name))
        words = line_edit(tr("Write what it is") if code in self._NAMED else tr("note"))
        words.setAccessibleName(tr("{field}: in words").format(field=name))
        for part in (title, month, words):
            line.addWidget(part)
        for edit in (month, words):
            edit.textEdited.connect(self._edited)
            edit.editingFinished.connect(self.left)
        self._rows[code] = (row, month, words)
        return row
