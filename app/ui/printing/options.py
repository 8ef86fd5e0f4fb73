"""On which paper a form is printed: its size, and whether lines and headings are there already."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtWidgets import QCheckBox, QHBoxLayout, QPushButton, QVBoxLayout, QWidget

from app.care.paper.document import PAGE_MM, PageSize, Sheets
from app.care.paper.settings import FormSettings
from app.i18n import tr
from app.ui import theme
from app.ui.style import dress
from app.ui.widgets.cards import label


class PaperOptions(QWidget):
    """Two buttons for the size, a tick for pre-printed paper; ``changed`` is called after each."""

    def __init__(self, sheets: Sheets, kept: FormSettings, changed: Callable[[], object]) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_INSIDE)
        column.addWidget(label(tr("Which paper"), "strong"))
        row = QHBoxLayout()
        self.sizes: dict[PageSize, QPushButton] = {}
        for page in PAGE_MM:
            button = QPushButton(page)
            button.setCheckable(True)
            button.setAutoExclusive(True)
            button.setAutoDefault(False)
            dress(button, kind="option")
            button.setAccessibleName(tr("Paper {size}").format(size=page))
            button.setChecked(page == kept.page)
            self.sizes[page] = button
            row.addWidget(button)
        row.addStretch(1)
        column.addLayout(row)
        self.preprinted = QCheckBox(tr("Pre-printed paper"))
        self.preprinted.setChecked(sheets.can_be_preprinted and kept.preprinted)
        self.preprinted.setVisible(sheets.can_be_preprinted)
        column.addWidget(self.preprinted)
        hint = label(
            tr("The paper has lines and headings; only the words are printed."), "hint", wrap=True
        )
        hint.setVisible(sheets.can_be_preprinted)
        column.addWidget(hint)
        for button in self.sizes.values():
            button.toggled.connect(lambda chosen: changed() if chosen else None)
        self.preprinted.toggled.connect(lambda _: changed())

    @property
    def page(self) -> PageSize:
        return next((page for page, button in self.sizes.items() if button.isChecked()), "A4")
