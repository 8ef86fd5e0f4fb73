"""Where the program's own files and a person's data folder are."""

from __future__ import annotations

import os
import sys
from pathlib import Path


def resources() -> Path:
    """The folder ``resources``: beside the code, or inside the frozen program."""
    frozen = getattr(sys, "_MEIPASS", None)
    base = Path(frozen) if frozen else Path(__file__).resolve().parent.parent
    return base / "resources"


def default_data_folder() -> Path:
    """``TOWNSHIP_CARE_DATA``, else the platform's usual place for a program's local data."""
    chosen = os.environ.get("TOWNSHIP_CARE_DATA")
    if chosen:
        return Path(chosen)
    from platformdirs import user_data_path

    return user_data_path("TownshipCare", appauthor=False, roaming=False)
