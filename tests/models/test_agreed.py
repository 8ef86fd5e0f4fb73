"""Beside each contract the store itself notes which text of packages it holds."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, select, text
from sqlalchemy.orm import Session

from app.models.actor import Actor
from app.models.agreed import AgreedContract, AgreedPackages
from app.models.base import to_json
from app.models.contract import Contract
from app.models.store import Store
from tests.care.contracts.samples import add_resident, add_team, sign_one


def _noted(session: Session) -> dict[str, tuple[date, str]]:
    """Contract → its last day and its packages, as the store has noted them."""
    session.flush()
    rows = session.execute(
        select(AgreedContract.contract_id, AgreedContract.ends_on, AgreedPackages.packages).join(
            AgreedPackages
        )
    ).all()
    found = {row[0]: (row[1], row[2]) for row in rows}
    assert len(found) == len(rows)
    return found


def _held(session: Session) -> dict[str, tuple[date, str]]:
    """The same, as the contracts have it."""
    rows = session.execute(text("SELECT id, ends_on, packages FROM contract"))
    return {row[0]: (date.fromisoformat(row[1]), row[2]) for row in rows}


def _packages(number: int) -> list[dict[str, object]]:
    return [{"id": f"p{number}", "services": [{"service": "x", "times": number}]}]


@pytest.fixture
def signed(store: Store, actor: Actor) -> list[str]:
    team = add_team(store, actor)
    return [
        sign_one(store, actor, add_resident(store, actor, name=name), team).contract_id
        for name in ("甲", "乙", "丙")
    ]


def test_contracts_that_agree_alike_share_one_text(store: Store, signed: list[str]) -> None:
    with store.read() as session:
        assert _noted(session).keys() == set(signed)
        assert _noted(session) == _held(session)
        assert session.scalar(select(func.count()).select_from(AgreedPackages)) == 1


_moves = st.lists(
    st.tuples(
        st.sampled_from(("packages", "ends_on", "both", "note", "delete")),
        st.integers(0, 2),
        st.integers(0, 3),
    ),
    max_size=8,
)


@given(moves=_moves)
def test_what_is_noted_follows_every_change(
    store: Store, actor: Actor, moves: list[tuple[str, int, int]]
) -> None:
    if store not in _signed:
        team = add_team(store, actor)
        _signed[store] = [
            sign_one(store, actor, add_resident(store, actor, name=name), team).contract_id
            for name in ("甲", "乙", "丙")
        ]
    ids = _signed[store]
    with Session(store._write_engine) as session:  # nothing of it stays
        for what, which, number in moves:
            row = session.get(Contract, ids[which])
            if row is None:
                continue
            if what == "delete":
                session.execute(delete(Contract).where(Contract.id == row.id))
                session.expire_all()
            elif what == "note":
                row.note = f"note {number}"
            else:
                row.packages = _packages(number) if what != "ends_on" else row.packages
                if what != "packages":
                    row.ends_on = date(2027, 1, 1 + number)
            session.flush()
            assert _noted(session) == _held(session)
        session.rollback()


_signed: dict[Store, list[str]] = {}


def test_one_word_for_the_driver_keeps_it_too(store: Store, signed: list[str]) -> None:
    with Session(store._write_engine) as session:
        session.execute(
            text("UPDATE OR REPLACE contract SET packages = :packages WHERE id = :id"),
            {"packages": to_json(_packages(9)), "id": signed[0]},
        )
        session.execute(
            text("UPDATE OR IGNORE contract SET packages = :packages WHERE id = :id"),
            {"packages": to_json(_packages(9)), "id": signed[1]},
        )
        assert _noted(session) == _held(session)
        assert _noted(session)[signed[0]][1] == _noted(session)[signed[1]][1]
        session.rollback()
