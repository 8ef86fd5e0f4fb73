"""The drugs of a visit: found by pinyin, one line each, or all of them as last visit."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from PySide6.QtCore import QEvent, QObject, QStringListModel, Qt, QTimer, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QComboBox, QCompleter, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.care.drugs import Drug, DrugLine, find_drug, search_drugs
from app.care.parsing import ParseError, clean_text, parse_decimal
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.buttons import QuietButton
from app.ui.widgets.cards import label
from app.ui.widgets.fields import Field

# What one dose of a form is counted in.
_UNIT_OF_FORM = (
    ("注射", "unit"),
    ("胶囊", "capsule"),
    ("气雾", "puff"),
    ("吸入", "puff"),
    ("丸", "pill"),
)


class _Line(QWidget):
    """One drug: name, strength, how often, how much."""

    changed = Signal()
    removed = Signal(object)

    def __init__(self, line: DrugLine) -> None:
        super().__init__()
        self._line = line
        drug = find_drug(line.code) if line.code else None
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(theme.GAP_TIGHT)
        self.name = label(line.name, "strong", wrap=True)
        row.addWidget(self.name, 1)
        self.strength = self._combo(tr("Strength"), _strengths(drug, line.strength), line.strength)
        if self.strength.count() <= 1:
            self.strength.hide()
            self.name.setText(" ".join(each for each in (line.name, line.strength) if each))
        self.frequency = self._combo(
            tr("How often"),
            [(entry.code, entry.label) for entry in codes.entries("dose_frequency")],
            line.frequency,
        )
        self.dose = QLineEdit("" if line.dose is None else f"{line.dose:g}")
        self.dose.setFixedWidth(theme.DOSE_WIDTH)
        self.dose.setPlaceholderText(tr("dose"))
        self.unit = QComboBox()
        self.unit.setEditable(False)
        for entry in codes.entries("dose_unit"):
            self.unit.addItem(entry.label)
        if line.unit and self.unit.findText(line.unit) < 0:
            self.unit.addItem(line.unit)
        self.unit.setCurrentText(line.unit or _unit_of(drug))
        self.unit.setFixedWidth(theme.DOSE_UNIT_WIDTH)
        remove = QuietButton("", lambda: self.removed.emit(self), icon_name="close-line")
        remove.setFixedWidth(theme.TARGET_MINIMUM)
        remove.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        for control, name in (
            (self.dose, tr("dose")),
            (self.unit, tr("Unit")),
            (remove, tr("Remove this drug")),
        ):
            control.setAccessibleName(f"{line.name}: {name}")
        remove.setToolTip(tr("Remove this drug"))
        for control in (self.strength, self.frequency, self.dose, self.unit, remove):
            row.addWidget(control)
        self.strength.currentIndexChanged.connect(self.changed)
        self.frequency.currentIndexChanged.connect(self.changed)
        self.unit.currentIndexChanged.connect(self.changed)
        self.dose.textEdited.connect(self._dose_typed)

    def _combo(self, name: str, entries: Sequence[tuple[str, str]], chosen: str) -> QComboBox:
        combo = QComboBox()
        combo.setFixedWidth(theme.CHOICE_WIDTH)
        combo.setAccessibleName(f"{self._line.name}: {name}")
        combo.addItem(tr("(not chosen)"), "")
        for code, text in entries:
            combo.addItem(text, code)
        combo.setCurrentIndex(max(combo.findData(chosen), 0))
        return combo

    def _dose_typed(self) -> None:
        dress(self.dose, state="danger" if self.problem() else "")
        self.changed.emit()

    def problem(self) -> str | None:
        if not self.dose.text().strip():
            return None
        try:
            number = parse_decimal(self.dose.text())
        except ParseError as error:
            return error.message
        if not 0 < number <= 10_000:
            return tr("The dose of {drug} cannot be right.").format(drug=self._line.name)
        return None

    def value(self) -> DrugLine:
        dose = None
        if self.dose.text().strip() and self.problem() is None:
            dose = float(parse_decimal(self.dose.text()))
        strength = self.strength.currentData() or ""
        if self.strength.count() <= 1:
            strength = self._line.strength
        return DrugLine(
            name=self._line.name,
            code=self._line.code,
            strength=strength,
            frequency=self.frequency.currentData() or "",
            dose=dose,
            unit=self.unit.currentText() if dose is not None else "",
            usage=self._line.usage,
        )


class DrugField(Field):
    """Lines of drugs and a box to find the next one. ``value()``: a tuple of ``DrugLine``."""

    def __init__(self, key: str, title: str) -> None:
        super().__init__(key, title, stacked=True)
        self._rows: list[_Line] = []
        self._last_drugs: tuple[DrugLine, ...] = ()
        self._found: list[Drug] = []
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_TIGHT)
        self._told = label("", "hint", wrap=True)
        self._told.hide()
        column.addWidget(self._told)
        self._lines = QVBoxLayout()
        self._lines.setSpacing(theme.GAP_TIGHT)
        column.addLayout(self._lines)
        self.finder = QLineEdit()
        self.finder.setPlaceholderText(tr("Add a drug: name, pinyin or initials, then Enter"))
        self.finder.setAccessibleName(tr("Add a drug"))
        column.addWidget(self.finder)
        self._names = QStringListModel(self)
        self.popup = QCompleter(self._names, self)
        self.popup.setCompletionMode(QCompleter.CompletionMode.UnfilteredPopupCompletion)
        self.popup.setMaxVisibleItems(10)
        self.finder.setCompleter(self.popup)
        self._set_editor(holder)
        self.setFocusProxy(self.finder)
        self.finder.textEdited.connect(self._search)
        self.popup.activated[str].connect(self._picked)
        self.finder.returnPressed.connect(self._entered_in_popup)
        self.finder.installEventFilter(self)

    def _name_editor(self) -> None:
        """The finder and the lines name themselves."""

    # -- the interface of a field -------------------------------------------------------------

    def value(self) -> tuple[DrugLine, ...]:
        return tuple(row.value() for row in self._rows)

    def set_value(self, value: Any) -> None:
        for row in list(self._rows):
            self._drop(row)
        for line in value or ():
            self._add(line)
        self._edited()

    def raw(self) -> Any:
        return [line.as_dict() for line in self.value()]

    def restore(self, raw: Any) -> None:
        self.set_value([DrugLine.from_dict(line) for line in raw or ()])

    def problem(self) -> str | None:
        return next((text for row in self._rows if (text := row.problem())), None)

    # -- as last visit ------------------------------------------------------------------------

    def set_last_drugs(self, last: Sequence[DrugLine]) -> None:
        """What was taken at the visit before, told in grey above the lines."""
        self._last_drugs = tuple(last)
        words = tr("; ").join(line.text() for line in self._last_drugs)
        self._told.setText(tr("Last visit: {drugs}").format(drugs=words) if words else "")
        self._told.setVisible(bool(words))

    def copy_last(self) -> bool:
        """Take the drugs of the visit before; False when there were none."""
        if not self._last_drugs:
            return False
        self.set_value(self._last_drugs)
        return True

    # -- inner --------------------------------------------------------------------------------

    def _add(self, line: DrugLine) -> _Line:
        row = _Line(line)
        row.changed.connect(self._edited)
        row.removed.connect(self._remove)
        self._rows.append(row)
        self._lines.addWidget(row)
        # The lines stand before the box that finds the next one, also for the Tab key.
        stops = (self.finder, row.strength, row.frequency, row.dose, row.unit, self.finder)
        for first, second in pairwise(stops):
            QWidget.setTabOrder(first, second)
        return row

    def _drop(self, row: _Line) -> None:
        self._rows.remove(row)
        self._lines.removeWidget(row)
        row.hide()
        row.deleteLater()

    def _remove(self, row: _Line) -> None:
        self._drop(row)
        self.finder.setFocus()
        self._edited()

    def _search(self, text: str) -> None:
        self._found = search_drugs(text)
        self._names.setStringList([_shown(drug) for drug in self._found])

    def _picked(self, text: str) -> None:
        drug = next((drug for drug in self._found if _shown(drug) == text), None)
        if drug is not None:
            self._take(
                DrugLine(
                    name=drug.name,
                    code=drug.code,
                    strength=drug.strengths[0] if len(drug.strengths) == 1 else "",
                )
            )

    def _take(self, line: DrugLine) -> None:
        row = self._add(line)
        self._found = []
        self._names.setStringList([])
        # The completer writes its choice into the box after telling us.
        QTimer.singleShot(0, self.finder, self.finder.clear)
        self.finder.clear()
        first = row.frequency if row.strength.isHidden() or line.strength else row.strength
        first.setFocus(Qt.FocusReason.TabFocusReason)
        self._edited()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is self.finder and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            text = clean_text(self.finder.text())
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and text:
                self.take_typed(text)
                return True
        return super().eventFilter(watched, event)

    def _entered_in_popup(self) -> None:
        """While its list is open the completer hands Enter past the event filter."""
        if not self.popup.popup().currentIndex().isValid() and self.finder.text().strip():
            self.take_typed(clean_text(self.finder.text()))

    def take_typed(self, text: str) -> None:
        """Enter in the box: the first drug found, or the words as they are."""
        self.popup.popup().hide()
        if self._found:
            self._picked(_shown(self._found[0]))
        else:
            self._take(DrugLine(name=text[:100]))


def _shown(drug: Drug) -> str:
    return f"{drug.name}  {drug.form}  {' / '.join(drug.strengths)}"


def _strengths(drug: Drug | None, kept: str) -> list[tuple[str, str]]:
    known = list(drug.strengths) if drug is not None and len(drug.strengths) > 1 else []
    if kept and known and kept not in known:
        known.append(kept)
    return [(text, text) for text in known]


def _unit_of(drug: Drug | None) -> str:
    entry = codes.entry("drugs", drug.code) if drug is not None else None
    form = entry.extra.get("form_zh", "") if entry is not None else ""
    code = next((code for mark, code in _UNIT_OF_FORM if mark in form), "tablet")
    return codes.label("dose_unit", code)
