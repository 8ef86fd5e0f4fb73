"""A list of contracts as an Excel file; the export is noted, with counts only."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from app.care.contracts.lists import ContractRow, Wanted, contract_list
from app.care.residents import require_editor
from app.care.spreadsheet import Cell, Exported, Sheet, SheetColumn, export
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.store import Store

_PAGE = 500


def export_contracts(
    store: Store, actor: Actor, wanted: Wanted, path: Path, title: str
) -> Exported:
    """Write a whole list. Raises what ``spreadsheet.export`` raises, and NotAllowed for roles
    that see numbers only."""
    require_editor(actor)
    columns = (
        SheetColumn(tr("Name"), 12),
        SheetColumn(tr("Sex"), 6),
        SheetColumn(tr("Age"), 6),
        SheetColumn(tr("Village"), 16),
        SheetColumn(tr("Doctor"), 12),
        SheetColumn(tr("Team"), 20),
        SheetColumn(tr("Packages"), 28),
        SheetColumn(tr("Date of signing"), 12),
        SheetColumn(tr("Ends on"), 12),
        SheetColumn(tr("State"), 12),
    )
    sheet = Sheet(tr("Contracts"), columns, _lines(store, actor, wanted), title)
    return export(store, actor, path, "contract", [sheet], {"scope": wanted.scope})


def _lines(store: Store, actor: Actor, wanted: Wanted) -> Iterator[tuple[Cell, ...]]:
    offset = 0
    while rows := contract_list(store, actor, wanted, offset, _PAGE):
        offset += len(rows)
        yield from map(_line, rows)


def _line(row: ContractRow) -> tuple[Cell, ...]:
    return (
        row.name,
        codes.label("sex", row.sex),
        row.age,
        row.village,
        row.doctor_name,
        row.team_name,
        tr(", ").join(row.packages),
        row.signed_on,
        row.ends_on,
        codes.label("contract_state", row.state),
    )
