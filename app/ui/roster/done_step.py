"""The last step: what was taken in, what was left out and can be put right."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.roster.importing import Imported
from app.i18n import tr
from app.ui import theme
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import Card, label


class DoneStep(QWidget):
    """Figures of the import and the two things that may follow."""

    def __init__(
        self,
        export: Callable[[], object],
        history: Callable[[], object],
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.result: Imported | None = None
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_CARD)
        taken = Card(tr("Imported"))
        self._figure = label("", "figure")
        self._about = label("", "secondary", wrap=True)
        taken.body.addWidget(self._figure)
        taken.body.addWidget(self._about)
        whole.addWidget(taken)
        left = Card(tr("Left out"))
        self._left = label("", "figure")
        self._left_about = label(
            tr(
                "Save these rows with the reasons, put them right in Excel and import that file: "
                "its columns are known then."
            ),
            "secondary",
            wrap=True,
        )
        left.body.addWidget(self._left)
        row = QHBoxLayout()
        row.addWidget(self._left_about, 1)
        self.export_button = Button(
            tr("Save the rows left out…"), export, icon_name="file-excel-2-line"
        )
        row.addWidget(self.export_button)
        left.body.addLayout(row)
        whole.addWidget(left)
        back = Card(tr("Was it the wrong file?"))
        row = QHBoxLayout()
        row.addWidget(
            label(
                tr(
                    "A whole import can be taken back in the list of imports. Records that "
                    "somebody has worked with by then stay."
                ),
                "secondary",
                wrap=True,
            ),
            1,
        )
        self.history_button = Button(tr("Imports so far"), history, icon_name="history-line")
        row.addWidget(self.history_button)
        back.body.addLayout(row)
        whole.addWidget(back)
        whole.addStretch(1)

    def show_result(self, result: Imported) -> None:
        """What became of the rows."""
        self.result = result
        self._figure.setText(tr("{count} residents").format(count=result.imported))
        words = tr(
            "They stand in the list of residents and wait to be sent. What the roster does not "
            "say (allergies, past diseases) is asked when each record is completed. Backup made "
            "before: {name}"
        ).format(name=result.backup)
        if result.too_late:
            words = (
                tr("{count} were registered meanwhile and stay as they are.").format(
                    count=len(result.too_late)
                )
                + "\n"
                + words
            )
        self._about.setText(words)
        self._left.setText(tr("{count} rows").format(count=len(result.left_out)))
        self.export_button.setEnabled(bool(result.left_out))
