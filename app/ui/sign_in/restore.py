"""Putting a backup back, from the settings or from the sign-in page of a damaged store.

The dialog asks which backup and for a password that opens it. The store is closed first, so that
nothing of this session can write into it; whoever goes on signs in again.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.settings.backups import made_words, reason_words
from app.ui.sync.path_field import PathField
from app.ui.tasks import Tasks
from app.ui.widgets.buttons import Button, DangerButton
from app.ui.widgets.cards import label
from app.ui.widgets.choices import ListField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip, sentence

if TYPE_CHECKING:
    from app.care.backups import BackupLine

_OTHER = "other"


class RestoreDialog(QDialog):
    """``restored``: it is done, with the sentence to show. ``release`` closes the open store."""

    restored = Signal(str)

    def __init__(
        self,
        folder: Path,
        tasks: Tasks,
        release: Callable[[], None],
        chosen: Path | None = None,
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        self.setObjectName("restore")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(tr("Put a backup back"))
        self.setModal(True)
        self.setMinimumWidth(theme.FORM_WIDTH + theme.LABEL_WIDTH)
        self._folder = folder
        self._tasks = tasks
        self._release = release
        self._chosen = chosen
        self._paths: dict[str, Path] = {}
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(label(tr("Put a backup back"), "title"))
        for words in (
            tr("Everybody is signed out and the records of this PC become those of the backup."),
            tr(
                "What the county hospital holds comes back with the next sync. What was recorded "
                "after the backup and was not sent yet is carried over, if it can still be read. "
                "The store used until now is kept in a folder; nothing is deleted."
            ),
        ):
            column.addWidget(label(words, "secondary", wrap=True))
        self.fields = FormFields(self)
        self.backup = ListField("backup", tr("Backup"), [], required=True)
        self.other = PathField("other", tr("File"), self._choose)
        self.account = ListField("login", tr("Account"), [], required=True)
        self.password = TextField("password", tr("Password"), password=True)
        self.key = TextField("recovery_key", tr("or recovery key"), limit=80)
        for field in (self.backup, self.other, self.account, self.password, self.key):
            self.fields.add(field)
            column.addWidget(field)
        self.other.hide()
        self.backup.changed.connect(self._picked)
        self.other.changed.connect(self._picked)
        self.strip = ErrorStrip()
        column.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        row.addStretch(1)
        self.cancel_button = Button(tr("Cancel"), self.reject)
        self.restore_button = DangerButton(
            tr("Sign out and put it back"), self.submit, shortcut="Ctrl+S"
        )
        row.addWidget(self.cancel_button)
        row.addWidget(self.restore_button)
        column.addLayout(row)
        FormNavigator(self, last=self.restore_button)
        self._list()

    # -- what there is ----------------------------------------------------------------------

    def _list(self) -> None:
        from app.care.backups import list_backups

        self._tasks.run(
            list_backups, self._folder, done=self._show, failed=self._failed, owner=self
        )

    def _show(self, lines: tuple[BackupLine, ...]) -> None:
        sound = [line for line in lines if line.sound]
        self._paths = {str(line.path): line.path for line in sound}
        entries = [
            (
                str(line.path),
                tr("{time}, {why}, {size} MB").format(
                    time=made_words(line),
                    why=reason_words(line.reason),
                    size=f"{line.size / 1e6:.1f}",
                ),
            )
            for line in sound
        ]
        self.backup.set_entries([*entries, (_OTHER, tr("Another file…"))])
        first = str(self._chosen) if str(self._chosen) in self._paths else ""
        self.backup.set_value(first or (entries[0][0] if entries else _OTHER))
        self._picked()
        self.password.setFocus()

    def _picked(self) -> None:
        """Whose passwords open the chosen backup?"""
        from app.care.backups import backup_accounts

        elsewhere = self.backup.value() == _OTHER
        self.other.setVisible(elsewhere)
        path = self._path()
        if path is None or not path.is_file():
            self.account.set_entries([])
            return

        def done(accounts: Any) -> None:
            self.account.set_entries([(one.login, one.label) for one in accounts])
            if accounts and self.account.value() is None:
                self.account.set_value(accounts[0].login)
            self.strip.clear()

        self._tasks.run(backup_accounts, path, done=done, failed=self._failed, owner=self)

    def _path(self) -> Path | None:
        if self.backup.value() == _OTHER:
            return self.other.path()
        return self._paths.get(str(self.backup.value() or ""))

    # -- doing it ---------------------------------------------------------------------------

    def submit(self) -> None:
        """Close the store, put the backup back; an error leaves everything as it was."""
        from app.care.backups import restore

        if not self.fields.check():
            return
        path = self._path()
        if path is None or not path.is_file():
            self.other.show_problem(tr("Choose the file of the backup."))
            return
        if self.password.is_blank() and self.key.is_blank():
            self.password.show_problem(
                tr("Type the password of this account, or the recovery key.")
            )
            self.password.setFocus()
            return
        self._set_busy(True)
        self._release()
        self.strip.say(tr("The backup is checked and put back…"), "accent", closable=False)
        self._tasks.run(
            restore,
            self._folder,
            path,
            login=str(self.account.value() or ""),
            password=self.password.line.text(),
            recovery_key=str(self.key.value() or ""),
            done=self._done,
            failed=self._failed,
            owner=self,
        )

    def _done(self, found: Any) -> None:
        self.accept()
        self.restored.emit(found.message)

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say(sentence(error))

    def _set_busy(self, busy: bool) -> None:
        self.restore_button.setEnabled(not busy)
        self.cancel_button.setEnabled(not busy)

    def _choose(self, present: str) -> str:
        return QFileDialog.getOpenFileName(self, tr("Backup"), present, "*.tcbackup;;*")[0]
