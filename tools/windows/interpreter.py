"""A Windows Python for the build, of packages that ordinary clients fetch.

The libraries (python313.dll, the .pyd files, OpenSSL, SQLite) are the official ones, which the
wheel of panda3d carries for programs it freezes; the pure modules are those of Debian's Python
3.13; python.exe is windows/wine/python.c. A release is better built by the same build.spec on a
real Windows: see docs/windows.md.
"""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Iterable
from pathlib import Path

from tools.windows.places import DOWNLOADS, PYTHON, ROOT, SOURCES, Failed, megabytes, say
from tools.windows.wine import compile_c

VERSION = (3, 13)
_XY = "".join(map(str, VERSION))
_XPY = ".".join(map(str, VERSION))
_CARRIER = "panda3d==1.10.16"
#: The Debian release whose Python is of this version.
_DEBIAN = "trixie"
_KEYS = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
_PURE = (f"libpython{_XPY}-minimal", f"libpython{_XPY}-stdlib")
#: What PyInstaller needs on Windows; pip judges conditions for the system it runs on.
_FREEZE = ("pefile>=2023.2.7", "pywin32-ctypes>=0.2.3", "colorama", "setuptools<82")
_LEFT_OUT = ("test", "idlelib", "tkinter", "turtledemo", "lib-dynload", "__pycache__", "ensurepip")


def prepare() -> None:
    """``build/windows/python`` with every wheel of the program; kept while nothing changed."""
    wanted = requirements()
    sources = [SOURCES / "wine" / "python.c", Path(__file__)]
    print_of_all = hashlib.sha256(
        "\n".join([*wanted, *(p.read_text(encoding="utf-8") for p in sources)]).encode()
    ).hexdigest()
    mark = PYTHON / "made-of"
    if mark.is_file() and mark.read_text() == print_of_all:
        return
    shutil.rmtree(PYTHON, ignore_errors=True)
    DOWNLOADS.mkdir(parents=True, exist_ok=True)
    _libraries()
    _pure_modules()
    _starters()
    _wheels(wanted)
    mark.write_text(print_of_all)
    say(f"Windows Python {_XPY} with all wheels: {megabytes(PYTHON):.0f} MB")


def requirements() -> list[str]:
    """What the frozen program needs on Windows, from pyproject.toml, and PyInstaller with it."""
    from packaging.requirements import Requirement

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    there = {
        "sys_platform": "win32",
        "platform_system": "Windows",
        "os_name": "nt",
        "platform_machine": "AMD64",
        "python_version": _XPY,
        "python_full_version": f"{_XPY}.0",
    }
    chosen = []
    for text in [*project["dependencies"], *project["optional-dependencies"]["freeze"]]:
        one = Requirement(text)
        if one.marker is None or one.marker.evaluate(there):
            chosen.append(f"{one.name}{one.specifier}")
    return [*chosen, *_FREEZE]


def _libraries() -> None:
    found = list(DOWNLOADS.glob(f"panda3d-*-cp{_XY}-cp{_XY}-win_amd64.whl"))
    if not found:
        _pip("download", "--no-deps", "--dest", str(DOWNLOADS), _CARRIER)
        found = list(DOWNLOADS.glob(f"panda3d-*-cp{_XY}-cp{_XY}-win_amd64.whl"))
    libraries = PYTHON / "DLLs"
    libraries.mkdir(parents=True)
    with zipfile.ZipFile(found[0]) as wheel:
        for entry in wheel.infolist():
            folder, _, name = entry.filename.partition("/")
            if folder == "deploy_libs" and _is_wanted(name):
                at_the_top = name.lower().startswith(("python3", "vcruntime"))
                target = (PYTHON / name.lower()) if at_the_top else (libraries / name)
                target.write_bytes(wheel.read(entry))


def _is_wanted(name: str) -> bool:
    """The api sets belong to Windows, other builds and tests to nobody; _wmi crashes Wine."""
    return not (
        name.startswith(("api-ms-win-", "_test", "_wmi", "_tkinter", "_ctypes_test", "tcl", "tk"))
        or f".cp{_XY}" in name
    )


def _pure_modules() -> None:
    """From Debian's packages, read with a package list of our own: the system's stays as it is."""
    folder = DOWNLOADS / "debian"
    for name in _PURE:
        if not list(folder.glob(f"{name}_*.deb")):
            _fetch_debian(folder)
    unpacked = DOWNLOADS / "unpacked"
    shutil.rmtree(unpacked, ignore_errors=True)
    for name in _PURE:
        package = sorted(folder.glob(f"{name}_*.deb"))[-1]
        subprocess.run(["dpkg-deb", "-x", str(package), str(unpacked)], check=True)
    shutil.copytree(
        unpacked / "usr" / "lib" / f"python{_XPY}",
        PYTHON / "Lib",
        ignore=shutil.ignore_patterns(*_LEFT_OUT, "_sysconfigdata*", "config-*", "*.so"),
        symlinks=False,
        ignore_dangling_symlinks=True,
    )
    shutil.rmtree(unpacked)
    (PYTHON / "Lib" / "site-packages").mkdir(exist_ok=True)


def _fetch_debian(folder: Path) -> None:
    (folder / "lists" / "partial").mkdir(parents=True, exist_ok=True)
    (folder / "cache").mkdir(exist_ok=True)
    asked = subprocess.run(
        ["apt-get", "indextargets", "--format", "$(REPO_URI) $(LABEL)", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    # The archive that this machine is set to, but for its security part.
    own = [line for line in asked.splitlines() if "ecurity" not in line and "Debian" in line]
    if not own:
        raise Failed("apt names no archive of Debian to fetch Python's modules from")
    signed = f"[signed-by={_KEYS}] " if _KEYS.is_file() else ""
    (folder / "sources.list").write_text(f"deb {signed}{own[0].split()[0]} {_DEBIAN} main\n")
    options = [
        f"Dir::Etc::SourceList={folder / 'sources.list'}",
        "Dir::Etc::SourceParts=-",
        f"Dir::State::Lists={folder / 'lists'}",
        f"Dir::Cache={folder / 'cache'}",
        "APT::Sandbox::User=root",
    ]
    apt = ["apt-get", "-qq", *(part for option in options for part in ("-o", option))]
    subprocess.run([*apt, "update"], check=True)
    subprocess.run([*apt, "download", *_PURE], cwd=folder, check=True)


def _starters() -> None:
    """python.exe, and python3.dll: modules of the stable interface (PySide6) ask for it."""
    dll = PYTHON / f"python{_XY}.dll"
    compile_c(
        SOURCES / "wine" / "python.c", PYTHON / "python.exe", "-municode", f'-DPYDLL=L"{dll.name}"'
    )
    definition = PYTHON / "python3.def"
    lines = [f"  {name} = {dll.stem}.{name}{' DATA' * data}" for name, data in _exports(dll)]
    definition.write_text("\n".join(["LIBRARY python3.dll", "EXPORTS", *lines, ""]))
    compile_c(definition, PYTHON / "python3.dll", "-shared", "-nostdlib", "-Wl,--entry,0")
    definition.unlink()


def _exports(dll: Path) -> Iterable[tuple[str, bool]]:
    """Names that a library exports, and whether each is data (not in a part that is executed)."""
    import pefile

    executable = 0x20000000
    image = pefile.PE(str(dll), fast_load=True)
    image.parse_data_directories([pefile.DIRECTORY_ENTRY["IMAGE_DIRECTORY_ENTRY_EXPORT"]])
    data = [s for s in image.sections if not s.Characteristics & executable]
    for symbol in image.DIRECTORY_ENTRY_EXPORT.symbols:
        if symbol.name:
            at = symbol.address
            inside = any(
                s.VirtualAddress <= at < s.VirtualAddress + s.Misc_VirtualSize for s in data
            )
            yield symbol.name.decode(), inside


def _wheels(wanted: list[str]) -> None:
    target = PYTHON / "Lib" / "site-packages"
    _pip("install", "--no-compile", "--target", str(target), *wanted)
    # The carrier's C runtime is of an old make; Qt's wheel brings the one that Qt was tried with.
    for source in (target / "shiboken6").glob("vcruntime140*.dll"):
        shutil.copy2(source, PYTHON / source.name.lower())


def _pip(action: str, *arguments: str) -> None:
    # What pip says of the packages of this machine does not concern the folder it fills.
    done = subprocess.run(
        [sys.executable, "-m", "pip", action, "--quiet", "--disable-pip-version-check",
         "--platform", "win_amd64", "--python-version", _XY, "--implementation", "cp",
         "--only-binary=:all:", *arguments],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    if done.returncode:
        raise Failed(f"the Windows packages could not be had:\n{done.stderr.strip()}")
