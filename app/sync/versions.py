"""What the server told us before and what it tells now: known, news, or older than that."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import timedelta

from sqlalchemy.orm import Session

from app.models.base import to_json
from app.sync import state
from app.sync.link import Json
from app.sync.searches import version_of

#: A server may write the time of one version in several ways; a copy is never that fresh.
_SAME_TIME = timedelta(seconds=2)

_SEEN = (
    "SELECT resource_id, version, last_updated FROM server_copy "
    "WHERE resource_type = ? AND resource_id IN (SELECT value FROM json_each(?))"
)

Address = tuple[str, str]
#: Version and time of a resource, as the server wrote them.
Seen = tuple[str, str]


def is_behind(known: Seen, told: Seen) -> bool:
    """Whether ``told`` is an older state of a resource than the server told us of before.

    Versions that are numbers are compared as such, for a server may set its clock; any other
    text says nothing, so the times decide. They may be wrong: see ``is_surely_behind``.
    """
    if known == told:
        return False
    before, after = known[0], told[0]
    if before and before == after:
        return False
    if _is_number(before) and _is_number(after):
        return int(after) < int(before)
    old, new = state.instant(known[1]), state.instant(told[1])
    return old is not None and new is not None and new < old


def is_surely_behind(known: Seen, told: Seen) -> bool:
    """Whether ``told`` can only be an older state: its number is lower, and it is not later.

    A time alone proves nothing. A server whose clock was set back gives an earlier time to
    what was made from the state that we know.
    """
    if not (_is_number(known[0]) and _is_number(told[0]) and int(told[0]) < int(known[0])):
        return False
    old, new = state.instant(known[1]), state.instant(told[1])
    return old is None or new is None or new <= old


def is_known(known: Seen, told: Seen) -> bool:
    """Whether ``told`` is what we have seen already. A server that was put back may give the
    number of a version that it lost to another state; the time of that is another one."""
    if not known[0] or known[0] != told[0]:
        return False
    if known[1] == told[1]:
        return True
    old, new = state.instant(known[1]), state.instant(told[1])
    return old is None or new is None or abs(new - old) <= _SAME_TIME


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit()


def seen(session: Session, addresses: Iterable[Address]) -> dict[Address, Seen]:
    """Version and time of what the server was seen to hold."""
    of_type: dict[str, list[str]] = {}
    for type_, id_ in addresses:
        of_type.setdefault(type_, []).append(id_)
    found: dict[Address, Seen] = {}
    for type_, ids in of_type.items():
        rows = session.connection().exec_driver_sql(_SEEN, (type_, to_json(ids)))
        found.update(((type_, id_), (version, at)) for id_, version, at in rows)
    return found


def sift(
    session: Session, resources: Mapping[Address, Json], *, clock_set_back: bool = False
) -> tuple[list[Json], set[Address], set[Address]]:
    """What is news among these; what is surely older than something we have seen; and what
    bears an earlier time than that, which proves nothing.

    ``clock_set_back``: the server's clock was, so its times tell nothing.
    """
    known = seen(session, resources)
    if not known:
        return list(resources.values()), set(), set()
    fresh: list[Json] = []
    older: set[Address] = set()
    earlier: set[Address] = set()
    for at, resource in resources.items():
        before = known.get(at)
        told = version_of(resource)
        if before is None:
            fresh.append(resource)
        elif is_known(before, told):
            continue
        elif is_surely_behind(before, told):
            older.add(at)
        elif is_behind(before, told) and not (clock_set_back and not _is_number(told[0])):
            earlier.add(at)
        else:
            fresh.append(resource)
    return fresh, older, earlier
