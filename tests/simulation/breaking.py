"""The courier, the store and the server broken on purpose, one promise each.

Whoever changes the program must not make the checks blind: each of these must be caught.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from typing import Any
from unittest.mock import patch

from sqlalchemy import delete
from sqlalchemy.orm import Session

from app import courier_file
from app.courier_refusals import CourierRefused
from app.models import hook
from app.models.outbox import REJECTED, Outbox
from app.server import storing
from app.server.states import Known
from app.sync import flight, pull, queue, reconcile, restored, wire
from app.sync.engine import REFUSED, SyncEngine
from app.sync.merge import BOOKKEEPING, Merge
from app.sync.place import Placer
from app.sync.plan import Planner
from app.sync.searches import address

Break = Callable[[], Any]


@contextmanager
def _together(*patches: Any) -> Iterator[None]:
    for one in patches:
        one.start()
    try:
        yield
    finally:
        for one in reversed(patches):
            one.stop()


def edits_are_not_queued() -> Any:
    """A record edited again keeps the change that waits: the new one is never confirmed."""
    insert, _ = hook._QUEUE_ROW.split("DO UPDATE")
    statement = f"{insert} DO NOTHING"
    return patch.object(hook, "_QUEUE_ROW", statement)


def confirmed_whatever_was_edited() -> Any:
    """An answer clears the row although the record was edited since it was sent."""
    confirm = queue.confirm

    def broken(session: Session, answers: Any, now: Any) -> None:
        rows = {item.seq: item for item in queue.of_records(session, _ids(answers))}
        confirm(session, [replace(a, item=rows.get(a.item.seq, a.item)) for a in answers], now)

    return patch.object(queue, "confirm", broken)


def _ids(answers: Iterable[Any]) -> list[str]:
    return [answer.item.record_id for answer in answers]


def held_as_soon_as_sent() -> Any:
    """What leaves is taken for arrived."""
    mark_sent = queue.mark_sent

    def broken(session: Session, items: Any, at: Any, *rest: Any) -> None:
        mark_sent(session, items, at, *rest)
        rows = [(item.kind, item.record_id, item.change_id, at) for item in items]
        queue.keep_receipts(session, rows, at)
        session.execute(delete(Outbox).where(Outbox.seq.in_([item.seq for item in items])))

    return patch.object(queue, "mark_sent", broken)


def a_replay_is_a_new_version() -> Any:
    """The server does not know a bundle again that it has carried out."""
    return _together(
        patch.object(storing, "_is_held", lambda *arguments: False),
        patch.object(Known, "was", lambda *arguments: False),
    )


def the_cursor_goes_before_its_rows() -> Any:
    """The cursor is saved in a transaction of its own, and no comparison finds what it skips."""
    place = Placer.place

    def broken(self: Placer, resources: Any, then: Any = None) -> int:
        if then is not None:
            with self._store.apply_remote() as session:
                then(session)
        return place(self, resources)

    return _together(
        patch.object(Placer, "place", broken),
        patch.object(pull.Pull, "_sweep", lambda self, *arguments, **options: None),
    )


def news_of_known_records_is_passed_over() -> Any:
    """A record that is here is never fetched again."""
    sift = Placer.sift

    def broken(self: Placer, session: Session, resources: Any) -> Any:
        found = sift(self, session, resources)
        known = wire.versions(session, (address(resource) for resource in found))
        return [resource for resource in found if address(resource) not in known]

    return patch.object(Placer, "sift", broken)


def children_leave_first() -> Any:
    """The last saved is sent first."""
    next_ = Planner.next

    def broken(self: Planner, session: Session, room: int, **options: Any) -> Any:
        return list(reversed(next_(self, session, room, **options)))

    return patch.object(Planner, "next", broken)


def _theirs(mine: Any, theirs: Any) -> Merge:
    taken = {k: v for k, v in theirs.items() if k in mine and k not in BOOKKEEPING}
    return Merge({**mine, **taken}, frozenset(taken), {}, False)


def theirs_always_wins() -> Any:
    """The merge takes the other side's value and tells nobody."""
    return patch.object(
        reconcile, "merge", lambda kind, base, mine, theirs, *_, **__: _theirs(mine, theirs)
    )


def the_later_clock_wins() -> Any:
    """The clocks of two PCs decide whose value stands."""

    def broken(kind: str, base: Any, mine: Any, theirs: Any, *_: Any, **__: Any) -> Merge:
        if theirs["updated_at"] > mine["updated_at"]:
            return _theirs(mine, theirs)
        return Merge(dict(mine), frozenset(), {}, True)

    return patch.object(reconcile, "merge", broken)


def nobody_asks_which_version() -> Any:
    """Shared records are sent without If-Match."""
    transaction = flight.bundle.transaction
    return patch.object(
        flight.bundle,
        "transaction",
        lambda entries: transaction((resource, None) for resource, _ in entries),
    )


def refused_rows_vanish() -> Any:
    """What the server refuses is taken out of the queue."""
    set_state = queue.set_state

    def broken(session: Session, items: Any, state: str, reason: str | None) -> None:
        items = list(items)
        set_state(session, items, state, reason)
        if state == REJECTED:
            session.execute(delete(Outbox).where(Outbox.seq.in_([item.seq for item in items])))

    return patch.object(queue, "set_state", broken)


def answers_are_forgotten() -> Any:
    """What the server confirmed is not written down: the same leaves again and again."""
    return patch.object(queue, "confirm", lambda *arguments: None)


def a_courier_file_may_end_anywhere() -> Any:
    """Whoever reads a courier file takes what comes before a cut."""
    read = courier_file._Reader.read

    def broken(self: Any, source: Any) -> Iterator[Any]:
        try:
            yield from read(self, source)
        except CourierRefused as refused:
            if refused.why != "truncated" or not self._number:
                raise

    return patch.object(courier_file._Reader, "read", broken)


def one_refusal_stops_all() -> Any:
    """As long as a refused row is there, nothing else leaves."""
    next_ = Planner.next

    def broken(self: Planner, session: Session, room: int, **options: Any) -> Any:
        found = next_(self, session, room, **options)
        return [] if queue.rejected(session) else found

    return patch.object(Planner, "next", broken)


def withdrawn_means_emptied() -> Any:
    """A PC whose access was withdrawn forgets what it has not sent."""
    run_once = SyncEngine.run_once

    def broken(self: SyncEngine, **options: Any) -> Any:
        report = run_once(self, **options)
        if report.outcome == REFUSED:
            with self._store.apply_remote() as session:
                session.execute(delete(Outbox))
        return report

    return patch.object(SyncEngine, "run_once", broken)


def whoever_edits_becomes_the_author() -> Any:
    """What leaves names its last editor as the one who wrote it first."""
    to_resources = wire.mapping.to_resources

    def broken(kind: str, record: Any, names: Any) -> Any:
        return to_resources(kind, {**record, "author_id": record["updated_by"]}, names)

    return patch.object(wire.mapping, "to_resources", broken)


def a_restored_server_goes_unnoticed() -> Any:
    """What a server lost that was put back from a backup is not sent again."""
    return patch.object(restored, "mend", lambda *arguments, **options: False)


@dataclass(frozen=True)
class Control:
    """One break: the promises whose checks may catch it, and the steps that bring it out.

    ``also``: promises that it breaks, too, and that show in those of ``caught_as``.
    """

    breaks: Break
    caught_as: frozenset[int]
    weights: Mapping[str, float] = field(default_factory=dict)
    also: frozenset[int] = frozenset()


_EDITS = {"edit_resident": 8.0, "sync": 8.0, "check_in": 2.0}
_FAULTS = {**_EDITS, "start": 6.0, "step": 14.0}

CONTROLS: dict[str, Control] = {
    control.breaks.__name__: control
    for control in (
        Control(edits_are_not_queued, frozenset({1}), _EDITS),
        Control(
            confirmed_whatever_was_edited,
            frozenset({2}),
            {"edit_resident": 9, "start": 9, "reach": 9, "sync": 4},
        ),
        Control(
            a_replay_is_a_new_version,
            frozenset({3}),
            {"register": 6, "check_in": 6, "start": 8, "twice": 8, "sync": 2},
        ),
        Control(
            the_cursor_goes_before_its_rows,
            frozenset({5}),
            {"register": 5, "plan": 3, "sync": 12, "kill": 8},
            frozenset({4}),
        ),
        Control(news_of_known_records_is_passed_over, frozenset({7}), _EDITS),
        Control(children_leave_first, frozenset({8}), {**_EDITS, "register": 6, "plan": 6}),
        Control(theirs_always_wins, frozenset({9}), _EDITS),
        Control(nobody_asks_which_version, frozenset({9}), _EDITS),
        Control(held_as_soon_as_sent, frozenset({2, 10}), {**_FAULTS, "register": 6}),
        Control(refused_rows_vanish, frozenset({11, 14}), {"register": 8, "poison": 6, "sync": 5}),
        Control(one_refusal_stops_all, frozenset({11}), {"register": 8, "poison": 6, "sync": 5}),
        Control(answers_are_forgotten, frozenset({6}), {"register": 6, "sync": 6}),
        Control(
            a_courier_file_may_end_anywhere,
            frozenset({15}),
            {"register": 6, "stick_out": 8, "stick_in": 4, "stick_back": 2, "damage": 14},
        ),
        Control(the_later_clock_wins, frozenset({9}), {**_EDITS, "clock": 4}, frozenset({12})),
        Control(withdrawn_means_emptied, frozenset({2, 10, 14}), {**_EDITS, "revoke": 4}),
        Control(
            a_restored_server_goes_unnoticed,
            frozenset({5, 7, 11, 14}),
            {
                "register": 4,
                "edit_resident": 6,
                "sync": 8,
                "back_up_server": 5,
                "restore_server": 4,
            },
            frozenset({13}),
        ),
        Control(whoever_edits_becomes_the_author, frozenset({20}), {**_EDITS, "user": 6}),
    )
}
