"""Wine prefixes: a Windows 10 of 64 bits each, and how programs are run in them."""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.windows.places import LOCALE, SOURCES, Failed

_COMPILER = ("x86_64-w64-mingw32-gcc", "-O2", "-s", "-static")
# No Mono, no Gecko, no debugger that hangs at a crash; mscms is the stub of windows/wine.
_OVERRIDES = "mscoree,mshtml=;winedbg.exe=d;mscms=n"
#: The packaged MSVC runtime instead of Wine's own, which would hide that one is missing.
PACKAGED_RUNTIME = "msvcp140,msvcp140_1,msvcp140_2,vcruntime140,vcruntime140_1=n"

#: Libraries that Windows 10 has and Wine 8 has not; made of windows/wine, never packed.
STUBS = ("icuuc", "mscms", "bcryptprimitives")

_REGISTRY = """REGEDIT4

[HKEY_CURRENT_USER\\Software\\Wine\\WineDbg]
"ShowCrashDialog"=dword:00000000

[HKEY_CURRENT_USER\\Software\\Wine\\X11 Driver]
"Managed"="N"

[HKEY_CURRENT_USER\\Software\\Wine\\Fonts\\Replacements]
"Microsoft YaHei"="Noto Sans CJK SC"
"Microsoft YaHei UI"="Noto Sans CJK SC"
"SimSun"="Noto Sans CJK SC"
"MS Shell Dlg"="Noto Sans CJK SC"
"MS Shell Dlg 2"="Noto Sans CJK SC"
"Tahoma"="Noto Sans CJK SC"
"""


@dataclass(frozen=True, slots=True)
class Done:
    """How a program ended and what it wrote."""

    code: int
    output: str


class Prefix:
    """A folder that is a Windows to the programs run in it.

    ``chinese``: the code page is 936 as on a Chinese Windows, else 1252.
    """

    def __init__(self, folder: Path, *, chinese: bool = False, overrides: str = "") -> None:
        self.folder = folder
        self.display = ""
        self._chinese = chinese
        self._overrides = ";".join(filter(None, (_OVERRIDES, overrides)))

    @property
    def drive(self) -> Path:
        """The folder that is drive C."""
        return self.folder / "drive_c"

    def environment(self, more: Mapping[str, str] | None = None) -> dict[str, str]:
        """Nothing of this Python's world reaches the programs under Wine."""
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTHON", "VIRTUAL_ENV"))}
        # One variable decides all of the locale, but for LANGUAGE, which would go before it.
        kept.pop("LANGUAGE", None)
        locale = {"LC_ALL": "C.UTF-8"}
        if self._chinese:
            locale = {"LC_ALL": "zh_CN.UTF-8", "LANG": "zh_CN.UTF-8", "LOCPATH": str(LOCALE)}
        return {
            **kept,
            **locale,
            "WINEPREFIX": str(self.folder),
            "WINEARCH": "win64",
            "WINEDEBUG": "-all",
            "WINEDLLOVERRIDES": self._overrides,
            "DISPLAY": self.display,
            **(more or {}),
        }

    def is_made(self) -> bool:
        """Whether this is a whole prefix, with the stubs as they are now."""
        mark = self.folder / "made-of"
        return mark.is_file() and mark.read_text() == _fingerprint()

    def make(self) -> None:
        """A fresh Windows 10; needs ``display``."""
        if self.folder.exists():
            shutil.rmtree(self.folder)
        self.folder.parent.mkdir(parents=True, exist_ok=True)
        self.run("wineboot", "-i", timeout=300)
        self.run("winecfg", "-v", "win10", timeout=120)
        self.settle()
        system = self.drive / "windows" / "system32"
        if not (system / "ntdll.dll").is_file():
            raise Failed(f"Wine made no Windows in {self.folder}")
        (system / "mscms.dll").unlink(missing_ok=True)
        for name in STUBS:
            if not (system / f"{name}.dll").exists():
                source = SOURCES / "wine" / f"{name}.c"
                compile_c(source, system / f"{name}.dll", "-shared", after=("-ladvapi32",))
        registry = self.folder / "township-care.reg"
        registry.write_text(_REGISTRY.replace("\n", "\r\n"), encoding="ascii")
        self.run("wine", "regedit", "/S", windows_path(registry), timeout=120)
        self.settle()
        (self.folder / "made-of").write_text(_fingerprint())

    def start(
        self, *command: str, environment: Mapping[str, str] | None = None, cwd: Path | None = None
    ) -> Program:
        """Start a program; its output goes to a pipe: a file kills a Windows Python under Wine."""
        process = subprocess.Popen(
            command,
            env=self.environment(environment),
            cwd=cwd or self.folder.parent,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
        )
        return Program(process, " ".join(command))

    def run(
        self,
        *command: str,
        timeout: float = 180,
        environment: Mapping[str, str] | None = None,
        cwd: Path | None = None,
    ) -> Done:
        """Run a program to its end. Raises ``Failed`` where it takes longer than ``timeout`` s."""
        return self.start(*command, environment=environment, cwd=cwd).wait(timeout)

    def settle(self, timeout: float = 120) -> None:
        """Wait until no program of this prefix runs any more."""
        subprocess.run(["wineserver", "-w"], env=self.environment(), timeout=timeout, check=False)

    def end(self) -> None:
        """End every program of this prefix."""
        subprocess.run(
            ["wineserver", "-k"],
            env=self.environment(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            timeout=60,
            check=False,
        )


class Program:
    """A running program and the lines it wrote so far."""

    def __init__(self, process: subprocess.Popen[bytes], name: str) -> None:
        self.process = process
        self.name = name
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self) -> None:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            self.lines.append(_decoded(line).rstrip("\r\n"))

    @property
    def output(self) -> str:
        return "\n".join(self.lines)

    def wait(self, timeout: float) -> Done:
        try:
            code = self.process.wait(timeout)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
            raise Failed(f"{self.name} did not end in {timeout:.0f} s:\n{self.output}") from None
        # Wine's own helpers may hold the pipe open long after the program has gone.
        self._reader.join(5)
        return Done(code, self.output)


def _decoded(line: bytes) -> str:
    """A Windows program writes in the code page, those of this machine in UTF-8."""
    try:
        return line.decode("utf-8")
    except UnicodeDecodeError:
        return line.decode("gb18030", "replace")


def _fingerprint() -> str:
    """Of what a prefix is made of, but Wine itself."""
    files = [Path(__file__), *(SOURCES / "wine" / f"{name}.c" for name in STUBS)]
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()


def compile_c(source: Path, target: Path, *options: str, after: Sequence[str] = ()) -> None:
    """A Windows program or library of one C file; ``after``: the libraries that it links."""
    subprocess.run([*_COMPILER, *options, str(source), "-o", str(target), *after], check=True)


def windows_path(path: Path) -> str:
    """How a program under Wine names a file of this machine."""
    return "Z:" + str(path.resolve()).replace("/", "\\")


def checked(done: Done, what: str, codes: Sequence[int] = (0,)) -> Done:
    """``done``, unless it ended with another code: then ``Failed`` with the end of its output."""
    if done.code not in codes:
        tail = "\n".join(done.output.splitlines()[-25:])
        raise Failed(f"{what} ended with {done.code}:\n{tail}")
    return done
