"""A widget that lacks what its kind must have is refused when made, not when it is pressed."""

from __future__ import annotations

import importlib
import pkgutil
from abc import abstractmethod
from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QWidget
from pytestqt.qtbot import QtBot

import app.ui
from app.ui.widgets.abstract import AbstractWidget


class Begun(QWidget, metaclass=AbstractWidget):
    @abstractmethod
    def work(self) -> str:
        """What it does."""


class Whole(Begun):
    def work(self) -> str:
        return "done"


def test_a_begun_widget_is_refused_and_a_whole_one_works(qtbot: QtBot) -> None:
    with pytest.raises(TypeError, match="Begun lacks work"):
        Begun()
    widget = Whole()
    qtbot.addWidget(widget)
    assert widget.work() == "done"


def _kinds(of: type) -> Iterator[type]:
    for kind in of.__subclasses__():
        yield kind
        yield from _kinds(kind)


def test_only_what_others_go_on_with_is_left_begun() -> None:
    for module in pkgutil.walk_packages(app.ui.__path__, "app.ui."):
        importlib.import_module(module.name)
    ours = {kind for kind in _kinds(QWidget) if kind.__module__.startswith("app.ui.")}
    begun = {kind for kind in ours if getattr(kind, "__abstractmethods__", None)}
    assert begun
    assert [kind.__name__ for kind in begun if not kind.__subclasses__()] == []
