"""The Windows program, frozen by PyInstaller under Wine with the project's one build.spec."""

from __future__ import annotations

from app import __version__
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


def freeze() -> None:
    """``build/windows/dist/TownshipCare``, checked: nothing of Wine in it, the runtime complete."""
    prefix = Prefix(BUILD_PREFIX)
    with Display() as display:
        prefix.display = display.name
        try:
            if not (prefix.drive / "windows").is_dir():
                prefix.make()
                say("Wine prefix for the build")
            done = prefix.run(
                "wine", windows_path(PYTHON / "python.exe"), "-m", "PyInstaller",
                "--noconfirm", "--log-level", "INFO",
                "--distpath", windows_path(FROZEN.parent),
                "--workpath", windows_path(WORK / "pyinstaller"),
                windows_path(ROOT / "build.spec"),
                timeout=1800,
                cwd=ROOT,
                environment={"PYTHONDONTWRITEBYTECODE": "1", "PYTHONUTF8": "1"},
            )  # fmt: skip
        finally:
            prefix.end()
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / "pyinstaller.log").write_text(done.output, encoding="utf-8")
    checked(done, "PyInstaller")
    check()
    say(f"the program of version {__version__}: {megabytes(FROZEN):.0f} MB in one folder")


def check() -> None:
    """Raises ``Failed`` where the frozen folder would not do on a clinic's Windows."""
    programs = [p for p in FROZEN.rglob("*") if p.suffix.lower() in (".exe", ".dll", ".pyd")]
    for name in ("TownshipCare.exe", "TownshipCareCommand.exe"):
        if not (FROZEN / name).is_file():
            raise Failed(f"PyInstaller made no {name}")
        if "医养通".encode("utf-16-le") not in (FROZEN / name).read_bytes():
            raise Failed(f"{name} does not carry the product's name")
    theirs = [p.name for p in programs if _of_wine(p.read_bytes()[:4096])]
    stubs = [p.name for p in programs if p.stem.lower() in STUBS]
    if theirs or stubs:
        raise Failed(f"files of Wine got into the program: {theirs + stubs}")
    there = {p.name.lower() for p in programs}
    missing = [name for name in RUNTIME if name not in there]
    if missing:
        raise Failed(f"the C++ runtime is not complete: {missing}")
    if megabytes(FROZEN) > MOST_MEGABYTES:
        raise Failed(f"the program takes {megabytes(FROZEN):.0f} MB, more than {MOST_MEGABYTES}")


def _of_wine(head: bytes) -> bool:
    return b"Wine builtin DLL" in head or b"Wine placeholder DLL" in head
