"""A block of the health check as a card: one row a row of the paper."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.care.health_check.definition import (
    FieldDefinition,
    GroupDefinition,
    SectionDefinition,
)
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.health_check.fields import make_field
from app.ui.style import dress
from app.ui.widgets.buttons import QuietButton
from app.ui.widgets.cards import Card, Chip, label
from app.ui.widgets.fields import Field

# A row has six parts; how many a field takes.
_PARTS = 6
_STACKED = ("rows", "lines")
_FEW_SIGNS = 6


class AbsentMark(QuietButton):
    """Not done, refused or unable for a whole row. Pressed again it goes on to the next."""

    changed = Signal()

    def __init__(self, group: GroupDefinition) -> None:
        super().__init__("", self.step)
        self.group = group
        self._codes = ["", *(each.code for each in codes.entries("not_measured"))]
        self._code = ""
        self.setCheckable(True)
        self.setFixedWidth(theme.NUMBER_WIDTH)
        self.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        self.setToolTip(tr("Not done, refused or unable (F8, inside the row)"))
        self.set_code("")

    @property
    def code(self) -> str:
        """The code of list ``not_measured``, empty while nothing is marked."""
        return self._code

    def set_code(self, code: str) -> None:
        """Show a mark without telling anybody."""
        self._code = code if code in self._codes else ""
        words = codes.label("not_measured", self._code) if self._code else tr("mark")
        self.setText(words)
        self.setAccessibleName(tr("{row}: {words}").format(row=self.group.label, words=words))
        self.setChecked(bool(self._code))
        dress(self, kind="option" if self._code else "quiet")

    def step(self) -> None:
        """To the next mark, after the last to none."""
        at = self._codes.index(self._code)
        self.set_code(self._codes[(at + 1) % len(self._codes)])
        self.changed.emit()


class GroupRow:
    """The widgets of one row of the paper."""

    def __init__(self, group: GroupDefinition) -> None:
        self.group = group
        self.fields: dict[str, Field] = {}
        self.mark = AbsentMark(group) if group.absent else None
        self.heading: QLabel | None = None
        self.cells: dict[str, QVBoxLayout] = {}
        self._flags: dict[str, Chip] = {}
        self.holder = QWidget()

    def set_shown(self, shown: bool) -> None:
        """Show or hide the whole row."""
        self.holder.setVisible(shown)
        for field in self.fields.values():
            # A hidden row is not asked: its fields say so themselves.
            field.setVisible(shown)

    def set_required(self, key: str, required: bool) -> None:
        """A field of the row must be answered; where the row's heading speaks for the field,
        the star stands there."""
        field = self.fields[key]
        if self.heading is None or len(self.fields) > 1:
            field.set_required(required)
            return
        field.required = required
        star = f' <span style="color:{theme.colours().danger}">*</span>' if required else ""
        self.heading.setTextFormat(Qt.TextFormat.RichText)
        self.heading.setText(self.group.label.replace("&", "&amp;") + star)

    def show_flag(self, key: str, text: str, level: str) -> None:
        """The mark below a field; an empty text takes it away."""
        flag = self._flags.get(key)
        if not text:
            if flag is not None:
                flag.hide()
            return
        if flag is None:
            flag = Chip()
            self._flags[key] = flag
            self.cells[key].insertWidget(1, flag, 0, Qt.AlignmentFlag.AlignLeft)
        flag.set(text, "danger" if level == "urgent" else "attention")
        flag.show()


class SectionCard(Card):
    """A card of all rows of a section. ``rows`` by the key of the row."""

    def __init__(
        self, section: SectionDefinition, today: date, assess: Callable[[str], object]
    ) -> None:
        super().__init__(section.label)
        self.section = section
        self.rows: dict[str, GroupRow] = {}
        self._today = today
        self._assess = assess
        waiting: list[GroupRow] = []
        for group in section.groups:
            row = GroupRow(group)
            self.rows[group.key] = row
            if _small(group):
                self._fill_small(row)
                waiting.append(row)
                if len(waiting) == 3:
                    self._strip(waiting)
                    waiting = []
                continue
            if waiting:
                self._strip(waiting)
                waiting = []
            self._fill(row)
            self.body.addWidget(row.holder)
        if waiting:
            self._strip(waiting)

    def fields(self) -> list[Field]:
        """All fields in paper order."""
        return [field for row in self.rows.values() for field in row.fields.values()]

    # -- building -----------------------------------------------------------------------------

    def _strip(self, rows: list[GroupRow]) -> None:
        """Short rows side by side."""
        line = QHBoxLayout()
        line.setSpacing(theme.GAP_CARD)
        for row in rows:
            line.addWidget(row.holder, 1, Qt.AlignmentFlag.AlignTop)
        for _ in range(3 - len(rows)):
            line.addStretch(1)
        self.body.addLayout(line)

    def _fill_small(self, row: GroupRow) -> None:
        line = QHBoxLayout(row.holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GAP_INSIDE)
        made_of = row.group.fields[0]
        width = theme.LABEL_WIDTH + theme.GAP_TIGHT
        line.addLayout(self._cell(row, made_of, made_of.label, width), 1)
        if row.mark is not None:
            line.addWidget(row.mark, 0, Qt.AlignmentFlag.AlignTop)

    def _fill(self, row: GroupRow) -> None:
        group = row.group
        line = QHBoxLayout(row.holder)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GAP_FIELD)
        alone = len(group.fields) == 1
        stacked = alone and group.fields[0].kind in _STACKED
        if not stacked:
            row.heading = label(group.label, "strong", wrap=True)
            row.heading.setFixedWidth(theme.LABEL_WIDTH)
            row.heading.setMinimumHeight(theme.CONTROL_HEIGHT)
            line.addWidget(row.heading, 0, Qt.AlignmentFlag.AlignTop)
        grid = QGridLayout()
        grid.setHorizontalSpacing(theme.GAP_FIELD)
        grid.setVerticalSpacing(theme.GAP_INSIDE)
        at_row, at = 0, 0
        for made_of in group.fields:
            parts = _PARTS if alone else _parts(made_of)
            if at + parts > _PARTS:
                at_row, at = at_row + 1, 0
            title = made_of.label if stacked or not alone else ""
            grid.addLayout(self._cell(row, made_of, title), at_row, at, 1, parts)
            at += parts
        for part in range(_PARTS):
            grid.setColumnStretch(part, 1)
        line.addLayout(grid, 1)
        if row.mark is not None:
            line.addWidget(row.mark, 0, Qt.AlignmentFlag.AlignTop)

    def _cell(
        self,
        row: GroupRow,
        made_of: FieldDefinition,
        title: str,
        label_width: int = theme.LABEL_SHORT,
    ) -> QVBoxLayout:
        field = make_field(made_of, self._today, self._assess, label=title, label_width=label_width)
        if not title:
            # The heading of the row speaks for its only field.
            field.label = made_of.label
            field.editor.setAccessibleName(made_of.label)
        row.fields[made_of.key] = field
        cell = QVBoxLayout()
        cell.setSpacing(theme.GAP_TIGHT)
        cell.addWidget(field)
        # A mark below one field does not move its neighbours.
        cell.addStretch(1)
        row.cells[made_of.key] = cell
        return cell


def _small(group: GroupDefinition) -> bool:
    """A row that is one number, or one of two words, needs no line of its own."""
    if len(group.fields) != 1:
        return False
    made_of = group.fields[0]
    if made_of.kind == "choice":
        return _signs(made_of) <= _FEW_SIGNS
    return made_of.kind in ("number", "derived")


def _parts(made_of: FieldDefinition) -> int:
    if made_of.parts:
        return made_of.parts
    if made_of.kind in ("number", "derived"):
        return 2
    if made_of.kind == "text":
        return 3
    if made_of.kind == "choice":
        signs = _signs(made_of)
        return 2 if signs <= _FEW_SIGNS else 3 if signs <= 16 else _PARTS
    return _PARTS


def _signs(made_of: FieldDefinition) -> int:
    entries = codes.entries(made_of.code_list)
    return sum(len(each.label) + 1 for each in entries)


def shown_rows(rows: Mapping[str, GroupRow], sex: str) -> None:
    """Only the rows that this person is asked."""
    for row in rows.values():
        row.set_shown(not row.group.sex or row.group.sex == sex)
