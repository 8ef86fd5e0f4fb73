"""This PC: language, contrast, idle lock, the sound of emergencies."""

from __future__ import annotations

from app.i18n import tr
from app.ui import preferences
from app.ui.context import UiContext
from app.ui.preferences import IDLE_CHOICES, Preferences
from app.ui.settings.sections import FormSection
from app.ui.widgets.choices import ChoiceField


class ThisPcSection(FormSection):
    """Kept beside the store: it holds before anybody has signed in."""

    def __init__(self, context: UiContext) -> None:
        super().__init__(
            context,
            tr("This PC"),
            tr("Holds for everybody who works at this PC."),
            tr("Save"),
        )
        present = preferences.load(context.store.folder)
        self.language = ChoiceField(
            "language",
            tr("Language"),
            [("zh_CN", "简体中文"), ("en", "English")],
            required=True,
        )
        self.contrast = ChoiceField(
            "contrast",
            tr("Contrast"),
            [("normal", tr("Normal")), ("high", tr("High contrast"))],
            required=True,
        )
        self.idle = ChoiceField(
            "idle",
            tr("Lock after"),
            [(str(m), tr("{count} min").format(count=m)) for m in IDLE_CHOICES],
            digits=False,
            required=True,
        )
        self.sound = ChoiceField(
            "emergency_sound",
            tr("Unseen emergencies"),
            [("on", tr("With sound")), ("off", tr("Without sound"))],
            required=True,
        )
        self.add(self.language, self.contrast, self.idle, self.sound)
        self.language.set_value(present.language)
        self.contrast.set_value("high" if present.high_contrast else "normal")
        self.idle.set_value(str(present.idle_minutes))
        self.sound.set_value("on" if present.emergency_sound else "off")

    def submit(self) -> None:
        if not self.fields.check():
            return
        chosen = Preferences(
            language=self.language.value(),
            high_contrast=self.contrast.value() == "high",
            idle_minutes=int(self.idle.value()),
            emergency_sound=self.sound.value() == "on",
        )
        try:
            preferences.save(self.context.store.folder, chosen)
        except OSError:
            self.strip.say(
                tr(
                    "The settings could not be written. Nothing was changed. "
                    "Look whether the disk is full or the data folder is write-protected."
                )
            )
            return
        self.context.notify(tr("Saved."))
        self.context.preferences_changed.emit(chosen)
