"""Icons of one family (Remix Icon), from the icon-font collection QtAwesome.

Only its one font file and character map are read. Importing QtAwesome itself would load twelve
fonts and cost 170 ms before the first window.
"""

from __future__ import annotations

import importlib.util
import json
from functools import cache
from pathlib import Path

from PySide6.QtCore import QSize
from PySide6.QtGui import QColor, QFont, QFontDatabase, QGuiApplication, QIcon, QPainter, QPixmap

from app.ui import theme

_FONT = "remixicon-2.5.0.ttf"
_MAP = "remixicon-charmap-2.5.0.json"


@cache
def _folder() -> Path:
    found = importlib.util.find_spec("qtawesome")
    if found is None or not found.submodule_search_locations:
        raise ModuleNotFoundError("the icon collection (QtAwesome) is not installed")
    return Path(next(iter(found.submodule_search_locations))) / "fonts"


@cache
def _characters() -> dict[str, str]:
    with (_folder() / _MAP).open(encoding="utf-8") as file:
        return {name: chr(int(code, 16)) for name, code in json.load(file).items()}


@cache
def _family() -> str:
    number = QFontDatabase.addApplicationFont(str(_folder() / _FONT))
    return QFontDatabase.applicationFontFamilies(number)[0]


def icon_font(pixels: int) -> QFont:
    """The icon font at a size in pixels, for painting ``character(name)`` in a delegate."""
    font = QFont(_family())
    font.setPixelSize(pixels)
    return font


def character(name: str) -> str:
    """The font's character of an icon such as ``user-3-line``. Raises KeyError for an unknown."""
    return _characters()[name]


_pixmaps: dict[tuple[str, str, int, float], QPixmap] = {}


def pixmap(name: str, colour: str = "text_secondary", size: int = theme.ICON) -> QPixmap:
    """The icon in a colour of the palette (a field name of ``theme.Colours``)."""
    ratio = QGuiApplication.instance().devicePixelRatio()  # type: ignore[union-attr]
    value = getattr(theme.colours(), colour)
    key = (name, value, size, ratio)
    made = _pixmaps.get(key)
    if made is None:
        made = QPixmap(QSize(round(size * ratio), round(size * ratio)))
        made.setDevicePixelRatio(ratio)
        made.fill(QColor(0, 0, 0, 0))
        painter = QPainter(made)
        painter.setFont(icon_font(size))
        painter.setPen(QColor(value))
        painter.drawText(0, size - painter.fontMetrics().descent(), character(name))
        painter.end()
        _pixmaps[key] = made
    return made


def icon(name: str, colour: str = "text_secondary", size: int = theme.ICON) -> QIcon:
    """The icon for buttons and actions; dimmed by itself when its control is disabled."""
    made = QIcon()
    made.addPixmap(pixmap(name, colour, size), QIcon.Mode.Normal)
    made.addPixmap(pixmap(name, "text_disabled", size), QIcon.Mode.Disabled)
    return made


def tone_colour(tone: theme.Tone) -> str:
    """The palette field in which a tone's icon is painted."""
    return {"neutral": "text_secondary", "accent": "accent_text"}.get(tone, tone)


TONE_ICONS: dict[theme.Tone, str] = {
    "neutral": "information-line",
    "accent": "information-line",
    "danger": "error-warning-line",
    "attention": "alert-line",
    "confirmed": "checkbox-circle-line",
}
