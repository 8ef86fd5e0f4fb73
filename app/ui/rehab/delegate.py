"""Painting the ward grid's cells, and the one-line editor that moves on by itself."""

from __future__ import annotations

from typing import Any

from PySide6.QtCore import QAbstractItemModel, QEvent, QModelIndex, QObject, QRect, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QPainter, QPen
from PySide6.QtWidgets import (
    QAbstractItemDelegate,
    QHeaderView,
    QLineEdit,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QWidget,
)

from app.ui import theme
from app.ui.icons import pixmap, tone_colour
from app.ui.rehab import cells
from app.ui.rehab.model import WardModel
from app.ui.rehab.row import GridRow
from app.ui.rehab.texts import PLAN_JOINT
from app.ui.style import dress

_STRONG_LINES = {"pre_bp", "borg", "post_bp", "completion", "state"}
_BORDER = 2
_PADDING = theme.GAP_TIGHT + 2


class CellDelegate(QStyledItemDelegate):
    """Paints cells from the tokens. ``moved``: the editor was left towards ``right``, ``left``,
    ``down``, ``up`` or ``quick`` (the value was complete)."""

    moved = Signal(str)

    # -- painting ---------------------------------------------------------------------------

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex) -> None:
        model: WardModel = index.model()  # type: ignore[assignment]
        row, column = model.rows[index.row()], cells.COLUMNS[index.column()]
        table: QTableView = option.widget  # type: ignore[attr-defined]
        current = table.currentIndex()
        rect: QRect = option.rect  # type: ignore[attr-defined]
        painter.save()
        painter.fillRect(rect, self._ground(model, row, column, current.row() == index.row()))
        painter.setPen(QPen(theme.colour("line")))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if column.key in _STRONG_LINES:
            painter.setPen(QPen(theme.colour("line_strong")))
            painter.drawLine(rect.topLeft(), rect.bottomLeft())
        if column.key == "state":
            self._paint_state(painter, rect, model, row)
        else:
            self._paint_text(painter, rect, model, row, column, index)
        if current == index:
            shade = theme.colour("accent" if table.hasFocus() else "line_strong")
            pen = QPen(shade, _BORDER)
            pen.setJoinStyle(Qt.PenJoinStyle.MiterJoin)
            painter.setPen(pen)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRect(rect.adjusted(1, 1, -1, -2))
        painter.restore()

    def _ground(
        self, model: WardModel, row: GridRow, column: cells.GridColumn, here: bool
    ) -> QColor:
        tone = self._tone(model, row, column)
        if tone is not None:
            return QColor(theme.tone_colours(tone)[1])
        if here:
            return theme.colour("accent_soft" if column.kind == "info" else "surface_alt")
        return theme.colour("surface_alt" if row.mode != "open" else "surface")

    def _tone(self, model: WardModel, row: GridRow, column: cells.GridColumn) -> theme.Tone | None:
        span = model.span(row)
        if span is not None and span[0] <= cells.INDEX[column.key] <= span[1]:
            if row.mode == "no_plan":
                return None
            return "attention" if row.mode == "paused" else "danger"
        return model.tone(row, column)

    def _paint_text(
        self,
        painter: QPainter,
        rect: QRect,
        model: WardModel,
        row: GridRow,
        column: cells.GridColumn,
        index: QModelIndex,
    ) -> None:
        text = model.text(row, column)
        if not text:
            return
        tone = self._tone(model, row, column)
        span = model.span(row)
        sentence = span is not None and span[0] == index.column()
        plain = "text_secondary" if row.mode != "open" or column.key in ("bed", "plan") else "text"
        painter.setPen(QColor(theme.tone_colours(tone)[0]) if tone else theme.colour(plain))
        figures = column.kind in ("number", "pressure") and not sentence
        strong = column.key == "name" or (tone is not None and not sentence)
        small = column.key in ("plan", "event", "pre_symptoms", "action") or sentence
        painter.setFont(
            theme.font(
                theme.SECONDARY_POINTS if small else theme.BODY_POINTS,
                semibold=strong,
                tabular=figures or column.key == "bed",
            )
        )
        inner = rect.adjusted(_PADDING, 0, -_PADDING, 0)
        if sentence:
            icon_name = {"paused": "pause-circle-line", "no_plan": "file-unknow-line"}.get(
                row.mode, "forbid-2-line"
            )
            self._icon(painter, inner, icon_name, tone_colour(tone or "neutral"))
            inner.setLeft(inner.left() + theme.ICON + theme.GAP_TIGHT)
        if column.key == "plan":
            self._paint_plan(painter, inner, text)
            return
        align = Qt.AlignmentFlag.AlignRight if figures else Qt.AlignmentFlag.AlignLeft
        shown = painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, inner.width())
        painter.drawText(inner, align | Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_plan(self, painter: QPainter, rect: QRect, text: str) -> None:
        """The exercises in two lines, as many as fit; the rest is in the tip and the panel."""
        metrics = painter.fontMetrics()
        first, rest = "", text.split(PLAN_JOINT)
        while rest:
            longer = PLAN_JOINT.join(part for part in (first, rest[0]) if part)
            if first and metrics.horizontalAdvance(longer) > rect.width():
                break
            first = longer
            rest.pop(0)
        lines = [line for line in (first, PLAN_JOINT.join(rest)) if line]
        height = min(metrics.height(), (rect.height() - theme.GAP_TIGHT) // 2)
        top = rect.center().y() - height * len(lines) // 2
        for at, line in enumerate(lines):
            shown = metrics.elidedText(line, Qt.TextElideMode.ElideRight, rect.width())
            place = QRect(rect.left(), top + at * height, rect.width(), height)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter, shown)

    def _paint_state(self, painter: QPainter, rect: QRect, model: WardModel, row: GridRow) -> None:
        state = model.state(row)
        if not state.word:
            return
        inner = rect.adjusted(_PADDING, 0, -theme.GAP_TIGHT, 0)
        if state.icon:
            self._icon(painter, inner, state.icon, tone_colour(state.tone))
            inner.setLeft(inner.left() + theme.ICON + theme.GAP_TIGHT)
        painter.setPen(QColor(theme.tone_colours(state.tone)[0]))
        painter.setFont(
            theme.font(theme.SECONDARY_POINTS, semibold=state.tone == "danger", tabular=True)
        )
        shown = painter.fontMetrics().elidedText(
            state.word, Qt.TextElideMode.ElideRight, inner.width()
        )
        painter.drawText(inner, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, shown)

    def _icon(self, painter: QPainter, rect: QRect, name: str, colour: str) -> None:
        top = rect.center().y() - theme.ICON // 2
        painter.drawPixmap(rect.left(), top, pixmap(name, colour, theme.ICON))

    # -- editing ----------------------------------------------------------------------------

    def createEditor(
        self, parent: QWidget, option: QStyleOptionViewItem, index: QModelIndex
    ) -> QWidget:
        column = cells.COLUMNS[index.column()]
        editor = QLineEdit(parent)
        dress(editor, kind="cell")
        editor.setFont(theme.font(tabular=True))
        editor.setAlignment(Qt.AlignmentFlag.AlignRight)
        editor.setInputMethodHints(Qt.InputMethodHint.ImhPreferNumbers)
        editor.setMaxLength(16)
        editor.setAccessibleName(
            str(index.model().headerData(index.column(), Qt.Orientation.Horizontal))
        )
        editor.textEdited.connect(lambda text: self._typed(editor, column, text))
        return editor

    def setEditorData(self, editor: QWidget, index: QModelIndex) -> None:
        assert isinstance(editor, QLineEdit)
        if editor.isModified():
            return  # news of the sync must not wipe what is half typed
        model: WardModel = index.model()  # type: ignore[assignment]
        row, column = model.rows[index.row()], cells.COLUMNS[index.column()]
        if column.key == "completion":
            percent = row.values.get("completion_percent")
            editor.setText("" if percent is None else str(percent))
        else:
            editor.setText(row.texts.get(column.key) or self._plain(row, column))
        editor.selectAll()

    def _plain(self, row: GridRow, column: cells.GridColumn) -> str:
        return cells.shown(column, row.values, {}).replace("?", "")

    def setModelData(self, editor: QWidget, model: QAbstractItemModel, index: QModelIndex) -> None:
        assert isinstance(editor, QLineEdit)
        if editor.isModified():
            model.setData(index, editor.text())

    def updateEditorGeometry(
        self, editor: QWidget, option: QStyleOptionViewItem, index: QModelIndex
    ) -> None:
        editor.setGeometry(option.rect.adjusted(0, 0, 0, -1))  # type: ignore[attr-defined]

    def _typed(self, editor: QLineEdit, column: cells.GridColumn, text: str) -> None:
        at_end = editor.cursorPosition() == len(text)
        if at_end and cells.is_complete(column, text):
            self._leave(editor, "quick")

    def _leave(self, editor: QWidget, towards: str) -> None:
        self.commitData.emit(editor)
        self.closeEditor.emit(editor, QAbstractItemDelegate.EndEditHint.NoHint)
        self.moved.emit(towards)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if isinstance(watched, QLineEdit) and event.type() == QEvent.Type.KeyPress:
            assert isinstance(event, QKeyEvent)
            towards = self._direction(watched, event)
            if towards:
                self._leave(watched, towards)
                return True
        return super().eventFilter(watched, event)

    def _direction(self, editor: QLineEdit, event: QKeyEvent) -> str:
        key, shift = event.key(), event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        simple: dict[Any, str] = {
            Qt.Key.Key_Tab: "right",
            Qt.Key.Key_Backtab: "left",
            Qt.Key.Key_Down: "down",
            Qt.Key.Key_Up: "up",
        }
        if key in simple:
            return simple[key]
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            return "up" if shift else "enter"
        # With the cursor at an end of the text the arrows leave the cell.
        if key == Qt.Key.Key_Right and editor.cursorPosition() == len(editor.text()):
            return "right"
        if key == Qt.Key.Key_Left and editor.cursorPosition() == 0 and not editor.selectedText():
            return "left"
        return ""


class GroupHeader(QHeaderView):
    """Two lines: the groups (before, after) above the columns' titles."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(Qt.Orientation.Horizontal, parent)
        self.setSectionsClickable(False)
        self.setHighlightSections(False)
        self.setFixedHeight(theme.ROW_HEIGHT + theme.GAP_CARD)

    def paintSection(self, painter: QPainter, rect: QRect, logical: int) -> None:
        column = cells.COLUMNS[logical]
        painter.save()
        painter.setClipRect(rect)
        painter.fillRect(rect, theme.colour("surface_alt"))
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
        half = rect.top() + rect.height() // 2
        lower = QRect(rect.left(), half, rect.width(), rect.bottom() - half)
        if column.group:
            self._paint_group(painter, rect, half, column.group)
        else:
            lower = rect
        padding = _PADDING
        inner = lower.adjusted(padding, 0, -padding, 0)
        painter.setPen(theme.colour("text_secondary"))
        figures = column.kind in ("number", "pressure")
        title = str(self.model().headerData(logical, Qt.Orientation.Horizontal))
        align = Qt.AlignmentFlag.AlignRight if figures else Qt.AlignmentFlag.AlignLeft
        painter.drawText(inner, align | Qt.AlignmentFlag.AlignVCenter, title)
        painter.setPen(QPen(theme.colour("line_strong")))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        if column.key in _STRONG_LINES:
            painter.drawLine(rect.topLeft(), rect.bottomLeft())
        painter.restore()

    def _paint_group(self, painter: QPainter, rect: QRect, half: int, group: str) -> None:
        from app.i18n import tr

        members = [at for at, column in enumerate(cells.COLUMNS) if column.group == group]
        left = self.sectionViewportPosition(members[0])
        right = self.sectionViewportPosition(members[-1]) + self.sectionSize(members[-1])
        whole = QRect(left, rect.top(), right - left, half - rect.top())
        painter.setPen(theme.colour("text"))
        painter.setFont(theme.font(theme.SECONDARY_POINTS, semibold=True))
        painter.drawText(whole, Qt.AlignmentFlag.AlignCenter, tr(group))
        painter.setPen(QPen(theme.colour("line")))
        painter.drawLine(rect.left(), half, rect.right(), half)
        painter.setFont(theme.font(theme.SECONDARY_POINTS))
