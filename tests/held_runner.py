"""A runner of tasks for tests of what a person does while work is still under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from app.ui.tasks import SynchronousRunner


class HeldRunner(SynchronousRunner):
    """Some functions (all, where none is named) wait until they are let go."""

    def __init__(self, *held: Callable[..., Any]) -> None:
        self._held = held
        self._waiting: list[Callable[[], None]] = []

    def run(self, work: Callable[..., Any], *arguments: Any, **named: Any) -> None:
        run = super().run
        if work in self._held or not self._held:
            self._waiting.append(lambda: run(work, *arguments, **named))
        else:
            run(work, *arguments, **named)

    def let_go(self, *, last_first: bool = False) -> None:
        while self._waiting:
            self._waiting.pop(-1 if last_first else 0)()
