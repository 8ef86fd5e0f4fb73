"""Files of a record in a window of their own, for pages that have no room for the strip."""

from __future__ import annotations

from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.attachments.card import FilesCard, Subject
from app.ui.attachments.strip import TILE
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import label

#: Tiles side by side.
_ACROSS = 4


class FilesDialog(QDialog):
    """``title`` says whose files they are; ``may_add``: whether new ones may be added,
    ``wanted``: which are worth adding."""

    def __init__(
        self,
        context: UiContext,
        subject: Subject,
        title: str,
        parent: QWidget | None,
        *,
        may_add: bool = True,
        wanted: str = "",
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Files"))
        self.setModal(True)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_CARD)
        whole.addWidget(label(title, "section", wrap=True))
        self.files = FilesCard(context, self)
        self.files.wanted = wanted or self.files.wanted
        whole.addWidget(self.files)
        self.nothing = label(tr("No file was attached."), "secondary", wrap=True)
        whole.addWidget(self.nothing)
        whole.addStretch(1)
        row = QHBoxLayout()
        row.addStretch(1)
        self.close_button = Button(tr("Close"), self.reject)
        row.addWidget(self.close_button)
        whole.addLayout(row)
        self.setMinimumWidth(_ACROSS * TILE.width() + 5 * theme.GAP_CARD)
        self.files.show_records((subject,), subject if may_add else None)
        self.nothing.setVisible(self.files.isHidden())
        (self.files.add_button if may_add else self.close_button).setFocus()
