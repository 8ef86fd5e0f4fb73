"""One person may have several records: which of them goes on, and which stand under it.

A record that was merged names the one that goes on (``merged_into_id``); its visits, diagnoses
and contracts stay its own. Whoever shows a person reads all records of the person; whoever
writes, writes to the one that goes on.

Two PCs that do not see each other may merge A into B and B into A. Then the smaller id goes on,
on every PC alike, until a person undoes one of the two.
"""

from __future__ import annotations

from collections.abc import Iterable

from sqlalchemy import select
from sqlalchemy.orm import Session

from app.models.resident import Resident

__all__ = ["records_of_person", "same_person", "survivor_of", "survivors", "whole_people"]

_BATCH = 500


def survivors(session: Session, resident_ids: Iterable[str]) -> dict[str, str]:
    """For each id the record that goes on for the person: itself where it was not merged.

    A record that names one which is not in the store goes on itself.
    """
    wanted = list(dict.fromkeys(resident_ids))
    into = _targets(session, wanted)
    return {each: _end(each, into) for each in wanted}


def survivor_of(session: Session, resident_id: str) -> str:
    """The record that goes on for the person."""
    return survivors(session, [resident_id])[resident_id]


def same_person(session: Session, resident_id: str) -> tuple[str, ...]:
    """All records of the person: the one that goes on first, then those merged into it by id."""
    first = survivor_of(session, resident_id)
    found = {first}
    level = [first]
    while level:
        rows = session.scalars(select(Resident.id).where(Resident.merged_into_id.in_(level)))
        level = [each for each in rows if each not in found]
        found.update(level)
    return (first, *sorted(found - {first}))


def records_of_person(session: Session, resident: Resident) -> list[Resident]:
    """The record in hand, then all others of the person by id."""
    others = [each for each in same_person(session, resident.id) if each != resident.id]
    if not others:
        return [resident]
    rows = session.scalars(select(Resident).where(Resident.id.in_(others)).order_by(Resident.id))
    return [resident, *rows]


def whole_people(session: Session, resident_ids: Iterable[str]) -> dict[str, str]:
    """All records of all these people, each with the record that goes on."""
    into = survivors(session, resident_ids)
    found = {each: each for each in into.values()} | into
    level = list(dict.fromkeys(into.values()))
    walked = set(level)
    while level:
        below: dict[str, str] = {}
        for start in range(0, len(level), _BATCH):
            rows = session.execute(
                select(Resident.id, Resident.merged_into_id).where(
                    Resident.merged_into_id.in_(level[start : start + _BATCH])
                )
            )
            below.update((id_, found[target]) for id_, target in rows if target is not None)
        level = [each for each in below if each not in walked]
        walked.update(level)
        found.update((each, below[each]) for each in level)
    return found


def _targets(session: Session, ids: Iterable[str]) -> dict[str, str]:
    """Into which record each of these and of those they lead to was merged."""
    into: dict[str, str] = {}
    seen: set[str] = set()
    level = list(ids)
    while level:
        seen.update(level)
        found: dict[str, str] = {}
        for start in range(0, len(level), _BATCH):
            part = level[start : start + _BATCH]
            rows = session.execute(
                select(Resident.id, Resident.merged_into_id).where(
                    Resident.id.in_(part), Resident.merged_into_id.is_not(None)
                )
            )
            found.update((id_, target) for id_, target in rows if target and target != id_)
        if found:
            here = _present(session, found.values())
            found = {id_: target for id_, target in found.items() if target in here}
        into.update(found)
        level = [each for each in dict.fromkeys(found.values()) if each not in seen]
    return into


def _present(session: Session, ids: Iterable[str]) -> set[str]:
    return set(session.scalars(select(Resident.id).where(Resident.id.in_(list(ids)))))


def _end(resident_id: str, into: dict[str, str]) -> str:
    way: list[str] = []
    at = resident_id
    while at in into:
        if at in way:
            return min(way[way.index(at) :])
        way.append(at)
        at = into[at]
    return at
