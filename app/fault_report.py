"""What is kept of the program's own mistakes: a log that is cut short, and report files.

Neither holds an identity: the kind of an error and the places in the code that it came through,
never its text (which may carry what somebody typed), no name of a person, no path of a folder.
Only the standard library is used: the report must be written where nothing else can be loaded. And
what only a mistake needs is loaded by it: every start goes through here.
"""

from __future__ import annotations

import os
import re
import sys
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType

LOG_FILE = "errors.log"
REPORTS = "reports"
#: What the interpreter writes by itself when a library crashes under it.
CRASH_FILE = "crash.log"
#: Bytes of the log before it is put aside, and how many old ones are kept.
LOG_LIMIT, LOGS_KEPT = 512 * 1024, 3
REPORTS_KEPT = 20
_PLACE = re.compile(r'File "[^"]*?([^"/\\]+)", line (\d+) in ([\w<>.]+)')


def places(trace: TracebackType | None) -> list[str]:
    """The places in the code, innermost last."""
    import traceback

    return [
        f"  {Path(frame.filename).name}:{frame.lineno} {frame.name}"
        for frame in traceback.extract_tb(trace)
    ]


def now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"


def log(folder: Path, *lines: str) -> None:
    """Add to the log. It is a help, not a duty: a full disk is passed over."""
    path = folder / LOG_FILE
    try:
        if path.exists() and path.stat().st_size > LOG_LIMIT:
            _put_aside(path)
        with path.open("a", encoding="utf-8") as file:
            file.write("\n".join([*lines, ""]))
    except OSError:
        return


def report(folder: Path, what: str, lines: list[str]) -> Path | None:
    """Write a report for whoever looks after the program; its file, None where there is no room."""
    place = folder / REPORTS
    try:
        place.mkdir(parents=True, exist_ok=True)
        stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
        path = place / f"report-{stamp}-{os.getpid()}.txt"
        text = "\n".join([f"{now()} {what}", *facts(), "", *lines, ""])
        with path.open("a", encoding="utf-8") as file:
            file.write(text)
        for old in sorted(place.glob("report-*.txt"))[:-REPORTS_KEPT]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def facts() -> list[str]:
    """The program and the machine, as far as they matter and are nobody's."""
    from app import __version__

    system = sys.platform
    if sys.platform == "win32":
        found = sys.getwindowsversion()
        system = f"Windows {found.major}.{found.minor}.{found.build}"
    qt = sys.modules.get("PySide6")
    return [
        f"Township Care {__version__}, frozen: {bool(getattr(sys, 'frozen', False))}",
        f"{system}, Python {sys.version.split()[0]}, PySide6 {getattr(qt, '__version__', '-')}",
    ]


def take_crash(folder: Path) -> Path | None:
    """A report of a crash of the run before, if there was one; its traces are put away."""
    path = folder / CRASH_FILE
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
        path.unlink()
    except OSError:
        return None
    if not text.strip():
        return None
    lines = crash_lines(text)
    log(folder, f"{now()} the run before crashed", *lines)
    return report(folder, "the run before crashed", lines)


def crash_lines(text: str) -> list[str]:
    """What the interpreter wrote, without the folders (which may be named after somebody)."""
    kept = []
    for line in text.splitlines():
        found = _PLACE.search(line)
        if found:
            kept.append(f"  {found[1]}:{found[2]} {found[3]}")
        elif line.startswith(("Fatal Python error", "Windows fatal exception", "Current thread")):
            kept.append(line.partition(" (most")[0][:120])
    return kept[:400]


def _put_aside(path: Path) -> None:
    """``errors.log`` becomes ``errors.1.log`` and so on; the oldest goes."""
    numbered = [path.with_suffix(f".{number}.log") for number in range(1, LOGS_KEPT + 1)]
    for older, newer in zip(reversed(numbered), [*reversed(numbered[:-1]), path], strict=True):
        with suppress(FileNotFoundError):
            os.replace(newer, older)
