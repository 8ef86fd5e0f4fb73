"""The ward as a Qt model: a row per resident, judged again after every cell."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, time
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal

from app.care.check_in import SavedRow
from app.care.check_in_rules import CheckInInput
from app.care.rehab_ward import Ward, WardRow
from app.care.rehab_words import hold_line
from app.i18n import tr
from app.models import codes
from app.models.outbox import Delivery
from app.ui import theme
from app.ui.rehab import cells
from app.ui.rehab.row import GridRow, Times
from app.ui.rehab.texts import plan_lines, plan_short, rule_columns, saved_text
from app.ui.rehab.words import State, state_of
from app.ui.tips import plain_tip

AnyIndex = QModelIndex | QPersistentModelIndex
_LAST = len(cells.COLUMNS) - 1


@dataclass(frozen=True, slots=True)
class Counts:
    """The ward in numbers. ``done`` is saved; ``ready`` waits for the save; ``left`` is to do."""

    total: int = 0
    done: int = 0
    held: int = 0
    ready: int = 0
    started: int = 0
    left: int = 0
    stopped: int = 0
    no_plan: int = 0


class WardModel(QAbstractTableModel):
    """Rows of :class:`GridRow`. ``edited``: something was typed; ``warned(row, state)``: a rule
    has just begun to speak; ``row_changed(position)``."""

    edited = Signal()
    warned = Signal(int, object)
    row_changed = Signal(int)

    def __init__(self, parent: Any = None, today: Callable[[], date] | None = None) -> None:
        super().__init__(parent)
        self.rows: list[GridRow] = []
        self.times = Times(date.min)
        self.show_missing = False  # set once a save was tried
        self._today = today or (lambda: self.times.day)

    # -- content ----------------------------------------------------------------------------

    def set_ward(self, ward: Ward, drafts: Mapping[str, Mapping[str, Any]] | None = None) -> None:
        """Show a ward. What was typed for a resident stays, or comes from ``drafts``."""
        if self._same_people(ward) and not drafts:
            self._update(ward)
            return
        # Who listens to the coming reset may still take what stands in an open editor.
        self.beginResetModel()
        kept = {r.ward.resident_id: raw for r in self.rows if (raw := r.raw()) is not None}
        if self.times.day != ward.on:
            kept = {}
        kept.update({key: dict(raw) for key, raw in (drafts or {}).items() if key not in kept})
        self.times = replace(self.times, day=ward.on)
        self.rows = [self._row(line, ward, kept.get(line.resident_id)) for line in ward.rows]
        self.endResetModel()

    def _same_people(self, ward: Ward) -> bool:
        return self.times.day == ward.on and [row.ward.resident_id for row in self.rows] == [
            line.resident_id for line in ward.rows
        ]

    def _update(self, ward: Ward) -> None:
        """News of the same people: whoever is typing keeps the cursor and the open cell."""
        for at, line in enumerate(ward.rows):
            raw = self.rows[at].raw()
            self.rows[at] = self._row(line, ward, raw)
        self._changed_rows(0, len(self.rows) - 1)

    def _row(self, line: WardRow, ward: Ward, raw: dict[str, Any] | None) -> GridRow:
        row = GridRow(line, self.times, ward.thresholds)
        saved_ids = {view.id for view in line.today}
        if raw is not None and raw.get("id") not in saved_ids:
            row.restore(raw)
        if line.today and not row.touched:
            row.saved = line.today[-1]
        return row

    def set_times(self, start: time | None, end: time | None) -> None:
        """The ward's common times; rows with their own keep them."""
        self.times = replace(self.times, start=start, end=end)
        for row in self.rows:
            row.times = self.times
            row.judge()
        self._changed_rows(0, len(self.rows) - 1)

    def new_round(self) -> int:
        """Residents with a saved session get a new empty row; how many there are."""
        again = [row for row in self.rows if row.saved is not None and _trains(row)]
        for row in again:
            row.saved = None
            row.clear_all()
        self._changed_rows(0, len(self.rows) - 1)
        return len(again)

    def raw(self) -> dict[str, Any]:
        """Everything typed and not saved, by resident, as plain data."""
        return {row.ward.resident_id: raw for row in self.rows if (raw := row.raw()) is not None}

    def counts(self) -> Counts:
        done = held = ready = started = left = stopped = no_plan = 0
        for row in self.rows:
            stopped += row.stopped
            if row.held:
                held += 1
            elif row.saved is not None:
                done += 1
            elif row.mode in ("no_plan", "paused"):
                no_plan += 1
            elif row.is_ready() or row.mode == "saving":
                ready += 1
            elif row.touched:
                started += 1
            else:
                left += 1
        return Counts(len(self.rows), done, held, ready, started, left, stopped, no_plan)

    # -- actions ----------------------------------------------------------------------------

    def complete_all(self) -> int:
        """Mark every begun row without a hold, a stop or an event as done; how many."""
        changed = [at for at, row in enumerate(self.rows) if row.complete()]
        for at in changed:
            self._after_edit(at, self.rows[at], quiet=True)
        return len(changed)

    def ready(self) -> list[CheckInInput]:
        return [row.to_input() for row in self.rows if row.is_ready()]

    def unasked(self) -> list[int]:
        """Ready rows with unusual values that nobody has looked at once more."""
        return [
            at
            for at, row in enumerate(self.rows)
            if row.is_ready() and row.judged.questions and not row.asked
        ]

    def ask(self, positions: Sequence[int]) -> None:
        """The unusual values of these rows are being shown: the next save confirms them."""
        for at in positions:
            self.rows[at].asked = True

    def unfinished(self) -> list[int]:
        """Rows begun that cannot be saved yet."""
        return [
            at
            for at, row in enumerate(self.rows)
            if row.mode == "open" and row.touched and not row.is_ready()
        ]

    def set_saving(self, ids: set[str], saving: bool) -> None:
        for row in self.rows:
            if row.id in ids:
                row.saving = saving
        self._changed_rows(0, len(self.rows) - 1)

    def show_saved(self, saved: Sequence[SavedRow], ward: Ward) -> None:
        """After a save: the rows show what is kept; what was typed elsewhere stays."""
        self.set_saving({row.check_in_id for row in saved}, False)
        self.set_ward(ward)

    def set_deliveries(self, marks: Mapping[str, Delivery]) -> None:
        """New marks of saved rows, after a sync."""
        for at, row in enumerate(self.rows):
            if row.saved is not None and row.saved.id in marks:
                fresh = marks[row.saved.id]
                if fresh != row.saved.delivery:
                    row.saved = replace(row.saved, delivery=fresh)
                    self._changed_rows(at, at)

    # -- typing -----------------------------------------------------------------------------

    def can_edit(self, at: int, column: int) -> bool:
        return self.rows[at].can_edit(cells.COLUMNS[column])

    def type_text(self, at: int, column: int, text: str) -> None:
        row = self.rows[at]
        if row.can_edit(cells.COLUMNS[column]):
            row.type_text(cells.COLUMNS[column], text)
            self._after_edit(at, row)

    def choose(self, at: int, column: int, code: str) -> None:
        row = self.rows[at]
        if row.can_edit(cells.COLUMNS[column]):
            row.choose(cells.COLUMNS[column], code)
            self._after_edit(at, row)

    def clear_cell(self, at: int, column: int) -> None:
        row = self.rows[at]
        if row.can_edit(cells.COLUMNS[column]):
            row.clear(cells.COLUMNS[column])
            self._after_edit(at, row)

    def clear_row(self, at: int) -> None:
        if self.rows[at].mode == "open":
            self.rows[at].clear_all()
            self._after_edit(at, self.rows[at])

    def set_details(
        self, at: int, values: dict[str, Any], start: time | None, end: time | None
    ) -> None:
        self.rows[at].set_details(values, start, end)
        self._after_edit(at, self.rows[at])

    def code_list(self, at: int, column: int) -> str:
        """The code list of a choice cell, ``""`` for a measurement."""
        if cells.COLUMNS[column].key == "event":
            return self.rows[at].event_list()
        return cells.COLUMNS[column].code_list

    def _after_edit(self, at: int, row: GridRow, *, quiet: bool = False) -> None:
        self._changed_rows(at, at)
        self.row_changed.emit(at)
        spoken = tuple(f.code for f in (*row.judged.holds, *row.judged.stops))
        if set(spoken) - set(row.warned) and not quiet:
            self.warned.emit(at, state_of(row, self._today()))
        row.warned = spoken
        self.edited.emit()

    def _changed_rows(self, first: int, last: int) -> None:
        if last >= first >= 0:
            self.dataChanged.emit(self.index(first, 0), self.index(last, _LAST))

    # -- Qt ---------------------------------------------------------------------------------

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.rows)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(cells.COLUMNS)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid() and self.can_edit(index.row(), index.column()):
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        row, column = self.rows[index.row()], cells.COLUMNS[index.column()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.EditRole):
            return self.text(row, column)
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(self.tip(row, column)) or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return self._spoken(row, column)
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        self.type_text(index.row(), index.column(), str(value))
        return True

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and 0 <= section <= _LAST:
            column = cells.COLUMNS[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return tr(column.title)
            if role == Qt.ItemDataRole.ToolTipRole:
                return tr(column.tip) if column.tip else None
            if role == Qt.ItemDataRole.AccessibleTextRole:
                group = f"{tr(column.group)} " if column.group else ""
                return group + (tr(column.tip) if column.tip else tr(column.title))
        return None

    def state(self, row: GridRow) -> State:
        return state_of(row, self._today())

    def text(self, row: GridRow, column: cells.GridColumn) -> str:
        """The words of a cell."""
        if column.key == "bed":
            return row.ward.place or tr("home")
        if column.key == "name":
            return row.ward.name
        if column.key == "plan":
            return plan_short(row)
        if column.key == "state":
            return self.state(row).word
        if column.key in row.texts:
            return row.texts[column.key]
        if row.saved is not None:
            if row.saved.holds and column.key == "borg":
                return hold_line(row.saved.holds)
            return saved_text(row, column)
        span = self.span(row)
        if span is not None and cells.COLUMNS[span[0]] is column:
            return row.pause_text() if row.mode != "open" else hold_line(row.judged.holds)
        if column.key == "event" and row.event_list() == "rehab_not_done_reason":
            return codes.label("rehab_not_done_reason", row.values.get("reason_not_done"))
        return cells.shown(column, row.values, row.not_measured)

    def span(self, row: GridRow) -> tuple[int, int] | None:
        """First and last column of a row's sentence: why it is held, or has no plan to fill."""
        if row.saved is not None:
            return (cells.INDEX["borg"], cells.LAST) if row.saved.holds else None
        if row.mode in ("no_plan", "paused"):
            return cells.FIRST, cells.LAST
        filled = any(
            row.values.get(name) not in (None, [], ())
            for column in cells.COLUMNS[cells.INDEX["borg"] : cells.LAST + 1]
            for name in column.fields
        )
        # A value typed after a hold must stay in sight, to be taken back.
        return (cells.INDEX["borg"], cells.LAST) if row.judged.holds and not filled else None

    def tip(self, row: GridRow, column: cells.GridColumn) -> str:
        """More about a cell: why it is marked, or all of a shortened text."""
        if column.key == "state":
            return self.state(row).sentence
        if column.key == "plan":
            return "\n".join(plan_lines(row))
        if row.mode == "open":
            problem = row.problems().get(column.key) or row.questions().get(column.key)
            if problem:
                return problem
        if column.kind in ("info", "choice", "choices"):
            return self.text(row, column)
        return ""

    def _spoken(self, row: GridRow, column: cells.GridColumn) -> str:
        text = self.text(row, column)
        if column.key == "state":
            return self.state(row).sentence or text
        return text

    def tone(self, row: GridRow, column: cells.GridColumn) -> theme.Tone | None:
        """How a cell is marked: danger where a rule speaks or a text is wrong."""
        if row.mode != "open" or column.kind == "info":
            return None
        if column.key in row.wrong() or column.key in rule_columns(row):
            return "danger"
        if column.key in row.questions():
            return "attention"
        if self.show_missing and row.touched and column.key in row.problems():
            return "attention"
        return None

    def is_quick(self, at: int, column: int) -> bool:
        """Whether the cursor comes to this cell by itself after a complete one."""
        what = cells.COLUMNS[column]
        needed = what.key == "pre_glucose" and self.rows[at].ward.facts.glucose_drugs
        return what.quick or needed


def _trains(row: GridRow) -> bool:
    return row.ward.plan is not None and row.ward.plan.status == "active"
