"""Find anyone: one box for name, pinyin, ID tail, phone tail; the answer appears while typing."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, QTimer, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QFrame, QLineEdit, QVBoxLayout, QWidget

from app.care.resident_list import ResidentLine
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.icons import icon
from app.ui.style import dress
from app.ui.widgets.cards import label
from app.ui.widgets.two_lines import TwoLineList, TwoLines

_PAUSE_MS = 60
_LIMIT = 30
_VISIBLE = 9


def who(line: ResidentLine) -> str:
    """``女 72 岁``"""
    return tr("{sex}, {age} years").format(sex=codes.label("sex", line.sex), age=line.age)


def _said(line: ResidentLine) -> TwoLines:
    """A person in the list of answers; the numbers stay masked."""
    return TwoLines(
        title=line.name,
        beside=who(line),
        right=line.village,
        lower="、".join(part for part in (line.bed, *line.conditions) if part),
        lower_right="  ".join(part for part in (line.id_masked, line.phone_masked) if part),
    )


class Finder(QLineEdit):
    """The box in the top line. F3 or Ctrl+K come here; arrows choose, Enter opens, Esc leaves."""

    opened = Signal(str)

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._asked = 0
        self._open_single = False
        self.setPlaceholderText(tr("F3 Find: name / pinyin / ID tail / phone tail"))
        self.setAccessibleName(tr("Find anyone"))
        self.setToolTip(tr("Find anyone (F3 or Ctrl+K)"))
        self.setClearButtonEnabled(True)
        self.setMaximumWidth(theme.FINDER_WIDTH)
        self.addAction(icon("search-line", "text_hint"), QLineEdit.ActionPosition.LeadingPosition)
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_PAUSE_MS)
        self._timer.timeout.connect(self._search)
        self._popup: QFrame | None = None
        self.textEdited.connect(self._edited)
        self.textChanged.connect(lambda text: None if text else self._hide())

    def begin(self) -> None:
        """Bring the cursor here with the old text selected, ready for a new name."""
        self.setFocus(Qt.FocusReason.ShortcutFocusReason)
        self.selectAll()

    def _edited(self, text: str) -> None:
        self._open_single = False
        if text.strip():
            self._timer.start()
        else:
            self._timer.stop()

    def _search(self) -> None:
        from app.care.resident_list import find

        self._asked += 1
        asked = self._asked
        text = self.text().strip()

        def arrived(found: tuple[ResidentLine, ...]) -> None:
            # An answer to an older text must not replace the newer one's.
            if asked == self._asked and self.text().strip() == text:
                self._show(found)
                if self._open_single and len(found) == 1:
                    self._take(found[0])
                self._open_single = False

        context = self._context
        context.tasks.run(
            find, context.store, context.actor, text, _LIMIT, done=arrived, owner=self
        )

    def _show(self, found: tuple[ResidentLine, ...]) -> None:
        popup = self._build_popup()
        self._view.rows.set_rows(found)
        self._view.setVisible(bool(found))
        self._none.setVisible(not found)
        height = theme.ROW_HEIGHT_TWO * min(len(found), _VISIBLE) if found else theme.ROW_HEIGHT_TWO
        popup.setFixedSize(max(self.width(), theme.FINDER_WIDTH), height + theme.GAP_TIGHT)
        popup.move(self.mapTo(self.window(), QPoint(0, self.height() + 4)))
        popup.show()
        popup.raise_()
        if found:
            self._view.choose(0)

    def _build_popup(self) -> QFrame:
        if self._popup is None:
            popup = QFrame(self.window())
            dress(popup, kind="popup")
            column = QVBoxLayout(popup)
            column.setContentsMargins(1, 1, 1, 1)
            self._view = TwoLineList(tr("People found"), _said)
            self._view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
            self._view.opened.connect(self._take)
            self._none = label(tr("Nobody found. Try fewer letters or the end of the number."))
            self._none.setContentsMargins(theme.GAP_FIELD, 0, theme.GAP_FIELD, 0)
            column.addWidget(self._view)
            column.addWidget(self._none)
            self.window().installEventFilter(self)
            self._popup = popup
        return self._popup

    @property
    def showing(self) -> bool:
        """Whether the list of answers is open."""
        return self._popup is not None and self._popup.isVisible()

    def _hide(self) -> None:
        if self._popup is not None:
            self._popup.hide()

    @property
    def found(self) -> int:
        """How many people the open list shows."""
        return self._view.rows.rowCount() if self.showing else 0

    def _take(self, line: ResidentLine | None) -> None:
        if line is None:
            return
        self._hide()
        self.clear()
        self.opened.emit(line.id)

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key == Qt.Key.Key_Escape:
            self._hide()
            self.clear()
            return
        if key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            if self._timer.isActive():
                # Typed and Enter in one go: look first, open the only answer.
                self._timer.stop()
                self._open_single = True
                self._search()
            elif self.showing:
                self._take(self._view.current())
            return
        if self.showing and key in (Qt.Key.Key_Down, Qt.Key.Key_Up):
            step = 1 if key == Qt.Key.Key_Down else -1
            wanted = self._view.currentIndex().row() + step
            if 0 <= wanted < self._view.rows.rowCount():
                self._view.choose(wanted)
            return
        super().keyPressEvent(event)

    def focusOutEvent(self, event: QFocusEvent) -> None:
        super().focusOutEvent(event)
        QTimer.singleShot(0, self, self._hide)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if event.type() == QEvent.Type.Resize:
            self._hide()
        return super().eventFilter(watched, event)
