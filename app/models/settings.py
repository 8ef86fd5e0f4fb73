"""Settings kept in the store: one JSON value a key."""

from __future__ import annotations

from typing import Any

from sqlalchemy import bindparam, select
from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from app.models.local import Setting

_SETTING = Setting.__table__.c
_VALUE = select(_SETTING.value).where(_SETTING.key == bindparam("key"))


def get_setting(session: Session, key: str, default: Any = None) -> Any:
    """The value of a setting, or ``default`` where it was never set."""
    value = session.scalar(_VALUE, {"key": key})
    return default if value is None else value.get("value", default)


def set_setting(session: Session, key: str, value: Any) -> None:
    """Set a setting; ``value`` must be something that JSON can hold."""
    statement = insert(Setting).values(key=key, value={"value": value})
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"value": statement.excluded.value}
        )
    )
