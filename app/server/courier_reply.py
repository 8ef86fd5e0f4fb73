"""The reply to a courier file, as it was kept when the file was taken in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import select

from app.courier_drive import Target, written
from app.errors import InputError
from app.i18n import tr
from app.server.database import Database
from app.server.enrolment import find_device
from app.server.tables import courier_chunk, courier_file


@dataclass(frozen=True, slots=True)
class Taken:
    """What became of the records of a file.

    ``taken``: stored (or stored before). ``differing``: held here in another state, which the
    reply brings. ``refused``: with a reason. ``held_back``: they stand on a refused one.
    ``duplicate``: the file had been taken in before, nothing was done now.
    """

    device: str
    line: str
    organisation: str
    number: int
    taken: int
    differing: int
    refused: int
    held_back: int
    duplicate: bool


def last_taken(database: Database, device_id: str) -> Taken:
    """The file of a device that was taken in last, to its end. InputError without one.

    It is the one whose reply is kept: the clock, which may step back, has no say in it.
    """
    with database.read() as connection:
        found = find_device(connection, device_id)
        row = connection.execute(
            select(courier_file)
            .join(
                courier_chunk,
                (courier_chunk.c.device == courier_file.c.device)
                & (courier_chunk.c.line == courier_file.c.line)
                & (courier_chunk.c.number == 0),
            )
            .where(courier_file.c.device == device_id, courier_file.c.finished.is_not(None))
        ).first()
    if found is None or row is None:
        raise InputError(
            {"device": tr("No courier file of that PC was taken in here. Nothing was written.")}
        )
    counts = row.taken, row.differing, row.refused, row.held_back
    return Taken(device_id, row.line, found.organisation_id, row.counter, *counts, duplicate=True)


def write_reply(database: Database, taken: Taken, target: Path) -> int:
    """Write the reply of a file that was taken in to a drive; its size in bytes."""
    with written(target) as out:
        copy_reply(database, taken, out)
    return out.size


def copy_reply(database: Database, taken: Taken, out: Target) -> None:
    """Every line of the reply, in order."""
    number = 0
    while (text := chunk_text(database, taken, number)) is not None:
        out.line(text)
        number += 1


def chunk_text(database: Database, taken: Taken, number: int) -> str | None:
    """One line of a reply; None behind the last."""
    with database.read() as connection:
        return connection.scalar(
            select(courier_chunk.c.text).where(
                courier_chunk.c.device == taken.device,
                courier_chunk.c.line == taken.line,
                courier_chunk.c.number == number,
            )
        )
