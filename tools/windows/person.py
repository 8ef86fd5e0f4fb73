"""A person at the screen: types, looks, and waits until something is there to be seen.

What is on the screen is read from its picture (tesseract), as a person reads it: the trial knows
nothing of the program but its keys and its words.
"""

from __future__ import annotations

import os
import re
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from tools.windows.display import Display
from tools.windows.places import Failed

#: A clinic's PC is faster than a busy build machine under Wine.
PATIENCE = 180.0
_MAGNIFIED = 2
#: How tesseract cuts a page up: scattered words, then whole lines.
_WAYS = (11, 6)
#: Several threads of tesseract wait for one another on a busy machine.
_ONE_THREAD = {"OMP_THREAD_LIMIT": "1"}
#: So many looks after one another must be alike but for a blinking caret, in bytes.
_ALIKE, _CARET = 3, 600
#: Less than any word; and after so many seconds the same screen is read once more.
_BLINK, _SECOND_LOOK = 60, 10.0


@dataclass(frozen=True, slots=True)
class Line:
    """One line of text without its blanks, and where on the screen each character stands."""

    text: str
    middles: tuple[int, ...]
    y: int

    def where(self, text: str) -> tuple[int, int]:
        """The middle of ``text`` in this line, which reads it."""
        at = _found(self.text, text)
        assert at is not None
        return (self.middles[at] + self.middles[at + len(text) - 1]) // 2, self.y


def _found(line: str, text: str) -> int | None:
    forgiven = len(text) // 4
    wrong = [
        sum(a != b for a, b in zip(line[at : at + len(text)], text, strict=True))
        for at in range(len(line) - len(text) + 1)
    ]
    return wrong.index(min(wrong)) if wrong and min(wrong) <= forgiven else None


def reads(line: str, text: str) -> bool:
    """Whether a line says ``text``; of four characters one may be read wrongly (a rare one is)."""
    return _found(line, text) is not None


class Person:
    """Hands and eyes on one display."""

    def __init__(self, display: Display, pictures: Path) -> None:
        self.display = display
        self.pictures = pictures
        self._taken = 0
        self._seen = b""

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
        self._click(*self.find(text))

    def _click(self, x: int, y: int) -> None:
        self._xdotool("mousemove", str(x), str(y), "click", "1")
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

    def lines(self, language: str = "chi_sim") -> list[Line]:
        """All that is to be read, twice: scattered words, then whole lines.

        The first way finds what stands alone but leaves out what stands in a frame, the second
        reads across a form's columns.
        """
        picture = self._look()
        return [line for mode in _WAYS for line in _read(picture, language, mode)]

    def _look(self) -> Path:
        """The screen as it is now, large and grey."""
        self._seen = self.display.pixels()
        picture = self.pictures.parent / "read.png"
        self.display.picture(picture)
        subprocess.run(
            ["convert", str(picture), "-colorspace", "Gray", "-resize", f"{_MAGNIFIED}00%",
             str(picture)],
            check=True,
        )  # fmt: skip
        return picture

    def sees(self, *texts: str) -> bool:
        """Whether all of the texts are to be read on the screen."""
        left = set(texts)
        picture = self._look()
        for mode in _WAYS:
            lines = _read(picture, "chi_sim", mode)
            left = {text for text in left if not any(reads(line.text, text) for line in lines)}
            if not left:
                return True
        return False

    def find(self, text: str) -> tuple[int, int]:
        """Where ``text`` stands; waits for it."""
        end = time.monotonic() + PATIENCE
        while time.monotonic() < end:
            found = [line for line in self.lines() if reads(line.text, text)]
            if found:
                # The shortest line: a button rather than a sentence that names it.
                return min(found, key=lambda line: len(line.text)).where(text)
            self._until_something_changes()
        raise self._lost(text)

    def wait(self, *texts: str) -> None:
        """Until all of the texts are to be read."""
        end = time.monotonic() + PATIENCE
        while not self.sees(*texts):
            if time.monotonic() > end:
                raise self._lost(" · ".join(texts))
            self._until_something_changes()

    def wait_gone(self, text: str) -> None:
        """Until a text is not to be read any more."""
        end = time.monotonic() + PATIENCE
        while self.sees(text):
            if time.monotonic() > end:
                raise Failed(f"“{text}” is still on the screen")

    def _until_something_changes(self) -> None:
        """Nothing new is to be read on a screen that is as it was; reading takes seconds."""
        end = time.monotonic() + _SECOND_LOOK
        while time.monotonic() < end and _changed(self._seen, self.display.pixels()) <= _BLINK:
            time.sleep(0.2)

    def wait_window(self, title: str) -> None:
        """Until a window of that title is shown."""
        end = time.monotonic() + PATIENCE
        while not self._window(title):
            if time.monotonic() > end:
                raise self._lost(title)
            time.sleep(0.3)

    def wait_window_gone(self, title: str) -> None:
        """Until the window of that title has been closed."""
        end = time.monotonic() + PATIENCE
        while self._window(title):
            if time.monotonic() > end:
                raise Failed(f"the window “{title}” is still there")
            time.sleep(0.3)

    def press_until_gone(self, key: str, title: str) -> None:
        """A key that closes a window, once more where it came between two focuses.

        There is no window manager: where a box in front of the window closed, nobody gives the
        keyboard back to it, as Windows itself does.
        """
        end = time.monotonic() + PATIENCE
        while self._window(title):
            if time.monotonic() > end:
                raise Failed(f"the window “{title}” is still there")
            self._window(title, "windowfocus")  # it may be gone by now
            self.key(key)
            self.wait_quiet()

    def _window(self, title: str, *then: str) -> bool:
        """Whether a window of this title is in sight; ``then``: what xdotool does with it."""
        found = subprocess.run(
            ["xdotool", "search", "--onlyvisible", "--name", f"^{re.escape(title)} *$", *then],
            env=self.display.environment(),
            capture_output=True,
            check=False,
        )
        return found.returncode == 0

    def wait_quiet(self) -> None:
        """Until the screen stands still: what the last key began is over, the focus has moved."""
        end = time.monotonic() + PATIENCE
        before, alike = b"", 0
        while alike < _ALIKE:
            if time.monotonic() > end:
                raise Failed("the screen does not stand still")
            time.sleep(0.4)
            now = self.display.pixels()
            alike = alike + 1 if before and _changed(before, now) <= _CARET else 0
            before = now

    def _lost(self, text: str) -> Failed:
        seen = " | ".join(line.text for line in self.lines())
        return Failed(f"waited in vain for “{text}” on the screen; there is: {seen}")

    def picture(self, name: str, *, at_once: bool = False) -> None:
        """Keep a picture of the screen once it stands still, numbered in the order of the trial."""
        if not at_once:
            self.wait_quiet()
        self._taken += 1
        self.display.picture(self.pictures / f"{self._taken:02d}-{name}.png")


def _changed(before: bytes, now: bytes) -> int:
    """How many bytes of two pictures differ."""
    one, other = int.from_bytes(before, "big"), int.from_bytes(now, "big")
    return sum(1 for byte in (one ^ other).to_bytes(len(now), "big") if byte)


def _read(picture: Path, language: str, mode: int) -> list[Line]:
    """What tesseract reads in one of its modes of cutting a page up."""
    read = subprocess.run(
        ["tesseract", str(picture), "-", "-l", language, "--psm", str(mode), "tsv"],
        env={**os.environ, **_ONE_THREAD},
        capture_output=True,
        encoding="utf-8",
        check=True,
    ).stdout
    words: dict[tuple[str, ...], list[list[str]]] = {}
    for row in read.splitlines()[1:]:
        cells = row.split("\t")
        if len(cells) == 12 and cells[11].strip():
            words.setdefault(tuple(cells[1:5]), []).append(cells)
    lines = []
    for cells_of_line in words.values():
        text, middles = "", []
        for cells in cells_of_line:
            left, width, word = int(cells[6]), int(cells[8]), cells[11].replace(" ", "")
            each = width / len(word)
            middles += [round((left + (n + 0.5) * each) / _MAGNIFIED) for n in range(len(word))]
            text += word
        top, height = int(cells_of_line[0][7]), int(cells_of_line[0][9])
        lines.append(Line(text, tuple(middles), (top + height // 2) // _MAGNIFIED))
    return lines
