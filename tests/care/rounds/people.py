"""A village with due work, for the tests of lists, paper and piles."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from app.models.actor import Actor
from app.models.local import DueItem
from app.models.store import Store
from tests.care.follow_up_samples import TODAY, managed_resident

NAMES = ("赵一", "钱二", "孙三", "李四", "周五")


def villager(store: Store, actor: Actor, name: str, *diseases: str, **values: Any) -> str:
    """A resident of 60 under management of hypertension, or of the diseases named.

    Below 65, so that no check-up of the elderly is due besides.
    """
    values = {"name": name, "birth_date": date(1965, 6, 1), **values}
    return managed_resident(store, actor, *(diseases or ("hypertension",)), **values)


def due(store: Store, actor: Actor, resident_id: str, kind: str, days: int, **values: Any) -> None:
    """Work that is due so many days from today; an earlier row of the kind is moved there."""
    with store.write(actor) as session:
        row = session.query(DueItem).filter_by(resident_id=resident_id, kind=kind).one_or_none()
        if row is None:
            row = DueItem(organisation_id=store.organisation_id, resident_id=resident_id, kind=kind)
            session.add(row)
        row.due_on = TODAY + timedelta(days=days)
        for name, value in values.items():
            setattr(row, name, value)


def village(store: Store, actor: Actor, name: str = "光荣村") -> list[str]:
    """Five people of a village, due a day after one another from five days ago."""
    found = []
    for at, person in enumerate(NAMES):
        resident = villager(
            store,
            actor,
            person,
            village=name,
            village_group=f"{5 - at}组",
            address=f"{name}{at + 1}号",
            id_no=f"34152419650601{at}23X",
            record_no=f"3415241020010012{at}",
        )
        due(store, actor, resident, "follow_up:hypertension", at - 5)
        found.append(resident)
    return found
