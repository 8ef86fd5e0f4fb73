"""Qt's classes of the screen become Python's here, behind the sign-in.

Each would be made when it is first named; all that are left at once where a part of Qt comes to
Python of which it knows only that it is a widget: the inside of a list, in the first room that
has one.
"""

from __future__ import annotations

from PySide6 import QtWidgets

MADE = tuple(getattr(QtWidgets, name) for name in dir(QtWidgets) if name.startswith("Q"))
