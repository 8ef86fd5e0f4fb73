"""Backups of the record store: made by itself and by hand, looked at, put back.

Any member of staff may make one; the rules (how many, a second folder) are the administrator's.
Putting one back needs a password of that backup or of this PC, or the recovery key; the store
in use is kept aside, and what it never got to the county hospital is carried over.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

from app.care.restoring import Restored, restore, ring_of
from app.errors import InputError, NotAllowed, NotFound, StoreFault
from app.i18n import tr
from app.models import backup, keyring
from app.models.actor import Actor
from app.models.audit import note_access, record_access
from app.models.backup import BackupLine, look_into
from app.models.faults import environment_faults
from app.models.keeping import BackupSettings, rotate
from app.models.keyring import Account
from app.models.settings import get_setting, set_setting
from app.models.store import Store, close_checked

__all__ = [
    "BackupLine",
    "BackupSettings",
    "BackupState",
    "Restored",
    "backup_accounts",
    "backup_state",
    "before_import",
    "change_backup_settings",
    "close_store",
    "daily_backup",
    "list_backups",
    "look_into",
    "make_backup",
    "restore",
]

_SETTINGS, _NOTE, _SECOND_NOTE = "backup_settings", "backup_note", "backup_second_note"
_MOST_KEPT = 60


@dataclass(frozen=True, slots=True)
class BackupState:
    """How the backups stand. ``note``: why the last daily one was not made, in words, or ""."""

    last: BackupLine | None
    note: str
    second_note: str
    settings: BackupSettings
    count: int
    bytes: int


def list_backups(folder: Path, second: Path | None = None) -> tuple[BackupLine, ...]:
    """The backups of a data folder (and those in another folder), newest first."""
    folders = [backup.usual_folder(folder)]
    return backup.list_backups(*folders, *([second] if second else []))


def backup_accounts(path: Path) -> tuple[Account, ...]:
    """The people whose passwords open a backup."""
    import tempfile

    line = look_into(path)
    with tempfile.TemporaryDirectory() as name, environment_faults(Path(name)):
        backup.take_key_file(line, Path(name))
        try:
            return tuple(keyring.load(Path(name)).accounts())
        except NotFound:
            return ()


def make_backup(store: Store, actor: Actor, target: Path | None = None) -> BackupLine:
    """Make a backup now. ``target``: a file or folder of another drive; None: the usual place.

    Raises ``DiskFull`` where there is no room, ``StoreDamaged`` for a store that is damaged:
    then there is no new backup, and the earlier ones stay.
    """
    line = backup.make(store, backup.BY_HAND, target, elsewhere=_elsewhere(store))
    if target is None:
        _rotate(store, line)
    if not store.read_only:
        record_access(store, actor, "backup", "store", "", {"sequence": line.sequence})
    return line


def before_import(store: Store, reason: str = backup.IMPORT) -> BackupLine:
    """The backup before many records are brought in at once (``import`` or ``seed``).

    Raises ``DiskFull`` where there is no room: nothing should be brought in then.
    """
    line = backup.make(store, reason, elsewhere=_elsewhere(store))
    _rotate(store, line)
    return line


def daily_backup(
    store: Store,
    *,
    breathe: Callable[[], None] = lambda: None,
    stopping: Callable[[], bool] = lambda: False,
) -> BackupLine | None:
    """The backup of the day, if it is due; None where it is not, or could not be made.

    For a background thread: it rests between its steps, so that saves go first, and ends when
    ``stopping`` says so. Why one could not be made stands in ``backup_state``.
    """
    if store.read_only:
        return None
    lines = list_backups(store.folder)
    if not backup.due(store, lines, _store_id(store)):
        return None

    def rest() -> None:
        if stopping():
            raise _Stopped
        breathe()

    try:
        line = backup.make(store, backup.DAILY, breathe=rest, elsewhere=_elsewhere(store))
    except _Stopped:
        return None
    except StoreFault as fault:
        _set_note(store, _NOTE, str(fault))
        return None
    _set_note(store, _NOTE, "")
    _rotate(store, line)
    _second(store, line)
    return line


class _Stopped(Exception):
    """The program is ending."""


def backup_state(store: Store) -> BackupState:
    """How the backups of this store stand."""
    with store.read() as session:
        note = get_setting(session, _NOTE, "")
        second_note = get_setting(session, _SECOND_NOTE, "")
    settings = backup_settings(store)
    lines = [line for line in list_backups(store.folder) if line.sound]
    last = backup.newest(lines, _store_id(store))
    return BackupState(
        last, str(note), str(second_note), settings, len(lines), sum(line.size for line in lines)
    )


def backup_settings(store: Store) -> BackupSettings:
    """How many backups are kept, and where else."""
    with store.read() as session:
        kept = get_setting(session, _SETTINGS, {})
    known = asdict(BackupSettings())
    return BackupSettings(**{k: v for k, v in dict(kept).items() if k in known})


def change_backup_settings(store: Store, actor: Actor, settings: BackupSettings) -> None:
    """Set how many are kept, and the second folder. Administrators; ``InputError`` by field."""
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr("Only an administrator may change how backups are kept. Nothing was changed.")
        )
    problems: dict[str, str] = {}
    for name, least in (("daily", 1), ("weekly", 0), ("monthly", 0)):
        if not least <= getattr(settings, name) <= _MOST_KEPT:
            problems[name] = tr("A number from {least} to {most} is needed.").format(
                least=least, most=_MOST_KEPT
            )
    second = settings.second_folder.strip()
    if second and not Path(second).is_dir():
        problems["second_folder"] = tr(
            "There is no such folder now. Plug in the drive, or choose another folder."
        )
    elif second and Path(second).resolve() == backup.usual_folder(store.folder).resolve():
        problems["second_folder"] = tr("This is where the backups are already kept.")
    if problems:
        raise InputError(problems)
    with store.write(actor) as session:
        set_setting(session, _SETTINGS, {**asdict(settings), "second_folder": second})
        note_access(session, store.clock, actor, "backup_settings", "store", "")


def close_store(store: Store) -> bool:
    """Check and close the store at the end of the work; False: it is damaged, and the next
    sign-in opens it for reading only, with the way to a backup."""
    if store.read_only:
        store.close()
        return False
    return close_checked(store)


# -- keeping --------------------------------------------------------------------------------


def _store_id(store: Store) -> str:
    ring = ring_of(store.folder)
    return ring.store_id if ring is not None else ""


def _elsewhere(store: Store) -> tuple[Path, ...]:
    second = backup_settings(store).second_folder
    return (Path(second),) if second else ()


def _rotate(store: Store, new: BackupLine) -> None:
    settings = backup_settings(store)
    lines = list_backups(store.folder)
    rotate(lines, _store_id(store), settings, new.path)


def _second(store: Store, line: BackupLine) -> None:
    """The same backup on the other drive; a drive that is not there is only noted."""
    settings = backup_settings(store)
    if not settings.second_folder:
        return
    folder = Path(settings.second_folder)
    try:
        if not folder.is_dir():
            raise StoreFault(
                tr(
                    "The second folder for backups is not there (is the drive unplugged?). The "
                    "backup on this PC was made."
                )
            )
        copy = backup.copy_to(line, folder)
        rotate(backup.list_backups(folder), line.store_id, settings, copy.path)
    except StoreFault as fault:
        _set_note(store, _SECOND_NOTE, str(fault))
    else:
        _set_note(store, _SECOND_NOTE, "")


def _set_note(store: Store, key: str, text: str) -> None:
    with store.read() as session:
        if get_setting(session, key, "") == text:
            return
    try:
        with store.apply_remote() as session:
            set_setting(session, key, text)
    except StoreFault:
        # The disk is full: the note about that has no room either; the screen asks again.
        return
