"""The ward grid: typing moves right, Enter moves down, digits choose."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QModelIndex, QPoint, Qt, Signal
from PySide6.QtGui import QAction, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QMenu, QTableView, QWidget

from app.care.parsing import half_width
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.rehab import cells
from app.ui.rehab.delegate import CellDelegate, GroupHeader
from app.ui.rehab.model import WardModel
from app.ui.style import dress

_ENTER = (Qt.Key.Key_Return, Qt.Key.Key_Enter)


class WardTable(QTableView):
    """The table. ``row_entered(position)``: the cursor came to another row."""

    row_entered = Signal(int)
    cell_entered = Signal(int, int)
    details_wanted = Signal(int)

    def __init__(self, model: WardModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setAccessibleName(tr("Ward check-in grid"))
        dress(self, kind="table")
        self._spans: dict[int, tuple[int, int]] = {}
        self._delegate = CellDelegate(self)
        self._delegate.moved.connect(self._moved)
        self.setItemDelegate(self._delegate)
        self.setHorizontalHeader(GroupHeader(self))
        self.setSelectionMode(QAbstractItemView.SelectionMode.NoSelection)
        self.setEditTriggers(
            QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.setModel(model)
        self._ward = model
        header = self.horizontalHeader()
        header.setMinimumSectionSize(theme.TARGET_MINIMUM)
        for at, column in enumerate(cells.COLUMNS):
            if column.width is None:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
            else:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(at, column.width)
        model.modelReset.connect(self._span_all)
        model.dataChanged.connect(self._span_rows)
        self.doubleClicked.connect(self._double_clicked)

    def resizeEvent(self, event: QResizeEvent) -> None:
        super().resizeEvent(event)
        # On a wider screen the plan is shown in full before the state column grows.
        spare = self.viewport().width() - sum(
            column.width or _STATE_WIDTH for column in cells.COLUMNS
        )
        plan = cells.COLUMNS[cells.INDEX["plan"]]
        assert plan.width is not None
        self.setColumnWidth(cells.INDEX["plan"], plan.width + max(0, spare * 3 // 5))
        event_column = cells.COLUMNS[cells.INDEX["event"]]
        assert event_column.width is not None
        self.setColumnWidth(cells.INDEX["event"], event_column.width + max(0, spare // 5))
        # A warning that appears below must not push the row being typed out of sight.
        if self.currentIndex().isValid():
            self.scrollTo(self.currentIndex())

    # -- places -----------------------------------------------------------------------------

    def place(self) -> tuple[int, int]:
        """Row and column of the cursor, (-1, -1) without one."""
        index = self.currentIndex()
        return (index.row(), index.column()) if index.isValid() else (-1, -1)

    def go(self, at: int, column: int) -> None:
        """Put the cursor on a cell."""
        index = self._ward.index(at, column)
        self.setCurrentIndex(index)
        self.scrollTo(index)

    def go_first(self) -> bool:
        """To the first cell that can be typed in; False when there is none."""
        return self._step(-1, cells.LAST, forward=True, quick=True)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:
        super().currentChanged(current, previous)
        for index in (current, previous):
            if index.isValid():
                top = self.visualRect(self._ward.index(index.row(), 0))
                self.viewport().update(0, top.top(), self.viewport().width(), top.height())
        if current.isValid():
            if current.row() != previous.row():
                self.row_entered.emit(current.row())
            self.cell_entered.emit(current.row(), current.column())

    def commit(self) -> None:
        """Take what stands in an open editor (before a save)."""
        editor = self.indexWidget(self.currentIndex()) or self._open_editor()
        if editor is not None:
            self.commitData(editor)
            self.closeEditor(editor, self._delegate.EndEditHint.NoHint)

    def _open_editor(self) -> QWidget | None:
        if self.state() != QAbstractItemView.State.EditingState:
            return None
        from PySide6.QtWidgets import QLineEdit

        found = [e for e in self.viewport().findChildren(QLineEdit) if e.isVisible()]
        return found[0] if found else None

    # -- keys -------------------------------------------------------------------------------

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at, column = self.place()
        if at < 0:
            super().keyPressEvent(event)
            return
        key, control = event.key(), event.modifiers() & Qt.KeyboardModifier.ControlModifier
        if key in _ENTER:
            self._enter(back=bool(event.modifiers() & Qt.KeyboardModifier.ShiftModifier))
        elif key == Qt.Key.Key_Delete and control:
            self._ward.clear_row(at)
        elif key in (Qt.Key.Key_Delete, Qt.Key.Key_Backspace):
            self._ward.clear_cell(at, column)
        elif key == Qt.Key.Key_Home and not control:
            self._step(at, cells.FIRST - 1, forward=True)
        elif key == Qt.Key.Key_End and not control:
            self._step(at, cells.LAST + 1, forward=False)
        elif key == Qt.Key.Key_Escape or control or not self._choice_key(event, at, column):
            super().keyPressEvent(event)

    def _choice_key(self, event: QKeyEvent, at: int, column: int) -> bool:
        """Keys of a choice cell; True when the key was one of them."""
        code_list = self._ward.code_list(at, column)
        if not code_list or not self._ward.can_edit(at, column):
            return False
        alt_down = event.key() == Qt.Key.Key_Down and (
            event.modifiers() & Qt.KeyboardModifier.AltModifier
        )
        if event.key() in (Qt.Key.Key_Space, Qt.Key.Key_F2) or alt_down:
            self.open_choices(at, column)
            return True
        typed = half_width(event.text())
        code = cells.choice_of_key(code_list, typed) if typed else None
        if code is None:
            return bool(typed.strip() and typed.isprintable())
        self._take(at, column, code)
        return True

    def _take(self, at: int, column: int, code: str) -> None:
        what = cells.COLUMNS[column]
        several = what.kind == "choices" and self._ward.code_list(at, column) == what.code_list
        self._ward.choose(at, column, code)
        row = self._ward.rows[at]
        if code not in row.chosen(what) or several:
            return
        if what.key == "completion" and code == "partial":
            self.edit(self._ward.index(at, column))
        elif what.key == "completion" and code == "not_done":
            self.go(at, cells.INDEX["event"])
        else:
            self._moved("quick")

    def _wants_action(self, at: int, column: int) -> bool:
        """After the completion of a stopped session the action is asked for."""
        return (
            cells.COLUMNS[column].key == "completion" and "action" in self._ward.rows[at].problems()
        )

    def open_choices(self, at: int, column: int) -> None:
        """The choices of a cell as a menu: arrows or the digit, Enter."""
        what = cells.COLUMNS[column]
        code_list = self._ward.code_list(at, column)
        menu = QMenu(self)
        chosen = self._ward.rows[at].chosen(what)
        for key, entry in zip(cells.CHOICE_KEYS, codes.entries(code_list), strict=False):
            action = QAction(f"&{key}  {entry.label}", menu)
            action.setCheckable(True)
            action.setChecked(entry.code in chosen)
            action.triggered.connect(lambda _=False, code=entry.code: self._take(at, column, code))
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        rect = self.visualRect(self._ward.index(at, column))
        menu.popup(self.viewport().mapToGlobal(QPoint(rect.left(), rect.bottom())))

    def focusNextPrevChild(self, forward: bool) -> bool:
        at, column = self.place()
        if at >= 0 and self._step(at, column, forward=forward):
            return True
        return super().focusNextPrevChild(forward)

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self._ward.rows:
            self.go_first() or self.go(0, cells.FIRST)

    def _enter(self, *, back: bool) -> None:
        at, _ = self.place()
        row = self._ward.rows[at]
        if row.mode in ("no_plan", "paused", "saved"):
            self.details_wanted.emit(at)
        else:
            self._down(back=back)

    def _moved(self, towards: str) -> None:
        at, column = self.place()
        if at < 0:
            return
        if towards in ("right", "left"):
            self._step(at, column, forward=towards == "right")
        elif towards == "quick" and self._wants_action(at, column):
            self.go(at, cells.INDEX["action"])
        elif towards == "quick":
            self._step(at, column, forward=True, quick=True)
        elif towards == "enter":
            self._down(back=False)
        else:
            step = 1 if towards == "down" else -1
            if 0 <= at + step < len(self._ward.rows):
                self.go(at + step, column)

    def _step(self, at: int, column: int, *, forward: bool, quick: bool = False) -> bool:
        """To the next cell that can be typed in, row after row; False past the last one."""
        step = 1 if forward else -1
        rows = len(self._ward.rows)
        while True:
            column += step
            if column > cells.LAST or column < cells.FIRST:
                at += step
                column = cells.FIRST if forward else cells.LAST
            if not 0 <= at < rows:
                return False
            if self._ward.can_edit(at, column) and (not quick or self._ward.is_quick(at, column)):
                self.go(at, column)
                return True

    def _down(self, *, back: bool) -> None:
        """To the next row that can be typed in here; from the last, to the next column's top."""
        at, column = self.place()
        rows = range(at - 1, -1, -1) if back else range(at + 1, len(self._ward.rows))
        for below in rows:
            if self._ward.can_edit(below, column):
                self.go(below, column)
                return
        if back:
            return
        for following in range(column + 1, cells.LAST + 1):
            for top in range(len(self._ward.rows)):
                if self._ward.can_edit(top, following) and self._ward.is_quick(top, following):
                    self.go(top, following)
                    return

    def _double_clicked(self, index: QModelIndex) -> None:
        if not index.isValid():
            return
        if self._ward.code_list(index.row(), index.column()):
            if self._ward.can_edit(index.row(), index.column()):
                self.open_choices(index.row(), index.column())
        elif not self._ward.can_edit(index.row(), index.column()):
            self.details_wanted.emit(index.row())

    # -- spans ------------------------------------------------------------------------------

    def _span_all(self) -> None:
        self.clearSpans()
        self._spans.clear()
        for at in range(len(self._ward.rows)):
            self._span_row(at)

    def _span_rows(self, first: QModelIndex, last: QModelIndex) -> None:
        for at in range(first.row(), last.row() + 1):
            self._span_row(at)

    def _span_row(self, at: int) -> None:
        wanted = self._ward.span(self._ward.rows[at])
        now = self._spans.get(at)
        if wanted == now:
            return
        if now is not None:
            self.setSpan(at, now[0], 1, 1)
            del self._spans[at]
        if wanted is not None:
            self.setSpan(at, wanted[0], 1, wanted[1] - wanted[0] + 1)
            self._spans[at] = wanted


_STATE_WIDTH = 116
