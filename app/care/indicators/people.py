"""The people an organisation answers for, as they stood on a day; one row a person.

Records that were merged count as one person, under the record that goes on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import Any, NamedTuple, cast

from sqlalchemy.orm import Session

from app.models.base import to_json

_ACTIVE = "active"
_MERGED = "merged"
# Only columns of the index ``ix_resident_counted``: the wide rows are not read.
_PEOPLE = """
    SELECT id, birth_date, village, responsible_doctor_id, record_status, record_status_on,
           merged_into_id
    FROM resident WHERE organisation_id = ?
"""
_GUESTS = """
    SELECT id, birth_date, village, responsible_doctor_id, record_status, record_status_on
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
    """The residents of an organisation and what an indicator asks of them."""

    def __init__(self, people: Iterable[Person], merged: Mapping[str, str]) -> None:
        self.by_id = {person.id: person for person in people}
        self._guests: dict[str, Person] = {}
        self.merged = merged
        self._active: dict[date, frozenset[str]] = {}

    def find(self, person: str) -> Person:
        """A person of the organisation, or a guest who was added."""
        return self.by_id.get(person) or self._guests[person]

    def knows(self, person: str) -> bool:
        """Whether it is a person here, not an organisation or somebody who never arrived."""
        return person in self.by_id or person in self._guests

    def add_guests(self, session: Session, ids: Iterable[str]) -> None:
        """People of other organisations who live in this one, for what counts them too."""
        rows = rows_of(session, _GUESTS, (to_json(sorted(ids)),))
        self._guests.update((person.id, person) for person in map(_person, rows))

    def person_of(self, resident_id: str) -> str:
        """The record under which a person counts: the one that goes on after merging."""
        if resident_id not in self.merged:
            return resident_id
        passed: set[str] = set()
        while resident_id in self.merged and resident_id not in passed:
            passed.add(resident_id)
            resident_id = self.merged[resident_id]
        return resident_id

    def active_on(self, day: date) -> frozenset[str]:
        """Everybody on record on that day."""
        if day not in self._active:
            text = day.isoformat()
            self._active[day] = frozenset(p.id for p in self.by_id.values() if p.active_by(text))
        return self._active[day]

    def of_age(self, age: int, day: date) -> frozenset[str]:
        """Who has completed ``age`` years on ``day`` (born on 29 February: from 1 March on)."""
        # Compared as text, so that a 29 February stands behind the 28th of any year.
        latest = f"{day.year - age:04d}-{day:%m-%d}"
        return frozenset(person.id for person in self.by_id.values() if person.birth_date <= latest)


def rows_of(session: Session, query: str, values: tuple[Any, ...]) -> list[tuple[Any, ...]]:
    """The driver's own rows: a report reads some hundred thousand, all of them of few columns."""
    found = session.connection().exec_driver_sql(query, values)
    assert found.cursor is not None
    rows = cast("list[tuple[Any, ...]]", found.cursor.fetchall())
    found.close()
    return rows


def known_here(session: Session, organisation_id: str, ids: Iterable[str]) -> frozenset[str]:
    """Which records of other organisations are of people with an own record: they count there."""
    rows = rows_of(session, _KNOWN_HERE, (to_json(sorted(ids)), organisation_id))
    return frozenset(row[0] for row in rows)


def people_of(session: Session, organisation_id: str) -> People:
    """All residents of an organisation, merged records under the one that goes on."""
    rows = rows_of(session, _PEOPLE, (organisation_id,))
    merged = {row[0]: row[6] for row in rows if row[4] == _MERGED and row[6]}
    return People(
        (_person(row[:6]) for row in rows if row[0] not in merged),
        merged,
    )


def _person(row: Sequence[Any]) -> Person:
    id_, born, village, doctor, status, since = row
    return Person(id_, born, village or "", doctor or "", status, since or "")
