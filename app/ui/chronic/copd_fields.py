"""The card of COPD: what the doctor finds, scores, lung function, and the items by definition."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.care import copd
from app.care.clinical_setting_list import COPD_ITEMS
from app.care.copd_form import CAT_RANGE, LUNG_RANGE, MAX_TEXT, CopdItem, copd_items
from app.i18n import tr
from app.ui import theme
from app.ui.chronic.field_kinds import entries_of, measured, pair
from app.ui.chronic.treatment_fields import TreatmentFields
from app.ui.widgets.cards import Card, label
from app.ui.widgets.choices import ChoiceField, ListField
from app.ui.widgets.fields import Field, TextField
from app.ui.widgets.values import NumberField

COPD = copd.DISEASE
_PARTS = frozenset(code for code, _ in COPD_ITEMS)


class CopdFields(TreatmentFields):
    """The fields that only a visit for COPD has. ``copd_card``: shown when the visit serves it.

    ``copd_parts``: the fields of each part that an organisation may leave out;
    ``copd_before``: the kept answers of a visit that is being corrected.
    """

    def _copd_card(self) -> Card:
        card = self.copd_card = Card(tr("COPD"))
        self.copd_parts: dict[str, list[Field]] = {}
        self.items: dict[str, Field] = {}
        self.copd_before: Mapping[str, Any] = {}
        self.control = self._choice("copd_control", tr("Control"), "copd_control", required=True)
        self.respiration = self.add(measured("respiration", "respiration", tr("Respiration")))
        self.spo2 = self.add(measured("spo2", "spo2", tr("SpO₂"), label_width=theme.LABEL_SECOND))
        self.mmrc = self.add(
            ListField("mmrc", tr("mMRC"), entries_of("mmrc"), label_width=theme.LABEL_SHORT)
        )
        self.cat = self.add(self._number("cat", tr("CAT"), CAT_RANGE, 0, tr("of 40")))
        fev1 = self.add(self._number("fev1", tr("FEV1"), LUNG_RANGE, 2, "L"))
        fvc = self.add(self._number("fvc", tr("FVC"), LUNG_RANGE, 2, "L", width=theme.LABEL_SECOND))
        self.ratio = label("", "secondary")
        self.ratio.hide()
        self._fill(card, self.control)
        card.body.addLayout(pair(self.respiration, self.spo2))
        self._fill(card, self.mmrc, self.cat)
        card.body.addLayout(pair(fev1, fvc))
        self._fill(card, self.ratio)
        self.copd_parts["cat"] = [self.cat]
        self.copd_parts["lung"] = [fev1, fvc]
        for item in copd_items():
            field = self.add(self._item(item))
            self.items[item.key] = field
            self.copd_parts.setdefault(_part_of(item.key), []).append(field)
            card.body.addWidget(field)
        card.hide()
        return card

    def arrange_copd(self, chosen: bool, parts: tuple[str, ...]) -> None:
        """Show the card, and of its parts those that the organisation wants or that hold
        an answer."""
        self.copd_card.setVisible(chosen)
        for part, fields in self.copd_parts.items():
            for field in fields:
                wanted = part in parts or part not in _PARTS or not field.is_blank()
                field.setVisible(chosen and wanted)
        for field in (self.control, self.respiration, self.spo2, self.mmrc):
            field.setVisible(chosen)
        fev1, fvc = self["fev1"].value(), self["fvc"].value()
        self.ratio.setVisible(bool(chosen and fev1 and fvc))
        if fev1 and fvc:
            self.ratio.setText(tr("FEV1/FVC {value} %").format(value=round(100 * fev1 / fvc, 1)))

    def _number(
        self,
        key: str,
        title: str,
        ends: tuple[float, float],
        decimals: int,
        unit: str,
        width: int = theme.LABEL_SHORT,
    ) -> NumberField:
        return NumberField(
            key,
            title,
            unit=unit,
            decimals=decimals,
            hard=ends,
            measured=True,
            label_width=width,
            width=theme.NUMBER_WIDTH_SMALL,
        )

    def _item(self, item: CopdItem) -> Field:
        key = f"copd.{item.key}"
        if item.kind in ("choice", "several"):
            return ChoiceField(
                key,
                item.label,
                item.options,
                multiple=item.kind == "several",
                exclusive=(item.exclusive,) if item.exclusive else (),
                label_width=theme.LABEL_SHORT,
            )
        if item.kind == "number":
            return self._number(key, item.label, (item.low, item.high), item.decimals, item.unit)
        return TextField(key, item.label, limit=MAX_TEXT, label_width=theme.LABEL_SHORT)


def _part_of(key: str) -> str:
    """``oxygen_flow`` belongs to the part ``oxygen``; an item of the county is its own part."""
    first = key.partition("_")[0]
    return first if first in _PARTS else key
