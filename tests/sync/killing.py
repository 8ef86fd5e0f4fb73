"""A courier in a process of its own, killed at a chosen moment."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from app.models.store import Store
from tests.sync.proxy import Seen

_PROGRAM = """
import sys
from pathlib import Path
from app.models.store import open_store
from app.sync.engine import SyncEngine
folder, organisation_id = sys.argv[1:]
key = bytes.fromhex(sys.stdin.readline())
SyncEngine(open_store(Path(folder), key, organisation_id)).run_once()
"""


def run_in_a_process(
    store: Store, listen: Callable[[Callable[[Seen], None]], None], number: int
) -> int:
    """Sync ``store`` in another process and SIGKILL it after request ``number``; its exit code.

    ``listen`` gets the function to call after each request. The store must not be in use.
    """
    store.close()
    process = subprocess.Popen(
        [sys.executable, "-c", _PROGRAM, str(store.folder), store.organisation_id],
        stdin=subprocess.PIPE,
        cwd=Path(__file__).resolve().parents[2],
    )

    def kill(seen: Seen) -> None:
        if seen.number == number:
            os.kill(process.pid, signal.SIGKILL)

    listen(kill)
    process.communicate(store.wrap_key().hex().encode() + b"\n", timeout=60)
    return process.returncode
