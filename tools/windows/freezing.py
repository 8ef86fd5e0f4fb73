"""The Windows program, frozen by PyInstaller under Wine with the project's one build.spec."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from pathlib import Path

from app import __version__
from tools.windows import next_version
from tools.windows.display import Display
from tools.windows.places import (
    BUILD_PREFIX,
    FROZEN,
    LOGS,
    PYTHON,
    ROOT,
    WORK,
    Failed,
    megabytes,
    say,
)
from tools.windows.wine import STUBS, Prefix, checked, windows_path

#: The C++ runtime that Qt and Python were built with; a clinic's Windows may have none.
RUNTIME = ("vcruntime140.dll", "vcruntime140_1.dll", "msvcp140.dll", "msvcp140_1.dll")
MOST_MEGABYTES = 160


@dataclass(frozen=True, slots=True)
class Job:
    """One frozen folder: the sources it is made of, and where it goes."""

    version: str
    source: Path
    target: Path


def jobs() -> tuple[Job, Job]:
    """The program, and the next version of it that the trial upgrades to."""
    return (
        Job(__version__, ROOT, FROZEN),
        Job(next_version.number(), next_version.SOURCE, next_version.FROZEN),
    )


def freeze() -> None:
    """Both programs, checked: nothing of Wine in them, the runtime complete."""
    next_version.make_source()
    prefix = Prefix(BUILD_PREFIX)
    with Display() as display:
        prefix.display = display.name
        try:
            if not prefix.is_made():
                prefix.make()
                say("Wine prefix for the build")
            problems: list[Exception] = []
            # PyInstaller works on one core; two of them take hardly longer than one.
            threads = [
                threading.Thread(target=_freeze, args=(prefix, job, problems)) for job in jobs()
            ]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
        finally:
            prefix.end()
    if problems:
        raise problems[0]


def _freeze(prefix: Prefix, job: Job, problems: list[Exception]) -> None:
    try:
        done = prefix.run(
            "wine", windows_path(PYTHON / "python.exe"), "-m", "PyInstaller",
            "--noconfirm", "--log-level", "INFO",
            "--distpath", windows_path(job.target.parent),
            "--workpath", windows_path(WORK / f"pyinstaller-{job.version}"),
            windows_path(job.source / "build.spec"),
            timeout=3600,
            cwd=job.source,
            environment={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
        )  # fmt: skip
        LOGS.mkdir(parents=True, exist_ok=True)
        log = LOGS / f"pyinstaller-{job.version}.log"
        log.write_text(done.output, encoding="utf-8")
        checked(done, "PyInstaller")
        check(job.target)
        say(f"program of version {job.version}: {megabytes(job.target):.0f} MB in one folder")
    except Exception as error:  # noqa: BLE001 - the other thread goes on; the first problem is raised
        problems.append(error)


def check(folder: Path) -> None:
    """Raises ``Failed`` where a frozen folder would not do on a clinic's Windows."""
    programs = [p for p in folder.rglob("*") if p.suffix.lower() in (".exe", ".dll", ".pyd")]
    for name in ("TownshipCare.exe", "TownshipCareCommand.exe"):
        if not (folder / name).is_file():
            raise Failed(f"PyInstaller made no {name}")
        if "医养通".encode("utf-16-le") not in (folder / name).read_bytes():
            raise Failed(f"{name} does not carry the product's name")
    theirs = [p.name for p in programs if _of_wine(p.read_bytes()[:4096])]
    stubs = [p.name for p in programs if p.stem.lower() in STUBS]
    if theirs or stubs:
        raise Failed(f"files of Wine got into the program: {theirs + stubs}")
    there = {p.name.lower() for p in programs}
    missing = [name for name in RUNTIME if name not in there]
    if missing:
        raise Failed(f"the C++ runtime is not complete: {missing}")
    if megabytes(folder) > MOST_MEGABYTES:
        raise Failed(f"the program takes {megabytes(folder):.0f} MB, more than {MOST_MEGABYTES}")


def _of_wine(head: bytes) -> bool:
    return b"Wine builtin DLL" in head or b"Wine placeholder DLL" in head
