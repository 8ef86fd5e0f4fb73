"""The common shape of a settings section: a card with a title, a word of explanation, fields."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.errors import InputError
from app.ui import theme
from app.ui.context import UiContext
from app.ui.widgets.abstract import AbstractWidget
from app.ui.widgets.buttons import PrimaryButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.strips import ErrorStrip, sentence


class FormSection(QWidget, metaclass=AbstractWidget):
    """A card of fields with one primary button at its lower right."""

    def __init__(self, context: UiContext, title: str, explanation: str, save: str) -> None:
        super().__init__()
        self.context = context
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        card = Card(title)
        card.setMaximumWidth(theme.FORM_WIDTH + 2 * theme.LABEL_WIDTH)
        card.body.addWidget(label(explanation, "secondary", wrap=True))
        self.strip = ErrorStrip()
        card.body.addWidget(self.strip)
        self.fields = FormFields(self)
        self.content = QVBoxLayout()
        self.content.setSpacing(theme.GAP_FIELD)
        card.body.addLayout(self.content)
        row = QHBoxLayout()
        row.addStretch(1)
        self.save = PrimaryButton(save, self.submit)
        row.addWidget(self.save)
        card.body.addLayout(row)
        whole.addWidget(card)
        whole.addStretch(1)
        # Of the card only: a section may stand above another one that has its own.
        self.navigator = FormNavigator(card, last=self.save)

    def add(self, *fields: Any) -> None:
        self.fields.add(*fields)
        if self.focusProxy() is None and fields:
            # Whoever opens the section types at once.
            self.setFocusProxy(fields[0])
        for field in fields:
            self.content.addWidget(field)

    @abstractmethod
    def submit(self) -> None:
        """Save what stands in the fields."""

    def run(self, work: Callable[..., Any], *arguments: Any, done: Callable[[Any], None]) -> None:
        """Do it in the background with the button off until the answer is here."""
        self.save.setEnabled(False)
        self.strip.clear()

        def finished(result: Any) -> None:
            self.save.setEnabled(True)
            done(result)

        self.context.tasks.run(work, *arguments, done=finished, failed=self._failed, owner=self)

    def _failed(self, error: Exception) -> None:
        self.save.setEnabled(True)
        if isinstance(error, InputError):
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say(sentence(error))
