"""The end of the trial: installed by hand in English, updated by signed files, removed by hand.

It uses a data folder of its own with sample records, as another person of the same PC would.
"""

from __future__ import annotations

import base64
import json
import shutil
import time
from pathlib import Path
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from app import __version__
from tools import update_package
from tools.windows import next_version
from tools.windows.clinic import Clinic
from tools.windows.person import PATIENCE, Person
from tools.windows.places import WORK, Failed, say
from tools.windows.wine import Done, checked, windows_path

FOLDER = "C:\\users\\王秀英\\AppData\\Local\\Programs\\TownshipCare"
DATA = "C:\\资料"
SIGN_IN, SAMPLE_PASSWORD = "sample", "sample-password"
#: A version that cannot start, above all others.
BAD = "9.0.0"


class AnotherPerson:
    """A program folder of one Windows user, and sample records in a Chinese folder."""

    def __init__(self, clinic: Clinic, person: Person) -> None:
        self.clinic, self.person = clinic, person
        self.folder = clinic.local / "Programs" / "TownshipCare"
        self.data = clinic.prefix.drive / "资料"
        #: Known to this PC's program only, and gone with this trial.
        self._key = Ed25519PrivateKey.generate()

    # -- installing by hand -----------------------------------------------------------------

    def install(self, setup: str) -> None:
        """Page by page, in English, for this user only."""
        person = self.person
        program = self.clinic.prefix.start(
            "wine", setup, "/CurrentUser", environment={"LC_ALL": "C.UTF-8", "LANG": "C.UTF-8"}
        )
        title = "Township Care Setup"
        person.wait_window(title)
        person.wait_quiet()
        person.picture("english-installer-welcome")
        for page in ("mode", "folder"):
            person.key("Return")
            person.wait_quiet()
            person.picture(f"english-installer-{page}")
        person.key("Return")
        self._until(lambda: (self.folder / "uninstall.exe").is_file(), "nothing is installed")
        person.wait("CompletingTownshipCare")
        person.wait_quiet()
        person.picture("english-installer-finish")
        person.press_until_gone("Return", title)
        checked(program.wait(PATIENCE), "the installer in English")
        self.clinic.prefix.settle()
        links = sorted(p.parent.name for p in self.clinic.prefix.drive.rglob("Township Care.lnk"))
        _expect(links == ["Desktop", "Programs"], f"shortcuts in {links}")
        _expect(self.said("--version").endswith(__version__), "it is another version")

    # -- updates ----------------------------------------------------------------------------

    def update(self) -> None:
        """From the file to a confirmed new version, with the migration of the records."""
        self.said("seed", "--data", DATA, "--residents", "12")
        self._trust()
        number = next_version.number()
        package = self._package(next_version.FROZEN, number)
        broken = package.with_name(f"broken-{package.name}")
        content = bytearray(package.read_bytes())
        content[len(content) // 2] ^= 1
        broken.write_bytes(content)
        refused = self.run("update", windows_path(broken), "--data", DATA, "--user", SIGN_IN)
        _expect(refused.code != 0, "an altered file was taken")
        say(f"refused: {' '.join(refused.output.split())}")
        _expect(not self._versions(), f"an altered file left {self._versions()}")
        broken.unlink()
        began = time.monotonic()
        self.said("update", windows_path(package), "--data", DATA, "--user", SIGN_IN)
        say(f"update file {package.stat().st_size / 1e6:.1f} MB, installed by command in "
            f"{time.monotonic() - began:.0f} s")  # fmt: skip
        _expect(self._versions() == [number], f"beside it lie {self._versions()}")
        _expect(self.said("--version", "--data", DATA).endswith(__version__), "used untried")
        self._start()
        self._until(lambda: self._state().get("stage") == "shown", "the new version is not shown")
        self._sign_in()
        self._until(lambda: self._state().get("confirmed") == number, "it is not taken for good")
        self.person.picture("updated-by-file")
        self._close()
        _expect(self.said("--version", "--data", DATA).endswith(number), "the old one is used")
        self.said("check", "--data", DATA, "--user", SIGN_IN)

    def bad_update(self) -> None:
        """What does not start is refused; what fails only later gives way, the records as they
        were."""
        number = next_version.number()
        hostname = self.clinic.prefix.drive / "windows" / "system32" / "hostname.exe"
        folder = WORK / "bad"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        for name in ("TownshipCare.exe", "TownshipCareCommand.exe"):
            shutil.copy2(hostname, folder / name)
        package = self._package(folder, BAD)
        refused = self.run("update", windows_path(package), "--data", DATA, "--user", SIGN_IN)
        _expect(refused.code != 0, "a version that does not start was installed")
        say(f"refused: {' '.join(refused.output.split())}")
        _expect(self._versions() == [number], f"it left {self._versions()}")
        # As if it had started when it was tried: only the real start fails.
        shutil.copytree(folder, self.folder / "versions" / BAD)
        before = (self.data / "store.db").read_bytes()
        self._start()
        self._until(lambda: BAD in self._state().get("failed", ()), "it is not known as failed")
        self.person.wait("未能正常启动")
        self.person.wait_quiet()
        self.person.picture("back-from-a-bad-version")
        _expect((self.data / "store.db").read_bytes() == before, "the records are not as before")
        self._sign_in()
        self._close()
        _expect(self.said("--version", "--data", DATA).endswith(number), "another one is used")

    # -- removing by hand -------------------------------------------------------------------

    def uninstall(self) -> None:
        """Asked about the records; Enter keeps them."""
        person = self.person
        kept = sorted(p.name for p in self.clinic.data.iterdir())
        _expect(bool(kept), "no records that could be kept")
        program = self.clinic.prefix.start("wine", f"{FOLDER}\\uninstall.exe", "/CurrentUser")
        person.wait_window("医养通 卸载")
        person.wait_quiet()
        person.picture("uninstall-confirm")
        person.key("Return")
        person.wait("数据仍保留在")
        person.wait_quiet()
        person.picture("uninstall-asks-about-records")
        person.key("Return")
        person.wait_quiet()
        person.picture("uninstall-done")
        person.press_until_gone("Return", "医养通 卸载")
        program.wait(PATIENCE)
        self.clinic.prefix.settle()
        left = sorted(p.name for p in self.folder.rglob("*")) if self.folder.exists() else []
        _expect(not self.folder.exists(), f"left behind: {left}")
        _expect(not list(self.clinic.prefix.drive.rglob("Township Care.lnk")), "a shortcut is left")
        _expect(sorted(p.name for p in self.clinic.data.iterdir()) == kept, "records are gone")

    # -- by the way -------------------------------------------------------------------------

    def run(self, *arguments: str) -> Done:
        return self.clinic.prefix.run(
            "wine", f"{FOLDER}\\TownshipCareCommand.exe", *arguments,
            timeout=900, environment={"TOWNSHIP_CARE_PASSWORD": SAMPLE_PASSWORD},
        )  # fmt: skip

    def said(self, *arguments: str) -> str:
        return checked(self.run(*arguments), arguments[0]).output

    def _trust(self) -> None:
        """The program knows the trial's key besides the publisher's."""
        file = self.folder / "parts" / "resources" / "update_keys.json"
        listed = json.loads(file.read_text(encoding="utf-8"))
        public = base64.b64encode(self._key.public_key().public_bytes_raw()).decode("ascii")
        listed["keys"].append({"name": "trial", "key": public})
        file.write_text(json.dumps(listed), encoding="utf-8")

    def _package(self, folder: Path, version: str) -> Path:
        self.clinic.stick.mkdir(parents=True, exist_ok=True)
        target = self.clinic.stick / f"TownshipCare-{version}-win-amd64.tcupdate"
        # The next version goes on trusting this key.
        keys = Path("parts") / "resources" / "update_keys.json"
        if (folder / keys).is_file():
            shutil.copy2(self.folder / keys, folder / keys)
        update_package.make(folder, target, self._key, version)
        return target

    def _versions(self) -> list[str]:
        place = self.folder / "versions"
        return sorted(p.name for p in place.iterdir()) if place.is_dir() else []

    def _state(self) -> dict[str, Any]:
        try:
            found: dict[str, Any] = json.loads((self.data / "update.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return found

    def _start(self) -> None:
        self.clinic.prefix.start("wine", f"{FOLDER}\\TownshipCare.exe", "gui", "--data", DATA)

    def _sign_in(self) -> None:
        self.person.wait("请选择登录的人")
        self.person.type(SAMPLE_PASSWORD)
        self.person.key("Return")
        self.person.wait("今日工作", "F3找人")

    def _close(self) -> None:
        self.person.key("alt+F4")
        self._until(lambda: not self.clinic.processes(), "the program does not end")

    def _until(self, condition: Any, otherwise: str) -> None:
        end = time.monotonic() + PATIENCE
        while not condition():
            if time.monotonic() > end:
                raise Failed(otherwise)
            time.sleep(0.5)


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)
