"""The people an organisation answers for, as they stood on a day; one row a person.

Records that were merged count as one person, under the record that goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from functools import cache
from itertools import repeat
from typing import NamedTuple

from sqlalchemy.orm import Session

from app.models.base import from_json, to_json
from app.models.driver import ask

_ACTIVE = "active"
# Only columns of the index ``ix_resident_counted``: the wide rows are not read. All who stand alike
# come in one row, as lists in one order.
_PEOPLE = """
    SELECT record_status, ifnull(record_status_on, ''), group_concat(id), group_concat(birth_date),
        json_group_array(ifnull(village, '')), json_group_array(ifnull(responsible_doctor_id, ''))
    FROM resident
    WHERE organisation_id = ? AND (record_status != 'merged' OR ifnull(merged_into_id, '') = '')
    GROUP BY record_status, record_status_on
"""
_MERGED = """
    SELECT id, merged_into_id FROM resident
    WHERE organisation_id = ? AND record_status = 'merged' AND merged_into_id != ''
"""
_GUESTS = """
    SELECT id, birth_date, ifnull(village, ''), ifnull(responsible_doctor_id, ''), record_status,
           ifnull(record_status_on, '')
    FROM resident WHERE id IN (SELECT value FROM json_each(?))
"""
# Guests of whom the organisation keeps a record of its own beside the other's.
_KNOWN_HERE = """
    SELECT guest.id FROM json_each(?) wanted
    CROSS JOIN resident guest ON guest.id = wanted.value
    CROSS JOIN resident own ON own.id_no = guest.id_no
    WHERE guest.id_no > '' AND +own.organisation_id = ? AND own.record_status != 'merged'
"""


class Person(NamedTuple):
    """``village`` and ``doctor_id`` are empty where nobody wrote them down."""

    id: str
    birth_date: str
    village: str
    doctor_id: str
    status: str
    status_on: str

    def active_on(self, day: date) -> bool:
        """Born, alive, here and on record; a record closed on a day is not active on it."""
        return self.active_by(day.isoformat())

    def active_by(self, day: str) -> bool:
        """The same of an ISO day."""
        return self.birth_date <= day and (self.status == _ACTIVE or self.status_on > day)


class People:
    """The residents of an organisation and what an indicator asks of them.

    ``survivors``: merged record → the record that goes on, under which the person counts.
    """

    def __init__(self, people: Iterable[Person], merged: Mapping[str, str]) -> None:
        # By id, and so are all who are found in this order.
        self.by_id = {person.id: person for person in sorted(people)}
        self.survivors = {one: _survivor(one, merged) for one in merged}
        self._guests: dict[str, Person] = {}
        self._grown: dict[tuple[int, date, date], list[str]] = {}

    def find(self, person: str) -> Person:
        """A person of the organisation, or a guest who was added."""
        return self.by_id.get(person) or self._guests[person]

    def knows(self, person: str) -> bool:
        """Whether it is a person here, not an organisation or somebody who never arrived."""
        return person in self.by_id or person in self._guests

    def add_guests(self, session: Session, ids: Iterable[str]) -> None:
        """People of other organisations who live in this one, for what counts them too."""
        wanted = sorted(ids)
        if wanted:
            rows = ask(session, _GUESTS, (to_json(wanted),))
            self._guests.update((row[0], Person._make(row)) for row in rows)

    def person_of(self, resident_id: str) -> str:
        """The record under which a person counts: the one that goes on after merging."""
        return self.survivors.get(resident_id, resident_id)

    def grown(self, age: int, by: date, on: date) -> Sequence[str]:
        """Who has completed ``age`` years by a day (born on 29 February: from 1 March on) and was
        on record on another, by id.
        """
        found = self._grown.get((age, by, on))
        if found is None:
            # Compared as text, so that a 29 February stands behind the 28th of any year.
            latest, day = f"{by.year - age:04d}-{by:%m-%d}", on.isoformat()
            latest = min(latest, day)
            found = self._grown[age, by, on] = [
                id_
                for id_, born, _, _, status, since in self.by_id.values()
                if born <= latest and (status == _ACTIVE or since > day)
            ]
        return found


def _survivor(resident_id: str, merged: Mapping[str, str]) -> str:
    passed: set[str] = set()
    while resident_id in merged and resident_id not in passed:
        passed.add(resident_id)
        resident_id = merged[resident_id]
    return resident_id


# A report has many records and few days.
@cache
def day_of(text: str) -> date:
    """A day as the store keeps it."""
    return date.fromisoformat(text)


def known_here(session: Session, organisation_id: str, ids: Iterable[str]) -> frozenset[str]:
    """Which records of other organisations are of people with an own record: they count there."""
    wanted = sorted(ids)
    rows = ask(session, _KNOWN_HERE, (to_json(wanted), organisation_id)) if wanted else ()
    return frozenset(row[0] for row in rows)


def people_of(session: Session, organisation_id: str) -> People:
    """All residents of an organisation, merged records under the one that goes on."""
    people: list[Person] = []
    for status, since, ids, born, villages, doctors in ask(session, _PEOPLE, (organisation_id,)):
        people += map(
            Person,
            ids.split(","),
            born.split(","),
            from_json(villages),
            from_json(doctors),
            repeat(status),
            repeat(since),
        )
    return People(people, dict(ask(session, _MERGED, (organisation_id,))))
