"""Pictures of the guide stay small and keep the colours that carry meaning."""

from __future__ import annotations

from pathlib import Path

import pytest
from PySide6.QtGui import QColor, QImage, QPainter

from tools.pictures import save_small
from tools.product_icon import ico

pytestmark = pytest.mark.usefixtures("qapp")


def _screen() -> QImage:
    """Like a page: a large ground, a field of many greys, one small red mark."""
    image = QImage(400, 200, QImage.Format.Format_RGB32)
    image.fill(QColor("#f2f6f5"))
    painter = QPainter(image)
    for at in range(256):
        painter.fillRect(at, 50, 1, 100, QColor(at, at, at))
    painter.fillRect(380, 10, 10, 10, QColor("#b42318"))
    painter.end()
    return image


def test_a_picture_fits_and_keeps_its_main_colours(tmp_path: Path) -> None:
    size = save_small(_screen(), tmp_path / "page.png")
    saved = QImage(str(tmp_path / "page.png"))
    assert size == (tmp_path / "page.png").stat().st_size <= 60_000
    assert saved.format() == QImage.Format.Format_Indexed8
    assert saved.pixelColor(1, 1) == QColor("#f2f6f5")
    assert saved.pixelColor(385, 15) == QColor("#b42318")


def test_fewer_colours_are_taken_before_a_picture_grows_too_large(tmp_path: Path) -> None:
    large = save_small(_screen(), tmp_path / "large.png")
    small = save_small(_screen(), tmp_path / "small.png", most_bytes=large - 1)
    assert small < large
    with pytest.raises(ValueError, match="cannot be saved"):
        save_small(_screen(), tmp_path / "none.png", most_bytes=10)
    assert not (tmp_path / "none.png").exists()


def test_a_windows_icon_says_where_each_size_lies(tmp_path: Path) -> None:
    body = ico({16: b"small", 256: b"large one"})
    assert body[:6] == b"\x00\x00\x01\x00\x02\x00"
    first, second = body[6:22], body[22:38]
    assert (first[0], second[0]) == (16, 0)  # 0 means 256
    for entry, wanted in ((first, b"small"), (second, b"large one")):
        length = int.from_bytes(entry[8:12], "little")
        offset = int.from_bytes(entry[12:16], "little")
        assert body[offset : offset + length] == wanted
