"""The strip that says one thing across a page: an error, a warning, a confirmation."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from PySide6.QtWidgets import QFrame, QHBoxLayout, QWidget

from app.errors import EnvironmentFault, InputError, NotFound, StaleRecord
from app.i18n import tr
from app.ui import theme
from app.ui.icons import TONE_ICONS, tone_colour
from app.ui.style import dress
from app.ui.widgets.buttons import Button, DangerButton, QuietButton
from app.ui.widgets.cards import IconLabel, label


class ErrorStrip(QFrame):
    """One plain sentence with its icon and at most one button; hidden while it has nothing to say.

    Errors are said in three parts: what happened · what it means for the record · what to do.
    """

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        # Dressed before it is first shown: a frame polished without a ground never gets one.
        dress(self, kind="strip", tone="neutral")
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(
            theme.GAP_FIELD, theme.GAP_INSIDE, theme.GAP_INSIDE, theme.GAP_INSIDE
        )
        self._row.setSpacing(theme.GAP_INSIDE)
        self._icon = IconLabel(size=theme.ICON_LARGE)
        self._text = label("", wrap=True)
        self._action: Button | None = None
        self._close: Button | None = None
        self._row.addWidget(self._icon)
        self._row.addWidget(self._text, 1)
        self.hide()

    def say(
        self,
        text: str,
        tone: theme.Tone = "danger",
        *,
        action: str = "",
        pressed: Callable[[], object] | None = None,
        closable: bool = True,
    ) -> None:
        """Show the sentence; ``action`` is the word on its button."""
        dress(self, kind="strip", tone=tone)
        dress(self._text, tone="" if tone == "neutral" else tone)
        self._icon.set_icon(TONE_ICONS[tone], tone_colour(tone))
        self._text.setText(text)
        self.setAccessibleName(text)
        if self._action is not None:
            self._action.hide()
            self._action.deleteLater()
            self._action = None
        if action:
            kind = DangerButton if tone == "danger" else Button
            self._action = kind(action, pressed)
            self._row.insertWidget(2, self._action)
        if closable and self._close is None:
            self._close = self._close_button()
        if self._close is not None:
            self._close.setVisible(closable)
        self.show()

    def _close_button(self) -> Button:
        button = QuietButton("", self.clear, icon_name="close-line")
        button.setAccessibleName(tr("Hide this message"))
        button.setFixedWidth(theme.TARGET_MINIMUM)
        self._row.addWidget(button)
        return button

    def say_error(self, error: Exception) -> None:
        """Show an error of a use-case. A defect of the program is raised on to its own dialog."""
        self.say(sentence(error))

    def say_problems(self, problems: Mapping[str, str]) -> None:
        """What ``FormFields.show_problems`` could not place; nothing when it is empty."""
        if problems:
            self.say(" ".join(problems.values()))
        else:
            self.clear()

    def clear(self) -> None:
        self.hide()
        self._text.setText("")

    def text(self) -> str:
        return self._text.text()

    @property
    def action_button(self) -> Button | None:
        return self._action


def sentence(error: Exception) -> str:
    """The plain sentence of an expected error; an unexpected one is raised again."""
    if isinstance(error, InputError | EnvironmentFault):
        return str(error)
    if isinstance(error, StaleRecord):
        return str(error) or tr(
            "Somebody else changed this record meanwhile. Nothing was saved. "
            "Open it again and repeat your change; your draft is kept."
        )
    if isinstance(error, NotFound):
        return str(error) or tr("This record is not on this computer. Open the list again.")
    raise error
