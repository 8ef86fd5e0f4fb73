"""Three-way merge of one record, field by field. Pure.

A field that one side changed is taken from that side. A field that both changed, differently,
is a conflict: nothing is chosen here, both values are handed on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from app.care.rivals import REASONS, reasons_of
from app.models.records import KINDS, Record

#: Who wrote last and when: they follow the write, they are not content.
BOOKKEEPING = frozenset(
    {
        "id",
        "organisation_id",
        "author_id",
        "created_at",
        "updated_at",
        "updated_by",
        "change_id",
        "is_sample",
    }
)

#: Lists that are only ever added to: both sides' additions are kept.
_GROWING = {
    "referral_task": frozenset({"event_ids"}),
    "resident": frozenset({"distinct_from"}),
}

_ABSENT = object()
_TAKEN_BACK = "entered_in_error"


@dataclass(frozen=True, slots=True)
class Merge:
    """``merged``: mine with what they changed. ``conflicts``: field → base, mine, theirs.

    ``to_send`` tells whether anything of mine is not on their side yet.
    """

    merged: Record
    taken: frozenset[str]
    conflicts: dict[str, dict[str, Any]]
    to_send: bool


def merge(
    kind: str,
    base: Mapping[str, Any] | None,
    mine: Record,
    theirs: Record,
    sent: Mapping[str, Any] | None = None,
    *,
    doubtful: bool = False,
) -> Merge:
    """Merge ``theirs`` into ``mine``; ``base`` is what both began from, None if unknown.

    Without a base a field that only one side has filled is taken from that side; where both
    are filled and differ, it is a conflict. ``sent`` is what this PC last sent without an
    answer: a field that stands over there as it was sent was changed by nobody but us.
    ``doubtful``: theirs may as well be older than the base. Then nothing is taken over: a
    field in which theirs differs from the base is a conflict, whether ours does or not.
    """
    children = {child.name for child in KINDS[kind].children}
    growing = _GROWING.get(kind, frozenset())
    merged = dict(mine)
    taken: set[str] = set()
    conflicts: dict[str, dict[str, Any]] = {}
    to_send = False
    for name in mine:
        if name in BOOKKEEPING or name not in theirs:
            continue
        my, their = mine[name], theirs[name]
        if my == their:
            continue
        old = _ABSENT if base is None else base.get(name, _ABSENT)
        if name == "status_reason" and mine["status"] == theirs.get("status") == _TAKEN_BACK:
            # Two people took it back, each for a reason: both stay.
            both_said = REASONS.join(sorted(reasons_of(my) | reasons_of(their)))
            if both_said != my:
                merged[name] = both_said
                taken.add(name)
            to_send = to_send or both_said != their
            continue
        if name in growing:
            both = list(their) + [item for item in my if item not in their]
            merged[name] = both
            taken.add(name)
            to_send = to_send or both != their
        elif sent is not None and their == sent.get(name, _ABSENT):
            to_send = True
        elif name in children:
            rows, clash, send = _merge_rows(old, my, their)
            if doubtful and rows != my:
                rows, clash, send = my, True, True
            merged[name] = rows
            if rows != my:
                taken.add(name)
            if clash:
                conflicts[name] = _both(old, my, their)
            to_send = to_send or send
        elif doubtful and (old is _ABSENT or their != old):
            conflicts[name] = _both(old, my, their)
            to_send = True
        elif my == old if old is not _ABSENT else _empty(my):
            merged[name] = their
            taken.add(name)
        elif their == old if old is not _ABSENT else _empty(their):
            to_send = True
        else:
            conflicts[name] = _both(old, my, their)
            to_send = True
    return Merge(merged, frozenset(taken), conflicts, to_send)


def same_content(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    """Whether two states of a record say the same, whoever wrote them last."""
    return all(one[name] == other.get(name, _ABSENT) for name in one if name not in BOOKKEEPING)


def _both(old: Any, mine: Any, theirs: Any) -> dict[str, Any]:
    return {"base": None if old is _ABSENT else old, "mine": mine, "theirs": theirs}


def _empty(value: Any) -> bool:
    return value is None or value == "" or value == [] or value == {}


def _merge_rows(old: Any, mine: Any, theirs: Any) -> tuple[list[Any], bool, bool]:
    """Child rows by their id: merged rows, whether two edits clash, whether mine has news."""
    base = {row["id"]: row for row in old} if isinstance(old, list) else {}
    my = {row["id"]: row for row in mine}
    their = {row["id"]: row for row in theirs}
    rows: list[Any] = []
    clash = send = False
    for key in sorted(my.keys() | their.keys()):
        one, other, before = my.get(key), their.get(key), base.get(key)
        if one == other:
            rows.append(one)
        elif one is None:
            # Not on my side: removed by me, or new on theirs.
            if before is None:
                rows.append(other)
            elif before == other:
                send = True
            else:
                rows.append(other)
                clash = True
        elif other is None:
            if before is None:
                rows.append(one)
                send = True
            elif before != one:
                rows.append(one)
                clash = send = True
        else:
            row = dict(one)
            for name in one.keys() | other.keys():
                a, b = one.get(name), other.get(name)
                c = before.get(name) if before is not None else _ABSENT
                if a == b:
                    continue
                if a == c:
                    row[name] = b
                elif b == c:
                    send = True
                else:
                    clash = send = True
            rows.append(row)
    return rows, clash, send
