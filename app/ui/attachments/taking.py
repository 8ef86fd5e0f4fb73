"""Taking files in: the button, dropping them, Ctrl+V; then what they are is asked.

Shared by the card of a record that is there and the card of one that is still being written.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QDragEnterEvent, QDropEvent, QGuiApplication, QKeySequence, QShortcut
from PySide6.QtWidgets import QPushButton, QWidget

from app.care.attachments import attaching
from app.i18n import tr
from app.ui.attachments import choosing
from app.ui.attachments.dialogs import AddDialog
from app.ui.attachments.pictures import Prepared, Source, prepare_all
from app.ui.attachments.strip import FileStrip
from app.ui.context import UiContext
from app.ui.referrals.dialogs import FormDialog
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.buttons import Button
from app.ui.widgets.cards import Card, label
from app.ui.widgets.strips import ErrorStrip, sentence


class TakingCard(Card, metaclass=AbstractWidget):
    """The strip of files and the ways in. ``page``: where Ctrl+V pastes a picture; the card itself
    where the page has fields of its own."""

    def __init__(self, context: UiContext, page: QWidget | None = None) -> None:
        super().__init__(tr("Files"))
        self._context = context
        self.dialog: FormDialog | None = None
        self.hint = label("", "secondary")
        self.header.insertWidget(1, self.hint)
        self.add_button = Button(
            tr("Add…"),
            self.choose,
            icon_name="attachment-line",
            tip=tr("Choose photos or a PDF, drop them here, or paste a picture (Ctrl+V)"),
        )
        self.strip = FileStrip(self.open_file, self.ask_to_take_back)
        self.strip.setAccessibleName(tr("Files"))
        self.notice = ErrorStrip()
        paste = QShortcut(QKeySequence(QKeySequence.StandardKey.Paste), page or self)
        paste.setContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        paste.setWhatsThis(tr("Paste a picture as a file"))
        paste.activated.connect(self.paste)

    def _build(self, *before: QPushButton) -> None:
        """Put it together; ``before``: what else may be done with a file."""
        for button in (*before, self.add_button):
            self.add_action(button)
        self.body.addWidget(self.strip)
        self.body.addWidget(self.notice)

    # -- what a card says of itself ---------------------------------------------------------------

    @abstractmethod
    def _target(self) -> object | None:
        """To what new files belong at present; None where none may be added."""

    @abstractmethod
    def _still_shows(self, target: object) -> bool:
        """Whether the card still shows that to which files were added."""

    @abstractmethod
    def _take(self, dialog: AddDialog, target: object) -> None:
        """What the files are has been said."""

    @abstractmethod
    def open_file(self) -> None:
        """The chosen file large."""

    @abstractmethod
    def ask_to_take_back(self) -> None:
        """The chosen file was a mistake."""

    # -- the ways in ------------------------------------------------------------------------------

    def choose(self) -> None:
        self.add(choosing.choose_files(self))

    def paste(self) -> None:
        """A picture or files from the clipboard."""
        if self._target() is None:
            return
        sources = choosing.sources_in(QGuiApplication.clipboard().mimeData())
        if sources:
            self.add(sources)
        else:
            self.notice.say(
                tr("There is no picture in the clipboard. Copy one, then paste."), "attention"
            )

    def dragEnterEvent(self, event: QDragEnterEvent) -> None:
        if self._target() is not None and choosing.sources_in(event.mimeData()):
            event.acceptProposedAction()

    def dropEvent(self, event: QDropEvent) -> None:
        sources = choosing.sources_in(event.mimeData())
        if self._target() is not None and sources:
            event.acceptProposedAction()
            self.add(sources)

    def add(self, sources: Sequence[Source]) -> None:
        """Make files ready off this thread, then ask what they are."""
        target = self._target()
        if not sources or target is None:
            return
        self.notice.say(tr("The files are being made ready…"), "neutral", closable=False)
        self.add_button.setEnabled(False)
        self._context.tasks.run(
            prepare_all,
            list(sources)[: attaching.MOST_FILES],
            done=lambda found: self._prepared(target, *found),
            failed=self._failed,
            owner=self,
        )

    def _prepared(self, target: object, ready: list[Prepared], problems: list[str]) -> None:
        self.notice.clear()
        self.add_button.setEnabled(True)
        if not self._still_shows(target):
            # Whose files they are is said by what stands around the question: never ask it over
            # another patient's page.
            self.notice.say(
                tr(
                    "Another page was opened meanwhile, so the files were not attached. Open the "
                    "one they belong to and add them again."
                ),
                "attention",
            )
            return
        if not ready:
            self.notice.say(" ".join(problems))
            return
        dialog = AddDialog(ready, problems, self)
        self._ask(dialog, lambda: self._take(dialog, target))

    def _ask(self, dialog: FormDialog, finish: Callable[[], None]) -> None:
        dialog.on_finish = finish
        dialog.finished.connect(dialog.deleteLater)
        self.dialog = dialog
        dialog.open()

    def _failed(self, error: Exception) -> None:
        self.add_button.setEnabled(True)
        self.notice.say(sentence(error))
