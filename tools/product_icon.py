"""Draws the product's icon: ``python -m tools.product_icon`` writes it to ``resources/icons``.

``product.png`` for windows, ``product.ico`` for the program file on Windows.
"""

from __future__ import annotations

import os
import struct
from pathlib import Path

from PySide6.QtCore import QBuffer, QIODevice, QRectF, Qt
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPainterPath

from app.ui import icons, theme

FOLDER = Path(__file__).resolve().parent.parent / "resources" / "icons"
SYMBOL = "hand-heart-line"
SIZES = (16, 24, 32, 48, 64, 128, 256)


def draw(size: int) -> QImage:
    """The hand and heart of the sign-in page, white on the accent colour."""
    image = QImage(size, size, QImage.Format.Format_ARGB32)
    image.fill(QColor(0, 0, 0, 0))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setPen(Qt.PenStyle.NoPen)
    painter.setBrush(theme.colour("accent"))
    painter.drawRoundedRect(QRectF(0, 0, size, size), size * 0.2, size * 0.2)
    path = QPainterPath()
    path.addText(0, 0, icons.icon_font(round(size * 0.72)), icons.character(SYMBOL))
    path.translate(QRectF(0, 0, size, size).center() - path.boundingRect().center())
    painter.fillPath(path, QColor("white"))
    painter.end()
    return image


def png(image: QImage) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    image.save(buffer, "PNG")  # type: ignore[call-overload]
    return bytes(buffer.data().data())


def ico(images: dict[int, bytes]) -> bytes:
    """A Windows icon of several sizes, each stored as PNG (readable since Windows Vista)."""
    head = struct.pack("<3H", 0, 1, len(images))
    offset = len(head) + 16 * len(images)
    entries, bodies = b"", b""
    for size, body in images.items():
        side = size % 256  # 256 is written as 0
        entries += struct.pack("<4B2H2I", side, side, 0, 0, 1, 32, len(body), offset + len(bodies))
        bodies += body
    return head + entries + bodies


def main() -> int:
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication.instance() or QGuiApplication(["product-icon"])
    assert application is not None
    images = {size: png(draw(size)) for size in SIZES}
    (FOLDER / "product.png").write_bytes(images[128])
    (FOLDER / "product.ico").write_bytes(ico(images))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
