"""Signing in: a tile for everyone who uses this PC, a password, nothing else.

Also the lock screen: after the lock the same page comes up with the last person chosen, and the
store stays open behind it so that the sync goes on.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from PySide6 import QtCore
from PySide6.QtCore import QSize, QTimer, Signal
from PySide6.QtWidgets import (
    QButtonGroup,
    QFrame,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QPushButton,
    QScrollArea,
    QVBoxLayout,
    QWidget,
)

from app.errors import StoreDamaged, WrongPassword
from app.i18n import tr
from app.models import codes
from app.models.keyring import Account
from app.ui import theme
from app.ui.style import dress
from app.ui.tasks import Tasks
from app.ui.tips import plain_tip
from app.ui.widgets.buttons import LinkButton, PrimaryButton
from app.ui.widgets.cards import Card, IconLabel, label
from app.ui.widgets.strips import ErrorStrip, sentence

if TYPE_CHECKING:
    from PySide6.QtGui import QKeyEvent

_COLUMNS = 3

Unlock = Callable[[str, str], Any]


class _Tile(QPushButton):
    """One person: name and role."""

    def __init__(self, account: Account) -> None:
        super().__init__()
        self.account = account
        self.setCheckable(True)
        dress(self, kind="tile")
        self.setFixedSize(QSize(theme.TILE_WIDTH, theme.TILE_HEIGHT))
        roles = "、".join(codes.label("staff_role", role) for role in account.roles)
        row = QHBoxLayout(self)
        row.setContentsMargins(theme.GAP_CARD, 0, theme.GAP_FIELD, 0)
        row.setSpacing(theme.GAP_FIELD)
        row.addWidget(IconLabel("user-3-line", "accent", theme.ICON_BRAND))
        words = QVBoxLayout()
        words.setSpacing(2)
        words.addStretch(1)
        name = label("", "section")
        role = label("", "secondary")
        room = theme.TILE_WIDTH - 2 * theme.GAP_CARD - theme.ICON_BRAND - 2 * theme.GAP_FIELD
        for part, text in ((name, account.label), (role, roles)):
            part.ensurePolished()
            part.setText(_fitting(part, text, room))
        words.addWidget(name)
        words.addWidget(role)
        words.addStretch(1)
        row.addLayout(words, 1)
        self.setAccessibleName(tr("{name}, {roles}").format(name=account.label, roles=roles))
        self.setToolTip(plain_tip(f"{account.label}\n{roles}"))


def _fitting(part: QLabel, text: str, room: int) -> str:
    """The text, cut with an ellipsis where it is longer than the room."""
    metrics = part.fontMetrics()
    if metrics.horizontalAdvance(text) <= room:
        return text
    while text and metrics.horizontalAdvance(text + "…") > room:
        text = text[:-1]
    return text + "…"


def _centred(widget: QWidget) -> QHBoxLayout:
    """Between two stretches, not by an alignment flag: the first use of ``Qt``
    makes a hundred enumerations (20 ms), which the sign-in page does without."""
    row = QHBoxLayout()
    row.addStretch(1)
    row.addWidget(widget)
    row.addStretch(1)
    return row


class SignInPage(QFrame):
    """``unlock(login, password)`` runs in the background; its result goes out by ``unlocked``.

    ``recovery_wanted``: somebody forgot the password. ``restore_wanted``: a backup is to be put
    back, because the store is damaged.
    """

    unlocked = Signal(object)
    recovery_wanted = Signal(str)
    restore_wanted = Signal()

    def __init__(
        self,
        organisation: str,
        accounts: Sequence[Account],
        unlock: Unlock,
        tasks: Tasks,
        *,
        locked: bool = False,
        chosen: str = "",
        parent: QWidget | None = None,
    ) -> None:
        super().__init__(parent)
        dress(self, kind="page")
        self._unlock = unlock
        self._tasks = tasks
        self._busy = False
        self._build(organisation, accounts, locked=locked)
        wanted = [at for at, tile in enumerate(self.tiles) if tile.account.login == chosen]
        if self.tiles:
            self._choose(self.tiles[wanted[0] if wanted else 0])
        # Once more when the window is up: a widget that is not shown cannot hold the focus.
        QTimer.singleShot(0, self.password, self.password.setFocus)

    def _build(self, organisation: str, accounts: Sequence[Account], *, locked: bool) -> None:
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_SECTION,) * 4)
        whole.addStretch(2)
        brand = QHBoxLayout()
        brand.setSpacing(theme.GAP_FIELD)
        brand.addStretch(1)
        brand.addWidget(IconLabel("hand-heart-line", "accent", theme.ICON_HERO))
        names = QVBoxLayout()
        names.setSpacing(2)
        names.addWidget(label(tr("Township Care"), "title"))
        names.addWidget(label(organisation, "secondary"))
        brand.addLayout(names)
        brand.addStretch(1)
        whole.addLayout(brand)
        whole.addSpacing(theme.GAP_SECTION)
        self.prompt = label(
            tr("Locked. Who goes on?") if locked else tr("Who is working?"), "section"
        )
        whole.addLayout(_centred(self.prompt))
        whole.addSpacing(theme.GAP_FIELD)
        whole.addLayout(_centred(self._tiles(accounts)))
        whole.addSpacing(theme.GAP_SECTION)
        whole.addLayout(_centred(self._password_card()))
        whole.addStretch(3)

    def _tiles(self, accounts: Sequence[Account]) -> QWidget:
        holder = QWidget()
        column = QVBoxLayout(holder)
        column.setContentsMargins(4, 4, 4, 4)
        column.setSpacing(theme.GAP_FIELD)
        self._group = QButtonGroup(self)
        self.tiles: list[_Tile] = []
        for first in range(0, len(accounts), _COLUMNS):
            row = QHBoxLayout()
            row.setSpacing(theme.GAP_FIELD)
            row.addStretch(1)
            for account in accounts[first : first + _COLUMNS]:
                tile = _Tile(account)
                tile.clicked.connect(lambda _=False, one=tile: self._choose(one))
                self._group.addButton(tile)
                self.tiles.append(tile)
                row.addWidget(tile)
            row.addStretch(1)
            column.addLayout(row)
        rows = (len(accounts) + _COLUMNS - 1) // _COLUMNS
        if rows <= 3:
            return holder
        area = QScrollArea()
        area.setFrameShape(QFrame.Shape.NoFrame)
        area.setFocusPolicy(QtCore.Qt.FocusPolicy.NoFocus)
        area.setHorizontalScrollBarPolicy(QtCore.Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        area.setWidget(holder)
        area.setFixedSize(
            holder.sizeHint().width() + theme.GAP_CARD, 3 * (theme.TILE_HEIGHT + theme.GAP_FIELD)
        )
        return area

    def _password_card(self) -> QWidget:
        card = Card()
        card.setFixedWidth(theme.DIALOG_WIDTH)
        self.strip = ErrorStrip()
        card.body.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        self.password = QLineEdit()
        self.password.setEchoMode(QLineEdit.EchoMode.Password)
        self.password.setPlaceholderText(tr("Password"))
        self.password.setAccessibleName(tr("Password"))
        self.password.textEdited.connect(lambda _text: self.strip.clear())
        self.enter = PrimaryButton(tr("Sign in"), self.submit, shortcut="")
        row.addWidget(self.password, 1)
        row.addWidget(self.enter)
        card.body.addLayout(row)
        self.forgotten = LinkButton(
            tr("Forgot the password? Use the recovery key"),
            lambda: self.recovery_wanted.emit(self.login()),
        )
        self.restore = LinkButton(tr("Put a backup back…"), self.restore_wanted.emit)
        for link in (self.forgotten, self.restore):
            line = QHBoxLayout()
            line.addWidget(link)
            line.addStretch(1)
            card.body.addLayout(line)
        return card

    # -- work -------------------------------------------------------------------------------

    def login(self) -> str:
        """The chosen person's sign-in name, empty when nobody is chosen."""
        tile = self._group.checkedButton()
        return tile.account.login if isinstance(tile, _Tile) else ""

    def _choose(self, tile: _Tile) -> None:
        tile.setChecked(True)
        self.password.clear()
        self.strip.clear()
        self.password.setAccessibleName(tr("Password of {name}").format(name=tile.account.label))
        self.password.setPlaceholderText(tr("Password of {name}").format(name=tile.account.label))
        self.password.setFocus()

    def submit(self) -> None:
        """Try the password; the page stays usable while the key is derived."""
        if self._busy:
            return
        if not self.password.text():
            self.strip.say(tr("Type the password."), "attention", closable=False)
            self.password.setFocus()
            return
        self._busy = True
        self.enter.setEnabled(False)
        self.enter.setText(tr("Signing in…"))
        self._tasks.run(
            self._unlock,
            self.login(),
            self.password.text(),
            done=self._on_unlocked,
            failed=self._on_failed,
        )

    def _on_unlocked(self, result: object) -> None:
        self._ready()
        self.password.clear()
        self.unlocked.emit(result)

    def _on_failed(self, error: Exception) -> None:
        self._ready()
        if isinstance(error, StoreDamaged):
            self.strip.say(
                sentence(error),
                action=tr("Put a backup back…"),
                pressed=self.restore_wanted.emit,
                closable=False,
            )
        else:
            self.strip.say(sentence(error), closable=False)
        if isinstance(error, WrongPassword):
            self.password.selectAll()
        self.password.setFocus()

    def _ready(self) -> None:
        self._busy = False
        self.enter.setEnabled(True)
        self.enter.setText(tr("Sign in"))

    def keyPressEvent(self, event: QKeyEvent) -> None:
        key = event.key()
        if key in (QtCore.Qt.Key.Key_Return, QtCore.Qt.Key.Key_Enter):
            focused = self.focusWidget()
            pressed = (self.forgotten, self.restore, self.strip.action_button)
            if isinstance(focused, QPushButton) and (
                isinstance(focused, _Tile) or focused in pressed
            ):
                focused.click()
            else:
                self.submit()
            return
        super().keyPressEvent(event)
