"""Small pictures of the screen: 8 bits a pixel, with the colours that the picture really uses."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, Qt
from PySide6.QtGui import QImage, QImageWriter

#: A picture of the guide takes no more; fewer colours are tried until it fits.
MOST_BYTES = 60_000
_COLOURS = (256, 128, 64, 48, 32, 24, 16)


def palette(image: QImage, most: int) -> list[int]:
    """The commonest colours, one for each neighbourhood of similar ones, as ``0xffrrggbb``."""
    pixels = image.convertToFormat(QImage.Format.Format_RGB32)
    counts = Counter(memoryview(pixels.constBits()).cast("I"))
    homes: dict[int, list[tuple[int, int]]] = {}
    for colour, count in counts.items():
        # The upper five bits of each of red, green and blue.
        homes.setdefault(colour & 0xF8F8F8, []).append((count, colour | 0xFF000000))
    found = sorted((sum(n for n, _ in home), max(home)[1]) for home in homes.values())
    return [colour for _, colour in found[-most:]]


def packed(image: QImage, most: int) -> bytes:
    """The picture as PNG in at most so many colours."""
    plain = image.convertToFormat(QImage.Format.Format_RGB32)
    small = plain.convertToFormat(
        QImage.Format.Format_Indexed8,
        palette(image, most),
        Qt.ImageConversionFlag.ThresholdDither | Qt.ImageConversionFlag.AvoidDither,
    )
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    writer = QImageWriter(buffer, b"png")
    writer.setCompression(100)
    if not writer.write(small):
        raise OSError(writer.errorString())
    return bytes(buffer.data().data())


def save_small(image: QImage, path: Path, most_bytes: int = MOST_BYTES) -> int:
    """Save in as many colours as fit; gives the size in bytes. ValueError when none fits."""
    for colours in _COLOURS:
        body = packed(image, colours)
        if len(body) <= most_bytes:
            path.write_bytes(body)
            return len(body)
    raise ValueError(f"{path.name} cannot be saved in {most_bytes} bytes")
