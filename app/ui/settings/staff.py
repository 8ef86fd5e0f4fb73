"""Staff accounts: who may sign in on this PC, with which roles."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QDialog, QHBoxLayout, QVBoxLayout, QWidget

from app.care.accounts import (
    AccountLine,
    NewAccount,
    change_roles,
    create_account,
    list_accounts,
    reset_password,
    set_active,
)
from app.care.first_setup import check_passwords
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip, sentence
from app.ui.widgets.tables import Column, PagedModel, RecordTable


def _roles(line: AccountLine) -> str:
    return "、".join(codes.label("staff_role", role) for role in line.roles)


class StaffSection(QWidget):
    """The list; Enter changes an account, Ctrl+N adds one."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self.context = context
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        card = Card(tr("Staff accounts"))
        self.add_button = PrimaryButton(
            tr("New account"), self.add, icon_name="add-line", shortcut="Ctrl+N"
        )
        self.strip = ErrorStrip()
        card.body.addWidget(self.strip)
        self.model: PagedModel[AccountLine] = PagedModel(
            [
                Column(tr("Name"), lambda row: row.name, theme.NAME_WIDTH, strong=True),
                Column(tr("Sign-in name"), lambda row: row.login, theme.LABEL_WIDTH),
                Column(tr("Roles"), _roles),
                Column(
                    tr("State"),
                    lambda row: tr("Active") if row.active else tr("Account closed"),
                    theme.LABEL_WIDTH,
                    tone=lambda row: "neutral" if row.active else "attention",
                    icon_name=lambda row: "checkbox-circle-line" if row.active else "forbid-line",
                ),
            ],
            parent=self,
        )
        self.table = RecordTable(self.model, tr("Staff accounts"), plain=True)
        self.table.opened.connect(self.change)
        card.body.addWidget(self.table, 1)
        row = QHBoxLayout()
        row.addWidget(label(tr("Enter or a double click changes an account."), "hint"))
        row.addStretch(1)
        row.addWidget(self.add_button)
        card.body.addLayout(row)
        whole.addWidget(card)
        self.setFocusProxy(self.table)
        self.reload()

    def reload(self) -> None:
        self.context.tasks.run(
            list_accounts, self.context.store, done=self.model.set_rows, owner=self
        )

    def add(self) -> None:
        self._show(AccountDialog(self.context, None, self))

    def change(self, line: AccountLine) -> None:
        self._show(AccountDialog(self.context, line, self))

    def _show(self, dialog: AccountDialog) -> None:
        dialog.saved.connect(self.reload)
        dialog.open()


class AccountDialog(QDialog):
    """A new account, or roles, password and state of one that exists."""

    saved = Signal()

    def __init__(self, context: UiContext, line: AccountLine | None, parent: QWidget) -> None:
        super().__init__(parent)
        self.context = context
        self.line = line
        title = tr("New account") if line is None else tr("Change the account")
        self.setObjectName("account")
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setWindowTitle(title)
        self.setMinimumWidth(theme.FORM_WIDTH)
        column = QVBoxLayout(self)
        column.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        column.setSpacing(theme.GAP_FIELD)
        column.addWidget(label(title, "title"))
        self.strip = ErrorStrip()
        column.addWidget(self.strip)
        self.fields = FormFields(self)
        for field in self._fields_of(line):
            self.fields.add(field)
            column.addWidget(field)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        if line is not None:
            text = tr("Close the account") if line.active else tr("Open the account again")
            self.state_button = Button(text, self._toggle)
            row.addWidget(self.state_button)
        row.addStretch(1)
        row.addWidget(Button(tr("Cancel"), self.reject))
        self.save = PrimaryButton(tr("Save"), self.submit)
        row.addWidget(self.save)
        column.addLayout(row)
        FormNavigator(self, last=self.save)
        next(iter(self.fields)).setFocus()

    def _fields_of(self, line: AccountLine | None) -> list[Field]:
        roles = ChoiceField(
            "roles",
            tr("Roles"),
            [(entry.code, entry.label) for entry in codes.entries("staff_role")],
            multiple=True,
            required=True,
        )
        new = line is None
        password = TextField("password", tr("Password"), password=True, required=new)
        again = TextField("password_again", tr("Password again"), password=True, required=new)
        if line is None:
            return [
                TextField("name", tr("Name"), limit=50, required=True),
                TextField("login", tr("Sign-in name"), limit=30, required=True),
                roles,
                TextField("title", tr("Title"), limit=50),
                TextField("phone", tr("Phone"), limit=30),
                password,
                again,
            ]
        roles.set_value(line.roles)
        password.line.setPlaceholderText(tr("leave empty to keep the present one"))
        return [roles, password, again]

    def submit(self) -> None:
        if not self.fields.check():
            return
        self.save.setEnabled(False)
        values = self.fields.values()
        self.context.tasks.run(
            self._write, values, done=self._on_saved, failed=self._on_failed, owner=self
        )

    def _write(self, values: dict[str, object]) -> None:
        """On a background thread."""
        store, actor = self.context.store, self.context.actor
        text = {key: str(value or "") for key, value in values.items() if key != "roles"}
        roles = tuple(values["roles"])  # type: ignore[arg-type]
        if self.line is None:
            create_account(
                store,
                actor,
                NewAccount(
                    name=text["name"],
                    login=text["login"],
                    roles=roles,
                    password=text["password"],
                    password_again=text["password_again"],
                    title=text["title"],
                    phone=text["phone"],
                ),
            )
            return
        new_password = bool(text["password"] or text["password_again"])
        problems: dict[str, str] = {}
        if new_password:
            check_passwords(text["password"], text["password_again"], problems)
        if problems:
            raise InputError(problems)
        if roles != self.line.roles:
            change_roles(store, actor, self.line.staff_id, roles)
        if new_password:
            reset_password(
                store, actor, self.line.staff_id, text["password"], text["password_again"]
            )

    def _toggle(self) -> None:
        assert self.line is not None
        self.context.tasks.run(
            set_active,
            self.context.store,
            self.context.actor,
            self.line.staff_id,
            not self.line.active,
            done=self._on_saved,
            failed=self._on_failed,
            owner=self,
        )

    def _on_saved(self, _result: object) -> None:
        self.context.tell_changed("staff")
        self.context.notify(tr("Saved."))
        self.saved.emit()
        self.accept()

    def _on_failed(self, error: Exception) -> None:
        self.save.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say(sentence(error))
