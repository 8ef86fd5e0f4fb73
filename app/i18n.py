"""Words on the screen: English source, complete Simplified Chinese translation.

``tr`` looks a source string up in the compiled catalogue ``resources/translations/zh_CN.mo``
(made from the ``.po`` files beside it by ``python -m tools.translations compile``).
Chinese is the default language.
"""

from __future__ import annotations

import gettext

from app.paths import resources

LANGUAGES = ("zh_CN", "en")

_language = "zh_CN"
_catalogue: gettext.NullTranslations | None = None


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
    if _catalogue is None:
        if _language == "en":
            _catalogue = gettext.NullTranslations()
        else:
            path = resources() / "translations" / f"{_language}.mo"
            with path.open("rb") as file:
                _catalogue = gettext.GNUTranslations(file)
    return _catalogue.gettext(source)


def N_(source: str) -> str:  # noqa: N802 — the customary name of the marker
    """Marks a string of a table for translation; say it with ``tr`` when it is shown."""
    return source
