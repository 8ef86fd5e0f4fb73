"""Tables of records: a paged model over any loader, and a view with the program's habits.

The model asks its loader for a page of rows when a row of it is first shown and keeps a few dozen
pages, so a list of 100,000 costs as little as one of ten. Sorting and filtering belong into the
loader (SQL), never into a proxy model.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, Literal, TypeVar

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QHeaderView, QTableView, QWidget

from app.ui import theme
from app.ui.icons import icon, tone_colour
from app.ui.style import dress
from app.ui.tips import plain_tip

Row = TypeVar("Row")
AnyIndex = QModelIndex | QPersistentModelIndex
Align = Literal["left", "right", "center"]

_PAGES_KEPT = 40


@dataclass(frozen=True, slots=True)
class Column(Generic[Row]):
    """One column: its title, the text of a row in it, and how it is shown.

    ``width`` in pixels, or None to share what is left. Figures: ``align="right"``, unit in the
    title. ``tone`` colours the text, ``icon_name`` puts an icon before it, ``tip`` explains.
    """

    title: str
    text: Callable[[Row], str]
    width: int | None = None
    align: Align = "left"
    tone: Callable[[Row], theme.Tone | None] | None = None
    icon_name: Callable[[Row], str] | None = None
    tip: Callable[[Row], str] | None = None
    strong: bool = False


class PagedModel(QAbstractTableModel, Generic[Row]):
    """Rows fetched by page from ``load(offset, limit)``; ``count()`` gives how many there are.

    With ``tasks`` (a TaskRunner) pages are loaded in the background and their cells are blank until
    they come; without, at once (use that when a page takes under 5 ms).
    """

    loaded = Signal()

    def __init__(
        self,
        columns: Sequence[Column[Row]],
        load: Callable[[int, int], Sequence[Row]] | None = None,
        count: Callable[[], int] | None = None,
        *,
        page: int = 50,
        tasks: Any = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.columns = tuple(columns)
        self._load = load or (lambda offset, limit: [])
        self._count = count or (lambda: 0)
        self._page = page
        self._tasks = tasks
        self._pages: OrderedDict[int, Sequence[Row]] = OrderedDict()
        self._asked: set[int] = set()
        self._generation = 0
        self._total = 0

    def reload(self) -> None:
        """Forget all rows and ask anew (after a change of filter or of records)."""
        self._reset(self._count())

    def set_source(
        self,
        load: Callable[[int, int], Sequence[Row]],
        count: Callable[[], int],
        first: Sequence[Row] = (),
    ) -> None:
        """Show another list, e.g. after a new search; ``first``: its first rows, which came with
        the count and need not be asked for again."""
        self._load, self._count = load, count
        self._reset(count(), first)

    def set_rows(self, rows: Sequence[Row]) -> None:
        """Show rows that are all at hand."""
        kept = tuple(rows)
        self.set_source(lambda offset, limit: kept[offset : offset + limit], lambda: len(kept))
        for number in range(min(-(-len(kept) // self._page), _PAGES_KEPT)):
            self._keep(number, kept[number * self._page : (number + 1) * self._page])

    def row(self, position: int) -> Row | None:
        """The row at a position; None while its page is still coming."""
        if not 0 <= position < self._total:
            return None
        number = position // self._page
        page = self._pages.get(number)
        if page is None:
            page = self._fetch(number)
            if page is None:
                return None
        else:
            self._pages.move_to_end(number)
        inside = position - number * self._page
        return page[inside] if inside < len(page) else None

    def _reset(self, total: int, first: Sequence[Row] = ()) -> None:
        self.beginResetModel()
        self._pages.clear()
        if len(first) >= min(total, self._page) > 0:
            self._keep(0, first[: self._page])
        self._asked.clear()
        self._generation += 1
        self._total = total
        self.endResetModel()
        self.loaded.emit()

    def _fetch(self, number: int) -> Sequence[Row] | None:
        offset = number * self._page
        if self._tasks is None:
            return self._keep(number, self._load(offset, self._page))
        if number not in self._asked:
            self._asked.add(number)
            generation = self._generation

            def arrived(rows: Sequence[Row]) -> None:
                # A page of an older list must not land in the new one.
                if generation == self._generation:
                    self._asked.discard(number)
                    self._keep(number, rows)
                    last = min(offset + self._page, self._total) - 1
                    if last >= offset:
                        self.dataChanged.emit(
                            self.index(offset, 0), self.index(last, len(self.columns) - 1)
                        )

            self._tasks.run(self._load, offset, self._page, done=arrived, owner=self)
        return self._pages.get(number)

    def _keep(self, number: int, rows: Sequence[Row]) -> Sequence[Row]:
        self._pages[number] = rows
        while len(self._pages) > _PAGES_KEPT:
            self._pages.popitem(last=False)
        return rows

    # -- Qt ---------------------------------------------------------------------------------

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else self._total

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.columns)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column = self.columns[index.column()]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return _ALIGN[column.align]
        if role not in _ROLES:
            return None
        row = self.row(index.row())
        if row is None:
            return None
        return self.cell(row, column, role)

    def cell(self, row: Row, column: Column[Row], role: int) -> Any:
        """One cell in one role; override to say more."""
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            return column.text(row)
        if role == Qt.ItemDataRole.ForegroundRole and column.tone is not None:
            tone = column.tone(row)
            return None if tone is None else theme.colour(tone_colour(tone))
        if role == Qt.ItemDataRole.DecorationRole and column.icon_name is not None:
            name = column.icon_name(row)
            tone = column.tone(row) if column.tone is not None else None
            return icon(name, tone_colour(tone or "neutral")) if name else None
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(column.tip(row) if column.tip is not None else column.text(row))
        if role == Qt.ItemDataRole.FontRole:
            if column.strong:
                return theme.font(semibold=True)
            return theme.font(tabular=True) if column.align == "right" else None
        return None

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(self.columns):
            if role == Qt.ItemDataRole.DisplayRole:
                return self.columns[section].title
            if role == Qt.ItemDataRole.TextAlignmentRole:
                return _ALIGN[self.columns[section].align]
        return None


_ROLES = frozenset(
    (
        Qt.ItemDataRole.DisplayRole,
        Qt.ItemDataRole.AccessibleTextRole,
        Qt.ItemDataRole.ForegroundRole,
        Qt.ItemDataRole.DecorationRole,
        Qt.ItemDataRole.ToolTipRole,
        Qt.ItemDataRole.FontRole,
    )
)
_ALIGN = {
    "left": int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter),
    "right": int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter),
    "center": int(Qt.AlignmentFlag.AlignCenter),
}


class RecordTable(QTableView):
    """A table of whole rows.

    Enter or a double click emits ``opened(row)``, moving the cursor ``chosen(row)``; ``row`` is
    the object that the model's loader gave.
    """

    opened = Signal(object)
    chosen = Signal(object)

    def __init__(
        self,
        model: PagedModel[Any],
        name: str,
        *,
        plain: bool = False,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setAccessibleName(name)
        dress(self, kind="plain" if plain else "table")
        self.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setShowGrid(False)
        self.setWordWrap(False)
        self.setTabKeyNavigation(False)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.verticalHeader().hide()
        self.verticalHeader().setDefaultSectionSize(theme.ROW_HEIGHT)
        self.verticalHeader().setSectionResizeMode(QHeaderView.ResizeMode.Fixed)
        self.horizontalHeader().setHighlightSections(False)
        self.horizontalHeader().setFixedHeight(theme.ROW_HEIGHT)
        self.doubleClicked.connect(self._open)
        self.setModel(model)
        for at, column in enumerate(model.columns):
            header = self.horizontalHeader()
            if column.width is None:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
            else:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Fixed)
                self.setColumnWidth(at, column.width)
        self.selectionModel().currentRowChanged.connect(self._current)

    def current(self) -> Any:
        """The row object under the cursor, or None."""
        index = self.currentIndex()
        return self.model().row(index.row()) if index.isValid() else None  # type: ignore[attr-defined]

    def choose(self, position: int) -> None:
        """Put the cursor on a row."""
        self.setCurrentIndex(self.model().index(position, 0))

    def _current(self, index: QModelIndex) -> None:
        if index.isValid():
            row = self.model().row(index.row())  # type: ignore[attr-defined]
            if row is not None:
                self.chosen.emit(row)

    def _open(self) -> None:
        row = self.current()
        if row is not None:
            self.opened.emit(row)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._open()
            return
        super().keyPressEvent(event)

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        # Coming in with the keyboard, the arrow keys need a row to start from.
        if not self.currentIndex().isValid() and self.model().rowCount():
            self.choose(0)
