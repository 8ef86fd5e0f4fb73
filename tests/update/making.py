"""Program folders, packages and keys for the tests of updates.

A program folder here is the program's own code started by a small script: real processes, real
windows (offscreen), real exits; only the freezing is left out.
"""

from __future__ import annotations

import base64
import io
import json
import os
import stat
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app.update import versions
from tests.conftest import PASSWORD
from tools import update_package

ROOT = Path(__file__).resolve().parents[2]
KEY = Ed25519PrivateKey.from_private_bytes(b"a key that only the tests know..")
PUBLIC = KEY.public_key().public_bytes_raw()
OTHER = Ed25519PrivateKey.from_private_bytes(b"somebody else's key, of no value")

_SCRIPT = """#!/bin/sh
here="$(cd "$(dirname "$0")" && pwd)"
export TOWNSHIP_CARE_PROGRAM="$here" PYTHONPATH="$here/parts" PYTHONSAFEPATH=1
exec "{python}" -m drive "$@"
"""

#: What stands in for the person at the PC, and for a version's own mistakes.
_DRIVE = '''
import os, signal, sys
from pathlib import Path

BEHAVIOUR = {behaviour!r}
LOG = os.environ.get("DRIVE_LOG", os.devnull)

def note(text):
    import app
    with open(LOG, "a", encoding="utf-8") as file:
        file.write(f"{{app.__version__}} {{text}}\\n")

def die():
    note("dies")
    os.kill(os.getpid(), signal.SIGKILL)

def window_of():
    from PySide6.QtWidgets import QApplication
    from app.ui.shell.window import MainWindow
    return next(w for w in QApplication.topLevelWidgets() if isinstance(w, MainWindow))

def person():
    """Signs in at the gate and closes the window, as DRIVE says."""
    from app.ui.sign_in.view import SignInPage
    window = window_of()
    gate = window.gate
    if isinstance(gate, SignInPage) and gate.strip.text():
        note("says " + gate.strip.text())
    note("shown")
    if BEHAVIOUR == "dies when shown":
        die()
    later = Path(os.environ["TOWNSHIP_CARE_PROGRAM"]) / "later"
    if os.environ.get("DRIVE") == "start again" and later.exists():
        # An update was installed while this version ran, and somebody wants it at once.
        later.rename(later.with_name("versions"))
        window.start_again()
        return
    if os.environ.get("DRIVE") != "sign in":
        window.close()
        return
    from PySide6.QtCore import QTimer
    window.entered.connect(lambda: (note("worked with"), QTimer.singleShot(0, window.close)))
    gate.password.setText(os.environ["TOWNSHIP_CARE_PASSWORD"])
    gate.submit()

def careful():
    from PySide6.QtCore import QTimer
    QTimer.singleShot(60_000, lambda: os._exit(98))
    try:
        person()
    except BaseException as error:
        note(f"the driver fails: {{error!r}}")
        os._exit(99)

def main():
    if BEHAVIOUR == "dies at start" and "--until-shown" not in sys.argv:
        note("dies at start")
        raise SystemExit(9)
    if BEHAVIOUR == "never starts":
        raise SystemExit(9)
    from app import __main__, starter
    told = starter.take_over

    def take_over(arguments):
        ended = told(arguments)
        if ended is None and ("gui" in arguments or not arguments):
            prepare()
        return ended

    starter.take_over = take_over
    raise SystemExit(__main__.main())

def prepare():
    from app.ui import application
    loaded = application._load_frame

    def load(modules, garbage, then):
        from PySide6.QtCore import QTimer
        last = not modules
        loaded(modules, garbage, then)
        if last and "--until-shown" not in sys.argv:
            QTimer.singleShot(0, careful)

    application._load_frame = load
    if BEHAVIOUR == "dies in the store":
        from app.models import store

        opened = store.open_store

        def open_and_die(folder, data_key, *rest, **more):
            made = store.Store(folder, data_key, store.SYSTEM_CLOCK, rest[0])
            with made._engine.begin() as connection:
                connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
                connection.exec_driver_sql("DELETE FROM outbox")
            die()

        store.open_store = open_and_die
        import app.care.accounts
        app.care.accounts.open_store = open_and_die

if __name__ == "__main__":
    main()
'''


def program_folder(folder: Path, version: str, behaviour: str = "") -> Path:
    """A whole program of a version; ``behaviour``: the mistake that it makes."""
    parts = folder / "parts"
    (parts / "app").mkdir(parents=True)
    for path in sorted((ROOT / "app").iterdir()):
        if path.name not in ("__init__.py", "__pycache__", "server"):
            (parts / "app" / path.name).symlink_to(path)
    (parts / "app" / "__init__.py").write_text(f'__version__ = "{version}"\n', encoding="utf-8")
    (parts / "resources").mkdir()
    for path in sorted((ROOT / "resources").iterdir()):
        if path.name != "update_keys.json":
            (parts / "resources" / path.name).symlink_to(path)
    write_keys(parts / "resources" / "update_keys.json")
    (parts / "drive.py").write_text(_DRIVE.format(behaviour=behaviour), encoding="utf-8")
    starter = folder / "TownshipCare"
    starter.write_text(_SCRIPT.format(python=sys.executable), encoding="utf-8")
    starter.chmod(0o755)
    return folder


def write_keys(path: Path, *keys: bytes) -> None:
    """The list of public keys, as a program has it."""
    listed = [
        {"name": "test", "key": base64.b64encode(key).decode()} for key in (keys or (PUBLIC,))
    ]
    path.write_text(json.dumps({"keys": listed}), encoding="utf-8")


def small_folder(folder: Path, files: Mapping[str, bytes] | None = None) -> Path:
    """A program folder that says nothing and does nothing."""
    for name, content in {"TownshipCare": b"#!/bin/sh\n", **(files or {})}.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    (folder / "TownshipCare").chmod(0o755)
    return folder


def a_package(
    path: Path, version: str = "9.0.0", folder: Path | None = None, key: Ed25519PrivateKey = KEY
) -> Path:
    """A signed package of a program folder."""
    source = folder or small_folder(
        path.parent / f"program-{version}", {"parts/one.txt": b"1" * 5000}
    )
    update_package.make(source, path, key, version)
    return path


def evil_package(
    path: Path,
    entries: Mapping[str, bytes],
    *,
    version: str = "9.0.0",
    unpacked: int | None = None,
    files: int | None = None,
    mode: int = stat.S_IFREG | 0o644,
    key: Ed25519PrivateKey = KEY,
) -> Path:
    """A package that is signed well and holds what no package should."""
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as made:
        for name, content in entries.items():
            entry = zipfile.ZipInfo("x")
            entry.filename = name
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = mode << 16
            made.writestr(entry, content)
    total = sum(len(content) for content in entries.values())
    update_package.seal(
        archive,
        path,
        key,
        version,
        versions.platform_name(),
        len(entries) if files is None else files,
        total if unpacked is None else unpacked,
    )
    return path


def start(
    root: Path, data: Path, log: Path, drive: str = "close", *arguments: str
) -> subprocess.CompletedProcess[str]:
    """Start the installed program as its shortcut does, and wait until it has ended."""
    return subprocess.run(
        [str(root / "TownshipCare"), *(arguments or ("gui", "--data", str(data)))],
        env=environment(log, drive),
        cwd=root,
        capture_output=True,
        encoding="utf-8",
        timeout=100,
        check=False,
    )


def environment(log: Path, drive: str) -> dict[str, str]:
    """The world of a started program: nothing of this test's own process."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PYTEST", "TOWNSHIP_CARE"))}
    return {
        **kept,
        "QT_QPA_PLATFORM": "offscreen",
        "TOWNSHIP_CARE_PASSWORD": PASSWORD,
        "DRIVE": drive,
        "DRIVE_LOG": str(log),
        "PYTHONDONTWRITEBYTECODE": "1",
    }


def lines(log: Path) -> list[str]:
    """What the started programs have noted so far."""
    return log.read_text(encoding="utf-8").splitlines() if log.exists() else []
