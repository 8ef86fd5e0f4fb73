"""Starts a frozen program and checks that it does its work: ``make exe`` runs this.

``python -m tools.smoke_frozen dist/TownshipCare``: version, help, a sample store made, counted
and checked, the server politely refused, and the window: painted, every room's module loaded,
no word of complaint from Qt. Prints sizes and times; ends with a code other than zero at the
first thing that is wrong.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path

PASSWORD = "smoke-password"
#: Installed size in MB: the budget of the project for the program in one folder.
MOST_MEGABYTES = 160
ROUNDS = 5
#: What may be missing in the folder's parts only if somebody meant it.
NEVER_PARTS = ("starlette", "uvicorn", "psycopg", "numpy", "pyqtgraph", "tkinter", "pytest")


class SmokeFailed(Exception):
    """The frozen program does not do what it must."""


class Frozen:
    """A frozen program in its folder, run as a person runs it: without this Python's world."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        name = "TownshipCareCommand.exe" if sys.platform == "win32" else "TownshipCare"
        self.program = folder / name
        if not self.program.is_file():
            raise SmokeFailed(f"there is no program {self.program.name} in {folder}")

    def environment(self) -> dict[str, str]:
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        return {
            **kept,
            "TOWNSHIP_CARE_PASSWORD": PASSWORD,
            "QT_QPA_PLATFORM": "offscreen",
        }

    def run(self, *arguments: str, code: int = 0) -> tuple[str, str]:
        """Output and complaints of one command, which must end with ``code``."""
        done = subprocess.run(
            [str(self.program), *arguments],
            env=self.environment(),
            cwd=self.folder,
            capture_output=True,
            encoding="utf-8",
            timeout=180,
            check=False,
        )
        words = f"{done.stdout}\n{done.stderr}".strip()
        if done.returncode != code:
            raise SmokeFailed(f"{' '.join(arguments)} ended with {done.returncode}: {words}")
        if "Traceback" in words:
            raise SmokeFailed(f"{' '.join(arguments)} broke: {words}")
        return done.stdout.strip(), done.stderr.strip()


def until_shown(frozen: Frozen, data: Path) -> float:
    """Milliseconds from the start of the process to the painted window."""
    with tempfile.TemporaryFile("w+", encoding="utf-8") as complained:
        start = time.perf_counter()
        process = subprocess.Popen(
            [str(frozen.program), "gui", "--data", str(data), "--until-shown"],
            env=frozen.environment(),
            cwd=frozen.folder,
            stdout=subprocess.PIPE,
            stderr=complained,
            encoding="utf-8",
        )
        assert process.stdout is not None
        # A window that hangs is killed; what it said until then is judged.
        end = threading.Timer(60, process.kill)
        end.start()
        with process.stdout:
            first = process.stdout.readline().strip()
            taken = (time.perf_counter() - start) * 1000
            rest = process.stdout.read()
        process.wait()
        end.cancel()
        complained.seek(0)
        complaints = complained.read()
    if first != "shown":
        raise SmokeFailed(f"the window was not painted: {first} {complaints.strip()}")
    if rest.strip() != "complete" or process.returncode != 0:
        raise SmokeFailed(f"a part of the window is missing: {rest.strip()} {complaints.strip()}")
    if complaints.strip():
        raise SmokeFailed(f"the window started with complaints: {complaints.strip()}")
    return taken


def size(path: Path) -> float:
    """Megabytes of a file or of all files in a folder; links count nothing."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files if not p.is_symlink()) / 1e6


def check_parts(folder: Path) -> None:
    """Nothing of the server or the workshop came along."""
    stray = sorted(p.name for p in (folder / "parts").iterdir() if p.name in NEVER_PARTS)
    if stray:
        raise SmokeFailed(f"these do not belong into the program: {', '.join(stray)}")


def commands(frozen: Frozen, data: Path) -> None:
    """The commands, on a store that the frozen program makes itself."""
    said, _ = frozen.run("--version")
    if not said.startswith("Township Care "):
        raise SmokeFailed(f"--version says {said!r}")
    said, _ = frozen.run("--help")
    if "seed" not in said or "status" not in said:
        raise SmokeFailed("--help does not list the commands")
    said, _ = frozen.run("seed", "--data", str(data), "--residents", "12")
    if not said.startswith("12 sample residents"):
        raise SmokeFailed(f"seed says {said!r}")
    said, _ = frozen.run("status", "--data", str(data), "--json")
    if json.loads(said)["waiting"] != 0:
        raise SmokeFailed(f"status says {said!r}")
    frozen.run("check", "--data", str(data))
    _, complaint = frozen.run("serve", "--data", str(data), code=1)
    if complaint.count("\n") or "not part of this program" not in complaint:
        raise SmokeFailed(f"serve says {complaint!r}")


def smoke(folder: Path) -> None:
    """All checks; raises ``SmokeFailed`` at the first that does not hold."""
    frozen = Frozen(folder)
    check_parts(folder)
    with tempfile.TemporaryDirectory(prefix="township-care-smoke-") as temporary:
        data = Path(temporary) / "data"
        commands(frozen, data)
        print("commands: version, help, seed, status, check and the refusal of serve are right")
        until_shown(frozen, Path(temporary) / "new")
        first = until_shown(frozen, data)
        later = [until_shown(frozen, data) for _ in range(ROUNDS)]
    print("window: the set-up and the sign-in are painted, every room's module is there")
    print(
        f"start to painted sign-in: {statistics.median(later):.0f} ms "
        f"({min(later):.0f} to {max(later):.0f}; first {first:.0f})"
    )
    whole = size(folder)
    parts = sorted(((size(p), p.name) for p in (folder / "parts").iterdir()), reverse=True)
    largest = ", ".join(f"{name} {megabytes:.0f}" for megabytes, name in parts[:6])
    print(f"size: {whole:.0f} MB of at most {MOST_MEGABYTES} ({largest})")
    if whole > MOST_MEGABYTES:
        raise SmokeFailed(f"the program takes {whole:.0f} MB, more than {MOST_MEGABYTES}")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path, help="the folder of the frozen program")
    options = parser.parse_args(arguments)
    try:
        smoke(options.folder.resolve())
    except SmokeFailed as failure:
        print(f"The frozen program fails: {failure}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
