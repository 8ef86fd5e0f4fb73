"""The top line: find anyone, the organisation, who is signed in, and the ways to leave."""

from __future__ import annotations

from PySide6.QtCore import QSize, Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QMenu, QWidget

from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.icons import icon
from app.ui.shell.finder import Finder
from app.ui.style import dress
from app.ui.widgets.buttons import QuietButton
from app.ui.widgets.cards import IconLabel, label


class TopBar(QFrame):
    """Signals: ``lock`` (also for another person), ``password``, ``help``."""

    lock = Signal()
    switch = Signal()
    help = Signal()

    def __init__(
        self, context: UiContext, organisation: str, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        dress(self, kind="top")
        self.setFixedHeight(theme.TOP_HEIGHT)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_INSIDE, 0)
        row.setSpacing(theme.GAP_INSIDE)
        self.finder = Finder(context)
        row.addWidget(self.finder, 2)
        row.addStretch(1)
        row.addWidget(IconLabel("hospital-line", "text_secondary"))
        row.addWidget(label(organisation, "secondary"))
        row.addSpacing(theme.GAP_INSIDE)
        self.user = QuietButton(context.actor.name, icon_name="user-3-line")
        self.user.setAccessibleName(tr("Signed in: {name}").format(name=context.actor.name))
        roles = "、".join(codes.label("staff_role", role) for role in sorted(context.actor.roles))
        self.user.setToolTip(roles)
        menu = QMenu(self.user)
        self.switch_action = menu.addAction(
            icon("user-shared-line"), tr("Switch user"), self.switch.emit
        )
        self.lock_action = menu.addAction(
            icon("lock-line"), tr("Lock the screen") + "\tCtrl+L", self.lock.emit
        )
        menu.addSeparator()
        menu.addAction(icon("question-line"), tr("Keys of this page") + "\tF1", self.help.emit)
        self.user.setMenu(menu)
        row.addWidget(self.user)
        lock = QuietButton(
            "", self.lock.emit, icon_name="lock-line", tip=tr("Lock the screen (Ctrl+L)")
        )
        lock.setAccessibleName(tr("Lock the screen"))
        lock.setIconSize(QSize(theme.ICON, theme.ICON))
        row.addWidget(lock)
