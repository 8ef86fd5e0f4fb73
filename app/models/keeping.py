"""Which backups are kept: by their sequence, and by days counted from backup to backup.

A clock that is wrong by years neither deletes a good one nor stops new ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from app.models.backup import BackupLine
from app.models.faults import environment_faults

#: The newest ones are kept whatever the days say.
NEWEST_KEPT = 3


@dataclass(frozen=True, slots=True)
class BackupSettings:
    """How many days, weeks and months are kept, and a second folder ("" for none)."""

    daily: int = 7
    weekly: int = 4
    monthly: int = 6
    second_folder: str = ""


def rotate(
    lines: Sequence[BackupLine], store_id: str, settings: BackupSettings, new: Path | None = None
) -> int:
    """Delete what no rule keeps; how many. Only backups of this store are looked at.

    ``new``: the one just made or copied there, which stays whatever its number is.
    """
    mine = [line for line in lines if line.store_id == store_id]
    gone = [line for line in superseded(mine, settings) if line.path != new]
    for line in gone:
        with environment_faults(line.path.parent):
            line.path.unlink(missing_ok=True)
    return len(gone)


def superseded(lines: Sequence[BackupLine], settings: BackupSettings) -> list[BackupLine]:
    """Those that no rule keeps: the last of each of the newest days, weeks (7 days) and months
    (30 days), and the newest three. A file that is not whole counts for nothing and is left."""
    sound = sorted((b for b in lines if b.sound), key=lambda b: b.sequence, reverse=True)
    kept = {line.path for line in sound[:NEWEST_KEPT]}
    rules = ((1, settings.daily), (7, settings.weekly), (30, settings.monthly))
    for length, count in rules:
        spans: set[int] = set()
        for line in sound:
            span = line.day // length
            if span not in spans and len(spans) < count:
                spans.add(span)
                kept.add(line.path)
    return [line for line in sound if line.path not in kept]
