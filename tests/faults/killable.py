"""A process that does one thing to a store and kills itself in the middle of it.

``python -m tests.faults.killable OPERATION NUMBER FOLDER [FILE]``: SIGKILL comes at call NUMBER of
any function after the beginning; with NUMBER 0 it only counts them and prints how many.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
ROUNDS = int(os.environ.get("TOWNSHIP_CARE_KILL_ROUNDS", "3"))


def run(operation: str, number: int, *arguments: Path, password: str, login: str) -> int:
    """Run it in a process of its own. With number 0 the count of calls, else the exit code."""
    done = subprocess.run(
        [sys.executable, "-m", "tests.faults.killable", operation, str(number), login]
        + [str(one) for one in arguments],
        cwd=ROOT,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        env={**os.environ, "TOWNSHIP_CARE_PASSWORD": password},
    )
    if number:
        assert done.returncode in (0, -signal.SIGKILL), done.stderr
        return done.returncode
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def _main() -> None:
    operation, number, login, folder, *rest = sys.argv[1:]
    password = os.environ["TOWNSHIP_CARE_PASSWORD"]
    from app.care import accounts, backups

    accounts.warm_up()
    calls, last = [0], int(number)

    def count(_frame: Any, _event: str, _argument: Any) -> None:
        calls[0] += 1
        if calls[0] == last:
            os.kill(os.getpid(), signal.SIGKILL)

    if operation == "backup":
        opened = accounts.sign_in(Path(folder), login, password)
        sys.setprofile(count)
        backups.make_backup(opened.store, opened.actor)
    elif operation == "roster":
        from app.care.roster.importing import import_roster
        from app.care.roster.preview import READY, check_roster, open_roster

        opened = accounts.sign_in(Path(folder), login, password)
        source = open_roster(opened.store, opened.actor, Path(rest[0]))
        preview = check_roster(opened.store, opened.actor, source, source.columns)
        sys.setprofile(count)
        import_roster(opened.store, opened.actor, preview, preview.numbers(READY))
    elif operation == "restore":
        sys.setprofile(count)
        backups.restore(Path(folder), Path(rest[0]), login=login, password=password)
    else:
        sys.setprofile(count)
        opened = accounts.sign_in(Path(folder), login, password)
    sys.setprofile(None)
    print(calls[0])


if __name__ == "__main__":
    _main()
