"""Photos made fit for the line, and strange files that must not fall over."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from PySide6.QtCore import QSize, Qt
from PySide6.QtGui import QColor, QImage

from app.care.attachments.files import MOST_BYTES, MOST_THUMBNAIL, check, media_type_of
from app.errors import InputError
from app.ui.attachments import pictures
from app.ui.attachments.pictures import (
    MOST_SIDE,
    Prepared,
    prepare,
    prepare_all,
    read_picture,
    thumbnail_picture,
)
from tests.ui.attachments.making import PDF, drawn, jpeg_of, photo, png_of, saved

WHOLE = QSize(4000, 4000)


def made(tmp_path: Path, content: bytes, name: str = "photo.jpg") -> Prepared:
    path = tmp_path / name
    path.write_bytes(content)
    return prepare(path)


def is_red(image: QImage, x: int, y: int) -> bool:
    colour = QColor(image.pixel(x, y))
    return colour.red() > 150 and colour.blue() < 90


def test_a_phone_s_photo_gets_small_enough_for_the_line(tmp_path: Path) -> None:
    ready = made(tmp_path, photo(4000, 3000))
    assert (ready.width, ready.height) == (MOST_SIDE, 1500)
    assert media_type_of(ready.content) == "image/jpeg"
    assert 0 < len(ready.thumbnail) <= MOST_THUMBNAIL
    small = thumbnail_picture(ready.thumbnail)
    assert small is not None
    assert (small.width(), small.height()) == (160, 120)
    assert ready.picture is not None
    assert check(ready.as_file("照片", "ecg")) == {}


@pytest.mark.parametrize(
    ("orientation", "size", "red"),
    [
        (1, (800, 600), (20, 20)),
        (3, (800, 600), (780, 580)),
        (6, (600, 800), (580, 20)),
        (8, (600, 800), (20, 780)),
        (2, (800, 600), (780, 20)),
    ],
)
def test_a_photo_is_turned_as_the_phone_was_held(
    tmp_path: Path, orientation: int, size: tuple[int, int], red: tuple[int, int]
) -> None:
    ready = made(tmp_path, photo(800, 600, orientation=orientation))
    assert (ready.width, ready.height) == size
    image = read_picture(ready.content, WHOLE)
    assert image.size() == QSize(*size)
    assert is_red(image, *red)


def test_a_large_photo_held_upright_is_as_long_as_any(tmp_path: Path) -> None:
    ready = made(tmp_path, photo(4000, 1000, orientation=6))
    assert (ready.width, ready.height) == (500, MOST_SIDE)


def test_place_time_and_remarks_of_the_photo_stay_behind(tmp_path: Path) -> None:
    remark = "暗记测试 31.68N 115.87E".encode()
    source = photo(400, 300, remark=remark)
    assert remark in source
    ready = made(tmp_path, source)
    for data in (ready.content, ready.thumbnail):
        assert remark not in data
        assert b"Exif" not in data
    image = drawn(200, 100)
    image.setText("Description", "暗记测试")
    ready = made(tmp_path, saved(image, "PNG"), "shot.png")
    assert "暗记测试".encode() not in ready.content


def test_a_screenshot_with_see_through_parts_stands_on_white(tmp_path: Path) -> None:
    image = QImage(300, 200, QImage.Format.Format_ARGB32)
    image.fill(Qt.GlobalColor.transparent)
    ready = made(tmp_path, saved(image, "PNG"), "shot.png")
    assert media_type_of(ready.content) == "image/jpeg"
    assert QColor(read_picture(ready.content, WHOLE).pixel(5, 5)).lightness() > 250


@pytest.mark.parametrize("size", [(1, 1), (1, 5000), (9000, 2), (160, 160), (2000, 2000)])
def test_sizes_at_the_ends(tmp_path: Path, size: tuple[int, int]) -> None:
    ready = made(tmp_path, saved(drawn(*size)))
    assert max(ready.width or 0, ready.height or 0) == min(max(size), MOST_SIDE)
    assert min(ready.width or 0, ready.height or 0) >= 1
    assert len(ready.thumbnail) <= MOST_THUMBNAIL


def test_noise_makes_a_small_picture_too(tmp_path: Path) -> None:
    noise = QImage(os.urandom(512 * 512 * 4), 512, 512, QImage.Format.Format_RGB32)
    ready = made(tmp_path, saved(noise, "PNG"), "noise.png")
    assert 0 < len(ready.thumbnail) <= MOST_THUMBNAIL


def test_a_pasted_picture_of_a_sharp_screen_keeps_its_pixels() -> None:
    image = drawn(800, 400)
    image.setDevicePixelRatio(2.0)
    ready, problems = prepare_all([image])
    assert problems == []
    assert (ready[0].width, ready[0].height) == (800, 400)
    assert is_red(read_picture(ready[0].content, WHOLE), 10, 10)


def test_a_pdf_stays_as_it_is_and_is_not_drawn(tmp_path: Path) -> None:
    ready = made(tmp_path, PDF, "ecg.pdf")
    assert (ready.content, ready.thumbnail, ready.picture) == (PDF, b"", None)


_BAD = {
    "empty": b"",
    "program": b"MZ\x90\x00" * 100,
    "web page": b"<html><script>",
    "drawing": b"<svg xmlns='http://www.w3.org/2000/svg'/>",
    "gif": b"GIF89a" + bytes(50),
    "jpeg head only": b"\xff\xd8\xff",
    "jpeg cut": saved(drawn(300, 200))[:60],
    "jpeg of zeros": b"\xff\xd8\xff\xe0" + bytes(5000),
    "png head only": b"\x89PNG\r\n\x1a\n",
    "png cut": saved(drawn(300, 200), "PNG")[:40],
    "png bomb": png_of(60_000, 60_000, bytes(100_000)),
    "png of nothing": png_of(0, 0),
    "png beyond all": png_of(2**31 - 1, 2**31 - 1),
    "jpeg bomb": jpeg_of(65_500, 65_500),
    "svg that says jpeg": b"\xff\xd8\xff<svg onload='x'/>",
    "large pdf": b"%PDF-1.7" + bytes(MOST_BYTES),
}


@pytest.mark.parametrize("name", _BAD)
def test_what_cannot_be_attached_is_said_plainly(tmp_path: Path, name: str) -> None:
    with pytest.raises(InputError) as wrong:
        made(tmp_path, _BAD[name], "a.jpg")
    assert str(wrong.value).endswith("。")


def test_many_files_with_one_bad_among_them(tmp_path: Path) -> None:
    (tmp_path / "a.jpg").write_bytes(photo(200, 100))
    (tmp_path / "b.jpg").write_bytes(b"MZ")
    (tmp_path / "c.pdf").write_bytes(PDF)
    ready, problems = prepare_all(
        [
            tmp_path / "a.jpg",
            tmp_path / "b.jpg",
            tmp_path / "gone.jpg",
            tmp_path,
            tmp_path / "c.pdf",
        ]
    )
    assert [media_type_of(each.content) for each in ready] == ["image/jpeg", "application/pdf"]
    assert len(problems) == 2


def test_a_file_beyond_all_measure_is_not_even_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "MOST_SOURCE", 100)
    with pytest.raises(InputError, match="太大"):
        made(tmp_path, photo(200, 100))


@pytest.mark.parametrize("content", [*(_BAD[name] for name in _BAD), PDF, png_of(10, 10, b"x")])
def test_a_small_picture_that_came_may_be_anything(content: bytes) -> None:
    assert thumbnail_picture(content) is None


def test_a_small_picture_that_unpacks_to_a_wall_is_not_unpacked() -> None:
    assert thumbnail_picture(saved(drawn(1200, 1000), quality=1)) is None
    assert thumbnail_picture(saved(drawn(900, 900), quality=5)) is not None
