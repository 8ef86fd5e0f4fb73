"""The organisation of this PC, to read: it was chosen at the set-up and never changes."""

from __future__ import annotations

from PySide6.QtWidgets import QGridLayout, QVBoxLayout, QWidget

from app.care.accounts import organisation_card
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.cards import Card, label


class OrganisationSection(QWidget):
    """Name, kind, lead hospital, where the data is."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        card = Card(tr("Organisation"))
        card.setMaximumWidth(theme.FORM_WIDTH + 2 * theme.LABEL_WIDTH)
        card.body.addWidget(
            label(
                tr("Chosen at the set-up. Records belong to the organisation that wrote them."),
                "secondary",
                wrap=True,
            )
        )
        self._grid = QGridLayout()
        self._grid.setHorizontalSpacing(theme.GAP_FIELD)
        self._grid.setVerticalSpacing(theme.GAP_INSIDE)
        self._grid.setColumnStretch(1, 1)
        card.body.addLayout(self._grid)
        whole.addWidget(card)
        whole.addStretch(1)
        found = organisation_card(context.store)
        rows = (
            (tr("Name"), found.name),
            (tr("Kind"), found.kind),
            (tr("Lead hospital"), found.lead or "—"),
            (tr("Green channel"), found.green_channel_phone or "—"),
            (tr("Data folder"), str(context.store.folder)),
        )
        for at, (name, value) in enumerate(rows):
            self._grid.addWidget(label(name, "secondary"), at, 0)
            self._grid.addWidget(label(value, wrap=True), at, 1)
