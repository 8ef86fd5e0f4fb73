"""Widgets that are only begun: what a kind of its own has to say is named, and held to."""

from __future__ import annotations

from abc import ABCMeta
from typing import Any

from PySide6.QtWidgets import QWidget

_QtType: Any = type(QWidget)


class AbstractWidget(ABCMeta, _QtType):  # type: ignore[misc]
    """Metaclass of widgets with ``abstractmethod``s.

    Qt makes its objects past Python's own check; without this a missing method would show only
    when somebody presses the button.
    """

    def __call__(cls, *args: Any, **kwargs: Any) -> Any:
        missing = sorted(cls.__abstractmethods__)
        if missing:
            raise TypeError(f"{cls.__name__} lacks {', '.join(missing)}")
        return super().__call__(*args, **kwargs)
