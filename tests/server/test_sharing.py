"""The shares that writes maintain equal those that a plain walk over everything finds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, select

from app.server.database import Database
from app.server.prepare import prepare
from app.server.selecting import VISIBLE
from app.server.storing import Put, Written, put_all
from app.server.tables import clock, edge, history, identifier, known_state, resource, share
from tests.server.serving import TAG

ORGANISATIONS = ("a", "b", "c")
# Few addresses, so that references meet what exists, existed and will exist.
ADDRESSES = [("Task", f"t{n}") for n in range(3)] + [("ServiceRequest", f"s{n}") for n in range(4)]

Address = tuple[str, str]


@dataclass
class _Record:
    author: str
    participants: set[str] = field(default_factory=set)
    targets: frozenset[Address] = frozenset()
    first_writers: dict[Address, str] = field(default_factory=dict)


class _Model:
    """The rule of sharing said a second time, slowly and without SQL."""

    def __init__(self) -> None:
        self.records: dict[Address, _Record] = {}

    def written(
        self, writer: str, address: Address, participants: set[str], targets: frozenset[Address]
    ) -> None:
        record = self.records.setdefault(address, _Record(writer))
        record.participants = participants
        record.targets = targets
        for target in targets:
            record.first_writers.setdefault(target, writer)

    def visible(self, reader: str) -> set[Address]:
        found = {a for a, record in self.records.items() if record.author == reader}
        waiting = [a for a, record in self.records.items() if reader in record.participants]
        reached: set[Address] = set()
        while waiting:
            address = waiting.pop()
            if address in reached:
                continue
            reached.add(address)
            source = self.records[address]
            for target in source.targets:
                writer = source.first_writers[target]
                if (
                    target in self.records
                    and self.records[target].author == writer
                    and (writer == source.author or reader in source.participants)
                ):
                    waiting.append(target)
        return found | reached


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Database]:
    opened = Database(tmp_path_factory.mktemp("sharing"))
    yield opened
    opened.close()


_organisations = st.sampled_from(ORGANISATIONS)
_writes = st.tuples(
    _organisations,
    st.sampled_from(ADDRESSES),
    st.tuples(_organisations, _organisations),
    st.frozensets(st.sampled_from(ADDRESSES), max_size=4),
)


@settings(max_examples=200)
@given(bundles=st.lists(st.lists(_writes, min_size=1, max_size=4), min_size=1, max_size=16))
def test_shares_equal_a_plain_walk(database: Database, bundles: list[list[Any]]) -> None:
    with database.write() as connection:
        for table in (resource, history, known_state, identifier, edge, share):
            connection.execute(delete(table))
        connection.execute(clock.update().values(last=0))
    model = _Model()
    for bundle in bundles:
        writer = bundle[0][0]
        chosen = {address: (who, targets) for _, address, who, targets in bundle}
        puts = [
            Put(prepare(_document(model, writer, address, *rest), *address))
            for address, rest in chosen.items()
        ]
        with database.write() as connection:
            results = put_all(connection, 1, writer, puts)
            for (address, (participants, targets)), result in zip(
                chosen.items(), results, strict=True
            ):
                if isinstance(result, Written):
                    taking_part = set(participants) if address[0] == "Task" else set()
                    model.written(writer, address, taking_part, targets)
            for reader in ORGANISATIONS:
                rows = connection.execute(
                    select(resource.c.type, resource.c.id).where(VISIBLE), {"reader": reader}
                )
                assert {(type_, id_) for type_, id_ in rows} == model.visible(reader), reader


def _document(
    model: _Model,
    writer: str,
    address: Address,
    participants: tuple[str, str],
    targets: frozenset[Address],
) -> dict[str, Any]:
    known = model.records.get(address)
    document: dict[str, Any] = {
        "resourceType": address[0],
        "id": address[1],
        "meta": {"tag": [{"system": TAG, "code": known.author if known else writer}]},
        "status": "draft" if address[0] == "Task" else "active",
        "intent": "order",
        "subject": {"display": "x"},
        "supportingInfo": [{"reference": "/".join(target)} for target in sorted(targets)],
    }
    if address[0] == "Task":
        document["owner"] = {"reference": f"Organization/{participants[0]}"}
        document["requester"] = {"reference": f"Organization/{participants[1]}"}
    return document
