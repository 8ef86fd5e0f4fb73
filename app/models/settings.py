"""Settings kept in the store: one JSON value a key."""

from __future__ import annotations

from typing import Any

from sqlalchemy.dialects.sqlite import insert
from sqlalchemy.orm import Session

from app.models import driver
from app.models.base import from_json
from app.models.local import Setting


def get_setting(session: Session, key: str, default: Any = None) -> Any:
    """The value of a setting, or ``default`` where it was never set."""
    found = driver.value(session, "SELECT value FROM setting WHERE key = ?", (key,))
    return default if found is None else from_json(found).get("value", default)


def set_setting(session: Session, key: str, value: Any) -> None:
    """Set a setting; ``value`` must be something that JSON can hold."""
    statement = insert(Setting).values(key=key, value={"value": value})
    session.execute(
        statement.on_conflict_do_update(
            index_elements=["key"], set_={"value": statement.excluded.value}
        )
    )
