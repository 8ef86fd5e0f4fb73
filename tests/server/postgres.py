"""A real PostgreSQL for the tests: a cluster of one's own in a temporary folder.

It listens on a socket in that folder only. PostgreSQL never runs as root, so where the tests
do, it runs as the user ``postgres`` of Debian's package, or as ``nobody``.
"""

from __future__ import annotations

import itertools
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import threading
from pathlib import Path

_ROOTS = (Path("/usr/lib/postgresql"), Path("/usr/pgsql"), Path("/opt/homebrew/opt"))
_USER = "records"


def find_programs() -> Path | None:
    """The folder of the newest ``initdb`` and ``postgres``, if there is one."""
    beside = shutil.which("initdb")
    folders = [path.parent for root in _ROOTS for path in root.glob("*/bin/initdb")]
    folders.sort(key=lambda folder: [int(n) for n in folder.parent.name.split(".") if n.isdigit()])
    if beside:
        folders.insert(0, Path(beside).resolve().parent)
    return next((one for one in reversed(folders) if (one / "postgres").exists()), None)


def why_not() -> str | None:
    """Why no PostgreSQL can be started here; None where it can."""
    if find_programs() is None:
        return "no PostgreSQL server on this machine (Debian: apt-get install postgresql)"
    try:
        import psycopg  # noqa: F401
    except ImportError:
        return "the driver psycopg is not installed (the extra 'postgresql')"
    return None


class Cluster:
    """One running PostgreSQL."""

    def __init__(self) -> None:
        programs = find_programs()
        assert programs
        self._programs = programs
        # Not pytest's folder: that one is closed to the user that PostgreSQL runs as.
        self.folder = Path(tempfile.mkdtemp(prefix="pg-"))
        self._identity: dict[str, object] = {}
        if os.geteuid() == 0:
            user = _unprivileged()
            self._identity = {"user": user.pw_uid, "group": user.pw_gid, "extra_groups": []}
            os.chown(self.folder, user.pw_uid, user.pw_gid)
        self._numbers = itertools.count(1)
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self.run(
            "initdb", "--pgdata", str(self.folder / "data"), "--username", _USER,
            "--auth", "trust", "--encoding", "UTF8", "--locale", "C", "--no-sync",
        )  # fmt: skip
        self.start()

    def start(self) -> None:
        """Start, and wait until it says that it takes connections."""
        # The tests kill our server, never the machine: nothing here needs the disk.
        settings = ("fsync=off", "full_page_writes=off", "max_connections=200",
                    "shared_buffers=32MB", "listen_addresses=", "log_min_messages=log",
                    "lc_messages=C", f"unix_socket_directories={self.folder}")  # fmt: skip
        options = [part for one in settings for part in ("-c", one)]
        self._process = subprocess.Popen(
            [str(self._programs / "postgres"), "-D", str(self.folder / "data"), *options],
            stderr=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            encoding="utf-8",
            errors="replace",
            cwd=self.folder,
            **self._identity,  # type: ignore[call-overload]
        )
        assert self._process.stderr
        seen = []
        for line in self._process.stderr:
            seen.append(line)
            if "ready to accept connections" in line:
                break
        else:
            raise AssertionError(f"PostgreSQL did not start: {seen}")
        self._reader = threading.Thread(target=self._drop_log, daemon=True)
        self._reader.start()

    def _drop_log(self) -> None:
        assert self._process
        assert self._process.stderr
        for _ in self._process.stderr:
            pass

    def new_database(self) -> str:
        """The URL of a fresh, empty database."""
        name = f"records_{next(self._numbers)}"
        self.run("createdb", "--host", str(self.folder), "--username", _USER, name)
        return self.url(name)

    def url(self, name: str, user: str = _USER) -> str:
        return f"postgresql+psycopg://{user}@/{name}?host={self.folder}"

    def stop(self) -> None:
        """A fast stop: open connections are cut, as at a restart of the machine."""
        assert self._process
        assert self._reader
        self._process.send_signal(signal.SIGINT)
        self._process.wait(30)
        self._reader.join(30)
        assert self._process.stderr
        self._process.stderr.close()
        self._process = None

    def remove(self) -> None:
        if self._process:
            self.stop()
        shutil.rmtree(self.folder)

    def run(self, program: str, *arguments: str) -> None:
        """One of PostgreSQL's programs, as the user that the cluster belongs to."""
        done = subprocess.run(
            [str(self._programs / program), *arguments],
            capture_output=True,
            encoding="utf-8",
            errors="replace",
            timeout=120,
            check=False,
            cwd=self.folder,
            **self._identity,  # type: ignore[call-overload]
        )
        assert done.returncode == 0, done.stderr


def _unprivileged() -> pwd.struct_passwd:
    for name in ("postgres", "nobody"):
        try:
            return pwd.getpwnam(name)
        except KeyError:
            continue
    raise AssertionError("there is no user that PostgreSQL could run as")
