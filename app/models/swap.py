"""Puts a staged store in the place of the one in use: all of it, even over a power cut.

A small plan file is the decision. Before it is written nothing was done; after it, every
opening of the store first finishes what the plan says. What is replaced is kept in a folder of
its own, never deleted.
"""

from __future__ import annotations

import json
import os
import secrets
import shutil
import sys
from pathlib import Path

from app.clock import Clock
from app.models.epoch import RUN_FILES
from app.models.faults import busy, damaged, environment_faults
from app.models.keyring import ACCOUNTS_FILE

PLAN_FILE = "restore.json"
STAGING = ".restoring-"
REPLACED = "replaced-"
LOCK_FILE = "running.lock"
_STORE, _LOG, _DAMAGE = "store.db", "store.db-wal", "store.damaged"


def staging_folder(folder: Path) -> Path:
    """A new folder in which a store is made ready; left-overs of earlier tries are removed."""
    for left in folder.glob(STAGING + "*"):
        shutil.rmtree(left, ignore_errors=True)
    made = folder / f"{STAGING}{secrets.token_hex(4)}"
    made.mkdir(parents=True)
    return made


def exchange(folder: Path, staging: Path, clock: Clock) -> Path | None:
    """Put the store and key file in ``staging`` in place; the folder of what was replaced.

    None where there was nothing to replace. The caller holds no connection to either store.
    """
    aside = f"{REPLACED}{clock.now():%Y%m%d-%H%M%S}-{secrets.token_hex(2)}"
    with environment_faults(folder):
        _write(folder / PLAN_FILE, json.dumps({"staged": staging.name, "aside": aside}))
    finish(folder)
    kept = folder / aside
    return kept if kept.exists() else None


def finish(folder: Path) -> None:
    """Finish an exchange that was decided; nothing where there is none. May be repeated."""
    plan = folder / PLAN_FILE
    if not plan.exists():
        return
    with environment_faults(folder):
        try:
            decided = json.loads(plan.read_text(encoding="utf-8"))
            staging, aside = folder / decided["staged"], folder / decided["aside"]
        except (ValueError, KeyError, TypeError) as error:
            raise damaged() from error
        if (staging / _STORE).exists():
            _put_aside(folder, aside)
            os.replace(staging / _STORE, folder / _STORE)
        # Behind the store: whatever lay here was put aside with the store that it belonged to.
        if (staging / _LOG).exists():
            os.replace(staging / _LOG, folder / _LOG)
        if (staging / ACCOUNTS_FILE).exists():
            os.replace(staging / ACCOUNTS_FILE, folder / ACCOUNTS_FILE)
        (folder / _DAMAGE).unlink(missing_ok=True)
        _sync(folder)
        shutil.rmtree(staging, ignore_errors=True)
        plan.unlink()
        _sync(folder)


def forget_staging(folder: Path, staging: Path) -> None:
    """Remove a staged store, unless it was decided that it takes the place of the other."""
    if not (folder / PLAN_FILE).exists():
        shutil.rmtree(staging, ignore_errors=True)


def in_use(folder: Path) -> bool:
    """Whether another living program has taken this folder for itself."""
    try:
        first = (folder / LOCK_FILE).read_text(encoding="utf-8", errors="replace").split("\n")[0]
        number = int(first)
    except (OSError, ValueError):
        return False
    return number != os.getpid() and alive(number)


def check_alone(folder: Path) -> None:
    """Raises ``StoreBusy`` while the program runs on the folder."""
    if in_use(folder):
        raise busy()


def alive(process: int) -> bool:
    """Whether a process of this number lives."""
    if sys.platform == "win32":
        import ctypes

        kernel = ctypes.windll.kernel32
        handle = kernel.OpenProcess(0x1000, False, process)  # only to ask about it
        if not handle:
            return False
        code = ctypes.c_ulong()
        kernel.GetExitCodeProcess(handle, ctypes.byref(code))
        kernel.CloseHandle(handle)
        return code.value == 259  # still active
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _put_aside(folder: Path, aside: Path) -> None:
    """The store as it is, its log with it, and the key file that opens it."""
    names = [_STORE, _LOG, f"{_STORE}-shm"]
    found = [name for name in names if (folder / name).exists()]
    if found or (folder / ACCOUNTS_FILE).exists():
        aside.mkdir(exist_ok=True)
    if (folder / ACCOUNTS_FILE).exists() and not (aside / ACCOUNTS_FILE).exists():
        # A copy: without its key file this PC would look like one that was never set up.
        shutil.copyfile(folder / ACCOUNTS_FILE, aside / ACCOUNTS_FILE)
    for name in found:
        os.replace(folder / name, aside / name)
    for mark in folder.glob(RUN_FILES):
        mark.unlink(missing_ok=True)


def _write(path: Path, text: str) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        file.write(text)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
    _sync(path.parent)


def _sync(folder: Path) -> None:
    from app.models.store import sync_to_disk

    sync_to_disk(folder)
