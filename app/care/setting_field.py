"""What a clinical setting is: its words, its kind, the values it may take.

A setting is a field of a frozen dataclass made by one of ``yes_no``, ``number``, ``choice``,
``limits``, ``several``; the administrator's page and the check before saving are built from
these descriptions, so a new setting is one line.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from functools import cache
from typing import Any, Literal

from app.care.limits import LIMITS, Range, shown
from app.i18n import tr

SettingKind = Literal["yes_no", "number", "choice", "limits", "several"]
_META = "setting"


@dataclass(frozen=True, slots=True)
class SettingField:
    """One setting. ``label``, ``help``, ``group`` and the texts of ``choices`` are source words
    (``N_``); ``low`` and ``high`` belong to the range; ``optional``: None is a value.

    ``measure``: for kind ``limits``, the key of ``LIMITS`` whose range it is.
    """

    label: str
    group: str
    kind: SettingKind
    default: Any
    help: str = ""
    unit: str = ""
    low: float = 0
    high: float = 0
    decimals: int = 0
    optional: bool = False
    choices: tuple[tuple[str, str], ...] = ()
    measure: str = ""
    name: str = ""

    def problem(self, value: Any) -> str | None:
        """Why a value cannot be taken, as a plain sentence; None when it can."""
        if self.kind == "yes_no":
            return None if isinstance(value, bool) else tr("Choose yes or no.")
        if self.kind == "choice":
            known = value in [code for code, _ in self.choices]
            return None if known else tr("This choice is not in the list. Choose again.")
        if self.kind == "several":
            codes = {code for code, _ in self.choices}
            fits = isinstance(value, tuple) and set(value) <= codes
            return None if fits else tr("This choice is not in the list. Choose again.")
        if self.kind == "limits":
            return value.problem() if isinstance(value, Range) else tr("Type the limits.")
        return self._number_problem(value)

    def _number_problem(self, value: Any) -> str | None:
        if value is None:
            return None if self.optional else tr("This is required.")
        if isinstance(value, bool) or not isinstance(value, int | float):
            return tr("Type a number.")
        if not self.low <= value <= self.high or round(value, self.decimals) != value:
            return tr("Only {low} to {high} can be saved.").format(
                low=shown(self.low, self.decimals), high=shown(self.high, self.decimals)
            )
        return None

    def text(self, value: Any) -> str:
        """A value in words, for the history."""
        if value is None:
            return tr("(not set)")
        if self.kind == "yes_no":
            return tr("yes") if value else tr("no")
        if self.kind == "choice":
            return next((tr(words) for code, words in self.choices if code == value), str(value))
        if self.kind == "several":
            chosen = [tr(words) for code, words in self.choices if code in value]
            return tr(", ").join(chosen) or tr("(none)")
        if self.kind == "limits":
            return str(value.text(LIMITS[self.measure].decimals))
        return f"{shown(value, self.decimals)} {self.unit}".strip()

    def plain(self, value: Any) -> Any:
        """A value as JSON holds it."""
        if self.kind == "limits":
            return [value.hard_low, value.hard_high, value.soft_low, value.soft_high]
        return list(value) if self.kind == "several" else value

    def read(self, kept: Any) -> Any:
        """The value of what ``plain`` gave; the default where it is none this program takes."""
        value = kept
        if self.kind == "limits":
            numbers = isinstance(kept, list) and len(kept) == 4
            value = Range(*kept) if numbers else None
        elif self.kind == "several":
            value = tuple(kept) if isinstance(kept, list) else None
        elif self.kind == "number" and isinstance(kept, float) and self.decimals == 0:
            value = int(kept) if kept == int(kept) else kept
        try:
            return self.default if self.problem(value) else value
        except TypeError:  # an unhashable or unordered thing of a newer or broken program
            return self.default


def _setting(**description: Any) -> Any:
    """A dataclass field that carries its description."""
    made = SettingField(**description)
    return field(default=made.default, metadata={_META: made})


def yes_no(default: bool, label: str, group: str, help: str = "") -> Any:
    """A setting that is on or off."""
    return _setting(label=label, group=group, kind="yes_no", default=default, help=help)


def number(
    default: float | None,
    label: str,
    group: str,
    *,
    low: float,
    high: float,
    unit: str = "",
    decimals: int = 0,
    optional: bool = False,
    help: str = "",
) -> Any:
    """A number within ``low`` … ``high``; with ``optional`` it may be left blank (None)."""
    return _setting(
        label=label,
        group=group,
        kind="number",
        default=default,
        low=low,
        high=high,
        unit=unit,
        decimals=decimals,
        optional=optional,
        help=help,
    )


def choice(
    default: str, label: str, group: str, choices: tuple[tuple[str, str], ...], help: str = ""
) -> Any:
    """One of ``choices`` (code, words)."""
    return _setting(
        label=label, group=group, kind="choice", default=default, choices=choices, help=help
    )


def several(
    default: tuple[str, ...],
    label: str,
    group: str,
    choices: tuple[tuple[str, str], ...],
    help: str = "",
) -> Any:
    """Any of ``choices`` (code, words)."""
    return _setting(
        label=label, group=group, kind="several", default=default, choices=choices, help=help
    )


def limits(measure: str, group: str) -> Any:
    """The hard and soft input limits of a measurement of ``LIMITS``."""
    limit = LIMITS[measure]
    return _setting(
        label=limit.name,
        group=group,
        kind="limits",
        default=limit.range,
        unit=limit.unit,
        decimals=limit.decimals,
        measure=measure,
    )


@cache
def settings_of(described: type) -> Mapping[str, SettingField]:
    """The settings of a dataclass by name, in its order."""
    from dataclasses import replace

    return {
        each.name: replace(each.metadata[_META], name=each.name)
        for each in fields(described)
        if _META in each.metadata
    }
