"""What PySide does to imports must not cost the program its memory."""

import subprocess
import sys
from pathlib import Path

_LOOK = """
import app.ui
import PySide6.QtWidgets
import linecache, sqlalchemy.orm
print(sum("sqlalchemy" in name and name.endswith(".py") for name in linecache.cache))
"""


def test_no_source_texts_are_read_and_kept_for_imports() -> None:
    done = subprocess.run(
        [sys.executable, "-c", _LOOK],
        capture_output=True,
        text=True,
        check=True,
        cwd=Path(__file__).resolve().parents[2],
    )
    assert done.stdout.strip() == "0"
