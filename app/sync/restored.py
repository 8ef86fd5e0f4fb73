"""A store or a server that was put back from an older copy: noticed, told, and mended.

The store notices by itself (``app.models.epoch``); then the next sync compares everything. An
older server is noticed by what it says: the record that it confirmed last is gone, or it holds a
state older than one that it told us of before. What it lost of our own organisation is queued
again, its receipts are withdrawn, and every such record is asked for before it is sent, so that
nothing that was written since is overwritten. Nothing of anybody is deleted here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from app.clock import clinic_time, format_instant
from app.fhir import mapping
from app.i18n import tr
from app.models.epoch import RESTORED
from app.models.outbox import LOOK_FIRST, Outbox, Receipt, ServerCopy
from app.models.records import KINDS, fetch
from app.models.settings import get_setting, set_setting
from app.models.store import Store
from app.sync import queue, state
from app.sync.canaries import Canaries, check_busy
from app.sync.lists import CLOCK_STEP, ServerClock
from app.sync.searches import Asker, address, version_of
from app.sync.versions import Address, Seen, is_behind, is_known, is_surely_behind

SERVER_RESTORED = "server_restored"
_AT_ONCE = 400
_ASKED_FIRST = select(exists().where(Outbox.attempts < 0))
#: Where more than this is gone, the list is believed and no record is asked for alone.
MOST_ASKED = 2500
#: So many of what a list does not name are asked for alone before it is believed.
_SOME = 50


# -- the store ------------------------------------------------------------------------------


def pending(session: Session) -> bool:
    """Whether this store was put back and has not been compared with the server since."""
    return bool(_store_note(session).get("pending"))


def finish(session: Session, now: datetime) -> None:
    """The store was compared with the server: it has fetched what it lacked."""
    note = _store_note(session)
    if note.get("pending"):
        set_setting(session, RESTORED, {**note, "pending": False, "mended": format_instant(now)})


def _store_note(session: Session) -> dict[str, Any]:
    value = get_setting(session, RESTORED)
    return value if isinstance(value, dict) else {}


# -- the server -----------------------------------------------------------------------------


class Listable(Protocol):
    """A list of the server that can be asked for (``pull.Scope``)."""

    @property
    def type(self) -> str: ...
    def url(self, since: datetime | None, *, bare: bool = False) -> str: ...


def check(store: Store, asker: Asker, canaries: Canaries) -> bool:
    """Whether the server is what it was; if not, ``survey`` has queued what it lost."""
    pages = asker.ask(canaries.urls(bare=asker.facts.elements is not False))
    if canaries.live(pages, asker):
        return True
    from app.sync.pull import scopes

    survey(store, asker, scopes(store.organisation_id))
    return False


def survey(store: Store, asker: Asker, lists: Iterable[Listable]) -> None:
    """Before anything is fetched from a server that was put back: see what it holds now, and
    queue what it lost.

    A record that it holds in a state we do not know, while the state that we knew is of the time
    that it lost, was made from something older: both are laid together, as two people's edits.
    An earlier time alone is no sign of a copy (its clock may have been set back): without a
    record that is gone, or a lower number, such a record is looked at again and nothing more.
    Raises Busy where the server cannot answer now: then nothing was queued.
    """
    with store.read() as session:
        last_seen = ServerClock.load(session).seen
    set_back = False
    there: dict[Address, Seen] = {}
    unread: set[str] = set()
    bare = asker.facts.elements is not False
    for one in lists:
        page = asker.one(one.url(None, bare=bare))
        if bare and page.status in (400, 422, 501):
            # The server cannot leave out the content; it is asked for all of it.
            page = asker.one(one.url(None, bare=False))
            if page.status == 200:
                asker.facts.elements = bare = False
        while True:
            check_busy(page.status)
            if page.status not in (200, 404):
                unread.add(one.type)  # it lists these to nobody: that tells nothing of them
                break
            there.update((address(r), version_of(r)) for r in page.resources)
            if last_seen is not None and page.server_time is not None:
                set_back = set_back or page.server_time < last_seen - CLOCK_STEP
            if page.next is None:
                break
            page = asker.follow(page)
    missing: list[Address] = []
    older: list[Address] = []
    earlier: list[tuple[Address, datetime | None]] = []
    other: list[tuple[Address, datetime]] = []
    alive: list[datetime] = []
    lost_from: datetime | None = None
    for at, known in _held_by_us(store):
        if at[0] in unread:
            continue
        told = there.get(at)
        when = state.instant(known[1])
        if told is not None and is_known(known, told):
            alive += [when] if when is not None else []
            continue
        if told is None or is_surely_behind(known, told):
            (missing if told is None else older).append(at)
            if when is not None:
                lost_from = when if lost_from is None else min(lost_from, when)
        elif is_behind(known, told):
            earlier.append((at, when))
        elif when is not None:
            other.append((at, when))
    doubtful = [at for at, _ in earlier]
    if not set_back and (older or _are_gone(asker, missing)):
        older += doubtful
        times = [when for _, when in earlier if when is not None]
        lost_from = min(times if lost_from is None else [*times, lost_from], default=None)
        doubtful = []
    suspects: list[Address] = []
    if lost_from is not None:
        # The copy was made somewhere between the last that is still there and the first lost.
        safe = max((when for when in alive if when < lost_from), default=None)
        suspects = [at for at, when in other if safe is None or when > safe]
    loss = Loss(_requeue(store, missing), _requeue(store, [*older, *suspects]))
    _requeue(store, doubtful, lost=False)
    if loss:
        with store.apply_remote() as session:
            _note_server(session, loss, store.clock.now(), whole=False)


def _are_gone(asker: Asker, missing: Sequence[Address]) -> bool:
    """Whether the server does not know them either when it is asked for some of them alone."""
    some = missing[:_SOME]
    return bool(some) and not asker.by_id(some)


def _held_by_us(store: Store) -> Iterator[tuple[Address, Seen]]:
    """What the server confirmed of records that we may write."""
    for kind, description in KINDS.items():
        if not description.travels:
            continue
        table = description.table
        ours = table.c.organisation_id == store.organisation_id
        if kind == "referral_task":
            ours = or_(
                ours,
                table.c.owner_organisation_id == store.organisation_id,
                table.c.requester_organisation_id == store.organisation_id,
            )
        held = (
            select(ServerCopy.resource_id, ServerCopy.version, ServerCopy.last_updated)
            .join(table, table.c.id == ServerCopy.resource_id)
            .where(ServerCopy.kind == kind, ServerCopy.version != "", ours)
        )
        type_ = mapping.primary_type(kind)
        with store.read() as session:
            rows = session.execute(held).all()
        yield from (((type_, id_), (version, at)) for id_, version, at in rows)


@dataclass(frozen=True, slots=True)
class Loss:
    """What the server lost of our own: records that are gone, and that are older there."""

    missing: int = 0
    older: int = 0

    def __bool__(self) -> bool:
        return bool(self.missing or self.older)


def mend(
    store: Store,
    asker: Asker,
    listed: Mapping[str, set[str]] | None,
    older: set[Address],
    earlier: Iterable[Address] = (),
) -> Loss:
    """Queue again what the server lost.

    ``listed``: type → ids of a whole comparison, None where there was none; ``older``: what the
    server holds in an older state than before; ``earlier``: what may be older, or only bears an
    earlier time: it is laid beside ours, and where they differ a person decides.
    """
    missing = _missing(store, listed) if listed is not None else []
    if missing and len(missing) <= MOST_ASKED:
        there = asker.by_id(missing)
        missing = [at for at in missing if at not in there]
    if missing or older:
        older = older.union(earlier)
    else:
        _requeue(store, sorted(earlier), lost=False)
    loss = Loss(_requeue(store, missing), _requeue(store, sorted(older)))
    if loss or listed is not None:
        with store.apply_remote() as session:
            _note_server(session, loss, store.clock.now(), whole=listed is not None)
    return loss


def _requeue(store: Store, addresses: Sequence[Address], *, lost: bool = True) -> int:
    number = 0
    for start in range(0, len(addresses), _AT_ONCE):
        part = addresses[start : start + _AT_ONCE]
        with store.apply_remote() as session:
            number += queue_again(session, part, store.clock.now(), lost=lost)
    return number


def queue_again(
    session: Session, addresses: Iterable[Address], now: datetime, *, lost: bool = True
) -> int:
    """Queue our own records anew that the server lacks or holds in an older state.

    Their receipts are withdrawn, for they are not true any more. What the server was seen to
    hold is no base of a merge from now on (but where it is not sure that it ``lost`` them); each
    is asked for before it is sent. Returns how many were not queued before.
    """
    own = session.info["store"].organisation_id
    wanted: dict[str, list[str]] = {}
    for type_, id_ in addresses:
        wanted.setdefault(type_, []).append(id_)
    number = 0
    for kind, description in KINDS.items():
        type_ = mapping.primary_type(kind)
        if not description.travels or type_ not in wanted:
            continue
        records = fetch(session, kind, wanted[type_])
        ids = sorted(id_ for id_, record in records.items() if _is_ours(kind, record, own))
        if not ids:
            continue
        before = {item.record_id for item in queue.of_records(session, ids) if item.kind == kind}
        queue.enqueue(session, kind, ids, now)
        number += len(ids) - len(before)
        session.execute(
            update(Outbox)
            .where(Outbox.kind == kind, Outbox.record_id.in_(ids))
            .values(attempts=LOOK_FIRST)
        )
        session.execute(delete(Receipt).where(Receipt.kind == kind, Receipt.record_id.in_(ids)))
        if not lost:
            continue
        session.execute(
            update(ServerCopy)
            .where(ServerCopy.resource_type == type_, ServerCopy.resource_id.in_(ids))
            .values(version="")
        )
    return number


def _is_ours(kind: str, record: Mapping[str, Any], own: str) -> bool:
    """Whether we may write it: our own records, and the state of referrals we take part in."""
    if record["organisation_id"] == own:
        return True
    return kind == "referral_task" and own in (
        record.get("requester_organisation_id"),
        record.get("owner_organisation_id"),
    )


def _missing(store: Store, listed: Mapping[str, set[str]]) -> list[Address]:
    """Own records that the server confirmed and that its whole list does not name."""
    return [
        (type_, id_)
        for (type_, id_), _ in _held_by_us(store)
        if type_ in listed and id_ not in listed[type_]
    ]


def _note_server(session: Session, loss: Loss, now: datetime, *, whole: bool) -> None:
    before = state.load(session, SERVER_RESTORED)
    if loss:
        value = {
            "at": before.get("at") or format_instant(now),
            "missing": int(before.get("missing") or 0) + loss.missing,
            "older": int(before.get("older") or 0) + loss.older,
        }
        state.save(session, SERVER_RESTORED, value)
    elif before and whole and not session.scalar(_ASKED_FIRST):
        # Compared again, and everything is there.
        state.save(session, SERVER_RESTORED, {})


def notices(session: Session) -> tuple[str, ...]:
    """What the Sync page says about copies that were put back, in plain sentences."""
    told: list[str] = []
    note = _store_note(session)
    day = _day(note.get("at"))
    if note.get("pending"):
        told.append(
            tr(
                "The records of this PC were put back from an older copy ({day}). With the next "
                "connection they are compared with the county hospital, and what is missing here "
                "is fetched."
            ).format(day=day)
        )
    server = state.load(session, SERVER_RESTORED)
    if server:
        told.append(
            tr(
                "The county hospital's server was put back from an older copy (noticed {day}). "
                "{count} records that it had confirmed are not held there any more as they are "
                "here. They are on this PC, wait again, and are sent by themselves."
            ).format(
                day=_day(server.get("at")),
                count=int(server.get("missing") or 0) + int(server.get("older") or 0),
            )
        )
    return tuple(told)


def _day(text: Any) -> str:
    at = state.instant(text)
    return "" if at is None else f"{clinic_time(at):%Y-%m-%d %H:%M}"
