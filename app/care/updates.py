"""Updating the program: what is here, what a file offers, installing it.

An administrator's work. The file is checked whole, tried out and unpacked beside the program;
then the store is backed up; only then does the new version take its place beside the old one.
The running program is not touched: the next start uses the new one (``app.starter``).
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from app import __version__
from app.care.backups import before_import
from app.errors import EnvironmentFault, NotAllowed, TownshipCareError
from app.i18n import tr
from app.models import backup
from app.models.actor import Actor
from app.models.audit import record_access
from app.models.store import Store
from app.paths import resources
from app.update import elevation, package, trial, versions
from app.update.package import Manifest, Progress
from app.update.versions import Home

KEYS_FILE = "update_keys.json"
#: Folders of a stick that are looked into, beside its top.
_FOLDERS = ("TownshipCare", "医养通")


@dataclass(frozen=True, slots=True)
class UpdateState:
    """``version`` runs now. ``waiting``: is used from the next start, "" for none. ``failed``: did
    not start here. ``possible``: whether this program can be updated from a file at all.
    """

    version: str
    waiting: str
    failed: tuple[str, ...]
    possible: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """A package that was found, its signature checked. ``problem``: why it is not taken, or ""."""

    path: Path
    version: str
    size: int
    notes: str
    problem: str = ""


def update_state(folder: Path) -> UpdateState:
    """How the program and this data folder stand."""
    place, state = versions.home(), trial.load(folder)
    here = [] if place is None else versions.present(place)
    running = versions.key(__version__)
    waiting = [v for v in here if versions.key(v) > running and v not in state.failed]
    return UpdateState(__version__, waiting[0] if waiting else "", state.failed, place is not None)


def look_into(path: Path, folder: Path) -> Offer:
    """What a file offers to the program of this data folder. Raises ``UpdateRefused``."""
    manifest = package.read_manifest(path, _keys())
    package.check_newer(manifest, __version__, versions.platform_name(), _others(folder))
    return Offer(path, manifest.version, manifest.size, manifest.notes)


def find_offers(folder: Path, places: Iterable[Path] | None = None) -> tuple[Offer, ...]:
    """The packages on the sticks that are plugged in, the newest that fits first."""
    found: list[Offer] = []
    for place in sticks() if places is None else places:
        for inner in (place, *(place / name for name in _FOLDERS)):
            for path in _packages(inner):
                try:
                    found.append(look_into(path, folder))
                except TownshipCareError as error:
                    found.append(Offer(path, "", 0, "", str(error)))
    return tuple(
        sorted(found, key=lambda one: (one.problem == "", versions.key(one.version)), reverse=True)
    )


def install_update(
    store: Store,
    actor: Actor,
    path: Path,
    progress: Progress = lambda done, of: None,
    *,
    try_out: bool = True,
) -> Manifest:
    """Check, try out, back up, install. The running program goes on unchanged.

    Raises ``NotAllowed``, ``UpdateRefused``, ``DiskFull``, ``StoreDamaged``,
    ``EnvironmentFault``: then neither the program nor the store was changed.
    """
    check_right(actor)
    place = _place()
    others = _others(store.folder)
    if versions.may_write(place):
        with versions.stage(
            place, path, _keys(), others=others, progress=progress, try_out=try_out
        ) as staged:
            manifest = staged.manifest
            before_import(store, backup.MIGRATION)
            _commit(staged)
    else:
        manifest = package.verify(path, _keys(), progress)
        package.check_newer(manifest, __version__, versions.platform_name(), others)
        before_import(store, backup.MIGRATION)
        # By the version that runs: an older one may not know the key of today.
        folder = versions.running_folder() or place.root
        elevation.install_elevated(versions.starter_of(folder), path)
    trial.pardon(store.folder, manifest.version)
    record_access(
        store, actor, "update", "program", "", {"from": __version__, "to": manifest.version}
    )
    return manifest


def install_alone(path: Path) -> Manifest:
    """Install without a store: what Windows runs with an administrator's right."""
    place = _place()
    with versions.stage(place, path, _keys(), others=versions.present(place)) as staged:
        _commit(staged)
        return staged.manifest


def check_right(actor: Actor) -> None:
    """Raise ``NotAllowed`` for whoever is no administrator."""
    if not actor.has_role("administrator"):
        raise NotAllowed(
            tr(
                "Only an administrator may update the program. Nothing was changed. Ask an "
                "administrator of this station."
            )
        )


def sticks() -> tuple[Path, ...]:
    """The drives that can be taken out, as far as the system tells."""
    if sys.platform == "win32":
        return _windows_drives()
    import getpass

    tops = [Path("/media"), Path("/media") / getpass.getuser(), Path("/run/media")]
    tops += [Path("/run/media") / getpass.getuser(), Path("/mnt"), Path("/Volumes")]
    found: list[Path] = []
    for top in tops:
        try:
            found += sorted(one for one in top.iterdir() if one.is_dir())
        except OSError:
            continue
    return tuple(dict.fromkeys(found))


def _windows_drives() -> tuple[Path, ...]:
    if sys.platform == "win32":
        import ctypes
        import string

        kernel = ctypes.windll.kernel32
        mask = kernel.GetLogicalDrives()
        names = [f"{c}:\\" for at, c in enumerate(string.ascii_uppercase) if mask >> at & 1]
        # 2: can be taken out; 5: a CD. (A large USB disk counts as a fixed one: choose the file.)
        return tuple(Path(name) for name in names if kernel.GetDriveTypeW(name) in (2, 5))
    return ()


def _packages(folder: Path) -> list[Path]:
    try:
        return sorted(path for path in folder.glob(f"*{package.SUFFIX}") if path.is_file())
    except OSError:
        return []


def _keys() -> tuple[bytes, ...]:
    return package.trusted_keys(resources() / KEYS_FILE)


def _place() -> Home:
    place = versions.home()
    if place is None:
        raise EnvironmentFault(
            tr(
                "This program runs from its sources and is not installed, so an update file has "
                "no place to go. Nothing was changed."
            )
        )
    return place


def _others(folder: Path) -> list[str]:
    """Versions beside the running one that an update may not be older than."""
    place = versions.home()
    failed = trial.load(folder).failed
    return [] if place is None else [v for v in versions.present(place) if v not in failed]


def _commit(staged: versions.Staged) -> None:
    try:
        staged.commit()
    except OSError as error:
        raise versions.fault(error) from error
