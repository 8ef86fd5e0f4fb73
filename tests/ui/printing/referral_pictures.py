"""The stored pictures of the referral's papers. ``python -m tests.ui.printing.referral_pictures``
makes them anew: look at every one before it is kept."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QFontInfo, QGuiApplication, QImage, QImageWriter

from app.care.paper.document import PageSize
from app.care.paper.referral_papers import Paper, sheets
from app.ui.printing.layout import type_face
from app.ui.printing.painter import Pages, Shift
from tests import referral_papers as sample

FOLDER = Path(__file__).parent / "pictures"
#: The pictures show this type face; with another one every line breaks elsewhere.
FACE = "Noto Sans CJK SC"
DPI = 55.0
#: Grey levels (0–255) by which a spot of 3 × 3 points, and the whole page on average, may differ.
MOST_SPOT = 40
MOST_MEAN = 0.8

_GREYS = [0xFF000000 | 0x010101 * (level * 17) for level in range(16)]

#: Name → whose papers, which one, its size, pre-printed, shift.
CASES: dict[str, tuple[str, Paper, PageSize, bool, Shift]] = {
    "out-a4": ("whole", Paper.OUT, "A4", False, Shift()),
    "out-a5": ("whole", Paper.OUT, "A5", False, Shift()),
    "out-a4-preprinted": ("whole", Paper.OUT, "A4", True, Shift(6.0, -3.0)),
    "out-a4-long": ("long", Paper.OUT, "A4", False, Shift()),
    "out-a5-long": ("long", Paper.OUT, "A5", False, Shift()),
    "out-a4-bare": ("bare", Paper.OUT, "A4", False, Shift()),
    "out-a4-received": ("received", Paper.OUT, "A4", False, Shift()),
    "out-a4-down": ("down", Paper.OUT, "A4", False, Shift()),
    "back-a4": ("whole", Paper.BACK, "A4", False, Shift()),
    "back-a5": ("whole", Paper.BACK, "A5", False, Shift()),
    "back-a5-preprinted": ("whole", Paper.BACK, "A5", True, Shift(-4.0, 5.0)),
    "back-a4-long": ("long", Paper.BACK, "A4", False, Shift()),
    "back-a4-bare": ("bare", Paper.BACK, "A4", False, Shift(2.0, 4.0)),
    "consent-a4": ("whole", Paper.CONSENT, "A4", False, Shift()),
    "consent-a5-bare": ("bare", Paper.CONSENT, "A5", False, Shift()),
    "consent-a4-long": ("long", Paper.CONSENT, "A4", False, Shift()),
    "family-a4": ("whole", Paper.FAMILY, "A4", False, Shift()),
    "family-a5": ("whole", Paper.FAMILY, "A5", False, Shift()),
    "family-a4-long": ("long", Paper.FAMILY, "A4", False, Shift()),
    "family-a4-bare": ("bare", Paper.FAMILY, "A4", False, Shift()),
}


def has_face() -> bool:
    """Whether this machine prints with the type face of the pictures."""
    return QFontInfo(type_face()).family() == FACE


def pages_of(case: str) -> Pages:
    papers, paper, page, preprinted, shift = CASES[case]
    made = sheets(getattr(sample, papers)(), paper)
    return Pages(made.make(page, preprinted), shift)


def rendered(case: str) -> Iterator[tuple[str, QImage]]:
    """Every page of a case with the name of its picture."""
    pages = pages_of(case)
    for number in range(len(pages)):
        yield f"{case}-{number + 1}.png", pages.image(number, DPI)


def difference(one: QImage, other: QImage) -> tuple[int, float]:
    """Of two pictures of one size: the largest difference of a spot, and the mean of all spots.

    A spot is the mean of 3 × 3 points: where a thin line lies between two points or a letter's
    edge is a little lighter does not count.
    """
    first, second = _spots(one), _spots(other)
    apart = [abs(a - b) for a, b in zip(first, second, strict=True)]
    return max(apart), sum(apart) / len(apart)


def alike(one: QImage, other: QImage) -> bool:
    if one.size() != other.size():
        return False
    spot, mean = difference(one, other)
    return spot <= MOST_SPOT and mean <= MOST_MEAN


def _spots(image: QImage) -> bytes:
    return greys(
        image.convertToFormat(QImage.Format.Format_Grayscale8).scaled(
            image.width() // 3,
            image.height() // 3,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    )


def greys(image: QImage) -> bytes:
    """The grey level of every point, line after line."""
    grey = image.convertToFormat(QImage.Format.Format_Grayscale8)
    lines = memoryview(grey.constBits())
    step = grey.bytesPerLine()
    return b"".join(
        bytes(lines[row * step : row * step + grey.width()]) for row in range(grey.height())
    )


def packed(image: QImage) -> bytes:
    """The picture as PNG in 16 greys."""
    few = image.convertToFormat(
        QImage.Format.Format_Indexed8,
        _GREYS,
        Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither,
    )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, b"png")
    writer.setCompression(100)
    if not writer.write(few):
        raise OSError(writer.errorString())
    return bytes(buffer.data().data())


def main() -> int:
    os.environ["QT_QPA_PLATFORM"] = "offscreen"
    application = QGuiApplication(sys.argv)
    if not has_face():
        print(f"the type face {FACE} is missing: install fonts-noto-cjk", file=sys.stderr)
        return 1
    FOLDER.mkdir(exist_ok=True)
    for old in FOLDER.glob("*.png"):
        old.unlink()
    total = 0
    for case in CASES:
        for name, image in rendered(case):
            body = packed(image)
            (FOLDER / name).write_bytes(body)
            total += len(body)
    print(f"{len(list(FOLDER.glob('*.png')))} pictures, {total / 1000:.0f} kB")
    application.quit()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
