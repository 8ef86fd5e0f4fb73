"""A process that installs or starts a version and kills itself in the middle of it.

``python -m tests.update.killable OPERATION NUMBER ROOT FOLDER [FILE]``: SIGKILL comes at call
NUMBER of any function; with NUMBER 0 it only counts them and prints how many.
"""

from __future__ import annotations

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

from tests.faults.killable import ROUNDS

PROJECT = Path(__file__).resolve().parents[2]
__all__ = ["ROUNDS", "run"]
_SIGNATURES = "cryptography.hazmat.primitives.asymmetric.ed25519"


def run(operation: str, number: int, *arguments: Path) -> int:
    """Run it in a process of its own. With number 0 the count of calls, else the exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.update.killable", operation, str(number)]
        + [str(one) for one in arguments],
        cwd=PROJECT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
    )
    if number:
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode
    assert done.returncode == 0, done.stderr
    # A version that was taken for good before runs in this process's place and prints nothing.
    return int(done.stdout or 0)


def _main() -> None:
    operation, number, root, folder, *rest = sys.argv[1:]
    os.environ["TOWNSHIP_CARE_PROGRAM"] = root
    from app import starter
    from app.update import versions

    keys: tuple[bytes, ...] = ()
    if operation == "install":
        from tests.update.making import PUBLIC

        keys = (PUBLIC,)
    # Loaded before: what loading them calls is no step of ours.
    for name in ("app.models.store", "app.update.trial", "app.update.package", _SIGNATURES):
        importlib.import_module(name)
    calls, last = [0], int(number)

    def count(_frame: Any, _event: str, _argument: Any) -> None:
        calls[0] += 1
        if calls[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)

    sys.setprofile(count)
    if operation == "install":
        place = versions.home()
        assert place is not None
        with versions.stage(place, Path(rest[0]), keys) as staged:
            staged.commit()
    else:
        starter.take_over(["gui", "--data", folder])
    sys.setprofile(None)
    print(calls[0])


if __name__ == "__main__":
    _main()
