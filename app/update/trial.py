"""A new version's first start on a data folder: tried with a copy of the store at hand.

``update.json`` in the data folder says how far the trial is. The new version itself writes that
it was shown, that it opens the store, and that somebody works with it; from then on it is taken
for good. If it ends before that, the store that it found is put back (``app.models.swap``) and
the version is not started on this folder again. Every step may be repeated: a power cut between
any two of them changes no outcome.

The copy is of the closed files, byte for byte, so that no password is needed for it. What only a
trial needs is loaded there: every start of an updated program reads the state.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

STATE_FILE = "update.json"
COPY = "before-update"
_COPIED = ("store.db", "store.db-wal", "accounts.json")
_LIST = "copy.json"
#: Bytes that the copy leaves free on the disk.
MARGIN = 100 * 1024 * 1024
#: Starts that ended in neither way (power cut, the whole PC stopped) before it is given up.
MOST_TRIES = 2

SHOWN, OPENING = "shown", "opening"
#: What Windows has a program end with that it stops when somebody logs off.
LOGGED_OFF = 0x40010004


@dataclass(frozen=True, slots=True)
class Trial:
    """How a data folder stands to versions.

    ``confirmed``: the newest version that somebody has worked with here. ``version``: the one
    being tried, "" for none; ``stage`` how far it came. ``back``: it was decided to go back from
    it. ``failed``: versions that are not started here again. ``news``: what the next window has
    to say, and of which version: ``back``, ``no room`` or "".
    """

    confirmed: str = ""
    version: str = ""
    stage: str = ""
    tries: int = 0
    back: bool = False
    failed: tuple[str, ...] = ()
    news: str = ""
    news_of: str = ""


def load(folder: Path) -> Trial:
    """The state of a data folder; one that cannot be read counts as none."""
    from app.update.versions import patiently

    try:
        kept = json.loads(patiently(lambda: (folder / STATE_FILE).read_text(encoding="utf-8")))
        known = {name: kept[name] for name in Trial.__slots__ if name in kept}
        known["failed"] = tuple(str(one) for one in known.get("failed", ()))
        usual = asdict(Trial())
        if any(type(value) is not type(usual[name]) for name, value in known.items()):
            return Trial()
        return Trial(**known)
    except (OSError, ValueError, TypeError, AttributeError):
        return Trial()


def save(folder: Path, trial: Trial) -> None:
    """Keep it: whole or as it was before. Raises ``OSError``."""
    _write(folder / STATE_FILE, {**asdict(trial), "failed": list(trial.failed)})


def reach(folder: Path, version: str, stage: str) -> None:
    """For the version being tried: it has come so far. A full disk here decides nothing."""
    trial = load(folder)
    if trial.version == version and trial.confirmed != version:
        with suppress(OSError):
            save(folder, replace(trial, stage=stage))


def confirm(folder: Path, version: str) -> None:
    """For the version being tried: somebody works with it, it stays.

    Where that cannot be written, the copy goes: what is done from now on is never put back over.
    """
    trial = load(folder)
    if trial.back:
        return
    try:
        if trial.version == version:
            save(folder, replace(trial, confirmed=version, tries=0))
            return
    except OSError:
        pass
    drop_copy(folder)


def forget_news(folder: Path) -> None:
    """The window has said it."""
    trial = load(folder)
    if trial.news:
        with suppress(OSError):
            save(folder, replace(trial, news="", news_of=""))


def pardon(folder: Path, version: str) -> None:
    """A version that failed here was installed once more: it may be tried again."""
    trial = load(folder)
    if version in trial.failed:
        failed = tuple(one for one in trial.failed if one != version)
        save(folder, replace(trial, failed=failed))


# -- for the starter --------------------------------------------------------------------------


def begin(folder: Path, version: str) -> bool:
    """Make the copy and note the try; False where it was tried too often already.

    Raises ``DiskFull`` where there is no room for the copy, ``OSError`` where the folder cannot
    be written.
    """
    trial = load(folder)
    if trial.version != version:
        drop_copy(folder)
        trial = replace(trial, version=version, stage="", tries=0, back=False)
    if trial.back or trial.tries >= MOST_TRIES:
        return False
    _copy_store(folder)
    save(folder, replace(trial, stage=_kept_stage(trial), tries=trial.tries + 1))
    return True


def settle(folder: Path, version: str, code: int, *, neutral: bool) -> bool:
    """The tried version has ended with ``code``: whether it may be started again here.

    ``neutral``: it ended for a reason that is none of its own (another program has the folder).
    """
    trial = load(folder)
    if trial.confirmed == version:
        finish(folder)
        return True
    if trial.stage == OPENING and not _whole_copy(folder):
        # Somebody worked with it, which could not be written down then (``confirm``).
        save(folder, replace(trial, confirmed=version, tries=0))
        finish(folder)
        return True
    if neutral:
        if trial.stage != OPENING:
            drop_copy(folder)  # whoever has the folder works on
        save(folder, replace(trial, tries=max(0, trial.tries - 1)))
        return True
    closed = code in (0, LOGGED_OFF)
    if closed and (trial.stage == SHOWN or (trial.stage == OPENING and _unchanged(folder))):
        # Closed before anybody signed in (or after a wrong password): it never had the store. The
        # next start is a new try.
        drop_copy(folder)
        save(folder, replace(trial, version="", stage="", tries=0))
        return True
    if closed and not trial.stage and (_unchanged(folder) or not _files_here(folder)):
        # Closed before everything was loaded: that proves nothing. It counts as a try.
        drop_copy(folder)
        return True
    go_back(folder, version)
    return False


def go_back(folder: Path, version: str) -> None:
    """Put the store back as it was and never start this version here again.

    Raises ``StoreFault`` where the disk does not take it; then the next start goes on here.
    """
    trial = load(folder)
    if not trial.back:
        trial = replace(trial, version=version, back=True)
        save(folder, trial)
    _put_back(folder)
    failed = (*[one for one in trial.failed if one != version], version)
    done = replace(
        trial,
        version="",
        stage="",
        tries=0,
        back=False,
        failed=failed,
        news="back",
        news_of=version,
    )
    save(folder, done)
    drop_copy(folder)


def leave(folder: Path) -> None:
    """Before the version from before is used in spite of a try that did not end: the store is as
    it was before that try, and no copy lies here that could ever be put over what comes now.

    The version may be tried again. Raises ``StoreFault`` or ``OSError``; then nothing is left out.
    """
    trial = load(folder)
    if trial.version and trial.version != trial.confirmed and not trial.back:
        _put_back(folder)
        drop_copy(folder)
        save(folder, replace(trial, stage=""))


def finish(folder: Path) -> None:
    """After a confirmed version: nothing is kept for going back any more."""
    trial = load(folder)
    if trial.version and trial.version == trial.confirmed:
        drop_copy(folder)
        save(folder, replace(trial, version="", stage="", tries=0))


def drop_copy(folder: Path) -> None:
    """Remove the copy; its list first, so that half of one never counts as whole."""
    with suppress(OSError):
        (folder / COPY / _LIST).unlink(missing_ok=True)
        shutil.rmtree(folder / COPY, ignore_errors=True)


def _put_back(folder: Path) -> None:
    """What the tried version changed, as it was before."""
    from app.clock import SYSTEM_CLOCK
    from app.models import swap

    swap.finish(folder)
    if _whole_copy(folder) and not _unchanged(folder):
        staging = swap.staging_folder(folder)
        try:
            for name in _COPIED:
                if (folder / COPY / name).exists():
                    _copy_file(folder / COPY / name, staging / name)
            swap.exchange(folder, staging, SYSTEM_CLOCK)
        except BaseException:
            swap.forget_staging(folder, staging)
            raise


# -- the copy ---------------------------------------------------------------------------------


def _kept_stage(trial: Trial) -> str:
    # Once it had the store in hand, a later start that only shows its window proves nothing.
    return trial.stage if trial.stage == OPENING else ""


def _copy_store(folder: Path) -> None:
    from app.models import swap
    from app.models.faults import disk_full

    if _whole_copy(folder):
        return
    drop_copy(folder)
    swap.finish(folder)
    found = _files_here(folder)
    if not found:
        return
    if shutil.disk_usage(folder).free < sum(f.stat().st_size for f in found) + MARGIN:
        raise disk_full()
    place = folder / COPY
    place.mkdir()
    _write(place / _LIST, {file.name: _copy_file(file, place / file.name) for file in found})


def _whole_copy(folder: Path) -> bool:
    return (folder / COPY / _LIST).exists()


def _unchanged(folder: Path) -> bool:
    """Whether the files in use are still, byte for byte, those of the copy."""
    if not _whole_copy(folder):
        return False
    listed: dict[str, str] = json.loads((folder / COPY / _LIST).read_text(encoding="utf-8"))
    here = [file.name for file in _files_here(folder)]
    return sorted(here) == sorted(listed) and all(
        _digest(folder / name) == digest for name, digest in listed.items()
    )


def _files_here(folder: Path) -> list[Path]:
    return [folder / name for name in _COPIED if (folder / name).exists()]


def _copy_file(source: Path, target: Path) -> str:
    """Copy one file onto the disk for good; its SHA-256."""
    digest = hashlib.sha256()
    with source.open("rb") as read, target.open("wb") as write:
        while piece := read.read(1024 * 1024):
            digest.update(piece)
            write.write(piece)
        write.flush()
        os.fsync(write.fileno())
    return digest.hexdigest()


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _write(path: Path, facts: dict[str, Any]) -> None:
    temporary = path.with_name(f".{path.name}.new")
    with temporary.open("w", encoding="utf-8") as file:
        json.dump(facts, file, ensure_ascii=False, indent=1)
        file.flush()
        os.fsync(file.fileno())
    from app.update.package import sync_folder
    from app.update.versions import patiently

    patiently(lambda: os.replace(temporary, path))
    sync_folder(path.parent)
