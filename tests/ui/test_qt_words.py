"""What Qt itself says is said in the program's language."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PySide6.QtCore import QLibraryInfo
from PySide6.QtWidgets import QLineEdit, QMessageBox

from app.i18n import set_language
from app.ui import qt_words

ROOT = Path(__file__).resolve().parent.parent.parent


@pytest.fixture(autouse=True)
def _chinese_again(qapp) -> Iterator[None]:
    yield
    set_language("zh_CN")
    qt_words.speak()


def said(qtbot) -> list[str]:
    box = QMessageBox()
    field = QLineEdit("…")
    qtbot.addWidget(box)
    qtbot.addWidget(field)
    box.setStandardButtons(QMessageBox.StandardButton.Ok | QMessageBox.StandardButton.Cancel)
    menu = field.createStandardContextMenu()
    words = [button.text() for button in box.buttons()]
    words += [action.text().partition("(")[0] for action in menu.actions() if action.text()]
    menu.deleteLater()
    return words


def test_boxes_and_menus_are_chinese(qtbot):
    qt_words.speak()
    words = said(qtbot)
    assert {"确定", "取消", "撤消", "剪切", "复制", "粘贴"} <= {w.partition("\t")[0] for w in words}
    assert not any(word[0].isascii() for word in words), words


def test_they_follow_the_language(qtbot):
    set_language("en")
    qt_words.speak()
    assert {"OK", "Cancel"} <= set(said(qtbot))
    set_language("zh_CN")
    for _ in range(3):
        qt_words.speak()
    assert {"确定", "取消"} <= set(said(qtbot))


def test_the_box_before_any_window_is_chinese(tmp_path):
    """A second program says so in a box, before anything of the window was loaded."""
    done = subprocess.run(
        [sys.executable, "-c", _BOX, str(tmp_path)],
        cwd=ROOT,
        env={**os.environ, "QT_QPA_PLATFORM": "offscreen", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    assert done.stdout.split() == ["确定"]


_BOX = """
import sys
from pathlib import Path
from PySide6.QtWidgets import QMessageBox
from app.ui import application

def said(box):
    box.setStandardButtons(QMessageBox.StandardButton.Ok)
    sys.stdout.buffer.write(box.buttons()[0].text().encode() + b"\\n")

QMessageBox.exec = said
def refuse(folder):
    import os
    os.environ["QT_QPA_PLATFORM"] = ""
    return application._refuse("…", application.ALREADY_RUNNING)
application._take_folder = refuse
assert application.run(Path(sys.argv[1])) == application.ALREADY_RUNNING
"""


def test_the_frozen_program_takes_the_words_along():
    tree = ast.parse((ROOT / "build.spec").read_text(encoding="utf-8"))
    kept = next(
        ast.literal_eval(node.value)
        for node in tree.body
        if isinstance(node, ast.Assign)
        and isinstance(node.targets[0], ast.Name)
        and node.targets[0].id == "QT_WORDS"
    )
    folder = Path(QLibraryInfo.path(QLibraryInfo.LibraryPath.TranslationsPath))
    assert "qtbase_zh_CN.qm" in kept
    assert (folder / "qtbase_zh_CN.qm").is_file()
