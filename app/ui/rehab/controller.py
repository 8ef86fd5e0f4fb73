"""The work behind the ward page: load, keep the draft, save, show the marks."""

from __future__ import annotations

from datetime import date, time
from typing import Any

from PySide6.QtCore import QObject, Signal

from app.care.check_in import WardProblems, WardSaved, save_check_ins
from app.care.check_in_history import delivery_marks
from app.care.rehab_ward import Ward, load_ward
from app.models.outbox import Delivery
from app.ui.context import UiContext
from app.ui.rehab import cells
from app.ui.rehab.model import WardModel
from app.ui.widgets.drafts import DraftKeeper
from app.ui.widgets.forms import FormFields

FORM = "rehab_ward"


class WardController(QObject):
    """Owns the ward's model, draft and saves. All signals come on the GUI thread.

    ``loaded``: the grid shows a ward. ``saved(WardSaved)``. ``refused(WardProblems)``: nothing was
    saved. ``failed(Exception)``: the machine failed, everything typed is still there.
    ``draft_failed(str)``: the draft could not be kept, and why.
    """

    loaded = Signal()
    saved = Signal(object)
    refused = Signal(object)
    failed = Signal(object)
    draft_failed = Signal(str)
    times_restored = Signal()

    def __init__(self, context: UiContext, model: WardModel, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._context = context
        self.model = model
        self.day: date = context.clock.today()
        self.building: str | None = None
        self.buildings: tuple[str, ...] = ()
        self.busy = False
        self._hidden: dict[str, Any] = {}
        self._drafted: date | None = None
        self._loading = 0
        self._wanted: tuple[date | None, str | None] | None = None
        self._fields = FormFields(self)
        self._keeper = DraftKeeper(context, FORM, self._fields, extra=self._raw, parent=self)
        self._keeper.failed.connect(self.draft_failed)
        model.edited.connect(self._keeper.note)

    # -- loading ----------------------------------------------------------------------------

    def load(self, day: date | None = None, building: str | None = None) -> None:
        """Show a ward; what was typed and not saved of the present day is kept."""
        if self.busy:  # a save takes a moment; what it saves must not be shown as open again
            self._wanted = (day, building)
            return
        if self._drafted is not None:
            self.keep_draft()
        if day is not None and day != self.day:
            self.day = day
            self._drafted = None
            self._hidden = {}
        self.building = building
        self._fetch()

    def reload(self) -> None:
        """Read the ward again, e.g. after a sync brought new records."""
        if not self.busy:
            self._fetch()

    def _fetch(self) -> None:
        self._loading += 1
        asked = self._loading

        def arrived(ward: Ward) -> None:
            if asked == self._loading:
                self._show(ward)

        self._context.tasks.run(
            load_ward, self._context.store, self._context.actor, self.day, self.building,
            done=arrived, failed=self._fail, owner=self,
        )  # fmt: skip

    def _show(self, ward: Ward) -> None:
        typed = self.model.raw() if self._drafted == ward.on else {}
        drafts = {**self._hidden, **typed} if self._drafted == ward.on else {}
        if self._drafted != ward.on:
            self._drafted = ward.on
            self._keeper.start(ward.on.isoformat())
            drafts = self._restore()
        shown = {row.resident_id for row in ward.rows}
        self._hidden = {key: raw for key, raw in drafts.items() if key not in shown}
        # What stands in the grid the grid keeps itself.
        drafts = {key: raw for key, raw in drafts.items() if key in shown and key not in typed}
        self.buildings = ward.buildings
        self.model.set_ward(ward, drafts)
        self.loaded.emit()

    def _restore(self) -> dict[str, Any]:
        kept = (self._keeper.restore() or {}).get("extra") or {}
        self.model.set_times(_time(kept.get("start")), _time(kept.get("end")))
        self.times_restored.emit()
        return dict(kept.get("rows") or {})

    # -- draft ------------------------------------------------------------------------------

    def _raw(self) -> dict[str, Any]:
        times = self.model.times
        return {
            "rows": {**self._hidden, **self.model.raw()},
            "start": times.start.isoformat() if times.start else None,
            "end": times.end.isoformat() if times.end else None,
        }

    def has_draft(self) -> bool:
        return bool(self._hidden or self.model.raw())

    def keep_draft(self) -> None:
        """Write the draft now, or forget it where nothing is left to keep."""
        if self.has_draft():
            self._keeper.save_now()
        else:
            self._keeper.discard()
            self._keeper.start(self.day.isoformat())

    def set_times(self, start: time | None, end: time | None) -> None:
        if (start, end) != (self.model.times.start, self.model.times.end):
            self.model.set_times(start, end)
            if self.has_draft():
                self._keeper.note()

    # -- saving -----------------------------------------------------------------------------

    def save(self) -> int:
        """Save every row that is ready, in one transaction, off the GUI thread; how many."""
        rows = self.model.ready()
        if self.busy or not rows:
            return 0
        self.busy = True
        self._loading += 1  # a ward read before this save must not be shown after it
        ids = {row.id for row in rows}
        self.model.set_saving(ids, True)

        def work() -> tuple[WardSaved, Ward]:
            store, actor = self._context.store, self._context.actor
            saved = save_check_ins(store, actor, rows)
            return saved, load_ward(store, actor, self.day, self.building)

        def done(result: tuple[WardSaved, Ward]) -> None:
            saved, ward = result
            self.model.show_saved(saved.rows, ward)
            self.keep_draft()
            self._context.tell_changed("check_in", "rehab_plan")
            self.busy = False
            self.saved.emit(saved)
            self._load_wanted()

        def failed(error: Exception) -> None:
            self.busy = False
            self.model.set_saving(ids, False)
            if isinstance(error, WardProblems):
                self.refused.emit(error)
            else:
                self._fail(error)
            self._load_wanted()

        self._context.tasks.run(work, done=done, failed=failed, owner=self)
        return len(rows)

    def _load_wanted(self) -> None:
        if self._wanted is not None:
            (day, building), self._wanted = self._wanted, None
            self.load(day, building)

    def refresh_marks(self) -> None:
        """Ask anew where the saved rows stand on their way to the county hospital."""
        ids = [row.saved.id for row in self.model.rows if row.saved is not None]
        if ids:

            def arrived(marks: dict[str, Delivery]) -> None:
                self.model.set_deliveries(marks)

            self._context.tasks.run(
                delivery_marks, self._context.store, ids,
                done=arrived, failed=self._fail, owner=self,
            )  # fmt: skip

    def _fail(self, error: Exception) -> None:
        self.failed.emit(error)


def _time(text: object) -> time | None:
    try:
        return cells.read_time(str(text)[:5]) if text else None
    except cells.Unreadable:
        return None
