"""The USB stick: the day's records out to the hospital, its reply back in.

A township PC writes one encrypted file with everything that waits and takes the reply in; the
lead hospital hands a township's file to its own server and saves the reply beside it. A new PC is
filled from a seed file.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, QStorageInfo, Qt, Signal
from PySide6.QtGui import QKeySequence, QShortcut
from PySide6.QtWidgets import QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout

from app.care.referral_lists import is_lead_hospital
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.sync.path_field import PathField
from app.ui.sync.seed_dialog import SeedDialog
from app.ui.sync.stick_words import (
    exported_words,
    handed_words,
    imported_words,
    size_words,
    stage_words,
    standing_words,
)
from app.ui.widgets.buttons import Button, QuietButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.forms import FormNavigator
from app.ui.widgets.pages import Page
from app.ui.widgets.strips import sentence


class Teller(QObject):
    """Carries the progress of a background thread over to the screen."""

    told = Signal(str, int, int)


class StickPage(Page):
    """Export and import. ``left``: back to the overview."""

    left = Signal()

    def __init__(self, context: UiContext) -> None:
        super().__init__(tr("USB stick"), scroll=True)
        self._context = context
        self._busy = False
        self._teller = Teller()
        self._teller.told.connect(self._show_progress)
        self.lead = is_lead_hospital(context.store)
        columns = QHBoxLayout()
        columns.setSpacing(theme.GAP_CARD)
        if self.lead:
            columns.addWidget(self._hand_in_card(), 1)
        else:
            columns.addWidget(self._export_card(), 1)
            columns.addWidget(self._import_card(), 1)
        self.body.addLayout(columns)
        self._stage = label("", "secondary")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress"))
        progress = QVBoxLayout()
        progress.setSpacing(theme.GAP_TIGHT)
        progress.addWidget(self._stage)
        progress.addWidget(self._bar)
        self.body.addLayout(progress)
        self._stage.hide()
        self._bar.hide()
        self.body.addStretch(1)
        self.seed_button = QuietButton(tr("Fill a new PC from a seed file…"), self._seed)
        self.back_button = Button(tr("Back to the list"), self.left.emit)
        self.add_footer(self.seed_button, self.back_button)
        self.seed_button.setHidden(self.lead)
        leave = QShortcut(QKeySequence(Qt.Key.Key_Escape), self)
        leave.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        leave.activated.connect(self.left.emit)
        self.dialog: SeedDialog | None = None

    # -- lay-out ----------------------------------------------------------------------------

    def _export_card(self) -> Card:
        card = Card(tr("1. Out: everything that waits, onto the stick"))
        self._standing = label("", "secondary", wrap=True)
        self.folder = PathField("folder", tr("Folder"), self._choose_folder)
        self.folder.changed.connect(self._look_at_room)
        self._room = label("", "hint", wrap=True)
        self.export_button = Button(
            tr("Write the file"), self.export, icon_name="upload-cloud-2-line"
        )
        self._fill(
            card,
            tr(
                "The file is encrypted for the county hospital and signed by this PC. What is on "
                "it waits until the reply is back, or until the network delivers it first."
            ),
            self._standing,
            self.folder,
            self._room,
            self.export_button,
        )
        return card

    def _import_card(self) -> Card:
        card = Card(tr("2. Back in: the reply of the county hospital"))
        self.reply = PathField("reply", tr("Reply file"), self._choose_reply)
        self.import_button = Button(
            tr("Take the reply in"), self.take_in, icon_name="download-cloud-2-line"
        )
        self._fill(
            card,
            tr(
                "Only the reply makes records count as held by the county hospital. It also brings "
                "what the hospital has written for this organisation."
            ),
            self.reply,
            self.import_button,
        )
        return card

    def _hand_in_card(self) -> Card:
        card = Card(tr("A township's stick"))
        self.incoming = PathField("incoming", tr("Its file"), self._choose_incoming)
        self.hand_in_button = Button(
            tr("Hand in and save the reply"), self.hand_in, icon_name="hospital-line"
        )
        self._fill(
            card,
            tr(
                "The records on the stick go to the hospital's server as if the township's PC had "
                "sent them. The reply is saved on the stick, beside the file; it goes back with it."
            ),
            self.incoming,
            self.hand_in_button,
        )
        return card

    def _fill(self, card: Card, words: str, *parts: Any) -> None:
        card.body.addWidget(label(words, "secondary", wrap=True))
        *fields, button = parts
        for part in fields:
            card.body.addWidget(part)
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(button)
        card.body.addLayout(row)
        card.body.addStretch(1)
        FormNavigator(card, last=button)

    # -- content ----------------------------------------------------------------------------

    def begin(self) -> None:
        """The page comes to the front: look what waits and whether a stick is in."""
        self.strip.clear()
        if self.lead:
            self.incoming.setFocus()
            return
        if self.folder.is_blank() and (stick := find_stick()) is not None:
            self.folder.set_value(str(stick))
        self._look()
        self.folder.setFocus()

    def _look(self) -> None:
        from app.sync import courier

        def done(found: Any) -> None:
            self._standing.setText(standing_words(found, self._context.clock.today()))
            self.export_button.setEnabled(found.ready and not self._busy)
            self.import_button.setEnabled(found.ready and not self._busy)

        context = self._context
        context.tasks.run(
            courier.standing, context.store, done=done, failed=self.strip.say_error, owner=self
        )
        self._look_at_room()

    def _look_at_room(self) -> None:
        from app.sync import courier

        folder = self.folder.path()
        if folder is None or not folder.is_dir():
            self._room.setText(tr("Plug in the stick and choose a folder on it."))
            return

        def done(room: Any) -> None:
            text = tr("Needed: about {needed}. Free: {free}.")
            if not room.enough:
                text = tr("Not enough room: needed about {needed}, free {free}.")
            self._room.setText(
                text.format(needed=size_words(room.needed), free=size_words(room.free))
            )

        def failed(error: Exception) -> None:
            self._room.setText(sentence(error))

        context = self._context
        context.tasks.run(courier.room, context.store, folder, done=done, failed=failed, owner=self)

    # -- actions ----------------------------------------------------------------------------

    def export(self) -> None:
        """Write everything that waits to the chosen folder."""
        from app.sync import courier

        folder = self.folder.path()
        if folder is None or not folder.is_dir():
            self.folder.show_problem(tr("Plug in the stick and choose a folder on it."))
            self.folder.setFocus()
            return
        context = self._context

        def work(progress: Callable[[str, int, int], None]) -> Any:
            path = folder / courier.suggested_name(context.store)
            return courier.export_file(context.store, context.actor, path, progress)

        self._run(work, exported_words)

    def take_in(self) -> None:
        """Take the reply in."""
        from app.sync import courier

        path = self._existing(self.reply)
        if path is None:
            return
        context = self._context
        self._run(
            lambda progress: courier.import_file(context.store, context.actor, path, progress),
            imported_words,
        )

    def hand_in(self) -> None:
        """Hand a township's file to the own server; its reply is saved beside the file."""
        from app.sync import courier

        path = self._existing(self.incoming)
        if path is None:
            return
        context = self._context
        reply = path.with_name(f"{path.stem}-reply{path.suffix}")
        self._run(
            lambda progress: courier.hand_in(context.store, context.actor, path, reply, progress),
            lambda found: handed_words(found, reply.name),
        )

    def _existing(self, field: PathField) -> Path | None:
        path = field.path()
        if path is None or not path.is_file():
            field.show_problem(tr("Choose the file on the stick."))
            field.setFocus()
            return None
        return path

    def _run(self, work: Callable[..., Any], words: Callable[[Any], tuple[Any, str]]) -> None:
        if self._busy:
            return
        self._set_busy(True)
        self.strip.clear()
        context = self._context
        teller = self._teller

        def done(found: Any) -> None:
            self._set_busy(False)
            tone, text = words(found)
            self.strip.say(text, tone)
            self._tell_all()

        def failed(error: Exception) -> None:
            self._set_busy(False)
            self.strip.say(sentence(error))
            self._tell_all()

        context.tasks.run(work, teller.told.emit, done=done, failed=failed, owner=self)

    def _tell_all(self) -> None:
        """Numbers and pages anew: a file changes what waits, and may bring anything."""
        context = self._context
        if context.sync_bridge is not None:
            context.sync_bridge.recount(context.tasks)
        context.tell_changed("resident", "referral", "referral_task", "follow_up", "check_in")
        if not self.lead:
            self._look()

    def _set_busy(self, busy: bool) -> None:
        self._busy = busy
        self._stage.setVisible(busy)
        self._bar.setVisible(busy)
        for name in ("export_button", "import_button", "hand_in_button"):
            if hasattr(self, name):
                getattr(self, name).setEnabled(not busy)
        self.seed_button.setEnabled(not busy)
        if busy:
            self._show_progress("", 0, 0)

    def _show_progress(self, stage: str, done: int, of: int) -> None:
        self._stage.setText(stage_words(stage, done, of))
        self._bar.setRange(0, of)
        self._bar.setValue(done)

    def _seed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
        self.dialog = SeedDialog(self._context, self)
        self.dialog.filled.connect(self._tell_all)
        self.dialog.open()

    # -- choosing ---------------------------------------------------------------------------

    def _choose_folder(self, present: str) -> str:
        return QFileDialog.getExistingDirectory(self, tr("Folder on the stick"), present)

    def _choose_reply(self, present: str) -> str:
        return choose_file(self, tr("The reply of the county hospital"), present)

    def _choose_incoming(self, present: str) -> str:
        return choose_file(self, tr("A township's file"), present)


def choose_file(parent: Any, title: str, present: str) -> str:
    """A courier file; empty where the person changed his mind."""
    start = present or str(find_stick() or "")
    return QFileDialog.getOpenFileName(parent, title, start, "*.courier;;*")[0]


def find_stick() -> Path | None:
    """The first plugged-in drive that is not the system's own and may be written."""
    home = Path.home().anchor
    for volume in QStorageInfo.mountedVolumes():
        place = Path(volume.rootPath())
        removable = str(place).startswith(("/media/", "/run/media/", "/mnt/", "/Volumes/"))
        other_letter = place.drive != "" and place.anchor != home
        ready = volume.isValid() and volume.isReady() and not volume.isReadOnly()
        if ready and (removable or other_letter):
            return place
    return None
