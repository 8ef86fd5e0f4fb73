"""Why a courier file is not taken, and a drive that fails: what the person is told.

What happened, what it means for the records, what to do. Both ends say the same.
"""

from __future__ import annotations

import errno

from app.errors import DiskFull, EnvironmentFault, InputError
from app.i18n import tr

#: How a drive says that it is full (EDQUOT does not exist everywhere).
_FULL = frozenset({errno.ENOSPC, errno.EFBIG, getattr(errno, "EDQUOT", errno.ENOSPC)})


class CourierRefused(InputError):
    """The file is not taken; nothing was changed. ``why`` is one word for the program:

    not_courier, truncated, tampered, misaddressed, duplicate, stale, revoked, unknown_sender,
    too_large, newer_program, not_joined, fingerprint, unexpected.
    """

    def __init__(self, why: str, message: str) -> None:
        super().__init__({"file": message})
        self.why = why


class DriveFault(EnvironmentFault):
    """The drive (USB stick) cannot be read or written."""


def not_courier() -> CourierRefused:
    return CourierRefused(
        "not_courier",
        tr(
            "This is no courier file of this program, or its beginning is damaged. Nothing was "
            "changed. Choose the file that was exported."
        ),
    )


def truncated() -> CourierRefused:
    return CourierRefused(
        "truncated",
        tr(
            "The courier file is not complete: its end is missing. Nothing was changed. Copy "
            "or export it again, and eject the stick before pulling it out."
        ),
    )


def tampered() -> CourierRefused:
    return CourierRefused(
        "tampered",
        tr(
            "The courier file was changed or damaged after it was made. Nothing was changed "
            "here. Copy or export it again."
        ),
    )


def misaddressed() -> CourierRefused:
    return CourierRefused(
        "misaddressed",
        tr(
            "This courier file is meant for another hospital or another PC; nobody else can "
            "read it. Nothing was changed. Take it to the place it was made for."
        ),
    )


def too_large() -> CourierRefused:
    return CourierRefused(
        "too_large",
        tr(
            "The courier file holds more than a sound one can. Nothing was changed. Export it "
            "again."
        ),
    )


def newer_program() -> CourierRefused:
    return CourierRefused(
        "newer_program",
        tr(
            "The courier file was made by a newer version of this program. Nothing was "
            "changed. Install the newer version here first."
        ),
    )


def drive_fault(error: OSError) -> EnvironmentFault:
    """What a failing drive means, in words."""
    if error.errno in _FULL:
        return DiskFull(
            tr(
                "There is not enough room on the drive for the courier file. Nothing was changed; "
                "the records wait on this PC. Make room or take another stick."
            )
        )
    return DriveFault(
        tr(
            "The drive with the courier file cannot be read or written. What was not finished "
            "counts as not done; the records wait on this PC. Put the stick in again and repeat."
        )
    )
