"""The clinic's PC of the trial: a clean Windows with a Chinese user, and what runs on it."""

from __future__ import annotations

import json
import os
import shutil
import signal
from pathlib import Path
from typing import Any

from tools.windows.places import TRIAL_PREFIX, WORK, Failed, installer_of
from tools.windows.wine import PACKAGED_RUNTIME, Done, Prefix, checked, windows_path

USER = "王秀英"
LOGIN, PASSWORD = "wang", "Trial-pass-1"
PROGRAM = "C:\\Program Files\\TownshipCare"
_SIGNS = Path("/usr/share/wine/fonts/marlett.ttf")
_SHELL_FOLDERS = "Software\\Microsoft\\Windows\\CurrentVersion\\Explorer"


class Clinic:
    """A prefix that never saw the build, with code page 936 and the packaged C++ runtime."""

    def __init__(self, display: str) -> None:
        self.prefix = Prefix(TRIAL_PREFIX, chinese=True, overrides=PACKAGED_RUNTIME)
        self.prefix.display = display
        #: What the administrator brings on a stick: the installer and what is prepared.
        self.stick = WORK / "stick"

    # -- the PC -----------------------------------------------------------------------------

    def make(self) -> None:
        """A fresh Windows whose user has a Chinese name, and so a Chinese data path."""
        self.prefix.make()
        home = f"C:\\users\\{USER}"
        for part in ("AppData/Local", "AppData/Roaming", "Desktop"):
            (self.prefix.drive / "users" / USER / part).mkdir(parents=True)
        values = {
            "Local AppData": f"{home}\\AppData\\Local",
            "AppData": f"{home}\\AppData\\Roaming",
            "Desktop": f"{home}\\Desktop",
        }
        lines = ["Windows Registry Editor Version 5.00", ""]
        for key in ("Shell Folders", "User Shell Folders"):
            lines.append(f"[HKEY_CURRENT_USER\\{_SHELL_FOLDERS}\\{key}]")
            lines += [f'"{name}"="{path}"'.replace("\\", "\\\\") for name, path in values.items()]
        file = self.prefix.folder / "user.reg.txt"
        file.write_text("\r\n".join([*lines, ""]), encoding="utf-16")
        checked(self.prefix.run("wine", "regedit", "/S", windows_path(file)), "regedit")
        # The signs on a window's corner buttons: with Chinese set Wine looks for them here only.
        fonts = self.prefix.drive / "windows" / "Fonts"
        fonts.mkdir(exist_ok=True)
        shutil.copy(_SIGNS, fonts)
        self.prefix.settle()

    @property
    def local(self) -> Path:
        return self.prefix.drive / "users" / USER / "AppData" / "Local"

    @property
    def data(self) -> Path:
        """The records, where the program keeps them by itself."""
        return self.local / "TownshipCare"

    @property
    def folder(self) -> Path:
        return self.prefix.drive / "Program Files" / "TownshipCare"

    def shortcuts(self) -> list[Path]:
        return sorted(self.prefix.drive.rglob("医养通.lnk"))

    # -- the installer ----------------------------------------------------------------------

    def bring(self, version: str, server: str, organisation: str) -> str:
        """Lay the installer and the file with organisation and server on the stick."""
        self.stick.mkdir(parents=True, exist_ok=True)
        source = installer_of(version)
        shutil.copy2(source, self.stick / source.name)
        (self.stick / "township-care.ini").write_text(
            f"[organisation]\r\nname = {organisation}\r\n\r\n[server]\r\naddress = {server}\r\n",
            encoding="gb18030",
        )
        return windows_path(self.stick / source.name)

    def run(self, *command: str, timeout: float = 600) -> Done:
        done = self.prefix.run("wine", *command, timeout=timeout)
        self.prefix.settle(timeout)
        return done

    def run_beside(self, *command: str) -> Done:
        """As ``run``, while the program goes on running."""
        return self.prefix.run("wine", *command, timeout=600)

    # -- the program ------------------------------------------------------------------------

    def command(self, *arguments: str, code: int = 0, folder: str = PROGRAM) -> str:
        """Output of a command of the installed program."""
        done = self.prefix.run(
            "wine",
            f"{folder}\\TownshipCareCommand.exe",
            *arguments,
            timeout=600,
            environment={"TOWNSHIP_CARE_PASSWORD": PASSWORD},
        )
        return checked(done, arguments[0], (code,)).output

    def status(self) -> dict[str, Any]:
        """What waits in the store, by the program's own count."""
        found: dict[str, Any] = json.loads(self.command("status", "--user", LOGIN, "--json"))
        return found

    def start(self) -> None:
        """By the shortcut on the desktop, as a person does."""
        shortcut = next(path for path in self.shortcuts() if "Desktop" in path.parts)
        self.prefix.run("wine", "start", "/unix", str(shortcut))

    def processes(self) -> list[int]:
        """The running programs of this PC (not those of another prefix)."""
        mark = f"WINEPREFIX={self.prefix.folder}".encode()
        found = []
        for entry in Path("/proc").iterdir():
            if not entry.name.isdigit():
                continue
            try:
                line = (entry / "cmdline").read_bytes()
                if b"TownshipCare.exe" in line and mark in (entry / "environ").read_bytes():
                    found.append(int(entry.name))
            except OSError:
                continue
        return found

    def kill(self) -> None:
        """As a power cut does: no word to the program."""
        running = self.processes()
        if not running:
            raise Failed("no program runs that could be killed")
        for process in running:
            os.kill(process, signal.SIGKILL)
