"""Fields of the basic form that hold more than one value: answers with words, dated events."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from PySide6.QtCore import QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QGridLayout, QHBoxLayout, QLineEdit, QVBoxLayout, QWidget

from app.care.basic_form import NONE, Answer, Event
from app.care.parsing import clean_text
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.buttons import LinkButton, QuietButton
from app.ui.widgets.choices import ChoiceField


def entries(code_list: str) -> list[tuple[str, str]]:
    """A code list as the choice fields want it."""
    return [(each.code, each.label) for each in codes.entries(code_list)]


class AnswersField(ChoiceField):
    """Answers of a list with ``无`` shutting out the others, and a line for the words of "other".

    ``value()`` is a tuple of ``Answer``. The words belong to the code ``words_for``; codes of
    ``but`` are not offered.
    """

    def __init__(
        self,
        key: str,
        label_text: str,
        code_list: str,
        *,
        words_for: str = "",
        but: Iterable[str] = (),
        exclusive: Iterable[str] = (NONE,),
        **common: Any,
    ) -> None:
        offered = [entry for entry in entries(code_list) if entry[0] not in but]
        super().__init__(key, label_text, offered, multiple=True, exclusive=exclusive, **common)
        self._words_for = words_for
        self.words = line_edit(tr("Write what it is"))
        self.words.setAccessibleName(tr("{field}: in words").format(field=label_text))
        below(self, self.words)
        self.words.hide()
        self.words.textEdited.connect(self._edited)
        self.words.installEventFilter(self)
        self.changed.connect(self._sync_words)

    def chosen(self) -> tuple[str, ...]:
        """The chosen codes in list order."""
        found: tuple[str, ...] = super().value()
        return found

    def value(self) -> tuple[Answer, ...]:
        words = clean_text(self.words.text())
        return tuple(
            Answer(code, words if code == self._words_for else "") for code in self.chosen()
        )

    def set_value(self, value: Any) -> None:
        answers: tuple[Answer, ...] = tuple(value or ())
        self.words.setText(
            next((each.text for each in answers if each.code == self._words_for), "")
        )
        super().set_value([each.code for each in answers])

    def is_blank(self) -> bool:
        return not self.chosen()

    def raw(self) -> Any:
        return {"codes": list(self.chosen()), "words": self.words.text()}

    def restore(self, raw: Any) -> None:
        kept = raw if isinstance(raw, dict) else {}
        self.words.setText(str(kept.get("words", "")))
        super().set_value([str(code) for code in kept.get("codes", ())])

    def show_problem(self, message: str, tone: theme.Tone = "danger") -> None:
        super().show_problem(message, tone)
        dress(self.words, state=tone)

    def clear_problem(self) -> None:
        super().clear_problem()
        if hasattr(self, "words"):
            dress(self.words, state="")

    def _sync_words(self) -> None:
        self.words.setVisible(bool(self._words_for) and self._words_for in self.chosen())

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        if watched is getattr(self, "words", None) and event.type() == QEvent.Type.FocusOut:
            self.left.emit()
        return super().eventFilter(watched, event)


class EventsField(ChoiceField):
    """Operations, injuries or transfusions: none, or lines with a name and a day.

    ``value()`` is a tuple of ``Event`` as typed.
    """

    def __init__(self, key: str, label_text: str, what: str, **common: Any) -> None:
        super().__init__(key, label_text, entries("history_presence"), **common)
        self._what = what
        self._rows: list[tuple[QWidget, QLineEdit, QLineEdit]] = []
        holder = QWidget()
        self._column = QVBoxLayout(holder)
        self._column.setContentsMargins(0, 0, 0, 0)
        self._column.setSpacing(theme.GAP_TIGHT)
        self._more = more_button(self, tr("One more line"), lambda: self.add_row(focus=True))
        self._column.addWidget(self._more, 0, Qt.AlignmentFlag.AlignLeft)
        below(self, holder)
        self._holder = holder
        holder.hide()
        self.changed.connect(self._sync)

    def value(self) -> Any:
        code = super().value()
        if code is None:
            return ()
        if code == NONE:
            return (Event(NONE),)
        found = [
            Event("2", clean_text(name.text()), day.text().strip())
            for _, name, day in self._rows
            if name.text().strip() or day.text().strip()
        ]
        return tuple(found) or (Event("2"),)

    def set_value(self, value: Any) -> None:
        events: tuple[Event, ...] = tuple(value or ())
        self._clear_rows()
        super().set_value(events[0].code if events else None)
        for position, each in enumerate(event for event in events if event.code != NONE):
            if position >= len(self._rows):
                self.add_row()
            self._rows[position][1].setText(each.name)
            self._rows[position][2].setText(each.date)

    def is_blank(self) -> bool:
        return super().value() is None

    def raw(self) -> Any:
        return {
            "code": super().value(),
            "rows": [[name.text(), day.text()] for _, name, day in self._rows],
        }

    def restore(self, raw: Any) -> None:
        kept = raw if isinstance(raw, dict) else {}
        self._clear_rows()
        super().set_value(kept.get("code"))
        for position, (name, day) in enumerate(kept.get("rows", ())):
            if position >= len(self._rows):
                self.add_row()
            self._rows[position][1].setText(str(name))
            self._rows[position][2].setText(str(day))

    def show_part(self, index: int, message: str) -> None:
        """A problem of the line at a position."""
        self.show_problem(message)
        self.options.mark("")
        if index < len(self._rows):
            for edit in self._rows[index][1:]:
                dress(edit, state="danger")

    def clear_problem(self) -> None:
        super().clear_problem()
        for _, name, day in getattr(self, "_rows", ()):
            dress(name, state="")
            dress(day, state="")

    def rows(self) -> Sequence[tuple[QLineEdit, QLineEdit]]:
        """The lines of name and day."""
        return [(name, day) for _, name, day in self._rows]

    def add_row(self, *, focus: bool = False) -> None:
        """One more line; ``focus`` puts the cursor into it."""
        row = QWidget()
        line = QHBoxLayout(row)
        line.setContentsMargins(0, 0, 0, 0)
        line.setSpacing(theme.GAP_INSIDE)
        name = line_edit(self._what)
        day = line_edit(tr("when, e.g. 1988.5"), theme.DATE_WIDTH)
        number = len(self._rows) + 1
        name.setAccessibleName(f"{self.label} {number}")
        day.setAccessibleName(tr("{field}: when").format(field=f"{self.label} {number}"))
        for edit in (name, day):
            line.addWidget(edit)
            edit.textEdited.connect(self._edited)
            edit.editingFinished.connect(self.left)
        drop = QuietButton("", icon_name="close-line")
        drop.setAccessibleName(tr("Remove this line"))
        drop.setToolTip(tr("Remove this line"))
        drop.setFixedWidth(theme.TARGET_MINIMUM)
        drop.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
        entry = (row, name, day)
        drop.clicked.connect(lambda: self._drop(entry))
        line.addWidget(drop)
        self._rows.append(entry)
        self._column.insertWidget(len(self._rows) - 1, row)
        row.show()
        previous = self._rows[-2][2] if len(self._rows) > 1 else self.options
        QWidget.setTabOrder(previous, name)
        QWidget.setTabOrder(name, day)
        if focus:
            name.setFocus()

    def _drop(self, entry: tuple[QWidget, QLineEdit, QLineEdit]) -> None:
        self._rows.remove(entry)
        self._column.removeWidget(entry[0])
        entry[0].hide()
        entry[0].deleteLater()
        self._edited()

    def _clear_rows(self) -> None:
        for entry in list(self._rows):
            self._rows.remove(entry)
            self._column.removeWidget(entry[0])
            entry[0].hide()
            entry[0].deleteLater()

    def _sync(self) -> None:
        yes = super().value() == "2"
        if yes and not self._rows:
            self.add_row()
        self._holder.setVisible(yes)


class WordsField(ChoiceField):
    """None, or yes with its name. ``value()`` is empty, ``1`` or the name."""

    def __init__(self, key: str, label_text: str, what: str, **common: Any) -> None:
        super().__init__(key, label_text, entries("history_presence"), **common)
        self.words = line_edit(what)
        self.words.setAccessibleName(tr("{field}: in words").format(field=label_text))
        below(self, self.words)
        self.words.hide()
        self.words.textEdited.connect(self._edited)
        self.words.editingFinished.connect(self.left)
        self.changed.connect(lambda: self.words.setVisible(self.code() == "2"))

    def code(self) -> str | None:
        """1 none, 2 yes, None not asked."""
        found: str | None = super().value()
        return found

    def value(self) -> str:
        return clean_text(self.words.text()) if self.code() == "2" else self.code() or ""

    def set_value(self, value: Any) -> None:
        text = str(value or "")
        self.words.setText("" if text == NONE else text)
        super().set_value(None if not text else NONE if text == NONE else "2")

    def problem(self) -> str | None:
        if self.code() == "2" and not clean_text(self.words.text()):
            return tr("Write what it was.")
        return super().problem()

    def is_blank(self) -> bool:
        return self.code() is None

    def raw(self) -> Any:
        return {"code": self.code(), "words": self.words.text()}

    def restore(self, raw: Any) -> None:
        kept = raw if isinstance(raw, dict) else {}
        self.words.setText(str(kept.get("words", "")))
        super().set_value(kept.get("code"))


def more_button(field: QWidget, text: str, pressed: Callable[[], None]) -> LinkButton:
    """The button for one more line of a field. Enter passes it by; Ctrl+D inside the field adds."""
    tip = tr("{what} ({keys})").format(what=text, keys="Ctrl+D")
    button = LinkButton(text, pressed, icon_name="add-line", tip=tip)
    button.setFocusPolicy(Qt.FocusPolicy.ClickFocus)
    keys = QShortcut(QKeySequence("Ctrl+D"), field)
    keys.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
    keys.setWhatsThis(tr("One more line of the field"))
    keys.activated.connect(pressed)
    return button


def below(field: ChoiceField, widget: QWidget) -> None:
    """Put more controls of a field under its choices."""
    grid = field.layout()
    assert isinstance(grid, QGridLayout)
    grid.addWidget(widget, grid.rowCount(), 0 if grid.columnCount() == 1 else 1)
    QWidget.setTabOrder(field.options, widget)


def line_edit(placeholder: str, width: int | None = None) -> QLineEdit:
    """One line of text with a hint in it."""
    line = QLineEdit()
    line.setPlaceholderText(placeholder)
    if width is not None:
        line.setFixedWidth(width)
    return line
