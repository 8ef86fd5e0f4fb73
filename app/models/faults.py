"""Tells the faults of the machine (full disk, locked file …) from our own defects."""

from __future__ import annotations

import errno
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from app.errors import DiskFull, StoreBusy, StoreDamaged, StoreFault, StoreReadOnly
from app.i18n import tr


def disk_full() -> DiskFull:
    return DiskFull(
        tr(
            "The disk of this PC is full. Nothing of this entry was saved; earlier records are "
            "safe. Free some room on the disk, then save again."
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


def translate(error: BaseException) -> StoreFault | None:
    """The fault of the machine behind an error, or None where the error is our own."""
    original = getattr(error, "orig", None) or error
    name = str(getattr(original, "sqlite_errorname", "") or "")
    text = str(original).lower()
    if isinstance(original, OSError):
        if original.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
            return disk_full()
        if original.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            return read_only()
        return None
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
    if (
        name.startswith(("SQLITE_CORRUPT", "SQLITE_NOTADB"))
        or "malformed" in text
        or "not a database" in text
        # A page whose seal is broken: SQLCipher says no more than this.
        or text == "sql logic error"
    ):
        return damaged()
    if name.startswith("SQLITE_IOERR") or "disk i/o" in text:
        return disk_full()
    return None


def _is_database_error(error: BaseException) -> bool:
    if isinstance(error, sqlite3.Error):
        return True
    return any(cls.__module__.startswith("sqlcipher3") for cls in type(error).__mro__)


@contextmanager
def environment_faults() -> Iterator[None]:
    """Turns the machine's faults inside the block into ``StoreFault`` with plain words."""
    try:
        yield
    except Exception as error:
        fault = translate(error)
        if fault is None:
            raise
        raise fault from error
