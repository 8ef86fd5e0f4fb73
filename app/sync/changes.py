"""Which records changed under the screen's feet: collected here, told in small portions."""

from __future__ import annotations

import time
from collections.abc import Callable

Changed = dict[str, frozenset[str]]

_PORTION_SECONDS = 0.2


class Changes:
    """Collects (kind, id); ``listener`` gets them at most five times a second."""

    def __init__(self, listener: Callable[[Changed], None] | None = None) -> None:
        self._listener = listener
        self._found: dict[str, set[str]] = {}
        self._told_at = float("-inf")

    def add(self, kind: str, record_id: str) -> None:
        """A record was pulled, confirmed, refused or merged (after its transaction)."""
        self._found.setdefault(kind, set()).add(record_id)

    def tell(self, *, at_once: bool = False) -> None:
        """Hand on what was collected; by default only if the last time is long enough ago."""
        now = time.monotonic()
        if self._listener is None or not (at_once or now - self._told_at >= _PORTION_SECONDS):
            return
        self._told_at = now
        found, self._found = self._found, {}
        self._listener({kind: frozenset(ids) for kind, ids in found.items()})
