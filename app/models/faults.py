"""Tells the faults of the machine (full disk, locked file …) from our own defects."""

from __future__ import annotations

import errno
import os
import sqlite3
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from app.errors import DiskFailing, DiskFull, StoreBusy, StoreDamaged, StoreFault, StoreReadOnly
from app.i18n import tr

#: Bytes that are tried where SQLite could not write.
_PROBE = 65536


def disk_full() -> DiskFull:
    return DiskFull(
        tr(
            "The disk of this PC is full. Nothing of this entry was saved; earlier records are "
            "safe. Free some room on the disk, then save again."
        )
    )


def disk_failing() -> DiskFailing:
    return DiskFailing(
        tr(
            "The disk of this PC could not be read or written; it may be about to fail. Nothing of "
            "this entry was saved. Make a backup on another drive now, and call the "
            "administrator."
        )
    )


def busy() -> StoreBusy:
    return StoreBusy(
        tr(
            "Another program is using the record store. Nothing of this entry was saved. "
            "Close the other program, then save again."
        )
    )


def read_only() -> StoreReadOnly:
    return StoreReadOnly(
        tr(
            "The data folder cannot be written. Nothing of this entry was saved. Ask the "
            "administrator for permission to write in the data folder."
        )
    )


def damaged() -> StoreDamaged:
    return StoreDamaged(
        tr(
            "The record store cannot be read: its file is damaged or belongs to another key. "
            "Nothing was changed. Restore the newest backup, or call the administrator."
        )
    )


def damaged_read_only() -> StoreDamaged:
    return StoreDamaged(
        tr(
            "The record store is damaged, so it is open for reading only. Nothing of this entry "
            "was saved. Restore the newest backup, then enter it again."
        )
    )


def translate(error: BaseException, folder: Path | None = None) -> StoreFault | None:
    """The fault of the machine behind an error, or None where the error is our own.

    ``folder``: where the file lies that was read or written; there a full disk is told from a
    failing one.
    """
    original = getattr(error, "orig", None) or error
    name = str(getattr(original, "sqlite_errorname", "") or "")
    text = str(original).lower()
    if isinstance(original, OSError):
        if original.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return disk_full()
        if original.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return read_only()
        return disk_failing() if original.errno == errno.EIO else None
    if not _is_database_error(original):
        return None
    if name.startswith("SQLITE_FULL") or "disk is full" in text or "database or disk" in text:
        return disk_full()
    if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")) or "locked" in text:
        return busy()
    if (
        name.startswith(("SQLITE_READONLY", "SQLITE_CANTOPEN", "SQLITE_PERM"))
        or "readonly" in text
        or "unable to open" in text
    ):
        return read_only()
    if is_damage(original):
        return damaged()
    if name.startswith("SQLITE_IOERR") or "disk i/o" in text:
        return _of_the_disk(name, folder)
    return None


def is_damage(error: BaseException) -> bool:
    """Whether the database says that a page of its file is damaged."""
    if not _is_database_error(error):
        return False
    name, text = str(getattr(error, "sqlite_errorname", "") or ""), str(error).lower()
    return (
        name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
        or "malformed" in text
        or "not a database" in text
        # A page whose seal is broken: SQLCipher says no more than this.
        or text == "sql logic error"
    )


def _of_the_disk(name: str, folder: Path | None) -> StoreFault:
    """SQLite says "disk I/O error" of a quota and of a dying disk alike: a small file tells."""
    if folder is None or "READ" in name:
        return disk_failing()
    try:
        with tempfile.TemporaryFile(dir=folder) as probe:
            probe.write(os.urandom(_PROBE))
            probe.flush()
            os.fsync(probe.fileno())
    except OSError as error:
        return translate(error) or disk_failing()
    return disk_failing()


def _is_database_error(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return True
    return any(cls.__module__.startswith("sqlcipher3") for cls in type(error).__mro__)


@contextmanager
def environment_faults(folder: Path | None = None) -> Iterator[None]:
    """Turns the machine's faults inside the block into ``StoreFault`` with plain words.

    ``folder``: where the block writes.
    """
    try:
        yield
    except Exception as error:
        fault = translate(error, folder)
        if fault is None:
            raise
        raise fault from error
