"""The installer, made by NSIS of the frozen folder."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

from app import __version__
from tools.windows.places import (
    FROZEN,
    INSTALLER_PICTURES,
    LOGS,
    ROOT,
    SOURCES,
    Failed,
    installer_of,
    megabytes,
    say,
)

MOST_MEGABYTES = 60


def pack(frozen: Path = FROZEN, version: str = __version__, *, quick: bool = False) -> Path:
    """The installer of a frozen folder; raises ``Failed`` where it is larger than it may be.

    ``quick``: packed less tightly, in a tenth of the time.
    """
    target = installer_of(version)
    target.unlink(missing_ok=True)
    # In a process of its own: it paints with Qt.
    subprocess.run(
        [sys.executable, "-m", "tools.windows.side_picture", str(INSTALLER_PICTURES)],
        cwd=ROOT,
        check=True,
    )
    done = subprocess.run(
        ["makensis", "-V2", "-INPUTCHARSET", "UTF8", f"-DVERSION={version}",
         f"-DSOURCE={frozen}", f"-DOUTPUT={target}", f"-DPICTURES={INSTALLER_PICTURES}",
         *(["-DQUICK"] if quick else []), "installer.nsi"],
        cwd=SOURCES, capture_output=True, text=True, check=False,
    )  # fmt: skip
    LOGS.mkdir(parents=True, exist_ok=True)
    (LOGS / "makensis.log").write_text(done.stdout + done.stderr, encoding="utf-8")
    words = (done.stdout + done.stderr).strip()
    if done.returncode or not target.is_file() or "warning" in words:
        raise Failed(f"makensis does not make the installer without a word:\n{words}")
    size = megabytes(target)
    if size > MOST_MEGABYTES:
        raise Failed(f"the installer takes {size:.0f} MB, more than {MOST_MEGABYTES}")
    say(f"installer of version {version}: {size:.1f} MB")
    return target
