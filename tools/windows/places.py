"""Where the Windows build keeps what, and how it says what it does."""

from __future__ import annotations

import time
from pathlib import Path

from app import __version__

ROOT = Path(__file__).resolve().parent.parent.parent
SOURCES = ROOT / "windows"
#: Everything that is made; ignored by git, removed by ``make clean``.
WORK = ROOT / "build" / "windows"

BUILD_PREFIX = WORK / "prefix-build"
TRIAL_PREFIX = WORK / "prefix-trial"
PYTHON = WORK / "python"
DOWNLOADS = WORK / "downloads"
LOCALE = WORK / "locale"
LOGS = WORK / "logs"
PICTURES = WORK / "pictures"
INSTALLER_PICTURES = WORK / "installer-pictures"
FROZEN = WORK / "dist" / "TownshipCare"


def installer_of(version: str = __version__) -> Path:
    """The installer of a version of the program."""
    return WORK / f"TownshipCare-{version}-setup.exe"


class Failed(Exception):
    """Something is not as it must be; the text says what."""


_began = time.monotonic()
_lines: list[str] = []


def say(text: str) -> None:
    """One line for the person at the terminal and for the log, with the seconds since the start."""
    line = f"{time.monotonic() - _began:7.1f} s  {text}"
    print(line, flush=True)
    _lines.append(line)
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / "windows.log").write_text("\n".join(_lines) + "\n", encoding="utf-8")


def megabytes(path: Path) -> float:
    """Size of a file, or of all files in a folder."""
    files = [path] if path.is_file() else [p for p in path.rglob("*") if p.is_file()]
    return sum(p.stat().st_size for p in files if not p.is_symlink()) / 1e6
