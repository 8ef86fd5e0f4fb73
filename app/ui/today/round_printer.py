"""From a list on the screen to the print preview or an Excel file."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QObject, Signal
from PySide6.QtWidgets import QWidget

from app.care.paper.document import PrintDocument
from app.care.paper.rounds import MOST_PEOPLE, RoundRequest, blank_forms, prepare_round
from app.care.paper.settings import PrintSettings, print_settings, save_print_settings
from app.care.rounds.export import export_people
from app.care.rounds.work import WorkFilter, people
from app.care.spreadsheet import Exported, suggested_name
from app.i18n import tr
from app.ui.context import UiContext
from app.ui.printing.preview import PrintPreview, preview
from app.ui.today.round_dialog import RoundDialog
from app.ui.widgets import save_file


class RoundPrinter(QObject):
    """``failed`` carries an error to be said on the page; ``printed`` after paper was made."""

    failed = Signal(object)
    printed = Signal()

    def __init__(self, context: UiContext, page: QWidget) -> None:
        super().__init__(page)
        self._context = context
        self._page = page
        self.dialog: RoundDialog | None = None
        self.preview: PrintPreview | None = None

    def ask(
        self, wanted: WorkFilter, marked: tuple[str, ...], title: str, count: int, paper: str
    ) -> None:
        """Ask what is to be printed of this list, then make it."""
        count = len(marked) or count
        dialog = RoundDialog(title, count, print_settings(self._context.store), paper, self._page)
        dialog.accepted.connect(lambda: self._go(dialog, wanted, marked, title))
        self.dialog = dialog
        dialog.open()

    def _go(
        self, dialog: RoundDialog, wanted: WorkFilter, marked: tuple[str, ...], title: str
    ) -> None:
        settings, paper = dialog.settings, dialog.paper
        c = self._context
        if paper == "excel":
            self._excel(wanted, marked, title, settings)
            return
        if dialog.blank:
            self._make(lambda: blank_forms(paper, settings.slips), settings)
            return

        def make() -> PrintDocument:
            ids = marked or tuple(
                row.resident_id for row in people(c.store, c.actor, wanted, 0, MOST_PEOPLE + 1)
            )
            request = RoundRequest(
                paper, ids, title, settings.whole_ids, settings.last_time, settings.slips
            )
            return prepare_round(c.store, c.actor, request)

        self._make(make, settings)

    def _make(self, make: Callable[[], PrintDocument], settings: PrintSettings) -> None:
        c = self._context

        def work() -> PrintDocument:
            save_print_settings(c.store, c.actor, settings)
            return make()

        c.tasks.run(work, done=self._show, failed=self.failed.emit, owner=self)

    def _show(self, document: PrintDocument) -> None:
        self.preview = preview(
            self._context, document, self._page.window(), lambda way: self.printed.emit()
        )

    def _excel(
        self, wanted: WorkFilter, marked: tuple[str, ...], title: str, settings: PrintSettings
    ) -> None:
        c = self._context
        name = suggested_name(tr("Visit list"), title, f"{c.clock.today():%Y%m%d}")
        path = save_file.ask_where_to_save(self._page, name)
        if path is None:
            return

        def work() -> Exported:
            save_print_settings(c.store, c.actor, settings)
            return export_people(
                c.store, c.actor, wanted, path, title, whole_ids=settings.whole_ids, only=marked
            )

        def done(made: Exported) -> None:
            c.notify(tr("Written: {count} people. The export is noted.").format(count=made.rows))

        c.tasks.run(work, done=done, failed=self.failed.emit, owner=self)
