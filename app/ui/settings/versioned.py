"""The common shape of settings that are saved as a version for the whole organisation."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.style import dress
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.buttons import PrimaryButton
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import ScrollArea
from app.ui.widgets.strips import ErrorStrip, sentence

#: The name of the records in which every such version travels.
KIND = "clinical_settings"


class VersionedSection(QWidget, metaclass=AbstractWidget):
    """Fields in groups on a page that scrolls, below them the reason and the save button.

    A version that another page or PC saved is shown at once, unless something was typed here: then
    it stays, and whether it may still be saved is the use-case's to say.
    """

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self.context = context
        self.fields = FormFields(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_INSIDE)
        content = QWidget()
        dress(content, kind="body")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_CARD)
        self.build(column)
        column.addStretch(1)
        self.area = ScrollArea(content)
        whole.addWidget(self.area, 1)
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        self.setFocusProxy(next(iter(self.fields)))
        self.reason = self.fields.add(
            TextField("reason", tr("Why changed"), required=True, limit=200)
        )
        row.addWidget(self.reason, 1)
        self.save = PrimaryButton(tr("Save as a new version"), self.submit)
        row.addWidget(self.save)
        whole.addLayout(row)
        self.navigator = FormNavigator(self, last=self.save)
        context.records_changed.connect(self._on_changed)
        self.reload()

    # -- what each page says for itself --------------------------------------------------------

    @abstractmethod
    def build(self, column: QVBoxLayout) -> None:
        """Put the fields on the page."""

    @abstractmethod
    def load(self) -> Any:
        """What is in force, read off the screen's thread."""

    @abstractmethod
    def show_standing(self, found: Any) -> None:
        """Show what :meth:`load` gave."""

    @abstractmethod
    def saving(self, reason: str) -> Callable[[], Any]:
        """The work that saves what stands in the fields."""

    @abstractmethod
    def said(self, made: Any) -> str:
        """What the person is told of the version that was made."""

    # -- loading and saving --------------------------------------------------------------------

    def reload(self) -> None:
        """Show what is in force, whatever was typed."""
        self.context.tasks.run(self.load, done=self._arrived, owner=self)

    def submit(self) -> None:
        """Save what stands in the fields."""
        if not self.fields.check():
            return
        work = self.saving(str(self.reason.value() or ""))
        self.save.setEnabled(False)
        self.strip.clear()
        self.context.tasks.run(work, done=self._saved, failed=self._failed, owner=self)

    def _arrived(self, found: Any) -> None:
        self.show_standing(found)
        self.reason.set_value(None)
        self.fields.touched = False

    def _on_changed(self, kinds: set[str]) -> None:
        def arrived(found: Any) -> None:
            if not self.fields.touched:
                self._arrived(found)

        if KIND in kinds and not self.fields.touched:
            self.context.tasks.run(self.load, done=arrived, owner=self)

    def _saved(self, made: Any) -> None:
        self.save.setEnabled(True)
        self.fields.touched = False
        self.context.tell_changed(KIND)
        self.context.notify(self.said(made))

    def _failed(self, error: Exception) -> None:
        self.save.setEnabled(True)
        if isinstance(error, InputError) and set(error.problems) != {""}:
            self.strip.say_problems(self.fields.show_problems(error.problems))
        elif isinstance(error, InputError):
            # Somebody else was quicker; what is typed stays until the person has seen that.
            self.strip.say(
                sentence(error), action=tr("Show what is in force"), pressed=self._look_again
            )
        else:
            self.strip.say(sentence(error))

    def _look_again(self) -> None:
        self.strip.clear()
        self.reload()
