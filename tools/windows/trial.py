"""The trial: the installed program under a person's hands, step by step, with a verdict.

Each step checks facts besides its picture: the program's own counts, what the hospital's server
received by HTTP, files and registry of the clinic's Windows.
"""

from __future__ import annotations

import os
import shutil
import socket
import time
from collections.abc import Callable
from pathlib import Path

from app import __version__
from tools.demo.county import TOWNSHIP, County, command, organisation_id, served
from tools.windows import next_version, work_at_the_clinic
from tools.windows.another_person import AnotherPerson
from tools.windows.clinic import LOGIN, PROGRAM, Clinic
from tools.windows.display import Display
from tools.windows.facts import Hospital
from tools.windows.person import Person
from tools.windows.places import LOGS, PICTURES, WORK, Failed, say
from tools.windows.wine import checked

_ROUNDS = 5


class Trial:
    """What the steps hand on to each other."""

    def __init__(self, clinic: Clinic, person: Person, address: str, hospital: Hospital) -> None:
        self.clinic, self.person = clinic, person
        self.address, self.hospital = address, hospital
        self.another = AnotherPerson(clinic, person)
        self.code = ""

    # -- installing -------------------------------------------------------------------------

    def old_windows(self) -> None:
        """An older Windows is told so: code 4, and nothing is installed"""
        prefix = self.clinic.prefix
        setup = self.clinic.bring(__version__, self.address, TOWNSHIP)
        checked(prefix.run("winecfg", "-v", "win81"), "winecfg")
        checked(self.clinic.run(setup, "/S"), "the installer on Windows 8.1", (4,))
        _expect(not self.clinic.folder.exists(), "something was installed on an old Windows")
        checked(prefix.run("winecfg", "-v", "win10"), "winecfg")

    def install(self) -> None:
        """A silent install for all, with organisation and server prepared"""
        checked(self.clinic.run(self.clinic.bring(__version__, self.address, TOWNSHIP), "/S"), "/S")
        for name in ("TownshipCare.exe", "uninstall.exe", "township-care.ini"):
            _expect((self.clinic.folder / name).is_file(), f"{name} was not installed")
        places = {path.parent.name for path in self.clinic.shortcuts()}
        _expect(places == {"Desktop", "Programs"}, f"shortcuts in {places}")
        _expect(self.clinic.command("--version").endswith(__version__), "it is another version")

    def chinese_path(self) -> None:
        """A Chinese install path, for one person only; what others laid there is never run"""
        setup = self.clinic.bring(__version__, self.address, TOWNSHIP)
        folder = "C:\\医养通 软件"
        # Unquoted, as NSIS wants the last argument: in two words because of the blank.
        first, second = folder.split(" ")
        planted = self.clinic.prefix.drive / "医养通 软件" / "versions" / "9.9.9"
        planted.mkdir(parents=True)
        shutil.copy2(self.clinic.folder / "TownshipCare.exe", planted)
        where = (f"/D={first}", second)
        checked(self.clinic.run(setup, "/S", "/AllUsers", *where), "/D for all users", (6,))
        left = [p.name for p in planted.parent.parent.iterdir()]
        _expect(left == ["versions"], f"a refused installation wrote {left}")
        checked(self.clinic.run(setup, "/S", "/CurrentUser", *where), "/D")
        _expect(not planted.exists(), "what somebody laid into the folder would be started")
        said = self.clinic.command("--version", folder=folder)
        _expect(said.endswith(__version__), f"it says {said}")
        self.clinic.run(f"{folder}\\uninstall.exe", "/S", "/CurrentUser")
        there = self.clinic.prefix.drive / "医养通 软件"
        _expect(not there.exists(), f"left behind: {[p.name for p in there.glob('*')]}")
        _expect(self.clinic.folder.exists(), "the program for all went, too")

    def starts(self) -> None:
        """Start times: process to painted window, then all rooms loaded"""
        times = []
        _forget(self.clinic.folder)
        for _ in range(_ROUNDS):
            began = time.monotonic()
            program = self.clinic.prefix.start(
                "wine", f"{PROGRAM}\\TownshipCareCommand.exe", "gui", "--data", "C:\\empty",
                "--until-shown",
            )  # fmt: skip
            while not program.lines and program.process.poll() is None:
                time.sleep(0.02)
            times.append(time.monotonic() - began)
            done = checked(program.wait(180), "gui --until-shown")
            _expect(done.output.split() == ["shown", "complete"], done.output)
        cold, *warm = times
        say(
            f"start to painted window: {cold:.1f} s with the program's files read from the disk, "
            f"then {min(warm):.1f} to {max(warm):.1f} s"
        )

    # -- a morning without a server ---------------------------------------------------------

    def set_up(self) -> None:
        """First start by the desktop's shortcut; the set-up, prepared, and the first sign-in"""
        self.clinic.start()
        work_at_the_clinic.set_up(self.person, TOWNSHIP)
        _expect(any(self.clinic.data.iterdir()), "no store under the person's Chinese path")

    def register(self) -> None:
        """An elder with a Chinese name is registered"""
        work_at_the_clinic.register(self.person)

    def follow_up(self) -> None:
        """A follow-up with 192/112: refer now; the emergency letter is sent"""
        work_at_the_clinic.follow_up_and_refer(self.person)

    def check_in(self) -> None:
        """A bed, a rehabilitation plan and a check-in"""
        before = self.clinic.status()["waiting"]
        work_at_the_clinic.ward(self.person)
        more = self.clinic.status()["waiting"] - before
        # The stay goes with the resident's own record, which waits already.
        _expect(more == 2, f"a plan and a session make {more} records")

    def second_instance(self) -> None:
        """A second program on the same records is refused with a sentence"""
        second = self.clinic.prefix.start("wine", f"{PROGRAM}\\TownshipCareCommand.exe", "gui")
        self.person.wait("程序已经在本机运行")
        self.person.picture("second-instance")
        self.person.key("Return")
        checked(second.wait(120), "the second program", (3,))

    def power_cut(self) -> None:
        """SIGKILL in the midst of work; after the restart nothing is missing"""
        before = self.clinic.status()["waiting"]
        _expect(before >= 8, f"only {before} records wait")
        work_at_the_clinic.begin_something(self.person)
        self.clinic.kill()
        _expect(self.clinic.status()["waiting"] == before, "records are missing after the kill")
        self.clinic.command("check", "--user", LOGIN)
        self.clinic.start()
        work_at_the_clinic.sign_in(self.person)
        work_at_the_clinic.look_at(self.person, "after-power-cut")
        work_at_the_clinic.find_it_again(self.person)

    # -- the server comes up ----------------------------------------------------------------

    def sync(self) -> None:
        """Enrolled with a code; everything reaches the hospital by itself"""
        _expect("单国华" not in self.hospital.names(), "the server knows her before")
        work_at_the_clinic.enrol(self.person, self.code)
        end = time.monotonic() + 300
        while (left := self.clinic.status())["waiting"]:
            if time.monotonic() > end:
                raise Failed(f"not everything was sent: {left}")
            time.sleep(2)
        _expect(left["rejected"] == 0, f"refused: {left['rejected_records']}")
        self.person.key("alt+8")
        time.sleep(3)
        self.person.picture("synced")
        _expect("单国华" in self.hospital.names(), "the server does not know the elder")
        pressures = str(self.hospital.all_of("Observation"))
        _expect("192" in pressures and "112" in pressures, "the server holds no 192/112")
        letters = [t for t in self.hospital.all_of("Task") if t.get("priority") in ("stat", "asap")]
        _expect(bool(letters), "the server holds no emergency letter")
        _expect(bool(self.hospital.all_of("Procedure")), "the server holds no check-in")
        stays = str(self.hospital.all_of("Patient"))
        _expect("residence" in stays and "101" in stays, "the server does not know of her bed")

    def day_check(self) -> None:
        """The program's own comparison with the server, with no window open"""
        work_at_the_clinic.close(self.person, self.clinic.processes)
        self.clinic.command("sync", "--user", LOGIN, "--once", "--day-check", "--json")

    # -- later ------------------------------------------------------------------------------

    def back_up(self) -> None:
        """A backup into a Chinese folder"""
        (self.clinic.prefix.drive / "备份").mkdir(exist_ok=True)
        self.clinic.command("backup", "C:\\备份\\今天.tcbackup", "--user", LOGIN)
        _expect((self.clinic.prefix.drive / "备份" / "今天.tcbackup").is_file(), "no backup")

    def upgrade(self) -> None:
        """The next version in place of the old: refused while it runs; the store migrated"""
        setup = self.clinic.bring(next_version.number(), self.address, TOWNSHIP)
        self.clinic.start()
        self.person.wait("请选择登录的人")
        checked(self.clinic.run_beside(setup, "/S"), "the upgrade of a running program", (3,))
        work_at_the_clinic.close(self.person, self.clinic.processes)
        checked(self.clinic.run(setup, "/S"), "the upgrade")
        said = self.clinic.command("--version")
        _expect(said.endswith(next_version.number()), f"it says {said}")
        _expect(not (self.clinic.folder / "previous").exists(), "the old program was left")
        self.clinic.start()
        work_at_the_clinic.sign_in(self.person)
        work_at_the_clinic.look_at(self.person, "after-upgrade")
        work_at_the_clinic.close(self.person, self.clinic.processes)
        revisions = [p.name for p in self.clinic.folder.rglob(f"{next_version.revision()}_*.py")]
        _expect(bool(revisions), "the migration is not in the program")
        self.clinic.command("check", "--user", LOGIN)

    def no_downgrade(self) -> None:
        """The older installer refuses: it could not open the records"""
        setup = self.clinic.bring(__version__, self.address, TOWNSHIP)
        checked(self.clinic.run(setup, "/S"), "the older installer", (5,))

    def restore(self) -> None:
        """The backup of the old version is put back in the new one and migrated"""
        self.clinic.command("restore", "C:\\备份\\今天.tcbackup", "--user", LOGIN)
        _expect(self.clinic.status()["rejected"] == 0, "something is refused")
        self.clinic.start()
        work_at_the_clinic.sign_in(self.person)
        work_at_the_clinic.look_at(self.person, "after-restore")
        work_at_the_clinic.close(self.person, self.clinic.processes)

    def uninstall(self) -> None:
        """Uninstalled: program, shortcuts and registry gone, the records kept"""
        before = sorted(p.name for p in self.clinic.data.iterdir())
        self.clinic.run(f"{PROGRAM}\\uninstall.exe", "/S", "/AllUsers")
        _expect(not self.clinic.folder.exists(), "the program's folder is left")
        _expect(self.clinic.shortcuts() == [], "a shortcut is left")
        _expect(sorted(p.name for p in self.clinic.data.iterdir()) == before, "records are gone")
        registry = (self.clinic.prefix.folder / "system.reg").read_text("utf-8", errors="replace")
        _expect("Uninstall\\\\TownshipCare]" not in registry, "the entry in the list is left")

    # -- another person of the PC -------------------------------------------------------------

    def install_by_hand(self) -> None:
        """By hand, in English, for one person, under the Chinese user name"""
        self.another.install(self.clinic.bring(__version__, self.address, TOWNSHIP))

    def update_by_file(self) -> None:
        """Updated by a signed file: tried, migrated, taken for good; an altered file is refused"""
        self.another.update()

    def bad_update(self) -> None:
        """A version that does not start is refused; one that fails later gives way"""
        self.another.bad_update()

    def uninstall_by_hand(self) -> None:
        """Uninstalled by hand: it asks about the records, and keeps them by default"""
        self.another.uninstall()


_STEPS: tuple[Callable[[Trial], None], ...] = (
    Trial.old_windows, Trial.install, Trial.chinese_path, Trial.starts, Trial.set_up,
    Trial.register, Trial.follow_up, Trial.check_in, Trial.second_instance, Trial.power_cut,
    Trial.sync, Trial.day_check, Trial.back_up, Trial.upgrade, Trial.no_downgrade, Trial.restore,
    Trial.uninstall, Trial.install_by_hand, Trial.update_by_file, Trial.bad_update,
    Trial.uninstall_by_hand,
)  # fmt: skip


def run() -> None:
    """All steps on a fresh clinic's PC; raises ``Failed`` at the first that does not hold."""
    shutil.rmtree(PICTURES, ignore_errors=True)
    county = County(WORK / "county")
    shutil.rmtree(county.folder, ignore_errors=True)
    office = ("--data", str(county.server), "--organisation", organisation_id(TOWNSHIP))
    with Display() as display, served(county, _free_port()) as address:
        clinic = Clinic(display.name)
        clinic.make()
        say("a clean Windows 10, code page 936, a user with a Chinese name")
        token = command("server", "token", *office, "--name", "trial").splitlines()[-1]
        person = Person(display, PICTURES)
        trial = Trial(clinic, person, address, Hospital(address, token))
        trial.code = command("server", "enrol", *office).splitlines()[-1]
        try:
            for at, step in enumerate(_STEPS, 1):
                step(trial)
                say(f"{at:2d} of {len(_STEPS)} passed: {(step.__doc__ or '').strip()}")
        except Exception:
            person.picture("failed", at_once=True)
            raise
        finally:
            clinic.prefix.end()
            LOGS.mkdir(parents=True, exist_ok=True)
            for log in clinic.data.rglob("*.log*"):
                shutil.copy2(log, LOGS / log.name)


def _forget(folder: Path) -> None:
    """Have the system forget what it read or wrote there: as on the first start of a day."""
    for file in folder.rglob("*"):
        if file.is_file():
            handle = os.open(file, os.O_RDONLY)
            os.fsync(handle)
            os.posix_fadvise(handle, 0, 0, os.POSIX_FADV_DONTNEED)
            os.close(handle)


def _free_port() -> int:
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return int(one.getsockname()[1])


def _expect(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Failed(otherwise)
