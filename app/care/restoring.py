"""Putting a backup back in the place of the record store.

Everything is checked before anything is changed, the exchange is whole or not at all, and the
store in use until then is kept aside. What it never got confirmed is carried over.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from shutil import copyfile, rmtree

from app.clock import SYSTEM_CLOCK, Clock, clinic_time
from app.errors import (
    BackupUnreadable,
    NotFound,
    NotSameStore,
    StoreDamaged,
    WrongPassword,
)
from app.i18n import tr
from app.models import backup, keyring, swap
from app.models.actor import Actor
from app.models.audit import note_access
from app.models.backup import BackupLine, look_into
from app.models.carry import Carried, carry_over
from app.models.epoch import EPOCH, FROM_BACKUP, note_restored
from app.models.faults import environment_faults
from app.models.keyring import Keyring
from app.models.migrations.revisions import HEAD
from app.models.store import (
    STORE_FILE,
    Store,
    is_emptied,
    leave_alone,
    migrate,
    open_store,
    revision_of,
)


@dataclass(frozen=True, slots=True)
class Restored:
    """How a restore ended.

    ``replaced``: the folder that the store in use was put in, None where there was none.
    ``readable``: whether it could be read (None: there was none). ``carried``: records that the
    county hospital had not confirmed and that are in the restored store now; ``lost``: those
    that could not be read. ``message`` says all of it in words.
    """

    backup: BackupLine
    replaced: Path | None
    readable: bool | None
    carried: int
    lost: int
    message: str


def restore(
    folder: Path,
    path: Path,
    *,
    login: str = "",
    password: str = "",
    recovery_key: str = "",
    clock: Clock = SYSTEM_CLOCK,
) -> Restored:
    """Put a backup in the place of the store of ``folder``, which nobody has open.

    Everything is checked before anything is changed: the backup's pages with their key, its
    shape, whose records it holds. Nothing is deleted. Raises ``WrongPassword``,
    ``BackupUnreadable``, ``StoreTooNew``, ``NotSameStore``, ``StoreBusy``, ``DiskFull``,
    ``DiskFailing``: then nothing was changed.
    """
    line = look_into(path)
    with environment_faults(folder):
        folder.mkdir(parents=True, exist_ok=True)
    swap.check_alone(folder)
    swap.finish(folder)
    current = ring_of(folder)
    if current is not None and (
        current.organisation_id != line.organisation_id or current.store_id != line.store_id
    ):
        raise NotSameStore(
            tr(
                "This backup holds the records of another PC or organisation. Nothing was changed. "
                "Choose a backup of this PC, or put it back on a PC that was not set up yet."
            )
        )
    with environment_faults(folder):
        staging = swap.staging_folder(folder)
    try:
        backup.take_out(line, staging)
        ring = ring_of(staging)
        data_key = _unlock((current, ring), login, password, recovery_key)
        backup.check_pages(staging / STORE_FILE, data_key)
        carried, readable = _make_ready(staging, folder, data_key, line, login, clock)
        keys = keyring.join(current, ring, staging)
        if keys is None:
            raise _no_keys()
        replaced = swap.exchange(folder, staging, clock)
    except BaseException:
        swap.forget_staging(folder, staging)
        raise
    lost = carried.lost if carried else 0
    number = carried.records if carried else 0
    message = _message(line, replaced, readable, number, lost)
    return Restored(line, replaced, readable, number, lost, message)


def _make_ready(
    staging: Path, folder: Path, data_key: bytes, line: BackupLine, login: str, clock: Clock
) -> tuple[Carried | None, bool | None]:
    """Bring the staged store to the newest shape, with what the store in use alone knows."""
    from app.care.due import refresh_due

    store = open_store(staging, data_key, line.organisation_id, clock, backup_first=False)
    try:
        carried, readable = _carry(store, folder, staging, data_key, line, clock)
        with store.apply_remote() as session:
            connection = session.connection()
            note_restored(connection, clock, FROM_BACKUP)
            backup.note_origin(session, line)
            # The marks of the staging folder mean nothing in the other one.
            connection.exec_driver_sql("DELETE FROM setting WHERE key = ?", (EPOCH,))
            if carried is not None and carried.residents:
                refresh_due(session, store.organisation_id, sorted(carried.residents))
            by = Actor(login or "recovery-key", store.organisation_id, "", frozenset())
            note_access(session, clock, by, "restore", "store", "", {"sequence": line.sequence})
    finally:
        store.close()
    with environment_faults(staging):
        leave_alone(staging / STORE_FILE, data_key)
    return carried, readable


def _carry(
    store: Store, folder: Path, staging: Path, data_key: bytes, line: BackupLine, clock: Clock
) -> tuple[Carried | None, bool | None]:
    """Take along what only the store in use knows; whether it could be read.

    Only damage counts as unreadable. Every other fault (no room, a failing disk, a newer
    program's store) ends the restore before anything was exchanged.
    """
    if not (folder / STORE_FILE).exists():
        return None, None
    if is_emptied(folder):
        return None, False
    try:
        with environment_faults(folder):
            leave_alone(folder / STORE_FILE, data_key)
        with _newest_shape(folder, staging, data_key, line.organisation_id, clock) as old:
            return carry_over(old, store), True
    except StoreDamaged:
        return None, False  # said plainly, and kept aside


@contextmanager
def _newest_shape(
    folder: Path, staging: Path, data_key: bytes, organisation_id: str, clock: Clock
) -> Iterator[Store]:
    """The store in use, closed at the end; one of an earlier release as a copy brought up.

    (An update may come between its last use and the restore. It is kept aside as it was.)
    """
    old = Store(folder, data_key, clock, organisation_id)
    try:
        with environment_faults(folder):
            earlier = revision_of(old) != HEAD
        if not earlier:
            yield old
            return
        backup.check_room(staging, old)
    finally:
        old.close()
    place = staging / "earlier"
    with environment_faults(staging):
        place.mkdir()
        copyfile(folder / STORE_FILE, place / STORE_FILE)
    copy = Store(place, data_key, clock, organisation_id)
    try:
        with environment_faults(place):
            migrate(copy)
        yield copy
    finally:
        copy.close()
        rmtree(place, ignore_errors=True)


def _unlock(
    rings: tuple[Keyring | None, ...], login: str, password: str, recovery_key: str
) -> bytes:
    """The data key by this PC's keys of today, else by those of the backup."""
    wrong: WrongPassword | None = None
    known = [ring for ring in rings if ring is not None]
    for ring in known:
        try:
            if recovery_key:
                return keyring.unlock_with_recovery_key(ring, recovery_key)
            return keyring.unlock(ring, login, password)[1]
        except WrongPassword as error:
            wrong = error
        except StoreDamaged:
            continue
    if wrong is not None:
        raise wrong
    raise _no_keys()


def ring_of(folder: Path) -> Keyring | None:
    """The key file of a folder, None where it is missing or cannot be understood."""
    try:
        return keyring.load(folder)
    except (NotFound, StoreDamaged):
        return None


def _no_keys() -> BackupUnreadable:
    return BackupUnreadable(
        tr(
            "This backup holds no list of accounts, and this PC has none either, so nothing can "
            "open it. Nothing was changed. Choose another backup."
        )
    )


def _message(
    line: BackupLine, replaced: Path | None, readable: bool | None, carried: int, lost: int
) -> str:
    made = f"{clinic_time(line.made_at):%Y-%m-%d %H:%M}" if line.made_at else ""
    parts = [tr("The backup of {made} was put back.").format(made=made)]
    if replaced is not None:
        parts.append(
            tr("The store used until now is kept in the folder {name}.").format(name=replaced.name)
        )
    if readable and carried:
        parts.append(
            tr(
                "{count} records that the county hospital had not confirmed were carried over."
            ).format(count=carried)
        )
    if lost:
        parts.append(
            tr(
                "{count} records that had not been sent could not be read any more; they are not "
                "in the restored store. Enter them again from paper."
            ).format(count=lost)
        )
    if readable is False:
        parts.append(
            tr(
                "That store could not be read: what was entered after {made} and had not reached "
                "the county hospital is not in the restored store. Enter it again from paper, or "
                "have the kept folder looked at."
            ).format(made=made)
        )
    parts.append(tr("With the next connection the records are compared with the county hospital."))
    return " ".join(parts)
