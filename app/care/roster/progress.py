"""Telling how far a long piece of work is, and ending it when the person wants so."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from app.errors import TownshipCareError

__all__ = ["CHECKING", "KEEPING", "READING", "SAVING", "SILENT", "Progress", "Stopped"]

READING, CHECKING, KEEPING, SAVING = "reading", "checking", "keeping", "saving"
"""The stages: the file is read, its rows are checked, the backup is made, the records are saved."""


class Stopped(TownshipCareError):
    """The person ended the work; nothing of it was kept."""


@dataclass(frozen=True, slots=True)
class Progress:
    """``tell(stage, done, of)`` hears how far it is (``of`` 0: not known)."""

    tell: Callable[[str, int, int], None] = lambda stage, done, of: None
    stopping: Callable[[], bool] = lambda: False

    def step(self, stage: str, done: int, of: int) -> None:
        """Tell how far it is. Raises Stopped when the person wants no more."""
        if self.stopping():
            raise Stopped
        self.tell(stage, done, of)


SILENT = Progress()
