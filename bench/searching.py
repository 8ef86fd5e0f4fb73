"""A keystroke in the find-anyone box, at 100,000 and 500,000 residents."""

from __future__ import annotations

import random
import secrets
import sqlite3
from datetime import date
from pathlib import Path

from sqlalchemy import Table, insert

from app.care.sample.county import directory
from app.care.sample.people import SampleMaker
from app.models import records
from app.models.local import SearchToken
from app.models.search import find, tokens
from app.models.store import Store, create_store
from bench.figures import Figure, milliseconds, percentile

_CHUNK = 50_000


def _fill(store: Store, maker: SampleMaker, start: int, stop: int) -> list[tuple[str, str, str]]:
    """Residents alone; returns some of them to look for: name, ID number, phone.

    Written in bulk: the tokens' second index is made at the end, and the pages stay in memory.
    """
    organisation = next(o for o in directory() if o["type"] == "TOWNSHIP_CENTER")
    table = records.KINDS["resident"].table
    tokens_table = SearchToken.__table__
    assert isinstance(tokens_table, Table)
    (by_resident,) = tokens_table.indexes
    known: list[tuple[str, str, str]] = []
    author = maker.new_id(maker.instant(maker.today))
    for first in range(start, stop, _CHUNK):
        last = min(stop, first + _CHUNK)
        rows = [maker.resident(organisation, author, n, None) for n in range(first, last)]
        found = sorted((token, row["id"]) for row in rows for token in tokens(row))
        with store.apply_remote() as session:
            connection = session.connection()
            connection.exec_driver_sql("PRAGMA cache_size = -400000")
            if first == start:
                by_resident.drop(connection)
            connection.execute(insert(table), [records.row_values(table, row) for row in rows])
            connection.exec_driver_sql("INSERT INTO search_token VALUES (?, ?)", found)
            if last == stop:
                by_resident.create(connection)
        known += [(r["name"], r["id_no"], r["phone"]) for r in rows[:: max(1, len(rows) // 100)]]
    # New connections: with the page cache that the program has.
    store.close()
    return known


def _copy(store: Store, copy: int) -> None:
    """Every resident that was made, once more: same name and village, other numbers.

    ``copy`` (1 to 9) takes the place of the id's first digit, which is 0 of all that were made.
    """
    # ruff: noqa: S608 — the texts are made of column names and a digit
    table = records.KINDS["resident"].table
    digits = f"(substr(id_no, 13, 5) * 7 + {copy} * 1231) % 100000"
    tail = f"(substr(phone, 8) * 3 + {copy} * 77) % 10000"
    other = {
        "id": f"'{copy}' || substr(id, 2)",
        "id_no": f"substr(id_no, 1, 12) || printf('%05d', {digits}) || substr(id_no, 18)",
        "phone": f"substr(phone, 1, 7) || printf('%04d', {tail})",
    }
    names = [column.name for column in table.columns]
    chosen = ", ".join(other.get(name, f'"{name}"') for name in names)
    columns = ", ".join(f'"{name}"' for name in names)
    with store.apply_remote() as session:
        connection = session.connection()
        connection.exec_driver_sql("PRAGMA cache_size = -400000")
        connection.exec_driver_sql(
            f"INSERT INTO resident ({columns}) SELECT {chosen} FROM resident WHERE id < '1'"
        )
        connection.exec_driver_sql(
            f"INSERT INTO search_token SELECT token, '{copy}' || substr(resident_id, 2) "
            "FROM search_token WHERE resident_id < '1' AND token NOT GLOB '[~0-9]*' ORDER BY token"
        )
        numbers = connection.exec_driver_sql(
            f"SELECT id, id_no, phone, record_no FROM resident WHERE id LIKE '{copy}%'"
        ).mappings()
        found = sorted((token, row["id"]) for row in numbers for token in tokens(row))
        connection.exec_driver_sql("INSERT INTO search_token VALUES (?, ?)", found)


def _floor(folder: Path, count: int) -> float:
    """One indexed beginning in a raw sqlite3 table of as many rows, p99."""
    connection = sqlite3.connect(folder / f"floor-{count}.db", isolation_level=None)
    connection.execute(
        "CREATE TABLE t (token TEXT, id INTEGER, PRIMARY KEY (token, id)) WITHOUT ROWID"
    )
    chance = random.Random(1)
    connection.execute("BEGIN")
    connection.executemany(
        "INSERT OR IGNORE INTO t VALUES (?, ?)",
        ((f"{chance.getrandbits(40):010x}", i) for i in range(count)),
    )
    connection.execute("COMMIT")

    def look(_: int) -> None:
        word = f"{chance.getrandbits(16):04x}"
        connection.execute(
            "SELECT id FROM t WHERE token >= ? AND token < ? LIMIT 50", (word, word + "~")
        ).fetchall()

    taken = milliseconds(look, 500)
    connection.close()
    return percentile(taken, 0.99)


def run(folder: Path, sizes: tuple[int, ...] = (100_000, 500_000)) -> list[Figure]:
    maker = SampleMaker(11, date(2026, 3, 2))
    store = create_store(folder / "search", secrets.token_bytes(32), directory()[0]["id"])
    figures: list[Figure] = []
    known: list[tuple[str, str, str]] = []
    filled = 0
    for size in sizes:
        if filled:
            for copy in range(1, size // filled):
                _copy(store, copy)
            store.close()
        else:
            known = _fill(store, maker, 0, size)
            filled = size
        chance = random.Random(5)
        words = {
            "initials": lambda k: _initials(k[0]),
            "full pinyin": lambda k: _pinyin(k[0]),
            "two characters of a name": lambda k: k[0][-2:],
            "ID tail": lambda k: k[1][-5:],
            "phone tail": lambda k: k[2][-4:],
        }
        floor = _floor(folder, size)
        for name, word in words.items():
            typed: list[str] = []
            for each in chance.sample(known, min(60, len(known))):
                text = word(each)
                typed += [text[:end] for end in range(1, len(text) + 1)]

            def look(number: int, typed: list[str] = typed) -> None:
                with store.read() as session:
                    find(session, typed[number % len(typed)], 20)

            taken = milliseconds(look, max(300, len(typed)))
            figures.append(
                Figure(
                    f"search keystroke, {size:,} residents, {name}, p99",
                    percentile(taken, 0.99), "ms", floor, "≤ 5 ms", (taken[0], taken[-1]),
                )
            )  # fmt: skip
    store.close()
    return figures


def _pinyin(name: str) -> str:
    from pypinyin import lazy_pinyin

    return "".join(lazy_pinyin(name))


def _initials(name: str) -> str:
    from pypinyin import Style, pinyin

    return "".join(each[0] for each in pinyin(name, style=Style.FIRST_LETTER))
