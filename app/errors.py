"""The families of errors.

``InputError``: a person can mend what was typed. ``EnvironmentFault``: the machine or the
link (disk full, locked file, no network) — somebody outside the program must act.
``Defect``: our own mistake. Every text is a plain sentence for the person at the screen —
what happened, what it means for the record, what to do — and never holds an identity
(name, ID number, phone, address).
"""

from __future__ import annotations

from collections.abc import Mapping


class TownshipCareError(Exception):
    """Root of all errors that the program raises on purpose."""


class InputError(TownshipCareError):
    """What was typed cannot be accepted. ``problems`` maps a field's name to a sentence."""

    def __init__(self, problems: Mapping[str, str] | str) -> None:
        if isinstance(problems, str):
            problems = {"": problems}
        self.problems: dict[str, str] = dict(problems)
        super().__init__(" ".join(self.problems.values()))


class NotAllowed(InputError):
    """The signed-in person's role does not permit this."""


class NotFound(TownshipCareError):
    """The record asked for is not in this store."""


class StaleRecord(TownshipCareError):
    """The record was changed by someone else since it was opened."""


class EnvironmentFault(TownshipCareError):
    """A fault of the machine or the link, not of the record and not of the program."""


class StoreFault(EnvironmentFault):
    """The store cannot be read or written."""


class DiskFull(StoreFault):
    """No room is left on the disk."""


class DiskFailing(StoreFault):
    """The disk itself fails: it does not give back, or does not take, what it should."""


class StoreBusy(StoreFault):
    """Another program holds the store for too long."""


class StoreReadOnly(StoreFault):
    """The store's file or folder may not be written."""


class StoreDamaged(StoreFault):
    """The store's file is not a sound database of this program."""


class BackupUnreadable(StoreFault):
    """A file is no backup of this program, or a damaged one."""


class StoreTooNew(StoreFault):
    """The store was written by a newer version of the program."""


class NotSameStore(InputError):
    """A backup holds the records of another organisation or of another PC."""


class WrongPassword(InputError):
    """The password (or recovery key) does not open the store."""


class NetworkFault(EnvironmentFault):
    """The link or the server cannot be used now."""


class Defect(TownshipCareError):
    """The program did something that it should never do."""
