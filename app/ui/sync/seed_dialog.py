"""A new PC is filled from a seed file: the request out, the seed in, two people compare numbers."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QDialog, QFileDialog, QHBoxLayout, QProgressBar, QVBoxLayout, QWidget

from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.sync.path_field import PathField
from app.ui.sync.stick_words import seeded_words, stage_words
from app.ui.widgets.buttons import Button, PrimaryButton
from app.ui.widgets.cards import label, rule
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip, sentence

if TYPE_CHECKING:
    from app.sync.courier import SeedInfo

_REQUEST = "township-care-new-pc.courier"


class _Teller(QObject):
    told = Signal(str, int, int)


class SeedDialog(QDialog):
    """``filled``: the seed was taken in."""

    filled = Signal()

    def __init__(self, context: UiContext, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self._teller = _Teller()
        self._teller.told.connect(self._show_progress)
        self._read: Path | None = None
        self.setWindowTitle(tr("Fill a new PC"))
        self.setModal(True)
        self.setMinimumWidth(theme.FORM_WIDTH + theme.LABEL_WIDTH)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(*(theme.GAP_CARD,) * 4)
        whole.setSpacing(theme.GAP_FIELD)
        whole.addWidget(label(tr("Fill a new PC from a seed file"), "section"))
        whole.addWidget(
            label(
                tr(
                    "1. Write the request onto a stick and bring it to the county hospital. It "
                    "holds no secret and no record. 2. The hospital makes the seed file for it. "
                    "3. Choose the seed file here, and compare its number with the hospital by "
                    "telephone."
                ),
                "secondary",
                wrap=True,
            )
        )
        self.folder = PathField("request", tr("Stick"), self._choose_folder)
        self.request_button = Button(tr("Write the request"), self.write_request)
        self._mine = label("", "strong", wrap=True)
        self.seed = PathField("seed", tr("Seed file"), self._choose_seed)
        self.seed.changed.connect(self._look)
        self._about = label("", "secondary", wrap=True)
        self.number = TextField("number", tr("The hospital's number"), limit=60, required=True)
        whole.addWidget(self.folder)
        row = QHBoxLayout()
        row.addWidget(self._mine, 1)
        row.addWidget(self.request_button)
        whole.addLayout(row)
        whole.addWidget(rule())
        for part in (self.seed, self._about, self.number):
            whole.addWidget(part)
        self._mine.hide()
        self._about.hide()
        self._stage = label("", "secondary")
        self._bar = QProgressBar()
        self._bar.setTextVisible(False)
        self._bar.setAccessibleName(tr("Progress"))
        whole.addWidget(self._stage)
        whole.addWidget(self._bar)
        self._stage.hide()
        self._bar.hide()
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        buttons = QHBoxLayout()
        buttons.addStretch(1)
        self.close_button = Button(tr("Close"), self.reject)
        self.fill_button = PrimaryButton(tr("Fill this PC"), self.fill)
        buttons.addWidget(self.close_button)
        buttons.addWidget(self.fill_button)
        whole.addLayout(buttons)
        self.fields = FormFields(self)
        self.fields.add(self.seed, self.number)
        FormNavigator(self, self.fill_button)

    def write_request(self) -> None:
        """Write the request to the chosen folder and show this PC's own number."""
        from app.sync import courier

        folder = self.folder.path()
        if folder is None or not folder.is_dir():
            self.folder.show_problem(tr("Plug in the stick and choose a folder on it."))
            self.folder.setFocus()
            return

        def done(made: Any) -> None:
            self._mine.setText(
                tr("Written: {name}. Number of this PC: {number}").format(
                    name=made.path.name, number=made.fingerprint
                )
            )
            self._mine.show()
            self._grow()

        context = self._context
        context.tasks.run(
            courier.make_request,
            context.store,
            context.actor,
            folder / _REQUEST,
            done=done,
            failed=self._failed,
            owner=self,
        )

    def _look(self) -> None:
        """What the chosen file says of itself."""
        from app.sync import courier

        path = self.seed.path()
        if path is None or path == self._read or not path.is_file():
            return
        self._read = path

        def done(found: SeedInfo) -> None:
            self.strip.clear()
            # Not the number: who reads it here types it, and has compared the file with itself.
            self._about.setText(
                tr(
                    "Seed of {organisation}, {count} records. Ask the county hospital for its "
                    "number by telephone and type it here."
                ).format(organisation=found.organisation, count=found.records)
            )
            self._about.show()
            self._grow()

        context = self._context
        context.tasks.run(
            courier.read_seed, context.store, path, done=done, failed=self._failed, owner=self
        )

    def fill(self) -> None:
        """Take the seed in, if its number is the one that the hospital tells."""
        from app.sync import courier

        if not self.fields.check():
            return
        path = self.seed.path()
        if path is None or not path.is_file():
            self.seed.show_problem(tr("Choose the file on the stick."))
            return
        self._set_busy(True)
        context = self._context
        context.tasks.run(
            courier.import_seed,
            context.store,
            context.actor,
            path,
            str(self.number.value() or ""),
            self._teller.told.emit,
            done=self._done,
            failed=self._failed,
            owner=self,
        )

    def _done(self, found: Any) -> None:
        self._set_busy(False)
        self.fill_button.hide()
        tone, text = seeded_words(found)
        self.strip.say(text, tone, closable=False)
        self._grow()
        self.close_button.setFocus()
        self.filled.emit()

    def _failed(self, error: Exception) -> None:
        self._set_busy(False)
        self.strip.say(sentence(error))
        self._grow()

    def _grow(self) -> None:
        """A sentence came in: wrapped lines need their height."""
        layout = self.layout()
        assert layout is not None
        layout.activate()
        self.resize(self.width(), max(self.height(), layout.totalHeightForWidth(self.width())))

    def _set_busy(self, busy: bool) -> None:
        for part in (self.fill_button, self.request_button, self.close_button):
            part.setEnabled(not busy)
        self._stage.setVisible(busy)
        self._bar.setVisible(busy)
        if busy:
            self.strip.clear()
            self._show_progress("", 0, 0)

    def _show_progress(self, stage: str, done: int, of: int) -> None:
        self._stage.setText(stage_words(stage, done, of))
        self._bar.setRange(0, of)
        self._bar.setValue(done)

    def _choose_folder(self, present: str) -> str:
        return QFileDialog.getExistingDirectory(self, tr("Folder on the stick"), present)

    def _choose_seed(self, present: str) -> str:
        return QFileDialog.getOpenFileName(self, tr("Seed file"), present, "*")[0]
