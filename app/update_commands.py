"""``python -m app update …`` and ``install-version``: the program's own versions."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from app.errors import InputError

if TYPE_CHECKING:
    from app.models.actor import Actor
    from app.models.store import Store

Open = Callable[[argparse.Namespace], "tuple[Store, Actor]"]


def add(commands: Any, parents: list[argparse.ArgumentParser], open_store: Open) -> None:
    """Add both to the program's commands."""
    about = (update.__doc__ or "").strip()
    made = commands.add_parser("update", help=about, description=about, parents=parents)
    made.add_argument("file", type=Path, nargs="?", metavar="FILE", help="the update (.tcupdate)")
    made.add_argument("--server", action="store_true", help="fetch it from the county hospital")
    made.add_argument("--check", action="store_true", help="only check, install nothing")
    made.set_defaults(run=lambda options: update(options, open_store))
    about = (install_version.__doc__ or "").strip()
    made = commands.add_parser("install-version", help=about, description=about)
    made.add_argument("file", type=Path, metavar="FILE")
    made.set_defaults(run=install_version)


def update(options: argparse.Namespace, open_store: Open) -> int:
    """Installs an update of the program from a signed file; the next start uses it."""
    from app.care import updates

    if options.server == (options.file is not None):
        raise InputError("Name the update file, or give --server.")
    store, actor = open_store(options)
    try:
        updates.check_right(actor)
        path = options.file
        if options.server:
            from app.sync.updates import drop_fetched, fetch_update, find_update

            offer = find_update(store)
            if offer is None:
                print("update: the county hospital offers nothing newer")
                return 0
            # No courier runs beside a command: nothing of this PC waits for the line.
            path = fetch_update(store, offer, give_way=False)
        if options.check:
            found = updates.look_into(path, store.folder)
            print(f"update: version {found.version} ({found.size} bytes) would be installed")
            return 0
        done = updates.install_update(store, actor, path)
        if options.server:
            drop_fetched(store)
    finally:
        store.close()
    print(f"update: version {done.version} is in place and is used from the next start")
    return 0


def install_version(options: argparse.Namespace) -> int:
    """Puts an update beside this program, without any store: for whoever administers the PC."""
    from app.care import updates

    done = updates.install_alone(options.file)
    print(f"update: version {done.version} is in place and is used from the next start")
    return 0
