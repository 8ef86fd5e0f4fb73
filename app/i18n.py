"""Words on the screen: English source, complete Simplified Chinese translation.

``tr`` looks a source string up in the compiled catalogue ``resources/translations/zh_CN.mo``
(made from the ``.po`` files beside it by ``python -m tools.translations compile``).
Chinese is the default language.
"""

from __future__ import annotations

import struct
from pathlib import Path

from app.paths import resources

LANGUAGES = ("zh_CN", "en")
_REMEMBERED = 2000

_language = "zh_CN"
_catalogue: Catalogue | None = None


def set_language(language: str) -> None:
    """Choose ``zh_CN`` or ``en`` for everything said from now on."""
    global _language, _catalogue
    if language not in LANGUAGES:
        raise ValueError(f"unknown language {language!r}")
    _language = language
    _catalogue = None


def language() -> str:
    return _language


def tr(source: str) -> str:
    """The text to show for an English source string."""
    global _catalogue
    if not source:
        return source
    if _language == "en":
        return source
    if _catalogue is None:
        _catalogue = Catalogue(resources() / "translations" / f"{_language}.mo")
    return _catalogue.find(source) or source


class Catalogue:
    """A compiled catalogue (GNU ``.mo``), searched by halving.

    The standard reader would decode every string before the first window is shown.
    """

    def __init__(self, path: Path) -> None:
        self._data = path.read_bytes()
        magic, _, self._count, self._sources, self._texts = struct.unpack_from("<5I", self._data)
        if magic != 0x950412DE:
            raise ValueError("not a little-endian .mo catalogue")
        # What was said once is said again, in lists by the thousand.
        self._said: dict[str, str | None] = {}

    def find(self, source: str) -> str | None:
        """The translation of a source string, or None where it has none."""
        if source in self._said:
            return self._said[source]
        found = self._search(source)
        if len(self._said) < _REMEMBERED:
            self._said[source] = found
        return found

    def _search(self, source: str) -> str | None:
        wanted = source.encode("utf-8")
        low, high = 0, self._count
        while low < high:
            middle = (low + high) // 2
            if self._string(self._sources, middle) < wanted:
                low = middle + 1
            else:
                high = middle
        if low < self._count and self._string(self._sources, low) == wanted:
            return self._string(self._texts, low).decode("utf-8")
        return None

    def _string(self, table: int, position: int) -> bytes:
        length, offset = struct.unpack_from("<2I", self._data, table + 8 * position)
        return self._data[offset : offset + length]


def N_(source: str) -> str:
    """Marks a string of a table for translation; say it with ``tr`` when it is shown."""
    return source
