"""My password, and a new recovery key."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QVBoxLayout, QWidget

from app.care.accounts import change_password, organisation_name, renew_recovery_key
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.settings.sections import FormSection
from app.ui.sign_in.recovery_sheet import RecoverySheet
from app.ui.widgets.buttons import DangerButton, PrimaryButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.fields import TextField
from app.ui.widgets.strips import ErrorStrip, sentence


class PasswordSection(FormSection):
    """The person's own password; the present one is asked."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context,
            tr("My password"),
            tr("The new password works from the next sign-in on this PC."),
            tr("Change the password"),
        )
        self.add(
            TextField("old_password", tr("Present password"), password=True, required=True),
            TextField("password", tr("New password"), password=True, required=True),
            TextField("password_again", tr("Password again"), password=True, required=True),
        )

    def submit(self) -> None:
        if not self.fields.check():
            return
        values = self.fields.values()
        self.run(
            change_password,
            self.context.store,
            self.context.actor,
            values["old_password"],
            values["password"],
            values["password_again"],
            done=self._on_done,
        )

    def _on_done(self, _result: object) -> None:
        self.fields.clear()
        self.context.notify(tr("The password was changed."))


class RecoverySection(QWidget):
    """Makes a new recovery key; the printed page of the old one is worthless then."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self._context = context
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        card = Card(tr("Recovery key"))
        card.setMaximumWidth(theme.FORM_WIDTH + 2 * theme.LABEL_WIDTH)
        card.body.addWidget(
            label(
                tr(
                    "If the printed page is lost or somebody may have seen it, make a new key. "
                    "The old page stops working at once."
                ),
                "secondary",
                wrap=True,
            )
        )
        self.strip = ErrorStrip()
        card.body.addWidget(self.strip)
        self.make = DangerButton(tr("Make a new recovery key"), self.renew)
        card.body.addWidget(self.make, 0, Qt.AlignmentFlag.AlignLeft)
        self.sheet = RecoverySheet()
        self.sheet.hide()
        card.body.addWidget(self.sheet)
        self.kept = PrimaryButton(tr("I have kept it"), self._on_kept, shortcut="")
        self.kept.hide()
        card.body.addWidget(self.kept, 0, Qt.AlignmentFlag.AlignRight)
        whole.addWidget(card)
        whole.addStretch(1)
        self._tail = ""

    def renew(self) -> None:
        self.make.setEnabled(False)
        self._context.tasks.run(
            renew_recovery_key,
            self._context.store,
            self._context.actor,
            done=self._show,
            failed=self._failed,
        )

    def _show(self, key: str) -> None:
        self._tail = key.rsplit("-", 1)[-1]
        self.sheet.show_key(key, organisation_name(self._context.store), self._context.actor.name)
        self.make.hide()
        self.sheet.show()
        self.kept.show()
        self.sheet.confirmation.setFocus()

    def _on_kept(self) -> None:
        typed = (self.sheet.confirmation.text() or "").strip().upper()
        if typed != self._tail:
            self.sheet.confirmation.show_problem(
                tr("This is not the last group of the key. Look at your copy and type it again.")
            )
            return
        self.sheet.forget()
        self._tail = ""
        self.sheet.hide()
        self.kept.hide()
        self.make.setEnabled(True)
        self.make.show()
        self._context.notify(tr("The new recovery key is in force."))

    def _failed(self, error: Exception) -> None:
        self.make.setEnabled(True)
        self.strip.say(sentence(error))
