"""Versions of the program side by side: where they lie, and how a new one gets there.

``ROOT`` is the folder that the installer made. An update becomes ``ROOT/versions/0.2.0``, a whole
program folder, by one renaming: before it nothing has changed, after it the version is there.
Nothing that runs is ever replaced, which Windows would not allow. Which version is used is
decided at the next start (``app.starter``). Nothing of Qt or of the store is loaded here, and what
only an installation needs is loaded there: every start of the program looks here first.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from app.update.package import Manifest, Progress

T = TypeVar("T")
FOLDER = "versions"
COMING, GOING = ".coming-", ".going-"
PACKAGE, PROGRAM = "package", "program"
#: Where a program that is no frozen one has its folder; for tests and for trying things out.
PLACE = "TOWNSHIP_CARE_PROGRAM"
#: Bytes that an update leaves free on the disk.
MARGIN = 200_000_000
_TRY_SECONDS = 180
_STEP = 0.2
_WINDOWS = os.name == "nt"


@dataclass(frozen=True, slots=True)
class Home:
    """The installed program: its folder, and the version that stands directly in it or runs."""

    root: Path
    version: str

    @property
    def versions(self) -> Path:
        return self.root / FOLDER


def home() -> Home | None:
    """Where this program is installed; None for one that runs from its sources."""
    from app import __version__

    folder = running_folder()
    if folder is None:
        return None
    root = folder.parent.parent if folder.parent.name == FOLDER else folder
    return Home(root, __version__)


def running_folder() -> Path | None:
    """The folder of the version that runs; None for a program that runs from its sources."""
    if getattr(sys, "frozen", False):
        return Path(sys.executable).resolve().parent
    return Path(os.environ[PLACE]) if os.environ.get(PLACE) else None


def platform_name() -> str:
    """The kind of machine that a program folder is made for."""
    import platform

    if sys.platform == "win32":
        # Not platform.machine(): it asks a part of Windows that may be slow or switched off.
        return "win-amd64"
    return f"{'macos' if sys.platform == 'darwin' else 'linux'}-{platform.machine()}"


def key(text: str) -> tuple[int, ...]:
    """A version as numbers, () for a name that is none. (No regular expressions: it is asked
    before anything else at every start.)"""
    parts = text.split(".")
    if len(parts) != 3 or not all(p.isascii() and p.isdigit() and len(p) < 6 for p in parts):
        return ()
    return tuple(int(part) for part in parts)


def present(place: Home) -> list[str]:
    """The versions beside the installed one, newest first."""
    try:
        names = [one for one in _names(place.versions) if key(one)]
    except OSError:
        return []
    return sorted((one for one in names if program(place, one).is_file()), key=key, reverse=True)


def _names(folder: Path) -> set[str]:
    """What lies in it. A version that was moved aside for one that never came is back."""
    names = set(os.listdir(folder))
    for left in [one for one in names if one.startswith(GOING)]:
        version = left.removeprefix(GOING).split("-")[0]
        if key(version) and version not in names:
            with suppress(OSError):
                os.replace(folder / left, folder / version)
                names.add(version)
    return names


def program(place: Home, version: str, *, command: bool = False) -> Path:
    """The file that starts a version."""
    return starter_of(place.versions / version, command=command)


def starter_of(folder: Path, *, command: bool = False) -> Path:
    """The file in a program folder that starts it. ``command``: the one with a console."""
    if sys.platform == "win32":
        return folder / ("TownshipCareCommand.exe" if command else "TownshipCare.exe")
    return folder / "TownshipCare"


def may_write(place: Home) -> bool:
    """Whether this user may add versions (not where the program was installed for everybody)."""
    import tempfile

    try:
        place.versions.mkdir(exist_ok=True)
        with tempfile.TemporaryFile(dir=place.versions):
            return True
    except OSError:
        return False


class Staged:
    """A version that is checked and unpacked, but not in its place yet. Used with ``with``."""

    def __init__(self, place: Home, folder: Path, manifest: Manifest) -> None:
        self.manifest = manifest
        self._place = place
        self._folder = folder

    def __enter__(self) -> Staged:
        return self

    def __exit__(self, *_: object) -> None:
        import shutil

        shutil.rmtree(self._folder, ignore_errors=True)
        _staged.discard(self._folder)

    @property
    def program(self) -> Path:
        return self._folder / PROGRAM

    def commit(self) -> None:
        """Put it in its place: from now on it is there. Raises ``OSError``."""
        from app.update.package import sync_folder

        target = self._place.versions / self.manifest.version
        before = target.with_name(f"{GOING}{target.name}-{self._folder.name}")
        if target.exists():
            if _holds_all(target, self.program):
                return  # whole as it is, and perhaps in use: never away, not for a moment
            # A version that was tried and did not start: the file is given another chance.
            patiently(lambda: os.replace(target, before))
        try:
            patiently(lambda: os.replace(self.program, target))
        finally:
            _names(self._place.versions)
        sync_folder(self._place.versions)
        with suppress(OSError):
            away(before)


#: Folders of this process in which an installation is under way.
_staged: set[Path] = set()


def stage(
    place: Home,
    package: Path,
    keys: Sequence[bytes],
    *,
    others: Sequence[str] = (),
    progress: Progress = lambda done, of: None,
    try_out: bool = True,
) -> Staged:
    """Bring a package onto this disk, check all of it there, unpack it and try it out.

    What was checked is the copy on this disk, so nothing can change between the check and the
    use. ``others``: versions that it may not be older than, beside the running one. Raises
    ``UpdateRefused``, ``DiskFull``, ``EnvironmentFault``: nothing was changed then.
    """
    import secrets

    from app.update import package as packages

    def check(found: Manifest) -> None:
        packages.check_newer(found, place.version, platform_name(), others)

    manifest = packages.read_manifest(package, keys)
    check(manifest)
    clean(place)
    folder = place.versions / f"{COMING}{os.getpid()}-{secrets.token_hex(4)}"
    staged = Staged(place, folder, manifest)
    _staged.add(folder)
    try:
        place.versions.mkdir(exist_ok=True)
        _demand_room(place.versions, manifest)
        folder.mkdir()
        _copy(package, folder / PACKAGE, most=manifest.size + packages.LARGEST_HEAD)
        checked = packages.verify(folder / PACKAGE, keys, progress)
        check(checked)
        staged.manifest = checked
        packages.unpack(folder / PACKAGE, checked, staged.program, progress)
        (folder / PACKAGE).unlink()
        if try_out:
            _try_out(staged.program)
    except BaseException as error:
        staged.__exit__()
        if isinstance(error, OSError):
            raise fault(error) from error
        raise
    return staged


def clean(place: Home) -> None:
    """Remove what installations left that were killed. One that runs in a living process stays."""
    import shutil

    from app.models.swap import alive

    with suppress(OSError):
        for left in map(place.versions.joinpath, _names(place.versions)):
            if left.name.startswith(COMING):
                number = left.name.removeprefix(COMING).split("-")[0]
                own = number == str(os.getpid())
                if left not in _staged if own else not (number.isdigit() and alive(int(number))):
                    shutil.rmtree(left, ignore_errors=True)
            elif left.name.startswith(GOING):
                shutil.rmtree(left, ignore_errors=True)


def patiently(step: Callable[[], T], tries: int = 25) -> T:
    """A renaming, or a reading, that a virus scanner may hold up for some seconds (on Windows)."""
    while True:
        try:
            return step()
        except PermissionError:
            tries -= 1
            if not tries or not _WINDOWS:
                raise
            import time

            time.sleep(_STEP)


def away(folder: Path, tries: int = 25) -> None:
    """Remove a program folder. Raises ``OSError`` where nothing of it was removed."""
    import secrets
    import shutil

    # Renamed first: Windows refuses that for a program that runs, before a file of it is gone.
    going = folder.with_name(f"{GOING}{secrets.token_hex(4)}")
    patiently(lambda: os.replace(folder, going), tries)
    shutil.rmtree(going, ignore_errors=True)


def _holds_all(folder: Path, files: Path) -> bool:
    """Whether every file is in the folder, too, byte for byte."""
    import filecmp

    try:
        return all(
            filecmp.cmp(file, folder / file.relative_to(files), shallow=False)
            for file in files.rglob("*")
            if file.is_file()
        )
    except OSError:
        return False


def _copy(source: Path, target: Path, most: int) -> None:
    """Of a file that says how long it is no more is written than that."""
    from app.update.refusals import altered

    with source.open("rb") as read, target.open("xb") as write:
        while piece := read.read(1024 * 1024):
            most -= len(piece)
            if most < 0:
                raise altered()
            write.write(piece)
        write.flush()
        os.fsync(write.fileno())


def _demand_room(folder: Path, manifest: Manifest) -> None:
    import shutil

    from app.errors import DiskFull
    from app.i18n import tr

    needed = manifest.size + manifest.unpacked + MARGIN
    if (free := shutil.disk_usage(folder).free) < needed:
        raise DiskFull(
            tr(
                "There is not enough room on the disk for the update: {free} MB are free, "
                "{needed} MB are needed. Nothing was changed. Free some room, then try again."
            ).format(free=free // 1_000_000, needed=needed // 1_000_000 + 1)
        )


def _try_out(folder: Path) -> None:
    """Start the new program on an empty data folder, unseen, until its window is whole."""
    import subprocess
    import tempfile

    from app.i18n import tr
    from app.update.refusals import UpdateRefused

    with tempfile.TemporaryDirectory(prefix="township-care-try-", ignore_cleanup_errors=True) as at:
        try:
            done = subprocess.run(
                [str(starter_of(folder, command=True)), "gui", "--data", at, "--until-shown"],
                env={**_of_nobody(clean_environment()), STARTED: "try"},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                timeout=_TRY_SECONDS,
                check=False,
                creationflags=no_window(),
            )
            whole = done.returncode == 0 and b"complete" in done.stdout
        except (OSError, subprocess.TimeoutExpired):
            whole = False
    if not whole:
        raise UpdateRefused(
            "does not start",
            tr(
                "The new version does not start on this PC. Nothing was changed; go on working "
                "with this version. Tell the county hospital which version it was, and that a "
                "virus scanner may have stopped it."
            ),
        )


#: Tells a program that the starter has chosen it (the version); it does not choose again.
STARTED = "TOWNSHIP_CARE_STARTED"


def clean_environment() -> dict[str, str]:
    """The environment for another version: without what this one's boot loader put there."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("_PYI_") and k != PLACE}
    kept["PYINSTALLER_RESET_ENVIRONMENT"] = "1"
    if getattr(sys, "frozen", False) and sys.platform != "win32":
        before = kept.pop("LD_LIBRARY_PATH_ORIG", None)
        kept.pop("LD_LIBRARY_PATH", None)
        if before:
            kept["LD_LIBRARY_PATH"] = before
    return kept


def _of_nobody(environment: dict[str, str]) -> dict[str, str]:
    """For a start that may have an administrator's right: no folder from which a user's own
    settings would have Qt load libraries; and unseen."""
    kept = {k: v for k, v in environment.items() if not k.upper().startswith(("QT", "QML"))}
    return {**kept, "QT_QPA_PLATFORM": "offscreen"}


def no_window() -> int:
    """Flags for ``subprocess``: without a black window on Windows."""
    if sys.platform == "win32":
        import subprocess

        return subprocess.CREATE_NO_WINDOW
    return 0


def fault(error: OSError) -> Exception:
    """In words what the disk did not take."""
    import errno

    from app.errors import DiskFull, EnvironmentFault
    from app.i18n import tr

    if error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG):
        return DiskFull(
            tr(
                "The disk of this PC is full. The update was not installed and nothing was "
                "changed. Free some room, then try again."
            )
        )
    return EnvironmentFault(
        tr(
            "The update could not be written into the program's folder. Nothing was changed. "
            "Ask the administrator of this PC to install it, or try again after a restart."
        )
    )
