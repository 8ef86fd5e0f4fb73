"""Writing a courier file to a drive so that it is there whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from app.courier_refusals import drive_fault
from app.errors import DiskFull
from app.i18n import tr

PART = ".part"


class Target:
    """A file being written under a temporary name beside its place."""

    def __init__(self, path: Path, stream: BinaryIO) -> None:
        self.path = path
        self.size = 0
        self._stream = stream

    def line(self, text: str) -> None:
        """Add one line."""
        raw = text.encode("ascii") + b"\n"
        self._stream.write(raw)
        self.size += len(raw)


@contextmanager
def written(path: Path, before_rename: Callable[[], None] = lambda: None) -> Iterator[Target]:
    """Write a file: temporary name, flushed to the drive, then renamed to ``path``.

    ``before_rename`` runs when every byte is safe on the drive and before the file appears.
    Where anything fails the temporary file is removed and nothing appears. Raises DiskFull
    and DriveFault.
    """
    temporary = path.with_name(path.name + PART)
    try:
        with temporary.open("wb") as stream:
            yield Target(path, stream)
            stream.flush()
            os.fsync(stream.fileno())
        before_rename()
        os.replace(temporary, path)
        _sync_folder(path.parent)
    except OSError as error:
        _remove(temporary)
        raise drive_fault(error) from error
    except BaseException:
        _remove(temporary)
        raise


def free_room(folder: Path) -> int:
    """Bytes that are free on the drive of ``folder``."""
    try:
        return shutil.disk_usage(folder).free
    except OSError as error:
        raise drive_fault(error) from error


def demand_room(folder: Path, needed: int) -> None:
    """Raise DiskFull unless ``needed`` bytes are free there."""
    free = free_room(folder)
    if free < needed:
        raise DiskFull(
            tr(
                "The drive has {free} MB free, the courier file needs about {needed} MB. Nothing "
                "was written; the records wait on this PC. Make room or take another stick."
            ).format(free=free // 1_000_000, needed=-(-needed // 1_000_000))
        )


def _remove(path: Path) -> None:
    try:
        path.unlink(missing_ok=True)
    except OSError:
        # The stick is gone: there is nothing to tidy up any more.
        return


def _sync_folder(folder: Path) -> None:
    """Make the new name itself safe (Windows opens no folders; its rename is written through)."""
    try:
        handle = os.open(folder, os.O_RDONLY)
    except OSError:
        return
    try:
        os.fsync(handle)
    except OSError:
        # Some drives' file systems cannot do that for a folder.
        pass
    finally:
        os.close(handle)
