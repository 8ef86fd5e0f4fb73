"""Small dialogs of files: what they are, whether one is taken back, what a copy means."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QPixmap, QShowEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.care.attachments.files import MAX_TITLE, NewFile
from app.i18n import tr
from app.models import codes
from app.ui import theme
from app.ui.attachments.pictures import Prepared
from app.ui.attachments.words import size_words
from app.ui.referrals.dialogs import FormDialog
from app.ui.widgets.cards import IconLabel, label
from app.ui.widgets.choices import ChoiceField, FlowLayout
from app.ui.widgets.fields import TextField

#: Small pictures that the dialog shows; of more only the number.
_MOST_SHOWN = 8
_SMALL = QSize(96, 72)


class AddDialog(FormDialog):
    """What the files show: a kind for all of them, and words if there are better ones."""

    def __init__(
        self, ready: Sequence[Prepared], problems: Sequence[str], parent: QWidget | None
    ) -> None:
        many = len(ready) > 1
        title = tr("Attach {count} files").format(count=len(ready)) if many else tr("Attach a file")
        super().__init__(title, tr("Attach"), parent)
        self._ready = ready
        row = QWidget()
        flow = FlowLayout(row)
        for prepared in ready[:_MOST_SHOWN]:
            flow.addWidget(_small(prepared))
        self.body.addWidget(row)
        total = size_words(sum(len(each.content) for each in ready))
        self.body.addWidget(
            label(
                tr(
                    "{size} to send. The record goes first and never waits; the files follow "
                    "part by part."
                ).format(size=total),
                "secondary",
                wrap=True,
            )
        )
        kinds = [(entry.code, entry.label) for entry in codes.entries("attachment_category")]
        self.category = ChoiceField(
            "category", tr("What it is"), kinds, required=True, stacked=True
        )
        self.title = TextField("title", tr("In words"), limit=MAX_TITLE, stacked=True)
        for field in (self.category, self.title):
            self.fields.add(field)
            self.body.addWidget(field)
        if problems:
            self.strip.say(" ".join(problems), "attention", closable=False)
        self.category.setFocus()

    def showEvent(self, event: QShowEvent) -> None:
        super().showEvent(event)
        # Only now the width is known, and with it the lines of choices and words.
        self._grow()

    def new_files(self) -> list[NewFile]:
        """The files with their titles; several of one title are numbered."""
        category = self.category.value() or ""
        title = self.title.value() or codes.label("attachment_category", category)
        if len(self._ready) == 1:
            return [self._ready[0].as_file(title, category)]
        short = title[: MAX_TITLE - 3]
        return [
            prepared.as_file(f"{short} {number}", category)
            for number, prepared in enumerate(self._ready, 1)
        ]


def _small(prepared: Prepared) -> QLabel:
    if prepared.picture is None:
        return IconLabel("file-pdf-line", "text_secondary", theme.ICON_HERO)
    made = QLabel()
    made.setPixmap(
        QPixmap.fromImage(
            prepared.picture.scaled(
                _SMALL,
                Qt.AspectRatioMode.KeepAspectRatio,
                Qt.TransformationMode.SmoothTransformation,
            )
        )
    )
    return made


class SureDialog(FormDialog):
    """One question with its meaning, and a yes."""

    def __init__(
        self,
        title: str,
        meaning: str,
        yes: str,
        parent: QWidget | None,
        *,
        danger: bool = False,
    ) -> None:
        super().__init__(title, yes, parent, danger=danger)
        self.body.addWidget(label(meaning, wrap=True))
        self.done_button.setFocus() if not danger else self.cancel.setFocus()
