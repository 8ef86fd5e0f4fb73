"""Notices that an older copy of the store was put in its place, whoever did it.

Every opening draws a random mark and keeps it twice: in the store, and as the name of an empty
file ``run-…`` beside it. A store that was copied back by hand names an older mark than the
folder does; a whole folder that was copied back holds the same name, but a file of another
making (its number and its time on the disk are kept in the store, too); a snapshot says of
itself that it is one. A false alarm costs one comparison with the server and nothing else.
"""

from __future__ import annotations

import json
import secrets
from pathlib import Path
from typing import Any

from sqlalchemy import Connection

from app.clock import Clock, format_instant
from app.models.outbox import LOOK_FIRST, REJECTED, UNKNOWN, WAITING

#: Keys of the table ``setting``.
EPOCH, RESTORED = "epoch", "restored"
#: Why the store counts as restored.
BY_HAND, FROM_BACKUP = "by hand", "from a backup"
RUN_FILES = "run-*"


def draw(connection: Connection, folder: Path, clock: Clock) -> bool:
    """Compare the marks and draw a new one; whether the store turned out to be restored.

    Runs inside one write transaction, so that two programs never compare at once. A crash
    before its end leaves marks that differ: then the next opening is careful without need.
    """
    known = _load(connection, EPOCH)
    here = sorted(folder.glob(RUN_FILES))
    restored = (bool(here) or known is not None) and not _agree(known, here)
    token = secrets.token_hex(8)
    new = folder / f"run-{token}"
    new.touch()
    for old in here:
        old.unlink(missing_ok=True)
    _save(connection, EPOCH, {"token": token, **_making(new)})
    if restored:
        note_restored(connection, clock, BY_HAND)
    return restored


def note_restored(connection: Connection, clock: Clock, why: str) -> None:
    """From now on the sync treats this store as one that has lost its latest past.

    What waits may have been sent in that past, and changed since by somebody else: all of it
    is looked up at the server before it is sent.
    """
    _save(connection, RESTORED, {"at": format_instant(clock.now()), "why": why, "pending": True})
    connection.exec_driver_sql(
        "UPDATE outbox SET attempts = ? WHERE state IN (?, ?, ?)",
        (LOOK_FIRST, WAITING, UNKNOWN, REJECTED),
    )


def mark_as_copy(connection: Any) -> None:
    """Write into a copy of a store that it is one; ``connection`` is the driver's."""
    connection.execute(
        "INSERT INTO setting (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (EPOCH, json.dumps({"value": {"copy": True}})),
    )


def _agree(known: dict[str, Any] | None, here: list[Path]) -> bool:
    if known is None or len(here) != 1:
        return False
    (file,) = here
    return file.name == f"run-{known.get('token')}" and all(
        known.get(name) == value for name, value in _making(file).items()
    )


def _making(file: Path) -> dict[str, int]:
    """What tells a file from its copy: number and time of its last change of owner or place
    (on Windows: of its making)."""
    seen = file.stat()
    return {"file": seen.st_ino, "made": seen.st_ctime_ns}


def _load(connection: Connection, key: str) -> dict[str, Any] | None:
    text = connection.exec_driver_sql("SELECT value FROM setting WHERE key = ?", (key,)).scalar()
    if text is None:
        return None
    value = json.loads(text).get("value")
    return value if isinstance(value, dict) else {}


def _save(connection: Connection, key: str, value: dict[str, Any]) -> None:
    connection.exec_driver_sql(
        "INSERT INTO setting (key, value) VALUES (?, ?) "
        "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        (key, json.dumps({"value": value}, separators=(",", ":"))),
    )
