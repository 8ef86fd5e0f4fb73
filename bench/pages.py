"""Every room opened, and the indicators of a year, at 50,000 residents with five years of visits.

``TOWNSHIP_CARE_BENCH_STORE`` names a folder made by ``python -m app seed`` (password
``bench-password``) that is measured instead of a fresh one; making one takes long.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from app.care.sample.county import SampleRequest, make_sample_store
from bench.figures import Figure, installed
from bench.rooms import PASSWORD

ROOT = Path(__file__).resolve().parent.parent
RESIDENTS, YEARS = 50_000, 5


def run(folder: Path) -> list[Figure]:
    """First and later visits of each room, and the report of a year, in milliseconds."""
    data = Path(os.environ.get("TOWNSHIP_CARE_BENCH_STORE", folder / "data"))
    if not data.exists():
        make_sample_store(data, SampleRequest(residents=RESIDENTS, years=YEARS), PASSWORD)
    environment = installed(folder)
    small = folder / "small"
    make_sample_store(small, SampleRequest(residents=20), PASSWORD)
    # Once over a small store: after it the byte code is there, as after an installation.
    _measured(small, environment)
    _measured(small, environment, "letter")
    return _measured(data, environment) + _measured(data, environment, "letter")


def _measured(data: Path, environment: dict[str, str], *what: str) -> list[Figure]:
    process = subprocess.run(
        [sys.executable, "-m", "bench.rooms", str(data), *what],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if process.returncode != 0:
        raise RuntimeError(process.stderr)
    figures = []
    for line in process.stdout.splitlines():
        if not line.startswith("{"):
            continue
        found = json.loads(line)
        spread = tuple(found["spread"]) if found["spread"] else None
        figures.append(
            Figure(found["what"], found["ours"], "ms", found["floor"], found["goal"], spread)
        )
    return figures
