"""The connections of the server's database: what one transaction leaves to the next."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Connection, CursorResult, Engine

from app.server.engines import begun, make_engine, parse_url

COUNT = "SELECT count(*) FROM drawer"


@pytest.fixture
def engine(tmp_path: Path) -> Iterator[Engine]:
    made = make_engine(parse_url(f"sqlite:///{tmp_path / 'server.db'}"))
    with made.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE drawer (number INTEGER)")
        connection.exec_driver_sql(
            "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 100)"
            " INSERT INTO drawer SELECT i FROM n"
        )
    yield made
    made.dispose()


def _begin_to_read(connection: Connection) -> CursorResult[object]:
    rows = connection.exec_driver_sql("SELECT number FROM drawer")
    assert rows.fetchone() is not None
    return rows


@pytest.mark.parametrize("end", ["rollback", "commit"])
def test_a_statement_not_read_to_its_end_leaves_no_old_view(engine: Engine, end: str) -> None:
    """As when an error in the midst of the rows is still alive somewhere."""
    first, second = begun(engine), begun(engine)
    unfinished = _begin_to_read(first)
    getattr(first, end)()
    first.close()
    second.exec_driver_sql("INSERT INTO drawer VALUES (101)")
    second.commit()
    second.close()

    # The pool gives out first what came back first: this is the connection of the reader.
    with engine.begin() as again:
        assert again.exec_driver_sql(COUNT).scalar() == 101
        again.exec_driver_sql("INSERT INTO drawer VALUES (102)")
    with engine.begin() as other:
        assert other.exec_driver_sql(COUNT).scalar() == 102
    assert unfinished is not None


def test_rows_in_hand_are_read_while_the_transaction_lasts(engine: Engine) -> None:
    with engine.begin() as connection:
        rows = connection.exec_driver_sql("SELECT number FROM drawer ORDER BY number")
        assert connection.exec_driver_sql(COUNT).scalar() == 100
        assert [number for (number,) in rows] == list(range(1, 101))
