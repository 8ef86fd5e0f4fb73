"""A forgotten password: the printed recovery key gives the chosen account a new one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.errors import InputError
from app.i18n import tr
from app.models.keyring import Account
from app.ui import theme
from app.ui.tasks import Tasks
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ListField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip, sentence


class RecoveryDialog(QDialog):
    """``reset`` carries the sign-in name whose password was set anew."""

    reset = Signal(str)

    def __init__(
        self,
        folder: Path,
        accounts: Sequence[Account],
        tasks: Tasks,
        chosen: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("recovery")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Use the recovery key"))
        self.setMinimumWidth(theme.FORM_WIDTH)
        self._folder = folder
        self._tasks = tasks
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(label(tr("Use the recovery key"), "title"))
        column.addWidget(
            label(
                tr("It is on the page that was printed at the set-up of this PC."),
                "secondary",
                wrap=True,
            )
        )
        self.strip = ErrorStrip()
        column.addWidget(self.strip)
        self.fields = FormFields(self)
        self.account = ListField(
            "login", tr("Account"), [(one.login, one.label) for one in accounts], required=True
        )
        self.key = TextField("recovery_key", tr("Recovery key"), limit=80, required=True)
        self.password = TextField("password", tr("New password"), password=True, required=True)
        self.again = TextField("password_again", tr("Password again"), password=True, required=True)
        for field in (self.account, self.key, self.password, self.again):
            self.fields.add(field)
            column.addWidget(field)
        self.account.set_value(chosen or None)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        row.addWidget(Button(tr("Cancel"), self.reject))
        self.save = PrimaryButton(tr("Set the new password"), self.submit)
        row.addWidget(self.save)
        column.addLayout(row)
        FormNavigator(self, last=self.save)
        self.key.setFocus()

    def submit(self) -> None:
        from app.care.accounts import reset_with_recovery_key

        if not self.fields.check():
            return
        self.save.setEnabled(False)
        values = self.fields.values()
        self._tasks.run(
            reset_with_recovery_key,
            self._folder,
            values["recovery_key"],
            values["login"],
            values["password"],
            values["password_again"],
            done=self._on_done,
            failed=self._on_failed,
        )

    def _on_done(self, _result: object) -> None:
        login = self.account.value()
        # Closed first: the page behind can take the focus only then.
        self.accept()
        self.reset.emit(login)

    def _on_failed(self, error: Exception) -> None:
        self.save.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say(sentence(error))
