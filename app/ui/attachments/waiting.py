"""Files of a letter that is still being written: chosen beside its fields, attached once it is
saved. The letter never waits for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import ClassVar

from PySide6.QtCore import Signal
from PySide6.QtGui import QImage
from shiboken6 import isValid

from app.care.attachments import attaching
from app.care.attachments.files import FileView, media_type_of
from app.care.attachments.waiting import (
    LEFT,
    WaitingFile,
    forget_files,
    keep_files,
    kept_files,
    set_aside,
    take_along,
)
from app.errors import TownshipCareError
from app.i18n import tr
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.outbox import Delivery
from app.models.store import Store
from app.ui.attachments.card import Subject, attach_all, attached_words
from app.ui.attachments.dialogs import AddDialog
from app.ui.attachments.pictures import thumbnail_picture
from app.ui.attachments.strip import Shown
from app.ui.attachments.taking import TakingCard
from app.ui.attachments.viewer import MOST_SHOWN, FileViewer
from app.ui.attachments.words import PDF, UNWRITTEN
from app.ui.context import UiContext
from app.ui.widgets.buttons import QuietButton

#: Which record the files belong to, asked once it is written.
Find = Callable[[Store, Actor], Subject]


def shown_as(waiting: WaitingFile) -> Shown:
    """A file that is no record yet as the strip shows it."""
    file = waiting.file
    view = FileView(
        attachment_id=waiting.key,
        title=file.title,
        category=file.category,
        media_type=media_type_of(file.content) or "",
        size=len(file.content),
        thumbnail=file.thumbnail,
        organisation_id="",
        own=True,
        parts=0,
        here=0,
        sent=0,
        delivery=Delivery(UNWRITTEN),
        entered_in_error=False,
    )
    return Shown(view, thumbnail_picture(file.thumbnail))


class WaitingFiles(TakingCard):
    """``begin`` with the form and its subject, ``attach`` after the save, ``forget`` when the
    draft is thrown away. ``changed`` when files came or went: the draft is worth keeping.

    A file stays beside its form on this PC until it is attached or a person removes it. One that
    could not be attached to its own letter goes with no other unless a person says so."""

    changed = Signal()
    #: Files on their way to a letter that was saved: no other letter takes them meanwhile.
    _leaving: ClassVar[set[str]] = set()

    def __init__(self, context: UiContext) -> None:
        super().__init__(context)
        self.viewer: FileViewer | None = None
        self._form, self._subject_id = "", ""
        self._files: list[WaitingFile] = []
        self._left: list[WaitingFile] = []
        self.open_button = QuietButton(tr("Open"), self.open_file, icon_name="eye-line")
        self.remove_button = QuietButton(
            tr("Remove"), self.ask_to_take_back, icon_name="delete-bin-line"
        )
        self._build(self.open_button, self.remove_button)
        self.setAcceptDrops(True)
        self.files: list[Shown] = []
        self._show([])

    def begin(self, form: str, subject_id: str, *, go_on: bool) -> None:
        """The files of a form's draft; ``go_on``: that draft was opened again, else what is found
        was chosen for an older letter. Such files are named and may be taken along."""
        self._form, self._subject_id = form, subject_id
        self._files, self._left = [], []
        self._show([])
        self.notice.clear()
        context, asked = self._context, (form, subject_id)
        leaving = frozenset(self._leaving)

        def done(found: tuple[list[WaitingFile], list[WaitingFile]]) -> None:
            if asked != self._target():
                return
            known = leaving | self._leaving | {each.key for each in self._files}
            kept, left = ([each for each in files if each.key not in known] for files in found)
            self._take_in(kept)
            if left:
                self._left = left
                self._offer()

        context.tasks.run(
            _begin, context.store, context.actor, form, subject_id, go_on, leaving,
            done=done, failed=self._failed, owner=self,
        )  # fmt: skip

    def _take_in(self, files: list[WaitingFile]) -> None:
        if files:
            self._files = [*files, *self._files]
            self._show([shown_as(each) for each in self._files])

    def _offer(self) -> None:
        self.notice.say(
            tr(
                "Chosen for an earlier letter and not attached to it: {files}. They do not go "
                "with this one."
            ).format(files=tr(", ").join(each.file.title for each in self._left)),
            "attention",
            action=tr("Take them along"),
            pressed=self.take_left,
        )

    def take_left(self) -> None:
        """The files of an earlier letter go with this one, by a person's word."""
        taken, target, context = list(self._left), self._target(), self._context
        if len(taken) + len(self._files) > attaching.MOST_FILES:
            context.notify(_too_many(), "attention")
            return

        def done(_nothing: None) -> None:
            if self._still_shows(target):
                self._left = []
                self.notice.clear()
                self._take_in(taken)
                self.changed.emit()

        context.tasks.run(
            take_along, context.store, context.actor, *target, [each.key for each in taken],
            done=done, failed=self._failed, owner=self,
        )  # fmt: skip

    def attach(self, find: Find) -> None:
        """The letter is saved: its files follow, in the background."""
        if not self._files:
            return
        context, files = self._context, list(self._files)
        keys = {each.key for each in files}

        def done(result: tuple[int, str]) -> None:
            self._leaving.difference_update(keys)
            count, problem = result
            if count:
                context.tell_changed("attachment")
                context.notify(attached_words(count))
            if problem:
                context.notify(
                    tr(
                        "{count} files were not attached: {why} They are kept; add them on the "
                        "letter, or take them along with the next letter about this resident."
                    ).format(count=len(files) - count, why=problem),
                    "attention",
                )

        def failed(error: Exception) -> None:
            self._leaving.difference_update(keys)
            raise error

        self._leaving.update(keys)
        self._files = []
        self._show([])
        # Also when the form is gone by then: they were asked for.
        context.tasks.run(
            _attach, context.store, context.actor, find, files, self._form, self._subject_id,
            done=done, failed=failed, owner=context,
        )  # fmt: skip

    def forget(self) -> None:
        """The draft is thrown away, and the files with it."""
        context = self._context
        self._files = []
        self._show([])
        context.tasks.run(
            forget_files, context.store, context.actor, self._form, self._subject_id,
            failed=self._failed, owner=self,
        )  # fmt: skip

    # -- what the ways in ask -----------------------------------------------------------------

    def _target(self) -> tuple[str, str]:
        return self._form, self._subject_id

    def _still_shows(self, target: object) -> bool:
        return target == self._target()

    def _take(self, dialog: AddDialog, target: object) -> None:
        room = attaching.MOST_FILES - len(self._files)
        new = [WaitingFile(new_id(), file) for file in dialog.new_files()]
        if len(new) > room:
            dialog.strip.say(_too_many())
            return
        context = self._context

        def kept(_nothing: None) -> None:
            if isValid(dialog):
                dialog.accept()
            if self._still_shows(target):
                self._files += new
                self._show([*self.files, *(shown_as(each) for each in new)])
                self.changed.emit()

        context.tasks.run(
            keep_files, context.store, context.actor, self._form, self._subject_id, new,
            done=kept, failed=dialog.strip.say_error, owner=self,
        )  # fmt: skip

    def open_file(self) -> None:
        if self.strip.chosen() is None:
            return
        contents = {each.key: each.file.content for each in self._files}

        def read(_store: Store, _actor: Actor, shown: Shown) -> QImage | None:
            from app.ui.attachments.pictures import read_picture

            if shown.view.media_type == PDF:
                return None
            return read_picture(contents[shown.view.attachment_id], MOST_SHOWN)

        self.viewer = FileViewer(
            self._context, self.files, self.strip.currentRow(), None, self, read
        )
        self.viewer.finished.connect(self.viewer.deleteLater)
        self.viewer.open()

    def ask_to_take_back(self) -> None:
        """Nothing has left this PC: it goes without a question."""
        chosen = self.strip.chosen()
        if chosen is None:
            return
        key, context = chosen.view.attachment_id, self._context
        self._files = [each for each in self._files if each.key != key]
        self._show([each for each in self.files if each.view.attachment_id != key])
        context.tasks.run(
            forget_files, context.store, context.actor, self._form, self._subject_id, key,
            failed=self._failed, owner=self,
        )  # fmt: skip
        self.changed.emit()

    def _show(self, files: list[Shown]) -> None:
        self.files = files
        self.strip.show_files(files)
        for each in (self.strip, self.open_button, self.remove_button):
            each.setVisible(bool(files))
        self.hint.setText(
            str(len(files))
            if files
            else tr("photos of reports, an ECG as PDF; they follow the letter")
        )


def _attach(
    store: Store,
    actor: Actor,
    find: Find,
    files: Sequence[WaitingFile],
    form: str,
    subject_id: str,
) -> tuple[int, str]:
    """Each file is forgotten once it is attached, not before: the program may end at any time."""
    set_aside(store, actor, form, subject_id, [each.key for each in files])
    try:
        subject = find(store, actor)
    except TownshipCareError as error:
        return 0, str(error)
    for number, each in enumerate(files):
        attached, problem = attach_all(store, actor, subject, [each.file])
        if not attached:
            return number, problem
        forget_files(store, actor, form + LEFT, subject_id, each.key)
    return len(files), ""


def _begin(
    store: Store,
    actor: Actor,
    form: str,
    subject_id: str,
    go_on: bool,
    leaving: frozenset[str],
) -> tuple[list[WaitingFile], list[WaitingFile]]:
    """The files of the draft, and those of letters before it."""
    kept = kept_files(store, actor, form, subject_id)
    if not go_on:
        # Their letter was saved, and the program ended before they followed it.
        keys = [each.key for each in kept if each.key not in leaving]
        set_aside(store, actor, form, subject_id, keys)
        kept = []
    return kept, kept_files(store, actor, form + LEFT, subject_id)


def _too_many() -> str:
    return tr("A letter takes {limit} files at most.").format(limit=attaching.MOST_FILES)
