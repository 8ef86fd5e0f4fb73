"""The demonstration's county: two data folders, one server, all sample data."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from app.care.sample.county import directory

ROOT = Path(__file__).resolve().parent.parent.parent
PASSWORD = "sample-password"
TOWNSHIP = "白塔畈镇中心卫生院"
LEAD = "金寨县人民医院"


@dataclass(frozen=True)
class County:
    """Where everything of the demonstration lies."""

    folder: Path

    @property
    def township(self) -> Path:
        return self.folder / "township"

    @property
    def lead(self) -> Path:
        return self.folder / "lead-hospital"

    @property
    def server(self) -> Path:
        return self.folder / "server"


def organisation_id(name: str) -> str:
    return next(str(o["id"]) for o in directory() if o["name"] == name)


def command(*arguments: str, timeout: float = 600) -> str:
    """Runs ``python -m app …`` and gives what it printed; an error ends the demonstration."""
    process = subprocess.run(
        [sys.executable, "-m", "app", *arguments],
        cwd=ROOT,
        env={**os.environ, "TOWNSHIP_CARE_PASSWORD": PASSWORD},
        capture_output=True,
        text=True,
        timeout=timeout,
        check=False,
    )
    if process.returncode != 0:
        raise RuntimeError(f"{arguments[0]}: {process.stderr.strip() or process.stdout.strip()}")
    return process.stdout.strip()


@contextmanager
def served(county: County, port: int = 0) -> Iterator[str]:
    """The lead hospital's server as a process of its own; gives its address."""
    county.folder.mkdir(parents=True, exist_ok=True)
    with (county.folder / "server.log").open("a", encoding="utf-8") as log:
        process = subprocess.Popen(
            [
                sys.executable, "-m", "app", "serve", "--data", str(county.server),
                "--port", str(port),
            ],
            cwd=ROOT,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
        )  # fmt: skip
    assert process.stdout is not None
    try:
        line = process.stdout.readline().strip()
        if not line.startswith("READY "):
            raise RuntimeError(f"the server did not start: {line or 'no answer'}")
        yield line.removeprefix("READY ")
    finally:
        process.terminate()
        process.wait(timeout=30)
        process.stdout.close()


def prepare(county: County, residents: int = 300) -> str:
    """Sample stores of a township and its lead hospital, both known to the server.

    Everything in them has been sent and confirmed. Gives the server's address (it is stopped
    again, so that the day begins without a link).
    """
    for folder, name, count in (
        (county.township, TOWNSHIP, residents),
        (county.lead, LEAD, 0),
    ):
        command(
            "seed", "--data", str(folder), "--residents", str(count), "--queue-all",
            "--organisation", organisation_id(name),
        )  # fmt: skip
    with served(county) as address:
        for folder, name in ((county.township, TOWNSHIP), (county.lead, LEAD)):
            code = command(
                "server", "enrol", "--data", str(county.server),
                "--organisation", organisation_id(name),
            )  # fmt: skip
            command(
                "sync", "--data", str(folder), "--server", address, "--code", code,
                "--once", "--json",
            )  # fmt: skip
    return address
