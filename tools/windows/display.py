"""A screen of its own for the programs under Wine, as large as a clinic's smallest."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from types import TracebackType

SIZE = (1366, 768)


class Display:
    """``with Display() as display``: an X server; ``display.name`` goes into DISPLAY."""

    def __init__(self) -> None:
        self.name = ""
        self._server: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Display:
        reading, writing = os.pipe()
        width, height = SIZE
        self._server = subprocess.Popen(
            ["Xvfb", "-displayfd", str(writing), "-screen", "0", f"{width}x{height}x24",
             "-nolisten", "tcp", "-dpi", "96"],
            pass_fds=(writing,),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )  # fmt: skip
        os.close(writing)
        with os.fdopen(reading) as pipe:
            self.name = f":{pipe.readline().strip()}"
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._server is not None:
            self._server.terminate()
            self._server.wait()

    def environment(self) -> dict[str, str]:
        return {**os.environ, "DISPLAY": self.name}

    def picture(self, target: Path) -> None:
        """The whole screen as a PNG file."""
        target.parent.mkdir(parents=True, exist_ok=True)
        subprocess.run(
            ["import", "-silent", "-window", "root", str(target)],
            env=self.environment(),
            check=True,
        )

    def pixels(self) -> bytes:
        """The whole screen in grey, a byte for each pixel."""
        return subprocess.run(
            [
                "import",
                "-silent",
                "-window",
                "root",
                "-colorspace",
                "Gray",
                "-depth",
                "8",
                "gray:-",
            ],
            env=self.environment(),
            capture_output=True,
            check=True,
        ).stdout
