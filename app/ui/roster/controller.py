"""What the roster page does with the care floor: long work in the background, stoppable."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from pathlib import Path
from threading import Event
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.care.roster.history import Undoing, undo_import
from app.care.roster.importing import Imported, export_left_out, import_roster
from app.care.roster.preview import Preview, RosterSource, check_roster, open_roster
from app.care.roster.progress import Progress, Stopped
from app.care.spreadsheet import Exported
from app.ui.context import UiContext

Failed = Callable[[Exception], None]


class RosterController(QObject):
    """One piece of work at a time. ``told(stage, done, of)``; ``ended`` when none is under way."""

    told = Signal(str, int, int)
    ended = Signal()

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._stop = Event()
        self.busy = False

    def stop(self) -> None:
        """The person wants no more: the work under way ends at its next step, with nothing kept."""
        self._stop.set()

    def open(
        self,
        path: Path,
        sheet: str,
        heading_rows: tuple[int, int] | None,
        done: Callable[[RosterSource], None],
        failed: Failed,
    ) -> None:
        """Read a file."""
        self._run(open_roster, done, failed, path, sheet=sheet, heading_rows=heading_rows)

    def check(
        self,
        source: RosterSource,
        columns: Mapping[int, str],
        without_id: str,
        done: Callable[[Preview], None],
        failed: Failed,
    ) -> None:
        """Check its rows."""
        self._run(check_roster, done, failed, source, columns, without_id=without_id)

    def take_in(
        self,
        preview: Preview,
        chosen: Collection[int],
        done: Callable[[Imported], None],
        failed: Failed,
    ) -> None:
        """Import the chosen rows."""
        self._run(import_roster, done, failed, preview, chosen)

    def take_back(self, import_id: str, done: Callable[[Undoing], None], failed: Failed) -> None:
        """Undo a whole import."""
        self._run(undo_import, done, failed, import_id)

    def export(
        self,
        preview: Preview,
        numbers: Collection[int],
        path: Path,
        done: Callable[[Exported], None],
        failed: Failed,
    ) -> None:
        """Write the rows left out to Excel."""
        context = self.context
        context.tasks.run(
            export_left_out,
            context.store,
            context.actor,
            preview,
            numbers,
            path,
            done=done,
            failed=failed,
            owner=self,
        )

    def _run(
        self,
        work: Callable[..., Any],
        done: Callable[[Any], None],
        failed: Failed,
        *arguments: Any,
        **named: Any,
    ) -> None:
        if self.busy:
            return
        self.busy = True
        self._stop.clear()
        context = self.context

        def finished(result: Any) -> None:
            self._end()
            done(result)

        def broke(error: Exception) -> None:
            self._end()
            if not isinstance(error, Stopped):
                failed(error)

        context.tasks.run(
            work,
            context.store,
            context.actor,
            *arguments,
            progress=Progress(self.told.emit, self._stop.is_set),
            done=finished,
            failed=broke,
            owner=self,
            **named,
        )

    def _end(self) -> None:
        self.busy = False
        self.ended.emit()
