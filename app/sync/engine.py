"""One sync, step by step: send, fetch, and say honestly how it went.

``SyncEngine.run_once`` blocks until everything is done or the link gives out. It knows no
threads and no timers; ``runner`` calls it.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from app.clock import Clock, format_instant
from app.i18n import tr
from app.models.outbox import LANE_REFERRAL
from app.models.store import Store
from app.sync import queue, restored, state
from app.sync.canaries import Canaries
from app.sync.changes import Changed, Changes
from app.sync.connection import equip
from app.sync.counts import Counts, count
from app.sync.link import Busy, LinkFault, Refused
from app.sync.place import Placer
from app.sync.policy import Pace, Policy, Reach
from app.sync.pull import Progress, Pull
from app.sync.push import Push, Stopped
from app.sync.quiet import Quiet
from app.sync.remaining import remaining
from app.sync.searches import Asker, Facts
from app.sync.spans import OwnWrites
from app.sync.state import ServerAccount
from app.sync.transport import Transport
from app.sync.usage import Usage

DONE, PARTIAL, OFFLINE, REFUSED, FAILED = "done", "partial", "offline", "refused", "failed"
NOT_ENROLLED = "not_enrolled"
_TRIES_KEPT = 200
_TRY = (
    "INSERT INTO sync_try (started_at, ended_at, outcome, reason, sent, received, rejected, "
    "requests, bytes_up, bytes_down) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
)
_FORGET_TRIES = "DELETE FROM sync_try WHERE id <= (SELECT max(id) FROM sync_try) - ?"
_QUIET_SECONDS = 600.0
_ROUNDS = 3


@dataclass(frozen=True, slots=True)
class SyncReport:
    """How one run went. ``counts`` is the queue afterwards; ``retry_after`` in seconds.

    ``outcome``: done, partial (something could not be sent), offline, refused, failed
    (the server is broken or busy) or not_enrolled.
    """

    started_at: datetime
    ended_at: datetime
    outcome: str
    reason: str
    counts: Counts
    sent: int = 0
    received: int = 0
    rejected: int = 0
    requests: int = 0
    bytes_up: int = 0
    bytes_down: int = 0
    retry_after: float | None = None


class SyncEngine:
    """Runs over one store. ``connect`` makes the transport for an account (tests replace it)."""

    def __init__(
        self,
        store: Store,
        policy: Policy | None = None,
        clock: Clock | None = None,
        *,
        connect: Callable[[ServerAccount, bool | None], Transport] | None = None,
        on_change: Callable[[Changed], None] | None = None,
        stopping: Callable[[], bool] = lambda: False,
    ) -> None:
        self.policy = policy or Policy()
        self.pace = Pace()
        #: How far a first load has come; None while there is none. Read from any thread.
        self.progress: Progress | None = None
        self._reach = Reach()
        self._store = store
        self._clock = clock or store.clock
        self._connect = connect or _connect
        self._changes = Changes(on_change)
        self._stopping = stopping
        self._account: ServerAccount | None = None
        self._asker: Asker | None = None
        self._known_facts: dict[str, object] = {}
        self._last_seen: datetime | None = None
        self._complete: datetime | None = None
        self._noted_at = float("-inf")
        self._written = OwnWrites()
        self._canaries: Canaries | None = None
        self._connections = -1
        self._quiet = Quiet()
        self._usage = Usage()

    def run_once(self, *, fetch: bool = True, compare: bool = False) -> SyncReport:
        """Send what waits, then (unless ``fetch`` is false) fetch what is new.

        Never raises for the link's faults: they are the report's outcome and reason.
        """
        started = self._clock.now()
        asker = self._open()
        if asker is None:
            return SyncReport(started, started, NOT_ENROLLED, _not_enrolled(), self._counts())
        meter = asker.transport.meter.copy()
        push = Push(self._store, asker, self.pace, self._changes, self._stopping)
        placer = Placer(self._store, asker, self._changes)
        outcome, reason, retry_after = DONE, "", None
        try:
            self._exchange(push, placer, asker, fetch=fetch, compare=compare)
        except Stopped:
            outcome = PARTIAL
        except Refused as fault:
            outcome, reason = REFUSED, str(fault)
        except LinkFault as fault:
            self._connections = -1
            outcome = FAILED if isinstance(fault, Busy) else OFFLINE
            reason, retry_after = str(fault), fault.retry_after
        finally:
            self._written.add(push.sent.writes)
            self._keep_facts(asker)
            self._changes.tell(at_once=True)
        # What a run that ended early has noted, too.
        placer.make_due(stopping=self._until_an_emergency())
        self._changes.tell(at_once=True)
        counts = self._counts()
        if outcome == DONE and (left := remaining(counts)):
            outcome, reason = PARTIAL, left
        used = asker.transport.meter
        report = SyncReport(
            started,
            self._clock.now(),
            outcome,
            reason,
            counts,
            push.sent.records,
            placer.received,
            push.sent.rejected,
            used.requests - meter.requests,
            used.bytes_up - meter.bytes_up,
            used.bytes_down - meter.bytes_down,
            retry_after,
        )
        self._note(report)
        return report

    def _until_an_emergency(self) -> Callable[[], bool]:
        """Whether to stop, asked between portions: an emergency that was written meanwhile goes
        first. One that waited before this run's end waits for the link, not for us."""
        with self._store.read() as session:
            known = queue.urgent(session, LANE_REFERRAL)

        def stopping() -> bool:
            if self._stopping():
                return True
            with self._store.read() as session:
                return not queue.urgent(session, LANE_REFERRAL) <= known

        return stopping

    def _loading(self, progress: Progress | None) -> None:
        self.progress = progress

    def asker(self) -> Asker | None:
        """The connection, for questions beside a run (on its thread); None: not enrolled."""
        return self._open()

    def close(self) -> None:
        """Drop the connection."""
        if self._asker is not None:
            self._asker.transport.close()
            self._asker = None
            self._account = None

    def _exchange(
        self, push: Push, placer: Placer, asker: Asker, *, fetch: bool, compare: bool
    ) -> None:
        with self._store.read() as session:
            put_back = restored.pending(session)
            # What was confirmed until now, not what this run will be told.
            canaries = self._canaries or Canaries.load(session)
        unsure = self._connections != asker.transport.connections

        def make_sure(*, asked: bool = False) -> bool:
            """Over a new connection there may be an older copy of the server than before."""
            nonlocal compare
            if self._connections != asker.transport.connections:
                if not asked and not restored.check(self._store, asker, canaries):
                    compare = True
                self._connections = asker.transport.connections
            return not compare

        push.make_sure = make_sure
        push.drain()
        self._written.add(push.sent.writes)
        push.sent.writes.clear()
        if not fetch:
            return
        pull = Pull(
            self._store,
            asker,
            placer,
            last_seen=self._last_seen,
            complete=self._complete,
            # A long first load must not hold up an emergency.
            breathe=push.drain_urgent,
            reach=self._reach,
            progress=self._loading,
            quiet=self._quiet,
        )
        try:
            pull.run(
                self._written,
                compare=compare or put_back,
                canaries=canaries if unsure else None,
                make_sure=make_sure,
            )
            self._written.clear()
            if pull.listed is not None or placer.older or placer.earlier:
                restored.mend(self._store, asker, pull.listed, placer.older, placer.earlier)
            if put_back and pull.listed is not None:
                with self._store.apply_remote() as session:
                    restored.finish(session, self._clock.now())
            if self._canaries is None or push.sent.records or placer.received:
                with self._store.read() as session:
                    self._canaries = Canaries.load(session)
        finally:
            self.progress = None
            self._last_seen, self._complete = pull.server_now, pull.complete
        placer.make_due(push.drain_urgent, self._stopping)
        # What was merged with news from the server goes back at once.
        for _ in range(_ROUNDS):
            before = push.sent.records
            push.drain()
            if push.sent.records == before:
                break

    def _open(self) -> Asker | None:
        """The connection to the server of this store; a new one where the account changed."""
        with self._store.read() as session:
            account = state.account(session)
            facts = state.load(session, state.FACTS)
        if account is None:
            self.close()
            return None
        if account != self._account or self._asker is None:
            self.close()
            self._last_seen = self._complete = None
            self._canaries, self._connections = None, -1
            self._quiet = Quiet()
            self._account = account
            self._known_facts = dict(facts)
            known = Facts(facts.get("gzip"), facts.get("batch"), facts.get("elements"))
            transport = equip(self._connect(account, known.gzip), self._store, account)
            self._asker = Asker(transport, known)
        return self._asker

    def _keep_facts(self, asker: Asker) -> None:
        asker.facts.gzip = asker.transport.gzip_up
        now = asker.facts.to_dict()
        if now != self._known_facts:
            self._known_facts = dict(now)
            with self._store.apply_remote() as session:
                state.save(session, state.FACTS, now)

    def _counts(self) -> Counts:
        with self._store.read() as session:
            return count(session)

    def _note(self, report: SyncReport) -> None:
        """Keep the try for the history; quiet ones only every ten minutes."""
        self._usage.add(report.bytes_up, report.bytes_down)
        quiet = report.outcome == DONE and not report.sent and not report.received
        if quiet and time.monotonic() - self._noted_at < _QUIET_SECONDS:
            return
        if quiet:
            self._noted_at = time.monotonic()
        with self._store.apply_remote() as session:
            connection = session.connection()
            connection.exec_driver_sql(
                _TRY,
                (
                    format_instant(report.started_at),
                    format_instant(report.ended_at),
                    report.outcome,
                    report.reason or None,
                    report.sent,
                    report.received,
                    report.rejected,
                    report.requests,
                    report.bytes_up,
                    report.bytes_down,
                ),
            )
            self._usage.save(session, self._store.clock.today())
            connection.exec_driver_sql(_FORGET_TRIES, (_TRIES_KEPT,))


def _connect(account: ServerAccount, gzip_up: bool | None) -> Transport:
    return Transport(account.base, account.token, gzip_up=gzip_up)


def _not_enrolled() -> str:
    return tr(
        "This PC has not joined a county hospital yet. Records are kept here; they are sent "
        "after the enrolment code has been entered."
    )


def next_wait(policy: Policy, report: SyncReport, failures: int) -> timedelta:
    """How long to rest after a run; ``failures`` counts the bad ones in a row."""
    if report.outcome in (DONE, PARTIAL):
        return timedelta(seconds=policy.rest())
    if report.outcome in (REFUSED, NOT_ENROLLED):
        return timedelta(seconds=policy.after_refusal())
    if came_on(report):
        return timedelta(seconds=policy.after_cut())
    return timedelta(seconds=policy.after_failure(failures, report.retry_after))


def came_on(report: SyncReport) -> bool:
    """Whether a run that the line cut off brought something over: the line is bad, not gone."""
    brought = report.sent or report.received
    return report.outcome == OFFLINE and bool(brought) and report.retry_after is None
