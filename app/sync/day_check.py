"""The end-of-day check: is everything that was recorded here held by the county hospital?

Asked in two ways. The queue: nothing waits, nothing is unanswered, refused, undecided or kept
here. And the other side itself: the list of all records of this organisation as the server holds
them (type, id, version) against what this PC was told it holds; their digests must be equal. What
the server lacks is queued again. Only the wire's contract is used: searches by tag, paged by
value, without the content where the server can leave it out.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from app.clock import format_instant, parse_instant
from app.fhir import mapping
from app.fhir.uris import ORGANISATION_TAG
from app.models.outbox import Outbox, SyncTry
from app.models.records import KINDS
from app.models.store import Store
from app.sync import link, queue, restored, state, wire
from app.sync.counts import Counts, count
from app.sync.lists import Scope
from app.sync.searches import Asker, address, version_of
from app.sync.wire import Address

KEY = "day_check"

#: (version, time) of what the server holds, by (type, id).
Held = dict[Address, tuple[str, str]]


class Cancelled(Exception):
    """The person stopped the check; nothing was changed."""


@dataclass(frozen=True, slots=True)
class DayCheck:
    """How the day stands. ``held`` records were compared and are there, in the version known here.

    ``missing``: the server does not have them any more; ``older``: it holds an older version;
    ``unsent``: recorded here but neither queued nor confirmed. All three were queued again.
    ``unread``: the server holds something newer or other that this PC has not fetched yet.
    ``reached`` is False where the server could not be asked; ``reason`` says why. The digests are
    of (type, id, version) of everything that was compared. ``last_try`` is the newest try of this
    PC's history before the comparison: what a later one has sent was not compared.
    """

    at: datetime
    reached: bool = True
    reason: str = ""
    waiting: int = 0
    unknown: int = 0
    rejected: int = 0
    conflicts: int = 0
    kept: int = 0
    held: int = 0
    missing: int = 0
    older: int = 0
    unsent: int = 0
    unread: int = 0
    digest_here: str = ""
    digest_there: str = ""
    last_try: int = 0

    @property
    def queued_again(self) -> int:
        """How many records were queued again by the check."""
        return self.missing + self.older + self.unsent

    @property
    def green(self) -> bool:
        """Everything is held by the county hospital, by its own word of just now."""
        quiet = not (self.waiting or self.unknown or self.rejected or self.conflicts or self.kept)
        same = not (self.queued_again or self.unread) and self.digest_here == self.digest_there
        return self.reached and quiet and same


def unreached(store: Store, reason: str) -> DayCheck:
    """The check of a day on which the server could not be asked."""
    with store.read() as session:
        return _with_counts(
            DayCheck(store.clock.now(), reached=False, reason=reason), count(session)
        )


def day_check(
    store: Store,
    asker: Asker,
    *,
    progress: Callable[[int], None] = lambda seen: None,
    stopping: Callable[[], bool] = lambda: False,
    breathe: Callable[[], None] = lambda: None,
) -> DayCheck:
    """Compare with the server, queue again what it lacks, and remember the result.

    ``progress`` hears how many records the server has named so far; ``breathe`` is called between
    pages. Raises LinkFault where the link gives out and Cancelled when ``stopping`` says so.
    """
    before = _here(store)
    there = _held_there(store.organisation_id, asker, progress, stopping, breathe)
    after = _here(store)
    # What an emergency sent between two pages, or a person saved, is in no list that was read
    # before: it is neither compared nor called lost. The next check has it.
    moved = before.unlike(after)
    own, known, queued = before.own, before.known, before.queued
    idle = [a for a in own if a not in queued and a not in moved]
    unsent = {a for a in idle if not known.get(a)}
    settled = {a: known[a] for a in idle if known.get(a)}
    missing = {a for a in settled if a not in there}
    if 0 < len(missing) <= restored.MOST_ASKED:
        # A list that was read while others wrote may have passed over a record.
        found = asker.by_id(missing)
        there |= {a: version_of(resource) for a, resource in found.items()}
        missing -= found.keys()
    there = {a: seen for a, seen in there.items() if a not in moved}
    differing = {a for a in settled if a in there and there[a][0] != settled[a]}
    strangers = {a for a in there if a not in own and a not in queued}
    older = _older(store, differing, there)
    _queue_again(store, own, missing, older, unsent)
    with store.read() as session:
        counts = count(session)
    result = _with_counts(
        DayCheck(
            store.clock.now(),
            held=len(settled) - len(missing) - len(differing),
            missing=len(missing),
            older=len(older),
            unsent=len(unsent),
            unread=len(differing - older) + len(strangers),
            digest_here=_digest((*a, version) for a, version in settled.items()),
            digest_there=_digest((*a, v[0]) for a, v in there.items() if a not in queued),
            last_try=before.last_try,
        ),
        counts,
    )
    keep(store, result)
    return result


def keep(store: Store, result: DayCheck) -> None:
    """Remember the last check for the Sync page."""
    values = {**asdict(result), "at": format_instant(result.at)}
    with store.apply_remote() as session:
        state.save(session, KEY, values)


def last_check(store: Store) -> DayCheck | None:
    """The last check that was made, whatever has been recorded since."""
    with store.read() as session:
        values = state.load(session, KEY)
    try:
        return DayCheck(**{**values, "at": parse_instant(values["at"])}) if values else None
    except (KeyError, TypeError, ValueError):
        return None  # another version of the program kept it


def _with_counts(result: DayCheck, counts: Counts) -> DayCheck:
    again = result.queued_again
    return replace(
        result,
        # What the check has just queued is named apart.
        waiting=max(counts.waiting - again, 0),
        unknown=counts.unknown,
        rejected=counts.rejected,
        conflicts=counts.conflicts,
        kept=counts.kept,
    )


def _held_there(
    organisation_id: str,
    asker: Asker,
    progress: Callable[[int], None],
    stopping: Callable[[], bool],
    breathe: Callable[[], None],
) -> Held:
    tag = f"{ORGANISATION_TAG}|{organisation_id}"
    scopes = [
        Scope(type_, "_tag", tag) for type_ in mapping.pulled_types if type_ != "Organization"
    ]
    bare = asker.facts.elements is not False
    found: Held = {}
    for scope, first in zip(
        scopes, asker.ask([scope.url(None, bare=bare) for scope in scopes]), strict=True
    ):
        page, since = first, None
        whole = bare and first.status in (400, 422, 501)
        if whole:
            # The server cannot leave out the content; it is asked for all of it.
            asker.facts.elements = False
            bare = False
        if whole or first.status == 403:
            # Asked alone a refusal of this PC is told as such.
            page = asker.one(scope.url(None, bare=bare))
        while True:
            if page.status not in (200, 404):
                raise link.busy(None)
            for resource in page.resources:
                found[address(resource)] = version_of(resource)
            progress(len(found))
            if stopping():
                raise Cancelled
            if page.next is None:
                break
            breathe()
            times = [t for r in page.resources if (t := state.instant(version_of(r)[1]))]
            ordered = times == sorted(times) and len(times) == len(page.resources)
            last = max(times, default=None)
            if ordered and last is not None and (since is None or last > since):
                since = last
                page = asker.one(scope.url(since, bare=bare))
            else:
                page = asker.follow(page)
    return found


@dataclass(frozen=True, slots=True)
class _Here:
    """Our own records with their kinds, the versions we know of them, what is queued, and the
    newest try of the history."""

    own: dict[Address, str]
    known: dict[Address, str]
    queued: set[Address]
    last_try: int

    def unlike(self, after: _Here) -> set[Address]:
        """What is new, sent, edited or confirmed since."""
        return {
            *(self.own.keys() ^ after.own.keys()),
            *(self.queued ^ after.queued),
            *(a for a in self.own if self.known.get(a) != after.known.get(a)),
        }


def _here(store: Store) -> _Here:
    with store.read() as session:
        own = _own(session, store.organisation_id)
        queued = {
            (mapping.primary_type(kind), id_)
            for kind, id_ in session.execute(select(Outbox.kind, Outbox.record_id))
        }
        last_try = session.scalar(select(func.max(SyncTry.id))) or 0
        return _Here(own, wire.versions(session, own.keys()), queued, last_try)


def _own(session: Session, organisation_id: str) -> dict[Address, str]:
    """Every record of this organisation on this PC that travels, with its kind."""
    found: dict[Address, str] = {}
    for name, kind in KINDS.items():
        if not kind.travels:
            continue
        ids = session.scalars(
            select(kind.table.c.id).where(kind.table.c.organisation_id == organisation_id)
        )
        found.update(((mapping.primary_type(name), id_), name) for id_ in ids)
    return found


def _older(store: Store, differing: set[Address], there: Held) -> set[Address]:
    """Those of which the server holds an older state than it told us before: it was restored."""
    if not differing:
        return set()
    from app.models.outbox import ServerCopy
    from app.sync.versions import is_behind

    older: set[Address] = set()
    with store.read() as session:
        for type_, id_ in differing:
            copy = session.get(ServerCopy, (type_, id_))
            version, updated = there[type_, id_]
            if copy is not None and is_behind(
                (copy.version, copy.last_updated), (version, updated)
            ):
                older.add((type_, id_))
    return older


def _queue_again(
    store: Store,
    own: dict[Address, str],
    missing: set[Address],
    older: set[Address],
    unsent: set[Address],
) -> None:
    if not (missing or older or unsent):
        return
    now = store.clock.now()
    with store.apply_remote() as session:
        restored.queue_again(session, sorted(missing), now)
        # An earlier time alone proves no loss: what is laid beside ours is looked at then.
        restored.queue_again(session, sorted(older), now, lost=bool(missing))
        of_kind: dict[str, list[str]] = {}
        for place in sorted(unsent):
            of_kind.setdefault(own[place], []).append(place[1])
        for kind, ids in of_kind.items():
            queue.enqueue(session, kind, ids, now)


def _digest(rows: Iterable[tuple[str, str, str]]) -> str:
    """Sixteen signs that are equal only where all of (type, id, version) are."""
    found = hashlib.sha256()
    for row in sorted(rows):
        found.update("\t".join(row).encode("utf-8", "replace") + b"\n")
    return found.hexdigest()[:16]
