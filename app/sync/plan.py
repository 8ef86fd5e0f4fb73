"""What goes next: emergency before referral before the rest, whole and in order.

A letter takes along every waiting record that it refers to, however far back in the queue,
so that the receiver can read it at once. A record that the server refused holds back only
those records of its resident that refer to it and cannot stand without it.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator

from sqlalchemy.orm import Session

from app.fhir import mapping
from app.fhir.common import WireContext
from app.models.outbox import (
    KEPT,
    LANE_EMERGENCY,
    LANE_FILES,
    LANE_REFERRAL,
    LANE_REST,
    REJECTED,
)
from app.models.records import KINDS, fetch
from app.sync import queue, wire
from app.sync.queue import Item
from app.sync.wire import RANK, Address, Parcel

_LETTERS_AT_ONCE = 100
#: Rows that are read at once and grouped by resident: records of one person pack far better.
_WINDOW = 500
#: Parts of files that are read at once.
_PARTS = 20
#: Rows of residents on the way that are passed over while one bundle is filled.
_MOST_PASSED = 1000
_KINDS_OF_TYPE: dict[str, list[str]] = {}

#: Parcels that must cross together.
Unit = list[Parcel]


class Planner:
    """Chooses bundle after bundle during one run.

    ``set_aside`` holds rows (by seq) not to be tried again in this run, ``in_hand`` those that
    are on their way or answered, with receipts not written yet. ``lacking`` is filled with
    (kind, record ids) that a letter refers to and that were never queued: the caller queues
    them and plans again. ``gone`` is filled with rows whose record is not there. ``urgent`` is
    what waited in the urgent lanes when the last plan was made. ``on_the_way`` names the
    residents of bundles without an answer yet: nothing of theirs may overtake those.
    """

    def __init__(self, names: WireContext, organisation_id: str) -> None:
        self._names = names
        self._organisation_id = organisation_id
        self._window: deque[Item] = deque()
        self._after = 0
        self._files_after: int | None = None
        self._entries_of: dict[str, int] = {}
        self._looked = False
        self._stuck: set[tuple[int, str]] = set()
        self._undecided: set[tuple[str, str]] = set()
        self._blocked: set[Address] = set()
        self.set_aside: set[int] = set()
        self.in_hand: set[int] = set()
        self.lacking: dict[str, set[str]] = {}
        self.gone: list[Item] = []
        self.urgent: set[tuple[int, str]] = set()
        self.on_the_way: frozenset[str | None] = frozenset()

    def restart(self) -> None:
        """Read the queue anew: an answer has changed more than the rows it confirmed."""
        self._window.clear()
        self._after = 0
        self._files_after = None
        self._looked = False

    def next(self, session: Session, room: int, *, most_lane: int = LANE_REST) -> list[Unit]:
        """The units of the next bundle, at most ``room`` entries (but always one unit)."""
        self.lacking = {}
        self.gone = []
        self.urgent = queue.urgent(session)
        if not self._looked:
            self._undecided = queue.open_conflicts(session)
            self._blocked = self._refused(session)
        if not self._looked or self.urgent - self._stuck:
            for lane in (LANE_EMERGENCY, LANE_REFERRAL):
                if lane > most_lane:
                    return []
                items = self._sendable(queue.in_lane(session, lane, 0, _LETTERS_AT_ONCE))
                if items:
                    units = self._letters(session, items)
                    if units or self.lacking:
                        return list(_fill(units, room))
            self._looked = True
            self._stuck = self.urgent
        return [] if most_lane < LANE_REST else self._rest(session, room)

    def _rest(self, session: Session, room: int) -> list[Unit]:
        units: list[Unit] = []
        passed: list[Item] = []
        entries = 0
        full = None in self.on_the_way
        if self._files_after is not None:
            self._look_back(session)
        while not full and entries < room and len(passed) < _MOST_PASSED:
            if not self._window and not self._look_on(session):
                break
            if self.on_the_way and self._window[0].resident_id is None:
                break
            made = self._open(session, self._take(room - entries, passed))
            for number, parcel in enumerate(made):
                self._entries_of[parcel.item.kind] = parcel.entries
                full = bool(self.on_the_way) and stands_on_others(parcel)
                if full or (units and entries + parcel.entries > room):
                    self._window.extendleft(p.item for p in reversed(made[number:]))
                    full = True
                    break
                units.append([parcel])
                entries += parcel.entries
        self._window.extendleft(reversed(passed))
        return units

    def _take(self, room: int, passed: list[Item]) -> list[Item]:
        """Rows off the window that about fill ``room`` entries, by what their kind took last.

        Rows of residents who are on the way go into ``passed``. A row of no resident (staff)
        may carry any that comes after it, so nothing goes past it.
        """
        taken: list[Item] = []
        while self._window and (room > 0 or not taken) and len(passed) < _MOST_PASSED:
            item = self._window.popleft()
            if item.resident_id is None and self.on_the_way:
                self._window.appendleft(item)
                break
            if item.resident_id in self.on_the_way:
                passed.append(item)
            elif self._sendable([item]):
                taken.append(item)
                room -= self._entries_of.get(item.kind, 1)
        return taken

    def _look_on(self, session: Session) -> bool:
        """The next stretch of the queue into the window; False at its end. Files come last."""
        found = queue.in_lane(session, LANE_REST, self._after, _WINDOW)
        if found:
            self._after = found[-1].seq
            self._window.extend(_by_resident(found))
            return True
        found = queue.in_lane(session, LANE_FILES, self._files_after or 0, _PARTS)
        if found:
            self._files_after = found[-1].seq
            self._window.extend(found)
        return bool(found)

    def _look_back(self, session: Session) -> None:
        """While files are on their way: what was saved meanwhile goes before their next part."""
        found = queue.in_lane(session, LANE_REST, self._after, _WINDOW)
        if found:
            self._after = found[-1].seq
            self._window.extendleft(reversed(_by_resident(found)))

    def _letters(self, session: Session, items: list[Item]) -> list[Unit]:
        core = self._open(session, items)
        own = {parcel.item.seq for parcel in core}
        along: list[Parcel] = []
        seen = {parcel.address for parcel in core}
        frontier = core
        while frontier:
            wanted = {target for parcel in frontier for target in wire.needs(parcel)} - seen
            seen |= wanted
            rows = queue.of_records(session, (id_ for _, id_ in wanted))
            self._note_lacking(session, wanted, rows)
            rows = [r for r in rows if r.seq not in own and r.state not in (REJECTED, KEPT)]
            frontier = self._open(session, self._sendable(rows))
            own |= {parcel.item.seq for parcel in frontier}
            along += frontier
        along.sort(key=_order)
        letters: dict[str, Unit] = {}
        for parcel in core:
            letter = parcel.record.get("referral_id") or parcel.item.record_id
            letters.setdefault(letter, []).append(parcel)
        units = [[parcel] for parcel in along]
        for unit in letters.values():
            unit.sort(key=_order)
            units.append(unit)
        return units

    def _open(self, session: Session, items: list[Item]) -> list[Parcel]:
        """Parcels of rows that do not stand on a refused one; those that do are set aside."""
        if not items:
            return []
        made, gone = wire.parcels(session, self._names, items)
        self.gone += gone
        if not self._blocked:
            return made
        free = []
        for parcel in made:
            if wire.needs(parcel) & self._blocked:
                self.set_aside.add(parcel.item.seq)
                if parcel.version is None:
                    self._blocked.add(parcel.address)
            else:
                free.append(parcel)
        return free

    def _sendable(self, items: Iterable[Item]) -> list[Item]:
        return [
            item
            for item in items
            if item.seq not in self.set_aside
            and item.seq not in self.in_hand
            and (item.kind, item.record_id) not in self._undecided
        ]

    def _refused(self, session: Session) -> set[Address]:
        """Records that the server refused and has never held: nothing can stand on them."""
        refused = {
            (mapping.primary_type(item.kind), item.record_id) for item in queue.rejected(session)
        }
        return refused - wire.versions(session, refused).keys() if refused else refused

    def _note_lacking(self, session: Session, wanted: set[Address], rows: list[Item]) -> None:
        """Own records that are referred to, were never queued, and the server never held."""
        queued = {row.record_id for row in rows}
        candidates = {a for a in wanted if a[1] not in queued and a[0] != "Organization"}
        candidates -= wire.versions(session, candidates).keys()
        for type_, id_ in candidates:
            for kind in _kinds_of(type_):
                record = fetch(session, kind, [id_]).get(id_)
                if record is not None and record["organisation_id"] == self._organisation_id:
                    self.lacking.setdefault(kind, set()).add(id_)


def _kinds_of(type_: str) -> list[str]:
    if not _KINDS_OF_TYPE:
        for kind, description in KINDS.items():
            if description.travels:
                _KINDS_OF_TYPE.setdefault(mapping.primary_type(kind), []).append(kind)
    return _KINDS_OF_TYPE.get(type_, [])


def _by_resident(items: list[Item]) -> list[Item]:
    """The oldest resident first, each in the order of the queue; a row of nobody parts them."""
    found: list[Item] = []
    groups: dict[str, list[Item]] = {}
    for item in items:
        if item.resident_id is None:
            found += [one for group in groups.values() for one in group]
            found.append(item)
            groups = {}
        else:
            groups.setdefault(item.resident_id, []).append(item)
    return found + [one for group in groups.values() for one in group]


def stands_on_others(parcel: Parcel) -> bool:
    """Whether a record may refer to one of another resident, who could be on the way."""
    return (
        parcel.item.resident_id is None
        or parcel.item.lane < LANE_REST
        or parcel.record.get("merged_into_id") is not None
    )


def _order(parcel: Parcel) -> tuple[int, int]:
    return RANK[parcel.item.kind], parcel.item.seq


def _fill(units: list[Unit], room: int) -> Iterator[Unit]:
    entries = 0
    for unit in units:
        size = sum(parcel.entries for parcel in unit)
        if entries and entries + size > room:
            return
        entries += size
        yield unit


def halves(units: list[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Two parts of about the same size; a single unit is split into its parcels."""
    if len(units) == 1:
        units = [[parcel] for parcel in units[0]]
    middle = len(units) // 2
    return units[:middle], units[middle:]


def apart(units: list[Unit], named: set[int]) -> list[list[Unit]]:
    """The records that the server named stand alone; without a name, two halves."""
    if named:
        parts: list[list[Unit]] = [[]]
        start = 0
        for unit in units:
            size = sum(parcel.entries for parcel in unit)
            if named & set(range(start, start + size)):
                parts += [[unit], []] if len(units) > 1 else [[[p]] for p in unit]
            else:
                parts[-1].append(unit)
            start += size
        parts = [part for part in parts if part]
        if len(parts) > 1:
            return parts
    first, second = halves(units)
    return [part for part in (first, second) if part]
