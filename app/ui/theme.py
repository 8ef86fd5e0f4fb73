"""The look of the program: every colour, size and type face, and the style sheet made of them.

No other file of the screen holds a colour or a size. Two palettes exist, the normal light one and
one of high contrast; ``apply`` puts one on the running application and may be called again.
Contrast of text on its ground is at least 4.5 : 1 in both (tested).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from PySide6.QtGui import QColor, QFont, QPalette
from PySide6.QtWidgets import QApplication

Tone = Literal["neutral", "accent", "danger", "attention", "confirmed"]

# The grid of 4 px.
GAP_TIGHT = 4
GAP_INSIDE = 8
GAP_FIELD = 12
GAP_CARD = 16
GAP_SECTION = 24

CONTROL_HEIGHT = 32
ROW_HEIGHT = 34
ROW_HEIGHT_TWO = 52
PLOT_MINIMUM_HEIGHT = 120
TARGET_MINIMUM = 28
RADIUS = 6
RADIUS_SMALL = 4
ICON_SMALL = 12
ICON = 16
ICON_LARGE = 20
ICON_BRAND = 24
ICON_HERO = 40

RAIL_WIDTH = 160
TILE_WIDTH = 220
TILE_HEIGHT = 76
TOP_HEIGHT = 52
BAR_HEIGHT = 32
LABEL_WIDTH = 104
NAME_WIDTH = 160
NUMBER_WIDTH = 84
NUMBER_WIDTH_SMALL = 56
DATE_WIDTH = 132
LABEL_SHORT = 90
LABEL_SECOND = 56
LABEL_WIDE = 136
DOSE_WIDTH = 52
DOSE_UNIT_WIDTH = 64
CHOICE_WIDTH = 104
SIDE_WIDTH = 352
TWO_COLUMNS_FROM = 1160
FINDER_WIDTH = 420
LIST_WIDTH = 400
DIALOG_WIDTH = 460
FORM_WIDTH = 560
WINDOW_MINIMUM_WIDTH = 1024
WINDOW_MINIMUM_HEIGHT = 640
SCREEN_WIDTH = 1366
SCREEN_HEIGHT = 768

BODY_POINTS = 10.5
SECONDARY_POINTS = 9.5
SECTION_POINTS = 11.5
TITLE_POINTS = 15.0
FIGURE_POINTS = 20.0

FAMILIES = (
    "Microsoft YaHei UI",
    "Microsoft YaHei",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "WenQuanYi Micro Hei",
)


@dataclass(frozen=True, slots=True)
class Colours:
    """One palette, by meaning."""

    page: str
    surface: str
    surface_alt: str
    rail: str
    line: str
    line_strong: str
    hover: str
    text: str
    text_secondary: str
    text_hint: str
    text_disabled: str
    accent: str
    accent_hover: str
    accent_pressed: str
    accent_soft: str
    accent_text: str
    on_accent: str
    danger: str
    danger_soft: str
    danger_line: str
    attention: str
    attention_soft: str
    attention_line: str
    confirmed: str
    confirmed_soft: str
    confirmed_line: str
    series_1: str
    series_2: str
    series_3: str


LIGHT = Colours(
    page="#F3F6F6",
    surface="#FFFFFF",
    surface_alt="#F7F9F9",
    rail="#E9EEEE",
    line="#DCE3E4",
    line_strong="#AFBCBF",
    hover="#EEF3F3",
    text="#18262A",
    text_secondary="#4B5D63",
    text_hint="#5D6E74",
    text_disabled="#8B999D",
    accent="#0B7570",
    accent_hover="#09645F",
    accent_pressed="#07524E",
    accent_soft="#DDF0EE",
    accent_text="#075A56",
    on_accent="#FFFFFF",
    danger="#B3261E",
    danger_soft="#FCEBE9",
    danger_line="#E9B4B0",
    attention="#855000",
    attention_soft="#FFF3DA",
    attention_line="#E8C98A",
    confirmed="#1B6E38",
    confirmed_soft="#E5F4EA",
    confirmed_line="#A9D6B7",
    series_1="#0B7570",
    series_2="#A2560A",
    series_3="#5B4B9A",
)

CONTRAST = Colours(
    page="#FFFFFF",
    surface="#FFFFFF",
    surface_alt="#FFFFFF",
    rail="#FFFFFF",
    line="#4A4A4A",
    line_strong="#000000",
    hover="#E6E6E6",
    text="#000000",
    text_secondary="#1E1E1E",
    text_hint="#303030",
    text_disabled="#595959",
    accent="#004B47",
    accent_hover="#003A37",
    accent_pressed="#002B29",
    accent_soft="#C9ECE9",
    accent_text="#00302E",
    on_accent="#FFFFFF",
    danger="#8A0000",
    danger_soft="#FFE3E0",
    danger_line="#8A0000",
    attention="#5A3600",
    attention_soft="#FFEBBF",
    attention_line="#5A3600",
    confirmed="#00481C",
    confirmed_soft="#D5F2DE",
    confirmed_line="#00481C",
    series_1="#004B47",
    series_2="#7A3900",
    series_3="#3A2A80",
)

_current = LIGHT


def colours() -> Colours:
    """The palette in force. Ask at paint time: it changes with the setting."""
    return _current


def colour(name: str) -> QColor:
    """A colour of the palette in force by its field name."""
    return QColor(getattr(_current, name))


def tone_colours(tone: Tone) -> tuple[str, str, str]:
    """Text, ground and line colour of a tone."""
    c = _current
    return {
        "neutral": (c.text_secondary, c.surface_alt, c.line),
        "accent": (c.accent_text, c.accent_soft, c.accent_soft),
        "danger": (c.danger, c.danger_soft, c.danger_line),
        "attention": (c.attention, c.attention_soft, c.attention_line),
        "confirmed": (c.confirmed, c.confirmed_soft, c.confirmed_line),
    }[tone]


def font(points: float = BODY_POINTS, *, semibold: bool = False, tabular: bool = False) -> QFont:
    """The program's type face at a size of the scale."""
    made = QFont(list(FAMILIES))
    made.setPointSizeF(points)
    if semibold:
        made.setWeight(QFont.Weight.DemiBold)
    if tabular:
        made.setFeature(QFont.Tag("tnum"), 1)
    return made


def apply(application: QApplication, *, high_contrast: bool = False) -> None:
    """Put the look on the whole application; open windows follow at once.

    An application that was started in the Fusion style says so by its property ``fusion``
    (setting a style from here costs 10 ms before the first window).
    """
    global _current
    from app.ui import style

    _current = CONTRAST if high_contrast else LIGHT
    # Every open widget is polished anew by a style sheet, even by the same one.
    look = "contrast" if high_contrast else "light"
    if application.property("look") == look:
        return
    application.setProperty("look", look)
    if application.property("fusion") is None:
        application.setStyle("Fusion")
    application.setFont(font())
    application.setPalette(_palette(_current))
    application.setStyleSheet(style.sheet(_current))


def _palette(c: Colours) -> QPalette:
    palette = QPalette()
    role = QPalette.ColorRole
    for where, value in (
        (role.Window, c.page),
        (role.Base, c.surface),
        (role.AlternateBase, c.surface_alt),
        (role.Button, c.surface),
        (role.WindowText, c.text),
        (role.Text, c.text),
        (role.ButtonText, c.text),
        (role.PlaceholderText, c.text_hint),
        (role.Highlight, c.accent_soft),
        (role.HighlightedText, c.text),
        (role.ToolTipBase, c.text),
        (role.ToolTipText, c.surface),
        (role.Link, c.accent),
        (role.Accent, c.accent),
    ):
        palette.setColor(where, QColor(value))
    for where in (role.WindowText, role.Text, role.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, where, QColor(c.text_disabled))
    return palette
