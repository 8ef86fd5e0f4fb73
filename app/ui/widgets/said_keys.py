"""Keys that a widget takes itself, said so that the list of F1 can show them."""

from __future__ import annotations

from PySide6.QtWidgets import QWidget

_PROPERTY = "said_keys"


def say_key(widget: QWidget, keys: str, what: str) -> None:
    """``keys`` do ``what`` while the widget has the focus; F1 lists them while it can be seen."""
    widget.setProperty(_PROPERTY, [*said_keys(widget), (keys, what)])


def said_keys(widget: QWidget) -> list[tuple[str, str]]:
    """What was said of the keys of one widget."""
    return [(str(keys), str(what)) for keys, what in widget.property(_PROPERTY) or ()]
