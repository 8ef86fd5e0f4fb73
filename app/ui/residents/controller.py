"""What the Residents room does with the care floor, off the GUI thread."""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

from PySide6.QtCore import QObject

from app.care import residents
from app.care.assessments.results import Points, totals_of
from app.care.basic_form import BasicForm
from app.care.contracts.view import ContractMark, load_mark
from app.care.resident_page import Identity, Summary, Trends, reveal_identity, summary, trends
from app.care.resident_record.elsewhere import Beside, beside, form_for_own_record
from app.care.timeline import TimelineEntry, count_timeline, timeline
from app.ui.context import UiContext

Failed = Callable[[Exception], None]


@dataclass(frozen=True, slots=True)
class PageData:
    """All that the resident's page shows at first."""

    summary: Summary
    trends: Trends
    entries: int
    first: tuple[TimelineEntry, ...]
    barthel: Points
    contract: ContractMark
    beside: Beside


class ResidentsController(QObject):
    """Calls of the room. Results come on the GUI thread; answers to older questions are dropped."""

    FIRST = 60

    def __init__(self, context: UiContext, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.context = context
        self._asked: dict[str, int] = {}

    def page(
        self,
        resident_id: str,
        done: Callable[[PageData], None],
        failed: Failed,
        *,
        opened: bool = True,
    ) -> None:
        """Load a resident's page; ``opened`` when a person opens it, not for a refresh."""
        store, actor = self.context.store, self.context.actor

        def load() -> PageData:
            return PageData(
                summary(store, actor, resident_id, opened=opened),
                trends(store, actor, resident_id),
                count_timeline(store, actor, resident_id),
                timeline(store, actor, resident_id, 0, self.FIRST),
                totals_of(store, actor, resident_id, "barthel"),
                load_mark(store, resident_id),
                beside(store, actor, resident_id),
            )

        self._latest("page", load, done, failed)

    def more(self, resident_id: str, offset: int, limit: int) -> tuple[TimelineEntry, ...]:
        """A further page of the timeline (one indexed query: fast enough to wait for)."""
        return timeline(self.context.store, self.context.actor, resident_id, offset, limit)

    def reveal(self, resident_id: str, done: Callable[[Identity], None], failed: Failed) -> None:
        """Show the identity number; the showing is noted in the audit trail."""
        store, actor = self.context.store, self.context.actor
        self._latest("reveal", lambda: reveal_identity(store, actor, resident_id), done, failed)

    def duplicates(
        self, form: BasicForm, own_id: str | None, done: Callable[[residents.Duplicates], None]
    ) -> None:
        """Who is registered already; a failure here says nothing, saving will."""
        store, actor = self.context.store, self.context.actor
        self._latest(
            "duplicates",
            lambda: residents.find_duplicates(store, actor, form, own_id),
            done,
            lambda error: None,
        )

    def villages(self, done: Callable[[tuple[str, ...]], None]) -> None:
        """The villages in use; without them one types the name, as always."""
        from app.care.contracts.teams import villages

        store, actor = self.context.store, self.context.actor
        self._latest("villages", lambda: villages(store, actor), done, lambda error: None)

    def insurance(self, done: Callable[[str], None]) -> None:
        """Which code stands for the residents' insurance of today, urban and rural merged."""
        from app.care.clinical_settings import load_clinical_settings

        store = self.context.store
        self._latest(
            "insurance",
            lambda: load_clinical_settings(store).merged_insurance,
            done,
            lambda error: None,
        )

    def load_form(
        self, resident_id: str, done: Callable[[residents.ResidentForm], None], failed: Failed
    ) -> None:
        """The kept form, to correct it."""
        store, actor = self.context.store, self.context.actor
        self._latest("form", lambda: residents.load_form(store, actor, resident_id), done, failed)

    def own_record(
        self, resident_id: str, done: Callable[[BasicForm], None], failed: Failed
    ) -> None:
        """What another organisation wrote of a person, to begin a record of one's own with."""
        store, actor = self.context.store, self.context.actor
        self._latest("form", lambda: form_for_own_record(store, actor, resident_id), done, failed)

    def save(
        self,
        form: BasicForm,
        kept: residents.ResidentForm | None,
        distinct_from: Collection[str],
        done: Callable[[residents.Saved], None],
        failed: Failed,
    ) -> None:
        """Register the form, or correct the kept one."""
        store, actor = self.context.store, self.context.actor

        def work() -> residents.Saved:
            if kept is None:
                return residents.register(store, actor, form, distinct_from=distinct_from)
            return residents.update(
                store,
                actor,
                kept.resident_id,
                form,
                kept.change_id,
                distinct_from=distinct_from,
            )

        self.context.tasks.run(work, done=done, failed=failed, owner=self)

    def act(self, work: Callable[[], object], done: Callable[[], None], failed: Failed) -> None:
        """Run a use-case of a small dialog."""
        self.context.tasks.run(work, done=lambda _: done(), failed=failed, owner=self)

    def forget(self) -> None:
        """Answers still under way are no longer wanted: another page is in front."""
        for what in self._asked:
            self._asked[what] += 1

    def _latest(
        self,
        what: str,
        work: Callable[[], object],
        done: Callable[..., None],
        failed: Failed,
    ) -> None:
        number = self._asked[what] = self._asked.get(what, 0) + 1

        def arrived(result: object) -> None:
            if self._asked[what] == number:
                done(result)

        def broke(error: Exception) -> None:
            if self._asked[what] == number:
                failed(error)

        self.context.tasks.run(work, done=arrived, failed=broke, owner=self)
