"""Questions in the driver's own words, for what is asked before and after every record sent.

A question of one row costs SQLite ten microseconds and SQLAlchemy's session four hundred. The
values are those that the file keeps: instants and JSON as text.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy.orm import Session

from app.models.base import from_json


def ask(session: Session, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> list[Any]:
    """All rows of a question, as tuples; what was changed in the session is written before."""
    session.flush()
    connection = session.connection()
    driver = connection.connection.driver_connection
    assert driver is not None
    try:
        rows: list[Any] = driver.execute(sql, values).fetchall()
    except connection.dialect.loaded_dbapi.Error:
        # The same error as SQLAlchemy's own, which takes a broken connection out of the pool.
        rows = [tuple(row) for row in connection.exec_driver_sql(sql, _of_sqlalchemy(values)).all()]
    return rows


def ask_in_one(
    session: Session, columns: int, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()
) -> list[Any]:
    """All rows of a question, as lists, in an order of their own, in one row of the driver.

    Python's lock is free while SQLite looks for a row. A question of many rows would ask for the
    lock again with each of them, and wait for it whenever another thread counts.
    """
    names = ", ".join(f"c{number}" for number in range(columns))
    whole = (
        f"WITH answer({names}) AS ({sql}) "  # noqa: S608  (names of our own)
        f"SELECT json_group_array(json_array({names})) FROM answer"
    )
    found: list[Any] = from_json(value(session, whole, values))
    return found


def _of_sqlalchemy(values: Sequence[Any] | Mapping[str, Any]) -> Any:
    return dict(values) if isinstance(values, Mapping) else tuple(values)


def value(session: Session, sql: str, values: Sequence[Any] | Mapping[str, Any] = ()) -> Any:
    """The first value of the first row; None where there is no row."""
    rows = ask(session, sql, values)
    return rows[0][0] if rows else None
