"""Pictures made fit for the line, and strange pictures read with care; all off the GUI thread.

A photo of twelve megapixels would take a quarter of an hour on a weak line: it is turned upright,
made at most 2000 pixels long and written as a new JPEG. Painting it anew leaves behind whatever
else the file carried: place, time and device of the photo, comments, colour profiles.

Only the JPEG and PNG readers of Qt are used, chosen by how the file begins. What a header claims is
looked at before anything is unpacked. A PDF is never drawn: its reader would be a way in.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from PySide6.QtCore import QBuffer, QByteArray, QIODevice, QSize, Qt
from PySide6.QtGui import QImage, QImageReader, QPainter

from app.care.attachments.files import MOST_THUMBNAIL, NewFile, check, media_type_of
from app.errors import InputError, TownshipCareError
from app.i18n import tr

#: Longest side of a picture that is attached, in pixels.
MOST_SIDE = 2000
THUMBNAIL_SIDE = 160
#: Pixels that a header may claim; more is refused unread. (A phone's photo has 12 to 50 million.)
MOST_PIXELS = 50_000_000
#: The same for a small picture that came with a description.
MOST_THUMBNAIL_PIXELS = 1_000_000
#: Bytes of a file that is read at all; a photo gets smaller, a document must be small already.
MOST_SOURCE = 40 * 1024 * 1024
#: Megabytes that one picture may take in memory.
_ALLOCATION = 256
_QUALITY = 82
_SMALLER = ((THUMBNAIL_SIDE, 70), (THUMBNAIL_SIDE, 45), (120, 45), (80, 40), (48, 30))
_FORMATS = {"image/jpeg": b"jpeg", "image/png": b"png"}

Source = Path | QImage


@dataclass(frozen=True, slots=True)
class Prepared:
    """A file ready to be attached; ``picture`` is the small one for the screen, or None."""

    content: bytes
    thumbnail: bytes = b""
    picture: QImage | None = None
    width: int | None = None
    height: int | None = None

    def as_file(self, title: str, category: str) -> NewFile:
        return NewFile(title, category, self.content, self.thumbnail, self.width, self.height)


def prepare_all(sources: Sequence[Source]) -> tuple[list[Prepared], list[str]]:
    """What can be attached of ``sources``, and a plain sentence for each that cannot."""
    ready: list[Prepared] = []
    problems: list[str] = []
    for source in sources:
        try:
            ready.append(_from_image(source) if isinstance(source, QImage) else prepare(source))
        except TownshipCareError as error:
            problems.append(str(error))
    return ready, list(dict.fromkeys(problems))


def prepare(path: Path) -> Prepared:
    """A file of this PC made ready. Raises InputError."""
    try:
        if path.stat().st_size > MOST_SOURCE:
            raise InputError(
                tr("The file is far too large ({limit} MB at most). Nothing was attached.").format(
                    limit=MOST_SOURCE // 1024 // 1024
                )
            )
        content = path.read_bytes()
    except OSError:
        raise InputError(
            tr(
                "The file cannot be read. Nothing was attached. See whether the phone, stick or "
                "folder is still there, then choose it again."
            )
        ) from None
    if media_type_of(content) in _FORMATS:
        return _from_image(read_picture(content, QSize(MOST_SIDE, MOST_SIDE)))
    # Only what the file itself is wrong with: title and kind are asked for later.
    if problem := check(NewFile("-", "other", content)).get("content"):
        raise InputError(problem)
    return Prepared(content)


def read_picture(content: bytes, most: QSize, *, pixels: int = MOST_PIXELS) -> QImage:
    """A JPEG or PNG upright and no larger than ``most``. Raises InputError, whatever it holds."""
    kind = _FORMATS.get(media_type_of(content) or "")
    QImageReader.setAllocationLimit(_ALLOCATION)
    data = QByteArray(content)
    buffer = QBuffer(data)
    buffer.open(QIODevice.OpenModeFlag.ReadOnly)
    reader = QImageReader(buffer, kind or b"jpeg")
    reader.setAutoDetectImageFormat(False)
    reader.setAutoTransform(True)
    size = reader.size() if kind else QSize()
    if size.isEmpty():
        raise InputError(_unreadable())
    if size.width() * size.height() > pixels:
        raise InputError(
            tr(
                "The picture has more than {limit} million pixels, so it is not opened. Take it "
                "again in a smaller size."
            ).format(limit=max(1, pixels // 1_000_000))
        )
    # Upright it may stand the other way, so the side counts, not width and height.
    longest, side = max(size.width(), size.height()), max(most.width(), most.height())
    if longest > side:
        scaled = size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
        reader.setScaledSize(scaled.expandedTo(QSize(1, 1)))
    image = reader.read()
    if image.isNull():
        raise InputError(_unreadable())
    return image


def thumbnail_picture(content: bytes) -> QImage | None:
    """A small picture as it came with a description; None where it is none."""
    if media_type_of(content) != "image/jpeg":
        return None
    try:
        side = QSize(THUMBNAIL_SIDE, THUMBNAIL_SIDE)
        return read_picture(content, side, pixels=MOST_THUMBNAIL_PIXELS)
    except InputError:
        return None


def _from_image(image: QImage) -> Prepared:
    """A picture (also one that was pasted) as it is attached."""
    if image.isNull() or image.width() * image.height() > MOST_PIXELS:
        raise InputError(_unreadable())
    whole = _painted(image, MOST_SIDE)
    content = _jpeg(whole, _QUALITY)
    small, thumbnail = whole, b""
    for side, quality in _SMALLER:
        small = _painted(whole, side)
        thumbnail = _jpeg(small, quality)
        if len(thumbnail) <= MOST_THUMBNAIL:
            break
    else:
        thumbnail = b""
    return Prepared(content, thumbnail, small, whole.width(), whole.height())


def _painted(image: QImage, side: int) -> QImage:
    """The picture on white, at most ``side`` long, with nothing but its pixels."""
    size = image.size()
    if max(size.width(), size.height()) > side:
        size = size.scaled(QSize(side, side), Qt.AspectRatioMode.KeepAspectRatio)
        size = size.expandedTo(QSize(1, 1))
        image = image.scaled(
            size,
            Qt.AspectRatioMode.IgnoreAspectRatio,
            Qt.TransformationMode.SmoothTransformation,
        )
    # A screenshot of a sharp screen counts fewer points than pixels.
    image.setDevicePixelRatio(1.0)
    fresh = QImage(size, QImage.Format.Format_RGB32)
    fresh.fill(Qt.GlobalColor.white)
    painter = QPainter(fresh)
    painter.drawImage(0, 0, image)
    painter.end()
    return fresh


def _jpeg(image: QImage, quality: int) -> bytes:
    buffer = QBuffer()
    buffer.open(QIODevice.OpenModeFlag.WriteOnly)
    if not image.save(buffer, "JPEG", quality):  # type: ignore[call-overload]
        raise InputError(_unreadable())
    return bytes(buffer.data().data())


def _unreadable() -> str:
    return tr(
        "The picture is damaged or is none, so it is not shown or attached. Take or save it again."
    )
