"""A county made once and copied for every run: the server and its PCs, joined and empty."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import app.sync.enrol as enrolment
from app.models.actor import Actor
from app.models.identity import new_id
from app.models.organisation import Organisation, Staff
from app.models.outbox import Outbox
from app.models.store import Store, create_store
from app.server.database import FILE_NAME
from app.server.enrolment import issue_code
from app.sync.connection import equip
from app.sync.state import ServerAccount
from app.sync.transport import Timeouts, Transport
from tests.conftest import ALL_ROLES, CARE_HOME_ID, LEAD_ID, TOWNSHIP_ID, organisations
from tests.simulation.clinic import Pc, one_thread
from tests.simulation.hospital import BASE, Hospital, quiet_logs
from tests.simulation.link import transport_through
from tests.simulation.timeline import Timeline, WrongClock, in_force

_MEMORY = Path("/dev/shm")
_KEY = bytes(range(32))
_PEOPLE = {
    TOWNSHIP_ID: ("王建国", "李秀英"),
    CARE_HOME_ID: ("张桂兰", "刘强"),
    LEAD_ID: ("陈主任", "赵敏"),
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a PC stands."""

    name: str
    organisation_id: str


PLACES = (
    Place("township-1", TOWNSHIP_ID),
    Place("township-2", TOWNSHIP_ID),
    Place("care-home", CARE_HOME_ID),
    Place("lead", LEAD_ID),
)


@dataclass(frozen=True)
class County:
    """The files that every run begins with."""

    folder: Path
    people: dict[str, tuple[Actor, ...]]

    def settle_in(self, folder: Path, timeline: Timeline) -> tuple[Hospital, list[Pc]]:
        """A server and its PCs on copies of the files."""
        shutil.copytree(self.folder, folder, dirs_exist_ok=True)
        hospital = Hospital(folder / "server", timeline)
        return hospital, [self._pc(folder, place, timeline) for place in PLACES]

    def _pc(self, folder: Path, place: Place, timeline: Timeline) -> Pc:
        people = self.people[place.organisation_id]
        return Pc(place.name, folder / place.name, place.organisation_id, _KEY, people, timeline)


@contextmanager
def scratch() -> Iterator[Path]:
    """A folder in memory where there is one: a run writes to the disk thousands of times."""
    with tempfile.TemporaryDirectory(dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        yield Path(name)


def build(folder: Path) -> County:
    """Make the county: its directory, its staff, and every PC enrolled and synced once."""
    quiet_logs()
    timeline = Timeline()
    with in_force(timeline), one_thread():
        hospital = Hospital(folder / "server", timeline)
        hospital.load_directory()
        people = {
            organisation_id: tuple(
                Actor(new_id(), organisation_id, name, frozenset(ALL_ROLES)) for name in names
            )
            for organisation_id, names in _PEOPLE.items()
        }
        county = County(folder, people)
        clock = WrongClock(timeline)
        for place in PLACES:
            _fill(folder / place.name, place.organisation_id, people, clock)
            pc = county._pc(folder, place, timeline)
            join(pc, hospital)
            run_to_end(pc, hospital)
            pc.close()
        hospital.close()
    leave_alone(folder)
    assert (folder / "server" / FILE_NAME).exists()
    return county


def leave_alone(folder: Path) -> None:
    """Take away what closed databases left beside themselves, so that the files can be copied."""
    for extra in folder.rglob("*.db-*"):
        extra.unlink()


def _fill(
    folder: Path,
    organisation_id: str,
    people: dict[str, tuple[Actor, ...]],
    clock: WrongClock,
) -> None:
    store = create_store(folder, _KEY, organisation_id, clock)
    staff = people[organisation_id]
    with store.write(staff[0]) as session:
        columns = set(Organisation.__table__.columns.keys())
        for values in organisations():
            session.add(Organisation(**{k: v for k, v in values.items() if k in columns}))
        for number, one in enumerate(staff):
            session.add(
                Staff(
                    id=one.staff_id,
                    name=one.name,
                    login=f"login{number}",
                    org_id=organisation_id,
                    roles=list(ALL_ROLES),
                )
            )
    with store.write(staff[0]) as session:
        session.query(Outbox).delete()
    store.close()


def join(pc: Pc, hospital: Hospital) -> None:
    """Enrol a PC with a new one-time code, as a person does it."""
    with hospital.database.write() as connection:
        code = issue_code(connection, pc.organisation_id, hospital.database.now())
    with directly(hospital):
        enrolment.enrol(pc.store, BASE, code, pc.name)


@contextmanager
def directly(hospital: Hospital) -> Iterator[None]:
    """Inside the block what is not a run of the courier reaches the server without a fault."""
    made = transport_through(hospital.answer)

    def connect(
        store: Store,
        server: ServerAccount | str,
        _timeouts: Timeouts | None = None,
        gzip_up: bool | None = None,
    ) -> Transport:
        known = None if isinstance(server, str) else server
        base = server if isinstance(server, str) else server.base
        return equip(made(base, known.token if known else None, gzip_up=gzip_up), store, known)

    with patch.object(enrolment, "connect", connect):
        yield


def run_to_end(pc: Pc, hospital: Hospital, **options: bool) -> None:
    """A whole sync over a good link."""
    pc.begin_sync(**options)
    while pc.request is not None:
        pc.arrive(hospital.answer(pc.request))
