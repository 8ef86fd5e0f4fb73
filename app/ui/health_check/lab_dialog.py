"""The laboratory's own reference ranges: one line a test, men and women apart where they differ."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QDialog,
    QGridLayout,
    QHBoxLayout,
    QLineEdit,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.care.health_check.lab_ranges import (
    Bounds,
    LabRanges,
    lab_fields,
    lab_ranges,
    save_lab_ranges,
)
from app.care.parsing import ParseError, parse_decimal
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.style import dress
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.strips import ErrorStrip

_PARTS = ("ranges.low", "ranges.high", "women.low", "women.high")


class LabRangesDialog(QDialog):
    """For administrators. Blank means that the laboratory gave no range."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.setWindowTitle(tr("Laboratory ranges"))
        self.resize(theme.FORM_WIDTH + theme.LIST_WIDTH // 2, theme.FORM_WIDTH)
        whole = QVBoxLayout(self)
        whole.setSpacing(theme.GAP_FIELD)
        whole.addWidget(
            label(
                tr(
                    "Copy the ranges from your laboratory's report. A value is marked only where "
                    "a range is entered here or the national specification has one."
                ),
                "secondary",
                wrap=True,
            )
        )
        area = QScrollArea()
        area.setWidgetResizable(True)
        area.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        inside = QWidget()
        dress(inside, kind="body")
        grid = QGridLayout(inside)
        grid.setHorizontalSpacing(theme.GAP_FIELD)
        grid.setVerticalSpacing(theme.GAP_TIGHT)
        heads = (
            *(tr("Test"), tr("From"), tr("Up to"), tr("Women: from"), tr("Women: up to")),
            tr("Unit"),
        )
        for at, text in enumerate(heads):
            grid.addWidget(label(text, "strong"), 0, at)
        self.edits: dict[str, dict[str, QLineEdit]] = {}
        for row, made_of in enumerate(lab_fields(), start=1):
            grid.addWidget(label(made_of.label), row, 0)
            self.edits[made_of.key] = {}
            for at, part in enumerate(_PARTS, start=1):
                line = QLineEdit()
                line.setFixedWidth(theme.NUMBER_WIDTH)
                line.setAccessibleName(f"{made_of.label} {heads[at]}")
                grid.addWidget(line, row, at)
                self.edits[made_of.key][part] = line
            grid.addWidget(label(made_of.unit, "secondary"), row, len(_PARTS) + 1)
        grid.setColumnStretch(0, 1)
        area.setWidget(inside)
        whole.addWidget(area, 1)
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(tr("Cancel"), self.reject))
        self.save_button = PrimaryButton(tr("Save"), self.save, icon_name="save-line")
        buttons.addWidget(self.save_button)
        whole.addLayout(buttons)
        self._show(lab_ranges(context.store, context.actor))

    def save(self) -> None:
        """Keep the ranges; the dialog stays open while something is wrong."""
        self.strip.clear()
        try:
            found = LabRanges(*(self._bounds(part) for part in ("ranges", "women")))
            save_lab_ranges(self._context.store, self._context.actor, found)
        except ParseError as error:
            self.strip.say(error.message)
        except InputError as error:
            for key in error.problems:
                for line in self.edits.get(key, {}).values():
                    dress(line, state="danger")
            self.strip.say(" ".join(dict.fromkeys(error.problems.values())))
        else:
            self._context.notify(tr("Saved."))
            self.accept()

    def _show(self, found: LabRanges) -> None:
        for part, kept in (("ranges", found.ranges), ("women", found.women)):
            for key, bounds in kept.items():
                for end, value in zip(("low", "high"), bounds, strict=True):
                    line = self.edits.get(key, {}).get(f"{part}.{end}")
                    if line is not None and value is not None:
                        line.setText(f"{value:g}")

    def _bounds(self, part: str) -> dict[str, Bounds]:
        found: dict[str, Bounds] = {}
        for key, lines in self.edits.items():
            low, high = (_number(lines[f"{part}.{end}"]) for end in ("low", "high"))
            if low is not None or high is not None:
                found[key] = (low, high)
        return found


def _number(line: QLineEdit) -> float | None:
    dress(line, state="")
    text = line.text().strip()
    if not text:
        return None
    try:
        return float(parse_decimal(text))
    except ParseError:
        dress(line, state="danger")
        raise
