"""What all tables share: column types, the declarative base, the syncable columns."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Boolean, Dialect, MetaData, String, Text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from sqlalchemy.types import TypeDecorator

from app.clock import format_instant, parse_instant
from app.models.identity import new_id


class Instant(TypeDecorator[datetime]):
    """An aware instant, kept as UTC text ``2026-11-22T02:03:04.567Z`` (sorts as it reads)."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else format_instant(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        return None if value is None else parse_instant(value)


JsonList = list[Any]
JsonDict = dict[str, Any]


_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode


def to_json(value: Any) -> str:
    """The compact JSON text that the store keeps."""
    text = _encode(value)
    try:
        text.isascii() or text.encode("utf-8")
    except UnicodeEncodeError:
        # Half a character, as a broken input method types it: SQLite takes it only escaped.
        return json.dumps(value, separators=(",", ":"))
    return text


def from_json(text: str) -> Any:
    """The value of a JSON column; most of them are empty, which needs no parser."""
    if text == "[]":
        return []
    if text == "{}":
        return {}
    return json.loads(text)


class Base(DeclarativeBase):
    metadata = MetaData(
        naming_convention={
            "ix": "ix_%(table_name)s_%(column_0_N_name)s",
            "uq": "uq_%(table_name)s_%(column_0_N_name)s",
            "fk": "fk_%(table_name)s_%(column_0_name)s",
            "pk": "pk_%(table_name)s",
        }
    )
    type_annotation_map = {
        datetime: Instant,
        JsonList: JSON(none_as_null=True),
        JsonDict: JSON(none_as_null=True),
    }


class Syncable:
    """Columns of every record that travels to the lead hospital.

    ``organisation_id`` and ``author_id`` say who wrote the record first and never change;
    ``updated_by`` is the last editor. ``change_id`` is the write id of the last change: it
    tells a lost answer from somebody else's change.
    """

    id: Mapped[str] = mapped_column(String(36), primary_key=True, default=new_id)
    organisation_id: Mapped[str] = mapped_column(String(36))
    author_id: Mapped[str] = mapped_column(String(36))
    updated_by: Mapped[str] = mapped_column(String(36))
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    change_id: Mapped[str] = mapped_column(String(36))
    is_sample: Mapped[bool] = mapped_column(Boolean, default=False)
