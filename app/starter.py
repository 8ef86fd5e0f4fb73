"""Which version of the program is to run: the first question of every start.

The installed program is its own starter: where ``app.update.versions`` holds a newer one, that one
is started in its place. A version that nobody has worked with on this data folder yet is tried
(``app.update.trial``): the starter waits for it, and where it ends badly puts everything back and
goes on as the version before. Without updates this costs one look for a folder.

The arguments are only skimmed: they may be of a version that knows more of them.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from app.update.versions import Home

#: In the environment of a version that is tried.
TRIAL = "TOWNSHIP_CARE_TRIAL"
#: A desktop started in the place of another one waits for that process to end.
AFTER = "TOWNSHIP_CARE_AFTER"
#: Exit codes that tell of the data folder, not of the program (``app.ui.application``).
NEUTRAL = (3, 4)
_LOCK = "update.lock"
_AFTER_SECONDS = 60.0
_ALONE_SECONDS = 10.0
#: Commands about versions themselves: always carried out by whoever is asked.
_OWN = ("install-version",)

_tried = ""


def take_over(arguments: Sequence[str]) -> int | None:
    """Run the version that is to be used; its exit code, or None where this one is to go on."""
    global _tried
    from app.update import versions

    chosen = os.environ.pop(versions.STARTED, "")
    tried = os.environ.pop(TRIAL, "")
    if chosen:
        _tried = tried
        return None
    after = os.environ.pop(AFTER, "")
    if after.isdigit():
        _wait_for(int(after))
    place = versions.home()
    if place is None:
        return None
    here = [one for one in versions.present(place) if _newer(one, place)]
    if not here:
        return None
    command, data = _skim(arguments)
    if command in _OWN:
        return None
    # A trial start of the frozen program (app/ui/trial.py) is nobody's work, either.
    desktop = command in ("", "gui") and "--until-shown" not in arguments
    return _Choice(place, here, data, arguments).run(desktop=desktop)


def tried_version() -> str:
    """The version that this process is tried as; "" in every ordinary start."""
    return _tried


class _Choice:
    """One start: the versions that are newer than this one, and the folder they are for."""

    def __init__(self, place: Home, here: list[str], data: Path, arguments: Sequence[str]) -> None:
        self._place = place
        self._here = here
        self._data = data
        self._arguments = list(arguments)

    def run(self, *, desktop: bool) -> int | None:
        """Start what is to be used."""
        from app.errors import StoreFault
        from app.update import trial
        from app.update.versions import key

        state = trial.load(self._data)
        if state.back:
            # Going back was cut short: it is finished before anything opens the store.
            with suppress(StoreFault, OSError), _Alone(self._data) as alone:
                if alone:
                    trial.go_back(self._data, state.version)
            state = trial.load(self._data)
        newest = next((one for one in self._here if one not in state.failed), "")
        if desktop and newest and key(newest) > key(state.confirmed):
            return self._try(newest)
        if state.version and state.version == state.confirmed:
            self._finish()
        return self._use(state.confirmed)

    def _use(self, confirmed: str) -> int | None:
        """The newest version up to the one that somebody has worked with here."""
        from app.update import pruning
        from app.update.versions import key

        pruning.release()
        self._leave_the_tried()
        for version in self._here:
            if key(version) <= key(confirmed) and pruning.hold(self._place, version):
                return self._start(version)
        return None

    def _leave_the_tried(self) -> None:
        """A try that was cut short ends here: another version is about to have the store."""
        from app.update import trial

        state = trial.load(self._data)
        if state.version and state.version != state.confirmed:
            from app.errors import StoreFault
            from app.models import swap

            with suppress(StoreFault, OSError), _Alone(self._data) as alone:
                if alone and not swap.in_use(self._data):
                    trial.leave(self._data)

    def _try(self, version: str) -> int | None:
        from app.errors import StoreFault
        from app.models import swap
        from app.update import trial

        try:
            self._data.mkdir(parents=True, exist_ok=True)
            with _Alone(self._data, patient=True) as alone:
                if alone and not swap.in_use(self._data):
                    code = self._tried(version)
                    if code is not None:
                        return code
        except (StoreFault, OSError):
            # No room for the copy, or a folder that cannot be written: the version before says so.
            self._note_no_room(version)
            alone = True
        if not alone:
            # A second press of the icon: the first one copies the store, or its window is there.
            return _already_running()
        return self._use(trial.load(self._data).confirmed)

    def _tried(self, version: str) -> int | None:
        """One try; its exit code, or None where it was given up and put back."""
        from app.update import pruning, trial

        if not pruning.hold(self._place, version):
            return None
        if not trial.begin(self._data, version):
            trial.go_back(self._data, version)
            return None
        code = self._start(version, tried=True)
        if not trial.settle(self._data, version, code, neutral=code in NEUTRAL):
            return None
        self._prune()
        return code

    def _note_no_room(self, version: str) -> None:
        from dataclasses import replace

        from app.update import trial

        state = trial.load(self._data)
        if not state.back:
            with suppress(OSError):
                trial.save(self._data, replace(state, news="no room", news_of=version))

    def _finish(self) -> None:
        from app.update import trial

        with suppress(OSError), _Alone(self._data) as alone:
            if alone:
                trial.finish(self._data)
                self._prune()

    def _prune(self) -> None:
        from app.update import pruning, trial, versions

        confirmed = trial.load(self._data).confirmed
        older = [one for one in self._here if versions.key(one) < versions.key(confirmed)]
        if confirmed:
            # The one before stays: another person of this PC may not have moved on yet.
            pruning.prune(self._place, [confirmed, *older[:1]])

    def _start(self, version: str, *, tried: bool = False) -> int:
        """Run a version. In its place, where nobody has to wait for how it ends."""
        import subprocess

        from app.update import versions

        file = versions.program(self._place, version, command=_has_console())
        environment = {**versions.clean_environment(), versions.STARTED: version}
        if tried:
            environment[TRIAL] = version
        command = [str(file), *self._arguments]
        if sys.platform != "win32" and not tried:
            sys.stdout.flush()
            os.execve(command[0], command, environment)
        _forget_own_libraries()
        try:
            process = subprocess.Popen(command, env=environment)
        except OSError:
            return 70 if tried else 1
        if not tried and not _has_console():
            return 0  # a window of its own: nobody waits for this process
        while True:
            try:
                return process.wait()
            except KeyboardInterrupt:
                continue  # it was told, too, and ends by itself


class _Alone:
    """One starter a folder decides. The system itself lets go of the lock of a dead one."""

    def __init__(self, folder: Path, *, patient: bool = False) -> None:
        self._folder = folder
        self._patient = patient
        self._handle = -1

    def __enter__(self) -> bool:
        if self._take():
            return True
        if self._patient:
            # The one before is about to end, unless its program still runs.
            from app.models.swap import in_use

            end = time.monotonic() + _ALONE_SECONDS
            while time.monotonic() < end and not in_use(self._folder):
                time.sleep(0.1)
                if self._take():
                    return True
        return False

    def _take(self) -> bool:
        self._handle = os.open(self._folder / _LOCK, os.O_CREAT | os.O_RDWR, 0o600)
        try:
            if sys.platform == "win32":
                import msvcrt

                msvcrt.locking(self._handle, msvcrt.LK_NBLCK, 1)
            else:
                import fcntl

                fcntl.flock(self._handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            self.__exit__()
            return False
        return True

    def __exit__(self, *_: object) -> None:
        if self._handle >= 0:
            os.close(self._handle)
            self._handle = -1


def _newer(version: str, place: Home) -> bool:
    from app.update.versions import key

    return key(version) > key(place.version)


def _skim(arguments: Sequence[str]) -> tuple[str, Path]:
    """The command ("" for none) and the data folder."""
    from app.paths import default_data_folder

    command, data, at = "", "", 0
    while at < len(arguments):
        one = arguments[at]
        if one == "--data" and at + 1 < len(arguments):
            data = arguments[at + 1]
            at += 1
        elif one.startswith("--data="):
            data = one.removeprefix("--data=")
        elif not command:
            # "--version" and "--help" are no desktop either.
            command = one
        at += 1
    return command, Path(data) if data else default_data_folder()


def _has_console() -> bool:
    return sys.platform != "win32" or "command" in Path(sys.executable).name.lower()


def _already_running() -> int:
    from app.i18n import tr
    from app.last_words import show

    show(
        tr(
            "The program is already running on this PC. Nothing was changed. "
            "Look for its window in the task bar."
        )
    )
    return NEUTRAL[0]


def _wait_for(process: int) -> None:
    from app.models.swap import alive

    end = time.monotonic() + _AFTER_SECONDS
    while alive(process) and time.monotonic() < end:
        time.sleep(0.1)


def _forget_own_libraries() -> None:
    """Windows hands the folder of our libraries on to every process that we start."""
    if sys.platform == "win32":
        import ctypes

        ctypes.windll.kernel32.SetDllDirectoryW(None)
