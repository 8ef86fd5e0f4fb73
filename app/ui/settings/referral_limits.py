"""The time limits of referrals and internal review: an administrator's page, saved as a version."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

from PySide6.QtWidgets import QVBoxLayout

from app.care.referral_limits import Limits
from app.care.referral_settings import REVIEW, TIMERS, Timer, load_limits, save_limits
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.settings.versioned import VersionedSection
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.values import NumberField

_ON, _OFF = "on", "off"
_LABEL = 2 * theme.LABEL_WIDTH


class ReferralLimitsSection(VersionedSection):
    """Every timer in its group, and the switch of the review."""

    def __init__(self, context: UiContext) -> None:
        self.standing = Limits()
        super().__init__(context)

    def build(self, column: QVBoxLayout) -> None:
        words = tr(
            "What is late is worked out from these limits on each look; nothing that was recorded "
            "changes. They hold at all PCs of your organisation."
        )
        column.addWidget(label(words, "secondary", wrap=True))
        for title, timers in TIMERS.items():
            column.addWidget(self._group(title, dict(timers)))
        column.addWidget(self._review())

    def load(self) -> Limits:
        return load_limits(self.context.store)

    def show_standing(self, found: Limits) -> None:
        self.standing = found
        for timers in TIMERS.values():
            for name in timers:
                self.fields[name].set_value(getattr(found, name))
        self.fields[REVIEW].set_value(_ON if found.internal_review else _OFF)

    def saving(self, reason: str) -> Callable[[], Limits]:
        store, actor, standing = self.context.store, self.context.actor, self.standing
        values = {name: self.fields[name].value() for timers in TIMERS.values() for name in timers}
        new = replace(standing, **values, internal_review=self.fields[REVIEW].value() == _ON)
        return lambda: save_limits(store, actor, new, reason, standing=standing)

    def said(self, made: Limits) -> str:
        return tr("Saved. It goes to the other PCs of your organisation.")

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
