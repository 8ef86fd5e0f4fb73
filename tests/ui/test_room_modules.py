"""The first visit of a room finds its module loaded."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_CODE = """
import sys
from PySide6.QtWidgets import QApplication
from app.ui import application
from app.ui.garbage import GarbageKeeper
from app.ui.shell.rooms import ROOMS
app = QApplication(["x", "-style", "fusion"])
application._ROOMS_PAUSE_MS = 0
rooms = [room.place.partition(":")[0] for room in ROOMS]
print(len([name for name in rooms if name in sys.modules]))
application._load_frame(list(application._FRAME_MODULES), GarbageKeeper(app), lambda: None)
for _ in range(1000):
    app.processEvents()
print([name for name in rooms if name not in sys.modules])
"""


def test_the_rooms_are_loaded_behind_the_sign_in() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _CODE],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.split("\n") == ["0", "[]", ""]


_LISTS = """
import enum
import app.ui.qt_classes
from PySide6.QtWidgets import QApplication, QListWidget
app = QApplication(["x", "-style", "fusion"])
made = []
make = enum.EnumType._create_
def noted(cls, name, *more, **named):
    made.append(name)
    return make(cls, name, *more, **named)
enum.EnumType._create_ = noted
QListWidget().viewport()
print(made)
"""


def test_the_first_list_finds_the_classes_of_qt_made() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LISTS],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.split("\n") == ["[]", ""]
