"""What the tests of the screen share: the look, a synchronous runner, a context, a ready window."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from PySide6.QtWidgets import QApplication

from app.models.actor import Actor
from app.models.store import Store
from app.ui import qt_words, theme
from app.ui.context import UiContext
from app.ui.garbage import GarbageKeeper
from app.ui.tasks import SynchronousRunner


@pytest.fixture(scope="session", autouse=True)
def _look(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp)
    qt_words.speak()
    # Tests run background threads beside widgets, as the program does.
    garbage = GarbageKeeper()
    yield
    garbage.release()


@pytest.fixture
def runner() -> SynchronousRunner:
    return SynchronousRunner()


@pytest.fixture
def context(qapp: QApplication, store: Store, actor: Actor, runner: SynchronousRunner) -> UiContext:
    """The township health centre's, with every role, no sync, work done at once."""
    return UiContext(store, actor, runner)


@pytest.fixture
def shown(qtbot) -> Callable[..., object]:
    """``shown(widget)`` puts a page on the screen at its size in the smallest clinic window."""
    from tests.ui.checks import show_page

    def show(widget, *size):
        show_page(qtbot, widget, *size)
        return widget

    return show


@pytest.fixture
def empty_folder(tmp_path: Path) -> Path:
    folder = tmp_path / "data"
    folder.mkdir()
    return folder
