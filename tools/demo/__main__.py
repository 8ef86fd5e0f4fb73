"""``python -m tools.demo``: windows where there is a display, else the scripted walk."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import time
from pathlib import Path

from tools.demo.county import LEAD, PASSWORD, ROOT, TOWNSHIP, County, prepare, served

FOLDER = ROOT / "build" / "demo"


def main() -> int:
    parser = argparse.ArgumentParser(prog="make demo", description=__doc__)
    parser.add_argument("--walk", action="store_true", help="the scripted walk, display or not")
    parser.add_argument("--residents", type=int, default=300)
    options = parser.parse_args()
    if FOLDER.exists():
        shutil.rmtree(FOLDER)
    county = County(FOLDER / "county")
    start = time.monotonic()
    print(f"Making the sample county ({options.residents} elders) …", flush=True)
    address = prepare(county, options.residents)
    print(f"  done in {time.monotonic() - start:.0f} s", flush=True)
    if options.walk or not _has_display():
        return _walk(county, address)
    return _windows(county, address)


def _has_display() -> bool:
    if sys.platform in ("win32", "darwin"):
        return True
    return bool(os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"))


def _walk(county: County, address: str) -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    from tools.demo.walk import walk

    pictures = FOLDER
    print("No display: walking the main job through the real widgets.", flush=True)
    steps = walk(county, address, pictures, say=lambda text: print("  " + text, flush=True))
    print(f"\n{len(steps)} steps passed. Pictures: {_shown(pictures)}")
    return 0


def _windows(county: County, address: str) -> int:
    port = int(address.rsplit(":", 1)[1])
    with served(county, port):
        print(f"The server of {LEAD}: {address}")
        print(f"Two windows: {TOWNSHIP} and {LEAD}. Account: sample, password: {PASSWORD}")
        print("Close both windows to end the demonstration.", flush=True)
        windows = [
            subprocess.Popen([sys.executable, "-m", "app", "gui", "--data", str(folder)], cwd=ROOT)
            for folder in (county.township, county.lead)
        ]
        for window in windows:
            window.wait()
    return 0


def _shown(path: Path) -> str:
    return str(path.relative_to(ROOT))


if __name__ == "__main__":
    raise SystemExit(main())
