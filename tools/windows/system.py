"""What a bare Debian lacks: packages, and the locale that makes Wine's code page 936."""

from __future__ import annotations

import os
import shutil
import subprocess

from tools.windows.places import LOCALE, Failed, say

PACKAGES = (
    "wine", "wine64", "xvfb", "xauth", "xdotool", "xclip", "x11-utils", "imagemagick", "nsis",
    "gcc-mingw-w64-x86-64-posix", "fonts-noto-cjk", "fonts-wine",
    "locales", "tesseract-ocr", "tesseract-ocr-chi-sim",
)  # fmt: skip
CHINESE = "zh_CN.UTF-8"


def prepare() -> None:
    """Install the packages that are missing; compile the Chinese locale into the build folder."""
    missing = [name for name in PACKAGES if not _installed(name)]
    if missing:
        if shutil.which("apt-get") is None:
            raise Failed(f"This is no Debian system. Install by hand: {' '.join(missing)}")
        say(f"installing {' '.join(missing)}")
        root = [] if os.geteuid() == 0 else ["sudo"]
        quiet = [*root, "env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq"]
        subprocess.run([*quiet, "update"], check=True, stdout=subprocess.DEVNULL)
        subprocess.run(
            [*quiet, "install", "-y", "--no-install-recommends", *missing],
            check=True,
            stdout=subprocess.DEVNULL,
        )
    if not (LOCALE / CHINESE).is_dir():
        LOCALE.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["localedef", "-i", "zh_CN", "-f", "UTF-8", str(LOCALE / CHINESE)], check=True
        )


def _installed(package: str) -> bool:
    asked = subprocess.run(
        ["dpkg-query", "-W", "-f=${db:Status-Status}", package],
        capture_output=True,
        text=True,
        check=False,
    )
    return asked.stdout == "installed"
