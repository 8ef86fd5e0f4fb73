"""How this PC likes to be worked with: language, contrast, idle lock.

Needed before anybody has signed in, so kept in the clear beside the store; nothing here says
anything about a person. A file that cannot be read counts as not there.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from app.i18n import LANGUAGES

PREFERENCES_FILE = "preferences.json"
IDLE_CHOICES = (2, 5, 10, 15, 30)


@dataclass(frozen=True, slots=True)
class Preferences:
    """``idle_minutes``: minutes without a key or mouse movement until the screen locks.
    ``emergency_sound``: an emergency referral that nobody has looked at is heard."""

    language: str = "zh_CN"
    high_contrast: bool = False
    idle_minutes: int = 10
    emergency_sound: bool = True


def load(folder: Path) -> Preferences:
    try:
        data: Any = json.loads((folder / PREFERENCES_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return Preferences()
    if not isinstance(data, dict):
        return Preferences()
    found = Preferences()
    if data.get("language") in LANGUAGES:
        found = replace(found, language=data["language"])
    if isinstance(data.get("high_contrast"), bool):
        found = replace(found, high_contrast=data["high_contrast"])
    if isinstance(data.get("emergency_sound"), bool):
        found = replace(found, emergency_sound=data["emergency_sound"])
    minutes = data.get("idle_minutes")
    if isinstance(minutes, int) and not isinstance(minutes, bool) and 1 <= minutes <= 240:
        found = replace(found, idle_minutes=minutes)
    return found


def save(folder: Path, preferences: Preferences) -> None:
    """Write the file whole. Raises ``OSError`` where the folder cannot be written."""
    draft = folder / (PREFERENCES_FILE + ".new")
    draft.write_text(json.dumps(asdict(preferences)), encoding="utf-8")
    os.replace(draft, folder / PREFERENCES_FILE)
