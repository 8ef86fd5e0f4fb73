"""Settings: a list of sections at the left, the chosen one at the right.

Everyone sees "my password" and "this PC"; accounts, the organisation, the county hospital and the
recovery key are for administrators.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import (
    QApplication,
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.settings.backups import BackupSection
from app.ui.settings.clinical import ClinicalSection
from app.ui.settings.link import LinkSection
from app.ui.settings.numbers import NumbersSection
from app.ui.settings.organisation import OrganisationSection
from app.ui.settings.password import PasswordSection, RecoverySection
from app.ui.settings.referral_limits import ReferralLimitsSection
from app.ui.settings.server import ServerSection
from app.ui.settings.staff import StaffSection
from app.ui.settings.this_pc import ThisPcSection
from app.ui.settings.update import UpdateSection
from app.ui.style import dress
from app.ui.widgets.buttons import QuietButton
from app.ui.widgets.pages import Page

Build = Callable[[UiContext], QWidget]


class SettingsRoom(QWidget):
    """``open(section="server")`` goes to a section; sections are built on their first visit."""

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        administrator = context.may("administrator")
        self._sections: list[tuple[str, str, Build]] = []
        if administrator:
            self._sections += [
                ("staff", tr("Staff accounts"), StaffSection),
                ("organisation", tr("Organisation"), OrganisationSection),
                ("clinical", tr("Clinical settings"), ClinicalSection),
                ("referral_limits", tr("Referral limits"), ReferralLimitsSection),
                ("numbers", tr("Record numbers"), NumbersSection),
                ("server", tr("County hospital"), ServerSection),
                ("network", tr("Network"), LinkSection),
            ]
        if administrator or context.may("head_of_department"):
            self._sections.append(("backups", tr("Backups"), BackupSection))
        self._sections += [
            ("pc", tr("This PC"), ThisPcSection),
            ("password", tr("My password"), PasswordSection),
        ]
        if administrator:
            self._sections.append(("recovery", tr("Recovery key"), RecoverySection))
            self._sections.append(("update", tr("Program update"), UpdateSection))
        self._built: dict[str, QWidget] = {}
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        self.page = Page(tr("Settings"))
        whole.addWidget(self.page)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_CARD)
        row.addWidget(self._list())
        self.pages = QStackedWidget()
        row.addWidget(self.pages, 1)
        self.page.body.addLayout(row, 1)
        self.go(self._sections[0][0])

    def _list(self) -> QWidget:
        frame = QFrame()
        dress(frame, kind="card")
        frame.setFixedWidth(theme.RAIL_WIDTH)
        column = QVBoxLayout(frame)
        column.setContentsMargins(0, theme.GAP_INSIDE, 0, theme.GAP_INSIDE)
        column.setSpacing(2)
        group = QButtonGroup(self)
        self.buttons: dict[str, QuietButton] = {}
        for name, title, _ in self._sections:
            button = QuietButton(title, lambda section=name: self.go(section))
            dress(button, kind="room")
            button.setCheckable(True)
            group.addButton(button)
            self.buttons[name] = button
            column.addWidget(button)
        column.addStretch(1)
        return frame

    def open(self, **where: Any) -> None:
        section = where.get("section")
        if section in self.buttons:
            self.go(section)
        elif not self.pages.isAncestorOf(QApplication.focusWidget() or self):
            next(button for button in self.buttons.values() if button.isChecked()).setFocus()

    def go(self, name: str) -> None:
        """Show a section."""
        if name not in self._built:
            build = next(build for section, _, build in self._sections if section == name)
            made = build(self._context)
            self._built[name] = made
            self.pages.addWidget(made)
        self.buttons[name].setChecked(True)
        self.pages.setCurrentWidget(self._built[name])
        self._built[name].setFocus(Qt.FocusReason.OtherFocusReason)

    def section(self, name: str) -> QWidget:
        """A section that was already shown."""
        return self._built[name]
