"""The columns of the lists of the reports room."""

from __future__ import annotations

from dataclasses import dataclass

from app.care.indicators.catalogue import BY_CODE, Indicator
from app.care.indicators.counted import Counted
from app.care.indicators.report import Member
from app.care.masking import mask_phone
from app.i18n import tr
from app.models import codes
from app.ui.widgets.tables import Column


@dataclass(frozen=True, slots=True)
class IndicatorRow:
    """One indicator and what was counted; ``target`` in percent, None where there is none."""

    indicator: Indicator
    counted: Counted
    target: float | None


@dataclass(frozen=True, slots=True)
class GroupRow:
    """One village, doctor or team under the chosen indicator."""

    key: str
    name: str
    counted: Counted


def figure(number: float) -> str:
    """A number of persons or services, an estimate with one decimal."""
    return f"{number:,.0f}" if number == round(number) else f"{number:,.1f}"


def rate_words(counted: Counted) -> str:
    """``71.4 %`` or ``3.5 h``; a dash where nothing can be divided."""
    unit = BY_CODE[counted.code].unit_name
    return "–" if counted.rate is None else f"{counted.rate:.1f} {unit}"


def indicator_columns() -> list[Column[IndicatorRow]]:
    return [
        Column(tr("Code"), lambda row: row.indicator.code, 52),
        Column(tr("Indicator"), lambda row: row.indicator.name, None, strong=True),
        Column(tr("Done"), lambda row: figure(row.counted.done), 76, align="right"),
        Column(
            tr("Out of"),
            lambda row: figure(row.counted.of) if row.counted.known else "–",
            76,
            align="right",
        ),
        Column(
            tr("Rate"),
            lambda row: rate_words(row.counted),
            84,
            align="right",
            tone=lambda row: "attention" if _below(row) else None,
        ),
        Column(
            tr("Target"),
            lambda row: "" if row.target is None else f"≥ {row.target:g}",
            76,
            align="right",
        ),
        Column(
            tr("State"),
            _state,
            92,
            tone=lambda row: "attention" if _below(row) else None,
            icon_name=lambda row: "arrow-down-line" if _below(row) else "",
        ),
    ]


def _below(row: IndicatorRow) -> bool:
    rate = row.counted.rate
    return row.target is not None and rate is not None and rate < row.target


def _state(row: IndicatorRow) -> str:
    if not row.counted.known:
        return tr("not set")
    if row.target is None or row.counted.rate is None:
        return ""
    return tr("below target") if _below(row) else tr("reached")


def group_columns() -> list[Column[GroupRow]]:
    return [
        Column(tr("Group"), lambda row: row.name, None, strong=True),
        Column(tr("Done"), lambda row: figure(row.counted.done), 64, align="right"),
        Column(
            tr("Out of"),
            lambda row: figure(row.counted.of) if row.counted.known else "–",
            64,
            align="right",
        ),
        Column(tr("Rate"), lambda row: rate_words(row.counted), 84, align="right"),
    ]


def member_columns() -> list[Column[Member]]:
    """The people behind a number; phones are masked."""
    return [
        Column(tr("Village"), lambda row: row.village, 140),
        Column(tr("Name"), lambda row: row.name, 140, strong=True),
        Column(tr("Sex"), lambda row: codes.label("sex", row.sex), 60),
        Column(tr("Age"), lambda row: "" if row.age is None else str(row.age), 60, align="right"),
        Column(tr("Phone"), lambda row: mask_phone(row.phone), 150),
        Column(tr("Done"), lambda row: figure(row.number), 80, align="right"),
        Column(tr("Out of"), lambda row: figure(row.due), 80, align="right"),
        Column("", lambda row: "", None),
    ]
