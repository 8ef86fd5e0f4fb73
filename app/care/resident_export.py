"""The list of residents to Excel, with whole or masked ID numbers; each list is noted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.care import masking
from app.care.age import age_on
from app.care.resident_list import scope_filter
from app.care.residents import require_editor
from app.care.spreadsheet import Cell, Exported, Sheet, SheetColumn, export
from app.i18n import tr
from app.models import codes
from app.models.actor import Actor
from app.models.resident import Resident
from app.models.resident_record import PopulationTag
from app.models.store import Store

__all__ = ["export_residents"]

_BATCH = 500
_COLUMNS = (
    Resident.name, Resident.sex, Resident.birth_date, Resident.id_type, Resident.id_no,
    Resident.phone, Resident.township, Resident.village, Resident.village_group, Resident.address,
    Resident.contacts, Resident.population_flags, Resident.record_no, Resident.record_status,
    Resident.note, Resident.id,
)  # fmt: skip


def export_residents(
    store: Store,
    actor: Actor,
    path: Path,
    *,
    scope: str = "active",
    tag: str = "",
    ids: Sequence[str] | None = None,
    whole: bool = False,
) -> Exported:
    """Write the residents of a list (one of LIST_SCOPES, or those of ``ids``) to an Excel file.

    ``tag``: only those of one population group. The groups written are those that hold today,
    by rule or ticked.

    ``whole``: names' papers and phones unmasked. The columns are those of the county's roster, so
    that the file can be filled on and imported elsewhere. Raises NotAllowed, and what ``export``
    of the spreadsheet raises.
    """
    require_editor(actor)
    columns = (
        SheetColumn("序号", 6),
        SheetColumn("姓名", 10),
        SheetColumn("性别", 6),
        SheetColumn("年龄", 6),
        SheetColumn("身份证号", 22),
        SheetColumn("出生日期", 13),
        SheetColumn("联系电话", 15),
        SheetColumn("乡镇", 14),
        SheetColumn("村", 12),
        SheetColumn("组", 8),
        SheetColumn("详细住址", 26),
        SheetColumn("联系人", 10),
        SheetColumn("联系人电话", 15),
        SheetColumn("人群类型", 18),
        SheetColumn("健康档案编号", 20),
        SheetColumn("档案状态", 10),
        SheetColumn("备注", 24),
    )
    with store.read() as session:
        found = _found(session, actor, scope, tag, ids)
        rows = _rows(found, _groups(session), store.clock.today(), whole)
        sheet = Sheet(tr("Residents"), columns, rows)
        detail: dict[str, Any] = {"scope": "found" if ids is not None else scope, "whole": whole}
        if tag and ids is None:
            detail["tag"] = tag
        return export(store, actor, path, "resident_list", [sheet], detail)


def _rows(
    found: Iterator[Any], groups: Mapping[str, Sequence[str]], today: date, whole: bool
) -> Iterator[list[Cell]]:
    for number, row in enumerate(found, 1):
        contact: dict[str, Any] = next(iter(row.contacts or ()), {})
        paper, phone, other = row.id_no or "", row.phone or "", str(contact.get("phone") or "")
        if not whole:
            paper, phone, other = (
                masking.mask_id(paper),
                masking.mask_phone(phone),
                masking.mask_phone(other),
            )
        yield [
            number,
            row.name,
            codes.label("sex", row.sex),
            age_on(row.birth_date, max(today, row.birth_date)),
            paper,
            row.birth_date,
            phone,
            row.township,
            row.village,
            row.village_group,
            row.address,
            str(contact.get("name") or ""),
            other,
            "、".join(
                codes.label("population_flag", tag)
                for tag in groups.get(row.id) or [str(f.get("code")) for f in row.population_flags]
            ),
            row.record_no,
            codes.label("record_status", row.record_status),
            row.note,
        ]


def _groups(session: Session) -> dict[str, list[str]]:
    """The population groups of everybody, in the order of the list."""
    order = {entry.code: at for at, entry in enumerate(codes.entries("population_flag"))}
    found: dict[str, list[str]] = {}
    for resident_id, tag in session.execute(select(PopulationTag.resident_id, PopulationTag.tag)):
        found.setdefault(resident_id, []).append(tag)
    for tags in found.values():
        tags.sort(key=lambda tag: order.get(tag, len(order)))
    return found


def _found(
    session: Session, actor: Actor, scope: str, tag: str, ids: Sequence[str] | None
) -> Iterator[Any]:
    order = (Resident.village, Resident.name, Resident.id)
    if ids is None:
        query = select(*_COLUMNS).where(*scope_filter(actor, scope, tag)).order_by(*order)
        yield from session.execute(query)
        return
    for start in range(0, len(ids), _BATCH):
        part = ids[start : start + _BATCH]
        yield from session.execute(select(*_COLUMNS).where(Resident.id.in_(part)).order_by(*order))
