"""Older versions go, but none that anybody uses or is about to start.

Several people of a PC, each with a Windows account and a data folder of their own, may share one
program folder and stand at different versions. Whoever starts a version holds its file first;
whoever removes one asks first whether it is held. The system itself lets go for a dead process.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from app.update import versions
from app.update.versions import Home, key

_held: list[int] = []


def hold(place: Home, version: str) -> bool:
    """Keep a version from being removed as long as this process lives, or what takes its place.

    False where it is gone, or going at this moment.
    """
    try:
        return _hold(versions.program(place, version))
    except OSError:
        return False


if sys.platform == "win32":

    def _hold(file: Path) -> bool:
        import _winapi

        # Nobody renames it or opens it for writing meanwhile.
        shared, existing = 1, 3
        _held.append(_winapi.CreateFile(str(file), _winapi.GENERIC_READ, shared, 0, existing, 0, 0))
        return True

else:

    def _hold(file: Path) -> bool:
        import fcntl

        handle = os.open(file, os.O_RDONLY)
        _held.append(handle)
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
        if os.stat(file).st_ino != os.fstat(handle).st_ino:
            return False
        os.set_inheritable(handle, True)
        return True


def release() -> None:
    """Hold nothing any more: another version is used."""
    while _held:
        if sys.platform == "win32":
            import _winapi

            _winapi.CloseHandle(_held.pop())
        else:
            os.close(_held.pop())


def prune(place: Home, keep: Sequence[str]) -> None:
    """Remove older versions than those that are kept. One in use is left for the next time."""
    oldest = min((key(one) for one in keep), default=())
    for version in [one for one in versions.present(place) if key(one) < oldest]:
        with suppress(OSError), _unused(place, version):
            versions.away(place.versions / version, tries=1)


@contextmanager
def _unused(place: Home, version: str) -> Iterator[None]:
    """Nobody runs it or is about to; raises ``OSError`` otherwise."""
    if sys.platform == "win32":
        # Windows opens no file for writing that runs or is held.
        for command in (False, True):
            with suppress(FileNotFoundError):
                versions.program(place, version, command=command).open("r+b").close()
        yield
    else:
        import fcntl

        with versions.program(place, version).open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            yield
