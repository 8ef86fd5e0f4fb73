"""The day itself brings work: a birthday, a new year; once a day, and by the one door."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from app.care.day_start import begin_day
from app.clock import FixedClock
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.outbox import Outbox
from app.models.resident import Resident
from app.models.resident_record import PopulationTag
from app.models.store import Store
from tests.conftest import LEAD_ID

TODAY = date(2026, 3, 2)


def person(store: Store, actor: Actor, birth: date, status: str = "active") -> str:
    """A record as another way in may have left it: with no due work and no tags."""
    with store.write(actor) as session:
        row = Resident(name="张桂兰", sex="2", birth_date=birth, record_status=status)
        session.add(row)
        session.flush()
        return row.id


def checks(store: Store) -> dict[str, date]:
    with store.read() as session:
        rows = session.scalars(select(DueItem).where(DueItem.kind == "health_check"))
        return {row.resident_id: row.due_on for row in rows}


def seniors(store: Store) -> set[str]:
    with store.read() as session:
        return set(
            session.scalars(select(PopulationTag.resident_id).where(PopulationTag.tag == "senior"))
        )


@pytest.mark.parametrize(
    ("birth", "due", "senior"),
    [
        (date(1950, 5, 1), date(2026, 12, 31), True),
        (date(1961, 3, 2), date(2026, 12, 31), True),
        (date(1961, 3, 3), date(2026, 12, 31), False),
        (date(1962, 12, 31), date(2027, 12, 31), False),
        (date(1963, 1, 1), None, False),
    ],
)
def test_who_is_or_comes_to_be_65(
    store: Store, actor: Actor, birth: date, due: date | None, senior: bool
) -> None:
    who = person(store, actor, birth)
    begin_day(store, actor)
    assert checks(store).get(who) == due
    assert (who in seniors(store)) is senior


def test_closed_records_have_no_work(store: Store, actor: Actor) -> None:
    person(store, actor, date(1950, 5, 1), "deceased")
    assert begin_day(store, actor) == 0
    assert checks(store) == {}


def test_once_a_day_and_nothing_is_sent(store: Store, actor: Actor) -> None:
    person(store, actor, date(1950, 5, 1))
    with store.write(actor) as session:
        session.query(Outbox).delete()
    assert begin_day(store, actor) == 1
    person(store, actor, date(1951, 5, 1))
    assert begin_day(store, actor) == 0
    with store.read() as session:
        # Only the second person's own record waits.
        assert len(session.scalars(select(Outbox)).all()) == 1


def test_a_birthday_and_a_new_year_come_with_the_calendar(
    store: Store, actor: Actor, clock: FixedClock
) -> None:
    turns = person(store, actor, date(1961, 3, 3))
    later = person(store, actor, date(1963, 6, 1))
    begin_day(store, actor)
    assert seniors(store) == set()
    clock.advance(days=1)
    assert begin_day(store, actor) == 1
    assert seniors(store) == {turns}
    assert later not in checks(store)
    clock.advance(days=(date(2027, 1, 1) - TODAY).days - 1)
    assert store.clock.today() == date(2027, 1, 1)
    assert begin_day(store, actor) == 1
    assert checks(store)[later] == date(2028, 12, 31)
    # A check that was missed stays as long overdue as it is.
    assert checks(store)[turns] == date(2026, 12, 31)


def test_the_lead_hospital_has_no_annual_checks(make_store) -> None:
    store, actor = make_store(LEAD_ID)
    who = person(store, actor, date(1950, 5, 1))
    begin_day(store, actor)
    assert checks(store) == {}
    assert seniors(store) == {who}
    assert begin_day(store, actor) == 0


def test_hundreds_are_made_in_portions(store: Store, actor: Actor) -> None:
    for n in range(120):
        person(store, actor, date(1950, 1, 1) + timedelta(days=n))
    assert begin_day(store, actor) == 120
    assert len(checks(store)) == 120
