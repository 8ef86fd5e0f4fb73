"""Nothing of the window lies outside a clinic's screen."""

from __future__ import annotations

from types import SimpleNamespace

import pytest
from PySide6.QtCore import QRect

from app.ui.preferences import Preferences
from app.ui.shell.window import MainWindow
from app.ui.tasks import SynchronousRunner


@pytest.mark.parametrize(
    ("width", "height", "maximised"),
    [(1366, 728, True), (1366, 768, True), (1440, 790, True), (1920, 1040, False)],
)
def test_where_the_task_bar_leaves_too_little_the_window_is_maximised(
    qtbot, empty_folder, monkeypatch, width, height, maximised
):
    window = MainWindow(empty_folder, Preferences(), SynchronousRunner())
    qtbot.addWidget(window)
    screen = SimpleNamespace(availableGeometry=lambda: QRect(0, 0, width, height))
    monkeypatch.setattr(window, "screen", lambda: screen)
    window.show_fitting()
    qtbot.waitExposed(window)
    assert window.isMaximized() is maximised
    window.shut()
    window.close()
