"""Behind ``python -m app backup``, ``restore`` and ``check``: one line each, and an exit code."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

from app.care import backups
from app.models.actor import Actor
from app.models.store import Store


def back_up(store: Store, actor: Actor, target: Path) -> int:
    """Make a backup at ``target`` and close the store."""
    try:
        line = backups.make_backup(store, actor, target)
    finally:
        store.close()
    print(f"{line.path} ({line.size} bytes)")
    return 0


def put_back(folder: Path, path: Path, login: str, password: Callable[[], str]) -> int:
    """Put a backup back; with TOWNSHIP_CARE_RECOVERY_KEY no password is asked for."""
    recovery_key = os.environ.get("TOWNSHIP_CARE_RECOVERY_KEY", "")
    done = backups.restore(
        folder,
        path,
        login=login,
        password="" if recovery_key else password(),
        recovery_key=recovery_key,
    )
    print(done.message)
    return 0


def check(store: Store) -> int:
    """Check the store and close it; 1 where it is damaged."""
    folder = store.folder
    sound = backups.close_store(store)
    print("the store is sound" if sound else "the store is damaged: restore the newest backup")
    last = next((line for line in backups.list_backups(folder) if line.sound), None)
    if last is not None:
        print(f"newest backup: {last.path}")
    return 0 if sound else 1
