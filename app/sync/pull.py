"""Fetches what others wrote for us: one question when there is nothing new.

Each list (a type within a scope) has a cursor: the server's time of the last record seen. It
commits with the rows it speaks of and never runs ahead of the server's clock. A page is asked
for by value, from the last time seen; the server's ``next`` link is followed only inside a
group of equal times. What a server commits late, with an earlier time, is found by a *sweep*:
every ten minutes the ids and versions of the last ``W`` are compared; once in a while all.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial

from sqlalchemy.orm import Session

from app.models.store import Store
from app.sync import files, foreign, link, restored, state
from app.sync.canaries import Canaries
from app.sync.flight import Errand
from app.sync.link import Json
from app.sync.lists import CLOCK_STEP, Scope, ServerClock, scopes
from app.sync.place import Placer
from app.sync.policy import MOST_PAGE, Reach
from app.sync.quiet import Quiet
from app.sync.searches import Asker, Page, address, is_bare, version_of
from app.sync.spans import TICK, OwnWrites, Span

__all__ = ["Progress", "Pull", "Scope", "scopes"]

#: How late a server may commit a record with an earlier time (W of the wire's contract).
LATE = timedelta(minutes=10)
SWEEP_EVERY = timedelta(minutes=10)
#: A header Date has whole seconds, and servers renew it once a second.
_DATE_IS_COARSE = timedelta(seconds=2)


@dataclass(slots=True)
class _Plan:
    """How one list is asked this time."""

    scope: Scope
    cursor: datetime | None
    since: datetime | None
    bare: bool
    # What lies between our own writes is asked for first, then what lies after them.
    gaps: list[Span] = field(default_factory=list)
    stepped: bool = False

    def urls(self, first: int) -> list[str]:
        """``first``: records on the first page of a list that was never read."""
        between = [self.scope.url(gap.first, until=gap.last) for gap in self.gaps]
        count = first if self.cursor is None else MOST_PAGE
        return [*between, self.scope.url(self.since, bare=self.bare, count=count)]


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a first load has come: records so far, and which of how many lists is read.

    How many records there will be is not said: no server has to tell it.
    """

    records: int
    list: int
    of: int


class Pull:
    """One run of fetching. ``breathe`` is called between pages, so that urgent rows may leave."""

    def __init__(
        self,
        store: Store,
        asker: Asker,
        placer: Placer,
        *,
        last_seen: datetime | None = None,
        complete: datetime | None = None,
        breathe: Callable[[], None] = lambda: None,
        reach: Reach | None = None,
        progress: Callable[[Progress | None], None] = lambda progress: None,
        quiet: Quiet | None = None,
    ) -> None:
        """``last_seen``: the server's time at an earlier answer, if the caller knows one.

        ``complete``: the time up to which an earlier run has read every list to its end; it
        is this run's afterwards. ``progress`` hears how far a first load has come, None at its
        end. ``quiet``: what earlier runs were told of all lists together.
        """
        self.server_now = last_seen
        self.complete = complete
        self._store = store
        self._asker = asker
        self._placer = placer
        self._breathe = breathe
        self._reach = reach or Reach()
        self._progress = progress
        self._quiet = quiet
        self._list: Progress | None = None
        #: After a whole comparison: type → ids of all that the server listed, else None.
        self.listed: dict[str, set[str]] | None = None

    def run(
        self,
        written: OwnWrites | None = None,
        *,
        compare: bool = False,
        canaries: Canaries | None = None,
        make_sure: Callable[..., bool] = lambda asked: True,
    ) -> None:
        """Fetch all that is new. ``written``: our own writes since the last time, which are
        no news: they are stepped over, or only their ids and versions are asked for.

        ``compare`` goes through everything from the beginning; so does a run where one of the
        ``canaries`` is not there any more (the server was put back from a copy), or where
        ``make_sure(asked=…)``, called before anything is placed, says so. Raises LinkFault
        where the link gives out; every page that was placed stays placed.
        """
        with self._store.read() as session:
            clock = ServerClock.load(session)
            cursors = {
                key: state.instant(value.get("at"))
                for key, value in state.load_many(session, "cursor:").items()
            }
            orphans = self._placer.orphans(session)
        last_seen = max((t for t in (self.server_now, clock.seen) if t), default=None)
        behind = clock.high is not None and last_seen is not None and last_seen < clock.high
        lists = scopes(self._store.organisation_id)
        plans = [
            self._plan(
                scope,
                cursors.get(scope.key.removeprefix("cursor:")),
                written or OwnWrites(),
                behind,
            )
            for scope in lists
        ]
        sure = canaries is None and not compare and not behind
        if sure and self._is_quiet(plans, clock, last_seen, make_sure):
            return
        asked = time.monotonic()
        unread = sum(plan.cursor is None for plan in plans)
        first = self._reach.share(unread)
        urls = [url for plan in plans for url in plan.urls(first)]
        bare = self._asker.facts.elements is not False
        asked_of = canaries.urls(bare=bare) if canaries is not None else []
        try:
            pages = self._asker.ask([*urls, *asked_of])
        except link.Offline:
            if unread:
                self._reach.cut()
            raise
        if canaries is not None:
            answers = [pages.pop() for _ in asked_of]
            if not canaries.live(answers, self._asker):
                compare = True
                restored.survey(self._store, self._asker, lists)
        compare = not make_sure(asked=canaries is not None) or compare
        took = timedelta(seconds=time.monotonic() - asked)
        now = next((p.server_time for p in pages if p.server_time), None)
        self.server_now = now
        self.complete = None
        if now is not None and last_seen is not None and now < last_seen - CLOCK_STEP:
            compare = True
            self._step_back(now, plans, clock)
        self._placer.clock_set_back = clock.high is not None
        due = now is None or clock.swept is None or now - clock.swept >= SWEEP_EVERY
        if clock.swept is None and now is not None and not compare:
            # The first reading of all begins here; what is committed late is swept for later.
            clock.swept = clock.compared = now
            clock.save(self._store, now)
            due = False
        if unread:
            self._reach.crossed(sum(len(p.resources) for p in pages), took.total_seconds())
        self._placer.much = unread > 0 or any(page.next is not None for page in pages)
        answered = iter(pages)
        for number, plan in enumerate(plans, 1):
            between = [next(answered) for _ in plan.gaps]
            self._list = Progress(0, number, len(plans)) if unread else None
            self._read_on(plan, self._between(plan, between, next(answered)))
        self._list = None
        if unread:
            self._progress(None)
        self._placer.fetch_owed()
        if orphans and (self._placer.received or due or compare):
            self._placer.place(self._asker.by_id(orphans).values())
        if due or compare:
            everything = compare or clock.compare_due(now)
            self._sweep(lists, None if everything else clock.swept)
            if everything:
                foreign.compare(self._store, self._asker, self._placer)
            clock.swept = now
            clock.compared = now if everything else clock.compared
            clock.save(self._store, now)
        files.fetch(self._store, self._asker, self._placer, self._breathe)
        self._placer.keep_orphans()
        if now is not None:
            self.complete = now - took - CLOCK_STEP

    def _is_quiet(
        self,
        plans: list[_Plan],
        clock: ServerClock,
        last_seen: datetime | None,
        make_sure: Callable[..., bool],
    ) -> bool:
        """Whether one short question tells that no list has anything new, and nothing is due."""
        if self._quiet is None or self.complete is None or clock.swept is None:
            return False
        read = [p.cursor for p in plans if p.cursor is not None]
        if len(read) < len(plans) or any(p.gaps or p.bare or p.stepped for p in plans):
            self._quiet.forget()
            return False
        asked = time.monotonic()
        # Until there is an answer, nothing is known to be read: a server that fails at this
        # question alone is asked for the lists by the next run.
        complete, self.complete = self.complete, None
        nothing, now = self._quiet.ask(self._asker.transport, complete, max(read))
        took = timedelta(seconds=time.monotonic() - asked)
        stepped_back = now is not None and last_seen is not None and now < last_seen - CLOCK_STEP
        if (
            not nothing
            or now is None
            or stepped_back
            or now - clock.swept >= SWEEP_EVERY
            or not make_sure(asked=False)
        ):
            return False
        self.server_now, self.complete = now, now - took - CLOCK_STEP
        self._placer.fetch_owed()
        files.fetch(self._store, self._asker, self._placer, self._breathe)
        self._placer.keep_orphans()
        return True

    def _plan(
        self, scope: Scope, cursor: datetime | None, written: OwnWrites, behind: bool
    ) -> _Plan:
        if cursor is None:
            return _Plan(scope, None, None, False)
        found = None if behind else written.gaps(scope.type, cursor)
        if found is not None:
            gaps, end = found
            return _Plan(scope, cursor, end + TICK, False, gaps, stepped=end > cursor)
        bare = (behind or written.written(scope.type)) and self._asker.facts.elements is not False
        since = cursor + TICK
        if self.complete is not None and not behind:
            # One time for all quiet lists: the question packs better.
            since = max(since, self.complete)
        return _Plan(scope, cursor, since, bare)

    def _between(self, plan: _Plan, pages: list[Page], after: Page) -> Page:
        """Place what others wrote between our own writes; the page that comes after them."""
        if any(page.status != 200 or page.next is not None for page in pages):
            # Not so little after all: the list is read from the cursor on.
            plan.since = None if plan.cursor is None else plan.cursor + TICK
            plan.gaps = []
            return self._asker.one(plan.scope.url(plan.since))
        if plan.stepped and plan.since is not None:
            resources = [resource for page in pages for resource in page.resources]
            self._place(plan, resources, plan.since - TICK)
        return after

    def _step_back(self, now: datetime, plans: list[_Plan], clock: ServerClock) -> None:
        """The server's clock was set back: what it stamps now lies before our cursors."""
        clock.high = max((p.cursor for p in plans if p.cursor is not None), default=None)
        with self._store.apply_remote() as session:
            for plan in plans:
                if plan.cursor is not None and plan.cursor > now - LATE:
                    plan.cursor = now - LATE
                    _save_cursor(session, plan.scope, plan.cursor)

    def _read_on(self, plan: _Plan, first: Page) -> bool:
        """Read a list to its end, page by page; False where the server broke off."""
        page, since = self._understood(plan, first)
        high: datetime | None = None
        ordered = True
        while page.status == 200:
            times = [t for r in page.resources if (t := state.instant(version_of(r)[1]))]
            last = max(times, default=None)
            high = max((t for t in (last, high) if t), default=None)
            # A server that does not sort is read to its end before the cursor moves.
            ordered = ordered and times == sorted(times) and len(times) == len(page.resources)
            if self.listed is not None:
                names = self.listed.setdefault(plan.scope.type, set())
                names.update(str(r.get("id")) for r in page.resources)
            resources = self._with_content(page.resources) if plan.bare else page.resources
            at = high if ordered or page.next is None else None
            if at is not None and page.next is not None:
                # The moment at which the page ends may go on behind it.
                at = at - TICK
            if page.next is None:
                self._place(plan, resources, at)
                return True
            by_value = ordered and last is not None and (since is None or last > since)
            if by_value:
                since = last
            coming = Errand(partial(self._next, plan, page, since if by_value else None))
            try:
                # While this page is placed the next one is on its way.
                self._place(plan, resources, at)
            finally:
                page = coming.wait(self._breathe)
            self._breathe()
            self.server_now = page.server_time or self.server_now
        return False

    def _next(self, plan: _Plan, page: Page, since: datetime | None) -> Page:
        """The page after ``page``: by value, or by the server's link inside one moment."""
        began = time.monotonic()
        try:
            if since is None:
                # The whole page has one time: only the server knows how to go on.
                found = self._asker.follow(page)
            else:
                count = self._reach.page()
                found = self._asker.one(plan.scope.url(since, bare=plan.bare, count=count))
        except link.Offline:
            self._reach.cut()
            raise
        if not plan.bare:
            self._reach.crossed(len(found.resources), time.monotonic() - began)
        return found

    def _place(self, plan: _Plan, resources: list[Json], last: datetime | None) -> None:
        if self._list is not None:
            self._list = replace(self._list, records=self._placer.received + len(resources))
            self._progress(self._list)
        cursor = self._capped(last, plan.cursor)
        if cursor is None and not resources:
            # Read to its end and empty: from now on everything in it is news.
            cursor = _BEGINNING
        if cursor is None or cursor == plan.cursor:
            if resources:
                self._placer.place(resources)
            return
        scope, at = plan.scope, cursor
        self._placer.place(resources, lambda session: _save_cursor(session, scope, at))
        plan.cursor = cursor

    def _understood(self, plan: _Plan, page: Page) -> tuple[Page, datetime | None]:
        """The first page; asked again in full where the server cannot leave out content."""
        if plan.bare and page.status in (400, 422, 501):
            self._asker.facts.elements = False
            plan.bare = False
            page = self._asker.one(plan.scope.url(plan.since, bare=False))
        if page.status == 403:
            raise link.refused()
        if page.status not in (200, 404) and page.status >= 500:
            raise link.busy(None)
        return page, plan.since

    def _with_content(self, resources: list[Json]) -> list[Json]:
        """The content of those whose version is news; servers may send it without being asked."""
        with self._store.read() as session:
            fresh = self._placer.sift(session, {address(r): r for r in resources})
        whole = [r for r in fresh if not is_bare(r)]
        bare = [address(r) for r in fresh if is_bare(r)]
        return whole + list(self._asker.by_id(bare).values()) if bare else whole

    def _sweep(self, lists: list[Scope], swept: datetime | None) -> None:
        """Compare ids and versions of the last while (None: of all) with what is known."""
        since = None if swept is None else swept - LATE
        self.listed = {} if since is None else None
        bare = self._asker.facts.elements is not False
        plans = [_Plan(scope, _FOREVER, since, bare) for scope in lists]
        pages = self._asker.ask([p.scope.url(p.since, bare=p.bare) for p in plans])
        whole = True
        for plan, page in zip(plans, pages, strict=True):
            if self.listed is not None:
                self.listed.setdefault(plan.scope.type, set())
            whole = self._read_on(plan, page) and whole
        if not whole:
            self.listed = None

    def _capped(self, last: datetime | None, cursor: datetime | None) -> datetime | None:
        """The cursor after records up to ``last``: never back, never ahead of the server."""
        if last is None:
            return cursor
        if self.server_now is not None:
            last = min(last, self.server_now + _DATE_IS_COARSE)
        return last if cursor is None or last > cursor else cursor


_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)
#: A sweep moves no cursor.
_FOREVER = datetime.max.replace(tzinfo=UTC)


def _save_cursor(session: Session, scope: Scope, at: datetime) -> None:
    state.save(session, scope.key, {"at": state.text_of(at)})
