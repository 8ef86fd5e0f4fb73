"""The USB courier: what the network would carry, in an encrypted and signed file, both ways.

A township PC exports what waits and asks for its news; the hospital takes the file in as if
the PC had sent it; the PC imports the reply. A record counts as held only when the reply says
so. A new PC is filled by a seed file. These functions block: call them off the GUI thread.
What they load is loaded on the first call.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING

from app.courier_refusals import CourierRefused, DriveFault

if TYPE_CHECKING:
    from app.models.actor import Actor
    from app.models.store import Store
    from app.sync.changes import Changed

__all__ = [
    "CourierRefused",
    "DriveFault",
    "Exported",
    "FileInfo",
    "HandedIn",
    "Imported",
    "Progress",
    "RequestMade",
    "Room",
    "SeedInfo",
    "Seeded",
    "Standing",
    "export_file",
    "hand_in",
    "import_file",
    "import_seed",
    "look_into",
    "make_request",
    "read_seed",
    "room",
    "standing",
    "suggested_name",
]

#: (stage, done, of): stage is checking, packing, placing, sending or fetching; ``of`` is 0
#: where the end is not known.
Progress = Callable[[str, int, int], None]


def _silent(stage: str, done: int, of: int) -> None:
    return


@dataclass(frozen=True, slots=True)
class Room:
    """Bytes a courier file needs (an estimate on the safe side) and the drive has free."""

    needed: int
    free: int

    @property
    def enough(self) -> bool:
        return self.free >= self.needed


@dataclass(frozen=True, slots=True)
class Exported:
    """A file was written: its number, how many records it holds (emergencies among them).

    ``set_aside`` records wait on because a record they stand on was refused before.
    """

    path: Path
    number: int
    records: int
    emergency: int
    size: int
    set_aside: int


@dataclass(frozen=True, slots=True)
class Imported:
    """What a reply brought.

    ``confirmed``: held by the hospital now. ``merged``: changed on both sides, put together,
    waiting again. ``held_back``: waits for a refused record. ``received``: news from others.
    """

    number: int
    made_at: datetime | None
    confirmed: int
    merged: int
    conflicts: int
    rejected: int
    held_back: int
    received: int


@dataclass(frozen=True, slots=True)
class FileInfo:
    """What a file is: request, reply, seed, or unknown; ``mine``: this PC can take it in."""

    kind: str
    mine: bool


@dataclass(frozen=True, slots=True)
class Standing:
    """How this PC stands with the courier.

    ``ready``: it can export (else ``why_not``). ``still_open``: records in an exported file
    whose answer has not come; they wait and are never called held. ``replied_at``: when the
    last reply was taken in.
    """

    ready: bool
    why_not: str
    number: int
    exported_at: datetime | None
    records: int
    still_open: int
    replied_at: datetime | None


@dataclass(frozen=True, slots=True)
class HandedIn:
    """What the own server did with a township's file, and the reply that was saved."""

    organisation: str
    number: int
    taken: int
    differing: int
    refused: int
    held_back: int
    duplicate: bool
    size: int


@dataclass(frozen=True, slots=True)
class RequestMade:
    """A request of a new PC for a seed file; ``fingerprint`` is this PC's, to be compared."""

    path: Path
    fingerprint: str


@dataclass(frozen=True, slots=True)
class SeedInfo:
    """What a seed file says of itself; ``fingerprint`` is the hospital's, to be compared."""

    organisation: str
    made_at: datetime | None
    records: int
    size: int
    fingerprint: str


@dataclass(frozen=True, slots=True)
class Seeded:
    """A seed file was taken in. ``resumed``: an earlier try had been broken off."""

    records: int
    resumed: bool


def room(store: Store, folder: Path) -> Room:
    """Whether the next file fits on the drive of ``folder``."""
    from app.courier_drive import free_room
    from app.sync.courier import outgoing

    return Room(outgoing.needed(store), free_room(folder))


def suggested_name(store: Store) -> str:
    """A name for the next file; it tells nobody whose it is."""
    from app.sync.courier import keeping

    return f"township-care-{keeping.load(store).counter + 1:04d}.courier"


def standing(store: Store) -> Standing:
    """How this PC stands with the courier, without touching a drive."""
    from app.sync.courier import keeping

    return keeping.standing(store)


def export_file(
    store: Store,
    actor: Actor,
    path: Path,
    progress: Progress = _silent,
) -> Exported:
    """Write all that waits, emergencies first, and the question for news, to ``path``.

    The records stay waiting until the reply is imported; the network may deliver them
    meanwhile. Raises CourierRefused (not joined), DiskFull and DriveFault: then no file
    appears and nothing is changed.
    """
    from app.sync.courier import outgoing

    return outgoing.export_file(store, actor, path, progress)


def import_file(
    store: Store,
    actor: Actor,
    path: Path,
    progress: Progress = _silent,
    on_change: Callable[[Changed], None] | None = None,
) -> Imported:
    """Take in the hospital's reply. Raises CourierRefused where the file is not fit (nothing
    is changed). A broken import is repeated: it goes on where it stopped."""
    from app.sync.courier import reply

    return reply.import_file(store, actor, path, progress, on_change)


def look_into(store: Store, path: Path) -> FileInfo:
    """What kind of file this is, by its first line."""
    from app.sync.courier import keeping

    return keeping.look_into(store, path)


def hand_in(
    store: Store,
    actor: Actor,
    path: Path,
    reply_path: Path,
    progress: Progress = _silent,
) -> HandedIn:
    """Lead hospital: send a township's file to the own server and save its reply."""
    from app.sync.courier import upload

    return upload.hand_in(store, actor, path, reply_path, progress)


def make_request(store: Store, actor: Actor, path: Path, device: str | None = None) -> RequestMade:
    """New PC: write a request for a seed file. It holds public keys and no secret."""
    from app.sync.courier import seed

    return seed.make_request(store, actor, path, device)


def read_seed(store: Store, path: Path) -> SeedInfo:
    """What a seed file says of itself, before it is taken in."""
    from app.sync.courier import seed

    return seed.read_seed(store, path)


def import_seed(
    store: Store,
    actor: Actor,
    path: Path,
    fingerprint: str,
    progress: Progress = _silent,
    on_change: Callable[[Changed], None] | None = None,
) -> Seeded:
    """Fill this PC from a seed file, and join its hospital.

    ``fingerprint`` is the hospital's, as its people tell it. A broken import is repeated.
    """
    from app.sync.courier import seed

    return seed.import_seed(store, actor, path, fingerprint, progress, on_change)
