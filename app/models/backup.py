"""Backups: one file each, encrypted as the store is, checked before it counts.

A backup is the pages of a snapshot of the store, followed by a small ZIP archive with
``accounts.json`` (the wrapped keys) and ``backup.json`` (what it is). Any ZIP program shows
the archive, and no second copy of the pages is ever made. The file is written under another
name, checked with the key, forced onto the disk, and only then given its name.

Its sequence and its day go on from the newest one that is known, wherever that lies: by them, and
by no clock, it is decided which are kept (``app.models.keeping``).
"""

from __future__ import annotations

import io
import json
import os
import secrets
import shutil
import zipfile
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy.orm import Session

from app.clock import clinic_date, clinic_time, format_instant, parse_instant
from app.errors import BackupUnreadable, DiskFull, StoreFault
from app.i18n import tr
from app.models import keyring
from app.models.faults import environment_faults
from app.models.migrations.revisions import REVISIONS
from app.models.settings import get_setting, set_setting
from app.models.store import Store, newer_program, sync_to_disk, unlocked_copy
from app.models.swap import alive

SUFFIX = ".tcbackup"
FOLDER = "backups"
MANIFEST = "backup.json"
DAILY, BY_HAND, MIGRATION, IMPORT, SEED = "daily", "by_hand", "migration", "import", "seed"
REASONS = (DAILY, BY_HAND, MIGRATION, IMPORT, SEED)

#: Bytes that a backup leaves free on the disk.
MARGIN = 100 * 1024 * 1024
#: Writes after which another backup is due even if the clock says that no day has passed.
WRITES_A_DAY = 1000
#: A longer step of the clock is not believed: it counts as one day.
_LONGEST_STEP = 40
_PARTIAL = ".partial-"
#: Setting of a store that was put back: the backup that it was made from.
_ORIGIN = "backup_origin"


@dataclass(frozen=True, slots=True)
class BackupLine:
    """What is known of a backup without its key.

    ``made_at``: by the clock of the PC that made it. ``size``: of the whole file, in bytes.
    ``day``: days as counted from backup to backup; ``written``: how many writes the store had
    seen. ``sound`` False: the file is not whole, ``problem`` says so in words.
    """

    path: Path
    sequence: int
    made_at: datetime | None
    reason: str
    size: int
    organisation_id: str = ""
    organisation_name: str = ""
    store_id: str = ""
    revision: str = ""
    pages: int = 0
    day: int = 0
    written: int = 0
    sound: bool = True
    problem: str = ""


def usual_folder(folder: Path) -> Path:
    """Where the backups of a data folder are kept."""
    return folder / FOLDER


def look_into(path: Path) -> BackupLine:
    """What a file is. Raises ``BackupUnreadable`` where it is no whole backup."""
    with environment_faults(path.parent):
        try:
            size = path.stat().st_size
            with zipfile.ZipFile(path) as archive:
                facts = json.loads(archive.read(MANIFEST))
                start = min(entry.header_offset for entry in archive.infolist())
            line = _line(path, size, facts)
        except (zipfile.BadZipFile, FileNotFoundError, IsADirectoryError) as error:
            raise _unreadable() from error
        except (KeyError, ValueError, TypeError, EOFError, NotImplementedError) as error:
            raise _unreadable() from error
    # The archive stands right behind the pages: a file that lost or gained any is not whole.
    if start != line.pages:
        raise _unreadable()
    return line


def list_backups(*folders: Path) -> tuple[BackupLine, ...]:
    """All backups in these folders, newest first; files that are not whole are told as such."""
    found: list[BackupLine] = []
    for folder in folders:
        with suppress(OSError):
            for path in folder.glob(f"*{SUFFIX}"):
                try:
                    found.append(look_into(path))
                except StoreFault as fault:
                    found.append(_damaged_line(path, str(fault)))
    return tuple(sorted(found, key=lambda line: (line.sequence, line.path.name), reverse=True))


def newest(
    lines: Iterable[BackupLine], store_id: str, reasons: Iterable[str] = REASONS
) -> BackupLine | None:
    """The newest whole backup of a store, or None."""
    wanted = set(reasons)
    mine = [b for b in lines if b.sound and b.store_id == store_id and b.reason in wanted]
    return max(mine, key=lambda line: line.sequence, default=None)


def make(
    store: Store,
    reason: str,
    target: Path | None = None,
    breathe: Callable[[], None] = lambda: None,
    elsewhere: Sequence[Path] = (),
) -> BackupLine:
    """Make and check one backup. ``target``: another folder or file name than the usual.

    ``elsewhere``: other folders with backups of this store, behind which it is counted.

    Raises ``DiskFull`` where there is not enough room: then nothing was written.
    """
    place = target or usual_folder(store.folder)
    folder = place.parent if target is not None and not place.is_dir() else place
    with environment_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        check_room(folder, store)
        facts = _facts(store, reason, elsewhere)
        if folder is not place:
            final = place
        else:
            stamp = f"{clinic_time(store.clock.now()):%Y%m%d-%H%M%S}"
            final = folder / f"store-{facts['sequence']:06d}-{stamp}-{reason}{SUFFIX}"
        partial = folder / f"{_PARTIAL}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            store.snapshot(partial, breathe=breathe)
            facts["revision"] = check_pages(partial, store.wrap_key(), breathe)
            _append(partial, facts, store.folder)
            look_into(partial)
            os.replace(partial, final)
            sync_to_disk(folder)
        except BaseException:
            for left in folder.glob(f"{partial.name}*"):
                left.unlink(missing_ok=True)
            raise
    return look_into(final)


def copy_to(line: BackupLine, folder: Path) -> BackupLine:
    """The same backup in another folder (another drive), whole or not at all."""
    with environment_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
        _clear(folder)
        _check_free(folder, line.size)
        partial = folder / f"{_PARTIAL}{os.getpid()}-{secrets.token_hex(4)}"
        try:
            shutil.copyfile(line.path, partial)
            sync_to_disk(partial)
            look_into(partial)
            os.replace(partial, folder / line.path.name)
            sync_to_disk(folder)
        except BaseException:
            partial.unlink(missing_ok=True)
            raise
    return look_into(folder / line.path.name)


def before_migration(store: Store) -> BackupLine:
    """The backup without which the tables are not changed."""
    try:
        return make(store, MIGRATION)
    except DiskFull as full:
        raise DiskFull(
            tr(
                "This version of the program has to rebuild the record store, and there is no room "
                "for the backup that is made before. Nothing was changed. Free some room on the "
                "disk, then start the program again."
            )
        ) from full


def due(store: Store, lines: Iterable[BackupLine], store_id: str) -> bool:
    """Whether a day has passed, or a day's worth of writing, since the last daily backup."""
    last = newest(lines, store_id, (DAILY, BY_HAND))
    if last is None or last.made_at is None:
        return True
    if clinic_date(last.made_at) != store.clock.today():
        return True
    return _written(store) - last.written >= WRITES_A_DAY


def needed(store: Store) -> int:
    """Bytes that a backup of this store takes."""
    log = store.path.with_name(f"{store.path.name}-wal")
    sizes = [path.stat().st_size for path in (store.path, log) if path.exists()]
    return sum(sizes) + 1024 * 1024


def check_room(folder: Path, store: Store) -> None:
    """Raises ``DiskFull`` where a backup in ``folder`` would fill the disk."""
    _check_free(folder, needed(store))


def check_pages(path: Path, data_key: bytes, breathe: Callable[[], None] = lambda: None) -> str:
    """Read every page of a copied store with its key; the shape that it has.

    Raises ``BackupUnreadable`` where the key does not open it or a page is damaged,
    ``StoreTooNew`` for the store of a newer program.
    """
    with path.open("rb") as file:
        if file.read(16).startswith(b"SQLite format 3"):
            raise _unreadable()  # never keep one that anybody can read
    breathe()
    try:
        with environment_faults(path.parent), unlocked_copy(path, data_key) as connection:
            sound = connection.execute("PRAGMA quick_check").fetchone()[0] == "ok"
            row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
    except StoreFault as fault:
        raise _unreadable() from fault
    if not sound or row is None:
        raise _unreadable()
    if row[0] not in REVISIONS:
        raise newer_program()
    return str(row[0])


def take_out(line: BackupLine, folder: Path) -> None:
    """Lay the store and the key file of a backup into an empty folder."""
    with environment_faults(folder):
        _check_free(folder, line.pages)
        with line.path.open("rb") as source, (folder / "store.db").open("wb") as target:
            left = line.pages
            while left:
                piece = source.read(min(left, 1024 * 1024))
                if not piece:
                    raise _unreadable()
                target.write(piece)
                left -= len(piece)
            target.flush()
            os.fsync(target.fileno())
        take_key_file(line, folder)


def take_key_file(line: BackupLine, folder: Path) -> None:
    """Lay the key file of a backup, if it holds one, into a folder."""
    with zipfile.ZipFile(line.path) as archive:
        if keyring.ACCOUNTS_FILE in archive.namelist():
            (folder / keyring.ACCOUNTS_FILE).write_bytes(archive.read(keyring.ACCOUNTS_FILE))
            sync_to_disk(folder / keyring.ACCOUNTS_FILE)


def note_origin(session: Session, line: BackupLine) -> None:
    """Into a store made from a backup: its own backups are counted on from that one, even where
    no other backup is at hand."""
    assert line.made_at is not None
    facts = {"sequence": line.sequence, "day": line.day, "written": line.written}
    set_setting(session, _ORIGIN, {**facts, "made_at": format_instant(line.made_at)})


def _origin(store: Store, store_id: str) -> list[BackupLine]:
    with store.read() as session:
        facts = get_setting(session, _ORIGIN)
    if not facts:
        return []
    known = {name: facts[name] for name in ("sequence", "day", "written")}
    made_at = parse_instant(facts["made_at"])
    return [BackupLine(Path(), made_at=made_at, reason="", size=0, store_id=store_id, **known)]


def _facts(store: Store, reason: str, elsewhere: Sequence[Path]) -> dict[str, Any]:
    store_id, name = "", ""
    if keyring.exists(store.folder):
        ring = keyring.load(store.folder)
        store_id, name = ring.store_id, ring.organisation_name
    here = list_backups(usual_folder(store.folder))
    mine = [line for line in list_backups(*elsewhere) if line.store_id == store_id]
    lines = [*here, *mine, *_origin(store, store_id)]
    last = newest(lines, store_id, (*REASONS, ""))
    day = max((line.day for line in lines if line.store_id == store_id), default=0)
    written, now = _written(store), store.clock.now()
    return {
        "version": 1,
        "sequence": max((line.sequence for line in lines), default=0) + 1,
        "made_at": format_instant(now),
        "reason": reason,
        "organisation_id": store.organisation_id,
        "organisation_name": name,
        "store_id": store_id,
        "day": 0 if last is None else day + _days_since(last, now, written),
        "written": written,
    }


def _days_since(last: BackupLine, now: datetime, written: int) -> int:
    assert last.made_at is not None
    days = (clinic_date(now) - clinic_date(last.made_at)).days
    if days == 0:
        return 1 if written - last.written >= WRITES_A_DAY else 0
    return days if 0 < days <= _LONGEST_STEP else 1


def _written(store: Store) -> int:
    """How many writes the store has seen: the one count that no clock changes."""
    with store.read() as session:
        found = session.connection().exec_driver_sql("SELECT max(id) FROM audit_event").scalar()
    return int(found or 0)


def _append(path: Path, facts: dict[str, Any], data_folder: Path) -> None:
    facts["pages"] = path.stat().st_size
    text = io.BytesIO()
    with zipfile.ZipFile(path, "a", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(MANIFEST, json.dumps(facts, ensure_ascii=False, indent=1))
        if keyring.exists(data_folder):
            text.write((data_folder / keyring.ACCOUNTS_FILE).read_bytes())
            archive.writestr(keyring.ACCOUNTS_FILE, text.getvalue())
    sync_to_disk(path)


def _line(path: Path, size: int, facts: dict[str, Any]) -> BackupLine:
    if facts["version"] != 1:
        raise newer_program()
    names = ("reason", "organisation_id", "organisation_name", "store_id", "revision")
    texts = {name: facts[name] for name in names}
    numbers = {name: facts[name] for name in ("sequence", "pages", "day", "written")}
    if not all(isinstance(value, str) for value in texts.values()):
        raise TypeError("a text was expected")
    if not all(isinstance(value, int) and value >= 0 for value in numbers.values()):
        raise TypeError("a number was expected")
    made_at = parse_instant(facts["made_at"])
    return BackupLine(path=path, size=size, made_at=made_at, **texts, **numbers)


def _damaged_line(path: Path, problem: str) -> BackupLine:
    number = path.name.removeprefix("store-").split("-")[0]
    sequence = int(number) if number.isascii() and number.isdigit() else 0
    size = 0
    with suppress(OSError):
        size = path.stat().st_size
    return replace(BackupLine(path, sequence, None, "", size), sound=False, problem=problem)


def _check_free(folder: Path, bytes_needed: int) -> None:
    free = shutil.disk_usage(folder).free
    if free < bytes_needed + MARGIN:
        mebibyte = 1024 * 1024
        raise DiskFull(
            tr(
                "There is not enough room on the disk for a backup: {free} MB are free, {needed} "
                "MB are needed. No backup was made; the records are safe. Free some room, or "
                "choose a folder on another drive."
            ).format(free=free // mebibyte, needed=(bytes_needed + MARGIN) // mebibyte + 1)
        )


def _clear(folder: Path) -> None:
    """Remove what a backup left that was killed; one that is still being made is left alone."""
    for left in folder.glob(f"{_PARTIAL}*"):
        number = left.name.removeprefix(_PARTIAL).split("-")[0]
        if number.isdigit() and int(number) != os.getpid() and not alive(int(number)):
            left.unlink(missing_ok=True)


def _unreadable() -> BackupUnreadable:
    return BackupUnreadable(
        tr(
            "This file is no whole backup of this program, or it belongs to another key. Nothing "
            "was changed. Choose another backup."
        )
    )
