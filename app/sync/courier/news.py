"""News in a courier file, placed as news of the network: whole, in order, with the cursor."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import Any, cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from app import courier_file as container
from app.courier_file import Item
from app.models.outbox import ServerCopy
from app.models.store import Store
from app.sync import state
from app.sync.changes import Changes
from app.sync.link import Json
from app.sync.place import Placer
from app.sync.pull import scopes
from app.sync.searches import Asker, Facts, address, version_of
from app.sync.transport import Transport
from app.sync.wire import Address

_BEGINNING = datetime(1970, 1, 1, tzinfo=UTC)


class _FromFile(Asker):
    """Answers what the network would be asked with what came along in the file."""

    def __init__(self) -> None:
        # Nobody to ask: a file has no transport.
        super().__init__(cast(Transport, None), Facts())
        self.pool: dict[Address, Json] = {}

    def by_id(self, wanted: Iterable[Address]) -> dict[Address, Json]:
        return {one: self.pool[one] for one in wanted if one in self.pool}


class News:
    """Takes in the news of one file."""

    def __init__(self, store: Store, changes: Changes) -> None:
        self._store = store
        self._asker = _FromFile()
        self._placer = Placer(store, self._asker, changes, "courier")
        self._keys = {scope.key for scope in scopes(store.organisation_id)}

    @property
    def received(self) -> int:
        """How many records were new here."""
        return self._placer.received

    def remember(self, items: Sequence[Item]) -> None:
        """What a chunk that was taken in before brought along for later ones."""
        for head, text in items:
            if head.get("t") == "with":
                self._asker.pool.update((address(r), r) for r in _resources(text))

    def take_in(self, items: Sequence[Item]) -> None:
        """Place what a chunk holds."""
        self.remember(items)
        touched = False
        for head, text in items:
            kind = head.get("t")
            if kind == "page":
                self._page(head, text)
                touched = True
            elif kind == "owed":
                self._owed(text)
                touched = True
        if touched:
            self._placer.keep_orphans()

    def end(self) -> None:
        """What could not be placed is remembered for the next look."""
        self._placer.keep_orphans()

    def _page(self, head: dict[str, Any], text: bytes) -> None:
        key = head.get("key")
        if key not in self._keys:
            raise container.tampered()
        resources = _resources(text)
        times = [at for r in resources if (at := state.instant(version_of(r)[1]))]
        last = max(times, default=None)
        if last is None and head.get("end") is True and head.get("since") is None:
            # Read to its end and empty: from now on everything in it is news.
            last = _BEGINNING
        since = state.instant(head.get("since"))

        def move(session: Session) -> None:
            cursor = state.instant(state.load(session, key).get("at"))
            gap = since is not None and (cursor is None or cursor < since)
            if last is not None and not gap and (cursor is None or last > cursor):
                state.save(session, key, {"at": state.text_of(last)})

        self._placer.place(self._not_older(resources), move)

    def _owed(self, text: bytes) -> None:
        resources = _resources(text)
        self._placer.place(self._not_older(resources))
        found = {address(resource) for resource in resources}
        with self._store.apply_remote() as session:
            refs = state.load(session, state.OWED).get("refs", [])
            rest = [ref for ref in refs if tuple(ref) not in found]
            if len(rest) != len(refs):
                state.save(session, state.OWED, {"refs": rest})

    def _not_older(self, resources: list[Json]) -> list[Json]:
        """Without what the network has brought in a newer version since the file was made."""
        ids = [str(resource.get("id")) for resource in resources]
        known: dict[Address, str] = {}
        with self._store.read() as session:
            for start in range(0, len(ids), 500):
                rows = session.execute(
                    select(
                        ServerCopy.resource_type, ServerCopy.resource_id, ServerCopy.last_updated
                    ).where(ServerCopy.resource_id.in_(ids[start : start + 500]))
                )
                known.update(((type_, id_), updated) for type_, id_, updated in rows)
        return [r for r in resources if not _older(version_of(r)[1], known.get(address(r)))]


def _older(updated: str, known: str | None) -> bool:
    if known is None:
        return False
    ours, theirs = state.instant(known), state.instant(updated)
    return ours is not None and theirs is not None and theirs < ours


def _resources(text: bytes) -> list[Json]:
    """The resources of a searchset."""
    try:
        document = json.loads(text)
        entries = document.get("entry", [])
        found = [entry["resource"] for entry in entries]
    except (ValueError, RecursionError, LookupError, TypeError, AttributeError):
        raise container.tampered() from None
    if not all(isinstance(resource, dict) for resource in found):
        raise container.tampered()
    return found
