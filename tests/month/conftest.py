"""What the programs of the month share: the look, and the collector on the GUI's thread."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from PySide6.QtWidgets import QApplication

from app.ui import theme
from app.ui.garbage import GarbageKeeper


@pytest.fixture(scope="session")
def look(qapp: QApplication) -> Iterator[None]:
    theme.apply(qapp)
    # The links have threads of their own beside the widgets, as the program's courier has.
    garbage = GarbageKeeper()
    yield
    garbage.release()
