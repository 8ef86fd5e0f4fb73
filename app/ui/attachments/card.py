"""Files of a record as a card for any page: add, look, save a copy, take back.

``FilesCard(context)`` and ``show_records`` are all that a page needs. Files are added by the
button, by dropping them on the card, or by Ctrl+V (a screenshot from another program).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from PySide6.QtWidgets import QWidget
from shiboken6 import isValid

from app.care.attachments import attaching
from app.care.attachments.files import NewFile, list_files, take_back
from app.errors import TownshipCareError
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.store import Store
from app.ui.attachments import choosing
from app.ui.attachments.dialogs import AddDialog, SureDialog
from app.ui.attachments.pictures import thumbnail_picture
from app.ui.attachments.strip import Shown
from app.ui.attachments.taking import TakingCard
from app.ui.attachments.viewer import FileViewer
from app.ui.context import UiContext
from app.ui.referrals.dialogs import FormDialog
from app.ui.widgets.buttons import QuietButton

_KINDS = frozenset({"attachment", "attachment_part"})
_ENDINGS = {"image/jpeg": ".jpg", "image/png": ".png", "application/pdf": ".pdf"}
_ATTACH: dict[str, Callable[[Store, Actor, str, NewFile], str]] = {
    "referral": attaching.attach_to_referral,
    "referral_reply": attaching.attach_to_reply,
    "consultation": attaching.attach_to_consultation,
    "expert_visit": attaching.attach_to_expert_visit,
}


@dataclass(frozen=True, slots=True)
class Subject:
    """A record that may have files. ``word`` says which where a card shows several records."""

    kind: str
    record_id: str
    word: str = ""


def load_files(store: Store, subjects: Sequence[Subject]) -> list[Shown]:
    """The files of some records with their small pictures read."""
    return [
        Shown(view, thumbnail_picture(view.thumbnail), subject.word)
        for subject in subjects
        for view in list_files(store, subject.kind, subject.record_id)
    ]


def attach_all(
    store: Store, actor: Actor, subject: Subject, files: Sequence[NewFile]
) -> tuple[int, str]:
    """Attach files one by one; how many were, and why the next was not."""
    for number, file in enumerate(files):
        try:
            _ATTACH[subject.kind](store, actor, subject.record_id, file)
        except TownshipCareError as error:
            return number, str(error)
    return len(files), ""


def attached_words(count: int) -> str:
    """What is told when files were attached."""
    return tr("{count} files attached. They follow with the next connections.").format(count=count)


class FilesCard(TakingCard):
    """Files of records that are there; hidden where there is nothing to show or to add."""

    def __init__(self, context: UiContext, page: QWidget | None = None) -> None:
        super().__init__(context, page)
        self._subjects: tuple[Subject, ...] = ()
        self._add_to: Subject | None = None
        self.viewer: FileViewer | None = None
        #: What is worth adding, said while there is nothing.
        self.wanted = tr("photos of reports, an ECG as PDF")
        self.open_button = QuietButton(tr("Open"), self.open_file, icon_name="eye-line")
        self.save_button = QuietButton(
            tr("Save a copy…"), self._save_chosen, icon_name="file-download-line"
        )
        self.back_button = QuietButton(
            tr("Take back…"), self.ask_to_take_back, icon_name="arrow-go-back-line"
        )
        self._build(self.open_button, self.save_button, self.back_button)
        self.strip.currentRowChanged.connect(lambda _row: self._show_actions())
        self.files: list[Shown] = []
        self._show_files([])
        context.records_changed.connect(self._records_changed)

    # -- what is shown --------------------------------------------------------------------------

    def show_records(self, subjects: Sequence[Subject], add_to: Subject | None) -> None:
        """The files of ``subjects``; new ones go to ``add_to``, or may not be added (None)."""
        same = tuple(subjects) == self._subjects
        self._subjects, self._add_to = tuple(subjects), add_to
        if not same:
            self.notice.clear()
            self._show_files([])
        else:
            self._show_actions()
        self._load()

    def _load(self) -> None:
        asked, context = self._subjects, self._context

        def done(files: list[Shown]) -> None:
            if asked == self._subjects:
                self._show_files(files)

        context.tasks.run(
            load_files, context.store, asked, done=done, failed=self._failed, owner=self
        )

    def _records_changed(self, kinds: set[str]) -> None:
        if self._subjects and kinds & _KINDS:
            self._load()

    def _show_files(self, files: list[Shown]) -> None:
        if files != self.files or not files:
            self.files = files
            self.strip.show_files(files)
        self.strip.setVisible(bool(files))
        self._show_actions()

    def _show_actions(self) -> None:
        may_add, chosen = self._add_to is not None, self.strip.chosen()
        self.setVisible(bool(self.files) or may_add)
        self.setAcceptDrops(may_add)
        self.add_button.setVisible(may_add)
        standing = chosen is not None and not chosen.view.entered_in_error
        self.open_button.setVisible(bool(self.files))
        self.open_button.setEnabled(chosen is not None)
        self.save_button.setVisible(bool(self.files))
        self.save_button.setEnabled(standing and chosen.view.complete)
        own = standing and chosen.view.own
        self.back_button.setVisible(any(each.view.own for each in self.files))
        self.back_button.setEnabled(own)
        count = sum(not each.view.entered_in_error for each in self.files)
        if count:
            self.hint.setText(str(count))
        else:
            self.hint.setText(self.wanted if may_add else "")

    # -- adding ---------------------------------------------------------------------------------

    def _target(self) -> Subject | None:
        return self._add_to

    def _still_shows(self, target: object) -> bool:
        return target in self._subjects

    def _take(self, dialog: AddDialog, target: object) -> None:
        """To the record for which they were chosen, whatever the page shows by now."""
        context = self._context
        dialog.done_button.setEnabled(False)

        def failed(error: Exception) -> None:
            if isValid(dialog):
                dialog.done_button.setEnabled(True)
                dialog.strip.say_error(error)
            else:
                self._failed(error)

        def done(result: tuple[int, str]) -> None:
            count, problem = result
            # Left meanwhile: what was asked for is done all the same, and said.
            if isValid(dialog):
                dialog.accept()
            if problem:
                self.notice.say(problem)
            if count:
                context.tell_changed("attachment")
                context.notify(attached_words(count))

        context.tasks.run(
            attach_all, context.store, context.actor, target, dialog.new_files(),
            done=done, failed=failed, owner=self,
        )  # fmt: skip

    # -- looking, copying, taking back ------------------------------------------------------------

    def open_file(self) -> None:
        """The chosen file large."""
        if self.strip.chosen() is None:
            return
        self.viewer = FileViewer(
            self._context, self.files, self.strip.currentRow(), self.save_copy, self
        )
        self.viewer.finished.connect(self.viewer.deleteLater)
        self.viewer.open()

    def _save_chosen(self) -> None:
        chosen = self.strip.chosen()
        if chosen is not None:
            self.save_copy(chosen)

    def save_copy(self, shown: Shown) -> None:
        """Warn that a copy is open to everybody, ask where it goes, write it, note it."""
        dialog = SureDialog(
            tr("Save a copy"),
            tr(
                "The copy is not encrypted: whoever gets it can read it. Save it only where nobody "
                "else comes, and delete it when it is not needed any more. That a copy was taken "
                "is noted."
            ),
            tr("Choose the place…"),
            self.viewer if self._viewing() else self,
        )
        self._ask(dialog, lambda: self._write(dialog, shown))

    def _viewing(self) -> bool:
        return self.viewer is not None and isValid(self.viewer) and self.viewer.isVisible()

    def _write(self, dialog: FormDialog, shown: Shown) -> None:
        view, context = shown.view, self._context
        # The suggested name tells nobody whose file it is.
        name = codes.label("attachment_category", view.category) + _ENDINGS[view.media_type]
        path = choosing.choose_place(dialog, name)
        if path is None:
            dialog.reject()
            return

        def done(_bytes: int) -> None:
            dialog.accept()
            context.notify(tr("The copy is saved. It is not encrypted."), "attention")

        context.tasks.run(
            attaching.copy_out, context.store, context.actor, view.attachment_id, path,
            done=done, failed=dialog.strip.say_error, owner=dialog,
        )  # fmt: skip

    def ask_to_take_back(self) -> None:
        """The chosen file was attached by mistake."""
        shown = self.strip.chosen()
        if shown is None or not shown.view.own or shown.view.entered_in_error:
            return
        dialog = SureDialog(
            tr("Take this file back?"),
            tr(
                "It is struck out here and, after the next connection, on the other side. Who "
                "has seen it already has seen it. This cannot be undone."
            ),
            tr("Take the file back"),
            self,
            danger=True,
        )
        context = self._context

        def done(_nothing: Any) -> None:
            dialog.accept()
            context.tell_changed("attachment")

        def finish() -> None:
            context.tasks.run(
                take_back, context.store, context.actor, shown.view.attachment_id,
                done=done, failed=dialog.strip.say_error, owner=dialog,
            )  # fmt: skip

        self._ask(dialog, finish)
