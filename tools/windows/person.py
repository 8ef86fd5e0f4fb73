"""A person at the screen: types, looks, and waits until something is there to be seen.

What is on the screen is read from its picture (tesseract), as a person reads it: the trial knows
nothing of the program but its keys and its words.
"""

from __future__ import annotations

import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tools.windows.display import Display
from tools.windows.places import Failed

#: A clinic's PC is faster than a busy build machine under Wine.
PATIENCE = 180.0
_MAGNIFIED = 2


@dataclass(frozen=True, slots=True)
class Word:
    """One piece of text and the middle of it on the screen."""

    text: str
    x: int
    y: int


def reads(line: str, text: str) -> bool:
    """Whether a line says ``text``; of four characters one may be read wrongly (a rare one is)."""
    forgiven = len(text) // 4
    return any(
        sum(a != b for a, b in zip(line[at : at + len(text)], text, strict=True)) <= forgiven
        for at in range(len(line) - len(text) + 1)
    )


class Person:
    """Hands and eyes on one display."""

    def __init__(self, display: Display, pictures: Path) -> None:
        self.display = display
        self.pictures = pictures
        self._taken = 0

    # -- hands ------------------------------------------------------------------------------

    def key(self, *keys: str) -> None:
        """Keys one after the other, each by the name X gives it: ``Return``, ``ctrl+s``."""
        for one in keys:
            self._xdotool("key", "--clearmodifiers", one)
            time.sleep(0.15)

    def type(self, text: str) -> None:
        """Latin letters and digits by the keyboard; Chinese by the clipboard."""
        if text.isascii():
            self._xdotool("type", "--delay", "60", text)
        else:
            self._copy(text)
            self.key("ctrl+v")
        time.sleep(0.3)

    def fill(self, *texts: str) -> None:
        """Fields one after the other, each left by Enter; an empty text leaves one as it is."""
        for text in texts:
            if text:
                self.type(text)
            self.key("Return")

    def click(self, text: str) -> None:
        """The first place on the screen where ``text`` stands."""
        word = self.find(text)
        self._xdotool("mousemove", str(word.x), str(word.y), "click", "1")
        time.sleep(0.3)

    def click_last(self, text: str) -> None:
        """The lowest place where ``text`` stands alone: the button of a dialog."""
        word = max((w for w in self.words() if w.text == text), key=lambda w: w.y)
        self._xdotool("mousemove", str(word.x), str(word.y), "click", "1")
        time.sleep(0.3)

    def _copy(self, text: str) -> None:
        # It stays behind to hand the text out until another one is copied.
        subprocess.run(
            ["xclip", "-selection", "clipboard", "-in"],
            input=text.encode(),
            env=self.display.environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )
        time.sleep(0.7)

    def _xdotool(self, *arguments: str) -> None:
        subprocess.run(
            ["xdotool", *arguments],
            env=self.display.environment(),
            stdout=subprocess.DEVNULL,
            check=True,
        )

    # -- eyes -------------------------------------------------------------------------------

    def words(self, language: str = "chi_sim", crop: str = "") -> list[Word]:
        """All lines of text on the screen, without their blanks, and where each begins."""
        picture = self.pictures.parent / "read.png"
        self.display.picture(picture)
        cropped = ["-crop", crop, "+repage"] if crop else []
        subprocess.run(
            ["convert", str(picture), *cropped, "-colorspace", "Gray",
             "-resize", f"{_MAGNIFIED}00%", str(picture)],
            check=True,
        )  # fmt: skip
        read = subprocess.run(
            ["tesseract", str(picture), "-", "-l", language, "--psm", "11", "tsv"],
            capture_output=True,
            encoding="utf-8",
            check=True,
        ).stdout
        lines: dict[tuple[str, ...], list[list[str]]] = {}
        for row in read.splitlines()[1:]:
            cells = row.split("\t")
            if len(cells) == 12 and cells[11].strip():
                lines.setdefault(tuple(cells[1:5]), []).append(cells)
        found = []
        for cells_of_line in lines.values():
            text = "".join(cells[11] for cells in cells_of_line).replace(" ", "")
            # A word of few letters can be clicked in its middle, a line at the end of its first.
            left, top, _, height = (int(value) for value in cells_of_line[0][6:10])
            right = int(cells_of_line[-1][6]) + int(cells_of_line[-1][8])
            found.append(
                Word(text, (left + right) // 2 // _MAGNIFIED, (top + height // 2) // _MAGNIFIED)
            )
        return found

    def sees(self, *texts: str) -> bool:
        """Whether all of the texts are to be read on the screen."""
        lines = [word.text for word in self.words()]
        return all(any(reads(line, text) for line in lines) for text in texts)

    def find(self, text: str) -> Word:
        """Where ``text`` stands; waits for it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = [word for word in self.words() if reads(word.text, text)]
            if found:
                # The shortest line: a button rather than a sentence that names it.
                return min(found, key=lambda word: len(word.text))
        raise self._lost(text)

    def wait(self, *texts: str) -> None:
        """Until all of the texts are to be read."""
        end = time.monotonic() + PATIENCE
        while not self.sees(*texts):
            if time.monotonic() > end:
                raise self._lost(" · ".join(texts))

    def wait_gone(self, text: str) -> None:
        """Until a text is not to be read any more."""
        end = time.monotonic() + PATIENCE
        while self.sees(text):
            if time.monotonic() > end:
                raise Failed(f"“{text}” is still on the screen")

    def _lost(self, text: str) -> Failed:
        seen = " | ".join(word.text for word in self.words())
        self.picture("failed")
        return Failed(f"waited in vain for “{text}” on the screen; there is: {seen}")

    def picture(self, name: str) -> None:
        """Keep a picture of the screen, numbered in the order of the trial."""
        self._taken += 1
        self.display.picture(self.pictures / f"{self._taken:02d}-{name}.png")
