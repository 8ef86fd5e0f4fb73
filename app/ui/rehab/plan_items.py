"""The exercises of a plan: a line to add one by its name or pinyin initials, a table to dose it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

from PySide6.QtCore import (
    QAbstractItemModel,
    QAbstractTableModel,
    QEvent,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
    Signal,
)
from PySide6.QtGui import QKeyEvent, QPainter, QPaintEvent, QStandardItem, QStandardItemModel
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QCompleter,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.care.parsing import half_width
from app.care.rehab_plan_form import PlanItem
from app.i18n import N_, tr
from app.models import codes
from app.ui import theme
from app.ui.style import dress
from app.ui.tips import plain_tip

AnyIndex = QModelIndex | QPersistentModelIndex


@dataclass(frozen=True, slots=True)
class ItemColumn:
    """One column: the field of :class:`PlanItem`, its title, its width, its code list."""

    field: str
    title: str
    width: int | None
    code_list: str = ""
    number: bool = False


ITEM_COLUMNS = (
    ItemColumn("exercise", N_("Exercise item"), None, "rehab_exercise"),
    ItemColumn("per_week", N_("A week"), 52, number=True),
    ItemColumn("sets", N_("Sets"), 46, number=True),
    ItemColumn("reps", N_("Reps"), 50, number=True),
    ItemColumn("minutes", N_("Minutes"), 54, number=True),
    ItemColumn("intensity", N_("Borg"), 62),
    ItemColumn("place", N_("Place"), 74, "rehab_place"),
    ItemColumn("assistance", N_("Help"), 84, "rehab_assistance"),
    ItemColumn("equipment", N_("Equipment"), 74),
)


class ItemsModel(QAbstractTableModel):
    """The exercises of the plan being written. ``edited`` after every change."""

    edited = Signal()

    def __init__(self, parent: Any = None) -> None:
        super().__init__(parent)
        self.items: list[PlanItem] = []
        self.problems: dict[int, str] = {}

    def set_items(self, items: Sequence[PlanItem]) -> None:
        self.beginResetModel()
        self.items = list(items)
        self.problems = {}
        self.endResetModel()

    def add(self, exercise: str) -> int:
        """Add an exercise; gives its position (that of the one already there, if any)."""
        for at, item in enumerate(self.items):
            if item.exercise == exercise:
                return at
        at = len(self.items)
        self.beginInsertRows(QModelIndex(), at, at)
        self.items.append(PlanItem(exercise))
        self.endInsertRows()
        self.edited.emit()
        return at

    def remove(self, at: int) -> None:
        if 0 <= at < len(self.items):
            self.beginRemoveRows(QModelIndex(), at, at)
            del self.items[at]
            self.problems = {}
            self.endRemoveRows()
            self.edited.emit()

    def show_problems(self, problems: dict[int, str]) -> None:
        self.problems = problems
        if self.items:
            self.dataChanged.emit(
                self.index(0, 0), self.index(len(self.items) - 1, len(ITEM_COLUMNS) - 1)
            )

    def raw(self) -> list[dict[str, Any]]:
        from dataclasses import asdict

        return [asdict(item) for item in self.items]

    def rowCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(self.items)

    def columnCount(self, parent: AnyIndex = QModelIndex()) -> int:  # noqa: B008
        return 0 if parent.isValid() else len(ITEM_COLUMNS)

    def flags(self, index: AnyIndex) -> Qt.ItemFlag:
        flags = Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable
        if index.isValid() and index.column() > 0:
            flags |= Qt.ItemFlag.ItemIsEditable
        return flags

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:
        if not index.isValid():
            return None
        column, item = ITEM_COLUMNS[index.column()], self.items[index.row()]
        value = getattr(item, column.field)
        if role == Qt.ItemDataRole.EditRole:
            return "" if value is None else str(value)
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.AccessibleTextRole):
            if column.code_list:
                return codes.label(column.code_list, value) if value else ""
            return "" if value is None else str(value)
        if role == Qt.ItemDataRole.TextAlignmentRole and column.number:
            return int(Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter)
        problem = self.problems.get(index.row())
        if role == Qt.ItemDataRole.ToolTipRole:
            return plain_tip(problem or self.data(index, Qt.ItemDataRole.DisplayRole)) or None
        if role == Qt.ItemDataRole.ForegroundRole and problem:
            return theme.colour("danger")
        return None

    def setData(self, index: AnyIndex, value: Any, role: int = Qt.ItemDataRole.EditRole) -> bool:
        if role != Qt.ItemDataRole.EditRole or not index.isValid():
            return False
        column = ITEM_COLUMNS[index.column()]
        text = half_width(str(value or "")).strip()
        kept: Any = text
        if column.number:
            if text and not (text.isascii() and text.isdigit() and len(text) <= 3):
                return False
            kept = int(text) if text else None
        self.items[index.row()] = replace(self.items[index.row()], **{column.field: kept})
        self.problems.pop(index.row(), None)
        self.dataChanged.emit(
            self.index(index.row(), 0), self.index(index.row(), len(ITEM_COLUMNS) - 1)
        )
        self.edited.emit()
        return True

    def headerData(
        self,
        section: int,
        orientation: Qt.Orientation,
        role: int = Qt.ItemDataRole.DisplayRole,
    ) -> Any:
        if orientation == Qt.Orientation.Horizontal and 0 <= section < len(ITEM_COLUMNS):
            column = ITEM_COLUMNS[section]
            if role == Qt.ItemDataRole.DisplayRole:
                return tr(column.title)
            if role == Qt.ItemDataRole.TextAlignmentRole:
                side = Qt.AlignmentFlag.AlignRight if column.number else Qt.AlignmentFlag.AlignLeft
                return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None


class _ItemDelegate(QStyledItemDelegate):
    """Lines for numbers and words, drop-down lists for codes. Enter takes the cell and moves on."""

    taken = Signal()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.KeyPress and isinstance(watched, QWidget):
            assert isinstance(event, QKeyEvent)
            if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Tab):
                self.commitData.emit(watched)
                self.closeEditor.emit(watched, QStyledItemDelegate.EndEditHint.NoHint)
                self.taken.emit()
                return True
        return super().eventFilter(watched, event)

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget:
        column = ITEM_COLUMNS[index.column()]
        if not column.code_list:
            line = QLineEdit(parent)
            dress(line, kind="cell")
            line.setMaxLength(3 if column.number else 40)
            return line
        box = QComboBox(parent)
        box.addItem("", "")
        for entry in codes.entries(column.code_list):
            box.addItem(entry.label, entry.code)
        return box

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:
        value = str(index.data(Qt.ItemDataRole.EditRole) or "")
        if isinstance(editor, QComboBox):
            editor.setCurrentIndex(max(editor.findData(value), 0))
        elif isinstance(editor, QLineEdit):
            editor.setText(value)
            editor.selectAll()

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex) -> None:
        if isinstance(editor, QComboBox):
            model.setData(index, editor.currentData())
        elif isinstance(editor, QLineEdit):
            model.setData(index, editor.text())


def empty_words() -> str:
    """What a plan without exercises says where its first one will stand."""
    return tr("No exercise yet. Type a name or its initials above; Enter puts it here to be dosed.")


class _ItemTable(QTableView):
    """Typing edits, Tab and Enter go right and on to the next line, Delete removes the line."""

    done = Signal()

    def keyPressEvent(self, event: QKeyEvent) -> None:
        at = self.currentIndex()
        if event.key() == Qt.Key.Key_Delete and at.isValid():
            self.model().remove(at.row())  # type: ignore[attr-defined]
            return
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and at.isValid():
            self.advance()
            return
        super().keyPressEvent(event)

    def paintEvent(self, event: QPaintEvent) -> None:
        super().paintEvent(event)
        if not self.model().rowCount():
            painter = QPainter(self.viewport())
            painter.setFont(theme.font(theme.SECONDARY_POINTS))
            painter.setPen(theme.colour("text_secondary"))
            room = (
                self.viewport()
                .rect()
                .adjusted(theme.GAP_FIELD, theme.GAP_FIELD, -theme.GAP_FIELD, 0)
            )
            way = Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap
            painter.drawText(room, way, empty_words())
            painter.end()

    def commit(self) -> None:
        """Take what stands in an open editor (before a save or leaving)."""
        if self.state() != QAbstractItemView.State.EditingState:
            return
        for editor in self.viewport().children():
            if isinstance(editor, QLineEdit | QComboBox) and editor.isVisible():
                self.commitData(editor)
                self.closeEditor(editor, QStyledItemDelegate.EndEditHint.NoHint)

    def advance(self) -> None:
        """To the next cell; past the last one ``done`` is emitted."""
        at = self.currentIndex()
        row, column = at.row(), at.column() + 1
        if column >= self.model().columnCount():
            row, column = row + 1, 1
        if row >= self.model().rowCount():
            self.done.emit()
            return
        self.setCurrentIndex(self.model().index(row, column))

    def focusInEvent(self, event: Any) -> None:
        super().focusInEvent(event)
        if not self.currentIndex().isValid() and self.model().rowCount():
            self.setCurrentIndex(self.model().index(0, 1))


class PlanItems(QWidget):
    """The whole editor of a plan's exercises."""

    def __init__(self, model: ItemsModel, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.model = model
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_INSIDE)
        self.finder = QLineEdit()
        self.finder.setPlaceholderText(tr("Add an exercise: name or pinyin initials, Enter"))
        self.finder.setAccessibleName(tr("Add an exercise"))
        self._catalogue = _catalogue(self)
        self._completer = QCompleter(self._catalogue, self)
        self._completer.setFilterMode(Qt.MatchFlag.MatchContains)
        self._completer.setCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        self._completer.setCompletionRole(_SEARCH)
        self._completer.setMaxVisibleItems(10)
        self.finder.setCompleter(self._completer)
        self._completer.activated[QModelIndex].connect(self._completed)  # type: ignore[index]
        self.finder.returnPressed.connect(self._add_typed)
        column.addWidget(self.finder)
        self.table = _ItemTable()
        dress(self.table, kind="table")
        self.table.setAccessibleName(tr("Exercises of the plan"))
        self.table.setModel(model)
        delegate = _ItemDelegate(self.table)
        delegate.taken.connect(self.table.advance)
        self.table.setItemDelegate(delegate)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.setTabKeyNavigation(False)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.AnyKeyPressed
            | QAbstractItemView.EditTrigger.EditKeyPressed
            | QAbstractItemView.EditTrigger.DoubleClicked
        )
        self.table.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(theme.ROW_HEIGHT)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        for at, what in enumerate(ITEM_COLUMNS):
            if what.width is None:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Stretch)
            else:
                header.setSectionResizeMode(at, QHeaderView.ResizeMode.Fixed)
                self.table.setColumnWidth(at, what.width)
        self.table.done.connect(self.finder.setFocus)
        column.addWidget(self.table, 1)

    def add(self, exercise: str) -> None:
        """Add an exercise and go to its first figure."""
        at = self.model.add(exercise)
        self.finder.clear()
        self.table.setCurrentIndex(self.model.index(at, 1))
        self.table.setFocus()
        # Closing its list, the completer gives the focus back to the line.
        self._later(self.table.setFocus)

    def _completed(self, index: QModelIndex) -> None:
        self.add(str(index.data(_CODE)))
        # The completer writes its text into the line after this signal; clear it afterwards.
        self._later(self.finder.clear)

    def _later(self, what: Callable[[], None]) -> None:
        from PySide6.QtCore import QTimer

        QTimer.singleShot(0, self, what)

    def _add_typed(self) -> None:
        text = self.finder.text().strip()
        popup = self._completer.popup()
        if not text or popup.currentIndex().isValid():
            return
        proxy = QSortFilterProxyModel(self)
        proxy.setSourceModel(self._catalogue)
        proxy.setFilterRole(_SEARCH)
        proxy.setFilterCaseSensitivity(Qt.CaseSensitivity.CaseInsensitive)
        proxy.setFilterFixedString(half_width(text))
        if proxy.rowCount():
            popup.hide()
            self.add(str(proxy.index(0, 0).data(_CODE)))
        proxy.deleteLater()


_CODE = int(Qt.ItemDataRole.UserRole)
_SEARCH = _CODE + 1


def _catalogue(parent: QWidget) -> QStandardItemModel:
    made = QStandardItemModel(parent)
    for entry in codes.entries("rehab_exercise"):
        item = QStandardItem(entry.label)
        item.setData(entry.code, _CODE)
        item.setData(f"{entry.zh} {entry.extra['initials']} {entry.en}", _SEARCH)
        made.appendRow(item)
    return made
