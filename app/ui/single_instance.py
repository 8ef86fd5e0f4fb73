"""One running program per data folder: two of them would lock and confuse each other's work.

The lock file names the process; one left behind by a crash or a power cut is recognised by its
dead process and taken over.
"""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QLockFile

LOCK_FILE = "running.lock"


class SingleInstance:
    """Holds the data folder for this process until ``release``."""

    def __init__(self, folder: Path) -> None:
        self._lock = QLockFile(str(folder / LOCK_FILE))
        # Never stale by age: a program may run for weeks. Only a dead process frees the folder.
        self._lock.setStaleLockTime(0)

    def take(self) -> bool:
        """Whether the folder is ours now; False while another process holds it."""
        if self._lock.tryLock(0):
            return True
        if self._lock.error() == QLockFile.LockError.LockFailedError:
            # A dead owner's file is removed; a living one's is not.
            return self._lock.removeStaleLockFile() and self._lock.tryLock(0)
        return False

    @property
    def unwritable(self) -> bool:
        """The folder does not let us write the lock file (it is not a matter of a second run)."""
        return self._lock.error() in (
            QLockFile.LockError.PermissionError,
            QLockFile.LockError.UnknownError,
        )

    def release(self) -> None:
        self._lock.unlock()
