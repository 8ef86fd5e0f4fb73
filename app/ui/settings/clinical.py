"""Clinical settings: built from their descriptions, saved as a new version with a reason."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QHBoxLayout, QVBoxLayout

from app.care.clinical_settings import (
    DEFAULTS,
    GROUPS,
    SETTINGS,
    ClinicalSettings,
    SettingsVersion,
    load_clinical_settings,
    save_clinical_settings,
    settings_history,
)
from app.care.limits import Range
from app.care.setting_field import SettingField
from app.clock import clinic_time
from app.i18n import tr
from app.ui import theme
from app.ui.context import UiContext
from app.ui.settings.versioned import VersionedSection
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField
from app.ui.widgets.fields import Field
from app.ui.widgets.values import NumberField

_YES, _NO = "1", "0"
#: The four numbers of a range, in their order.
_ENDS = ("hard_low", "soft_low", "soft_high", "hard_high")
_LABEL = 2 * theme.LABEL_WIDTH


Found = tuple[ClinicalSettings, tuple[SettingsVersion, ...]]


class ClinicalSection(VersionedSection):
    """The settings in groups, and who changed what before."""

    def __init__(self, context: UiContext) -> None:
        self.standing: ClinicalSettings = DEFAULTS
        super().__init__(context)

    def build(self, column: QVBoxLayout) -> None:
        self.state = label("", "secondary", wrap=True)
        column.addWidget(self.state)
        for group in GROUPS:
            members = [each for each in SETTINGS.values() if each.group == group]
            if members:
                column.addWidget(self._group(group, members))
        self.history = Card(tr("Changes so far"))
        column.addWidget(self.history)

    def load(self) -> Found:
        store = self.context.store
        return load_clinical_settings(store), settings_history(store)

    def saving(self, reason: str) -> Callable[[], ClinicalSettings]:
        store, actor = self.context.store, self.context.actor
        new = replace(
            self.standing, **{name: self._value(name, each) for name, each in SETTINGS.items()}
        )
        return lambda: save_clinical_settings(store, actor, new, reason)

    def said(self, made: ClinicalSettings) -> str:
        return tr(
            "Saved as version {version}. It goes to the other PCs of your organisation."
        ).format(version=made.version)

    # -- inner ----------------------------------------------------------------------------------

    def _group(self, title: str, members: list[SettingField]) -> Card:
        card = Card(tr(title))
        if any(each.kind == "limits" for each in members):
            words = tr(
                "Outside the outer limits nothing can be saved; outside the inner ones the "
                "program asks whether the value is right."
            )
            card.body.addWidget(label(words, "hint", wrap=True))
        for each in members:
            if each.kind == "limits":
                card.body.addLayout(self._range_row(each))
                continue
            field = self._field(each)
            self.fields.add(field)
            card.body.addWidget(field)
            if each.help:
                card.body.addWidget(label(tr(each.help), "hint", wrap=True))
        return card

    def _field(self, each: SettingField) -> Field:
        words = tr(each.label)
        if each.kind == "number":
            return NumberField(
                each.name,
                words,
                unit=each.unit,
                decimals=each.decimals,
                hard=(each.low, each.high),
                required=not each.optional,
                label_width=_LABEL,
                width=theme.NUMBER_WIDTH_SMALL,
            )
        if each.kind == "yes_no":
            entries = [(_YES, tr("yes")), (_NO, tr("no"))]
        else:
            entries = [(code, tr(text)) for code, text in each.choices]
        return ChoiceField(
            each.name,
            words,
            entries,
            multiple=each.kind == "several",
            required=each.kind != "several",
            digits=False,
            label_width=_LABEL,
        )

    def _range_row(self, each: SettingField) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setSpacing(theme.GAP_INSIDE)
        name = label(f"{tr(each.label)} ({each.unit})", wrap=True)
        name.setFixedWidth(_LABEL)
        row.addWidget(name)
        words = {
            "hard_low": tr("least"),
            "soft_low": tr("usually from"),
            "soft_high": tr("usually to"),
            "hard_high": tr("most"),
        }
        for end in _ENDS:
            field = NumberField(
                f"{each.name}.{end}",
                words[end],
                decimals=each.decimals,
                required=end.startswith("hard"),
                label_width=theme.LABEL_SECOND,
                width=theme.NUMBER_WIDTH_SMALL,
            )
            field.editor.setAccessibleName(f"{tr(each.label)}: {words[end]}")
            self.fields.add(field)
            row.addWidget(field)
        row.addStretch(1)
        return row

    def _value(self, name: str, each: SettingField) -> Any:
        if each.kind == "limits":
            return Range(
                **{end: self.fields[f"{name}.{end}"].value() for end in _ENDS}  # type: ignore[arg-type]
            )
        value = self.fields[name].value()
        if each.kind == "yes_no":
            return value == _YES
        return value

    def show_standing(self, found: Found) -> None:
        standing, history = found
        self.standing = standing
        for name, each in SETTINGS.items():
            value = getattr(standing, name)
            if each.kind == "limits":
                for end in _ENDS:
                    self.fields[f"{name}.{end}"].set_value(getattr(value, end))
            elif each.kind == "yes_no":
                self.fields[name].set_value(_YES if value else _NO)
            else:
                self.fields[name].set_value(value)
        words = (
            tr("Version {version} is in force at all PCs of your organisation.").format(
                version=standing.version
            )
            if standing.version
            else tr("Nothing was changed yet: the defaults are in force.")
        )
        self.state.setText(
            tr("{state} Records keep the version that they were made under.").format(state=words)
        )
        self._show_history(history)

    def _show_history(self, history: tuple[SettingsVersion, ...]) -> None:
        while item := self.history.body.takeAt(0):
            item.widget().deleteLater()
        self.history.setVisible(bool(history))
        for each in history:
            head = tr("Version {version} · {when} · {who} · {reason}").format(
                version=each.version,
                when=f"{clinic_time(each.saved_at):%Y-%m-%d %H:%M}",
                who=each.saved_by,
                reason=each.reason,
            )
            self.history.body.addWidget(label(head, "strong", wrap=True))
            for change in each.changes:
                text = tr("{setting}: {before} → {after}").format(
                    setting=change.label, before=change.before, after=change.after
                )
                self.history.body.addWidget(label(text, "secondary", wrap=True))
