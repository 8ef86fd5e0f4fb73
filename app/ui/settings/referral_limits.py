"""The time limits of referrals and internal review: an administrator's page, saved as a version."""

from __future__ import annotations

from dataclasses import replace

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout, QWidget

from app.care.referral_limits import Limits
from app.care.referral_settings import REVIEW, TIMERS, Timer, load_limits, save_limits
from app.errors import InputError
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.style import dress
from app.ui.widgets.buttons import PrimaryButton
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import TextField
from app.ui.widgets.forms import FormFields, FormNavigator
from app.ui.widgets.pages import ScrollArea
from app.ui.widgets.strips import ErrorStrip, sentence
from app.ui.widgets.values import NumberField

_ON, _OFF = "on", "off"
_LABEL = 2 * theme.LABEL_WIDTH


class ReferralLimitsSection(QWidget):
    """Every timer in its group, the switch of the review, the reason, and the save button."""

    def __init__(self, context: UiContext) -> None:
        super().__init__()
        self.context = context
        self.standing = Limits()
        self.fields = FormFields(self)
        whole = QVBoxLayout(self)
        whole.setContentsMargins(0, 0, 0, 0)
        whole.setSpacing(theme.GAP_INSIDE)
        content = QWidget()
        dress(content, kind="body")
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(theme.GAP_CARD)
        words = tr(
            "What is late is worked out from these limits on each look; nothing that was recorded "
            "changes. They hold at all PCs of your organisation."
        )
        column.addWidget(label(words, "secondary", wrap=True))
        for title, timers in TIMERS.items():
            column.addWidget(self._group(title, dict(timers)))
        column.addWidget(self._review())
        column.addStretch(1)
        self.area = ScrollArea(content)
        whole.addWidget(self.area, 1)
        self.strip = ErrorStrip()
        whole.addWidget(self.strip)
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_FIELD)
        self.reason = self.fields.add(
            TextField("reason", tr("Why changed"), required=True, limit=200)
        )
        row.addWidget(self.reason, 1)
        self.save = PrimaryButton(tr("Save as a new version"), self.submit)
        row.addWidget(self.save)
        whole.addLayout(row)
        self.navigator = FormNavigator(self, last=self.save)
        self.setFocusProxy(next(iter(self.fields)))
        context.records_changed.connect(self._on_changed)
        self.reload()

    def reload(self) -> None:
        """What is in force."""
        self.context.tasks.run(load_limits, self.context.store, done=self._show, owner=self)

    def submit(self) -> None:
        """Save what stands in the fields."""
        if not self.fields.check():
            return
        values = {name: self.fields[name].value() for timers in TIMERS.values() for name in timers}
        new = replace(self.standing, **values, internal_review=self.fields[REVIEW].value() == _ON)
        self.save.setEnabled(False)
        self.strip.clear()
        self.context.tasks.run(
            save_limits,
            self.context.store,
            self.context.actor,
            new,
            str(self.reason.value() or ""),
            done=self._saved,
            failed=self._failed,
            owner=self,
        )

    # -- inner ------------------------------------------------------------------------------------

    def _group(self, title: str, timers: dict[str, Timer]) -> Card:
        card = Card(tr(title))
        for name, timer in timers.items():
            field = NumberField(
                name,
                tr(timer.label),
                unit=tr(timer.unit),
                hard=(timer.low, timer.high),
                required=True,
                label_width=_LABEL,
                width=theme.NUMBER_WIDTH_SMALL,
            )
            self.fields.add(field)
            card.body.addWidget(field)
        return card

    def _review(self) -> Card:
        card = Card(tr("Internal review"))
        field = ChoiceField(
            REVIEW,
            tr("Letters are approved by the head before they leave"),
            [(_ON, tr("yes")), (_OFF, tr("no"))],
            required=True,
            digits=False,
            label_width=_LABEL,
        )
        self.fields.add(field)
        card.body.addWidget(field)
        card.body.addWidget(label(tr("Never in an emergency."), "hint", wrap=True))
        return card

    def _show(self, standing: Limits) -> None:
        self.standing = standing
        for timers in TIMERS.values():
            for name in timers:
                self.fields[name].set_value(getattr(standing, name))
        self.fields[REVIEW].set_value(_ON if standing.internal_review else _OFF)
        self.reason.set_value(None)
        self.fields.touched = False

    def _on_changed(self, kinds: set[str]) -> None:
        # A version that another PC saved; what is being typed is left alone.
        if "clinical_settings" in kinds and not self.fields.touched:
            self.reload()

    def _saved(self, _new: Limits) -> None:
        self.save.setEnabled(True)
        self.fields.touched = False
        self.context.tell_changed("clinical_settings")
        self.context.notify(tr("Saved. It goes to the other PCs of your organisation."))

    def _failed(self, error: Exception) -> None:
        self.save.setEnabled(True)
        if isinstance(error, InputError) and error.problems:
            self.strip.say_problems(self.fields.show_problems(error.problems))
        else:
            self.strip.say(sentence(error))
