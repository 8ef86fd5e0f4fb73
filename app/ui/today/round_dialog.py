"""What of a list is to be printed or written to Excel, and how much identity it carries."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.paper.settings import PrintSettings
from app.i18n import tr
from app.ui import theme
from app.ui.chronic.field_kinds import TickField
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.forms import FormFields, FormNavigator


class RoundDialog(QDialog):
    """After ``exec`` or ``accepted``: ``paper``, ``blank`` and ``settings`` say what was chosen.

    ``paper`` is list, slips, checks or excel.
    """

    def __init__(
        self, title: str, count: int, kept: PrintSettings, paper: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Print or export"))
        self.setMinimumWidth(theme.FORM_WIDTH)
        self._kept = kept
        self._count = count
        self.fields = FormFields(self)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_CARD,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(
            label(tr("{title}: {count} people").format(title=title, count=count), "section")
        )
        self.paper_field = self.fields.add(
            ChoiceField(
                "paper",
                tr("What to print"),
                [
                    ("list", tr("Visit list")),
                    ("slips", tr("Follow-up slips")),
                    ("checks", tr("Annual check sheets")),
                    ("excel", tr("Excel file")),
                ],
                required=True,
            )
        )
        self.slips = self.fields.add(
            ChoiceField(
                "slips",
                tr("Size"),
                [
                    ("two", tr("2 on A4")),
                    ("one", tr("1 on A4")),
                    ("a5", tr("1 on A5")),
                ],
            )
        )
        self.blank_field = self.fields.add(
            TickField("blank", "", tr("Blank, without names (to copy)"))
        )
        self.last_time = self.fields.add(
            TickField("last_time", "", tr("With class and drugs of the last visit"))
        )
        self.whole_ids = self.fields.add(
            TickField("whole_ids", "", tr("ID and phone numbers whole, not masked"))
        )
        for field in self.fields:
            column.addWidget(field)
        self.hint = label(
            tr(
                "Each person gets a short number. With it the filled-in slips are entered in "
                "paper order afterwards."
            ),
            "hint",
            wrap=True,
        )
        column.addWidget(self.hint)
        self.go = PrimaryButton(tr("Go on"), self._go)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        buttons.addWidget(Button(tr("Cancel"), self.reject))
        buttons.addWidget(self.go)
        column.addLayout(buttons)
        FormNavigator(self, self.go)
        self.paper_field.set_value(paper)
        self.slips.set_value(kept.slips)
        self.last_time.set_value(kept.last_time)
        # Whole numbers are asked for anew each time; they are never a habit.
        self.fields.changed.connect(self._arrange)
        self._arrange()
        self.paper_field.setFocus()

    @property
    def paper(self) -> str:
        return str(self.paper_field.value() or "")

    @property
    def blank(self) -> bool:
        return bool(self.blank_field.value()) and self.paper in ("slips", "checks")

    @property
    def settings(self) -> PrintSettings:
        return replace(
            self._kept,
            slips=self.slips.value() or "two",
            last_time=bool(self.last_time.value()),
            whole_ids=bool(self.whole_ids.value()),
        )

    def _arrange(self) -> None:
        paper, blank = self.paper, self.blank
        self.slips.setVisible(paper == "slips")
        self.blank_field.setVisible(paper in ("slips", "checks"))
        self.last_time.setVisible(paper == "slips" and not blank)
        self.whole_ids.setVisible(not blank)
        self.hint.setVisible(paper in ("list", "slips") and not blank)
        self.go.setEnabled(bool(paper) and (self._count > 0 or blank))

    def _go(self) -> None:
        if self.fields.check():
            self.accept()
