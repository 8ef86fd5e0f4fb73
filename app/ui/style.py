"""The style sheet: how the tokens of ``theme`` dress Qt's controls.

Widgets choose their dress by dynamic properties (``kind``, ``tone``, ``state``), never by a
style sheet of their own, so a change of palette reaches every open window.
"""

from __future__ import annotations

from string import Template

from PySide6.QtWidgets import QWidget

from app.paths import resources
from app.ui import theme

_TEMPLATE = Template("""
* { outline: none; }
QWidget { color: $text; }
QMainWindow, QDialog, QWidget[kind="page"] { background: $page; }
QToolTip { background: $text; color: $surface; border: none; padding: 4px 8px; }

QLabel { background: transparent; }
QLabel[kind="title"] { font-size: ${title_points}pt; font-weight: 600; }
QLabel[kind="section"] { font-size: ${section_points}pt; font-weight: 600; }
QLabel[kind="figure"] { font-size: ${figure_points}pt; font-weight: 600; }
QLabel[kind="secondary"] { font-size: ${secondary_points}pt; color: $text_secondary; }
QLabel[kind="hint"] { font-size: ${secondary_points}pt; color: $text_hint; }
QLabel[kind="strong"] { font-weight: 600; }
QLabel[kind="key"] { font-family: "Consolas", "Noto Sans Mono CJK SC", monospace;
    font-size: ${title_points}pt; font-weight: 600; }
QLabel[kind="brand"] { font-size: ${title_points}pt; font-weight: 600; color: $accent_text; }
QLabel[tone="danger"] { color: $danger; }
QLabel[tone="attention"] { color: $attention; }
QLabel[tone="confirmed"] { color: $confirmed; }
QLabel[tone="accent"] { color: $accent_text; }
QLabel:disabled { color: $text_disabled; }

QFrame[kind="card"] {
    background: $surface; border: 1px solid $line; border-radius: ${radius}px; }
QFrame[kind="panel"] { background: $surface; border: none; }
QFrame[kind="footer"] { background: $surface; border: none; border-top: 1px solid $line; }
QFrame[kind="rule"] { background: $line; border: none; }
QFrame[kind="rail"] { background: $rail; border: none; border-right: 1px solid $line; }
QFrame[kind="top"] { background: $surface; border: none; border-bottom: 1px solid $line; }
QFrame[kind="popup"] {
    background: $surface; border: 1px solid $line_strong; border-radius: ${radius}px; }

QFrame[kind="strip"] {
    border: 1px solid $line; border-radius: ${radius}px; background: $surface_alt; }
QFrame[kind="strip"][tone="danger"] { background: $danger_soft; border-color: $danger_line; }
QFrame[kind="strip"][tone="attention"] {
    background: $attention_soft; border-color: $attention_line; }
QFrame[kind="strip"][tone="confirmed"] {
    background: $confirmed_soft; border-color: $confirmed_line; }
QFrame[kind="strip"][tone="accent"] { background: $accent_soft; border-color: $accent_soft; }

QFrame[kind="chip"] {
    background: $surface_alt; border: 1px solid $line; border-radius: ${radius_small}px; }
QFrame[kind="chip"][tone="danger"] { background: $danger_soft; border-color: $danger_line; }
QFrame[kind="chip"][tone="attention"] {
    background: $attention_soft; border-color: $attention_line; }
QFrame[kind="chip"][tone="confirmed"] {
    background: $confirmed_soft; border-color: $confirmed_line; }
QFrame[kind="chip"][tone="accent"] { background: $accent_soft; border-color: $accent_soft; }

QLineEdit, QPlainTextEdit, QTextEdit, QComboBox, QSpinBox {
    background: $surface; border: 1px solid $line_strong; border-radius: ${radius_small}px;
    selection-background-color: $accent; selection-color: $on_accent; }
QLineEdit, QComboBox, QSpinBox { min-height: ${control_inner}px; padding: 0 8px; }
QPlainTextEdit, QTextEdit { padding: 4px; }
QLineEdit:hover, QPlainTextEdit:hover, QComboBox:hover { border-color: $text_hint; }
QLineEdit:focus, QPlainTextEdit:focus, QTextEdit:focus, QComboBox:focus, QSpinBox:focus {
    border: 2px solid $accent; }
QLineEdit:focus, QComboBox:focus, QSpinBox:focus {
    min-height: ${control_focus}px; padding: 0 7px; }
QPlainTextEdit:focus, QTextEdit:focus { padding: 3px; }
QLineEdit[state="danger"], QPlainTextEdit[state="danger"], QComboBox[state="danger"] {
    border-color: $danger; background: $danger_soft; }
QLineEdit[state="attention"], QPlainTextEdit[state="attention"] {
    border-color: $attention; background: $attention_soft; }
QLineEdit:disabled, QPlainTextEdit:disabled, QComboBox:disabled, QLineEdit[readOnly="true"] {
    background: $surface_alt; border-color: $line; color: $text_secondary; }
QLineEdit[kind="cell"], QLineEdit[kind="cell"]:focus {
    border: 2px solid $accent; border-radius: 0; min-height: 0; padding: 0 5px; }
QComboBox::drop-down { border: none; width: 24px; }
QComboBox::down-arrow { image: url("$icons/arrow-down.png"); width: 16px; height: 16px; }
QComboBox QAbstractItemView {
    background: $surface; border: 1px solid $line_strong; padding: 4px;
    selection-background-color: $accent_soft; selection-color: $text; }
QComboBox QAbstractItemView::item { min-height: ${target}px; padding: 0 8px; }

QPushButton {
    background: $surface; border: 1px solid $line_strong; border-radius: ${radius_small}px;
    min-height: ${control_inner}px; padding: 0 14px; }
QPushButton:hover { background: $hover; }
QPushButton:pressed { background: $hover; border-color: $text_hint; }
QPushButton:focus { border: 2px solid $accent; min-height: ${control_focus}px; padding: 0 13px; }
QPushButton:disabled { color: $text_disabled; border-color: $line; background: $surface_alt; }
QPushButton[kind="primary"] {
    background: $accent; border-color: $accent; color: $on_accent; font-weight: 600;
    padding: 0 20px; }
QPushButton[kind="primary"]:hover { background: $accent_hover; }
QPushButton[kind="primary"]:pressed { background: $accent_pressed; }
QPushButton[kind="primary"]:focus {
    border: 2px solid $text; min-height: ${control_focus}px; padding: 0 19px; }
QPushButton[kind="primary"]:disabled {
    background: $hover; border-color: $line; color: $text_secondary; }
QPushButton[kind="danger"] { color: $danger; border-color: $danger; }
QPushButton[kind="danger"]:hover { background: $danger_soft; }
QPushButton[kind="alarm"] {
    background: $danger; border-color: $danger; color: $on_accent; font-weight: 600; }
QPushButton[kind="alarm"]:hover { background: $danger; border-color: $text; }
QPushButton[kind="alarm"]:focus { border: 2px solid $text; min-height: ${control_focus}px; }
QPushButton[kind="link"], QPushButton[kind="quiet"] {
    background: transparent; border: 1px solid transparent; padding: 0 8px; }
QPushButton[kind="link"] { color: $accent; }
QPushButton[kind="link"]:hover, QPushButton[kind="quiet"]:hover { background: $hover; }
QPushButton[kind="link"]:focus, QPushButton[kind="quiet"]:focus {
    border: 2px solid $accent; padding: 0 7px; }
QPushButton[kind="link"]:disabled, QPushButton[kind="quiet"]:disabled { color: $text_disabled; }

QPushButton[kind="room"] {
    background: transparent; border: none; border-left: 3px solid transparent;
    border-radius: 0; text-align: left; padding: 0 12px 0 13px; min-height: 38px; }
QPushButton[kind="room"]:hover { background: $hover; }
QPushButton[kind="room"]:focus { border: none; border-left: 3px solid $line_strong; }
QPushButton[kind="room"]:checked {
    background: $surface; border-left: 3px solid $accent; color: $accent_text;
    font-weight: 600; }

QPushButton[kind="option"] {
    border: 1px solid $line_strong; background: $surface; padding: 0 10px;
    min-height: ${option_inner}px; }
QPushButton[kind="option"]:hover { background: $hover; }
QPushButton[kind="option"]:checked {
    background: $accent_soft; border-color: $accent; color: $accent_text; font-weight: 600; }
QPushButton[kind="option"][here="true"] { border: 2px solid $accent; padding: 0 9px;
    min-height: ${option_focus}px; }
QPushButton[kind="option"][state="danger"] { border-color: $danger; }
QPushButton[kind="option"]:disabled { color: $text_disabled; border-color: $line; }

QPushButton[kind="tile"] {
    background: $surface; border: 1px solid $line; border-radius: ${radius}px; padding: 12px;
    text-align: left; }
QPushButton[kind="tile"]:hover { border-color: $accent; background: $surface; }
QPushButton[kind="tile"]:focus { border: 2px solid $accent; padding: 11px; }
QPushButton[kind="tile"]:checked { border: 2px solid $accent; background: $accent_soft;
    padding: 11px; }

QFrame[kind="bar"] { background: $surface; border: none; border-top: 1px solid $line; }
QPushButton[kind="bar"] {
    background: transparent; border: none; border-radius: 0; text-align: left;
    padding: 0 12px; min-height: ${bar_inner}px; font-size: ${secondary_points}pt;
    color: $text_secondary; }
QPushButton[kind="bar"]:hover { text-decoration: underline; }
QPushButton[kind="bar"]:focus { border-top: 2px solid $accent; }
QFrame[kind="bar"][tone="danger"] { background: $danger_soft; border-top-color: $danger_line; }
QPushButton[kind="bar"][tone="danger"] { color: $danger; }
QPushButton[kind="bar"][tone="attention"] { color: $attention; }
QPushButton[kind="bar"][tone="confirmed"] { color: $confirmed; }

QCheckBox, QRadioButton { spacing: 8px; min-height: ${target}px; background: transparent; }
QCheckBox:focus, QRadioButton:focus { color: $accent_text; text-decoration: underline; }
QCheckBox::indicator { width: 18px; height: 18px; border: 1px solid $line_strong;
    border-radius: ${radius_small}px; background: $surface; }
QCheckBox::indicator:hover, QCheckBox::indicator:focus { border-color: $accent; }
QCheckBox::indicator:checked { background: $accent; border-color: $accent;
    image: url("$icons/check.png"); }
QCheckBox::indicator:disabled { background: $surface_alt; border-color: $line; }

QTableView, QTreeView, QListView {
    background: $surface; alternate-background-color: $surface_alt; border: 1px solid $line;
    border-radius: ${radius}px; gridline-color: $line;
    selection-background-color: $accent_soft; selection-color: $text; }
QListView[kind="plain"], QTableView[kind="plain"] {
    border: none; border-radius: 0; background: transparent; }
QTableView:focus, QListView:focus { border: 1px solid $accent; }
QListView[kind="plain"]:focus, QTableView[kind="plain"]:focus { border: none; }
QTableView::item { padding: 0 8px; border-bottom: 1px solid $line; }
QTableView::item:selected { background: $accent_soft; color: $text; }
QHeaderView { background: $surface_alt; border: none; }
QHeaderView::section {
    background: $surface_alt; color: $text_secondary; font-size: ${secondary_points}pt;
    border: none; border-bottom: 1px solid $line; padding: 0 11px; min-height: ${target}px; }
QTableCornerButton::section { background: $surface_alt; border: none; }

QScrollArea { border: none; background: transparent; }
QScrollArea > QWidget > QWidget[kind="body"] { background: transparent; }
QScrollBar:vertical { width: 10px; background: transparent; margin: 0; }
QScrollBar:horizontal { height: 10px; background: transparent; margin: 0; }
QScrollBar::handle { background: $line_strong; border-radius: 4px; margin: 1px; }
QScrollBar::handle:vertical { min-height: 32px; }
QScrollBar::handle:horizontal { min-width: 32px; }
QScrollBar::handle:hover { background: $text_hint; }
QScrollBar::add-line, QScrollBar::sub-line { width: 0; height: 0; }
QScrollBar::add-page, QScrollBar::sub-page { background: transparent; }

QMenu { background: $surface; border: 1px solid $line_strong; padding: 4px; }
QMenu::item { padding: 6px 24px 6px 12px; min-height: 20px; border-radius: ${radius_small}px; }
QMenu::item:selected { background: $accent_soft; color: $text; }
QMenu::item:disabled { color: $text_hint; }
QMenu::separator { height: 1px; background: $line; margin: 4px 8px; }

QTabBar::tab {
    background: transparent; border: none; border-bottom: 2px solid transparent;
    padding: 0 12px; min-height: 34px; margin-right: 8px; color: $text_secondary; }
QTabBar::tab:hover { color: $text; }
QTabBar::tab:selected { border-bottom: 2px solid $accent; color: $accent_text; font-weight: 600; }
QTabBar::tab:focus { background: $accent_soft; }
QTabWidget::pane { border: none; border-top: 1px solid $line; }

QProgressBar {
    background: $line; border: none; border-radius: 3px; min-height: 6px; max-height: 6px; }
QProgressBar::chunk { background: $accent; border-radius: 3px; }
QSplitter::handle { background: $line; }
QCalendarWidget QWidget { alternate-background-color: $surface_alt; }
QCalendarWidget QToolButton { color: $text; min-height: ${target}px; padding: 0 8px; }
QCalendarWidget QAbstractItemView { selection-background-color: $accent;
    selection-color: $on_accent; }
""")


def sheet(c: theme.Colours) -> str:
    """The whole style sheet in one palette."""
    names = {name: getattr(c, name) for name in c.__dataclass_fields__}
    icons = [f'QLabel[icon="{name}"] {{ color: {value}; }}' for name, value in names.items()]
    return "\n".join(icons) + _TEMPLATE.substitute(
        names,
        title_points=theme.TITLE_POINTS,
        section_points=theme.SECTION_POINTS,
        figure_points=theme.FIGURE_POINTS,
        secondary_points=theme.SECONDARY_POINTS,
        icons=(resources() / "icons").as_posix(),
        radius=theme.RADIUS,
        radius_small=theme.RADIUS_SMALL,
        control_inner=theme.CONTROL_HEIGHT - 2,
        control_focus=theme.CONTROL_HEIGHT - 4,
        option_inner=theme.TARGET_MINIMUM - 2,
        option_focus=theme.TARGET_MINIMUM - 4,
        target=theme.TARGET_MINIMUM,
        bar_inner=theme.BAR_HEIGHT - 2,
    )


def dress(widget: QWidget, **properties: str) -> None:
    """Set dynamic properties that the style sheet reads and redraw the widget in its new dress."""
    changed = False
    for name, value in properties.items():
        if widget.property(name) != value:
            widget.setProperty(name, value)
            changed = True
    if not changed:
        return
    if widget.property("dressed") is None:
        # A fresh widget has not been polished yet: the first show does it, and asking for the
        # style here would load its whole class before the first window is painted.
        widget.setProperty("dressed", True)
        if not widget.isVisible():
            return
    widget.style().unpolish(widget)
    widget.style().polish(widget)
    widget.update()


def set_shown(part: QWidget, shown: bool) -> None:
    """Show or hide a part where that is news: what comes into sight with its page need not be told
    so, and would be dressed before it stands there."""
    if not shown:
        part.setProperty("away", True)
        part.hide()
    elif part.property("away") or part.parentWidget().isVisible():
        part.setProperty("away", False)
        part.show()
