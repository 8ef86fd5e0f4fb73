"""The picture at the left of the installer's first and last page, drawn from the program's icon.

``python -m tools.windows.side_picture FOLDER`` writes ``side.bmp`` and, for screens of a higher
resolution, ``side-2x.bmp``. It holds no words: the installer speaks two languages.
"""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QPointF, QRectF
from PySide6.QtGui import QColor, QGuiApplication, QImage, QPainter, QPainterPath

from app.ui import icons, theme
from tools import product_icon

#: What NSIS makes room for, at 96 dots an inch.
SIZE = (164, 314)
NAMES = {1: "side.bmp", 2: "side-2x.bmp"}
_ICON = 72


def draw(scale: int) -> QImage:
    """The icon on a soft ground of its colour, its sign once more, large and faint, below."""
    width, height = SIZE
    image = QImage(width * scale, height * scale, QImage.Format.Format_RGB32)
    image.fill(theme.colour("accent_soft"))
    painter = QPainter(image)
    painter.setRenderHint(QPainter.RenderHint.Antialiasing)
    painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
    painter.scale(scale, scale)
    sign = QPainterPath()
    sign.addText(0, 0, icons.icon_font(250), icons.character(product_icon.SYMBOL))
    sign.translate(QPointF(width * 0.62, height * 0.80) - sign.boundingRect().center())
    faint = QColor(theme.colour("accent"))
    faint.setAlphaF(0.10)
    painter.fillPath(sign, faint)
    left = (width - _ICON) / 2
    painter.drawImage(QRectF(left, 44, _ICON, _ICON), product_icon.draw(_ICON * scale))
    painter.end()
    return image


def make(folder: Path) -> None:
    """Write both sizes, as the plain bitmaps that NSIS reads."""
    os.environ.setdefault("QT_QPA_PLATFORM", "offscreen")
    application = QGuiApplication.instance() or QGuiApplication(["side-picture"])
    assert application is not None
    folder.mkdir(parents=True, exist_ok=True)
    for scale, name in NAMES.items():
        image = draw(scale).convertToFormat(QImage.Format.Format_RGB888)
        if not image.save(str(folder / name), "BMP"):  # type: ignore[call-overload]
            raise OSError(f"{folder / name} could not be written")


def main(arguments: Sequence[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    make(parser.parse_args(arguments).folder)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
