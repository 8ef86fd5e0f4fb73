"""Indicators and the people behind them as Excel lists."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from app.care.indicators.catalogue import BY_CODE, DEFINITIONS
from app.care.indicators.counted import Counted
from app.care.indicators.report import Group, Grouping, Member, Report
from app.care.spreadsheet import Exported, Sheet, SheetColumn, export
from app.i18n import N_, tr
from app.models import codes
from app.models.actor import Actor
from app.models.store import Store

GROUPINGS: tuple[tuple[Grouping, str], ...] = (
    ("village", N_("By village")),
    ("doctor", N_("By doctor")),
    ("team", N_("By team")),
)
WITHOUT = {
    "village": N_("(no village)"),
    "doctor": N_("(no doctor)"),
    "team": N_("(no team)"),
}


def group_name(by: Grouping, group: Group) -> str:
    """The name of a village, doctor or team; words for those without one."""
    return group.name or (group.key and tr("(unknown)")) or tr(WITHOUT[by])


def export_report(store: Store, actor: Actor, path: Path, report: Report) -> Exported:
    """All indicators of a report, then each by village, doctor and team, one sheet each.

    Raises what ``spreadsheet.export`` raises. Holds no names of residents.
    """
    sheets = [_overview(report), *(_grouped(report, by, title) for by, title in GROUPINGS)]
    return export(store, actor, path, "indicator", sheets, {"period": _span(report)})


def export_members(
    store: Store, actor: Actor, path: Path, report: Report, code: str, rows: Sequence[Member]
) -> Exported:
    """The people behind one number. Each such list is noted in the audit trail."""
    columns = (
        SheetColumn(tr("Village"), 14),
        SheetColumn(tr("Name"), 12),
        SheetColumn(tr("Sex"), 6),
        SheetColumn(tr("Age"), 6),
        SheetColumn(tr("Phone"), 15),
        SheetColumn(tr("Done"), 8),
        SheetColumn(tr("Out of"), 8),
    )
    lines = (
        (
            row.village,
            row.name,
            codes.label("sex", row.sex),
            row.age if row.age is not None else "",
            row.phone,
            row.number,
            row.due,
        )
        for row in rows
    )
    title = f"{code} {BY_CODE[code].name} {report.period.label}"
    sheet = Sheet(code, columns, lines, title=title)
    return export(store, actor, path, "indicator", [sheet], {"code": code, "period": _span(report)})


def _span(report: Report) -> str:
    return f"{report.period.start}/{report.period.end}"


def _overview(report: Report) -> Sheet:
    columns = (
        SheetColumn(tr("Code"), 8),
        SheetColumn(tr("Indicator"), 24),
        SheetColumn(tr("Done"), 10),
        SheetColumn(tr("Out of"), 10),
        SheetColumn(tr("Rate"), 10),
        SheetColumn(tr("Unit"), 6),
        SheetColumn(tr("Counted"), 60),
        SheetColumn(tr("Among"), 60),
    )
    rows = [
        (
            code,
            BY_CODE[code].name,
            *_figures(one),
            BY_CODE[code].unit_name,
            tr(BY_CODE[code].counted),
            tr(BY_CODE[code].among),
        )
        for code, one in report.counted.items()
    ]
    notes = (
        tr("Definitions {definitions}, clinical settings version {version}").format(
            definitions=DEFINITIONS, version=report.version
        ),
    )
    return Sheet(tr("Indicators"), columns, rows, title=report.period.label, notes=notes)


def _grouped(report: Report, by: Grouping, title: str) -> Sheet:
    heads = [SheetColumn(tr(title), 16)]
    for code in report.counted:
        heads += [
            SheetColumn(f"{code} {tr('Done')}", 10),
            SheetColumn(f"{code} {tr('Out of')}", 10),
            SheetColumn(f"{code} {BY_CODE[code].unit_name}", 8),
        ]
    rows = [
        (group_name(by, group), *(n for one in group.counted.values() for n in _figures(one)))
        for group in report.groups(by)
    ]
    return Sheet(tr(title), tuple(heads), rows, title=report.period.label)


def _figures(one: Counted) -> tuple[float, float | None, float | None]:
    rate = None if one.rate is None else round(one.rate, 1)
    return (one.done, round(one.of, 1) if one.known else None, rate)
