"""Values of a decided field: what may be typed instead, and how they get into the record."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from functools import cache
from typing import Any

from sqlalchemy import JSON, Boolean, Date, Float, Integer, String, Table
from sqlalchemy.orm import Session

from app.care.parsing import ParseError, clean_text, parse_phone
from app.care.record_words import code_list_of
from app.errors import InputError
from app.i18n import tr
from app.models import codes
from app.models.base import Instant
from app.models.records import KINDS, Record, row_values

_LONGEST = 2000
#: Identity papers are corrected on the resident's own form, which reads the card; states of a
#: referral move by its own steps.
_NOT_TYPED = frozenset(
    {"id_no", "id_type", "no_id_reason", "state", "status", "record_status", "form_version"}
)
_PHONES = frozenset({"phone", "doctor_phone", "from_doctor_phone", "phone_number"})


def other(kind: str, name: str) -> tuple[str, str]:
    """What may be typed instead of both values: text, date, number, code or nothing, and the code
    list."""
    column = _table(kind).columns.get(name)
    if column is None or name in _NOT_TYPED or name.endswith(("_id", "_by", "_version")):
        return "", ""
    listed = code_list_of(kind, name)
    if isinstance(column.type, JSON | Boolean | Instant):
        return "", ""
    if isinstance(column.type, Date):
        return "date", ""
    if isinstance(column.type, Integer | Float):
        return "number", ""
    if listed:
        return "code", listed
    return ("text", "") if isinstance(column.type, String) else ("", "")


def check(kind: str, name: str, value: Any, today: date) -> Any:
    """A typed value as the record keeps it (dates as ISO text). Raises InputError."""
    sort, listed = other(kind, name)
    column = _table(kind).columns.get(name)
    if not sort or column is None:
        raise InputError(tr("For this field only one of the two values can be chosen."))
    if isinstance(value, str):
        value = clean_text(value)[:_LONGEST]
    if value in (None, ""):
        if not column.nullable:
            raise InputError(tr("This field may not be empty."))
        return None
    if sort == "code":
        if not codes.is_known(listed, str(value)):
            raise InputError(tr("This choice is not in the list. Choose again."))
        return str(value)
    if sort == "date":
        if not isinstance(value, date):
            raise InputError(tr("Type a date such as 2025-01-05."))
        if name == "birth_date" and value > today:
            raise InputError(tr("A birth date cannot lie in the future."))
        return value.isoformat()
    if sort == "number":
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise InputError(tr("Type a number."))
        return int(value) if isinstance(column.type, Integer) else float(value)
    if name in _PHONES:
        try:
            return parse_phone(str(value))
        except ParseError as error:
            raise InputError(error.message) from None
    return str(value)


def rows(now: list[Record], values: Mapping[str, Any], side: str) -> list[Record]:
    """Child rows after the decision: rows that only one side has touched stay merged, those that
    both touched are the chosen side's."""
    base = {row["id"]: row for row in values.get("base") or ()}
    mine = {row["id"]: row for row in values.get("mine") or ()}
    theirs = {row["id"]: row for row in values.get("theirs") or ()}
    chosen, other_ = (mine, theirs) if side == "mine" else (theirs, mine)
    kept: list[Record] = []
    for row in now:
        key = row["id"]
        if key in chosen and key in other_:
            # ``row`` holds what either side changed alone, and of what both changed, ours.
            theirs_too = {} if side == "mine" else _changed(base.get(key, {}), chosen[key])
            kept.append({**row, **theirs_too})
        elif key in chosen:
            kept.append(dict(row))
        elif key in base and base[key] != other_.get(key):
            # The chosen side removed what the other one changed.
            continue
        else:
            kept.append(dict(row))
    return kept


def _changed(before: Mapping[str, Any], after: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in after.items() if before.get(name, ...) != value}


def write(session: Session, kind: str, model: Any, chosen: Mapping[str, Any]) -> None:
    """Set the chosen values on a loaded record; children are replaced row by row."""
    description = KINDS[kind]
    children = {child.name: child for child in description.children}
    plain = {name: value for name, value in chosen.items() if name not in children}
    table = description.table
    parsed = row_values(table, plain)
    for name in plain:
        if name in table.columns:
            setattr(model, name, parsed[name])
    for name, child in children.items():
        if name not in chosen:
            continue
        child_table = child.model.__table__
        assert isinstance(child_table, Table)
        wanted = {
            row["id"]: row_values(child_table, {**row, child.parent_column: model.id})
            for row in chosen[name]
        }
        for present in list(getattr(model, name)):
            values = wanted.pop(present.id, None)
            if values is None:
                session.delete(present)
                continue
            for column, value in values.items():
                setattr(present, column, value)
        for values in wanted.values():
            session.add(child.model(**values))


@cache
def _table(kind: str) -> Table:
    return KINDS[kind].table
