"""What a new day itself makes due: birthdays and the new year change no record.

Due work and population tags follow the records, so they are made when a record is saved, imported
or pulled. Two things come with the calendar alone: the tag and the age of 65, and the annual
check of the cohort that turns 65 next year (domain reference §4). Once a day whoever lacks them
is looked for, and ``refresh_due`` makes their work anew.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from sqlalchemy import exists, select
from sqlalchemy.orm import Session

from app.care.age import SENIOR_AGE
from app.care.due import refresh_due
from app.care.health_check.due import CHECKING_ORGANISATION
from app.care.health_check.due import DUE_KIND as CHECK
from app.models.actor import Actor
from app.models.local import DueItem
from app.models.organisation import Organisation
from app.models.resident import Resident
from app.models.resident_record import PopulationTag
from app.models.settings import get_setting, set_setting
from app.models.store import Store

SETTING = "day_start.done_for"
SENIOR = "senior"
#: Residents in one transaction: a save at the screen never waits longer than for these.
AT_ONCE = 100


def begin_day(store: Store, actor: Actor) -> int:
    """Make the work that the day brought; how many residents it concerned.

    Nothing is done a second time on the same day, nor in a store that can only be read. When the
    program ends in between, its next start goes on where it stopped.
    """
    if store.read_only:
        return 0
    today = store.clock.today()
    with store.read() as session:
        if get_setting(session, SETTING, "") == today.isoformat():
            return 0
        ids = sorted({*_without_check(session, store, today), *_without_tag(session, today)})
    for part in _parts(ids):
        with store.write(actor) as session:
            refresh_due(session, store.organisation_id, part)
    with store.write(actor) as session:
        set_setting(session, SETTING, today.isoformat())
    return len(ids)


def _without_check(session: Session, store: Store, today: date) -> Sequence[str]:
    """Who turns 65 next year at the latest and has no annual check among the due work."""
    organisation = session.get(Organisation, store.organisation_id)
    if organisation is None or organisation.type != CHECKING_ORGANISATION:
        return ()
    due = exists().where(DueItem.resident_id == Resident.id, DueItem.kind == CHECK)
    return session.scalars(
        select(Resident.id).where(
            Resident.birth_date <= date(today.year + 1 - SENIOR_AGE, 12, 31),
            Resident.organisation_id == store.organisation_id,
            Resident.record_status == "active",
            ~due,
        )
    ).all()


def _without_tag(session: Session, today: date) -> Sequence[str]:
    """Who turned 65 since and is not yet counted among the elders."""
    # Born on 29 February: 65 from 1 March on, as everywhere.
    born = f"{today.year - SENIOR_AGE:04d}-{today:%m-%d}"
    tagged = exists().where(PopulationTag.resident_id == Resident.id, PopulationTag.tag == SENIOR)
    return session.scalars(
        select(Resident.id).where(
            Resident.birth_date <= _day(born),
            Resident.record_status == "active",
            ~tagged,
        )
    ).all()


def _day(text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:  # 29 February of a common year
        return date(int(text[:4]), 2, 28)


def _parts(ids: list[str]) -> Iterator[list[str]]:
    for start in range(0, len(ids), AT_ONCE):
        yield ids[start : start + AT_ONCE]
