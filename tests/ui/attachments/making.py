"""Pictures and documents for tests: honest ones as a phone writes them, and bad ones."""

from __future__ import annotations

import struct
import zlib

from PySide6.QtCore import QBuffer, QIODevice
from PySide6.QtGui import QColor, QImage, QPainter

PDF = b"%PDF-1.7\n" + bytes(range(256)) * 150


def drawn(width: int, height: int) -> QImage:
    """Blue, with a red square in the upper left corner and some lines."""
    image = QImage(width, height, QImage.Format.Format_RGB32)
    image.fill(QColor("#2255AA"))
    painter = QPainter(image)
    painter.fillRect(0, 0, width // 4, height // 4, QColor("#DD1111"))
    painter.setPen(QColor("white"))
    for step in range(0, width, max(1, width // 40)):
        painter.drawLine(step, 0, width - step, height)
    painter.end()
    return image


def saved(image: QImage, kind: str = "JPEG", quality: int = 90) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    assert image.save(buffer, kind, quality)
    return bytes(buffer.data().data())


def photo(width: int, height: int, *, orientation: int = 1, remark: bytes = b"") -> bytes:
    """A JPEG with the EXIF that a phone writes: how it was held, and a remark."""
    plain = saved(drawn(width, height))
    count = 2 if remark else 1
    entries = struct.pack(">HHIHH", 0x0112, 3, 1, orientation, 0)
    if remark:
        entries += struct.pack(">HHII", 0x010E, 2, len(remark), 8 + 2 + 12 * count + 4)
    ifd = struct.pack(">H", count) + entries + struct.pack(">I", 0) + remark
    body = b"Exif\x00\x00" + b"MM\x00*" + struct.pack(">I", 8) + ifd
    return plain[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + plain[2:]


def png_of(width: int, height: int, rows: bytes = b"") -> bytes:
    """A PNG whose header claims a size; its content is ``rows`` unpacked, whatever the size."""

    def chunk(name: bytes, data: bytes) -> bytes:
        crc = struct.pack(">I", zlib.crc32(name + data))
        return struct.pack(">I", len(data)) + name + data + crc

    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    body = chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + body


def jpeg_of(width: int, height: int) -> bytes:
    """A JPEG whose frame header claims a size that its content does not have."""
    plain = saved(drawn(64, 64))
    at = plain.index(b"\xff\xc0") + 5
    return plain[:at] + struct.pack(">HH", height, width) + plain[at + 4 :]
