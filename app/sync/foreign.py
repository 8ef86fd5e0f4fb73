"""What other organisations share with us by a referral, and change afterwards.

A person's phone or allergy, or a letter, may be corrected without a move of the referral. Such a
record stands in none of our lists of news: its author is another organisation, and its Task is
as it was. The comparison of everything therefore asks for the versions of these records, too.
"""

from __future__ import annotations

from sqlalchemy import select

from app.models.outbox import ServerCopy
from app.models.records import KINDS
from app.models.store import Store
from app.sync.link import Json
from app.sync.place import Placer
from app.sync.searches import Asker, address, is_bare, query, version_of
from app.sync.wire import Address

_IDS_AT_ONCE = 50
_SEARCHES_AT_ONCE = 20
_SHARED = tuple(
    name for name, kind in KINDS.items() if kind.shared and kind.resident_column is not None
)


def compare(store: Store, asker: Asker, placer: Placer) -> None:
    """Fetch the shared records of others whose version is no longer the one that is known.

    Costs one question for every fifty records, ids and versions only. Raises LinkFault where
    the link gives out; what was placed stays placed.
    """
    known = _known(store)
    urls = _urls(known, bare=asker.facts.elements is not False)
    for start in range(0, len(urls), _SEARCHES_AT_ONCE):
        fresh: list[Json] = []
        for page in asker.ask(urls[start : start + _SEARCHES_AT_ONCE]):
            fresh += [r for r in page.resources if known.get(address(r)) != version_of(r)[0]]
        whole = [resource for resource in fresh if not is_bare(resource)]
        bare = [address(resource) for resource in fresh if is_bare(resource)]
        if bare:
            whole += asker.by_id(bare).values()
        if whole:
            placer.place(whole)


def _known(store: Store) -> dict[Address, str]:
    """The versions of what others wrote and we hold; tasks have a list of their own."""
    found: dict[Address, str] = {}
    with store.read() as session:
        for kind in _SHARED:
            if kind == "referral_task":
                continue
            table = KINDS[kind].table
            rows = session.execute(
                select(ServerCopy.resource_type, ServerCopy.resource_id, ServerCopy.version)
                .join(table, table.c.id == ServerCopy.record_id)
                .where(
                    ServerCopy.kind == kind,
                    table.c.organisation_id != store.organisation_id,
                )
            )
            found.update(((type_, id_), version) for type_, id_, version in rows)
    return found


def _urls(known: dict[Address, str], *, bare: bool) -> list[str]:
    of_type: dict[str, list[str]] = {}
    for type_, id_ in sorted(known):
        of_type.setdefault(type_, []).append(id_)
    return [
        query(
            type_,
            _id=",".join(part),
            _count=len(part),
            _elements="id,meta" if bare else None,
        )
        for type_, ids in of_type.items()
        for part in (ids[n : n + _IDS_AT_ONCE] for n in range(0, len(ids), _IDS_AT_ONCE))
    ]
